// Two texts, and what is different between them.

#include "control/pattern_diff.h"
#include "patterns/parse.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RULE(header, options) "alert " header " (" options ")\n"
#define ANY " any any -> any any"
#define BASE                                                                                       \
	RULE("tls" ANY, "msg:\"m\"; tls.sni; content:\"abcd\"; content:\"efgh\"; sid:1; rev:1;")

static const struct {
	const char *name;
	const char *from, *to;
	const char *want; // "+ gid:sid", "- gid:sid", "~ gid:sid parts"
} rows[] = {
	{"nothing", "", "", ""},
	{"the same", BASE, BASE, ""},
	{"new", "", BASE, "+1:1"},
	{"gone", BASE, "", "-1:1"},
	{"another", BASE, RULE("tls" ANY, "tls.sni; content:\"abcd\"; sid:2;"), "-1:1 +1:2"},
	{"another group", BASE, RULE("tls" ANY, "tls.sni; content:\"abcd\"; gid:2; sid:1;"),
		"-1:1 +2:1"},
	{"only rev", BASE,
		RULE("tls" ANY,
			"msg:\"m\"; tls.sni; content:\"abcd\"; content:\"efgh\"; sid:1; rev:2;"),
		"~1:1"},
	{"written otherwise", BASE,
		RULE("tls" ANY,
			"sid:1; rev:1; tls.sni; content:\"efgh\"; content:\"|61|bcd\"; "
			"msg:\"m\";"),
		""},
	{"header", BASE,
		RULE("tls any any -> any 443",
			"msg:\"m\"; tls.sni; content:\"abcd\"; content:\"efgh\"; sid:1; rev:1;"),
		"~1:1 header"},
	{"contents", BASE,
		RULE("tls" ANY,
			"msg:\"m\"; tls.sni; content:\"abxd\"; content:\"efgh\"; sid:1; rev:1;"),
		"~1:1 contents"},
	{"contents, by a modifier", BASE,
		RULE("tls" ANY,
			"msg:\"m\"; tls.sni; content:\"abcd\"; content:\"efgh\"; distance:0; "
			"sid:1; "
			"rev:1;"),
		"~1:1 contents"},
	{"buffers", BASE,
		RULE("tls" ANY,
			"msg:\"m\"; tls.cert_issuer; content:\"abcd\"; content:\"efgh\"; sid:1; "
			"rev:1;"),
		"~1:1 buffers contents"},
	{"flow", BASE,
		RULE("tls" ANY,
			"msg:\"m\"; flow:to_server; tls.sni; content:\"abcd\"; content:\"efgh\"; "
			"sid:1; "
			"rev:1;"),
		"~1:1 flow"},
	{"memory", BASE,
		RULE("tls" ANY,
			"msg:\"m\"; flowbits:set,x; tls.sni; content:\"abcd\"; content:\"efgh\"; "
			"sid:1; "
			"rev:1;"),
		"~1:1 memory"},
	{"msg", BASE,
		RULE("tls" ANY,
			"msg:\"n\"; tls.sni; content:\"abcd\"; content:\"efgh\"; sid:1; rev:1;"),
		"~1:1 msg"},
	{"metadata", BASE,
		RULE("tls" ANY,
			"msg:\"m\"; metadata:a b; tls.sni; content:\"abcd\"; content:\"efgh\"; "
			"sid:1; "
			"rev:1;"),
		"~1:1 metadata"},
	{"a request's half",
		RULE("http any any => any any",
			"http.uri; content:\"abcd\"; http.stat_code; content:\"200\"; sid:1;"),
		RULE("http any any => any any",
			"http.uri; content:\"abxd\"; http.stat_code; content:\"200\"; sid:1;"),
		"~1:1 contents"},
	{"an answer's half",
		RULE("http any any => any any",
			"http.uri; content:\"abcd\"; http.stat_code; content:\"200\"; sid:1;"),
		RULE("http any any => any any",
			"http.uri; content:\"abcd\"; http.stat_code; content:\"404\"; sid:1;"),
		"~1:1 contents"},
	{"several", BASE RULE("dns" ANY, "dns.query; content:\"abcd\"; sid:5;"),
		RULE("dns" ANY, "dns.query; content:\"abcd\"; sid:5;")
			RULE("dns" ANY, "dns.query; content:\"abcd\"; sid:4;"),
		"-1:1 +1:4"},
};

static struct pattern_index *index_of(const char *text, const char *name)
{
	struct rule_list list = {0};
	struct diags d = {0};
	struct pattern_index *x = NULL;
	int fd = memfd_create("index", 0);
	FILE *out = fdopen(dup(fd), "w");

	int err = rules_parse("t.rules", text, strlen(text), NULL, false, &list, &d);
	CHECK(err == 0, "%s: %s", name, d.n > 0 ? d.items[0].text : "");
	CHECK(pattern_index_write(&list, out) == 0 && fclose(out) == 0, "%s: written", name);
	CHECK(pattern_index_read(fd, &x) == 0, "%s: read", name);
	close(fd);
	diags_free(&d);
	rule_list_free(&list);
	return x;
}

static void add(void *ctx, const struct pattern_difference *d)
{
	static const char signs[] = {'+', '-', '~'};
	const struct pattern_entry *e = d->to != NULL ? d->to : d->from;
	char *text = ctx;

	sprintf(text + strlen(text), "%s%c%u:%u", text[0] != '\0' ? " " : "", signs[d->change],
		e->gid, e->sid);
	for (unsigned i = 0; i < RULE_PARTS; i++) {
		if (d->parts & 1u << i)
			sprintf(text + strlen(text), " %s", rule_part_names[i]);
	}
}

static void test_rows(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct pattern_index *from = index_of(rows[i].from, rows[i].name);
		struct pattern_index *to = index_of(rows[i].to, rows[i].name);
		uint32_t counts[PATTERN_SAME + 1];
		char got[512] = "";

		if (from == NULL || to == NULL)
			continue;
		pattern_diff(from, to, add, got, counts);
		CHECK(strcmp(got, rows[i].want) == 0, "%s: \"%s\"", rows[i].name, got);
		CHECK(counts[PATTERN_REMOVED] + counts[PATTERN_CHANGED] + counts[PATTERN_SAME] ==
				from->n,
			"%s: all of the first", rows[i].name);
		CHECK(counts[PATTERN_ADDED] + counts[PATTERN_CHANGED] + counts[PATTERN_SAME] ==
				to->n,
			"%s: all of the second", rows[i].name);
		pattern_index_free(from);
		pattern_index_free(to);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {{"rows", test_rows}, CU_TEST_INFO_NULL};

	return check_main("pattern_diff", tests);
}
