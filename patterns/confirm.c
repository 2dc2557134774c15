#include "patterns/confirm.h"

#include "patterns/rule.h"

#include <netinet/in.h>
#include <string.h>

// Work is counted in steps: one for each place where a content is looked for and for each
// SCAN_STEP bytes read on the way, more for an expression. Each condition may read all of the
// buffer once on top.
enum { STEPS_MAX = 1000, SCAN_STEP = 512, PCRE_STEPS = 10 };

// NEVER: no other place of the matches before can help.
enum found { FOUND_NO, FOUND_NEVER, FOUND_YES };

struct search {
	const struct pattern_db *db;
	struct pattern_worker *w;
	const struct confirm_view *view;
	uint32_t first; // the group's conditions: first..end-1
	uint32_t end;
	bool fresh; // the match must end after view->fresh
	int64_t *steps;
};

pcre2_code *pattern_pcre_compile(
	const uint8_t *expression, size_t len, uint32_t options, int *error, PCRE2_SIZE *at)
{
	return pcre2_compile(expression, len, options | PCRE2_NEVER_BACKSLASH_C, error, at, NULL);
}

static inline uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool equal_nocase(const uint8_t *p, const uint8_t *low, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (lower(p[i]) != low[i])
			return false;
	}
	return true;
}

// `low` is in lower case and not empty.
static const uint8_t *find_nocase(const uint8_t *p, size_t len, const uint8_t *low, size_t n)
{
	uint8_t first = low[0], last = low[n - 1];

	for (size_t i = 0; i + n <= len; i++) {
		if (lower(p[i]) == first && lower(p[i + n - 1]) == last &&
			equal_nocase(p + i, low, n))
			return p + i;
	}
	return NULL;
}

// False: the budget is spent.
static bool spend(struct search *s, int64_t steps)
{
	if (*s->steps < 0)
		return false;
	*s->steps -= steps;
	if (*s->steps < 0)
		s->w->gave_up++;
	return *s->steps >= 0;
}

static int64_t view_end(const struct search *s)
{
	return (int64_t)(s->view->base + s->view->len);
}

struct range { // of stream offsets: a content must lie within
	int64_t lo;
	int64_t hi;
};

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

// Where the text allows the content to lie, `prev` being the end of the match before.
static struct range content_range(
	const struct search *s, const struct swdb_condition *c, int64_t prev)
{
	struct range r = {.lo = c->offset, .hi = view_end(s)};

	if (c->relative)
		r.lo = max64(prev + c->distance, c->offset);
	if (c->flags & CONTENT_WITHIN)
		r.hi = min64(r.hi, prev + c->distance + c->within);
	if (c->flags & CONTENT_DEPTH)
		r.hi = min64(r.hi, (c->relative ? prev : c->offset) + (int64_t)c->depth);
	if (c->flags & CONTENT_STARTSWITH) {
		r.lo = max64(r.lo, 0);
		r.hi = min64(r.hi, c->len);
	}
	if (c->flags & CONTENT_ENDSWITH) {
		r.lo = max64(r.lo, view_end(s) - c->len);
		// A range that ends before the buffer does can not hold its end.
		if (r.hi < view_end(s))
			r.lo = r.hi;
	}
	r.lo = max64(r.lo, (int64_t)s->view->base);
	return r;
}

// The first place in the range, or -1. Not found because the budget is spent: -1 too.
static int64_t find_content(struct search *s, const struct swdb_condition *c, struct range r)
{
	const uint8_t *needle = s->db->text + c->bytes;
	const uint8_t *hit;

	if (r.hi - r.lo < (int64_t)c->len)
		return -1;
	const uint8_t *p = s->view->p + (r.lo - (int64_t)s->view->base);
	size_t len = (size_t)(r.hi - r.lo);
	if (c->flags & CONTENT_NOCASE)
		hit = find_nocase(p, len, needle, c->len);
	else if (len == c->len) // startswith, endswith: one place
		hit = memcmp(p, needle, len) == 0 ? p : NULL;
	else
		hit = memmem(p, len, needle, c->len);
	if (!spend(s, 1 + (int64_t)(hit != NULL ? (size_t)(hit - p) : len) / SCAN_STEP))
		return -1;
	return hit != NULL ? r.lo + (hit - p) : -1;
}

static enum found search_from(struct search *s, uint32_t i, int64_t prev, int64_t last);

static bool expression_before(const struct search *s, uint32_t i)
{
	for (uint32_t j = s->first; j < i; j++) {
		if (s->db->conditions[j].kind == COND_PCRE)
			return true;
	}
	return false;
}

