// Which rules nothing speaks for any more.

#include "control/cli/stale.h"
#include "tests/unit/check.h"

enum { DAY = 86400, NOW = 21000 * DAY + 5 };

static json_t *rule(uint64_t hits, int64_t last_hit_s, const char *expires)
{
	json_t *r = json_pack("{s:I, s:I}", "hits", (json_int_t)hits, "last_hit_ns",
		(json_int_t)(last_hit_s * 1000000000));

	if (expires != NULL)
		json_object_set_new(r, "expires", json_string(expires));
	return r;
}

static void test_stale(void)
{
	static const struct {
		const char *name;
		uint64_t hits;
		int64_t last_hit_s, loaded_s;
		unsigned days;
		int64_t idle_s; // -1: it is not
	} rows[] = {
		{"never hit", 0, 0, NOW - 100, 0, 100},
		{"never hit, just now", 0, 0, NOW, 0, 0},
		{"hit", 1, NOW - 9 * DAY, NOW - 10 * DAY, 0, -1},
		{"never hit, too young", 0, 0, NOW - 3 * DAY + 1, 3, -1},
		{"never hit, old enough", 0, 0, NOW - 3 * DAY, 3, 3 * DAY},
		{"hit lately", 5, NOW - 2 * DAY, NOW - 9 * DAY, 3, -1},
		{"hit long ago", 5, NOW - 4 * DAY, NOW - 9 * DAY, 3, 4 * DAY},
		{"hit in the future", 5, NOW + DAY, NOW - 9 * DAY, 3, -1},
		{"when is not known", 0, 0, 0, 0, -1},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		json_t *r = rule(rows[i].hits, rows[i].last_hit_s, NULL);
		struct stale s = stale_of(r, rows[i].loaded_s, NOW, rows[i].days);
		CHECK(s.idle_s == rows[i].idle_s && !s.expired, "%s: %lld", rows[i].name,
			(long long)s.idle_s);
		json_decref(r);
	}
}

// Day 21000 is 2027-07-01: date -d @1814400000.
static void test_expired(void)
{
	static const struct {
		const char *date;
		bool expired;
	} rows[] = {{"2027-06-30", true}, {"2027-07-01", true}, {"2027-07-02", false},
		{"some day", false}, {"", false}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		json_t *r = rule(1, NOW, rows[i].date);
		struct stale s = stale_of(r, NOW, NOW, 0);
		CHECK(s.expired == rows[i].expired && s.idle_s == -1, "%s", rows[i].date);
		json_decref(r);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"idle", test_stale},
		{"expired", test_expired},
		CU_TEST_INFO_NULL,
	};
	return check_main("stale", tests);
}
