// geo load, geo matrix, geo export.

#pragma once

#include "control/daemon.h"

struct request;

void geo_begin_load(struct daemon *d, struct control_call *call, const struct request *request);
void geo_matrix(struct daemon *d, struct control_call *call, const struct request *request);
void geo_export_answer(struct daemon *d, struct control_call *call, const struct request *request);
