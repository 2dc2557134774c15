// What a threshold.config says of rules, into them.

#include "patterns/thresholds.h"

#include "patterns/arena.h"
#include "patterns/beside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WILD_MAX = 256 }; // lines about many rules, each looked at for each rule

struct ids {
	uint32_t gid, sid;
};

// Suppressions of the same rules and track, as one.
struct group {
	struct ids ids;
	struct rule_suppress suppress;
	uint32_t first, n; // of the lines that are in it
};

struct applying {
	struct rule_list *list;
	struct diags *diags;
	struct threshold_lines lines; // by what, ids, track
	struct group *groups; // by ids
	uint32_t n_groups;
};

static int compare(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int by_ids(struct ids a, struct ids b)
{
	return a.sid != b.sid ? compare(a.sid, b.sid) : compare(a.gid, b.gid);
}

static struct ids ids_of(const struct rule *r)
{
	return (struct ids){r->gid, r->sid};
}

static int by_line(const void *a, const void *b)
{
	const struct threshold_line *x = a, *y = b;
	int order = compare(x->what, y->what);

	if (order == 0)
		order = by_ids((struct ids){x->gid, x->sid}, (struct ids){y->gid, y->sid});
	if (order == 0)
		order = compare(x->track, y->track);
	return order != 0 ? order : compare(x->where.line, y->where.line);
}

static int by_range(const void *a, const void *b)
{
	const struct addr_range *x = a, *y = b;

	return x->ip_version != y->ip_version ? compare(x->ip_version, y->ip_version)
					      : memcmp(x->lo, y->lo, sizeof(x->lo));
}

static uint32_t merge(struct addr_range *ranges, uint32_t n)
{
	uint32_t kept = 0;

	qsort(ranges, n, sizeof(*ranges), by_range);
	for (uint32_t i = 0; i < n; i++) {
		struct addr_range *last = kept > 0 ? &ranges[kept - 1] : NULL;
		if (last == NULL || last->ip_version != ranges[i].ip_version ||
			memcmp(ranges[i].lo, last->hi, sizeof(last->hi)) > 0)
			ranges[kept++] = ranges[i];
		else if (memcmp(ranges[i].hi, last->hi, sizeof(last->hi)) > 0)
			memcpy(last->hi, ranges[i].hi, sizeof(last->hi));
	}
	return kept;
}

// All addresses of the group's lines. "any" is every address: then they are always suppressed.
static bool group_addrs(struct applying *a, struct group *g)
{
	const struct threshold_line *lines = &a->lines.items[g->first];
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		if (lines[i].track == SUPPRESS_ALWAYS || lines[i].addrs.any) {
			g->suppress.track = SUPPRESS_ALWAYS;
			return true;
		}
		n += lines[i].addrs.n;
	}
	struct addr_range *ranges = arena_take(a->list->arena, n * sizeof(*ranges));
	if (ranges == NULL)
		return false;
	uint32_t at = 0;
	for (uint32_t i = 0; i < g->n; i++) {
		memcpy(ranges + at, lines[i].addrs.ranges, lines[i].addrs.n * sizeof(*ranges));
		at += lines[i].addrs.n;
	}
	g->suppress.addrs = (struct addr_set){.n = merge(ranges, n), .ranges = ranges};
	return true;
}

static int make_groups(struct applying *a)
{
	a->groups = arena_take(a->list->arena, (a->lines.n + 1) * sizeof(*a->groups));
	if (a->groups == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < a->lines.n; i++) {
		const struct threshold_line *line = &a->lines.items[i];
		if (line->what != THRESHOLD_SUPPRESS)
			break;
		struct group *last = a->n_groups > 0 ? &a->groups[a->n_groups - 1] : NULL;
		if (last == NULL || last->ids.gid != line->gid || last->ids.sid != line->sid ||
			last->suppress.track != line->track) {
			last = &a->groups[a->n_groups++];
			last->ids = (struct ids){line->gid, line->sid};
			last->suppress.track = line->track;
			last->suppress.number = a->n_groups;
			last->first = i;
		}
		last->n++;
	}
	for (uint32_t i = 0; i < a->n_groups; i++) {
		if (!group_addrs(a, &a->groups[i]))
			return -ENOMEM;
	}
	return 0;
}

