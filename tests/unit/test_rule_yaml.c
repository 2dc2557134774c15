#include "control/rule_yaml.h"
#include "control/rule_yaml_text.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// "path|file,file,+include" or the mistake.
static void describe(const struct rule_yaml_text *t, char *out, size_t room)
{
	size_t n = (size_t)snprintf(out, room, "%s|", t->rule_path != NULL ? t->rule_path : "");

	for (uint32_t i = 0; i < t->n && n < room; i++)
		n += (size_t)snprintf(out + n, room - n, "%s%s%s", i > 0 ? "," : "",
			t->names[i].include ? "+" : "", t->names[i].text);
}

static const struct {
	const char *name;
	const char *text;
	const char *want;
} texts[] = {
	{"nothing", "", "|"},
	{"a comment", "# x\n", "|"},
	{"a list", "rule-files:\n  - a.rules\n  - b.rules\n", "|a.rules,b.rules"},
	{"a list on one line", "rule-files: [a.rules, \"*.rules\"]", "|a.rules,*.rules"},
	{"as suricata-update writes it",
		"%YAML 1.1\n---\n\ndefault-rule-path: /var/lib/suricata/rules\n\nrule-files:\n - "
		"suricata.rules\n",
		"/var/lib/suricata/rules|suricata.rules"},
	{"the path behind", "rule-files: [a]\ndefault-rule-path: d\n", "d|a"},
	{"the last path", "default-rule-path: d\ndefault-rule-path: e\n", "e|"},
	{"one include", "include: more.yaml\n", "|+more.yaml"},
	{"several", "include: [a.yaml, b.yaml]\nrule-files: [c]\ninclude: d.yaml\n",
		"|+a.yaml,+b.yaml,c,+d.yaml"},
	{"nothing behind the key", "rule-files:\n#  - a.rules\ninclude: ~\n", "|"},
	{"an empty list", "rule-files: []\n", "|"},
	{"other keys, however deep",
		"vars:\n  address-groups: {HOME_NET: \"[10.0.0.0/8]\"}\n  rule-files: [no]\n"
		"outputs:\n  - eve-log: {types: [alert: {rule-files: [no]}]}\nrule-files: [a]\n",
		"|a"},
	{"anchors and aliases of others", "a: &x {b: [1, 2]}\nc: *x\n*x : y\nrule-files: [a]\n",
		"|a"},
	{"keys that are no words", "? [rule-files]\n: [no]\n? {a: b}\n: no\nrule-files: [a]\n",
		"|a"},
	{"a value that looks like a key", "x: rule-files\ny: [include]\n", "|"},
	{"a number", "rule-files: [1]\n", "|1"},
	{"the second document is another's", "rule-files: [a]\n---\nrule-files: [b]\n", "|a"},
	{"text for a list", "x: 1\nrule-files: a.rules\n", "2:13 rule-files takes a list"},
	{"lists in lists", "rule-files: [[a]]\n", "1:14 the name of a file is wanted"},
	{"a mapping in a list", "rule-files:\n  - a: b\n", "2:5 the name of a file is wanted"},
	{"a mapping", "rule-files: {a: b}\n", "1:13 the name of a file is wanted"},
	{"a list of paths", "default-rule-path: [a]\n", "1:20 default-rule-path takes one folder"},
	{"an empty name", "rule-files: [\"\"]\n", "1:14 the name of a file is wanted"},
	{"a NUL in a name", "rule-files: [\"a\\0b\"]\n", "1:14 the name of a file is wanted"},
	{"an alias for a list", "a: &x [b]\nrule-files: *x\n",
		"2:13 an alias is not followed here"},
	{"an alias in a list", "a: &x b\nrule-files: [*x]\n", "2:14 an alias is not followed here"},
	{"a list alone", "- a.rules\n", "1:1 a mapping is wanted: \"rule-files: [...]\""},
	{"rules", "alert tcp any any -> any any (sid 1;)\n",
		"1:1 a mapping is wanted: \"rule-files: [...]\""},
	{"no YAML", "rule-files: [a\n", "2:1 did not find expected ',' or ']'"},
	{"a tab", "rule-files:\n\t- a\n", "2:1 found character that cannot start any token"},
};

