// Loads that wait, are watched, cancelled, late; sets brought back; clients that ask nonsense or
// vanish. Whatever happens to a load, what is live stays live.

#include "tests/e2e/appliance.h"
#include "tests/unit/check.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *small, *other, *heavy;

static void write_rule(const char *path, const char *word)
{
	char text[256];

	snprintf(text, sizeof(text),
		"alert dns any any -> any any (msg:\"q\"; dns.query; content:\"%s\"; sid:5;)\n",
		word);
	write_file(path, text);
}

// Keeps a processor busy for longer than any of these tests.
static void write_heavy(const char *path)
{
	FILE *f = fopen(path, "w");

	for (unsigned i = 1; i <= 40000; i++)
		fprintf(f,
			"alert tls any any -> any any (tls.sni; "
			"pcre:\"/a%u.{0,9}b[0-9a-f]{4}x/i\"; sid:%u;)\n",
			i, i);
	fclose(f);
}

static pid_t start_load(const char *path, const char *deadline)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"), "--json",
		"patterns", "load", path, deadline != NULL ? "--deadline" : NULL, deadline, NULL};
	return start(argv, in_dir(dir, "load.log"));
}

static bool load_is(const char *want)
{
	json_t *s = ask("status", NULL, NULL);
	const char *is = json_string_value(json_object_get(s, "load"));
	bool yes = is != NULL && strcmp(is, want) == 0;

	json_decref(s);
	return yes;
}

static bool is_compiling(void *ctx)
{
	(void)ctx;
	return load_is("compiling");
}

static bool is_idle(void *ctx)
{
	(void)ctx;
	return load_is("idle");
}

static size_t n_loads(void)
{
	json_t *s = ask("status", NULL, NULL);
	size_t n = json_array_size(json_object_get(s, "loads"));

	json_decref(s);
	return n;
}

static bool loads_are(void *ctx)
{
	return n_loads() == *(size_t *)ctx;
}

static int wait_for(pid_t pid)
{
	return stop(pid, 0); // no signal: only waits
}

static int client(const char *line)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%.90s/control.sock", dir);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		abort();
	return fd;
}

static int load_client(const char *path, const char *more)
{
	char line[512];

	snprintf(line, sizeof(line), "{\"cmd\":\"patterns.load\",\"paths\":[\"%s\"]%s}\n", path,
		more);
	return client(line);
}

// One line; NULL when none comes.
static json_t *answer_of(int fd)
{
	static char text[1 << 16];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t n = 0;

	while (n + 1 < sizeof(text) && poll(&p, 1, 20000) == 1 && recv(fd, text + n, 1, 0) == 1 &&
		text[n] != '\n')
		n++;
	text[n] = '\0';
	return json_loads(text, 0, NULL);
}

static bool tells(int fd, const char *state, json_int_t place)
{
	json_t *line = answer_of(fd);
	const char *is = json_string_value(json_object_get(line, "progress"));
	bool yes = is != NULL && strcmp(is, state) == 0 && number_in(line, "place") == place;

	json_decref(line);
	return yes;
}

static json_int_t load_small(const char *path)
{
	json_t *receipt = ask("patterns", "load", path);
	json_int_t generation = number_in(receipt, "generation");

	CHECK(receipt != NULL && number_in(receipt, "lost_packets") == 0, "%s", path);
	json_decref(receipt);
	return generation;
}

// {generation, digest} of what is kept, the newest first.
static json_t *kept(void)
{
	json_t *list = ask("patterns", "list", NULL);
	json_t *rows = json_incref(json_object_get(list, "generations"));

	json_decref(list);
	return rows;
}

// Of the one rule of the small set, while that is live.
static json_int_t small_hits(void)
{
	json_t *show = ask("patterns", "show", "--rules");
	json_int_t hits = number_in(json_array_get(json_object_get(show, "patterns"), 0), "hits");

	json_decref(show);
	return hits;
}

static bool small_hits_more(void *ctx)
{
	return small_hits() > *(json_int_t *)ctx;
}

static void test_counters_carry_on(void)
{
	json_int_t hits = 0;

	load_small(small);
	CHECK(wait_until(small_hits_more, &hits, 10000), "it hits");
	hits = small_hits();
	load_small(other);
	json_decref(ask("patterns", "rollback", NULL));
	CHECK(small_hits() >= hits, "back with what it had: %lld", (long long)hits);
	CHECK(wait_until(small_hits_more, &hits, 10000), "and it counts on");
	load_small(other);
}

