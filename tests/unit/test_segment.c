#include "dataplane/inspect/segment.h"
#include "tests/unit/check.h"

#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_prefix(struct segments *s, const char *text, unsigned len)
{
	uint8_t a[16] = {0};
	bool six = strchr(text, ':') != NULL;

	inet_pton(six ? AF_INET6 : AF_INET, text, a);
	return segments_prefix(s, six ? 6 : 4, a, len);
}

static struct packet packet_of(const char *a, uint16_t aport, const char *b, uint16_t bport)
{
	bool six = strchr(a, ':') != NULL;
	struct packet p = {.key = {.aport = aport,
				   .bport = bport,
				   .ip_version = six ? 6 : 4,
				   .l4 = IPPROTO_TCP}};

	inet_pton(six ? AF_INET6 : AF_INET, a, p.key.a);
	inet_pton(six ? AF_INET6 : AF_INET, b, p.key.b);
	return p;
}

// lan: 10/8 and 2001:db8::/32, minus what comes first; farm: servers; phones: lan's on 5222 in VLAN 7;
// sip: ports alone; guest: VLANs alone.
static struct segments *network(void)
{
	struct segments *s = segments_new();

	segments_add(s, "phones", SEGMENT_SUBSCRIBER, SEGMENT_HIDDEN);
	add_prefix(s, "10.0.0.0", 8);
	segments_ports(s, 5222, 5223);
	segments_vlans(s, 7, 7);
	segments_add(s, "farm", SEGMENT_SERVER, SEGMENT_CLEAR_SERVERS);
	add_prefix(s, "10.9.0.0", 16);
	add_prefix(s, "2001:db8:9::", 48);
	segments_add(s, "lan", SEGMENT_SUBSCRIBER, SEGMENT_PSEUDONYMS);
	add_prefix(s, "10.0.0.0", 8);
	add_prefix(s, "2001:db8::", 32);
	add_prefix(s, "255.255.255.255", 32);
	segments_add(s, "sip", SEGMENT_SUBSCRIBER, SEGMENT_PSEUDONYMS);
	segments_ports(s, 5060, 5061);
	segments_ports(s, 65535, 65535);
	segments_add(s, "guest", SEGMENT_SUBSCRIBER, SEGMENT_PSEUDONYMS);
	segments_vlans(s, 100, 199);
	segments_vlans(s, 0, 0);
	CHECK(segments_ready(s) == 0, "ready");
	return s;
}

