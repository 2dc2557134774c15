#include "dataplane/runtime/judge.h"

#include "dataplane/runtime/call_peers.h"
#include "dataplane/runtime/evidence.h"
#include "dataplane/runtime/judge_env.h"
#include "dataplane/runtime/shadow.h"

// Of no flowbit: a flow of a shadow that is passed over.
static const uint64_t PASSED_NAME = 0;

static struct inspect_wants wants_of(const struct judge *j)
{
	if (j == NULL || j->rules == NULL)
		return (struct inspect_wants){0};
	return j->rules->wants;
}

struct inspect_wants judge_wants(struct judge *j)
{
	struct inspect_wants a = wants_of(j), b = wants_of(j->shadow);

	if (b.fields == NULL)
		return a;
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		j->wanted[i] = (a.fields != NULL && a.fields[i] != 0) | b.fields[i];
	return (struct inspect_wants){
		.packets_tcp = a.packets_tcp || b.packets_tcp,
		.packets_other = a.packets_other || b.packets_other,
		.flow_starts = a.flow_starts || b.flow_starts,
		.stream_depth = a.stream_depth > b.stream_depth ? a.stream_depth : b.stream_depth,
		.facts = a.facts || b.facts,
		.fields = j->wanted,
	};
}

// Does a shadow look at this flow, too?
static bool is_shadowed(const struct judge *j, const struct find *find)
{
	const struct judge *shadow = j->shadow;

	return shadow != NULL && shadow->rules != NULL &&
		shadow_looks_at(shadow->share, find->flow->hash);
}

// A hit on the way to its verdict.
static const struct pattern_rule *rule_of(const struct judge *j, const struct judge_hit *hit)
{
	return pattern_db_rule(j->rules->db, hit->rule);
}

// The most specific of the rules that hit names the service: the one with the longest content.
static void name_service(struct judge *j, const struct find *find)
{
	const struct judge_hit *best = NULL;
	uint32_t best_len = 0;

	for (uint32_t i = 0; i < j->n_group; i++) {
		const struct judge_hit *hit = &j->group[i];
		uint32_t len = rule_of(j, hit)->longest_content;
		if (hit->find == find && hit->verdict != VERDICT_NO &&
			j->rules->label[hit->rule].service != 0 &&
			(best == NULL || len > best_len)) {
			best = hit;
			best_len = len;
		}
	}
	if (best != NULL)
		naming_rule(
			&j->naming, find, &j->rules->label[best->rule], (enum field)best->field);
}

// Hits of a packet in the order in which they are judged: by rank, else as they were found. What
// does not fit is counted, not told.
static void group_add(struct judge *j, const struct find *find)
{
	for (uint32_t i = 0; i < j->hits.n; i++) {
		const struct match_hit *hit = &j->hits.hits[i];
		unsigned rank = j->rules->rank[hit->rule];
		uint32_t at = j->n_group;
		if (!ruleset_active(j->rules, hit->rule, find))
			continue;
		if (at == JUDGE_GROUP_MAX) {
			j->hits.overflow++;
			continue;
		}
		for (; at > 0 && j->group[at - 1].rank > rank; at--)
			j->group[at] = j->group[at - 1];
		j->group[at] = (struct judge_hit){.find = find,
			.rule = hit->rule,
			.field = hit->field,
			.rank = (uint8_t)rank};
		j->n_group++;
	}
}

static void count_in(struct rule_counts *table, uint32_t slot, const struct judge_hit *hit)
{
	if (table == NULL)
		return;
	rule_count_hit(&table->of[slot], hit->find->ts_ns);
	if (hit->verdict == VERDICT_ALERT)
		rule_count_add(&table->of[slot].alerts, 1);
}

// False: a name that nobody asked for here and now is no hit, nor is half of a rule.
static bool count_hit(struct judge *j, const struct judge_hit *hit)
{
	uint32_t slot = j->counts.slot[hit->rule];

	if (hit->find->kind == FIND_NAME || rule_of(j, hit)->half)
		return false;
	count_in(j->counts.rules, slot, hit);
	count_in(j->counts.twin, slot, hit);
	return true;
}

