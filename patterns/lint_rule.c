// A rule by itself: does it match everything, can its header and its numbers be true at once, is
// it found in a stream, is it well kept.

#include "patterns/compile_hs.h"
#include "patterns/confirm.h"
#include "patterns/field_app.h"
#include "patterns/lint_impl.h"

#include <hs.h>

#include <stdlib.h>
#include <string.h>

enum {
	SHORT_LITERAL = 4, // bytes; shorter ones are found often
	EMPTY_STEPS = 1000, // for an expression to match nothing
	ALL_BYTES = 512, // each of them twice
	L4_TCP = 1,
	L4_UDP = 2,
	L4_ICMP = 4,
	L4_OTHER = 8,
	L4_ALL = 15,
};

static void check_hygiene(struct lint *l, const struct rule *r)
{
	if (r->half)
		return;
	if (r->msg[0] == '\0')
		lint_tell(l, DIAG_NOTE, LINT_HYGIENE, r, r->where,
			"msg is missing: nobody will know what its alerts are about");
	if (r->rev == 0)
		lint_tell(l, DIAG_NOTE, LINT_HYGIENE, r, r->where,
			"rev is missing: give 1, and raise it when the rule changes, so that its "
			"hits "
			"are counted anew");
	if (r->classtype[0] == '\0' && r->severity == 3 && !r->noalert && r->action != RULE_PASS)
		lint_tell(l, DIAG_NOTE, LINT_HYGIENE, r, r->where,
			"classtype and priority are missing: its alerts have severity 3");
}

static bool any_header(const struct rule *r)
{
	return r->src.any && r->dst.any && r->sport.any && r->dport.any;
}

// Does it ask that something is not there?
static bool looks_for_absence(const struct condition *c)
{
	return memmem(c->bytes, c->len, "(?!", 3) != NULL ||
		memmem(c->bytes, c->len, "(?<!", 4) != NULL;
}

// That nothing matches is not enough: of "^[0-9]*$" something else has to, too.
static bool always_matches(const struct condition *c)
{
	int error;
	PCRE2_SIZE at;
	uint8_t all[ALL_BYTES];
	bool matches = false;
	pcre2_code *code = pattern_pcre_compile(c->bytes, c->len, c->pcre_options, &error, &at);
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	pcre2_match_data *match = code != NULL ? pcre2_match_data_create(1, NULL) : NULL;

	for (unsigned i = 0; i < sizeof(all); i++) // no line ends in it
		all[i] = i % 256 == '\n' || i % 256 == '\r' ? ' ' : (uint8_t)i;
	if (match != NULL && limits != NULL && !looks_for_absence(c)) {
		pcre2_set_match_limit(limits, EMPTY_STEPS);
		matches = pcre2_match(code, (PCRE2_SPTR) "", 0, 0, 0, match, limits) >= 0 &&
			pcre2_match(code, all, sizeof(all), 0, 0, match, limits) >= 0;
	}
	pcre2_match_context_free(limits);
	pcre2_match_data_free(match);
	pcre2_code_free(code);
	return matches;
}

static void check_everything(struct lint *l, const struct rule *r)
{
	if (r->half)
		return;
	if (r->n_conditions == 0 && r->n_facts == 0 && r->n_memories == 0 && !r->has_dsize &&
		any_header(r))
		lint_tell(l, r->proto == RULE_APP ? DIAG_NOTE : DIAG_WARNING, LINT_EVERYTHING, r,
			r->where, "%s",
			r->proto == RULE_APP
				? "it has no conditions: each flow of its protocol matches"
				: "it has no conditions and no addresses: each flow matches");
	for (uint32_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (c->kind == COND_PCRE && !(c->flags & CONTENT_NEGATED) && always_matches(c))
			lint_tell(l, DIAG_WARNING, LINT_EVERYTHING, r, c->where,
				"the expression matches the empty string, so it always holds; make "
				"a part of it obligatory");
	}
}

static unsigned l4_of(const struct rule *r)
{
	switch ((enum rule_proto)r->proto) {
	case RULE_TCP:
	case RULE_TCP_PKT:
		return L4_TCP;
	case RULE_UDP:
		return L4_UDP;
	case RULE_ICMP:
	case RULE_ICMPV4:
	case RULE_ICMPV6:
		return L4_ICMP;
	case RULE_SCTP:
		return L4_OTHER;
	case RULE_APP:
		return L4_TCP | L4_UDP;
	default:
		return L4_ALL;
	}
}

