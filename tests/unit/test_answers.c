// Packets that tell which name is at which address, and what that says about other flows.

#include "dataplane/inspect/answers.h"
#include "dataplane/inspect/inspect.h"
#include "dataplane/inspect/proto/names.h"
#include "tests/unit/check.h"
#include "tests/unit/stream_rows.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t second = 1000000000;

static void free_nothing(struct pktbuf *buf)
{
	(void)buf;
}

static struct pktbuf no_buf = {.free = free_nothing};

// From 10.0.0.2:sport to 10.0.0.1.
static struct packet packet_of(uint8_t l4, uint16_t sport, struct bytes payload, uint64_t ts_ns)
{
	return (struct packet){.data = payload.p,
		.buf = &no_buf,
		.ts_ns = ts_ns,
		.len = (uint32_t)payload.len,
		.wire_len = (uint32_t)payload.len,
		.frames = 1,
		.flags = PACKET_SWAPPED,
		.payload = payload.p,
		.payload_len = (uint32_t)payload.len,
		.frame_bytes = (uint32_t)payload.len,
		.flow_hash = sport,
		.key = {.a = {10, 0, 0, 1},
			.b = {10, 0, 0, 2},
			.aport = 40000,
			.bport = sport,
			.l4 = l4,
			.ip_version = 4}};
}

#define HEAD(flags, n, more) "\x00\x07" flags "\x00\x01" n "\x00\x00" more
#define ASKS(type)                                                                                 \
	"\x01m\x07"                                                                                \
	"example\x00\x00" type "\x00\x01"
#define AT(type, ttl, len, data) "\xc0\x0c\x00" type "\x00\x01\x00\x00" ttl "\x00" len data
#define GOOD "\x81\x80"
#define MINUTES_10 "\x02\x58"
#define SERVER "\xc0\x00\x02\x07" // 192.0.2.7
#define ANSWER                                                                                     \
	HEAD(GOOD, "\x00\x01", "\x00\x00") ASKS("\x01") AT("\x01", MINUTES_10, "\x04", SERVER)
#define LOCAL_X                                                                                    \
	"\x01x\x05"                                                                                \
	"local\x00\x00\x01\x80\x01\x00\x00\x02\x58\x00\x04"

static const struct {
	const char *name;
	uint8_t l4;
	uint16_t sport;
	struct bytes in;
	const char *want; // for 192.0.2.7
	const char *want6; // for 2001:db8::1
} rows[] = {
	{"an address", IPPROTO_UDP, 53, BYTES(ANSWER), "m.example", NULL},
	{"over TCP", IPPROTO_TCP, 53, BYTES("\x00\x2b" ANSWER), "m.example", NULL},
	{"TCP, not the begin of a message", IPPROTO_TCP, 53, BYTES("\x05\x00\x2b" ANSWER), NULL,
		NULL},
	{"another port", IPPROTO_UDP, 54, BYTES(ANSWER), NULL, NULL},
	{"a query", IPPROTO_UDP, 53,
		BYTES(HEAD("\x01\x00", "\x00\x01", "\x00\x00") ASKS("\x01")
				AT("\x01", MINUTES_10, "\x04", SERVER)),
		NULL, NULL},
	{"an error", IPPROTO_UDP, 53,
		BYTES(HEAD("\x81\x83", "\x00\x01", "\x00\x00") ASKS("\x01")
				AT("\x01", MINUTES_10, "\x04", SERVER)),
		NULL, NULL},
	{"behind an alias, what was asked for", IPPROTO_UDP, 53,
		BYTES(HEAD(GOOD, "\x00\x02", "\x00\x00") ASKS("\x01") AT("\x05", MINUTES_10, "\x04",
			"\x01y\xc0\x0e") AT("\x01", MINUTES_10, "\x04", SERVER)),
		"m.example", NULL},
	{"AAAA", IPPROTO_UDP, 53,
		BYTES(HEAD(GOOD, "\x00\x01", "\x00\x00") ASKS("\x1c") AT(
			"\x1c", MINUTES_10, "\x10", "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01")),
		NULL, "m.example"},
	{"hints of HTTPS", IPPROTO_UDP, 53,
		BYTES(HEAD(GOOD, "\x00\x01", "\x00\x00") ASKS("\x41") AT("\x41", MINUTES_10, "\x1f",
			"\x00\x01\x00\x00\x04\x00\x04" SERVER
			"\x00\x06\x00\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01")),
		"m.example", "m.example"},
	{"an address of the wrong length", IPPROTO_UDP, 53,
		BYTES(HEAD(GOOD, "\x00\x01", "\x00\x00") ASKS("\x01")
				AT("\x01", MINUTES_10, "\x03", "\xc0\x00\x02")),
		NULL, NULL},
	{"asked for something else", IPPROTO_UDP, 53,
		BYTES(HEAD(GOOD, "\x00\x01", "\x00\x00") ASKS("\x10")
				AT("\x01", MINUTES_10, "\x04", SERVER)),
		NULL, NULL},
	{"a loop of names", IPPROTO_UDP, 53,
		BYTES(HEAD(GOOD, "\x00\x01", "\x00\x00") "\xc0\x0c\x00\x01\x00\x01" AT(
			"\x01", MINUTES_10, "\x04", SERVER)),
		NULL, NULL},
	{"mdns", IPPROTO_UDP, 5353,
		BYTES("\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00" LOCAL_X SERVER), "x.local",
		NULL},
	{"mdns, a name that is not of this link", IPPROTO_UDP, 5353,
		BYTES("\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00\x01x\x03"
		      "com\x00\x00\x01\x80\x01\x00\x00\x02\x58\x00\x04" SERVER),
		NULL, NULL},
};

