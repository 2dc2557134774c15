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
		CU_TEST_INFO_NULL,
	};

	if (mkdtemp(scratch) == NULL)
		return 2;
	int failed = check_main("sources", tests);
	sweep();
	return failed;
}