static void test_rollback(void)
{
	const char *set = source_path("patterns/sets/im-services.rules");
	json_int_t first = load_small(small), second = load_small(set);

	json_t *back = ask("patterns", "rollback", NULL);
	CHECK(number_in(back, "generation") == second + 1, "a generation of its own");
	CHECK(json_is_true(json_object_get(back, "rollback")), "says what it is");
	CHECK(number_in(back, "lost_packets") == 0 && number_in(back, "rules") == 1, "receipt");
	json_decref(back);

	json_t *rows = kept();
	const json_t *newest = json_array_get(rows, 0), *before = json_array_get(rows, 1);
	CHECK(json_array_size(rows) == 3, "no set twice");
	CHECK(json_is_true(json_object_get(newest, "live")), "which is live");
	CHECK(number_in(newest, "generation") == second + 1 &&
			number_in(before, "generation") == second,
		"the order");
	const json_t *files = json_object_get(newest, "files");
	CHECK(strcmp(json_string_value(json_array_get(files, 0)), small) == 0, "its file");

	char digest[9];
	snprintf(
		digest, sizeof(digest), "%s", json_string_value(json_object_get(before, "digest")));
	back = ask("patterns", "rollback", digest);
	CHECK(number_in(back, "rules") > 1000, "by digest");
	json_decref(back);
	json_decref(rows);

	char text[32];
	snprintf(text, sizeof(text), "%lld", (long long)second + 1);
	back = ask("patterns", "rollback", text);
	CHECK(number_in(back, "rules") == 1, "by generation");
	json_decref(back);
	json_int_t live = status_number("generation");
	snprintf(text, sizeof(text), "%lld", (long long)first);
	struct output o = ctl("patterns", "rollback", text);
	CHECK(o.status == 1 && strstr(o.out, "patterns list") != NULL, "gone: %.80s", o.out);
	output_free(&o);
	o = ctl("patterns", "rollback", "00000000");
	CHECK(o.status == 1, "no such digest: %d", o.status);
	output_free(&o);
	o = ctl("patterns", "rollback", "xyz");
	CHECK(o.status == 1 && strstr(o.out, "hex digits") != NULL, "no digest: %.80s", o.out);
	output_free(&o);
	CHECK(status_number("generation") == live, "nothing happened");
}

static void test_kept(void)
{
	char name[32], word[32];

	for (unsigned i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "kept%u.rules", i);
		snprintf(word, sizeof(word), "word%u", i);
		write_rule(in_dir(dir, name), word);
		load_small(in_dir(dir, name));
	}
	json_t *rows = kept();
	CHECK(json_array_size(rows) == 3, "no more than configured");
	json_decref(rows);
	json_t *again = ask("patterns", "load", in_dir(dir, "kept4.rules"));
	CHECK(json_is_true(json_object_get(again, "cached")), "not compiled again");
	json_decref(again);
	rows = kept();
	CHECK(json_array_size(rows) == 3, "the same set again is one set");
	json_decref(rows);

	json_t *show = ask("patterns", "show", NULL);
	CHECK(number_in(show, "rules") == 1 && number_in(show, "n_files") == 1, "shown");
	CHECK(json_object_get(show, "patterns") == NULL, "without its rules");
	json_decref(show);
}

static void test_queue(void)
{
	enum { WAITING = 8 };
	json_int_t live = status_number("generation");
	size_t all = WAITING + 1, one = 1;
	int fds[WAITING];

	pid_t first = start_load(heavy, NULL);
	CHECK(wait_until(is_compiling, NULL, 5000), "under way");
	for (unsigned i = 0; i < WAITING; i++) {
		fds[i] = load_client(small, ",\"watch\":true");
		CHECK(tells(fds[i], "queued", i + 1), "place %u", i + 1);
	}
	CHECK(n_loads() == all, "all are shown");
	struct output o = ctl("patterns", "load", small);
	CHECK(o.status == 1 && strstr(o.out, "busy") != NULL && strstr(o.out, "try again") != NULL,
		"one too many: %d %.80s", o.status, o.out);
	output_free(&o);

	close(fds[0]);
	CHECK(tells(fds[1], "queued", 1) && tells(fds[7], "queued", 7), "places move up");
	for (unsigned i = 1; i < WAITING; i++)
		close(fds[i]);
	CHECK(wait_until(loads_are, &one, 5000), "who has gone waits no more");

	pid_t second = start_load(other, NULL);
	size_t two = 2;
	CHECK(wait_until(loads_are, &two, 5000), "another one");
	json_t *cancelled = ask("patterns", "cancel", NULL);
	CHECK(number_in(cancelled, "load") > 0, "cancelled");
	json_decref(cancelled);
	CHECK(wait_for(first) == 5, "its client is told");
	CHECK(wait_for(second) == 0, "and the next one has its turn");
	CHECK(status_number("generation") == live + 1, "one load, one generation");
	o = ctl("patterns", "cancel", NULL);
	CHECK(o.status == 1, "nothing to cancel: %d", o.status);
	output_free(&o);
	o = ctl("patterns", "cancel", "999999");
	CHECK(o.status == 1 && strstr(o.out, "no such load") != NULL, "%.80s", o.out);
	output_free(&o);
}

