// From every link and tunnel to the packet inside.

#include "tests/unit/decoding_one.h"

// 0 where there is none.
struct ids {
	uint32_t vlan[2];
	uint32_t mpls;
	uint32_t teid;
	uint32_t vni;
	uint32_t gre_key;
	uint32_t session;
};

enum { PLAIN, TUNNEL };

// Every one ends in the same UDP packet over IPv4 or IPv6.
static const struct {
	const char *name;
	uint8_t link;
	const char *spec;
	int tunnel;
	struct ids ids;
} stacks[] = {
	{"ethernet", LINK_ETHERNET, "eth4 " UDP4, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"ethernet 6", LINK_ETHERNET, "eth6 " UDP6, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"802.1Q", LINK_ETHERNET, "eth=0x8100 vid=7 type=0x800 " UDP4, PLAIN, {{7}, 0, 0, 0, 0, 0}},
	{"802.1ad", LINK_ETHERNET, "eth=0x88a8 vid=0xe007 type=0x8100 vid=9 type=0x86dd " UDP6,
		PLAIN, {{7, 9}, 0, 0, 0, 0, 0}},
	{"0x9100, three deep", LINK_ETHERNET,
		"eth=0x9100 vid=7 type=0x8100 vid=9 type=0x8100 vid=11 type=0x800 " UDP4, PLAIN,
		{{7, 9}, 0, 0, 0, 0, 0}},
	{"priority tag", LINK_ETHERNET, "eth=0x8100 vid=0xe000 type=0x800 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"802.1ah", LINK_ETHERNET, "eth=0x88e7 long=5 eth=0x8100 vid=7 type=0x800 " UDP4, PLAIN,
		{{7}, 0, 0, 0, 0, 0}},
	{"VN-Tag", LINK_ETHERNET, "eth=0x8926 long=5 type=0x800 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"E-Tag", LINK_ETHERNET, "eth=0x893f long=5 word type=0x800 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"MACsec in clear", LINK_ETHERNET, "eth=0x88e5 word=0x2000 long zeros type=0x800 " UDP4,
		PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"Cisco metadata", LINK_ETHERNET, "eth=0x8909 word=0x0101 long type=0x800 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"SNAP", LINK_ETHERNET, "eth=41 word=0xaaaa long=0x03000000 type=0x800 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"LLC IP", LINK_ETHERNET, "eth=36 word=0x0606 byte=3 " UDP4, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"MPLS", LINK_ETHERNET, "eth=0x8847 label bottom " UDP4, TUNNEL, {{0}, 16, 0, 0, 0, 0}},
	{"MPLS 6", LINK_ETHERNET, "eth=0x8847 bottom " UDP6, TUNNEL, {{0}, 17, 0, 0, 0, 0}},
	{"pseudowire", LINK_ETHERNET, "eth=0x8847 bottom long=0 eth4 " UDP4, TUNNEL,
		{{0}, 17, 0, 0, 0, 0}},
	{"pseudowire without control word", LINK_ETHERNET, "eth=0x8847 bottom eth4 " UDP4, TUNNEL,
		{{0}, 17, 0, 0, 0, 0}},
	{"PPPoE", LINK_ETHERNET, "eth=0x8864 pppoe=300 word=0x21 " UDP4, TUNNEL,
		{{0}, 0, 0, 0, 0, 300}},
	{"PPPoE 6, compressed", LINK_ETHERNET, "eth=0x8864 pppoe=300 byte=0x57 " UDP6, TUNNEL,
		{{0}, 0, 0, 0, 0, 300}},
	{"bare PPPoE", LINK_PPPOE, "pppoe=300 word=0x21 " UDP4, TUNNEL, {{0}, 0, 0, 0, 0, 300}},
	{"NSH", LINK_ETHERNET, "eth=0x894f long=0x00020201 long " UDP4, TUNNEL,
		{{0}, 0, 0, 0, 0, 0}},
	{"raw 4", LINK_RAW_IP, UDP4, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"raw 6", LINK_RAW_IP, UDP6, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"null, little-endian", LINK_NULL, "long=0x02000000 " UDP4, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"null, big-endian", LINK_NULL, "long=30 " UDP6, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"SLL", LINK_SLL, "word word=1 word=6 zeros type=0x800 " UDP4, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"SLL2", LINK_SLL2, "type=0x86dd word long word=1 word zeros " UDP6, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"PPP", LINK_PPP, "word=0xff03 word=0x21 " UDP4, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"PPP, all compressed", LINK_PPP, "byte=0x21 " UDP4, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"PPP MPLS", LINK_PPP, "word=0xff03 word=0x281 bottom " UDP4, TUNNEL,
		{{0}, 17, 0, 0, 0, 0}},
	{"PPP bridged", LINK_PPP, "word=0xff03 word=0x31 word=0x0001 eth4 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"Cisco HDLC", LINK_CHDLC, "word=0x0f00 type=0x800 " UDP4, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"Cisco HDLC as PPP", LINK_PPP, "word=0x0f00 type=0x800 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"frame relay", LINK_FRAME_RELAY, "word=0x1841 word=0x03cc " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"frame relay, long address, padded", LINK_FRAME_RELAY,
		"long=0x18404041 word=0x0300 "
		"byte=0x8e " UDP6,
		PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"frame relay SNAP", LINK_FRAME_RELAY,
		"word=0x1841 long=0x03008000 word=0x80c2 "
		"word=0x0007 eth4 " UDP4,
		PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"frame relay, Cisco's", LINK_FRAME_RELAY, "word=0x1841 type=0x800 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"802.11", LINK_IEEE80211,
		"word=0x0801 word zeros zeros word word word=0xaaaa "
		"long=0x03000000 type=0x800 " UDP4,
		PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"802.11 QoS, four addresses", LINK_IEEE80211,
		"word=0x8803 word zeros zeros word word "
		"zeros word=0xaaaa long=0x03000000 type=0x800 " UDP4,
		PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"802.11 aggregate", LINK_IEEE80211,
		"word=0x8801 word zeros zeros word word word=0x8000 "
		"zeros long word=0 word=0xaaaa long=0x03000000 type=0x800 " UDP4,
		PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"radiotap, padded", LINK_RADIOTAP,
		"long=0x00001900 long=0x030000a0 long=0 long zeros "
		"byte=0x20 word=0x8801 word zeros zeros word word word=0 word=0 word=0xaaaa "
		"long=0x03000000 type=0x800 " UDP4,
		PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"PPI", LINK_PPI, "long=0x00000c00 long=0x01000000 long eth4 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"pktap", LINK_PKTAP, "long=0x14000000 long=0x01000000 long=0x0c000000 zeros " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"nflog", LINK_NFLOG,
		"long=0x02000000 long=0x07000a00 long=0x61626300 "
		"long=0x25000900 " UDP4,
		PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"arcnet", LINK_ARCNET_LINUX, "long byte=212 byte=0 word=1 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"arcnet, exception", LINK_ARCNET_LINUX, "long byte=212 byte=0xff word byte=0 word=1 " UDP4,
		PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"arcnet, simple", LINK_ARCNET_LINUX, "long byte=240 " UDP4, PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"juniper", LINK_JUNIPER_ETHERNET, "long=0x4d474380 word=4 long=0x03010106 eth4 " UDP4,
		PLAIN, {{0}, 0, 0, 0, 0, 0}},
	{"juniper without a link", LINK_JUNIPER_ETHERNET, "long=0x4d474302 long=2 " UDP4, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"IP over InfiniBand", LINK_IP_OVER_IB,
		"zeros zeros zeros zeros zeros type=0x86dd word " UDP6, PLAIN,
		{{0}, 0, 0, 0, 0, 0}},
	{"IP in IP", LINK_ETHERNET, "eth4 out4=4 " UDP4, TUNNEL, {{0}, 0, 0, 0, 0, 0}},
	{"6 in 4", LINK_ETHERNET, "eth4 out4=41 " UDP6, TUNNEL, {{0}, 0, 0, 0, 0, 0}},
	{"4 in 6", LINK_ETHERNET, "eth6 out6=4 " UDP4, TUNNEL, {{0}, 0, 0, 0, 0, 0}},
	{"MPLS in IP", LINK_ETHERNET, "eth4 out4=137 bottom " UDP4, TUNNEL, {{0}, 17, 0, 0, 0, 0}},
	{"MPLS in UDP", LINK_ETHERNET, OUT_UDP "6635 bottom " UDP4, TUNNEL, {{0}, 17, 0, 0, 0, 0}},
	{"EtherIP", LINK_ETHERNET, "eth4 out4=97 word=0x3000 eth4 " UDP4, TUNNEL,
		{{0}, 0, 0, 0, 0, 0}},
	{"PIM register", LINK_ETHERNET, "eth4 out4=103 long=0x21000000 long " UDP4, TUNNEL,
		{{0}, 0, 0, 0, 0, 0}},
	{"GRE", LINK_ETHERNET, "eth4 out4=47 word=0 type=0x800 " UDP4, TUNNEL,
		{{0}, 0, 0, 0, 0, 0}},
	{"GRE with all options", LINK_ETHERNET,
		"eth4 out4=47 word=0xb000 type=0x86dd long long=77 long=1 " UDP6, TUNNEL,
		{{0}, 0, 0, 0, 77, 0}},
	{"GRE bridging", LINK_ETHERNET,
		"eth4 out4=47 word=0x2000 type=0x6558 long=77 "
		"eth=0x8100 vid=7 type=0x800 " UDP4,
		TUNNEL, {{7}, 0, 0, 0, 77, 0}},
	{"GRE in UDP", LINK_ETHERNET, OUT_UDP "4754 word=0 type=0x800 " UDP4, TUNNEL,
		{{0}, 0, 0, 0, 0, 0}},
	{"PPTP", LINK_ETHERNET,
		"eth4 out4=47 word=0x3081 type=0x880b word word=5 long=1 long=2 "
		"word=0xff03 word=0x21 " UDP4,
		TUNNEL, {{0}, 0, 0, 0, 0, 0}},
	{"ERSPAN I", LINK_ETHERNET, "eth4 out4=47 word=0 type=0x88be eth4 " UDP4, TUNNEL,
		{{0}, 0, 0, 0, 0, 0}},
	{"ERSPAN II", LINK_ETHERNET, "eth4 out4=47 word=0x1000 type=0x88be long zeros eth4 " UDP4,
		TUNNEL, {{0}, 0, 0, 0, 0, 0}},
	{"ERSPAN III", LINK_ETHERNET,
		"eth4 out4=47 word=0x1000 type=0x22eb long zeros word "
		"word=1 zeros eth4 " UDP4,
		TUNNEL, {{0}, 0, 0, 0, 0, 0}},
	{"ERSPAN III, IP", LINK_ETHERNET,
		"eth4 out4=47 word=0x1000 type=0x22eb long zeros word "
		"word=0x0800 " UDP6,
		TUNNEL, {{0}, 0, 0, 0, 0, 0}},
	{"WCCP 2", LINK_ETHERNET, "eth4 out4=47 word type=0x883e long=1 " UDP4, TUNNEL,
		{{0}, 0, 0, 0, 0, 0}},
	{"VXLAN", LINK_ETHERNET, OUT_UDP "4789 vxlan=5 eth4 " UDP4, TUNNEL, {{0}, 0, 0, 5, 0, 0}},
	{"VXLAN, old port", LINK_ETHERNET, OUT_UDP "8472 vxlan=5 eth6 " UDP6, TUNNEL,
		{{0}, 0, 0, 5, 0, 0}},
	{"VXLAN with NSH", LINK_ETHERNET,
		OUT_UDP "4790 long=0x0c000004 long=0x500 "
			"long=0x00020203 long eth4 " UDP4,
		TUNNEL, {{0}, 0, 0, 5, 0, 0}},
	{"VXLAN over 6, in a VLAN", LINK_ETHERNET,
		"eth=0x8100 vid=7 type=0x86dd out6=17 udp=4789 vxlan=5 eth=0x8100 vid=9 "
		"type=0x800 " UDP4,
		TUNNEL, {{7, 9}, 0, 0, 5, 0, 0}},
	{"GENEVE with an option", LINK_ETHERNET, OUT_UDP "6081 geneve=5 eth4 " UDP4, TUNNEL,
		{{0}, 0, 0, 5, 0, 0}},
	{"GTP", LINK_ETHERNET, OUT_UDP "2152 gtp=99 " UDP4, TUNNEL, {{0}, 0, 99, 0, 0, 0}},
	{"GTP with an extension", LINK_ETHERNET,
		OUT_UDP "2152 word=0x34ff word=41 long=99 "
			"long=0x85 long=0x01000000 " UDP4,
		TUNNEL, {{0}, 0, 99, 0, 0, 0}},
	{"Teredo", LINK_ETHERNET, OUT_UDP "3544 " UDP6, TUNNEL, {{0}, 0, 0, 0, 0, 0}},
	{"Teredo with both indications", LINK_ETHERNET,
		OUT_UDP "3544 long=0x00010102 byte word zeros byte zeros " UDP6, TUNNEL,
		{{0}, 0, 0, 0, 0, 0}},
	{"AYIYA", LINK_ETHERNET,
		OUT_UDP "5072 long=0x43520129 long zeros zeros zeros zeros "
			"long " UDP6,
		TUNNEL, {{0}, 0, 0, 0, 0, 0}},
};

