// Examples as somebody may have written them.

#include "tests/unit/check.h"
#include "tools/replay/examples_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/sealwatch-examples-XXXXXX";

static const struct {
	const char *name;
	const char *text;
	uint32_t n; // examples
	const char *error; // "line:column: begin of the text"; "": none
} rows[] = {
	{"nothing", "", 0, ""},
	{"a comment", "# nothing\n", 0, ""},
	{"text", "- {sid: 1, expect: hit, text: a}\n- {sid: 2, expect: miss, text: ''}\n", 2, ""},
	{"all keys of a value",
		"- sid: 1\n  gid: 3\n  expect: hit\n  field: tls.sni\n  direction: to_client\n  "
		"text: a\n",
		1, ""},
	{"hex", "- {sid: 1, expect: hit, hex: \"0a 0B:ff\"}\n", 1, ""},
	{"values",
		"- {sid: 1, expect: hit, values: [{field: http.uri, text: /}, {field: payload, "
		"hex: 00}]}\n",
		1, ""},
	{"an address", "- {sid: 1, expect: hit, dst: 192.0.2.1}\n", 1, ""},
	{"an address of six", "- {sid: 1, expect: miss, dst: \"2001:db8::1\", text: a}\n", 1, ""},
	{"a capture", "- {sid: 1, expect: hit, capture: a.pcap, count: 3}\n", 1, ""},
	{"a capture below", "- {sid: 1, expect: miss, capture: below/b.pcap}\n", 1, ""},

	{"no list", "sid: 1\n", 0, "1:1: a list"},
	{"no mapping", "- 1\n", 0, "1:3: an example is"},
	{"unknown key", "- {sid: 1, expect: hit, txt: a}\n", 0, "1:25: an example has"},
	{"no sid", "- {expect: hit, text: a}\n", 0, "1:3: sid and expect"},
	{"nothing expected", "- {sid: 1, text: a}\n", 0, "1:3: sid and expect"},
	{"expects something else", "- {sid: 1, expect: maybe, text: a}\n", 0, "1:20: hit or miss"},
	{"nothing to look at", "- {sid: 1, expect: hit}\n", 0, "1:3: text, hex"},
	{"two things to look at", "- {sid: 1, expect: hit, text: a, capture: a.pcap}\n", 0,
		"1:3: text, hex"},
	{"no address", "- {sid: 1, expect: hit, dst: 192.0.2}\n", 0, "1:30: an IPv4"},
	{"an address of a capture", "- {sid: 1, expect: hit, dst: 192.0.2.1, capture: a.pcap}\n", 0,
		"1:3: text, hex"},
	{"text and hex", "- {sid: 1, expect: hit, text: a, hex: 00}\n", 0, "1:39: a value has one"},
	{"a field of nothing", "- {sid: 1, expect: hit, field: tls.sni, capture: a.pcap}\n", 0,
		"1:3: field wants"},
	{"no such field", "- {sid: 1, expect: hit, field: tls.x, text: a}\n", 0,
		"1:32: there is no"},
	{"sid is no number", "- {sid: x, expect: hit, text: a}\n", 0, "1:9: a whole number"},
	{"sid is too large", "- {sid: 4294967296, expect: hit, text: a}\n", 0,
		"1:9: a whole number"},
	{"sid is a list", "- {sid: [1], expect: hit, text: a}\n", 0, "1:9: a text or a number"},
	{"no hex", "- {sid: 1, expect: hit, hex: 0g}\n", 0, "1:30: pairs"},
	{"half a byte", "- {sid: 1, expect: hit, hex: '001'}\n", 0, "1:30: half a byte"},
	{"values without fields", "- {sid: 1, expect: hit, values: [{text: a}]}\n", 0,
		"1:34: a value has the keys"},
	{"values are none", "- {sid: 1, expect: hit, values: [a]}\n", 0, "1:34: up to 15"},
	{"count of a text", "- {sid: 1, expect: hit, text: a, count: 1}\n", 0, "1:3: count is"},
	{"count of a miss", "- {sid: 1, expect: miss, capture: a.pcap, count: 1}\n", 0,
		"1:3: count is"},
	{"a capture above", "- {sid: 1, expect: hit, capture: ../x.pcap}\n", 0, "1:34: "},
	{"a capture elsewhere", "- {sid: 1, expect: hit, capture: /etc/passwd}\n", 0,
		"1:34: a capture is"},
	{"a link that leads away", "- {sid: 1, expect: hit, capture: away.pcap}\n", 0,
		"1:34: a capture is"},
	{"a directory", "- {sid: 1, expect: hit, capture: below}\n", 0, "1:34: there is no such"},
	{"no such capture", "- {sid: 1, expect: hit, capture: c.pcap}\n", 0,
		"1:34: there is no such"},
	{"no YAML", "- {sid: 1\n- {\n", 0, "2:3: no YAML"},
	{"an alias of itself", "- &a {sid: 1, expect: hit, values: *a}\n", 0,
		"1:3: a list of values"},
	{"a value that is repeated",
		"- {sid: 1, expect: hit, text: &a example.org}\n- {sid: 2, expect: miss, text: "
		"*a}\n",
		2, ""},
	{"the second one", "- {sid: 1, expect: hit, text: a}\n- {sid: 2, expect: hit}\n", 1,
		"2:3: text, hex"},
};

