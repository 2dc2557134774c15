#include "tools/bench/bare_lookup.h"

#include "dataplane/base/clock.h"
#include "dataplane/inspect/inspect.h"

#include <rte_hash.h>
#include <rte_hash_crc.h>

#include <stdlib.h>
#include <string.h>

struct bare_lookup {
	struct rte_hash *table;
	uint32_t keys;
	uint64_t random;
};

static void key_of(uint32_t n, struct flow_key *key)
{
	*key = (struct flow_key){.aport = (uint16_t)n, .bport = 22, .l4 = 6, .ip_version = 4};
	memcpy(key->a, &n, sizeof(n));
}

struct bare_lookup *bare_lookup_new(uint32_t keys)
{
	struct rte_hash_parameters parameters = {.name = "bare lookup",
		.entries = keys + keys / 2 + 64,
		.key_len = sizeof(struct flow_key),
		.hash_func = rte_hash_crc};
	struct bare_lookup *b = calloc(1, sizeof(*b));
	struct flow_key key;

	if (b == NULL)
		return NULL;
	b->keys = keys;
	b->random = 1;
	b->table = rte_hash_create(&parameters);
	bool room = b->table != NULL;
	for (uint32_t i = 0; room && i < keys; i++) {
		key_of(i, &key);
		room = rte_hash_add_key_data(b->table, &key, (void *)(uintptr_t)(i + 1)) >= 0;
	}
	if (room)
		return b;
	bare_lookup_free(b);
	return NULL;
}

void bare_lookup_free(struct bare_lookup *b)
{
	if (b == NULL)
		return;
	rte_hash_free(b->table);
	free(b);
}

double bare_lookup_run(struct bare_lookup *b, uint64_t n)
{
	struct flow_key keys[BURST_MAX];
	const void *pointers[BURST_MAX];
	void *data[BURST_MAX];
	uint64_t cycles = 0, done = 0, mask;

	for (; done < n; done += BURST_MAX) {
		for (unsigned i = 0; i < BURST_MAX; i++) {
			b->random = b->random * 6364136223846793005u + 1442695040888963407u;
			key_of((uint32_t)((b->random >> 32) * b->keys >> 32), &keys[i]);
			pointers[i] = &keys[i];
		}
		uint64_t start = clock_cycles();
		rte_hash_lookup_bulk_data(b->table, pointers, BURST_MAX, &mask, data);
		cycles += clock_cycles() - start;
	}
	return (double)cycles / (double)done;
}
