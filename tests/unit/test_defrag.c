#include "tests/unit/fragments.h"

// Four fragments in each of their 24 orders.
static void test_orders(void)
{
	enum { N = 4, LEN = 3 * 1400 + 13 };
	struct packet p;

	make_body(LEN, 0);
	for (unsigned order = 0; order < N * N * N * N; order++) {
		unsigned slot[N] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};
		if (((1u << slot[0]) | (1u << slot[1]) | (1u << slot[2]) | (1u << slot[3])) != 15)
			continue;
		for (int version = 4; version <= 6; version += 2) {
			struct decoder *d = decoder_open(4, 65536);
			for (unsigned i = 0; i < N; i++) {
				size_t at = slot[i] * 1400;
				bool more = slot[i] < N - 1;
				enum counter got =
					send_one(d, &p, version, ID, at, more ? 1400 : 13, more);
				CHECK(got == (i < N - 1 ? CTR_HELD_FRAGMENTS : CTR_DELIVERED),
					"%#x: %s", order, counter_table[got].name);
			}
			CHECK(is_whole(&p, LEN) && p.frames == N, "%#x, %d", order, version);
			uint32_t bytes = LEN + N * (14u + (version == 4 ? 20 : 48));
			CHECK(p.frame_bytes == bytes, "%#x: %u", order, p.frame_bytes);
			CHECK(counters[CTR_HELD_FRAGMENTS] == 0, "%#x", order);
			CHECK(counters[CTR_FRAG_REASSEMBLED] == 1, "%#x", order);
			packet_free(&p);
			decoder_free(d);
		}
	}
}

// The header of the datagram is that of a packet that came in one piece: decoded again, it is
// the same flow, and its checksum is right.
static void test_datagram_is_raw_ip(void)
{
	struct decoder *d = decoder_open(4, 65536);
	struct packet p;
	struct packet again;

	make_body(2000, 0);
	for (int version = 4; version <= 6; version += 2) {
		send_one(d, &p, version, ID, 0, 1600, true);
		send_one(d, &p, version, ID, 1600, 400, false);
		again = (struct packet){
			.data = p.data, .len = p.len, .wire_len = p.len, .link = p.link};
		uint64_t bad = counters[CTR_BAD_CHECKSUM];
		CHECK(decode_packet(d, &again) == CTR_DELIVERED, "%d", version);
		CHECK(memcmp(&again.key, &p.key, sizeof(p.key)) == 0, "%d", version);
		CHECK(again.owner_hash == p.owner_hash, "%d", version);
		CHECK(version == 6 || frame_sum(0, p.data, 20) == 0xffff, "%d", version);
		CHECK(counters[CTR_BAD_CHECKSUM] == bad, "%d", version);
		uint16_t ip_len = version == 4 ? 20 : 40;
		CHECK(p.ip == p.data && p.ip_len == ip_len, "%d: %u", version, p.ip_len);
		CHECK(p.l4 == p.data + ip_len && p.l4_len == 8, "%d: %u", version, p.l4_len);
		CHECK(version == 6 || (p.ip[4] == 0 && p.ip[5] == ID), "%d: id", version);
		CHECK(packet_ether(&p) == NULL, "%d: the frame is gone", version);
		packet_free(&p);
	}
	decoder_free(d);
}

// A NIC that calls each fragment sound has not seen the sum of the datagram.
static void test_datagram_is_summed(void)
{
	struct decoder *d = decoder_open(4, 65536);
	struct packet p;

	make_body(2000, 0);
	body[6] = 0xde; // a sum that is wrong
	for (int version = 4; version <= 6; version += 2) {
		send_one(d, &p, version, ID, 0, 1600, true);
		send_one(d, &p, version, ID, 1600, 400, false);
		CHECK(p.l4_sound && (p.flags & PACKET_BAD_CHECKSUM), "%d", version);
		packet_free(&p);
	}
	decoder_free(d);
}

struct piece {
	size_t offset;
	size_t len;
	bool more;
	enum counter want;
};

