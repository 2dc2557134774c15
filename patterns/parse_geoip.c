// geoip:src|dst|both|any,[!]CC[,CC...]

#include "patterns/geo.h"
#include "patterns/parser.h"

#include <string.h>

enum { TRIES_MAX = 256 };

static bool side_of(struct parser *p, struct slice s, uint8_t *out)
{
	static const struct {
		const char *word;
		uint8_t side;
	} words[] = {{"src", GEO_SRC}, {"dst", GEO_DST}, {"dest", GEO_DST}, {"both", GEO_BOTH},
		{"any", GEO_ANY}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (slice_is(s, words[i].word)) {
			*out = words[i].side;
			return true;
		}
	}
	parser_error(p, s.where, "geoip wants src, dst, both or any, and countries");
	return false;
}

// The database, asked for once a list of rules. NULL after an error.
static struct geo_use *use_of(struct parser *p, struct rule_where where)
{
	const struct geo_source *source = p->list->geo;
	const char *why = "no database of countries is read here";

	if (p->list->geo_use != NULL)
		return p->list->geo_use;
	const struct geo_table *table = source != NULL ? source->get(source->ctx, &why) : NULL;
	if (table == NULL) {
		parser_error(p, where, "geoip: %s", why);
		return NULL;
	}
	struct geo_use *use = arena_take(p->arena, sizeof(*use));
	if (use == NULL) {
		p->no_memory = p->failed = true;
		return NULL;
	}
	use->table = table;
	p->list->geo_use = use;
	return use;
}

static bool has_ranges(const struct geo_table *t, uint16_t country)
{
	for (uint32_t i = 0; i < t->n4; i++) {
		if (t->v4[i].country == country)
			return true;
	}
	for (uint32_t i = 0; i < t->n6; i++) {
		if (t->v6[i].country == country)
			return true;
	}
	return false;
}

static void want(struct parser *p, struct geo_use *use, struct slice s, uint16_t country)
{
	if (!use->wanted[country] && !has_ranges(use->table, country))
		parser_warning(p, s.where, "the database has no address in %.*s", (int)s.len, s.p);
	use->wanted[country] = true;
}

static void append(struct geo_use *use, const uint16_t *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = use->n++;
		use->lists[at] = list[i];
		use->before[at] = use->latest[list[i]];
		use->latest[list[i]] = at + 1;
	}
}

// Rules ask for the same lists again and again: one stands there once. Of very many that begin with the
// same country the latest are compared.
static bool place(struct parser *p, struct geo_use *use, const uint16_t *list, uint32_t n,
	struct rule_where where, uint64_t *first)
{
	uint32_t at = use->latest[list[0]];

	for (unsigned tries = 0; at != 0 && tries < TRIES_MAX; at = use->before[at - 1], tries++) {
		if (n <= use->n - (at - 1) &&
			memcmp(&use->lists[at - 1], list, n * sizeof(*list)) == 0) {
			*first = at - 1;
			return true;
		}
	}
	if (n > GEO_LISTS_MAX - use->n) {
		parser_error(p, where, "too many different lists of countries");
		return false;
	}
	*first = use->n;
	append(use, list, n);
	return true;
}

static bool take_country(struct parser *p, struct geo_use *use, struct slice s, uint16_t *out)
{
	*out = geo_country(s.p, s.len);
	if (*out == GEO_NONE) {
		parser_error(p, s.where, "a country has two capital letters");
		return false;
	}
	want(p, use, s, *out);
	return true;
}

void parse_geoip(struct parser *p, struct slice name, struct slice value)
{
	struct rule_fact fact = {.kind = FACT_GEOIP};
	uint16_t list[GEO_COUNTRIES];
	struct lexer l = lexer_over(value);
	uint32_t n = 0;

	lexer_spaces(&l);
	if (!side_of(p, slice_trim(lexer_word(&l, ",")), &fact.arg))
		return;
	struct geo_use *use = use_of(p, name.where);
	while (use != NULL) {
		lexer_spaces(&l);
		if (lexer_ended(&l))
			break;
		if (lexer_next(&l) != ',') {
			parser_error(p, lexer_where(&l), "',' expected between countries");
			return;
		}
		struct slice one = lexer_word(&l, ",");
		bool negated = one.len > 0 && one.p[0] == '!';
		if (negated)
			one = slice_cut(one, 1);
		if (n > 0 && negated != (fact.negated != 0)) {
			parser_error(
				p, one.where, "geoip: '!' before all countries, or before none");
			return;
		}
		fact.negated = negated;
		if (n == GEO_COUNTRIES || !take_country(p, use, one, &list[n]))
			return;
		n++;
	}
	if (use != NULL && n == 0)
		parser_error(p, value.where, "geoip wants countries");
	if (n == 0 || !place(p, use, list, n, name.where, &fact.a))
		return;
	fact.b = n;
	fact.mask = (uint32_t)rule_name_hash((const char *)list, n * sizeof(list[0]));
	parser_fact(p, &fact);
}
