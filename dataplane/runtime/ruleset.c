#include "dataplane/runtime/ruleset.h"

#include "dataplane/api/detectors.h"
#include "dataplane/runtime/shadow.h"
#include "dataplane/runtime/verdict.h"

#include "dataplane/api/geo_map.h"
#include "dataplane/base/clock.h"

#include <rte_rcu_qsbr.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct taken { // worker: rw, control: ro
	_Alignas(64) _Atomic uint64_t generation;
	_Atomic uint64_t ns;
};

struct rulesets {
	struct rte_rcu_qsbr *qsbr;
	struct directory_page *directory; // ours
	struct directory_page *shared; // told to control
	_Atomic(struct ruleset *) live;
	_Atomic(struct shadow *) shadow;
	_Atomic(struct geo_map *) countries;
	// What waits for its grace period; control only.
	struct ruleset *last;
	struct shadow *last_shadow;
	uint64_t token;
	struct geo_map *last_countries;
	uint64_t countries_token;
	struct purpose_table *purposes; // NULL: none
	const struct segments *segments; // borrowed; NULL: the default one
	uint64_t generation;
	uint64_t shadows; // that were published
	struct clock_pair opened;
	unsigned n_workers;
	struct taken taken[LINK_WORKERS_MAX];
};

void ruleset_free(struct ruleset *rs)
{
	if (rs == NULL)
		return;
	if (!rs->lent)
		pattern_db_free(rs->db);
	free(rs->segments);
	free(rs->evidence);
	free((void *)(uintptr_t)rs->purposes);
	free(rs->rule_slot);
	free(rs->label);
	free(rs->rank);
	free(rs->wide);
	free(rs);
}

struct rulesets *rulesets_new(unsigned n_workers, struct directory_page *directory)
{
	size_t size = rte_rcu_qsbr_get_memsize(n_workers);
	struct rulesets *r = aligned_alloc(64, (sizeof(*r) + 63) & ~(size_t)63);

	if (r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->n_workers = n_workers;
	r->shared = directory;
	r->opened = clock_pair_now();
	// Slot 0 of both tables takes what has no place of its own.
	atomic_store(&directory->n_rules, 1);
	atomic_store(&directory->n_services, 1);
	r->directory = calloc(1, sizeof(*r->directory));
	r->qsbr = aligned_alloc(64, (size + 63) & ~(size_t)63);
	if (r->qsbr == NULL || r->directory == NULL) {
		rulesets_free(r);
		return NULL;
	}
	atomic_store(&r->directory->n_rules, 1);
	atomic_store(&r->directory->n_services, 1);
	rte_rcu_qsbr_init(r->qsbr, n_workers);
	return r;
}

void rulesets_free(struct rulesets *r)
{
	if (r == NULL)
		return;
	ruleset_free(r->last);
	ruleset_free(atomic_load(&r->live));
	shadow_free(r->last_shadow);
	shadow_free(atomic_load(&r->shadow));
	geo_map_free(r->last_countries);
	geo_map_free(atomic_load(&r->countries));
	free(r->purposes);
	free(r->directory);
	free(r->qsbr);
	free(r);
}

// Open addressing over the directory's rules, built anew for each set: a load is rare, and the
// directory is the only thing that must be kept.
struct slot_index {
	uint32_t mask;
	uint32_t slots[];
};

static uint32_t rule_hash(uint32_t gid, uint32_t sid, uint32_t rev)
{
	return (gid * 0x9e3779b1u ^ sid) * 0x85ebca6bu ^ rev * 0xc2b2ae35u;
}

static uint32_t *index_find(struct slot_index *index, const struct directory_page *d, uint32_t gid,
	uint32_t sid, uint32_t rev)
{
	uint32_t i = rule_hash(gid, sid, rev);

	for (;; i++) {
		uint32_t *slot = &index->slots[i & index->mask];
		const struct rule_slot *rule = &d->rules[*slot];
		if (*slot == 0 || (rule->gid == gid && rule->sid == sid && rule->rev == rev))
			return slot;
	}
}

static struct slot_index *index_new(const struct directory_page *d)
{
	uint32_t size = 4 * RULE_SLOTS;
	struct slot_index *index = calloc(1, sizeof(*index) + size * sizeof(uint32_t));
	uint32_t n = atomic_load_explicit(&d->n_rules, memory_order_relaxed);

