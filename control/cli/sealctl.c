// sealctl: asks sealwatchd.

#include "control/cli/cli.h"

#include "control/cli/top_rows.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

enum {
	OPTION_WATCH = 1 << 0,
	OPTION_RULES = 1 << 1,
	OPTION_DEADLINE = 1 << 2,
	OPTION_AGAIN = 1 << 3, // --interval, --once
	OPTION_LINT = 1 << 4, // --strict, --max-ns, --max-memory
	OPTION_COUNT = 1 << 5,
	OPTION_SHARE = 1 << 6,
	OPTION_BY = 1 << 7,
	OPTION_POSTURE = 1 << 8, // --segment, --trend, --explain
	OPTION_WINDOW = 1 << 9,
	OPTION_DAYS = 1 << 10,
	WORDS_MAX = 3,
	PATHS_MAX = 64,
};

struct command {
	const char *words[WORDS_MAX]; // "patterns", "load"
	enum cli_exit (*run)(const struct cli *cli);
	int min_args, max_args;
	unsigned options;
	const char *arguments;
	const char *help;
};

static const struct command commands[] = {
	{{"status", NULL}, cli_status, 0, 0, 0, "",
		"dataplane, pattern set, accounting of packets, events"},
	{{"patterns", "load"}, cli_patterns_load, 1, PATHS_MAX, OPTION_DEADLINE, "PATH...",
		"compile rules (files, directories of *.rules, YAML with rule-files) and make\n"
		"  them the live set; waits, and prints the receipt; Ctrl-C cancels it"},
	{{"patterns", "lint"}, cli_patterns_lint, 1, PATHS_MAX, OPTION_DEADLINE | OPTION_LINT,
		"PATH...",
		"what is wrong with rules that could be loaded, and what they cost; loads "
		"nothing,\n"
		"  and needs no dataplane"},
	{{"patterns", "test"}, cli_patterns_test, 1, PATHS_MAX, OPTION_DEADLINE, "PATH...",
		"run the examples of rules (NAME.examples.yaml, metadata) as a load does;\n"
		"  loads nothing, and needs no dataplane"},
	{{"patterns", "diff"}, cli_patterns_diff, 1, 2, OPTION_DEADLINE, "[A] B",
		"rules that are new, gone or other in B: a file, a directory, a generation,\n"
		"  the begin of a digest, or \"live\" (A, when it is left out)"},
	{{"patterns", "list"}, cli_patterns_list, 0, 0, 0, "",
		"the sets that were live last: what a rollback can bring back"},
	{{"patterns", "show"}, cli_patterns_show, 0, 0, OPTION_RULES, "",
		"the live set: files, warnings, who loaded it"},
	{{"patterns", "rollback"}, cli_patterns_rollback, 0, 1, OPTION_DEADLINE,
		"[GENERATION|DIGEST]",
		"make a set live again that was before (by default the one before this);\n"
		"  of a digest the first eight digits will do"},
	{{"patterns", "disable"}, cli_patterns_disable, 1, PATHS_MAX, OPTION_DEADLINE,
		"[GID:]SID...",
		"leave these rules out of every set, from the live one on, which is compiled "
		"anew;\n"
		"  they stay disabled until they are enabled"},
	{{"patterns", "enable"}, cli_patterns_enable, 1, PATHS_MAX, OPTION_DEADLINE, "[GID:]SID...",
		"have these rules back; what the configuration disables stays so"},
	{{"patterns", "cancel"}, cli_patterns_cancel, 0, 1, 0, "[LOAD]",
		"give up a load: the one under way, or one that sealctl status shows"},
	{{"patterns", "stale"}, cli_patterns_stale, 0, 0, OPTION_DAYS, "",
		"rules of the live set that never hit since it was loaded, or are past their date"},
	{{"patterns", "shadow", "load"}, cli_shadow_load, 1, PATHS_MAX,
		OPTION_DEADLINE | OPTION_SHARE, "PATH...",
		"compile rules as load does, and let them run beside the live set on a share of "
		"the\n"
		"  flows: they are counted, and say nothing; in place of the shadow there was"},
	{{"patterns", "shadow", "show"}, cli_shadow_show, 0, 0, OPTION_COUNT, "",
		"what the shadow does otherwise than the live set on the same flows: hits and "
		"cost\n"
		"  of each rule, the largest difference first"},
	{{"patterns", "shadow", "promote"}, cli_shadow_promote, 0, 0, OPTION_DEADLINE, "",
		"make the shadow the live set; rollback brings back the one before"},
	{{"patterns", "shadow", "drop"}, cli_shadow_drop, 0, 0, 0, "",
		"end the shadow; what is live stays live"},
	{{"purpose", "add"}, cli_purpose_add, 1, PATHS_MAX, 0, "ID KEY=VALUE...",
		"an entry of the register: purpose=, legal_basis=, owner=; rules= (names of sets, "
		"gid:sid,\n"
		"  all) or detectors= (ids, classes, all), with commas; segment= (all), "
		"mode=counters|"
		"evidence,\n"
		"  retention_days= (30). Rules and detectors about content that it covers become "
		"active"},
	{{"purpose", "list"}, cli_purpose_list, 0, 0, 0, "",
		"the register, retired entries included"},
	{{"purpose", "show"}, cli_purpose_show, 1, 1, 0, "ID", "one entry"},
	{{"purpose", "retire"}, cli_purpose_retire, 1, 1, 0, "ID",
		"what it alone covers becomes inactive; the entry stays in the register"},
	{{"evidence", "list"}, cli_evidence_list, 0, 0, 0, "", "sealed windows that are kept"},
	{{"evidence", "export"}, cli_evidence_export, 1, 2, 0, "RECORD [FILE]",
		"a record, for sealwatch-open; of its id the first eight digits will do (FILE: "
		"RECORD.swev)"},
	{{"evidence", "verify"}, cli_evidence_verify, 0, 0, 0, "",
		"is each record what was sealed, and the journal whole"},
	{{"evidence", "erase"}, cli_evidence_erase, 1, 1, 0, "RECORD",
		"destroys the record's key and prints the certificate"},
	{{"doctor", "privacy"}, cli_doctor_privacy, 0, PATHS_MAX, 0, "[PATH...]",
		"look for raw personal data in all that the daemon writes (events, state, cache, "
		"metrics,\n"
		"  answers), or in these files and directories, with our own detectors; status 1 "
		"when there is any"},
	{{"counters", NULL}, cli_counters, 0, 0, OPTION_WATCH | OPTION_RULES, "",
		"every counter, in sum and by worker, and the rules that hit"},
	{{"top", "rules"}, cli_top_rules, 0, 0, OPTION_BY | OPTION_AGAIN | OPTION_COUNT, "",
		"the rules that cost or hit most: confirm steps, hits, time; on a terminal again\n"
		"  and again, with what came since"},
	{{"top", NULL}, cli_top, 0, 0, OPTION_AGAIN, "",
		"what each worker does and how busy it is, and the cycles of a packet by stage; "
		"on a\n"
		"  terminal again and again, with what came since"},
	{{"posture", NULL}, cli_posture, 0, 1, OPTION_POSTURE, "[SERVICE]",
		"how well services are sealed, A to F by segment; of one service, each check that\n"
		"  holds"},
	{{"geo", "load"}, cli_geo_load, 0, 2, 0, "[FILE [ASN-FILE]]",
		"have this database of countries (.mmdb, or text as tor-geoipdb has it; the "
		"configured\n"
		"  one when none is named) looked up from the next flow on; and one of AS numbers"},
	{{"geo", "matrix"}, cli_geo_matrix, 0, 0, OPTION_WINDOW, "",
		"which service goes to which country: flows, bytes, and about how many persons"},
	{{"geo", "export"}, cli_geo_export, 1, 1, OPTION_WINDOW, "FILE",
		"write what this machine counted, for a merge with others of the same "
		"geo_key_file"},
	{{"geo", "merge"}, cli_geo_merge, 1, 16, 0, "FILE...",
		"the matrix over machines, each person once; files of geo export, of one day or "
		"year"},
	{{"services", NULL}, cli_services, 0, 0, 0, "", "messengers seen, by packets"},
	{{"leaks", NULL}, cli_leaks, 0, 0, 0, "",
		"personal data found in clear text: how many values of each kind, how sure"},
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const char exits[] =
	"exit status: 0 ok, 1 the daemon refused, 2 usage, 3 daemon not reachable,\n"
	"             4 the pattern set has errors (with --strict: or warnings), or its\n"
	"             examples fail; they are printed as file:line:column,\n"
	"             5 the load was cancelled, 6 it was not ready within its deadline\n"
	"             (after 4, 5 and 6 what was live is live still)\n";

static void print_name(const struct command *c)
{
	printf("%s", c->words[0]);
	for (unsigned i = 1; i < WORDS_MAX && c->words[i] != NULL; i++)
		printf(" %s", c->words[i]);
	if (c->arguments[0] != '\0')
		printf(" %s", c->arguments);
}

static void help_all(void)
{
	printf("usage: sealctl [--json] [--socket PATH] COMMAND\n\n");
	for (unsigned i = 0; i < N_COMMANDS; i++) {
		print_name(&commands[i]);
		printf("\n  %s\n", commands[i].help);
	}
	printf("\n      --json         print what the daemon answered\n"
	       "      --socket PATH  of the daemon (/run/sealwatch/control.sock)\n"
	       "  -h, --help         this text; after a command, its own\n"
	       "      --version      the version\n\n%s",
		exits);
}

static const char again_options[] =
	"      --interval SECONDS  again after so long, 1 to 3600 (on a terminal 2)\n"
	"      --once              the numbers so far, and no more\n";

static const char lint_options[] =
	"      --strict         warnings, too, are exit status 4\n"
	"      --max-ns N       more for a value of a field is an error\n"
	"      --max-memory MB  more for the whole set is an error\n"
	"                       (the daemon's defaults: lint.max_ns, lint.max_memory_mb)\n";

static const struct {
	unsigned option;
	const char *usage;
	const char *help; // NULL: by command
} option_texts[] = {
	{OPTION_WATCH, " [--watch]",
		"      --watch  again each second, with rates; ends with Ctrl-C\n"},
	{OPTION_RULES, " [--rules]", NULL},
	{OPTION_SHARE, " [--share PERCENT]",
		"      --share PERCENT     of the flows that it looks at, 0.1 to 100 (10)\n"},
	{OPTION_DEADLINE, " [--deadline SECONDS]",
		"      --deadline SECONDS  when it is to be ready (1 to 86400); else it is\n"
		"                          given up. The daemon's default: load_deadline_s\n"},
	{OPTION_DAYS, " [--days N]",
		"      --days N            rules that did not hit in the last N days, 1 to 36500;\n"
		"                          none before the set has been live for so long\n"},
	{OPTION_COUNT, " [--count N]",
		"      --count N           rules that are shown, 1 to 10000 (20)\n"},
	{OPTION_BY, " [--by KEY]",
		"      --by KEY            cost (the default), hits, checks or prefilter\n"},
	{OPTION_POSTURE, " [--segment NAME] [--trend] [--explain]",
		"      --segment NAME  flows of this segment only\n"
		"      --trend         by day\n"
		"      --explain       what is looked at, and how the grade comes about\n"},
	{OPTION_WINDOW, " [--window day|year]",
		"      --window KEY        day (the default) or year, the latest there is\n"},
	{OPTION_AGAIN, " [--interval SECONDS] [--once]", again_options},
	{OPTION_LINT, " [--strict] [--max-ns N] [--max-memory MB]", lint_options},
};

enum { N_OPTION_TEXTS = sizeof(option_texts) / sizeof(option_texts[0]) };

static void help_command(const struct command *c)
{
	printf("usage: sealctl [--json] [--socket PATH] ");
	print_name(c);
	for (unsigned i = 0; i < N_OPTION_TEXTS; i++)
		printf("%s", c->options & option_texts[i].option ? option_texts[i].usage : "");
	printf("\n\n  %s\n\n", c->help);
	for (unsigned i = 0; i < N_OPTION_TEXTS; i++) {
		if ((c->options & option_texts[i].option) != 0 && option_texts[i].help != NULL)
			printf("%s", option_texts[i].help);
	}
	if (c->options & OPTION_RULES)
		printf("      --rules  %s\n",
			c->run == cli_counters ? "only the rules that hit"
					       : "instead, each of its rules with its numbers");
	printf("%s%s", c->options != 0 ? "\n" : "", exits);
}

static bool is_word(const char *word, char *const *args, int n, int i)
{
	return word == NULL || (i < n && strcmp(args[i], word) == 0);
}

static const struct command *find_command(char *const *args, int n)
{
	for (unsigned i = 0; i < N_COMMANDS; i++) {
		const struct command *c = &commands[i];
		if (is_word(c->words[0], args, n, 0) && is_word(c->words[1], args, n, 1) &&
			is_word(c->words[2], args, n, 2))
			return c;
	}
	return NULL;
}

static enum cli_exit usage(const char *what, const char *value)
{
	fprintf(stderr, "sealctl: %s%s%s; try sealctl --help\n", what, value != NULL ? " " : "",
		value != NULL ? value : "");
	return CLI_USAGE;
}

static enum cli_exit run(struct cli *cli, unsigned options, bool help, char *const *args, int n)
{
	const struct command *c = find_command(args, n);

	if (n == 0 && help) {
		help_all();
		return CLI_OK;
	}
	if (c == NULL)
		return n == 0 ? usage("a command is wanted", NULL)
			      : usage("there is no such command:", args[0]);
	if (help) {
		help_command(c);
		return CLI_OK;
	}
	if ((options & ~c->options) != 0)
		return usage("an option that is not for", c->words[0]);
	int n_words = 0;
	while (n_words < WORDS_MAX && c->words[n_words] != NULL)
		n_words++;
	cli->args = args + n_words;
	cli->n_args = n - n_words;
	if (cli->n_args < c->min_args || cli->n_args > c->max_args)
		return usage(cli->n_args < c->min_args ? "an argument is missing after"
						       : "too many arguments after",
			args[n_words - 1]);
	return c->run(cli);
}

static bool take_number(const char *text, uint64_t max, unsigned *out)
{
	uint64_t n;

	if (!cli_parse_number(text, &n) || n > max)
		return false;
	*out = (unsigned)n;
	return true;
}

static bool take_bound(const char *text, uint64_t *out)
{
	return cli_parse_number(text, out) && *out <= UINT32_MAX;
}

// NULL, or what the option takes.
static const char *take_value(struct cli *cli, int option, const char *value)
{
	static const char bound[] = "a bound is a whole number above 0, not";

	switch (option) {
	case 'd':
		return take_number(value, 86400, &cli->deadline_s)
			? NULL
			: "--deadline takes 1 to 86400 seconds, not";
	case 'W':
		cli->window = value;
		return strcmp(value, "day") == 0 || strcmp(value, "year") == 0
			? NULL
			: "--window takes day or year, not";
	case 'b':
		cli->by = value;
		return top_is_key(value) ? NULL : "--by takes cost, hits, checks or prefilter, not";
	case 'c':
		return take_number(value, 10000, &cli->count) ? NULL
							      : "--count takes 1 to 10000, not";
	case 'n':
		return take_bound(value, &cli->max_ns) ? NULL : bound;
	case 'm':
		return take_bound(value, &cli->max_memory_mb) ? NULL : bound;
	case 'D':
		return take_number(value, 36500, &cli->days) ? NULL
							     : "--days takes 1 to 36500, not";
	case 'p':
		return cli_parse_share(value, &cli->share)
			? NULL
			: "--share takes 0.1 to 100 percent, not";
	default:
		return take_number(value, 3600, &cli->interval_s)
			? NULL
			: "--interval takes 1 to 3600 seconds, not";
	}
}

// Which commands an option is for; 0: for all.
static unsigned option_of(int option)
{
	switch (option) {
	case 'w':
		return OPTION_WATCH;
	case 'r':
		return OPTION_RULES;
	case 'd':
		return OPTION_DEADLINE;
	case 'c':
		return OPTION_COUNT;
	case 'p':
		return OPTION_SHARE;
	case 'W':
		return OPTION_WINDOW;
	case 'D':
		return OPTION_DAYS;
	case 'b':
		return OPTION_BY;
	case 'o':
	case 'i':
		return OPTION_AGAIN;
	case 'e':
	case 't':
	case 'g':
		return OPTION_POSTURE;
	case 'S':
	case 'n':
	case 'm':
		return OPTION_LINT;
	default:
		return 0;
	}
}

// One option. -1 to go on, or the status to end with.
static int take_option(struct cli *cli, int option, unsigned *options, bool *help)
{
	const char *wrong = NULL;

	*options |= option_of(option);
	switch (option) {
	case 'j':
		cli->json = true;
		break;
	case 's':
		cli->socket = optarg;
		break;
	case 'w':
		cli->watch = true;
		break;
	case 'r':
		cli->rules = true;
		break;
	case 'o':
		cli->once = true;
		break;
	case 'e':
		cli->explain = true;
		break;
	case 't':
		cli->trend = true;
		break;
	case 'g':
		cli->segment = optarg;
		break;
	case 'S':
		cli->strict = true;
		break;
	case 'h':
		*help = true;
		break;
	case 'v':
		printf("sealctl " SEALWATCH_VERSION "\n");
		return CLI_OK;
	case '?':
		return CLI_USAGE;
	default:
		wrong = take_value(cli, option, optarg);
		break;
	}
	return wrong != NULL ? (int)usage(wrong, optarg) : -1;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
		{"socket", required_argument, NULL, 's'}, {"watch", no_argument, NULL, 'w'},
		{"rules", no_argument, NULL, 'r'}, {"help", no_argument, NULL, 'h'},
		{"deadline", required_argument, NULL, 'd'}, {"version", no_argument, NULL, 'v'},
		{"by", required_argument, NULL, 'b'}, {"count", required_argument, NULL, 'c'},
		{"interval", required_argument, NULL, 'i'}, {"once", no_argument, NULL, 'o'},
		{"strict", no_argument, NULL, 'S'}, {"max-ns", required_argument, NULL, 'n'},
		{"max-memory", required_argument, NULL, 'm'},
		{"share", required_argument, NULL, 'p'}, {"explain", no_argument, NULL, 'e'},
		{"days", required_argument, NULL, 'D'}, {"trend", no_argument, NULL, 't'},
		{"segment", required_argument, NULL, 'g'}, {"window", required_argument, NULL, 'W'},
		{0}};
	struct cli cli = {.socket = "/run/sealwatch/control.sock"};
	unsigned options = 0;
	bool help = false;
	int option;

	// Without it libsmartcols prints every byte beyond ASCII as \xNN.
	setlocale(LC_CTYPE, "");
	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		int end = take_option(&cli, option, &options, &help);
		if (end >= 0)
			return end;
	}
	enum cli_exit status = run(&cli, options, help, argv + optind, argc - optind);
	if (fflush(stdout) != 0 && status == CLI_OK)
		status = CLI_REFUSED;
	return (int)status;
}
