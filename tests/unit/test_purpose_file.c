// Registers of purposes as somebody may have written them.

#include "control/purpose.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY "purposes:\n- {id: a, purpose: p, legal_basis: l, owner: o, rules: [x]"

static const struct {
	const char *name;
	const char *text;
	uint32_t n; // entries
	const char *error; // begin of it, behind the file's name; "": none
} rows[] = {
	{"one", ENTRY "}\n", 1, ""},
	{"all keys",
		ENTRY ", detectors: [cn_ric18, id.cn], segment: branch-1, mode: evidence, "
		      "retention_days: 7}\n",
		1, ""},
	{"no list", "purposes:\n", 0, "1:10: purposes: takes a list"},
	{"no entries", "purposes: []\n", 0, ""},
	{"empty", "", 0, "1:1: is empty"},
	{"no mapping", "- a\n", 0, "1:1: purposes:"},
	{"another key", "purpose: []\n", 0, "1:1: there is no key \"purpose\""},
	{"no YAML", "purposes: [\n", 0, "2:1:"},
	{"an entry that is none", "purposes: [a]\n", 0, "1:12: a purpose is"},
	{"unknown key", ENTRY ", reason: x}\n", 0, "2:61: there is no key \"reason\""},
	{"twice the same key", ENTRY ", id: b}\n", 0, "2:61: id: stands here twice"},
	{"a list for one value", ENTRY ", mode: [evidence]}\n", 0, "2:67: mode: takes one value"},
	{"a map for a value", ENTRY ", mode: {a: b}}\n", 0, "2:67: mode: takes a text"},
	{"mode", ENTRY ", mode: all}\n", 0, "2:67: mode: takes counters or evidence"},
	{"days", ENTRY ", retention_days: 0}\n", 0, "2:77: retention_days: takes 1 to"},
	{"days in words", ENTRY ", retention_days: 7d}\n", 0, "2:77: retention_days: takes 1 to"},
	{"too many days", ENTRY ", retention_days: 99999999999999999999}\n", 0,
		"2:77: retention_days"},
	{"segment", ENTRY ", segment: A B}\n", 0, "2:70: segment: takes 1 to"},
	{"a detector that is no name", ENTRY ", detectors: [\"a b\"]}\n", 0, "2:72: detectors:"},
	{"no id", "purposes:\n- {purpose: p}\n", 0, "2:3: id: missing"},
	{"no purpose", "purposes:\n- {id: a}\n", 0, "2:3: purpose: missing"},
	{"no basis", "purposes:\n- {id: a, purpose: p}\n", 0, "2:3: legal_basis: missing"},
	{"no owner", "purposes:\n- {id: a, purpose: p, legal_basis: l}\n", 0,
		"2:3: owner: missing"},
	{"of nothing", "purposes:\n- {id: a, purpose: p, legal_basis: l, owner: o}\n", 0,
		"2:3: rules, detectors"},
	{"the same id again",
		ENTRY "}\n- {id: a, purpose: p, legal_basis: l, owner: o, rules: [x]}\n", 0,
		"3:3: id: \"a\" is another"},
	{"laboratory",
		"purposes:\n- {id: laboratory, purpose: p, legal_basis: l, owner: o, rules: [x]}\n",
		0, "2:3: id: \"laboratory\""},
	{"a person as owner",
		"purposes:\n- {id: a, purpose: p, legal_basis: l, owner: wang@carrier.cn, rules: "
		"[x]}\n",
		0, "2:46: owner: holds an e-mail address"},
	{"an alias",
		"purposes:\n- &x {id: a, purpose: p, legal_basis: l, owner: o, rules: [x]}\n- *x\n",
		0, "2:3: id: \"a\" is another"},
	{"a line in a text", ENTRY ", segment: \"a\\nb\"}\n", 0, "2:70: segment:"},
	{"a NUL in a text", ENTRY ", segment: \"a\\0b\"}\n", 0, "2:70: segment: takes a text"},
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct purpose_table t;
		char error[512] = "", want[256];
		memset(&t, 0, sizeof(t));
		int err =
			purpose_file_parse("p.yaml", rows[i].text, strlen(rows[i].text), &t, error);

		CHECK((err == 0) == (rows[i].error[0] == '\0'), "%s: %s", rows[i].name, error);
		snprintf(want, sizeof(want), "p.yaml:%s", rows[i].error);
		CHECK(err == 0 || strncmp(error, want, strlen(want)) == 0, "%s: %s", rows[i].name,
			error);
		CHECK(t.n == rows[i].n && purpose_table_ok(&t), "%s: %u", rows[i].name, t.n);
	}
}

