#include "dataplane/inspect/checksum.h"
#include "tests/unit/decoding_one.h"

// The same frame with a decoder that leaves the sum for later: nothing is said then, and the same later.
static bool late_agrees(struct decoder *late, const struct packet *p)
{
	struct packet q;
	uint64_t bad = counters[CTR_BAD_CHECKSUM];

	run(late, &q, LINK_ETHERNET, p->data, p->len, p->wire_len);
	return (q.flags & PACKET_SUM_DUE) && !(q.flags & PACKET_BAD_CHECKSUM) &&
		counters[CTR_BAD_CHECKSUM] == bad &&
		decode_is_sound(&q) == !(p->flags & PACKET_BAD_CHECKSUM);
}

// Each bit of what a checksum covers, turned.
static void test_checksum(void)
{
	static const struct {
		const char *name;
		const char *spec;
		size_t from; // of the bytes whose every bit counts, without lengths and versions
	} rows[] = {
		{"TCP", "eth4 ip4=6 tcp=80 hello", 50},
		{"TCP 6", "eth6 ip6=6 tcp=80 hello", 70},
		{"UDP", "eth4 ip4=17 udp=53 hello", 42},
		{"UDP 6", "eth6 ip6=17 udp=53 hello", 62},
		{"inside", OUT_UDP "4789 vxlan=5 eth4 ip4=6 tcp=80 hello", 100},
	};
	struct decoder *d = decoder_open();
	struct decoder_options options = decoder_defaults();
	struct packet p;

	options.late_checksum = true;
	struct decoder *late = decoder_new(&options, counters);
	for (size_t i = 0; i < ROWS(rows); i++) {
		frame_build(&frame, rows[i].spec);
		for (size_t bit = rows[i].from * 8; bit < frame.len * 8; bit++) {
			frame.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			uint64_t bad = counters[CTR_BAD_CHECKSUM];
			enum counter got =
				run(d, &p, LINK_ETHERNET, frame.data, frame.len, frame.len);
			bool agrees = late_agrees(late, &p);
			frame.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			CHECK(agrees, "%s: bit %zu, later", rows[i].name, bit);
			CHECK(got == CTR_DELIVERED, "%s: bit %zu", rows[i].name, bit);
			CHECK(p.flags & PACKET_BAD_CHECKSUM, "%s: bit %zu", rows[i].name, bit);
			CHECK(counters[CTR_BAD_CHECKSUM] == bad + 1, "%s: bit %zu", rows[i].name,
				bit);
		}
		run(d, &p, LINK_ETHERNET, frame.data, frame.len, frame.len);
		CHECK(late_agrees(late, &p), "%s: later", rows[i].name);
		CHECK(!(p.flags & PACKET_BAD_CHECKSUM), "%s: as it was", rows[i].name);
	}
	decoder_free(late);
	decoder_free(d);
}

static void test_checksum_options(void)
{
	static const struct {
		const char *name;
		const char *spec;
		int at;
		bool verify;
		bool drop;
		enum counter want;
		bool bad;
	} rows[] = {
		{"IPv4 header", "eth4 " UDP4, 22, true, false, CTR_DELIVERED, true},
		{"IPv4 header of what has no ports", "eth4 ip4=50 zeros", 22, true, false,
			CTR_DELIVERED, true},
		{"outer header, which is not looked at", "eth4 out4=4 " UDP4, 22, true, false,
			CTR_DELIVERED, false},
		{"left aside", "eth4 " UDP4, 46, true, true, CTR_CHECKSUM_DROPPED, true},
		{"good, so not left aside", "eth4 " UDP4, 0, true, true, CTR_DELIVERED, false},
		{"not verified", "eth4 " UDP4, 46, false, true, CTR_DELIVERED, false},
	};
	struct packet p;

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct decoder_options o = decoder_defaults();
		CHECK(o.verify_checksum && !o.drop_bad_checksum, "defaults");
		o.verify_checksum = rows[i].verify;
		o.drop_bad_checksum = rows[i].drop;
		struct decoder *d = decoding_open(&o);
		frame_build(&frame, rows[i].spec);
		if (rows[i].at > 0)
			frame.data[rows[i].at] ^= 1;
		enum counter got = run(d, &p, LINK_ETHERNET, frame.data, frame.len, frame.len);
		CHECK(got == rows[i].want, "%s: %s", rows[i].name, counter_table[got].name);
		CHECK(counters[CTR_BAD_CHECKSUM] == rows[i].bad, "%s", rows[i].name);
		CHECK(counters_unaccounted(counters) == 0, "%s", rows[i].name);
		decoder_free(d);
	}
}