static void parse_text(const char *text, size_t len, char *out, size_t room)
{
	struct rule_yaml_text t;
	struct rule_yaml_mistake mistake;
	char *exact = malloc(len ? len : 1); // so that a read past the end is seen

	memcpy(exact, text, len);
	int err = rule_yaml_parse(exact, len, &t, &mistake);
	if (err == 0)
		describe(&t, out, room);
	else
		snprintf(out, room, "%u:%u %s", mistake.line, mistake.column, mistake.what);
	rule_yaml_text_free(&t);
	free(exact);
}

static void test_texts(void)
{
	char got[400];

	for (size_t i = 0; i < ROWS(texts); i++) {
		parse_text(texts[i].text, strlen(texts[i].text), got, sizeof(got));
		CHECK(strcmp(got, texts[i].want) == 0, "%s: %s", texts[i].name, got);
	}
}

static void test_places(void)
{
	static const char text[] = "# x\ninclude: a\nrule-files:\n  - b\n  - c\n";
	static const uint32_t want[][2] = {{2, 10}, {4, 5}, {5, 5}};
	struct rule_yaml_mistake mistake;
	struct rule_yaml_text t;

	CHECK(rule_yaml_parse(text, strlen(text), &t, &mistake) == 0 && t.n == 3, "parsed");
	for (uint32_t i = 0; i < t.n; i++)
		CHECK(t.names[i].line == want[i][0] && t.names[i].column == want[i][1], "%u: %u:%u",
			i, t.names[i].line, t.names[i].column);
	rule_yaml_text_free(&t);
}

// An answer for any prefix, and any byte in the place of any other; never a crash.
static void test_hostile(void)
{
	char changed[2000], got[400];

	for (size_t i = 0; i < ROWS(texts); i++) {
		size_t len = strlen(texts[i].text);
		for (size_t n = 0; n < len; n++)
			parse_text(texts[i].text, n, got, sizeof(got));
		for (size_t at = 0; at < len * 8; at++) {
			memcpy(changed, texts[i].text, len);
			changed[at / 8] = (char)(changed[at / 8] ^ 1 << at % 8);
			parse_text(changed, len, got, sizeof(got));
		}
	}
}

// Nine levels of ten aliases each would be a thousand million values: no tree is built.
static void test_bombs(void)
{
	enum { DEEP = 200000 };
	char got[400], text[2000];
	size_t n = (size_t)snprintf(text, sizeof(text), "a0: &a0 [x]\n");

	for (unsigned i = 1; i < 10; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "a%u: &a%u [", i, i);
		for (unsigned k = 0; k < 10; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "*a%u, ", i - 1);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "x]\n");
	}
	n += (size_t)snprintf(text + n, sizeof(text) - n, "rule-files: [b]\n");
	parse_text(text, n, got, sizeof(got));
	CHECK(strcmp(got, "|b") == 0, "%s", got);

	char *deep = malloc(DEEP);
	memset(deep, '[', DEEP);
	memcpy(deep, "a: ", 3);
	parse_text(deep, DEEP, got, sizeof(got));
	CHECK(strstr(got, "nested too deep") != NULL, "%s", got);
	free(deep);
}

static void test_names(void)
{
	CHECK(rule_yaml_is("a.yaml") && rule_yaml_is("/x.d/a.yml"), "lists");
	CHECK(!rule_yaml_is("a.rules") && !rule_yaml_is("yaml") && !rule_yaml_is("a.yaml.rules"),
		"rules");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"texts", test_texts},
		{"places", test_places},
		{"hostile", test_hostile},
		{"bombs", test_bombs},
		{"names", test_names},
		CU_TEST_INFO_NULL,
	};
	return check_main("rule_yaml", tests);
}