static void test_label(void)
{
	static const struct {
		const char *a;
		uint16_t aport;
		const char *b;
		uint16_t bport, vlan; // 9: none
		const char *want;
		enum flow_person person;
	} rows[] = {
		{"10.1.1.1", 4000, "192.0.2.1", 443, 9, "lan", PERSON_A},
		{"192.0.2.1", 443, "10.1.1.1", 4000, 9, "lan", PERSON_B},
		{"10.1.1.1", 4000, "10.2.2.2", 443, 9, "lan", PERSON_CLIENT},
		{"10.1.1.1", 4000, "192.0.2.1", 5222, 9, "lan", PERSON_A},
		{"10.1.1.1", 4000, "192.0.2.1", 5222, 7, "phones", PERSON_A},
		{"10.1.1.1", 5222, "192.0.2.1", 4000, 7, "lan", PERSON_A}, // no server's port
		{"10.1.1.1", 4000, "192.0.2.1", 5224, 7, "lan", PERSON_A},
		{"10.9.255.255", 80, "192.0.2.1", 4000, 9, "farm", PERSON_B},
		{"10.1.1.1", 4000, "10.9.0.0", 80, 9, "farm", PERSON_A}, // a lan's with a server
		{"10.8.255.255", 80, "192.0.2.1", 4000, 9, "lan", PERSON_A},
		{"10.10.0.0", 80, "192.0.2.1", 4000, 9, "lan", PERSON_A},
		{"11.0.0.0", 80, "192.0.2.1", 4000, 9, "default", PERSON_CLIENT},
		{"9.255.255.255", 80, "192.0.2.1", 4000, 9, "default", PERSON_CLIENT},
		{"192.0.2.1", 80, "255.255.255.255", 9, 9, "lan", PERSON_B},
		{"192.0.2.1", 80, "255.255.255.254", 9, 9, "default", PERSON_CLIENT},
		{"192.0.2.1", 5060, "192.0.2.2", 4000, 9, "sip", PERSON_B},
		{"192.0.2.1", 4000, "192.0.2.2", 5061, 9, "sip", PERSON_A},
		{"192.0.2.1", 5060, "192.0.2.2", 5060, 9, "sip", PERSON_CLIENT},
		{"192.0.2.1", 65535, "192.0.2.2", 1, 9, "sip", PERSON_B},
		{"192.0.2.1", 0, "192.0.2.2", 0, 9, "default", PERSON_CLIENT},
		{"192.0.2.1", 80, "192.0.2.2", 4000, 100, "guest", PERSON_CLIENT},
		{"192.0.2.1", 80, "192.0.2.2", 4000, 199, "guest", PERSON_CLIENT},
		{"192.0.2.1", 80, "192.0.2.2", 4000, 200, "default", PERSON_CLIENT},
		{"192.0.2.1", 80, "192.0.2.2", 4000, 0, "guest", PERSON_CLIENT},
		{"2001:db8:8:ffff::1", 80, "2001:db9::1", 9, 9, "lan", PERSON_A},
		{"2001:db8:9::1", 80, "2001:db9::1", 9, 9, "farm", PERSON_B},
		{"2001:db8:9:ffff:ffff:ffff:ffff:ffff", 80, "2001:db9::1", 9, 9, "farm", PERSON_B},
		{"2001:db8:a::", 80, "2001:db9::1", 9, 9, "lan", PERSON_A},
		{"2001:db7:ffff::1", 80, "2001:db9::1", 9, 9, "default", PERSON_CLIENT},
	};
	struct segments *s = network();

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct packet p = packet_of(rows[i].a, rows[i].aport, rows[i].b, rows[i].bport);
		struct flow_note note = {0};
		if (rows[i].vlan != 9)
			p.vlans = (struct vlan_path){.id = {3, rows[i].vlan}, .n = 2};
		segments_label(s, &p, &note);
		CHECK(strcmp(segments_name(s, note.segment), rows[i].want) == 0, "%zu: %s", i,
			segments_name(s, note.segment));
		CHECK(note.person == rows[i].person, "%zu: person %u", i, note.person);
	}
	segments_free(s);
}

static void test_person(void)
{
	struct flow client_a = {.flags = FLOW_A_IS_CLIENT}, client_b = {0};
	struct flow_note note = {.person = PERSON_CLIENT};

	CHECK(flow_person_is_a(&client_a, &note) && !flow_person_is_a(&client_b, &note), "client");
	note.person = PERSON_A;
	CHECK(flow_person_is_a(&client_a, &note) && flow_person_is_a(&client_b, &note), "a");
	note.person = PERSON_B;
	CHECK(!flow_person_is_a(&client_a, &note) && !flow_person_is_a(&client_b, &note), "b");
}

static void test_names(void)
{
	struct segments *s = network();
	struct packet p = packet_of("10.9.0.1", 1, "10.8.0.1", 2);

	CHECK(segments_count(s) == 6 && segments_count(NULL) == 1, "count");
	CHECK(strcmp(segments_name(s, 0), "default") == 0, "default");
	CHECK(strcmp(segments_name(NULL, 5), "default") == 0, "none");
	CHECK(strcmp(segments_name(s, 63), "default") == 0, "not there");
	CHECK(segments_masking(s, 1) == SEGMENT_HIDDEN &&
			segments_masking(s, 2) == SEGMENT_CLEAR_SERVERS &&
			segments_masking(NULL, 2) == SEGMENT_PSEUDONYMS,
		"masking");
	CHECK(segments_hold(s, 2, 4, p.key.a) && !segments_hold(s, 2, 4, p.key.b), "its prefixes");
	CHECK(!segments_hold(s, 4, 4, p.key.a), "has none");
	segments_free(s);
}

