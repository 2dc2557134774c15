// Rules that were disabled by sealctl, by number. They stay so through loads, and through the daemon's
// life: in a file of its state directory, in lines as of suricata-update's disable.conf.

#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { DISABLED_MAX = 10000, DISABLED_CHANGE_MAX = 64 };

struct rule_id {
	uint32_t gid, sid;
};

// "sid" (of gid 1) or "gid:sid"; both 1 to 2^32 - 1.
bool rule_id_parse(const char *text, struct rule_id *out);

struct disabled_rules { // a zeroed one: none
	uint32_t n;
	struct rule_id *ids; // by gid, sid; each once
};

struct disabled_change {
	bool enable; // else: disable
	uint32_t n; // 0: no change
	struct rule_id ids[DISABLED_CHANGE_MAX];
};

// *out: `from` after the change. 0, -E2BIG for more than DISABLED_MAX, -ENOMEM.
int disabled_with(const struct disabled_rules *from, const struct disabled_change *change,
	struct disabled_rules *out);
void disabled_free(struct disabled_rules *d); // a zeroed one is allowed
// One in a line. NULL: short of memory.
char *disabled_text(const struct disabled_rules *d);

// What holds now, and where it is kept.
struct disabled_store {
	struct disabled_rules rules;
	int dir; // -1: nowhere, it ends with the daemon
	int err; // why it can not be kept, though it should; 0: it can
};

// path: of the directory, made when it is missing; NULL: nowhere. What is wrong is logged and stands in
// `err`; of a damaged file the lines that are none are left out.
void disabled_open(struct disabled_store *s, const char *path);
void disabled_close(struct disabled_store *s);

// A change in two steps: what is written comes true with the commit, whenever we die. 0 or -errno.
int disabled_prepare(const struct disabled_store *s, const struct disabled_rules *wanted);
int disabled_commit(struct disabled_store *s, struct disabled_rules *wanted); // takes *wanted
