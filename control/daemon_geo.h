// What the daemon has to do for countries: told by the link, and at its start.

#pragma once

#include "control/daemon.h"

// Callbacks of the link; ctx is the struct daemon.
void daemon_geo_told(void *ctx, int status, const struct link_geo_receipt *receipt);
void daemon_geo_keys(void *ctx, const struct link_border_keys *keys);

// The configured database, and then the configured patterns. 0 or -errno.
int daemon_geo_start(struct daemon *d);
