#include "patterns/parse.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct parsed {
	struct rule_list list;
	struct diags diags;
	int err;
};

static struct parsed parse_bytes(const char *text, size_t len, bool lab)
{
	static const struct rule_var vars[] = {{"MY_NET", "[10.0.0.0/8,!10.1.0.0/16]"},
		{"BAD_PORTS", "[80,\n http]"}, {"DNS_HOST", "192.0.2.53"}, {"LOOP_A", "$LOOP_B"},
		{"LOOP_B", "$LOOP_A"}, {NULL, NULL}};
	struct parsed p = {0};
	char *exact = malloc(len ? len : 1); // so that a read past the end is seen

	memcpy(exact, text, len);
	p.err = rules_parse("t.rules", exact, len, vars, lab, &p.list, &p.diags);
	free(exact);
	return p;
}

static struct parsed parse(const char *text)
{
	return parse_bytes(text, strlen(text), false);
}

static void done(struct parsed *p)
{
	rule_list_free(&p->list);
	diags_free(&p->diags);
}

#define HEAD "alert tcp any any -> any any ("
#define TAIL " sid:1;)"

// Each is told where it stands.
static const struct {
	const char *name;
	const char *text;
	uint32_t line, column;
	const char *says;
} mistakes[] = {
	{"action", "allert tcp any any -> any any (sid:1;)", 1, 1, "action"},
	{"protocol", "alert foo any any -> any any (sid:1;)", 1, 7, "protocol"},
	{"address", "alert tcp 10.0.0.300 any -> any any (sid:1;)", 1, 11, "address"},
	{"a mailbox is no address", "alert tcp jo@acme.io any -> any any (sid:1;)", 1, 11,
		"address"},
	{"prefix", "alert tcp 10.0.0.0/33 any -> any any (sid:1;)", 1, 11, "address"},
	{"variable", "alert tcp $NOBODY any -> any any (sid:1;)", 1, 11, "not defined"},
	{"circle", "alert tcp $LOOP_A any -> any any (sid:1;)", 1, 11, "circle"},
	{"nothing left", "alert tcp [10.0.0.0/9,!10.0.0.0/8] any -> any any (sid:1;)", 1, 11,
		"no address is left"},
	{"port", "alert tcp any 65536 -> any any (sid:1;)", 1, 15, "65535"},
	{"port range", "alert tcp any 9:3 -> any any (sid:1;)", 1, 15, "ends before"},
	{"arrow", "alert tcp any any >> any any (sid:1;)", 1, 19, "->"},
	{"bracket", "alert tcp any any -> any any sid:1;", 1, 30, "'('"},
	{"not closed", "alert tcp any any -> any any (sid:1;", 1, 31, "closing"},
	{"text behind", HEAD "sid:1;) flibber", 1, 39, "behind"},
	{"no semicolon", HEAD "sid:1)", 1, 31, "';'"},
	{"no sid", HEAD "msg:\"x\";)", 1, 1, "sid is missing"},
	{"sid 0", HEAD "sid:0;)", 1, 35, "a number from 1"},
	{"keyword", HEAD "flibber:1;" TAIL, 1, 31, "unsupported keyword \"flibber\""},
	{"keyword on line 3", "# one\n\n" HEAD "flibber;" TAIL, 3, 31, "flibber"},
	{"behind a continuation", HEAD " \\\n  flibber;" TAIL, 2, 3, "flibber"},
	{"empty content", HEAD "content:\"\";" TAIL, 1, 40, "empty"},
	{"half a byte", HEAD "content:\"|0|\";" TAIL, 1, 42, "half a byte"},
	{"no hex", HEAD "content:\"|zz|\";" TAIL, 1, 41, "hexadecimal"},
	{"open bar", HEAD "content:\"|00\";" TAIL, 1, 40, "closing '|'"},
	{"escape", HEAD "content:\"a\\b\";" TAIL, 1, 41, "backslash"},
	{"a quote", HEAD "content:\"a\"b\";" TAIL, 1, 31, "';'"},
	{"quotes", HEAD "content:\"a\"b\"c\";" TAIL, 1, 41, "a quote within"},
	{"no quotes", HEAD "content:abc;" TAIL, 1, 39, "quotes"},
	{"modifier first", HEAD "nocase;" TAIL, 1, 31, "without a content"},
	{"depth too small", HEAD "content:\"abc\"; depth:2;" TAIL, 1, 31, "depth"},
	{"startswith and offset", HEAD "content:\"abc\"; startswith; offset:2;" TAIL, 1, 31,
		"excludes"},
	{"http.host in capitals", HEAD "http.host; content:\"A\";" TAIL, 1, 42, "lower case"},
	{"flow", HEAD "flow:sideways;" TAIL, 1, 36, "sideways"},
	{"both directions", HEAD "flow:to_server,to_client;" TAIL, 1, 1, "exclude"},
	{"dsize", HEAD "dsize:5<>6;" TAIL, 1, 37, "no packet"},
	{"pcre slashes", HEAD "pcre:\"abc\";" TAIL, 1, 37, "slashes"},
	{"pcre quotes", HEAD "pcre:! abc;" TAIL, 1, 38, "quotes"},
	{"pcre letter", HEAD "pcre:\"/abc/q\";" TAIL, 1, 42, "letter q"},
	{"pcre syntax", HEAD "pcre:\"/a(b/\";" TAIL, 1, 41, "pcre"},
	{"an e-mail address", HEAD "content:\"jo@acme.io\";" TAIL, 1, 40, "e-mail"},
	{"an error in a variable", "alert tcp any $BAD_PORTS -> any any (sid:1;)", 1, 15,
		"$BAD_PORTS: a number"},
	{"prefix with a sign", "alert tcp 10.0.0.0/+8 any -> any any (sid:1;)", 1, 11, "address"},
	{"a buffer for nothing", HEAD "tls.sni; http.host; content:\"a\";" TAIL, 1, 31,
		"tls.sni without"},
	{"the last buffer for nothing", HEAD "content:\"a\"; tls.sni;" TAIL, 1, 44,
		"tls.sni without"},
	{"dotprefix on payload", HEAD "dotprefix; content:\".a\";" TAIL, 1, 31,
		"behind a sticky buffer"},
	{"a buffer behind base64_data",
		HEAD "content:\"a\"; base64_decode:relative; base64_data; content:\"b\"; "
		     "http_uri;" TAIL,
		1, 81, "no other buffer"},
	{"refused, with the reason", HEAD "luajit:x;" TAIL, 1, 31, "it would run a program"},
	{"half of a transaction", "alert tls any any => any any (tls.sni; content:\"a\"; sid:1;)",
		1, 1, "=> wants conditions"},
	{"no service", HEAD "metadata:a b, service;" TAIL, 1, 45, "a service"},
	{"a service's name", HEAD "metadata:service <b>;" TAIL, 1, 40, "a service"},
	{"both kinds of stream", HEAD "flow:no_stream,only_stream;" TAIL, 1, 1, "exclude"},
	{"old modifier alone", HEAD "http_uri;" TAIL, 1, 31, "without a content"},
	{"a phone number", HEAD "content:\"+4915112345678\";" TAIL, 1, 40, "phone"},
	{"a card", HEAD "content:\"4556737586899855\";" TAIL, 1, 40, "card"},
};