static bool is_id(uint32_t got, uint32_t want)
{
	return got == (want == 0 ? TUNNEL_NONE : want);
}

// The innermost headers are the last of the frame; Ethernet's is the first.
static void check_headers(const struct packet *p, const char *name, uint8_t link, uint16_t ip_len)
{
	const uint8_t *udp = frame.data + frame.len - 13;
	const uint8_t *ether = link == LINK_ETHERNET ? frame.data : NULL;

	CHECK(p->l4 == udp && p->l4_len == 8, "%s: %u", name, p->l4_len);
	CHECK(p->ip == udp - ip_len && p->ip_len == ip_len, "%s: %u", name, p->ip_len);
	CHECK(packet_ether(p) == ether, "%s", name);
}

static void test_stacks(void)
{
	struct decoder *d = decoder_open();
	struct packet p;

	for (size_t i = 0; i < ROWS(stacks); i++) {
		const char *name = stacks[i].name;
		const struct ids *ids = &stacks[i].ids;
		uint8_t version = strstr(stacks[i].spec, "ip6=17 udp=0x2222") ? 6 : 4;
		frame_build(&frame, stacks[i].spec);
		enum counter got = run(d, &p, stacks[i].link, frame.data, frame.len, frame.len);

		CHECK(got == CTR_DELIVERED, "%s: %s", name, counter_table[got].name);
		CHECK(p.key.ip_version == version && p.key.l4 == IPPROTO_UDP, "%s", name);
		CHECK(p.key.aport == 0x1111 && p.key.bport == 0x2222, "%s", name);
		CHECK(p.key.a[version == 4 ? 3 : 15] == 1, "%s", name);
		CHECK(p.key.b[version == 4 ? 3 : 15] == 2, "%s", name);
		CHECK(is_hello(&p), "%s", name);
		check_headers(&p, name, stacks[i].link, version == 4 ? 20 : 40);
		CHECK(p.flags == (stacks[i].tunnel ? PACKET_TUNNELLED : 0), "%s: %#x", name,
			p.flags);
		CHECK(is_id(p.tunnel.vlan[0], ids->vlan[0]), "%s: %u", name, p.tunnel.vlan[0]);
		CHECK(is_id(p.tunnel.vlan[1], ids->vlan[1]), "%s: %u", name, p.tunnel.vlan[1]);
		CHECK(is_id(p.tunnel.mpls, ids->mpls), "%s: %u", name, p.tunnel.mpls);
		CHECK(is_id(p.tunnel.gtp_teid, ids->teid), "%s: %u", name, p.tunnel.gtp_teid);
		CHECK(is_id(p.tunnel.vxlan_vni, ids->vni), "%s: %u", name, p.tunnel.vxlan_vni);
		CHECK(is_id(p.tunnel.gre_key, ids->gre_key), "%s: %u", name, p.tunnel.gre_key);
		CHECK(is_id(p.tunnel.pppoe_session, ids->session), "%s", name);
		bool tagged = ids->vlan[0] || ids->vni || ids->session;
		CHECK((p.key.tag != 0) == tagged, "%s", name);
	}
	CHECK(counters[CTR_BAD_CHECKSUM] == 0, "%lu", (unsigned long)counters[CTR_BAD_CHECKSUM]);
	decoder_free(d);
}

