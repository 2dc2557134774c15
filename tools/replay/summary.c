#include "tools/replay/summary.h"

#include "control/cli/geo.h"

#include "patterns/content.h"
#include "tools/replay/summary_leaks.h"
#include "tools/replay/summary_posture.h"

#include <jansson.h>
#include <libsmartcols.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rule_total {
	const struct rule_slot *slot;
	const char *msg;
	struct rule_numbers n;
};

struct service_total {
	const char *name;
	uint64_t flows;
	uint64_t packets;
	uint64_t bytes;
};

static struct rule_numbers rule_sum(const struct engine *e, uint32_t slot)
{
	struct rule_numbers sum = {0};

	for (unsigned i = 0; i < e->shared.layout.n_pages; i++) {
		struct rule_numbers n = rule_counts_read(&shared_page(&e->shared, i)->rules, slot);
		rule_numbers_add(&sum, &n);
	}
	return sum;
}

static struct service_total service_sum(const struct engine *e, uint32_t slot)
{
	struct service_total t = {.name = shared_directory(&e->shared)->services[slot]};

	for (unsigned i = 0; i < e->shared.layout.n_pages; i++) {
		const struct service_count *c = &shared_page(&e->shared, i)->services[slot];
		t.flows += c->flows;
		t.packets += c->packets;
		t.bytes += c->bytes;
	}
	return t;
}

static const char *msg_of(const struct rule_list *rules, const struct rule_slot *slot)
{
	for (uint32_t i = 0; rules != NULL && i < rules->n; i++) {
		const struct rule *r = rules->rules[i];
		if (r->gid == slot->gid && r->sid == slot->sid && r->rev == slot->rev)
			return r->msg;
	}
	return "";
}

static int by_cost(const void *a, const void *b)
{
	const struct rule_total *x = a, *y = b;
	return x->n.cost_ns < y->n.cost_ns ? 1 : x->n.cost_ns > y->n.cost_ns ? -1 : 0;
}

static int by_hits(const void *a, const void *b)
{
	const struct rule_total *x = a, *y = b;
	return x->n.hits < y->n.hits ? 1 : x->n.hits > y->n.hits ? -1 : by_cost(a, b);
}

static int by_packets(const void *a, const void *b)
{
	const struct service_total *x = a, *y = b;
	return x->packets < y->packets	  ? 1
		: x->packets > y->packets ? -1
					  : strcmp(x->name, y->name);
}

// All that were looked at, those with most hits first.
static unsigned rule_totals(const struct summary *s, struct rule_total **out)
{
	const struct directory_page *d = shared_directory(&s->engine->shared);
	uint32_t n_rules = d->n_rules;
	struct rule_total *t = calloc(n_rules + 1, sizeof(*t));
	unsigned n = 0;

	for (uint32_t i = 1; t != NULL && i < n_rules; i++) {
		struct rule_numbers sum = rule_sum(s->engine, i);
		if (sum.checks > 0)
			t[n++] = (struct rule_total){
				&d->rules[i], msg_of(s->rules, &d->rules[i]), sum};
	}
	if (n > 0)
		qsort(t, n, sizeof(*t), by_hits);
	*out = t;
	return n;
}

static unsigned service_totals(const struct summary *s, struct service_total **out)
{
	uint32_t n_services = shared_directory(&s->engine->shared)->n_services;
	struct service_total *t = calloc(n_services + 1, sizeof(*t));
	unsigned n = 0;

	for (uint32_t i = 1; t != NULL && i < n_services; i++) {
		t[n] = service_sum(s->engine, i);
		if (t[n].flows > 0)
			n++;
	}
	if (n > 0)
		qsort(t, n, sizeof(*t), by_packets);
	*out = t;
	return n;
}

static void set_number(struct libscols_line *line, size_t column, uint64_t v)
{
	char text[32];
	snprintf(text, sizeof(text), "%" PRIu64, v);
	scols_line_set_data(line, column, text);
}

static struct libscols_table *table(const char *const *columns, const int *flags, unsigned n)
{
	struct libscols_table *t = scols_new_table();

	for (unsigned i = 0; t != NULL && i < n; i++)
		scols_table_new_column(t, columns[i], 0, flags[i]);
	return t;
}

static void print_services(const struct service_total *t, unsigned n)
{
	static const char *const columns[] = {"SERVICE", "FLOWS", "PACKETS", "BYTES"};
	static const int flags[] = {0, SCOLS_FL_RIGHT, SCOLS_FL_RIGHT, SCOLS_FL_RIGHT};
	struct libscols_table *out = table(columns, flags, 4);

	for (unsigned i = 0; out != NULL && i < n; i++) {
		struct libscols_line *line = scols_table_new_line(out, NULL);
		scols_line_set_data(line, 0, t[i].name);
		set_number(line, 1, t[i].flows);
		set_number(line, 2, t[i].packets);
		set_number(line, 3, t[i].bytes);
	}
	printf("\n");
	scols_print_table(out);
	scols_unref_table(out);
}

