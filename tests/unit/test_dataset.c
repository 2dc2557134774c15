// dataset, datarep: from the text of rules and lists to what they match, and to what is refused.

#include "patterns/swdb.h"
#include "tests/unit/dataset_rules.h"

#include <stdio.h>
#include <unistd.h>

// printf %s TEXT | base64, md5sum, sha256sum
#define EXAMPLE_64 "ZXhhbXBsZS5vcmc="
#define EXAMPLE_MD5 "1bdf72e04d6b50c82a48c7e4dd38cc69"
#define EXAMPLE_SHA256 "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b5"

struct row {
	const char *name;
	const char *options;
	const char *list;
	struct match_value values[3];
	bool want;
};

static const struct row rows[] = {
	{"in", "http.host; dataset:isset,s" LOAD("string"), EXAMPLE_64 "\n", {HOST("example.org")},
		true},
	{"not in", "http.host; dataset:isset,s" LOAD("string"), EXAMPLE_64 "\n",
		{HOST("www.example.org")}, false},
	{"a part is not the whole", "http.host; dataset:isset,s" LOAD("string"), EXAMPLE_64 "\n",
		{HOST("example.or")}, false},
	{"the last line has no end", "http.host; dataset:isset,s" LOAD("string"), EXAMPLE_64,
		{HOST("example.org")}, true},
	{"comments, empty lines, other ends of lines", "http.host; dataset:isset,s" LOAD("string"),
		"# ZZZ\r\n\r\n \t\n  " EXAMPLE_64 " \r\n", {HOST("example.org")}, true},
	{"an empty list", "http.host; dataset:isset,s" LOAD("string"), "", {HOST("example.org")},
		false},
	{"isnotset", "http.host; dataset:isnotset,s" LOAD("string"), EXAMPLE_64 "\n",
		{HOST("other.example")}, true},
	{"isnotset, in", "http.host; dataset:isnotset,s" LOAD("string"), EXAMPLE_64 "\n",
		{HOST("example.org")}, false},
	{"isnotset wants the buffer", "http.host; dataset:isnotset,s" LOAD("string"),
		EXAMPLE_64 "\n", {V(FIELD_HTTP_URI, "/")}, false},
	{"md5", "http.host; to_md5; dataset:isset,s" LOAD("md5"),
		"0123456789abcdef0123456789abcdef\n" EXAMPLE_MD5 "\n", {HOST("example.org")}, true},
	{"sha256", "http.host; to_sha256; dataset:isset,s" LOAD("sha256"), EXAMPLE_SHA256 "\n",
		{HOST("example.org")}, true},
	{"md5 of the buffer, without the word", "http.host; dataset:isset,s" LOAD("md5"),
		EXAMPLE_MD5 "\n", {HOST("example.org")}, true},
	{"transformed", "http.uri; to_lowercase; dataset:isset,s" LOAD("string"), EXAMPLE_64 "\n",
		{V(FIELD_HTTP_URI, "EXAMPLE.org")}, true},
	{"the dot in front", "http.host; dotprefix; dataset:isset,s" LOAD("string"),
		"LmV4YW1wbGUub3Jn\n", {HOST("example.org")}, true},
	{"beside a content", "http.host; content:\"exam\"; dataset:isset,s" LOAD("string"),
		EXAMPLE_64 "\n", {HOST("example.org")}, true},
	{"beside a content that is not there",
		"http.host; content:\"q\"; dataset:isset,s" LOAD("string"), EXAMPLE_64 "\n",
		{HOST("example.org")}, false},
	{"one of several values", "http.request_header; dataset:isset,s" LOAD("string"),
		EXAMPLE_64 "\n",
		{V(FIELD_HTTP_REQUEST_HEADER, "a"), V(FIELD_HTTP_REQUEST_HEADER, "example.org")},
		true},
	{"several sets",
		"http.host; dataset:isset,s" LOAD("string") "dataset:isnotset,t,type string;",
		EXAMPLE_64 "\n", {HOST("example.org")}, true},
	{"the source", "ip.src; dataset:isset,s" LOAD("ip"), "2001:db8::1\n10.0.0.1\n", {HOST("a")},
		true},
	{"the source, written as IPv6", "ip.src; dataset:isset,s" LOAD("ip"), "::ffff:10.0.0.1",
		{HOST("a")}, true},
	{"the destination", "ip.dst; dataset:isset,s" LOAD("ipv4"), "192.0.2.1\n", {HOST("a")},
		true},
	{"not the destination", "ip.dst; dataset:isset,s" LOAD("ipv4"), "10.0.0.1\n", {HOST("a")},
		false},
	{"an address's bytes", "ip.src; content:\"|0a 00|\"; startswith;", "", {HOST("a")}, true},
	{"reputation", "http.host; datarep:s,>,200" LOAD("string"), EXAMPLE_64 ",201\n",
		{HOST("example.org")}, true},
	{"reputation, too low", "http.host; datarep:s, >, 200" LOAD("string"),
		EXAMPLE_64 " , 200\n", {HOST("example.org")}, false},
	{"reputation, equal", "http.host; datarep:s,==,7" LOAD("string"), EXAMPLE_64 ",7\n",
		{HOST("example.org")}, true},
	{"reputation, none", "http.host; datarep:s,<,7" LOAD("string"), EXAMPLE_64 ",6\n",
		{HOST("other.example")}, false},
	{"reputation of a value that stands twice: the higher",
		"http.host; datarep:s,==,9" LOAD("string"), EXAMPLE_64 ",9\n" EXAMPLE_64 ",3\n",
		{HOST("example.org")}, true},
	{"a column of reputations is no part of the value",
		"http.host; dataset:isset,s" LOAD("string"), EXAMPLE_64 ",9\n",
		{HOST("example.org")}, true},
	{"state loads, too", "http.host; dataset:isset,s,type string,state lists/a;",
		EXAMPLE_64 "\n", {HOST("example.org")}, true},
};