static void test_errors(void)
{
	for (size_t i = 0; i < ROWS(mistakes); i++) {
		struct parsed p = parse(mistakes[i].text);
		const struct diag *d = p.diags.n > 0 ? &p.diags.items[0] : NULL;
		CHECK(p.err == -EINVAL && p.diags.n_errors >= 1, "%s: %d", mistakes[i].name, p.err);
		CHECK(p.list.n == 0, "%s", mistakes[i].name);
		if (d != NULL) {
			CHECK(strcmp(d->where.file, "t.rules") == 0, "%s", mistakes[i].name);
			CHECK(d->where.line == mistakes[i].line &&
					d->where.column == mistakes[i].column,
				"%s: %u:%u", mistakes[i].name, d->where.line, d->where.column);
			CHECK(strstr(d->text, mistakes[i].says) != NULL, "%s: %s", mistakes[i].name,
				d->text);
			CHECK(strstr(d->text, "acme") == NULL, "%s is not repeated",
				mistakes[i].name);
		}
		done(&p);
	}
}

// Any file that the daemon may read can be asked for: the key of its cache, a list of persons.
static void test_no_rules(void)
{
	struct parsed p = parse("root:$6$abc:1:2\n\nsecretword with more\nsecretword:tcp any\n");

	CHECK(p.err < 0 && p.diags.n == 3, "%u", p.diags.n);
	for (uint32_t i = 0; i < p.diags.n; i++)
		CHECK(strstr(p.diags.items[i].text, "secret") == NULL &&
				strstr(p.diags.items[i].text, "abc") == NULL,
			"%s", p.diags.items[i].text);
	done(&p);
}

