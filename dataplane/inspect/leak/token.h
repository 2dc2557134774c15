// Tokens of values: who has the same one twice within an epoch gives the same token, and nobody can go back
// from a token, or from the key of an epoch to that of an earlier one.
//
// The key of each epoch is made from the one before, which is wiped then (RFC 2104: HMAC-SHA256 of a label).
// So all threads that begin with the same secret have the same keys, and what was told in an epoch that is
// over can be tried out by nobody any more. Keys are in memory only. One thread's.

#pragma once

#include "dataplane/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum { TOKEN_SECRET_LEN = 32, TOKEN_LEN = 8 };

#define TOKEN_EPOCH_NS (86400 * 1000000000ull) // a day, as UTC has it

struct tokens;

// NULL: short of memory. The secret is used up: wipe it.
struct tokens *tokens_new(const uint8_t secret[TOKEN_SECRET_LEN]);
void tokens_free(struct tokens *t); // wiped; NULL is allowed

// Packet time goes on: the keys of epochs that are over are destroyed. Time that goes back changes nothing.
void tokens_time(struct tokens *t, uint64_t now_ns);
uint32_t tokens_epoch(const struct tokens *t); // days since 1970

// kind: values of two kinds have different tokens. False: OpenSSL has no memory; out is zero then.
bool token_make(struct tokens *t, uint8_t kind, struct bytes value, uint8_t out[TOKEN_LEN]);
