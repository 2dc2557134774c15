// Numbers out of headers. The headers are cut at every length, in memory that ends where they end:
// what is left never tells another number.

#include "dataplane/api/packet_numbers.h"
#include "tests/unit/check.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(s) (s), sizeof(s) - 1
#define NONE BYTES("")
#define ADDRESSES4 "\x0a\0\0\x01\x0a\0\0\x02"
#define ADDRESSES6 "0123456789abcdef0123456789abcdef"
#define IP4(ihl, protocol) ihl "\xb8\x01\0\x12\x34\x40\0\x3f" protocol "\0\0" ADDRESSES4
#define IP6(next) "\x6f\xc0\0\0\0\x08" next "\x3d" ADDRESSES6
#define TCP(offset) "\x11\x11\x22\x22\x80\x02\x03\x04\xf5\x06\x07\x08" offset "\xc2\xff\xfe\0\0\0\0"
#define TCP20 BYTES(TCP("\x50"))
#define ICMP(type, code) type code "\0\0\xab\xcd\xef\x01"
#define FRAGMENTED(field)                                                                          \
	BYTES("\x45\0\0\x28\0\0" field "\x40\x11\0\0" ADDRESSES4), NONE, IPPROTO_UDP

enum { ABSENT = -1 };

static const struct {
	const char *name;
	const char *ip;
	size_t ip_len;
	const char *l4;
	size_t l4_len;
	uint8_t proto;
	enum packet_number what;
	int64_t want; // ABSENT: no such number
} cases[] = {
	{"ttl", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_TTL, 0x3f},
	{"hop limit", BYTES(IP6("\x06")), TCP20, IPPROTO_TCP, NUMBER_TTL, 0x3d},
	{"no header", NONE, NONE, IPPROTO_TCP, NUMBER_TTL, ABSENT},
	{"version 5", BYTES("\x55\0\0\x14\0\0\0\0\x40\x06\0\0" ADDRESSES4), NONE, IPPROTO_TCP,
		NUMBER_TTL, ABSENT},
	{"tos", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_TOS, 0xb8},
	{"tos, 6", BYTES(IP6("\x06")), TCP20, IPPROTO_TCP, NUMBER_TOS, ABSENT},
	{"id", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_IP_ID, 0x1234},
	{"id, 6", BYTES(IP6("\x06")), TCP20, IPPROTO_TCP, NUMBER_IP_ID, ABSENT},
	{"ip_proto", BYTES(IP4("\x45", "\x32")), NONE, IPPROTO_ESP, NUMBER_IP_PROTO, 50},
	{"ip_proto, AH before it", BYTES(IP4("\x45", "\x33")), TCP20, IPPROTO_TCP, NUMBER_IP_PROTO,
		51},
	{"ip_proto, 6", BYTES(IP6("\0") "\x06\0\0\0\0\0\0\0"), TCP20, IPPROTO_TCP, NUMBER_IP_PROTO,
		6},
	{"ip_proto, none", NONE, NONE, IPPROTO_TCP, NUMBER_IP_PROTO, ABSENT},

	{"D", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_FRAGBITS, FRAGBIT_DONT},
	{"M", FRAGMENTED("\x20\0"), NUMBER_FRAGBITS, FRAGBIT_MORE},
	{"R", FRAGMENTED("\x80\0"), NUMBER_FRAGBITS, FRAGBIT_RESERVED},
	{"all bits, and an offset", FRAGMENTED("\xff\xff"), NUMBER_FRAGBITS, 7},
	{"no bits, but an offset", FRAGMENTED("\x1f\xff"), NUMBER_FRAGBITS, 0},
	{"bits, 6", BYTES(IP6("\x06")), TCP20, IPPROTO_TCP, NUMBER_FRAGBITS, ABSENT},
	{"offset", FRAGMENTED("\x22\x22"), NUMBER_FRAGOFFSET, 546},
	{"offset 0", FRAGMENTED("\x40\0"), NUMBER_FRAGOFFSET, 0},
	{"offset, 6", BYTES(IP6("\x2c") "\x11\0\x05\xa9\0\0\0\x07"), NONE, IPPROTO_UDP,
		NUMBER_FRAGOFFSET, 1448},
	{"offset, 6, atomic", BYTES(IP6("\x2c") "\x11\0\0\0\0\0\0\x07"), NONE, IPPROTO_UDP,
		NUMBER_FRAGOFFSET, 0},
	{"offset, 6, behind others",
		BYTES(IP6("\0") "\x2b\0\0\0\0\0\0\0"
				"\x3c\x01"
				"0123456789abcd"
				"\x33\0\0\0\0\0\0\0"
				"\x2c\x01"
				"0123456789"
				"\x06\0\x10\0\0\0\0\x07"),
		TCP20, IPPROTO_TCP, NUMBER_FRAGOFFSET, 0x1000},
	{"offset, 6, of no fragment", BYTES(IP6("\0") "\x06\0\0\0\0\0\0\0"), TCP20, IPPROTO_TCP,
		NUMBER_FRAGOFFSET, ABSENT},
	{"offset, 6, an extension past the end", BYTES(IP6("\0") "\x2c\x01\0\0\0\0\0\0"), TCP20,
		IPPROTO_TCP, NUMBER_FRAGOFFSET, ABSENT},

	{"flags", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_TCP_FLAGS, 0xc2},
	{"seq", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_TCP_SEQ, 0x80020304},
	{"ack", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_TCP_ACK, 0xf5060708},
	{"window", BYTES(IP6("\x06")), TCP20, IPPROTO_TCP, NUMBER_TCP_WINDOW, 0xfffe},
	{"flags of UDP", BYTES(IP4("\x45", "\x11")), TCP20, IPPROTO_UDP, NUMBER_TCP_FLAGS, ABSENT},
	{"seq without a header", BYTES(IP4("\x45", "\x06")), NONE, IPPROTO_TCP, NUMBER_TCP_SEQ,
		ABSENT},
	{"mss", BYTES(IP4("\x45", "\x06")), BYTES(TCP("\x60") "\x02\x04\x05\xb4"), IPPROTO_TCP,
		NUMBER_TCP_MSS, 1460},
	{"mss behind others", BYTES(IP4("\x45", "\x06")),
		BYTES(TCP("\x90") "\x01\x01\x04\x02\x03\x03\x07\x02\x04\x02\x18\0\0\0\0\0"),
		IPPROTO_TCP, NUMBER_TCP_MSS, 536},
	{"two of them", BYTES(IP4("\x45", "\x06")),
		BYTES(TCP("\x70") "\x02\x04\x05\xb4\x02\x04\x02\x18"), IPPROTO_TCP, NUMBER_TCP_MSS,
		1460},
	{"mss of a wrong length, then a good one", BYTES(IP4("\x45", "\x06")),
		BYTES(TCP("\x70") "\x02\x03\x05\x02\x04\x02\x18\0"), IPPROTO_TCP, NUMBER_TCP_MSS,
		536},
	{"mss behind the end", BYTES(IP4("\x45", "\x06")),
		BYTES(TCP("\x70") "\0\0\0\0\x02\x04\x02\x18"), IPPROTO_TCP, NUMBER_TCP_MSS, ABSENT},
	{"an option of length 0", BYTES(IP4("\x45", "\x06")),
		BYTES(TCP("\x70") "\x03\0\0\0\x02\x04\x02\x18"), IPPROTO_TCP, NUMBER_TCP_MSS,
		ABSENT},
	{"an option of length 1", BYTES(IP4("\x45", "\x06")),
		BYTES(TCP("\x70") "\x03\x01\x02\x04\x02\x18\0\0"), IPPROTO_TCP, NUMBER_TCP_MSS,
		ABSENT},
	{"an option past the end", BYTES(IP4("\x45", "\x06")),
		BYTES(TCP("\x70") "\x02\x05\x05\xb4\x03\x05\0\0"), IPPROTO_TCP, NUMBER_TCP_MSS,
		ABSENT},
	{"no options", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_TCP_MSS, ABSENT},

	{"itype", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\x03", "\x0d")), IPPROTO_ICMP,
		NUMBER_ICMP_TYPE, 3},
	{"icode", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\x03", "\x0d")), IPPROTO_ICMP,
		NUMBER_ICMP_CODE, 13},
	{"itype, 6", BYTES(IP6("\x3a")), BYTES(ICMP("\x87", "\0")), IPPROTO_ICMPV6,
		NUMBER_ICMP_TYPE, 135},
	{"icode, 6", BYTES(IP6("\x3a")), BYTES(ICMP("\x01", "\x04")), IPPROTO_ICMPV6,
		NUMBER_ICMP_CODE, 4},
	{"itype of TCP", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_ICMP_TYPE, ABSENT},
	{"id of echo", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\x08", "\0")), IPPROTO_ICMP,
		NUMBER_ICMP_ID, 0xabcd},
	{"id of an answer", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\0", "\0")), IPPROTO_ICMP,
		NUMBER_ICMP_ID, 0xabcd},
	{"id of a timestamp", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\x0d", "\0")), IPPROTO_ICMP,
		NUMBER_ICMP_ID, 0xabcd},
	{"id of an address mask", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\x12", "\0")),
		IPPROTO_ICMP, NUMBER_ICMP_ID, 0xabcd},
	{"id of unreachable", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\x03", "\0")), IPPROTO_ICMP,
		NUMBER_ICMP_ID, ABSENT},
	{"id of type 12", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\x0c", "\0")), IPPROTO_ICMP,
		NUMBER_ICMP_ID, ABSENT},
	{"id of type 19", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\x13", "\0")), IPPROTO_ICMP,
		NUMBER_ICMP_ID, ABSENT},
	{"id of echo, 6", BYTES(IP6("\x3a")), BYTES(ICMP("\x80", "\0")), IPPROTO_ICMPV6,
		NUMBER_ICMP_ID, 0xabcd},
	{"id of ICMP's echo in ICMPv6", BYTES(IP6("\x3a")), BYTES(ICMP("\x08", "\0")),
		IPPROTO_ICMPV6, NUMBER_ICMP_ID, ABSENT},
	{"sequence", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\x08", "\0")), IPPROTO_ICMP,
		NUMBER_ICMP_SEQ, 0xef01},
	{"sequence, 6", BYTES(IP6("\x3a")), BYTES(ICMP("\x81", "\0")), IPPROTO_ICMPV6,
		NUMBER_ICMP_SEQ, 0xef01},
	{"sequence of a redirect", BYTES(IP4("\x45", "\x01")), BYTES(ICMP("\x05", "\0")),
		IPPROTO_ICMP, NUMBER_ICMP_SEQ, ABSENT},
	{"mtu", BYTES(IP6("\x3a")), BYTES("\x02\0\0\0\0\0\x05\0"), IPPROTO_ICMPV6,
		NUMBER_ICMPV6_MTU, 1280},
	{"mtu with a code", BYTES(IP6("\x3a")), BYTES("\x02\x01\0\0\0\0\x05\0"), IPPROTO_ICMPV6,
		NUMBER_ICMPV6_MTU, ABSENT},
	{"mtu of another type", BYTES(IP6("\x3a")), BYTES("\x03\0\0\0\0\0\x05\0"), IPPROTO_ICMPV6,
		NUMBER_ICMPV6_MTU, ABSENT},
	{"mtu of ICMP", BYTES(IP4("\x45", "\x01")), BYTES("\x02\0\0\0\0\0\x05\0"), IPPROTO_ICMP,
		NUMBER_ICMPV6_MTU, ABSENT},

	{"dsize", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_DSIZE, 77},
	{"dsize of anything", NONE, NONE, IPPROTO_ESP, NUMBER_DSIZE, 77},
	{"no such number", BYTES(IP4("\x45", "\x06")), TCP20, IPPROTO_TCP, NUMBER_COUNT, ABSENT},
};

