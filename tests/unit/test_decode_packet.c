// What decode says of the packet inside: key, lengths, transport fields.

#include "tests/unit/decoding_one.h"

static const struct {
	const char *name;
	const char *a;
	const char *b;
	bool same;
} pairs[] = {
	{"answer", "eth4 ip4=17 udp=53", "eth4 ip4r=17 udpr=53", true},
	{"answer over TCP", "eth4 ip4=6 tcp=80", "eth4 ip4r=6 tcpr=80", true},
	{"other port", "eth4 ip4=17 udp=53", "eth4 ip4=17 udp=54", false},
	{"other protocol", "eth4 ip4=17 udp=53", "eth4 ip4=6 tcp=53", false},
	{"other VLAN", "eth=0x8100 vid=7 type=0x800 " UDP4, "eth=0x8100 vid=8 type=0x800 " UDP4,
		false},
	{"VLAN or none", "eth=0x8100 vid=7 type=0x800 " UDP4, "eth4 " UDP4, false},
	{"order of VLANs", "eth=0x8100 vid=7 type=0x8100 vid=9 type=0x800 " UDP4,
		"eth=0x8100 vid=9 type=0x8100 vid=7 type=0x800 " UDP4, false},
	{"other VNI", OUT_UDP "4789 vxlan=5 eth4 " UDP4, OUT_UDP "4789 vxlan=6 eth4 " UDP4, false},
	{"other session", "eth=0x8864 pppoe=1 word=0x21 " UDP4,
		"eth=0x8864 pppoe=2 word=0x21 " UDP4, false},
	{"GTP, a TEID for each way", OUT_UDP "2152 gtp=1 " UDP4, OUT_UDP "2152 gtp=2 " UDP4, true},
	{"GRE, other key", "eth4 out4=47 word=0x2000 type=0x800 long=1 " UDP4,
		"eth4 out4=47 word=0x2000 type=0x800 long=2 " UDP4, true},
	{"MPLS or not", "eth=0x8847 bottom " UDP4, "eth4 " UDP4, true},
};

static void test_key(void)
{
	struct decoder *d = decoder_open();
	struct packet a;
	struct packet b;

	for (size_t i = 0; i < ROWS(pairs); i++) {
		const char *name = pairs[i].name;
		run_spec(d, &a, pairs[i].a);
		run_spec(d, &b, pairs[i].b);
		bool same = memcmp(&a.key, &b.key, sizeof(a.key)) == 0;
		CHECK(same == pairs[i].same, "%s", name);
		CHECK((a.flow_hash == b.flow_hash) == pairs[i].same, "%s", name);
		CHECK(a.owner_hash == b.owner_hash, "%s", name);
		// Addresses alone decide, so the flag follows the sender even with equal ports.
		bool turned = strstr(pairs[i].b, "ip4r") != NULL;
		CHECK(!(a.flags & PACKET_SWAPPED), "%s", name);
		CHECK(((b.flags & PACKET_SWAPPED) != 0) == turned, "%s", name);
	}
	decoder_free(d);
}

// Equal addresses: the port decides. And a byte that is negative as a char sorts high.
static void test_key_order(void)
{
	static const struct {
		const char *name;
		uint8_t src;
		uint8_t dst;
		uint16_t dport;
		bool swapped;
	} rows[] = {
		{"same address, higher port", 1, 1, 0x2222, false},
		{"same address, lower port", 1, 1, 53, true},
		{"same address, same port", 1, 1, 0x1111, false},
		{"0x7f before 0x80", 0x7f, 0x80, 53, false},
		{"0x80 after 0x7f", 0x80, 0x7f, 53, true},
	};
	struct decoder *d = decoder_open();
	struct packet p;

	for (size_t i = 0; i < ROWS(rows); i++) {
		for (int version = 4; version <= 6; version += 2) {
			frame_build(&frame, version == 4 ? "eth4 " UDP4 : "eth6 " UDP6);
			frame.data[version == 4 ? 29 : 37] = rows[i].src;
			frame.data[version == 4 ? 33 : 53] = rows[i].dst;
			frame_put(frame.data + (version == 4 ? 36 : 56), rows[i].dport, 2);
			run(d, &p, LINK_ETHERNET, frame.data, frame.len, frame.len);
			bool swapped = p.flags & PACKET_SWAPPED;
			CHECK(swapped == rows[i].swapped, "%s, %d", rows[i].name, version);
			CHECK(p.key.aport == (swapped ? rows[i].dport : 0x1111), "%s, %d",
				rows[i].name, version);
		}
	}
	decoder_free(d);
}

