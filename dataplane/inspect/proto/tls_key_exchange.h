// ServerKeyExchange and CertificateVerify up to TLS 1.2: the group, its size, how it is signed.

#pragma once

#include "dataplane/inspect/proto/proto.h"

// What the server's hello chose; all zero: it was not seen.
struct tls_choice {
	uint16_t version;
	uint16_t cipher;
};

// Reports a transaction when the message tells something.
void tls_server_key_exchange(
	const struct proto_io *io, struct tls_choice choice, struct bytes body);
void tls_certificate_verify(const struct proto_io *io, struct bytes body);