static void put(const char *name, const char *text, size_t len)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	if (f == NULL || fwrite(text, 1, len, f) != len || fclose(f) != 0)
		abort();
}

static void in(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", dir, name);
}

static void test_rows(void)
{
	char path[128];

	in("x.examples.yaml", path);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct examples all = {0};
		struct diags d = {0};
		char got[256] = "";

		put("x.examples.yaml", rows[i].text, strlen(rows[i].text));
		CHECK(examples_read(path, &all, &d) == 0, "%s", rows[i].name);
		CHECK(all.n == rows[i].n, "%s: %u", rows[i].name, all.n);
		if (d.n > 0)
			snprintf(got, sizeof(got), "%u:%u: %s", d.items[0].where.line,
				d.items[0].where.column, d.items[0].text);
		CHECK(strncmp(got, rows[i].error, strlen(rows[i].error)) == 0 &&
				(rows[i].error[0] != '\0') == (d.n > 0),
			"%s: %s", rows[i].name, got);
		examples_free(&all);
		diags_free(&d);
	}
}

// As a tree it would take minutes.
static void test_deep(void)
{
	enum { DEEP = 200000 };
	uint8_t *deep = malloc(DEEP);
	struct examples all = {0};
	struct diags d = {0};

	memset(deep, '[', DEEP);
	CHECK(examples_parse("x", deep, DEEP, &all, &d) == 0 && d.n == 1 &&
			strcmp(d.items[0].text, "nested too deep") == 0 &&
			d.items[0].where.column == 17,
		"%s", d.n > 0 ? d.items[0].text : "");
	examples_free(&all);
	diags_free(&d);
	free(deep);
}

static void test_values(void)
{
	static const char text[] = "- {sid: 9, gid: 2, expect: hit, hex: \"0a 0B:ff\"}\n"
				   "- {sid: 1, expect: miss, field: dns.query, text: \"a\\0b\"}\n";
	struct examples all = {0};
	struct diags d = {0};
	char path[128];

	in("x.examples.yaml", path);
	put("x.examples.yaml", text, sizeof(text) - 1);
	CHECK(examples_read(path, &all, &d) == 0 && all.n == 2, "read");
	const struct example *e = all.items;
	CHECK(e->sid == 9 && e->gid == 2 && e->must_hit && e->where.line == 1, "the first");
	CHECK(e->values[0].value.len == 3 && memcmp(e->values[0].value.p, "\x0a\x0b\xff", 3) == 0,
		"bytes");
	CHECK(!e[1].must_hit && e[1].gid == 1 && e[1].values[0].field == FIELD_DNS_QUERY &&
			e[1].values[0].value.len == 3,
		"the second");
	examples_free(&all);
	diags_free(&d);
}

