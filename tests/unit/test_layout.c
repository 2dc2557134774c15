// No cache line is written by two workers: what each of them allocates while it opens, its place among the
// workers, and its part of the shared region. malloc() and its like are stood in for, to see who gets what.

#include "dataplane/base/lines.h"
#include "dataplane/runtime/engine.h"
#include "dataplane/runtime/shadow.h"
#include "tests/unit/check.h"
#include "tests/unit/own_malloc.h"

#include <openssl/crypto.h>

#include <pthread.h>

enum { WORKERS = 4, BLOCKS_MAX = 100000 };

struct block {
	uintptr_t from, to; // to: one behind
	pthread_t owner;
};

static struct block blocks[BLOCKS_MAX];

#ifndef OTHER_MALLOC
static _Atomic unsigned n_blocks;
static _Atomic bool watching;

// Volatile: compilers know that no malloc() looks at it, and this one does.
static _Thread_local volatile bool in_crypto;

static void *malloc_noted(void *p, size_t size)
{
	if (p == NULL || !watching || in_crypto)
		return p;
	unsigned i = n_blocks++;
	if (i < BLOCKS_MAX)
		blocks[i] = (struct block){
			(uintptr_t)p, (uintptr_t)p + (size != 0 ? size : 1), pthread_self()};
	return p;
}

// OpenSSL's lists of what it offers belong to nobody, and are changed by whoever asks for something new.
static void *crypto_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	in_crypto = true;
	p = realloc(p, size);
	in_crypto = false;
	return p;
}

static void *crypto_malloc(size_t size, const char *file, int line)
{
	return crypto_realloc(NULL, size, file, line);
}

static void crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}
#endif

static int by_address(const void *a, const void *b)
{
	const struct block *x = a, *y = b;
	return (x->from > y->from) - (x->from < y->from);
}

// Blocks that were freed meanwhile may have been given to another: their like overlap, and count too.
static unsigned shared_lines(unsigned n, unsigned *owners)
{
	unsigned shared = 0;

	qsort(blocks, n, sizeof(blocks[0]), by_address);
	*owners = 0;
	for (unsigned i = 0; i < n; i++) {
		bool known = false;
		for (unsigned k = 0; k < i && !known; k++)
			known = pthread_equal(blocks[k].owner, blocks[i].owner);
		*owners += !known;
		if (i > 0 && !pthread_equal(blocks[i - 1].owner, blocks[i].owner))
			shared +=
				(blocks[i - 1].to - 1) / CACHE_LINE == blocks[i].from / CACHE_LINE;
	}
	return shared;
}

static void test_heap(void)
{
#ifdef OTHER_MALLOC
	printf(" (a sanitizer's malloc: not looked at) ");
#else
	struct engine_options o = engine_defaults();
	struct engine e;
	unsigned owners;

	o.n_workers = WORKERS;
	o.capture = true;
	o.max_flows = 4096;
	CHECK(CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free), "too late");
	watching = true;
	CHECK(engine_open(&e, &o) == 0, "open");
	watching = false;
	CHECK(n_blocks > WORKERS * 10 && n_blocks < BLOCKS_MAX, "%u blocks", n_blocks);
	unsigned shared = shared_lines(n_blocks, &owners);
	CHECK(owners == WORKERS + 1, "%u threads allocated", owners);
	CHECK(shared == 0, "%u lines have two owners", shared);
	engine_close(&e);
#endif
}

// Two owners in one line are seen, two beside each other are none.
static void test_sees(void)
{
	struct block *b = blocks;
	unsigned owners;

	b[0] = (struct block){640, 660, (pthread_t)1};
	b[1] = (struct block){672, 700, (pthread_t)2};
	b[2] = (struct block){768, 800, (pthread_t)1};
	b[3] = (struct block){832, 900, (pthread_t)3};
	unsigned shared = shared_lines(4, &owners);
	CHECK(shared == 1 && owners == 3, "%u lines, %u owners", shared, owners);
}

static void test_places(void)
{
	struct engine_options o = engine_defaults();
	struct engine e;

	o.n_workers = WORKERS;
	o.capture = true;
	o.max_flows = 1024;
	CHECK(engine_open(&e, &o) == 0, "open");
	for (unsigned i = 0; i < WORKERS; i++) {
		CHECK((uintptr_t)&e.workers[i] % CACHE_LINE == 0, "worker %u", i);
		CHECK((uintptr_t)shared_page(&e.shared, i) % 4096 == 0, "page %u", i);
		CHECK((uintptr_t)shared_ring(&e.shared, i) % 4096 == 0, "ring %u", i);
		CHECK(e.workers[i].page == shared_page(&e.shared, i), "whose page");
	}
	CHECK((uintptr_t)e.reader % CACHE_LINE == 0, "reader");
	static_assert(sizeof(struct worker) % CACHE_LINE == 0, "workers stand side by side");
	static_assert(sizeof(struct shadow_worker) % CACHE_LINE == 0, "so do a shadow's");
	engine_close(&e);
}

static void test_lines(void)
{
	static const struct {
		size_t n, size;
		bool fits;
	} rows[] = {{1, 1, true}, {0, 8, true}, {7, 64, true}, {3, 21, true}, {1, 63, true},
		{SIZE_MAX, 2, false}, {2, SIZE_MAX, false}, {SIZE_MAX, 1, false}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t *p = lines_calloc(rows[i].n, rows[i].size);
		CHECK((p != NULL) == rows[i].fits, "%zu", i);
		CHECK((uintptr_t)p % CACHE_LINE == 0, "%zu", i);
		for (size_t k = 0; p != NULL && k < rows[i].n * rows[i].size; k++)
			CHECK(p[k] == 0, "%zu", i);
		free(p);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what shares a line", test_sees},
		{"what workers allocate", test_heap},
		{"where they stand", test_places},
		{"whole lines", test_lines},
		CU_TEST_INFO_NULL,
	};
	return check_main("layout", tests);
}
