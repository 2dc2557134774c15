// sealwatch-replay over captures that sealwatch-craft makes: what went in must come out, however
// it is cut, reordered, wrapped or dealt; and bad input ends with a message and its exit status.

#include "tests/e2e/process.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *dir;
static const char *sample;
static json_t *planned; // what sealwatch-craft says it put in

static bool craft_sample(void)
{
	const char *argv[] = {program("sealwatch-craft"), "sample", "-w", sample, "--json", NULL};
	struct output o = run(argv, 30);
	planned = json_loads(o.out, 0, NULL);
	output_free(&o);
	return planned != NULL;
}

static int craft(const char *const extra[], const char *out)
{
	const char *argv[16] = {program("sealwatch-craft"), "transform"};
	unsigned n = 2;

	while (*extra != NULL)
		argv[n++] = *extra++;
	argv[n++] = "-r";
	argv[n++] = sample;
	argv[n++] = "-w";
	argv[n++] = out;
	struct output o = run(argv, 30);
	int status = o.status;
	output_free(&o);
	return status;
}

static json_t *replay_rules(const char *rules, const char *capture, const char *workers)
{
	const char *eve = in_dir(dir, "eve.json");
	const char *argv[] = {program("sealwatch-replay"), "--lab", "-q", "--workers", workers,
		"-S", rules, "-r", capture, "--eve", eve, NULL};

	unlink(eve);
	struct output o = run(argv, 60);
	CHECK(o.status == 0, "%s: %d %.60s", capture, o.status, o.err);
	output_free(&o);
	return read_eve(eve);
}

static json_t *replay_eve(const char *capture, const char *workers)
{
	return replay_rules(source_path("patterns/sets/im-services.rules"), capture, workers);
}

// The sorted set of one value of all records of a type.
static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static json_t *sorted_set(json_t *list)
{
	size_t n = json_array_size(list);
	const char **texts = calloc(n + 1, sizeof(*texts));
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		texts[i] = json_string_value(json_array_get(list, i));
	qsort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(texts[i], texts[i - 1]) != 0)
			json_array_append_new(out, json_string(texts[i]));
	}
	free(texts);
	return out;
}

static void collect(json_t *out, json_t *record, const char *type, const char *key)
{
	json_t *body = json_object_get(record, type);
	json_t *value = json_object_get(body, key);
	size_t i;
	json_t *query;

	if (value != NULL)
		json_array_append(out, value);
	if (strcmp(type, "dns") != 0 ||
		strcmp(json_string_value(json_object_get(body, "type")), "request") != 0)
		return;
	json_array_foreach(json_object_get(body, "queries"), i, query)
		json_array_append(out, json_object_get(query, "rrname"));
}

static json_t *seen(json_t *eve, const char *type, const char *key)
{
	json_t *all = json_array();
	json_t *record;
	size_t i;

	json_array_foreach(eve, i, record)
	{
		const char *is = json_string_value(json_object_get(record, "event_type"));
		if (is != NULL && strcmp(is, type) == 0)
			collect(all, record, type, key);
	}
	json_t *set = sorted_set(all);
	json_decref(all);
	return set;
}

static const struct {
	const char *planned, *type, *key;
} values[] = {
	{"tls_sni", "tls", "sni"},
	{"http_host", "http", "hostname"},
	{"dns_query", "dns", "none"},
};

static void check_values(json_t *eve, const char *what)
{
	for (size_t i = 0; i < ROWS(values); i++) {
		json_t *want = sorted_set(json_object_get(planned, values[i].planned));
		json_t *have = seen(eve, values[i].type, values[i].key);
		CHECK(json_array_size(want) > 0, "%s was planned", values[i].planned);
		CHECK(json_equal(want, have), "%s: %s: %zu wanted, %zu seen", what,
			values[i].planned, json_array_size(want), json_array_size(have));
		json_decref(want);
		json_decref(have);
	}
}

static void test_sample(void)
{
	static const char *const workers[] = {"1", "2", "4"};

	for (size_t i = 0; i < ROWS(workers); i++) {
		json_t *eve = replay_eve(sample, workers[i]);
		CHECK(eve != NULL, "EVE is JSON");
		check_values(eve, workers[i]);
		json_decref(eve);
	}
}

