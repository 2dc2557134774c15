#include "dataplane/base/expiry.h"
#include "patterns/parse.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void test_dates(void)
{
	static const struct {
		const char *text;
		bool is;
		int32_t days; // of date(1): date -d 2027-11-30 +%s divided by 86400
	} rows[] = {{"1970-01-01", true, 0}, {"1970_03_01", true, 59}, {"2000-02-29", true, 11016},
		{"2027-11-30", true, 21152}, {"2100-03-01", true, 47541}, {"2100-02-29", false, 0},
		{"2027-11-31", false, 0}, {"2027-13-01", false, 0}, {"2027-00-01", false, 0},
		{"2027-01-00", false, 0}, {"1969-12-31", false, 0}, {"2027-1-01", false, 0},
		{"2027/01/01", false, 0}, {"2027-01-01x", false, 0}, {"2027-01", false, 0},
		{"", false, 0}, {"never", false, 0}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		int32_t days = 0;
		CHECK(expiry_read(rows[i].text, &days) == rows[i].is, "%s", rows[i].text);
		CHECK(days == rows[i].days, "%s: %d", rows[i].text, days);
	}
}

// What a rule with this date is told, at a load and by lint.
static void test_warnings(void)
{
	char tomorrow[40], rules[300];
	time_t then = time(NULL) + 2 * 86400;
	struct tm tm;
	gmtime_r(&then, &tm);
	strftime(tomorrow, sizeof(tomorrow), "%Y-%m-%d", &tm);
	const struct {
		const char *date, *says; // NULL: nothing
	} rows[] = {{"2001-09-09", "past its date"}, {tomorrow, NULL}, {"soon", "is no date"},
		{"", "is no date"}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rule_list list = {0};
		struct diags diags = {0};
		snprintf(rules, sizeof(rules),
			"alert tls any any -> any any (tls.sni; content:\"x\"; "
			"metadata:owner me, expires %s; sid:1;)\n",
			rows[i].date);
		CHECK(rules_parse("t.rules", rules, strlen(rules), NULL, false, &list, &diags) == 0,
			"%s", rows[i].date);
		CHECK((diags.n > 0) == (rows[i].says != NULL), "%s: %u", rows[i].date, diags.n);
		CHECK(diags.n == 0 ||
				(strstr(diags.items[0].text, rows[i].says) != NULL &&
					diags.items[0].level == DIAG_WARNING),
			"%s", rows[i].date);
		rule_list_free(&list);
		diags_free(&diags);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"dates", test_dates},
		{"warnings", test_warnings},
		CU_TEST_INFO_NULL,
	};
	return check_main("expiry", tests);
}