static void test_accepted(void)
{
	static const struct {
		const char *name;
		const char *text;
		unsigned warnings;
	} cases[] = {
		{"nothing but a sid", HEAD "sid:1;)", 0},
		{"a comment and CRLF", "# x\r\n" HEAD "sid:1;)\r\n", 0},
		{"a byte order mark", "\xef\xbb\xbf" HEAD "sid:1;)", 0},
		{"drop", "drop tcp any any -> any any (sid:1;)", 1},
		{"reject", "reject tcp any any -> any any (sid:1;)", 1},
		{"one host of the configuration", "alert tcp $DNS_HOST any -> any any (sid:1;)", 0},
		{"continuations without a space",
			"alert tcp [10.0.0.0/8\\\n,11.0.0.0/8] any\\\r\n -> any any\\\n(sid:1;)",
			0},
		{"one host", "alert tcp 192.0.2.1 any -> any any (sid:1;)", 1},
		{"variables in lists",
			"alert tcp [$MY_NET,192.0.2.0/24] !$HTTP_PORTS -> any any (sid:1;)", 0},
		{"IPv6", "alert ip 2001:db8::/32 any <> any any (sid:1;)", 0},
		{"a bracket in a text", HEAD "msg:\"a (b) \\; c\";" TAIL, 0},
		{"a semicolon in a content", HEAD "content:\"a;b\";" TAIL, 0},
		{"test card", HEAD "content:\"4111111111111111\";" TAIL, 0},
		{"example address", HEAD "content:\"user@example.com\";" TAIL, 0},
		{"ignored", HEAD "content:\"abc\"; rawbytes;" TAIL, 1},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct parsed p = parse(cases[i].text);
		CHECK(p.err == 0 && p.list.n == 1, "%s: %d %s", cases[i].name, p.err,
			p.diags.n > 0 ? p.diags.items[0].text : "");
		CHECK(p.diags.n_warnings == cases[i].warnings, "%s: %u", cases[i].name,
			p.diags.n_warnings);
		done(&p);
	}
}

static void test_content(void)
{
	static const struct {
		const char *text;
		const char *bytes;
		size_t len;
	} cases[] = {
		{"abc", "abc", 3},
		{"|61 62|c", "abc", 3},
		{"a|0D0a|b", "a\r\nb", 4},
		{"|00|", "\0", 1},
		{"\\\"\\;\\:\\\\", "\";:\\", 4},
		{"|7c|", "|", 1},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		char text[200];
		snprintf(text, sizeof(text), HEAD "content:\"%s\"; nocase;" TAIL, cases[i].text);
		struct parsed p = parse(text);
		CHECK(p.err == 0 && p.list.n == 1, "%s", cases[i].text);
		if (p.list.n == 1) {
			const struct condition *c = &p.list.rules[0]->conditions[0];
			CHECK(c->len == cases[i].len &&
					memcmp(c->bytes, cases[i].bytes, c->len) == 0,
				"%s", cases[i].text);
			CHECK(c->flags == CONTENT_NOCASE, "%s", cases[i].text);
		}
		done(&p);
	}
}

