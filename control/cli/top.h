// What both forms of top share: asked once, or again and again with what came since.

#pragma once

#include "control/cli/cli.h"

struct top {
	const struct cli *cli;
	// What to ask for; again: it will be asked for again, and the difference shown.
	json_t *(*request)(const struct cli *cli, bool again);
	// before: the last answer; NULL at first. 0, or -ENOMEM.
	int (*print)(
		const struct cli *cli, const json_t *answer, const json_t *before, uint64_t ns);
};

enum cli_exit top_run(const struct top *top);
