#include "dataplane/runtime/judge.h"

struct inspect_wants judge_wants(const struct judge *j)
{
	if (j->rules == NULL)
		return (struct inspect_wants){0};
	return j->rules->wants;
}

static struct match_env env_of(const struct find *find)
{
	const struct flow *f = find->flow;
	bool a_is_client = (f->flags & FLOW_A_IS_CLIENT) != 0;
	bool from_a = (find->dir == DIR_C2S) == a_is_client;

	return (struct match_env){
		.src = from_a ? f->key.a : f->key.b,
		.dst = from_a ? f->key.b : f->key.a,
		.sport = from_a ? f->key.aport : f->key.bport,
		.dport = from_a ? f->key.bport : f->key.aport,
		.ip_version = f->key.ip_version,
		.l4 = f->key.l4,
		.app_proto = find->kind == FIND_TX || find->kind == FIND_NAME ? find->app_proto
									      : f->app_proto,
		.dir = find->dir,
		.first = find->first,
		.established = f->state != FLOW_STATE_NEW,
		.payload_len = find->payload_len,
	};
}

// How sure a field makes of a service's name: a name that the traffic gives itself beats bytes
// in its payload, and these beat its address. What DNS told of that only fills a gap.
static int strength(enum field field)
{
	switch (field) {
	case FIELD_CLIENT_NAME:
		return 0;
	case FIELD_NONE:
		return 1;
	case FIELD_PAYLOAD:
	case FIELD_STREAM:
		return 2;
	default:
		return 3;
	}
}

// The most specific of the rules that hit names the service: the one with the longest content.
static void name_service(struct judge *j, const struct find *find)
{
	const struct match_hit *best = NULL;
	struct flow *f = find->flow;
	uint32_t best_len = 0;

	for (uint32_t i = 0; i < j->hits.n; i++) {
		const struct match_hit *hit = &j->hits.hits[i];
		uint32_t len = pattern_db_rule(j->rules->db, hit->rule)->longest_content;
		if (j->rules->service_slot[hit->rule] != 0 && (best == NULL || len > best_len)) {
			best = hit;
			best_len = len;
		}
	}
	if (best == NULL)
		return;
	enum field by = find->kind == FIND_NAME ? FIELD_CLIENT_NAME : (enum field)best->field;
	if (f->service != 0 && strength(by) <= strength(f->service_by))
		return;

	bool counted = f->service == j->rules->service_slot[best->rule];
	f->service = j->rules->service_slot[best->rule];
	f->service_by = by;
	if (counted)
		return;
	struct service_count *count = &j->page->services[f->service];
	counter_add(&count->flows, 1);
	counter_add(&count->packets, f->packets[0] + (uint64_t)f->packets[1]);
	counter_add(&count->bytes, f->bytes[0] + f->bytes[1]);
}

static bool passed(const struct judge *j)
{
	for (uint32_t i = 0; i < j->hits.n; i++) {
		if (pattern_db_rule(j->rules->db, j->hits.hits[i].rule)->pass)
			return true;
	}
	return false;
}

static void report_hits(struct judge *j, const struct find *find)
{
	if (j->hits.n == 0 || passed(j))
		return;
	name_service(j, find);
	if (find->kind == FIND_NAME) // nobody asked it here and now: that is no hit
		return;
	for (uint32_t i = 0; i < j->hits.n; i++) {
		const struct match_hit *hit = &j->hits.hits[i];
		const struct pattern_rule *rule = pattern_db_rule(j->rules->db, hit->rule);

		counter_add(&j->page->rule_hits[j->rules->rule_slot[hit->rule]], 1);
		if (rule->noalert)
			continue;
		find->flow->flags |= FLOW_ALERTED;
		j->counters[CTR_ALERTS]++;
		emit_alert(j->emitter, find, rule, hit->field, j->rules->generation);
	}
}

static void match_stream(struct judge *j, const struct find *find, const struct match_env *env)
{
	unsigned side = env->src == find->flow->key.a ? 0 : 1;
	struct pattern_stream **stream = &find->session->stream[side];

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
	struct match_env env = env_of(find);

	j->hits.n = 0;
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
	report_hits(j, find);
}

void judge_finds(struct judge *j, const struct find *finds, unsigned n)
{
	uint64_t generation = j->rules != NULL ? j->rules->generation : 0;
	uint64_t gave_up = j->rules != NULL ? pattern_db_gave_up(j->rules->db, j->worker) : 0;

	j->hits.overflow = 0;
	j->hits.scans = 0;
	j->hits.candidates = 0;
	for (unsigned i = 0; i < n; i++) {
		if (j->rules != NULL)
			match_one(j, &finds[i]);
		if (finds[i].kind == FIND_TX && !finds[i].quiet)
			emit_tx(j->emitter, &finds[i], generation);
	}
	if (j->rules != NULL)
		j->counters[CTR_CONFIRM_GAVE_UP] +=
			pattern_db_gave_up(j->rules->db, j->worker) - gave_up;
	j->counters[CTR_HITS_OVERFLOW] += j->hits.overflow;
	j->counters[CTR_SCANS] += j->hits.scans;
	j->counters[CTR_CANDIDATES] += j->hits.candidates;
}

void judge_close_streams(struct session *s)
{
	for (unsigned side = 0; side < 2; side++) {
		pattern_stream_close(s->stream[side]);
		s->stream[side] = NULL;
	}
}
