// Runs a protocol parser over bytes and writes down what it reports, as text:
//
//   tls.version=0303 tls.sni=example.org
//
// one line a transaction. Each piece is handed over in memory of exactly its size.

#pragma once

#include "dataplane/inspect/proto/kit.h"
#include "dataplane/inspect/proto/proto.h"

#include <assert.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>

struct parser_run {
	const struct proto *proto;
	struct proto_io io;
	struct kit *kit;
	uint32_t unread;
	struct proto_next next;
	unsigned n_tx;
	unsigned borrowed; // buffers that were not given back
	bool poor; // there are no buffers
	bool mute; // nothing is written down; the hash tells runs apart
	uint64_t hash; // of all that was reported
	const uint8_t *wanted; // as struct proto_io's; it stays from run to run, as `only` does
	const uint16_t *only; // written down are these fields, ended by FIELD_NONE; NULL: all
	enum parse result[2]; // the last of each direction
	size_t len;
	_Alignas(8) uint8_t state[PROTO_STATE_MAX];
	char text[16384]; // what does not fit is left out
};

static inline void run_print(struct parser_run *r, const char *fmt, unsigned value)
{
	int n = snprintf(r->text + r->len, sizeof(r->text) - r->len, fmt, value);
	if (n > 0 && (size_t)n < sizeof(r->text) - r->len)
		r->len += (size_t)n;
}

static inline bool run_is_text(uint16_t field)
{
	switch (field_table[field].form) {
	case FORM_TEXT:
	case FORM_DIGITS:
		return true;
	case FORM_OWN:
		return field_table[field].scan == SCAN_BLOCK || field == FIELD_DNS_RDATA ||
			field == FIELD_DNS_RDATA_NAME || field == FIELD_DNS_SERVICE ||
			field == FIELD_DNS_SOA || field == FIELD_DNS_ADDRESS;
	default:
		return false;
	}
}

static inline bool run_writes(const struct parser_run *r, uint16_t field)
{
	const uint16_t *f = r->only;

	// What a rule's buffer has once more; written down when it is asked for.
	if (f == NULL && (field == FIELD_DNS_RESPONSE || field == FIELD_QUIC_RAW_VERSION))
		return false;
	while (f != NULL && *f != FIELD_NONE && *f != field)
		f++;
	return f == NULL || *f == field;
}

static inline void run_hash(struct parser_run *r, const void *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		r->hash = (r->hash ^ ((const uint8_t *)p)[i]) * 0x100000001b3; // FNV-1a
}

static inline void run_hash_tx(struct parser_run *r, const struct tx *tx)
{
	run_hash(r, &tx->app_proto, sizeof(tx->app_proto));
	run_hash(r, &tx->dir, sizeof(tx->dir));
	for (unsigned i = 0; i < tx->n_fields; i++) {
		run_hash(r, &tx->fields[i].field, sizeof(tx->fields[i].field));
		run_hash(r, &tx->fields[i].value.len, sizeof(tx->fields[i].value.len));
		run_hash(r, tx->fields[i].value.p, tx->fields[i].value.len);
	}
}

static inline void run_on_tx(void *ctx, const struct tx *tx)
{
	struct parser_run *r = ctx;

	assert(tx->app_proto == r->proto->app_proto && tx->n_fields <= TX_FIELDS_MAX);
	r->n_tx++;
	run_hash_tx(r, tx);
	if (r->mute)
		return;
	if (tx->dir == DIR_S2C)
		run_print(r, "s2c ", 0);
	if (tx->quiet)
		run_print(r, "quiet ", 0);
	bool first = true;
	for (unsigned i = 0; i < tx->n_fields; i++) {
		const struct field_value *f = &tx->fields[i];
		if (!run_writes(r, f->field))
			continue;
		run_print(r, first ? "" : " ", 0);
		first = false;
		if (i + tx->n_secret >= tx->n_fields)
			run_print(r, "secret:", 0);
		for (const char *c = field_table[f->field].name; *c != '\0'; c++)
			run_print(r, "%c", (uint8_t)*c);
		run_print(r, "=", 0);
		for (size_t k = 0; k < f->value.len; k++) {
			uint8_t c = f->value.p[k];
			bool text = c > ' ' && c < 0x7f && run_is_text(f->field);
			run_print(r, text || c == ' ' ? "%c" : "%02x", c);
		}
	}
	run_print(r, "\n", 0);
}

