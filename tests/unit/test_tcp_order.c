#include "dataplane/inspect/tcp_order.h"
#include "tests/unit/check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SYN = 2, ACK = 16, FIN = 1, RST = 4, STREAM = 600 };

// What an orderer said, byte by byte: -1 where it told of a gap.
struct heard {
	int bytes[4096];
	size_t n;
	unsigned gaps;
	unsigned released;
};

static void on_data(void *ctx, struct packet *p, const uint8_t *bytes, uint32_t len)
{
	struct heard *h = ctx;
	(void)p;
	for (uint32_t i = 0; i < len && h->n < 4096; i++)
		h->bytes[h->n++] = bytes[i];
}

static void on_gap(void *ctx, uint32_t missing)
{
	struct heard *h = ctx;
	h->gaps++;
	for (uint32_t i = 0; i < missing && h->n < 4096; i++)
		h->bytes[h->n++] = -1;
}

static void on_release(void *ctx, struct packet *p)
{
	struct heard *h = ctx;
	h->released++;
	free(p->buf);
}

static const struct tcp_order_events events = {on_data, on_gap, on_release};

struct bench {
	struct tcp_orderer *o;
	struct tcp_half half;
	struct heard heard;
	uint64_t counters[CTR_COUNT];
	uint64_t now;
	unsigned sent;
};

static struct bench *bench_new(const struct tcp_order_options *options)
{
	struct bench *b = calloc(1, sizeof(*b));
	b->o = tcp_orderer_new(options, &events, b->counters);
	return b;
}

static void bench_free(struct bench *b)
{
	tcp_order_finish(b->o, &b->half, &b->heard);
	CHECK(b->counters[CTR_HELD_OUT_OF_ORDER] == 0, "nothing is held at the end");
	tcp_orderer_free(b->o);
	free(b);
}

// The payload lives in memory of its own size, so that ASan sees what reads beyond it.
static enum counter give(
	struct bench *b, uint32_t seq, const void *data, uint32_t len, uint8_t flags)
{
	struct packet p = {.tcp_seq = seq, .tcp_flags = flags, .frames = 1, .ts_ns = b->now++};
	uint8_t *memory = malloc(sizeof(struct pktbuf) + len);

	memcpy(memory + sizeof(struct pktbuf), data, len);
	p.buf = (struct pktbuf *)memory;
	p.payload = memory + sizeof(struct pktbuf);
	p.payload_len = len;
	b->sent++;
	enum counter verdict = tcp_order(b->o, &b->half, &p, &b->heard);
	if (verdict != CTR_HELD_OUT_OF_ORDER)
		free(memory);
	return verdict;
}

static bool heard_is(const struct bench *b, const char *want)
{
	if (b->heard.n != strlen(want))
		return false;
	for (size_t i = 0; i < b->heard.n; i++) {
		if (b->heard.bytes[i] != (want[i] == '_' ? -1 : want[i]))
			return false;
	}
	return true;
}

// seq is relative to 1000, the first byte after the SYN's number.
static const struct {
	const char *name;
	struct {
		int32_t seq;
		const char *data;
		uint8_t flags;
	} segments[8];
	const char *before_end, *at_end;
} scripts[] = {
	{"in order", {{-1, "", SYN}, {0, "abc", ACK}, {3, "def", ACK}}, "abcdef", "abcdef"},
	{"from the middle", {{0, "abc", ACK}, {3, "def", ACK}}, "abcdef", "abcdef"},
	{"swapped", {{-1, "", SYN}, {3, "def", ACK}, {0, "abc", ACK}}, "abcdef", "abcdef"},
	{"again", {{-1, "", SYN}, {0, "abc", ACK}, {0, "abc", ACK}, {3, "d", ACK}}, "abcd", "abcd"},
	{"overlap: delivered wins", {{-1, "", SYN}, {0, "abc", ACK}, {1, "XXde", ACK}}, "abcde",
		"abcde"},
	{"overlap: held wins", {{-1, "", SYN}, {2, "cd", ACK}, {0, "abXXef", ACK}}, "abcdef",
		"abcdef"},
	{"a piece on both sides of a held one",
		{{-1, "", SYN}, {4, "ef", ACK}, {2, "cdXXgh", ACK}, {0, "ab", ACK}}, "abcdefgh",
		"abcdefgh"},
	{"a keep-alive", {{-1, "", SYN}, {0, "abc", ACK}, {2, "X", ACK}, {3, "d", ACK}}, "abcd",
		"abcd"},
	{"a hole", {{-1, "", SYN}, {0, "ab", ACK}, {4, "ef", ACK}}, "ab", "ab__ef"},
	{"a hole at the begin", {{-1, "", SYN}, {2, "cd", ACK}}, "", "__cd"},
	{"data on the SYN", {{-1, "abc", SYN}, {3, "d", ACK}}, "abcd", "abcd"},
	{"a bare ACK begins nothing", {{-500, "", ACK}, {0, "abc", ACK}}, "abc", "abc"},
	{"text of a reset is no data", {{-1, "", SYN}, {0, "ab", ACK}, {2, "XX", RST}}, "ab", "ab"},
	{"far away", {{-1, "", SYN}, {0, "ab", ACK}, {1 << 28, "XX", ACK}, {2, "cd", ACK}}, "abcd",
		"abcd"},
	{"beyond any window",
		{{-1, "", SYN}, {0, "ab", ACK}, {0x60000000, "XX", ACK}, {2, "cd", ACK}}, "abcd",
		"abcd"},
	{"another SYN before any data", {{-600, "", SYN}, {-1, "", SYN}, {0, "ab", ACK}}, "ab",
		"ab"},
	{"another SYN after data", {{-1, "", SYN}, {0, "ab", ACK}, {77, "", SYN}, {2, "c", ACK}},
		"abc", "abc"},
	{"a reset begins nothing", {{-500, "XX", RST}, {0, "ab", ACK}}, "ab", "ab"},
};

