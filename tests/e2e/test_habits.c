// What operators have beside their rules, through the configuration file of the replay: classes,
// references, actions that a passive engine does not take.

#include "tests/e2e/process.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *dir;
static char *sample, *config, *rules;
static char *source; // what -S gets: the rules, or a YAML

struct told {
	struct output out;
	json_t *eve;
};

static const char *workers = "1";

// The sample under these rules and this configuration.
static struct told replay(const char *config_text, const char *rules_text)
{
	const char *eve = in_dir(dir, "eve.json");
	const char *argv[] = {program("sealwatch-replay"), "--lab", "--json", "--workers", workers,
		"-c", config, "-S", source, "-r", sample, "--eve", eve, NULL};
	struct told t = {0};

	unlink(eve);
	write_file(config, config_text);
	write_file(rules, rules_text);
	t.out = run(argv, 60);
	t.eve = t.out.status == 0 ? read_eve(eve) : NULL;
	return t;
}

static void done(struct told *t)
{
	output_free(&t->out);
	json_decref(t->eve);
}

static unsigned alerts_of(const struct told *t, json_int_t sid, json_t **first)
{
	json_t *record;
	unsigned n = 0;
	size_t i;

	json_array_foreach(t->eve, i, record)
	{
		json_t *alert = json_object_get(record, "alert");
		if (json_integer_value(json_object_get(alert, "signature_id")) != sid)
			continue;
		if (n++ == 0 && first != NULL)
			*first = alert;
	}
	return n;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

// A file in the scratch directory, named in a configuration.
static const char *beside(const char *key, const char *name, const char *text)
{
	static char line[512];

	write_file(in_dir(dir, name), text);
	snprintf(line, sizeof(line), "%s: %s\n", key, in_dir(dir, name));
	return line;
}

#define DNS_RULE(action, more)                                                                     \
	action " dns any any -> any any (dns.query; content:\".\"; " more ")\n"

static void test_classes_and_references(void)
{
	char text[1200];
	json_t *alert = NULL;
	int n = snprintf(text, sizeof(text), "%s",
		beside("classification_file", "classification.config",
			"config classification: im-seen,A messenger was seen,9\n"));
	snprintf(text + n, sizeof(text) - (size_t)n, "%s",
		beside("reference_file", "reference.config",
			"config reference: wiki https://wiki.example/\n"));

	struct told t = replay(text,
		DNS_RULE("alert",
			"classtype:im-seen; reference:wiki,im; reference:cve,2020-1; "
			"reference:nobody,7; sid:1;"));
	CHECK(t.out.status == 0, "%s", t.out.err);
	CHECK(alerts_of(&t, 1, &alert) > 0, "alerts");
	const json_t *list = json_object_get(alert, "references");
	CHECK(strcmp(text_of(alert, "category"), "A messenger was seen") == 0, "%s",
		text_of(alert, "category"));
	CHECK(json_integer_value(json_object_get(alert, "severity")) == 9, "severity");
	CHECK(json_array_size(list) == 3, "references");
	static const char *const urls[] = {"https://wiki.example/im",
		"http://cve.mitre.org/cgi-bin/cvename.cgi?name=2020-1", "nobody,7"};
	for (size_t i = 0; i < ROWS(urls); i++) {
		const char *url = json_string_value(json_array_get(list, i));
		CHECK(url != NULL && strcmp(url, urls[i]) == 0, "%s", url != NULL ? url : "none");
	}
	done(&t);
}

static void test_mistakes(void)
{
	struct told t = replay(beside("classification_file", "classification.config",
				       "config classification: a,A,1\nconfig clas: b\n"),
		DNS_RULE("alert", "sid:1;"));
	CHECK(t.out.status == 0, "a line that is none is a warning: %d", t.out.status);
	CHECK(strstr(t.out.err, "classification.config:2:1: warning: ") != NULL, "%s", t.out.err);
	done(&t);
	t = replay("classification_file: /nonexistent/x\n", DNS_RULE("alert", "sid:1;"));
	CHECK(t.out.status == 4, "%d", t.out.status);
	CHECK(strstr(t.out.err, "/nonexistent/x:1:1: error: ") != NULL, "%s", t.out.err);
	done(&t);
}

static json_int_t counter_of(const json_t *summary, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(summary, "counters"), name));
}

