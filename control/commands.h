// What clients of the control socket can ask for: a row a command.

#pragma once

#include "control/daemon.h"

// A control_call_fn; ctx is the struct daemon.
void commands_serve(void *ctx, struct control_call *call, const char *line, size_t len);
