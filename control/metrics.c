#include "control/metrics.h"

#include "control/metrics_posture.h"
#include "control/metrics_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_SERVICE "other"

static void put_one(FILE *out, const char *name, const char *type, const char *help, uint64_t v)
{
	metrics_head(out, name, type, help);
	fprintf(out, "sealwatch_%s%s %" PRIu64 "\n", name,
		strcmp(type, "counter") == 0 ? "_total" : "", v);
}

static bool is_gauge(enum counter_kind kind)
{
	return kind == KIND_GAUGE || kind == KIND_HELD;
}

static void put_counters(FILE *out, const struct metrics_input *in)
{
	for (unsigned c = 0; c < CTR_COUNT; c++) {
		const struct counter_info *info = &counter_table[c];
		bool gauge = is_gauge(info->kind);

		metrics_head(out, info->name, gauge ? "gauge" : "counter", info->help);
		for (unsigned t = 0; t < in->n_threads; t++)
			fprintf(out, "sealwatch_%s%s{worker=\"%s\"} %" PRIu64 "\n", info->name,
				gauge ? "" : "_total", in->threads[t].label,
				in->threads[t].values[c]);
	}
}

enum rule_unit { UNIT_ONE, UNIT_SECONDS }; // seconds are kept as nanoseconds

static const struct rule_family {
	const char *name, *type, *help;
	size_t at; // of the number in struct rule_numbers
	enum rule_unit unit;
} rule_families[] = {
#define AT(number) offsetof(struct rule_numbers, number)
	{"rule_checks", "counter", "confirm steps of a rule", AT(checks), UNIT_ONE},
	{"rule_prefilter_hits", "counter", "confirm steps that a hit of the prefilter led to",
		AT(prefilter), UNIT_ONE},
	{"rule_hits", "counter", "hits of a rule", AT(hits), UNIT_ONE},
	{"rule_alerts", "counter", "hits of a rule that alerted", AT(alerts), UNIT_ONE},
	{"rule_cost_seconds", "counter", "time in confirm steps of a rule, as a sample tells",
		AT(cost_ns), UNIT_SECONDS},
	{"rule_last_hit_timestamp_seconds", "gauge", "packet time of the latest hit of a rule",
		AT(last_hit_ns), UNIT_SECONDS},
#undef AT
};

// labels: with their braces.
static void put_number(FILE *out, const struct rule_family *f, const char *labels, uint64_t v)
{
	enum { NS_PER_S = 1000000000 };
	const char *suffix = strcmp(f->type, "counter") == 0 ? "_total" : "";

	if (f->unit == UNIT_SECONDS)
		fprintf(out, "sealwatch_%s%s%s %" PRIu64 ".%09" PRIu64 "\n", f->name, suffix,
			labels, v / NS_PER_S, v % NS_PER_S);
	else
		fprintf(out, "sealwatch_%s%s%s %" PRIu64 "\n", f->name, suffix, labels, v);
}

static uint64_t number_of(const struct rule_family *f, const struct rule_numbers *numbers)
{
	uint64_t v;

	memcpy(&v, (const uint8_t *)numbers + f->at, sizeof(v));
	return v;
}

static void put_rule_number(FILE *out, const struct rule_family *f, const char *labels,
	const struct rule_numbers *numbers)
{
	const uint64_t v = number_of(f, numbers);

	if (v != 0)
		put_number(out, f, labels, v);
}

static void put_rule_families(
	FILE *out, const struct rule_tallies *kept, const struct rule_numbers *other)
{
	for (unsigned f = 0; f < sizeof(rule_families) / sizeof(rule_families[0]); f++) {
		metrics_head(
			out, rule_families[f].name, rule_families[f].type, rule_families[f].help);
		for (uint32_t i = 0; i < kept->n; i++) {
			const struct rule_tally *t = &kept->items[i];
			char labels[96];
			snprintf(labels, sizeof(labels), "{gid=\"%u\",sid=\"%u\",rev=\"%u\"}",
				t->gid, t->sid, t->rev);
			put_rule_number(out, &rule_families[f], labels, &t->n);
		}
		put_rule_number(out, &rule_families[f],
			"{gid=\"other\",sid=\"other\",rev=\"other\"}", other);
	}
}

// Half of the room is for those with most hits, the rest for those with most cost. They come to
// the front; returns how many.
static uint32_t keep_busiest(struct rule_tallies *t)
{
	uint32_t hit = t->n < METRICS_RULES_MAX / 2 ? t->n : METRICS_RULES_MAX / 2;

	tally_sort(t, TALLY_HITS);
	while (hit > 0 && t->items[hit - 1].n.hits == 0)
		hit--;
	tally_sort(&(struct rule_tallies){.n = t->n - hit, .items = t->items + hit}, TALLY_COST);
	return t->n < METRICS_RULES_MAX ? t->n : METRICS_RULES_MAX;
}