static void test_scripts(void)
{
	for (size_t i = 0; i < ROWS(scripts); i++) {
		// Around the end of the numbers as well.
		static const uint32_t bases[] = {1000, 0, 0xfffffffe};
		for (size_t k = 0; k < ROWS(bases); k++) {
			struct tcp_order_options o = tcp_order_defaults();
			struct bench *b = bench_new(&o);
			for (size_t s = 0; s < 8 && scripts[i].segments[s].data != NULL; s++)
				give(b, bases[k] + (uint32_t)scripts[i].segments[s].seq,
					scripts[i].segments[s].data,
					(uint32_t)strlen(scripts[i].segments[s].data),
					scripts[i].segments[s].flags);
			CHECK(heard_is(b, scripts[i].before_end), "%s, base %x", scripts[i].name,
				bases[k]);
			tcp_order_finish(b->o, &b->half, &b->heard);
			CHECK(heard_is(b, scripts[i].at_end), "%s, base %x, end", scripts[i].name,
				bases[k]);
			bench_free(b);
		}
	}
}

// Random segments with differing bytes where they overlap, against a model that is an array:
// the byte that came first stays.
static void test_model(void)
{
	for (unsigned seed = 0; seed < 400; seed++) {
		struct tcp_order_options o = tcp_order_defaults();
		struct bench *b = bench_new(&o);
		int model[STREAM];
		uint32_t base = seed % 3 == 0 ? 0xffffff00u : 77;

		srandom(seed);
		memset(model, 0xff, sizeof(model));
		give(b, base - 1, "", 0, SYN);
		for (unsigned n = 0; n < 120; n++) {
			uint8_t data[64];
			uint32_t at = (uint32_t)random() % STREAM;
			uint32_t len = (uint32_t)random() % 64;
			len = at + len > STREAM ? STREAM - at : len;
			for (uint32_t i = 0; i < len; i++) {
				data[i] = (uint8_t)random();
				if (model[at + i] == -1)
					model[at + i] = data[i];
			}
			give(b, base + at, data, len, ACK);
		}
		tcp_order_finish(b->o, &b->half, &b->heard);
		size_t end = STREAM;
		while (end > 0 && model[end - 1] == -1)
			end--;
		CHECK(b->heard.n == end, "seed %u: %zu of %zu bytes", seed, b->heard.n, end);
		CHECK(memcmp(b->heard.bytes, model, end * sizeof(int)) == 0, "seed %u", seed);
		CHECK(b->half.next_offset == end, "seed %u: offset", seed);
		bench_free(b);
	}
}

