// A write cursor over a buffer: what bytes.h is for reading.
//
// What does not fit is not written and sets `full`; so a builder writes a whole packet and
// checks once. Big endian, as on the wire.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire {
	uint8_t *p;
	size_t len;
	size_t cap;
	bool full;
};

static inline struct wire wire_over(uint8_t *buf, size_t cap)
{
	return (struct wire){.p = buf, .cap = cap};
}

static inline void wire_put(struct wire *w, const void *data, size_t n)
{
	if (w->full || n > w->cap - w->len) {
		w->full = true;
		return;
	}
	if (n > 0)
		memcpy(w->p + w->len, data, n);
	w->len += n;
}

static inline void wire_text(struct wire *w, const char *text)
{
	wire_put(w, text, strlen(text));
}

static inline void wire_fill(struct wire *w, uint8_t value, size_t n)
{
	if (w->full || n > w->cap - w->len) {
		w->full = true;
		return;
	}
	memset(w->p + w->len, value, n);
	w->len += n;
}

static inline void wire_u8(struct wire *w, uint8_t v)
{
	wire_put(w, &v, 1);
}

static inline void wire_u16(struct wire *w, uint16_t v)
{
	uint8_t b[] = {(uint8_t)(v >> 8), (uint8_t)v};
	wire_put(w, b, sizeof(b));
}

static inline void wire_u24(struct wire *w, uint32_t v)
{
	uint8_t b[] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
	wire_put(w, b, sizeof(b));
}

static inline void wire_u32(struct wire *w, uint32_t v)
{
	uint8_t b[] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
	wire_put(w, b, sizeof(b));
}

// A length field of `size` bytes whose value is known later: open it, write what it
// counts, close it.
static inline size_t wire_open(struct wire *w, unsigned size)
{
	wire_fill(w, 0, size);
	return w->len;
}

static inline void wire_close(struct wire *w, size_t opened, unsigned size)
{
	if (w->full)
		return;
	size_t n = w->len - opened;
	for (unsigned i = 1; i <= size; i++, n >>= 8)
		w->p[opened - i] = (uint8_t)n;
}
