#include "tests/captures/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "metamorphic: memory is short\n");
		exit(2);
	}
	return p;
}

void set_add(struct set *s, const char *text, size_t len)
{
	if (s->n == s->room) {
		s->room = s->room > 0 ? 2 * s->room : 256;
		s->all = must(realloc(s->all, s->room * sizeof(*s->all)));
	}
	char *copy = must(malloc(len + 1));
	memcpy(copy, text, len);
	copy[len] = '\0';
	uint64_t hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3;
	s->all[s->n++] = (struct told){hash, copy};
}

static int by_hash(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

// In order, each once.
void set_close(struct set *s)
{
	size_t n = 0;

	if (s->n > 0)
		qsort(s->all, s->n, sizeof(*s->all), by_hash);
	for (size_t i = 0; i < s->n; i++) {
		if (n > 0 && s->all[n - 1].hash == s->all[i].hash)
			free(s->all[i].text);
		else
			s->all[n++] = s->all[i];
	}
	s->n = n;
}

void set_free(struct set *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->all[i].text);
	free(s->all);
	*s = (struct set){0};
}

unsigned set_missing(const struct set *a, const struct set *b, const char *what, unsigned show)
{
	unsigned n = 0;
	size_t k = 0;

	for (size_t i = 0; i < a->n; i++) {
		while (k < b->n && b->all[k].hash < a->all[i].hash)
			k++;
		if (k < b->n && b->all[k].hash == a->all[i].hash)
			continue;
		if (n < show)
			printf("    %s %.600s\n", what, a->all[i].text);
		n++;
	}
	return n;
}
