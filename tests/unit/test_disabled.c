#include "control/disabled.h"
#include "control/private_dir.h"
#include "dataplane/base/log.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_ids(void)
{
	static const struct {
		const char *text;
		bool fine;
		uint32_t gid, sid;
	} rows[] = {
		{"1", true, 1, 1},
		{"2019401", true, 1, 2019401},
		{"3:7", true, 3, 7},
		{"4294967295:4294967295", true, UINT32_MAX, UINT32_MAX},
		{"", false, 0, 0},
		{"0", false, 0, 0},
		{"1:0", false, 0, 0},
		{"0:1", false, 0, 0},
		{"4294967296", false, 0, 0},
		{"18446744073709551617", false, 0, 0},
		{":1", false, 0, 0},
		{"1:", false, 0, 0},
		{"1:2:3", false, 0, 0},
		{"-1", false, 0, 0},
		{" 1", false, 0, 0},
		{"1 ", false, 0, 0},
		{"re:x", false, 0, 0},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rule_id id = {0};
		CHECK(rule_id_parse(rows[i].text, &id) == rows[i].fine, "\"%s\"", rows[i].text);
		CHECK(id.gid == rows[i].gid && id.sid == rows[i].sid, "\"%s\": %u:%u", rows[i].text,
			id.gid, id.sid);
	}
}

// The list after the change; the text is the caller's to free.
static char *changed(struct disabled_store *s, const struct disabled_change *change, int *err)
{
	struct disabled_rules wanted = {0};

	*err = disabled_with(&s->rules, change, &wanted);
	if (*err == 0)
		*err = disabled_prepare(s, &wanted);
	if (*err == 0)
		*err = disabled_commit(s, &wanted);
	disabled_free(&wanted);
	return disabled_text(&s->rules);
}

static void test_changes(void)
{
	static const struct {
		const char *name;
		struct disabled_change change;
		const char *after;
	} rows[] = {
		{"one", {.n = 1, .ids = {{1, 5}}}, "1:5\n"},
		{"again", {.n = 1, .ids = {{1, 5}}}, "1:5\n"},
		{"more, out of order", {.n = 3, .ids = {{2, 1}, {1, 9}, {1, 2}}},
			"1:2\n1:5\n1:9\n2:1\n"},
		{"twice", {.n = 2, .ids = {{1, 7}, {1, 7}}}, "1:2\n1:5\n1:7\n1:9\n2:1\n"},
		{"enabled", {.enable = true, .n = 2, .ids = {{1, 5}, {2, 1}}}, "1:2\n1:7\n1:9\n"},
		{"enabled, what is not disabled", {.enable = true, .n = 1, .ids = {{1, 5}}},
			"1:2\n1:7\n1:9\n"},
		{"all enabled", {.enable = true, .n = 3, .ids = {{1, 2}, {1, 7}, {1, 9}}}, ""},
	};
	struct disabled_store s;
	int err;

	disabled_open(&s, in_scratch("changes"));
	CHECK(s.err == 0 && s.rules.n == 0, "nothing yet: %d", s.err);
	for (size_t i = 0; i < ROWS(rows); i++) {
		char *text = changed(&s, &rows[i].change, &err);
		CHECK(err == 0 && strcmp(text, rows[i].after) == 0, "%s: %d %s", rows[i].name, err,
			text);
		free(text);
		disabled_close(&s);
		disabled_open(&s, in_scratch("changes"));
		text = disabled_text(&s.rules);
		CHECK(strcmp(text, rows[i].after) == 0, "%s: another life: %s", rows[i].name, text);
		free(text);
	}
	disabled_close(&s);
}

static void test_file(void)
{
	const struct disabled_change one = {.n = 1, .ids = {{1, 5}}};
	struct disabled_rules wanted = {0};
	struct disabled_store s;
	struct stat st = {0};
	int err;

	disabled_open(&s, in_scratch("a/b"));
	free(changed(&s, &one, &err));
	CHECK(err == 0 && stat(in_scratch("a/b/disabled"), &st) == 0, "written: %d", err);
	CHECK((st.st_mode & 0777) == 0600, "ours alone: %o", st.st_mode);
	CHECK(stat(in_scratch("a/b"), &st) == 0 && (st.st_mode & 0777) == 0700, "directory");

	// A change that is not committed is none.
	disabled_with(&s.rules, &(struct disabled_change){.n = 1, .ids = {{1, 6}}}, &wanted);
	CHECK(disabled_prepare(&s, &wanted) == 0, "prepared");
	CHECK(access(in_scratch("a/b/disabled.tmp"), F_OK) == 0, "beside it");
	disabled_free(&wanted);
	disabled_close(&s);
	disabled_open(&s, in_scratch("a/b"));
	CHECK(s.rules.n == 1 && s.rules.ids[0].sid == 5, "what was");
	CHECK(access(in_scratch("a/b/disabled.tmp"), F_OK) < 0, "swept");
	disabled_close(&s);
}

