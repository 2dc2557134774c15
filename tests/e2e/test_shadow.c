// A set beside the live one: what it does otherwise is told exactly, and what is live stays live
// until it is promoted.

#include "tests/e2e/appliance.h"
#include "tests/unit/check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Queries whose answer does not hang on what came before them: so a shadow that begins in the middle
// of a flow hits as the live set does.
#define RULE(sid, rev, word)                                                                       \
	"alert dns any any -> any any (msg:\"r" #sid "\"; dns.query; content:\"" word              \
	"\"; sid:" #sid "; rev:" #rev ";)\n"

static const char live_rules[] =
	RULE(1, 1, "whatsapp") RULE(2, 1, "whatsapp") RULE(3, 1, "whatsapp") RULE(9, 1, "telegram");
static const char next_rules[] = RULE(1, 1, "whatsapp") RULE(2, 2, "nothing.like.it")
	RULE(4, 1, "whatsapp") RULE(9, 1, "telegram");

static const char *live, *next, *wrong, *failing;

static struct output shadow_load(const char *path, const char *share)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"), "--json",
		"patterns", "shadow", "load", path, "--share", share, NULL};
	return run(argv, 30);
}

// Its receipt; NULL unless it exits with 0.
static json_t *shadow(const char *path, const char *share)
{
	struct output o = shadow_load(path, share);
	json_t *receipt = o.status == 0 ? json_loads(o.out, 0, NULL) : NULL;

	CHECK(o.status == 0, "%s: %d %.200s%.200s", path, o.status, o.out, o.err);
	output_free(&o);
	return receipt;
}

static json_t *status_of_shadow(void)
{
	json_t *s = ask("status", NULL, NULL);
	json_t *shadow = json_incref(json_object_get(s, "shadow"));

	json_decref(s);
	return shadow;
}

static bool shadow_runs(void *ctx)
{
	json_t *s = status_of_shadow();
	bool runs = json_is_true(json_object_get(s, "running"));

	(void)ctx;
	json_decref(s);
	return runs;
}

static bool shadow_is_none(void)
{
	json_t *s = status_of_shadow();
	bool none = json_is_null(s);

	json_decref(s);
	return none;
}

static char *digest(void)
{
	json_t *s = ask("status", NULL, NULL);
	const char *text = json_string_value(json_object_get(s, "digest"));
	char *copy = strdup(text != NULL ? text : "");

	json_decref(s);
	return copy;
}

static void load(const char *path)
{
	json_t *receipt = ask("patterns", "load", path);

	CHECK(number_in(receipt, "generation") > 0, "%s", path);
	json_decref(receipt);
}

static bool source_ended(void *ctx)
{
	json_t *s = ask("status", NULL, NULL);
	bool ended = json_is_true(json_object_get(s, "source_ended"));

	(void)ctx;
	json_decref(s);
	return ended;
}

static const json_t *row_of(const json_t *show, json_int_t sid)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(show, "patterns"), i, row)
	{
		if (number_in(row, "sid") == sid)
			return row;
	}
	return NULL;
}

static json_int_t hits(const json_t *row, const char *side)
{
	return number_in(json_object_get(row, side), "hits");
}

// Another dataplane, over a capture that ends.
static void start_over(void)
{
	char text[1024];

	stop(dataplane, SIGTERM);
	snprintf(text, sizeof(text),
		"workers: 2\nlink_socket: %s/link.sock\n"
		"capture:\n  files: [%s/sample.pcap]\n  loop: 600\n  rate_pps: 20000\n",
		dir, dir);
	write_file(in_dir(dir, "dataplane.yaml"), text);
	start_dataplane();
	CHECK(wait_until(is_up, NULL, 20000), "up");
}

static void check_receipt(const json_t *receipt)
{
	json_t *s = status_of_shadow();

	CHECK(number_in(receipt, "rules") == 4 && number_in(receipt, "share") == 1000, "receipt");
	CHECK(number_in(receipt, "lost_packets") == 0, "nothing lost");
	CHECK(number_in(s, "rules") == 4 && number_in(s, "share") == 1000, "status");
	CHECK(json_equal(json_object_get(s, "digest"), json_object_get(receipt, "digest")),
		"digest");
	json_decref(s);
}