static void test_budgets(void)
{
	struct tcp_order_options o = tcp_order_defaults();
	struct bench *b;
	unsigned held = 0;

	o.max_held_flow = 4;
	b = bench_new(&o);
	give(b, 999, "", 0, SYN);
	for (uint32_t i = 0; i < 8; i++)
		give(b, 1002 + 4 * i, "xy", 2, ACK);
	CHECK(b->counters[CTR_HELD_OUT_OF_ORDER] <= 4, "per direction");
	CHECK(b->heard.gaps > 0 && b->counters[CTR_TCP_GAPS] == b->heard.gaps, "holes are skipped");
	bench_free(b);

	// The pool of the worker is spent by other directions: shed, and the caller keeps it.
	o = tcp_order_defaults();
	o.max_held = 3;
	b = bench_new(&o);
	struct tcp_half others[3] = {0};
	for (unsigned i = 0; i < 3; i++) {
		struct tcp_half mine = b->half;
		b->half = others[i];
		give(b, 999, "", 0, SYN);
		held += give(b, 1010, "xy", 2, ACK) == CTR_HELD_OUT_OF_ORDER;
		others[i] = b->half;
		b->half = mine;
	}
	give(b, 999, "", 0, SYN);
	CHECK(held == 3, "three are held");
	CHECK(give(b, 1010, "xy", 2, ACK) == CTR_OOO_SHED, "the fourth is shed");
	for (unsigned i = 0; i < 3; i++)
		tcp_order_drop(b->o, &others[i], &b->heard);
	CHECK(b->heard.released == 3, "all are given back");
	bench_free(b);
}

static void test_acknowledged(void)
{
	struct tcp_order_options o = tcp_order_defaults();
	struct bench *b = bench_new(&o);

	give(b, 999, "", 0, SYN);
	give(b, 1000, "ab", 2, ACK);
	give(b, 1004, "ef", 2, ACK);
	give(b, 1006, "gh", 2, ACK);
	tcp_order_acked(b->o, &b->half, 1008, &b->heard);
	CHECK(heard_is(b, "ab"), "too early: the segment may only be late");
	give(b, 1008, "ij", 2, ACK);
	tcp_order_acked(b->o, &b->half, 1003, &b->heard);
	CHECK(heard_is(b, "ab"), "not acknowledged past the hole");
	tcp_order_acked(b->o, &b->half, 1010, &b->heard);
	CHECK(heard_is(b, "ab__efghij"), "the capture missed it");
	bench_free(b);
}

static void test_too_old(void)
{
	struct tcp_order_options o = tcp_order_defaults();
	struct bench *b = bench_new(&o);

	give(b, 999, "", 0, SYN);
	give(b, 1002, "cd", 2, ACK);
	tcp_order_expire(b->o, &b->half, b->now + o.max_wait_ns - 10, &b->heard);
	CHECK(heard_is(b, ""), "still waiting");
	tcp_order_expire(b->o, &b->half, b->now + o.max_wait_ns + 10, &b->heard);
	CHECK(heard_is(b, "__cd"), "given up");
	bench_free(b);
}

// Known for too long counts from the first segment behind it, wherever that stands.
static void test_hole_age(void)
{
	struct tcp_order_options o = tcp_order_defaults();
	struct bench *b = bench_new(&o);

	give(b, 999, "", 0, SYN);
	give(b, 1010, "k", 1, ACK);
	b->now += o.max_wait_ns - 10;
	give(b, 1006, "g", 1, ACK);
	tcp_order_expire(b->o, &b->half, b->now + 20, &b->heard);
	CHECK(heard_is(b, "______g___k"), "both are past waiting for");
	bench_free(b);
}

// A stray ahead of a stream that goes on moves it neither by its age nor by its distance.
static void test_strays(void)
{
	static const uint32_t ahead[] = {1u << 20, (16u << 20) + 1, 1u << 29};

	for (size_t i = 0; i < ROWS(ahead); i++) {
		struct tcp_order_options o = tcp_order_defaults();
		struct bench *b = bench_new(&o);
		give(b, 999, "", 0, SYN);
		CHECK(give(b, 1000 + ahead[i], "XX", 2, ACK) == CTR_HELD_OUT_OF_ORDER, "kept");
		for (uint32_t n = 0; n < 20; n++) {
			tcp_order_expire(b->o, &b->half, b->now, &b->heard);
			give(b, 1000 + 2 * n, "ab", 2, ACK);
			b->now += o.max_wait_ns / 2;
		}
		CHECK(b->heard.n == 40 && b->heard.gaps == 0, "%x ahead: %zu bytes", ahead[i],
			b->heard.n);
		bench_free(b);
	}

	// Then a pause: a wide hole before one segment is no hole.
	struct tcp_order_options o = tcp_order_defaults();
	struct bench *b = bench_new(&o);
	give(b, 999, "", 0, SYN);
	give(b, 1000 + (17u << 20), "XX", 2, ACK);
	tcp_order_expire(b->o, &b->half, b->now + 2 * o.max_wait_ns, &b->heard);
	CHECK(b->heard.released == 1 && b->heard.gaps == 0, "given back, unreported");
	give(b, 1000, "ab", 2, ACK);
	CHECK(heard_is(b, "ab"), "the stream goes on where it was");
	bench_free(b);

	// Beyond any window, with the budget spent: no reason to give up a hole.
	o.max_held_flow = 1;
	b = bench_new(&o);
	give(b, 999, "", 0, SYN);
	give(b, 1002, "cd", 2, ACK);
	give(b, 1000 + 0x60000000u, "XX", 2, ACK);
	CHECK(b->heard.n == 0, "still waiting");
	bench_free(b);
}

