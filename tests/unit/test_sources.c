#include "control/sources.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "alert tcp any any -> any any ("

static const struct rule_var none[] = {{NULL, NULL}};
static void put(const char *name, const char *text)
{
	write_file(in_scratch(name), text, strlen(text));
}

struct loaded {
	int err;
	struct rule_list list;
	struct diags diags;
};

static struct loaded load(const char *path)
{
	struct loaded l = {0};
	struct sources s;

	l.err = sources_read(&path, 1, NULL, &s);
	if (l.err == 0) {
		l.err = sources_parse(&s, none, false, &l.list, &l.diags);
		sources_free(&s);
	}
	return l;
}

static void done(struct loaded *l)
{
	rule_list_free(&l->list);
	diags_free(&l->diags);
}

static void test_directory(void)
{
	mkdir(in_scratch("d"), 0700);
	struct loaded l = load(in_scratch("d"));
	CHECK(l.err == -ENOENT, "empty");
	done(&l);
	put("d/b.rules", HEAD "sid:2;)");
	put("d/a.rules", HEAD "sid:1;)");
	put("d/notes.txt", "no rules");
	l = load(in_scratch("d"));
	CHECK(l.err == 0, "two files");
	CHECK(l.list.n == 2 && l.list.rules[0]->sid == 1 && strcmp(l.list.rules[1]->set, "b") == 0,
		"by name");
	done(&l);
	CHECK(symlink(".", in_scratch("d/round.rules")) == 0, "a circle");
	l = load(in_scratch("d"));
	CHECK(l.err == -EINVAL, "circle");
	CHECK(l.diags.n == 1 && strstr(l.diags.items[0].text, "regular file") != NULL,
		"one complaint");
	done(&l);
}

// What stands beside the rules is parsed where it has to be, whatever its place in the list.
static void test_beside(void)
{
	static const char *const disable[] = {"2", "1:9"};
	put("c", "config classification: mine,My class,7\n");
	put("r", "config reference: mine x://\n");
	put("t", "suppress gen_id 1, sig_id 1\n");
	put("disable.conf", "3\n");
	put("b.rules",
		HEAD "classtype:mine; reference:mine,1; sid:1;)\n" HEAD "sid:2;)\n" HEAD
		     "sid:3;)\n" HEAD "sid:4;)\n" HEAD "sid:5;)\n");
	const struct companions beside = {.classification_file = in_scratch("c"),
		.reference_file = in_scratch("r"),
		.threshold_file = in_scratch("t"),
		.disable_file = in_scratch("disable.conf"),
		.disable = disable,
		.n_disable = 2,
		.disabled = "1:4\n1:8\n"};
	const char *path = in_scratch("b.rules");
	struct loaded l = {0};
	struct sources s;

	CHECK(sources_read(&path, 1, &beside, &s) == 0 && sources_whole(&s), "read");
	CHECK(s.n == 7 && strcmp(s.items[0].name, path) == 0, "rules come first");
	CHECK(sources_parse(&s, none, false, &l.list, &l.diags) == 0, "parsed");
	CHECK(l.list.n == 2 && l.list.rules[1]->sid == 5, "%u rules", l.list.n);
	if (l.list.n > 0) {
		const struct rule *r = l.list.rules[0];
		CHECK(strcmp(r->category, "My class") == 0 && r->severity == 7, "class");
		CHECK(strcmp(r->references[0].prefix, "x://") == 0, "reference");
		CHECK(r->n_suppress == 1, "threshold");
	}
	CHECK(l.diags.n == 2, "%u", l.diags.n);
	if (l.diags.n == 2) {
		CHECK(strcmp(l.diags.items[0].where.file, "(disable)") == 0 &&
				l.diags.items[0].where.line == 2,
			"1:9");
		CHECK(strstr(l.diags.items[1].where.file, "sealctl") != NULL &&
				l.diags.items[1].where.line == 2,
			"1:8");
	}
	sources_free(&s);
	done(&l);
}

