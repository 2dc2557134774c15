// Sets of values -> their rows: sorted, and an index that leads to a handful of them at once.

#include "patterns/compile_hs.h"
#include "patterns/dataset.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const struct dataset_value *x = a, *y = b;

	return dataset_compare(x->hash, x->bytes, x->len, y->hash, y->bytes, y->len);
}

// Sorted; of a value that stands twice the higher reputation stays.
static uint32_t sort_values(struct dataset *set)
{
	uint32_t n = 0;

	if (set->n > 0)
		qsort(set->values, set->n, sizeof(*set->values), compare);
	for (uint32_t i = 0; i < set->n; i++) {
		struct dataset_value *last = n > 0 ? &set->values[n - 1] : NULL;
		if (last == NULL || compare(last, &set->values[i]) != 0)
			set->values[n++] = set->values[i];
		else if (last->reputation < set->values[i].reputation)
			last->reputation = set->values[i].reputation;
	}
	set->n = n;
	return n;
}

// Some four values for each place of the index.
static uint8_t index_bits(uint32_t n)
{
	uint8_t bits = 0;

	while (bits < SWDB_DATASET_BITS_MAX && n >> bits > 4)
		bits++;
	return bits;
}

static void put_index(struct swdb_build *b, const struct dataset *set, uint8_t bits)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < 1u << bits; i++) {
		swdb_put(b, SWDB_INDEXES, &at, sizeof(at));
		while (at < set->n && (bits == 0 || set->values[at].hash >> (64 - bits) <= i))
			at++;
	}
	swdb_put(b, SWDB_INDEXES, &set->n, sizeof(set->n));
}

static void put_set(struct swdb_build *b, struct dataset *set)
{
	struct swdb_dataset out = {
		.name = set->id,
		.values = {(uint32_t)(b->parts[SWDB_VALUES].len / sizeof(struct swdb_value)),
			sort_values(set)},
		.index = (uint32_t)(b->parts[SWDB_INDEXES].len / sizeof(uint32_t)),
		.bits = index_bits(set->n),
		.type = set->type,
		.changes = set->changes,
	};

	for (uint32_t i = 0; i < set->n; i++) {
		const struct dataset_value *v = &set->values[i];
		struct swdb_value row = {.hash = v->hash,
			.bytes = swdb_put(b, SWDB_TEXT, v->bytes, v->len),
			.len = v->len,
			.reputation = v->reputation};
		swdb_put(b, SWDB_VALUES, &row, sizeof(row));
	}
	put_index(b, set, out.bits);
	swdb_put(b, SWDB_DATASETS, &out, sizeof(out));
}

void swdb_put_datasets(struct swdb_build *b, const struct rule_list *rules, struct diags *diags)
{
	for (uint32_t i = 0; i < rules->n_datasets; i++) {
		struct dataset *set = rules->datasets[i];
		put_set(b, set);
		if (set->n == 0 && !set->changes)
			diag_add(diags, DIAG_WARNING, set->where,
				"nothing is in this set: no rule loads or adds values");
	}
}
