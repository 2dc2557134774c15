#include "patterns/geo_map_make.h"

#include "dataplane/api/geo_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cut {
	uint64_t hi, lo; // IPv4: lo
	uint16_t country; // from here on, as a map has it
};

struct cuts {
	struct cut *items;
	uint32_t n;
};

// Each range needs two at most, and there is one at the begin.
static bool open_cuts(struct cuts *c, uint32_t n_ranges)
{
	c->items = calloc((size_t)n_ranges * 2 + 1, sizeof(*c->items));
	c->n = c->items != NULL;
	return c->items != NULL;
}

static bool same_place(const struct cut *a, const struct cut *b)
{
	return a->hi == b->hi && a->lo == b->lo;
}

// Where the country stays the same is no cut.
static void put(struct cuts *c, struct cut next)
{
	struct cut *last = &c->items[c->n - 1];

	if (same_place(last, &next))
		last->country = next.country;
	else
		c->items[c->n++] = next;
	if (c->n > 1 && c->items[c->n - 1].country == c->items[c->n - 2].country)
		c->n--;
}

static struct cut behind(struct cut end)
{
	end.lo++;
	end.hi += end.lo == 0;
	end.country = 0;
	return end;
}

static void put_range(struct cuts *c, struct cut lo, struct cut hi, bool is_last)
{
	put(c, lo);
	if (!is_last)
		put(c, behind(hi));
}

static void cut4(struct cuts *c, const struct geo_table *t)
{
	for (uint32_t i = 0; i < t->n4; i++) {
		const struct geo4 *r = &t->v4[i];
		put_range(c, (struct cut){0, r->lo, (uint16_t)(r->country + 1)},
			(struct cut){.lo = r->hi}, r->hi == UINT32_MAX);
	}
}

static uint64_t number_of(const uint8_t p[8])
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static void cut6(struct cuts *c, const struct geo_table *t)
{
	for (uint32_t i = 0; i < t->n6; i++) {
		const struct geo6 *r = &t->v6[i];
		struct cut hi = {number_of(r->hi), number_of(r->hi + 8), 0};
		put_range(c,
			(struct cut){
				number_of(r->lo), number_of(r->lo + 8), (uint16_t)(r->country + 1)},
			hi, hi.hi == UINT64_MAX && hi.lo == UINT64_MAX);
	}
}

static void write_index(uint32_t *index, const struct cuts *c, bool v6)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < GEO_MAP_INDEX; i++) {
		while (at < c->n && (v6 ? c->items[at].hi >> 48 : c->items[at].lo >> 16) < i)
			at++;
		index[i] = at;
	}
}

static uint32_t countries_in(const struct geo_table *t)
{
	bool seen[GEO_COUNTRIES] = {false};
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n4; i++)
		seen[t->v4[i].country] = true;
	for (uint32_t i = 0; i < t->n6; i++)
		seen[t->v6[i].country] = true;
	for (uint32_t i = 0; i < GEO_COUNTRIES; i++)
		n += seen[i];
	return n;
}

static void write_map(
	uint8_t *p, const struct geo_map_layout *l, const struct cuts *v4, const struct cuts *v6)
{
	uint32_t *start4 = (uint32_t *)(p + l->start4);
	struct geo_start6 *start6 = (struct geo_start6 *)(p + l->start6);
	uint16_t *country4 = (uint16_t *)(p + l->country4);
	uint16_t *country6 = (uint16_t *)(p + l->country6);

	write_index((uint32_t *)(p + l->index4), v4, false);
	write_index((uint32_t *)(p + l->index6), v6, true);
	for (uint32_t i = 0; i < v4->n; i++) {
		start4[i] = (uint32_t)v4->items[i].lo;
		country4[i] = v4->items[i].country;
	}
	for (uint32_t i = 0; i < v6->n; i++) {
		start6[i] = (struct geo_start6){v6->items[i].hi, v6->items[i].lo};
		country6[i] = v6->items[i].country;
	}
}

int geo_map_make(const struct geo_table *t, const uint8_t digest[32], void **out, size_t *len)
{
	struct cuts v4 = {0}, v6 = {0};
	uint8_t *p = NULL;
	int err = -ENOMEM;

	if (!open_cuts(&v4, t->n4) || !open_cuts(&v6, t->n6))
		goto out;
	cut4(&v4, t);
	cut6(&v6, t);
	err = -E2BIG;
	if (v4.n > GEO_MAP_STARTS_MAX || v6.n > GEO_MAP_STARTS_MAX)
		goto out;
	struct geo_map_layout l = geo_map_layout(v4.n, v6.n);
	struct geo_map_head head = {.magic = "swgeo",
		.version = GEO_MAP_VERSION,
		.n4 = v4.n,
		.n6 = v6.n,
		.n_countries = countries_in(t),
		.len = l.len};
	err = -ENOMEM;
	p = calloc(1, l.len);
	if (p == NULL)
		goto out;
	memcpy(head.digest, digest, sizeof(head.digest));
	memcpy(p, &head, sizeof(head));
	write_map(p, &l, &v4, &v6);
	*out = p;
	*len = l.len;
	err = 0;
out:
	free(v4.items);
	free(v6.items);
	return err;
}
