#include "control/request.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *line;
	int want;
	enum command command;
	uint32_t n_paths;
	const char *error; // is in the message
} rows[] = {
	{"status", "{\"cmd\":\"status\"}", 0, COMMAND_STATUS, 0, ""},
	{"spaces", " { \"cmd\" : \"counters\" } \r", 0, COMMAND_COUNTERS, 0, ""},
	{"services", "{\"cmd\":\"services\"}", 0, COMMAND_SERVICES, 0, ""},
	{"posture", "{\"cmd\":\"posture\",\"service\":\"whatsapp\",\"segment\":\"a\"}", 0,
		COMMAND_POSTURE, 0, ""},
	{"trend", "{\"cmd\":\"posture.trend\"}", 0, COMMAND_POSTURE_TREND, 0, ""},
	{"list", "{\"cmd\":\"patterns.list\"}", 0, COMMAND_PATTERNS_LIST, 0, ""},
	{"load", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\",\"/b c\"]}", 0,
		COMMAND_PATTERNS_LOAD, 2, ""},
	{"load without paths", "{\"cmd\":\"patterns.load\"}", -EINVAL, 0, 0, "paths"},
	{"no path", "{\"cmd\":\"patterns.load\",\"paths\":[]}", -EINVAL, 0, 0, "paths"},
	{"relative", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\",\"b\"]}", -EINVAL, 0, 0,
		"absolute"},
	{"empty path", "{\"cmd\":\"patterns.load\",\"paths\":[\"\"]}", -EINVAL, 0, 0, "absolute"},
	{"a number", "{\"cmd\":\"patterns.load\",\"paths\":[1]}", -EINVAL, 0, 0, "absolute"},
	{"one path as text", "{\"cmd\":\"patterns.load\",\"paths\":\"/a\"}", -EINVAL, 0, 0, "list"},
	{"a NUL in a path", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\\u0000b\"]}", -EINVAL, 0, 0,
		"JSON"},
	{"paths for status", "{\"cmd\":\"status\",\"paths\":[\"/a\"]}", -EINVAL, 0, 0, "paths"},
	{"load, watched, with a deadline",
		"{\"cmd\":\"patterns.load\",\"paths\":[\"/"
		"a\"],\"watch\":true,\"deadline_s\":86400}",
		0, COMMAND_PATTERNS_LOAD, 1, ""},
	{"no deadline", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\"],\"deadline_s\":0}", -EINVAL,
		0, 0, "86400"},
	{"deadline too far", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\"],\"deadline_s\":86401}",
		-EINVAL, 0, 0, "86400"},
	{"deadline negative", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\"],\"deadline_s\":-5}",
		-EINVAL, 0, 0, "86400"},
	{"deadline no whole number",
		"{\"cmd\":\"patterns.load\",\"paths\":[\"/a\"],\"deadline_s\":1.5}", -EINVAL, 0, 0,
		"deadline_s"},
	{"deadline beyond 64 bits",
		"{\"cmd\":\"patterns.load\",\"paths\":[\"/"
		"a\"],\"deadline_s\":18446744073709551616}",
		-EINVAL, 0, 0, "JSON"},
	{"deadline as text", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\"],\"deadline_s\":\"5\"}",
		-EINVAL, 0, 0, "deadline_s"},
	{"watch is no switch", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\"],\"watch\":1}",
		-EINVAL, 0, 0, "watch"},
	{"watch for list", "{\"cmd\":\"patterns.list\",\"watch\":true}", -EINVAL, 0, 0, "watch"},
	{"lint", "{\"cmd\":\"patterns.lint\",\"paths\":[\"/a\"],\"max_ns\":9,\"max_bytes\":1}", 0,
		COMMAND_PATTERNS_LINT, 1, ""},
	{"lint of nothing", "{\"cmd\":\"patterns.lint\"}", -EINVAL, 0, 0, "paths"},
	{"lint without a bound", "{\"cmd\":\"patterns.lint\",\"paths\":[\"/a\"],\"max_ns\":0}",
		-EINVAL, 0, 0, "max_ns"},
	{"a load with a bound", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\"],\"max_ns\":1}",
		-EINVAL, 0, 0, "max_ns"},
	{"diff", "{\"cmd\":\"patterns.diff\",\"from\":\"live\",\"to\":\"/a\"}", 0,
		COMMAND_PATTERNS_DIFF, 0, ""},
	{"diff of kept ones", "{\"cmd\":\"patterns.diff\",\"from\":\"7\",\"to\":\"0123abcd\"}", 0,
		COMMAND_PATTERNS_DIFF, 0, ""},
	{"diff with nothing", "{\"cmd\":\"patterns.diff\",\"from\":\"/a\"}", -EINVAL, 0, 0, "to"},
	{"diff with a relative path", "{\"cmd\":\"patterns.diff\",\"to\":\"a.rules\"}", -EINVAL, 0,
		0, "absolute"},
	{"diff with a number", "{\"cmd\":\"patterns.diff\",\"to\":7}", -EINVAL, 0, 0, "absolute"},
	{"diff with an empty text", "{\"cmd\":\"patterns.diff\",\"to\":\"\"}", -EINVAL, 0, 0,
		"absolute"},
	{"rollback", "{\"cmd\":\"patterns.rollback\"}", 0, COMMAND_PATTERNS_ROLLBACK, 0, ""},
	{"rollback to a generation", "{\"cmd\":\"patterns.rollback\",\"generation\":7}", 0,
		COMMAND_PATTERNS_ROLLBACK, 0, ""},
	{"rollback to a digest", "{\"cmd\":\"patterns.rollback\",\"digest\":\"0123abcd\"}", 0,
		COMMAND_PATTERNS_ROLLBACK, 0, ""},
	{"rollback to both",
		"{\"cmd\":\"patterns.rollback\",\"generation\":7,\"digest\":\"0123abcd\"}", -EINVAL,
		0, 0, "not both"},
	{"generation zero", "{\"cmd\":\"patterns.rollback\",\"generation\":0}", -EINVAL, 0, 0,
		"generation"},
	{"generation beyond 63 bits",
		"{\"cmd\":\"patterns.rollback\",\"generation\":9223372036854775808}", -EINVAL, 0, 0,
		"JSON"},
	{"generation null", "{\"cmd\":\"patterns.rollback\",\"generation\":null}", -EINVAL, 0, 0,
		"generation"},
	{"digest too short", "{\"cmd\":\"patterns.rollback\",\"digest\":\"0123abc\"}", -EINVAL, 0,
		0, "digest"},
	{"digest too long",
		"{\"cmd\":\"patterns.rollback\",\"digest\":"
		"\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0\"}",
		-EINVAL, 0, 0, "digest"},
	{"digest in capitals", "{\"cmd\":\"patterns.rollback\",\"digest\":\"0123ABCD\"}", -EINVAL,
		0, 0, "digest"},
	{"digest a list", "{\"cmd\":\"patterns.rollback\",\"digest\":[]}", -EINVAL, 0, 0, "digest"},
	{"rollback of paths", "{\"cmd\":\"patterns.rollback\",\"paths\":[\"/a\"]}", -EINVAL, 0, 0,
		"paths"},
	{"disable", "{\"cmd\":\"patterns.disable\",\"ids\":[\"5\",\"2:6\"],\"watch\":true}", 0,
		COMMAND_PATTERNS_DISABLE, 0, ""},
	{"enable", "{\"cmd\":\"patterns.enable\",\"ids\":[\"5\"],\"deadline_s\":5}", 0,
		COMMAND_PATTERNS_ENABLE, 0, ""},
	{"disable nothing", "{\"cmd\":\"patterns.disable\"}", -EINVAL, 0, 0, "ids"},
	{"disable an empty list", "{\"cmd\":\"patterns.disable\",\"ids\":[]}", -EINVAL, 0, 0,
		"ids"},
	{"disable a number", "{\"cmd\":\"patterns.disable\",\"ids\":[5]}", -EINVAL, 0, 0,
		"gid:sid"},
	{"disable a word", "{\"cmd\":\"patterns.disable\",\"ids\":[\"re:x\"]}", -EINVAL, 0, 0,
		"gid:sid"},
	{"disable text", "{\"cmd\":\"patterns.disable\",\"ids\":\"5\"}", -EINVAL, 0, 0, "list"},
	{"ids for load", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\"],\"ids\":[\"5\"]}", -EINVAL,
		0, 0, "ids"},
	{"cancel", "{\"cmd\":\"patterns.cancel\"}", 0, COMMAND_PATTERNS_CANCEL, 0, ""},
	{"cancel one", "{\"cmd\":\"patterns.cancel\",\"load\":9223372036854775807}", 0,
		COMMAND_PATTERNS_CANCEL, 0, ""},
	{"cancel none", "{\"cmd\":\"patterns.cancel\",\"load\":0}", -EINVAL, 0, 0, "load"},
	{"show", "{\"cmd\":\"patterns.show\",\"rules\":false}", 0, COMMAND_PATTERNS_SHOW, 0, ""},
	{"show with a word", "{\"cmd\":\"patterns.show\",\"rules\":\"all\"}", -EINVAL, 0, 0,
		"rules"},
	{"top", "{\"cmd\":\"top\"}", 0, COMMAND_TOP, 0, ""},
	{"top with a key that is not its", "{\"cmd\":\"top\",\"count\":1}", -EINVAL, 0, 0, "count"},
	{"top rules", "{\"cmd\":\"top.rules\"}", 0, COMMAND_TOP_RULES, 0, ""},
	{"top by", "{\"cmd\":\"top.rules\",\"by\":\"prefilter\",\"count\":10000}", 0,
		COMMAND_TOP_RULES, 0, ""},
	{"top by something", "{\"cmd\":\"top.rules\",\"by\":\"name\"}", -EINVAL, 0, 0,
		"cost, hits"},
	{"top by a number", "{\"cmd\":\"top.rules\",\"by\":1}", -EINVAL, 0, 0, "cost, hits"},
	{"top of none", "{\"cmd\":\"top.rules\",\"count\":0}", -EINVAL, 0, 0, "count"},
	{"top of too many", "{\"cmd\":\"top.rules\",\"count\":10001}", -EINVAL, 0, 0, "10000"},
	{"count elsewhere", "{\"cmd\":\"counters\",\"count\":5}", -EINVAL, 0, 0, "count"},
	{"shadow", "{\"cmd\":\"patterns.shadow.load\",\"paths\":[\"/a\"],\"share\":1000}", 0,
		COMMAND_SHADOW_LOAD, 1, ""},
	{"shadow, watched, with a deadline",
		"{\"cmd\":\"patterns.shadow.load\",\"paths\":[\"/"
		"a\"],\"watch\":true,\"deadline_s\":1}",
		0, COMMAND_SHADOW_LOAD, 1, ""},
	{"shadow of nothing", "{\"cmd\":\"patterns.shadow.load\",\"share\":1}", -EINVAL, 0, 0,
		"paths"},
	{"shadow on none", "{\"cmd\":\"patterns.shadow.load\",\"paths\":[\"/a\"],\"share\":0}",
		-EINVAL, 0, 0, "1000"},
	{"shadow on more than all",
		"{\"cmd\":\"patterns.shadow.load\",\"paths\":[\"/a\"],\"share\":1001}", -EINVAL, 0,
		0, "1000"},
	{"shadow on a part of a thousandth",
		"{\"cmd\":\"patterns.shadow.load\",\"paths\":[\"/a\"],\"share\":12.5}", -EINVAL, 0,
		0, "share"},
	{"a matrix", "{\"cmd\":\"geo.matrix\",\"window\":\"year\"}", 0, COMMAND_GEO_MATRIX, 0, ""},
	{"a matrix of a week", "{\"cmd\":\"geo.matrix\",\"window\":\"week\"}", -EINVAL, 0, 0,
		"day or year"},
	{"an export", "{\"cmd\":\"geo.export\",\"window\":\"day\"}", 0, COMMAND_GEO_EXPORT, 0, ""},
	{"countries", "{\"cmd\":\"geo.load\",\"file\":\"/a\"}", 0, COMMAND_GEO_LOAD, 0, ""},
	{"the configured countries", "{\"cmd\":\"geo.load\"}", 0, COMMAND_GEO_LOAD, 0, ""},
	{"AS numbers", "{\"cmd\":\"geo.load\",\"file\":\"/a\",\"asn_file\":\"/b\"}", 0,
		COMMAND_GEO_LOAD, 0, ""},
	{"AS numbers from here", "{\"cmd\":\"geo.load\",\"asn_file\":\"b\"}", -EINVAL, 0, 0,
		"asn_file"},
	{"countries from here", "{\"cmd\":\"geo.load\",\"file\":\"a\"}", -EINVAL, 0, 0, "absolute"},
	{"a load on a share", "{\"cmd\":\"patterns.load\",\"paths\":[\"/a\"],\"share\":5}", -EINVAL,
		0, 0, "share"},
	{"shadow show", "{\"cmd\":\"patterns.shadow.show\",\"count\":5}", 0, COMMAND_SHADOW_SHOW, 0,
		""},
	{"shadow show of none", "{\"cmd\":\"patterns.shadow.show\",\"count\":0}", -EINVAL, 0, 0,
		"count"},
	{"promote", "{\"cmd\":\"patterns.shadow.promote\",\"deadline_s\":5,\"watch\":false}", 0,
		COMMAND_SHADOW_PROMOTE, 0, ""},
	{"promote paths", "{\"cmd\":\"patterns.shadow.promote\",\"paths\":[\"/a\"]}", -EINVAL, 0, 0,
		"paths"},
	{"drop", "{\"cmd\":\"patterns.shadow.drop\"}", 0, COMMAND_SHADOW_DROP, 0, ""},
	{"drop with a word", "{\"cmd\":\"patterns.shadow.drop\",\"watch\":true}", -EINVAL, 0, 0,
		"watch"},
	{"unknown key", "{\"cmd\":\"status\",\"x\":1}", -EINVAL, 0, 0, "\"x\""},
	{"key twice", "{\"cmd\":\"status\",\"cmd\":\"counters\"}", -EINVAL, 0, 0, "JSON"},
	{"unknown command", "{\"cmd\":\"stat\"}", -EINVAL, 0, 0, "no such command"},
	{"command is no text", "{\"cmd\":5}", -EINVAL, 0, 0, "cmd"},
	{"no command", "{}", -EINVAL, 0, 0, "cmd"},
	{"no object", "[\"status\"]", -EINVAL, 0, 0, "object"},
	{"no JSON", "status", -EINVAL, 0, 0, "JSON"},
	{"two values", "{\"cmd\":\"status\"}{}", -EINVAL, 0, 0, "JSON"},
	{"no UTF-8", "{\"cmd\":\"\xff\"}", -EINVAL, 0, 0, "JSON"},
	{"nothing", "", -EINVAL, 0, 0, "JSON"},
};

