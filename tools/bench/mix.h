// Frames under a pattern set, against the bare parts: what im-mix and clear have in common.

#pragma once

#include "patterns/compile.h"
#include "tools/bench/loop_source.h"
#include "tools/bench/report.h"
#include "tools/bench/scenario.h"

struct mix_asked { // bounds; 0: none
	const char *what;
	double all; // cycles a packet
	double parts; // times the bare parts
	double scan; // times bare Hyperscan
};

// 0 or an exit status; *all: cycles a packet, the median.
int mix_measure(const struct bench_options *o, struct loop_source *source,
	const struct mix_asked *asked, const struct swdb *set, struct report *report, double *all);