static void test_client_goes(void)
{
	static const struct {
		const char *name;
		int signal, want;
	} rows[] = {
		{"Ctrl-C", SIGINT, 5},
		{"terminated", SIGTERM, -SIGTERM},
		{"killed", SIGKILL, -SIGKILL},
	};
	json_int_t live = status_number("generation");

	for (size_t i = 0; i < ROWS(rows); i++) {
		pid_t pid = start_load(heavy, NULL);
		CHECK(wait_until(is_compiling, NULL, 5000), "%s: under way", rows[i].name);
		int status = stop(pid, rows[i].signal);
		CHECK(status == rows[i].want, "%s: %d", rows[i].name, status);
		CHECK(wait_until(is_idle, NULL, 5000), "%s: given up", rows[i].name);
	}
	CHECK(status_number("generation") == live, "what was live");

	// One that closes the direction in which it asks is waiting for its answer.
	int fd = load_client(small, "");
	shutdown(fd, SHUT_WR);
	json_t *answer = answer_of(fd);
	CHECK(json_is_true(json_object_get(answer, "ok")), "answered");
	json_decref(answer);
	close(fd);
}

static void test_deadline(void)
{
	json_int_t live = status_number("generation");

	CHECK(wait_for(start_load(heavy, "1")) == 6, "too late");
	CHECK(load_is("idle"), "given up");
	pid_t first = start_load(heavy, NULL);
	CHECK(wait_until(is_compiling, NULL, 5000), "under way");
	CHECK(wait_for(start_load(small, "1")) == 6, "too late in the queue");
	CHECK(n_loads() == 1, "and the other goes on");
	CHECK(stop(first, SIGINT) == 5, "until it is cancelled");
	CHECK(status_number("generation") == live, "what was live");
	CHECK(wait_for(start_load(small, "20")) == 0, "in time");
	sleep_ms(50);
	CHECK(status_number("generation") == live + 1, "and live");
}

static void test_hostile(void)
{
	static const char *const lines[] = {
		"{\"cmd\":\"patterns.rollback\",\"generation\":99999999999999999999999}",
		"{\"cmd\":\"patterns.rollback\",\"generation\":-1}",
		"{\"cmd\":\"patterns.rollback\",\"generation\":1e300}",
		"{\"cmd\":\"patterns.rollback\",\"generation\":9223372036854775807}",
		"{\"cmd\":\"patterns.rollback\",\"digest\":\"../../etc\"}",
		"{\"cmd\":\"patterns.rollback\",\"generation\":1,\"digest\":\"00000000\"}",
		"{\"cmd\":\"patterns.cancel\",\"load\":9223372036854775807}",
		"{\"cmd\":\"patterns.cancel\",\"load\":0}",
		"{\"cmd\":\"patterns.show\",\"rules\":1}",
		"{\"cmd\":\"patterns.list\",\"x\":null}",
		"{\"cmd\":\"patterns.load\",\"paths\":[\"/x\"],\"deadline_s\":86401}",
		"{\"cmd\":\"patterns.load\",\"paths\":[\"/x\"],\"watch\":\"yes\"}",
	};
	json_int_t live = status_number("generation");

	for (size_t i = 0; i < ROWS(lines); i++) {
		char line[256];
		snprintf(line, sizeof(line), "%s\n", lines[i]);
		int fd = client(line);
		json_t *answer = answer_of(fd);
		CHECK(json_is_false(json_object_get(answer, "ok")) &&
				json_is_string(json_object_get(answer, "error")),
			"%s", lines[i]);
		json_decref(answer);
		close(fd);
	}
	// Ask and vanish, many times: nothing is left behind, and the next is served.
	for (unsigned i = 0; i < 100; i++)
		close(load_client(i % 2 ? heavy : small, i % 3 ? ",\"watch\":true" : ""));
	CHECK(wait_until(is_idle, NULL, 20000), "all given up");
	CHECK(running(control), "alive");
	CHECK(status_number("generation") >= live, "live");
	load_small(small);
}

