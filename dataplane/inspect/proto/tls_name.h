// Is a certificate for the name that its client asked for (RFC 9525 6)? Of the name two hashes are kept until
// the certificate comes: of all of it, and of what stands behind its first label.

#pragma once

#include "dataplane/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct tls_name {
	uint64_t whole; // 0: no name was asked for
	uint64_t parent; // 0: it has one label only
};

struct tls_name tls_name_of(struct bytes sni);

// names: a certificate's alternative_names (certificate.h). Common names do not count (RFC 9525 2).
bool tls_name_fits(struct tls_name asked, struct bytes names);
