// sealwatch-replay --examples: do the rules match what their examples say they do?

#pragma once

#include "patterns/parse.h"
#include "tools/replay/options.h"

// The status to exit with: 0, 4 when rules or examples can not be read, 5 when one fails, 1 short of
// memory. What there is to say is printed.
struct geo_source;
int examples_main(const struct replay_options *options, const struct rule_var *vars,
	const struct geo_source *geo);
