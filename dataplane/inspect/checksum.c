#include "dataplane/inspect/checksum.h"

#include <string.h>

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

// 2^64 is 1 modulo 0xffff: a carry out of the top goes back in at the bottom.
static uint64_t add_carry(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? sum + 1 : sum;
}

// Two lanes: SSE2 and NEON, which every machine of these families has.
typedef uint64_t lanes __attribute__((vector_size(16)));

static lanes load_lanes(const uint8_t *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

// 32 bytes a turn, in sums that do not wait for each other. The halves of a word are added
// apart: the 32 bits of room above them last for any packet, so that nothing carries.
static uint64_t add_blocks(const uint8_t *p, size_t n_blocks)
{
	const lanes half = {0xffffffff, 0xffffffff};
	lanes low[2] = {{0}};
	lanes high[2] = {{0}};

	for (; n_blocks > 0; n_blocks--, p += 32) {
		lanes v = load_lanes(p);
		lanes next = load_lanes(p + 16);
		low[0] += v & half;
		high[0] += v >> 32;
		low[1] += next & half;
		high[1] += next >> 32;
	}
	lanes sum = low[0] + low[1] + high[0] + high[1];
	return sum[0] + sum[1];
}

uint64_t checksum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t four = 0;
	uint16_t two = 0;
	uint16_t one = 0;

	if (len >= 32)
		sum = add_carry(sum, add_blocks(p, len / 32));
	p += len & ~(size_t)31;
	for (len &= 31; len >= 8; len -= 8, p += 8)
		sum = add_carry(sum, load64(p));
	if (len & 4)
		memcpy(&four, p, 4);
	p += len & 4;
	if (len & 2)
		memcpy(&two, p, 2);
	p += len & 2;
	if (len & 1)
		memcpy(&one, p, 1);
	return add_carry(sum, (uint64_t)four + two + one);
}
