// The facts of a packet come with what is found in it, and live as long.

#include "tests/unit/check.h"
#include "tests/unit/flow_packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 8, TCP_PSH_ACK = 0x18 };

// A frame that is really freed: a header that outlives its buffer shows.
struct framed {
	struct pktbuf buf;
	uint8_t ip[20];
	uint8_t tcp[20];
	uint8_t payload[8192];
};

static void framed_free(struct pktbuf *buf)
{
	free(buf);
}

struct segment {
	enum dir dir;
	uint32_t seq;
	const char *text; // each of it a packet of its own
};

// Its time to live tells the packet.
static struct packet segment_packet(const struct segment *s, uint8_t number)
{
	struct framed *f = calloc(1, sizeof(*f));
	size_t len = strlen(s->text);

	if (f == NULL || len > sizeof(f->payload))
		abort();
	memcpy(f->payload, s->text, len);
	struct packet p = packet_of(IPPROTO_TCP, 0, s->dir, (struct bytes){f->payload, len, false},
		1000000000ull + number);
	f->buf.free = framed_free;
	f->ip[0] = 0x45;
	f->ip[8] = number;
	p.buf = &f->buf;
	p.link = LINK_RAW_IP;
	p.ip = f->ip;
	p.ip_len = sizeof(f->ip);
	p.l4 = f->tcp;
	p.l4_len = sizeof(f->tcp);
	p.tcp_flags = TCP_PSH_ACK;
	p.tcp_seq = s->seq;
	return p;
}

struct told {
	struct inspect_wants wants;
	uint64_t counters[CTR_COUNT];
	unsigned matches;
	unsigned without; // finds that have no facts
	unsigned shared; // the find before has the same
	unsigned last_ttl;
	size_t len;
	char text[8192];
};

static struct inspect_wants on_told_wants(void *ctx)
{
	struct told *t = ctx;
	return t->wants;
}

// "p2@4/0 ": a packet, that its header calls number 2, after 4 bytes of the client and none of the
// server.
static void on_told_match(void *ctx, const struct find *finds, unsigned n)
{
	static const char kinds[] = {
		[FIND_PACKET] = 'p', [FIND_STREAM] = 's', [FIND_TX] = 't', [FIND_NAME] = 'n'};
	struct told *t = ctx;

	t->matches++;
	for (unsigned i = 0; i < n; i++) {
		const struct packet_facts *facts = finds[i].facts;
		uint64_t ttl = 0;
		if (facts == NULL) {
			t->without++;
			continue;
		}
		t->shared += i > 0 && finds[i - 1].facts == facts;
		packet_number(&facts->headers, NUMBER_TTL, &ttl);
		t->last_ttl = (unsigned)ttl;
		CHECK(facts->headers.l4_len == 20 && facts->headers.l4[12] == 0, "l4");
		CHECK(facts->headers.payload_len == finds[i].payload_len, "payload");
		if (sizeof(t->text) - t->len < 64)
			continue;
		t->len += (size_t)sprintf(
			t->text + t->len, "%c%u@", kinds[finds[i].kind], (unsigned)ttl);
		for (unsigned dir = 0; dir < 2; dir++) {
			uint64_t bytes = facts->stream_bytes[dir];
			if (bytes == STREAM_BYTES_UNKNOWN)
				t->len += (size_t)sprintf(t->text + t->len, "?");
			else
				t->len += (size_t)sprintf(
					t->text + t->len, "%llu", (unsigned long long)bytes);
			t->text[t->len++] = dir == 0 ? '/' : ' ';
		}
		t->text[t->len] = '\0';
	}
}

static void on_told_end(void *ctx, struct flow *flow, enum flow_reason reason)
{
	(void)ctx;
	(void)flow;
	(void)reason;
}

// burst: so many packets at a time.
static void tell(struct told *t, struct inspect_wants wants, const struct segment *segments,
	unsigned n, unsigned burst)
{
	struct inspect_hooks hooks = {.ctx = t,
		.wants = on_told_wants,
		.match = on_told_match,
		.streams_close = on_close,
		.flow_end = on_told_end};
	struct inspect_options options = inspect_defaults();
	struct packet packets[BURST_MAX];

	*t = (struct told){.wants = wants};
	options.search_bytes = 32;
	options.flow.max_flows = 64;
	options.max_sessions = 16;
	struct inspector *in = inspector_new(&options, &hooks, t->counters);
	if (in == NULL)
		abort();
	for (unsigned i = 0; i < n;) {
		unsigned k = 0;
		for (; k < burst && i < n; k++, i++)
			packets[k] = segment_packet(&segments[i], (uint8_t)(i + 1));
		inspect_burst(in, packets, k);
	}
	inspect_finish(in);
	inspector_free(in);
}