static void test_whole_rule(void)
{
	struct parsed p =
		parse("alert tls $HOME_NET 1024: -> !$HOME_NET [443,8443] (msg:\"a \\\"b\\\"\"; "
		      "flow:established,to_server; tls.sni; dotprefix; content:\".example.com\"; "
		      "endswith; "
		      "nocase; content:!\"x\"; distance:0; pcre:\"/a.*b/iR\"; "
		      "classtype:policy-violation; "
		      "metadata:service whatsapp, class im; reference:url,example.com/x; gid:2; "
		      "sid:7; rev:3;)");

	CHECK(p.err == 0 && p.list.n == 1, "%s", p.diags.n > 0 ? p.diags.items[0].text : "");
	if (p.list.n != 1)
		return;
	const struct rule *r = p.list.rules[0];
	CHECK(r->proto == RULE_APP && r->app_proto == APP_TLS, "protocol");
	CHECK(r->src.n == 3 && r->src.ranges[0].lo[0] == 10 && r->src.ranges[1].lo[0] == 172,
		"src");
	CHECK(r->sport.n == 1 && r->sport.ranges[0].lo == 1024 && r->sport.ranges[0].hi == 65535,
		"sport");
	CHECK(r->dst.n == 5, "dst is IPv4 in four pieces and IPv6 in one: %u", r->dst.n);
	CHECK(r->dport.n == 2 && r->dport.ranges[1].hi == 8443, "dport");
	CHECK(strcmp(r->msg, "a \"b\"") == 0, "%s", r->msg);
	CHECK(r->flow == (FLOW_ESTABLISHED | FLOW_TO_SERVER), "flow");
	CHECK(r->gid == 2 && r->sid == 7 && r->rev == 3 && r->severity == 1, "ids");
	CHECK(r->service != NULL && strcmp(r->service, "whatsapp") == 0, "service");
	CHECK(r->n_metadata == 2 && strcmp(r->metadata[1].value, "im") == 0, "metadata");
	CHECK(r->n_references == 1 && strcmp(r->references[0].value, "example.com/x") == 0,
		"reference");
	CHECK(strcmp(r->set, "t") == 0, "set");
	CHECK(r->n_conditions == 3, "conditions");
	CHECK(r->conditions[0].field == FIELD_TLS_SNI &&
			(r->conditions[0].flags & CONTENT_DOTPREFIX),
		"first");
	CHECK(r->conditions[1].flags & CONTENT_NEGATED, "second");
	CHECK(r->conditions[2].kind == COND_PCRE && r->conditions[2].pcre_relative, "third");
	done(&p);
}

static void test_ranges(void)
{
	static const struct {
		const char *text;
		const char *want; // "lo-hi lo-hi" of the first bytes of IPv4
	} cases[] = {
		{"[10.0.0.0/8,11.0.0.0/8]", "10-10 11-11"},
		{"[10.0.0.0/8,10.0.0.0/9]", "10-10"},
		{"[9.0.0.0/8,!9.128.0.0/9]", "9-9"},
		{"[1.0.0.0-3.255.255.255,!2.0.0.0/8]", "1-1 3-3"},
		{"[[1.0.0.0/8,5.0.0.0/8],!5.0.0.0/8]", "1-1"},
		{"$MY_NET", "10-10 10-10"},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		char text[200], got[100] = "";
		snprintf(text, sizeof(text), "alert ip %s any -> any any (sid:1;)", cases[i].text);
		struct parsed p = parse(text);
		for (uint32_t k = 0; p.list.n == 1 && k < p.list.rules[0]->src.n; k++) {
			const struct addr_range *a = &p.list.rules[0]->src.ranges[k];
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u-%u",
				k > 0 ? " " : "", a->lo[0], a->hi[0]);
		}
		CHECK(strcmp(got, cases[i].want) == 0, "%s: %s", cases[i].text, got);
		done(&p);
	}
}

