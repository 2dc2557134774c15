// Windows over streams, sums of lists, tokens.

#include "dataplane/inspect/leak/aggregate.h"
#include "dataplane/inspect/leak/token.h"
#include "dataplane/inspect/leak/window.h"
#include "tests/unit/check.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

// All texts of a stream that comes in pieces, as they are looked at.
static size_t all_texts(size_t piece, uint8_t *out, size_t max)
{
	enum { STREAM = 3 * WINDOW_BYTES + 777 };
	static uint8_t stream[STREAM];
	struct windows *w = windows_new(2);
	int owner;
	struct window *mine = window_of(w, windows_take(w, &owner, 0));
	size_t n = 0;

	for (size_t i = 0; i < STREAM; i++)
		stream[i] = (uint8_t)(i * 31 + i / 251);
	for (size_t at = 0; at < STREAM; at += piece) {
		struct bytes in = {stream + at, STREAM - at < piece ? STREAM - at : piece, false};
		while (in.len > 0) {
			if (!window_put(mine, &in))
				continue;
			struct bytes text = window_text(mine);
			if (n + text.len <= max)
				memcpy(out + n, text.p, text.len);
			n += text.len;
			window_next(mine);
		}
	}
	struct bytes text = window_text(mine);
	if (n + text.len <= max)
		memcpy(out + n, text.p, text.len);
	windows_free(w);
	return n + text.len;
}

static void test_windows(void)
{
	enum { MAX = 8 * WINDOW_BYTES };
	static const size_t pieces[] = {1, 7, 1400, WINDOW_BYTES - 1, WINDOW_BYTES + 1, 65536};
	uint8_t *first = malloc(MAX), *other = malloc(MAX);
	size_t n = all_texts(4096, first, MAX);

	CHECK(n == 3 * WINDOW_BYTES + 777 + 3 * WINDOW_BEFORE, "%zu bytes", n);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		CHECK(all_texts(pieces[i], other, MAX) == n && memcmp(first, other, n) == 0,
			"pieces of %zu", pieces[i]);
	free(first);
	free(other);
}

static void test_window_pool(void)
{
	struct windows *w = windows_new(3);
	int owners[4];
	uint16_t a = windows_take(w, &owners[0], 0), b = windows_take(w, &owners[1], 1),
		 c = windows_take(w, &owners[2], 0);
	struct bytes in = {(const uint8_t *)"secret", 6, false};

	CHECK(windows_full(w) && windows_oldest(w) == a, "the first is the oldest");
	window_put(window_of(w, a), &in);
	windows_give(w, a);
	CHECK(!windows_full(w) && windows_oldest(w) == b, "then the second");
	uint16_t d = windows_take(w, &owners[3], 1);
	CHECK(memcmp(window_of(w, d)->data, "secret", 6) != 0, "nothing is left of who had it");
	CHECK(window_of(w, d)->owner == &owners[3] && window_of(w, d)->side == 1, "whose it is");
	windows_give(w, c);
	windows_give(w, b);
	CHECK(windows_oldest(w) == d, "given back out of order");
	windows_free(w);
	windows_free(NULL);
}

static void test_known(void)
{
	struct windows *w = windows_new(1);
	int owner;
	struct window *mine = window_of(w, windows_take(w, &owner, 0));

	CHECK(!window_knows(mine, 5) && !window_knows(mine, 5), "of this window");
	window_next(mine);
	CHECK(window_knows(mine, 5) && !window_knows(mine, 6), "of the one before");
	window_next(mine);
	CHECK(window_knows(mine, 5) && window_knows(mine, 6), "seen again, known again");
	window_next(mine);
	window_next(mine);
	CHECK(!window_knows(mine, 5), "two windows later it is new");
	for (uint64_t i = 100; i < 100 + 2 * WINDOW_KNOWN; i++)
		window_knows(mine, i);
	window_next(mine);
	CHECK(!window_knows(mine, 100) && window_knows(mine, 99 + 2 * WINDOW_KNOWN),
		"the last ones");
	windows_free(w);
}

static struct detect_sums numbers(unsigned n)
{
	struct detect_sums s = {.numbers = n, .names = n};

	for (unsigned i = 0; i < n; i++)
		s.distinct[i / 64] |= 1ull << i % 64;
	return s;
}

