// What clients can ask about rules that are to stay files: nothing of it touches what is live.

#pragma once

#include "control/daemon.h"
#include "control/request.h"

// These answer the call when it is over, as a load does.
void patterns_lint(struct daemon *d, struct control_call *call, const struct request *request);
void patterns_test(struct daemon *d, struct control_call *call, const struct request *request);
// At once, when no path is to be read.
void patterns_diff(struct daemon *d, struct control_call *call, const struct request *request);

// What is different, into the answer.
void diff_put(const struct pattern_index *const sides[2], json_t *to);
// What came of it, into the answer; the report is there.
void examine_put(const struct load_outcome *outcome, json_t *to);