// A header in memory of its own size; an empty one has none.
static uint8_t *copy(const char *from, size_t len)
{
	uint8_t *to = len > 0 ? malloc(len) : NULL;

	if (to != NULL)
		memcpy(to, from, len);
	return to;
}

static bool number_of(
	size_t i, size_t ip_len, size_t l4_len, enum packet_number what, uint64_t *out)
{
	uint8_t *ip = copy(cases[i].ip, ip_len);
	uint8_t *l4 = copy(cases[i].l4, l4_len);
	struct packet_headers h = {.ip = ip,
		.l4 = l4,
		.ip_len = (uint16_t)ip_len,
		.l4_len = (uint16_t)l4_len,
		.l4_proto = cases[i].proto,
		.payload_len = 77};

	bool is = packet_number(&h, what, out);
	packet_ip_options(&h);
	free(ip);
	free(l4);
	return is;
}

static void test_numbers(void)
{
	for (size_t i = 0; i < ROWS(cases); i++) {
		uint64_t got = 4711;
		bool is = number_of(i, cases[i].ip_len, cases[i].l4_len, cases[i].what, &got);

		CHECK(is == (cases[i].want != ABSENT), "%s", cases[i].name);
		CHECK(got == (is ? (uint64_t)cases[i].want : 4711), "%s: %llu", cases[i].name,
			(unsigned long long)got);
	}
}

