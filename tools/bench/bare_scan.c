#include "tools/bench/bare_scan.h"

#include "dataplane/base/clock.h"
#include "dataplane/inspect/decode.h"
#include "dataplane/inspect/inspect.h"
#include "patterns/db_impl.h"

#include <stdlib.h>
#include <string.h>

struct piece {
	size_t offset; // of its bytes
	uint32_t len;
	uint16_t field;
	bool of_stream;
	const void *stream; // whose bytes: told apart, never followed
};

struct bare_scan {
	const struct pattern_db *db; // while it is recorded
	struct inspect_wants wants;
	struct piece *pieces;
	size_t n, room;
	uint8_t *bytes;
	size_t n_bytes, bytes_room;
	bool failed;
};

static void keep(struct bare_scan *b, const struct piece *piece, struct bytes bytes)
{
	if (!pattern_db_uses(b->db, piece->field) || b->failed)
		return;
	if (b->n == b->room) {
		size_t room = b->room != 0 ? 2 * b->room : 65536;
		struct piece *more = realloc(b->pieces, room * sizeof(*more));
		b->failed = more == NULL;
		if (b->failed)
			return;
		b->pieces = more;
		b->room = room;
	}
	if (b->bytes_room - b->n_bytes < bytes.len) {
		size_t room = 2 * b->bytes_room + bytes.len + (1 << 20);
		uint8_t *more = realloc(b->bytes, room);
		b->failed = more == NULL;
		if (b->failed)
			return;
		b->bytes = more;
		b->bytes_room = room;
	}
	b->pieces[b->n] = *piece;
	b->pieces[b->n].offset = b->n_bytes;
	b->pieces[b->n++].len = (uint32_t)bytes.len;
	if (bytes.len > 0)
		memcpy(b->bytes + b->n_bytes, bytes.p, bytes.len);
	b->n_bytes += bytes.len;
}

static struct inspect_wants on_wants(void *ctx)
{
	const struct bare_scan *b = ctx;
	return b->wants;
}

static void on_match(void *ctx, const struct find *finds, unsigned n)
{
	struct bare_scan *b = ctx;

	for (unsigned i = 0; i < n; i++) {
		const struct find *f = &finds[i];
		if (f->kind == FIND_PACKET)
			keep(b, &(struct piece){.field = FIELD_PAYLOAD}, f->bytes);
		if (f->kind == FIND_STREAM)
			keep(b,
				&(struct piece){.field = FIELD_STREAM,
					.of_stream = true,
					.stream = (const uint8_t *)f->session + f->dir},
				f->bytes);
		for (unsigned k = 0; k < f->n_fields; k++)
			keep(b, &(struct piece){.field = f->fields[k].field}, f->fields[k].value);
	}
}

static void on_end(void *ctx, struct flow *flow, enum flow_reason reason)
{
	(void)ctx;
	(void)flow;
	(void)reason;
}

static void on_close(void *ctx, struct session *s)
{
	(void)ctx;
	(void)s;
}

static void inspect_loop(struct inspector *in, struct decoder *d, struct loop_source *l)
{
	struct source *s = loop_source(l);
	struct packet burst[BURST_MAX];

	for (uint64_t done = 0; done < loop_source_packets(l);) {
		unsigned n = s->rx(s, burst, BURST_MAX), kept = 0;
		for (unsigned i = 0; i < n; i++) {
			if (decode_packet(d, &burst[i]) == CTR_DELIVERED)
				burst[kept++] = burst[i];
			else
				packet_free(&burst[i]);
		}
		packets_tick(burst, kept);
		inspect_burst(in, burst, kept);
		done += n;
	}
	inspect_finish(in);
	decoder_flush(d);
}

struct bare_scan *bare_scan_record(const struct pattern_db *db, struct loop_source *l)
{
	uint64_t counters[CTR_COUNT] = {0};
	struct inspect_options options = inspect_defaults();
	struct decoder_options decoder = decoder_defaults();
	struct bare_scan *b = calloc(1, sizeof(*b));
	struct inspect_hooks hooks = {.ctx = b,
		.wants = on_wants,
		.match = on_match,
		.flow_end = on_end,
		.streams_close = on_close};

	if (b == NULL)
		return NULL;
	struct pattern_wants wants = pattern_db_wants(db);
	b->db = db;
	b->wants = (struct inspect_wants){.packets_tcp = wants.packets_tcp,
		.packets_other = wants.packets_other,
		.flow_starts = wants.flow_starts,
		.stream_depth = wants.stream_depth,
		.fields = wants.fields,
		.facts = wants.facts};
	struct inspector *in = inspector_new(&options, &hooks, counters);
	struct decoder *d = decoder_new(&decoder, counters);
	if (in != NULL && d != NULL)
		inspect_loop(in, d, l);
	else
		b->failed = true;
	inspector_free(in);
	decoder_free(d);
	if (b->failed) {
		bare_scan_free(b);
		return NULL;
	}
	return b;
}

void bare_scan_free(struct bare_scan *b)
{
	if (b == NULL)
		return;
	free(b->pieces);
	free(b->bytes);
	free(b);
}

static int on_hit(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	uint64_t *hits = ctx;

	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	++*hits;
	return 0;
}

// One stream serves all: it is reset where another flow's bytes begin.
static uint64_t scan_all(const struct bare_scan *b, const struct pattern_db *db,
	hs_stream_t *const streams[SWDB_SCAN_KINDS])
{
	hs_scratch_t *scratch = db->workers[0].scratch;
	const void *last = NULL;
	uint64_t hits = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct piece *p = &b->pieces[i];
		const char *bytes = p->len > 0 ? (const char *)b->bytes + p->offset : "";
		for (unsigned kind = 0; kind < SWDB_SCAN_KINDS; kind++) {
			const hs_database_t *scan = db->fields[p->field].scans[kind];
			if (scan == NULL)
				continue;
			if (!p->of_stream) {
				hs_scan(scan, bytes, p->len, 0, scratch, on_hit, &hits);
				continue;
			}
			if (p->stream != last)
				hs_reset_stream(streams[kind], 0, NULL, NULL, NULL);
			hs_scan_stream(streams[kind], bytes, p->len, 0, scratch, on_hit, &hits);
		}
		last = p->of_stream ? p->stream : last;
	}
	return hits;
}

uint64_t bare_scan_run(const struct bare_scan *b, const struct pattern_db *db)
{
	static volatile uint64_t hits;
	hs_stream_t *streams[SWDB_SCAN_KINDS] = {0};

	for (unsigned kind = 0; kind < SWDB_SCAN_KINDS; kind++) {
		const hs_database_t *scan = db->fields[FIELD_STREAM].scans[kind];
		if (scan != NULL && hs_open_stream(scan, 0, &streams[kind]) != HS_SUCCESS)
			streams[kind] = NULL;
	}
	uint64_t start = clock_cycles();
	hits += scan_all(b, db, streams);
	uint64_t cycles = clock_cycles() - start;
	for (unsigned kind = 0; kind < SWDB_SCAN_KINDS; kind++) {
		if (streams[kind] != NULL)
			hs_close_stream(streams[kind], NULL, NULL, NULL);
	}
	return cycles;
}

uint64_t bare_scan_bytes(const struct bare_scan *b)
{
	return b->n_bytes;
}