static void test_dsize(void)
{
	static const struct {
		const char *text;
		uint16_t lo, hi;
	} cases[] = {{"7", 7, 7}, {"<7", 0, 6}, {">7", 8, 65535}, {"5<>9", 6, 8}, {"5 <> 9", 6, 8}};

	for (size_t i = 0; i < ROWS(cases); i++) {
		char text[200];
		snprintf(text, sizeof(text), HEAD "dsize:%s;" TAIL, cases[i].text);
		struct parsed p = parse(text);
		CHECK(p.list.n == 1 && p.list.rules[0]->dsize_lo == cases[i].lo &&
				p.list.rules[0]->dsize_hi == cases[i].hi,
			"%s", cases[i].text);
		done(&p);
	}
}

// Positions and old-style words end up in the condition they are about.
static void test_buffers(void)
{
	struct parsed p = parse(HEAD "content:\"/a\"; http_uri; offset:2; depth:9; tls.sni; "
				     "content:\"b\"; pkt_data; content:\"c\"; content:\"d\"; "
				     "distance:-3; within:7; http.uri; pcre:\"/x/sU\";" TAIL);
	static const uint16_t fields[] = {
		FIELD_HTTP_URI, FIELD_TLS_SNI, FIELD_PAYLOAD, FIELD_PAYLOAD, FIELD_HTTP_URI};

	CHECK(p.err == 0 && p.list.n == 1, "%s", p.diags.n > 0 ? p.diags.items[0].text : "");
	const struct rule *r = p.list.n == 1 ? p.list.rules[0] : NULL;
	CHECK(r != NULL && r->n_conditions == ROWS(fields), "conditions");
	for (size_t i = 0; r != NULL && i < ROWS(fields); i++)
		CHECK(r->conditions[i].field == fields[i], "condition %zu", i);
	if (r != NULL) {
		CHECK(r->conditions[0].offset == 2 && r->conditions[0].depth == 9, "first");
		CHECK(r->conditions[3].distance == -3 && r->conditions[3].within == 7, "fourth");
		CHECK(r->conditions[0].where.column == 31, "where");
	}
	done(&p);
}

static void test_continuation(void)
{
	struct parsed p = parse(HEAD "metadata:a b \\\n, \\\n c d\\\r\n; sid:1;)");
	const struct rule *r = p.list.n == 1 ? p.list.rules[0] : NULL;

	CHECK(r != NULL && r->n_metadata == 2, "pairs");
	if (r != NULL && r->n_metadata == 2) {
		CHECK(strcmp(r->metadata[0].value, "b") == 0, "%s", r->metadata[0].value);
		CHECK(strcmp(r->metadata[1].key, "c") == 0, "%s", r->metadata[1].key);
		CHECK(strcmp(r->metadata[1].value, "d") == 0, "%s", r->metadata[1].value);
	}
	done(&p);
}

static void test_ports(void)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{"80", "80-80"},
		{":1023", "0-1023"},
		{"[80,443,81,440:500]", "80-80 81-81 440-500"},
		{"!80", "0-79 81-65535"},
		{"[10:20,!10,!20]", "11-19"},
		{"[1:100,!10:20,!50]", "1-9 21-49 51-100"},
		{"[!0:1023,!65535]", "1024-65534"},
		{"[![1:65535]]", "0-0"},
		{"!$HTTP_PORTS", "0-79 81-65535"},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		char text[200], got[100] = "";
		snprintf(text, sizeof(text), "alert tcp any %s -> any any (sid:1;)", cases[i].text);
		struct parsed p = parse(text);
		for (uint32_t k = 0; p.list.n == 1 && k < p.list.rules[0]->sport.n; k++) {
			const struct port_range *a = &p.list.rules[0]->sport.ranges[k];
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u-%u",
				k > 0 ? " " : "", a->lo, a->hi);
		}
		CHECK(strcmp(got, cases[i].want) == 0, "%s: %s", cases[i].text, got);
		done(&p);
	}
}