static json_int_t of_rule(const json_t *summary, json_int_t sid, const char *key)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(summary, "rules"), i, rule)
	{
		if (json_integer_value(json_object_get(rule, "sid")) == sid)
			return json_integer_value(json_object_get(rule, key));
	}
	return 0;
}

static json_int_t suppressed_in_stats(const struct told *t)
{
	json_t *record;
	json_int_t n = -1;
	size_t i;

	json_array_foreach(t->eve, i, record)
	{
		json_t *stats = json_object_get(record, "stats");
		json_t *detect = json_object_get(stats, "detect");
		if (detect != NULL)
			n = json_integer_value(json_object_get(detect, "alerts_suppressed"));
	}
	return n;
}

enum { NONE, ONE, ALL };

static const struct {
	const char *name;
	const char *text;
	unsigned alerts; // of rule 1
	const char *counter; // where the others are
} thresholds[] = {
	{"no line", "", ALL, NULL},
	{"suppressed", "suppress gen_id 1, sig_id 1\n", NONE, "alerts_suppressed"},
	{"suppressed, from everywhere",
		"suppress gen_id 0, sig_id 1, track by_src, ip [0.0.0.0/0,::/0]\n", NONE,
		"alerts_suppressed"},
	{"suppressed, from nowhere", "suppress gen_id 1, sig_id 1, track by_src, ip 255.0.0.1\n",
		ALL, NULL},
	{"one alert of the rule",
		"threshold gen_id 1, sig_id 1, type limit, track by_rule, \\\n  count 1, "
		"seconds 86400\n",
		ONE, "alerts_limited"},
	{"one, then the rate is exceeded",
		"rate_filter gen_id 1, sig_id 1, track by_rule, count 1, seconds 86400, "
		"new_action pass, timeout 86400\n",
		ONE, "alerts_suppressed"},
	{"suppressed ones are not counted by a threshold",
		"threshold gen_id 1, sig_id 1, type limit, track by_rule, count 1, seconds 86400\n"
		"suppress gen_id 1, sig_id 1\n",
		NONE, "alerts_suppressed"},
};

static void check_thresholds(void)
{
	static const char rules_text[] = DNS_RULE("alert", "flowbits:set,a; sid:1;")
		DNS_RULE("alert", "flowbits:isset,a; sid:2;");

	for (size_t i = 0; i < ROWS(thresholds); i++) {
		const char *name = thresholds[i].name;
		struct told t =
			replay(beside("threshold_file", "threshold.config", thresholds[i].text),
				rules_text);
		json_t *summary = json_loads(t.out.out, 0, NULL);
		json_int_t hits = of_rule(summary, 1, "hits"), told = alerts_of(&t, 1, NULL);
		CHECK(t.out.status == 0 && hits > 1, "%s: %d %s", name, t.out.status, t.out.err);
		CHECK(told == (thresholds[i].alerts == ALL ? hits : thresholds[i].alerts),
			"%s: %lld of %lld", name, told, hits);
		CHECK(alerts_of(&t, 2, NULL) == hits, "%s: what it sets is set", name);
		CHECK(counter_of(summary, "alerts_suppressed") +
					counter_of(summary, "alerts_limited") + told ==
				hits,
			"%s: each hit is somewhere", name);
		CHECK(of_rule(summary, 1, "alerts") == told, "%s: the rule's own", name);
		CHECK(suppressed_in_stats(&t) == hits - told, "%s: stats", name);
		CHECK(thresholds[i].counter == NULL ||
				counter_of(summary, thresholds[i].counter) == hits - told,
			"%s: under its name", name);
		json_decref(summary);
		done(&t);
	}
}

