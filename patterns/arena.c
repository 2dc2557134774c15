#include "patterns/arena.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 * 1024 };

struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	_Alignas(8) unsigned char data[];
};

struct rule_arena {
	struct chunk *chunks;
};

struct rule_arena *arena_new(void)
{
	return calloc(1, sizeof(struct rule_arena));
}

void arena_free(struct rule_arena *a)
{
	while (a != NULL && a->chunks != NULL) {
		struct chunk *next = a->chunks->next;
		free(a->chunks);
		a->chunks = next;
	}
	free(a);
}

void *arena_take(struct rule_arena *a, size_t size)
{
	size_t need = (size + 7) & ~(size_t)7;
	struct chunk *c = a->chunks;

	if (c == NULL || c->size - c->used < need) {
		size_t room = need > CHUNK ? need : CHUNK;
		c = calloc(1, sizeof(*c) + room);
		if (c == NULL)
			return NULL;
		c->size = room;
		c->next = a->chunks;
		a->chunks = c;
	}
	void *p = c->data + c->used;
	c->used += need;
	return p;
}

void *arena_copy(struct rule_arena *a, const void *p, size_t size)
{
	void *copy = arena_take(a, size ? size : 1);

	if (copy != NULL && size > 0)
		memcpy(copy, p, size);
	return copy;
}

char *arena_text(struct rule_arena *a, const char *p, size_t len)
{
	char *copy = arena_take(a, len + 1);

	if (copy != NULL && len > 0)
		memcpy(copy, p, len);
	return copy;
}
