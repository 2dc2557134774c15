#include "tools/replay/options.h"

#include "dataplane/api/link.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_EVE = 256,
	OPT_WORKERS,
	OPT_LAB,
	OPT_LOOP,
	OPT_JSON,
	OPT_RATE,
	OPT_CLASSIFICATION,
	OPT_REFERENCE,
	OPT_THRESHOLD,
	OPT_DISABLE,
	OPT_PURPOSE,
	OPT_VERSION,
	OPT_EXAMPLES,
	OPT_COMPILED,
	OPT_REPORT,
	OPT_GEO
};

// One row an option: parsing and --help are made from it.
static const struct {
	const char *name;
	int value;
	const char *argument; // NULL: takes none
	const char *help;
} rows[] = {
	{"read", 'r', "CAPTURE", "capture (pcap, pcapng; gzip, zstd); may be given several times"},
	{"rules", 'S', "RULES",
		"rule file, directory of *.rules, or YAML with rule-files; likewise"},
	{"log-dir", 'l', "DIR", "write DIR/eve.json; DIR is made when it is missing"},
	{"eve", OPT_EVE, "FILE", "write EVE JSON to FILE, '-' for standard output"},
	{"config", 'c', "FILE",
		"variables, and what stands beside rules, of a sealwatchd.yaml; "
		"segments of a dataplane.yaml; may be given for both"},
	{"classification-file", OPT_CLASSIFICATION, "FILE", "classes of rules, instead of -c's"},
	{"reference-file", OPT_REFERENCE, "FILE", "systems of references, instead of -c's"},
	{"threshold-file", OPT_THRESHOLD, "FILE", "suppressions and thresholds, instead of -c's"},
	{"disable-file", OPT_DISABLE, "FILE", "rules to leave out, instead of -c's"},
	{"geo", OPT_GEO, "FILE", "countries of addresses: .mmdb, or text as tor-geoipdb has it"},
	{"purpose", OPT_PURPOSE, "FILE", "register of purposes: rules about content need one"},
	{"filter", 'F', "BPF", "only frames that it lets pass, see pcap-filter(7)"},
	{"checksums", 'k', "all|none|drop",
		"verify and count (default), do not look, drop bad ones"},
	{"workers", OPT_WORKERS, "N", "worker threads (default 1: all in one thread)"},
	{"loop", OPT_LOOP, "N", "read the captures N times, 0: until interrupted"},
	{"rate", OPT_RATE, "PPS", "at most so many packets a second"},
	{"lab", OPT_LAB, NULL,
		"captures one owns: nothing is masked; implies the purpose \"laboratory\""},
	{"examples", OPT_EXAMPLES, NULL,
		"run examples of rules (-S, or all other arguments), no captures"},
	{"compiled", OPT_COMPILED, "FILE",
		"--examples: of this compiled set (only one you made yourself)"},
	{"report", OPT_REPORT, NULL, "--examples: say how it went as sealwatchd reads it"},
	{"json", OPT_JSON, NULL, "print the summary as JSON"},
	{"quiet", 'q', NULL, "no progress, no summary"},
	{"help", 'h', NULL, "this text"},
	{"version", OPT_VERSION, NULL, "the version"},
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static void help(void)
{
	printf("usage: sealwatch-replay [options] -r CAPTURE...\n"
	       "Runs captures through the appliance's workers: one process, no privileges.\n\n");
	for (int i = 0; i < N_ROWS; i++) {
		char left[64];
		char letter[8] = "    ";
		if (rows[i].value < 256)
			snprintf(letter, sizeof(letter), "-%c, ", rows[i].value);
		snprintf(left, sizeof(left), "%s--%s %s", letter, rows[i].name,
			rows[i].argument != NULL ? rows[i].argument : "");
		printf("  %-30s %s\n", left, rows[i].help);
	}
	printf("\nexit status: 0 done (also with a truncated capture), 1 output could not be "
	       "written\n"
	       "or memory is short, 2 usage, 3 a capture can not be read, 4 the rules (or their\n"
	       "examples) have errors, 5 an example fails\n");
}

static int usage(const char *what, const char *value)
{
	fprintf(stderr, "sealwatch-replay: %s%s%s; try --help\n", what, value != NULL ? ": " : "",
		value != NULL ? value : "");
	return 2;
}

static bool number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || v > max)
		return false;
	*out = v;
	return true;
}

static int take_path(const char **paths, unsigned *n, const char *path)
{
	if (*n == PATHS_MAX)
		return usage("too many files", NULL);
	paths[(*n)++] = path;
	return -1;
}

static int take_checksums(struct replay_options *o, const char *value)
{
	o->verify_checksum = strcmp(value, "none") != 0;
	o->drop_bad_checksum = strcmp(value, "drop") == 0;
	if (o->verify_checksum && !o->drop_bad_checksum && strcmp(value, "all") != 0)
		return usage("-k takes all, none or drop, not", value);
	return -1;
}

