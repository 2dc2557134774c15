// What the compile child says, read as what anybody may have written.

#include "control/compile_report.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define NEW "compiled\t\t\n"
#define END "end\t0\t5\t0\t0\t0\t1\n"

static const struct {
	const char *name;
	const char *text;
	int want;
	uint32_t n;
} reports[] = {
	{"nothing but the end", NEW END, 0, 0},
	{"from the cache", "cached\t" DIGEST "\t\n" END, 0, 0},
	{"in memory", "held\t" DIGEST "\t\n" END, 0, 0},
	{"a foreign file", "foreign\t" DIGEST "\t\n" END, 0, 0},
	{"compiled, with a name", "compiled\t" DIGEST "\t\n" END, 0, 0},
	{"files", NEW "file\ta b\nfile\t\n" END, 0, 0},
	{"a diag", NEW "error\t3\t9\tf:1\tlint:short\t7\ttext: x\nend\t22\t0\t1\t0\t0\t1\n", 0, 1},
	{"empty text", NEW "warning\t3\t9\t\t\t0\t\nend\t0\t0\t0\t1\t0\t1\n", 0, 1},
	{"empty", "", -EBADMSG, 0},
	{"no first line", END, -EBADMSG, 0},
	{"unknown origin", "bought\t\t\n" END, -EBADMSG, 0},
	{"no digest column", "compiled\n" END, -EBADMSG, 0},
	{"cached without a name", "cached\t\t\n" END, -EBADMSG, 0},
	{"digest too short", "cached\t0011\t\n" END, -EBADMSG, 0},
	{"digest too long", "cached\t" DIGEST "00\t\n" END, -EBADMSG, 0},
	{"digest in capitals",
		"cached\tAA112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\t\n" END,
		-EBADMSG, 0},
	{"file without a name", NEW "file\n" END, -EBADMSG, 0},
	{"file with a column more", NEW "file\ta\tb\n" END, -EBADMSG, 0},
	{"no end", NEW "error\t3\t9\tf\t\t0\tt\n", -EBADMSG, 0},
	{"the end is cut", NEW "end\t0\t5\t0\t0\t0\t1", -EBADMSG, 0},
	{"something after the end", NEW END "x", -EBADMSG, 0},
	{"other level", NEW "fatal\t3\t9\tf\t\t0\tt\n" END, -EBADMSG, 0},
	{"line is no number", NEW "error\tx\t9\tf\t\t0\tt\n" END, -EBADMSG, 0},
	{"line beyond 32 bits", NEW "error\t4294967296\t9\tf\t\t0\tt\n" END, -EBADMSG, 0},
	{"negative", NEW "error\t-1\t9\tf\t\t0\tt\n" END, -EBADMSG, 0},
	{"column missing", NEW "error\t3\tf\t\t0\tt\n" END, -EBADMSG, 0},
	{"one column more", NEW "error\t3\t9\tf\t\t0\tt\tu\n" END, -EBADMSG, 0},
	{"number missing", NEW "end\t0\t5\t0\t0\t0\n", -EBADMSG, 0},
	{"no errno", NEW "end\t5000\t5\t0\t0\t0\t1\n", -EBADMSG, 0},
	{"no examples column", "compiled\t\n" END, -EBADMSG, 0},
	{"another examples column", "compiled\t\tyes\n" END, -EBADMSG, 0},
	{"examples beside", "compiled\t\texamples\n" END, 0, 0},
	{"examples within", NEW "examples\n" END, 0, 0},
	{"examples with more", NEW "examples\t1\n" END, -EBADMSG, 0},
	{"a note", NEW "note\t3\t9\tf\t\t0\tt\nend\t0\t0\t0\t0\t1\t1\n", 0, 1},
	{"sid is no number", NEW "note\t3\t9\tf\t\tx\tt\n" END, -EBADMSG, 0},
	{"costs", NEW "costs\t7\t8\ncost\t1\t2\t3\t4\t5\t6\t7\t8\n" END, 0, 0},
	{"costs twice", NEW "costs\t7\t8\ncosts\t7\t8\n" END, -EBADMSG, 0},
	{"a cost before all of them", NEW "cost\t1\t2\t3\t4\t5\t6\t7\t8\n" END, -EBADMSG, 0},
	{"a cost of no field", NEW "costs\t7\t8\ncost\t65535\t2\t3\t4\t5\t6\t7\t8\n" END, -EBADMSG,
		0},
	{"a cost without its end", NEW "costs\t7\t8\ncost\t1\t2\t3\t4\t5\t6\t7\n" END, -EBADMSG, 0},
	{"a cost with more", NEW "costs\t7\t8\ncost\t1\t2\t3\t4\t5\t6\t7\t8\t9\n" END, -EBADMSG, 0},
	{"empty line", NEW "\n" END, -EBADMSG, 0},
};

static void test_report(void)
{
	for (size_t i = 0; i < ROWS(reports); i++) {
		struct compile_report r = {0};
		int got =
			compile_report_parse(strdup(reports[i].text), strlen(reports[i].text), &r);
		CHECK(got == reports[i].want && r.n == reports[i].n, "%s: %d", reports[i].name,
			got);
		compile_report_free(&r);
	}
	// A NUL in the middle.
	struct compile_report r = {0};
	char *text = malloc(32);
	memcpy(text, NEW END "\0x\n", sizeof(NEW END "\0x\n"));
	CHECK(compile_report_parse(text, sizeof(NEW END "\0x\n") - 1, &r) == -EBADMSG, "a NUL");
}

// More names than a report has.
static void test_report_files(void)
{
	for (unsigned more = 0; more < 2; more++) {
		size_t n = COMPILE_FILES_MAX + more, at = strlen(NEW);
		char *text = malloc(n * 7 + 64);
		struct compile_report r = {0};
		memcpy(text, NEW, at);
		for (size_t i = 0; i < n; i++)
			at += (size_t)sprintf(text + at, "file\tx\n");
		at += (size_t)sprintf(text + at, END);
		int got = compile_report_parse(text, at, &r);
		CHECK(got == (more ? -EBADMSG : 0), "%zu files: %d", n, got);
		CHECK(more || (r.n_names == n && strcmp(r.names[n - 1], "x") == 0), "names");
		compile_report_free(&r);
	}
}

static void test_report_truncated(void)
{
	static const char whole[] = "cached\t" DIGEST "\nfile\tf\ncosts\t7\t8\n"
				    "cost\t1\t2\t3\t4\t5\t6\t7\t8\nerror\t3\t9\tf\t\t0\tt\n"
				    "warning\t1\t2\tg\t\t0\tu\nend\t22\t0\t1\t1\t0\t1\n";

	for (size_t n = 0; n < strlen(whole); n++) {
		struct compile_report r = {0};
		char *cut = malloc(n + 1);
		memcpy(cut, whole, n);
		cut[n] = '\0';
		CHECK(compile_report_parse(cut, n, &r) == -EBADMSG, "cut at %zu", n);
		compile_report_free(&r);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"report", test_report},
		{"files", test_report_files},
		{"truncated", test_report_truncated},
		CU_TEST_INFO_NULL,
	};
	return check_main("compile_report", tests);
}
