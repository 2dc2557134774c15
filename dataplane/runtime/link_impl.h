// The parts of the dataplane's end of the link: link.c knows sockets, messages and pattern sets, link_geo.c
// countries and what crosses borders.

#pragma once

#include "dataplane/runtime/link.h"

#include <stdbool.h>

enum { BLOB_MAX = 1 << 30, GRACE_TIMEOUT_NS = 2000000000, CLIENTS_MAX = 8 };

// What was published and waits for the workers; its asker gets the receipt then.
struct pending {
	bool active;
	uint16_t op; // enum link_op
	int client; // index, or -1 when it has gone
	uint32_t id;
	uint64_t published_ns;
	uint64_t lost_before;
	struct link_receipt receipt;
};

// The same for a map of countries.
struct pending_geo {
	bool active;
	int client;
	uint32_t id;
	uint64_t published_ns;
	struct link_geo_receipt receipt;
};

struct link_server {
	struct engine *engine;
	struct link_facts facts;
	int listener;
	int clients[CLIENTS_MAX]; // -1: free
	struct pending pending;
	struct pending_geo geo;
	char path[108];
};

void link_reply_to(struct link_server *l, int i, uint16_t op, uint32_t id, int status,
	const void *payload, uint32_t len, int pass_fd);
// Only a memfd that nobody can change or shrink under us is mapped; to be unmapped. 0 or -errno.
int link_map_blob(int fd, uint64_t len, void **out);

void link_on_geo(struct link_server *l, int i, uint32_t id, const void *payload, int fd);
void link_on_border_keys(struct link_server *l, int i, uint32_t id, const void *payload, int fd);
// The receipt of a map goes out when the one before is gone.
void link_finish_geo(struct link_server *l);
