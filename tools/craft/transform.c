// The command transform: reads captures, runs an operation over each frame, writes one.

#include "dataplane/base/log.h"
#include "tools/craft/capture_out.h"
#include "tools/craft/locate.h"
#include "tools/craft/op.h"
#include "tools/craft/options.h"

#include <pcap/pcap.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct input {
	const char *path;
	pcap_t *pcap;
	struct frame next;
	bool ended;
};

// The output would be emptied before the input is read.
static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (strcmp(b, "-") == 0 || stat(a, &sa) < 0 || stat(b, &sb) < 0)
		return false;
	return S_ISREG(sa.st_mode) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static enum craft_status input_open(struct input *in, const char *path)
{
	char error[PCAP_ERRBUF_SIZE] = "";

	in->path = path;
	in->pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	if (in->pcap == NULL) {
		// Some of libpcap's messages begin with the name.
		bool named = strncmp(error, path, strlen(path)) == 0;
		log_error("%s%s%s", named ? "" : path, named ? "" : ": ", error);
		return CRAFT_INPUT;
	}
	int link = pcap_datalink(in->pcap);
	if (!locate_link_known(link)) {
		const char *name = pcap_datalink_val_to_name(link);
		log_error("%s: link type %s is neither Ethernet, raw IP nor Linux cooked", path,
			name != NULL ? name : "(unknown)");
		return CRAFT_INPUT;
	}
	return CRAFT_OK;
}

// What was captured before the fault counts: a cut capture is no error.
static void input_next(struct input *in)
{
	struct pcap_pkthdr *h;
	const u_char *data;

	int status = pcap_next_ex(in->pcap, &h, &data);
	if (status != 1) {
		in->ended = true;
		if (status == PCAP_ERROR)
			log_warning("%s: %s", in->path, pcap_geterr(in->pcap));
		return;
	}
	// With nanosecond precision libpcap keeps nanoseconds in tv_usec.
	in->next = (struct frame){.data = data,
		.ts_ns = (uint64_t)h->ts.tv_sec * 1000000000 + (uint64_t)h->ts.tv_usec,
		.len = h->caplen,
		.wire_len = h->len > h->caplen ? h->len : h->caplen};
}

// Of equal times the first capture's comes first.
static struct input *input_earliest(struct input *inputs, unsigned n)
{
	struct input *best = NULL;

	for (unsigned i = 0; i < n; i++) {
		if (!inputs[i].ended && (best == NULL || inputs[i].next.ts_ns < best->next.ts_ns))
			best = &inputs[i];
	}
	return best;
}

static enum craft_status failed(const char *path, int err)
{
	log_error("%s: %s", path, strerror(-err));
	return CRAFT_OUTPUT;
}

static int put_as_is(struct op_run *run, const struct frame *f)
{
	return run->put(run->put_ctx, f);
}

static int run_all(struct input *inputs, unsigned n, const struct op *op, struct op_run *run)
{
	struct input *in;
	int err = 0;

	for (unsigned i = 0; i < n; i++)
		input_next(&inputs[i]);
	while (err == 0 && (in = input_earliest(inputs, n)) != NULL) {
		err = op->frame(run, &in->next);
		input_next(in);
	}
	if (op->end != NULL) {
		int status = op->end(run);
		if (err == 0)
			err = status;
	}
	return err;
}

static enum craft_status write_all(
	const struct craft_options *o, struct input *inputs, const struct op *op, uint64_t argument)
{
	int link = pcap_datalink(inputs[0].pcap);
	struct op_run *run = calloc(1, sizeof(*run));
	struct capture_out *out = NULL;
	int err = run != NULL ? 0 : -ENOMEM;

	if (err == 0)
		err = capture_out_open(o->output, op->to_ethernet ? DLT_EN10MB : link, &out);
	if (err == 0) {
		run->link = link;
		run->arg = argument;
		run->seed = o->seed;
		run->tcp_only = o->tcp;
		run->put = capture_out_put;
		run->put_ctx = out;
		err = run_all(inputs, o->n_inputs, op, run);
	}
	int closed = capture_out_close(out);
	if (err == 0)
		err = closed;
	free(run);
	return err == 0 ? CRAFT_OK : failed(o->output, err);
}