static bool is_inside(const struct packet *p)
{
	const uint8_t *end = p->data + p->len;

	return p->payload >= p->data && p->payload + p->payload_len <= end && p->ip >= p->data &&
		p->ip + p->ip_len <= end && (p->l4 == NULL) == (p->l4_len == 0) &&
		(p->l4 == NULL || (p->l4 > p->ip && p->l4 + p->l4_len <= end));
}

// Every prefix of every stack, in memory that ends where it ends: once as cut by the
// capture, once as all there was.
static void test_truncated(void)
{
	struct decoder *d = decoder_open();
	struct packet p;

	for (size_t i = 0; i < ROWS(stacks); i++) {
		frame_build(&frame, stacks[i].spec);
		for (size_t n = 0; n < frame.len; n++) {
			uint8_t *cut = malloc(n ? n : 1);
			memcpy(cut, frame.data, n);
			enum counter got = run(d, &p, stacks[i].link, cut, n, frame.len);
			bool whole =
				got == CTR_DELIVERED && !(p.flags & PACKET_SNAPPED) && is_hello(&p);
			CHECK(!whole, "%s: cut at %zu", stacks[i].name, n);
			if (got == CTR_DELIVERED)
				CHECK(is_inside(&p), "%s: cut at %zu", stacks[i].name, n);
			run(d, &p, stacks[i].link, cut, n, n);
			free(cut);
		}
	}
	decoder_free(d);
}

