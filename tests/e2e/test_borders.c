// What crosses borders, through the real programs: a capture of addresses for documentation, to which an
// own database gives countries; replayed, and through the daemon, also when the dataplane is killed.

#include "tests/e2e/process.h"
#include "tests/unit/check.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKTYPE_RAW = 101, PERSONS_US = 300, PERSONS_DE = 40, PERSONS_FR = 6, PERSONS_IN = 15 };

// 2026-11-30T12:00:00Z (`date -u -d @1796040000`)
static const uint32_t noon = 1796040000;

static char *dir;
static pid_t dataplane, control;
static const char *capture, *countries;

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

struct datagram {
	uint32_t src, dst;
	unsigned sport, dport;
};

// IPv4 and UDP with four bytes that are of no protocol.
static void put_packet(FILE *out, uint32_t second, const struct datagram *d)
{
	uint8_t p[32] = {0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17};
	uint32_t head[4] = {second, 0, sizeof(p), sizeof(p)}, sum = 0;

	for (unsigned i = 0; i < 4; i++) {
		p[12 + i] = (uint8_t)(d->src >> (24 - 8 * i));
		p[16 + i] = (uint8_t)(d->dst >> (24 - 8 * i));
	}
	put16(p + 20, d->sport);
	put16(p + 22, d->dport);
	put16(p + 24, 12);
	memset(p + 28, 0xee, 4);
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(p + 10, ~sum & 0xffff);
	fwrite(head, sizeof(head), 1, out);
	fwrite(p, sizeof(p), 1, out);
}

// Each person asks the server twice, by two flows; those of PERSONS_IN are asked by it.
static void put_persons(FILE *out, unsigned n, uint32_t server, bool in)
{
	for (unsigned i = 0; i < n * 2; i++) {
		struct datagram ask = {0x0a000000u + 256 + i / 2, server, 40000 + i % 2, 9999};
		struct datagram answer = {ask.dst, ask.src, ask.dport, ask.sport};
		if (in)
			ask = (struct datagram){
				server, 0x0a000000u + 256 + i / 2, 40000 + i % 2, 999};
		put_packet(out, noon, &ask);
		if (!in)
			put_packet(out, noon + 1, &answer);
	}
}

static void write_capture(const char *path)
{
	const uint32_t head[6] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, LINKTYPE_RAW};
	FILE *out = fopen(path, "w");

	fwrite(head, sizeof(head), 1, out);
	put_persons(out, PERSONS_US, 0xcb007105, false); // 203.0.113.5
	put_persons(out, PERSONS_DE, 0xc6336405, false); // 198.51.100.5
	put_persons(out, PERSONS_FR, 0xc0000205, false); // 192.0.2.5
	put_persons(out, PERSONS_IN, 0xcb007106, true);
	fclose(out);
}

static const json_t *row_in(const json_t *matrix, const char *country, const char *direction)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(matrix, "rows"), i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "country")), country) == 0 &&
			strcmp(json_string_value(json_object_get(row, "direction")), direction) ==
				0)
			return row;
	}
	return NULL;
}

