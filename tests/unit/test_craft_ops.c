// The operations of sealwatch-craft: payload put at its sequence number, fragments laid one
// behind the other, and headers that stand where their standards draw them.

#include "tests/unit/craft_frames.h"
#include "tools/craft/rng.h"

#include <pcap/dlt.h>

// Every payload byte goes to its place by sequence number.
static void check_stream(
	const char *row, const struct stream *s, const struct trace *t, size_t segment_max)
{
	static uint8_t got[2][STREAM_LEN];
	uint32_t first[2] = {0};
	unsigned syn = 0, fin = 0;
	uint64_t before = 0;

	memset(got, 0, sizeof(got));
	for (size_t i = 0; i < t->n; i++) {
		const uint8_t *ip = t->frames[i].data + 14;
		size_t header = ip[0] >> 4 == 6 ? 40 : 20, n = t->frames[i].len - 14;
		const uint8_t *tcp = ip + header;
		size_t data_at = header + (tcp[12] >> 4) * 4u, len = n - data_at;
		int side = be16(tcp) == 80;

		check_packet(row, ip, n);
		CHECK(t->frames[i].ts_ns >= before, "%s: time", row);
		before = t->frames[i].ts_ns;
		CHECK(len <= segment_max, "%s: %zu", row, len);
		if (tcp[13] & TCP_SYN)
			first[side] = be32(tcp + 4) + 1;
		syn += (tcp[13] & TCP_SYN) != 0;
		fin += (tcp[13] & TCP_FIN) != 0;
		uint32_t at = be32(tcp + 4) - first[side];
		if (len > 0 && at <= STREAM_LEN && len <= STREAM_LEN - at)
			memcpy(got[side] + at, ip + data_at, len);
	}
	CHECK(syn == 2 && fin == 2, "%s: %u SYN, %u FIN", row, syn, fin);
	CHECK(memcmp(got, s->data, sizeof(got)) == 0, "%s: streams", row);
}

static void test_tcp_operations(void)
{
	static const struct {
		const char *op;
		uint64_t arg;
		size_t segment_max;
	} rows[] = {{"segment", 1, 1}, {"segment", 7, 7}, {"segment", 999, 999},
		{"segment", 65535, 1000}, {"reorder", 0, 1000}, {"addresses", 5, 1000}};

	for (size_t i = 0; i < ROWS(rows) * 2; i++) {
		struct stream *s = stream_new(i % 2);
		struct trace out =
			transform(&s->trace, DLT_EN10MB, rows[i / 2].op, rows[i / 2].arg, 1);
		check_stream(rows[i / 2].op, s, &out, rows[i / 2].segment_max);
		trace_free(&out);
		stream_free(s);
	}
}

// The packets stay, some change places, and none moves more than two.
static void test_reorder(void)
{
	unsigned moved = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		struct stream *s = stream_new(0);
		struct trace out = transform(&s->trace, DLT_EN10MB, "reorder", 0, seed);
		CHECK(out.n == s->trace.n, "%zu", out.n);
		for (size_t i = 0; i < out.n; i++) {
			size_t found = SIZE_MAX;
			for (size_t k = i < 2 ? 0 : i - 2; k <= i + 2 && k < out.n; k++) {
				if (out.frames[k].len == s->trace.frames[i].len &&
					memcmp(out.frames[k].data, s->trace.frames[i].data,
						out.frames[k].len) == 0)
					found = k;
			}
			CHECK(found != SIZE_MAX, "packet %zu", i);
			moved += found != i;
			CHECK(found == i || s->trace.frames[i].len > 54, "%zu: no data", i);
			CHECK(out.frames[i].ts_ns == s->trace.frames[i].ts_ns, "%zu", i);
		}
		trace_free(&out);
		stream_free(s);
	}
	CHECK(moved > 20, "%u", moved);
}

// Without a SYN the first data of each direction stays in front: a reader starts there.
static void test_reorder_headless(void)
{
	unsigned moved = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		struct stream *s = stream_new(seed % 2);
		struct trace cut = {.frames = s->trace.frames + 3, .n = s->trace.n - 3};
		struct trace out = transform(&cut, DLT_EN10MB, "reorder", 0, seed);
		const uint8_t *first[2] = {0};
		for (size_t i = out.n; i-- > 0;) {
			size_t headers = seed % 2 ? 74 : 54;
			int server = be16(out.frames[i].data + headers - 20) == 80;
			if (out.frames[i].len > headers)
				first[server] = out.frames[i].data + headers;
			moved += out.frames[i].len != cut.frames[i].len ||
				memcmp(out.frames[i].data, cut.frames[i].data, out.frames[i].len) !=
					0;
		}
		for (int side = 0; side < 2; side++)
			CHECK(first[side] != NULL && memcmp(first[side], s->data[side], 100) == 0,
				"seed %u, side %d", (unsigned)seed, side);
		trace_free(&out);
		stream_free(s);
	}
	CHECK(moved > 20, "%u", moved);
}