// Whatever is left of a file: told or taken, and never more than there is.
static void test_truncated(void)
{
	static const char text[] =
		"- {sid: 1, expect: hit, values: [{field: http.uri, text: \"/a\"}]}\n"
		"- {sid: 1, expect: hit, capture: a.pcap}\n- {sid: 2, expect: miss, hex: \"00 "
		"01\"}\n";
	char path[128];

	in("x.examples.yaml", path);
	for (size_t n = 0; n < sizeof(text); n++) {
		struct examples all = {0};
		struct diags d = {0};
		put("x.examples.yaml", text, n);
		CHECK(examples_read(path, &all, &d) == 0 && all.n <= 3, "cut at %zu", n);
		examples_free(&all);
		diags_free(&d);
	}
}

// What aliases repeat may be small in the file, and very much when it is taken.
static void test_aliases(void)
{
	enum { TEXT = 100000, REPEATED = 1000, ROOM = 2 * TEXT };
	static const struct {
		const char *begin, *repeated, *what;
	} bombs[] = {
		{"- {sid: 1, expect: miss, text: &a ", "", "- {sid: 1, expect: miss, text: *a}\n"},
		{"- &a {expect: miss, text: ", ", sid: 1", "- *a\n"},
		{"- {sid: 1, expect: miss, values: &a [{field: dns.query, text: ",
			"}, {field: dns.query, text: x", "- {sid: 1, expect: miss, values: *a}\n"},
	};
	char *text = malloc(ROOM);

	for (size_t i = 0; i < ROWS(bombs); i++) {
		struct examples all = {0};
		struct diags d = {0};
		size_t len = (size_t)sprintf(text, "%s", bombs[i].begin);
		memset(text + len, 'x', bombs[i].repeated[0] == '\0' ? TEXT : TEXT / 10);
		len += bombs[i].repeated[0] == '\0' ? TEXT : TEXT / 10;
		for (unsigned k = 0; bombs[i].repeated[0] == ',' && k < REPEATED; k++)
			len += (size_t)sprintf(text + len, "%s", bombs[i].repeated);
		len += (size_t)sprintf(text + len, i == 2 ? "}]}\n" : "}\n");
		for (unsigned k = 0; k < REPEATED; k++)
			len += (size_t)sprintf(text + len, "%s", bombs[i].what);
		CHECK(examples_parse("f", (const uint8_t *)text, len, &all, &d) == 0, "%zu", i);
		size_t taken = 0;
		for (uint32_t k = 0; k < all.n; k++)
			taken += all.items[k].values[0].value.len;
		CHECK(taken <= 2 * len, "%zu: %zu of %zu", i, taken, len);
		CHECK(d.n_errors > 0 && d.n_errors < REPEATED, "%zu: %u", i, d.n_errors);
		examples_free(&all);
		diags_free(&d);
	}
	free(text);
}

static void test_files(void)
{
	struct examples all = {0};
	struct diags d = {0};
	char path[128];

	in("none.examples.yaml", path);
	CHECK(examples_read(path, &all, &d) == -ENOENT && d.n == 0, "no file is no mistake");
	CHECK(examples_read(dir, &all, &d) == 0 && d.n_errors == 1, "a directory is one");
	examples_free(&all);
	diags_free(&d);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"rows", test_rows},
		{"deep", test_deep},
		{"values", test_values},
		{"truncated", test_truncated},
		{"aliases", test_aliases},
		{"files", test_files},
		CU_TEST_INFO_NULL,
	};
	char path[128], command[160];

	if (mkdtemp(dir) == NULL)
		return 1;
	in("below", path);
	mkdir(path, 0700);
	in("away.pcap", path);
	if (symlink("/etc/passwd", path) < 0)
		return 1;
	put("a.pcap", "x", 1);
	put("below/b.pcap", "x", 1);
	int status = check_main("examples_file", tests);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) != 0 ? 1 : status;
}
