// Each finding has a rule that has it and one, almost the same, that has not.

#include "patterns/lint.h"
#include "patterns/parse.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#define RULE(header, options) "alert " header " (msg:\"m\"; rev:1; priority:2; " options ")\n"
#define ANY " any any -> any any"
#define SNI "tls.sni; "

static const struct {
	const char *name;
	const char *rules;
	const char *want; // "level kind sid" of each finding, by its place
} rows[] = {
	{"nothing", RULE("tls" ANY, SNI "content:\"whatsapp\"; sid:1;"), ""},

	{"no msg, rev, class", "alert tls" ANY " (" SNI "content:\"whatsapp\"; sid:1;)\n",
		"note hygiene 1, note hygiene 1, note hygiene 1"},

	{"everything", RULE("ip" ANY, "sid:1;"), "warning everything 1"},
	{"all of a protocol", RULE("tls" ANY, "sid:1;"), "note everything 1"},
	{"an address", RULE("ip any any -> 192.0.2.0/24 any", "sid:1;"), ""},
	{"an expression that is empty",
		RULE("tls" ANY, SNI "content:\"whatsapp\"; pcre:\"/a*/\"; sid:1;"),
		"warning everything 1"},
	{"one that is not", RULE("tls" ANY, SNI "content:\"whatsapp\"; pcre:\"/a+/\"; sid:1;"), ""},
	{"one of what is nothing but digits",
		RULE("tls" ANY, SNI "content:\"whatsapp\"; pcre:\"/^[0-9]*$/\"; sid:1;"), ""},
	{"one of what is short",
		RULE("tls" ANY, SNI "content:\"a.example\"; pcre:\"/^.{0,20}$/\"; sid:1;"), ""},
	{"one of what does not begin so",
		RULE("tls" ANY, SNI "content:\"whatsapp\"; pcre:\"/^(?!www)/\"; sid:1;"), ""},
	{"one that always begins",
		RULE("tls" ANY, SNI "content:\"whatsapp\"; pcre:\"/^a?/\"; sid:1;"),
		"warning everything 1"},
	{"one that must not match",
		RULE("tls" ANY, SNI "content:\"whatsapp\"; pcre:!\"/a*/\"; sid:1;"), ""},

	{"one byte", RULE("tcp" ANY, "content:\"a\"; sid:1;"), "warning short 1"},
	{"one byte at a place", RULE("tcp" ANY, "content:\"a\"; startswith; sid:1;"),
		"note short 1"},
	{"three bytes", RULE("tcp" ANY, "content:\"abc\"; sid:1;"), "note short 1"},
	{"four bytes", RULE("tcp" ANY, "content:\"abcd\"; sid:1;"), ""},
	{"three bytes of a word", RULE("http" ANY, "http.method; content:\"GET\"; sid:1;"), ""},
	{"one byte of a name", RULE("tls" ANY, SNI "content:\"a\"; sid:1;"), "warning short 1"},
	{"one byte beside four", RULE("udp" ANY, "content:\"a\"; content:\"abcd\"; sid:1;"), ""},

	{"nothing to look for", RULE("udp" ANY, "byte_test:1,>,4,0; sid:1;"),
		"warning no-prefilter 1"},
	{"numbers of a header", RULE("icmp" ANY, "itype:8; sid:1;"), "note no-prefilter 1"},
	{"forbidden only", RULE("udp" ANY, "content:!\"abcd\"; sid:1;"), "warning no-prefilter 1"},

	{"approximated", RULE("tls" ANY, SNI "pcre:\"/(?<=a)bcde/\"; sid:1;"),
		"note approximate 1"},
	{"exact", RULE("tls" ANY, SNI "pcre:\"/abcde/\"; sid:1;"), ""},
	{"approximated, beside a content",
		RULE("tls" ANY, SNI "content:\"abcd\"; pcre:\"/(?<=a)bcde/\"; sid:1;"), ""},

	{"longer than the buffer", RULE("tls" ANY, SNI "content:\"abcdef\"; bsize:5; sid:1;"),
		"warning unreachable 1"},
	{"as long", RULE("tls" ANY, SNI "content:\"abcdef\"; bsize:6; sid:1;"), ""},
	{"behind the end", RULE("tls" ANY, SNI "content:\"abcd\"; offset:5; bsize:<9; sid:1;"),
		"warning unreachable 1"},
	{"before it", RULE("tls" ANY, SNI "content:\"abcd\"; offset:4; bsize:<9; sid:1;"), ""},
	{"no size", RULE("tls" ANY, SNI "content:\"abcd\"; bsize:>9; bsize:<9; sid:1;"),
		"warning unreachable 1"},
	{"another buffer's size",
		RULE("http" ANY,
			"http.uri; content:\"abcdef\"; http.method; content:\"GET\"; bsize:3; "
			"sid:1;"),
		""},
	{"larger than the packet", RULE("udp" ANY, "content:\"abcdef\"; dsize:<6; sid:1;"),
		"warning unreachable 1"},
	{"fills it", RULE("udp" ANY, "content:\"abcdef\"; dsize:6; sid:1;"), ""},
	{"two begins",
		RULE("tls" ANY,
			SNI "content:\"abcd\"; startswith; content:\"ab.\"; startswith; sid:1;"),
		"warning unreachable 1"},
	{"one begin twice",
		RULE("tls" ANY,
			SNI "content:\"abcd\"; startswith; content:\"ab\"; startswith; sid:1;"),
		""},
	{"the same begin in two cases",
		RULE("tls" ANY,
			SNI
			"content:\"abcd\"; startswith; nocase; content:\"AB\"; startswith; sid:1;"),
		""},
	{"two ends",
		RULE("tls" ANY, SNI "content:\"abcd\"; endswith; content:\"xd\"; endswith; sid:1;"),
		"warning unreachable 1"},
	{"wanted and forbidden", RULE("tls" ANY, SNI "content:\"abcd\"; content:!\"bc\"; sid:1;"),
		"warning unreachable 1"},
	{"forbidden in another case",
		RULE("tls" ANY, SNI "content:\"abcd\"; nocase; content:!\"bc\"; sid:1;"), ""},
	{"forbidden elsewhere",
		RULE("tls" ANY, SNI "content:\"abcd\"; content:!\"bc\"; startswith; sid:1;"), ""},
	{"ports of ICMP", RULE("icmp any any -> any 80", "itype:8; sid:1;"),
		"note no-prefilter 1, warning unreachable 1"},
	{"TCP's flags on UDP", RULE("udp" ANY, "content:\"abcd\"; flags:S; sid:1;"),
		"warning unreachable 1"},
	{"TCP's flags on TCP", RULE("tcp-pkt" ANY, "content:\"abcd\"; flags:A; sid:1;"), ""},
	{"two versions of IP",
		RULE("tcp 192.0.2.0/24 any -> 2001:db8::/32 any", "content:\"abcd\"; sid:1;"),
		"warning unreachable 1"},
	{"version 6 addresses of ipv4", RULE("ipv4 any any -> 2001:db8::/32 any", "sid:1;"),
		"warning unreachable 1"},
	{"a client's buffer from a server",
		RULE("tls" ANY, "flow:to_client; " SNI "content:\"abcd\"; sid:1;"),
		"warning unreachable 1"},
	{"whose certificate a client shows",
		RULE("tls" ANY, "flow:to_server; tls.cert_subject; content:\"example\"; sid:1;"),
		""},
	{"one of its names",
		RULE("tls" ANY, "flow:to_server; tls.subjectaltname; content:\"example\"; sid:1;"),
		""},
	{"a client's buffer", RULE("tls" ANY, "flow:to_server; " SNI "content:\"abcd\"; sid:1;"),
		""},
	{"another protocol's buffer", RULE("dns" ANY, SNI "content:\"abcd\"; sid:1;"),
		"warning unreachable 1"},
	{"any protocol's buffer", RULE("tcp" ANY, SNI "content:\"abcd\"; sid:1;"), ""},
	{"HTTP/2 has HTTP's", RULE("http2" ANY, "http.host; content:\"abcd\"; sid:1;"), ""},

	{"waits for nobody", RULE("tls" ANY, SNI "content:\"abcd\"; flowbits:isset,x; sid:1;"),
		"warning never-set 1"},
	{"waits for one of two",
		RULE("tls" ANY, SNI "content:\"abcd\"; flowbits:isset,x|y; sid:1;")
			RULE("dns" ANY, "dns.query; content:\"abcd\"; flowbits:set,y; sid:2;"),
		""},
	{"is asked by nobody", RULE("tls" ANY, SNI "content:\"abcd\"; flowbits:set,x; sid:1;"),
		"note never-asked 1"},
	{"waits for another kind of bit",
		RULE("tls" ANY, SNI "content:\"abcd\"; flowbits:isset,x; sid:1;") RULE(
			"dns" ANY, "dns.query; content:\"abcd\"; xbits:set,x,track ip_src; sid:2;"),
		"warning never-set 1, note never-asked 2"},

	{"twice",
		RULE("tls" ANY, SNI "content:\"abcd\"; sid:1;")
			RULE("tls" ANY, SNI "content:\"abcd\"; sid:2;"),
		"warning duplicate 2"},
	{"twice, in another order",
		RULE("tls" ANY, SNI "content:\"abcd\"; content:\"efgh\"; sid:1;")
			RULE("tls" ANY, SNI "content:\"efgh\"; content:\"abcd\"; sid:2;"),
		"warning duplicate 2"},
	{"twice, written otherwise",
		RULE("tls [192.0.2.0/24,192.0.2.7] any -> any any",
			SNI "content:\"|41|bcd\"; nocase; sid:1;")
			RULE("tls 192.0.2.0/24 any -> any any",
				SNI "content:\"aBCD\"; nocase; fast_pattern; sid:2;"),
		"warning duplicate 2"},
	{"an order that has a meaning",
		RULE("tls" ANY, SNI "content:\"abcd\"; content:\"efgh\"; distance:1; sid:1;") RULE(
			"tls" ANY, SNI "content:\"efgh\"; content:\"abcd\"; distance:1; sid:2;"),
		""},
	{"another port",
		RULE("tls any any -> any 1", SNI "content:\"abcd\"; sid:1;")
			RULE("tls any any -> any 2", SNI "content:\"abcd\"; sid:2;"),
		""},
	{"another buffer",
		RULE("http" ANY, "http.uri; content:\"abcd\"; sid:1;")
			RULE("http" ANY, "http.user_agent; content:\"abcd\"; sid:2;"),
		""},
	{"transformed",
		RULE("tls" ANY, SNI "content:\"abcd\"; sid:1;")
			RULE("tls" ANY, SNI "to_lowercase; content:\"abcd\"; sid:2;"),
		""},
	{"three of a kind",
		RULE("tls" ANY, SNI "content:\"abcd\"; sid:1;")
			RULE("tls" ANY, SNI "content:\"abcd\"; sid:2;")
				RULE("tls" ANY, SNI "content:\"abcd\"; sid:3;"),
		"warning duplicate 2, warning duplicate 3"},

	{"a name below another",
		RULE("tls" ANY, SNI "dotprefix; content:\".b.example\"; endswith; nocase; sid:1;")
			RULE("tls" ANY,
				SNI
				"dotprefix; content:\".a.b.example\"; endswith; nocase; sid:2;"),
		"note overlap 2"},
	{"a name that only looks alike",
		RULE("tls" ANY, SNI "dotprefix; content:\".b.example\"; endswith; nocase; sid:1;")
			RULE("tls" ANY,
				SNI
				"dotprefix; content:\".b.example.org\"; endswith; nocase; sid:2;"),
		""},
	{"a case that matters",
		RULE("tls" ANY, SNI "content:\"abcd\"; sid:1;")
			RULE("tls" ANY, SNI "content:\"xabcdx\"; nocase; sid:2;"),
		""},
	{"a narrower header",
		RULE("tls any any -> any any", SNI "content:\"abcd\"; sid:1;")
			RULE("tls any any -> any [443,8443]", SNI "content:\"abcd\"; sid:2;"),
		"note overlap 2"},
	{"more conditions",
		RULE("http" ANY, "http.uri; content:\"/abcd\"; sid:1;") RULE("http" ANY,
			"http.uri; content:\"/abcd/ef\"; http.method; content:\"GET\"; sid:2;"),
		"note overlap 2"},
	{"another threshold",
		RULE("tls" ANY,
			SNI
			"content:\"abcd\"; threshold:type limit,track by_src,count 1,seconds 9; "
			"sid:1;") RULE("tls" ANY, SNI "content:\"xabcd\"; sid:2;"),
		""},
	{"a pass rule",
		RULE("tls" ANY, SNI "content:\"xabcd\"; sid:1;") "pass tls" ANY
								 " (msg:\"p\"; rev:1; " SNI
								 "content:\"abcd\"; sid:2;)\n",
		"warning unreachable 1"},
	{"a pass rule without contents",
		RULE("tls" ANY, SNI "content:\"xabcd\"; sid:1;") "pass tls" ANY
								 " (msg:\"p\"; rev:1; sid:2;)\n",
		"warning unreachable 1, note everything 2"},
	{"a pass rule about something else",
		RULE("tls" ANY, SNI "content:\"xabcd\"; sid:1;") "pass dns" ANY
								 " (msg:\"p\"; rev:1; "
								 "dns.query; "
								 "content:\"abcd\"; sid:2;)\n",
		""},

	{"far apart", RULE("tcp" ANY, "content:\"abcd\"; content:\"efgh\"; distance:300; sid:1;"),
		"warning window 1, note window 1"},
	{"anywhere", RULE("tcp" ANY, "content:\"abcd\"; content:\"efgh\"; sid:1;"),
		"note window 1"},
	{"close", RULE("tcp" ANY, "content:\"abcd\"; depth:9; content:\"efgh\"; within:9; sid:1;"),
		""},
	{"in one packet", RULE("udp" ANY, "content:\"abcd\"; content:\"efgh\"; sid:1;"), ""},
};