static void test_full(void)
{
	struct segments *s = segments_new();
	uint8_t a[16] = {0};

	for (int i = 1; i < SEGMENTS_MAX; i++) {
		CHECK(segments_add(s, "x", SEGMENT_SUBSCRIBER, SEGMENT_PSEUDONYMS) == i, "%d", i);
		if (i < SEGMENTS_MAX - 1)
			segments_vlans(s, 1, 1);
	}
	CHECK(segments_add(s, "x", SEGMENT_SUBSCRIBER, SEGMENT_PSEUDONYMS) == -ENOSPC, "the 65th");
	for (unsigned i = 0; i < SEGMENT_RANGES_MAX; i++) {
		a[1] = (uint8_t)(i >> 8);
		a[2] = (uint8_t)i;
		CHECK(segments_prefix(s, 4, a, 24) == 0, "%u", i);
	}
	CHECK(segments_prefix(s, 4, a, 24) == -ENOSPC, "one more");
	CHECK(segments_prefix(s, 6, a, 128) == 0, "of another kind");
	CHECK(segments_ready(s) == 0, "ready");
	struct packet p = packet_of("0.31.255.9", 1, "0.32.0.0", 2);
	struct flow_note note = {0};
	segments_label(s, &p, &note);
	CHECK(note.segment == 63 && note.person == PERSON_A, "%u %u", note.segment, note.person);
	segments_free(s);
}

// The same asked one range after the other.
struct one {
	uint32_t lo, hi;
	uint16_t port_lo, port_hi;
	bool server;
};

static bool in(const struct one *o, const uint8_t a[16])
{
	uint32_t v = (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];

	return v >= o->lo && v <= o->hi;
}

static void test_model(void)
{
	struct one model[12];
	struct segments *s = segments_new();

	srandom(7);
	for (unsigned i = 0; i < ROWS(model); i++) {
		uint8_t a[16] = {10, (uint8_t)(random() % 4), (uint8_t)(random() % 4), 0};
		unsigned len = 13 + (unsigned)random() % 12;
		uint32_t lo = ((uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8) &
			~(UINT32_MAX >> len);
		uint16_t port = (uint16_t)(1 + random() % 8);
		model[i] = (struct one){
			lo, lo | UINT32_MAX >> len, port, (uint16_t)(port + 2), random() % 2};
		segments_add(s, "x", model[i].server ? SEGMENT_SERVER : SEGMENT_SUBSCRIBER,
			SEGMENT_PSEUDONYMS);
		segments_prefix(s, 4, a, len);
		segments_ports(s, model[i].port_lo, model[i].port_hi);
	}
	segments_ready(s);
	for (unsigned round = 0; round < 20000; round++) {
		struct packet p = {
			.key = {.ip_version = 4,
				.a = {10, (uint8_t)(random() % 5), (uint8_t)(random() % 5)},
				.b = {10, (uint8_t)(random() % 5), (uint8_t)(random() % 5)},
				.aport = (uint16_t)(random() % 12),
				.bport = (uint16_t)(random() % 12)}};
		unsigned want = 0;
		for (unsigned i = 0; i < ROWS(model) && want == 0; i++) {
			const struct one *o = &model[i];
			bool a_port = p.key.aport >= o->port_lo && p.key.aport <= o->port_hi;
			bool b_port = p.key.bport >= o->port_lo && p.key.bport <= o->port_hi;
			bool a = in(o, p.key.a), b = in(o, p.key.b);
			if (o->server ? (a && a_port) || (b && b_port)
				      : (a && b_port) || (b && a_port))
				want = i + 1;
		}
		struct flow_note note = {0};
		segments_label(s, &p, &note);
		CHECK(note.segment == want, "%u: %u, not %u", round, note.segment, want);
	}
	segments_free(s);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"first match", test_label},
		{"person", test_person},
		{"names", test_names},
		{"full", test_full},
		{"model", test_model},
		CU_TEST_INFO_NULL,
	};
	return check_main("segment", tests);
}
