// What makes a value fit to leave a worker: addresses become keyed pseudonyms, URLs lose the
// values of their parameters.

#pragma once

#include "dataplane/api/fields.h"
#include "dataplane/base/bytes.h"

#include <stdint.h>

struct masker;

enum { MASK_KEY_LEN = 32 };

// key: Crypto-PAn's: 16 bytes AES key, 16 bytes that make the padding. NULL: short of memory.
// One masker belongs to one thread.
struct masker *masker_new(const uint8_t key[MASK_KEY_LEN]);
void masker_free(struct masker *m);

// Prefix-preserving pseudonym (Xu, Fan, Ammar, Moon: "Prefix-Preserving IP Address
// Anonymization", 2002; for IPv6 the same over 128 bits): two addresses that share exactly k
// leading bits have pseudonyms that share exactly k. ip_version 4: the first four bytes.
void mask_address(struct masker *m, uint8_t ip_version, const uint8_t in[16], uint8_t out[16]);
// From here on addresses have no pseudonyms: all are zeros, those in values, too. Or have them again.
void mask_hide(struct masker *m, bool hide);

// "/a?phone=123&x=1#f" -> "/a?phone=&x=". A parameter without '=' is a value: it goes too. So does
// what stands behind '=' in a path. Parts of a path that tell of somebody (as for mask_text())
// become the begin of their token, the kind of file stays: "/u/a@example.org/4917012345678.jpg" ->
// "/u/~1f0c24aa/~9b8e71d2.jpg". out holds at least in.len bytes; returns the length.
size_t mask_url(struct masker *m, struct bytes in, uint8_t *out);

// Addresses in a host or a name leave as their pseudonyms, in whatever spelling: "192.0.2.1:80",
// "[2001:db8::1]", "0xc0.0.2.1", "192-0-2-1.dsl.example", backwards in "1.2.0.192.list.example"; of
// a reverse name ("1.2.0.192.in-addr.arpa", "4.3.2.1.e164.arpa") only the zone is left. What is in
// front of '@' goes. Names of devices become tokens: one without a dot, the first label under
// ".local" and the like, the instance of a service. So do labels with ten digits in a row. Any
// other name is copied. out holds at least in.len + MASK_NAME_MORE bytes.
enum { MASK_NAME_MORE = 64 };
size_t mask_name(struct masker *m, struct bytes in, uint8_t *out);

// "http://user:word@192.0.2.1/a?x=1", "//192.0.2.1/a", "192.0.2.1:443": host as for mask_name(),
// the rest as for mask_url(). out as for mask_name().
size_t mask_uri(struct masker *m, struct bytes in, uint8_t *out);

// What names a person leaves as "~" and 16 hexadecimal digits of HMAC-SHA256 under the key: the
// same person has the same token until the key is changed, and nobody can go back.
enum { MASK_TOKEN_LEN = 17 };
void mask_token(struct masker *m, struct bytes in, uint8_t out[MASK_TOKEN_LEN]);

// Free text: mail addresses, addresses of any kind, numbers of seven digits and more, whatever is
// between them, and long words that no one chose (hashes) become the begin of their token. Dates
// and versions ("10.0.19041.1") stay. out holds at least in.len bytes; returns in.len at most.
size_t mask_text(struct masker *m, struct bytes in, uint8_t *out);

// As the field's row says; MASK_SECRET leaves nothing. out as for mask_name().
size_t mask_value(struct masker *m, enum field_mask mask, struct bytes in, uint8_t *out);