static void test_transports(void)
{
	static const uint8_t options[] = {1, 1, 1, 1};
	struct decoder *d = decoder_open();
	struct packet p;

	run_spec(d, &p, "eth4 ip4=6 tcp=80 hello");
	CHECK(p.tcp_seq == 0x01020304 && p.tcp_ack == 0x05060708, "tcp");
	CHECK(p.tcp_flags == 0x18 && p.tcp_window == 0x2000 && is_hello(&p), "tcp");
	CHECK(p.frames == 1 && p.frame_bytes == frame.len, "tcp");

	frame_build(&frame, "eth4 ip4=6 tcp=80 long hello");
	memcpy(frame.data + 54, options, sizeof(options));
	frame.data[46] = 0x60;
	run(d, &p, LINK_ETHERNET, frame.data, frame.len, frame.len);
	CHECK(is_hello(&p), "tcp options");

	run_spec(d, &p, "eth4 ip4=1 word=0x0305 long word hello");
	CHECK(p.key.l4 == IPPROTO_ICMP && p.icmp_type == 3 && p.icmp_code == 5, "icmp");
	CHECK(p.key.aport == 0 && p.key.bport == 0 && is_hello(&p), "icmp");
	CHECK(p.tcp_flags == 0 && p.tcp_seq == 0 && p.tcp_ack == 0 && p.tcp_window == 0, "icmp");

	run_spec(d, &p, "eth6 ip6=58 byte=128");
	CHECK(p.icmp_type == 128 && p.icmp_code == 0 && p.payload_len == 0, "icmp cut");

	run_spec(d, &p, "eth4 ip4=132 word=1000 word=2000 zeros hello");
	CHECK(p.key.l4 == IPPROTO_SCTP && p.key.aport == 1000 && p.key.bport == 2000, "sctp");
	CHECK(is_hello(&p) && p.icmp_type == 0 && p.icmp_code == 0, "sctp");

	run_spec(d, &p, "eth4 ip4=50 zeros");
	CHECK(p.key.l4 == IPPROTO_ESP && p.key.aport == 0 && p.payload_len == 8, "esp");
	decoder_free(d);
}

static void test_extensions(void)
{
	static const struct {
		const char *name;
		const char *spec;
		uint8_t l4;
	} rows[] = {
		{"hop by hop", "eth6 ip6=0 word=0x1100 word long udp=0x2222 hello", 17},
		{"all of them",
			"eth6 ip6=0 word=0x3c00 word long word=0x2b01 word long zeros "
			"word=0x2c00 word long word=0x3c00 word=0 long word=0x1100 word "
			"long udp=0x2222 hello",
			17},
		{"atomic fragment", "eth6 ip6=44 word=0x1100 word=0 long=7 udp=0x2222 hello", 17},
		{"AH", "eth6 ip6=51 word=0x1104 word long long zeros long udp=0x2222 hello", 17},
		{"AH over IPv4",
			"eth4 ip4=51 word=0x1104 word long long zeros long udp=0x2222 hello", 17},
		{"AH cut", "eth4 ip4=51 word=0x1104 word long long", IPPROTO_AH},
		{"no next header", "eth6 ip6=59 hello", IPPROTO_NONE},
		{"ESP", "eth6 ip6=50 hello", IPPROTO_ESP},
	};
	struct decoder *d = decoder_open();
	struct packet p;

	for (size_t i = 0; i < ROWS(rows); i++) {
		enum counter got = run_spec(d, &p, rows[i].spec);
		CHECK(got == CTR_DELIVERED, "%s: %s", rows[i].name, counter_table[got].name);
		CHECK(p.key.l4 == rows[i].l4, "%s: %u", rows[i].name, p.key.l4);
		CHECK(p.key.bport == (rows[i].l4 == 17 ? 0x2222 : 0), "%s", rows[i].name);
		CHECK(is_hello(&p) || rows[i].l4 == IPPROTO_AH, "%s", rows[i].name);
	}
	decoder_free(d);
}

