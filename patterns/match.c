// Matching of what is known at once: the fields of a message, a packet's payload.

#include "dataplane/base/lines.h"
#include "patterns/check.h"
#include "patterns/confirm.h"
#include "patterns/header_index.h"
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
	w->seen = lines_calloc(n + 1, sizeof(*w->seen));
	w->at = lines_calloc(n + 1, sizeof(*w->at));
	w->candidates = lines_calloc(n + 1, sizeof(*w->candidates));
	db->memory += n * (sizeof(*w->seen) + sizeof(*w->at) + sizeof(*w->candidates));
	if (db->n[SWDB_TRANSFORMS] > 0) {
		w->room = transform_room_new();
		if (w->room == NULL)
			return false;
	}
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
	transform_room_free(w->room);
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
		(f->always.span.n > 0 || f->scans[SWDB_LITERALS] != NULL ||
			f->scans[SWDB_EXPRESSIONS] != NULL);
}

bool pattern_db_has_packet_rules(const struct pattern_db *db)
{
	return db->fields[FIELD_NONE].always.span.n > 0;
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
		worker_add(s->w, s->db->links[p->links.first + i], s->field, LED_BY_PREFILTER);
	return 0;
}

// field: FIELD_COUNT and above are buffers.
static void scan_block(const struct pattern_db *db, struct pattern_worker *w,
	const struct match_env *env, uint16_t field, uint16_t told, struct bytes b,
	struct match_hits *hits)
{
	const struct pattern_field *f = &db->fields[field];
	struct scan s = {.db = db, .w = w, .len = b.len, .field = told};

	for (unsigned kind = 0; kind < SWDB_SCAN_KINDS; kind++) {
		if (f->scans[kind] == NULL || b.len > UINT32_MAX)
			continue;
		hs_scan(f->scans[kind], b.len > 0 ? (const char *)b.p : "", (unsigned)b.len, 0,
			w->scratch, on_hit, &s);
		hits->scans++;
	}
	if (field < FIELD_COUNT)
		worker_add_always(db, w, &f->always, env, field);
}

static void copy_lower(uint8_t *out, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		out[i] = b.p[i] >= 'A' && b.p[i] <= 'Z' ? (uint8_t)(b.p[i] + 'a' - 'A') : b.p[i];
}

// RFC 9110 7.2: host[:port]. An IPv6 address keeps its brackets.
static struct bytes without_port(struct bytes host)
{
	size_t n = host.len;

	while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
		n--;
	if (n > 1 && n < host.len && host.p[n - 1] == ':' &&
		(host.p[n - 2] == ']' || memchr(host.p, ':', n - 1) == NULL))
		host.len = n - 1;
	return host;
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
	if (host)
		value = without_port(value);
	if (value.len > PATTERN_VALUE_MAX)
		return (struct bytes){.bad = true};
	w->value[0] = '.';
	if (host)
		copy_lower(w->value + at, value);
	else if (value.len > 0)
		memcpy(w->value + at, value.p, value.len);
	return (struct bytes){.p = w->value, .len = value.len + at};
}

static struct bytes transformed(const struct pattern_db *db, struct pattern_worker *w,
	struct swdb_span span, struct bytes value)
{
	if (span.n == 0 || value.bad)
		return value;
	return transform_run(w->room, db->transforms + span.first, db->transform_codes + span.first,
		span.n, value);
}

struct bytes match_chain_value(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_chain *chain, struct bytes value)
{
	return transformed(
		db, w, chain->transforms, seen_value(w, chain->field, chain->dotted, value));
}

// A value, and the buffers that are made of it.
static void scan_value(const struct pattern_db *db, struct pattern_worker *w,
	const struct match_env *env, const struct match_value *value, struct match_hits *hits)
{
	struct swdb_span buffers = db->buffers_of[value->field];
	struct bytes b = seen_value(w, value->field, false, value->value);

	if (b.bad)
		return;
	if (pattern_db_uses(db, value->field))
		scan_block(db, w, env, value->field, value->field, b, hits);
	for (uint32_t i = 0; i < buffers.n; i++) {
		uint16_t number = db->by_field[buffers.first + i];
		struct bytes t = transformed(db, w, db->buffers[number].transforms, b);
		if (!t.bad)
			scan_block(db, w, env, (uint16_t)(FIELD_COUNT + number), value->field, t,
				hits);
	}
}

