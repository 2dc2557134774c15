// The two processes and the CLI together, over a capture that loops: sets swapped under traffic,
// processes killed and brought back, bad input, taken ports.

#include "tests/e2e/appliance.h"
#include "tests/unit/check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool generation_is_live(void *ctx)
{
	(void)ctx;
	return status_number("generation") > 0;
}

static void test_load(void)
{
	const char *bad = in_dir(dir, "bad.rules");
	const char *good = source_path("patterns/sets/im-services.rules");

	json_t *receipt = ask("patterns", "load", good);
	CHECK(receipt != NULL, "loaded");
	CHECK(number_in(receipt, "generation") == 1, "generation");
	CHECK(number_in(receipt, "lost_packets") == 0, "lost");
	CHECK(json_array_size(json_object_get(receipt, "workers")) == 2,
		"each worker acknowledged");
	CHECK(json_is_false(json_object_get(receipt, "cached")), "compiled");
	json_decref(receipt);

	write_file(bad, "alert tcp any any -> any any (msg:\"x\"; flibber:1; sid:1;)\n");
	struct output o = ctl("patterns", "load", bad);
	CHECK(o.status == 4, "a set with a mistake: %d", o.status);
	CHECK(strstr(o.err, "bad.rules:1:40: ") != NULL || strstr(o.out, "\"line\": 1") != NULL,
		"says where: %.60s%.60s", o.err, o.out);
	output_free(&o);
	CHECK(status_number("generation") == 1, "the live set is untouched");

	json_t *show = ask("patterns", "show", "--rules");
	CHECK(json_array_size(json_object_get(show, "patterns")) > 1000, "listed");
	json_decref(show);
}

// Back and forth under traffic: nothing lost, counters go on.
static void test_swap(void)
{
	const char *set = source_path("patterns/sets/im-services.rules");
	const char *small = in_dir(dir, "small.rules");
	json_int_t before, hits = 0;

	write_file(small,
		"alert dns any any -> any any (msg:\"q\"; dns.query; content:\"whatsapp\"; "
		"sid:5;)\n");
	before = status_number("packets");
	for (unsigned i = 0; i < 6; i++) {
		json_t *receipt = ask("patterns", "load", i % 2 ? set : small);
		CHECK(receipt != NULL, "swap %u", i);
		CHECK(number_in(receipt, "lost_packets") == 0, "swap %u: lost", i);
		json_t *worker;
		size_t w;
		json_array_foreach(json_object_get(receipt, "workers"), w, worker)
			CHECK(number_in(worker, "ack_ns") > 0, "swap %u: worker %zu", i, w);
		json_decref(receipt);
		json_int_t alerts = status_number("alerts");
		CHECK(alerts >= hits, "alerts go on: %lld, %lld", (long long)alerts,
			(long long)hits);
		hits = alerts;
	}
	CHECK(wait_until(more_than, &before, 5000), "traffic goes on");
	json_t *s = ask("status", NULL, NULL);
	CHECK(number_in(json_object_get(s, "accounting"), "unaccounted") == 0, "accounting");
	json_decref(s);
	CHECK(hits > 0, "there were alerts");
}

static void test_counters_and_services(void)
{
	json_t *counters = ask("counters", NULL, NULL);
	json_t *services = ask("services", NULL, NULL);
	json_t *service;
	bool whatsapp = false;
	size_t i;

	CHECK(json_array_size(json_object_get(counters, "counters")) > 40, "counters");
	CHECK(json_array_size(json_object_get(counters, "rules")) > 0, "hits by rule");
	json_array_foreach(json_object_get(services, "services"), i, service) whatsapp |=
		strcmp(json_string_value(json_object_get(service, "service")), "whatsapp") == 0;
	CHECK(whatsapp, "WhatsApp is seen");
	json_decref(counters);
	json_decref(services);
}

// Flows of the loop end all the time: how they were named, and where, adds up.
static void test_named_flows(void)
{
	json_t *services = ask("services", NULL, NULL), *service;
	size_t i;

	json_array_foreach(json_object_get(services, "services"), i, service)
	{
		json_t *ended = json_object_get(service, "ended"), *n, *segment;
		json_int_t sure = 0, by = 0, in = 0;
		const char *word;
		size_t k;
		json_object_foreach(json_object_get(ended, "confidence"), word, n) sure +=
			json_integer_value(n);
		json_object_foreach(json_object_get(ended, "service_by"), word, n) by +=
			json_integer_value(n);
		json_array_foreach(json_object_get(ended, "segments"), k, segment) in +=
			number_in(segment, "flows");
		CHECK(by > 0 && llabs(by - sure) <= 8 && llabs(by - in) <= 8,
			"%s: by %lld, sure %lld, segments %lld",
			json_string_value(json_object_get(service, "service")), (long long)by,
			(long long)sure, (long long)in);
	}
	json_decref(services);
}