// `cut` bytes are taken off the end, `pad` bytes put there; `wire` bytes more were sent.
static void test_lengths(void)
{
	static const struct {
		const char *name;
		const char *spec;
		int at; // of a length that is set to 0
		size_t cut;
		size_t pad;
		size_t wire;
		uint32_t payload_len;
		bool snapped;
	} rows[] = {
		{"padding", "eth4 " UDP4, 0, 0, 13, 0, 5, false},
		{"padding after TCP", "eth4 ip4=6 tcp=80", 0, 0, 6, 0, 0, false},
		{"padding, 6", "eth6 " UDP6, 0, 0, 13, 0, 5, false},
		{"total length 0", "eth4 ip4=6 tcp=80 hello", 16, 0, 0, 0, 5, false},
		{"payload length 0", "eth6 ip6=6 tcp=80 hello", 18, 0, 0, 0, 5, false},
		{"total length 0, cut", "eth4 ip4=6 tcp=80 hello", 16, 0, 0, 9, 5, true},
		{"total length 0, PPPoE says", "eth=0x8864 pppoe=1 word=0x21 ip4=6 tcp=80 hello",
			24, 0, 6, 0, 5, false},
		{"nothing after the header", "eth6 ip6=59", 0, 0, 6, 0, 0, false},
		{"cut", "eth4 ip4=6 tcp=80 hello", 0, 2, 0, 2, 3, true},
		{"cut in the options", "eth4 ip4=6 tcp=80 hello", 0, 5, 0, 5, 0, true},
		{"cut, UDP", "eth4 " UDP4, 0, 2, 0, 2, 3, true},
		{"cut behind the packet", "eth4 " UDP4, 0, 0, 0, 10, 5, false},
		{"cut first fragment", "eth4 " UDP4, -1, 2, 0, 2, 3, true},
	};
	struct decoder *d = decoder_open();
	struct packet p;

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint64_t snapped = counters[CTR_SNAPPED];
		frame_build(&frame, rows[i].spec);
		if (rows[i].at > 0)
			frame_put(frame.data + rows[i].at, 0, 2);
		if (rows[i].at < 0)
			frame_put(frame.data + 20, 0x2000, 2);
		memset(frame.data + frame.len, 'x', rows[i].pad);
		size_t len = frame.len - rows[i].cut + rows[i].pad;
		enum counter got = run(d, &p, LINK_ETHERNET, frame.data, len, len + rows[i].wire);
		CHECK(got == CTR_DELIVERED, "%s: %s", rows[i].name, counter_table[got].name);
		CHECK(p.payload_len == rows[i].payload_len, "%s: %u", rows[i].name, p.payload_len);
		CHECK(((p.flags & PACKET_SNAPPED) != 0) == rows[i].snapped, "%s", rows[i].name);
		CHECK(counters[CTR_SNAPPED] - snapped == rows[i].snapped, "%s", rows[i].name);
		CHECK(p.frame_bytes == len + rows[i].wire, "%s", rows[i].name);
	}
	decoder_free(d);
}

