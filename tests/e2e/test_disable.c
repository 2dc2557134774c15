// Rules that an operator disables while traffic goes on: out of the live set, out of those that come
// after it, and still out when the daemon is started again.

#include "tests/e2e/appliance.h"
#include "tests/unit/check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *rules;

#define RULE(sid)                                                                                  \
	"alert dns any any -> any any (dns.query; content:\"domain-" sid ".example\"; sid:" sid    \
	";)\n"

static json_int_t rules_live(void)
{
	return status_number("rules");
}

static bool is_disabled(const char *key, const char *id)
{
	json_t *list = ask("patterns", "list", NULL);
	const json_t *one;
	bool yes = false;
	size_t i;

	json_array_foreach(json_object_get(list, key), i, one) yes |=
		strcmp(json_string_value(one), id) == 0;
	json_decref(list);
	return yes;
}

// The receipt's rules and warnings; -1: refused.
static json_int_t change(const char *word, const char *id, json_int_t *warnings)
{
	json_t *receipt = ask("patterns", word, id);
	json_int_t n = receipt != NULL && json_object_get(receipt, "generation") != NULL
		? number_in(receipt, "rules")
		: -1;

	*warnings = number_in(receipt, "warnings");
	CHECK(receipt == NULL || number_in(receipt, "lost_packets") == 0, "nothing is lost");
	json_decref(receipt);
	return n;
}

static void test_nothing_live(void)
{
	json_t *answer = ask("patterns", "disable", "9");

	CHECK(answer != NULL && json_object_get(answer, "generation") == NULL, "no receipt");
	CHECK(is_disabled("disabled", "1:9"), "it is remembered");
	json_decref(answer);
	json_decref(ask("patterns", "enable", "9"));
	CHECK(!is_disabled("disabled", "1:9"), "and forgotten");
}

static void test_change(void)
{
	json_int_t warnings;

	write_file(rules, RULE("1") RULE("2") RULE("3"));
	json_decref(ask("patterns", "load", rules));
	CHECK(rules_live() == 3, "%lld", rules_live());
	CHECK(change("disable", "2", &warnings) == 2 && warnings == 0, "out");
	CHECK(change("disable", "1:3", &warnings) == 1 && warnings == 0, "by gid:sid");
	CHECK(is_disabled("disabled", "1:2") && is_disabled("disabled", "1:3"), "listed");
	CHECK(change("disable", "77", &warnings) == 1 && warnings == 1,
		"what is not there is told");
	CHECK(change("enable", "77", &warnings) == 1 && warnings == 0, "no more");
	CHECK(change("enable", "3", &warnings) == 2, "back");

	json_t *diff = ask("patterns", "diff", rules);
	CHECK(number_in(diff, "added") == 0 && number_in(diff, "same") == 2,
		"a load would leave it out, too: %lld", number_in(diff, "added"));
	json_decref(diff);

	struct output o = ctl("patterns", "disable", "x");
	CHECK(o.status == 1 && strstr(o.out, "gid:sid") != NULL, "no rule: %.80s", o.out);
	output_free(&o);
	// A load of other files counts with it.
	json_t *receipt = ask("patterns", "load", rules);
	CHECK(number_in(receipt, "rules") == 2, "loaded again");
	json_decref(receipt);
}

// Nothing changes when the set as it is now can not be loaded.
static void test_failed_load(void)
{
	json_int_t live = status_number("generation");

	write_file(rules, RULE("1") "nonsense\n");
	struct output o = ctl("patterns", "disable", "1");
	CHECK(o.status == 4, "%d", o.status);
	output_free(&o);
	CHECK(!is_disabled("disabled", "1:1") && is_disabled("disabled", "1:2"), "as before");
	CHECK(status_number("generation") == live, "what is live stays");
	// A rule that does not load here is out of the way once it is disabled.
	write_file(rules,
		RULE("1") "alert smb any any -> any any (smb.share; content:\"x\"; sid:8;)\n");
	o = ctl("patterns", "load", rules);
	CHECK(o.status == 4, "it does not: %d", o.status);
	output_free(&o);
	json_int_t warnings;
	CHECK(change("disable", "8", &warnings) == 1, "it is");
}