static void write_text(const char *path, const char *text)
{
	write_file(path, text, strlen(text));
}

static void test_damaged(void)
{
	struct disabled_store s;

	disabled_open(&s, in_scratch("damaged"));
	disabled_close(&s);
	write_text(in_scratch("damaged/disabled"), "# c\n1:5\nnonsense\n\n1:6:7\n1:4\n1:5");
	disabled_open(&s, in_scratch("damaged"));
	CHECK(s.err == 0 && s.rules.n == 2, "what is a rule counts: %u", s.rules.n);
	CHECK(s.rules.n == 2 && s.rules.ids[0].sid == 4 && s.rules.ids[1].sid == 5, "in order");
	disabled_close(&s);
	static const char torn[] = "1:5\n1:\0"
				   "7\n\0\0\n1:8\n";
	FILE *f = fopen(in_scratch("damaged/disabled"), "w");
	fwrite(torn, 1, sizeof(torn) - 1, f);
	fclose(f);
	disabled_open(&s, in_scratch("damaged"));
	CHECK(s.err == 0 && s.rules.n == 2 && s.rules.ids[1].sid == 8,
		"what stands behind a NUL is not lost: %u", s.rules.n);
	disabled_close(&s);
	unlink(in_scratch("damaged/disabled"));
	CHECK(symlink("/etc/passwd", in_scratch("damaged/disabled")) == 0, "a link");
	disabled_open(&s, in_scratch("damaged"));
	CHECK(s.err == -ELOOP && s.rules.n == 0, "is not followed: %d", s.err);
	disabled_close(&s);
	unlink(in_scratch("damaged/disabled"));
	write_text(in_scratch("damaged/disabled"), "");
	CHECK(truncate(in_scratch("damaged/disabled"), (1 << 20) + 1) == 0, "large");
	disabled_open(&s, in_scratch("damaged"));
	CHECK(s.err == -EFBIG, "too large: %d", s.err);
	CHECK(disabled_prepare(&s, &s.rules) == -EFBIG, "and nothing is written over it");
	disabled_close(&s);
}

static void test_nowhere(void)
{
	const struct disabled_change one = {.n = 1, .ids = {{1, 5}}};
	struct disabled_store s;
	int err;

	disabled_open(&s, NULL);
	char *text = changed(&s, &one, &err);
	CHECK(err == 0 && strcmp(text, "1:5\n") == 0, "in memory: %d", err);
	free(text);
	disabled_close(&s);
	write_text(in_scratch("file"), "");
	disabled_open(&s, in_scratch("file/below"));
	CHECK(s.err == -ENOTDIR, "no directory: %d", s.err);
	free(changed(&s, &one, &err));
	CHECK(err == -ENOTDIR && s.rules.n == 0, "refused: %d", err);
	disabled_close(&s);
}

static void test_bounded(void)
{
	struct disabled_rules full = {0}, more;
	struct disabled_change one = {.n = 1};

	full.ids = calloc(DISABLED_MAX, sizeof(*full.ids));
	for (full.n = 0; full.n < DISABLED_MAX; full.n++)
		full.ids[full.n] = (struct rule_id){1, full.n + 1};
	one.ids[0] = (struct rule_id){1, DISABLED_MAX};
	CHECK(disabled_with(&full, &one, &more) == 0 && more.n == DISABLED_MAX, "it is there");
	disabled_free(&more);
	one.ids[0] = (struct rule_id){2, 1};
	CHECK(disabled_with(&full, &one, &more) == -E2BIG, "one too many");
	disabled_free(&full);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"ids", test_ids},
		{"changes", test_changes},
		{"file", test_file},
		{"damaged", test_damaged},
		{"nowhere", test_nowhere},
		{"bounded", test_bounded},
		CU_TEST_INFO_NULL,
	};

	if (!scratch_open())
		return 2;
	int failed = check_main("disabled", tests);
	scratch_sweep();
	return failed;
}