// A jumbogram: both lengths are 0, the option says how long it is (RFC 2675).
static void test_jumbo(void)
{
	struct decoder *d = decoder_open();
	struct packet p;

	frame_build(&frame, "eth6 ip6=0 word=0x1100 word=0xc204 long=0x11170 udp=0x2222");
	memset(frame.data + frame.len, 'j', 4000);
	frame.len += 4000;
	frame_put(frame.data + 18, 0, 2);
	frame_put(frame.data + 66, 0, 2);
	enum counter got = run(d, &p, LINK_ETHERNET, frame.data, frame.len, frame.len);
	CHECK(got == CTR_DELIVERED && p.payload_len == 4000, "%u", p.payload_len);
	CHECK(p.ip == frame.data + 14 && p.ip_len == 48 && p.l4 == frame.data + 62, "%u", p.ip_len);

	// With more options than a length can say.
	frame_build(&frame, "eth6 ip6=60");
	for (unsigned n = 33; n > 0; n--) {
		memset(frame.data + frame.len, 0, 2048);
		frame.data[frame.len] = n > 1 ? 60 : 17;
		frame.data[frame.len + 1] = 255;
		frame.len += 2048;
	}
	memcpy(frame.data + frame.len, "\x11\x11\0\x35\0\0\0\0", 8);
	frame.len += 8;
	frame_put(frame.data + 18, 0, 2);
	got = run(d, &p, LINK_ETHERNET, frame.data, frame.len, frame.len);
	CHECK(got == CTR_DELIVERED && p.key.bport == 53, "%s", counter_table[got].name);
	CHECK(p.ip == NULL && p.ip_len == 0 && p.l4_len == 8, "%u", p.ip_len);
	decoder_free(d);
}

// Where the headers are in the frame. `cut` bytes of its end were not captured.
static const struct {
	const char *name;
	const char *spec;
	int at; // a byte is set to `value`, 0: none
	uint8_t value;
	size_t cut;
	size_t ip_at;
	uint16_t ip_len;
	size_t l4_at; // 0: there is none
	uint16_t l4_len;
} headers[] = {
	{"UDP", "eth4 " UDP4, 0, 0, 0, 14, 20, 34, 8},
	{"IPv4 options", "eth4 ip4=17 long=0x01010100 udp=53 hello", 14, 0x46, 0, 14, 24, 38, 8},
	{"TCP", "eth4 ip4=6 tcp=80 hello", 0, 0, 0, 14, 20, 34, 20},
	{"TCP options", "eth4 ip4=6 tcp=80 long zeros hello", 46, 0x80, 0, 14, 20, 34, 32},
	{"TCP without payload", "eth6 ip6=6 tcp=80", 0, 0, 0, 14, 40, 54, 20},
	{"TCP options cut", "eth4 ip4=6 tcp=80 long zeros hello", 46, 0x80, 6, 14, 20, 0, 0},
	{"TCP options cut behind the header", "eth4 ip4=6 tcp=80 long zeros hello", 46, 0x80, 17,
		14, 20, 0, 0},
	{"TCP payload cut", "eth4 ip4=6 tcp=80 hello", 0, 0, 5, 14, 20, 34, 20},
	{"ICMP", "eth4 ip4=1 word=0x0800 word long hello", 0, 0, 0, 14, 20, 34, 8},
	{"ICMPv6", "eth6 ip6=58 word=0x8000 word long", 0, 0, 0, 14, 40, 54, 8},
	{"ICMP of 7 bytes", "eth4 ip4=1 word=0x0800 word word byte", 0, 0, 0, 14, 20, 0, 0},
	{"ICMP, cut", "eth6 ip6=58 word=0x8000 word long", 0, 0, 1, 14, 40, 0, 0},
	{"SCTP", "eth4 ip4=132 word word zeros hello", 0, 0, 0, 14, 20, 34, 12},
	{"ESP", "eth4 ip4=50 zeros", 0, 0, 0, 14, 20, 0, 0},
	{"hop by hop",
		"eth6 ip6=0 word=0x1100 word long "
		"udp=53 hello",
		0, 0, 0, 14, 48, 62, 8},
	{"two extensions", "eth6 ip6=0 word=0x3c00 word long word=0x0601 word long zeros tcp=80", 0,
		0, 0, 14, 64, 78, 20},
	{"atomic fragment", "eth6 ip6=44 word=0x1100 word=0 long=7 udp=53 hello", 0, 0, 0, 14, 48,
		62, 8},
	{"extensions, then no more", "eth6 ip6=60 word=0x3b00 word long", 0, 0, 0, 14, 48, 0, 0},
	{"AH", "eth6 ip6=51 word=0x1104 word long long zeros long udp=53 hello", 0, 0, 0, 14, 64,
		78, 8},
	{"AH over IPv4", "eth4 ip4=51 word=0x1104 word long long zeros long udp=53 hello", 0, 0, 0,
		14, 20, 58, 8},
	{"AH cut", "eth4 ip4=51 word=0x1104 word long long", 0, 0, 0, 14, 20, 0, 0},
	{"first fragment, cut", "eth4 ip4=17 udp=53 hello", 20, 0x20, 2, 14, 20, 34, 8},
	{"in a VLAN", "eth=0x8100 vid=7 type=0x800 ip4=6 tcp=80", 0, 0, 0, 18, 20, 38, 20},
	{"in VXLAN", OUT_UDP "4789 vxlan=5 eth6 ip6=0 word=0x0600 word long tcp=80", 0, 0, 0, 64,
		48, 112, 20},
};

