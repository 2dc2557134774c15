#include "control/stats.h"

#include <stdlib.h>
#include <string.h>

struct thread_counters {
	bool seen;
	uint64_t base[CTR_COUNT]; // of earlier runs
	uint64_t live[CTR_COUNT]; // last consistent copy of this run's page
};

struct stats {
	struct link_region region;
	struct thread_counters threads[STATS_THREADS];
	uint64_t lost; // held by dataplanes that ended
	struct rule_tallies rules[TALLY_TABLES]; // base
	struct service_tallies services; // base
	struct leak_numbers leaks[DETECTOR_COUNT]; // base
	struct posture_tallies postures; // base
	uint32_t stacks[POSTURE_STACKS]; // base
};

struct stats *stats_new(void)
{
	return calloc(1, sizeof(struct stats));
}

void stats_free(struct stats *s)
{
	if (s == NULL)
		return;
	link_region_unmap(&s->region);
	for (unsigned i = 0; i < TALLY_TABLES; i++)
		rule_tallies_free(&s->rules[i]);
	service_tallies_free(&s->services);
	posture_tallies_free(&s->postures);
	free(s);
}

// What is there now, not what has happened: it ends with the run.
static bool is_level(enum counter i)
{
	return counter_table[i].kind == KIND_HELD || counter_table[i].kind == KIND_GAUGE;
}

static uint64_t sum_kind(const uint64_t *values, enum counter_kind kind)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < CTR_COUNT; i++)
		sum += counter_table[i].kind == kind ? values[i] : 0;
	return sum;
}

static void sum_threads(const struct stats *s, uint64_t base[CTR_COUNT], uint64_t live[CTR_COUNT])
{
	memset(base, 0, CTR_COUNT * sizeof(*base));
	memset(live, 0, CTR_COUNT * sizeof(*live));
	for (unsigned t = 0; t < STATS_THREADS; t++) {
		for (unsigned i = 0; i < CTR_COUNT; i++) {
			base[i] += s->threads[t].base[i];
			live[i] += s->threads[t].live[i];
		}
	}
}

static void fold_counters(struct stats *s)
{
	uint64_t base[CTR_COUNT], live[CTR_COUNT];

	sum_threads(s, base, live);
	s->lost += sum_kind(live, KIND_HELD) + live[CTR_HANDED_OUT] - live[CTR_HANDED_IN];
	for (unsigned t = 0; t < STATS_THREADS; t++) {
		struct thread_counters *c = &s->threads[t];
		for (unsigned i = 0; i < CTR_COUNT; i++)
			c->base[i] += is_level((enum counter)i) ? 0 : c->live[i];
		memset(c->live, 0, sizeof(c->live));
	}
}

static int fold_rules(struct stats *s, enum tally_table which)
{
	struct rule_tallies rules;

	int err = stats_rules(s, which, &rules);
	if (err < 0)
		return err;
	rule_tallies_free(&s->rules[which]);
	s->rules[which] = rules;
	return 0;
}

static int fold_postures(struct stats *s)
{
	struct posture_tallies postures;

	tally_stacks(s->stacks, &s->region, s->stacks);
	int err = tally_postures(&s->postures, &s->region, &postures);
	if (err < 0)
		return err;
	posture_tallies_free(&s->postures);
	s->postures = postures;
	return 0;
}

static int fold_tallies(struct stats *s)
{
	struct service_tallies services;
	struct leak_numbers leaks[DETECTOR_COUNT];
	int err = 0;

	stats_leaks(s, leaks);
	memcpy(s->leaks, leaks, sizeof(s->leaks));

	for (unsigned i = 0; i < TALLY_TABLES; i++) {
		int each = fold_rules(s, (enum tally_table)i);
		err = each < 0 ? each : err;
	}
	int second = tally_services(&s->services, &s->region, &services);
	if (second == 0) {
		service_tallies_free(&s->services);
		s->services = services;
	}
	int third = fold_postures(s);
	err = err < 0 ? err : second;
	return err < 0 ? err : third;
}

