// The region that control reads: directory, counter pages, event rings (dataplane/api/link.h).

#pragma once

#include "dataplane/api/link.h"

struct shared {
	int fd; // -1: private memory (replay)
	uint8_t *base;
	struct link_hello layout;
};

// n_pages threads write; each gets a page and a ring. name NULL: private memory, no descriptor.
// 0 or -errno.
int shared_open(struct shared *s, const char *name, unsigned n_pages, uint32_t ring_size);
void shared_close(struct shared *s);

struct directory_page *shared_directory(const struct shared *s);
struct counter_page *shared_page(const struct shared *s, unsigned i);
struct event_ring *shared_ring(const struct shared *s, unsigned i);
