#include "control/sources.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "alert tcp any any -> any any ("

static const struct rule_var none[] = {{NULL, NULL}};
static char scratch[] = "/tmp/sealwatch-sources.XXXXXX";

static const char *in_scratch(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(in_scratch(name), "w");

	CHECK(f != NULL, "%s", name);
	if (f != NULL) {
		fputs(text, f);
		fclose(f);
	}
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

static void sweep(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	if (system(command) != 0)
		CU_FAIL("sweep");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"directory", test_directory},
		{"beside the rules", test_beside},
		{"empty", test_empty},
		CU_TEST_INFO_NULL,
	};

	if (mkdtemp(scratch) == NULL)
		return 2;
	int failed = check_main("sources", tests);
	sweep();
	return failed;
}