static void keep_evidence(
	struct judge *j, const struct judge_hit *hit, const struct purpose_row *purpose)
{
	const struct pattern_rule *rule = rule_of(j, hit);
	const struct evidence_cause cause = {.purpose = purpose,
		.class_name = rule->category,
		.field = (enum field)hit->field,
		.gid = rule->gid,
		.sid = rule->sid,
		.rev = rule->rev,
		.digest = pattern_db_digest(j->rules->db)};

	evidence_keep(j->evidence, j->emitter, hit->find, &cause);
}

static void report_hit(struct judge *j, const struct judge_hit *hit)
{
	const struct find *find = hit->find;

	if (hit->verdict == VERDICT_NO || !count_hit(j, hit))
		return;
	j->counters[CTR_ALERTS_SUPPRESSED] += hit->verdict == VERDICT_SUPPRESSED;
	j->counters[CTR_ALERTS_LIMITED] += hit->verdict == VERDICT_LIMITED;
	if (hit->verdict != VERDICT_ALERT || j->emitter == NULL)
		return;
	find->flow->flags |= FLOW_ALERTED;
	j->counters[CTR_ALERTS]++;
	emit_alert(j->emitter, find, rule_of(j, hit), hit->field, j->rules->generation);
	const struct purpose_row *purpose = evidence_purpose(j->rules, hit->rule, find);
	if (purpose != NULL && j->evidence != NULL)
		keep_evidence(j, hit, purpose);
}

// Did a pass rule about all of the flow hit before? A shadow's leaves the flow as it is.
static bool flow_passed(const struct judge *j, const struct find *find)
{
	if (j->emitter != NULL)
		return (find->flow->flags & FLOW_PASSED) != 0;
	return rule_bits_flow(j->state, find->flow_number, BIT_ISSET, PASSED_NAME);
}

static void pass_flow(struct judge *j, const struct find *find)
{
	if (j->emitter != NULL)
		find->flow->flags |= FLOW_PASSED;
	else
		rule_bits_flow(j->state, find->flow_number, BIT_SET, PASSED_NAME);
}

struct sets_of { // of whom a set's values are asked
	struct rule_state *state;
	uint64_t now_ns;
};

static bool set_has(void *ctx, uint64_t set, struct bytes value, bool listed)
{
	const struct sets_of *of = ctx;
	return rule_values_has(of->state, set, value.p, value.len, listed);
}

static void set_change(void *ctx, uint64_t set, struct bytes value, bool in)
{
	const struct sets_of *of = ctx;
	rule_values_change(of->state, set, value.p, value.len, in, of->now_ns);
}

// Of a rule that asks sets which change: they are asked before the verdict, and changed after it.
static enum verdict verdict_with_sets(
	struct judge *j, const struct judge_hit *hit, const struct pattern_rule *rule)
{
	const struct find *find = hit->find;
	const struct pattern_db *db = j->rules->db;
	struct sets_of of = {j->state, find->ts_ns};
	const struct pattern_sets sets = {&of, set_has, set_change};
	const struct match_value *values = (const struct match_value *)find->fields;
	struct match_env env = judge_env(find);
	struct match_packet packet;

	// A name that nobody asked for here and now is not seen.
	if (find->kind == FIND_NAME && (rule->sets & PATTERN_SETS_CHANGE))
		return VERDICT_NO;
	if (find->facts != NULL) {
		packet = judge_packet_facts(find);
		env.packet = &packet;
	}
	if (!pattern_db_sets_hold(db, j->worker, hit->rule, &env, values, find->n_fields, &sets))
		return VERDICT_NO;
	enum verdict verdict = verdict_of(j->state, rule, find);
	if (verdict != VERDICT_NO)
		pattern_db_sets_change(
			db, j->worker, hit->rule, &env, values, find->n_fields, &sets);
	return verdict;
}

static enum verdict judge_hit(struct judge *j, const struct judge_hit *hit)
{
	const struct pattern_rule *rule = rule_of(j, hit);

	return rule->sets != 0 ? verdict_with_sets(j, hit, rule)
			       : verdict_of(j->state, rule, hit->find);
}