static void test_lines(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct request r = {0};
		char error[256] = "";
		int got = request_parse(rows[i].line, strlen(rows[i].line), &r, error);
		CHECK(got == rows[i].want, "%s: %d %s", rows[i].name, got, error);
		CHECK(r.command == rows[i].command && r.n_paths == rows[i].n_paths, "%s",
			rows[i].name);
		CHECK(strstr(error, rows[i].error) != NULL, "%s: %s", rows[i].name, error);
		request_free(&r);
	}
}

static void test_truncated(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		size_t len = strcspn(rows[i].line, "\r");
		for (size_t n = 0; rows[i].want == 0 && n + 1 < len; n++) {
			struct request r = {0};
			char error[256];
			char *cut = malloc(n > 0 ? n : 1);
			memcpy(cut, rows[i].line, n);
			CHECK(request_parse(cut, n, &r, error) == -EINVAL, "%s: cut at %zu",
				rows[i].name, n);
			request_free(&r);
			free(cut);
		}
	}
}

static void test_top(void)
{
	static const char line[] = "{\"cmd\":\"top.rules\",\"by\":\"hits\",\"count\":7}";
	static const char bare[] = "{\"cmd\":\"top.rules\"}";
	struct request r;
	char error[256];

	CHECK(request_parse(line, strlen(line), &r, error) == 0, "%s", error);
	CHECK(r.by == TALLY_HITS && r.count == 7, "as asked for");
	request_free(&r);
	CHECK(request_parse(bare, strlen(bare), &r, error) == 0, "%s", error);
	CHECK(r.by == TALLY_COST && r.count == REQUEST_COUNT, "defaults");
	request_free(&r);
}

