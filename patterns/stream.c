// Matching of a TCP direction: Hyperscan streams find candidates, the confirm step looks at a
// window of the last PATTERN_TAIL bytes and the new ones. A candidate that does not match yet
// but may with the bytes to come waits in the stream until what its prefilter found has left
// the tail.

#include "patterns/check.h"
#include "patterns/confirm.h"

#include <stdlib.h>
#include <string.h>

enum { PENDING_MAX = 16 };

struct pending {
	uint32_t rule;
	uint64_t at; // stream offset of the end of the prefilter's hit
};

struct pattern_stream {
	uint64_t db_id; // the set may be gone: compared, never followed
	const struct pattern_db *db; // only handed back
	hs_stream_t *hs[SWDB_SCAN_KINDS];
	uint64_t base; // stream offset at which Hyperscan's own count began
	uint64_t next; // stream offset of the byte that comes next
	uint32_t tail_len;
	uint32_t n_pending; // the last that a new stream sets
	struct pending pending[PENDING_MAX];
	uint8_t tail[PATTERN_TAIL];
};

static void close_scans(struct pattern_stream *s)
{
	// Without a callback this frees the state and looks at no database.
	for (unsigned kind = 0; kind < SWDB_SCAN_KINDS; kind++) {
		if (s->hs[kind] != NULL)
			hs_close_stream(s->hs[kind], NULL, NULL, NULL);
		s->hs[kind] = NULL;
	}
}

static bool open_scans(const struct pattern_db *db, struct pattern_stream *s)
{
	s->db = db;
	s->db_id = db->id;
	for (unsigned kind = 0; kind < SWDB_SCAN_KINDS; kind++) {
		const hs_database_t *scan = db->fields[FIELD_STREAM].scans[kind];
		if (scan != NULL && hs_open_stream(scan, 0, &s->hs[kind]) != HS_SUCCESS) {
			s->hs[kind] = NULL;
			close_scans(s);
			return false;
		}
	}
	return true;
}

struct pattern_stream *pattern_stream_open(const struct pattern_db *db)
{
	struct pattern_stream *s = malloc(sizeof(*s));

	if (s == NULL)
		return NULL;
	memset(s, 0, offsetof(struct pattern_stream, pending));
	if (open_scans(db, s))
		return s;
	free(s);
	return NULL;
}

void pattern_stream_close(struct pattern_stream *s)
{
	if (s == NULL)
		return;
	close_scans(s);
	free(s);
}

const struct pattern_db *pattern_stream_db(const struct pattern_stream *s)
{
	return s->db;
}

struct scan {
	const struct pattern_db *db;
	struct pattern_worker *w;
	uint64_t base;
};

static int on_hit(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	const struct scan *s = ctx;
	uint64_t at = s->base + to;

	(void)from;
	(void)flags;
	if (id >= s->db->n[SWDB_PATTERNS])
		return 0;
	const struct swdb_pattern *p = &s->db->patterns[id];
	if ((p->anchors & SWDB_ANCHOR_START) && at != p->len)
		return 0;
	for (uint32_t i = 0; i < p->links.n; i++) {
		uint32_t rule = s->db->links[p->links.first + i];
		bool first = worker_add(s->w, rule, FIELD_STREAM, LED_BY_PREFILTER);
		if (first || s->w->at[rule] < at)
			s->w->at[rule] = at;
	}
	return 0;
}

static void scan_stream(const struct pattern_db *db, struct pattern_worker *w,
	struct pattern_stream *s, struct bytes b)
{
	struct scan scan = {.db = db, .w = w, .base = s->base};

	worker_begin(db, w);
	for (unsigned kind = 0; kind < SWDB_SCAN_KINDS && b.len > 0; kind++) {
		if (s->hs[kind] != NULL)
			hs_scan_stream(s->hs[kind], (const char *)b.p, (unsigned)b.len, 0,
				w->scratch, on_hit, &scan);
	}
}

// When all places are taken, the one whose bytes leave the tail first gives way.
static void wait_for_more(struct pattern_stream *s, uint32_t rule, uint64_t at)
{
	uint32_t oldest = 0;

	if (s->n_pending < PENDING_MAX) {
		s->pending[s->n_pending++] = (struct pending){rule, at};
		return;
	}
	for (uint32_t i = 1; i < PENDING_MAX; i++) {
		if (s->pending[i].at < s->pending[oldest].at)
			oldest = i;
	}
	if (s->pending[oldest].at < at)
		s->pending[oldest] = (struct pending){rule, at};
}

// The tail goes through the new set's scan: that brings Hyperscan's state up to here, and
// tells which rules may come true with the bytes to come. Matches inside the tail were
// reported before.
static bool reopen(const struct pattern_db *db, unsigned worker, struct pattern_stream *s)
{
	struct pattern_worker *w = &db->workers[worker];

	close_scans(s);
	s->n_pending = 0;
	if (!open_scans(db, s))
		return false;
	s->base = s->next - s->tail_len;
	if (w->window == NULL) // no rule looks at streams
		return true;
	scan_stream(db, w, s, (struct bytes){.p = s->tail, .len = s->tail_len});
	for (uint32_t i = 0; i < w->n_candidates; i++) {
		uint32_t rule = w->candidates[i].rule;
		if (db->waits[rule])
			wait_for_more(s, rule, w->at[rule]);
	}
	return true;
}

