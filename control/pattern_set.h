// A compiled set as the daemon holds it: the artefact, what its rules say, who loaded it. Held by
// whoever may still want it: what is live, the history, a load that brings it back.

#pragma once

#include "control/compile_job.h"

#include <stdint.h>
#include <sys/types.h>

struct pattern_set {
	unsigned held;
	int blob_fd;
	uint64_t blob_len;
	uint8_t digest[32]; // of its rules, as in the artefact
	struct pattern_index *index;
	struct compile_report report; // files and warnings
	char **paths; // what was asked for
	uint32_t n_paths;
	uint64_t generation; // in this run of the dataplane; 0: was not live in it
	uint64_t loaded_ns; // since 1970: when it became live the last time
	uid_t uid; // who asked for that
};

// Takes what it wants out of *result. 0, -EBADMSG for an artefact without a header, -ENOMEM.
int pattern_set_new(struct compile_result *result, struct pattern_set **out);
// From now on these led to it. 0 or -ENOMEM.
int pattern_set_paths(struct pattern_set *set, char *const *paths, uint32_t n);
struct pattern_set *pattern_set_hold(struct pattern_set *set);
void pattern_set_drop(struct pattern_set *set); // the last one frees it; NULL is allowed
