// Rules that are looked at and not loaded: whatever comes of it, what is live stays live.

#include "tests/e2e/appliance.h"
#include "tests/unit/check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct output ctl_with(const char *const words[])
{
	const char *argv[16] = {program("sealctl"), "--socket", in_dir(dir, "control.sock")};
	size_t n = 3;

	for (size_t i = 0; words[i] != NULL && n < ROWS(argv) - 1; i++)
		argv[n++] = words[i];
	return run(argv, 60);
}

static bool has_kind(const json_t *reply, const char *kind, json_int_t sid)
{
	const json_t *d;
	size_t i;

	json_array_foreach(json_object_get(reply, "diags"), i, d)
	{
		if (strcmp(json_string_value(json_object_get(d, "kind")), kind) == 0 &&
			number_in(d, "sid") == sid)
			return true;
	}
	return false;
}

static void test_lint(void)
{
	json_int_t live = status_number("generation");
	const char *path = in_dir(dir, "lint.rules");

	write_file(path,
		"alert tls any any -> any any (msg:\"a\"; tls.sni; content:\"abcd\"; sid:1; "
		"rev:1;)\n"
		"alert tls any any -> any any (msg:\"b\"; tls.sni; content:\"abcd\"; sid:2; "
		"rev:1;)\n");
	json_t *reply = ask("patterns", "lint", path);
	CHECK(number_in(reply, "rules") == 2 && number_in(reply, "warnings") == 1, "counted");
	CHECK(has_kind(reply, "lint:duplicate", 2), "the second one");
	CHECK(json_array_size(json_object_get(reply, "costs")) == 1, "one field");
	json_decref(reply);

	const char *const strict[] = {"patterns", "lint", "--strict", path, NULL};
	struct output o = ctl_with(strict);
	CHECK(o.status == 4 && strstr(o.err, "lint.rules:2:1: warning") != NULL, "%d %.80s",
		o.status, o.err);
	CHECK(strstr(o.out, "tls.sni") != NULL, "a table: %.80s", o.out);
	output_free(&o);
	const char *const bound[] = {"patterns", "lint", "--max-ns", "1", path, NULL};
	o = ctl_with(bound);
	CHECK(o.status == 4 && strstr(o.err, "lint.max_ns") != NULL, "%d %.80s", o.status, o.err);
	output_free(&o);
	CHECK(status_number("generation") == live, "nothing was loaded");

	json_t *receipt = ask("patterns", "load", path);
	CHECK(has_kind(receipt, "lint:duplicate", 2), "a load tells it too");
	CHECK(!has_kind(receipt, "lint:hygiene", 1), "but no notes");
	json_decref(receipt);
}

static void test_lint_refuses(void)
{
	const char *path = in_dir(dir, "bad.rules");

	write_file(path, "alert tls any any -> any any (tls.sni; content:\"abcd; sid:1;)\n");
	struct output o = ctl("patterns", "lint", path);
	CHECK(o.status == 4 && strstr(o.out, "\"errors\": 1") != NULL, "%d %.200s", o.status,
		o.out);
	output_free(&o);
	json_t *s = ask("status", NULL, NULL);
	CHECK(strcmp(json_string_value(json_object_get(s, "load_error")), "") == 0,
		"no load has failed");
	json_decref(s);
}

static void test_without_dataplane(void)
{
	kill(dataplane, SIGKILL);
	CHECK(wait_until(is_down, NULL, 10000), "down");
	json_t *reply = ask("patterns", "lint", source_path("patterns/sets"));
	CHECK(number_in(reply, "rules") > 1000, "looked at");
	CHECK(number_in(reply, "warnings") == 0, "the sets we ship have no warnings");
	json_decref(reply);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"lint", test_lint},
		{"lint refuses", test_lint_refuses},
		{"without a dataplane", test_without_dataplane},
		CU_TEST_INFO_NULL,
	};

	if (!appliance_start(23477)) {
		fprintf(stderr, "the appliance did not come up\n");
		return 1;
	}
	int status = check_main("examine", tests);
	appliance_end();
	return status;
}