static void test_differences(void)
{
	static const struct {
		json_int_t sid;
		const char *in;
		bool live, shadow; // hits
	} rows[] = {
		{1, "both", true, true},
		{2, "both", true, false},
		{3, "live", true, false},
		{4, "shadow", false, true},
	};

	start_over();
	load(live);
	char *before = digest();
	json_t *receipt = shadow(next, "100");
	check_receipt(receipt);
	json_decref(receipt);
	char *after = digest();
	CHECK(strcmp(before, after) == 0, "what is live is live");
	CHECK(wait_until(source_ended, NULL, 60000), "all read");

	json_t *show = ask("patterns", "shadow", "show");
	CHECK(number_in(show, "both") == 3 && number_in(show, "live_only") == 1 &&
			number_in(show, "shadow_only") == 1,
		"how many");
	const json_int_t n = hits(row_of(show, 1), "live");
	CHECK(n > 0 && number_in(show, "finds") >= n, "it hits: %lld", (long long)n);
	for (size_t i = 0; i < ROWS(rows); i++) {
		const json_t *row = row_of(show, rows[i].sid);
		const json_int_t l = rows[i].live ? n : 0, s = rows[i].shadow ? n : 0;
		CHECK(strcmp(json_string_value(json_object_get(row, "in")), rows[i].in) == 0, "%d",
			(int)rows[i].sid);
		CHECK(hits(row, "live") == l && hits(row, "shadow") == s, "%d: %lld, %lld",
			(int)rows[i].sid, (long long)hits(row, "live"),
			(long long)hits(row, "shadow"));
		CHECK(number_in(row, "hits_more") == s - l, "%d: more", (int)rows[i].sid);
	}
	const json_t *same = row_of(show, 9), *total = json_object_get(show, "total");
	CHECK(hits(same, "live") == hits(same, "shadow"), "the other rule");
	CHECK(number_in(json_object_get(same, "live"), "checks") ==
			number_in(json_object_get(same, "shadow"), "checks"),
		"looked at as often");
	CHECK(hits(total, "live") - hits(total, "shadow") == n, "in all");
	json_decref(show);
	free(before);
	free(after);
}

static void test_count(void)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"),
		"patterns", "shadow", "show", "--count", "3", NULL};
	struct output o = run(argv, 10);

	CHECK(o.status == 0 && strstr(o.out, "all rules") != NULL, "%d: %.80s", o.status, o.err);
	CHECK(strstr(o.out, "1:2:1->2") != NULL && strstr(o.out, "1:3:1") != NULL, "%.500s", o.out);
	CHECK(strstr(o.out, "1:9:1") == NULL, "no more than three");
	CHECK(strstr(o.out, "100.0 %") != NULL, "its share: %.200s", o.out);
	output_free(&o);
}

static void check_refused(struct output o, int status, const char *says)
{
	CHECK(o.status == status, "%s: %d %.200s", says, o.status, o.err);
	CHECK(strstr(o.out, says) != NULL || strstr(o.err, says) != NULL, "%s: %.200s%.200s", says,
		o.out, o.err);
	output_free(&o);
}

static void test_mistakes(void)
{
	json_int_t generation = status_number("generation");
	json_t *before = status_of_shadow();

	check_refused(shadow_load(wrong, "10"), 4, "\"line\": 1");
	check_refused(shadow_load(failing, "10"), 4, "examples of the set");
	check_refused(shadow_load(next, "0.01"), 2, "--share");
	check_refused(shadow_load(in_dir(dir, "not.there"), "10"), 2, "not.there");
	json_t *after = status_of_shadow();
	CHECK(json_equal(before, after), "the shadow that was there");
	CHECK(status_number("generation") == generation, "and what is live");
	json_decref(before);
	json_decref(after);
}

static void test_metrics(void)
{
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/metrics", metrics_port);
	const char *argv[] = {"/usr/bin/curl", "-sS", url, NULL};
	struct output o = run(argv, 10);

	CHECK(strstr(o.out, "\nsealwatch_shadow_rules 4\n") != NULL, "%.60s", o.err);
	CHECK(strstr(o.out, "\nsealwatch_shadow_share 1.000\n") != NULL, "share");
	CHECK(strstr(o.out, "\nsealwatch_shadow_hits_total{set=\"live\"} ") != NULL, "hits");
	output_free(&o);
}

