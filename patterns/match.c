// Matching of what is known at once: the fields of a message, a packet's payload.

#include "patterns/confirm.h"

#include "patterns/rule.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static bool init_pcre(struct pattern_db *db, struct pattern_worker *w)
{
	if (db->interprets) {
		w->memory = pcre_frames_init(&w->frames);
		db->memory += pcre_frames_size();
		if (w->memory == NULL)
			return false;
	}
	w->match_data = pcre2_match_data_create(1, w->memory);
	return w->match_data != NULL;
}

bool pattern_worker_init(
	struct pattern_db *db, struct pattern_worker *w, const hs_scratch_t *scratch)
{
	size_t n = db->n[SWDB_RULES], size = 0;

	if (scratch != NULL && hs_clone_scratch(scratch, &w->scratch) != HS_SUCCESS)
		return false;
	if (scratch != NULL && hs_scratch_size(w->scratch, &size) == HS_SUCCESS)
		db->memory += size;
	w->seen = calloc(n + 1, sizeof(*w->seen));
	w->at = calloc(n + 1, sizeof(*w->at));
	w->candidates = calloc(n + 1, sizeof(*w->candidates));
	db->memory += n * (sizeof(*w->seen) + sizeof(*w->at) + sizeof(*w->candidates));
	if (pattern_db_uses(db, FIELD_STREAM)) {
		w->window = malloc(PATTERN_TAIL + PATTERN_PIECE_MAX);
		db->memory += PATTERN_TAIL + PATTERN_PIECE_MAX;
		if (w->window == NULL)
			return false;
	}
	return w->seen != NULL && w->at != NULL && w->candidates != NULL && init_pcre(db, w);
}

void pattern_worker_fini(struct pattern_worker *w)
{
	hs_free_scratch(w->scratch);
	pcre2_match_data_free(w->match_data);
	pcre2_general_context_free(w->memory);
	pcre_frames_fini(&w->frames);
	free(w->window);
	free(w->candidates);
	free(w->at);
	free(w->seen);
}

uint64_t pattern_db_gave_up(const struct pattern_db *db, unsigned worker)
{
	return db->workers[worker].gave_up;
}

bool pattern_db_uses(const struct pattern_db *db, enum field field)
{
	const struct pattern_field *f = &db->fields[field];

	return field != FIELD_NONE &&
		(f->always.n > 0 || f->scans[SWDB_LITERALS] != NULL ||
			f->scans[SWDB_EXPRESSIONS] != NULL);
}

bool pattern_db_has_packet_rules(const struct pattern_db *db)
{
	return db->fields[FIELD_NONE].always.n > 0;
}

void match_hits_add(struct match_hits *hits, uint32_t start, struct match_hit hit)
{
	uint32_t at = hits->n;

	while (at > start && hits->hits[at - 1].rule > hit.rule)
		at--;
	if (at > start && hits->hits[at - 1].rule == hit.rule)
		return;
	if (hits->n == MATCH_HITS_MAX) { // the last one makes room
		hits->overflow++;
		if (at == hits->n)
			return;
		hits->n--;
	}
	memmove(&hits->hits[at + 1], &hits->hits[at], (hits->n - at) * sizeof(hit));
	hits->hits[at] = hit;
	hits->n++;
}

struct scan {
	const struct pattern_db *db;
	struct pattern_worker *w;
	uint64_t len;
	uint16_t field;
};

static int on_hit(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	const struct scan *s = ctx;

	(void)from;
	(void)flags;
	if (id >= s->db->n[SWDB_PATTERNS])
		return 0;
	const struct swdb_pattern *p = &s->db->patterns[id];
	if ((p->anchors & SWDB_ANCHOR_END) && to != s->len)
		return 0;
	if ((p->anchors & SWDB_ANCHOR_START) && to != p->len)
		return 0;
	for (uint32_t i = 0; i < p->links.n; i++)
		worker_add(s->w, s->db->links[p->links.first + i], s->field);
	return 0;
}

static void scan_block(const struct pattern_db *db, struct pattern_worker *w, uint16_t field,
	struct bytes b, struct match_hits *hits)
{
	const struct pattern_field *f = &db->fields[field];
	struct scan s = {.db = db, .w = w, .len = b.len, .field = field};

	for (unsigned kind = 0; kind < SWDB_SCAN_KINDS; kind++) {
		if (f->scans[kind] == NULL || b.len > UINT32_MAX)
			continue;
		hs_scan(f->scans[kind], b.len > 0 ? (const char *)b.p : "", (unsigned)b.len, 0,
			w->scratch, on_hit, &s);
		hits->scans++;
	}
	worker_add_always(db, w, field);
}

