// What clients can ask about the register of purposes.

#pragma once

#include "control/daemon.h"
#include "control/request.h"

void purpose_add(struct daemon *d, struct control_call *call, const struct request *request);
void purpose_retire(struct daemon *d, struct control_call *call, const struct request *request);
void purpose_show(struct daemon *d, struct control_call *call, const struct request *request);
json_t *purpose_list(struct daemon *d);

uint32_t purpose_count_inactive(const struct daemon *d, const struct pattern_index *index);
// Rules about content that are inactive: their number and the first of them, into the answer.
void purpose_put_inactive(const struct daemon *d, const struct pattern_index *index, json_t *to);
// Of one rule: why it is inactive, as JSON; NULL: it is active.
json_t *purpose_why_inactive(const struct daemon *d, const struct pattern_entry *e);