// Of thousands of rules few hit in a sample; none is past its date, for it was just made.
static void test_stale(void)
{
	json_t *answer = ask("patterns", "stale", NULL);
	json_t *first = json_array_get(json_object_get(answer, "stale"), 0);
	size_t n = json_array_size(json_object_get(answer, "stale"));

	CHECK(n > 1000 && (json_int_t)n < number_in(answer, "rules"), "%zu", n);
	CHECK(number_in(first, "hits") == 0 && number_in(first, "idle_s") >= 0, "never hit");
	CHECK(json_is_string(json_object_get(first, "expires")), "has a date");
	json_decref(answer);
}

static json_int_t graded_flows(void)
{
	json_t *answer = ask("posture", NULL, NULL), *row;
	json_int_t flows = 0;
	size_t i;

	CHECK(answer != NULL && json_is_object(json_object_get(answer, "client_stacks")),
		"answers");
	json_array_foreach(json_object_get(answer, "postures"), i, row) flows +=
		number_in(row, "flows") - number_in(row, "ungraded");
	json_decref(answer);
	return flows;
}

static bool some_graded(void *ctx)
{
	(void)ctx;
	return graded_flows() > 0;
}

// Flows that ended have a grade, and a day has them.
static void test_posture(void)
{
	CHECK(wait_until(some_graded, NULL, 20000), "flows end and are graded");
	json_t *trend = ask("posture", "--trend", NULL);
	json_t *today = json_array_get(json_object_get(trend, "days"), 0);
	CHECK(number_in(today, "flows") > 0, "today");
	json_decref(trend);
	json_t *table = ask("posture", "--explain", NULL);
	CHECK(json_array_size(json_object_get(table, "checks")) > 35, "the table");
	json_decref(table);
}

// Each thread's packets, and where its time went.
static void test_top(void)
{
	const char *argv[] = {
		program("sealctl"), "--socket", in_dir(dir, "control.sock"), "--json", "top", NULL};
	struct output o = run(argv, 10);
	json_t *answer = o.status == 0 ? json_loads(o.out, 0, NULL) : NULL, *thread;
	json_int_t received = 0, timed = 0, cycles = 0;
	size_t i;

	CHECK(answer != NULL, "top: %d %.80s", o.status, o.err);
	json_array_foreach(json_object_get(answer, "threads"), i, thread)
	{
		const char *stage;
		json_t *spent;
		received += number_in(thread, "rx_packets");
		timed += number_in(thread, "stage_packets");
		CHECK(number_in(thread, "stage_packets") <=
				number_in(thread, "rx_packets") + number_in(thread, "handed_in"),
			"more packets timed than there were");
		json_object_foreach(json_object_get(thread, "cycles"), stage, spent) cycles +=
			json_integer_value(spent);
	}
	CHECK(received > 0 && timed > 0 && cycles > 50 * timed,
		"%lld received, %lld timed, %lld cycles", (long long)received, (long long)timed,
		(long long)cycles);
	json_decref(answer);
	output_free(&o);
}

static json_t *top(const char *by, const char *count)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"), "--json",
		"top", "rules", "--by", by, "--count", count, NULL};
	struct output o = run(argv, 10);
	json_t *answer = o.status == 0 ? json_loads(o.out, 0, NULL) : NULL;

	CHECK(answer != NULL, "top rules by %s: %d %.80s", by, o.status, o.err);
	output_free(&o);
	return answer;
}

static void test_top_rules(void)
{
	static const char *const keys[] = {"hits", "checks", "prefilter"};

	for (size_t k = 0; k < ROWS(keys); k++) {
		json_t *answer = top(keys[k], "5"), *rule;
		const json_t *rules = json_object_get(answer, "rules");
		json_int_t least = INT64_MAX, sum = 0;
		size_t i;
		CHECK(json_array_size(rules) == 5, "by %s: %zu", keys[k], json_array_size(rules));
		json_array_foreach(rules, i, rule)
		{
			json_int_t checks = number_in(rule, "checks"),
				   hits = number_in(rule, "hits");
			CHECK(checks > 0 && checks >= hits && hits >= number_in(rule, "alerts"),
				"by %s, %zu.: %lld checks, %lld hits", keys[k], i,
				(long long)checks, (long long)hits);
			CHECK(json_is_string(json_object_get(rule, "last_hit")) == (hits > 0),
				"by %s, %zu.: last hit", keys[k], i);
			CHECK(number_in(rule, keys[k]) <= least, "by %s, %zu.: in order", keys[k],
				i);
			least = number_in(rule, keys[k]);
			sum += least;
		}
		CHECK(number_in(json_object_get(answer, "total"), keys[k]) >= sum, "total");
		json_decref(answer);
	}
	json_t *cost = top("cost", "10000");
	CHECK(number_in(json_object_get(cost, "total"), "cost_ns") > 0, "some steps were timed");
	CHECK((size_t)number_in(cost, "counted") == json_array_size(json_object_get(cost, "rules")),
		"all of them");
	json_decref(cost);
}

