#include "dataplane/runtime/judge_env.h"

struct match_env judge_env(const struct find *find)
{
	const struct flow *f = find->flow;
	bool a_is_client = (f->flags & FLOW_A_IS_CLIENT) != 0;
	bool from_a = (find->dir == DIR_C2S) == a_is_client;
	unsigned client = a_is_client ? 0 : 1;

	return (struct match_env){
		.src = from_a ? f->key.a : f->key.b,
		.dst = from_a ? f->key.b : f->key.a,
		.sport = from_a ? f->key.aport : f->key.bport,
		.dport = from_a ? f->key.bport : f->key.aport,
		.ip_version = f->key.ip_version,
		.l4 = f->key.l4,
		.app_proto = find->kind == FIND_STREAM ? f->app_proto : find->app_proto,
		.app_first = f->app_first != APP_UNKNOWN ? f->app_first : f->app_proto,
		.dir = find->dir,
		.first = find->first,
		.first_known = find->first_known,
		.established = find->counts.state != FLOW_STATE_NEW,
		.payload_len = find->payload_len,
		.flow_packets = {[DIR_C2S] = find->counts.packets[client],
			[DIR_S2C] = find->counts.packets[!client]},
		.flow_bytes = {[DIR_C2S] = find->counts.bytes[client],
			[DIR_S2C] = find->counts.bytes[!client]},
	};
}

// A stream is as large as it is with this packet.
static uint64_t stream_size(const struct packet_facts *facts, enum dir dir, enum dir sender)
{
	uint64_t before = facts->stream_bytes[dir];

	if (before == STREAM_BYTES_UNKNOWN || dir != sender)
		return before;
	return before + facts->headers.payload_len;
}

struct match_packet judge_packet_facts(const struct find *find)
{
	const struct packet_facts *facts = find->facts;
	enum { NS_PER_S = 1000000000 };

	return (struct match_packet){
		.headers = facts->headers,
		.ether = {.p = facts->ether, .len = facts->ether != NULL ? facts->ether_len : 0},
		.payload = {.p = facts->payload, .len = facts->headers.payload_len},
		.vlans = facts->vlans.id,
		.n_vlans = facts->vlans.n,
		.stream_bytes = {[DIR_C2S] = stream_size(facts, DIR_C2S, find->dir),
			[DIR_S2C] = stream_size(facts, DIR_S2C, find->dir)},
		.flow_age_s = facts->flow_age_ns / NS_PER_S,
	};
}