static enum found search_content(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	const struct swdb_condition *c = &s->db->conditions[i];
	struct range r = content_range(s, c, prev);
	bool any = false;

	// The last chance to end in the fresh bytes.
	if (s->fresh && i + 1 == s->end && last <= (int64_t)s->view->fresh)
		r.lo = max64(r.lo, (int64_t)s->view->fresh + 1 - c->len);
	for (int64_t at = find_content(s, c, r); at >= 0; at = find_content(s, c, r)) {
		int64_t end = at + c->len;
		enum found found = search_from(s, i + 1, end, max64(last, end));
		if (found != FOUND_NO)
			return found;
		any = true;
		r.lo = at + 1;
	}
	if (*s->steps < 0)
		return FOUND_NEVER;
	// Later matches before this one only make the range smaller, unless its end moves along.
	// (The end of an expression's match may move either way.)
	bool bounded = (c->flags & (CONTENT_WITHIN | CONTENT_DEPTH)) != 0 || s->fresh;
	return any || bounded || expression_before(s, i) ? FOUND_NO : FOUND_NEVER;
}

// The subject of an expression: from the match before when relative, else all of the buffer.
struct subject {
	const uint8_t *p;
	size_t len;
	size_t start;
	int64_t base; // stream offset of p[0]
};

// False: it can not match here at all.
static bool expression_subject(
	const struct search *s, const struct swdb_condition *c, int64_t prev, struct subject *out)
{
	int64_t base = (int64_t)s->view->base;
	int64_t from = c->relative ? prev : 0;
	bool cut = from < base; // what it is anchored to has left the window

	if (from > view_end(s) || (cut && (c->pcre_options & PCRE2_ANCHORED)))
		return false;
	from = max64(from, base);
	out->p = s->view->p + (from - base);
	out->len = (size_t)(view_end(s) - from);
	out->base = from;
	// From the second byte on, so that ^ does not take the window's edge for the beginning.
	out->start = cut ? 1 : 0;
	return out->start <= out->len;
}

// One run of PCRE2. False: no match, or given up.
static bool run_expression(struct search *s, uint32_t i, const struct subject *subject)
{
	if (!spend(s, PCRE_STEPS + (int64_t)subject->len / SCAN_STEP))
		return false;
	int n = pcre2_match(s->db->codes[i], subject->p, subject->len, subject->start, 0,
		s->w->match_data, s->db->limits);
	if (n < 0 && n != PCRE2_ERROR_NOMATCH)
		s->w->gave_up++;
	return n >= 0;
}

static enum found search_expression(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	struct subject subject;

	if (!expression_subject(s, &s->db->conditions[i], prev, &subject))
		return FOUND_NO;
	while (run_expression(s, i, &subject)) {
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->w->match_data);
		size_t begin = at[0]; // the vector is used again further down
		int64_t end = subject.base + (int64_t)at[1];
		enum found found = search_from(s, i + 1, end, max64(last, end));
		if (found != FOUND_NO)
			return found;
		if (begin < subject.start)
			begin = subject.start;
		subject.start = begin + 1;
		if (subject.start > subject.len)
			break;
	}
	return *s->steps < 0 ? FOUND_NEVER : FOUND_NO;
}

static enum found search_negated(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	const struct swdb_condition *c = &s->db->conditions[i];
	struct subject subject;
	bool present;

	if (c->kind == COND_CONTENT)
		present = find_content(s, c, content_range(s, c, prev)) >= 0;
	else
		present =
			expression_subject(s, c, prev, &subject) && run_expression(s, i, &subject);
	if (*s->steps < 0)
		return FOUND_NEVER;
	if (present)
		return c->relative ? FOUND_NO : FOUND_NEVER;
	return search_from(s, i + 1, prev, last);
}

// prev: the end of the match before; last: the highest end so far. As deep as a rule has
// conditions.
static enum found search_from(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	const struct swdb_condition *c = &s->db->conditions[i];

	if (i == s->end)
		return !s->fresh || last > (int64_t)s->view->fresh ? FOUND_YES : FOUND_NO;
	if (c->flags & CONTENT_NEGATED)
		return search_negated(s, i, prev, last);
	if (c->kind == COND_CONTENT)
		return search_content(s, i, prev, last);
	return search_expression(s, i, prev, last);
}

static bool search_group(struct search *s, bool fresh)
{
	s->fresh = fresh;
	return search_from(s, s->first, 0, 0) == FOUND_YES;
}

