// The hellos of TLS (RFC 8446 4.1.2, 4.1.3; RFC 5246 7.4.1), whatever carries them: bodies of
// handshake messages -> what they offer -> fields of a transaction.

#pragma once

#include "dataplane/inspect/proto/proto.h"

enum tls_carrier { TLS_OVER_TCP, TLS_OVER_QUIC, TLS_OVER_DTLS };

enum {
	TLS_VERSION_TLCP = 0x0101, // GB/T 38636: TLS with Chinese algorithms
	TLS_VERSION_SSL2 = 0x0002,
	TLS_EXT_QUIC_PARAMETERS = 57, // RFC 9001 8.2
	TLS_EXT_QUIC_PARAMETERS_DRAFT = 0xffa5,
};

// Views into the body. Lists are what stands behind their length: numbers of two bytes.
struct client_hello {
	uint16_t legacy_version;
	uint16_t version; // highest offered; 0: not known
	bool has_extensions; // there is a list of them
	bool has_sni_extension;
	bool has_sni;
	bool has_versions;
	bool ech; // RFC 9849
	bool esni;
	struct bytes random;
	struct bytes ciphers;
	struct bytes compression;
	struct bytes extensions; // the whole extensions of the list, heads and bodies
	struct bytes sni;
	struct bytes alpn;
	struct bytes versions;
	struct bytes groups;
	struct bytes formats; // bytes
	struct bytes signatures;
	struct bytes key_shares; // with their keys
	struct bytes quic_parameters;
};

struct server_hello {
	uint16_t legacy_version;
	uint16_t version; // the one chosen
	uint16_t cipher;
	uint16_t group; // 0: not told
	uint8_t compression;
	bool retry; // HelloRetryRequest
	bool has_extensions;
	struct bytes random;
	struct bytes extensions;
	struct bytes alpn;
};

// The body of a ClientHello, without the handshake header. PARSE_DONE: all was read. PARSE_MORE:
// it ends early; what is whole was read. PARSE_BAD: it is none.
enum parse client_hello_parse(
	struct bytes body, enum tls_carrier carrier, struct client_hello *out);
// The same of a ServerHello or HelloRetryRequest.
enum parse server_hello_parse(struct bytes body, struct server_hello *out);

// Memory for values that are made from a hello: the caller's, until the transaction is reported.
enum { HELLO_SCRATCH = 16384 };
struct hello_scratch {
	size_t used;
	uint8_t data[HELLO_SCRATCH];
};

// Put all that a hello tells. `whole`: parse said PARSE_DONE; fingerprints of less would be
// nobody's. Over QUIC its name and ALPN are quic.sni and quic.alpn.
void client_hello_put(struct tx *tx, const struct client_hello *h, enum tls_carrier carrier,
	bool whole, struct hello_scratch *scratch);
void server_hello_put(struct tx *tx, const struct server_hello *h, enum tls_carrier carrier,
	struct hello_scratch *scratch);

// RFC 8701: clients offer reserved 0x?a?a values to keep servers tolerant.
static inline bool tls_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && (v >> 8) == (v & 0xff);
}
