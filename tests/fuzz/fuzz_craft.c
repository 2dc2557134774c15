// Operations of sealwatch-craft over frames that no one checked: the first bytes choose.

#include "tools/craft/op.h"

#include <pcap/dlt.h>

static int drop(void *ctx, const struct frame *f)
{
	(void)ctx;
	return f->len <= f->wire_len ? 0 : (__builtin_trap(), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct op_run run;
	static const int links[] = {DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL};

	if (len < 4)
		return 0;
	const struct op *op = &ops[data[0] % n_ops];
	run.link = links[data[1] % 3];
	run.arg = op->argument != NULL ? (data[2] + 1u) * (unsigned)op->step : 0;
	run.put = drop;
	// Three frames, for those that look at more than one.
	uint32_t each = (uint32_t)(len - 4) / 3;
	for (unsigned i = 0; i < 3; i++) {
		struct frame f = {
			.data = data + 4 + i * each, .len = each, .wire_len = each + data[3]};
		op->frame(&run, &f);
	}
	return op->end != NULL ? op->end(&run) : 0;
}