// 1: some value matches, 0: none does, -1: there is no value.
static int values_match(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_chain *chain, const struct match_value *values, unsigned n,
	int64_t vars[RULE_VARS_MAX])
{
	int found = -1;

	for (unsigned i = 0; i < n; i++) {
		if (values[i].field != chain->field)
			continue;
		found = 0;
		struct bytes b = match_chain_value(db, w, chain, values[i].value);
		struct confirm_view view = {.p = b.p, .len = b.len};
		if (view.len == 0)
			view.p = (const uint8_t *)"";
		if (!b.bad && confirm_chain(db, w, chain, &view, vars))
			return 1;
	}
	return found;
}

static bool chain_matches(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_chain *chain, const struct match_value *values, unsigned n,
	int64_t vars[RULE_VARS_MAX])
{
	int found = values_match(db, w, chain, values, n, vars);

	switch (chain->absent) {
	case SWDB_ABSENT:
		return found < 0;
	case SWDB_ABSENT_OR_ELSE:
		return found != 0;
	default:
		return found > 0;
	}
}

static bool chains_match(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_rule *rule, const struct match_value *values, unsigned n)
{
	int64_t vars[RULE_VARS_MAX] = {0};

	for (uint32_t i = 0; i < rule->chains.n; i++) {
		if (!chain_matches(db, w, &db->chains[rule->chains.first + i], values, n, vars))
			return false;
	}
	return true;
}

// RFC 792, RFC 950, RFC 1256: the header of some messages is longer than eight bytes; what is behind
// them is the payload.
static size_t icmp_header(const struct match_packet *p)
{
	enum { LEAST = 8, ROUTER_ADVERTISEMENT = 9, TIMESTAMP = 13, MASK_REQUEST = 17 };
	const uint8_t *h = p->headers.l4;
	size_t len = p->headers.l4_len, all = len + p->headers.payload_len;

	if (len < LEAST || p->payload.p != h + len)
		return len;
	if (h[0] == ROUTER_ADVERTISEMENT)
		len += (size_t)h[4] * h[5] * 4;
	else if (h[0] == TIMESTAMP || h[0] == TIMESTAMP + 1)
		len += 12;
	else if (h[0] == MASK_REQUEST || h[0] == MASK_REQUEST + 1)
		len += 4;
	return len < all ? len : all;
}

unsigned match_packet_values(const struct pattern_db *db, const struct match_env *env,
	struct bytes payload, struct match_value out[PACKET_VALUES])
{
	static const struct {
		uint8_t l4;
		uint16_t field;
	} upper[] = {{IPPROTO_TCP, FIELD_TCP_HDR}, {IPPROTO_UDP, FIELD_UDP_HDR},
		{IPPROTO_ICMP, FIELD_ICMPV4_HDR}, {IPPROTO_ICMPV6, FIELD_ICMPV6_HDR}};
	const struct match_packet *p = env->packet;
	unsigned n = 0;
	const size_t address_len = env->ip_version == 4 ? 4 : 16;

	out[n++] = (struct match_value){FIELD_PAYLOAD, payload};
	if (db->addresses) {
		out[n++] = (struct match_value){FIELD_IP_SRC, {.p = env->src, .len = address_len}};
		out[n++] = (struct match_value){FIELD_IP_DST, {.p = env->dst, .len = address_len}};
	}
	if (p == NULL)
		return n;
	if (p->ether.len > 0)
		out[n++] = (struct match_value){FIELD_ETHER_HDR, p->ether};
	if (p->headers.ip != NULL)
		out[n++] =
			(struct match_value){env->ip_version == 4 ? FIELD_IPV4_HDR : FIELD_IPV6_HDR,
				{.p = p->headers.ip, .len = p->headers.ip_len}};
	for (unsigned i = 0; p->headers.l4 != NULL && i < sizeof(upper) / sizeof(upper[0]); i++) {
		bool icmp = upper[i].field == FIELD_ICMPV4_HDR;
		size_t len = icmp ? icmp_header(p) : p->headers.l4_len;
		if (upper[i].l4 == p->headers.l4_proto)
			out[n++] = (struct match_value){
				upper[i].field, {.p = p->headers.l4, .len = len}};
	}
	return n;
}

