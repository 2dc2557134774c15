#include "control/posture_tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// As with services: what comes after so many is added to the rest.
enum { POSTURES_MAX = 4096 };

static uint64_t load(_Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

int posture_compare(const void *a, const void *b)
{
	const struct posture_tally *x = a, *y = b;

	if (x->rest != y->rest)
		return x->rest ? -1 : 1;
	int services = strcmp(x->service, y->service);
	return services != 0 ? services : strcmp(x->segment, y->segment);
}

static void add_all(uint64_t *to, const uint64_t *more, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] += more[i];
}

void posture_add(struct posture_tally *to, const struct posture_tally *more)
{
	to->flows += more->flows;
	to->bytes += more->bytes;
	add_all(to->grades, more->grades, GRADES);
	add_all(to->checks, more->checks, POSTURE_CHECK_COUNT);
	add_all(to->facts, more->facts, POSTURE_FACT_COUNT);
}

static void load_all(uint64_t *to, _Atomic uint64_t *from, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] = load(&from[i]);
}

// A slot that no name was given to yet is flows of no service.
static void put_names(const struct directory_page *d, uint32_t key, struct posture_tally *t)
{
	uint16_t service = posture_key_service(key);
	uint8_t segment = posture_key_segment(key);

	if (service != 0 && service < SERVICE_SLOTS)
		memcpy(t->service, d->services[service], sizeof(t->service) - 1);
	if (segment < SEGMENTS_MAX && segment < d->n_segments)
		memcpy(t->segment, d->segments[segment], sizeof(t->segment) - 1);
	if (t->segment[0] == '\0')
		memcpy(t->segment, "default", sizeof("default"));
}

static bool live_cell(const struct directory_page *d, struct posture_page *page, uint32_t at,
	struct posture_tally *t)
{
	struct posture_cell *c = &page->cells[at];
	uint32_t key = atomic_load_explicit(&c->key, memory_order_acquire);

	*t = (struct posture_tally){.rest = at == POSTURE_REST};
	if (key == 0 && !t->rest)
		return false;
	if (!t->rest)
		put_names(d, key, t);
	t->flows = load(&c->flows);
	t->bytes = load(&c->bytes);
	load_all(t->grades, c->grades, GRADES);
	load_all(t->checks, c->checks, POSTURE_CHECK_COUNT);
	load_all(t->facts, c->facts, POSTURE_FACT_COUNT);
	return t->flows > 0;
}

static uint32_t count_live(const struct link_region *live)
{
	uint32_t n = 0;

	for (unsigned i = 0; live->base != NULL && i < live->hello.n_pages; i++) {
		struct posture_page *page = &link_region_page(live, i)->posture;
		for (uint32_t at = 0; at < POSTURE_CELLS; at++)
			n += at == POSTURE_REST || atomic_load(&page->cells[at].key) != 0;
	}
	return n;
}

static void merge(struct posture_tallies *t)
{
	uint32_t n = 0;

	qsort(t->items, t->n, sizeof(*t->items), posture_compare);
	for (uint32_t i = 0; i < t->n; i++) {
		if (n > 0 && posture_compare(&t->items[n - 1], &t->items[i]) == 0)
			posture_add(&t->items[n - 1], &t->items[i]);
		else
			t->items[n++] = t->items[i];
	}
	for (; n > POSTURES_MAX; n--)
		posture_add(&t->items[0], &t->items[n - 1]);
	t->n = n;
}

int tally_postures(const struct posture_tallies *base, const struct link_region *live,
	struct posture_tallies *out)
{
	const uint32_t room = base->n + count_live(live) + 1;
	struct posture_tally *items = calloc(room, sizeof(*items));
	uint32_t n = 1;

	if (items == NULL)
		return -ENOMEM;
	items[0].rest = true; // always there to be added to
	for (uint32_t i = 0; i < base->n; i++)
		items[n++] = base->items[i];
	for (unsigned i = 0; live->base != NULL && i < live->hello.n_pages; i++) {
		struct posture_page *page = &link_region_page(live, i)->posture;
		// Cells that were taken since they were counted are read the next time.
		for (uint32_t at = 0; at < POSTURE_CELLS && n < room; at++)
			n += live_cell(link_region_directory(live), page, at, &items[n]);
	}
	*out = (struct posture_tallies){.n = n, .items = items};
	merge(out);
	return 0;
}

void posture_tallies_free(struct posture_tallies *t)
{
	free(t->items);
	*t = (struct posture_tallies){0};
}

void tally_stacks(const uint32_t base[POSTURE_STACKS], const struct link_region *live,
	uint32_t out[POSTURE_STACKS])
{
	memmove(out, base, POSTURE_STACKS * sizeof(*out));
	for (unsigned i = 0; live->base != NULL && i < live->hello.n_pages; i++) {
		struct posture_page *page = &link_region_page(live, i)->posture;
		for (uint32_t at = 0; at < POSTURE_STACKS; at++)
			out[at] += atomic_load_explicit(&page->stacks[at], memory_order_relaxed);
	}
}

struct posture_stacks posture_stacks_of(const uint32_t counts[POSTURE_STACKS])
{
	struct posture_stacks s = {0};

	for (uint32_t at = 0; at < POSTURE_STACKS; at++) {
		bool rare = counts[at] > 0 && counts[at] < POSTURE_RARE;
		s.stacks += counts[at] > 0;
		s.rare += rare;
		s.hellos += counts[at];
		s.rare_hellos += rare ? counts[at] : 0;
	}
	return s;
}