static const struct {
	const char *name;
	struct piece pieces[6];
} sequences[] = {
	{"duplicate",
		{{0, 800, true, CTR_HELD_FRAGMENTS}, {0, 800, true, CTR_FRAG_DUPLICATE},
			{8, 80, true, CTR_FRAG_DUPLICATE}, {800, 200, false, CTR_DELIVERED}}},
	{"last one twice",
		{{800, 200, false, CTR_HELD_FRAGMENTS}, {800, 200, false, CTR_FRAG_DUPLICATE},
			{0, 800, true, CTR_DELIVERED}}},
	{"overlap",
		{{0, 480, true, CTR_HELD_FRAGMENTS}, {400, 480, true, CTR_HELD_FRAGMENTS},
			{800, 200, false, CTR_DELIVERED}}},
	{"the end is known from a piece without new bytes",
		{{0, 800, true, CTR_HELD_FRAGMENTS}, {800, 200, true, CTR_HELD_FRAGMENTS},
			{800, 200, false, CTR_DELIVERED}}},
	{"end before what is there",
		{{800, 200, true, CTR_HELD_FRAGMENTS}, {400, 400, false, CTR_FRAG_BAD},
			{0, 800, true, CTR_HELD_FRAGMENTS}, {1000 - 8, 8, false, CTR_DELIVERED}}},
	{"second end",
		{{800, 200, false, CTR_HELD_FRAGMENTS}, {800, 192, false, CTR_FRAG_BAD},
			{800, 208, false, CTR_FRAG_BAD}, {0, 800, true, CTR_DELIVERED}}},
	{"behind the end",
		{{800, 200, false, CTR_HELD_FRAGMENTS}, {1000, 8, true, CTR_FRAG_BAD},
			{0, 800, true, CTR_DELIVERED}}},
	{"empty",
		{{0, 0, true, CTR_FRAG_BAD}, {800, 0, false, CTR_FRAG_BAD},
			{0, 800, true, CTR_HELD_FRAGMENTS}, {800, 200, false, CTR_DELIVERED}}},
	{"odd length, and more to come",
		{{0, 799, true, CTR_FRAG_BAD}, {0, 800, true, CTR_HELD_FRAGMENTS},
			{800, 200, false, CTR_DELIVERED}}},
	{"past 64 KiB",
		{{65504, 16, false, CTR_FRAG_BAD}, {0, 800, true, CTR_HELD_FRAGMENTS},
			{800, 200, false, CTR_DELIVERED}}},
};

static void test_sequences(void)
{
	struct packet p;

	for (size_t i = 0; i < ROWS(sequences); i++) {
		struct decoder *d = decoder_open(4, 65536);
		make_body(1000, 0);
		for (unsigned n = 0; n < 6 && sequences[i].pieces[n].want != 0; n++) {
			const struct piece *piece = &sequences[i].pieces[n];
			// The bytes of a fragment past the end do not matter.
			size_t at = piece->offset > 60000 ? 0 : piece->offset;
			static uint8_t data[FRAME_MAX];
			size_t len = make_fragment(data, 4, ID, at, piece->len, piece->more);
			frame_put(data + 20, piece->offset / 8 | (piece->more ? 0x2000 : 0), 2);
			enum counter got = run(d, &p, 1, data, len);
			CHECK(got == piece->want, "%s, %u: %s", sequences[i].name, n,
				counter_table[got].name);
			if (got == CTR_DELIVERED) {
				CHECK(is_whole(&p, 1000), "%s", sequences[i].name);
				packet_free(&p);
			}
		}
		CHECK(counters[CTR_HELD_FRAGMENTS] == 0, "%s", sequences[i].name);
		decoder_free(d);
	}
}

// The documented policy: the bytes that came first stay.
static void test_first_wins(void)
{
	struct decoder *d = decoder_open(4, 65536);
	struct packet p;

	make_body(1000, 0x40); // of the later copy
	uint8_t later = body[500];
	make_body(1000, 0);
	uint8_t first = body[500];
	send_one(d, &p, 4, ID, 400, 400, true);
	make_body(1000, 0x40);
	send_one(d, &p, 4, ID, 0, 904, true);
	CHECK(send_one(d, &p, 4, ID, 896, 104, false) == CTR_DELIVERED, "whole");
	CHECK(first != later && p.payload[492] == first, "overlapped");
	CHECK(p.payload[392 - 1] == body[399] && p.payload[792] == body[800], "around it");
	packet_free(&p);
	decoder_free(d);
}

// What has to agree for fragments to be of one datagram.
static void test_identity(void)
{
	static const struct {
		const char *name;
		int version;
		int at; // byte that differs in the second fragment
		bool same;
	} rows[] = {
		{"equal", 4, -1, true},
		{"source", 4, 14 + 15, false},
		{"destination", 4, 14 + 19, false},
		{"id", 4, 14 + 5, false},
		{"protocol", 4, 14 + 9, false},
		{"equal, 6", 6, -1, true},
		{"source, 6", 6, 14 + 23, false},
		{"destination, 6", 6, 14 + 39, false},
		{"id, 6", 6, 14 + 44, false},
		{"next header of a later one, 6", 6, 14 + 40, true},
	};
	uint8_t data[2048];
	struct packet p;

	make_body(1000, 0);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct decoder *d = decoder_open(4, 65536);
		send_one(d, &p, rows[i].version, ID, 0, 800, true);
		size_t len = make_fragment(data, rows[i].version, ID, 800, 200, false);
		if (rows[i].at >= 0)
			data[rows[i].at] ^= 0x40;
		enum counter got = run(d, &p, 1, data, len);
		CHECK((got == CTR_DELIVERED) == rows[i].same, "%s: %s", rows[i].name,
			counter_table[got].name);
		if (got == CTR_DELIVERED) {
			CHECK(is_whole(&p, 1000), "%s", rows[i].name);
			packet_free(&p);
		}
		decoder_free(d);
	}
}

