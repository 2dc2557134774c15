// --stage swap: a pattern set is swapped for itself, over and over, under a replay as fast as it goes.

#pragma once

#include <stdbool.h>

struct swap_options {
	const char *capture;
	const char *const *rules;
	unsigned n_rules;
	unsigned swaps; // at least so many
	bool json;
};

// Exit status of the program: 1 too when a packet or a match was lost.
int swap_stage(const struct swap_options *o);