static void set_id(struct libscols_line *line, size_t column, const struct rule_slot *r)
{
	char id[64];

	snprintf(id, sizeof(id), "%u:%u:%u", r->gid, r->sid, r->rev);
	scols_line_set_data(line, column, id);
}

static void print_hits(const struct rule_total *t, unsigned n)
{
	static const char *const columns[] = {"HITS", "GID:SID:REV", "MESSAGE"};
	static const int flags[] = {SCOLS_FL_RIGHT, 0, SCOLS_FL_TRUNC};

	if (n == 0 || t[0].n.hits == 0)
		return;
	struct libscols_table *out = table(columns, flags, 3);
	for (unsigned i = 0; out != NULL && i < n && t[i].n.hits > 0; i++) {
		struct libscols_line *line = scols_table_new_line(out, NULL);
		set_number(line, 0, t[i].n.hits);
		set_id(line, 1, t[i].slot);
		scols_line_set_data(line, 2, t[i].msg);
	}
	printf("\n");
	scols_print_table(out);
	scols_unref_table(out);
}

// Sorts them by cost.
static void print_costliest(struct rule_total *t, unsigned n)
{
	enum { SHOWN = 5 };
	static const char *const columns[] = {
		"NS/CHECK", "CHECKS", "PREFILTER", "HITS", "GID:SID:REV", "MESSAGE"};
	static const int flags[] = {
		SCOLS_FL_RIGHT, SCOLS_FL_RIGHT, SCOLS_FL_RIGHT, SCOLS_FL_RIGHT, 0, SCOLS_FL_TRUNC};

	if (n > 0)
		qsort(t, n, sizeof(*t), by_cost);
	if (n == 0 || t[0].n.cost_ns == 0)
		return;
	struct libscols_table *out = table(columns, flags, 6);
	for (unsigned i = 0; out != NULL && i < n && i < SHOWN && t[i].n.cost_ns > 0; i++) {
		struct libscols_line *line = scols_table_new_line(out, NULL);
		set_number(line, 0, rule_numbers_check_ns(&t[i].n));
		set_number(line, 1, t[i].n.checks);
		set_number(line, 2, t[i].n.prefilter);
		set_number(line, 3, t[i].n.hits);
		set_id(line, 4, t[i].slot);
		scols_line_set_data(line, 5, t[i].msg);
	}
	printf("\nthe rules that cost most\n");
	scols_print_table(out);
	scols_unref_table(out);
}

// The buffer for which a rule is one about content.
static const char *content_of(const struct rule_list *rules, const struct pattern_rule *rule)
{
	for (uint32_t i = 0; rules != NULL && i < rules->n; i++) {
		const struct rule *r = rules->rules[i];
		if (r->gid == rule->gid && r->sid == rule->sid && r->rev == rule->rev &&
			rule_content(r) != FIELD_NONE)
			return field_table[rule_content(r)].name;
	}
	return "content";
}

// The next rule behind *at without a purpose; NULL: there is none.
static const struct pattern_rule *next_inactive(const struct engine *e, uint32_t *at)
{
	const struct ruleset *live = ruleset_live(e->rulesets);

	for (uint32_t n = live != NULL ? pattern_db_n_rules(live->db) : 0; *at < n;) {
		const struct pattern_rule *rule = pattern_db_rule(live->db, *at);
		if (live->segments[(*at)++] == 0 && !rule->half)
			return rule;
	}
	return NULL;
}

static void print_inactive(const struct summary *s)
{
	enum { SHOWN = 20 };
	const struct ruleset *live = ruleset_live(s->engine->rulesets);
	const struct pattern_rule *rule;
	uint32_t at = 0;

	if (live == NULL || live->n_inactive == 0)
		return;
	printf("\ninactive    %u rules about content, because no purpose covers them: --purpose "
	       "FILE "
	       "gives one,\n            --lab is for captures one owns\n",
		live->n_inactive);
	for (unsigned i = 0; i < SHOWN && (rule = next_inactive(s->engine, &at)) != NULL; i++)
		printf("            %u:%u:%u %s: %s\n", rule->gid, rule->sid, rule->rev,
			content_of(s->rules, rule), rule->msg);
	if (live->n_inactive > SHOWN)
		printf("            and %u more\n", live->n_inactive - SHOWN);
}

static json_t *inactive_json(const struct summary *s)
{
	const struct pattern_rule *rule;
	json_t *list = json_array();
	uint32_t at = 0;

	while ((rule = next_inactive(s->engine, &at)) != NULL)
		json_array_append_new(list,
			json_pack("{s:I, s:I, s:I, s:s, s:s, s:s%}", "gid", (json_int_t)rule->gid,
				"sid", (json_int_t)rule->sid, "rev", (json_int_t)rule->rev, "set",
				rule->set, "content", content_of(s->rules, rule), "msg", rule->msg,
				strlen(rule->msg)));
	return list;
}