// What a NIC says is believed of the outermost packet, and of no other. Each has one byte wrong.
static void test_checksum_told(void)
{
	static const struct {
		const char *name;
		const char *spec;
		int at;
		bool told, bad;
	} rows[] = {
		{"nobody looked", "eth4 " UDP4, 46, false, true},
		{"the NIC looked", "eth4 " UDP4, 46, true, false},
		{"IPv6", "eth6 " UDP6, 66, true, false},
		{"TCP", "eth4 ip4=6 tcp=80 hello", 56, true, false},
		{"the IPv4 header is always looked at", "eth4 " UDP4, 22, true, true},
		{"inside a tunnel", OUT_UDP "4789 vxlan=5 eth4 ip4=6 tcp=80 hello", 106, true,
			true},
		{"behind a header of IP", "eth4 out4=4 " UDP4, 66, true, true},
	};
	struct decoder_options late = decoder_defaults();
	struct packet p;

	late.late_checksum = true;
	for (size_t i = 0; i < 2 * ROWS(rows); i++) {
		const size_t r = i / 2;
		struct decoder_options now = decoder_defaults();
		struct decoder *d = decoding_open(i % 2 == 0 ? &now : &late);
		frame_build(&frame, rows[r].spec);
		frame.data[rows[r].at] ^= 1;
		run_told(d, &p, LINK_ETHERNET, frame.data, frame.len, frame.len, rows[r].told);
		bool bad = (p.flags & PACKET_BAD_CHECKSUM) ||
			((p.flags & PACKET_SUM_DUE) && !decode_is_sound(&p));
		CHECK(bad == rows[r].bad, "%s%s", rows[r].name, i % 2 == 0 ? "" : ", later");
		decoder_free(d);
	}
}

// UDP without a checksum, and a routing header that hides the last destination.
static void test_checksum_absent(void)
{
	struct decoder *d = decoder_open();
	struct packet p;

	frame_build(&frame, "eth4 " UDP4);
	frame_put(frame.data + 40, 0, 2);
	run(d, &p, LINK_ETHERNET, frame.data, frame.len, frame.len);
	CHECK(!(p.flags & PACKET_BAD_CHECKSUM), "UDP without");
	run_spec(d, &p, "eth6 ip6=43 word=0x1100 word=0x0001 long udp=53 hello");
	CHECK(!(p.flags & PACKET_BAD_CHECKSUM), "segments left");
	decoder_free(d);
}

// Against RFC 1071 word by word, at every length and alignment.
static void test_checksum_add(void)
{
	uint8_t data[256];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 151 + 0xf0);
	for (size_t at = 0; at < 16; at++) {
		for (size_t len = 0; len + at <= sizeof(data); len++) {
			uint16_t want = htons((uint16_t)frame_sum(0, data + at, len));
			uint16_t got = checksum_fold(checksum_add(0, data + at, len));
			CHECK(got == want, "%zu bytes at %zu: %#x", len, at, got);
		}
	}
	memset(data, 0xff, sizeof(data));
	uint16_t full = checksum_fold(checksum_add(UINT64_MAX, data, sizeof(data)));
	CHECK(full == 0xffff, "carries: %#x", full);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"turned bits", test_checksum},
		{"options", test_checksum_options},
		{"told by the NIC", test_checksum_told},
		{"absent", test_checksum_absent},
		{"sum of bytes", test_checksum_add},
		CU_TEST_INFO_NULL,
	};
	return check_main("checksum", tests);
}
