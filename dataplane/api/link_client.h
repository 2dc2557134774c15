// Control's end of the link (dataplane/api/link.h), for one thread with an event loop: nothing
// here blocks. The dataplane is not trusted: a reply that does not fit its row, or a region
// whose numbers do not fit its descriptor, ends the link and touches nothing.
//
//     link_client_open()              connects, sends HELLO
//     wait until the descriptor is readable, then
//     link_client_step()              one reply: LINK_HELLO first, then what was asked for
//     link_client_load(), _status()   ask; the reply comes through a later step

#pragma once

#include "dataplane/api/link.h"

#include <stdbool.h>
#include <stddef.h>

// The shared region, mapped: rings may be written (their tails), the rest is read-only. It outlives
// the dataplane: what a dead one counted and reported can still be read.
struct link_region {
	struct link_hello hello; // checked: every offset below lies inside the mapping
	uint8_t *base; // NULL: not mapped
};

// Checks the layout against the size of the descriptor, which stays the caller's. 0 or -errno with
// *out left alone: -EPROTO layout out of bounds, -EPERM the region could shrink under us.
int link_region_map(const struct link_hello *hello, int fd, struct link_region *out);
void link_region_unmap(struct link_region *r); // an unmapped one is allowed

struct directory_page *link_region_directory(const struct link_region *r);
struct counter_page *link_region_page(const struct link_region *r, unsigned i); // i < n_pages
struct event_ring *link_region_ring(const struct link_region *r, unsigned i); // i < n_rings

struct link_client;

// 0 or -errno of connect: -ENOENT, -ECONNREFUSED (nobody listens), -EAGAIN (its backlog is full).
int link_client_open(const char *path, struct link_client **out);
// The same over a connected SOCK_SEQPACKET descriptor, which it takes, also when it fails.
int link_client_adopt(int fd, struct link_client **out);
void link_client_close(struct link_client *c); // NULL is allowed

int link_client_fd(const struct link_client *c); // becomes readable when a step is due

// blob_fd: a sealed memfd of blob_len bytes, stays the caller's. One question of a kind may be
// open: -EBUSY. -ENOTCONN before the reply to HELLO. Else 0 or -errno of sending.
int link_client_load(struct link_client *c, int blob_fd, uint64_t blob_len);
int link_client_status(struct link_client *c);
// The same for the shadow set. share: of the flows, in thousandths.
int link_client_shadow(struct link_client *c, int blob_fd, uint64_t blob_len, uint32_t share);
int link_client_shadow_drop(struct link_client *c);
int link_client_purposes(struct link_client *c, int fd); // a sealed struct purpose_table
// The map of countries, as link_client_load().
int link_client_geo(struct link_client *c, int blob_fd, uint64_t blob_len);
int link_client_border_keys(struct link_client *c, const struct link_border_keys *keys);
bool link_client_waits(const struct link_client *c, enum link_op op);

struct link_reply {
	enum link_op op;
	int status; // 0 or a negative errno that the dataplane gave
	struct link_region region; // LINK_HELLO: mapped, the caller's to unmap
	struct link_receipt
		receipt; // LINK_PATTERNS_LOAD, LINK_SHADOW_LOAD; error is NUL-terminated
	struct link_status state; // LINK_STATUS; source is NUL-terminated
	struct link_geo_receipt geo; // LINK_GEO_LOAD; error is NUL-terminated
	struct link_border_keys keys; // LINK_BORDER_KEYS; to be wiped
};

// Takes one message. 1: *out is filled in; 0: nothing there; -errno: the link is to be closed:
// -ECONNRESET at its end, -EPROTO for a reply that fits nothing, -EPROTONOSUPPORT for a dataplane
// of another version.
int link_client_step(struct link_client *c, struct link_reply *out);