static int put_rules(FILE *out, const struct metrics_input *in)
{
	uint32_t n = in->rules != NULL ? in->rules->n : 0;
	struct rule_tallies t = {.n = n, .items = malloc((n + (size_t)1) * sizeof(*t.items))};
	struct rule_numbers total, other;

	if (t.items == NULL)
		return -ENOMEM;
	if (n > 0)
		memcpy(t.items, in->rules->items, n * sizeof(*t.items));
	tally_condense(&t, &total, &other);
	n = keep_busiest(&t);
	for (uint32_t i = n; i < t.n; i++)
		rule_numbers_add(&other, &t.items[i].n);
	put_one(out, "rules_left_out", "gauge", "rules whose numbers are told under \"other\" only",
		t.n - n);
	put_rule_families(out, &(struct rule_tallies){.n = n, .items = t.items}, &other);
	free(t.items);
	return 0;
}

// Sums only: what each rule did is for `sealctl patterns shadow show`.
static void put_shadow(FILE *out, const struct metrics_input *in)
{
	static const struct rule_family families[] = {
#define AT(number) offsetof(struct rule_numbers, number)
		{"shadow_hits", "counter", "hits of all rules on the flows that a shadow looks at",
			AT(hits), UNIT_ONE},
		{"shadow_checks", "counter", "confirm steps of all rules on these flows",
			AT(checks), UNIT_ONE},
		{"shadow_cost_seconds", "counter", "time in these confirm steps, as a sample tells",
			AT(cost_ns), UNIT_SECONDS},
#undef AT
	};
	static const char *const labels[SHADOW_SIDES] = {
		[SHADOW_LIVE] = "{set=\"live\"}", [SHADOW_BESIDE] = "{set=\"shadow\"}"};

	put_one(out, "shadow_rules", "gauge", "rules in the shadow set", in->shadow_rules);
	metrics_head(
		out, "shadow_share", "gauge", "part of the flows that the shadow set looks at");
	fprintf(out, "sealwatch_shadow_share %u.%03u\n", in->shadow_share / SHADOW_SHARE_MAX,
		in->shadow_share % SHADOW_SHARE_MAX);
	for (unsigned f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		metrics_head(out, families[f].name, families[f].type, families[f].help);
		for (unsigned s = 0; s < SHADOW_SIDES; s++)
			put_number(out, &families[f], labels[s],
				number_of(&families[f], &in->beside[s]));
	}
}

static uint64_t service_value(const struct service_tally *s, unsigned which)
{
	return which == 0 ? s->flows : which == 1 ? s->packets : s->bytes;
}

static void put_service(
	FILE *out, const char *metric, const struct service_tally *s, unsigned which)
{
	if (s->flows == 0)
		return;
	fprintf(out, "sealwatch_%s_total{service=\"", metric);
	metrics_label(out, s->name);
	fprintf(out, "\"} %" PRIu64 "\n", service_value(s, which));
}

static bool is_rest_of_services(const struct service_tally *s)
{
	return s->name[0] == '\0' || strcmp(s->name, OTHER_SERVICE) == 0;
}

// The nameless rest reads "other". A rule may call its service so as well: a series can stand in the
// text but once, and both are told as one.
static struct service_tally rest_of_services(const struct service_tallies *all)
{
	struct service_tally rest = {.name = OTHER_SERVICE};

	for (uint32_t i = 0; i < all->n; i++) {
		const struct service_tally *s = &all->items[i];
		if (!is_rest_of_services(s))
			continue;
		rest.flows += s->flows;
		rest.packets += s->packets;
		rest.bytes += s->bytes;
	}
	return rest;
}

static void put_services(FILE *out, const struct metrics_input *in)
{
	static const struct {
		const char *name, *help;
	} rows[] = {{"service_flows", "flows of a service"},
		{"service_packets", "frames of a service"},
		{"service_bytes", "bytes of a service on the wire"}};
	static const struct service_tallies none;
	const struct service_tallies *all = in->services != NULL ? in->services : &none;
	struct service_tally rest = rest_of_services(all);

	for (unsigned r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		metrics_head(out, rows[r].name, "counter", rows[r].help);
		for (uint32_t i = 0; i < all->n; i++) {
			if (!is_rest_of_services(&all->items[i]))
				put_service(out, rows[r].name, &all->items[i], r);
		}
		put_service(out, rows[r].name, &rest, r);
	}
}

