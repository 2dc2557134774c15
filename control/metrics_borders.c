#include "control/metrics_borders.h"

#include "control/metrics_text.h"
#include "dataplane/api/geo_map.h"

#include <inttypes.h>
#include <string.h>

#define OTHER "other"

static void put_labels(
	FILE *out, const struct matrix *m, const struct matrix_row *r, const char *way)
{
	char code[GEO_CODE_LEN];
	const bool other = r == &m->other;

	geo_code(r->country, code);
	fprintf(out, "{window=\"%s\",service=\"", matrix_kind(m->kind));
	metrics_label(out, other ? OTHER : r->service[0] != '\0' ? r->service : "unknown");
	fprintf(out, "\",country=\"%s\",direction=\"%s\"", other ? OTHER : code,
		other ? OTHER : matrix_direction(r->direction));
	if (way != NULL)
		fprintf(out, ",way=\"%s\"", way);
	fprintf(out, "} ");
}

static void put_flows(FILE *out, const struct matrix *m, const struct matrix_row *r)
{
	fprintf(out, "sealwatch_border_flows");
	put_labels(out, m, r, NULL);
	fprintf(out, "%" PRIu64 "\n", r->n.flows);
}

static void put_bytes(FILE *out, const struct matrix *m, const struct matrix_row *r)
{
	static const char *const ways[] = {"out", "in"};

	for (unsigned i = 0; i < 2; i++) {
		fprintf(out, "sealwatch_border_bytes");
		put_labels(out, m, r, ways[i]);
		fprintf(out, "%" PRIu64 "\n", r->n.bytes[i]);
	}
}

// Persons of rows that were put together are not their sum.
static void put_persons(FILE *out, const struct matrix *m, const struct matrix_row *r)
{
	if (r == &m->other)
		return;
	fprintf(out, "sealwatch_border_persons");
	put_labels(out, m, r, NULL);
	fprintf(out, "%" PRIu64 "\n", r->persons);
}

static bool is_other(const struct matrix_row *r)
{
	return strcmp(r->service, OTHER) == 0;
}

// Rows that have no series of their own, added to those of too few persons: these have k, or are not told.
static void condense(struct matrix *m)
{
	uint32_t told = 0;

	if (!m->other_told)
		memset(&m->other.n, 0, sizeof(m->other.n));
	for (uint32_t i = 0; i < m->n; i++) {
		const struct matrix_row *r = &m->rows[i];
		if (told < METRICS_BORDERS_MAX && !is_other(r)) {
			m->rows[told++] = *r;
			continue;
		}
		m->other.n.flows += r->n.flows;
		m->other.n.bytes[0] += r->n.bytes[0];
		m->other.n.bytes[1] += r->n.bytes[1];
		m->other_told = true;
	}
	m->n = told;
}

static void put_family(FILE *out, const struct matrix windows[BORDER_KINDS],
	void (*put)(FILE *, const struct matrix *, const struct matrix_row *))
{
	for (unsigned w = 0; w < BORDER_KINDS; w++) {
		const struct matrix *m = &windows[w];
		for (uint32_t i = 0; i < m->n; i++)
			put(out, m, &m->rows[i]);
		if (m->other_told)
			put(out, m, &m->other);
	}
}

static void put_levels(FILE *out, const struct metrics_borders *b)
{
	static const char *const names[] = {
		"border_threshold_persons", "border_threshold_reached_percent"};
	static const char *const helps[] = {"different persons a year that are allowed",
		"the last mark of the threshold that was reached"};

	for (unsigned f = 0; f < 2; f++) {
		metrics_head(out, names[f], "gauge", helps[f]);
		for (uint32_t i = 0; i < b->n_levels; i++) {
			const struct geo_level *l = &b->levels[i];
			char code[GEO_CODE_LEN];
			geo_code(l->threshold.country, code);
			fprintf(out,
				"sealwatch_%s{number=\"%" PRIu32 "\",country=\"%s\"} %" PRIu64 "\n",
				names[f], i, l->threshold.country != 0 ? code : "foreign",
				f == 0 ? l->threshold.persons : l->percent);
		}
	}
}

int metrics_borders(FILE *out, const struct metrics_borders *b)
{
	struct matrix windows[BORDER_KINDS] = {{0}};
	int err = 0;

	for (unsigned w = 0; w < BORDER_KINDS && b->ledger != NULL; w++) {
		int each = matrix_make(b->ledger, (enum border_kind)w, b->min_persons, &windows[w]);
		err = each < 0 ? each : err;
		condense(&windows[w]);
	}
	metrics_head(out, "border_flows", "gauge", "flows of the latest day and year by country");
	put_family(out, windows, put_flows);
	metrics_head(out, "border_bytes", "gauge",
		"their bytes on the wire, from (out) and to (in) the subscriber");
	put_family(out, windows, put_bytes);
	metrics_head(out, "border_persons", "gauge", "about how many persons they were of");
	put_family(out, windows, put_persons);
	metrics_head(
		out, "border_flows_late", "counter", "flows whose day or year was over for good");
	fprintf(out, "sealwatch_border_flows_late_total %" PRIu64 "\n",
		b->ledger != NULL ? ledger_late(b->ledger) : 0);
	put_levels(out, b);
	for (unsigned w = 0; w < BORDER_KINDS; w++)
		matrix_free(&windows[w]);
	return err;
}
