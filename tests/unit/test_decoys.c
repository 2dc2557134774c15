// Numbers and words that are nobody's, as bodies are full of them: a million values of eight kinds from a fixed
// seed, bare and as members, in texts of fifty. Of a hundred thousand at most one may be taken for personal
// data with confidence medium or above.

#include "dataplane/inspect/detect/detect.h"
#include "tests/unit/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 1000000, PER_TEXT = 50, LINE_MAX_ = 160, ONE_IN = 100000 };

static uint64_t state = 20240501;

static uint64_t next(void) // xorshift64*
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717ull;
}

static uint64_t below(uint64_t n)
{
	return next() % n;
}

static int hex_of(char *out, unsigned digits)
{
	static const char set[] = "0123456789abcdef";

	for (unsigned i = 0; i < digits; i++)
		out[i] = set[below(16)];
	out[digits] = '\0';
	return (int)digits;
}

// Milliseconds from 2010 to 2030.
static void stamp(char *out, size_t n)
{
	snprintf(out, n, "\"ts\":%" PRIu64, 1262304000000 + below(631152000000));
}

// A day, and what a shop counts up; or a plain number of ten to twenty digits.
static void order(char *out, size_t n)
{
	if (below(2) == 0)
		snprintf(out, n, "\"order_no\":\"20%02u%02u%02u%010" PRIu64 "\"",
			(unsigned)(10 + below(15)), (unsigned)(1 + below(12)),
			(unsigned)(1 + below(28)), below(10000000000));
	else
		snprintf(out, n, "\"orderId\":\"%" PRIu64 "%05u\"", 10000 + below(1000000000000000),
			(unsigned)below(100000));
}

// Milliseconds, a worker, a sequence: 41, 10 and 12 bits.
static void snowflake(char *out, size_t n)
{
	snprintf(out, n, "\"id\":%" PRIu64,
		(100000000000 + below(500000000000)) << 22 | below(1 << 22));
}

static void uuid(char *out, size_t n)
{
	char h[40];

	hex_of(h, 32);
	snprintf(out, n, "\"uuid\":\"%.8s-%.4s-4%.3s-a%.3s-%.12s\"", h, h + 8, h + 12, h + 15,
		h + 18);
}

static void hash(char *out, size_t n)
{
	static const unsigned lengths[] = {32, 40, 64};
	char h[72];

	hex_of(h, lengths[below(3)]);
	snprintf(out, n, "\"etag\":\"%s\"", h);
}

static void number(char *out, size_t n)
{
	snprintf(out, n, "\"v\":%s%" PRIu64 ".%0*" PRIu64, below(2) ? "-" : "", below(1000),
		(int)(1 + below(12)), below(1000000));
}

static void css(char *out, size_t n)
{
	char h[8];

	hex_of(h, 6);
	snprintf(out, n, ".c%u{color:#%s;width:%u.%upx;margin:%u%% %uem}", (unsigned)below(100000),
		h, (unsigned)below(2000), (unsigned)below(1000), (unsigned)below(100),
		(unsigned)below(20));
}

static void price(char *out, size_t n)
{
	static const char *const before[] = {"$", "\xc2\xa5", "EUR ", "Rs. "};

	snprintf(out, n, "%s%u,%03u.%02u", before[below(4)], (unsigned)below(1000),
		(unsigned)below(1000), (unsigned)below(100));
}

static const struct {
	const char *name;
	void (*make)(char *out, size_t n);
} kinds[] = {{"milliseconds", stamp}, {"orders", order}, {"snowflakes", snowflake}, {"uuids", uuid},
	{"hashes", hash}, {"floats", number}, {"styles", css}, {"prices", price}};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void look(struct detect *d, const char *kind, const char *text, size_t len, uint64_t *alarms)
{
	struct detect_result r;

	detect_scan(d, (struct bytes){(const uint8_t *)text, len, false}, DIR_C2S, &r);
	for (unsigned i = 0; i < r.n; i++) {
		const struct detect_hit *h = &r.hits[i];
		if (h->confidence == DETECT_LOW)
			continue;
		*alarms += h->count;
		printf(" (%s: %s %s) ", kind, detect_name(h->detector), h->masked);
	}
}

// All of a kind, then kinds side by side.
static void test_decoys(void)
{
	static char text[PER_TEXT * LINE_MAX_];
	struct detect *d = detect_new(3);
	uint64_t alarms = 0, made = 0;

	for (unsigned i = 0; d != NULL && i < VALUES / PER_TEXT; i++) {
		size_t len = 0;
		bool mixed = i % 4 == 3;
		unsigned kind = i % KINDS;
		for (unsigned k = 0; k < PER_TEXT; k++) {
			kinds[mixed ? k % KINDS : kind].make(text + len, LINE_MAX_ - 1);
			len += strlen(text + len);
			text[len++] = k % 5 == 4 ? '\n' : ',';
			made++;
		}
		look(d, mixed ? "mixed" : kinds[kind].name, text, len, &alarms);
	}
	CHECK(made == VALUES, "%u values", (unsigned)made);
	CHECK(alarms <= made / ONE_IN, "%u alarms in %u values", (unsigned)alarms, (unsigned)made);
	detect_free(d);
}

// Each value by itself, as a text.
static void test_alone(void)
{
	struct detect *d = detect_new(3);
	uint64_t alarms = 0;

	for (unsigned i = 0; d != NULL && i < VALUES; i++) {
		char text[LINE_MAX_];
		kinds[i % KINDS].make(text, sizeof(text));
		look(d, kinds[i % KINDS].name, text, strlen(text), &alarms);
	}
	CHECK(alarms <= VALUES / ONE_IN, "%u alarms", (unsigned)alarms);
	detect_free(d);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a million in texts", test_decoys},
		{"a million alone", test_alone},
		CU_TEST_INFO_NULL,
	};
	return check_main("decoys", tests);
}