static json_int_t number_in(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

// An estimate: of some hundreds, exact but for two that share a register.
static bool about(json_int_t got, json_int_t want)
{
	return llabs(got - want) * 20 <= want;
}

static void check_row(const json_t *matrix, const char *country, const char *direction,
	json_int_t flows, json_int_t persons)
{
	const json_t *row = row_in(matrix, country, direction);
	const bool answered = strcmp(direction, "egress") == 0;

	CHECK(row != NULL, "%s %s", country, direction);
	CHECK(number_in(row, "flows") == flows, "%s: %lld flows", country, number_in(row, "flows"));
	CHECK(number_in(row, "bytes_out") == (answered ? flows * 32 : 0), "%s: %lld out", country,
		number_in(row, "bytes_out"));
	CHECK(number_in(row, "bytes_in") == flows * 32, "%s: %lld in", country,
		number_in(row, "bytes_in"));
	CHECK(about(number_in(row, "persons"), persons), "%s: %lld persons", country,
		number_in(row, "persons"));
}

// The six of FR are too few, and so would be their sum: the fifteen that came in go along.
static void check_matrix(const json_t *matrix, unsigned times)
{
	check_row(matrix, "US", "egress", PERSONS_US * 2 * times, PERSONS_US);
	check_row(matrix, "DE", "egress", PERSONS_DE * 2 * times, PERSONS_DE);
	CHECK(json_array_size(json_object_get(matrix, "rows")) == 2, "%zu rows",
		json_array_size(json_object_get(matrix, "rows")));
	CHECK(number_in(matrix, "other_cells") == 2, "%lld", number_in(matrix, "other_cells"));
	CHECK(number_in(json_object_get(matrix, "other"), "flows") ==
			(PERSONS_FR + PERSONS_IN) * 2 * times,
		"other: %lld", number_in(json_object_get(matrix, "other"), "flows"));
	CHECK(json_is_false(json_object_get(matrix, "persons_at_most")), "the same persons");
}

static json_t *replay(const char *workers, const char *lab)
{
	const char *argv[] = {program("sealwatch-replay"), "--json", "--workers", workers, "--geo",
		countries, "-r", capture, "--eve", in_dir(dir, "replay.json"), lab, NULL};
	struct output o = run(argv, 60);
	json_t *summary = json_loads(o.out, 0, NULL);

	CHECK(o.status == 0, "%d %.100s", o.status, o.err);
	output_free(&o);
	return summary;
}

static void test_replay(void)
{
	static const char *const workers[] = {"1", "2", "4"};

	for (size_t i = 0; i < ROWS(workers); i++) {
		json_t *summary = replay(workers[i], NULL);
		check_matrix(json_object_get(summary, "borders"), 1);
		json_decref(summary);
	}
	json_t *summary = replay("3", "--lab");
	const json_t *matrix = json_object_get(summary, "borders");
	check_row(matrix, "FR", "egress", PERSONS_FR * 2, PERSONS_FR);
	check_row(matrix, "US", "ingress", PERSONS_IN * 2, PERSONS_IN);
	json_decref(summary);
}

static void test_eve(void)
{
	unlink(in_dir(dir, "replay.json")); // others were put into it
	json_decref(replay("2", NULL));
	json_t *lines = read_eve(in_dir(dir, "replay.json"));
	const json_t *line;
	unsigned us = 0, de = 0, other = 0, none = 0, numbered = 0;
	size_t i;

	json_array_foreach(lines, i, line)
	{
		const char *type = json_string_value(json_object_get(line, "event_type"));
		if (strcmp(type, "flow") != 0)
			continue;
		const char *country = json_string_value(
			json_object_get(json_object_get(line, "sealwatch"), "country"));
		const json_t *as = json_object_get(json_object_get(line, "sealwatch"), "asn");
		numbered += json_integer_value(as) == 64500;
		none += country == NULL;
		us += country != NULL && strcmp(country, "US") == 0;
		de += country != NULL && strcmp(country, "DE") == 0;
		other += country != NULL && strcmp(country, "FR") == 0;
	}
	// The server's: of those that came in it is the person.
	CHECK(us == PERSONS_US * 2 && de == PERSONS_DE * 2 && other == PERSONS_FR * 2 &&
			none == PERSONS_IN * 2,
		"%u %u %u %u", us, de, other, none);
	CHECK(numbered == us, "%u of AS64500", numbered);
	json_decref(lines);
}

static void start_dataplane(void)
{
	const char *argv[] = {
		program("sealwatch-dataplane"), "-c", in_dir(dir, "dataplane.yaml"), NULL};
	dataplane = start(argv, in_dir(dir, "dataplane.log"));
}

static struct output ctl(const char *a, const char *b, const char *c, const char *d)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"), "--json",
		a, b, c, d, NULL};
	return run(argv, 30);
}

static json_t *ask(const char *a, const char *b, const char *c, const char *d)
{
	struct output o = ctl(a, b, c, d);
	json_t *answer = json_loads(o.out, 0, NULL);

	output_free(&o);
	return answer;
}

// The capture was read to its end, and its flows are told.
static bool has_ended(void *ctx)
{
	json_t *matrix = ask("geo", "matrix", "--window", "year");
	json_int_t flows = *(json_int_t *)ctx, sum = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(matrix, "rows"), i, row) sum += number_in(row, "flows");
	json_decref(matrix);
	return sum >= flows;
}

static void start_control(void)
{
	const char *argv[] = {program("sealwatchd"), "-c", in_dir(dir, "sealwatchd.yaml"), NULL};

	control = start(argv, in_dir(dir, "sealwatchd.log"));
}