	if (index == NULL)
		return NULL;
	index->mask = size - 1;
	for (uint32_t i = 1; i < n; i++)
		*index_find(index, d, d->rules[i].gid, d->rules[i].sid, d->rules[i].rev) = i;
	return index;
}

static uint32_t rule_slot(
	struct directory_page *d, struct slot_index *index, const struct pattern_rule *rule)
{
	uint32_t *slot = index_find(index, d, rule->gid, rule->sid, rule->rev);
	uint32_t n = atomic_load_explicit(&d->n_rules, memory_order_relaxed);

	if (*slot != 0 || n == RULE_SLOTS)
		return *slot;
	d->rules[n] = (struct rule_slot){.gid = rule->gid, .sid = rule->sid, .rev = rule->rev};
	*slot = n;
	atomic_store_explicit(&d->n_rules, n + 1, memory_order_release);
	return n;
}

static uint16_t service_slot(struct directory_page *d, const char *name)
{
	uint32_t n = atomic_load_explicit(&d->n_services, memory_order_relaxed);

	if (name == NULL)
		return 0;
	for (uint32_t i = 1; i < n; i++) {
		if (strncmp(d->services[i], name, SERVICE_NAME_LEN - 1) == 0)
			return (uint16_t)i;
	}
	if (n == SERVICE_SLOTS)
		return 0;
	strncpy(d->services[n], name, SERVICE_NAME_LEN - 1);
	atomic_store_explicit(&d->n_services, n + 1, memory_order_release);
	return (uint16_t)n;
}

const struct directory_page *rulesets_directory(const struct rulesets *r)
{
	return r->directory;
}

// Tell control what is new since the last time; the counts come last.
static void tell_directory(struct rulesets *r, uint32_t first_rule, uint32_t first_service)
{
	struct directory_page *own = r->directory;
	uint32_t n_rules = atomic_load(&own->n_rules);
	uint32_t n_services = atomic_load(&own->n_services);

	memcpy(&r->shared->rules[first_rule], &own->rules[first_rule],
		(n_rules - first_rule) * sizeof(own->rules[0]));
	memcpy(r->shared->services[first_service], own->services[first_service],
		(n_services - first_service) * sizeof(own->services[0]));
	atomic_store_explicit(&r->shared->n_rules, n_rules, memory_order_release);
	atomic_store_explicit(&r->shared->n_services, n_services, memory_order_release);
}

// The first set of a short-lived program may come at once: a millisecond makes the value good to
// one in ten thousand.
static uint64_t cycle_q32(const struct rulesets *r)
{
	enum { LEAST_NS = 1000000 };
	struct clock_pair now;

	do
		now = clock_pair_now();
	while (now.ns - r->opened.ns < LEAST_NS);
	return clock_cycle_q32(r->opened, now);
}

void rulesets_segments(struct rulesets *r, const struct segments *segments)
{
	r->segments = segments;
}

uint64_t rulesets_where(const struct rulesets *r, const struct purpose_row *row)
{
	if (strcmp(row->segment, PURPOSE_ALL) == 0)
		return UINT64_MAX;
	for (unsigned i = 0; i < segments_count(r->segments) && i < RULESET_SEGMENTS; i++) {
		if (strcmp(segments_name(r->segments, i), row->segment) == 0)
			return 1ull << i;
	}
	return 0;
}

// Where the rule is active.
static uint64_t active_in(const struct rulesets *r, const struct pattern_rule *rule)
{
	const struct purpose_table *t = r->purposes;
	uint64_t segments = 0;

	if (!rule->content)
		return UINT64_MAX;
	for (uint32_t i = 0; t != NULL && i < t->n; i++) {
		if (purpose_covers_rule(&t->rows[i], rule->gid, rule->sid, rule->set))
			segments |= rulesets_where(r, &t->rows[i]);
	}
	return segments;
}

// Is the purpose one of mode M2, where the flow is?
static bool keeps_there(const struct ruleset *rs, uint32_t i, const struct flow_note *note)
{
	const unsigned segment = note != NULL ? note->segment : 0;

	return rs->purposes->rows[i].mode == PURPOSE_EVIDENCE && segment < RULESET_SEGMENTS &&
		(rs->where[i] >> segment & 1) != 0;
}

const struct purpose_row *ruleset_evidence_purpose(
	const struct ruleset *rs, uint32_t rule, const struct find *find)
{
	const struct pattern_rule *r = pattern_db_rule(rs->db, rule);

	for (uint32_t i = 0; rs->purposes != NULL && i < rs->purposes->n; i++) {
		const struct purpose_row *p = &rs->purposes->rows[i];
		if (keeps_there(rs, i, find->note) &&
			purpose_covers_rule(p, r->gid, r->sid, r->set))
			return p;
	}
	return NULL;
}

const struct purpose_row *ruleset_evidence_detector(
	const struct ruleset *rs, unsigned detector, const struct flow_note *note)
{
	const struct detector_name *d = &detector_table[detector];

	for (uint32_t i = 0; rs->purposes != NULL && i < rs->purposes->n; i++) {
		const struct purpose_row *p = &rs->purposes->rows[i];
		if (keeps_there(rs, i, note) && purpose_covers_detector(p, d->name, d->class))
			return p;
	}
	return NULL;
}

static bool wants_evidence(const struct pattern_rule *rule)
{
	static const char key[] = "evidence";

	for (uint32_t i = 0; i < rule->n_metadata; i++) {
		const char *pair = rule->metadata[i];
		size_t n = sizeof(key) - 1;
		if (strncmp(pair, key, n) == 0 && (pair[n] == '\0' || pair[n] == ' '))
			return true;
	}
	return false;
}

static int prepare_purposes(
	struct ruleset *rs, const struct pattern_db *db, const struct rulesets *r)
{
	uint32_t n = pattern_db_n_rules(db);

