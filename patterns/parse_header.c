// "alert tcp $HOME_NET any -> [10.0.0.0/8,!10.1.0.0/16] !80 (": action, protocol, ends.

#include "patterns/parser.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	enum rule_action action;
	bool softened;
} actions[] = {
	{"alert", RULE_ALERT, false},
	{"pass", RULE_PASS, false},
	{"drop", RULE_ALERT, true},
	{"reject", RULE_ALERT, true},
	{"rejectsrc", RULE_ALERT, true},
	{"rejectdst", RULE_ALERT, true},
	{"rejectboth", RULE_ALERT, true},
};

static const struct {
	const char *word;
	enum rule_proto proto;
	enum app_proto app_proto;
} protocols[] = {
	{"ip", RULE_IP, APP_UNKNOWN},
	{"tcp", RULE_TCP, APP_UNKNOWN},
	{"tcp-stream", RULE_TCP, APP_UNKNOWN},
	{"tcp-pkt", RULE_TCP_PKT, APP_UNKNOWN},
	{"udp", RULE_UDP, APP_UNKNOWN},
	{"icmp", RULE_ICMP, APP_UNKNOWN},
	{"ipv4", RULE_IPV4, APP_UNKNOWN},
	{"ip4", RULE_IPV4, APP_UNKNOWN},
	{"ipv6", RULE_IPV6, APP_UNKNOWN},
	{"ip6", RULE_IPV6, APP_UNKNOWN},
	{"icmpv4", RULE_ICMPV4, APP_UNKNOWN},
	{"icmpv6", RULE_ICMPV6, APP_UNKNOWN},
	{"sctp", RULE_SCTP, APP_UNKNOWN},
};

static bool parse_action(struct parser *p, struct slice word)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!slice_is(word, actions[i].word))
			continue;
		p->rule.action = (uint8_t)actions[i].action;
		if (actions[i].softened)
			parser_warning(p, word.where, "%s is loaded as alert: Sealwatch is passive",
				actions[i].word);
		return true;
	}
	// Who may ask for a load could have any file of the daemon's read to him word by word.
	parser_error(
		p, word.where, "unknown action: a rule begins with alert, pass, drop or reject");
	return false;
}

static bool parse_protocol(struct parser *p, struct slice word)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (!slice_is(word, protocols[i].word))
			continue;
		p->rule.proto = (uint8_t)protocols[i].proto;
		p->rule.app_proto = (uint8_t)protocols[i].app_proto;
		return true;
	}
	uint64_t apps = protocol_apps(word) & ~(1ull << APP_UNKNOWN | 1ull << APP_FAILED);
	if (apps != 0) {
		p->rule.proto = RULE_APP;
		p->rule.app_proto = (uint8_t)__builtin_ctzll(apps);
		p->rule.apps = apps;
		parse_kind_of_dns(p, word);
		return true;
	}
	parser_error(p, word.where, "protocol \"%.*s\" is not supported",
		(int)(word.len < 40 ? word.len : 40), word.p);
	return false;
}

// A set of ranges in the making, as text of a fixed width: addresses are 17 bytes (version, then
// the address), ports 2, and both are compared with memcmp. Behind the four bytes of IPv4 stand
// zeros in lo and ones in hi, so that the next address is the next number.
struct range {
	uint8_t lo[17];
	uint8_t hi[17];
};

struct ranges {
	struct range *items;
	uint32_t n;
};

struct list_kind {
	size_t width;
	const char *what;
	bool (*element)(struct parser *p, struct slice s, struct range *out);
};

static bool add(
	struct parser *p, struct ranges *r, const struct range *one, struct rule_where where)
{
	if (r->n == RANGES_MAX) {
		parser_error(p, where, "a list of more than %d elements", RANGES_MAX);
		return false;
	}
	if ((r->n & (r->n - 1)) == 0) {
		struct range *more = realloc(r->items, (r->n != 0 ? r->n * 2u : 1) * sizeof(*more));
		if (more == NULL) {
			p->no_memory = p->failed = true;
			return false;
		}
		r->items = more;
	}
	r->items[r->n++] = *one;
	return true;
}

// The number before (-1) or after (+1); false at the end of the numbers.
static bool step(uint8_t *v, size_t width, int by)
{
	uint8_t turn = by > 0 ? 0xff : 0;

	for (size_t i = width; i-- > 0;) {
		if (v[i] != turn) {
			v[i] = (uint8_t)(v[i] + by);
			return true;
		}
		v[i] = (uint8_t)(v[i] + by);
	}
	return false;
}