static bool matches(const struct pattern_db *db, const struct match_value *values)
{
	struct match_env env = test_env(IPPROTO_TCP);
	struct match_hits hits = {0};
	unsigned n = 0;

	env.app_proto = APP_HTTP;
	while (n < 3 && values[n].value.p != NULL)
		n++;
	pattern_db_match_tx(db, 0, &env, values, n, &hits);
	if (hits.n == 0)
		pattern_db_match_packet(db, 0, &env, text_bytes("x"), &hits);
	return hits.n > 0;
}

static void test_match(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct row *row = &rows[i];
		struct set s;
		char text[1024];
		snprintf(text, sizeof(text), "alert http any any -> any any (%s sid:1;)\n",
			row->options);
		parse(&s, text, row->list, strlen(row->list), false);
		struct pattern_db *db = load(&s);
		CHECK(db != NULL, "%s: %s", row->name, s.diags.n > 0 ? s.diags.items[0].text : "");
		if (db != NULL)
			CHECK(matches(db, row->values) == row->want, "%s", row->name);
		pattern_db_free(db);
		done(&s);
	}
}

// Nothing but addresses: a packet's rule.
static void test_packet(void)
{
	struct match_env env = test_env(IPPROTO_UDP);
	struct match_hits hits = {0};
	struct set s;

	parse(&s,
		"alert udp any any -> any any (ip.dst; dataset:isset,s,type ip,load lists/a; "
		"sid:1;)",
		"192.0.2.1", 9, false);
	struct pattern_db *db = load(&s);
	CHECK(db != NULL && pattern_db_wants(db).packets_other, "wants packets");
	CHECK(db != NULL && !pattern_db_wants(db).facts, "but not their headers");
	if (db != NULL)
		pattern_db_match_packet(db, 0, &env, text_bytes("x"), &hits);
	CHECK(hits.n == 1, "%u", hits.n);
	pattern_db_free(db);
	done(&s);
}

#define RULE(options) "alert http any any -> any any (" options " sid:1;)"
#define OF(type) RULE("http.host; dataset:isset,s" LOAD(type))

