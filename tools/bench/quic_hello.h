// The first datagram of a QUIC client: an Initial of version 1 with its ClientHello, protected as RFC 9001
// says, and padded.

#pragma once

#include "dataplane/base/bytes.h"
#include "dataplane/inspect/proto/quic_crypto.h"

enum { QUIC_HELLO_LEN = 1200, QUIC_HELLO_DCID = 8 };

extern const struct quic_secrets quic_hello_secrets; // of version 1

// hello: the handshake message, without a record around it; up to 1,100 bytes. False: it does not fit, or
// OpenSSL would not.
bool quic_hello(
	uint8_t out[QUIC_HELLO_LEN], struct bytes hello, const uint8_t dcid[QUIC_HELLO_DCID]);

// What an inspector has to do to read it, and nothing else: keys, header protection, decryption.
bool quic_hello_open(struct quic_crypto *q, const uint8_t datagram[QUIC_HELLO_LEN]);