// more: further keys of the daemon.
static bool start_appliance(const char *more)
{
	char text[1024];
	json_int_t flows = (PERSONS_US + PERSONS_DE) * 2;

	snprintf(text, sizeof(text),
		"workers: 2\nlink_socket: %s/link.sock\ncapture:\n  files: [%s]\n", dir, capture);
	write_file(in_dir(dir, "dataplane.yaml"), text);
	write_file(in_dir(dir, "one.rules"), "alert ip any any -> any 1 (sid:1;)\n");
	snprintf(text, sizeof(text),
		"link_socket: %s/link.sock\ncontrol_socket: %s/control.sock\neve_file: "
		"%s/eve.json\n"
		"metrics_port: %u\ncache: \"\"\n%spatterns: [%s/one.rules]\n"
		"geoip_database: %s\ngeo_home: DE\n"
		"geo_thresholds:\n- {country: US, persons: 310}\n- {country: foreign, persons: "
		"500}\n",
		dir, dir, dir, 43000 + (unsigned)getpid() % 1000, more, dir, countries);
	write_file(in_dir(dir, "sealwatchd.yaml"), text);
	start_control();
	start_dataplane();
	return wait_until(has_ended, &flows, 30000);
}

static void check_windows(unsigned times)
{
	static const char *const windows[] = {"day", "year"};

	for (size_t i = 0; i < ROWS(windows); i++) {
		json_t *matrix = ask("geo", "matrix", "--window", windows[i]);
		check_matrix(matrix, times);
		CHECK(strcmp(json_string_value(json_object_get(matrix, "begin")),
			      i == 0 ? "2026-11-30T00:00:00Z" : "2026-01-01T00:00:00Z") == 0,
			"%s", json_string_value(json_object_get(matrix, "begin")));
		json_decref(matrix);
	}
}

static bool reached(void *ctx)
{
	json_t *matrix = ask("geo", "matrix", NULL, NULL);
	const json_t *levels = json_object_get(matrix, "thresholds");
	bool yes = number_in(json_array_get(levels, 0), "reached_percent") == 80 &&
		number_in(json_array_get(levels, 1), "reached_percent") == 50;

	(void)ctx;
	json_decref(matrix);
	return yes;
}

// The flows are counted anew, the persons are the same.
static void test_appliance(void)
{
	json_int_t flows = (PERSONS_US + PERSONS_DE) * 4;

	CHECK(start_appliance("state: \"\"\n"), "started");
	check_windows(1);
	bool warned = wait_until(reached, NULL, 20000);
	struct output o = ctl("geo", "matrix", NULL, NULL);
	if (!warned)
		fprintf(stderr, "%s\n", strstr(o.out, "\"thresholds\""));
	CHECK(warned, "thresholds");
	output_free(&o);
	kill(dataplane, SIGKILL);
	stop(dataplane, SIGKILL);
	start_dataplane();
	CHECK(wait_until(has_ended, &flows, 30000), "the capture again");
	check_windows(2);
}

static void test_load(void)
{
	const char *other = in_dir(dir, "other");

	write_file(other, "203.0.113.0,203.0.113.255,JP\n192.0.2.0,192.0.2.255,BR\n");
	struct output o = ctl("geo", "load", other, NULL);
	json_t *answer = json_loads(o.out, 0, NULL);
	const json_t *map = json_object_get(answer, "map");
	CHECK(o.status == 0 && number_in(map, "countries") == 2, "%d %s", o.status, o.out);
	json_decref(answer);
	output_free(&o);

	write_file(other, "203.0.113.0,203.0.113.255,JP\nnonsense\n");
	o = ctl("geo", "load", other, NULL);
	CHECK(o.status == 1 && strstr(o.out, "other:2:1: two addresses") != NULL, "%d %s", o.status,
		o.out);
	output_free(&o);
	write_file(other, "203.0.113.0,203.0.113.255,JP\n192.0.2.0,192.0.2.255,BR\n");
	o = ctl("geo", "load", other, countries);
	CHECK(o.status == 0, "AS numbers of another: %d %s", o.status, o.out);
	output_free(&o);
	o = ctl("geo", "load", countries, other);
	CHECK(o.status == 1 && strstr(o.out, "there is no AS number in it") != NULL, "%d %s",
		o.status, o.out);
	output_free(&o);
	o = ctl("geo", "load", in_dir(dir, "absent"), NULL);
	CHECK(o.status == 2, "%d", o.status);
	output_free(&o);
	o = ctl("geo", "matrix", "--window", "week");
	CHECK(o.status == 2, "%d", o.status);
	output_free(&o);
	json_t *matrix = ask("geo", "matrix", NULL, NULL);
	CHECK(number_in(json_object_get(matrix, "map"), "countries") == 2, "the last good one");
	json_decref(matrix);
}

