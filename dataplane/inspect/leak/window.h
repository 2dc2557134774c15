// Bytes of streams, put together to texts: always of the same bytes, however the stream was cut. A window has
// the end of the one before in front, so that what stands across is seen whole; what was counted there is not
// counted again. One thread's.
//
// Bounded: so many windows a worker. When all are taken, the one taken longest ago is looked at as it is and
// given to the stream that asks (counted).

#pragma once

#include "dataplane/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	WINDOW_BYTES = 16384, // new ones of a window
	WINDOW_BEFORE =
		4096, // of the one before, with WINDOW_LATER of them as text in any spelling
	WINDOW_LATER =
		600, // of a text: a value that ends in the last so many waits for what follows
	WINDOW_KNOWN = 32, // values of the one before: the last ones
	WINDOW_NONE = 0, // no window
	WINDOW_CLOSED = 0xffff, // none any more: there is no text in it
};

struct flow_note;

struct window {
	void *owner; // whose it is: told when it is taken away
	const struct flow_note *note; // of its flow
	uint8_t side;
	uint8_t app_proto; // as it was known last
	bool begun; // bytes of an earlier window stand in front
	uint8_t n_known[2];
	uint8_t now; // which of them is of the window at hand
	uint32_t len; // bytes in data
	uint32_t fresh; // of them, not looked at yet
	uint64_t told; // kinds that are numbers of things, bit n: detector n
	uint64_t next; // offset in the stream behind them
	uint64_t known[2][WINDOW_KNOWN]; // hashes of values; 0: none
	uint8_t data[WINDOW_BEFORE + WINDOW_BYTES];
};

struct windows;

// n: below WINDOW_CLOSED. NULL: short of memory.
struct windows *windows_new(unsigned n);
void windows_free(struct windows *w); // NULL is allowed

bool windows_full(
	const struct windows *w); // then windows_oldest() is to be given back before one is taken
// A number for window_of().
uint16_t windows_take(struct windows *w, void *owner, uint8_t side);
void windows_give(struct windows *w, uint16_t number); // wiped
uint16_t windows_oldest(const struct windows *w);
struct window *window_of(struct windows *w, uint16_t number);

// Put bytes behind those there are; *in is cut by what fitted. Is it full?
bool window_put(struct window *w, struct bytes *in);
struct bytes window_text(const struct window *w);
// It was looked at: its end stays, for the next one.
void window_next(struct window *w);
// Was this value counted in the window before? It is noted for the one that comes.
bool window_knows(struct window *w, uint64_t hash);