static void test_promote(void)
{
	char *before = digest();
	json_t *s = status_of_shadow();
	json_t *receipt = ask("patterns", "shadow", "promote");

	CHECK(json_is_true(json_object_get(receipt, "promoted")), "says what it is");
	CHECK(number_in(receipt, "rules") == 4 && number_in(receipt, "generation") > 1, "receipt");
	CHECK(json_equal(json_object_get(s, "digest"), json_object_get(receipt, "digest")),
		"the shadow's set");
	CHECK(shadow_is_none(), "is no shadow any more");
	check_refused(ctl("patterns", "shadow", "promote"), 1, "no shadow set");
	check_refused(ctl("patterns", "shadow", "show"), 1, "no shadow set");

	json_t *back = ask("patterns", "rollback", NULL);
	char *after = digest();
	CHECK(json_is_true(json_object_get(back, "rollback")) && strcmp(before, after) == 0,
		"rollback");
	CHECK(shadow_is_none(), "none comes back");
	free(before);
	free(after);
	json_decref(s);
	json_decref(receipt);
	json_decref(back);
}

static unsigned times_dropped(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = fopen(in_dir(dir, "dataplane.log"), "r");
	unsigned n = 0;

	while (f != NULL && getline(&text, &len, f) > 0)
		n += strstr(text, "no shadow any more") != NULL;
	free(text);
	if (f != NULL)
		fclose(f);
	return n;
}

static bool dropped_again(void *ctx)
{
	return times_dropped() > *(unsigned *)ctx;
}

static bool is_sending(void *ctx)
{
	json_t *s = ask("status", NULL, NULL);
	const char *state = json_string_value(json_object_get(s, "load"));
	bool sending = state != NULL && strcmp(state, "sending") == 0;

	(void)ctx;
	json_decref(s);
	return sending;
}

// The dataplane takes one thing at a time, and is busy with a drop when the load comes.
static void test_load_behind_drop(void)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"),
		"patterns", "load", live, NULL};
	json_int_t generation = status_number("generation");

	json_decref(shadow(next, "10"));
	kill(dataplane, SIGSTOP);
	json_decref(ask("patterns", "shadow", "drop"));
	pid_t pid = start(argv, NULL);
	CHECK(wait_until(is_sending, NULL, 5000), "waits");
	kill(dataplane, SIGCONT);
	CHECK(stop(pid, 0) == 0, "and is loaded");
	CHECK(status_number("generation") == generation + 1 && shadow_is_none(), "both are done");
}

// The other way round.
static void test_drop_behind_load(void)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"),
		"patterns", "load", live, NULL};
	unsigned dropped = times_dropped();

	json_decref(shadow(next, "10"));
	kill(dataplane, SIGSTOP);
	pid_t pid = start(argv, NULL);
	CHECK(wait_until(is_sending, NULL, 5000), "sent");
	json_decref(ask("patterns", "shadow", "drop"));
	kill(dataplane, SIGCONT);
	CHECK(stop(pid, 0) == 0, "loaded");
	CHECK(wait_until(dropped_again, &dropped, 500), "and dropped, without a complaint");
}

static void test_shadow_on_its_way(void)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"),
		"patterns", "shadow", "load", next, NULL};

	kill(dataplane, SIGSTOP);
	pid_t pid = start(argv, NULL);
	CHECK(wait_until(is_sending, NULL, 5000), "sent");
	check_refused(ctl("patterns", "shadow", "drop"), 1, "try again");
	kill(dataplane, SIGCONT);
	CHECK(stop(pid, 0) == 0 && !shadow_is_none(), "it runs");
	json_decref(ask("patterns", "shadow", "drop"));
}

static void test_drop(void)
{
	json_int_t generation = status_number("generation");

	check_refused(ctl("patterns", "shadow", "drop"), 1, "no shadow set");
	for (unsigned i = 0; i < 5; i++) {
		json_decref(shadow(i % 2 ? live : next, "0.1"));
		json_decref(ask("patterns", "shadow", "drop"));
		CHECK(shadow_is_none(), "dropped");
		if (i % 2)
			load(live);
	}
	CHECK(status_number("generation") == generation + 2, "loads in between");
}