// Sids in order, or the first complaint.
static void describe(const struct loaded *l, char *out, size_t room)
{
	size_t n = 0;

	out[0] = '\0';
	if (l->diags.n > 0) {
		const struct diag *d = &l->diags.items[0];
		const char *slash = strrchr(d->where.file, '/');
		n = (size_t)snprintf(out, room, "%s:%u:%u: %s: %s",
			slash != NULL ? slash + 1 : d->where.file, d->where.line, d->where.column,
			d->level == DIAG_ERROR ? "error" : "warning", d->text);
	}
	for (uint32_t i = 0; l->err == 0 && i < l->list.n && n < room; i++)
		n += (size_t)snprintf(
			out + n, room - n, "%s%u", n > 0 ? " " : "", l->list.rules[i]->sid);
}

// What the scratch directory's name was, is "~".
static void hide_scratch(char *text)
{
	char *at;

	while ((at = strstr(text, scratch)) != NULL) {
		*at = '~';
		memmove(at + 1, at + strlen(scratch), strlen(at + strlen(scratch)) + 1);
	}
}

static const struct {
	const char *name;
	const char *yaml; // l.yaml
	const char *more; // l2.yaml
	const char *want;
} lists[] = {
	{"beside the list", "rule-files: [y/1.rules]", "", "1"},
	{"in the order of the list", "rule-files: [y/2.rules, y/1.rules]", "", "2 1"},
	{"a pattern, by name", "rule-files: [\"y/*.rules\"]", "", "1 2"},
	{"none of them twice", "rule-files: [y/2.rules, \"y/*.rules\", ./y/1.rules]", "", "2 1"},
	{"in a folder", "default-rule-path: y\nrule-files: [\"?.rules\"]", "", "1 2"},
	{"in a folder, named behind", "rule-files: [1.rules]\ndefault-rule-path: y", "", "1"},
	{"any name will do", "rule-files: [y/other.txt]", "", "3"},
	{"included", "include: l2.yaml\nrule-files: [y/2.rules]", "rule-files: [y/1.rules]", "1 2"},
	{"included, behind", "rule-files: [y/2.rules]\ninclude: [l2.yaml]",
		"rule-files: [y/1.rules]", "2 1"},
	{"a folder that is included", "include: l2.yaml\nrule-files: [1.rules]",
		"default-rule-path: y", "1"},
	{"not there", "rule-files:\n - no.rules\n - y/1.rules", "",
		"l.yaml:2:4: warning: there is no rule file ~/no.rules 1"},
	{"a pattern of none", "rule-files: [\"no*\", y/1.rules]", "",
		"l.yaml:1:14: warning: there is no rule file ~/no* 1"},
	{"a link that leads nowhere", "rule-files:\n - gone.rules\n - y/1.rules", "",
		"l.yaml:2:4: warning: there is no rule file ~/gone.rules 1"},
	{"a folder that looks like a pattern",
		"default-rule-path: \"z[1]*\\\\\"\nrule-files: [1.rules, \"?.rules\"]", "", "1 2"},
	{"a folder that would be another's pattern",
		"default-rule-path: \"*\"\nrule-files: [1.rules]", "",
		"l.yaml:2:14: warning: there is no rule file ~/*/1.rules"},
	{"a directory", "rule-files: [y]", "", "y:1:1: error: not a regular file"},
	{"a device", "rule-files: [/dev/zero]", "", "zero:1:1: error: not a regular file"},
	{"no list", "x: y", "", "l.yaml:1:1: warning: rule-files names no file"},
	{"no YAML", "rule-files: [", "", "l.yaml:2:1: error: did not find expected node content"},
	{"an include that is not there", "include: [l2.yaml, no.yaml]", "",
		"l.yaml:1:20: error: ~/no.yaml: No such file or directory"},
	{"an include that is none", "include: y", "", "l.yaml:1:10: error: ~/y: Is a directory"},
	{"a mistake in an include", "include: l2.yaml", "\nrule-files: a",
		"l2.yaml:2:13: error: rule-files takes a list"},
	{"itself", "rule-files: [y/1.rules]\ninclude: l.yaml", "",
		"l.yaml:2:10: error: a circle: ~/l.yaml includes ~/l.yaml"},
	{"a circle of two", "include: l2.yaml", "x: y\ninclude: [./y/../l.yaml]",
		"l2.yaml:2:11: error: a circle: ~/l.yaml includes ~/l2.yaml includes "
		"~/./y/../l.yaml"},
};