// The first group that is not before these ids.
static uint32_t group_of(const struct applying *a, struct ids ids)
{
	uint32_t lo = 0, hi = a->n_groups;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (by_ids(a->groups[mid].ids, ids) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int suppress_rule(struct applying *a, struct rule *r)
{
	const struct ids wanted[] = {{r->gid, r->sid}, {0, r->sid}, {r->gid, 0}, {0, 0}};
	const struct rule_suppress *found[4 * (SUPPRESS_BY_EITHER + 1)];
	uint32_t n = 0;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		for (uint32_t g = group_of(a, wanted[i]);
			g < a->n_groups && by_ids(a->groups[g].ids, wanted[i]) == 0; g++) {
			found[n++] = &a->groups[g].suppress;
			a->lines.items[a->groups[g].first].met = true;
		}
	}
	if (n == 0)
		return 0;
	r->suppress = arena_copy(a->list->arena, found, n * sizeof(found[0]));
	r->n_suppress = r->suppress != NULL ? n : 0;
	return r->suppress != NULL ? 0 : -ENOMEM;
}

static void set_limit(struct rule *r, const struct threshold_line *line)
{
	struct rule_limit *limit = line->what == THRESHOLD_RATE ? &r->rate : &r->limit;
	uint8_t added = limit->kind == LIMIT_NONE || limit->added;

	*limit = line->limit;
	limit->added = added;
}

static bool limits_itself(const struct rule *r)
{
	return (r->limit.kind != LIMIT_NONE && !r->limit.added) || r->filter.kind != LIMIT_NONE;
}

// A rule that limits itself knows better than a line about all.
static void limit_widely(struct applying *a, struct threshold_line *line)
{
	for (uint32_t i = 0; i < a->list->n; i++) {
		struct rule *r = a->list->rules[i];
		if (r->half || (line->gid != 0 && line->gid != r->gid) ||
			(line->sid != 0 && line->sid != r->sid))
			continue;
		line->met = true;
		if (line->sid != 0 || line->what == THRESHOLD_RATE || !limits_itself(r))
			set_limit(r, line);
	}
}

// `sorted`: all rules, by ids. Two halves of one are neighbours.
static void limit_one(struct applying *a, struct rule **sorted, struct threshold_line *line)
{
	const struct ids wanted = {line->gid, line->sid};
	uint32_t lo = 0, hi = a->list->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (by_ids(ids_of(sorted[mid]), wanted) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < a->list->n && by_ids(ids_of(sorted[lo]), wanted) == 0; lo++) {
		line->met = true;
		if (!sorted[lo]->half)
			set_limit(sorted[lo], line);
	}
}

static int by_rule(const void *a, const void *b)
{
	return by_ids(ids_of(*(struct rule *const *)a), ids_of(*(struct rule *const *)b));
}

static bool is_wild(const struct threshold_line *line)
{
	return line->gid == 0 || line->sid == 0;
}

// Lines about many rules first: what is said of one rule alone counts more.
static int limit_rules(struct applying *a)
{
	struct rule **sorted = malloc((a->list->n + (size_t)1) * sizeof(struct rule *));
	uint32_t wild = 0;
	int err = 0;

	if (sorted == NULL)
		return -ENOMEM;
	if (a->list->n > 0)
		memcpy(sorted, a->list->rules, a->list->n * sizeof(struct rule *));
	qsort(sorted, a->list->n, sizeof(struct rule *), by_rule);
	for (uint32_t i = 0; i < a->lines.n && err == 0; i++) {
		struct threshold_line *line = &a->lines.items[i];
		if (line->what == THRESHOLD_SUPPRESS || !is_wild(line))
			continue;
		if (++wild > WILD_MAX) {
			diag_add(a->diags, DIAG_ERROR, line->where,
				"more than %d lines with gen_id 0 or sig_id 0", WILD_MAX);
			err = -EINVAL;
		} else {
			limit_widely(a, line);
		}
	}
	for (uint32_t i = 0; i < a->lines.n && err == 0; i++) {
		struct threshold_line *line = &a->lines.items[i];
		if (line->what != THRESHOLD_SUPPRESS && !is_wild(line))
			limit_one(a, sorted, line);
	}
	free(sorted);
	return err;
}

static void tell_unmet(const struct applying *a)
{
	const struct threshold_line *last = NULL;

	for (uint32_t i = 0; i < a->lines.n; i++) {
		const struct threshold_line *line = &a->lines.items[i];
		// Of a group only the first line was marked, and it tells for all.
		bool grouped = last != NULL && line->what == THRESHOLD_SUPPRESS &&
			line->gid == last->gid && line->sid == last->sid &&
			line->track == last->track;
		if (!grouped && !line->met && line->sid != 0)
			diag_add(a->diags, DIAG_WARNING, line->where, "there is no rule %u:%u",
				line->gid, line->sid);
		last = line;
	}
}

int beside_apply_thresholds(const char *file, const char *text, size_t len,
	const struct rule_var *vars, struct rule_list *list, struct diags *diags)
{
	struct applying a = {.list = list, .diags = diags};

	if (list->arena == NULL)
		list->arena = arena_new();
	int err = list->arena == NULL ? -ENOMEM : 0;
	if (err == 0)
		err = threshold_lines_read(file, text, len, vars, list, &a.lines, diags);
	if (err == 0 && a.lines.n > 0) {
		qsort(a.lines.items, a.lines.n, sizeof(*a.lines.items), by_line);
		err = make_groups(&a);
		for (uint32_t i = 0; i < list->n && err == 0; i++)
			err = suppress_rule(&a, list->rules[i]);
		if (err == 0)
			err = limit_rules(&a);
		if (err == 0)
			tell_unmet(&a);
	}
	free(a.lines.items);
	return err;
}
