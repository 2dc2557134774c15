#include "patterns/pcre_frames.h"

#include <stdlib.h>

// One for the general context, one for the match data, two for frames.
static const size_t slot_size[PCRE_SLOTS] = {256, 4096, 262144, 262144};

static void *frames_take(size_t size, void *ctx)
{
	struct pcre_frames *f = ctx;

	for (unsigned i = 0; i < PCRE_SLOTS; i++) {
		if (!f->taken[i] && size <= slot_size[i]) {
			f->taken[i] = true;
			return f->slot[i];
		}
	}
	return NULL;
}

static void frames_give(void *p, void *ctx)
{
	struct pcre_frames *f = ctx;

	for (unsigned i = 0; i < PCRE_SLOTS; i++) {
		if (p != NULL && p == f->slot[i])
			f->taken[i] = false;
	}
}

pcre2_general_context *pcre_frames_init(struct pcre_frames *f)
{
	for (unsigned i = 0; i < PCRE_SLOTS; i++) {
		f->slot[i] = malloc(slot_size[i]);
		if (f->slot[i] == NULL)
			return NULL;
	}
	return pcre2_general_context_create(frames_take, frames_give, f);
}

void pcre_frames_fini(struct pcre_frames *f)
{
	for (unsigned i = 0; i < PCRE_SLOTS; i++)
		free(f->slot[i]);
}

size_t pcre_frames_size(void)
{
	size_t size = 0;

	for (unsigned i = 0; i < PCRE_SLOTS; i++)
		size += slot_size[i];
	return size;
}