static int by_place(const void *a, const void *b)
{
	const struct diag *x = a, *y = b;

	if (x->where.line != y->where.line)
		return x->where.line < y->where.line ? -1 : 1;
	return strcmp(x->kind, y->kind) != 0 ? strcmp(x->kind, y->kind)
					     : (int)y->level - (int)x->level;
}

// "level kind sid, ..."
static void describe(struct diags *d, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	if (d->n > 0)
		qsort(d->items, d->n, sizeof(d->items[0]), by_place);
	for (uint32_t i = 0; i < d->n && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s %s %u", i > 0 ? ", " : "",
			diag_level_name(d->items[i].level), d->items[i].kind + strlen("lint:"),
			d->items[i].sid);
}

static void test_findings(void)
{
	const struct lint_options options = {.notes = true, .per_kind = 10};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rule_list list = {0};
		struct diags parsing = {0}, found = {0};
		char got[512];

		int err = rules_parse("test.rules", rows[i].rules, strlen(rows[i].rules), NULL,
			false, &list, &parsing);
		CHECK(err == 0, "%s: %s", rows[i].name, parsing.n > 0 ? parsing.items[0].text : "");
		CHECK(lint_rules(&list, &options, &found) == 0, "%s", rows[i].name);
		describe(&found, got, sizeof(got));
		CHECK(strcmp(got, rows[i].want) == 0, "%s: \"%s\", not \"%s\"", rows[i].name, got,
			rows[i].want);
		for (uint32_t k = 0; k < found.n; k++)
			CHECK(strcmp(found.items[k].where.file, "test.rules") == 0 &&
					found.items[k].where.line > 0 &&
					found.items[k].where.column > 0,
				"%s: where", rows[i].name);
		diags_free(&parsing);
		diags_free(&found);
		rule_list_free(&list);
	}
}

