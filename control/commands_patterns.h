// What clients can ask about pattern sets.

#pragma once

#include "control/daemon.h"
#include "control/request.h"

// These answer the call, now or later.
void patterns_load(struct daemon *d, struct control_call *call, const struct request *request);
// disable, enable
void patterns_change(struct daemon *d, struct control_call *call, const struct request *request);
void patterns_rollback(struct daemon *d, struct control_call *call, const struct request *request);
void patterns_cancel(struct daemon *d, struct control_call *call, const struct request *request);
void patterns_show(struct daemon *d, struct control_call *call, const struct request *request);
// A load of any purpose begins; it is answered when it is over.
void patterns_start(struct daemon *d, struct control_call *call, struct load_request *load,
	const struct request *request);
// And these give the answer.
json_t *patterns_list(struct daemon *d);
json_t *patterns_loads(const struct daemon *d); // under way and waiting, for the status

const char *load_state_name(enum load_state state);