struct pattern_stream *pattern_stream_reopen(
	const struct pattern_db *db, unsigned worker, struct pattern_stream *old)
{
	if (!reopen(db, worker, old)) {
		pattern_stream_close(old);
		return NULL;
	}
	return old;
}

static void reset(struct pattern_stream *s, uint64_t offset)
{
	for (unsigned kind = 0; kind < SWDB_SCAN_KINDS; kind++) {
		if (s->hs[kind] != NULL)
			hs_reset_stream(s->hs[kind], 0, NULL, NULL, NULL);
	}
	s->base = offset;
	s->next = offset;
	s->tail_len = 0;
	s->n_pending = 0;
}

static void keep_tail(struct pattern_stream *s, struct bytes b)
{
	uint32_t keep = s->tail_len;

	s->next += b.len;
	if (b.len >= PATTERN_TAIL) {
		memcpy(s->tail, b.p + b.len - PATTERN_TAIL, PATTERN_TAIL);
		s->tail_len = PATTERN_TAIL;
		return;
	}
	if (keep > PATTERN_TAIL - b.len)
		keep = PATTERN_TAIL - (uint32_t)b.len;
	memmove(s->tail, s->tail + s->tail_len - keep, keep);
	memcpy(s->tail + keep, b.p, b.len);
	s->tail_len = keep + (uint32_t)b.len;
}

static struct confirm_view window(
	struct pattern_worker *w, const struct pattern_stream *s, struct bytes b)
{
	if (s->tail_len == 0)
		return (struct confirm_view){.p = b.p, .len = b.len, .base = s->next};
	memcpy(w->window, s->tail, s->tail_len);
	memcpy(w->window + s->tail_len, b.p, b.len);
	return (struct confirm_view){
		.p = w->window,
		.len = s->tail_len + b.len,
		.base = s->next - s->tail_len,
		.fresh = s->next,
	};
}

// Those that waited are looked at again, whether or not their prefilter found something new.
static void add_pending(struct pattern_worker *w, struct pattern_stream *s)
{
	for (uint32_t i = 0; i < s->n_pending; i++) {
		uint32_t rule = s->pending[i].rule;
		if (worker_add(w, rule, FIELD_STREAM, LED_OTHERWISE))
			w->at[rule] = s->pending[i].at;
	}
	s->n_pending = 0;
}

static bool rule_matches(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_rule *rule, const struct confirm_view *view)
{
	int64_t vars[RULE_VARS_MAX] = {0};

	for (uint32_t i = 0; i < rule->chains.n; i++) {
		const struct swdb_chain *chain = &db->chains[rule->chains.first + i];
		if (chain->field != FIELD_PAYLOAD || !confirm_chain(db, w, chain, view, vars))
			return false;
	}
	return true;
}

static void match_piece(const struct pattern_db *db, struct pattern_worker *w,
	struct pattern_stream *s, const struct match_env *env, struct bytes b,
	struct match_hits *hits, uint32_t start)
{
	scan_stream(db, w, s, b);
	hits->scans++;
	add_pending(w, s);
	uint32_t n_found = w->n_candidates; // these have a place in w->at, the next have none
	worker_add_always(db, w, &db->fields[FIELD_STREAM].always, env, FIELD_STREAM);
	hits->candidates += w->n_candidates;
	if (w->n_candidates == 0) {
		keep_tail(s, b);
		return;
	}

	struct confirm_view view = window(w, s, b);
	uint64_t end = view.base + view.len;
	uint64_t kept = view.len > PATTERN_TAIL ? end - PATTERN_TAIL : view.base;
	for (uint32_t i = 0; i < w->n_candidates; i++) {
		uint32_t index = w->candidates[i].rule;
		const struct swdb_rule *rule = &db->rules[index];
		if (!(rule->at & SWDB_AT_STREAM))
			continue;
		uint64_t since = check_begin(hits->counts, &w->candidates[i]);
		bool here = confirm_header(db, rule, env) && confirm_facts(db, rule, env, NULL, 0);
		bool matches = here && rule_matches(db, w, rule, &view);
		check_end(hits->counts, index, since);
		if (matches)
			match_hits_add(hits, start, (struct match_hit){index, FIELD_STREAM});
		else if (here && i < n_found && db->waits[index] && w->at[index] > kept)
			wait_for_more(s, index, w->at[index]);
	}
	keep_tail(s, b);
}

void pattern_db_match_stream(const struct pattern_db *db, unsigned worker, struct pattern_stream *s,
	const struct match_env *env, uint64_t offset, struct bytes data, struct match_hits *hits)
{
	struct pattern_worker *w = &db->workers[worker];
	uint32_t start = hits->n;

	// The address of a set may come again; its id does not.
	if (s->db_id != db->id && !reopen(db, worker, s))
		return;
	if (s->next != offset)
		reset(s, offset);
	if (w->window == NULL) {
		if (data.len > 0)
			keep_tail(s, data);
		return;
	}
	while (data.len > 0) {
		struct bytes piece = bytes_take(
			&data, data.len < PATTERN_PIECE_MAX ? data.len : PATTERN_PIECE_MAX);
		match_piece(db, w, s, env, piece, hits, start);
	}
}