static int by_lo(const void *a, const void *b)
{
	return memcmp(((const struct range *)a)->lo, ((const struct range *)b)->lo, 17);
}

static void merge(struct ranges *r, size_t width)
{
	uint32_t n = 0;

	if (r->n > 0)
		qsort(r->items, r->n, sizeof(*r->items), by_lo);
	for (uint32_t i = 0; i < r->n; i++) {
		struct range *last = n > 0 ? &r->items[n - 1] : NULL;
		if (last != NULL && memcmp(r->items[i].lo, last->hi, width) <= 0) {
			if (memcmp(r->items[i].hi, last->hi, width) > 0)
				memcpy(last->hi, r->items[i].hi, width);
		} else {
			r->items[n++] = r->items[i];
		}
	}
	r->n = n;
}

// What of `from` is not in `minus`; both are merged.
static bool subtract(struct parser *p, const struct ranges *from, const struct ranges *minus,
	size_t width, struct rule_where where, struct ranges *out)
{
	uint32_t first = 0; // of those that may touch this range or one after it

	for (uint32_t i = 0; i < from->n; i++) {
		struct range left = from->items[i];
		bool any = true;
		while (first < minus->n && memcmp(minus->items[first].hi, left.lo, width) < 0)
			first++;
		for (uint32_t j = first; j < minus->n && any; j++) {
			const struct range *m = &minus->items[j];
			if (memcmp(m->lo, left.hi, width) > 0)
				break;
			if (memcmp(m->lo, left.lo, width) > 0) {
				struct range before = left;
				memcpy(before.hi, m->lo, width);
				step(before.hi, width, -1);
				if (!add(p, out, &before, where))
					return false;
			}
			memcpy(left.lo, m->hi, width);
			any = step(left.lo, width, 1) && memcmp(left.lo, left.hi, width) <= 0;
		}
		if (any && !add(p, out, &left, where))
			return false;
	}
	return true;
}

static bool whole(
	struct parser *p, const struct list_kind *kind, struct ranges *out, struct rule_where where)
{
	struct range all = {0};

	memset(all.hi, 0xff, kind->width);
	if (kind->width == 2)
		return add(p, out, &all, where);
	// IPv4 and IPv6 are two lines of numbers.
	all.lo[0] = all.hi[0] = 4;
	if (!add(p, out, &all, where))
		return false;
	all.lo[0] = all.hi[0] = 6;
	memset(all.hi + 1, 0xff, 16);
	return add(p, out, &all, where);
}

static bool parse_set(struct parser *p, const struct list_kind *kind, struct slice s,
	unsigned depth, struct ranges *out);

static bool parse_variable(struct parser *p, const struct list_kind *kind, struct slice s,
	unsigned depth, struct ranges *out)
{
	const struct rule_var *lists[] = {p->vars, rule_vars_default};
	struct slice outer = p->variable;

	for (unsigned i = 0; i < 2; i++) {
		for (const struct rule_var *v = lists[i]; v != NULL && v->name != NULL; v++) {
			struct slice name = {.p = s.p + 1, .len = s.len - 1};
			if (!slice_is(name, v->name))
				continue;
			struct slice value = {
				.p = v->value, .len = strlen(v->value), .where = s.where};
			p->variable = outer.p != NULL ? outer : s;
			bool fine = parse_set(p, kind, value, depth, out);
			p->variable = outer;
			return fine;
		}
	}
	parser_error(p, s.where, "variable \"%.*s\" is not defined", (int)(s.len < 60 ? s.len : 60),
		s.p);
	return false;
}

// The elements of "[a,!b,[c,d]]" : what is wanted, and what is taken out again.
static bool parse_elements(struct parser *p, const struct list_kind *kind, struct slice s,
	unsigned depth, struct ranges *with, struct ranges *without)
{
	struct lexer l =
		lexer_over((struct slice){.p = s.p + 1, .len = s.len - 2, .where = s.where});

	l.column++;
	for (;;) {
		struct slice one = lexer_word(&l, ",");
		bool negated = one.len > 0 && one.p[0] == '!';
		if (one.len == 0) {
			parser_error(p, one.where, "an empty element in a list of %s", kind->what);
			return false;
		}
		if (negated) {
			one.p++;
			one.len--;
			one.where.column++;
		}
		if (!parse_set(p, kind, one, depth, negated ? without : with))
			return false;
		lexer_spaces(&l);
		if (lexer_ended(&l))
			return true;
		if (lexer_next(&l) != ',') {
			parser_error(
				p, lexer_where(&l), "',' expected in a list of %s", kind->what);
			return false;
		}
	}
}

