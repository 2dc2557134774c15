// The daemon's tie to the dataplane: connects, notices within a second when it is gone, connects
// again. What came over it goes to the callbacks, on the event loop.

#pragma once

#include "dataplane/api/link_client.h"

#include <event2/event.h>

#include <stdbool.h>
#include <stdint.h>

struct link;

struct link_callbacks {
	void (*up)(void *ctx, const struct link_region *region); // takes the region
	void (*down)(void *ctx);
	// Of a link_load() or link_shadow(). status: 0 or -errno, -ECONNRESET when the link broke before.
	void (*receipt)(void *ctx, int status, const struct link_receipt *receipt);
	// Of a link_shadow_drop(), likewise.
	void (*dropped)(void *ctx, int status);
	// Of a link_purposes(), likewise.
	void (*purposes)(void *ctx, int status);
	// Of a link_geo(), as receipt.
	void (*geo)(void *ctx, int status, const struct link_geo_receipt *receipt);
	// Of a link_border_keys(), when it was answered; to be wiped.
	void (*keys)(void *ctx, const struct link_border_keys *keys);
	void (*status)(void *ctx, const struct link_status *status); // each second
	void *ctx;
};

// `path` is borrowed for the life of the link. Connects on the loop, not here: a dataplane that
// is not there yet is no error. 0 or -ENOMEM.
int link_new(struct event_base *base, const char *path, const struct link_callbacks *callbacks,
	struct link **out);
void link_free(struct link *l); // no callback; NULL is allowed

bool link_is_up(const struct link *l);
// What the dataplane said last, at most two seconds ago; NULL while it is down.
const struct link_status *link_state(const struct link *l);
// 0 and one receipt later, or -errno: -ENOTCONN, -EBUSY, of sending. One of the two at a time.
int link_load(struct link *l, int blob_fd, uint64_t blob_len);
int link_shadow(struct link *l, int blob_fd, uint64_t blob_len, uint32_t share);
int link_shadow_drop(struct link *l);
int link_purposes(struct link *l, int fd); // a sealed struct purpose_table
// Likewise, and beside one of them.
int link_geo(struct link *l, int blob_fd, uint64_t blob_len);
int link_border_keys(struct link *l, const struct link_border_keys *keys);