// A pass rule that hits silences what is judged after it; one about all of the flow, what comes later,
// too. True: it did, now or before.
static bool judge_hits(struct judge *j)
{
	bool passed = false;

	for (uint32_t i = 0; i < j->n_group; i++) {
		struct judge_hit *hit = &j->group[i];
		const struct pattern_rule *rule = rule_of(j, hit);

		passed |= flow_passed(j, hit->find);
		hit->verdict = (uint8_t)(passed ? VERDICT_NO : judge_hit(j, hit));
		if (!rule->pass || hit->verdict == VERDICT_NO)
			continue;
		hit->verdict = VERDICT_QUIET;
		count_hit(j, hit);
		passed = true;
		hit->verdict = VERDICT_NO;
		if (rule->of_flow)
			pass_flow(j, hit->find);
	}
	return passed;
}

static void take_turn(const struct judge *j, uint64_t serial)
{
	stage_clock_pause(j->clock);
	order_wait(j->order, j->worker, serial, j->stop);
	stage_clock_resume(j->clock);
}

// What rules remember beyond a flow is judged in the order of the packets.
static void wait_for_turn(const struct judge *j, uint64_t serial)
{
	bool wide = false;

	for (uint32_t i = 0; i < j->n_group; i++)
		wide |= j->rules->wide[j->group[i].rule];
	if (wide)
		take_turn(j, serial);
}

static void report_group(struct judge *j, const struct find *finds, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		for (uint32_t k = 0; k < j->n_group; k++) {
			if (j->group[k].find == &finds[i])
				report_hit(j, &j->group[k]);
		}
	}
}

// What was found in one packet, all together.
static void judge_group(struct judge *j, const struct find *finds, unsigned n)
{
	if (j->n_group == 0)
		return;
	enum stage before = stage_enter(j->clock, STAGE_JUDGE);
	if (j->order != NULL && finds->serial != 0)
		wait_for_turn(j, finds->serial);
	bool passed = judge_hits(j);

	for (unsigned i = 0; i < n && !passed && j->emitter != NULL; i++)
		name_service(j, &finds[i]);
	stage_enter(j->clock, STAGE_REPORT);
	report_group(j, finds, n);
	stage_enter(j->clock, before);
	j->n_group = 0;
}

static void match_stream(struct judge *j, const struct find *find, const struct match_env *env)
{
	unsigned side = env->src == find->flow->key.a ? 0 : 1;
	struct pattern_stream **stream = &find->session->stream[j->set][side];

	// A stream belongs to the set that opened it: after a swap it is opened anew.
	if (*stream == NULL)
		*stream = pattern_stream_open(j->rules->db);
	else if (pattern_stream_db(*stream) != j->rules->db)
		*stream = pattern_stream_reopen(j->rules->db, j->worker, *stream);
	if (*stream != NULL)
		pattern_db_match_stream(
			j->rules->db, j->worker, *stream, env, find->offset, find->bytes, &j->hits);
}

static void match_one(struct judge *j, const struct find *find)
{
	static_assert(sizeof(struct match_value) == sizeof(struct field_value), "one layout");
	struct match_env env = judge_env(find);
	struct match_packet packet;

	if (find->facts != NULL) {
		packet = judge_packet_facts(find);
		env.packet = &packet;
	}
	j->hits.n = 0;
	// Whether a name that DNS told is asked for depends on where bursts end.
	j->hits.counts = find->kind != FIND_NAME ? &j->counts : NULL;
	switch (find->kind) {
	case FIND_TX:
	case FIND_NAME:
		pattern_db_match_tx(j->rules->db, j->worker, &env,
			(const struct match_value *)find->fields, find->n_fields, &j->hits);
		break;
	case FIND_PACKET:
		pattern_db_match_packet(j->rules->db, j->worker, &env, find->bytes, &j->hits);
		break;
	case FIND_STREAM:
		match_stream(j, find, &env);
		break;
	}
	if (j->hits.n > 0)
		group_add(j, find);
}

// Both of one packet?
static bool together(const struct find *a, const struct find *b)
{
	return a->flow == b->flow && a->pcap_cnt == b->pcap_cnt && a->ts_ns == b->ts_ns &&
		a->counts.packets[0] == b->counts.packets[0] &&
		a->counts.packets[1] == b->counts.packets[1] &&
		(a->kind == FIND_NAME) == (b->kind == FIND_NAME);
}

