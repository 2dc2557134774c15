#include "dataplane/inspect/defrag.h"

#include "dataplane/base/hash.h"
#include "dataplane/inspect/checksum.h"
#include "dataplane/inspect/datagram_pool.h"

#include <stdlib.h>
#include <sys/queue.h>

enum {
	IP4_HEAD = 20,
	IP6_HEAD = 40,
	IP_LEN_MAX = 65535,
	BLOCK = 8, // the unit of fragment offsets
	PAGE = 1024,
	PAGES = (IP_LEN_MAX + PAGE) / PAGE,
	ARENA_MIN = 256 * 1024, // a few of the largest datagrams
};

struct page {
	union {
		bool have[PAGE / BLOCK];
		struct page *next_free;
	};
	uint8_t data[PAGE];
};

struct datagram_key {
	uint8_t src[16];
	uint8_t dst[16];
	uint32_t id;
	uint32_t tag;
	uint8_t l4; // IPv6: 0, it is no part of the identity (RFC 8200 4.5)
	uint8_t version;
	uint8_t zero[6];
};
static_assert(sizeof(struct datagram_key) == 48, "hashed as eight-byte words");

struct datagram {
	LIST_ENTRY(datagram) bucket;
	TAILQ_ENTRY(datagram) age;
	struct datagram_key key;
	uint64_t first_ns;
	uint32_t frames;
	uint32_t frame_bytes;
	uint32_t have; // bytes
	uint32_t reach; // end of the furthest byte
	uint32_t end; // as the last fragment says; 0 before it came
	uint8_t l4; // as the first fragment says
	struct page *pages[PAGES];
};

LIST_HEAD(bucket, datagram);
TAILQ_HEAD(datagrams, datagram);

struct defrag {
	uint64_t *counters;
	uint64_t seed;
	uint64_t timeout_ns;
	uint32_t bucket_mask;
	uint32_t n_free_pages;
	struct bucket *buckets;
	struct bucket free_datagrams;
	struct page *free_pages;
	struct datagrams by_age; // oldest first
	struct datagram *datagrams;
	struct page *pages;
	struct datagram_pool *pool;
};

static void page_give(struct defrag *t, struct page *page)
{
	page->next_free = t->free_pages;
	t->free_pages = page;
	t->n_free_pages++;
}

static struct page *page_take(struct defrag *t)
{
	struct page *page = t->free_pages;

	t->free_pages = page->next_free;
	t->n_free_pages--;
	memset(page->have, 0, sizeof(page->have));
	return page;
}

struct defrag *defrag_new(const struct decoder_options *options, uint64_t *counters)
{
	uint32_t n = options->max_datagrams > 0 ? options->max_datagrams : 1;
	uint32_t n_pages = options->max_fragment_bytes / PAGE + 1;
	uint32_t n_buckets = 1;
	size_t arena = options->max_fragment_bytes;

	while (n_buckets < n)
		n_buckets *= 2;
	struct defrag *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	*t = (struct defrag){
		.counters = counters,
		.seed = options->seed,
		.timeout_ns = options->fragment_timeout_ns,
		.bucket_mask = n_buckets - 1,
		.buckets = calloc(n_buckets, sizeof(*t->buckets)),
		.datagrams = calloc(n, sizeof(*t->datagrams)),
		.pages = calloc(n_pages, sizeof(*t->pages)),
		.pool = datagram_pool_new(arena > ARENA_MIN ? arena : ARENA_MIN),
	};
	if (t->buckets == NULL || t->datagrams == NULL || t->pages == NULL || t->pool == NULL) {
		defrag_free(t);
		return NULL;
	}
	TAILQ_INIT(&t->by_age);
	for (uint32_t i = n; i > 0; i--)
		LIST_INSERT_HEAD(&t->free_datagrams, &t->datagrams[i - 1], bucket);
	for (uint32_t i = n_pages; i > 0; i--)
		page_give(t, &t->pages[i - 1]);
	return t;
}

void defrag_free(struct defrag *t)
{
	if (t == NULL)
		return;
	datagram_pool_free(t->pool);
	free(t->pages);
	free(t->datagrams);
	free(t->buckets);
	free(t);
}

static struct bucket *bucket_of(struct defrag *t, const struct datagram_key *key)
{
	return &t->buckets[hash_words(key, sizeof(*key), t->seed) & t->bucket_mask];
}

