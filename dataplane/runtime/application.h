// Applications that are built on somebody's messaging service, by the ids that its names of servers carry:
// a bounded list of one worker. An id stays as long as the worker; what finds no room has none.

#pragma once

#include "dataplane/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	APPLICATIONS_MAX = 2048,
	APPLICATION_LEN = 40
}; // 0 is none; letters, with the one at the end

// Where in a name it stands: metadata "application KIND" of a rule.
enum application_kind {
	APPLICATION_NONE,
	APPLICATION_DIGITS, // the digits that the name begins with: 8 to 10
	APPLICATION_LABEL, // the first label
	APPLICATION_DASH, // what is behind the first "-" of the first label
	APPLICATION_KINDS
};

// "digits", "label", "dash"; APPLICATION_NONE for others.
enum application_kind application_kind(const char *word);

struct applications;

struct applications *applications_new(uint64_t seed); // NULL: short of memory
void applications_free(struct applications *a); // NULL is allowed

// The number of the id in `name`, which may be a new one. 0: there is none, or no room for it; then *full
// is set.
uint16_t applications_find(
	struct applications *a, enum application_kind kind, struct bytes name, bool *full);
const char *applications_text(const struct applications *a, uint16_t number); // "" for 0