static int export_to(const char *path)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"), "geo",
		"export", "--window", "year", path, NULL};
	struct output o = run(argv, 30);
	int status = o.status;

	output_free(&o);
	return status;
}

// A machine with a state of its own, twice: both processes begin anew, and its year goes on.
static void live_twice(const char *machine, const char *first, const char *second)
{
	const char *const files[] = {first, second};
	char more[256];

	snprintf(more, sizeof(more), "geo_key_file: %s/key\nstate: %s/%s\n", dir, dir, machine);
	for (unsigned life = 0; life < 2; life++) {
		json_int_t flows = (PERSONS_US + PERSONS_DE) * 2 * (life + 1);
		stop(control, SIGTERM);
		kill(dataplane, SIGKILL);
		stop(dataplane, SIGKILL);
		CHECK(start_appliance(more) && wait_until(has_ended, &flows, 30000), "life %u",
			life);
		json_t *matrix = ask("geo", "matrix", "--window", "year");
		check_matrix(matrix, life + 1);
		json_decref(matrix);
		CHECK(export_to(files[life]) == 0, "exported");
		CHECK(export_to(files[life]) == 1, "not over a file");
	}
}

static struct output merge(const char *a, const char *b)
{
	const char *argv[] = {program("sealctl"), "--json", "geo", "merge", a, b, NULL};
	return run(argv, 30);
}

static void check_refused(const char *a, const char *b, const char *why)
{
	struct output o = merge(a, b);

	CHECK(o.status == 1 && strstr(o.err, why) != NULL, "%d %s", o.status, o.err);
	output_free(&o);
}

static void check_bad_key(void)
{
	char text[256];
	const char *argv[] = {
		program("sealwatchd"), "--check", "-c", in_dir(dir, "bad.yaml"), NULL};

	snprintf(text, sizeof(text), "geo_key_file: %s/key\n", dir);
	write_file(in_dir(dir, "bad.yaml"), text);
	struct output o = run(argv, 10);
	CHECK(o.status == 0, "%d %s", o.status, o.err);
	output_free(&o);
	chmod(in_dir(dir, "key"), 0644);
	o = run(argv, 10);
	CHECK(o.status == 2 && strstr(o.err, "/key names a file that others may read") != NULL,
		"%d %s", o.status, o.err);
	output_free(&o);
	chmod(in_dir(dir, "key"), 0600);
}

static void test_together(void)
{
	const char *files[] = {
		in_dir(dir, "a1"), in_dir(dir, "a2"), in_dir(dir, "b1"), in_dir(dir, "b2")};

	for (size_t i = 0; i < ROWS(files); i++)
		files[i] = strdup(files[i]);
	CHECK(export_to(files[0]) == 1, "no key, no export");
	write_file(in_dir(dir, "key"), "0123456789abcdefghijklmnopqrstuv");
	chmod(in_dir(dir, "key"), 0600);
	check_bad_key();
	live_twice("one", files[0], files[1]);
	live_twice("two", files[2], files[3]);
	struct output o = merge(files[1], files[2]);
	json_t *matrix = json_loads(o.out, 0, NULL);
	CHECK(o.status == 0 && number_in(matrix, "machines") == 2, "%d %s", o.status, o.err);
	check_matrix(matrix, 3);
	json_decref(matrix);
	output_free(&o);
	check_refused(files[0], files[1], "same machine");
	check_refused(files[0], capture, "byte 0: this is no file");
	o = merge(files[0], in_dir(dir, "absent"));
	CHECK(o.status == 2, "%d", o.status);
	output_free(&o);
	for (size_t i = 0; i < ROWS(files); i++)
		free((char *)(uintptr_t)files[i]);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"replay", test_replay},
		{"EVE", test_eve},
		{"the appliance", test_appliance},
		{"geo load", test_load},
		{"machines together", test_together},
		CU_TEST_INFO_NULL,
	};

	dir = scratch_new();
	capture = strdup(in_dir(dir, "borders.pcap"));
	countries = strdup(in_dir(dir, "countries"));
	write_capture(capture);
	write_file(countries,
		"203.0.113.0,203.0.113.255,US,64500\n198.51.100.0,198.51.100.255,DE\n"
		"192.0.2.0,192.0.2.255,FR\n");
	int failed = check_main("borders", tests);
	if (control > 0)
		kill(control, SIGKILL);
	if (dataplane > 0)
		kill(dataplane, SIGKILL);
	scratch_remove(dir);
	return failed;
}
