// The dataplane's end of the link (dataplane/api/link.h): listens, serves one control process
// at a time, on the main lcore. Clients are not trusted: a message that does not fit its row is
// refused, a client that does not read is dropped.

#pragma once

#include "dataplane/runtime/engine.h"

struct link_server;

struct link_facts { // what only the process knows
	const char *source;
	uint64_t (*missed)(void *ctx); // frames lost before us
	bool (*ended)(void *ctx); // a capture was read to its end
	void *ctx;
};

// Mode 0660. 0 or -errno with a text: -EADDRINUSE when another dataplane serves there.
int link_open(const char *path, struct engine *engine, const struct link_facts *facts,
	struct link_server **out, char error[256]);
void link_close(struct link_server *l); // unlinks the socket; NULL is allowed

// Wait at most `timeout_ms` for something to do, and do it.
void link_step(struct link_server *l, int timeout_ms);