// In the laboratory what identifies one person is a warning.
static void test_lab(void)
{
	static const char text[] = HEAD "content:\"jo@acme.io\";" TAIL;
	struct parsed p = parse_bytes(text, sizeof(text) - 1, true);

	CHECK(p.err == 0 && p.list.n == 1 && p.diags.n_errors == 0, "loads: %d", p.err);
	CHECK(p.diags.n == 1 && strstr(p.diags.items[0].text, "e-mail") != NULL, "is told");
	CHECK(p.diags.n == 1 && strstr(p.diags.items[0].text, "acme") == NULL, "not repeated");
	done(&p);
}

// However many warnings there are, an error is told.
static void test_full_diags(void)
{
	static const char warning[] = "drop tcp any any -> any any (sid:1;)\n";
	static const char error[] = "alert tcp any any -> any any (sid:x;)\n";
	const unsigned n = DIAGS_MAX + 10;
	char *text = calloc(1, n * sizeof(warning) + sizeof(error));
	size_t len = 0;

	for (unsigned i = 0; i < n; i++, len += sizeof(warning) - 1)
		memcpy(text + len, warning, sizeof(warning) - 1);
	memcpy(text + len, error, sizeof(error) - 1);
	struct parsed p = parse(text);
	CHECK(p.diags.n == DIAGS_MAX && p.diags.n_warnings == n, "%u of %u", p.diags.n,
		p.diags.n_warnings);
	CHECK(p.diags.n_errors == 2, "sid is no number, and so is missing: %u", p.diags.n_errors);
	CHECK(p.diags.items[DIAGS_MAX - 1].level == DIAG_ERROR &&
			p.diags.items[DIAGS_MAX - 1].where.line == n + 1,
		"the last one");
	free(text);
	done(&p);
}

static void test_unique(void)
{
	struct parsed p = parse(HEAD "sid:1;)\n" HEAD "sid:2;)\n" HEAD "sid:1; gid:2;)\n");

	CHECK(rules_check_unique(&p.list, &p.diags) == 0, "all differ");
	done(&p);
	p = parse(HEAD "sid:1;)\n" HEAD "sid:2;)\n" HEAD "sid:1;)\n");
	CHECK(rules_check_unique(&p.list, &p.diags) == -EINVAL, "two are the same");
	CHECK(p.diags.n == 1 && p.diags.items[0].where.line == 3, "the second one is told");
	done(&p);
}

// Every prefix of good rules, and noise: an answer, never a crash.
static void test_hostile(void)
{
	static const char good[] =
		"alert tls [$HOME_NET,!10.0.0.1] 1:5 -> any any (msg:\"a\\\"\"; tls.sni; "
		"content:\"|61 62|\"; pcre:\"/x/iR\"; metadata:a b, c; reference:url,x; "
		"dsize:1<>9; sid:7;)\n"
		"alert tcp any any -> any any (content:\"abc\"; depth:5; \\\n sid:8;)\n";
	char noise[3000];

	for (size_t n = 0; n <= sizeof(good) - 1; n++) {
		struct parsed p = parse_bytes(good, n, false);
		CHECK(p.err == 0 || p.err == -EINVAL, "cut at %zu", n);
		done(&p);
	}
	srandom(7);
	for (unsigned round = 0; round < 300; round++) {
		size_t n = (size_t)random() % sizeof(noise);
		for (size_t i = 0; i < n; i++)
			noise[i] = round % 2 ? (char)random()
					     : good[(size_t)random() % (sizeof(good) - 1)];
		struct parsed p = parse_bytes(noise, n, round % 3 == 0);
		CHECK(p.err == 0 || p.err == -EINVAL, "noise %u", round);
		done(&p);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"errors say what and where", test_errors},
		{"what is no rule is not repeated", test_no_rules},
		{"accepted", test_accepted},
		{"content", test_content},
		{"a whole rule", test_whole_rule},
		{"address ranges", test_ranges},
		{"dsize", test_dsize},
		{"ports", test_ports},
		{"buffers", test_buffers},
		{"continuation", test_continuation},
		{"laboratory", test_lab},
		{"full diags", test_full_diags},
		{"unique", test_unique},
		{"hostile text", test_hostile},
		CU_TEST_INFO_NULL,
	};
	return check_main("rules", tests);
}
