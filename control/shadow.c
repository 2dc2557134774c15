#include "control/shadow.h"

#include "dataplane/base/clock.h"

void shadow_put(struct shadow *s, struct pattern_set *set, uint32_t share, uid_t uid)
{
	pattern_set_hold(set);
	pattern_set_drop(s->set);
	s->set = set;
	s->share = share;
	s->uid = uid;
	s->since_ns = clock_wall_ns();
	s->compared_ns = s->since_ns;
}

void shadow_drop(struct shadow *s)
{
	pattern_set_drop(s->set);
	shadow_counts_free(&s->base);
	*s = (struct shadow){0};
}

static int read_counts(const struct stats *stats, struct shadow_counts *out)
{
	struct shadow_counts c = {0};
	uint64_t totals[CTR_COUNT];

	int err = stats_beside(stats, &c.sides[SHADOW_LIVE], &c.sides[SHADOW_BESIDE]);
	if (err < 0)
		return err;
	stats_totals(stats, totals);
	c.finds = totals[CTR_SHADOW_FINDS];
	*out = c;
	return 0;
}

int shadow_begin(struct shadow *s, const struct stats *stats)
{
	struct shadow_counts now;

	int err = read_counts(stats, &now);
	if (err < 0)
		return err;
	shadow_counts_free(&s->base);
	s->base = now;
	s->compared_ns = clock_wall_ns();
	return 0;
}

int shadow_counts(const struct shadow *s, const struct stats *stats, struct shadow_counts *out)
{
	int err = read_counts(stats, out);

	if (err < 0)
		return err;
	for (unsigned i = 0; i < SHADOW_SIDES; i++)
		tally_since(&out->sides[i], &s->base.sides[i]);
	out->finds -= s->base.finds;
	return 0;
}

void shadow_counts_free(struct shadow_counts *c)
{
	for (unsigned i = 0; i < SHADOW_SIDES; i++)
		rule_tallies_free(&c->sides[i]);
	c->finds = 0;
}