static bool parse_list(struct parser *p, const struct list_kind *kind, struct slice s,
	unsigned depth, struct ranges *out)
{
	struct ranges with = {0}, without = {0};
	bool fine = parse_elements(p, kind, s, depth, &with, &without);

	// A list of nothing but negations takes them out of all there is.
	if (fine && with.n == 0)
		fine = whole(p, kind, &with, s.where);
	if (fine) {
		merge(&with, kind->width);
		merge(&without, kind->width);
		fine = subtract(p, &with, &without, kind->width, s.where, out);
	}
	free(with.items);
	free(without.items);
	return fine;
}

// Adds what the text means to *out.
static bool parse_set(struct parser *p, const struct list_kind *kind, struct slice s,
	unsigned depth, struct ranges *out)
{
	struct range one;

	if (depth == VARIABLE_DEPTH_MAX) {
		parser_error(p, s.where, "lists and variables are nested too deep, or in a circle");
		return false;
	}
	s = slice_trim(s);
	if (s.len > 0 && s.p[0] == '!') {
		struct ranges all = {0}, minus = {0};
		struct slice rest = {.p = s.p + 1, .len = s.len - 1, .where = s.where};
		rest.where.column++;
		bool fine = whole(p, kind, &all, s.where) &&
			parse_set(p, kind, rest, depth + 1, &minus);
		if (fine) {
			merge(&minus, kind->width);
			fine = subtract(p, &all, &minus, kind->width, s.where, out);
		}
		free(all.items);
		free(minus.items);
		return fine;
	}
	if (slice_is(s, "any"))
		return whole(p, kind, out, s.where);
	if (s.len > 0 && s.p[0] == '$')
		return parse_variable(p, kind, s, depth + 1, out);
	if (s.len > 1 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		return parse_list(p, kind, s, depth + 1, out);
	memset(&one, 0, sizeof(one));
	return kind->element(p, s, &one) && add(p, out, &one, s.where);
}

static bool address(const char *text, uint8_t fill, uint8_t out[17])
{
	memset(out, fill, 17);
	if (strchr(text, ':') != NULL) {
		out[0] = 6;
		return inet_pton(AF_INET6, text, out + 1) == 1;
	}
	out[0] = 4;
	return inet_pton(AF_INET, text, out + 1) == 1;
}

static bool prefix(struct range *out, const char *text)
{
	unsigned bits = out->lo[0] == 4 ? 32 : 128;
	size_t digits = strspn(text, "0123456789");
	unsigned long len = strtoul(text, NULL, 10);

	if (digits == 0 || text[digits] != '\0' || len > bits)
		return false;
	for (unsigned i = (unsigned)len; i < bits; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);
		out->lo[1 + i / 8] &= (uint8_t)~bit;
		out->hi[1 + i / 8] |= bit;
	}
	return true;
}

static bool address_element(struct parser *p, struct slice s, struct range *out)
{
	char text[100];
	bool fine = s.len < sizeof(text) && s.len > 0;

	if (fine) {
		memcpy(text, s.p, s.len);
		text[s.len] = '\0';
		char *slash = strchr(text, '/');
		char *dash = strchr(text, '-');
		if (slash != NULL)
			*slash = '\0';
		if (dash != NULL)
			*dash = '\0';
		fine = strlen(text) > 0 && address(text, 0, out->lo) &&
			address(text, 0xff, out->hi);
		if (fine && slash != NULL)
			fine = prefix(out, slash + 1);
		if (fine && dash != NULL)
			fine = slash == NULL && address(dash + 1, 0xff, out->hi) &&
				out->hi[0] == out->lo[0] && memcmp(out->lo, out->hi, 17) <= 0;
		else if (fine && p->variable.p == NULL && !p->hosts_fine &&
			memcmp(out->lo, out->hi, out->lo[0] == 4 ? 5 : 17) == 0)
			parser_warning(p, s.where, "the rule names a single host");
	}
	if (!fine) // what it is instead may be anything, and errors are logged
		parser_error(p, s.where, "this is no address, prefix or range");
	return fine;
}