// The largest datagrams, in the smallest pieces: 8,190 of them.
static void test_largest(void)
{
	struct packet p;

	make_body(BODY_MAX, 0);
	for (int version = 4; version <= 6; version += 2) {
		struct decoder *d = decoder_open(4, 65536);
		unsigned n = 0;
		for (size_t at = BODY_MAX / 8 * 8; at > 0; at -= 8, n++)
			send_one(d, &p, version, ID, at, at + 8 > BODY_MAX ? BODY_MAX - at : 8,
				at + 8 <= BODY_MAX);
		CHECK(counters[CTR_HELD_FRAGMENTS] == n, "%d: %u", version, n);
		CHECK(send_one(d, &p, version, ID, 0, 8, true) == CTR_DELIVERED, "%d", version);
		CHECK(is_whole(&p, BODY_MAX) && p.frames == n + 1, "%d: %u", version, p.frames);
		packet_free(&p);
		decoder_free(d);
	}
}

static void test_table_full(void)
{
	struct decoder *d = decoder_open(3, 65536);
	struct packet p;

	make_body(1000, 0);
	for (uint32_t id = 0; id < 4; id++) {
		send_one(d, &p, 4, id, 0, 400, true);
		send_one(d, &p, 4, id, 400, 400, true);
	}
	CHECK(counters[CTR_FRAG_SHED] == 2, "the oldest, with its two frames");
	CHECK(counters[CTR_HELD_FRAGMENTS] == 6, "the rest");
	CHECK(send_one(d, &p, 4, 1, 800, 200, false) == CTR_DELIVERED, "the second is there");
	packet_free(&p);
	CHECK(send_one(d, &p, 4, 0, 800, 200, false) == CTR_HELD_FRAGMENTS, "the first is not");
	decoder_flush(d);
	CHECK(counters[CTR_HELD_FRAGMENTS] == 0 && counters[CTR_FRAG_TIMEOUT] == 5, "flush");
	CHECK(counters_unaccounted(counters) == 0, "law");
	decoder_free(d);
}

// 8 KiB hold eight datagrams of 800 bytes, and none of 60,000.
static void test_bytes_full(void)
{
	struct decoder *d = decoder_open(64, 8192 - 1024);
	struct packet p;

	make_body(60000, 0);
	for (uint32_t id = 0; id < 9; id++)
		send_one(d, &p, 4, id, 0, 800, true);
	CHECK(counters[CTR_FRAG_SHED] == 1, "%lu", (unsigned long)counters[CTR_FRAG_SHED]);
	enum counter got = send_one(d, &p, 4, 99, 0, 60000, true);
	CHECK(got == CTR_FRAG_SHED, "%s", counter_table[got].name);
	CHECK(counters[CTR_FRAG_SHED] == 10 && counters[CTR_HELD_FRAGMENTS] == 0, "all gone");
	CHECK(send_one(d, &p, 4, 1, 0, 800, true) == CTR_HELD_FRAGMENTS, "and back in order");
	decoder_free(d);
}

static void test_timeout(void)
{
	struct decoder *d = decoder_open(8, 65536);
	struct packet p;

	make_body(1000, 0);
	send_at(d, &p, 100, 4, 1, 0, 800, true);
	send_at(d, &p, 600, 4, 2, 0, 800, true);
	decoder_expire(d, 1100);
	CHECK(counters[CTR_HELD_FRAGMENTS] == 2, "just in time");
	decoder_expire(d, 1101);
	CHECK(counters[CTR_HELD_FRAGMENTS] == 1 && counters[CTR_FRAG_TIMEOUT] == 1, "first");
	decoder_expire(d, 5);
	CHECK(counters[CTR_HELD_FRAGMENTS] == 1, "time that goes back ends nothing");
	// Too late, although nobody called expire.
	enum counter got = send_at(d, &p, 9000, 4, 2, 800, 200, false);
	CHECK(got == CTR_HELD_FRAGMENTS && counters[CTR_FRAG_TIMEOUT] == 2, "stale");
	CHECK(counters_unaccounted(counters) == 0, "law");
	decoder_free(d);
}

