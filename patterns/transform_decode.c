// Transformations that undo an encoding.

#include "dataplane/base/base64.h"
#include "patterns/number.h"
#include "patterns/transform_impl.h"

#include <zlib.h>

enum { WINDOW_BITS = 15, WINDOW_BITS_GZIP = 16, ALIGN = 16 };

static struct bytes xor_key(const struct transform_step *s)
{
	const struct transform *t = s->t;
	struct bytes in = s->in;

	if (t->mode == 0)
		return (struct bytes){.p = t->arg, .len = t->arg_len};
	if (t->b < 0)
		return (struct bytes){.bad = true};
	bytes_take(&in, (size_t)t->b);
	return bytes_take(&in, t->mode);
}

struct bytes transform_xor(const struct transform_step *s)
{
	struct bytes key = xor_key(s);
	struct bytes out = {.p = s->out};
	size_t at = 0;

	if (key.len == 0 || s->t->a < 0)
		return s->in;
	out.len = s->in.len < TRANSFORM_MAX ? s->in.len : TRANSFORM_MAX;
	memcpy(s->out, s->in.p, out.len);
	for (size_t i = (size_t)s->t->a; i < out.len; i++) {
		s->out[i] ^= key.p[at];
		at = at + 1 < key.len ? at + 1 : 0;
	}
	return out;
}

// Whole groups of four of the alphabet, the last one padded.
static bool is_strict(struct bytes in)
{
	size_t n = in.len;

	if (n % 4 != 0)
		return false;
	while (n > 0 && in.len - n < 2 && in.p[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++) {
		if (base64_sextet(in.p[i]) < 0)
			return false;
	}
	return true;
}

static size_t decode(struct bytes in, bool skips, uint8_t out[TRANSFORM_MAX])
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < in.len && n < TRANSFORM_MAX; i++) {
		int v = base64_sextet(in.p[i]);
		if (v < 0 && skips && in.p[i] != '=')
			continue;
		if (v < 0)
			break;
		bits = (bits << 6 | (uint32_t)v) & 0xffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			out[n++] = (uint8_t)(bits >> n_bits);
		}
	}
	return n;
}

struct bytes transform_from_base64(const struct transform_step *s)
{
	struct bytes in = s->in;
	size_t n = 0;

	if (s->t->a < 0 || s->t->b < 0)
		return s->in;
	bytes_take(&in, (size_t)s->t->b);
	if (s->t->a > 0 && in.len > (size_t)s->t->a)
		in.len = (size_t)s->t->a;
	if (s->t->mode != TRANSFORM_STRICT || is_strict(in))
		n = decode(in, s->t->mode == TRANSFORM_RFC2045, s->out);
	return n > 0 ? (struct bytes){.p = s->out, .len = n} : s->in;
}

// zlib's memory is taken from the room, and forgotten with the next run.
static void *zlib_take(void *opaque, uInt n, uInt size)
{
	struct transform_room *r = opaque;
	size_t want = ((size_t)n * size + ALIGN - 1) / ALIGN * ALIGN;

	if (want > sizeof(r->inflate) - r->inflate_used)
		return NULL;
	void *p = r->inflate + r->inflate_used;
	r->inflate_used += want;
	return p;
}

static void zlib_give(void *opaque, void *p)
{
	(void)opaque;
	(void)p;
}

static struct bytes inflated(const struct transform_step *s, int bits)
{
	z_stream z = {.zalloc = zlib_take, .zfree = zlib_give, .opaque = s->room};
	size_t max = s->t->a > 0 && s->t->a < TRANSFORM_MAX ? (size_t)s->t->a : TRANSFORM_MAX;

	s->room->inflate_used = 0;
	if (inflateInit2(&z, bits) != Z_OK)
		return (struct bytes){.bad = true};
	z.next_in = (uint8_t *)(uintptr_t)s->in.p;
	z.avail_in = s->in.len < UINT32_MAX ? (uInt)s->in.len : UINT32_MAX;
	z.next_out = s->out;
	z.avail_out = (uInt)max;
	int got = inflate(&z, Z_SYNC_FLUSH);
	size_t n = max - z.avail_out;
	return n > 0 || got == Z_STREAM_END ? (struct bytes){.p = s->out, .len = n} : s->in;
}

struct bytes transform_gunzip(const struct transform_step *s)
{
	return inflated(s, WINDOW_BITS + WINDOW_BITS_GZIP);
}

struct bytes transform_zlib_deflate(const struct transform_step *s)
{
	return inflated(s, WINDOW_BITS);
}