// Packets after a SYN that no network could exchange, or whose exchange changes the stream.
static void test_reorder_refused(void)
{
	static const struct {
		const char *name;
		struct {
			enum side from;
			uint32_t seq;
			uint8_t flags;
			size_t len;
		} packet[3];
		bool moves;
	} rows[] = {
		{"two, then an acknowledgement",
			{{CLIENT, 1, TCP_ACK, 8}, {CLIENT, 9, TCP_ACK, 8}, {SERVER, 1, TCP_ACK, 0}},
			true},
		{"an acknowledgement between",
			{{CLIENT, 1, TCP_ACK, 8}, {SERVER, 1, TCP_ACK, 0}, {CLIENT, 9, TCP_ACK, 8}},
			true},
		{"an answer between",
			{{CLIENT, 1, TCP_ACK, 8}, {SERVER, 1, TCP_ACK, 8}, {CLIENT, 9, TCP_ACK, 8}},
			false},
		{"overlap",
			{{CLIENT, 1, TCP_ACK, 8}, {CLIENT, 5, TCP_ACK, 8}, {SERVER, 1, TCP_ACK, 0}},
			false},
		{"sent again",
			{{CLIENT, 9, TCP_ACK, 8}, {CLIENT, 1, TCP_ACK, 8}, {SERVER, 1, TCP_ACK, 0}},
			false},
		{"reset",
			{{CLIENT, 1, TCP_ACK, 8}, {CLIENT, 9, TCP_RST, 8}, {SERVER, 1, TCP_ACK, 0}},
			false},
		{"data after the end",
			{{CLIENT, 1, TCP_ACK | TCP_FIN, 8}, {CLIENT, 10, TCP_ACK, 8},
				{SERVER, 1, TCP_ACK, 0}},
			false},
		{"two directions",
			{{CLIENT, 1, TCP_ACK, 8}, {SERVER, 1, TCP_ACK, 8}, {SERVER, 9, TCP_ACK, 0}},
			false},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct trace t = {0};
		struct session c = {.host = {host_of("10.0.0.1", 5), host_of("10.0.0.2", 6)},
			.put = trace_put,
			.put_ctx = &t,
			.step_ns = 1};
		bool moved = false;
		session_segment(&c, CLIENT, 0, TCP_SYN, NULL, 0);
		for (size_t k = 0; k < 3; k++)
			session_segment(&c, rows[i].packet[k].from, rows[i].packet[k].seq,
				rows[i].packet[k].flags, "01234567", rows[i].packet[k].len);
		for (uint64_t seed = 0; seed < 20; seed++) {
			struct trace out = transform(&t, DLT_EN10MB, "reorder", 0, seed);
			for (size_t k = 0; k < t.n; k++)
				moved |= out.frames[k].len != t.frames[k].len ||
					memcmp(out.frames[k].data, t.frames[k].data,
						t.frames[k].len) != 0;
			trace_free(&out);
		}
		CHECK(moved == rows[i].moves, "%s", rows[i].name);
		trace_free(&t);
	}
}

