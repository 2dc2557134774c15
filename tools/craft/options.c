#include "tools/craft/options.h"

#include "tools/craft/op.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_SEED = 256, OPT_BYTES, OPT_FLOWS, OPT_JSON, OPT_TCP, OPT_VERSION };
enum { BYTES_MIN = 100000, FLOWS_MAX = 10000000 };

// One row an option. `of`: the command that takes it; NULL: each.
static const struct {
	const char *name;
	int value;
	const char *argument;
	const char *of;
	const char *help;
} rows[] = {
	{"write", 'w', "FILE", NULL,
		"the capture to write; .pcapng by its name, '-' standard output"},
	{"read", 'r', "FILE", "transform",
		"the capture to read, '-' standard input; several for merge"},
	{"seed", OPT_SEED, "N", NULL, "another seed gives other bytes; the same one the same (1)"},
	{"json", OPT_JSON, NULL, "sample", "print what was put in"},
	{"bytes", OPT_BYTES, "N[K|M|G]", "load", "about so many bytes (200M)"},
	{"flows", OPT_FLOWS, "N", "load", "conversations (2000)"},
	{"tcp", OPT_TCP, NULL, "transform", "duplicate: TCP packets only"},
	{"quiet", 'q', NULL, NULL, "no progress"},
	{"help", 'h', NULL, NULL, "this text"},
	{"version", OPT_VERSION, NULL, NULL, "the version"},
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static void help(void)
{
	printf("usage: sealwatch-craft COMMAND [options]\nWrites captures.\n\n");
	for (unsigned i = 0; i < n_craft_commands; i++)
		printf("  %s\n      %s\n", craft_commands[i].usage, craft_commands[i].help);
	printf("\noptions:\n");
	for (unsigned i = 0; i < N_ROWS; i++) {
		char left[64];
		char letter[8] = "    ";
		if (rows[i].value < 256)
			snprintf(letter, sizeof(letter), "-%c, ", rows[i].value);
		snprintf(left, sizeof(left), "%s--%s %s", letter, rows[i].name,
			rows[i].argument != NULL ? rows[i].argument : "");
		printf("  %-24s %s%s%s\n", left, rows[i].of != NULL ? rows[i].of : "",
			rows[i].of != NULL ? ": " : "", rows[i].help);
	}
	printf("\noperations of transform:\n");
	for (size_t i = 0; i < n_ops; i++) {
		char left[64];
		snprintf(left, sizeof(left), "%s %s", ops[i].name,
			ops[i].argument != NULL ? ops[i].argument : "");
		printf("  %-24s %s\n", left, ops[i].help);
	}
	printf("  %-24s %s\n  %-24s %s\n", "merge", "put several captures together by time",
		"cut N", "the first N bytes of the file");
	printf("\nexit status: 0 done, 1 output could not be written or memory is short, 2 usage,\n"
	       "3 a capture can not be read\n");
}

enum craft_status craft_usage(const char *what, const char *value)
{
	fprintf(stderr, "sealwatch-craft: %s%s%s; try --help\n", what, value != NULL ? ": " : "",
		value != NULL ? value : "");
	return CRAFT_USAGE;
}

static uint64_t unit_of(char c)
{
	switch (c) {
	case 'K':
		return 1000;
	case 'M':
		return 1000000;
	case 'G':
		return 1000000000;
	}
	return 0;
}

bool craft_number(const char *text, bool units, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	// strtoull takes signs and spaces.
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	uint64_t v = strtoull(text, &end, 10);
	if (errno != 0)
		return false;
	if (units && *end != '\0') {
		uint64_t unit = unit_of(*end++);
		if (unit == 0 || __builtin_mul_overflow(v, unit, &v))
			return false;
	}
	if (*end != '\0' || v < min || v > max)
		return false;
	*out = v;
	return true;
}

static enum craft_status take(struct craft_options *o, int option, const char *value)
{
	switch (option) {
	case 'w':
		o->output = value;
		return CRAFT_OK;
	case 'r':
		if (o->n_inputs == INPUTS_MAX)
			return craft_usage("too many captures", value);
		o->inputs[o->n_inputs++] = value;
		return CRAFT_OK;
	case 'q':
		o->quiet = true;
		return CRAFT_OK;
	case OPT_JSON:
		o->json = true;
		return CRAFT_OK;
	case OPT_TCP:
		o->tcp = true;
		return CRAFT_OK;
	case OPT_SEED:
		if (!craft_number(value, false, 0, UINT64_MAX, &o->seed))
			return craft_usage("--seed takes a number, not", value);
		return CRAFT_OK;
	case OPT_BYTES:
		if (!craft_number(value, true, BYTES_MIN, UINT64_MAX / 2, &o->bytes))
			return craft_usage("--bytes takes a number from 100K, not", value);
		return CRAFT_OK;
	default:
		if (!craft_number(value, false, 1, FLOWS_MAX, &o->flows))
			return craft_usage("--flows takes 1 to 10000000, not", value);
		return CRAFT_OK;
	}
}

static void make_getopt(struct option *longs, char *shorts)
{
	for (unsigned i = 0; i < N_ROWS; i++) {
		longs[i] = (struct option){.name = rows[i].name,
			.has_arg = rows[i].argument != NULL ? required_argument : no_argument,
			.val = rows[i].value};
		if (rows[i].value > 255)
			continue;
		*shorts++ = (char)rows[i].value;
		if (rows[i].argument != NULL)
			*shorts++ = ':';
	}
	*shorts = '\0';
}

static bool fits(int option, const struct craft_command *command)
{
	for (unsigned i = 0; i < N_ROWS; i++) {
		if (rows[i].value == option)
			return rows[i].of == NULL || strcmp(rows[i].of, command->name) == 0;
	}
	return false;
}

static const struct craft_command *command_find(const char *name)
{
	for (unsigned i = 0; i < n_craft_commands; i++) {
		if (strcmp(craft_commands[i].name, name) == 0)
			return &craft_commands[i];
	}
	return NULL;
}

// -1: go on.
static int parse_options(
	struct craft_options *o, const struct craft_command *command, int argc, char **argv)
{
	struct option longs[N_ROWS + 1] = {0};
	char shorts[2 * N_ROWS + 1];
	int option;

	make_getopt(longs, shorts);
	while ((option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (option == '?')
			return CRAFT_USAGE;
		if (option == 'h') {
			help();
			return CRAFT_OK;
		}
		if (option == OPT_VERSION) {
			printf("sealwatch-craft " SEALWATCH_VERSION "\n");
			return CRAFT_OK;
		}
		if (command == NULL)
			return (int)craft_usage("the command comes first", NULL);
		if (!fits(option, command))
			return (int)craft_usage("not an option of", command->name);
		enum craft_status status = take(o, option, optarg);
		if (status != CRAFT_OK)
			return (int)status;
	}
	for (; optind < argc; optind++) {
		if (o->n_words == 2)
			return (int)craft_usage("too many words", argv[optind]);
		o->words[o->n_words++] = argv[optind];
	}
	return -1;
}

const struct craft_command *craft_options_parse(
	struct craft_options *o, int argc, char **argv, enum craft_status *status)
{
	const struct craft_command *command = argc > 1 ? command_find(argv[1]) : NULL;
	bool word = argc > 1 && argv[1][0] != '-';

	*o = (struct craft_options){.seed = 1, .bytes = 200000000, .flows = 2000};
	*status = CRAFT_USAGE;
	if (word && command == NULL) {
		craft_usage("no such command", argv[1]);
		return NULL;
	}
	// getopt names the program by the first word.
	argv[word] = argv[0];
	int parsed = parse_options(o, command, argc - word, argv + word);
	if (parsed >= 0) {
		*status = (enum craft_status)parsed;
		return NULL;
	}
	if (command == NULL)
		craft_usage("no command", NULL);
	else if (o->output == NULL)
		craft_usage("no output given (-w FILE)", NULL);
	else
		return command;
	return NULL;
}
