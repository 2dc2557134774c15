// What clients can ask about evidence.

#pragma once

#include "control/daemon.h"
#include "control/request.h"

json_t *evidence_list(struct daemon *d);
json_t *evidence_verify(struct daemon *d);
void evidence_export(struct daemon *d, struct control_call *call, const struct request *request);
void evidence_erase(struct daemon *d, struct control_call *call, const struct request *request);
