// Transformations of captures: frames in, frames out. Each is a row of a table.
//
// A frame that an operation can not take apart (another protocol, cut by the snap length, a
// fragment already, too long for one more header) goes through as it is.

#pragma once

#include "tools/craft/frame.h"

#include <stdbool.h>
#include <stddef.h>

enum { OP_WINDOW = 3, OP_BEGUN = 1 << 16, OP_SCRATCH = FRAME_MAX + 256 };

struct op_run {
	// set by the caller
	int link; // DLT_ of the frames that come in
	uint64_t arg; // the operation's number
	uint64_t seed;
	bool tcp_only; // duplicate
	frame_fn put;
	void *put_ctx;
	// of the operations
	uint64_t untouched; // frames that went through as they were
	uint64_t count;
	uint32_t next_id; // of fragments
	struct frame window[OP_WINDOW];
	uint8_t *window_data[OP_WINDOW];
	unsigned n_window;
	uint64_t begun[OP_BEGUN]; // reorder: one direction of a conversation each
	uint8_t scratch[OP_SCRATCH];
	uint8_t ethernet[OP_SCRATCH]; // the frame that came in, when it had another link header
};

struct op {
	const char *name;
	const char *argument; // NULL: takes none
	const char *help;
	uint64_t min;
	uint64_t max;
	uint64_t step; // the argument is a multiple of it
	uint64_t otherwise; // argument when it is left out; 0: it is required
	bool to_ethernet; // frames come out with an Ethernet header, whatever they had
	int (*frame)(struct op_run *run, const struct frame *f);
	int (*end)(struct op_run *run); // NULL: nothing is held back
};

extern const struct op ops[];
extern const size_t n_ops;

// NULL when there is none of that name.
const struct op *op_find(const char *name);

// The functions of the table.
int op_segment(struct op_run *run, const struct frame *f);
int op_overlap(struct op_run *run, const struct frame *f);
int op_reorder(struct op_run *run, const struct frame *f);
int op_reorder_end(struct op_run *run);
int op_duplicate(struct op_run *run, const struct frame *f);
int op_fragment(struct op_run *run, const struct frame *f);
int op_addresses(struct op_run *run, const struct frame *f);
int op_vlan(struct op_run *run, const struct frame *f);
int op_mpls(struct op_run *run, const struct frame *f);
int op_pppoe(struct op_run *run, const struct frame *f);
int op_gre(struct op_run *run, const struct frame *f);
int op_gtpu(struct op_run *run, const struct frame *f);
int op_vxlan(struct op_run *run, const struct frame *f);
int op_geneve(struct op_run *run, const struct frame *f);
int op_ipip(struct op_run *run, const struct frame *f);

// For them.
static inline int op_pass(struct op_run *run, const struct frame *f)
{
	run->untouched++;
	return run->put(run->put_ctx, f);
}

// `len` bytes of scratch, at the time of `f`.
static inline int op_put(struct op_run *run, const struct frame *f, uint32_t len)
{
	struct frame out = {.data = run->scratch, .ts_ns = f->ts_ns, .len = len, .wire_len = len};
	return run->put(run->put_ctx, &out);
}
