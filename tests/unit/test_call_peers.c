// Calls: a flow without a mark has the name of one that its client's end was seen in.

#include "dataplane/api/service.h"
#include "dataplane/runtime/call_peers.h"
#include "tests/unit/check.h"

#include <string.h>

enum { SIGNAL = 3, MEET = 4 };

static struct rule_state *state;
static struct rule_shares *shares;
static uint64_t counters[CTR_COUNT];

static void begin(void)
{
	struct rule_state_options options = rule_state_defaults();

	shares = rule_shares_new(&options);
	state = rule_state_new(&options, shares, 16, counters);
}

static void end(void)
{
	rule_state_free(state);
	rule_shares_free(shares);
}

// From 10.0.0.c to 192.0.2.s.
static struct flow flow_of(uint8_t c, uint16_t cport, uint8_t s, uint16_t sport)
{
	return (struct flow){.flags = FLOW_A_IS_CLIENT,
		.key = {.a = {10, 0, 0, c},
			.b = {192, 0, 2, s},
			.aport = cport,
			.bport = sport,
			.l4 = IPPROTO_UDP,
			.ip_version = 4}};
}

static struct find message(struct flow *f, uint64_t seconds)
{
	return (struct find){
		.kind = FIND_TX, .app_proto = APP_STUN, .flow = f, .ts_ns = seconds * 1000000000};
}

static void learn(struct flow f, enum service_by by, uint64_t seconds, bool realm)
{
	struct field_value value = {FIELD_STUN_REALM, {(const uint8_t *)"x", 1, false}};

	f.service = SIGNAL;
	f.service_by = (uint16_t)by;
	struct find find = message(&f, seconds);
	find.fields = &value;
	find.n_fields = realm;
	call_learn(state, &find);
}

static uint16_t ask(struct flow f, uint64_t seconds)
{
	struct find find = message(&f, seconds);

	return call_service(state, &find);
}

static void test_ends(void)
{
	begin();
	learn(flow_of(1, 40000, 9, 443), BY_STUN, 100, false);
	CHECK(ask(flow_of(1, 40000, 8, 19302), 101) == SIGNAL, "another server, the same socket");
	CHECK(ask(flow_of(2, 5555, 1, 1), 101) == 0, "nobody's");
	CHECK(ask(flow_of(1, 40001, 8, 19302), 101) == 0, "another socket");
	CHECK(ask(flow_of(2, 40000, 8, 19302), 101) == 0, "another host");
	CHECK(ask(flow_of(2, 40000, 9, 443), 101) == 0, "the same server");
	CHECK(ask(flow_of(1, 40000, 8, 19302), 219) == SIGNAL, "two minutes");
	CHECK(ask(flow_of(1, 40000, 8, 19302), 220) == 0, "too late");
	end();
}

// The other side of a call sends first.
static void test_other_side(void)
{
	struct flow f = flow_of(1, 40000, 7, 61498);

	begin();
	learn(flow_of(1, 40000, 9, 443), BY_MARKER, 100, false);
	f.flags = 0;
	CHECK(ask(f, 101) == SIGNAL, "to the socket");
	end();
}

static void test_relay(void)
{
	begin();
	learn(flow_of(1, 40000, 9, 3478), BY_STUN, 100, false);
	CHECK(ask(flow_of(2, 5555, 9, 443), 101) == 0, "a server told nothing");
	learn(flow_of(1, 40000, 9, 3478), BY_PEER, 100, true);
	CHECK(ask(flow_of(2, 5555, 9, 443), 101) == 0, "hearsay");
	learn(flow_of(1, 40000, 9, 3478), BY_STUN, 100, true);
	CHECK(ask(flow_of(2, 5555, 9, 443), 101) == SIGNAL, "a relay of its own");
	CHECK(ask(flow_of(2, 5555, 9, 443), 400) == 0, "five minutes");
	end();
}

// Seen from the middle, a public server may look like a client.
static void test_public(void)
{
	static const uint16_t ports[] = {53, 443, 3478, 3481, 5349, 19302, 19309};

	for (size_t i = 0; i < ROWS(ports); i++) {
		begin();
		learn(flow_of(1, ports[i], 9, 40000), BY_STUN, 100, false);
		CHECK(ask(flow_of(1, ports[i], 8, 5), 101) == 0, "%u", ports[i]);
		end();
	}
}

static void test_messages(void)
{
	struct flow f = flow_of(1, 1, 2, 2);
	struct find find = message(&f, 1);

	CHECK(call_message(&find), "STUN");
	find.app_proto = APP_TLS;
	CHECK(call_message(&find), "DTLS");
	f.key.l4 = IPPROTO_TCP;
	CHECK(!call_message(&find), "TLS");
	f.key.l4 = IPPROTO_UDP;
	find.app_proto = APP_DNS;
	CHECK(!call_message(&find), "DNS");
	find = message(&f, 1);
	find.kind = FIND_PACKET;
	CHECK(!call_message(&find), "a packet");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"ends", test_ends},
		{"the other side", test_other_side},
		{"relays", test_relay},
		{"public servers", test_public},
		{"messages", test_messages},
		CU_TEST_INFO_NULL,
	};
	return check_main("call_peers", tests);
}