static const struct {
	const char *name;
	const char *rules;
	const char *list; // NULL: there is none
	uint32_t errors, warnings;
	const char *said; // stands in the first one
	const char *file;
	uint32_t line, column;
} refused[] = {
	{"no buffer", RULE("dataset:isset,s,type string;"), "", 1, 0, "behind a sticky buffer",
		"rules/t.rules", 1, 32},
	{"no command", RULE("http.host; dataset:s;"), "", 1, 0, "isset, isnotset", "rules/t.rules",
		1, 51},
	{"no type", RULE("http.host; dataset:isset,s;"), "", 1, 0, "a type is wanted", NULL, 0, 0},
	{"an unknown type", RULE("http.host; dataset:isset,s,type float;"), "", 1, 0, "type string",
		NULL, 0, 0},
	{"no file", OF("string"), NULL, 1, 0, "rules/lists/a: No such file", "rules/t.rules", 1,
		76},
	{"no file to go on with", RULE("http.host; dataset:set,s,type string,state lists/a;"), NULL,
		0, 1, "nothing is saved", NULL, 0, 0},
	{"save", RULE("http.host; dataset:set,s,type string,save x;"), "", 0, 1, "nothing is saved",
		NULL, 0, 0},
	{"state and load", RULE("http.host; dataset:set,s,type string,state lists/a,load lists/a;"),
		"", 1, 0, "state is load and save", NULL, 0, 0},
	{"a file's name", RULE("http.host; dataset:isset,s,type string,load a b;"), "", 1, 0,
		"a file name is wanted", NULL, 0, 0},
	{"memcap, hashsize",
		RULE("http.host; dataset:set,s,type string,memcap 10mb,hashsize 1024;"), "", 0, 2,
		"ignored", NULL, 0, 0},
	{"json", RULE("http.host; dataset:isset,s,type string,format json;"), "", 1, 0, "csv", NULL,
		0, 0},
	{"enrichment", RULE("http.host; dataset:isset,s,type string,enrichment_key k;"), "", 1, 0,
		"not enriched", NULL, 0, 0},
	{"another word", RULE("http.host; dataset:isset,s,type string,tpye x;"), "", 1, 0,
		"is wanted", NULL, 0, 0},
	{"not base64", OF("string"), EXAMPLE_64 "\nZXhhb-==\n", 1, 0, "base64", "rules/lists/a", 2,
		1},
	{"base64 that is cut", OF("string"), "ZXhhbXBsZS5vcmc\n", 1, 0, "base64", "rules/lists/a",
		1, 1},
	{"padding in the middle", OF("string"), "ZX==ZXhh\n", 1, 0, "base64", "rules/lists/a", 1,
		1},
	{"nothing but padding", OF("string"), "==\n", 1, 0, "base64", "rules/lists/a", 1, 1},
	{"dashes behind it", OF("string"), "ZXhh----\n", 1, 0, "base64", "rules/lists/a", 1, 1},
	{"a dash behind it, as base64url has it", OF("string"), "ZXhhZXh-\n", 1, 0, "base64",
		"rules/lists/a", 1, 1},
	{"half a digest", RULE("http.host; to_md5; dataset:isset,s" LOAD("md5")), "\n  00ff\n", 1,
		1, "32 hexadecimal", "rules/lists/a", 2, 3},
	{"no digit", RULE("http.host; to_md5; dataset:isset,s" LOAD("md5")),
		"0123456789abcdef0123456789abcdeg\n", 1, 1, "32 hexadecimal", "rules/lists/a", 1,
		1},
	{"a prefix", RULE("ip.src; dataset:isset,s" LOAD("ip")), "10.0.0.0/8\n", 1, 1,
		"an IPv4 or IPv6 address", "rules/lists/a", 1, 1},
	{"IPv6 in a set of IPv4", RULE("ip.src; dataset:isset,s" LOAD("ipv4")), "::1\n", 1, 1,
		"an IPv4 address", "rules/lists/a", 1, 1},
	{"addresses in a name", RULE("http.host; dataset:isset,s" LOAD("ip")), "10.0.0.1\n", 1, 1,
		"the rule names single hosts", NULL, 0, 0},
	{"a person", OF("string"), EXAMPLE_64 "\nIyBpYW0=\namFuZS5kb2VAbWFpbC5kZQ==\n", 1, 0,
		"an e-mail address", "rules/lists/a", 3, 1},
	{"hashes", RULE("http.host; to_md5; dataset:isset,s" LOAD("md5")),
		"0123456789abcdef0123456789abcdef\n", 0, 1, "hashed values", NULL, 0, 0},
	{"reputation without a number", RULE("http.host; datarep:s,>,1" LOAD("string")),
		"\n" EXAMPLE_64 "\n", 1, 0, "a reputation is missing", "rules/lists/a", 2, 1},
	{"no number", RULE("http.host; datarep:s,>,1" LOAD("string")), EXAMPLE_64 ",x\n", 1, 0,
		"0 to 65535", "rules/lists/a", 1, 18},
	{"a number too large", RULE("http.host; datarep:s,>,1" LOAD("string")),
		EXAMPLE_64 ",65536\n", 1, 0, "0 to 65535", "rules/lists/a", 1, 18},
	{"no operator", RULE("http.host; datarep:s,1" LOAD("string")), "", 1, 0, "datarep wants",
		NULL, 0, 0},
	{"two types", RULE("http.host; dataset:isset,s,type string; dataset:isset,s,type md5;"), "",
		1, 0, "another type", NULL, 0, 0},
	{"two files",
		RULE("http.host; dataset:isset,s,type string,load lists/a; dataset:isset,s,load "
		     "b;"),
		"", 1, 0, "already", NULL, 0, 0},
};