static enum craft_status over_captures(
	const struct craft_options *o, const struct op *op, uint64_t argument)
{
	struct input inputs[INPUTS_MAX] = {0};
	enum craft_status status = CRAFT_OK;
	unsigned n = 0;

	for (; n < o->n_inputs && status == CRAFT_OK; n++) {
		status = input_open(&inputs[n], o->inputs[n]);
		if (status == CRAFT_OK &&
			pcap_datalink(inputs[n].pcap) != pcap_datalink(inputs[0].pcap)) {
			log_error(
				"%s: its link type is not that of %s", o->inputs[n], o->inputs[0]);
			status = CRAFT_INPUT;
		}
	}
	if (status == CRAFT_OK)
		status = write_all(o, inputs, op, argument);
	for (unsigned i = 0; i < n; i++) {
		if (inputs[i].pcap != NULL)
			pcap_close(inputs[i].pcap);
	}
	return status;
}

static enum craft_status copy_bytes(FILE *in, FILE *out, const struct craft_options *o, uint64_t n)
{
	uint8_t buf[65536];

	while (n > 0) {
		size_t want = n < sizeof(buf) ? (size_t)n : sizeof(buf);
		size_t got = fread(buf, 1, want, in);
		if (ferror(in)) {
			log_error("%s: %s", o->inputs[0], strerror(errno));
			return CRAFT_INPUT;
		}
		if (fwrite(buf, 1, got, out) != got)
			return failed(o->output, -errno);
		if (got < want)
			break;
		n -= got;
	}
	return CRAFT_OK;
}

static enum craft_status cut(const struct craft_options *o, uint64_t n)
{
	FILE *in = strcmp(o->inputs[0], "-") == 0 ? stdin : fopen(o->inputs[0], "rb");
	if (in == NULL) {
		log_error("%s: %s", o->inputs[0], strerror(errno));
		return CRAFT_INPUT;
	}
	FILE *out = strcmp(o->output, "-") == 0 ? stdout : fopen(o->output, "wb");
	if (out == NULL) {
		int err = errno;
		fclose(in);
		return failed(o->output, -err);
	}
	enum craft_status status = copy_bytes(in, out, o, n);
	fclose(in);
	if (fclose(out) != 0 && status == CRAFT_OK)
		return failed(o->output, -errno);
	return status;
}

static enum craft_status take_argument(
	const struct craft_options *o, const struct op *op, uint64_t *argument)
{
	char message[128];

	*argument = op->otherwise;
	if (o->n_words < 2 && op->argument != NULL && op->otherwise == 0)
		return craft_usage("this operation takes a number", op->name);
	if (o->n_words < 2)
		return CRAFT_OK;
	if (op->argument == NULL)
		return craft_usage("this operation takes no number", op->name);
	if (craft_number(o->words[1], false, op->min, op->max, argument) &&
		*argument % op->step == 0)
		return CRAFT_OK;
	snprintf(message, sizeof(message), "%s takes %" PRIu64 " to %" PRIu64 "%s, not", op->name,
		op->min, op->max, op->step > 1 ? " in steps of 8" : "");
	return craft_usage(message, o->words[1]);
}

// The two that are no operation on frames.
static const struct op merge = {.name = "merge", .step = 1, .frame = put_as_is};
static const struct op cut_row = {.name = "cut", .argument = "N", .max = UINT64_MAX, .step = 1};

static const struct op *find(const char *name)
{
	if (strcmp(name, merge.name) == 0)
		return &merge;
	if (strcmp(name, cut_row.name) == 0)
		return &cut_row;
	return op_find(name);
}

enum craft_status craft_transform(const struct craft_options *o)
{
	uint64_t argument;

	if (o->n_words == 0)
		return craft_usage("no operation given", NULL);
	const struct op *op = find(o->words[0]);
	if (op == NULL)
		return craft_usage("no such operation", o->words[0]);
	enum craft_status status = take_argument(o, op, &argument);
	if (status != CRAFT_OK)
		return status;
	if (o->n_inputs == 0)
		return craft_usage("no capture given (-r FILE)", NULL);
	if (o->n_inputs > 1 && op != &merge)
		return craft_usage("only merge takes several captures, not", op->name);
	if (o->tcp && op->frame != op_duplicate)
		return craft_usage("--tcp goes with duplicate, not", op->name);
	for (unsigned i = 0; i < o->n_inputs; i++) {
		if (same_file(o->inputs[i], o->output))
			return craft_usage("input and output are the same file", o->output);
	}
	return op == &cut_row ? cut(o, argument) : over_captures(o, op, argument);
}