static bool is_sending(void *ctx)
{
	(void)ctx;
	return load_is("sending");
}

// The dataplane has the set, and takes its time: nothing stops that any more.
static void test_sending(void)
{
	json_int_t live = status_number("generation");

	kill(dataplane, SIGSTOP);
	pid_t pid = start_load(other, "1");
	CHECK(wait_until(is_sending, NULL, 5000), "sent");
	struct output o = ctl("patterns", "cancel", NULL);
	CHECK(o.status == 1 && strstr(o.out, "too late") != NULL, "%d: %.80s", o.status, o.out);
	output_free(&o);
	sleep_ms(1200);
	CHECK(load_is("sending"), "its deadline does not count any more");
	kill(dataplane, SIGCONT);
	CHECK(wait_for(pid) == 0 && status_number("generation") == live + 1, "live");

	kill(dataplane, SIGSTOP);
	int fd = load_client(small, "");
	CHECK(wait_until(is_sending, NULL, 5000), "sent");
	close(fd);
	sleep_ms(100);
	CHECK(load_is("sending"), "nor does its client");
	kill(dataplane, SIGCONT);
	CHECK(wait_until(is_idle, NULL, 10000), "done");
	CHECK(status_number("generation") == live + 2, "live too");
}

static bool generation_is_live(void *ctx)
{
	(void)ctx;
	return status_number("generation") > 0;
}

// Another run of the dataplane counts from one: what was live in the last one has no number.
static void test_dataplane_restarts(void)
{
	load_small(other);
	load_small(small);
	stop(dataplane, SIGKILL);
	CHECK(wait_until(is_down, NULL, 3000), "down");
	struct output o = ctl("patterns", "load", small);
	CHECK(o.status == 1 && strstr(o.out, "dataplane is down") != NULL, "%.80s", o.out);
	output_free(&o);
	start_dataplane();
	CHECK(wait_until(is_up, NULL, 10000), "up");
	CHECK(wait_until(generation_is_live, NULL, 10000), "sent again");
	json_t *rows = kept();
	const json_t *before = json_array_get(rows, 1);
	CHECK(number_in(json_array_get(rows, 0), "generation") == 1, "anew");
	CHECK(json_is_null(json_object_get(before, "generation")), "no number");
	json_t *back =
		ask("patterns", "rollback", json_string_value(json_object_get(before, "digest")));
	CHECK(number_in(back, "generation") == 2, "but a digest");
	json_decref(back);
	json_decref(rows);
}

static void test_end(void)
{
	pid_t pid = start_load(heavy, NULL);

	CHECK(wait_until(is_compiling, NULL, 5000), "under way");
	CHECK(stop(control, SIGTERM) == 0, "the daemon ends");
	CHECK(wait_for(pid) == 3, "its client is told");
	CHECK(stop(dataplane, SIGTERM) == 0, "the dataplane");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"counters carry on", test_counters_carry_on},
		{"rollback", test_rollback},
		{"kept", test_kept},
		{"queue", test_queue},
		{"client goes", test_client_goes},
		{"deadline", test_deadline},
		{"hostile", test_hostile},
		{"sending", test_sending},
		{"dataplane restarts", test_dataplane_restarts},
		{"end", test_end},
		CU_TEST_INFO_NULL,
	};

	if (!appliance_start(21477)) {
		fprintf(stderr, "the appliance did not come up\n");
		return 1;
	}
	small = strdup(in_dir(dir, "small.rules"));
	other = strdup(in_dir(dir, "other.rules"));
	heavy = strdup(in_dir(dir, "heavy.rules"));
	write_rule(small, "whatsapp");
	write_rule(other, "telegram");
	write_heavy(heavy);
	int status = check_main("loads", tests);
	appliance_end();
	return status;
}