static const uint8_t bodies[FIELD_COUNT] = {[FIELD_HTTP_RESPONSE_BODY] = 1};

static const struct {
	const char *name;
	struct segment segments[PIECES_MAX];
	struct inspect_wants wants;
	const char *text; // without facts in `wants`: none
	unsigned without; // finds
} facts_cases[] = {
	{"packets and stream bytes",
		{{DIR_C2S, 1000, "?aaa"}, {DIR_S2C, 9000, "?bbbbb"}, {DIR_C2S, 1004, "cccc"}},
		{.packets_tcp = true, .stream_depth = 1000, .facts = true},
		"p1@0/0 s1@0/0 p2@4/0 s2@4/0 p3@4/6 s3@4/6 ", 0},
	{"nobody asks",
		{{DIR_C2S, 1000, "?aaa"}, {DIR_S2C, 9000, "?bbbbb"}, {DIR_C2S, 1004, "cccc"}},
		{.packets_tcp = true, .stream_depth = 1000}, "", 6},
	{"a segment is held",
		{{DIR_C2S, 1000, "?aaa"}, {DIR_C2S, 1008, "cccc"}, {DIR_C2S, 1004, "bbbb"}},
		{.packets_tcp = true, .stream_depth = 1000, .facts = true},
		"p1@0/0 s1@0/0 p2@4/0 p3@4/0 s3@4/0 s2@8/0 ", 0},
	{"a segment on both sides of one that was held",
		{{DIR_C2S, 1000, "?aaa"}, {DIR_C2S, 1008, "cccc"}, {DIR_C2S, 1004, "bbbbccccdd"}},
		{.packets_tcp = true, .stream_depth = 1000, .facts = true},
		"p1@0/0 s1@0/0 p2@4/0 p3@4/0 s3@4/0 s2@8/0 s3@12/0 ", 0},
	{"held to the end", {{DIR_C2S, 1000, "?aaa"}, {DIR_C2S, 1008, "cccc"}},
		{.stream_depth = 1000, .facts = true}, "s1@0/0 s2@8/0 ", 0},
	{"messages", {{DIR_C2S, 1000, "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"}},
		{.packets_tcp = true, .facts = true}, "p1@0/0 t1@0/0 t1@0/0 ", 0},
	{"messages alone",
		{{DIR_C2S, 1000, "GET / HTTP/1.1\r\n\r\n"},
			{DIR_C2S, 1018, "GET / HTTP/1.1\r\n\r\n"}},
		{.facts = true}, "t1@0/0 t2@18/0 ", 0},
	{"a message in two packets is the second's",
		{{DIR_C2S, 1000, "GET / HTTP"}, {DIR_C2S, 1010, "/1.1\r\n\r\n"}}, {.facts = true},
		"t2@10/0 ", 0},
	{"a message that ends with the flow",
		{{DIR_C2S, 1000, "GET / HTTP/1.1\r\n\r\n"},
			{DIR_S2C, 9000, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nbody"}},
		{.facts = true, .fields = bodies}, "t1@0/0 ", 1},
	{"a side that is done goes on being counted",
		{{DIR_C2S, 1000, "?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
			{DIR_C2S, 1040, "zzzz"}, {DIR_S2C, 9000, "?"}},
		{.packets_tcp = true, .facts = true}, "p1@0/0 p2@40/0 p3@44/0 ", 0},
	{"a flow that is settled is not",
		{{DIR_C2S, 1000, "?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
			{DIR_S2C, 9000, "?bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"},
			{DIR_S2C, 9040, "zzzz"}},
		{.packets_tcp = true, .facts = true}, "p1@0/0 p2@40/0 p3@?/? ", 0},
};

static void test_facts(void)
{
	static struct told t;

	for (size_t i = 0; i < ROWS(facts_cases); i++) {
		unsigned n = 0;
		while (n < PIECES_MAX && facts_cases[i].segments[n].text != NULL)
			n++;
		for (unsigned burst = 1; burst <= n; burst++) {
			tell(&t, facts_cases[i].wants, facts_cases[i].segments, n, burst);
			CHECK(strcmp(t.text, facts_cases[i].text) == 0, "%s, %u: %s",
				facts_cases[i].name, burst, t.text);
			CHECK(t.without == facts_cases[i].without, "%s, %u: %u",
				facts_cases[i].name, burst, t.without);
			CHECK(t.counters[CTR_DELIVERED] == n, "%s, %u", facts_cases[i].name, burst);
		}
	}
}

static struct packet_facts datagram_facts; // of the last find

static void on_datagram(void *ctx, const struct find *finds, unsigned n)
{
	(void)ctx;
	datagram_facts = *finds[n - 1].facts;
}

static void test_facts_of_datagrams(void)
{
	static const uint8_t frame[64];
	struct told t = {.wants = {.packets_other = true, .facts = true}};
	struct inspect_hooks hooks = {.ctx = &t,
		.wants = on_told_wants,
		.match = on_datagram,
		.streams_close = on_close,
		.flow_end = on_told_end};
	struct inspect_options options = inspect_defaults();
	const struct packet_facts *f = &datagram_facts;
	const struct bytes payload = {frame + 46, 5, false};

	options.flow.max_flows = 64;
	struct inspector *in = inspector_new(&options, &hooks, t.counters);
	struct packet p = packet_of(IPPROTO_UDP, 0, DIR_C2S, payload, 2000);
	p.data = frame;
	p.len = p.wire_len = sizeof(frame);
	p.vlans = (struct vlan_path){{7, 0, 9}, 3};
	p.flags |= PACKET_BAD_CHECKSUM;
	inspect_burst(in, &p, 1);
	CHECK(f->ether == frame && f->ether_len == 14, "ether");
	CHECK(f->vlans.n == 3 && f->vlans.id[0] == 7 && f->vlans.id[2] == 9, "vlan");
	CHECK(f->bad_checksum && !f->fragmented, "flags");
	CHECK(f->headers.ip == NULL && f->headers.l4 == NULL, "no headers");
	CHECK(f->headers.l4_proto == IPPROTO_UDP && f->headers.payload_len == 5, "udp");
	CHECK(f->payload == payload.p && f->flow_age_ns == 0, "payload");
	CHECK(f->stream_bytes[0] == 0 && f->stream_bytes[1] == 0, "no stream");

	// And once more of the same flow, a little later; then earlier than the first.
	p = packet_of(IPPROTO_UDP, 0, DIR_S2C, payload, 5000);
	p.flags |= PACKET_FRAGMENTED;
	p.link = LINK_RAW_IP;
	inspect_burst(in, &p, 1);
	CHECK(f->ether == NULL && f->ether_len == 0 && f->vlans.n == 0, "raw");
	CHECK(!f->bad_checksum && f->fragmented && f->flow_age_ns == 3000, "later");
	p = packet_of(IPPROTO_UDP, 0, DIR_C2S, payload, 1000);
	inspect_burst(in, &p, 1);
	CHECK(f->flow_age_ns == 0, "earlier");
	inspect_finish(in);
	inspector_free(in);
}

// More finds of one packet than the list holds: each part of it has the facts.
static void test_facts_overflow(void)
{
	enum { REQUESTS = 400 };
	static struct told t;
	static char text[REQUESTS * 18 + 1];
	struct segment segments[] = {
		{DIR_C2S, 1000, "GET / HTTP/1.1\r\n\r\n"}, {DIR_C2S, 1018, text}};

	for (unsigned i = 0; i < REQUESTS; i++)
		memcpy(text + i * 18, "GET / HTTP/1.1\r\n\r\n", 18);
	tell(&t, (struct inspect_wants){.facts = true}, segments, 2, 2);
	CHECK(t.matches == 2 && t.without == 0, "%u matches", t.matches);
	CHECK(t.shared == REQUESTS - 2, "%u", t.shared); // but the first of each match
	CHECK(t.last_ttl == 2, "%u", t.last_ttl);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"of segments", test_facts},
		{"of datagrams", test_facts_of_datagrams},
		{"of more finds than fit", test_facts_overflow},
		CU_TEST_INFO_NULL,
	};
	return check_main("facts", tests);
}
