#include "patterns/beside_impl.h"
#include "patterns/parse.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef int (*read_fn)(const char *file, const char *text, size_t len, struct rule_list *list,
	struct diags *diags);

struct parsed {
	struct rule_list list;
	struct diags diags;
	int err;
};

static void read_into(struct parsed *p, read_fn read, const char *text, size_t len)
{
	char *exact = malloc(len ? len : 1); // so that a read past the end is seen

	memcpy(exact, text, len);
	p->err = read("b.config", exact, len, &p->list, &p->diags);
	free(exact);
}

static void add_rules(struct parsed *p, const char *text)
{
	p->err = rules_parse("t.rules", text, strlen(text), NULL, false, &p->list, &p->diags);
}

static void done(struct parsed *p)
{
	rule_list_free(&p->list);
	diags_free(&p->diags);
}

#define RULE(options) "alert tcp any any -> any any (" options "sid:1;)"

static const struct {
	const char *name;
	const char *file; // classification.config
	const char *options;
	const char *category;
	unsigned severity;
	uint32_t warnings;
} classes[] = {
	{"none", "", "", "", 3, 0},
	{"built in", "", "classtype:trojan-activity;", "A Network Trojan was detected", 1, 0},
	{"of the file", "config classification: mine,My own class,7\n", "classtype:mine;",
		"My own class", 7, 0},
	{"the file before what is built in",
		"config classification: trojan-activity,Something else,4\n",
		"classtype:trojan-activity;", "Something else", 4, 0},
	{"what the file has not is built in", "config classification: mine,My own class,7\n",
		"classtype:misc-attack;", "Misc Attack", 2, 0},
	{"the rule's own priority, behind", "config classification: mine,Mine,7",
		"classtype:mine; priority:200;", "Mine", 200, 0},
	{"the rule's own priority, in front", "config classification: mine,Mine,7",
		"priority:1; classtype:mine;", "Mine", 1, 0},
	{"commas", "config classification: mine,a, b, and c,2", "classtype:mine;", "a, b, and c", 2,
		0},
	{"spaces", "  config\tclassification :  mine , My class , 2 \r\n", "classtype:mine;",
		"My class", 2, 0},
	{"comments", "# config classification: mine,A,1\n\nconfig classification: mine,B,2\n",
		"classtype:mine;", "B", 2, 0},
	{"case", "config classification: Mine,B,2\n", "classtype:mINE;", "B", 2, 0},
	{"the first of two", "config classification: mine,A,1\nconfig classification: mine,B,2\n",
		"classtype:mine;", "A", 1, 1},
	{"nobody knows it", "config classification: mine,A,1\n", "classtype:yours;", "yours", 3, 1},
	{"priority 0", "config classification: mine,A,0", "classtype:mine;", "mine", 3, 2},
	{"priority 256", "config classification: mine,A,256", "classtype:mine;", "mine", 3, 2},
	{"a priority that wraps", "config classification: mine,A,4294967297", "classtype:mine;",
		"mine", 3, 2},
	{"a priority in words", "config classification: mine,A,high", "classtype:mine;", "mine", 3,
		2},
	{"no priority", "config classification: mine,A", "classtype:mine;", "mine", 3, 2},
	{"no description", "config classification: mine,,2", "classtype:mine;", "mine", 3, 2},
	{"no name", "config classification: ,A,2", "", "", 3, 1},
	{"a name of two words", "config classification: my class,A,2", "", "", 3, 1},
	{"another word", "config reference: mine http://x", "", "", 3, 1},
	{"no colon", "config classification mine,A,2", "", "", 3, 1},
	{"a rule", "alert tcp any any -> any any (sid:1;)", "", "", 3, 1},
	{"the rest counts", "nonsense\nconfig classification: mine,A,2\nmore", "classtype:mine;",
		"A", 2, 2},
};

