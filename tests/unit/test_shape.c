// Lengths of flights, in whatever pieces and order they come.

#include "dataplane/inspect/shape.h"
#include "tests/unit/check.h"

#include <stdlib.h>

enum { FLIGHTS_MAX = 5, CLIENT_SEQ = 0xffffff00, SERVER_SEQ = 7000 };

static const struct {
	const char *name;
	uint16_t port;
	bool text; // no noise
	uint32_t flight[FLIGHTS_MAX]; // the client's, the server's, ...; 0: none
	enum shape_kind want;
} rows[] = {
	{"threema", 5222, false, {48, 80, 191, 54}, SHAPE_THREEMA},
	{"threema, a login as it was", 5222, false, {48, 80, 144, 54}, SHAPE_THREEMA},
	{"lengths of threema, but readable", 5222, true, {48, 80, 191, 54}, SHAPE_UNKNOWN},
	{"a third flight that is not answered", 5222, false, {48, 80, 191}, SHAPE_UNKNOWN},
	{"the second is another", 5222, false, {48, 81, 191, 54}, SHAPE_UNKNOWN},
	{"a login too short", 5222, false, {48, 80, 143, 54}, SHAPE_UNKNOWN},
	{"mtproto, a new key, abridged", 443, false, {105, 101, 341, 600}, SHAPE_MTPROTO_NEW_KEY},
	{"mtproto, a new key, intermediate", 443, false, {108, 88, 344, 600},
		SHAPE_MTPROTO_NEW_KEY},
	{"mtproto, messages, abridged", 443, false, {281, 105, 386, 169}, SHAPE_MTPROTO},
	{"mtproto, messages, intermediate", 443, false, {64 + 28 + 16, 28 + 32, 28 + 48, 60},
		SHAPE_MTPROTO},
	{"lengths of no message", 443, false, {281, 105, 387, 169}, SHAPE_UNKNOWN},
	{"messages, but readable ones", 443, true, {281, 105, 386, 169}, SHAPE_UNKNOWN},
	{"on a port where nobody speaks it", 9999, false, {281, 105, 386, 169}, SHAPE_UNKNOWN},
	{"no more than the 64 bytes", 443, false, {64, 105, 386, 169}, SHAPE_UNKNOWN},
	{"nothing", 443, false, {0}, SHAPE_UNKNOWN},
};

static uint8_t noise(uint32_t at)
{
	uint32_t x = (at + 1) * 0x9e3779b1u;
	return (uint8_t)((x ^ x >> 15) * 0x85ebca6bu >> 24);
}

// What of a flight is fed at once; the acknowledgement is of the whole flight before it.
struct feed {
	enum dir dir;
	uint32_t from, len, ack;
};

static unsigned plan(size_t row, uint32_t step, struct feed *out)
{
	uint32_t said[2] = {0, 0};
	unsigned n = 0;
	enum dir dir = DIR_C2S;

	for (unsigned i = 0; i < FLIGHTS_MAX && rows[row].flight[i] > 0; i++) {
		enum dir other = dir == DIR_C2S ? DIR_S2C : DIR_C2S;
		uint32_t ack = (other == DIR_C2S ? CLIENT_SEQ : SERVER_SEQ) + said[other];
		for (uint32_t at = 0; at < rows[row].flight[i]; at += step) {
			uint32_t left = rows[row].flight[i] - at;
			out[n++] =
				(struct feed){dir, said[dir] + at, left < step ? left : step, ack};
		}
		said[dir] += rows[row].flight[i];
		dir = other;
	}
	return n;
}

static void feed(struct shape *s, const struct feed *f, bool text)
{
	uint8_t bytes[4096];

	for (uint32_t i = 0; i < f->len; i++)
		bytes[i] = text ? (uint8_t)('a' + (f->from + i) % 26) : noise(f->from + i);
	shape_bytes(s, f->dir, (struct bytes){bytes, f->len, false}, f->ack);
}

static const uint32_t first_seq[2] = {[DIR_C2S] = CLIENT_SEQ, [DIR_S2C] = SERVER_SEQ};

// What is told once stays so; and at the end it is what the row wants.
static enum shape_kind run(size_t row, const struct feed *feeds, unsigned n)
{
	struct shape s = {0};
	enum shape_kind kind = SHAPE_UNKNOWN;

	for (unsigned i = 0; i < n; i++) {
		feed(&s, &feeds[i], rows[row].text);
		enum shape_kind now = shape_judge(&s, first_seq, rows[row].port);
		CHECK(kind == SHAPE_UNKNOWN || now == kind, "%s: changed", rows[row].name);
		kind = now;
	}
	return kind;
}

static void test_rows(void)
{
	static struct feed feeds[8192];
	static const uint32_t steps[] = {4096, 536, 7, 1};

	for (size_t i = 0; i < ROWS(rows); i++) {
		for (size_t k = 0; k < ROWS(steps); k++) {
			unsigned n = plan(i, steps[k], feeds);
			CHECK(run(i, feeds, n) == rows[i].want, "%s, step %u", rows[i].name,
				steps[k]);
		}
	}
}

// One direction after the other, as a capture of two taps may have it.
static void test_order(void)
{
	static struct feed feeds[8192], turned[8192];

	for (size_t i = 0; i < ROWS(rows); i++) {
		for (enum dir first = 0; first < 2; first++) {
			unsigned n = plan(i, 100, feeds), m = 0;
			for (unsigned pass = 0; pass < 2; pass++) {
				for (unsigned k = 0; k < n; k++) {
					if ((feeds[k].dir == first) == (pass == 0))
						turned[m++] = feeds[k];
				}
			}
			CHECK(run(i, turned, m) == rows[i].want, "%s, side %d first", rows[i].name,
				(int)first);
		}
	}
}

static void test_budget(void)
{
	struct shape s = {0};
	uint8_t byte = 0;

	// Every byte acknowledges more: beyond the steps that are kept nothing is told.
	for (uint32_t i = 0; i < 100; i++)
		shape_bytes(&s, DIR_S2C, (struct bytes){&byte, 1, false}, CLIENT_SEQ + 48 + i);
	CHECK(s.n_steps[DIR_S2C] == SHAPE_STEPS, "steps");
	CHECK(s.known_to[DIR_S2C] == SHAPE_STEPS, "known to %u", s.known_to[DIR_S2C]);
	CHECK(shape_judge(&s, first_seq, 443) == SHAPE_UNKNOWN, "nothing is told");
}

static void test_hole(void)
{
	static struct feed feeds[64];
	struct shape s = {.spoiled = 1};
	unsigned n = plan(0, 4096, feeds);

	for (unsigned i = 0; i < n; i++)
		feed(&s, &feeds[i], false);
	CHECK(shape_judge(&s, first_seq, rows[0].port) == SHAPE_UNKNOWN, "behind a hole");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"flights", test_rows},
		{"one direction first", test_order},
		{"budget", test_budget},
		{"a hole", test_hole},
		CU_TEST_INFO_NULL,
	};
	return check_main("shape", tests);
}
