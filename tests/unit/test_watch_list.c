// Principle 4 over whole rules: whatever way a person's identifier is written, a set with it does not load. The
// values are made up, and valid by their check digits or plans only.

#include "patterns/parse.h"
#include "tests/unit/check.h"

#include <string.h>

#define TCP "alert tcp any any -> any any ("

static const struct {
	const char *name, *rule, *says; // NULL: nobody's
} rows[] = {
	{"a content", TCP "content:\"13912345678\"; sid:1;)", "phone"},
	{"in hex", TCP "content:\"|31 33 39|12345678\"; sid:1;)", "phone"},
	{"an expression", TCP "pcre:\"/13912345678/\"; sid:1;)", "phone"},
	{"anchored", TCP "pcre:\"/^13912345678$/i\"; sid:1;)", "phone"},
	{"words around", TCP "pcre:\"/\\b139-?1234-?5678\\b/\"; sid:1;)", "phone"},
	{"marks in a class", TCP "pcre:\"/139[- ]?1234[- ]?5678/\"; sid:1;)", "phone"},
	{"escaped", TCP "pcre:\"/wang\\.li@carrier\\.cn/\"; sid:1;)", "e-mail"},
	{"a class of one", TCP "pcre:\"/wang[.]li@carrier[.]cn/\"; sid:1;)", "e-mail"},
	{"in hex escapes", TCP "pcre:\"/wang\\x2eli\\x40carrier.cn/\"; sid:1;)", "e-mail"},
	{"one of several", TCP "pcre:\"/(?:cat|wang@carrier\\.cn|dog)/\"; sid:1;)", "e-mail"},
	{"in two pieces",
		TCP "content:\"1391234\"; content:\"5678\"; distance:0; within:4; sid:1;)",
		"phone"},
	{"in three pieces",
		TCP
		"content:\"wang\"; content:\"@\"; distance:0; within:1; content:\"carrier.cn\"; "
		"distance:0; within:10; sid:1;)",
		"e-mail"},

	{"not one of a kind", TCP "pcre:\"/139\\d{8}/\"; sid:1;)", NULL},
	{"any of a domain", TCP "pcre:\"/[a-z]+@carrier\\.cn/\"; sid:1;)", NULL},
	{"a reserved domain", TCP "pcre:\"/wang@example\\.com/\"; sid:1;)", NULL},
	{"a published card", TCP "pcre:\"/4111-1111-1111-1111/\"; sid:1;)", NULL},
	{"pieces apart", TCP "content:\"1391234\"; content:\"5678\"; distance:1; sid:1;)", NULL},
	{"pieces of two buffers",
		"alert http any any -> any any (http.uri; content:\"1391234\"; http.host; "
		"content:\"5678\"; sid:1;)",
		NULL},
	{"a binary number", TCP "byte_test:4,=,1391234567,0; sid:1;)", NULL},
	{"a host",
		"alert tls any any -> any any (tls.sni; pcre:\"/chat\\.carrier\\.cn$/\"; sid:1;)",
		NULL},
};

static void parse(const char *rule, bool lab, struct diags *diags, int *err)
{
	struct rule_list list = {0};

	*err = rules_parse("t.rules", rule, strlen(rule), NULL, lab, &list, diags);
	rule_list_free(&list);
}

static bool told(const struct diags *d, enum diag_level level, const char *text)
{
	for (uint32_t i = 0; i < d->n; i++) {
		if (d->items[i].level == level && strstr(d->items[i].text, text) != NULL)
			return true;
	}
	return false;
}

static void test_rows(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct diags strict = {0}, lab = {0};
		int err;

		parse(rows[i].rule, false, &strict, &err);
		CHECK((err < 0) == (rows[i].says != NULL), "%s: %d %s", rows[i].name, err,
			strict.n > 0 ? strict.items[0].text : "");
		CHECK(rows[i].says == NULL || told(&strict, DIAG_ERROR, rows[i].says), "%s",
			rows[i].name);
		parse(rows[i].rule, true, &lab, &err);
		CHECK(err == 0, "%s: it loads in the laboratory", rows[i].name);
		CHECK(told(&lab, DIAG_WARNING, "laboratory") == (rows[i].says != NULL),
			"%s: with a warning", rows[i].name);
		diags_free(&strict);
		diags_free(&lab);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"rows", test_rows},
		CU_TEST_INFO_NULL,
	};
	return check_main("watch_list", tests);
}