int stats_attach(struct stats *s, const struct link_region *region)
{
	int err = 0;

	if (s->region.base != NULL && s->region.hello.start_ns != region->hello.start_ns) {
		stats_refresh(s);
		fold_counters(s);
		err = fold_tallies(s);
	}
	link_region_unmap(&s->region);
	s->region = *region;
	stats_refresh(s);
	return err;
}

const struct link_region *stats_region(const struct stats *s)
{
	return &s->region;
}

static unsigned thread_of(const struct counter_page *page, unsigned i)
{
	if (page->thread == THREAD_READER)
		return STATS_READER;
	return page->thread < LINK_WORKERS_MAX ? page->thread : i;
}

void stats_refresh(struct stats *s)
{
	uint64_t values[CTR_COUNT];

	for (unsigned i = 0; s->region.base != NULL && i < s->region.hello.n_pages; i++) {
		struct counter_page *page = link_region_page(&s->region, i);
		struct thread_counters *c = &s->threads[thread_of(page, i)];
		// A page whose writer died half-way stays as it was read last.
		if (!counter_page_read(page, values))
			continue;
		memcpy(c->live, values, sizeof(c->live));
		c->seen = true;
	}
}

void stats_totals(const struct stats *s, uint64_t values[CTR_COUNT])
{
	uint64_t live[CTR_COUNT];

	sum_threads(s, values, live);
	for (unsigned i = 0; i < CTR_COUNT; i++)
		values[i] += live[i];
}

bool stats_thread(const struct stats *s, unsigned thread, uint64_t values[CTR_COUNT])
{
	const struct thread_counters *c = &s->threads[thread];

	for (unsigned i = 0; i < CTR_COUNT; i++)
		values[i] = c->base[i] + c->live[i];
	return c->seen;
}

struct stats_accounting stats_account(const struct stats *s)
{
	uint64_t base[CTR_COUNT], live[CTR_COUNT];
	struct stats_accounting a = {.lost = s->lost};

	sum_threads(s, base, live);
	a.received = base[CTR_RX_PACKETS] + live[CTR_RX_PACKETS];
	a.delivered = base[CTR_DELIVERED] + live[CTR_DELIVERED];
	a.held = sum_kind(live, KIND_HELD);
	a.between = (int64_t)(live[CTR_HANDED_OUT] - live[CTR_HANDED_IN]);
	a.causes = sum_kind(base, KIND_CAUSE) + sum_kind(live, KIND_CAUSE);
	a.unaccounted =
		(int64_t)(a.received - a.delivered - a.held - a.causes - a.lost) - a.between;
	return a;
}

int stats_rules(const struct stats *s, enum tally_table which, struct rule_tallies *out)
{
	return tally_rules(&s->rules[which], &s->region, which, out);
}

int stats_beside(const struct stats *s, struct rule_tallies *beside, struct rule_tallies *shadow)
{
	return tally_beside(s->rules, &s->region, beside, shadow);
}

int stats_services(const struct stats *s, struct service_tallies *out)
{
	return tally_services(&s->services, &s->region, out);
}

void stats_leaks(const struct stats *s, struct leak_numbers out[DETECTOR_COUNT])
{
	const struct link_region *r = &s->region;

	memcpy(out, s->leaks, sizeof(s->leaks));
	for (unsigned i = 0; r->base != NULL && i < r->hello.n_pages; i++) {
		for (unsigned k = 0; k < DETECTOR_COUNT; k++)
			leak_numbers_add(&out[k], &link_region_page(r, i)->leaks[k]);
	}
}

int stats_postures(const struct stats *s, struct posture_tallies *out)
{
	return tally_postures(&s->postures, &s->region, out);
}

int stats_postures_of_run(const struct stats *s, struct posture_tallies *out)
{
	static const struct posture_tallies none;

	return tally_postures(&none, &s->region, out);
}

struct posture_stacks stats_stacks(const struct stats *s)
{
	static uint32_t sum[POSTURE_STACKS]; // large; the daemon has one thread

	tally_stacks(s->stacks, &s->region, sum);
	return posture_stacks_of(sum);
}