// `patch` is written over the built frame, at `at`.
static const struct {
	const char *name;
	uint8_t link;
	const char *spec;
	int at;
	const char *patch;
	size_t patch_len;
	enum counter want;
} causes[] = {
	{"ARP", LINK_ETHERNET, "eth=0x806 zeros zeros zeros", 0, FRAME_BYTES(""), CTR_NOT_IP},
	{"STP", LINK_ETHERNET, "eth=38 word=0x4242 byte=3 zeros", 0, FRAME_BYTES(""), CTR_NOT_IP},
	{"PPPoE control", LINK_ETHERNET, "eth=0x8864 pppoe word=0xc021 zeros", 0, FRAME_BYTES(""),
		CTR_NOT_IP},
	{"802.11 protected", LINK_IEEE80211, "word=0x0841 zeros zeros zeros zeros", 0,
		FRAME_BYTES(""), CTR_NOT_IP},
	{"no such link", LINK_UNKNOWN, "eth4 " UDP4, 0, FRAME_BYTES(""), CTR_LINK_UNKNOWN},
	{"link from garbage", 0xa5, "eth4 " UDP4, 0, FRAME_BYTES(""), CTR_LINK_UNKNOWN},
	{"half a MAC", LINK_ETHERNET, "zeros", 0, FRAME_BYTES(""), CTR_LINK_TRUNCATED},
	{"labels without end", LINK_ETHERNET, "eth=0x8847 label label", 0, FRAME_BYTES(""),
		CTR_LINK_TRUNCATED},
	{"PPPoE of version 2", LINK_PPPOE, "pppoe word=0x21 " UDP4, 0, FRAME_BYTES("\x21"),
		CTR_TUNNEL_BAD},
	{"version 5", LINK_ETHERNET, "eth4 " UDP4, 14, FRAME_BYTES("\x55"), CTR_IP4_BAD},
	{"short IPv4 header", LINK_ETHERNET, "eth4 " UDP4, 14, FRAME_BYTES("\x44"), CTR_IP4_BAD},
	{"options past the end", LINK_ETHERNET, "eth4 ip4=17 zeros", 14, FRAME_BYTES("\x4f"),
		CTR_IP4_BAD},
	{"total below the header", LINK_ETHERNET, "eth4 " UDP4, 16, FRAME_BYTES("\0\x13"),
		CTR_IP4_BAD},
	{"version 7", LINK_ETHERNET, "eth6 " UDP6, 14, FRAME_BYTES("\x70"), CTR_IP6_BAD},
	{"extension past the end", LINK_ETHERNET, "eth6 ip6=0 word=0x11ff zeros", 0,
		FRAME_BYTES(""), CTR_IP6_BAD},
	{"UDP header cut", LINK_ETHERNET, "eth4 ip4=17 long", 0, FRAME_BYTES(""), CTR_L4_TRUNCATED},
	{"TCP header cut", LINK_ETHERNET, "eth6 ip6=6 zeros zeros", 0, FRAME_BYTES(""),
		CTR_L4_TRUNCATED},
	{"UDP length 7", LINK_ETHERNET, "eth4 " UDP4, 38, FRAME_BYTES("\0\x07"), CTR_UDP_BAD},
	{"UDP length 0", LINK_ETHERNET, "eth4 " UDP4, 38, FRAME_BYTES("\0\0"), CTR_UDP_BAD},
	{"TCP offset 4", LINK_ETHERNET, "eth4 ip4=6 tcp=80", 46, FRAME_BYTES("\x40"), CTR_TCP_BAD},
	{"TCP options past the end", LINK_ETHERNET, "eth4 ip4=6 tcp=80", 46, FRAME_BYTES("\x60"),
		CTR_TCP_BAD},
};