static void print_accounting(const uint64_t *v)
{
	printf("\naccounting  received %" PRIu64 " = delivered %" PRIu64, v[CTR_RX_PACKETS],
		v[CTR_DELIVERED]);
	for (unsigned i = 0; i < CTR_COUNT; i++) {
		enum counter_kind kind = counter_table[i].kind;
		if ((kind == KIND_CAUSE || kind == KIND_HELD) && v[i] > 0)
			printf(" + %s %" PRIu64, counter_table[i].name, v[i]);
	}
	printf(" (unaccounted %" PRId64 ")\n", counters_unaccounted(v));
}

void summary_print(const struct summary *s)
{
	const uint64_t *v = s->totals;
	struct service_total *services;
	struct rule_total *rules;
	unsigned n_services = service_totals(s, &services);
	unsigned n_rules = rule_totals(s, &rules);

	printf("packets     %" PRIu64 "\nbytes       %" PRIu64 "\nflows       %" PRIu64
	       "\nmessages    tls %" PRIu64 ", http %" PRIu64 ", dns %" PRIu64
	       "\nalerts      %" PRIu64 "\nseconds     %.3f\n",
		v[CTR_RX_PACKETS], v[CTR_RX_BYTES], v[CTR_FLOWS_NEW], v[CTR_TX + APP_TLS],
		v[CTR_TX + APP_HTTP], v[CTR_TX + APP_DNS], v[CTR_ALERTS], s->seconds);
	if (n_services > 0)
		print_services(services, n_services);
	print_hits(rules, n_rules);
	print_costliest(rules, n_rules);
	summary_posture_print(s->engine);
	summary_leaks_print(s->engine);
	print_inactive(s);
	if (s->crossed != NULL) {
		printf("\n");
		geo_print(s->crossed);
	}
	print_accounting(v);
	free(services);
	free(rules);
}

static json_t *counters_json(const uint64_t *v)
{
	json_t *counters = json_object();
	for (unsigned i = 0; i < CTR_COUNT; i++)
		json_object_set_new(
			counters, counter_table[i].name, json_integer((json_int_t)v[i]));
	return counters;
}

// Names as those of the daemon's answers.
static json_t *rule_json(const struct rule_total *r)
{
	const struct rule_numbers *n = &r->n;

	return json_pack("{s:I, s:I, s:I, s:s%, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "gid",
		(json_int_t)r->slot->gid, "sid", (json_int_t)r->slot->sid, "rev",
		(json_int_t)r->slot->rev, "msg", r->msg, strlen(r->msg), "checks",
		(json_int_t)n->checks, "prefilter", (json_int_t)n->prefilter, "hits",
		(json_int_t)n->hits, "alerts", (json_int_t)n->alerts, "last_hit_ns",
		(json_int_t)n->last_hit_ns, "timed", (json_int_t)n->timed, "cost_ns",
		(json_int_t)n->cost_ns, "check_ns", (json_int_t)rule_numbers_check_ns(n));
}

void summary_print_json(const struct summary *s)
{
	const uint64_t *v = s->totals;
	struct service_total *services;
	struct rule_total *rules;
	unsigned n_services = service_totals(s, &services);
	unsigned n_rules = rule_totals(s, &rules);
	json_t *service_list = json_array();
	json_t *rule_list = json_array();

	for (unsigned i = 0; i < n_services; i++)
		json_array_append_new(service_list,
			json_pack("{s:s, s:I, s:I, s:I}", "service", services[i].name, "flows",
				(json_int_t)services[i].flows, "packets",
				(json_int_t)services[i].packets, "bytes",
				(json_int_t)services[i].bytes));
	for (unsigned i = 0; i < n_rules; i++)
		json_array_append_new(rule_list, rule_json(&rules[i]));
	json_t *all = json_pack("{s:I, s:I, s:I, s:I, s:f, s:I, s:o, s:o, s:o}", "packets",
		(json_int_t)v[CTR_RX_PACKETS], "bytes", (json_int_t)v[CTR_RX_BYTES], "flows",
		(json_int_t)v[CTR_FLOWS_NEW], "alerts", (json_int_t)v[CTR_ALERTS], "seconds",
		s->seconds, "unaccounted", (json_int_t)counters_unaccounted(v), "services",
		service_list, "rules", rule_list, "counters", counters_json(v));
	json_object_set_new(all, "inactive", inactive_json(s));
	json_object_set_new(all, "postures", summary_posture_json(s->engine));
	json_object_set_new(all, "leaks", summary_leaks_json(s->engine));
	if (s->crossed != NULL)
		json_object_set(all, "borders", s->crossed);
	json_dumpf(all, stdout, JSON_INDENT(1));
	printf("\n");
	json_decref(all);
	free(services);
	free(rules);
}