// Every number of every row, with either header cut at every length.
static void test_cut(void)
{
	for (size_t i = 0; i < ROWS(cases); i++) {
		size_t ip_len = cases[i].ip_len;
		size_t l4_len = cases[i].l4_len;
		for (unsigned what = 0; what < NUMBER_COUNT; what++) {
			uint64_t whole = 0;
			bool is = number_of(i, ip_len, l4_len, what, &whole);
			for (size_t n = 0; n < ip_len + l4_len; n++) {
				size_t ip_n = n < ip_len ? n : ip_len;
				size_t l4_n = n < ip_len ? l4_len : n - ip_len;
				uint64_t got = 4711;
				if (number_of(i, ip_n, l4_n, what, &got))
					CHECK(is && got == whole, "%s, %u: cut at %zu",
						cases[i].name, what, n);
				else
					CHECK(got == 4711, "%s, %u: cut at %zu", cases[i].name,
						what, n);
			}
		}
	}
}

#define OPTIONS(s) BYTES(IP4("\x4f", "\x06") s)

static const struct {
	const char *name;
	const char *ip;
	size_t ip_len;
	uint32_t want;
} options[] = {
	{"none", OPTIONS(""), 0},
	{"end", OPTIONS("\0\0\0\0"), IP_OPTION_EOL},
	{"nothing but filling", OPTIONS("\x01\x01\x01\x01"), IP_OPTION_NOP},
	{"record route", OPTIONS("\x07\x07\x04\0\0\0\0\0"), IP_OPTION_RR | IP_OPTION_EOL},
	{"timestamp", OPTIONS("\x44\x08\x05\0\0\0\0\0"), IP_OPTION_TS},
	{"security", OPTIONS("\x82\x0b\0\0\0\0\0\0\0\0\0\0"), IP_OPTION_SEC | IP_OPTION_EOL},
	{"extended security", OPTIONS("\x85\x03\0\0"), IP_OPTION_ESEC | IP_OPTION_EOL},
	{"loose source route", OPTIONS("\x01\x83\x07\x04\0\0\0\0"), IP_OPTION_NOP | IP_OPTION_LSRR},
	{"strict source route", OPTIONS("\x01\x89\x07\x04\0\0\0\0"),
		IP_OPTION_NOP | IP_OPTION_SSRR},
	{"stream id, router alert", OPTIONS("\x88\x04\0\0\x94\x04\0\0"),
		IP_OPTION_SATID | IP_OPTION_RTRALT},
	{"cipso, quick start", OPTIONS("\x86\x06\0\0\0\0\x19\x08\0\0\0\0\0\0"),
		IP_OPTION_CIPSO | IP_OPTION_QS},
	{"unknown", OPTIONS("\x5e\x04\0\0"), IP_OPTION_OTHER},
	{"behind the end", OPTIONS("\0\x07\x03\0"), IP_OPTION_EOL},
	{"length 0", OPTIONS("\x01\x07\0\0\x01\x44\x04\0"), IP_OPTION_NOP},
	{"length 1", OPTIONS("\x01\x07\x01\x44\x04\0\0\0"), IP_OPTION_NOP},
	{"past the end", OPTIONS("\x94\x04\0\0\x07\x05\0\0"), IP_OPTION_RTRALT},
	{"no length", OPTIONS("\x94\x04\0\0\x01\x01\x01\x07"), IP_OPTION_RTRALT | IP_OPTION_NOP},
	{"IPv6", BYTES(IP6("\0") "\x06\0\x01\x04\0\0\0\0"), 0},
};

static void test_options(void)
{
	for (size_t i = 0; i < ROWS(options); i++) {
		for (size_t n = 0; n <= options[i].ip_len; n++) {
			uint8_t *ip = copy(options[i].ip, n);
			struct packet_headers h = {.ip = ip, .ip_len = (uint16_t)n};
			uint32_t got = packet_ip_options(&h);
			CHECK((got & ~options[i].want) == 0, "%s: %#x of %zu", options[i].name, got,
				n);
			CHECK(n < options[i].ip_len || got == options[i].want, "%s: %#x",
				options[i].name, got);
			free(ip);
		}
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"numbers", test_numbers},
		{"numbers, cut", test_cut},
		{"IPv4 options", test_options},
		CU_TEST_INFO_NULL,
	};
	return check_main("packet numbers", tests);
}
