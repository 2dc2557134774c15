// What a run told: texts, each once, to be compared with another run's.

#pragma once

#include <stddef.h>
#include <stdint.h>

struct told {
	uint64_t hash;
	char *text;
};

struct set {
	struct told *all;
	size_t n, room;
};

void *must(void *p); // ends the program when memory is short

void set_add(struct set *s, const char *text, size_t len); // copies
void set_close(struct set *s); // in order, each once: before it is compared
void set_free(struct set *s);
// How much is in a and not in b; the first `show` are printed behind `what`.
unsigned set_missing(const struct set *a, const struct set *b, const char *what, unsigned show);