static void test_refused(void)
{
	for (size_t i = 0; i < ROWS(refused); i++) {
		const char *name = refused[i].name, *list = refused[i].list;
		struct set s;
		parse(&s, refused[i].rules, list, list != NULL ? strlen(list) : 0, false);
		CHECK(s.diags.n_errors == refused[i].errors, "%s: %u errors, %s", name,
			s.diags.n_errors, s.diags.n > 0 ? s.diags.items[s.diags.n - 1].text : "");
		CHECK(s.diags.n_warnings == refused[i].warnings, "%s: %u warnings", name,
			s.diags.n_warnings);
		CHECK((s.err == 0) == (refused[i].errors == 0), "%s: %d", name, s.err);
		bool said = false, there = false;
		for (uint32_t k = 0; k < s.diags.n; k++) {
			const struct diag *d = &s.diags.items[k];
			said |= strstr(d->text, refused[i].said) != NULL;
			there |= refused[i].file == NULL ||
				(strcmp(d->where.file, refused[i].file) == 0 &&
					d->where.line == refused[i].line &&
					d->where.column == refused[i].column);
		}
		CHECK(said, "%s: %s", name, s.diags.n > 0 ? s.diags.items[0].text : "nothing");
		CHECK(there, "%s: %s:%u:%u", name, s.diags.n > 0 ? s.diags.items[0].where.file : "",
			s.diags.n > 0 ? s.diags.items[0].where.line : 0,
			s.diags.n > 0 ? s.diags.items[0].where.column : 0);
		done(&s);
	}
}

// In the laboratory a list of persons is loaded.
static void test_lab(void)
{
	static const char list[] = "amFuZS5kb2VAbWFpbC5kZQ==\n";
	struct set s;

	parse(&s, OF("string"), list, sizeof(list) - 1, true);
	CHECK(s.err == 0 && s.diags.n_warnings == 1, "%d, %u", s.err, s.diags.n_warnings);
	done(&s);
}

// What is told of a list never repeats what stands in it, and ends before long.
static void test_strangers_file(void)
{
	char list[4096];
	struct set s;

	for (size_t i = 0; i < sizeof(list); i += 8)
		memcpy(list + i, "s3cr3t\n\n", 8);
	parse(&s, OF("string"), list, sizeof(list), false);
	CHECK(s.diags.n_errors <= 21, "%u", s.diags.n_errors);
	for (uint32_t i = 0; i < s.diags.n; i++)
		CHECK(strstr(s.diags.items[i].text, "s3cr3t") == NULL, "%u", i);
	done(&s);
}

