// What clients can ask about the set that runs beside the live one.

#pragma once

#include "control/daemon.h"
#include "control/request.h"

// These answer the call, now or later.
void shadow_load(struct daemon *d, struct control_call *call, const struct request *request);
void shadow_show(struct daemon *d, struct control_call *call, const struct request *request);
void shadow_promote(struct daemon *d, struct control_call *call, const struct request *request);
// And this gives the answer.
json_t *shadow_drop_it(struct daemon *d);

// Which one, for the status; null when there is none.
json_t *shadow_state(const struct daemon *d);