static bool knows(struct name_table *t, uint8_t version, const char *want)
{
	static const uint8_t at[2][16] = {{192, 0, 2, 7}, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	uint32_t ref = names_take(t, version, at[version == 6], 2 * second);
	struct known_name name = names_of(t, ref);
	bool same = want == NULL
		? ref == NAMES_NONE
		: name.text.len == strlen(want) && memcmp(name.text.p, want, name.text.len) == 0;
	names_give(t, ref);
	return same;
}

static void test_learn(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct name_table *t = names_new(1);
		struct packet p = packet_of(rows[i].l4, rows[i].sport, rows[i].in, second);
		answers_learn(t, &p);
		CHECK(knows(t, 4, rows[i].want), "%s", rows[i].name);
		CHECK(knows(t, 6, rows[i].want6), "%s", rows[i].name);
		names_free(t);
	}
}

// Cut anywhere: nothing but what the whole tells, and no byte beyond is read.
static void test_truncated(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		for (size_t len = 0; len < rows[i].in.len; len++) {
			struct name_table *t = names_new(1);
			uint8_t *copy = malloc(len + !len);
			memcpy(copy, rows[i].in.p, len);
			struct packet p = packet_of(rows[i].l4, rows[i].sport,
				(struct bytes){copy, len, false}, second);
			answers_learn(t, &p);
			CHECK(knows(t, 4, NULL) || knows(t, 4, rows[i].want), "%s, %zu",
				rows[i].name, len);
			free(copy);
			names_free(t);
		}
	}
}

struct seen {
	struct inspector *inspector;
	uint64_t counters[CTR_COUNT];
	char label[64]; // of the last flow that ended
	char asked[64]; // what its service was looked up by
};

static struct inspect_wants on_wants(void *ctx)
{
	(void)ctx;
	return (struct inspect_wants){0};
}

static void on_match(void *ctx, const struct find *finds, unsigned n)
{
	struct seen *s = ctx;

	for (unsigned i = 0; i < n; i++) {
		if (finds[i].kind == FIND_NAME)
			snprintf(s->asked, sizeof(s->asked), "%.*s",
				(int)finds[i].fields[0].value.len,
				(const char *)finds[i].fields[0].value.p);
	}
}

static void on_close(void *ctx, struct session *session)
{
	(void)ctx;
	(void)session;
}

static void on_flow_end(void *ctx, struct flow *flow, enum flow_reason reason)
{
	struct seen *s = ctx;
	struct known_name name = inspect_server_name(s->inspector, flow);

	(void)reason;
	if (flow->key.bport == 53)
		return;
	snprintf(s->label, sizeof(s->label), "%.*s%s", (int)name.text.len,
		name.text.len > 0 ? (const char *)name.text.p : "", name.ambiguous ? "?" : "");
}

