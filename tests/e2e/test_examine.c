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

static const char good_rule[] =
	"alert tls any any -> any any (msg:\"a\"; tls.sni; content:\"abcd\"; "
	"metadata:example_hit xabcdx, example_miss secretvalue; sid:1; rev:1;)\n";

static bool names(const json_t *reply, const char *file, json_int_t line, json_int_t sid)
{
	const json_t *d;
	size_t i;

	json_array_foreach(json_object_get(reply, "diags"), i, d)
	{
		if (strstr(json_string_value(json_object_get(d, "file")), file) != NULL &&
			number_in(d, "line") == line && number_in(d, "sid") == sid)
			return true;
	}
	return false;
}

static void test_examples(void)
{
	json_int_t live = status_number("generation");
	const char *path = in_dir(dir, "tested.rules"), *side = in_dir(dir, "tested.examples.yaml");

	write_file(path, good_rule);
	json_t *reply = ask("patterns", "test", path);
	CHECK(number_in(reply, "examples") == 2, "of the metadata");
	json_decref(reply);
	write_file(side, "- {sid: 1, expect: hit, text: abcd}\n");
	reply = ask("patterns", "test", path);
	CHECK(number_in(reply, "examples") == 3, "and beside");
	json_decref(reply);
	CHECK(status_number("generation") == live, "nothing was loaded");
	reply = ask("patterns", "load", path);
	CHECK(number_in(reply, "examples") == 3, "the receipt");
	CHECK(number_in(reply, "generation") == live + 1, "and live");
	json_decref(reply);

	write_file(side,
		"- {sid: 1, expect: hit, text: abcd}\n- {sid: 1, expect: hit, text: "
		"secretvalue}\n- {sid: 2, expect: miss, text: secretvalue}\n");
	for (unsigned i = 0; i < 2; i++) {
		struct output o = ctl("patterns", i ? "load" : "test", path);
		json_t *answer = json_loads(o.out, 0, NULL);
		CHECK(o.status == 4, "%d", o.status);
		CHECK(names(answer, "tested.examples.yaml", 2, 1), "fails");
		CHECK(names(answer, "tested.examples.yaml", 3, 2), "about no rule");
		CHECK(strstr(o.out, "secretvalue") == NULL, "nobody repeats what it says");
		json_decref(answer);
		output_free(&o);
	}
	CHECK(status_number("generation") == live + 1, "what was live");
}

static void test_examples_of_metadata(void)
{
	const char *path = in_dir(dir, "within.rules");

	write_file(path,
		"alert tls any any -> any any (msg:\"a\"; tls.sni; content:\"abcd\"; "
		"metadata:example_hit abxcd; sid:1; rev:1;)\n");
	for (unsigned i = 0; i < 2; i++) { // the second time from the cache
		struct output o = ctl("patterns", "load", path);
		json_t *answer = json_loads(o.out, 0, NULL);
		CHECK(o.status == 4 && names(answer, "within.rules", 1, 1), "%d %.200s", o.status,
			o.out);
		json_decref(answer);
		output_free(&o);
	}
}

static void test_replay(void)
{
	static const struct {
		const char *name, *examples, *text;
		int status;
	} cases[] = {
		{"fine", "- {sid: 1, expect: hit, capture: sample.pcap}\n", "2 examples, 0 failed",
			0},
		{"too often", "- {sid: 1, expect: hit, capture: sample.pcap, count: 77}\n",
			"not as often", 5},
		{"must not", "- {sid: 1, expect: miss, capture: sample.pcap}\n", "must not", 5},
		{"no capture", "- {sid: 1, expect: hit, capture: none.pcap}\n", "1 examples", 4},
		{"no such rule", "- {sid: 3, expect: hit, text: x}\n", "no such rule", 5},
	};
	const char *path = in_dir(dir, "r.rules"), *side = in_dir(dir, "r.examples.yaml");
	const char *argv[] = {program("sealwatch-replay"), "--examples", path, NULL};

	write_file(path,
		"alert tls any any -> any any (msg:\"a\"; tls.sni; content:\"whatsapp\"; "
		"metadata:example_hit whatsapp.net; sid:1; rev:1;)\n");
	for (size_t i = 0; i < ROWS(cases); i++) {
		write_file(side, cases[i].examples);
		struct output o = run(argv, 30);
		CHECK(o.status == cases[i].status && strstr(o.out, cases[i].text) != NULL,
			"%s: %d %.300s", cases[i].name, o.status, o.out);
		output_free(&o);
	}
	const char *sets[] = {
		program("sealwatch-replay"), "--examples", source_path("patterns/sets"), NULL};
	struct output o = run(sets, 60);
	CHECK(o.status == 0 && strstr(o.out, " 0 failed") != NULL, "the sets we ship: %d",
		o.status);
	output_free(&o);
}

