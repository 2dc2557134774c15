// HyperLogLog: about how many different persons there were, without a list of them. A person is a
// keyed hash; a sketch keeps of each of 16,384 registers the largest rank seen, so that sketches of
// the same key are merged register by register, and the merged one is that of the whole, exactly.
//
// Flajolet, Fusy, Gandouet, Meunier: HyperLogLog, AofA 2007: a standard error of 1.04 / sqrt(16384),
// 0.81 %. The estimate is the improved raw one of Ertl: New cardinality estimation algorithms for
// HyperLogLog sketches, arXiv 1702.01284, algorithm 6: good from nothing to 2^50, without tables.
//
// A sketch begins small: a hash table of the registers that are not zero, in a block of 64 bytes. A
// block that is full is copied into one four times as large, whose memory the caller gives; the largest
// has all registers, a byte each. One thread writes a block; others may read it meanwhile, in whole
// words: they see each register as it was at some moment, never a wrong one.

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	HLL_BITS = 14,
	HLL_REGISTERS = 1 << HLL_BITS,
	HLL_RANK_MAX = 64 - HLL_BITS + 1,
	HLL_SIZES = 5, // 64 bytes, 256, 1 KiB, 4 KiB; 16 KiB: all registers
	HLL_ALL = HLL_SIZES - 1,
};

#define HLL_ERROR 0.0081 // standard, of an estimate

static inline uint32_t hll_bytes(unsigned size)
{
	return 64u << 2 * size;
}

// What a hash says.
struct hll_point {
	uint16_t index;
	uint8_t rank; // 1 to HLL_RANK_MAX
};

static inline struct hll_point hll_point(uint64_t hash)
{
	uint64_t rest = hash << HLL_BITS | 1ull << (HLL_BITS - 1); // so that a rank ends

	return (struct hll_point){
		(uint16_t)(hash >> (64 - HLL_BITS)), (uint8_t)(__builtin_clzll(rest) + 1)};
}

enum hll_add { HLL_KNOWN, HLL_NEW, HLL_FULL }; // FULL: nothing was added, a larger block is wanted

// block: hll_bytes(size), zeroed when new, at a multiple of 4. *used: registers in it, kept by the caller.
// Whatever bytes the block holds, nothing outside it is touched, and the end comes.
enum hll_add hll_add(void *block, unsigned size, uint32_t *used, struct hll_point point);
// `to` is one size larger, and zeroed; what is in `from` is in it then. Not from the largest.
void hll_grow(const void *from, unsigned size, void *to);

// Brings what hll_add() of the same will look at first into the cache.
void hll_prefetch(const void *block, unsigned size, struct hll_point point);

// The next register that is not zero, from place *at on; 0 begins. False: there is none any more.
bool hll_next(const void *block, unsigned size, uint32_t *at, struct hll_point *out);

// All registers, a byte each: adds what is in the block. Whatever bytes it holds, it is read in bounds,
// and no rank comes out that could not be.
void hll_merge(uint8_t registers[HLL_REGISTERS], const void *block, unsigned size);

double hll_estimate(const uint8_t registers[HLL_REGISTERS]);
