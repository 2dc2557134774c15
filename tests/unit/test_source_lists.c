// What a set of rules is read from, beside the rules: lists of values, the database of countries.

#include "control/sources.h"
#include "patterns/dataset.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void digest_of(
	const char *const *paths, uint32_t n, const struct build_context *context, uint8_t out[32])
{
	struct sources s = {0};

	CHECK(sources_read(paths, n, NULL, &s) == 0 && sources_whole(&s), "read");
	CHECK(sources_digest(&s, context, out) == 0, "digest");
	sources_free(&s);
}

// Lists that rules name: by their bytes; what is missing or elsewhere, too.
static void test_lists(void)
{
	static const struct rule_var none[] = {{NULL, NULL}};
	static const char named[] = "http.host; dataset:isset,s,type string, load l.lst; sid:1;";
	const struct build_context context = {.variables = none};
	char a[512], l[512];
	snprintf(a, sizeof(a), "%s", in_scratch("a.rules"));
	snprintf(l, sizeof(l), "%s", in_scratch("l.lst"));
	const char *const paths[] = {a};
	const struct {
		const char *name, *rules, *list;
		bool as_before;
	} rows[] = {
		{"a list", named, "eA==", false},
		{"other bytes", named, "eQ==", false},
		{"more", named, "eQ==\n", false},
		{"none there", named, NULL, false},
		{"empty", named, "", false},
		{"nobody names it", "no load l.lst", "eA==", false},
		{"whatever stands in it", "no load l.lst", "eQ==", true},
		{"a line that goes on", "dataset:isset,s, \\\n load l.lst", "eA==", false},
		{"a line that goes on, other bytes", "dataset:isset,s, \\\n load l.lst",
			"eQ==", false},
	};
	uint8_t got[ROWS(rows)][32];

	for (size_t i = 0; i < ROWS(rows); i++) {
		write_file(a, rows[i].rules, strlen(rows[i].rules));
		unlink(l);
		if (rows[i].list != NULL)
			write_file(l, rows[i].list, strlen(rows[i].list));
		digest_of(paths, 1, &context, got[i]);
		for (size_t j = 0; j < i; j++) {
			bool same = rows[i].as_before && j == i - 1;
			CHECK((memcmp(got[i], got[j], 32) == 0) == same, "%s: as %s", rows[i].name,
				rows[j].name);
		}
	}
	unlink(a);
	unlink(l);
}

static void digest_with(const char *path, const char *database, uint8_t out[32])
{
	static const struct rule_var none[] = {{NULL, NULL}};
	const struct build_context context = {.variables = none};
	struct sources s = {0};
	const char *paths[] = {path};

	CHECK(sources_read(paths, 1, NULL, &s) == 0 && sources_read_countries(&s, database) == 0,
		"read");
	CHECK(sources_digest(&s, &context, out) == 0, "digest");
	sources_free(&s);
}

// The database of countries, by its name and bytes, where a rule asks for it.
static void test_countries(void)
{
	uint8_t got[4][32];
	char a[512], geo[512];
	snprintf(a, sizeof(a), "%s", in_scratch("a.rules"));
	snprintf(geo, sizeof(geo), "%s", in_scratch("geo"));

	write_file(a, "geoip:src,DE;", 13);
	write_file(geo, "1,2,DE\n", 7);
	digest_with(a, geo, got[0]);
	write_file(geo, "1,3,DE\n", 7);
	digest_with(a, geo, got[1]);
	digest_with(a, "", got[2]);
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned j = 0; j < i; j++)
			CHECK(memcmp(got[i], got[j], 32) != 0, "%u, %u", i, j);
	}
	write_file(a, "sid:1;", 6);
	digest_with(a, geo, got[2]);
	digest_with(a, "", got[3]);
	CHECK(memcmp(got[2], got[3], 32) == 0, "nobody asks");
	unlink(a);
	unlink(geo);
}

// What was read is what is rules, though the disk has another by then.
static void test_list_once(void)
{
	static const struct rule_var none[] = {{NULL, NULL}};
	static const char text[] = "alert http any any -> any any (http.host; "
				   "dataset:isset,s,type string,load l.lst; sid:1;)\n";
	struct rule_list rules = {0};
	struct sources s = {0};
	struct diags diags = {0};
	char a[512], l[512];
	snprintf(a, sizeof(a), "%s", in_scratch("a.rules"));
	snprintf(l, sizeof(l), "%s", in_scratch("l.lst"));
	const char *const paths[] = {a};

	write_file(a, text, sizeof(text) - 1);
	write_file(l, "eA==\neQ==\n", 10);
	CHECK(sources_read(paths, 1, NULL, &s) == 0 && s.n == 1 && s.n_lists == 1, "%u", s.n_lists);
	unlink(l);
	CHECK(sources_parse(&s, none, false, &rules, &diags) == 0, "%s",
		diags.n > 0 ? diags.items[0].text : "");
	CHECK(rules.n_datasets == 1 && rules.datasets[0]->n == 2, "two values");
	rule_list_free(&rules);
	sources_free(&s);
	diags_free(&diags);
	unlink(a);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"lists in the digest", test_lists},
		{"the database of countries", test_countries},
		{"a list is read once", test_list_once},
		CU_TEST_INFO_NULL,
	};

	if (!scratch_open())
		return 2;
	int failed = check_main("source_lists", tests);
	scratch_sweep();
	return failed;
}
