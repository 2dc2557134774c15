// What a record of DNS holds, as text.

#pragma once

#include "dataplane/inspect/proto/dns_message.h"

// RFC 9460 14.3.2.
enum {
	DNS_SVCB_MANDATORY,
	DNS_SVCB_ALPN,
	DNS_SVCB_NO_DEFAULT_ALPN,
	DNS_SVCB_PORT,
	DNS_SVCB_IPV4HINT,
	DNS_SVCB_ECH,
	DNS_SVCB_IPV6HINT,
	DNS_SVCB_DOHPATH, // RFC 9461
};

enum { DNS_TEXTS_MAX = 16384 };

// Texts of a message's records: the transaction's values point here. What does not fit is cut.
struct dns_texts {
	size_t used;
	uint8_t data[DNS_TEXTS_MAX];
};

void dns_add(struct dns_texts *t, const void *p, size_t len);

// RFC 9460 2.2: the next parameter of *in, behind priority and target. False: there is none.
bool dns_svcb_next(struct bytes *in, uint16_t *key, struct bytes *value);

// Appends the data of a record: an address, a name, texts; several values are apart by spaces, in
// the order of the record. Nothing for types whose data tells nothing of traffic. *ech is set
// when the record tells keys for Encrypted Client Hello.
void dns_rdata(
	struct dns_texts *t, struct dns_message *m, const struct dns_record *record, bool *ech);