static unsigned l4_of_fact(const struct rule_fact *f)
{
	if (f->kind == FACT_FLAGS || f->kind == FACT_STREAM_SIZE)
		return L4_TCP;
	if (f->kind != FACT_PACKET)
		return L4_ALL;
	if (f->what >= NUMBER_TCP_FLAGS && f->what <= NUMBER_TCP_MSS)
		return L4_TCP;
	return f->what >= NUMBER_ICMP_TYPE && f->what <= NUMBER_ICMPV6_MTU ? L4_ICMP : L4_ALL;
}

static unsigned l4_of_field(uint16_t field)
{
	switch (field) {
	case FIELD_TCP_HDR:
		return L4_TCP;
	case FIELD_UDP_HDR:
		return L4_UDP;
	case FIELD_ICMPV4_HDR:
	case FIELD_ICMPV6_HDR:
		return L4_ICMP;
	default:
		return L4_ALL;
	}
}

static void check_protocol(struct lint *l, const struct rule *r)
{
	unsigned l4 = l4_of(r);

	if (l4 == L4_ICMP && (!r->sport.any || !r->dport.any))
		lint_tell(l, DIAG_WARNING, LINT_UNREACHABLE, r, r->where,
			"ICMP has no ports, so it never matches; write any for them");
	for (uint32_t i = 0; i < r->n_facts; i++)
		l4 &= l4_of_fact(&r->facts[i]);
	for (uint32_t i = 0; i < r->n_conditions; i++)
		l4 &= l4_of_field(r->conditions[i].field);
	if (l4 == 0)
		lint_tell(l, DIAG_WARNING, LINT_UNREACHABLE, r, r->where,
			"its conditions are about another protocol than its header, or about two: "
			"no "
			"packet has both");
}

// Bit 0: version 4, bit 1: version 6.
static unsigned versions_of(const struct addr_set *set)
{
	unsigned versions = set->any ? 3 : 0;

	for (uint32_t i = 0; i < set->n; i++)
		versions |= set->ranges[i].ip_version == 4 ? 1 : 2;
	return versions;
}

static void check_versions(struct lint *l, const struct rule *r)
{
	unsigned versions = versions_of(&r->src) & versions_of(&r->dst);

	if (r->proto == RULE_IPV4 || r->proto == RULE_ICMPV4)
		versions &= 1;
	if (r->proto == RULE_IPV6 || r->proto == RULE_ICMPV6)
		versions &= 2;
	for (uint32_t i = 0; i < r->n_conditions; i++) {
		uint16_t field = r->conditions[i].field;
		if (field == FIELD_IPV4_HDR || field == FIELD_ICMPV4_HDR)
			versions &= 1;
		if (field == FIELD_IPV6_HDR || field == FIELD_ICMPV6_HDR)
			versions &= 2;
	}
	if (versions == 0)
		lint_tell(l, DIAG_WARNING, LINT_UNREACHABLE, r, r->where,
			"one part of it wants IPv4 and another IPv6: no packet has both");
}

// A client may show a certificate, too: rules see it, records do not.
static bool is_certificate(uint16_t field)
{
	return field >= FIELD_TLS_SUBJECT && field <= FIELD_TLS_CERT;
}

static void check_direction(struct lint *l, const struct rule *r)
{
	const char never = r->flow & FLOW_TO_SERVER ? 'S' : r->flow & FLOW_TO_CLIENT ? 'C' : 0;

	for (uint32_t i = 0; i < r->n_conditions && never != 0; i++) {
		const struct condition *c = &r->conditions[i];
		if (field_table[c->field].dir != never || is_certificate(c->field) ||
			c->kind == COND_ABSENT || (c->flags & CONTENT_NEGATED))
			continue;
		lint_tell(l, DIAG_WARNING, LINT_UNREACHABLE, r, c->where,
			"only %s send %s, and flow says the other direction",
			never == 'S' ? "servers" : "clients", field_table[c->field].name);
		return;
	}
}

static void check_app(struct lint *l, const struct rule *r)
{
	uint64_t apps = r->apps != 0 ? r->apps : 1ull << r->app_proto;

	if (r->proto != RULE_APP || r->app_proto == APP_UNKNOWN)
		return;
	for (uint32_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		enum app_proto app = field_app(c->field);
		uint64_t may = 1ull << app;
		if (app == APP_UNKNOWN || c->kind == COND_ABSENT || (c->flags & CONTENT_NEGATED))
			continue;
		if (app == APP_HTTP)
			may |= 1ull << APP_HTTP2 | 1ull << APP_WEBSOCKET;
		if (app == APP_TLS)
			may |= 1ull << APP_QUIC;
		if ((apps & may) != 0)
			continue;
		lint_tell(l, DIAG_WARNING, LINT_UNREACHABLE, r, c->where,
			"messages of %s have no %s", app_proto_table[r->app_proto].name,
			field_table[c->field].name);
		return;
	}
}