static void test_classes(void)
{
	for (size_t i = 0; i < ROWS(classes); i++) {
		struct parsed p = {0};
		char rule[256];
		read_into(&p, beside_read_classes, classes[i].file, strlen(classes[i].file));
		CHECK(p.err == 0, "%s: %d", classes[i].name, p.err);
		snprintf(rule, sizeof(rule), RULE("%s"), classes[i].options);
		add_rules(&p, rule);
		CHECK(p.err == 0 && p.list.n == 1, "%s", classes[i].name);
		CHECK(p.diags.n_warnings == classes[i].warnings, "%s: %u", classes[i].name,
			p.diags.n_warnings);
		if (p.list.n == 1) {
			const struct rule *r = p.list.rules[0];
			CHECK(strcmp(r->category, classes[i].category) == 0, "%s: %s",
				classes[i].name, r->category);
			CHECK(r->severity == classes[i].severity, "%s: %u", classes[i].name,
				r->severity);
		}
		done(&p);
	}
}

static void test_places(void)
{
	static const char text[] = "\n# x\nconfig classification: a,A,1\n  bad\n"
				   "config classification: a,A,1\n";
	struct parsed p = {0};

	read_into(&p, beside_read_classes, text, strlen(text));
	CHECK(p.diags.n == 2, "%u", p.diags.n);
	if (p.diags.n == 2) {
		CHECK(strcmp(p.diags.items[0].where.file, "b.config") == 0, "file");
		CHECK(p.diags.items[0].where.line == 4 && p.diags.items[0].where.column == 3,
			"the bad one");
		CHECK(p.diags.items[1].where.line == 5, "the second");
		CHECK(strstr(p.diags.items[1].text, "b.config:3") != NULL, "names the first: %s",
			p.diags.items[1].text);
	}
	done(&p);
}

// 30,000 rules of one class that is missing are one line.
static void test_told_once(void)
{
	struct parsed p = {0};

	add_rules(&p,
		"alert ip any any -> any any (classtype:x; sid:1;)\n"
		"alert ip any any -> any any (classtype:x; sid:2;)\n"
		"alert ip any any -> any any (classtype:y; sid:3;)\n");
	CHECK(p.err == 0 && p.list.n == 3, "rules");
	CHECK(p.diags.n_warnings == 2, "%u", p.diags.n_warnings);
	done(&p);
}

static const struct {
	const char *name;
	const char *file; // reference.config
	const char *reference;
	const char *prefix; // NULL: none
	uint32_t warnings;
} references[] = {
	{"built in", "", "cve,2020-1", "http://cve.mitre.org/cgi-bin/cvename.cgi?name=", 0},
	{"url", "", "url,example.com/x", "http://", 0},
	{"case", "", "URL,example.com/x", "http://", 0},
	{"nobody knows it", "", "mine,7", NULL, 0},
	{"of the file", "config reference: mine https://m.example/?id=\n", "mine,7",
		"https://m.example/?id=", 0},
	{"the file before what is built in", "config reference: cve https://c.example/\n",
		"cve,2020-1", "https://c.example/", 0},
	{"spaces", "\tconfig  reference :\tmine   https://m.example/ \r\n", "mine,7",
		"https://m.example/", 0},
	{"the first of two", "config reference: mine a://\nconfig reference: MINE b://\n", "mine,7",
		"a://", 1},
	{"no URL", "config reference: mine\n", "mine,7", NULL, 1},
	{"two", "config reference: mine a b\n", "mine,7", NULL, 1},
	{"another word", "config classification: mine a://\n", "mine,7", NULL, 1},
};

static void test_references(void)
{
	for (size_t i = 0; i < ROWS(references); i++) {
		struct parsed p = {0};
		char rule[256];
		read_into(
			&p, beside_read_references, references[i].file, strlen(references[i].file));
		CHECK(p.err == 0, "%s: %d", references[i].name, p.err);
		snprintf(rule, sizeof(rule), RULE("reference:%s;"), references[i].reference);
		add_rules(&p, rule);
		CHECK(p.diags.n_warnings == references[i].warnings, "%s: %u", references[i].name,
			p.diags.n_warnings);
		CHECK(p.err == 0 && p.list.n == 1, "%s", references[i].name);
		if (p.list.n == 1) {
			const char *got = p.list.rules[0]->references[0].prefix;
			const char *want = references[i].prefix;
			CHECK(want == NULL ? got == NULL : got != NULL && strcmp(got, want) == 0,
				"%s: %s", references[i].name, got != NULL ? got : "none");
		}
		done(&p);
	}
}