	rs->segments = calloc(n + 1, sizeof(*rs->segments));
	rs->evidence = calloc(n + 1, sizeof(*rs->evidence));
	if (rs->segments == NULL || rs->evidence == NULL)
		return -ENOMEM;
	if (r->purposes != NULL) {
		struct purpose_table *copy = malloc(sizeof(*copy));
		if (copy == NULL)
			return -ENOMEM;
		*copy = *r->purposes;
		rs->purposes = copy;
	}
	for (uint32_t i = 0; rs->purposes != NULL && i < rs->purposes->n; i++)
		rs->where[i] = rulesets_where(r, &rs->purposes->rows[i]);
	for (uint32_t i = 0; i < n; i++) {
		const struct pattern_rule *rule = pattern_db_rule(db, i);
		rs->segments[i] = active_in(r, rule);
		rs->evidence[i] = wants_evidence(rule);
		rs->n_inactive += rs->segments[i] == 0 && !rule->half;
	}
	return 0;
}

int ruleset_prepare(struct rulesets *r, struct pattern_db *db, struct ruleset **out)
{
	uint32_t n = pattern_db_n_rules(db);
	struct ruleset *rs = calloc(1, sizeof(*rs));
	struct slot_index *index = index_new(r->directory);
	uint32_t first_rule = atomic_load(&r->directory->n_rules);
	uint32_t first_service = atomic_load(&r->directory->n_services);

	if (rs == NULL || index == NULL)
		goto fail;
	rs->rule_slot = calloc(n + 1, sizeof(*rs->rule_slot));
	rs->label = calloc(n + 1, sizeof(*rs->label));
	rs->rank = calloc(n + 1, sizeof(*rs->rank));
	rs->wide = calloc(n + 1, sizeof(*rs->wide));
	if (rs->rule_slot == NULL || rs->label == NULL || rs->rank == NULL || rs->wide == NULL ||
		prepare_purposes(rs, db, r) < 0)
		goto fail;
	for (uint32_t i = 0; i < n; i++) {
		const struct pattern_rule *rule = pattern_db_rule(db, i);
		rs->rule_slot[i] = rule_slot(r->directory, index, rule);
		rs->label[i] = service_label_of(rule);
		rs->label[i].service = service_slot(r->directory, rule->service);
		rs->rank[i] = (uint8_t)verdict_rank(rule);
		rs->wide[i] = verdict_is_wide(rule);
	}
	tell_directory(r, first_rule, first_service);
	struct pattern_wants wants = pattern_db_wants_of(db, rs->segments);
	rs->wants = (struct inspect_wants){
		.packets_tcp = wants.packets_tcp,
		.packets_other = wants.packets_other,
		.flow_starts = wants.flow_starts,
		.stream_depth = wants.stream_depth,
		.facts = wants.facts,
		.fields = rs->wanted,
	};
	memcpy(rs->wanted, wants.fields, sizeof(rs->wanted));
	rs->db = db;
	rs->cycle_q32 = cycle_q32(r);
	free(index);
	*out = rs;
	return 0;
fail:
	free(index);
	ruleset_free(rs);
	return -ENOMEM;
}

int64_t ruleset_publish(struct rulesets *r, struct ruleset *next)
{
	if (ruleset_poll(r) == 0)
		return -EBUSY;
	next->generation = ++r->generation;
	r->last = atomic_exchange_explicit(&r->live, next, memory_order_acq_rel);
	r->token = rte_rcu_qsbr_start(r->qsbr);
	return (int64_t)next->generation;
}

int rulesets_purposes(struct rulesets *r, const struct purpose_table *purposes)
{
	struct ruleset *live = atomic_load(&r->live), *next = NULL;
	struct purpose_table *copy = NULL, *before = r->purposes;

	if (ruleset_poll(r) == 0)
		return -EBUSY;
	if (purposes != NULL && (copy = malloc(sizeof(*copy))) == NULL)
		return -ENOMEM;
	if (copy != NULL)
		*copy = *purposes;
	r->purposes = copy;
	int err = live != NULL ? ruleset_prepare(r, live->db, &next) : 0;
	if (err < 0) {
		r->purposes = before;
		free(copy);
		return err;
	}
	free(before);
	if (next == NULL)
		return 0;
	live->lent = true;
	next->generation = live->generation;
	r->last = atomic_exchange_explicit(&r->live, next, memory_order_acq_rel);
	r->token = rte_rcu_qsbr_start(r->qsbr);
	return 0;
}

int ruleset_poll(struct rulesets *r)
{
	// start + check are inline, so TSan sees the ordering; synchronize() is not. And a stuck
	// worker can not hang the control thread.
	if (r->token != 0 && rte_rcu_qsbr_check(r->qsbr, r->token, false) != 1)
		return 0;
	r->token = 0;
	ruleset_free(r->last);
	r->last = NULL;
	shadow_free(r->last_shadow);
	r->last_shadow = NULL;
	return 1;
}

const struct ruleset *ruleset_live(struct rulesets *r)
{
	return atomic_load_explicit(&r->live, memory_order_acquire);
}

void ruleset_online(struct rulesets *r, unsigned worker)
{
	rte_rcu_qsbr_thread_register(r->qsbr, worker);
	rte_rcu_qsbr_thread_online(r->qsbr, worker);
}

void ruleset_offline(struct rulesets *r, unsigned worker)
{
	rte_rcu_qsbr_thread_offline(r->qsbr, worker);
	rte_rcu_qsbr_thread_unregister(r->qsbr, worker);
}

const struct ruleset *ruleset_borrow(struct rulesets *r, unsigned worker)
{
	const struct ruleset *rs = atomic_load_explicit(&r->live, memory_order_acquire);
	struct taken *taken = &r->taken[worker];

	if (rs != NULL &&
		atomic_load_explicit(&taken->generation, memory_order_relaxed) != rs->generation) {
		atomic_store_explicit(&taken->ns, clock_monotonic_ns(), memory_order_relaxed);
		atomic_store_explicit(&taken->generation, rs->generation, memory_order_release);
	}
	return rs;
}

void ruleset_quiesce(struct rulesets *r, unsigned worker)
{
	rte_rcu_qsbr_quiescent(r->qsbr, worker);
}

uint64_t ruleset_taken_ns(const struct rulesets *r, unsigned worker, uint64_t generation)
{
	const struct taken *taken = &r->taken[worker];

	if (atomic_load_explicit(&taken->generation, memory_order_acquire) != generation)
		return 0;
	return atomic_load_explicit(&taken->ns, memory_order_relaxed);
}

int64_t shadow_publish(struct rulesets *r, struct shadow *next)
{
	if (ruleset_poll(r) == 0)
		return -EBUSY;
	if (next != NULL)
		next->rules->generation = ++r->shadows;
	r->last_shadow = atomic_exchange_explicit(&r->shadow, next, memory_order_acq_rel);
	r->token = rte_rcu_qsbr_start(r->qsbr);
	return next != NULL ? (int64_t)next->rules->generation : 0;
}

struct shadow *shadow_borrow(struct rulesets *r)
{
	return atomic_load_explicit(&r->shadow, memory_order_acquire);
}

int geo_publish(struct rulesets *r, struct geo_map *next)
{
	if (geo_poll(r) == 0)
		return -EBUSY;
	r->last_countries = atomic_exchange_explicit(&r->countries, next, memory_order_acq_rel);
	r->countries_token = rte_rcu_qsbr_start(r->qsbr);
	return 0;
}

int geo_poll(struct rulesets *r)
{
	if (r->countries_token != 0 && rte_rcu_qsbr_check(r->qsbr, r->countries_token, false) != 1)
		return 0;
	r->countries_token = 0;
	geo_map_free(r->last_countries);
	r->last_countries = NULL;
	return 1;
}

const struct geo_map *geo_borrow(struct rulesets *r)
{
	return atomic_load_explicit(&r->countries, memory_order_acquire);
}
