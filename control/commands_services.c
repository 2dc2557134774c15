#include "control/commands_services.h"

#include "control/answer.h"
#include "control/escape.h"

#include <stdlib.h>
#include <string.h>

static int by_packets(const void *a, const void *b)
{
	const struct service_tally *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return strcmp(x->name, y->name);
}

static json_t *under_words(const uint64_t *values, const char *const *words, unsigned n)
{
	json_t *all = json_object();

	for (unsigned i = 1; i < n; i++) {
		uint64_t sum = service_word_sum(values, words, n, i);
		if (sum > 0)
			json_object_set_new(all, words[i], answer_number(sum));
	}
	return all;
}

static json_t *segments_of(const struct service_tallies *all, const char *service)
{
	json_t *list = json_array();
	uint32_t n;
	const struct segment_tally *segments = service_segments(all, service, &n);

	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(list,
			json_pack("{s:o, s:o}", "segment", escape_json(segments[i].segment),
				"flows", answer_number(segments[i].flows)));
	return list;
}

json_t *show_services(struct daemon *d)
{
	struct service_tallies services;

	if (stats_services(d->stats, &services) < 0)
		return NULL;
	json_t *list = json_array();
	qsort(services.items, services.n, sizeof(*services.items), by_packets);
	for (uint32_t i = 0; i < services.n; i++) {
		const struct service_tally *s = &services.items[i];
		if (s->flows == 0 && s->packets == 0)
			continue;
		json_array_append_new(list,
			json_pack("{s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o}}", "service",
				escape_json(s->name[0] != '\0' ? s->name : "(other)"), "flows",
				answer_number(s->flows), "packets", answer_number(s->packets),
				"bytes", answer_number(s->bytes), "ended", "service_by",
				under_words(s->by, service_by_words, SERVICE_BYS), "confidence",
				under_words(s->confidence, confidence_words, CONFIDENCES),
				"function", under_words(s->function, function_words, FUNCTIONS),
				"segments", segments_of(&services, s->name)));
	}
	service_tallies_free(&services);
	return json_pack("{s:b, s:o}", "ok", 1, "services", list);
}