static void test_sums(void)
{
	const uint64_t book = 1ull << DETECT_CONTACTS_JSON;
	struct aggregates *a = aggregates_new(4, 1);
	const struct detect_sums ten = numbers(10), twenty = numbers(20);
	struct detect_sums other = {.numbers = 10, .names = 10, .distinct = {0, ~0ull}};
	const uint64_t t = 1000;

	CHECK(aggregates_add(a, SPAN_FLOW, "k", 1, &ten, 0, t) == 0, "ten");
	CHECK(aggregates_add(a, SPAN_FLOW, "k", 1, &ten, 0, t) == 0, "the same ten again");
	aggregates_active(a, ~book);
	CHECK(aggregates_add(a, SPAN_FLOW, "k", 1, &other, 0, t) == 0, "nobody looks for them");
	aggregates_active(a, UINT64_MAX);
	CHECK(aggregates_add(a, SPAN_FLOW, "k", 1, &other, 0, t) == book, "and ten others");
	CHECK(aggregates_add(a, SPAN_FLOW, "k", 1, &other, 0, t) == 0, "told once");
	CHECK(aggregates_add(a, SPAN_TIME, "k", 1, &other, 0, t) == 0, "another span");
	CHECK(aggregates_add(a, SPAN_TIME, "k", 1, &ten, 0, t + AGGREGATE_NS + 1) == 0, "too late");
	CHECK(aggregates_add(a, SPAN_TIME, "t", 1, &twenty, book, t) == 0, "told by its text");
	CHECK(aggregates_shed(a) == 0, "there was room");
	CHECK(aggregates_add(a, SPAN_FLOW, "x", 1, &ten, 0, t + 5) == 0, "a fourth");
	CHECK(aggregates_add(a, SPAN_FLOW, "y", 1, &ten, 0, t + 5) == 0, "a fifth");
	CHECK(aggregates_shed(a) == 1, "takes the place of the oldest");
	aggregates_free(a);
	aggregates_free(NULL);
}

// As the header says, by OpenSSL's one-shot function.
static void chain(uint8_t key[32], unsigned days)
{
	static const uint8_t label[] = "\xffsealwatch: the key of the next epoch";
	uint8_t next[32];

	for (unsigned i = 0; i < days; i++) {
		HMAC(EVP_sha256(), key, 32, label, sizeof(label), next, NULL);
		memcpy(key, next, 32);
	}
}

static void test_tokens(void)
{
	static const uint8_t secret[TOKEN_SECRET_LEN] = {1, 2, 3};
	const struct bytes value = {(const uint8_t *)"13800138000", 11, false};
	struct tokens *a = tokens_new(secret), *b = tokens_new(secret);
	uint8_t one[TOKEN_LEN], two[TOKEN_LEN], key[32], want[32];

	tokens_time(a, 3 * TOKEN_EPOCH_NS + 5);
	CHECK(tokens_epoch(a) == 3 && token_make(a, 2, value, one), "the third day");
	memcpy(key, secret, 32);
	chain(key, 3);
	HMAC(EVP_sha256(), key, 32,
		(const uint8_t *)"\x02"
				 "13800138000",
		12, want, NULL);
	CHECK(memcmp(one, want, TOKEN_LEN) == 0, "is what RFC 2104 says");
	tokens_time(b, 1 * TOKEN_EPOCH_NS);
	tokens_time(b, 3 * TOKEN_EPOCH_NS);
	CHECK(token_make(b, 2, value, two) && memcmp(one, two, TOKEN_LEN) == 0, "step by step");
	tokens_time(b, 0);
	CHECK(tokens_epoch(b) == 3, "no way back");
	CHECK(token_make(a, 3, value, two) && memcmp(one, two, TOKEN_LEN) != 0, "another kind");
	tokens_time(a, 4 * TOKEN_EPOCH_NS);
	CHECK(token_make(a, 2, value, two) && memcmp(one, two, TOKEN_LEN) != 0, "another day");
	tokens_time(a, UINT64_MAX);
	CHECK(token_make(a, 2, value, two), "a stamp from far away");
	tokens_free(a);
	tokens_free(b);
	tokens_free(NULL);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"windows", test_windows},
		{"their pool", test_window_pool},
		{"values known", test_known},
		{"sums", test_sums},
		{"tokens", test_tokens},
		CU_TEST_INFO_NULL,
	};
	return check_main("leak_parts", tests);
}