static void test_transformed(void)
{
	static const struct {
		const char *name;
		const char *op[4];
	} cases[] = {
		{"one byte a segment", {"segment", "1"}},
		{"seven bytes a segment", {"segment", "7"}},
		{"reordered", {"reorder"}},
		{"duplicated", {"duplicate"}},
		{"fragmented", {"fragment", "64"}},
		{"fragmented small", {"fragment", "8"}},
		{"in a VLAN", {"vlan", "42"}},
		{"in VXLAN", {"vxlan", "77"}},
		{"in GRE", {"gre"}},
		{"in GTP-U", {"gtpu", "99"}},
		{"under MPLS", {"mpls", "17"}},
		{"in PPPoE", {"pppoe", "5"}},
		{"with other addresses", {"addresses", "3"}},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		const char *out = in_dir(dir, "transformed.pcap");
		int status = craft(cases[i].op, out);
		CHECK(status == 0, "%s: craft %d", cases[i].name, status);
		for (unsigned w = 1; w <= 3; w += 2) {
			json_t *eve = replay_eve(out, w == 1 ? "1" : "3");
			check_values(eve, cases[i].name);
			json_decref(eve);
		}
	}
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// All records but the statistics, as sorted lines.
static char *records(json_t *eve)
{
	size_t n = 0, len = 1;
	char **lines = calloc(json_array_size(eve) + 1, sizeof(*lines));
	json_t *record;
	size_t i;

	json_array_foreach(eve, i, record)
	{
		if (strcmp(json_string_value(json_object_get(record, "event_type")), "stats") == 0)
			continue;
		lines[n] = json_dumps(record, JSON_SORT_KEYS);
		len += strlen(lines[n++]) + 1;
	}
	qsort(lines, n, sizeof(*lines), by_line);
	char *all = calloc(1, len);
	char *end = all;
	for (i = 0; i < n; i++) {
		end = stpcpy(end, lines[i]);
		end = stpcpy(end, "\n");
		free(lines[i]);
	}
	free(lines);
	json_decref(eve);
	return all;
}

// The same records, to the byte, for any number of workers.
static void test_same_for_any_workers(void)
{
	static const char *const workers[] = {"2", "3", "4"};
	const char *load = in_dir(dir, "load.pcap");
	const char *argv[] = {program("sealwatch-craft"), "load", "-w", load, "--bytes", "8M",
		"--flows", "400", NULL};
	struct output o = run(argv, 30);
	const char *captures[] = {sample, load};

	CHECK(o.status == 0, "craft");
	output_free(&o);
	for (size_t c = 0; c < ROWS(captures); c++) {
		char *one = records(replay_eve(captures[c], "1"));
		CHECK(strlen(one) > 10000, "there are records");
		for (size_t i = 0; i < ROWS(workers); i++) {
			char *more = records(replay_eve(captures[c], workers[i]));
			CHECK(strcmp(one, more) == 0, "%s with %s workers", captures[c],
				workers[i]);
			free(more);
		}
		free(one);
	}
}

// What rules remember of addresses, or of all traffic, does not depend on which worker saw it.
static void test_memory_of_workers(void)
{
	static const char text[] =
		"alert tls any any -> any any (tls.sni; content:\"a\"; threshold: type threshold, "
		"track by_rule, count 7, seconds 1; sid:1;)\n"
		"alert tls any any -> any any (tls.sni; content:\"e\"; threshold: type limit, "
		"track by_src, count 2, seconds 5; sid:2;)\n"
		"alert ip any any -> any any (ttl:>0; detection_filter: track by_dst, count 3, "
		"seconds 2; threshold: type threshold, track by_rule, count 50, seconds 9; "
		"sid:3;)\n"
		"alert tls any any -> any any (tls.sni; content:\"o\"; xbits:toggle,x,track "
		"ip_src; "
		"noalert; sid:4;)\n"
		"alert tls any any -> any any (tls.sni; content:\".\"; xbits:isset,x,track ip_src; "
		"hostbits:set,y; sid:5;)\n"
		"alert http any any -> any any (http.method; hostbits:isset,y; content:\"T\"; "
		"sid:6;)\n";
	static const char *const workers[] = {"2", "3", "4"};
	const char *rules = in_dir(dir, "memory.rules");
	const char *captures[] = {sample, in_dir(dir, "load.pcap")};

	write_file(rules, text);
	for (size_t c = 0; c < ROWS(captures); c++) {
		char *one = records(replay_rules(rules, captures[c], "1"));
		CHECK(strstr(one, "\"signature_id\": 1}") != NULL || c == 0, "a threshold was met");
		CHECK(strstr(one, "\"signature_id\": 5}") != NULL, "a bit was seen");
		for (size_t i = 0; i < ROWS(workers); i++) {
			char *more = records(replay_rules(rules, captures[c], workers[i]));
			CHECK(strcmp(one, more) == 0, "%s with %s workers", captures[c],
				workers[i]);
			free(more);
		}
		free(one);
	}
}

static json_t *summary_of(const char *const argv[])
{
	struct output o = run(argv, 60);
	json_t *summary = json_loads(o.out, 0, NULL);

	CHECK(o.status == 0, "%d: %.80s", o.status, o.err);
	output_free(&o);
	return summary;
}

static void test_summary(void)
{
	const char *argv[] = {program("sealwatch-replay"), "--json", "-S",
		source_path("patterns/sets/im-services.rules"), "-r", sample, "-r", sample, NULL};
	json_t *s = summary_of(argv);
	json_int_t packets = json_integer_value(json_object_get(planned, "packets"));
	bool whatsapp = false;
	json_t *service;
	size_t i;

	CHECK(json_integer_value(json_object_get(s, "packets")) == 2 * packets, "two captures");
	CHECK(json_integer_value(json_object_get(s, "unaccounted")) == 0, "accounting");
	json_array_foreach(json_object_get(s, "services"), i, service) whatsapp |=
		strcmp(json_string_value(json_object_get(service, "service")), "whatsapp") == 0;
	CHECK(whatsapp, "WhatsApp is named");
	CHECK(json_array_size(json_object_get(s, "rules")) > 0, "rules hit");
	json_decref(s);
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

// What one worker counts of the rules, several count; time apart.
static void test_rule_numbers(void)
{
	static const char *const workers[] = {"1", "3"};
	uint64_t first_ns, last_ns;
	json_t *one = NULL;

	capture_times(sample, &first_ns, &last_ns);
	CHECK(first_ns < last_ns, "the sample's time");
	for (size_t w = 0; w < ROWS(workers); w++) {
		const char *argv[] = {program("sealwatch-replay"), "--json", "--workers",
			workers[w], "-S", source_path("patterns/sets/im-services.rules"), "-r",
			sample, NULL};
		json_t *s = summary_of(argv), *seen = json_object(), *rule;
		json_int_t alerts = 0;
		size_t i;
		json_array_foreach(json_object_get(s, "rules"), i, rule)
		{
			json_int_t sid = number_of(rule, "sid"), hits = number_of(rule, "hits");
			json_int_t checks = number_of(rule, "checks");
			uint64_t last_hit_ns = (uint64_t)number_of(rule, "last_hit_ns");
			char key[32];
			CHECK(checks > 0 && checks >= hits &&
					checks >= number_of(rule, "prefilter"),
				"sid %d: %d checks", (int)sid, (int)checks);
			CHECK(hits == 0 || (last_hit_ns >= first_ns && last_hit_ns <= last_ns),
				"sid %d: its last hit", (int)sid);
			alerts += number_of(rule, "alerts");
			snprintf(key, sizeof(key), "%d", (int)sid);
			json_object_set_new(seen, key,
				json_pack("[I, I, I]", checks, number_of(rule, "prefilter"), hits));
		}
		CHECK(json_object_size(seen) > 10, "rules");
		CHECK(alerts == number_of(s, "alerts"), "all alerts are some rule's");
		CHECK(one == NULL || json_equal(one, seen), "%s workers", workers[w]);
		json_decref(s);
		if (one == NULL)
			one = seen;
		else
			json_decref(seen);
	}
	json_decref(one);
}

// Without --lab no address of the capture may come out, and no value of a URL's parameters.
static void test_masked(void)
{
	const char *eve = in_dir(dir, "masked.json");
	const char *argv[] = {program("sealwatch-replay"), "-q", "-S",
		source_path("patterns/sets/im-services.rules"), "-r", sample, "--eve", eve, NULL};
	struct output o = run(argv, 60);
	json_t *clear = replay_eve(sample, "1");
	json_t *masked = read_eve(eve);
	char *text = json_dumps(masked, 0);
	unsigned leaked = 0;
	json_t *record;
	size_t i;

	CHECK(o.status == 0, "%d", o.status);
	CHECK(json_array_size(masked) > 10, "there are records");
	json_array_foreach(clear, i, record)
	{
		static const char *const keys[] = {"src_ip", "dest_ip"};
		for (size_t k = 0; k < ROWS(keys); k++) {
			const char *address = json_string_value(json_object_get(record, keys[k]));
			char quoted[80];
			if (address == NULL)
				continue;
			snprintf(quoted, sizeof(quoted), "\"%s\"", address);
			leaked += strstr(text, quoted) != NULL;
		}
	}
	CHECK(leaked == 0, "%u addresses stand in the masked records", leaked);
	output_free(&o);
	free(text);
	json_decref(clear);
	json_decref(masked);
}

static void test_bad_input(void)
{
	const char *rules = source_path("patterns/sets/im-services.rules");
	const char *empty = in_dir(dir, "empty.pcap");
	const char *noise = in_dir(dir, "noise");
	const char *bad_rule = in_dir(dir, "bad.rules");
	const char *cut = in_dir(dir, "cut.pcap");
	const char *cut_op[] = {"cut", "5000", NULL};
	char bytes[4000];

	const char *config = in_dir(dir, "sealwatchd.yaml");
	const char *home_rule = in_dir(dir, "home.rules");

	write_file(empty, "");
	write_file(config, "variables:\n  - {name: LAB_NET, value: \"[10.0.0.0/8]\"}\n");
	write_file(home_rule, "alert ip $LAB_NET any -> any any (msg:\"lab\"; sid:1;)\n");
	write_file(bad_rule, "alert tls any any -> any any (msg:\"x\"; flibber:1; sid:1;)\n");
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7919 >> 3);
	FILE *f = fopen(noise, "w");
	fwrite(bytes, 1, sizeof(bytes), f);
	fclose(f);
	CHECK(craft(cut_op, cut) == 0, "cut");

	const struct {
		const char *name;
		const char *args[8];
		int status;
		const char *says;
	} cases[] = {
		{"nothing given", {NULL}, 2, "-r"},
		{"unknown option", {"--flibber"}, 2, "flibber"},
		{"workers 0", {"--workers", "0", "-r", sample}, 2, "--workers"},
		{"no such capture", {"-r", "/nonexistent"}, 3, "/nonexistent: No such file"},
		{"a directory", {"-r", dir}, 3, "Is a directory"},
		{"an empty file", {"-r", empty}, 3, "empty.pcap"},
		{"noise as capture", {"-r", noise}, 3, "noise"},
		{"a capture cut in a packet", {"-r", cut}, 0, "broken after frame"},
		{"noise as rules", {"-S", noise, "-r", sample}, 4, "noise:1:"},
		{"no such rules", {"-S", "/nonexistent", "-r", sample}, 4, "/nonexistent"},
		{"unknown keyword", {"-S", bad_rule, "-r", sample}, 4, "bad.rules:1:40: "},
		{"full disk", {"-S", rules, "-r", sample, "--eve", "/dev/full"}, 1,
			"No space left"},
		{"log directory in a file", {"-r", sample, "-l", in_dir(empty, "x")}, 1,
			"Not a directory"},
		{"bad configuration", {"-c", bad_rule, "-r", sample}, 2, "bad.rules:"},
		{"a variable of the configuration", {"-c", config, "-S", home_rule, "-r", sample},
			0, ""},
		{"without it", {"-S", home_rule, "-r", sample}, 4, "\"$LAB_NET\" is not defined"},
		{"bad filter", {"-F", "flibber flobber", "-r", sample}, 2, "filter"},
	};
	for (size_t i = 0; i < ROWS(cases); i++) {
		const char *argv[10] = {program("sealwatch-replay")};
		for (unsigned j = 0; j < 8 && cases[i].args[j] != NULL; j++)
			argv[j + 1] = cases[i].args[j];
		struct output o = run(argv, 30);
		CHECK(o.status == cases[i].status, "%s: %d", cases[i].name, o.status);
		CHECK(strstr(o.err, cases[i].says) != NULL, "%s: %.80s", cases[i].name, o.err);
		output_free(&o);
	}
}

static void test_loop(void)
{
	const char *argv[] = {
		program("sealwatch-replay"), "--json", "--loop", "5", "-r", sample, NULL};
	json_t *s = summary_of(argv);

	CHECK(json_integer_value(json_object_get(s, "packets")) ==
			5 * json_integer_value(json_object_get(planned, "packets")),
		"five times");
	CHECK(json_integer_value(json_object_get(s, "unaccounted")) == 0, "accounting");
	json_decref(s);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what went in comes out, 1, 2, 4 workers", test_sample},
		{"and however it is cut and wrapped", test_transformed},
		{"the same for any number of workers", test_same_for_any_workers},
		{"what rules remember, likewise", test_memory_of_workers},
		{"summary", test_summary},
		{"numbers of rules", test_rule_numbers},
		{"masked records", test_masked},
		{"bad input", test_bad_input},
		{"loop", test_loop},
		CU_TEST_INFO_NULL,
	};

	dir = scratch_new();
	sample = strdup(in_dir(dir, "sample.pcap"));
	if (!craft_sample()) {
		fprintf(stderr, "sealwatch-craft made no sample\n");
		return 1;
	}
	int status = check_main("replay", tests);
	json_decref(planned);
	free((char *)sample);
	scratch_remove(dir);
	return status;
}