// Buffers are used again, as the engine does it; meanwhile nobody may touch them.
struct run_gather {
	struct gather gather; // first
	struct run_gather *next;
};
static struct run_gather *run_gathers;

static inline struct gather *run_on_take(void *ctx)
{
	struct parser_run *r = ctx;
	struct run_gather *g = run_gathers;

	if (r->poor)
		return NULL;
	if (g != NULL) {
		run_gathers = g->next;
		ASAN_UNPOISON_MEMORY_REGION(g->gather.data, GATHER_MAX);
	} else {
		g = malloc(sizeof(*g));
		if (g == NULL)
			abort();
		g->gather = (struct gather){.cap = GATHER_MAX, .data = malloc(GATHER_MAX)};
	}
	if (g->gather.data == NULL)
		abort();
	g->gather.len = 0;
	memset(g->gather.data, 0x5a, 4096); // what nobody wrote is to be told from what is there
	r->borrowed++;
	return &g->gather;
}

static inline void run_on_give(void *ctx, struct gather *gather)
{
	struct parser_run *r = ctx;
	struct run_gather *g = (struct run_gather *)gather;

	r->borrowed--;
	ASAN_POISON_MEMORY_REGION(g->gather.data, GATHER_MAX);
	g->next = run_gathers;
	run_gathers = g;
}

// One for all runs of a test: they follow one another, as flows do.
static inline struct kit *run_kit(void)
{
	static struct kit *kit;

	if (kit == NULL)
		kit = kit_new(0);
	return kit;
}

static inline void run_begin(struct parser_run *r, const struct proto *proto)
{
	const uint16_t *only = r->only;
	bool mute = r->mute;
	const uint8_t *wanted = r->wanted;
	*r = (struct parser_run){.proto = proto,
		.result = {PARSE_MORE, PARSE_MORE},
		.kit = run_kit(),
		.only = only,
		.mute = mute,
		.wanted = wanted};
	r->io = (struct proto_io){.ctx = r,
		.tx = run_on_tx,
		.gather_take = run_on_take,
		.gather_give = run_on_give,
		.unread = &r->unread,
		.next = &r->next,
		.kit = r->kit,
		.wanted = wanted};
	if (r->kit == NULL)
		abort();
}

// Ignored once the direction said that it wants no more.
static inline void run_feed(struct parser_run *r, enum dir dir, const void *p, size_t len)
{
	enum { ROOM = 65536 }; // a piece ends where it ends, so that nobody reads on unseen
	static uint8_t *room;
	uint8_t *own = len > ROOM ? malloc(len) : NULL;

	if (room == NULL)
		room = malloc(ROOM);
	if (room == NULL || (len > ROOM && own == NULL))
		abort();
	uint8_t *copy = own != NULL ? own : room + ROOM - len;
	if (len > 0)
		memcpy(copy, p, len);
	if (r->result[dir] == PARSE_MORE) {
		r->unread = 0;
		r->next = (struct proto_next){0};
		r->result[dir] =
			r->proto->data(r->state, &r->io, dir, (struct bytes){copy, len, false});
	}
	free(own);
}

static inline void run_gap(struct parser_run *r, enum dir dir, uint32_t missing)
{
	if (r->result[dir] != PARSE_MORE)
		return;
	r->result[dir] =
		r->proto->gap != NULL ? r->proto->gap(r->state, &r->io, dir, missing) : PARSE_DONE;
}

static inline void run_end(struct parser_run *r)
{
	if (r->proto->end != NULL)
		r->proto->end(r->state, &r->io);
}

// A whole stream of one direction, in pieces of `step` bytes, the first of `first`.
static inline void run_stream(struct parser_run *r, const struct proto *proto, enum dir dir,
	struct bytes in, size_t first, size_t step)
{
	run_begin(r, proto);
	struct bytes head = bytes_take(&in, first < in.len ? first : in.len);
	run_feed(r, dir, head.p, head.len);
	while (in.len > 0) {
		struct bytes part = bytes_take(&in, step < in.len ? step : in.len);
		run_feed(r, dir, part.p, part.len);
	}
	run_end(r);
}