static json_int_t total_hits(const char *side)
{
	json_t *show = ask("patterns", "shadow", "show");
	json_int_t n = hits(json_object_get(show, "total"), side);

	json_decref(show);
	return n;
}

static bool hits_more(void *ctx)
{
	return total_hits("shadow") > *(json_int_t *)ctx;
}

static void test_dataplane_restarts(void)
{
	json_int_t had = 0;

	write_configs();
	stop(dataplane, SIGTERM);
	start_dataplane();
	CHECK(wait_until(is_up, NULL, 20000), "up");
	load(live);
	json_decref(shadow(live, "100"));
	CHECK(wait_until(hits_more, &had, 10000), "it hits");
	had = total_hits("shadow");
	stop(dataplane, SIGKILL);
	CHECK(wait_until(is_down, NULL, 3000), "down");
	CHECK(total_hits("shadow") >= had, "what it counted stays");
	CHECK(!shadow_runs(NULL), "it does not run");
	check_refused(shadow_load(next, "10"), 1, "dataplane is down");
	start_dataplane();
	CHECK(wait_until(is_up, NULL, 20000), "up");
	CHECK(wait_until(shadow_runs, NULL, 10000), "sent again");
	had = total_hits("shadow");
	CHECK(wait_until(hits_more, &had, 10000), "and counts on");
}

// Another set is live: what was counted beside the last one compares nothing.
static void test_live_changes(void)
{
	json_int_t had = total_hits("live");

	stop(dataplane, SIGTERM);
	CHECK(wait_until(is_down, NULL, 3000), "down");
	had = total_hits("live");
	CHECK(had > 0, "%lld", (long long)had);
	start_over();
	CHECK(wait_until(shadow_runs, NULL, 10000), "sent again");
	CHECK(total_hits("live") >= had, "carries on");
	load(next);
	json_t *show = ask("patterns", "shadow", "show");
	CHECK(number_in(show, "shadow_only") == 1 && number_in(show, "live_only") == 1, "with it");
	json_decref(show);
	CHECK(shadow_runs(NULL), "the shadow stays");
}

static void test_daemon_restarts(void)
{
	unsigned dropped = times_dropped();

	CHECK(stop(control, SIGKILL) == -SIGKILL, "killed");
	start_control();
	CHECK(wait_until(is_up, NULL, 20000), "up");
	CHECK(wait_until(dropped_again, &dropped, 10000), "one that nobody knows is dropped");
	CHECK(shadow_is_none(), "none");
	load(live);
	json_decref(shadow(next, "50"));
	CHECK(wait_until(shadow_runs, NULL, 10000), "the next one stays");
	sleep_ms(1500);
	CHECK(shadow_runs(NULL), "beyond the next status");
	CHECK(times_dropped() == dropped + 1, "dropped once");
}

static void test_end(void)
{
	CHECK(stop(control, SIGTERM) == 0, "the daemon ends");
	CHECK(stop(dataplane, SIGTERM) == 0, "the dataplane");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"differences", test_differences},
		{"count", test_count},
		{"mistakes", test_mistakes},
		{"metrics", test_metrics},
		{"promote", test_promote},
		{"drop", test_drop},
		{"load behind a drop", test_load_behind_drop},
		{"drop behind a load", test_drop_behind_load},
		{"drop of one on its way", test_shadow_on_its_way},
		{"dataplane restarts", test_dataplane_restarts},
		{"live changes", test_live_changes},
		{"daemon restarts", test_daemon_restarts},
		{"end", test_end},
		CU_TEST_INFO_NULL,
	};

	if (!appliance_start(24477)) {
		fprintf(stderr, "the appliance did not come up\n");
		return 1;
	}
	live = strdup(in_dir(dir, "live.rules"));
	next = strdup(in_dir(dir, "next.rules"));
	wrong = strdup(in_dir(dir, "wrong.rules"));
	failing = strdup(in_dir(dir, "failing.rules"));
	write_file(live, live_rules);
	write_file(next, next_rules);
	write_file(wrong, "alert dns any any -> any any (dns.query; contend:\"x\"; sid:1;)\n");
	write_file(failing,
		"alert dns any any -> any any (dns.query; content:\"whatsapp\"; "
		"metadata:example_hit other.example; sid:1;)\n");
	int status = check_main("shadow", tests);
	appliance_end();
	return status;
}
