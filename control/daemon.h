// The parts of sealwatchd, put together: one event loop, one thread.

#pragma once

#include "control/cache.h"
#include "control/config.h"
#include "control/control_socket.h"
#include "control/disabled.h"
#include "control/drain.h"
#include "control/evidence_store.h"
#include "control/geo.h"
#include "control/http.h"
#include "control/link.h"
#include "control/posture_days.h"
#include "control/purpose_link.h"
#include "control/reload.h"
#include "control/stats.h"

#include <event2/event.h>

#include <stdint.h>

enum daemon_exit { EXIT_OK, EXIT_RUN, EXIT_CONFIG, EXIT_IN_USE };

struct daemon {
	const struct control_config *config;
	struct event_base *base;
	struct control_socket *control;
	struct http *http;
	struct drain *drain;
	struct stats *stats;
	struct link *link;
	struct cache *cache; // NULL: none
	struct disabled_store disabled;
	struct purpose_store purposes;
	struct evidence_store evidence;
	struct purpose_link purpose_link;
	struct posture_days days;
	struct reload *reload;
	struct geo *geo;
	struct event *on_drain, *on_stats, *on_days, *on_stop[2], *on_rotate, *on_expire;
	uint64_t start_ns; // monotonic
};

// `config` is borrowed until daemon_stop. EXIT_OK, or an exit status when something is logged:
// daemon_stop is wanted then too.
enum daemon_exit daemon_start(struct daemon *d, const struct control_config *config);
enum daemon_exit daemon_run(struct daemon *d); // until a signal
void daemon_stop(struct daemon *d); // a zeroed one is allowed

// What was counted since the last time is today's.
void daemon_count_days(struct daemon *d);
uint64_t daemon_uptime_s(const struct daemon *d);