static const struct {
	const char *name;
	const char *file; // disable.conf
	const char *left; // sids of the rules that are not disabled
	uint32_t warnings;
} disabled[] = {
	{"nothing", "# 1\n\n", "1 2 3 4", 0},
	{"a sid", "2\n", "1 3 4", 0},
	{"a sid is of gid 1", "4\n", "1 2 3 4", 1},
	{"gid:sid", "2:4\n1:1", "2 3", 0},
	{"gid:sid, spaces and a comment", " 2:4 \t# not here\r\n", "1 2 3", 0},
	{"an expression", "re:whats[a-z]pp\n", "2 3 4", 0},
	{"an expression, case", "re:WHATSAPP", "2 3 4", 0},
	{"an expression over the header", "re:^alert udp", "1 2 4", 0},
	{"an expression with a comment sign", "re:a#b", "1 2 4", 0},
	{"its file", "group:t", "", 0},
	{"its file, by its whole name", "group:t.rules", "", 0},
	{"its file, by a star", "group:?*", "", 0},
	{"another file", "group:emerging-*", "1 2 3 4", 1},
	{"no such rule", "1:2:3\n9\n", "1 2 3 4", 2},
	{"no such rule, in the order of the text", "900\n3\n800\n", "1 2 4", 2},
	{"an expression that is none", "re:(\n2\n", "1 3 4", 1},
	{"an expression that meets none", "re:facebook\n", "1 2 3 4", 1},
	{"no words", "re:\ngroup:\nfilename:x\n", "1 2 3 4", 3},
	{"too large", "4294967297\n", "1 2 3 4", 1},
	{"zero", "0\n1:0\n", "1 2 3 4", 2},
};

static void test_disabled(void)
{
	static const char rules[] =
		"alert tcp any any -> any any (msg:\"WhatsApp\"; sid:1;)\n"
		"alert tcp any any -> any any (msg:\"two\"; \\\n  sid : 2 ;)\n"
		"alert udp any any -> any any (msg:\"a#b; sid:1\"; sid:3; rev:2;)\n"
		"alert tcp any any -> any any (sid:4; gid:2;)\n";

	for (size_t i = 0; i < ROWS(disabled); i++) {
		struct parsed p = {0};
		char left[64] = "";
		size_t n = 0;
		read_into(&p, beside_read_disabled, disabled[i].file, strlen(disabled[i].file));
		CHECK(p.err == 0, "%s: %d", disabled[i].name, p.err);
		add_rules(&p, rules);
		beside_tell_unmet(&p.list, &p.diags);
		for (uint32_t k = 0; k < p.list.n; k++)
			n += (size_t)snprintf(left + n, sizeof(left) - n, "%s%u", k > 0 ? " " : "",
				p.list.rules[k]->sid);
		CHECK(strcmp(left, disabled[i].left) == 0, "%s: %s", disabled[i].name, left);
		CHECK(p.diags.n_warnings == disabled[i].warnings, "%s: %u %s", disabled[i].name,
			p.diags.n_warnings, p.diags.n > 0 ? p.diags.items[0].text : "");
		for (uint32_t k = 1; k < p.diags.n; k++)
			CHECK(p.diags.items[k].where.line >= p.diags.items[k - 1].where.line,
				"%s: in order", disabled[i].name);
		done(&p);
	}
}

// What is disabled may be wrong in any way: it is not looked at.
static void test_disabled_mistakes(void)
{
	static const char rules[] = "alert nosuch any any -> any any (nosuch.buffer; sid:1;)\n"
				    "nonsense (sid:2;)\n"
				    "alert tcp any any -> any any (sid:3;)\n";
	struct parsed p = {0};

	read_into(&p, beside_read_disabled, "1\n2\n", 4);
	add_rules(&p, rules);
	CHECK(p.err == 0 && p.diags.n == 0 && p.list.n == 1, "%d, %u rules", p.err, p.list.n);
	done(&p);
}