static void test_diff(void)
{
	const char *a = in_dir(dir, "a.rules"), *b = in_dir(dir, "b.rules");

	write_file(a,
		"alert tls any any -> any any (msg:\"a\"; tls.sni; content:\"abcd\"; sid:1; "
		"rev:1;)\n"
		"alert tls any any -> any any (msg:\"b\"; tls.sni; content:\"efgh\"; sid:2; "
		"rev:1;)\n");
	write_file(b,
		"alert tls any any -> any any (msg:\"a\"; tls.sni; content:\"abxd\"; sid:1; "
		"rev:2;)\n"
		"alert tls any any -> any any (msg:\"c\"; tls.sni; content:\"ijkl\"; sid:3; "
		"rev:1;)\n");
	json_decref(ask("patterns", "load", a));
	json_int_t live = status_number("generation");
	const char *const sides[][3] = {{"diff", a, b}, {"diff", "live", b}, {"diff", b, NULL}};
	for (size_t i = 0; i < ROWS(sides); i++) {
		const char *const words[] = {
			"--json", "patterns", sides[i][0], sides[i][1], sides[i][2], NULL};
		struct output o = ctl_with(words);
		json_t *reply = json_loads(o.out, 0, NULL);
		CHECK(o.status == 0, "%zu: %d %.200s", i, o.status, o.err);
		CHECK(number_in(reply, "added") == 1 && number_in(reply, "removed") == 1 &&
				number_in(reply, "changed") == 1,
			"%zu: %.400s", i, o.out);
		json_decref(reply);
		output_free(&o);
	}
	const char *const same[] = {"patterns", "diff", "live", a, NULL};
	struct output o = ctl_with(same);
	CHECK(o.status == 0 && strcmp(o.out, "0 added, 0 removed, 0 changed, 2 the same\n") == 0,
		"%d %.200s", o.status, o.out);
	output_free(&o);
	const char *const text[] = {"patterns", "diff", a, b, NULL};
	o = ctl_with(text);
	CHECK(strstr(o.out, "~ 1:1:2  (was rev 1) contents  a\n- 1:2:1  b\n+ 1:3:1  c\n") != NULL,
		"%.300s", o.out);
	output_free(&o);
	const char *const none[] = {"patterns", "diff", "99999", a, NULL};
	o = ctl_with(none);
	CHECK(o.status == 1 && strstr(o.err, "patterns list") != NULL, "%d %.200s", o.status,
		o.err);
	output_free(&o);
	const char *const kept[] = {"patterns", "diff", "live", "live", NULL};
	o = ctl_with(kept);
	CHECK(o.status == 0, "%d", o.status);
	output_free(&o);
	CHECK(status_number("generation") == live, "nothing was loaded");
}

static bool is_waiting(void *ctx)
{
	json_t *s = ask("status", NULL, NULL);
	const char *load = json_string_value(json_object_get(s, "load"));
	bool yes = load != NULL && strcmp(load, "waiting for the dataplane") == 0;

	(void)ctx;
	json_decref(s);
	return yes;
}

static bool is_live(void *ctx)
{
	(void)ctx;
	return status_number("generation") > 0;
}

// The daemon has a set for a dataplane that is not there yet, and looks at another meanwhile.
static void test_while_one_waits(void)
{
	const char *config = in_dir(dir, "sealwatchd.yaml"), *path = in_dir(dir, "a.rules");

	CHECK(stop(control, SIGTERM) == 0, "ended");
	write_configs();
	FILE *f = fopen(config, "a");
	fprintf(f, "patterns: [%s]\n", path);
	fclose(f);
	start_control();
	CHECK(wait_until(is_waiting, NULL, 10000), "waits");
	json_t *reply = ask("patterns", "lint", path);
	CHECK(number_in(reply, "rules") == 2, "lint");
	json_decref(reply);
	reply = ask("patterns", "test", source_path("patterns/sets"));
	CHECK(number_in(reply, "examples") > 1000, "test");
	json_decref(reply);
	CHECK(wait_until(is_waiting, NULL, 10000), "still waits");
	start_dataplane();
	CHECK(wait_until(is_live, NULL, 20000), "and is live then");
	CHECK(status_number("rules") == 2, "the one that waited");
}

static bool is_compiling(void *ctx)
{
	json_t *s = ask("status", NULL, NULL);
	const char *load = json_string_value(json_object_get(s, "load"));
	bool yes = load != NULL && strcmp(load, "compiling") == 0;

	(void)ctx;
	json_decref(s);
	return yes;
}

// What is asked before that set begins to wait is not forgotten when it does.
static void test_before_one_waits(void)
{
	const char *path = in_dir(dir, "a.rules");

	CHECK(stop(control, SIGTERM) == 0, "ended");
	write_configs();
	FILE *f = fopen(in_dir(dir, "sealwatchd.yaml"), "a");
	fprintf(f, "patterns: [%s, %s]\n", source_path("patterns/sets"), path);
	fclose(f);
	start_control();
	CHECK(wait_until(is_compiling, NULL, 10000), "compiles");
	const char *const lint[] = {"patterns", "lint", "--deadline", "20", path, NULL};
	struct output o = ctl_with(lint);
	CHECK(o.status == 0, "%d %.200s", o.status, o.err);
	output_free(&o);
	CHECK(wait_until(is_waiting, NULL, 10000), "waits");
}

static void test_without_dataplane(void)
{
	kill(dataplane, SIGKILL);
	CHECK(wait_until(is_down, NULL, 10000), "down");
	json_t *reply = ask("patterns", "lint", source_path("patterns/sets"));
	CHECK(number_in(reply, "rules") > 1000, "looked at");
	CHECK(number_in(reply, "warnings") == 0, "the sets we ship have no warnings");
	json_decref(reply);
	reply = ask("patterns", "test", source_path("patterns/sets"));
	CHECK(number_in(reply, "examples") > 1000, "tested");
	json_decref(reply);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"lint", test_lint},
		{"lint refuses", test_lint_refuses},
		{"examples", test_examples},
		{"examples of metadata", test_examples_of_metadata},
		{"replay", test_replay},
		{"diff", test_diff},
		{"without a dataplane", test_without_dataplane},
		{"before one waits", test_before_one_waits},
		{"while one waits", test_while_one_waits},
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
