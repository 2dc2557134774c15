// posture, posture.trend: how well services are sealed, by segment, now and by day.

#pragma once

#include "control/daemon.h"
#include "control/request.h"

void posture_show(struct daemon *d, struct control_call *call, const struct request *request);
void posture_trend(struct daemon *d, struct control_call *call, const struct request *request);