static void test_causes(void)
{
	struct decoder *d = decoder_open();
	struct packet p;

	for (size_t i = 0; i < ROWS(causes); i++) {
		frame_build(&frame, causes[i].spec);
		memcpy(frame.data + causes[i].at, causes[i].patch, causes[i].patch_len);
		enum counter got = run(d, &p, causes[i].link, frame.data, frame.len, frame.len);
		CHECK(got == causes[i].want, "%s: %s", causes[i].name, counter_table[got].name);
	}
	decoder_free(d);
}

// What is inside is no sound packet: the flow is the outer one, 10.0.0.99 to 10.0.0.100.
static const struct {
	const char *name;
	const char *spec;
	uint8_t l4;
	uint16_t dport;
} undone[] = {
	{"VXLAN port, other data", OUT_UDP "4789 hello", IPPROTO_UDP, 4789},
	{"VXLAN with ARP", OUT_UDP "4789 vxlan=5 eth=0x806 zeros zeros zeros", IPPROTO_UDP, 4789},
	{"VXLAN, inner total too long",
		OUT_UDP "4789 vxlan=5 eth4 long=0x45000fff zeros zeros "
			"hello",
		IPPROTO_UDP, 4789},
	{"VXLAN, inner TCP cut", OUT_UDP "4789 vxlan=5 eth=0x8100 vid=9 type=0x800 ip4=6 zeros",
		IPPROTO_UDP, 4789},
	{"GTP echo", OUT_UDP "2152 word=0x3201 word=4 long long", IPPROTO_UDP, 2152},
	{"GTP length too long", OUT_UDP "2152 word=0x30ff word=60 long " UDP4, IPPROTO_UDP, 2152},
	{"GTP extension of length 0", OUT_UDP "2152 word=0x34ff word=45 long long=0x85 long " UDP4,
		IPPROTO_UDP, 2152},
	{"DNS from the Teredo port", OUT_UDP "3544 word=0x1234 word=0x0100 zeros", IPPROTO_UDP,
		3544},
	{"GENEVE of version 1", OUT_UDP "6081 word=0x4000 type=0x800 long " UDP4, IPPROTO_UDP,
		6081},
	{"GRE with IS-IS", "eth4 out4=47 word type=0xfefe zeros", IPPROTO_GRE, 0},
	{"GRE of version 2", "eth4 out4=47 word=2 type=0x800 " UDP4, IPPROTO_GRE, 0},
	{"GRE cut", "eth4 out4=47 word=0xb000 type=0x800 long", IPPROTO_GRE, 0},
	{"IP in IP, empty", "eth4 out4=4", IPPROTO_IPIP, 0},
	{"PIM hello", "eth4 out4=103 long=0x20000000 zeros", IPPROTO_PIM, 0},
	{"AYIYA heartbeat", OUT_UDP "5072 long=0x0000003b long byte", IPPROTO_UDP, 5072},
};