static void datagram_remove(struct defrag *t, struct datagram *g)
{
	for (unsigned i = 0; i < PAGES; i++) {
		if (g->pages[i] != NULL)
			page_give(t, g->pages[i]);
	}
	LIST_REMOVE(g, bucket);
	TAILQ_REMOVE(&t->by_age, g, age);
	LIST_INSERT_HEAD(&t->free_datagrams, g, bucket);
}

static void give_up(struct defrag *t, struct datagram *g, enum counter cause)
{
	t->counters[CTR_HELD_FRAGMENTS] -= g->frames;
	t->counters[cause] += g->frames;
	datagram_remove(t, g);
}

static struct datagram_key key_of(const struct fragment *f)
{
	struct datagram_key key = {.id = f->id, .tag = f->tag, .version = f->version};

	if (f->version == 4) {
		key.l4 = f->l4;
		memcpy(key.src, f->head + 12, 4);
		memcpy(key.dst, f->head + 16, 4);
	} else {
		memcpy(key.src, f->head + 8, 16);
		memcpy(key.dst, f->head + 24, 16);
	}
	return key;
}

static bool is_stale(const struct defrag *t, const struct datagram *g, uint64_t now_ns)
{
	return now_ns > g->first_ns && now_ns - g->first_ns > t->timeout_ns;
}

static struct datagram *datagram_find(
	struct defrag *t, const struct datagram_key *key, uint64_t now_ns)
{
	struct datagram *g;

	LIST_FOREACH (g, bucket_of(t, key), bucket) {
		if (memcmp(&g->key, key, sizeof(*key)) == 0)
			break;
	}
	// Looked at here too, so that the outcome does not hang on when expiry was last called.
	if (g != NULL && is_stale(t, g, now_ns)) {
		give_up(t, g, CTR_FRAG_TIMEOUT);
		g = NULL;
	}
	return g;
}

static struct datagram *datagram_start(
	struct defrag *t, const struct datagram_key *key, uint64_t now_ns)
{
	if (LIST_EMPTY(&t->free_datagrams))
		give_up(t, TAILQ_FIRST(&t->by_age), CTR_FRAG_SHED);
	struct datagram *g = LIST_FIRST(&t->free_datagrams);
	LIST_REMOVE(g, bucket);
	*g = (struct datagram){.key = *key, .first_ns = now_ns};
	LIST_INSERT_HEAD(bucket_of(t, key), g, bucket);
	TAILQ_INSERT_TAIL(&t->by_age, g, age);
	return g;
}

// What is wrong with a fragment whatever else has come. All but the last fill whole blocks.
static bool is_impossible(const struct fragment *f)
{
	size_t max = f->version == 4 ? IP_LEN_MAX - IP4_HEAD : IP_LEN_MAX;

	return f->body.len == 0 || f->offset + f->body.len > max ||
		(f->more && f->body.len % BLOCK != 0);
}

// The datagram has one end, and nothing lies behind it.
static bool contradicts(const struct datagram *g, const struct fragment *f)
{
	uint32_t end = f->offset + (uint32_t)f->body.len;

	if (g->end != 0 && (end > g->end || (!f->more && end != g->end)))
		return true;
	return !f->more && end < g->reach;
}

// The pages that the fragment touches are there after this; older datagrams make room.
// False when the datagram itself had to go.
static bool reserve(struct defrag *t, struct datagram *g, const struct fragment *f)
{
	uint32_t last = (f->offset + (uint32_t)f->body.len - 1) / PAGE;

	for (uint32_t i = f->offset / PAGE; i <= last; i++) {
		if (g->pages[i] != NULL)
			continue;
		while (t->n_free_pages == 0) {
			struct datagram *oldest = TAILQ_FIRST(&t->by_age);
			give_up(t, oldest, CTR_FRAG_SHED);
			if (oldest == g)
				return false;
		}
		g->pages[i] = page_take(t);
	}
	return true;
}

