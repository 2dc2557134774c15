#include "dataplane/inspect/proto/inflate.h"

#include "dataplane/base/private.h"

#include <brotli/decode.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

enum { ALIGN = 32, WINDOW_BITS = 15, WINDOW_BITS_GZIP = 16 };

// Before each piece of an arena; its size is a multiple of ALIGN and counts this head.
struct piece {
	size_t size;
	bool used;
	uint8_t pad[ALIGN - sizeof(size_t) - sizeof(bool)];
};
_Static_assert(sizeof(struct piece) == ALIGN, "what follows is aligned");

struct inflater {
	uint8_t *arena;
	BrotliDecoderState *brotli;
	z_stream deflate;
	uint8_t coding; // enum coding
	bool taken;
	bool lasting;
	bool bad;
};

struct inflaters {
	uint8_t *memory;
	uint64_t denied;
	unsigned n_lasting;
	struct inflater items[INFLATERS];
};

struct inflaters *inflaters_new(void)
{
	struct inflaters *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	// Pages that no stream came to are never made.
	pool->memory = mmap(NULL, (size_t)INFLATERS * INFLATE_ARENA, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pool->memory == MAP_FAILED) {
		free(pool);
		return NULL;
	}
	madvise(pool->memory, (size_t)INFLATERS * INFLATE_ARENA, MADV_NOHUGEPAGE);
	private_mark(pool->memory, (size_t)INFLATERS * INFLATE_ARENA);
	for (unsigned i = 0; i < INFLATERS; i++)
		pool->items[i].arena = pool->memory + (size_t)i * INFLATE_ARENA;
	return pool;
}

void inflaters_free(struct inflaters *pool)
{
	if (pool == NULL)
		return;
	munmap(pool->memory, (size_t)INFLATERS * INFLATE_ARENA);
	free(pool);
}

uint64_t inflaters_denied(const struct inflaters *pool)
{
	return pool->denied;
}

static struct piece *piece_at(const struct inflater *d, size_t at)
{
	return (struct piece *)(void *)(d->arena + at);
}

static void arena_clear(struct inflater *d)
{
	*piece_at(d, 0) = (struct piece){.size = INFLATE_ARENA};
}

// The pieces behind p that are free become part of it.
static void piece_grow(struct inflater *d, struct piece *p, size_t at)
{
	while (at + p->size < INFLATE_ARENA && !piece_at(d, at + p->size)->used)
		p->size += piece_at(d, at + p->size)->size;
}

// First fit. A decoder holds a dozen pieces at a time.
static void *arena_take(void *opaque, size_t size)
{
	struct inflater *d = opaque;

	if (size > INFLATE_ARENA - ALIGN)
		return NULL;
	size = (size + 2 * ALIGN - 1) / ALIGN * ALIGN;
	for (size_t at = 0; at < INFLATE_ARENA;) {
		struct piece *p = piece_at(d, at);
		if (!p->used) {
			piece_grow(d, p, at);
			if (p->size >= size) {
				if (p->size > size)
					*piece_at(d, at + size) =
						(struct piece){.size = p->size - size};
				*p = (struct piece){.size = size, .used = true};
				return d->arena + at + ALIGN;
			}
		}
		at += p->size;
	}
	return NULL;
}

static void arena_give(void *opaque, void *p)
{
	(void)opaque;
	if (p != NULL)
		((struct piece *)(void *)((uint8_t *)p - ALIGN))->used = false;
}

static void *zlib_take(void *opaque, uInt n, uInt size)
{
	return arena_take(opaque, (size_t)n * size);
}

static void zlib_give(void *opaque, void *p)
{
	arena_give(opaque, p);
}

bool inflater_restart(struct inflater *d)
{
	d->bad = false;
	if (d->coding != CODING_BROTLI && d->deflate.state != NULL)
		return inflateReset(&d->deflate) == Z_OK;

	arena_clear(d);
	if (d->coding == CODING_BROTLI) {
		d->brotli = BrotliDecoderCreateInstance(arena_take, arena_give, d);
		return d->brotli != NULL;
	}
	int bits = d->coding == CODING_GZIP ? WINDOW_BITS + WINDOW_BITS_GZIP
		: d->coding == CODING_ZLIB  ? WINDOW_BITS
					    : -WINDOW_BITS;
	d->deflate = (z_stream){.zalloc = zlib_take, .zfree = zlib_give, .opaque = d};
	return inflateInit2(&d->deflate, bits) == Z_OK;
}

struct inflater *inflater_take(struct inflaters *pool, enum coding coding, bool lasting)
{
	for (unsigned i = 0; i < INFLATERS; i++) {
		struct inflater *d = &pool->items[i];
		if (d->taken || (lasting && pool->n_lasting >= INFLATERS_LASTING))
			continue;
		d->coding = (uint8_t)coding;
		d->lasting = lasting;
		d->deflate.state = NULL;
		if (!inflater_restart(d))
			break;
		d->taken = true;
		pool->n_lasting += lasting;
		return d;
	}
	pool->denied++;
	return NULL;
}

// The decoder's state needs no undoing: all of it is in the arena.
void inflater_give(struct inflaters *pool, struct inflater *d)
{
	if (d == NULL)
		return;
	d->taken = false;
	pool->n_lasting -= d->lasting;
}

static enum inflated feed_brotli(
	struct inflater *d, struct bytes *in, uint8_t *out, uint32_t *len, uint32_t cap)
{
	size_t room = cap - *len;
	uint8_t *to = out + *len;

	BrotliDecoderResult result =
		BrotliDecoderDecompressStream(d->brotli, &in->len, &in->p, &room, &to, NULL);
	*len = (uint32_t)(to - out);
	switch (result) {
	case BROTLI_DECODER_RESULT_SUCCESS:
		return INFLATED_END;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
		return INFLATED_MORE;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
		return INFLATED_FULL;
	default:
		return INFLATED_BAD;
	}
}

static enum inflated feed_deflate(
	struct inflater *d, struct bytes *in, uint8_t *out, uint32_t *len, uint32_t cap)
{
	z_stream *z = &d->deflate;

	z->next_in = (uint8_t *)(uintptr_t)in->p;
	z->avail_in = in->len < UINT32_MAX ? (uInt)in->len : UINT32_MAX;
	z->next_out = out + *len;
	z->avail_out = cap - *len;
	size_t given = z->avail_in;
	int result = inflate(z, Z_SYNC_FLUSH);
	bytes_take(in, given - z->avail_in);
	*len = cap - z->avail_out;
	if (result == Z_STREAM_END)
		return INFLATED_END;
	if (result != Z_OK && result != Z_BUF_ERROR)
		return INFLATED_BAD;
	return z->avail_out == 0 ? INFLATED_FULL : INFLATED_MORE;
}

enum inflated inflater_feed(
	struct inflater *d, struct bytes *in, uint8_t *out, uint32_t *len, uint32_t cap)
{
	if (d->bad)
		return INFLATED_BAD;
	if (*len >= cap)
		return INFLATED_FULL;

	enum inflated result = d->coding == CODING_BROTLI ? feed_brotli(d, in, out, len, cap)
							  : feed_deflate(d, in, out, len, cap);
	d->bad = result == INFLATED_BAD;
	return result;
}