static void test_undone(void)
{
	struct decoder *d = decoder_open();
	struct packet p;

	for (size_t i = 0; i < ROWS(undone); i++) {
		enum counter got = run_spec(d, &p, undone[i].spec);
		CHECK(got == CTR_DELIVERED, "%s: %s", undone[i].name, counter_table[got].name);
		CHECK(p.key.a[3] == 0x63 && p.key.b[3] == 0x64, "%s", undone[i].name);
		CHECK(p.key.l4 == undone[i].l4, "%s: %u", undone[i].name, p.key.l4);
		CHECK(p.key.bport == undone[i].dport, "%s: %u", undone[i].name, p.key.bport);
		CHECK(p.flags == 0 && p.key.tag == 0, "%s: %#x", undone[i].name, p.flags);
		CHECK(p.tunnel.vxlan_vni == TUNNEL_NONE, "%s", undone[i].name);
		CHECK(p.payload_len > 0 || p.key.l4 == IPPROTO_IPIP, "%s", undone[i].name);
		bool udp = undone[i].l4 == IPPROTO_UDP;
		CHECK(p.ip == frame.data + 14 && p.ip_len == 20, "%s", undone[i].name);
		CHECK(p.l4 == (udp ? frame.data + 34 : NULL), "%s", undone[i].name);
		CHECK(p.l4_len == (udp ? 8 : 0) && p.vlans.n == 0, "%s", undone[i].name);
	}
	decoder_free(d);
}