static bool begins_group(const struct swdb_condition *c)
{
	return !c->relative && !(c->flags & CONTENT_NEGATED);
}

// A group is a condition that stands for itself, and those that are relative to it. Groups do
// not depend on each other, except that one of them has to end in the fresh bytes.
bool confirm_chain(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_chain *chain, const struct confirm_view *view)
{
	uint32_t end = chain->conditions.first + chain->conditions.n;
	int64_t steps =
		STEPS_MAX + 2 * (int64_t)chain->conditions.n * (int64_t)(1 + view->len / SCAN_STEP);
	struct search s = {.db = db, .w = w, .view = view, .steps = &steps};
	bool fresh = view->fresh == 0;
	bool positive = false;

	for (s.first = chain->conditions.first; s.first < end; s.first = s.end) {
		bool matches_bytes = !(db->conditions[s.first].flags & CONTENT_NEGATED);
		for (s.end = s.first + 1; s.end < end; s.end++) {
			if (begins_group(&db->conditions[s.end]))
				break;
			matches_bytes |= !(db->conditions[s.end].flags & CONTENT_NEGATED);
		}
		positive |= matches_bytes;
		if (!fresh && matches_bytes && search_group(&s, true))
			fresh = true;
		else if (!search_group(&s, false))
			return false;
	}
	return fresh || !positive;
}

static bool addr_in(
	const struct pattern_db *db, struct swdb_span span, const uint8_t *addr, uint8_t ip_version)
{
	uint32_t lo = span.first, hi = span.first + span.n;

	if (span.n == 0)
		return true;
	while (lo < hi) { // the first range that does not end before addr
		uint32_t mid = lo + (hi - lo) / 2;
		const struct swdb_addr *range = &db->addrs[mid];
		if (range->ip_version < ip_version ||
			(range->ip_version == ip_version && memcmp(range->hi, addr, 16) < 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < span.first + span.n && db->addrs[lo].ip_version == ip_version &&
		memcmp(db->addrs[lo].lo, addr, 16) <= 0;
}

static bool port_in(const struct pattern_db *db, struct swdb_span span, uint16_t port)
{
	uint32_t lo = span.first, hi = span.first + span.n;

	if (span.n == 0)
		return true;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (db->ports[mid].hi < port)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < span.first + span.n && db->ports[lo].lo <= port;
}

static bool has_ports(uint8_t l4)
{
	return l4 == IPPROTO_TCP || l4 == IPPROTO_UDP || l4 == IPPROTO_SCTP;
}

static bool ends_match(const struct pattern_db *db, const struct swdb_rule *r,
	const struct match_env *env, bool reverse)
{
	const uint8_t *src = reverse ? env->dst : env->src;
	const uint8_t *dst = reverse ? env->src : env->dst;

	return port_in(db, r->sport, reverse ? env->dport : env->sport) &&
		port_in(db, r->dport, reverse ? env->sport : env->dport) &&
		addr_in(db, r->src, src, env->ip_version) &&
		addr_in(db, r->dst, dst, env->ip_version);
}

static bool proto_matches(const struct swdb_rule *r, const struct match_env *env)
{
	switch (r->proto) {
	case RULE_IP:
		return true;
	case RULE_TCP:
	case RULE_TCP_PKT:
		return env->l4 == IPPROTO_TCP;
	case RULE_UDP:
		return env->l4 == IPPROTO_UDP;
	case RULE_ICMP:
		return env->l4 == IPPROTO_ICMP || env->l4 == IPPROTO_ICMPV6;
	case RULE_APP:
		return env->app_proto == r->app_proto;
	default:
		return false;
	}
}

bool confirm_header(
	const struct pattern_db *db, const struct swdb_rule *r, const struct match_env *env)
{
	if (!proto_matches(r, env))
		return false;
	if ((r->flow & FLOW_TO_SERVER) && env->dir != DIR_C2S)
		return false;
	if ((r->flow & FLOW_TO_CLIENT) && env->dir != DIR_S2C)
		return false;
	if ((r->flow & FLOW_ESTABLISHED) && !env->established)
		return false;
	if ((r->flow & FLOW_NOT_ESTABLISHED) && env->established)
		return false;
	if ((r->sport.n > 0 || r->dport.n > 0) && !has_ports(env->l4))
		return false;
	return ends_match(db, r, env, false) ||
		((r->flags & SWDB_BIDIRECTIONAL) && ends_match(db, r, env, true));
}
