// What the services of flows are: answers of the control socket.

#pragma once

#include "control/daemon.h"

// Those with flows, the busiest first. NULL: short of memory.
json_t *show_services(struct daemon *d);
