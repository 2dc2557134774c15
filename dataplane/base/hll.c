#include "dataplane/base/hll.h"

#include <math.h>
#include <string.h>

// In small blocks: a register and its rank, by its number; 0: none.
typedef _Atomic uint32_t entry;

static uint32_t entry_of(struct hll_point p)
{
	return ((uint32_t)p.index + 1) << 8 | p.rank;
}

static struct hll_point point_of(uint32_t e)
{
	return (struct hll_point){(uint16_t)((e >> 8) - 1), (uint8_t)e};
}

static uint32_t load(const entry *e)
{
	return atomic_load_explicit(e, memory_order_relaxed);
}

static uint32_t entries(unsigned size)
{
	return hll_bytes(size) / sizeof(entry);
}

static uint32_t first_place(uint16_t index, unsigned size)
{
	return (index * 0x9e3779b1u >> 16) & (entries(size) - 1);
}

void hll_prefetch(const void *block, unsigned size, struct hll_point point)
{
	const uint8_t *p = block;

	__builtin_prefetch(size == HLL_ALL ? p + point.index
					   : p + first_place(point.index, size) * sizeof(entry),
		1);
}

// Where the register is, or the first place it could have. NULL: it has none, which only a table has that
// somebody else wrote to.
static entry *place_of(entry *table, unsigned size, uint16_t index)
{
	uint32_t n = entries(size), first = first_place(index, size);

	for (uint32_t i = 0; i < n; i++) {
		entry *e = &table[(first + i) & (n - 1)];
		uint32_t v = load(e);
		if (v == 0 || v >> 8 == index + 1u)
			return e;
	}
	return NULL;
}

static enum hll_add add_register(void *block, uint32_t *used, struct hll_point p)
{
	_Atomic uint8_t *r = (_Atomic uint8_t *)block + p.index;
	uint8_t was = atomic_load_explicit(r, memory_order_relaxed);

	if (was >= p.rank)
		return HLL_KNOWN;
	*used += was == 0;
	atomic_store_explicit(r, p.rank, memory_order_relaxed);
	return HLL_NEW;
}

enum hll_add hll_add(void *block, unsigned size, uint32_t *used, struct hll_point p)
{
	if (size == HLL_ALL)
		return add_register(block, used, p);

	entry *e = place_of(block, size, p.index);
	if (e == NULL)
		return HLL_FULL;
	uint32_t was = load(e);
	if ((was & 0xff) >= p.rank)
		return HLL_KNOWN;
	// A quarter stays free, so that a search ends, and soon.
	if (was == 0 && *used >= entries(size) / 4 * 3)
		return HLL_FULL;
	*used += was == 0;
	atomic_store_explicit(e, entry_of(p), memory_order_relaxed);
	return HLL_NEW;
}

void hll_grow(const void *from, unsigned size, void *to)
{
	const entry *table = from;
	uint32_t used = 0;

	for (uint32_t i = 0; i < entries(size); i++) {
		uint32_t e = load(&table[i]);
		if (e != 0)
			hll_add(to, size + 1, &used, point_of(e));
	}
}

static bool take_point(uint32_t index, uint32_t rank, struct hll_point *out)
{
	if (index >= HLL_REGISTERS || rank == 0 || rank > HLL_RANK_MAX)
		return false;
	*out = (struct hll_point){(uint16_t)index, (uint8_t)rank};
	return true;
}

bool hll_next(const void *block, unsigned size, uint32_t *at, struct hll_point *out)
{
	const entry *table = block;
	const _Atomic uint8_t *all = block;
	bool found = false;

	while (size == HLL_ALL && !found && *at < HLL_REGISTERS) {
		uint32_t i = (*at)++;
		found = take_point(i, atomic_load_explicit(&all[i], memory_order_relaxed), out);
	}
	while (size < HLL_ALL && !found && *at < entries(size)) {
		uint32_t e = load(&table[(*at)++]);
		found = take_point((e >> 8) - 1, e & 0xff, out);
	}
	return found;
}

void hll_merge(uint8_t registers[HLL_REGISTERS], const void *block, unsigned size)
{
	struct hll_point p;

	for (uint32_t at = 0; hll_next(block, size, &at, &p);) {
		if (p.rank > registers[p.index])
			registers[p.index] = p.rank;
	}
}

// x + x^2 + 2 x^4 + 4 x^8 + ...; x: the part of registers that are zero.
static double sigma(double x)
{
	double power = 1, sum = x, before;

	if (x == 1)
		return INFINITY;
	do {
		x *= x;
		before = sum;
		sum += x * power;
		power += power;
	} while (sum != before);
	return sum;
}

// The same for registers that are at their end.
static double tau(double x)
{
	double power = 1, rest = 1 - x, before;

	if (x == 0 || x == 1)
		return 0;
	do {
		x = sqrt(x);
		before = rest;
		power *= 0.5;
		rest -= (1 - x) * (1 - x) * power;
	} while (rest != before);
	return rest / 3;
}

double hll_estimate(const uint8_t registers[HLL_REGISTERS])
{
	static const double m = HLL_REGISTERS;
	uint32_t of[HLL_RANK_MAX + 1] = {0}; // registers by rank

	for (uint32_t i = 0; i < HLL_REGISTERS; i++)
		of[registers[i] <= HLL_RANK_MAX ? registers[i] : HLL_RANK_MAX]++;
	double z = m * tau(1 - of[HLL_RANK_MAX] / m);
	for (unsigned k = HLL_RANK_MAX - 1; k >= 1; k--)
		z = (z + of[k]) / 2;
	z += m * sigma(of[0] / m);
	return m * m / (2 * M_LN2 * z);
}
