#include "dataplane/inspect/proto/names.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

static const uint64_t second = 1000000000;

static struct bytes text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s), false};
}

static bool is(struct known_name n, const char *want)
{
	return n.text.len == strlen(want) && memcmp(n.text.p, want, n.text.len) == 0;
}

// Which names and addresses are learnt.
static void test_learn(void)
{
	static const struct {
		const char *name;
		uint8_t version;
		uint8_t address[16];
		const char *want; // NULL: nothing
	} rows[] = {
		{"a.example", 4, {192, 0, 2, 1}, "a.example"},
		{"A.Example", 4, {192, 0, 2, 2}, "a.example"},
		{"_x.a-b.example", 6, {0x20, 1, 0xd, 0xb8, [15] = 1}, "_x.a-b.example"},
		{"", 4, {192, 0, 2, 3}, NULL},
		{"a b", 4, {192, 0, 2, 4}, NULL},
		{"1.2.0.192.in-addr.arpa", 4, {192, 0, 2, 5}, NULL},
		{"zero", 4, {0}, NULL},
		{"loopback", 4, {127, 0, 0, 1}, NULL},
		{"multicast", 4, {224, 0, 0, 251}, NULL},
		{"loopback", 6, {[15] = 1}, NULL},
		{"multicast", 6, {0xff, 2, [15] = 0xfb}, NULL},
	};
	struct name_table *t = names_new(1);

	for (size_t i = 0; i < ROWS(rows); i++) {
		names_learn(t, rows[i].version, rows[i].address, text(rows[i].name), second, 60);
		uint32_t ref = names_take(t, rows[i].version, rows[i].address, 2 * second);
		CHECK((ref != NAMES_NONE) == (rows[i].want != NULL), "%s", rows[i].name);
		if (rows[i].want != NULL)
			CHECK(is(names_of(t, ref), rows[i].want), "%s", rows[i].name);
		names_give(t, ref);
	}
	CHECK(names_of(t, NAMES_NONE).text.len == 0, "no name");
	names_free(t);
}

static void test_time(void)
{
	static const uint8_t a[16] = {192, 0, 2, 1};
	static const struct {
		uint32_t ttl_s;
		uint64_t until_s;
	} rows[] = {{1, NAMES_TTL_MIN_S}, {3600, 3600}, {UINT32_MAX, NAMES_TTL_MAX_S}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct name_table *t = names_new(1);
		names_learn(t, 4, a, text("a"), 0, rows[i].ttl_s);
		uint32_t ref = names_take(t, 4, a, rows[i].until_s * second - 1);
		CHECK(ref != NAMES_NONE, "%zu: before the end", i);
		CHECK(names_take(t, 4, a, rows[i].until_s * second) == NAMES_NONE, "%zu: after", i);
		names_give(t, ref);
		names_free(t);
	}
}

// The latest name wins; that there was another is remembered as long as that one's time.
static void test_several(void)
{
	static const uint8_t a[16] = {192, 0, 2, 1};
	struct name_table *t = names_new(1);

	names_learn(t, 4, a, text("old.example"), 0, 600);
	uint32_t before = names_take(t, 4, a, second);
	CHECK(!names_of(t, before).ambiguous, "one name");
	names_learn(t, 4, a, text("new.example"), 2 * second, 3600);
	uint32_t after = names_take(t, 4, a, 3 * second);
	CHECK(is(names_of(t, after), "new.example") && names_of(t, after).ambiguous, "the latest");
	CHECK(is(names_of(t, before), "old.example"), "a flow keeps its name");
	uint32_t later = names_take(t, 4, a, 700 * second);
	CHECK(!names_of(t, later).ambiguous, "the other's time is over");
	names_give(t, before);
	names_give(t, after);
	names_give(t, later);
	names_free(t);
}

// Far more addresses than there is room for, while flows hold on to names: bounded, and counted.
static void test_full(void)
{
	enum { MANY = 4 * NAMES_MAX, HELD = NAMES_TEXTS };
	static uint32_t held[HELD];
	struct name_table *t = names_new(7);
	unsigned n_held = 0, found = 0;

	for (uint32_t i = 0; i < MANY; i++) {
		uint8_t a[16] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		char name[32];
		snprintf(name, sizeof(name), "n%u.example", i);
		names_learn(t, 4, a, text(name), second + i, 600);
		uint32_t ref = names_take(t, 4, a, 2 * second);
		if (ref != NAMES_NONE && n_held < HELD / 2)
			held[n_held++] = ref;
		else
			names_give(t, ref);
	}
	for (uint32_t i = 0; i < n_held; i++) {
		char name[32];
		snprintf(name, sizeof(name), "n%u.example", i);
		found += is(names_of(t, held[i]), name);
		names_give(t, held[i]);
	}
	CHECK(found == n_held && n_held == HELD / 2, "%u of %u", found, n_held);
	CHECK(names_shed(t) > 0, "what was given up is counted");
	static const uint8_t last[16] = {192, 0, 2, 9};
	names_learn(t, 4, last, text("last.example"), 3 * second, 600);
	uint32_t ref = names_take(t, 4, last, 3 * second);
	CHECK(is(names_of(t, ref), "last.example"), "there is room again");
	names_give(t, ref);
	names_free(t);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"learn", test_learn},
		{"time", test_time},
		{"several names", test_several},
		{"full", test_full},
		CU_TEST_INFO_NULL,
	};
	return check_main("names", tests);
}
