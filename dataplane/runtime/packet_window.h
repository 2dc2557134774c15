// Large pieces of a capture in memory, that packets lie in where they were read: no copy, no slot
// each. A piece is used anew when no packet lies in it any more.
//
// One thread reads into windows and gives packets; any thread frees them.

#pragma once

#include "dataplane/inspect/packet.h"

enum {
	// Two, used in turn, are still in the cache when frames are looked at.
	PACKET_WINDOW_BYTES = 1 << 19,
	PACKET_WINDOWS = 16,
};

struct packet_windows;

// one_thread: the same reads and frees. NULL: short of memory.
struct packet_windows *packet_windows_new(bool one_thread);
// Every packet must be back.
void packet_windows_free(struct packet_windows *windows);

// A window that no packet lies in, or NULL. It stays that until one is kept.
struct packet_window *packet_windows_idle(struct packet_windows *windows);
uint8_t *packet_window_data(struct packet_window *w);
// One more packet lies in w: the buffer that it frees.
struct pktbuf *packet_window_keep(struct packet_window *w);