// Which kinds of personal data were found: never a value.
static void put_leaks(FILE *out, const struct metrics_input *in)
{
	static const struct {
		const char *name, *help;
		unsigned from, to; // of these levels, or of test data
	} rows[] = {{"leak_values", "values of personal data in clear text, different in each text",
			    DETECT_LOW, DETECT_CONFIDENCES},
		{"leak_test_values", "published values, which are nobody's", 0, 0},
		{"leak_records", "findings of personal data told as records", 0, 0}};

	for (unsigned r = 0; r < 3; r++) {
		metrics_head(out, rows[r].name, "counter", rows[r].help);
		for (unsigned i = 0; in->leaks != NULL && i < DETECTOR_COUNT; i++) {
			const struct leak_numbers *n = &in->leaks[i];
			const char *class = detector_table[i].class, *name = detector_table[i].name;
			uint64_t one = r == 1 ? n->test_data : n->events;
			for (unsigned k = rows[r].from; k < rows[r].to; k++) {
				if (n->values[k] > 0)
					fprintf(out,
						"sealwatch_%s_total{detector=\"%s\",class=\"%s\","
						"confidence=\"%s\"} %" PRIu64 "\n",
						rows[r].name, name, class,
						detect_confidence_names[k], n->values[k]);
			}
			if (r > 0 && one > 0)
				fprintf(out,
					"sealwatch_%s_total{detector=\"%s\",class=\"%s\"} %" PRIu64
					"\n",
					rows[r].name, name, class, one);
		}
	}
}

static void put_word_rows(FILE *out, const char *metric, const struct service_tally *s,
	const char *label, const uint64_t *values, const char *const *words, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		uint64_t sum = service_word_sum(values, words, n, i);
		if (sum == 0)
			continue;
		fprintf(out, "sealwatch_%s_total{service=\"", metric);
		metrics_label(out, s->name);
		fprintf(out, "\",%s=\"%s\"} %" PRIu64 "\n", label, words[i], sum);
	}
}

// Of flows that ended. The nameless rest is not told apart.
static void put_words(FILE *out, const struct metrics_input *in)
{
	static const struct service_tallies none;
	const struct service_tallies *all = in->services != NULL ? in->services : &none;

	metrics_head(out, "service_named_flows", "counter",
		"ended flows of a service, by what named them");
	for (uint32_t i = 0; i < all->n; i++) {
		if (!is_rest_of_services(&all->items[i]))
			put_word_rows(out, "service_named_flows", &all->items[i], "service_by",
				all->items[i].by, service_by_words, SERVICE_BYS);
	}
	metrics_head(out, "service_sure_flows", "counter",
		"ended flows of a service, by how sure that is");
	for (uint32_t i = 0; i < all->n; i++) {
		if (!is_rest_of_services(&all->items[i]))
			put_word_rows(out, "service_sure_flows", &all->items[i], "confidence",
				all->items[i].confidence, confidence_words, CONFIDENCES);
	}
}

static void put_segments(FILE *out, const struct metrics_input *in)
{
	metrics_head(
		out, "service_segment_flows", "counter", "ended flows of a service in a segment");
	for (uint32_t i = 0; in->services != NULL && i < in->services->n_segments; i++) {
		const struct segment_tally *t = &in->services->segments[i];
		if (t->service[0] == '\0' || strcmp(t->service, OTHER_SERVICE) == 0)
			continue;
		fprintf(out, "sealwatch_service_segment_flows_total{service=\"");
		metrics_label(out, t->service);
		fprintf(out, "\",segment=\"");
		metrics_label(out, t->segment);
		fprintf(out, "\"} %" PRIu64 "\n", t->flows);
	}
}

int metrics_write(FILE *out, const struct metrics_input *in)
{
	metrics_head(out, "build", "info", "the program");
	fprintf(out, "sealwatch_build_info{version=\"" SEALWATCH_VERSION "\"} 1\n");
	put_one(out, "dataplane_up", "gauge", "1 while the dataplane answers", in->dataplane_up);
	put_one(out, "generation", "gauge", "number of the live pattern set", in->generation);
	put_one(out, "rules", "gauge", "rules in the live pattern set", in->n_rules);
	put_one(out, "uptime_seconds", "gauge", "since the daemon began", in->uptime_s);
	put_one(out, "eve_lines", "counter", "EVE records written", in->eve_written);
	put_one(out, "eve_lines_failed", "counter", "EVE records that could not be written",
		in->eve_failed);
	put_shadow(out, in);
	put_counters(out, in);
	put_services(out, in);
	put_leaks(out, in);
	put_words(out, in);
	put_segments(out, in);
	metrics_postures(out, in->postures, &in->stacks);
	int borders = metrics_borders(out, &in->borders);
	int err = put_rules(out, in);
	err = err == 0 ? borders : err;
	fprintf(out, "# EOF\n");
	if (fflush(out) != 0 && err == 0)
		err = -errno;
	if (ferror(out) && err == 0)
		err = -EIO;
	return err;
}