static void test_lists(void)
{
	mkdir(in_scratch("y"), 0700);
	put("y/1.rules", HEAD "sid:1;)");
	put("y/2.rules", HEAD "sid:2;)");
	put("y/other.txt", HEAD "sid:3;)");
	CHECK(symlink("nowhere", in_scratch("gone.rules")) == 0, "a link");
	mkdir(in_scratch("z[1]*\\"), 0700);
	put("z[1]*\\/1.rules", HEAD "sid:1;)");
	put("z[1]*\\/2.rules", HEAD "sid:2;)");
	for (size_t i = 0; i < ROWS(lists); i++) {
		char got[1200];
		put("l.yaml", lists[i].yaml);
		put("l2.yaml", lists[i].more);
		struct loaded l = load(in_scratch("l.yaml"));
		describe(&l, got, sizeof(got));
		hide_scratch(got);
		CHECK(strncmp(got, lists[i].want, strlen(lists[i].want)) == 0, "%s: %s",
			lists[i].name, got);
		CHECK((l.err < 0) == (strstr(lists[i].want, "error") != NULL), "%s: %d",
			lists[i].name, l.err);
		done(&l);
	}
}

static void test_deep(void)
{
	char name[32], text[64], got[1200];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "deep%u.yaml", i);
		snprintf(text, sizeof(text), "include: deep%u.yaml\nrule-files: [y/1.rules]\n",
			i + 1);
		put(name, text);
	}
	struct loaded l = load(in_scratch("deep0.yaml"));
	describe(&l, got, sizeof(got));
	CHECK(l.err == -E2BIG && strncmp(got, "deep7.yaml:1:10: error: more than 8", 35) == 0, "%s",
		got);
	done(&l);
	put("deep7.yaml", "rule-files: [y/1.rules]\n");
	l = load(in_scratch("deep0.yaml"));
	CHECK(l.err == 0 && l.list.n == 1, "eight: %d", l.err);
	done(&l);
}

static void test_many(void)
{
	enum { MANY = 300 };
	char text[MANY * 20], name[32], got[1200];
	size_t n = (size_t)snprintf(text, sizeof(text), "include:\n");

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "m%u.yaml", i);
		put(name, "rule-files: [y/1.rules]\n");
		n += (size_t)snprintf(text + n, sizeof(text) - n, " - %s\n", name);
	}
	put("many.yaml", text);
	struct loaded l = load(in_scratch("many.yaml"));
	describe(&l, got, sizeof(got));
	CHECK(l.err == -E2BIG && strstr(got, "more than 256 files") != NULL, "%s", got);
	done(&l);
}

static void test_too_many_files(void)
{
	char name[32], got[1200];

	mkdir(in_scratch("full"), 0700);
	for (unsigned i = 0; i <= SOURCES_MAX; i++) {
		snprintf(name, sizeof(name), "full/%05u.rules", i);
		put(name, "");
	}
	struct loaded l = load(in_scratch("full"));
	describe(&l, got, sizeof(got));
	CHECK(l.err == -E2BIG && strcmp(got, "10000.rules:1:1: error: more than 10000 files") == 0,
		"%d %s", l.err, got);
	done(&l);
}

// A set without rules takes the place of one that has some: it is said.
static void test_empty(void)
{
	static const struct {
		const char *name;
		const char *text;
		uint32_t warnings;
	} rows[] = {
		{"no bytes", "", 1},
		{"comments", "# alert tcp any any -> any any (sid:1;)\n\n", 1},
		{"nothing that is wanted here", HEAD "requires:feature nosuch; sid:1;)", 1},
		{"a rule", HEAD "sid:1;)", 0},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		put("e.rules", rows[i].text);
		struct loaded l = load(in_scratch("e.rules"));
		bool told = l.diags.n > 0 &&
			strstr(l.diags.items[l.diags.n - 1].text, "no rule in this set") != NULL;
		CHECK(l.err == 0, "%s", rows[i].name);
		CHECK(told == (rows[i].warnings > 0), "%s", rows[i].name);
		done(&l);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"directory", test_directory},
		{"beside the rules", test_beside},
		{"lists", test_lists},
		{"lists in lists", test_deep},
		{"many lists", test_many},
		{"too many files", test_too_many_files},
		{"empty", test_empty},
		CU_TEST_INFO_NULL,
	};

	if (!scratch_open())
		return 2;
	int failed = check_main("sources", tests);
	scratch_sweep();
	return failed;
}