static bool port_element(struct parser *p, struct slice s, struct range *out)
{
	struct slice lo = s, hi = s;
	int64_t a = 0, b = 65535;
	const char *colon = s.len > 0 ? memchr(s.p, ':', s.len) : NULL;

	if (colon != NULL) {
		lo.len = (size_t)(colon - s.p);
		hi.p = colon + 1;
		hi.len = s.len - lo.len - 1;
		hi.where.column += (uint32_t)lo.len + 1;
	}
	if ((colon == NULL || lo.len > 0) && !parse_number(p, lo, 0, 65535, &a))
		return false;
	if (colon == NULL)
		b = a;
	else if (hi.len > 0 && !parse_number(p, hi, 0, 65535, &b))
		return false;
	if (a > b) {
		parser_error(p, s.where, "a port range that ends before it begins");
		return false;
	}
	out->lo[0] = (uint8_t)(a >> 8);
	out->lo[1] = (uint8_t)a;
	out->hi[0] = (uint8_t)(b >> 8);
	out->hi[1] = (uint8_t)b;
	return true;
}

static const struct list_kind addresses = {17, "addresses", address_element};
static const struct list_kind ports = {2, "ports", port_element};

bool parse_addresses(struct parser *p, struct slice s, struct addr_set *out)
{
	struct ranges r = {0};
	struct addr_range *ranges;

	*out = (struct addr_set){.any = slice_is(s, "any")};
	if (out->any)
		return true;
	bool fine = parse_set(p, &addresses, s, 0, &r);
	if (fine)
		merge(&r, addresses.width);
	if (fine && r.n == 0) {
		parser_error(p, s.where, "no address is left");
		fine = false;
	}
	ranges = fine ? arena_take(p->arena, r.n * sizeof(*ranges)) : NULL;
	for (uint32_t i = 0; ranges != NULL && i < r.n; i++) {
		ranges[i].ip_version = r.items[i].lo[0];
		size_t len = ranges[i].ip_version == 4 ? 4 : 16;
		memcpy(ranges[i].lo, r.items[i].lo + 1, len);
		memcpy(ranges[i].hi, r.items[i].hi + 1, len);
	}
	out->n = ranges != NULL ? r.n : 0;
	out->ranges = ranges;
	free(r.items);
	p->no_memory |= fine && ranges == NULL;
	return fine && ranges != NULL;
}

static bool parse_ports(struct parser *p, struct slice s, struct port_set *out)
{
	struct ranges r = {0};
	struct port_range *ranges;

	*out = (struct port_set){.any = slice_is(s, "any")};
	if (out->any)
		return true;
	bool fine = parse_set(p, &ports, s, 0, &r);
	if (fine)
		merge(&r, ports.width);
	if (fine && r.n == 0) {
		parser_error(p, s.where, "no port is left");
		fine = false;
	}
	ranges = fine ? arena_take(p->arena, r.n * sizeof(*ranges)) : NULL;
	for (uint32_t i = 0; ranges != NULL && i < r.n; i++) {
		ranges[i].lo = (uint16_t)(r.items[i].lo[0] << 8 | r.items[i].lo[1]);
		ranges[i].hi = (uint16_t)(r.items[i].hi[0] << 8 | r.items[i].hi[1]);
	}
	out->n = ranges != NULL ? r.n : 0;
	out->ranges = ranges;
	free(r.items);
	p->no_memory |= fine && ranges == NULL;
	return fine && ranges != NULL;
}

bool parse_header(struct parser *p, struct lexer *l)
{
	struct rule *r = &p->rule;
	struct slice arrow;

	if (!parse_action(p, lexer_word(l, "(")) || !parse_protocol(p, lexer_word(l, "(")))
		return false;
	if (!parse_addresses(p, lexer_word(l, "("), &r->src) ||
		!parse_ports(p, lexer_word(l, "("), &r->sport))
		return false;
	arrow = lexer_word(l, "(");
	r->bidirectional = slice_is(arrow, "<>");
	r->both_ways = slice_is(arrow, "=>");
	if (!r->bidirectional && !r->both_ways && !slice_is(arrow, "->")) {
		parser_error(p, arrow.where, "'->', '<>' or '=>' expected");
		return false;
	}
	return parse_addresses(p, lexer_word(l, "("), &r->dst) &&
		parse_ports(p, lexer_word(l, "("), &r->dport);
}
