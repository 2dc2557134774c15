#include "dataplane/runtime/shared.h"

#include "dataplane/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t page_round(uint64_t n)
{
	return (n + 4095) & ~4095ull;
}

static int map(struct shared *s, const char *name)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (name != NULL) {
		s->fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (s->fd < 0)
			return -errno;
		if (ftruncate(s->fd, (off_t)s->layout.region_len) < 0 ||
			fcntl(s->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
			return -errno;
		flags = MAP_SHARED;
	}
	void *p = mmap(NULL, s->layout.region_len, PROT_READ | PROT_WRITE, flags, s->fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	s->base = p;
	return 0;
}

int shared_open(struct shared *s, const char *name, unsigned n_pages, uint32_t ring_size)
{
	struct link_hello *l = &s->layout;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	l->version = LINK_VERSION;
	l->n_pages = n_pages;
	l->n_rings = n_pages;
	l->directory_offset = 0;
	l->pages_offset = page_round(sizeof(struct directory_page));
	l->page_stride = page_round(sizeof(struct counter_page));
	l->rings_offset = l->pages_offset + n_pages * l->page_stride;
	l->ring_stride = page_round(sizeof(struct event_ring) + ring_size);
	l->region_len = l->rings_offset + n_pages * l->ring_stride;
	l->ring_size = ring_size;
	l->pid = (uint32_t)getpid();
	l->start_ns = clock_wall_ns();

	int err = map(s, name);
	if (err < 0) {
		shared_close(s);
		return err;
	}
	for (unsigned i = 0; i < n_pages; i++)
		event_ring_init(shared_ring(s, i), ring_size);
	return 0;
}

void shared_close(struct shared *s)
{
	if (s->base != NULL)
		munmap(s->base, s->layout.region_len);
	if (s->fd >= 0)
		close(s->fd);
	s->base = NULL;
	s->fd = -1;
}

struct directory_page *shared_directory(const struct shared *s)
{
	return (struct directory_page *)(s->base + s->layout.directory_offset);
}

struct counter_page *shared_page(const struct shared *s, unsigned i)
{
	return (struct counter_page *)(s->base + s->layout.pages_offset +
		i * s->layout.page_stride);
}

struct event_ring *shared_ring(const struct shared *s, unsigned i)
{
	return (struct event_ring *)(s->base + s->layout.rings_offset + i * s->layout.ring_stride);
}