// A datagram of a client to 192.0.2.7, or its answer.
static struct packet talk(struct bytes payload, bool answer, uint16_t bport, uint64_t ts_ns)
{
	struct packet p = packet_of(IPPROTO_UDP, bport, payload, ts_ns);

	p.flags = answer ? PACKET_SWAPPED : 0;
	memcpy(p.key.b, SERVER, 4);
	return p;
}

static void test_labels(void)
{
	static const struct bytes answer = BYTES(ANSWER), noise = BYTES("\x01noise, nobody's");
	static const struct bytes other = BYTES(HEAD(GOOD, "\x00\x01",
		"\x00\x00") "\x01n\x07"
			    "example\x00\x00\x01\x00\x01" AT("\x01", MINUTES_10, "\x04", SERVER));
	enum { TOLD = 'a', TOLD_OTHER = 'o', TOLD_BESIDE = 'w', TALK = 't', BACK = 'b' };
	static const struct {
		const char *name, *packets, *label, *asked;
	} cases[] = {
		{"nobody told", "tb", "", ""},
		{"told before", "atb", "m.example", "m.example"},
		{"told by another worker", "wtb", "m.example", "m.example"},
		{"told when it had begun", "tab", "", ""},
		{"two names", "oatb", "m.example?", "m.example"},
		{"the other name last", "aotb", "n.example?", "n.example"},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct seen s = {0};
		struct inspect_hooks hooks = {.ctx = &s,
			.wants = on_wants,
			.match = on_match,
			.streams_close = on_close,
			.flow_end = on_flow_end};
		struct inspect_options options = inspect_defaults();
		options.flow.max_flows = 64;
		options.max_sessions = 16;
		s.inspector = inspector_new(&options, &hooks, s.counters);
		uint64_t now = second;
		for (const char *c = cases[i].packets; *c != '\0'; c++, now += second / 8) {
			struct packet p = *c == TALK || *c == BACK
				? talk(noise, *c == BACK, 4000, now)
				: packet_of(
					  IPPROTO_UDP, 53, *c == TOLD_OTHER ? other : answer, now);
			if (*c == TOLD_BESIDE)
				p.flags |= PACKET_WITNESS;
			p.frames = *c != TOLD_BESIDE;
			inspect_burst(s.inspector, &p, 1);
		}
		inspect_finish(s.inspector);
		CHECK(strcmp(s.label, cases[i].label) == 0, "%s: %s", cases[i].name, s.label);
		CHECK(strcmp(s.asked, cases[i].asked) == 0, "%s: asked %s", cases[i].name, s.asked);
		inspector_free(s.inspector);
	}
}

// A flow that tells its server's name has no use for another's word.
static void test_named(void)
{
	static const struct bytes answer = BYTES(ANSWER),
				  request = BYTES("GET / HTTP/1.1\r\nHost: own.example\r\n\r\n");
	struct seen s = {0};
	struct inspect_hooks hooks = {.ctx = &s,
		.wants = on_wants,
		.match = on_match,
		.streams_close = on_close,
		.flow_end = on_flow_end};
	struct inspect_options options = inspect_defaults();

	options.flow.max_flows = 64;
	options.max_sessions = 16;
	s.inspector = inspector_new(&options, &hooks, s.counters);
	struct packet p[2] = {
		packet_of(IPPROTO_UDP, 53, answer, second), talk(request, false, 80, 2 * second)};
	p[1].key.l4 = IPPROTO_TCP;
	p[1].tcp_flags = 0x18;
	p[1].tcp_seq = 1000;
	inspect_burst(s.inspector, p, 2);
	inspect_finish(s.inspector);
	CHECK(s.label[0] == '\0' && s.asked[0] == '\0', "%s, %s", s.label, s.asked);
	inspector_free(s.inspector);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"learn", test_learn},
		{"truncated", test_truncated},
		{"labels", test_labels},
		{"a name of its own", test_named},
		CU_TEST_INFO_NULL,
	};
	return check_main("answers", tests);
}