// What is wider than a flow is judged over all workers.
static void test_thresholds(void)
{
	static const char *const numbers[] = {"1", "3"};

	for (size_t i = 0; i < ROWS(numbers); i++) {
		workers = numbers[i];
		check_thresholds();
	}
	workers = "1";
}

// A file of the command line takes the place of the configuration's.
static void test_options(void)
{
	write_file(in_dir(dir, "c"), "config classification: x,Of the option,5\n");
	write_file(in_dir(dir, "r"), "config reference: y z://\n");
	write_file(in_dir(dir, "t"), "suppress gen_id 1, sig_id 2\n");
	write_file(in_dir(dir, "d"), "3\n");
	write_file(rules,
		DNS_RULE("alert", "classtype:x; reference:y,1; sid:1;") DNS_RULE("alert", "sid:2;")
			DNS_RULE("alert", "sid:3;"));
	write_file(config, beside("threshold_file", "t2", "suppress gen_id 1, sig_id 1\n"));
	const char *eve = in_dir(dir, "eve.json");
	const char *argv[] = {program("sealwatch-replay"), "--lab", "-q", "-c", config, "-S", rules,
		"--classification-file", in_dir(dir, "c"), "--reference-file", in_dir(dir, "r"),
		"--threshold-file", in_dir(dir, "t"), "--disable-file", in_dir(dir, "d"), "-r",
		sample, "--eve", eve, NULL};
	json_t *alert = NULL;
	struct told t = {0};

	unlink(eve);
	t.out = run(argv, 60);

	t.eve = t.out.status == 0 ? read_eve(eve) : NULL;
	CHECK(t.out.status == 0, "%d %s", t.out.status, t.out.err);
	CHECK(alerts_of(&t, 1, &alert) > 0, "not suppressed: that was the configuration's");
	CHECK(strcmp(text_of(alert, "category"), "Of the option") == 0, "class");
	const char *url =
		json_string_value(json_array_get(json_object_get(alert, "references"), 0));
	CHECK(url != NULL && strcmp(url, "z://1") == 0, "reference");
	CHECK(alerts_of(&t, 2, NULL) == 0 && alerts_of(&t, 3, NULL) == 0, "the others");
	done(&t);
}

static void test_list(void)
{
	static const char more[] = DNS_RULE("alert", "sid:2;");

	source = strdup(in_dir(dir, "rules.yaml"));
	write_file(in_dir(dir, "more.rules"), more);
	write_file(source,
		"%YAML 1.1\n---\nvars: {x: y}\nrule-files: [t.rules, \"*.rules\", no.rules]\n");
	struct told t = replay(
		"disable: [3, 9]\n", DNS_RULE("alert", "sid:1;") DNS_RULE("alert", "sid:3;"));
	CHECK(t.out.status == 0, "%d %s", t.out.status, t.out.err);
	CHECK(alerts_of(&t, 1, NULL) > 0 && alerts_of(&t, 2, NULL) > 0, "of both files");
	CHECK(alerts_of(&t, 3, NULL) == 0, "disabled by the configuration");
	CHECK(strstr(t.out.err, "rules.yaml:4:34: warning: there is no rule file") != NULL, "%s",
		t.out.err);
	CHECK(strstr(t.out.err, "there is no rule 1:9 to disable") != NULL, "%s", t.out.err);
	done(&t);
	write_file(source, "include: rules.yaml\n");
	t = replay("", DNS_RULE("alert", "sid:1;"));
	CHECK(t.out.status == 4 && strstr(t.out.err, "includes") != NULL, "%d %s", t.out.status,
		t.out.err);
	done(&t);
	free(source);
	source = rules;
}

