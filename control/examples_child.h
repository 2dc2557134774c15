// Examples of rules, run by sealwatch-replay: the daemon knows nothing of protocols.

#pragma once

#include "control/compile_child.h"
#include "control/sources.h"

#include <limits.h>

// Is there a NAME.examples.yaml beside a NAME.rules, or an example in a rule's metadata?
bool examples_beside(const struct sources *sources);
bool examples_within(const struct rule_list *rules);

// Where the program is: as configured, else beside this one, else where a build has it. 0, or -ENOENT.
int examples_program(const char *configured, char out[PATH_MAX]);

// Runs in a fork of the daemon and becomes req->replay, whose standard output is report_fd: a pipe
// that gets a report (compile_report.h).
noreturn void examples_child_run(const struct compile_request *req, int report_fd);