static void test_depth(void)
{
	static const struct {
		const char *name;
		const char *first;
		const char *again;
		unsigned times;
		enum counter want;
	} rows[] = {
		{"eight IP headers", "eth4 ", "out4=4 ", 7, CTR_DELIVERED},
		{"40 IP headers", "eth4 ", "out4=4 ", 40, CTR_TUNNEL_TOO_DEEP},
		{"40 VLANs", "eth=0x8100 ", "vid=1 type=0x8100 ", 20, CTR_DELIVERED},
		{"60 VLANs", "eth=0x8100 ", "vid=1 type=0x8100 ", 60, CTR_TUNNEL_TOO_DEEP},
	};
	struct decoder *d = decoder_open();
	struct packet p;

	for (size_t i = 0; i < ROWS(rows); i++) {
		static struct frame piece;
		bool vlan = strstr(rows[i].first, "8100") != NULL;
		frame_build(&frame, rows[i].first);
		frame_build(&piece, rows[i].again);
		for (unsigned n = rows[i].times; n > 0; n--) {
			memcpy(frame.data + frame.len, piece.data, piece.len);
			if (!vlan)
				frame_put(frame.data + frame.len + 2, 33 + n * 20, 2);
			frame.len += piece.len;
		}
		frame_build(&piece, vlan ? "vid=1 type=0x800 " UDP4 : UDP4);
		memcpy(frame.data + frame.len, piece.data, piece.len);
		frame.len += piece.len;
		enum counter got = run(d, &p, LINK_ETHERNET, frame.data, frame.len, frame.len);
		CHECK(got == rows[i].want, "%s: %s", rows[i].name, counter_table[got].name);
	}
	decoder_free(d);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"stacks", test_stacks},
		{"stacks, truncated", test_truncated},
		{"causes", test_causes},
		{"tunnels that are none", test_undone},
		{"depth", test_depth},
		CU_TEST_INFO_NULL,
	};
	return check_main("decode", tests);
}