// Of one kind so many are told; the last line says how many there are. Notes are left out.
static void test_bounds(void)
{
	static const struct lint_options options = {.per_kind = 3};
	struct rule_list list = {0};
	struct diags parsing = {0}, found = {0};
	char text[20 * 128];
	size_t at = 0;

	for (unsigned i = 1; i <= 20; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
			"alert tcp any any -> any any (content:\"a\"; sid:%u;)\n", i);
	CHECK(rules_parse("f", text, at, NULL, false, &list, &parsing) == 0, "parsed");
	CHECK(lint_rules(&list, &options, &found) == 0, "looked at");
	CHECK(found.n == 8 && found.n_notes == 0, "%u, %u notes", found.n, found.n_notes);
	CHECK(strstr(found.items[6].text, "17 more") != NULL ||
			strstr(found.items[7].text, "17 more") != NULL,
		"%s", found.items[7].text);
	diags_free(&parsing);
	diags_free(&found);
	rule_list_free(&list);
}

static const char costly[] = RULE("tls" ANY, SNI "content:\"whatsapp\"; sid:1;")
	RULE("tcp" ANY, "content:\"abcd\"; sid:2;")
		RULE("dns" ANY, "dns.query; pcre:\"/ab+c/\"; sid:3;")
			RULE("udp" ANY, "content:!\"abcd\"; sid:4;");

