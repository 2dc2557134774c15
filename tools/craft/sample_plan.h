// What the command sample writes: conversations put into a trace, with the names in them.
// Apart from the command, so that tests have the same capture without a file.

#pragma once

#include "tools/craft/rng.h"
#include "tools/craft/trace.h"

enum { SAMPLE_NAMES_MAX = 64 };

// One entry an occurrence.
struct sample_names {
	const char *name[SAMPLE_NAMES_MAX];
	unsigned n;
};

struct sample {
	struct trace trace; // in order of time
	struct sample_names tls_sni;
	struct sample_names http_host;
	struct sample_names dns_query;
};

// Returns 0 or a negative errno; sample_free() in both cases.
int sample_make(struct sample *out, uint64_t seed);
void sample_free(struct sample *s);
