// top: where workers' time goes.

#pragma once

#include "control/daemon.h"

struct request;

json_t *top_stages(struct daemon *d); // by thread and stage
void top_rules(struct daemon *d, struct control_call *call, const struct request *request);
