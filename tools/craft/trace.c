#include "tools/craft/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int grow(struct trace *t)
{
	size_t cap = t->cap != 0 ? t->cap * 2 : 256;
	struct frame *frames = reallocarray(t->frames, cap, sizeof(*frames));

	if (frames == NULL)
		return -ENOMEM;
	t->frames = frames;
	t->cap = cap;
	return 0;
}

int trace_put(void *trace, const struct frame *f)
{
	struct trace *t = trace;
	uint8_t *copy;

	if (t->n == t->cap && grow(t) < 0)
		return -ENOMEM;
	copy = malloc(f->len != 0 ? f->len : 1);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, f->data, f->len);
	t->frames[t->n] = *f;
	t->frames[t->n++].data = copy;
	return 0;
}

// Insertion: the frames come as sessions that overlap little.
void trace_sort(struct trace *t)
{
	for (size_t i = 1; i < t->n; i++) {
		struct frame f = t->frames[i];
		size_t to = i;
		for (; to > 0 && t->frames[to - 1].ts_ns > f.ts_ns; to--)
			t->frames[to] = t->frames[to - 1];
		t->frames[to] = f;
	}
}

int trace_write(const struct trace *t, frame_fn put, void *ctx)
{
	int err = 0;

	for (size_t i = 0; i < t->n && err == 0; i++)
		err = put(ctx, &t->frames[i]);
	return err;
}

void trace_free(struct trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		free((void *)t->frames[i].data);
	free(t->frames);
	*t = (struct trace){0};
}