// SYN with data, and FIN with data: what belongs to the first and to the last.
static void test_segment_flags(void)
{
	struct host from = host_of("10.0.0.1", 1), to = host_of("10.0.0.2", 2);
	struct tcp_header tcp = {
		.seq = 0xfffffffe, .flags = TCP_SYN | TCP_FIN | TCP_PSH, .mss = 1400};
	static const uint8_t flags[] = {TCP_SYN, 0, TCP_FIN | TCP_PSH};
	static const uint32_t seqs[] = {0xfffffffe, 3, 7}; // SYN takes one
	uint8_t buf[128];
	struct wire w = wire_over(buf, sizeof(buf));

	packet_tcp(&w, &from, &to, 1, &tcp, "0123456789", 10);
	struct frame f = {.data = buf, .len = (uint32_t)w.len, .wire_len = (uint32_t)w.len};
	struct trace in = {.frames = &f, .n = 1};
	struct trace out = transform(&in, DLT_EN10MB, "segment", 4, 0);
	CHECK(out.n == 3, "%zu", out.n);
	for (size_t i = 0; i < out.n && i < 3; i++) {
		const uint8_t *l4 = out.frames[i].data + 34;
		CHECK(l4[13] == flags[i], "%zu: %#x", i, l4[13]);
		CHECK(be32(l4 + 4) == seqs[i], "%zu: %#x", i, be32(l4 + 4));
		CHECK((l4[12] >> 4) == (i == 0 ? 6 : 5), "%zu: options", i);
		check_packet("segment", out.frames[i].data + 14, out.frames[i].len - 14);
	}
	trace_free(&out);
}

static void test_duplicate(void)
{
	for (uint64_t k = 1; k < 4; k++) {
		struct stream *s = stream_new(0);
		struct trace out = transform(&s->trace, DLT_EN10MB, "duplicate", k, 0);
		size_t at = 0;
		for (size_t i = 0; i < s->trace.n; i++) {
			for (unsigned n = (i + 1) % k == 0 ? 2 : 1; n > 0 && at < out.n; n--, at++)
				CHECK(out.frames[at].len == s->trace.frames[i].len &&
						memcmp(out.frames[at].data, s->trace.frames[i].data,
							out.frames[at].len) == 0,
					"k %u packet %zu", (unsigned)k, i);
		}
		CHECK(at == out.n, "k %u: %zu of %zu", (unsigned)k, at, out.n);
		trace_free(&out);
		stream_free(s);
	}
}

// The datagram is whole again when its fragments are laid one behind the other.
static void check_fragments(const struct frame *in, const struct trace *out, size_t max, bool v6)
{
	static uint8_t whole[70000];
	size_t header = v6 ? 40 : 20, behind = v6 ? 48 : 20, total = 0;

	for (size_t i = 0; i < out->n; i++) {
		const uint8_t *ip = out->frames[i].data + 14;
		size_t len = out->frames[i].len - 14 - behind;
		uint32_t field = v6 ? be16(ip + 42) : be16(ip + 6);
		size_t at = v6 ? field & 0xfff8 : (field & 0x1fff) * 8;
		bool more = v6 ? field & 1 : (field & 0x2000) != 0;

		CHECK(len <= max, "%zu", len);
		CHECK(more == (i + 1 < out->n), "fragment %zu of %zu", i, out->n);
		CHECK(!more || len % 8 == 0, "%zu", len);
		CHECK((field & 0x4000) == 0 || v6, "don't fragment");
		if (v6) {
			CHECK(ip[6] == 44 && ip[40] == in->data[20], "next header");
			CHECK(be16(ip + 4) == len + 8, "%u", be16(ip + 4));
		} else {
			CHECK(be16(ip + 2) == len + 20, "%u", be16(ip + 2));
			CHECK(naive_sum(0, ip, 20) == 0xffff, "fragment %zu", i);
			CHECK(be16(ip + 4) == be16(out->frames[0].data + 18), "id");
		}
		memcpy(whole + at, ip + behind, len);
		total += len;
	}
	CHECK(total == in->len - 14 - header, "%zu", total);
	CHECK(memcmp(whole, in->data + 14 + header, total) == 0, "max %zu", max);
}

static void test_fragment(void)
{
	static const uint64_t sizes[] = {8, 16, 512, 1400, 65512};

	for (size_t i = 0; i < ROWS(sizes) * 2; i++) {
		struct stream *s = stream_new(i % 2);
		for (size_t k = 0; k < s->trace.n; k++) {
			struct trace one = {.frames = &s->trace.frames[k], .n = 1};
			struct trace out = transform(&one, DLT_EN10MB, "fragment", sizes[i / 2], 0);
			size_t l4 = one.frames[0].len - (i % 2 ? 54 : 34);
			if (l4 > sizes[i / 2])
				check_fragments(&one.frames[0], &out, sizes[i / 2], i % 2);
			else
				CHECK(out.n == 1 && out.frames[0].len == one.frames[0].len, "%zu",
					l4);
			trace_free(&out);
		}
		stream_free(s);
	}
}

