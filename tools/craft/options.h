// The command line of sealwatch-craft.

#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { INPUTS_MAX = 64 };
enum craft_status { CRAFT_OK, CRAFT_OUTPUT, CRAFT_USAGE, CRAFT_INPUT };

struct craft_options {
	const char *inputs[INPUTS_MAX];
	unsigned n_inputs;
	const char *output;
	const char *words[2]; // transform: the operation and its argument
	unsigned n_words;
	uint64_t seed;
	uint64_t bytes;
	uint64_t flows;
	bool json;
	bool tcp;
	bool quiet;
};

struct craft_command {
	const char *name;
	const char *usage;
	const char *help;
	enum craft_status (*run)(const struct craft_options *o);
};

extern const struct craft_command craft_commands[];
extern const unsigned n_craft_commands;

// The command to run; or NULL, and the status to exit with (0 after --help, 2 for bad usage,
// which was explained on standard error).
const struct craft_command *craft_options_parse(
	struct craft_options *o, int argc, char **argv, enum craft_status *status);

// Says what is wrong, and where help is. Returns CRAFT_USAGE.
enum craft_status craft_usage(const char *what, const char *value);

// "200M": a decimal number, with K, M or G for powers of 1,000 where `units` allows it.
bool craft_number(const char *text, bool units, uint64_t min, uint64_t max, uint64_t *out);

enum craft_status craft_sample(const struct craft_options *o);
enum craft_status craft_load(const struct craft_options *o);
enum craft_status craft_transform(const struct craft_options *o);
