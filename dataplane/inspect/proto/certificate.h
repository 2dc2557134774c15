// An X.509 certificate (RFC 5280 4.1), as far as it is told: views into its DER, nothing copied.

#pragma once

#include "dataplane/base/bytes.h"

#include <stdbool.h>

struct certificate {
	struct bytes serial; // INTEGER's bytes
	struct bytes signature; // OBJECT IDENTIFIER's bytes of the algorithm
	struct bytes issuer; // RDNSequence's contents
	struct bytes subject;
	struct bytes not_before; // UTCTime or GeneralizedTime, as text
	struct bytes not_after;
	struct bytes key_type; // OBJECT IDENTIFIER's bytes
	uint32_t key_bits; // 0: not known
	struct bytes alternative_names; // GeneralNames' contents; empty: none
	bool self_issued; // RFC 5280 3.2: its issuer is its subject
};

// False: it is none.
bool certificate_parse(struct bytes der, struct certificate *out);

// Text of its parts into out[cap]; what does not fit is cut. They return the length.
//
// "C=CN, O=Example, CN=example.org", in the order of the certificate.
size_t certificate_name_text(struct bytes name, char *out, size_t cap);
// "2024-01-01T00:00:00"; 0: it is no time.
size_t certificate_time_text(struct bytes time, char *out, size_t cap);
// OpenSSL's name ("sha256WithRSAEncryption"), or "1.2.3".
size_t certificate_oid_text(struct bytes oid, char *out, size_t cap);

// The next DNS name or address (as text) of alternative_names; 0: there is no more. The names of
// people and URIs are passed over.
size_t certificate_next_name(struct bytes *names, char *out, size_t cap);