static void test_empty(void)
{
	struct told t = replay("", "# alert\n");

	CHECK(t.out.status == 0 && strstr(t.out.err, "there is no rule in this set") != NULL,
		"%d %s", t.out.status, t.out.err);
	done(&t);
}

// Nothing here can drop: such rules tell, and say so.
static void test_actions(void)
{
	static const char *const actions[] = {
		"drop", "reject", "rejectsrc", "rejectdst", "rejectboth"};

	for (size_t i = 0; i < ROWS(actions); i++) {
		char text[200], want[64];
		json_t *alert = NULL;
		snprintf(text, sizeof(text), DNS_RULE("%s", "sid:1;"), actions[i]);
		snprintf(want, sizeof(want), "warning: %s is loaded as alert", actions[i]);
		struct told t = replay("", text);
		CHECK(t.out.status == 0, "%s: %d", actions[i], t.out.status);
		CHECK(strstr(t.out.err, want) != NULL, "%s", t.out.err);
		CHECK(alerts_of(&t, 1, &alert) > 0, "%s", actions[i]);
		CHECK(strcmp(text_of(alert, "action"), "allowed") == 0, "%s: %s", actions[i],
			text_of(alert, "action"));
		done(&t);
	}
}

// How many flow records are of a segment.
static unsigned flows_of(const struct told *t, const char *segment)
{
	json_t *record;
	unsigned n = 0;
	size_t i;

	json_array_foreach(t->eve, i, record)
	{
		json_t *ours = json_object_get(record, "sealwatch");
		n += strcmp(text_of(record, "event_type"), "flow") == 0 &&
			strcmp(text_of(ours, "segment"), segment) == 0;
	}
	return n;
}

// The network of a dataplane.yaml: the same answer for any number of workers.
static void test_segments(void)
{
	static const char network[] = "segments:\n"
				      "- {name: web, prefixes: [10.0.0.0/8], ports: [80]}\n"
				      "- {name: tagged, vlans: [1-4095]}\n"
				      "- {name: home, prefixes: [10.0.0.0/8]}\n";
	static const char *const names[] = {"web", "tagged", "home", "default"};
	unsigned alone[ROWS(names)];

	for (unsigned round = 0; round < 2; round++) {
		workers = round == 0 ? "1" : "3";
		struct told t = replay(network, DNS_RULE("alert", "sid:1;"));
		CHECK(t.out.status == 0, "%s", t.out.err);
		for (unsigned i = 0; i < ROWS(names); i++) {
			unsigned n = flows_of(&t, names[i]);
			CHECK(i == 3 || n > 0, "%s: none", names[i]);
			CHECK(round == 0 || n == alone[i], "%s: %u, not %u", names[i], n, alone[i]);
			alone[i] = n;
		}
		done(&t);
	}
	workers = "1";
	struct told t = replay("segments:\n- {name: x, ports: [0]}\n", DNS_RULE("alert", "sid:1;"));
	CHECK(t.out.status == 2 && strstr(t.out.err, ":2:21: segments: ") != NULL, "%d %s",
		t.out.status, t.out.err);
	done(&t);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"classes and references", test_classes_and_references},
		{"mistakes", test_mistakes},
		{"thresholds", test_thresholds},
		{"options", test_options},
		{"list", test_list},
		{"empty", test_empty},
		{"actions", test_actions},
		{"segments", test_segments},
		CU_TEST_INFO_NULL,
	};

	dir = scratch_new();
	sample = strdup(in_dir(dir, "sample.pcap"));
	config = strdup(in_dir(dir, "sealwatchd.yaml"));
	source = rules = strdup(in_dir(dir, "t.rules"));
	const char *argv[] = {program("sealwatch-craft"), "sample", "-w", sample, NULL};
	struct output o = run(argv, 30);
	int failed = o.status == 0 ? check_main("habits", tests) : 2;
	output_free(&o);
	free(sample);
	free(config);
	free(rules);
	scratch_remove(dir);
	return failed;
}