static bool size_matches(const struct swdb_rule *rule, const struct match_env *env)
{
	return !(rule->flags & SWDB_DSIZE) ||
		(env->payload_len >= rule->dsize_lo && env->payload_len <= rule->dsize_hi);
}

static bool tx_matches(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_rule *rule, const struct match_env *env, const struct match_value *values,
	unsigned n)
{
	struct match_value packet[PACKET_VALUES];
	int64_t vars[RULE_VARS_MAX] = {0};
	unsigned n_packet = 0;

	if (!confirm_header(db, rule, env) || !size_matches(rule, env) ||
		!confirm_facts(db, rule, env, values, n))
		return false;
	for (uint32_t i = 0; i < rule->chains.n; i++) {
		const struct swdb_chain *chain = &db->chains[rule->chains.first + i];
		bool of_packet = chain->field < FIELD_CONFIDENCE;
		if (of_packet && n_packet == 0)
			n_packet = match_packet_values(db, env,
				env->packet != NULL ? env->packet->payload : (struct bytes){0},
				packet);
		if (!chain_matches(db, w, chain, of_packet ? packet : values,
			    of_packet ? n_packet : n, vars))
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
		if (values[i].field < FIELD_COUNT && values[i].field >= FIELD_CONFIDENCE)
			scan_value(db, w, env, &values[i], hits);
	}
	if (env->app_proto < APP_COUNT)
		worker_add_always(db, w, &db->for_app[env->app_proto], env, FIELD_NONE);
	hits->candidates += w->n_candidates;
	for (uint32_t i = 0; i < w->n_candidates; i++) {
		const struct pattern_candidate *c = &w->candidates[i];
		const struct swdb_rule *rule = &db->rules[c->rule];
		if (!(rule->at & SWDB_AT_TX))
			continue;
		uint64_t since = check_begin(hits->counts, c);
		bool matches = tx_matches(db, w, rule, env, values, n);
		check_end(hits->counts, c->rule, since);
		if (matches)
			match_hits_add(hits, start, (struct match_hit){c->rule, c->field});
	}
}

// Is the rule looked at here at all?
static bool looks_at_packet(const struct swdb_rule *rule, const struct match_env *env)
{
	if (!(rule->at & SWDB_AT_PACKET))
		return false;
	if (rule->flags & SWDB_ONCE)
		return env->first_known;
	if ((rule->at & SWDB_AT_STREAM) && env->l4 == IPPROTO_TCP)
		return false;
	return env->first || !rule_is_ip_only(rule);
}

static bool packet_matches(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_rule *rule, const struct match_env *env, const struct match_value *values,
	unsigned n)
{
	return size_matches(rule, env) && confirm_header(db, rule, env) &&
		confirm_facts(db, rule, env, NULL, 0) && chains_match(db, w, rule, values, n);
}

void pattern_db_match_packet(const struct pattern_db *db, unsigned worker,
	const struct match_env *env, struct bytes payload, struct match_hits *hits)
{
	struct pattern_worker *w = &db->workers[worker];
	struct match_value values[PACKET_VALUES];
	unsigned n = match_packet_values(db, env, payload, values);
	uint32_t start = hits->n;

	worker_begin(db, w);
	for (unsigned i = 0; i < n; i++) {
		bool wanted = values[i].field != FIELD_PAYLOAD ||
			(env->l4 == IPPROTO_TCP ? db->packets_tcp : db->packets_other);
		if (wanted)
			scan_value(db, w, env, &values[i], hits);
	}
	worker_add_always(db, w, &db->fields[FIELD_NONE].always, env, FIELD_NONE);
	hits->candidates += w->n_candidates;
	for (uint32_t i = 0; i < w->n_candidates; i++) {
		const struct pattern_candidate *c = &w->candidates[i];
		const struct swdb_rule *rule = &db->rules[c->rule];
		if (!looks_at_packet(rule, env))
			continue;
		uint64_t since = check_begin(hits->counts, c);
		bool matches = packet_matches(db, w, rule, env, values, n);
		check_end(hits->counts, c->rule, since);
		if (matches)
			match_hits_add(hits, start, (struct match_hit){c->rule, c->field});
	}
}
