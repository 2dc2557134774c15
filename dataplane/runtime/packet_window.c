#include "dataplane/runtime/packet_window.h"

#include "dataplane/base/private.h"

#include <stdatomic.h>
#include <stdlib.h>

struct packet_window {
	struct pktbuf buf; // first: what a packet frees is its window
	uint8_t *data;
	uint64_t kept; // reader: rw
	_Alignas(64) _Atomic uint64_t freed; // who frees: rw, reader: ro
};

struct packet_windows {
	uint8_t *data;
	struct packet_window all[PACKET_WINDOWS];
};

static void free_alone(struct pktbuf *buf)
{
	struct packet_window *w = (struct packet_window *)buf;
	uint64_t freed = atomic_load_explicit(&w->freed, memory_order_relaxed);

	atomic_store_explicit(&w->freed, freed + 1, memory_order_relaxed);
}

static void free_shared(struct pktbuf *buf)
{
	struct packet_window *w = (struct packet_window *)buf;

	// What was read of the window was read before it is written again.
	atomic_fetch_add_explicit(&w->freed, 1, memory_order_release);
}

struct packet_windows *packet_windows_new(bool one_thread)
{
	size_t size = (sizeof(struct packet_windows) + 63) & ~(size_t)63;
	struct packet_windows *windows = aligned_alloc(64, size);

	if (windows == NULL)
		return NULL;
	// Not touched before it is used.
	windows->data = aligned_alloc(64, (size_t)PACKET_WINDOWS * PACKET_WINDOW_BYTES);
	if (windows->data == NULL) {
		free(windows);
		return NULL;
	}
	private_mark(windows->data, (size_t)PACKET_WINDOWS * PACKET_WINDOW_BYTES);
	for (unsigned i = 0; i < PACKET_WINDOWS; i++) {
		struct packet_window *w = &windows->all[i];
		w->buf.free = one_thread ? free_alone : free_shared;
		w->data = windows->data + (size_t)i * PACKET_WINDOW_BYTES;
		w->kept = 0;
		atomic_init(&w->freed, 0);
	}
	return windows;
}

void packet_windows_free(struct packet_windows *windows)
{
	if (windows == NULL)
		return;
	free(windows->data);
	free(windows);
}

struct packet_window *packet_windows_idle(struct packet_windows *windows)
{
	// From the first one on: few are used as long as few are needed, and stay in the cache.
	for (unsigned i = 0; i < PACKET_WINDOWS; i++) {
		struct packet_window *w = &windows->all[i];
		if (atomic_load_explicit(&w->freed, memory_order_acquire) == w->kept)
			return w;
	}
	return NULL;
}

uint8_t *packet_window_data(struct packet_window *w)
{
	return w->data;
}

struct pktbuf *packet_window_keep(struct packet_window *w)
{
	w->kept++;
	return &w->buf;
}