static void test_top_table(void)
{
	static const struct {
		const char *words[4];
		int status;
		const char *says;
	} cases[] = {
		{{"rules", "--once"}, 0, "NS/CHECK"},
		{{"rules", "--count", "1"}, 0, "CONFIRMED"},
		{{"rules", "--by", "name"}, 2, "--by"},
		{{"rules", "--count", "0"}, 2, "--count"},
		{{"rules", "--count", "10001"}, 2, "10000"},
		{{"rules", "--interval", "1.5"}, 2, "--interval"},
		{{"rules", "--watch"}, 2, "not for"},
		{{"--once"}, 0, "DECODE"},
		{{"--by", "hits"}, 2, "not for"},
		{{"stages"}, 2, "too many"},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"),
			"top", cases[i].words[0], cases[i].words[1], cases[i].words[2], NULL};
		struct output o = run(argv, 10);
		CHECK(o.status == cases[i].status, "%zu: %d", i, o.status);
		CHECK(strstr(o.status == 0 ? o.out : o.err, cases[i].says) != NULL,
			"%zu: %.80s%.80s", i, o.out, o.err);
		output_free(&o);
	}
}

static void test_metrics(void)
{
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/metrics", metrics_port);
	const char *argv[] = {"/usr/bin/curl", "-sS", "-i", url, NULL};
	struct output o = run(argv, 10);

	CHECK(o.status == 0 && strstr(o.out, "200 OK") != NULL, "%.60s", o.err);
	CHECK(strstr(o.out, "sealwatch_rx_packets_total{") != NULL, "counters");
	CHECK(strstr(o.out, "sealwatch_rule_hits_total{") != NULL, "rules");
	CHECK(strstr(o.out, "sealwatch_rule_cost_seconds_total{") != NULL, "their cost");
	CHECK(strstr(o.out, "sealwatch_service_packets_total{service=\"whatsapp\"}") != NULL,
		"services");
	CHECK(strstr(o.out, "\n# EOF\n") != NULL, "to its end");
	output_free(&o);
}

static void test_taken(void)
{
	char text[1024];

	// The same control socket.
	const char *same[] = {program("sealwatchd"), "-c", in_dir(dir, "sealwatchd.yaml"), NULL};
	struct output o = run(same, 10);
	CHECK(o.status == 3, "control socket in use: %d", o.status);
	CHECK(strstr(o.err, "in use") != NULL, "%.100s", o.err);
	output_free(&o);

	snprintf(text, sizeof(text),
		"link_socket: %s/link.sock\ncontrol_socket: %s/other.sock\neve_file: "
		"%s/other.json\n"
		"metrics_port: %u\n",
		dir, dir, dir, metrics_port);
	write_file(in_dir(dir, "other.yaml"), text);
	const char *port[] = {program("sealwatchd"), "-c", in_dir(dir, "other.yaml"), NULL};
	o = run(port, 10);
	CHECK(o.status == 3, "port taken: %d", o.status);
	snprintf(text, sizeof(text), "%u", metrics_port);
	CHECK(strstr(o.err, text) != NULL, "%.100s", o.err);
	output_free(&o);

	const char *second[] = {
		program("sealwatch-dataplane"), "-c", in_dir(dir, "dataplane.yaml"), NULL};
	o = run(second, 20);
	CHECK(o.status == 1 && strstr(o.err, "another dataplane") != NULL, "%d: %.100s", o.status,
		o.err);
	output_free(&o);
	CHECK(dataplane_is("up"), "the first ones go on");
}

static void test_control_killed(void)
{
	json_int_t before = status_number("packets");

	stop(control, SIGKILL);
	sleep_ms(300);
	CHECK(running(dataplane), "the dataplane goes on");
	start_control();
	CHECK(wait_until(is_up, NULL, 5000), "found again");
	CHECK(status_number("packets") > before, "totals never go back");
	json_t *s = ask("status", NULL, NULL);
	CHECK(number_in(json_object_get(s, "accounting"), "unaccounted") == 0, "accounting");
	CHECK(number_in(s, "generation") > 0, "the set is still live");
	json_decref(s);
}