// A rule that is disabled has no examples to show.
static void test_examples(void)
{
	json_int_t warnings;

	write_file(rules,
		RULE("1") "alert dns any any -> any any (dns.query; content:\"chat.example\"; "
			  "metadata:example_hit chat.example; sid:11;)\n");
	json_decref(ask("patterns", "load", rules));
	CHECK(change("disable", "11", &warnings) == 1, "without it");
	CHECK(change("enable", "11", &warnings) == 2, "with it");
}

// The message names the directory, and says what is true now.
static void test_state_in_the_way(void)
{
	char path[3000];

	snprintf(path, sizeof(path), "%s/state/disabled.tmp", dir);
	CHECK(mkdir(path, 0700) == 0, "in the way");
	struct output o = ctl("patterns", "disable", "1");
	CHECK(o.status == 1 && strstr(o.out, "/state: ") != NULL &&
			strstr(o.out, "stay as they are") != NULL,
		"%d %.200s", o.status, o.out);
	output_free(&o);
	CHECK(!is_disabled("disabled", "1:1"), "nothing has changed");
	CHECK(rmdir(path) == 0, "gone");
}

// The files of a list are found again when the live set is made anew.
static void test_list(void)
{
	const char *list = in_dir(dir, "list.yaml");
	json_int_t warnings;

	write_file(rules, RULE("1"));
	write_file(in_dir(dir, "more.rules"), RULE("5") RULE("6"));
	write_file(list, "rule-files: [\"*.rules\"]\n");
	json_t *receipt = ask("patterns", "load", list);
	CHECK(number_in(receipt, "rules") == 3, "loaded: %lld", number_in(receipt, "rules"));
	json_decref(receipt);
	CHECK(change("disable", "5", &warnings) == 2, "without one");
	write_file(in_dir(dir, "third.rules"), RULE("7"));
	CHECK(change("enable", "5", &warnings) == 4, "with another file");
	unlink(in_dir(dir, "third.rules"));
}

static void test_restart(void)
{
	char text[3000];

	CHECK(stop(control, SIGTERM) == 0, "the daemon ends");
	write_file(rules, RULE("1") RULE("2") RULE("3") RULE("4"));
	write_file(in_dir(dir, "threshold.config"),
		"threshold gen_id 1, sig_id 1, type limit, track by_src, count 1, seconds 60\n");
	write_configs();
	FILE *f = fopen(in_dir(dir, "sealwatchd.yaml"), "a");
	fprintf(f, "patterns: [%s]\ndisable: [3, \"1:44\"]\nthreshold_file: %s\n", rules,
		in_dir(dir, "threshold.config"));
	fclose(f);
	start_control();
	CHECK(wait_until(is_up, NULL, 20000), "up");
	for (unsigned i = 0; i < 100 && rules_live() != 2; i++)
		sleep_ms(100);
	CHECK(rules_live() == 2, "2 by sealctl, 3 by the configuration: %lld", rules_live());
	CHECK(is_disabled("disabled", "1:2") && is_disabled("disabled_by_configuration", "3"),
		"both are told");
	json_t *show = ask("patterns", "show", NULL);
	char *diags = json_dumps(json_object_get(show, "diags"), 0);
	const char *told = diags != NULL ? diags : "";
	CHECK(strstr(told, "there is no rule 1:44 to disable") != NULL, "%s", told);
	CHECK(strstr(told, "there is no rule 1:8 to disable") != NULL, "%s", told);
	CHECK(number_in(show, "n_files") == 2, "files are files");
	free(diags);
	json_decref(show);
	json_t *diff = ask("patterns", "diff", rules);
	CHECK(number_in(diff, "same") == 2 && number_in(diff, "changed") == 0,
		"the same files: %lld changed", number_in(diff, "changed"));
	json_decref(diff);
	snprintf(text, sizeof(text), "%s/state/disabled", dir);
	CHECK(access(text, R_OK) == 0, "kept");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"nothing live", test_nothing_live},
		{"change", test_change},
		{"a load that fails", test_failed_load},
		{"examples", test_examples},
		{"state in the way", test_state_in_the_way},
		{"list", test_list},
		{"restart", test_restart},
		CU_TEST_INFO_NULL,
	};

	if (!appliance_start(22477)) {
		fprintf(stderr, "the appliance did not come up\n");
		return 1;
	}
	rules = strdup(in_dir(dir, "t.rules"));
	int status = check_main("disable", tests);
	appliance_end();
	return status;
}
