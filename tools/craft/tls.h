// TLS messages as clients and servers send them. What would be encrypted is random.

#pragma once

#include "tools/craft/rng.h"
#include "tools/craft/wire.h"

enum { TLS_12 = 0x0303, TLS_13 = 0x0304 };

struct tls_profile {
	const char *sni;
	const char *const *alpn; // NULL-terminated; NULL: no extension
	uint16_t version; // the highest offered, and chosen
	bool grease; // RFC 8701
	bool hybrid_share; // a key share of 1,216 bytes (X25519MLKEM768) before X25519
	uint16_t ticket_len; // RFC 5077 ticket; 0: none
	uint64_t session; // the session id is made from it, on both sides
};

// Records, appended to `w`. The server's answer is a resumption (TLS 1.2), or what follows a
// key share (1.3): neither shows a certificate.
void tls_client_hello(struct wire *w, const struct tls_profile *p, struct rng *r);
void tls_server_flight(struct wire *w, const struct tls_profile *p, struct rng *r);
void tls_client_finish(struct wire *w, const struct tls_profile *p, struct rng *r);
void tls_application_data(struct wire *w, size_t len, struct rng *r);