static void test_share(void)
{
	static const char line[] =
		"{\"cmd\":\"patterns.shadow.load\",\"paths\":[\"/a\"],\"share\":125}";
	static const char bare[] = "{\"cmd\":\"patterns.shadow.load\",\"paths\":[\"/a\"]}";
	struct request r;
	char error[256];

	CHECK(request_parse(line, strlen(line), &r, error) == 0 && r.share == 125, "as asked for");
	request_free(&r);
	CHECK(request_parse(bare, strlen(bare), &r, error) == 0 && r.share == 0, "none");
	request_free(&r);
}

// A load of n paths of len bytes each.
static int load(unsigned n, size_t len)
{
	size_t room = 64 + n * (len + 3), at;
	char *line = malloc(room);
	struct request r = {0};
	char error[256];

	if (line == NULL)
		return -ENOMEM;
	at = (size_t)sprintf(line, "{\"cmd\":\"patterns.load\",\"paths\":[");
	for (unsigned i = 0; i < n; i++) {
		at += (size_t)sprintf(line + at, "%s\"/", i > 0 ? "," : "");
		memset(line + at, 'x', len - 1);
		at += len - 1;
		line[at++] = '"';
	}
	memcpy(line + at, "]}", 2);
	int err = request_parse(line, at + 2, &r, error);
	request_free(&r);
	free(line);
	return err;
}

static void test_bounds(void)
{
	CHECK(load(REQUEST_PATHS_MAX, 10) == 0, "as many as there may be");
	CHECK(load(REQUEST_PATHS_MAX + 1, 10) == -EINVAL, "one more");
	CHECK(load(1, REQUEST_PATH_LEN_MAX) == 0, "as long as it may be");
	CHECK(load(1, REQUEST_PATH_LEN_MAX + 1) == -EINVAL, "a byte more");
}

static void test_nested(void)
{
	enum { DEPTH = 60000 };
	char *line = malloc(DEPTH);
	struct request r;
	char error[256];

	memset(line, '[', DEPTH);
	CHECK(request_parse(line, DEPTH, &r, error) == -EINVAL, "brackets: %s", error);
	free(line);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"lines", test_lines},
		{"truncated", test_truncated},
		{"top", test_top},
		{"share", test_share},
		{"bounds", test_bounds},
		{"nested", test_nested},
		CU_TEST_INFO_NULL,
	};
	return check_main("control_request", tests);
}