// Datagrams that nobody frees: the pool ends, is counted, and works again once they are back.
static void test_pool_exhausted(void)
{
	enum { N = 64 };
	struct decoder *d = decoder_open(8, 65536);
	struct packet kept[N];
	struct packet p;
	unsigned n = 0;

	make_body(60000, 0);
	for (unsigned round = 0; round < 3; round++) {
		for (n = 0; n < N; n++) {
			send_one(d, &p, 4, n, 0, 40000, true);
			if (send_one(d, &p, 4, n, 40000, 20000, false) != CTR_DELIVERED)
				break;
			kept[n] = p;
		}
		CHECK(n >= 4 && n < N, "%u datagrams", n);
		CHECK(counters[CTR_FRAG_SHED] == 2 * (round + 1), "both frames");
		CHECK(counters[CTR_HELD_FRAGMENTS] == 0, "none held");
		for (unsigned i = 0; i < n; i++) {
			CHECK(is_whole(&kept[i], 60000), "%u was not overwritten", i);
			packet_free(&kept[i]);
		}
	}
	decoder_free(d);
}

// A datagram that is whole and wrong: all its frames are under the cause.
static void test_cause_after_reassembly(void)
{
	struct decoder *d = decoder_open(8, 65536);
	struct packet p;
	enum counter got = CTR_COUNT;

	make_body(1000, 0);
	frame_put(body + 4, 3, 2); // the UDP length
	send_one(d, &p, 4, ID, 0, 400, true);
	send_one(d, &p, 4, ID, 400, 400, true);
	CHECK(send_one(d, &p, 4, ID, 800, 200, false) == CTR_UDP_BAD, "length 3");
	CHECK(counters[CTR_UDP_BAD] == 3, "%lu", (unsigned long)counters[CTR_UDP_BAD]);

	// In a tunnel as well: the outer packet of the last fragment is gone.
	for (unsigned part = 0; part < 2; part++) {
		static struct frame f;
		uint8_t inner[2048];
		size_t len = make_fragment(inner, 4, ID, part * 504, part ? 496 : 504, !part) - 14;
		frame_build(&f, "eth4 out4=4");
		frame_put(f.data + 16, 20 + len, 2);
		memcpy(f.data + f.len, inner + 14, len);
		got = run(d, &p, 1, f.data, f.len + len);
	}
	CHECK(got == CTR_UDP_BAD && counters[CTR_UDP_BAD] == 5, "%s", counter_table[got].name);
	decoder_free(d);
}

// Fragments of a GRE packet, which carries fragments of the datagram.
static void test_nested(void)
{
	static const char outer[] = "eth4 out4=47";
	static struct frame f;
	uint8_t inner[2048];
	struct decoder *d = decoder_open(8, 65536);
	struct packet p;
	enum counter got = CTR_COUNT;

	make_body(1000, 0);
	for (unsigned part = 0; part < 2; part++) {
		static const uint8_t gre[] = {0, 0, 8, 0};
		size_t len = make_fragment(inner, 4, ID, part * 504, part ? 496 : 504, !part) - 14;
		memmove(inner + 4, inner + 14, len);
		memcpy(inner, gre, sizeof(gre));
		len += 4;
		for (size_t at = 0; at < len; at += 200) {
			size_t n = len - at < 200 ? len - at : 200;
			frame_build(&f, outer);
			frame_put(f.data + 16, 20 + n, 2);
			frame_put(f.data + 18, 100 + part, 2);
			frame_put(f.data + 20, at / 8 | (at + n < len ? 0x2000 : 0), 2);
			memcpy(f.data + f.len, inner + at, n);
			got = run(d, &p, 1, f.data, f.len + n);
		}
		CHECK(counters[CTR_HELD_FRAGMENTS] == (part ? 0 : 3), "part %u", part);
	}
	CHECK(got == CTR_DELIVERED && is_whole(&p, 1000) && p.frames == 6, "%u", p.frames);
	CHECK(p.flags & PACKET_TUNNELLED, "%#x", p.flags);
	packet_free(&p);
	decoder_free(d);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"orders", test_orders},
		{"a datagram is raw IP", test_datagram_is_raw_ip},
		{"its sum is looked at", test_datagram_is_summed},
		{"sequences", test_sequences},
		{"first bytes win", test_first_wins},
		{"identity", test_identity},
		{"largest", test_largest},
		{"table full", test_table_full},
		{"bytes full", test_bytes_full},
		{"timeout", test_timeout},
		{"pool exhausted", test_pool_exhausted},
		{"cause after reassembly", test_cause_after_reassembly},
		{"nested", test_nested},
		CU_TEST_INFO_NULL,
	};
	return check_main("defrag", tests);
}
