// The register of purposes on disk.

#include "control/purpose_store.h"
#include "tests/unit/check.h"

#include <sqlite3.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/sealwatch-purposes-XXXXXX";

static struct purpose entry(const char *id)
{
	struct purpose p = purpose_defaults;

	snprintf(p.row.id, sizeof(p.row.id), "%s", id);
	strcpy(p.purpose, "p");
	strcpy(p.basis, "b");
	strcpy(p.owner, "o");
	strcpy(p.row.rules[0], "Clear-Text");
	strcpy(p.row.rules[1], "1:77");
	strcpy(p.row.detectors[0], "id.cn");
	p.row.n_rules = 2;
	p.row.n_detectors = 1;
	p.row.mode = PURPOSE_EVIDENCE;
	p.retention_days = 9;
	return p;
}

static void test_keeps(void)
{
	struct purpose_store s;
	struct purpose p = entry("one");
	char error[PURPOSE_ERROR_LEN];
	struct stat st;

	purpose_store_open(&s, dir, false);
	CHECK(s.err == 0 && s.n == 0, "empty: %d", s.err);
	CHECK(purpose_store_add(&s, &p, 1001, error) == 0, "add");
	CHECK(purpose_store_add(&s, &p, 1001, error) == -EEXIST, "twice");
	p = entry("two");
	CHECK(purpose_store_add(&s, &p, 1002, error) == 0, "another");
	CHECK(purpose_store_retire(&s, "one", 1003, error) == 0, "retire");
	CHECK(purpose_store_retire(&s, "one", 1003, error) == -EALREADY, "twice");
	CHECK(purpose_store_retire(&s, "none", 1003, error) == -ENOENT, "nobody");
	CHECK(stat(s.path, &st) == 0 && (st.st_mode & 0777) == 0600, "it is ours alone");
	purpose_store_close(&s);

	purpose_store_open(&s, dir, false);
	const struct purpose *one = purpose_store_find(&s, "one");
	const struct purpose *two = purpose_store_find(&s, "two");
	CHECK(s.n == 2 && one != NULL && two != NULL, "both are there: %u", s.n);
	if (s.n == 2 && one != NULL && two != NULL) {
		CHECK(one->retired_ns != 0 && one->retired_by == 1003 && one->created_by == 1001,
			"who");
		CHECK(two->retired_ns == 0 && two->retention_days == 9 && two->row.n_rules == 2 &&
				strcmp(two->row.rules[0], "Clear-Text") == 0 &&
				strcmp(two->row.detectors[0], "id.cn") == 0 &&
				two->row.mode == PURPOSE_EVIDENCE,
			"what");
	}
	CHECK(purpose_store_add(&s, &p, 1, error) == -EEXIST, "an id is given once");
	purpose_store_close(&s);
}

static void test_table(void)
{
	static struct purpose_table t;
	struct purpose_store s;

	purpose_store_open(&s, dir, false);
	purpose_store_table(&s, &t);
	CHECK(t.n == 1 && strcmp(t.rows[0].id, "two") == 0 && purpose_table_ok(&t),
		"not the retired");
	CHECK(purpose_store_covers(&s, 1, 5, "Clear-Text"), "its set");
	CHECK(purpose_store_covers(&s, 1, 77, "x"), "its rule");
	CHECK(!purpose_store_covers(&s, 1, 78, "x"), "no other");
	purpose_store_close(&s);
	purpose_store_open(&s, dir, true);
	purpose_store_table(&s, &t);
	CHECK(t.n == 2 && strcmp(t.rows[0].id, PURPOSE_LABORATORY) == 0, "the laboratory's, too");
	CHECK(purpose_store_covers(&s, 1, 78, "x"), "which covers all");
	purpose_store_close(&s);
}

static void test_full(void)
{
	struct purpose_store s;
	char error[PURPOSE_ERROR_LEN];
	int err = 0;
	unsigned n = 0;

	purpose_store_open(&s, NULL, false);
	for (; n < 2 * PURPOSES_MAX && err == 0; n++) {
		char id[16];
		snprintf(id, sizeof(id), "p%u", n);
		struct purpose p = entry(id);
		err = purpose_store_add(&s, &p, 1, error);
	}
	CHECK(err == -ENOSPC && n == PURPOSES_MAX, "%u", n);
	CHECK(purpose_store_retire(&s, "p0", 1, error) == 0, "room");
	struct purpose p = entry("last");
	CHECK(purpose_store_add(&s, &p, 1, error) == 0, "is used");
	purpose_store_close(&s);
}

static void change(const char *sql)
{
	char path[128];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/register.db", dir);
	CHECK(sqlite3_open(path, &db) == SQLITE_OK &&
			sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
		"%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

// A file that somebody changed: no purposes at all, rather than some.
static void test_foreign(void)
{
	static const char *const changes[] = {
		"UPDATE purposes SET rules = 'a/b' WHERE id = 'two'",
		"UPDATE purposes SET rules = '', detectors = '' WHERE id = 'two'",
		"UPDATE purposes SET rules = 'x', segment = 'A\nB' WHERE id = 'two'",
		"UPDATE purposes SET segment = 'all', owner = '' WHERE id = 'two'",
		"UPDATE purposes SET owner = 'o', retention_days = -1 WHERE id = 'two'",
		"PRAGMA user_version = 99",
	};

	for (size_t i = 0; i < ROWS(changes); i++) {
		struct purpose_store s;
		char error[PURPOSE_ERROR_LEN];
		struct purpose p = entry("three");

		change(changes[i]);
		purpose_store_open(&s, dir, false);
		CHECK(s.err < 0 && s.n == 0, "%s: %d, %u", changes[i], s.err, s.n);
		CHECK(purpose_store_add(&s, &p, 1, error) < 0, "%s: nothing is added", changes[i]);
		purpose_store_close(&s);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"keeps", test_keeps},
		{"table", test_table},
		{"full", test_full},
		{"foreign", test_foreign},
		CU_TEST_INFO_NULL,
	};
	char path[128];

	if (mkdtemp(dir) == NULL)
		return 2;
	int status = check_main("purpose_store", tests);
	snprintf(path, sizeof(path), "%s/register.db", dir);
	unlink(path);
	rmdir(dir);
	return status;
}
