// Protection of QUIC's Initial packets (RFC 9001 5, RFC 9369 3.3): keys that anybody on the path
// can make, so that what they protect can be read. OpenSSL does the ciphers; contexts are made
// once a worker.

#pragma once

#include "dataplane/api/fields.h"
#include "dataplane/base/bytes.h"

enum { QUIC_KEY_LEN = 16, QUIC_IV_LEN = 12, QUIC_TAG_LEN = 16, QUIC_SAMPLE_LEN = 16 };
enum { QUIC_PACKET_MAX = 65536 };

// Of one direction.
struct quic_keys {
	uint8_t key[QUIC_KEY_LEN];
	uint8_t iv[QUIC_IV_LEN];
	uint8_t hp[QUIC_KEY_LEN]; // header protection
};

// How a version makes them.
struct quic_secrets {
	const uint8_t *salt;
	uint8_t salt_len;
	bool v2; // labels of RFC 9369
};

struct quic_crypto;

struct quic_crypto *quic_crypto_new(void); // NULL: short of memory
void quic_crypto_free(struct quic_crypto *q);

// Keys of a direction, by the destination connection id of the client's first Initial.
void quic_initial_keys(
	const struct quic_secrets *secrets, struct bytes dcid, enum dir dir, struct quic_keys *out);

// Open a packet: `head` bytes stand before its protected packet number, `packet` ends where its
// length says. The plain payload is valid until the next call; bad when the keys do not fit.
struct bytes quic_open(
	struct quic_crypto *q, const struct quic_keys *keys, struct bytes packet, size_t head);
