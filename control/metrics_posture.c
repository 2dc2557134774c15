#include "control/metrics_posture.h"

#include "control/metrics_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OTHER "other"

static int by_flows(const void *a, const void *b)
{
	const struct posture_tally *const *x = a, *const *y = b;

	if ((*x)->flows != (*y)->flows)
		return (*x)->flows < (*y)->flows ? 1 : -1;
	return posture_compare(*x, *y);
}

static void put_grades(FILE *out, const struct posture_tally *t)
{
	for (unsigned g = 0; g < GRADES && t->flows > 0; g++) {
		fprintf(out, "sealwatch_posture_flows_total{service=\"");
		metrics_label(out, t->service);
		fprintf(out, "\",segment=\"");
		metrics_label(out, t->segment);
		fprintf(out, "\",grade=\"%s\"} %" PRIu64 "\n",
			g == GRADE_NONE ? "none" : posture_grade_names[g], t->grades[g]);
	}
}

// A rule's service and a segment may both be called so: then they are told with the rest.
static bool is_rest(const struct posture_tally *t)
{
	return t->rest || (strcmp(t->service, OTHER) == 0 && strcmp(t->segment, OTHER) == 0);
}

static void put_flows(FILE *out, const struct posture_tally **list, uint32_t n)
{
	struct posture_tally rest = {.service = OTHER, .segment = OTHER};
	uint32_t told = 0;

	metrics_head(out, "posture_flows", "counter", "ended flows by service, segment and grade");
	for (uint32_t i = 0; i < n; i++) {
		if (is_rest(list[i]) || told == METRICS_POSTURES_MAX) {
			posture_add(&rest, list[i]);
			continue;
		}
		put_grades(out, list[i]);
		told++;
	}
	put_grades(out, &rest);
}

static void put_checks(FILE *out, const struct posture_tally *sum)
{
	metrics_head(out, "posture_checks", "counter", "ended flows for which a check holds");
	for (unsigned i = 0; i < POSTURE_CHECK_COUNT; i++) {
		const struct posture_check_info *c = &posture_checks[i];
		if (sum->checks[i] > 0)
			fprintf(out,
				"sealwatch_posture_checks_total{check=\"%s%s%s\",severity=\"%s\"} "
				"%" PRIu64 "\n",
				c->check, c->part[0] != '\0' ? "." : "", c->part,
				posture_severity_names[c->severity], sum->checks[i]);
	}
	metrics_head(out, "posture_facts", "counter", "ended flows of which a fact was seen");
	for (unsigned i = 0; i < POSTURE_FACT_COUNT; i++)
		fprintf(out, "sealwatch_posture_facts_total{fact=\"%s\"} %" PRIu64 "\n",
			posture_facts[i].name, sum->facts[i]);
}

static void put_stacks(FILE *out, const struct posture_stacks *s)
{
	metrics_head(out, "client_stacks", "gauge", "different JA4 seen, at least");
	fprintf(out, "sealwatch_client_stacks %" PRIu32 "\n", s->stacks);
	metrics_head(out, "client_stacks_rare", "gauge", "of them seen fewer than ten times");
	fprintf(out, "sealwatch_client_stacks_rare %" PRIu32 "\n", s->rare);
}

void metrics_postures(
	FILE *out, const struct posture_tallies *postures, const struct posture_stacks *stacks)
{
	uint32_t n = postures != NULL ? postures->n : 0;
	const struct posture_tally **list = calloc(n + 1, sizeof(*list));
	struct posture_tally sum = {0};

	for (uint32_t i = 0; list != NULL && i < n; i++) {
		list[i] = &postures->items[i];
		posture_add(&sum, list[i]);
	}
	if (list != NULL && n > 0)
		qsort(list, n, sizeof(*list), by_flows);
	put_flows(out, list, list != NULL ? n : 0);
	put_checks(out, &sum);
	put_stacks(out, stacks);
	free(list);
}
