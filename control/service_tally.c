// Services: what is counted of them, added up over threads and over runs of the dataplane.

#include "control/service_tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SERVICES_MAX = 4096, // what is kept of runs that ended; more are told as one
	SEGMENT_TALLIES_MAX = 16384,
};

static uint64_t load(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static uint32_t at_most(uint32_t n, uint32_t max)
{
	return n < max ? n : max;
}

static int compare_services(const void *a, const void *b)
{
	const struct service_tally *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int compare_segments(const void *a, const void *b)
{
	const struct segment_tally *x = a, *y = b;
	int order = strcmp(x->service, y->service);

	return order != 0 ? order : strcmp(x->segment, y->segment);
}

static void add_all(uint64_t *to, const uint64_t *more, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] += more[i];
}

static void add_service(struct service_tally *to, const struct service_tally *more)
{
	to->flows += more->flows;
	to->packets += more->packets;
	to->bytes += more->bytes;
	to->ended_flows += more->ended_flows;
	to->ended_packets += more->ended_packets;
	to->ended_bytes += more->ended_bytes;
	add_all(to->by, more->by, SERVICE_BYS);
	add_all(to->confidence, more->confidence, CONFIDENCES);
	add_all(to->function, more->function, FUNCTIONS);
}

static void load_all(uint64_t *to, const _Atomic uint64_t *from, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] += load(&from[i]);
}

static struct service_tally live_service(const struct link_region *r, uint32_t slot)
{
	struct service_tally t = {0};

	memcpy(t.name, link_region_directory(r)->services[slot], sizeof(t.name) - 1);
	for (unsigned i = 0; i < r->hello.n_pages; i++) {
		const struct service_count *c = &link_region_page(r, i)->services[slot];
		t.flows += load(&c->flows);
		t.packets += load(&c->packets);
		t.bytes += load(&c->bytes);
		t.ended_flows += load(&c->ended_flows);
		t.ended_packets += load(&c->ended_packets);
		t.ended_bytes += load(&c->ended_bytes);
		load_all(t.by, c->by, SERVICE_BYS);
		load_all(t.confidence, c->confidence, CONFIDENCES);
		load_all(t.function, c->function, FUNCTIONS);
	}
	return t;
}

static void merge_services(struct service_tallies *t)
{
	uint32_t n = 0;

	qsort(t->items, t->n, sizeof(*t->items), compare_services);
	for (uint32_t i = 0; i < t->n; i++) {
		if (n > 0 && compare_services(&t->items[n - 1], &t->items[i]) == 0)
			add_service(&t->items[n - 1], &t->items[i]);
		else
			t->items[n++] = t->items[i];
	}
	for (; n > SERVICES_MAX; n--)
		add_service(&t->items[0], &t->items[n - 1]);
	t->n = n;
}

static uint64_t live_segment(const struct link_region *r, uint32_t service, uint32_t segment)
{
	uint64_t flows = 0;

	for (unsigned i = 0; i < r->hello.n_pages; i++)
		flows += load(&link_region_page(r, i)->segments[service][segment]);
	return flows;
}

// Those of the live region behind those that are there.
static uint32_t add_segments(
	struct segment_tally *items, uint32_t n, const struct link_region *r, uint32_t n_services)
{
	const struct directory_page *d = link_region_directory(r);
	uint32_t n_segments = at_most(d->n_segments, SEGMENTS_MAX);

	for (uint32_t i = 0; i < n_services; i++) {
		for (uint32_t k = 0; k < n_segments; k++) {
			struct segment_tally t = {.flows = live_segment(r, i, k)};
			if (t.flows == 0)
				continue;
			memcpy(t.service, d->services[i], sizeof(t.service) - 1);
			memcpy(t.segment, d->segments[k], sizeof(t.segment) - 1);
			items[n++] = t;
		}
	}
	return n;
}

static void merge_segments(struct service_tallies *t)
{
	uint32_t n = 0;

	qsort(t->segments, t->n_segments, sizeof(*t->segments), compare_segments);
	for (uint32_t i = 0; i < t->n_segments; i++) {
		if (n > 0 && compare_segments(&t->segments[n - 1], &t->segments[i]) == 0)
			t->segments[n - 1].flows += t->segments[i].flows;
		else
			t->segments[n++] = t->segments[i];
	}
	t->n_segments = at_most(n, SEGMENT_TALLIES_MAX);
}

int tally_services(const struct service_tallies *base, const struct link_region *live,
	struct service_tallies *out)
{
	uint32_t n_live = 0, n_segments = 0;

	if (live->base != NULL) {
		n_live = at_most(
			atomic_load(&link_region_directory(live)->n_services), SERVICE_SLOTS);
		n_segments = at_most(link_region_directory(live)->n_segments, SEGMENTS_MAX);
	}
	struct service_tallies all = {
		.items = calloc((size_t)base->n + n_live + 1, sizeof(*all.items)),
		.segments = calloc(
			(size_t)base->n_segments + n_live * n_segments + 1, sizeof(*all.segments))};
	if (all.items == NULL || all.segments == NULL) {
		service_tallies_free(&all);
		return -ENOMEM;
	}
	all.n = 1;
	for (uint32_t i = 0; i < base->n; i++)
		all.items[all.n++] = base->items[i];
	for (uint32_t i = 0; i < n_live; i++)
		all.items[all.n++] = live_service(live, i);
	if (base->n_segments > 0)
		memcpy(all.segments, base->segments, base->n_segments * sizeof(*all.segments));
	all.n_segments = base->n_segments;
	if (n_live > 0)
		all.n_segments = add_segments(all.segments, all.n_segments, live, n_live);
	*out = all;
	merge_services(out);
	merge_segments(out);
	return 0;
}

uint64_t service_word_sum(const uint64_t *values, const char *const *words, unsigned n, unsigned i)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < n; k++) {
		if (strcmp(words[k], words[i]) != 0)
			continue;
		if (k < i)
			return 0;
		sum += values[k];
	}
	return sum;
}

const struct segment_tally *service_segments(
	const struct service_tallies *t, const char *service, uint32_t *n)
{
	uint32_t first = 0;

	while (first < t->n_segments && strcmp(t->segments[first].service, service) < 0)
		first++;
	for (*n = 0; first + *n < t->n_segments &&
		strcmp(t->segments[first + *n].service, service) == 0;)
		(*n)++;
	return &t->segments[first];
}

void service_tallies_free(struct service_tallies *t)
{
	free(t->items);
	free(t->segments);
	*t = (struct service_tallies){0};
}