// Cut anywhere: an error or a register, never more than that.
static void test_truncated(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t n = 0; n < strlen(rows[i].text); n++) {
			static struct purpose_table t;
			char error[512];
			char *cut = malloc(n + 1);
			memcpy(cut, rows[i].text, n);
			int err = purpose_file_parse("p.yaml", cut, n, &t, error);
			CHECK(err < 0 || purpose_table_ok(&t), "%s: cut at %zu", rows[i].name, n);
			free(cut);
		}
	}
}

// A role, an office, a document; no person, however that is written.
static void test_nobody(void)
{
	static const struct {
		const char *owner;
		const char *error; // what stands in it; NULL: none
	} owners[] = {
		{"privacy office, room 7.12", NULL},
		{"decree 2026-11-30, no. 7/2026", NULL},
		{"\xe4\xbf\xa1\xe6\x81\xaf\xe5\xae\x89\xe5\x85\xa8\xe9\x83\xa8", NULL},
		{"li@corp-mail.cn", "e-mail"},
		{"office:li@corp-mail.cn", "e-mail"},
		{"13912345678", "phone"},
		{"+86 139 1234 5678", "phone"},
		{"Zhang 139 1234 5678, office", "phone"},
		{"\xe7\x94\xb5\xe8\xaf\x9d:13912345678", "phone"},
		{"\xe5\xbc\xa0\xe4\xb8\x89"
		 "13912345678",
			"phone"},
		{"[13912345678]", "phone"},
		{"4556 7375 8689 9855", "card"},
	};

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		struct purpose p = purpose_defaults;
		char error[PURPOSE_ERROR_LEN] = "";
		int err = purpose_set(&p, "owner", &owners[i].owner, 1, false, error);
		const char *want = owners[i].error;
		CHECK((err == 0) == (want == NULL), "%s: %s", owners[i].owner, error);
		CHECK(want == NULL || strstr(error, want) != NULL, "%s: %s", owners[i].owner,
			error);
	}
}

// What a client of the control socket sends is judged alike.
static void test_json(void)
{
	static const struct {
		const char *text;
		const char *error; // its begin; "": none
	} requests[] = {
		{"{\"id\": \"a\", \"purpose\": \"p\", \"legal_basis\": \"l\", \"owner\": \"o\", "
		 "\"rules\": [\"x\"], \"retention_days\": 3}",
			""},
		{"[]", "a purpose is an object"},
		{"{}", "id: missing"},
		{"{\"id\": 3.5}", "id: takes a text"},
		{"{\"id\": null}", "id: takes a text"},
		{"{\"rules\": [1]}", "rules: takes at most"},
		{"{\"x\": \"y\"}", "there is no key"},
		{"{\"retention_days\": -1}", "retention_days: takes"},
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		json_t *object = json_loads(requests[i].text, 0, NULL);
		char error[PURPOSE_ERROR_LEN] = "";
		struct purpose p;
		int err = purpose_from_json(object, &p, error);
		const char *want = requests[i].error;

		CHECK((err == 0) == (want[0] == '\0'), "%s: %s", requests[i].text, error);
		CHECK(strncmp(error, want, strlen(want)) == 0, "%s: %s", requests[i].text, error);
		json_decref(object);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"rows", test_rows},
		{"truncated", test_truncated},
		{"json", test_json},
		{"nobody", test_nobody},
		CU_TEST_INFO_NULL,
	};
	return check_main("purpose_file", tests);
}