static const struct lint_cost *cost_of(const struct lint_costs *costs, uint16_t field)
{
	static const struct lint_cost none;

	for (uint32_t i = 0; i < costs->n; i++) {
		if (costs->rows[i].field == field)
			return &costs->rows[i];
	}
	return &none;
}

static void test_costs(void)
{
	static struct lint_costs costs;
	struct rule_list list = {0};
	struct diags d = {0};
	struct swdb set = {0};

	CHECK(rules_parse("f", costly, strlen(costly), NULL, false, &list, &d) == 0, "parsed");
	CHECK(swdb_compile(&list, &set, &d) == 0, "compiled");
	const struct lint_budget none = {0}, tiny = {.bytes = 1};
	CHECK(lint_costs(&list, &set, &none, &costs, &d) == 0 && d.n_errors == 0, "measured");
	CHECK(costs.n == 4, "%u fields", costs.n);
	CHECK(cost_of(&costs, FIELD_TLS_SNI)->n_patterns == 1, "a literal");
	CHECK(cost_of(&costs, FIELD_DNS_QUERY)->n_expressions == 1, "an expression");
	CHECK(cost_of(&costs, FIELD_STREAM)->stream_bytes > 0, "a stream's state");
	CHECK(cost_of(&costs, FIELD_PAYLOAD)->n_always == 1, "one without a prefilter");
	CHECK(costs.bytes > 0 && cost_of(&costs, FIELD_STREAM)->value_ns > 0, "they cost");
	CHECK(lint_costs(&list, &set, &tiny, &costs, &d) == 0, "measured");
	CHECK(d.n_errors == 1 && strcmp(d.items[d.n - 1].kind, "lint:cost") == 0, "too large");
	swdb_free(&set);
	diags_free(&d);
	rule_list_free(&list);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"findings", test_findings},
		{"bounds", test_bounds},
		{"costs", test_costs},
		CU_TEST_INFO_NULL,
	};
	return check_main("lint", tests);
}