static void test_headers(void)
{
	struct decoder *d = decoder_open();
	struct packet p;

	for (size_t i = 0; i < ROWS(headers); i++) {
		const char *name = headers[i].name;
		frame_build(&frame, headers[i].spec);
		if (headers[i].at > 0)
			frame.data[headers[i].at] = headers[i].value;
		enum counter got = run(
			d, &p, LINK_ETHERNET, frame.data, frame.len - headers[i].cut, frame.len);
		const uint8_t *l4 = headers[i].l4_at > 0 ? frame.data + headers[i].l4_at : NULL;
		CHECK(got == CTR_DELIVERED, "%s: %s", name, counter_table[got].name);
		CHECK(p.ip == frame.data + headers[i].ip_at, "%s", name);
		CHECK(p.ip_len == headers[i].ip_len, "%s: %u", name, p.ip_len);
		CHECK(p.l4 == l4 && p.l4_len == headers[i].l4_len, "%s: %u", name, p.l4_len);
		CHECK(packet_ether(&p) == frame.data, "%s", name);
	}
	decoder_free(d);
}

static void test_vlans(void)
{
	static const struct {
		const char *name;
		const char *spec;
		uint16_t n;
		uint16_t id[VLANS_MAX];
	} rows[] = {
		{"none", "eth4 " UDP4, 0, {0}},
		{"one", "eth=0x8100 vid=7 type=0x800 " UDP4, 1, {7}},
		{"priority", "eth=0x8100 vid=0xe000 type=0x800 " UDP4, 1, {0}},
		{"priority, then one",
			"eth=0x88a8 vid=0x2000 type=0x8100 vid=0xefff type=0x800 " UDP4, 2,
			{0, 0xfff}},
		{"three", "eth=0x9100 vid=7 type=0x8100 vid=9 type=0x8100 vid=11 type=0x800 " UDP4,
			3, {7, 9, 11}},
		{"four",
			"eth=0x9100 vid=7 type=0x8100 vid=9 type=0x8100 vid=11 type=0x8100 vid=13 "
			"type=0x800 " UDP4,
			3, {7, 9, 11}},
		{"around a tunnel and in it",
			"eth=0x8100 vid=7 type=0x800 out4=17 udp=4789 vxlan=5 eth=0x8100 vid=9 "
			"type=0x800 " UDP4,
			2, {7, 9}},
		{"in a tunnel that is none",
			"eth=0x8100 vid=7 type=0x800 out4=17 udp=4789 vxlan=5 eth=0x8100 vid=9 "
			"type=0x806 zeros zeros zeros",
			1, {7}},
	};
	struct decoder *d = decoder_open();
	struct packet p;

	for (size_t i = 0; i < ROWS(rows); i++) {
		enum counter got = run_spec(d, &p, rows[i].spec);
		CHECK(got == CTR_DELIVERED, "%s: %s", rows[i].name, counter_table[got].name);
		CHECK(p.vlans.n == rows[i].n, "%s: %u", rows[i].name, p.vlans.n);
		for (unsigned k = 0; k < rows[i].n; k++)
			CHECK(p.vlans.id[k] == rows[i].id[k], "%s: %u", rows[i].name,
				p.vlans.id[k]);
	}
	decoder_free(d);
}