static void test_dataplane_killed(void)
{
	json_t *receipt = ask("patterns", "load", source_path("patterns/sets/im-services.rules"));
	CHECK(receipt != NULL, "a set that the daemon holds");
	CHECK(json_is_true(json_object_get(receipt, "cached")),
		"compiled by the daemon before this one");
	json_decref(receipt);
	json_int_t before = status_number("packets");

	stop(dataplane, SIGKILL);
	CHECK(wait_until(is_down, NULL, 1500), "said within a second or so");
	json_int_t down = status_number("packets");
	CHECK(down >= before, "totals stay");
	start_dataplane();
	CHECK(wait_until(is_up, NULL, 8000), "found again");
	CHECK(wait_until(generation_is_live, NULL, 8000), "the set is sent again");
	CHECK(wait_until(more_than, &down, 8000), "and totals go on");
}

static void test_bad_configs(void)
{
	static const struct {
		const char *program, *text, *says;
	} cases[] = {
		{"sealwatch-dataplane", "workers: 1\nflibber: 2\n", ":2:"},
		{"sealwatch-dataplane", "workers: many\nports: []\n", ":1:"},
		{"sealwatch-dataplane", "workers: 1\n", "ports"},
		{"sealwatch-dataplane", "ports:\n  - queues: 1\n", "device"},
		{"sealwatchd", "metrics_port: 9477\nflibber: 2\n", ":2:"},
		{"sealwatchd", "metrics_port: many\n", ":1:"},
		{"sealwatchd", "metrics_address: 0.0.0.0\n", "metrics_address"},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		const char *config = in_dir(dir, "bad.yaml");
		write_file(config, cases[i].text);
		const char *argv[] = {program(cases[i].program), "-c", config, NULL};
		struct output o = run(argv, 20);
		CHECK(o.status == 2, "%s: %d", cases[i].text, o.status);
		CHECK(strstr(o.err, cases[i].says) != NULL, "%s: %.80s", cases[i].text, o.err);
		output_free(&o);
	}
}

static void test_no_daemon(void)
{
	const char *argv[] = {
		program("sealctl"), "--socket", in_dir(dir, "nobody.sock"), "status", NULL};
	struct output o = run(argv, 10);

	CHECK(o.status == 3, "%d", o.status);
	CHECK(strstr(o.err, "nobody.sock") != NULL, "%.80s", o.err);
	output_free(&o);
}

static bool failed_lines(void *ctx)
{
	json_t *s = ask("status", NULL, NULL);
	bool yes = number_in(json_object_get(s, "events"), "failed") > 0;

	(void)ctx;
	json_decref(s);
	return yes;
}

static void test_full_disk(void)
{
	CHECK(stop(control, SIGTERM) == 0, "ends cleanly");
	eve_file = "/dev/full";
	write_configs();
	start_control();
	CHECK(wait_until(is_up, NULL, 5000), "up");
	CHECK(wait_until(failed_lines, NULL, 8000), "what is lost is counted");
	json_int_t before = status_number("packets");
	CHECK(wait_until(more_than, &before, 5000), "and all else goes on");
}

static void test_end(void)
{
	CHECK(stop(control, SIGTERM) == 0, "the daemon");
	CHECK(stop(dataplane, SIGTERM) == 0, "the dataplane");
	CHECK(access(in_dir(dir, "control.sock"), F_OK) != 0, "no socket is left");
	CHECK(access(in_dir(dir, "link.sock"), F_OK) != 0, "no link is left");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"load", test_load},
		{"swap under traffic", test_swap},
		{"counters and services", test_counters_and_services},
		{"how flows were named", test_named_flows},
		{"stale rules", test_stale},
		{"posture", test_posture},
		{"top rules", test_top_rules},
		{"top", test_top},
		{"top, as a table", test_top_table},
		{"metrics", test_metrics},
		{"taken sockets and ports", test_taken},
		{"control killed", test_control_killed},
		{"dataplane killed", test_dataplane_killed},
		{"bad configurations", test_bad_configs},
		{"no daemon", test_no_daemon},
		{"full disk", test_full_disk},
		{"end", test_end},
		CU_TEST_INFO_NULL,
	};

	if (!appliance_start(19477)) {
		fprintf(stderr, "the appliance did not come up\n");
		return 1;
	}
	int status = check_main("appliance", tests);
	appliance_end();
	return status;
}