// Returns the number of new bytes. Blocks that are there stay as they are.
static uint32_t store(struct datagram *g, const struct fragment *f)
{
	uint32_t len = (uint32_t)f->body.len;
	uint32_t stored = 0;

	for (uint32_t i = 0; i < len; i += BLOCK) {
		uint32_t at = f->offset + i;
		uint32_t n = len - i < BLOCK ? len - i : BLOCK;
		struct page *page = g->pages[at / PAGE];
		if (page->have[at % PAGE / BLOCK])
			continue;
		page->have[at % PAGE / BLOCK] = true;
		memcpy(page->data + at % PAGE, f->body.p + i, n);
		stored += n;
	}
	return stored;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

// The header of the datagram as if it had come in one piece. Returns its length.
static uint32_t write_head(uint8_t *out, const struct fragment *f, const struct datagram *g)
{
	if (f->version == 6) {
		memcpy(out, f->head, IP6_HEAD);
		put16(out + 4, g->end);
		out[6] = g->l4;
		return IP6_HEAD;
	}
	memcpy(out, f->head, IP4_HEAD);
	out[0] = 0x45;
	put16(out + 2, IP4_HEAD + g->end);
	memset(out + 6, 0, 2);
	memset(out + 10, 0, 2);
	uint16_t sum = (uint16_t)~checksum_fold(checksum_add(0, out, IP4_HEAD));
	memcpy(out + 10, &sum, 2);
	return IP4_HEAD;
}

// p, the last piece to come, turns into the whole datagram.
static enum counter complete(
	struct defrag *t, struct datagram *g, struct packet *p, const struct fragment *f)
{
	uint8_t *data;
	struct pktbuf *buf = datagram_pool_take(t->pool, IP6_HEAD + g->end, &data);

	if (buf == NULL) {
		give_up(t, g, CTR_FRAG_SHED);
		return CTR_FRAG_SHED;
	}
	uint32_t head_len = write_head(data, f, g);
	for (uint32_t at = 0; at < g->end; at += PAGE) {
		uint32_t n = g->end - at < PAGE ? g->end - at : PAGE;
		memcpy(data + head_len + at, g->pages[at / PAGE]->data, n);
	}
	t->counters[CTR_HELD_FRAGMENTS] -= g->frames;
	t->counters[CTR_FRAG_REASSEMBLED]++;

	packet_free(p);
	p->buf = buf;
	p->data = data;
	p->len = p->wire_len = head_len + g->end;
	p->link = LINK_RAW_IP;
	p->flags |= PACKET_FRAGMENTED;
	p->frames = (uint16_t)(p->frames + g->frames);
	p->frame_bytes += g->frame_bytes;
	datagram_remove(t, g);
	return CTR_DELIVERED;
}

// A fragment of a tunnel may itself stand for many frames; p->frames has 16 bits for them.
static bool has_too_many_frames(const struct datagram *g, const struct packet *p)
{
	return g->frames + p->frames > UINT16_MAX;
}

enum counter defrag_add(struct defrag *t, struct packet *p, const struct fragment *f)
{
	if (is_impossible(f))
		return CTR_FRAG_BAD;

	struct datagram_key key = key_of(f);
	struct datagram *g = datagram_find(t, &key, p->ts_ns);
	if (g == NULL)
		g = datagram_start(t, &key, p->ts_ns);
	else if (contradicts(g, f))
		return CTR_FRAG_BAD;
	if (has_too_many_frames(g, p)) {
		give_up(t, g, CTR_FRAG_SHED);
		return CTR_FRAG_SHED;
	}
	if (!reserve(t, g, f))
		return CTR_FRAG_SHED;

	uint32_t end = f->offset + (uint32_t)f->body.len;
	uint32_t stored = store(g, f);
	bool news = stored > 0 || (!f->more && g->end == 0);
	if (!news)
		return CTR_FRAG_DUPLICATE;
	g->have += stored;
	g->reach = end > g->reach ? end : g->reach;
	if (f->offset == 0)
		g->l4 = f->l4;
	if (!f->more)
		g->end = end;
	if (g->have == g->end)
		return complete(t, g, p, f);

	g->frames += p->frames;
	g->frame_bytes += p->frame_bytes;
	t->counters[CTR_HELD_FRAGMENTS] += p->frames;
	return CTR_HELD_FRAGMENTS;
}

void defrag_expire(struct defrag *t, uint64_t now_ns)
{
	struct datagram *g;

	while ((g = TAILQ_FIRST(&t->by_age)) != NULL && is_stale(t, g, now_ns))
		give_up(t, g, CTR_FRAG_TIMEOUT);
}

void defrag_flush(struct defrag *t)
{
	struct datagram *g;

	while ((g = TAILQ_FIRST(&t->by_age)) != NULL)
		give_up(t, g, CTR_FRAG_TIMEOUT);
}