static void begin(struct judge *j)
{
	j->hits.overflow = 0;
	j->hits.scans = 0;
	j->hits.candidates = 0;
	if (j->rules == NULL)
		return;
	j->counts.slot = j->rules->rule_slot;
	j->counts.cycle_q32 = j->rules->cycle_q32;
}

// Messages of calls: what flows with a name teach of their ends, and what that says of flows without.
static void judge_calls(struct judge *j, const struct find *finds, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct find *find = &finds[i];
		if (!call_message(find))
			continue;
		if (j->order != NULL && find->serial != 0)
			take_turn(j, find->serial);
		if (find->flow->service_by <= BY_PORT)
			naming_peer(&j->naming, find, call_service(j->state, find));
		if (find->flow->service_by > BY_PORT)
			call_learn(j->state, find);
	}
}

// Match and judge what was found in one packet.
static void judge_packet(struct judge *j, const struct find *finds, unsigned n)
{
	if (j->rules == NULL)
		return;
	j->counts.twin = is_shadowed(j, finds) ? &j->page->beside : NULL;
	for (unsigned i = 0; i < n; i++)
		match_one(j, &finds[i]);
	judge_group(j, finds, n);
	if (j->emitter != NULL)
		judge_calls(j, finds, n);
}

// In turns, because the second one finds the bytes in the cache: else it would always be the cheaper.
static void judge_both(struct judge *j, const struct find *finds, unsigned n)
{
	struct judge *first = j->shadow_first ? j->shadow : j;

	judge_packet(first, finds, n);
	judge_packet(first == j ? j->shadow : j, finds, n);
	j->shadow_first = !j->shadow_first;
	j->counters[CTR_SHADOW_FINDS] += n;
}

static void report_messages(
	struct judge *j, const struct find *finds, unsigned n, uint64_t generation)
{
	enum stage before = stage_enter(j->clock, STAGE_REPORT);

	for (unsigned i = 0; i < n; i++) {
		if (finds[i].kind != FIND_TX)
			continue;
		naming_message(&finds[i]);
		if (!finds[i].quiet)
			emit_tx(j->emitter, &finds[i], generation);
	}
	stage_enter(j->clock, before);
}

void judge_finds(struct judge *j, const struct find *finds, unsigned n)
{
	struct judge *shadow = j->shadow;
	uint64_t generation = j->rules != NULL ? j->rules->generation : 0;
	uint64_t gave_up = j->rules != NULL ? pattern_db_gave_up(j->rules->db, j->worker) : 0;
	unsigned next;

	begin(j);
	if (shadow != NULL)
		begin(shadow);
	for (unsigned i = 0; i < n; i = next) {
		for (next = i + 1; next < n && together(&finds[i], &finds[next]); next++)
			;
		if (is_shadowed(j, &finds[i]))
			judge_both(j, finds + i, next - i);
		else
			judge_packet(j, finds + i, next - i);
		report_messages(j, finds + i, next - i, generation);
	}
	if (j->rules != NULL)
		j->counters[CTR_CONFIRM_GAVE_UP] +=
			pattern_db_gave_up(j->rules->db, j->worker) - gave_up;
	j->counters[CTR_HITS_OVERFLOW] += j->hits.overflow;
	j->counters[CTR_SCANS] += j->hits.scans;
	j->counters[CTR_CANDIDATES] += j->hits.candidates;
}

void judge_flow_end(struct judge *j, uint32_t flow_number, const struct flow *flow,
	const struct flow_note *note)
{
	naming_flow_end(&j->naming, flow, note);
	rule_state_flow_end(j->state, flow_number);
	if (j->shadow != NULL && j->shadow->rules != NULL)
		rule_state_flow_end(j->shadow->state, flow_number);
}

void judge_close_streams(struct session *s)
{
	for (unsigned i = 0; i < 2 * SESSION_SETS; i++) {
		pattern_stream_close(s->stream[i / 2][i % 2]);
		s->stream[i / 2][i % 2] = NULL;
	}
}
