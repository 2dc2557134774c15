// What rules are made of beside their text: lists of values, the database of countries.

#include "tests/e2e/process.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *dir;
static const char *sample;

static json_t *summary_of(const char *const argv[])
{
	struct output o = run(argv, 60);
	json_t *summary = json_loads(o.out, 0, NULL);

	CHECK(o.status == 0, "%d: %.80s", o.status, o.err);
	output_free(&o);
	return summary;
}

// Lists beside the rules; sets that grow as the capture goes on.
static void test_datasets(void)
{
	static const struct {
		const char *name, *proto, *options;
		int want;
	} cases[] = {
		{"a name of the list", "http",
			"http.host; dataset:isset,hosts,type string,load hosts.lst;", 1},
		{"its digest", "http",
			"http.host; to_md5; dataset:isset,digests,type md5,load digests.lst;", 1},
		{"every value once", "http", "http.host; dataset:set,seen,type string;", 6},
		{"but what the list has", "http",
			"http.host; dataset:set,hosts2,type string,load hosts.lst;", 5},
		{"every name that is asked for, once", "dns",
			"dns.query; dataset:set,names,type string;", 24},
		{"an address", "http", "ip.dst; dataset:isset,nobody,type ip,load nobody.lst;", 0},
	};

	// printf %s shop.example.com | base64, | md5sum
	write_file(in_dir(dir, "hosts.lst"), "# hosts\nc2hvcC5leGFtcGxlLmNvbQ==\n");
	write_file(in_dir(dir, "digests.lst"), "f40d9b2f6eeec78e169bc40177907bff\n");
	write_file(in_dir(dir, "nobody.lst"), "192.0.2.253\n2001:db8::fd\n");
	for (size_t i = 0; i < 2 * ROWS(cases); i++) {
		const size_t row = i / 2;
		const char *rules = in_dir(dir, "datasets.rules");
		char text[400];
		snprintf(text, sizeof(text), "alert %s any any -> any any (msg:\"x\"; %s sid:1;)\n",
			cases[row].proto, cases[row].options);
		write_file(rules, text);
		const char *argv[] = {program("sealwatch-replay"), "--json", "--workers",
			i % 2 == 0 ? "1" : "4", "-S", rules, "-r", sample, NULL};
		json_t *s = summary_of(argv);
		json_int_t alerts = json_integer_value(json_object_get(s, "alerts"));
		CHECK(alerts == cases[row].want, "%s: %d", cases[row].name, (int)alerts);
		json_decref(s);
	}
}

// A database of the test's own, named by the configuration that the daemon takes, too.
static void test_countries(void)
{
	static const struct {
		const char *name, *options, *database;
		int status;
		const char *says;
	} cases[] = {
		{"all that is spoken", "geoip:any,DE;", "0.0.0.0,255.255.255.255,DE\n", 0, "x"},
		{"nothing of it", "geoip:any,DE;", "0.0.0.0,0.0.0.1,DE\n", 0, ""},
		{"a broken database", "geoip:any,DE;", "0.0.0.0,DE\n", 4, "countries.txt:1:1: two"},
		{"none", "geoip:any,DE;", NULL, 4, "countries.txt: No such file"},
	};
	const char *database = in_dir(dir, "countries.txt"), *config = in_dir(dir, "geo.yaml");
	const char *rules = in_dir(dir, "geo.rules");
	char text[4200];

	snprintf(text, sizeof(text), "geoip_database: %s\n", database);
	write_file(config, text);
	for (size_t i = 0; i < ROWS(cases); i++) {
		unlink(database);
		if (cases[i].database != NULL)
			write_file(database, cases[i].database);
		snprintf(text, sizeof(text),
			"alert dns any any -> any any (msg:\"x\"; %s sid:1;)\n", cases[i].options);
		write_file(rules, text);
		const char *argv[] = {
			program("sealwatch-replay"), "-c", config, "-S", rules, "-r", sample, NULL};
		struct output o = run(argv, 30);
		CHECK(o.status == cases[i].status, "%s: %d", cases[i].name, o.status);
		bool hits = strstr(o.out, "\nHITS ") != NULL;
		CHECK(hits == (strcmp(cases[i].says, "x") == 0), "%s: hits", cases[i].name);
		CHECK(o.status == 0 || strstr(o.err, cases[i].says) != NULL, "%s: %.200s",
			cases[i].name, o.err);
		output_free(&o);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"sets of values, 1 and 4 workers", test_datasets},
		{"countries", test_countries},
		CU_TEST_INFO_NULL,
	};

	dir = scratch_new();
	sample = strdup(in_dir(dir, "sample.pcap"));
	const char *argv[] = {program("sealwatch-craft"), "sample", "-w", sample, NULL};
	struct output o = run(argv, 30);
	int status = o.status == 0 ? check_main("rule_files", tests) : 1;
	output_free(&o);
	free((char *)sample);
	scratch_remove(dir);
	return status;
}