static int take_number(struct replay_options *o, int option, const char *value)
{
	uint64_t v;

	switch (option) {
	case OPT_WORKERS:
		if (!number(value, LINK_WORKERS_MAX, &v) || v == 0)
			return usage("--workers takes 1 to 64, not", value);
		o->workers = (unsigned)v;
		return -1;
	case OPT_LOOP:
		if (!number(value, UINT32_MAX, &v))
			return usage("--loop takes a number, not", value);
		o->loops = (unsigned)v;
		return -1;
	default:
		if (!number(value, 1000000000, &o->rate_pps))
			return usage("--rate takes packets a second, not", value);
		return -1;
	}
}

// Options that only set a text or a flag: where it stands in the options.
#define AT(member) offsetof(struct replay_options, member)
static const struct {
	int option;
	size_t at;
} texts[] = {{'l', AT(log_dir)}, {'F', AT(filter)}, {OPT_EVE, AT(eve)},
	{OPT_CLASSIFICATION, AT(companions.classification_file)},
	{OPT_REFERENCE, AT(companions.reference_file)},
	{OPT_THRESHOLD, AT(companions.threshold_file)}, {OPT_DISABLE, AT(companions.disable_file)},
	{OPT_COMPILED, AT(compiled)}, {OPT_GEO, AT(geo)}, {OPT_PURPOSE, AT(purpose)}},
  flags[] = {{'q', AT(quiet)}, {OPT_LAB, AT(lab)}, {OPT_JSON, AT(json)},
	  {OPT_EXAMPLES, AT(examples)}, {OPT_REPORT, AT(report)}};

static bool set_plain(struct replay_options *o, int option, const char *value)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].option != option)
			continue;
		*(const char **)((char *)o + texts[i].at) = value;
		return true;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].option != option)
			continue;
		*(bool *)((char *)o + flags[i].at) = true;
		return true;
	}
	return false;
}

static int take(struct replay_options *o, int option, const char *value)
{
	if (set_plain(o, option, value))
		return -1;
	switch (option) {
	case 'r':
		return take_path(o->captures, &o->n_captures, value);
	case 'S':
		return take_path(o->rules, &o->n_rules, value);
	case 'c':
		if (o->n_configs == CONFIGS_MAX)
			return usage("-c is given too often", NULL);
		o->configs[o->n_configs++] = value;
		return -1;
	case 'k':
		return take_checksums(o, value);
	case 'h':
		help();
		return 0;
	case OPT_VERSION:
		printf("sealwatch-replay " SEALWATCH_VERSION "\n");
		return 0;
	case OPT_WORKERS:
	case OPT_LOOP:
	case OPT_RATE:
		return take_number(o, option, value);
	}
	return usage("bad option", NULL);
}

static int check_examples(const struct replay_options *o)
{
	if (o->n_rules == 0)
		return usage("--examples wants rules", NULL);
	if (o->n_captures > 0 || o->log_dir != NULL || o->eve != NULL)
		return usage("--examples excludes -r, -l and --eve", NULL);
	return -1;
}

int replay_options_parse(struct replay_options *o, int argc, char **argv)
{
	struct option longs[N_ROWS + 1] = {0};
	char shorts[2 * N_ROWS + 2] = "";
	size_t n = 0;

	for (int i = 0; i < N_ROWS; i++) {
		longs[i] = (struct option){.name = rows[i].name,
			.has_arg = rows[i].argument != NULL ? required_argument : no_argument,
			.val = rows[i].value};
		if (rows[i].value > 255)
			continue;
		shorts[n++] = (char)rows[i].value;
		if (rows[i].argument != NULL)
			shorts[n++] = ':';
	}

	*o = (struct replay_options){.workers = 1, .loops = 1, .verify_checksum = true};
	int option;
	while ((option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int status = option == '?' ? 2 : take(o, option, optarg);
		if (status >= 0)
			return status;
	}
	// -r a.pcap b.pcap c.pcap: what a shell makes of -r *.pcap.
	for (; optind < argc; optind++) {
		int status = o->examples ? take_path(o->rules, &o->n_rules, argv[optind])
					 : take_path(o->captures, &o->n_captures, argv[optind]);
		if (status >= 0)
			return status;
	}
	if (o->examples)
		return check_examples(o);
	if (o->report || o->compiled != NULL)
		return usage("--compiled and --report are for --examples", NULL);
	if (o->n_captures == 0)
		return usage("no capture given (-r FILE)", NULL);
	if (o->log_dir != NULL && o->eve != NULL)
		return usage("-l and --eve exclude each other", NULL);
	return -1;
}
