#include "control/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# TYPE sealwatch_%s %s\n# HELP sealwatch_%s %s.\n", name, type, name, help);
}

// OpenMetrics 1.0, ABNF: backslash, quote and newline are escaped. Names of services come from
// rules: other control bytes are taken out, for the readers' sake.
static void put_label(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '"')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text >= 0x20)
			fputc(*text, out);
	}
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

		head(out, info->name, gauge ? "gauge" : "counter", info->help);
		for (unsigned t = 0; t < in->n_threads; t++)
			fprintf(out, "sealwatch_%s%s{worker=\"%s\"} %" PRIu64 "\n", info->name,
				gauge ? "" : "_total", in->threads[t].label,
				in->threads[t].values[c]);
	}
}

static int by_hits(const void *a, const void *b)
{
	const struct rule_tally *x = a, *y = b;

	if (x->hits != y->hits)
		return x->hits < y->hits ? 1 : -1;
	return x->sid < y->sid ? -1 : x->sid > y->sid;
}

static int put_rules(FILE *out, const struct metrics_input *in)
{
	uint32_t n = in->rules != NULL ? in->rules->n : 0;
	struct rule_tally *sorted = malloc((n + 1u) * sizeof(*sorted));
	uint64_t others = 0;

	if (sorted == NULL)
		return -ENOMEM;
	if (n > 0) {
		memcpy(sorted, in->rules->items, n * sizeof(*sorted));
		qsort(sorted, n, sizeof(*sorted), by_hits);
	}
	head(out, "rule_hits", "counter", "hits of a rule");
	for (uint32_t i = 0; i < n && sorted[i].hits > 0; i++) {
		if (i >= METRICS_RULES_MAX) {
			others += sorted[i].hits;
			continue;
		}
		fprintf(out,
			"sealwatch_rule_hits_total{gid=\"%u\",sid=\"%u\",rev=\"%u\"} %" PRIu64 "\n",
			sorted[i].gid, sorted[i].sid, sorted[i].rev, sorted[i].hits);
	}
	if (others > 0)
		fprintf(out,
			"sealwatch_rule_hits_total{gid=\"other\",sid=\"other\",rev=\"other\"} "
			"%" PRIu64 "\n",
			others);
	free(sorted);
	return 0;
}

static uint64_t service_value(const struct service_tally *s, unsigned which)
{
	return which == 0 ? s->flows : which == 1 ? s->packets : s->bytes;
}

static void put_services(FILE *out, const struct metrics_input *in)
{
	static const struct {
		const char *name, *help;
	} rows[] = {{"service_flows", "flows of a service"},
		{"service_packets", "frames of a service"},
		{"service_bytes", "bytes of a service on the wire"}};

	for (unsigned r = 0; r < 3; r++) {
		head(out, rows[r].name, "counter", rows[r].help);
		for (uint32_t i = 0; in->services != NULL && i < in->services->n; i++) {
			const struct service_tally *s = &in->services->items[i];
			if (s->flows == 0)
				continue;
			fprintf(out, "sealwatch_%s_total{service=\"", rows[r].name);
			put_label(out, s->name[0] != '\0' ? s->name : "other");
			fprintf(out, "\"} %" PRIu64 "\n", service_value(s, r));
		}
	}
}

static void put_one(FILE *out, const char *name, const char *type, const char *help, uint64_t v)
{
	head(out, name, type, help);
	fprintf(out, "sealwatch_%s%s %" PRIu64 "\n", name,
		strcmp(type, "counter") == 0 ? "_total" : "", v);
}

int metrics_write(FILE *out, const struct metrics_input *in)
{
	head(out, "build", "info", "the program");
	fprintf(out, "sealwatch_build_info{version=\"" SEALWATCH_VERSION "\"} 1\n");
	put_one(out, "dataplane_up", "gauge", "1 while the dataplane answers", in->dataplane_up);
	put_one(out, "generation", "gauge", "number of the live pattern set", in->generation);
	put_one(out, "rules", "gauge", "rules in the live pattern set", in->n_rules);
	put_one(out, "uptime_seconds", "gauge", "since the daemon began", in->uptime_s);
	put_one(out, "eve_lines", "counter", "EVE records written", in->eve_written);
	put_one(out, "eve_lines_failed", "counter", "EVE records that could not be written",
		in->eve_failed);
	put_counters(out, in);
	put_services(out, in);
	int err = put_rules(out, in);
	fprintf(out, "# EOF\n");
	if (err == 0 && ferror(out))
		err = -EIO;
	return err;
}