static void copy_lower(uint8_t *out, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		out[i] = b.p[i] >= 'A' && b.p[i] <= 'Z' ? (uint8_t)(b.p[i] + 'a' - 'A') : b.p[i];
}

// The value as rules see it: a host in lower case, with a dot in front when `dotted`. It is the
// value itself or w->value, valid until the next call. Bad when it is too long for a copy.
static struct bytes seen_value(
	struct pattern_worker *w, uint16_t field, bool dotted, struct bytes value)
{
	bool host = field == FIELD_HTTP_HOST;
	size_t at = dotted ? 1 : 0;

	if (!host && !dotted)
		return value;
	if (value.len > PATTERN_VALUE_MAX)
		return (struct bytes){.bad = true};
	w->value[0] = '.';
	if (host)
		copy_lower(w->value + at, value);
	else if (value.len > 0)
		memcpy(w->value + at, value.p, value.len);
	return (struct bytes){.p = w->value, .len = value.len + at};
}

static bool chain_matches(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_chain *chain, const struct match_value *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (values[i].field != chain->field)
			continue;
		struct bytes b = seen_value(w, chain->field, chain->dotted, values[i].value);
		struct confirm_view view = {.p = b.p, .len = b.len};
		if (view.len == 0)
			view.p = (const uint8_t *)"";
		if (!b.bad && confirm_chain(db, w, chain, &view))
			return true;
	}
	return false;
}

static bool chains_match(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_rule *rule, const struct match_value *values, unsigned n)
{
	for (uint32_t i = 0; i < rule->chains.n; i++) {
		if (!chain_matches(db, w, &db->chains[rule->chains.first + i], values, n))
			return false;
	}
	return true;
}

void pattern_db_match_tx(const struct pattern_db *db, unsigned worker, const struct match_env *env,
	const struct match_value *values, unsigned n, struct match_hits *hits)
{
	struct pattern_worker *w = &db->workers[worker];
	uint32_t start = hits->n;

	worker_begin(db, w);
	for (unsigned i = 0; i < n; i++) {
		uint16_t field = values[i].field;
		if (field >= FIELD_COUNT || field_table[field].scan != SCAN_BLOCK ||
			field == FIELD_PAYLOAD || !pattern_db_uses(db, field))
			continue;
		struct bytes b = seen_value(w, field, false, values[i].value);
		if (!b.bad)
			scan_block(db, w, field, b, hits);
	}
	hits->candidates += w->n_candidates;
	for (uint32_t i = 0; i < w->n_candidates; i++) {
		struct pattern_candidate c = w->candidates[i];
		const struct swdb_rule *rule = &db->rules[c.rule];
		if ((rule->at & SWDB_AT_TX) && confirm_header(db, rule, env) &&
			chains_match(db, w, rule, values, n))
			match_hits_add(hits, start, (struct match_hit){c.rule, c.field});
	}
}

static bool packet_matches(const struct swdb_rule *rule, const struct match_env *env)
{
	if (!(rule->at & SWDB_AT_PACKET))
		return false;
	if ((rule->at & SWDB_AT_STREAM) && env->l4 == IPPROTO_TCP)
		return false;
	if (!env->first && rule_is_ip_only(rule))
		return false;
	if (rule->flags & SWDB_DSIZE)
		return env->payload_len >= rule->dsize_lo && env->payload_len <= rule->dsize_hi;
	return true;
}

void pattern_db_match_packet(const struct pattern_db *db, unsigned worker,
	const struct match_env *env, struct bytes payload, struct match_hits *hits)
{
	struct pattern_worker *w = &db->workers[worker];
	struct match_value value = {.field = FIELD_PAYLOAD, .value = payload};
	uint32_t start = hits->n;

	worker_begin(db, w);
	if (env->l4 == IPPROTO_TCP ? db->packets_tcp : db->packets_other)
		scan_block(db, w, FIELD_PAYLOAD, payload, hits);
	worker_add_always(db, w, FIELD_NONE);
	hits->candidates += w->n_candidates;
	for (uint32_t i = 0; i < w->n_candidates; i++) {
		struct pattern_candidate c = w->candidates[i];
		const struct swdb_rule *rule = &db->rules[c.rule];
		if (packet_matches(rule, env) && confirm_header(db, rule, env) &&
			chains_match(db, w, rule, &value, 1))
			match_hits_add(hits, start, (struct match_hit){c.rule, c.field});
	}
}