// The capture lost 100 MiB: the stream goes on behind it.
static void test_long_loss(void)
{
	struct tcp_order_options o = tcp_order_defaults();
	struct bench *b = bench_new(&o);
	uint32_t lost = 100u << 20;

	give(b, 999, "", 0, SYN);
	give(b, 1000, "ab", 2, ACK);
	for (uint32_t n = 0; n < 3; n++)
		give(b, 1002 + lost + 2 * n, "cd", 2, ACK);
	tcp_order_expire(b->o, &b->half, b->now + 2 * o.max_wait_ns, &b->heard);
	CHECK(b->heard.gaps == 1 && b->half.next_offset == 8 + (uint64_t)lost, "skipped");
	CHECK(b->counters[CTR_TCP_GAP_BYTES] == lost, "counted");
	size_t before = b->heard.n;
	give(b, 1008 + lost, "ef", 2, ACK);
	CHECK(b->half.next_offset == 10 + (uint64_t)lost && b->heard.n >= before, "and on");
	bench_free(b);
}

// fin: all before the FIN was told, and not sooner.
static void test_fin(void)
{
	struct tcp_order_options o = tcp_order_defaults();
	struct bench *b = bench_new(&o);

	give(b, 999, "", 0, SYN);
	give(b, 1004, "", 0, FIN | ACK);
	CHECK(b->half.fin == 0, "a FIN that came early");
	give(b, 1000, "ab", 2, ACK);
	CHECK(b->half.fin == 0, "there is more");
	give(b, 1002, "cd", 2, ACK);
	CHECK(b->half.fin == 1, "that was all");
	bench_free(b);

	b = bench_new(&o);
	give(b, 1000, "ab", 2, ACK);
	give(b, 1004, "ef", 2, FIN | ACK);
	CHECK(b->half.fin == 0, "held with its data");
	tcp_order_finish(b->o, &b->half, &b->heard);
	CHECK(b->half.fin == 1 && heard_is(b, "ab__ef"), "at the end");
	bench_free(b);

	b = bench_new(&o);
	give(b, 1000, "ab", 2, FIN | ACK);
	CHECK(b->half.fin == 1, "in order");
	bench_free(b);
}

// One packet with a piece on either side of each held one is one packet: held and given back
// once, though the pool ends in the middle of it.
static void test_pieces(void)
{
	static const uint8_t wide[64];

	for (uint32_t pool = 4; pool < 12; pool++) {
		struct tcp_order_options o = tcp_order_defaults();
		o.max_held = pool;
		struct bench *b = bench_new(&o);
		unsigned held = 0;
		give(b, 999, "", 0, SYN);
		for (uint32_t n = 0; n < 3; n++)
			held += give(b, 1010 + 10 * n, "xy", 2, ACK) == CTR_HELD_OUT_OF_ORDER;
		held += give(b, 1005, wide, 40, ACK) == CTR_HELD_OUT_OF_ORDER;
		CHECK(held == 4 && b->counters[CTR_HELD_OUT_OF_ORDER] == 4, "pool %u", pool);
		tcp_order_finish(b->o, &b->half, &b->heard);
		CHECK(b->heard.released == 4, "pool %u: %u given back", pool, b->heard.released);
		// All entries are free again.
		for (uint32_t n = 0; n < pool; n++)
			CHECK(give(b, 2000 + 4 * n, "xy", 2, ACK) == CTR_HELD_OUT_OF_ORDER,
				"pool %u: entry %u", pool, n);
		bench_free(b);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"scripts", test_scripts},
		{"random segments against a model", test_model},
		{"budgets", test_budgets},
		{"acknowledged holes", test_acknowledged},
		{"old holes", test_too_old},
		{"the age of a hole", test_hole_age},
		{"strays", test_strays},
		{"a long loss", test_long_loss},
		{"FIN", test_fin},
		{"pieces", test_pieces},
		CU_TEST_INFO_NULL,
	};
	return check_main("tcp_order", tests);
}
