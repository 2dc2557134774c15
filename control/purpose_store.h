// The register of purposes: in SQLite, in the daemon's state directory (design 5), for as long as that is
// kept. An entry is never changed and never goes: it is retired, and its id is not given again, because
// evidence names it.

#pragma once

#include "control/purpose.h"

#include <stdbool.h>
#include <stdint.h>

enum { PURPOSE_STORE_MAX = 10000 };

struct sqlite3;

struct purpose_store {
	struct sqlite3 *db; // NULL: in memory only
	int err; // -errno: what is in the file is not known, and nothing can be changed
	char path[4096];
	bool lab; // each rule and detector has a purpose: the laboratory
	uint32_t n, room;
	struct purpose *items; // in the order they came
};

// path: of the state directory; NULL: nothing outlives the daemon. What is wrong with it is logged.
void purpose_store_open(struct purpose_store *s, const char *path, bool lab);
void purpose_store_close(struct purpose_store *s); // a zeroed one is allowed

// 0, or -errno with a text: -EEXIST the id is taken, -ENOSPC.
int purpose_store_add(struct purpose_store *s, const struct purpose *p, uint32_t uid,
	char error[PURPOSE_ERROR_LEN]);
// -ENOENT there is none; -EALREADY.
int purpose_store_retire(
	struct purpose_store *s, const char *id, uint32_t uid, char error[PURPOSE_ERROR_LEN]);
const struct purpose *purpose_store_find(const struct purpose_store *s, const char *id);

// Those that are not retired, as the dataplane gets them.
void purpose_store_table(const struct purpose_store *s, struct purpose_table *out);
// Has a rule about content a purpose, in some segment?
bool purpose_store_covers(
	const struct purpose_store *s, uint32_t gid, uint32_t sid, const char *set);
