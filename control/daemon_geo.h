// What the daemon has to do for countries: told by the link, and at its start.

#pragma once

#include "control/daemon.h"
#include "control/metrics_borders.h"

// Callbacks of the link; ctx is the struct daemon.
void daemon_geo_told(void *ctx, int status, const struct link_geo_receipt *receipt);
void daemon_geo_keys(void *ctx, const struct link_border_keys *keys);

// What crossed borders, for metrics; good until the next call into `geo`.
struct metrics_borders daemon_geo_metrics(const struct daemon *d);

// The configured database, and then the configured patterns. 0 or -errno.
int daemon_geo_start(struct daemon *d);
