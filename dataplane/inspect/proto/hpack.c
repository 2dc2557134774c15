#include "dataplane/inspect/proto/hpack.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

struct hpack {
	nghttp2_hd_inflater *inflater;
	nghttp2_mem mem;
	size_t used; // bytes the inflater holds
	struct hpack *next;
};

struct hpack_pool {
	struct hpack slots[HPACK_SLOTS];
	struct hpack *free;
};

// In front of each block its size stands, so that what is held can be counted.
union block {
	size_t size;
	max_align_t align;
};

static void *bounded_malloc(size_t size, void *ctx)
{
	struct hpack *h = ctx;

	if (size > HPACK_BYTES_MAX - h->used)
		return NULL;
	union block *b = malloc(sizeof(*b) + size);
	if (b == NULL)
		return NULL;
	b->size = size;
	h->used += size;
	return b + 1;
}

static void bounded_free(void *p, void *ctx)
{
	struct hpack *h = ctx;
	union block *b = p;

	if (p == NULL)
		return;
	h->used -= b[-1].size;
	free(b - 1);
}

static void *bounded_calloc(size_t n, size_t size, void *ctx)
{
	void *p = size == 0 || n <= HPACK_BYTES_MAX / size ? bounded_malloc(n * size, ctx) : NULL;

	if (p != NULL)
		memset(p, 0, n * size);
	return p;
}

static void *bounded_realloc(void *old, size_t size, void *ctx)
{
	union block *b = old;
	void *p = bounded_malloc(size, ctx);

	if (p != NULL && old != NULL) {
		memcpy(p, old, b[-1].size < size ? b[-1].size : size);
		bounded_free(old, ctx);
	}
	return p;
}

struct hpack_pool *hpack_pool_new(void)
{
	struct hpack_pool *pool = calloc(1, sizeof(*pool));

	for (unsigned i = 0; pool != NULL && i < HPACK_SLOTS; i++) {
		struct hpack *h = &pool->slots[i];
		h->mem = (nghttp2_mem){
			h, bounded_malloc, bounded_free, bounded_calloc, bounded_realloc};
		h->next = pool->free;
		pool->free = h;
	}
	return pool;
}

void hpack_pool_free(struct hpack_pool *pool)
{
	free(pool); // every slot is back, and holds nothing
}

struct hpack *hpack_take(struct hpack_pool *pool)
{
	struct hpack *h = pool->free;

	if (h == NULL || nghttp2_hd_inflate_new2(&h->inflater, &h->mem) != 0)
		return NULL;
	pool->free = h->next;
	return h;
}

void hpack_give(struct hpack_pool *pool, struct hpack *h)
{
	if (h == NULL)
		return;
	nghttp2_hd_inflate_del(h->inflater);
	h->inflater = NULL;
	h->next = pool->free;
	pool->free = h;
}

static struct bytes copy(const uint8_t *p, size_t len, uint8_t *text, size_t cap, size_t *used)
{
	if (len > cap - *used)
		return (struct bytes){.bad = true};
	uint8_t *to = text + *used;
	if (len > 0)
		memcpy(to, p, len);
	*used += len;
	return (struct bytes){.p = to, .len = len};
}

int hpack_decode(struct hpack *h, struct bytes block, uint8_t *text, size_t cap,
	struct hpack_header out[HPACK_HEADERS_MAX])
{
	size_t used = 0;
	int n = 0;

	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t took =
			nghttp2_hd_inflate_hd2(h->inflater, &nv, &flags, block.p, block.len, 1);
		if (took < 0)
			return -1;
		bytes_take(&block, (size_t)took);
		if (flags & NGHTTP2_HD_INFLATE_FINAL) {
			nghttp2_hd_inflate_end_headers(h->inflater);
			return n;
		}
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT)) {
			if (block.len == 0)
				return -1;
			continue;
		}
		if (n == HPACK_HEADERS_MAX)
			continue;
		out[n].name = copy(nv.name, nv.namelen, text, cap, &used);
		out[n].value = copy(nv.value, nv.valuelen, text, cap, &used);
		if (!out[n].name.bad && !out[n].value.bad)
			n++;
	}
}
