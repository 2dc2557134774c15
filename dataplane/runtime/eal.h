// The DPDK environment, from the configuration.

#pragma once

#include "dataplane/runtime/config.h"

// Starts the EAL with one lcore a worker and the main lcore. With hugepages: --in-memory, so
// that nothing is left behind; without: --no-huge --no-shconf. 0, or -errno with a text.
int eal_start(const struct dataplane_config *c, const char *program, char error[256]);
void eal_stop(void);
