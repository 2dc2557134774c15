// A read cursor over untrusted bytes.
//
// Short reads do not fail one by one. The first one sets `bad` and drops what is
// left; from then on every read returns zero or an empty view. So a parser reads
// a whole structure, checks `bad` once, and only then trusts the values.
// Loops over `len` always terminate for the same reason.
//
// Nothing here allocates or copies: a view is valid as long as the packet is.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *p;
	size_t len;
	bool bad;
};

// Cut the next `n` bytes off the front. When fewer are left, both the result and
// `b` become empty and bad.
static inline struct bytes bytes_take(struct bytes *b, size_t n)
{
	if (n > b->len) {
		b->len = 0;
		b->bad = true;
		return (struct bytes){.bad = true};
	}
	if (n == 0)
		return (struct bytes){.p = b->p};

	struct bytes out = {.p = b->p, .len = n};
	b->p += n;
	b->len -= n;
	return out;
}

static inline uint8_t bytes_u8(struct bytes *b)
{
	struct bytes v = bytes_take(b, 1);
	if (v.bad)
		return 0;
	return v.p[0];
}

static inline uint16_t bytes_u16(struct bytes *b)
{
	struct bytes v = bytes_take(b, 2);
	if (v.bad)
		return 0;
	return (uint16_t)(v.p[0] << 8 | v.p[1]);
}

static inline uint32_t bytes_u24(struct bytes *b)
{
	struct bytes v = bytes_take(b, 3);
	if (v.bad)
		return 0;
	return (uint32_t)v.p[0] << 16 | (uint32_t)v.p[1] << 8 | v.p[2];
}

static inline uint32_t bytes_u32(struct bytes *b)
{
	struct bytes v = bytes_take(b, 4);
	if (v.bad)
		return 0;
	return (uint32_t)v.p[0] << 24 | (uint32_t)v.p[1] << 16 | (uint32_t)v.p[2] << 8 | v.p[3];
}

// RFC 8446 3.4 vectors: a length, then that many bytes.
static inline struct bytes bytes_vec8(struct bytes *b)
{
	return bytes_take(b, bytes_u8(b));
}

static inline struct bytes bytes_vec16(struct bytes *b)
{
	return bytes_take(b, bytes_u16(b));
}

static inline bool bytes_equal(struct bytes v, const void *s, size_t n)
{
	return v.len == n && (n == 0 || memcmp(v.p, s, n) == 0);
}