// Wherever a list ends, and whatever stands in it: an answer.
static void test_truncated(void)
{
	static const char list[] = "# c\n" EXAMPLE_64 ",12\n\x00\xff,,,\n" EXAMPLE_64 ",9";
	static const char *const types[] = {"string", "md5", "sha256", "ip", "ipv4"};

	for (size_t t = 0; t < ROWS(types); t++) {
		char text[256];
		bool address = t > 2;
		snprintf(text, sizeof(text),
			"alert http any any -> any any (%s; datarep:s,>,1,type %s,load lists/a; "
			"sid:1;)",
			address ? "ip.src" : "http.host", types[t]);
		for (size_t len = 0; len < sizeof(list); len++) {
			char *exact = malloc(len + 1);
			struct set s;
			memcpy(exact, list, len);
			exact = realloc(exact, len > 0 ? len : 1);
			parse(&s, text, exact, len, false);
			CHECK(s.err == 0 || s.diags.n_errors > 0, "%s, %zu", types[t], len);
			done(&s);
			free(exact);
		}
	}
}

// One file, read once, however many rules ask.
static void test_shared(void)
{
	struct match_value hosts[] = {HOST("example.org"), HOST("www.example.org")};
	struct match_env env = test_env(IPPROTO_TCP);
	struct match_hits hits = {0};
	struct set s;

	parse(&s,
		"alert http any any -> any any (http.host; dataset:isset,s,type string,load "
		"lists/a; sid:1;)\n"
		"alert http any any -> any any (http.host; dataset:isset,s; sid:2;)\n"
		"alert http any any -> any any (http.host; dataset:isnotset,s,load lists/a; "
		"sid:3;)\n",
		EXAMPLE_64, strlen(EXAMPLE_64), false);
	CHECK(s.list.asked == 1 && s.rules.n_datasets == 1, "asked %u", s.list.asked);
	struct pattern_db *db = load(&s);
	for (unsigned i = 0; i < 2 && db != NULL; i++) {
		hits.n = 0;
		env.app_proto = APP_HTTP;
		pattern_db_match_tx(db, 0, &env, &hosts[i], 1, &hits);
		CHECK(hit(&hits, 0) == (i == 0) && hit(&hits, 1) == (i == 0), "%u", i);
		CHECK(hit(&hits, 2) == (i == 1), "%u", i);
	}
	pattern_db_free(db);
	done(&s);
}

// Lists of all sizes around those at which the index grows: what is in is found, else nothing.
static void test_sizes(void)
{
	static const uint32_t sizes[] = {1, 4, 5, 8, 9, 16, 17, 1000, 70000};

	for (size_t i = 0; i < ROWS(sizes); i++) {
		uint32_t n = sizes[i];
		char *list = malloc(n * 16 + 1);
		size_t len = 0;
		for (uint32_t k = 0; k < n; k++)
			len += (size_t)sprintf(
				list + len, "10.%u.%u.%u\n", k >> 16, k >> 8 & 255, k & 255);
		struct set s;
		parse(&s, RULE("ip.src; dataset:isset,s" LOAD("ip")), list, len, false);
		struct pattern_db *db = load(&s);
		uint32_t wrong = 0;
		for (uint32_t k = 0; k < 2 * n && db != NULL; k++) {
			uint8_t src[16] = {10, (uint8_t)(k >> 16), (uint8_t)(k >> 8), (uint8_t)k};
			struct match_env env = test_env(IPPROTO_TCP);
			struct match_hits hits = {0};
			env.app_proto = APP_HTTP;
			env.src = src;
			pattern_db_match_packet(db, 0, &env, text_bytes("x"), &hits);
			wrong += (hits.n > 0) != (k < n);
		}
		CHECK(db != NULL && wrong == 0, "%u: %u", n, wrong);
		pattern_db_free(db);
		free(list);
		done(&s);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what is in a set matches", test_match},
		{"addresses of packets", test_packet},
		{"what is refused, and where", test_refused},
		{"the laboratory", test_lab},
		{"a file that is no list is not told", test_strangers_file},
		{"lists that are cut", test_truncated},
		{"rules share a set", test_shared},
		{"sets of all sizes", test_sizes},
		CU_TEST_INFO_NULL,
	};

	return check_main("dataset", tests);
}
