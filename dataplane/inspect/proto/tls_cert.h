// The certificates of a handshake up to TLS 1.2 (RFC 5246 7.4.2), of TLCP and of DTLS: what the
// first one says of its owner, and how strong it is.

#pragma once

#include "dataplane/inspect/proto/proto.h"
#include "dataplane/inspect/proto/tls_name.h"

enum { CERT_SAN_MAX = 64, CERT_TEXT_MAX = 12288 };

// Report the chain of a Certificate message's body, sent by `dir`, as one transaction. A client's
// certificate often names a person: only key and signature are told, the rest is for rules that look
// at it. Nothing when the body is malformed or no certificate can be read. asked: by the server's client.
void tls_certificates(
	const struct proto_io *io, enum dir dir, struct tls_name asked, struct bytes body);