// Of two options one is marked to be copied into each fragment.
static void test_fragment_options(void)
{
	static const uint8_t ip[] = {0x47, 0, 0, 44, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10,
		0, 0, 2, 0x44, 4, 5, 0, 0x94, 4, 0, 0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i',
		'j', 'k', 'l', 'm', 'n', 'o', 'p'};
	struct frame f = {.data = ip, .len = sizeof(ip), .wire_len = sizeof(ip)};
	struct trace in = {.frames = &f, .n = 1};
	struct trace out = transform(&in, DLT_RAW, "fragment", 8, 0);

	CHECK(out.n == 2, "%zu", out.n);
	if (out.n == 2) {
		const uint8_t *a = out.frames[0].data, *b = out.frames[1].data;
		CHECK(a[0] == 0x47 && naive_sum(0, a, 28) == 0xffff, "first");
		CHECK(b[0] == 0x46 && b[20] == 0x94 && naive_sum(0, b, 24) == 0xffff, "second");
		CHECK(be16(a + 2) == 36 && be16(b + 2) == 32, "lengths");
		CHECK(memcmp(a + 28, ip + 28, 8) == 0 && memcmp(b + 24, ip + 36, 8) == 0, "data");
		CHECK(be16(a + 4) != 0 && be16(a + 4) == be16(b + 4), "an id is given");
	}
	trace_free(&out);
}

// What stands in front of the inner packet, as its standard draws it; `len_at` is where a
// length of what follows it stands, `plus` what it counts besides the inner packet.
static const struct {
	const char *op;
	uint64_t arg;
	uint32_t added; // bytes
	bool frame; // the whole frame is inside
	uint32_t at; // of the bytes to see
	uint8_t see[8];
	uint32_t n_see;
	uint32_t len_at;
	uint32_t plus;
} covers[] = {
	{"vlan", 7, 4, false, 12, {0x81, 0, 0, 7}, 4, 0, 0},
	{"mpls", 77, 4, false, 12, {0x88, 0x47, 0, 0x04, 0xd1, 64}, 6, 0, 0},
	{"pppoe", 9, 8, false, 12, {0x88, 0x64, 0x11, 0, 0, 9}, 6, 18, 2},
	{"gre", 0, 24, false, 34, {0, 0}, 2, 16, 24},
	{"gtpu", 0x12345678, 36, false, 46, {0x12, 0x34, 0x56, 0x78}, 4, 38, 16},
	{"vxlan", 0xabcdef, 50, true, 42, {8, 0, 0, 0, 0xab, 0xcd, 0xef, 0}, 8, 38, 16},
};

static void check_cover(size_t row, const struct frame *in, const struct frame *out)
{
	const uint8_t *p = out->data;
	uint32_t inner = covers[row].frame ? in->wire_len : in->wire_len - 14;
	const char *name = covers[row].op;

	CHECK(out->wire_len == in->wire_len + covers[row].added, "%s: %u", name, out->wire_len);
	CHECK(out->len == in->len + covers[row].added, "%s: %u", name, out->len);
	CHECK(memcmp(p + covers[row].at, covers[row].see, covers[row].n_see) == 0, "%s", name);
	if (covers[row].len_at != 0)
		CHECK(be16(p + covers[row].len_at) == inner + covers[row].plus, "%s: %u", name,
			be16(p + covers[row].len_at));
	uint32_t here = covers[row].frame ? in->len : in->len - 14;
	CHECK(memcmp(p + out->len - here, in->data + in->len - here, here) == 0, "%s", name);
	if (covers[row].added >= 24) {
		CHECK(p[14] == 0x45 && naive_sum(0, p + 14, 20) == 0xffff, "%s: outer", name);
		CHECK(be16(p + 16) == out->wire_len - 14, "%s: outer length", name);
	}
}

static void test_covers(void)
{
	for (size_t i = 0; i < ROWS(covers) * 2; i++) {
		struct stream *s = stream_new(i % 2);
		// As if the capture's snap length had been 60.
		struct frame *cut = &s->trace.frames[5];
		cut->len = cut->len > 60 ? 60 : cut->len;
		struct trace out =
			transform(&s->trace, DLT_EN10MB, covers[i / 2].op, covers[i / 2].arg, 0);
		CHECK(out.n == s->trace.n, "%s", covers[i / 2].op);
		for (size_t k = 0; k < out.n && k < s->trace.n; k++)
			check_cover(i / 2, &s->trace.frames[k], &out.frames[k]);
		trace_free(&out);
		stream_free(s);
	}
}

