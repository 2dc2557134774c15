// Inside of beside*.c: what the files said, in the arena of the list.

#pragma once

#include "patterns/arena.h"
#include "patterns/beside.h"

enum { BESIDE_BUCKETS_LEAST = 1024 };

struct beside_row {
	struct beside_row *next;
	const char *word;
	uint32_t hash;
	struct rule_where where;
	struct beside_class class;
	const char *prefix; // of a system of references
	bool *met; // of a disabled rule: there is one
};

struct beside_words {
	uint32_t n;
	uint32_t n_buckets; // 0, or a power of two, and no less than n
	struct beside_row **buckets;
};

struct disabled; // beside_disable.c

struct rule_beside {
	struct beside_words classes;
	struct beside_words systems;
	struct disabled *disabled; // NULL: none is
};

// NULL: short of memory.
struct rule_beside *beside_open(struct rule_list *list);
// Case does not matter. NULL: it is not there.
struct beside_row *beside_find(const struct beside_words *w, const char *word);
// `word` is kept. NULL: short of memory.
struct beside_row *beside_add(struct rule_list *list, struct beside_words *w, const char *word);

// Each line that is no comment; ends with the first that is not 0.
typedef int (*beside_line_fn)(void *ctx, struct slice line);
int beside_lines(struct rule_list *list, const char *file, const char *text, size_t len,
	beside_line_fn take, void *ctx);