// An expression that would take for ever gives up.
static void test_disabled_bounded(void)
{
	static const char slow[] = "re:(a*)*(a*)*(a*)*(a*)*b$\n";
	char rules[600], many[1001 * 6 + 1];
	struct parsed p = {0};
	size_t n = 0;

	snprintf(rules, sizeof(rules), "alert tcp any any -> any any (msg:\"%0500d\"; sid:1;)", 0);
	for (char *c = strchr(rules, '0'); *c == '0'; c++)
		*c = 'a';
	read_into(&p, beside_read_disabled, slow, strlen(slow));
	add_rules(&p, rules);
	CHECK(p.list.n == 1, "it does not match");
	done(&p);
	p = (struct parsed){0};
	for (unsigned i = 0; i < 1001; i++)
		n += (size_t)snprintf(many + n, sizeof(many) - n, "re:(\n");
	read_into(&p, beside_read_disabled, many, n);
	CHECK(p.err == -EINVAL && p.diags.n_errors == 1, "%d", p.err);
	done(&p);
}

// An answer for any prefix, and any byte in the place of any other; never a crash.
static void test_hostile(void)
{
	static const read_fn reads[] = {
		beside_read_classes, beside_read_references, beside_read_disabled};
	static const char text[] = "# c\nconfig classification: a-b,A \\\n , B,12\n"
				   "config reference: cve https://x.example/?a=\nconfig x: y\n"
				   "1:2\n3 # c\nre:a(b|c)+\ngroup:*x\n";
	char changed[sizeof(text)];

	for (size_t i = 0; i < ROWS(reads); i++) {
		for (size_t n = 0; n < sizeof(text); n++) {
			struct parsed p = {0};
			read_into(&p, reads[i], text, n);
			CHECK(p.err == 0, "cut at %zu", n);
			done(&p);
		}
		for (unsigned at = 0; at < (sizeof(text) - 1) * 8; at++) {
			struct parsed p = {0};
			memcpy(changed, text, sizeof(text));
			changed[at / 8] = (char)(changed[at / 8] ^ 1 << at % 8);
			read_into(&p, reads[i], changed, sizeof(text) - 1);
			CHECK(p.err == 0, "bit %u", at);
			done(&p);
		}
	}
}

static void test_bounded(void)
{
	enum { LINE = 40 };
	size_t len = 0, n = BESIDE_ROWS_MAX + 1;
	char *text = malloc(n * LINE);
	struct parsed p = {0};

	for (size_t i = 0; text != NULL && i < n; i++)
		len += (size_t)snprintf(text + len, LINE, "config classification: c%zu,A,1\n", i);
	read_into(&p, beside_read_classes, text, len);
	CHECK(p.err == -EINVAL && p.diags.n_errors == 1, "%d", p.err);
	CHECK(p.diags.n == 1 && p.diags.items[0].where.line == n, "the last line");
	done(&p);
	free(text);
}

// However many words there are, few stand where one is looked for.
static void test_many_words(void)
{
	enum { WORDS = 20000, CHAIN_MAX = 16 };
	struct rule_list list = {0};
	struct rule_beside *b = beside_open(&list);
	char text[16];

	for (unsigned i = 0; i < WORDS; i++) {
		snprintf(text, sizeof(text), "1:%u", i);
		beside_add(&list, &b->classes, arena_text(list.arena, text, strlen(text)));
	}
	for (unsigned i = 0; i < WORDS; i++) {
		snprintf(text, sizeof(text), "1:%u", i);
		const struct beside_row *row = beside_find(&b->classes, text);
		CHECK(row != NULL && strcmp(row->word, text) == 0, "%s", text);
		unsigned behind = 0;
		for (; row != NULL; row = row->next)
			behind++;
		CHECK(behind <= CHAIN_MAX, "%s: %u", text, behind);
	}
	CHECK(beside_find(&b->classes, "1:x") == NULL, "none");
	CHECK(beside_find(&b->systems, "1:1") == NULL, "none of none");
	rule_list_free(&list);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"classes", test_classes},
		{"places", test_places},
		{"told once", test_told_once},
		{"references", test_references},
		{"disabled", test_disabled},
		{"disabled, with mistakes", test_disabled_mistakes},
		{"disabled, bounded", test_disabled_bounded},
		{"hostile", test_hostile},
		{"bounded", test_bounded},
		{"many words", test_many_words},
		CU_TEST_INFO_NULL,
	};
	return check_main("beside", tests);
}
