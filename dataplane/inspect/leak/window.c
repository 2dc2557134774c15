#include "dataplane/inspect/leak/window.h"

#include "dataplane/base/pages.h"
#include "dataplane/base/private.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct windows {
	unsigned n, used;
	uint16_t *free; // a stack of numbers
	uint16_t *older, *newer; // by number: in the order in which they were taken
	uint16_t oldest, newest; // WINDOW_NONE: none
	struct window *items; // number 1 is the first
	size_t bytes;
};

struct windows *windows_new(unsigned n)
{
	struct windows *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->n = n;
	w->bytes = n * sizeof(*w->items);
	w->items = pages_alloc(w->bytes);
	w->free = calloc(3 * ((size_t)n + 1), sizeof(*w->free));
	if (w->items == NULL || w->free == NULL) {
		windows_free(w);
		return NULL;
	}
	private_mark(w->items, w->bytes);
	w->older = w->free + n + 1;
	w->newer = w->older + n + 1;
	for (unsigned i = 0; i < n; i++)
		w->free[i] = (uint16_t)(n - i);
	return w;
}

void windows_free(struct windows *w)
{
	if (w == NULL)
		return;
	pages_free(w->items, w->bytes);
	free(w->free);
	free(w);
}

struct window *window_of(struct windows *w, uint16_t number)
{
	return &w->items[number - 1];
}

uint16_t windows_oldest(const struct windows *w)
{
	return w->oldest;
}

bool windows_full(const struct windows *w)
{
	return w->used == w->n;
}

uint16_t windows_take(struct windows *w, void *owner, uint8_t side)
{
	uint16_t number = w->free[w->n - ++w->used];
	struct window *mine = window_of(w, number);

	memset(mine, 0, offsetof(struct window, data));
	mine->owner = owner;
	mine->side = side;
	w->older[number] = w->newest;
	w->newer[number] = WINDOW_NONE;
	if (w->newest != WINDOW_NONE)
		w->newer[w->newest] = number;
	else
		w->oldest = number;
	w->newest = number;
	return number;
}

void windows_give(struct windows *w, uint16_t number)
{
	struct window *mine = window_of(w, number);
	uint16_t older = w->older[number], newer = w->newer[number];

	explicit_bzero(mine->data, mine->len);
	if (older != WINDOW_NONE)
		w->newer[older] = newer;
	else
		w->oldest = newer;
	if (newer != WINDOW_NONE)
		w->older[newer] = older;
	else
		w->newest = older;
	w->free[w->n - w->used--] = number;
}

bool window_put(struct window *w, struct bytes *in)
{
	size_t room = WINDOW_BYTES - w->fresh;
	struct bytes part = bytes_take(in, in->len < room ? in->len : room);

	if (part.len > 0)
		memcpy(w->data + w->len, part.p, part.len);
	w->len += (uint32_t)part.len;
	w->fresh += (uint32_t)part.len;
	w->next += part.len;
	return w->fresh == WINDOW_BYTES;
}

struct bytes window_text(const struct window *w)
{
	return (struct bytes){w->data, w->len, false};
}

void window_next(struct window *w)
{
	uint32_t keep = w->len < WINDOW_BEFORE ? w->len : WINDOW_BEFORE;

	memmove(w->data, w->data + w->len - keep, keep);
	explicit_bzero(w->data + keep, w->len - keep);
	w->len = keep;
	w->fresh = 0;
	w->begun = true;
	w->now = !w->now;
	w->n_known[w->now] = 0;
	memset(w->known[w->now], 0, sizeof(w->known[0]));
}

static bool has(const uint64_t known[WINDOW_KNOWN], uint64_t hash)
{
	for (unsigned i = 0; i < WINDOW_KNOWN; i++) {
		if (known[i] == hash)
			return true;
	}
	return false;
}

bool window_knows(struct window *w, uint64_t hash)
{
	uint64_t *mine = w->known[w->now];

	if (!has(mine, hash)) {
		mine[w->n_known[w->now]] = hash;
		w->n_known[w->now] = (uint8_t)((w->n_known[w->now] + 1) % WINDOW_KNOWN);
	}
	return has(w->known[!w->now], hash);
}