// What decode has to set, without where the frame begins.
static bool same_packet(const struct packet *a, const struct packet *b)
{
	return memcmp(&a->key, &b->key, sizeof(a->key)) == 0 && a->flow_hash == b->flow_hash &&
		a->owner_hash == b->owner_hash && a->flags == b->flags && a->frames == b->frames &&
		a->tcp_flags == b->tcp_flags && a->tcp_seq == b->tcp_seq &&
		a->tcp_ack == b->tcp_ack && a->tcp_window == b->tcp_window &&
		a->icmp_type == b->icmp_type && a->icmp_code == b->icmp_code &&
		a->payload == b->payload && a->payload_len == b->payload_len && a->ip == b->ip &&
		a->ip_len == b->ip_len && a->l4 == b->l4 && a->l4_len == b->l4_len &&
		memcmp(&a->vlans, &b->vlans, sizeof(a->vlans)) == 0 &&
		memcmp(&a->tunnel, &b->tunnel, sizeof(a->tunnel)) == 0;
}

// A frame that needs no walk says the same as the walk over its IP packet: whatever stands in a byte of
// its headers, and however short it is cut.
static void test_plain(void)
{
	static const char *const specs[] = {
		"eth4 ip4=6 tcp=80 hello", "eth4 " UDP4, "eth6 ip6=6 tcp=80 hello", "eth6 " UDP6};
	enum { ETHER_LEN = 14 };
	struct decoder *d = decoder_open();
	struct packet a, b;

	for (size_t i = 0; i < ROWS(specs); i++) {
		struct frame whole;
		frame_build(&whole, specs[i]);
		for (size_t n = 0; n < whole.len * 256 + whole.len; n++) {
			size_t at = n / 256, len = whole.len;
			frame = whole;
			if (at < ETHER_LEN)
				continue;
			if (at < whole.len)
				frame.data[at] = (uint8_t)n;
			else
				len = n - whole.len * 256;
			if (len < ETHER_LEN)
				continue;
			enum counter one = run(d, &a, LINK_ETHERNET, frame.data, len, len);
			enum counter two = run(d, &b, LINK_RAW_IP, frame.data + ETHER_LEN,
				len - ETHER_LEN, len - ETHER_LEN);
			bool same = one == CTR_DELIVERED ? two == one && same_packet(&a, &b)
							 : two != CTR_DELIVERED;
			if (!same) {
				CHECK(same, "%s, at %zu: %u, length %zu", specs[i], at,
					(unsigned)(uint8_t)n, len);
				break;
			}
			packet_free(&a);
			packet_free(&b);
		}
	}
	CHECK(counters[CTR_BAD_CHECKSUM] > 0, "some checksums are wrong");
	decoder_flush(d);
	decoder_free(d);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"key", test_key},
		{"key order", test_key_order},
		{"transports", test_transports},
		{"plain", test_plain},
		{"IPv6 extensions", test_extensions},
		{"lengths", test_lengths},
		{"jumbogram", test_jumbo},
		{"headers", test_headers},
		{"VLANs", test_vlans},
		CU_TEST_INFO_NULL,
	};
	return check_main("decode packet", tests);
}