// Does it say where it has to end?
static bool is_bounded(const struct condition *c)
{
	return c->kind != COND_CONTENT ||
		(c->flags & (CONTENT_DEPTH | CONTENT_WITHIN | CONTENT_STARTSWITH)) != 0;
}

static void check_window(struct lint *l, const struct rule *r)
{
	uint32_t free = 0, wanted = 0;

	if (!(swdb_rule_at(r) & SWDB_AT_STREAM))
		return;
	for (uint32_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (c->flags & CONTENT_NEGATED)
			continue;
		wanted++;
		free += !is_bounded(c);
		if ((c->flags & CONTENT_DISTANCE) && c->distance > PATTERN_TAIL)
			lint_tell(l, DIAG_WARNING, LINT_WINDOW, r, c->where,
				"at a distance of more than %d bytes it is found only when one "
				"segment has "
				"both; use a buffer of the protocol, or tcp-pkt",
				PATTERN_TAIL);
	}
	if (wanted > 1 && free > 0)
		lint_tell(l, DIAG_NOTE, LINT_WINDOW, r, r->where,
			"contents that lie more than %d bytes apart are found only when one "
			"segment "
			"has them all; within or depth says that they do not",
			PATTERN_TAIL);
}

void lint_rule(struct lint *l, const struct rule *r)
{
	check_hygiene(l, r);
	check_everything(l, r);
	check_protocol(l, r);
	check_versions(l, r);
	check_direction(l, r);
	check_app(l, r);
	check_window(l, r);
}

static bool is_large(uint16_t field)
{
	return field_is_payload(field) ||
		(field < FIELD_COUNT && field_table[field].mask == MASK_SECRET &&
			!field_is_header(field));
}

static void check_literal(struct lint *l, const struct rule *r, const struct condition *c)
{
	bool anchored = (c->flags & (CONTENT_STARTSWITH | CONTENT_ENDSWITH | CONTENT_DEPTH)) != 0;
	uint32_t len = c->len - ((c->flags & CONTENT_DOTPREFIX) && c->bytes[0] == '.');

	// In a short field whole words are short.
	if (len >= SHORT_LITERAL || (!is_large(c->field) && (len > 1 || anchored)))
		return;
	lint_tell(l, len > 1 || anchored ? DIAG_NOTE : DIAG_WARNING, LINT_SHORT, r, c->where,
		"%u byte%s %s what is looked for first in %s: found often, and each time the rule "
		"is "
		"tried; give a longer content, or fast_pattern to another",
		len, len == 1 ? "" : "s", len == 1 ? "is" : "are", field_table[c->field].name);
}

static void check_expression(struct lint *l, const struct rule *r, const struct condition *c)
{
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *wrong = NULL;
	unsigned flags = HS_FLAG_ALLOWEMPTY;
	char *text = malloc(c->len + 1u);

	if (text == NULL)
		return;
	memcpy(text, c->bytes, c->len);
	text[c->len] = '\0';
	if (hs_expression_info(text, flags, &info, &wrong) != HS_SUCCESS)
		lint_tell(l, DIAG_NOTE, LINT_APPROXIMATE, r, c->where,
			"Hyperscan can only approximate it, and PCRE2 decides each time; a content "
			"beside it would be looked for instead");
	hs_free_compile_error(wrong);
	free(info);
	free(text);
}

// Expressions take long to be looked at; of very many, those that come first tell enough.
void lint_prefilter(struct lint *l, const struct rule *r)
{
	const uint8_t at = swdb_rule_at(r);
	const struct condition *c = swdb_prefilter(r, at);

	if (c != NULL && c->kind == COND_CONTENT) {
		check_literal(l, r, c);
		return;
	}
	if (c != NULL) {
		if (l->n_expressions++ < LINT_EXPRESSIONS_MAX)
			check_expression(l, r, c);
		return;
	}
	if (r->n_conditions == 0 && r->n_facts == 0 && !r->has_dsize)
		return;
	bool large = false;
	for (uint32_t i = 0; i < r->n_conditions; i++)
		large |= is_large(r->conditions[i].field);
	lint_tell(l, large ? DIAG_WARNING : DIAG_NOTE, LINT_NO_PREFILTER, r, r->where,
		"it has no content or expression that can be looked for first: it is tried on each "
		"%s; "
		"add a content",
		at & SWDB_AT_TX ? "message" : "packet");
}
