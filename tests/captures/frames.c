#include "tests/captures/frames.h"

#include "tests/captures/told.h"
#include "tools/craft/locate.h"
#include "tools/craft/op.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

static int frames_add(void *ctx, const struct frame *f)
{
	struct frames *to = ctx;
	uint8_t *data = must(malloc(f->len > 0 ? f->len : 1));

	if (to->n == to->room) {
		to->room = to->room > 0 ? 2 * to->room : 1024;
		to->all = must(realloc(to->all, to->room * sizeof(*to->all)));
	}
	memcpy(data, f->data, f->len);
	to->all[to->n] = *f;
	to->all[to->n++].data = data;
	return 0;
}

void frames_free(struct frames *f)
{
	for (size_t i = 0; i < f->n; i++)
		free((void *)f->all[i].data);
	free(f->all);
	*f = (struct frames){0};
}

bool frames_read(const char *path, struct frames *out)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p =
		pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	struct pcap_pkthdr *h;
	const u_char *data;

	if (p == NULL)
		return false;
	*out = (struct frames){.link = pcap_datalink(p)};
	bool known = locate_link_known(out->link);
	while (known && pcap_next_ex(p, &h, &data) == 1) {
		struct frame f = {.data = data,
			.ts_ns = (uint64_t)h->ts.tv_sec * 1000000000 + (uint64_t)h->ts.tv_usec,
			.len = h->caplen,
			.wire_len = h->len > h->caplen ? h->len : h->caplen};
		frames_add(out, &f);
	}
	pcap_close(p);
	return known && out->n > 0;
}

static void reverse(struct frames *f, size_t from)
{
	for (size_t to = f->n; from + 1 < to; from++, to--) {
		struct frame swap = f->all[from];
		f->all[from] = f->all[to - 1];
		f->all[to - 1] = swap;
	}
}

struct frames frames_transformed(const struct frames *in, const char *name, uint64_t arg, bool turn)
{
	const struct op *op = op_find(name);
	struct op_run *run = must(calloc(1, sizeof(*run)));
	struct frames out = {.link = op->to_ethernet ? DLT_EN10MB : in->link};

	run->link = in->link;
	run->arg = arg;
	run->seed = 1;
	run->tcp_only = true;
	run->put = frames_add;
	run->put_ctx = &out;
	for (size_t i = 0; i < in->n; i++) {
		size_t before = out.n;
		op->frame(run, &in->all[i]);
		if (turn)
			reverse(&out, before);
	}
	if (op->end != NULL)
		op->end(run);
	free(run);
	return out;
}
