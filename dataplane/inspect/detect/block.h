// 64 bytes of text as bit masks, bit n for byte n: where the scan has something to do.
//
// Three readers that say the same (a test compares them): plain C, SSE2, and AVX2 for processors
// that have it.

#pragma once

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct block {
	uint64_t digit, word; // 0-9; letters too
	uint64_t key; // = : and, when asked for, >
	uint64_t mark; // @ $
	uint64_t colon, dash, blank, dot;
	uint64_t high, lead; // 0x80, 0xe0 and above
};

// angle: '>' is a key's end too, or '=' once more.
typedef void block_reader(struct block *b, const uint8_t *p, char angle);

static inline void block_read_plain(struct block *b, const uint8_t *p, char angle)
{
	memset(b, 0, sizeof(*b));
	for (unsigned i = 0; i < 64; i++) {
		uint64_t bit = 1ull << i;
		char c = (char)p[i];
		b->digit |= c >= '0' && c <= '9' ? bit : 0;
		b->word |= (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ? bit : 0;
		b->high |= p[i] >= 0x80 ? bit : 0;
		b->lead |= p[i] >= 0xe0 ? bit : 0;
		b->colon |= c == ':' ? bit : 0;
		b->key |= c == ':' || c == '=' || c == angle ? bit : 0;
		b->mark |= c == '@' || c == '$' ? bit : 0;
		b->dash |= c == '-' ? bit : 0;
		b->blank |= c == ' ' ? bit : 0;
		b->dot |= c == '.' ? bit : 0;
	}
}

#if defined(__x86_64__)

static inline uint64_t block_equal_sse2(const __m128i v[4], char c)
{
	__m128i what = _mm_set1_epi8(c);
	uint64_t out = 0;

#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++)
		out |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], what)) << 16 * i;
	return out;
}

static inline void block_read_sse2(struct block *b, const uint8_t *p, char angle)
{
	const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
	const __m128i lead = _mm_set1_epi8((char)0xe0), small = _mm_set1_epi8(32);
	const __m128i a = _mm_set1_epi8('a'), z = _mm_set1_epi8('z' - 'a');
	__m128i v[4];

	b->digit = b->word = b->high = b->lead = 0;
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		v[i] = _mm_loadu_si128((const __m128i *)(p + 16 * i));
		__m128i off = _mm_sub_epi8(v[i], zero);
		__m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(off, nine), off);
		__m128i place = _mm_sub_epi8(_mm_or_si128(v[i], small), a);
		__m128i letter = _mm_cmpeq_epi8(_mm_min_epu8(place, z), place);
		__m128i from = _mm_cmpeq_epi8(_mm_max_epu8(v[i], lead), v[i]);
		b->digit |= (uint64_t)(unsigned)_mm_movemask_epi8(digit) << 16 * i;
		b->word |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(digit, letter))
			<< 16 * i;
		b->high |= (uint64_t)(unsigned)_mm_movemask_epi8(v[i]) << 16 * i;
		b->lead |= (uint64_t)(unsigned)_mm_movemask_epi8(from) << 16 * i;
	}
	b->colon = block_equal_sse2(v, ':');
	b->key = b->colon | block_equal_sse2(v, '=') | block_equal_sse2(v, angle);
	b->mark = block_equal_sse2(v, '@') | block_equal_sse2(v, '$');
	b->dash = block_equal_sse2(v, '-');
	b->blank = block_equal_sse2(v, ' ');
	b->dot = block_equal_sse2(v, '.');
}

#define BLOCK_AVX2 __attribute__((target("avx2,bmi")))

BLOCK_AVX2 static inline uint64_t block_bits_avx2(__m256i low, __m256i high)
{
	return (uint64_t)(uint32_t)_mm256_movemask_epi8(low) |
		(uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

BLOCK_AVX2 static inline uint64_t block_equal_avx2(__m256i low, __m256i high, char c)
{
	__m256i what = _mm256_set1_epi8(c);

	return block_bits_avx2(_mm256_cmpeq_epi8(low, what), _mm256_cmpeq_epi8(high, what));
}

BLOCK_AVX2 static inline __m256i block_digits_avx2(__m256i v)
{
	__m256i off = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));

	return _mm256_cmpeq_epi8(_mm256_min_epu8(off, _mm256_set1_epi8(9)), off);
}

BLOCK_AVX2 static inline __m256i block_letters_avx2(__m256i v)
{
	__m256i place =
		_mm256_sub_epi8(_mm256_or_si256(v, _mm256_set1_epi8(32)), _mm256_set1_epi8('a'));

	return _mm256_cmpeq_epi8(_mm256_min_epu8(place, _mm256_set1_epi8('z' - 'a')), place);
}

BLOCK_AVX2 static inline __m256i block_leads_avx2(__m256i v)
{
	return _mm256_cmpeq_epi8(_mm256_max_epu8(v, _mm256_set1_epi8((char)0xe0)), v);
}

BLOCK_AVX2 static inline void block_read_avx2(struct block *b, const uint8_t *p, char angle)
{
	__m256i low = _mm256_loadu_si256((const __m256i *)p);
	__m256i high = _mm256_loadu_si256((const __m256i *)(p + 32));

	b->digit = block_bits_avx2(block_digits_avx2(low), block_digits_avx2(high));
	b->word = b->digit | block_bits_avx2(block_letters_avx2(low), block_letters_avx2(high));
	b->high = block_bits_avx2(low, high);
	b->lead = block_bits_avx2(block_leads_avx2(low), block_leads_avx2(high));
	b->colon = block_equal_avx2(low, high, ':');
	b->key = b->colon | block_equal_avx2(low, high, '=') | block_equal_avx2(low, high, angle);
	b->mark = block_equal_avx2(low, high, '@') | block_equal_avx2(low, high, '$');
	b->dash = block_equal_avx2(low, high, '-');
	b->blank = block_equal_avx2(low, high, ' ');
	b->dot = block_equal_avx2(low, high, '.');
}

#endif

// Bit n: the byte k before byte n, which may be of the block before.
static inline uint64_t block_back(uint64_t mask, uint64_t before, unsigned k)
{
	return mask << k | before >> (64 - k);
}
