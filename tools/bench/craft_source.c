#include "tools/bench/craft_source.h"

#include <errno.h>

enum { MSS = 1400 };

static int put(void *ctx, const struct frame *f)
{
	struct capture_frame frame = {.data = f->data,
		.ts_ns = f->ts_ns,
		.len = f->len,
		.wire_len = f->wire_len,
		.link = LINK_ETHERNET};

	return loop_source_add(ctx, &frame) ? 0 : -ENOMEM;
}

struct loop_source *craft_source_new(unsigned flows, uint64_t step_ns, craft_flow_fn put_flow)
{
	struct rng rng = {.state = 1};
	struct loop_source *l = loop_source_new();
	struct session s = {.put = put,
		.put_ctx = l,
		.rng = &rng,
		.now_ns = 1700000000000000000ull,
		.step_ns = step_ns,
		.mss = MSS};
	int err = l != NULL ? 0 : -ENOMEM;

	for (unsigned i = 0; i < flows && err == 0; i++)
		err = put_flow(&s, i);
	if (err == 0)
		return l;
	loop_source_free(l);
	return NULL;
}
