#include "patterns/geo_map_make.h"

#include "dataplane/api/geo_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cut {
	uint64_t hi, lo; // IPv4: lo
	uint32_t value; // from here on, as a map has it
};

struct cuts {
	struct cut *items;
	uint32_t n;
};

// There is one at the begin.
static bool open_cuts(struct cuts *c, size_t n_more)
{
	c->items = calloc(n_more + 1, sizeof(*c->items));
	c->n = c->items != NULL;
	return c->items != NULL;
}

static int order(const struct cut *a, const struct cut *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

// Where the value stays the same is no cut.
static void put(struct cuts *c, struct cut next)
{
	struct cut *last = &c->items[c->n - 1];

	if (order(last, &next) == 0)
		last->value = next.value;
	else
		c->items[c->n++] = next;
	if (c->n > 1 && c->items[c->n - 1].value == c->items[c->n - 2].value)
		c->n--;
}

static struct cut behind(struct cut end)
{
	end.lo++;
	end.hi += end.lo == 0;
	end.value = 0;
	return end;
}

static void put_range(struct cuts *c, struct cut lo, struct cut hi, bool is_last)
{
	put(c, lo);
	if (!is_last)
		put(c, behind(hi));
}

// What a map has of a range.
typedef uint32_t (*value_of)(uint16_t country, uint16_t more);

static uint32_t country_value(uint16_t country, uint16_t more)
{
	(void)more;
	return geo_value((uint16_t)(country + 1), 0);
}

static uint32_t as_value(uint16_t low, uint16_t high)
{
	uint32_t as = (uint32_t)high << 16 | low;

	return as <= GEO_AS_MAX ? geo_value(0, as) : 0;
}

// Each range needs two cuts at most.
static bool cut4(struct cuts *c, const struct geo_table *t, value_of value)
{
	if (!open_cuts(c, (size_t)t->n4 * 2))
		return false;
	for (uint32_t i = 0; i < t->n4; i++) {
		const struct geo4 *r = &t->v4[i];
		put_range(c, (struct cut){0, r->lo, value(r->country, r->more)},
			(struct cut){.lo = r->hi}, r->hi == UINT32_MAX);
	}
	return true;
}

static uint64_t number_of(const uint8_t p[8])
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static bool cut6(struct cuts *c, const struct geo_table *t, value_of value)
{
	if (!open_cuts(c, (size_t)t->n6 * 2))
		return false;
	for (uint32_t i = 0; i < t->n6; i++) {
		const struct geo6 *r = &t->v6[i];
		struct cut hi = {number_of(r->hi), number_of(r->hi + 8), 0};
		put_range(c,
			(struct cut){
				number_of(r->lo), number_of(r->lo + 8), value(r->country, r->more)},
			hi, hi.hi == UINT64_MAX && hi.lo == UINT64_MAX);
	}
	return true;
}

// Both are whole, and begin at address 0.
static bool join(struct cuts *out, const struct cuts *a, const struct cuts *b)
{
	uint32_t i = 0, k = 0;

	if (!open_cuts(out, (size_t)a->n + b->n))
		return false;
	while (i < a->n || k < b->n) {
		int next = i == a->n ? 1 : k == b->n ? -1 : order(&a->items[i], &b->items[k]);
		struct cut at = next <= 0 ? a->items[i] : b->items[k];
		i += next <= 0;
		k += next >= 0;
		at.value = a->items[i - 1].value | b->items[k - 1].value;
		put(out, at);
	}
	return true;
}

// Countries and AS numbers, where there are any.
static bool cut_all(struct cuts *out, const struct geo_table *t,
	bool (*cut)(struct cuts *, const struct geo_table *, value_of))
{
	static const struct geo_table none;
	struct cuts countries = {0}, as = {0};

	bool fine = cut(&countries, t, country_value) &&
		cut(&as, t->as != NULL ? t->as : &none, as_value) && join(out, &countries, &as);
	free(countries.items);
	free(as.items);
	return fine;
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
	uint32_t *value4 = (uint32_t *)(p + l->value4);
	uint32_t *value6 = (uint32_t *)(p + l->value6);

	write_index((uint32_t *)(p + l->index4), v4, false);
	write_index((uint32_t *)(p + l->index6), v6, true);
	for (uint32_t i = 0; i < v4->n; i++) {
		start4[i] = (uint32_t)v4->items[i].lo;
		value4[i] = v4->items[i].value;
	}
	for (uint32_t i = 0; i < v6->n; i++) {
		start6[i] = (struct geo_start6){v6->items[i].hi, v6->items[i].lo};
		value6[i] = v6->items[i].value;
	}
}

int geo_map_make(const struct geo_table *t, const uint8_t digest[32], void **out, size_t *len)
{
	struct cuts v4 = {0}, v6 = {0};
	uint8_t *p = NULL;
	int err = -ENOMEM;

	if (!cut_all(&v4, t, cut4) || !cut_all(&v6, t, cut6))
		goto out;
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
