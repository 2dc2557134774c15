// Packets of QUIC: versions, long headers (RFC 9000 17.2, RFC 9369 3.2), and those of Google QUIC.

#pragma once

#include "dataplane/inspect/proto/quic_crypto.h"

enum quic_type { QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE, QUIC_RETRY, QUIC_NEGOTIATION };

enum quic_kind {
	QUIC_UNKNOWN,
	QUIC_IETF,
	QUIC_GOOGLE_TLS, // Initials of the IETF, frames of Google's
	QUIC_GOOGLE_CRYPTO, // the same, with Google's own hello
	QUIC_GOOGLE_CLEAR, // the hello is in clear
};

struct quic_version {
	enum quic_kind kind;
	struct quic_secrets secrets; // unless it is clear
};

// kind QUIC_UNKNOWN: nothing is known of it.
struct quic_version quic_version_of(uint32_t number);
// "1", "2", "draft-29", "Q046", "0a1a2a3a": out[16], ended by NUL.
void quic_version_text(uint32_t number, char out[16]);

struct quic_packet {
	uint8_t type; // enum quic_type
	uint32_t version;
	struct bytes dcid;
	struct bytes scid;
	size_t head; // bytes before the packet number
	struct bytes all; // the packet, header and payload
};

// The next packet with a long header off the front of a datagram. False: there is none (short
// headers, padding, garbage).
bool quic_next_packet(struct bytes *datagram, struct quic_packet *out);

// Integers of RFC 9000 16.
uint64_t quic_varint(struct bytes *b);