// Raw IP and Linux cooked come out with an Ethernet header.
static void test_cover_links(void)
{
	struct stream *s = stream_new(0);
	struct frame *first = &s->trace.frames[0];
	struct frame raw = {
		.data = first->data + 14, .len = first->len - 14, .wire_len = first->len - 14};
	uint8_t cooked[128] = {[14] = 0x08};
	memcpy(cooked + 16, raw.data, raw.len);
	struct frame sll = {.data = cooked, .len = raw.len + 16, .wire_len = raw.len + 16};
	struct frame *const rows[] = {&raw, &sll};
	static const int links[] = {DLT_RAW, DLT_LINUX_SLL};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct trace in = {.frames = rows[i], .n = 1};
		struct trace out = transform(&in, links[i], "vlan", 5, 0);
		const uint8_t *p = out.frames[0].data;
		CHECK(out.frames[0].len == raw.len + 18, "%u", out.frames[0].len);
		CHECK(be32(p + 12) == 0x81000005 && be16(p + 16) == 0x0800, "link %zu", i);
		CHECK(memcmp(p + 18, raw.data, raw.len) == 0, "link %zu", i);
		trace_free(&out);
	}
	stream_free(s);
}

static uint32_t exchanged(uint64_t seed, uint32_t address)
{
	uint8_t ip[20] = {0x45, 0, 0, 20, 0, 1, 0, 0, 64, 255, 0, 0, (uint8_t)(address >> 24),
		(uint8_t)(address >> 16), (uint8_t)(address >> 8), (uint8_t)address};
	struct frame f = {.data = ip, .len = 20, .wire_len = 20};
	struct trace in = {.frames = &f, .n = 1};

	packet_sum_ipv4(ip);
	struct trace out = transform(&in, DLT_RAW, "addresses", seed, 0);
	CHECK(naive_sum(0, out.frames[0].data, 20) == 0xffff, "%#x", address);
	uint32_t v = be32(out.frames[0].data + 12);
	trace_free(&out);
	return v;
}

static unsigned common(uint32_t a, uint32_t b)
{
	return a == b ? 32 : (unsigned)__builtin_clz(a ^ b);
}

static bool in(uint32_t address, uint32_t net, unsigned bits)
{
	return common(address, net) >= bits;
}

static void test_addresses(void)
{
	static const struct {
		uint32_t net;
		unsigned bits;
		bool same; // addresses in it stay
	} nets[] = {{0x0a000000, 8, false}, {0xac100000, 12, false}, {0xc0a80000, 16, false},
		{0x64400000, 10, false}, {0x7f000000, 8, true}, {0xa9fe0000, 16, true},
		{0xe0000000, 3, true}};
	struct rng r = {.state = 77};
	unsigned changed = 0;

	for (unsigned i = 0; i < 2000; i++) {
		uint32_t a = (uint32_t)rng_next(&r);
		if (i % 2 == 0)
			a = nets[i / 2 % ROWS(nets)].net |
				(a & (0xffffffff >> nets[i / 2 % ROWS(nets)].bits));
		uint32_t b = a ^ 1u << rng_below(&r, 32);
		uint32_t x = exchanged(9, a), y = exchanged(9, b);

		CHECK(common(x, y) == common(a, b), "%#x %#x: %#x %#x", a, b, x, y);
		for (size_t k = 0; k < ROWS(nets); k++) {
			bool inside = in(a, nets[k].net, nets[k].bits);
			CHECK(in(x, nets[k].net, nets[k].bits) == inside, "%#x: %#x", a, x);
			CHECK(!inside || !nets[k].same || x == a, "%#x: %#x", a, x);
		}
		changed += x != a;
	}
	CHECK(changed > 1000, "%u", changed);
	CHECK(exchanged(1, 0x08080808) != exchanged(2, 0x08080808), "seeds");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"tcp operations keep the streams", test_tcp_operations},
		{"reorder", test_reorder},
		{"reorder: no SYN", test_reorder_headless},
		{"reorder: refused", test_reorder_refused},
		{"segment: flags", test_segment_flags},
		{"duplicate", test_duplicate},
		{"fragment", test_fragment},
		{"fragment: options", test_fragment_options},
		{"tags and tunnels", test_covers},
		{"tags and tunnels: links", test_cover_links},
		{"addresses", test_addresses},
		CU_TEST_INFO_NULL,
	};
	return check_main("craft operations", tests);
}
