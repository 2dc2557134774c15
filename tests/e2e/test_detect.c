// sealwatch-detect: as many answers as lines, whatever the lines are, and no value in any.

#include "tests/e2e/process.h"
#include "tests/unit/check.h"

#include <string.h>

static char *dir;

static struct output answer_to(const char *lines)
{
	char command[512];

	write_file(in_dir(dir, "lines"), lines);
	snprintf(command, sizeof(command), "exec '%s' <'%s'", program("sealwatch-detect"),
		in_dir(dir, "lines"));
	const char *argv[] = {"/bin/sh", "-c", command, NULL};
	return run(argv, 30);
}

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void test_answer(void)
{
	struct output o = answer_to("{\"text\": \"\\u624b\\u673a 13800138000, 13800138001\", "
				    "\"direction\": \"c2s\"}\n");
	json_t *root = json_loads(o.out, 0, NULL);
	const char *detector = "", *class = "", *confidence = "", *masked = "";
	int count = 0;

	CHECK(o.status == 0 && o.err[0] == '\0', "%d: %s", o.status, o.err);
	CHECK(json_unpack(root, "{s:[{s:s, s:s, s:s, s:s, s:i}]}", "detections", "detector",
		      &detector, "class", &class, "confidence", &confidence, "masked", &masked,
		      "count", &count) == 0,
		"%s", o.out);
	CHECK(strcmp(detector, "cn_mobile") == 0 && strcmp(class, "phone") == 0, "%s", detector);
	CHECK(strcmp(confidence, "medium") == 0 && strcmp(masked, "138****8000") == 0, "%s",
		masked);
	CHECK(count == 2, "%d", count);
	json_decref(root);
	output_free(&o);
}

static void test_lines(void)
{
	static const struct {
		const char *name, *lines;
		unsigned n;
		int status;
		const char *says;
	} cases[] = {
		{"nothing", "", 0, 0, ""},
		{"no end of line", "{\"text\": \"x\"}", 1, 0, ""},
		{"a NUL in the text", "{\"text\": \"x\\u0000y\"}\n", 1, 0, ""},
		{"no JSON", "{\"text\": \"x\"}\n13800138000\n{\"text\": \"x\"}\n", 3, 3,
			"-:2: no JSON object"},
		{"an empty line", "\n", 1, 3, "-:1: no JSON object"},
		{"no text", "{\"direction\": \"c2s\"}\n", 1, 3, "-:1: no \"text\""},
		{"no string", "{\"text\": 13800138000}\n", 1, 3, "-:1: no \"text\""},
		{"an array", "[1]\n", 1, 3, "-:1: no \"text\""},
		{"no direction", "{\"text\": \"x\", \"direction\": \"up\"}\n", 1, 3,
			"-:1: \"direction\""},
		{"no UTF-8", "{\"text\": \"\xff\"}\n", 1, 3, "-:1: no JSON object"},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct output o = answer_to(cases[i].lines);
		CHECK(o.status == cases[i].status, "%s: %d", cases[i].name, o.status);
		CHECK(count_lines(o.out) == cases[i].n, "%s: %s", cases[i].name, o.out);
		CHECK(strstr(o.err, cases[i].says) != NULL, "%s: %s", cases[i].name, o.err);
		CHECK(strstr(o.err, "13800138000") == NULL, "%s", cases[i].name);
		output_free(&o);
	}
}

static void test_long_lines(void)
{
	enum { LONG = 1200000 };
	static char lines[LONG + 64];
	size_t n = (size_t)sprintf(lines, "{\"text\": \"");

	memset(lines + n, 'x', LONG);
	strcpy(lines + n + LONG, "\"}\n{\"text\": \"13800138000\"}\n");
	struct output o = answer_to(lines);
	CHECK(o.status == 3 && count_lines(o.out) == 2, "%d", o.status);
	CHECK(strstr(o.err, "-:1: longer than") != NULL, "%s", o.err);
	CHECK(strstr(o.out, "cn_mobile") != NULL, "the next line is read");
	output_free(&o);
	strcpy(lines + n + 70000, "\"}\n");
	o = answer_to(lines);
	CHECK(o.status == 0 && strstr(o.out, "\"unseen\": 4464") != NULL, "%s", o.out);
	output_free(&o);
}

static void test_usage(void)
{
	static const struct {
		const char *option;
		int status;
		const char *says;
	} cases[] = {
		{"--help", 0, "exit status"},
		{"--list", 0, "cn_ric18\tid.cn\thigh"},
		{"--bad", 2, ""},
		{"file", 2, ""},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		const char *argv[] = {program("sealwatch-detect"), cases[i].option, NULL};
		struct output o = run(argv, 30);
		CHECK(o.status == cases[i].status, "%s: %d", cases[i].option, o.status);
		CHECK(strstr(o.out, cases[i].says) != NULL, "%s", cases[i].option);
		output_free(&o);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"answer", test_answer},
		{"lines", test_lines},
		{"long lines", test_long_lines},
		{"usage", test_usage},
		CU_TEST_INFO_NULL,
	};
	dir = scratch_new();
	int status = check_main("detect", tests);
	scratch_remove(dir);
	return status;
}
