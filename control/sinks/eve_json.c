#include "control/sinks/eve_json.h"

#include "control/sinks/eve_parts.h"
#include "dataplane/api/counters.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

// IANA, assigned internet protocol numbers.
static const struct eve_name protos[] = {{1, "ICMP"}, {2, "IGMP"}, {4, "IP-in-IP"}, {6, "TCP"},
	{17, "UDP"}, {41, "IPv6"}, {47, "GRE"}, {50, "ESP"}, {51, "AH"}, {58, "IPv6-ICMP"},
	{132, "SCTP"}};

static void put_address(
	struct json_out *j, const char *key, const struct event_head *h, const uint8_t *a)
{
	char text[INET6_ADDRSTRLEN];
	inet_ntop(h->ip_version == 4 ? AF_INET : AF_INET6, a, text, sizeof(text));
	jout_string(j, key, text);
}

static void put_proto(struct json_out *j, uint8_t l4)
{
	const char *name = EVE_NAME(protos, l4);
	char number[8];

	snprintf(number, sizeof(number), "%u", l4);
	jout_string(j, "proto", name != NULL ? name : number);
}

void eve_put_app_proto(struct json_out *j, const struct event_head *h)
{
	if (h->app_proto != APP_UNKNOWN && h->app_proto < APP_COUNT)
		jout_string(j, "app_proto", app_proto_table[h->app_proto].name);
}

void eve_put_list(struct json_out *j, const struct eve_record *r, const char *key, uint16_t tag)
{
	if (eve_record_find(r, tag) == NULL)
		return;
	jout_open(j, key, '[');
	for (unsigned i = 0; i < r->n; i++) {
		if (r->values[i].tag == tag)
			jout_text(j, NULL, r->values[i].p, r->values[i].len);
	}
	jout_close(j, ']');
}

static void put_vlan(struct json_out *j, const struct event_tunnel *t)
{
	if (t->vlan[0] == TUNNEL_NONE)
		return;
	jout_open(j, "vlan", '[');
	for (unsigned i = 0; i < TUNNEL_VLANS && t->vlan[i] != TUNNEL_NONE; i++)
		jout_number(j, NULL, t->vlan[i]);
	jout_close(j, ']');
}

static bool is_icmp(const struct event_head *h)
{
	return h->l4 == IPPROTO_ICMP || h->l4 == IPPROTO_ICMPV6;
}

static void put_common(struct json_out *j, const struct eve_record *r, const char *type)
{
	const struct event_head *h = &r->head;
	// JSON's readers keep 53 bits of a number; 0 would be none.
	uint64_t flow_id = h->flow_id & ((1ull << 53) - 1);
	struct event_tunnel tunnel;

	jout_time(j, "timestamp", h->ts_ns);
	jout_number(j, "flow_id", flow_id != 0 ? flow_id : 1);
	if (h->pcap_cnt != 0)
		jout_number(j, "pcap_cnt", h->pcap_cnt);
	jout_string(j, "event_type", type);
	if (eve_record_copy(r, TAG_TUNNEL, &tunnel, sizeof(tunnel)))
		put_vlan(j, &tunnel);
	put_address(j, "src_ip", h, h->src);
	if (!is_icmp(h))
		jout_number(j, "src_port", h->sport);
	put_address(j, "dest_ip", h, h->dst);
	if (!is_icmp(h))
		jout_number(j, "dest_port", h->dport);
	put_proto(j, h->l4);
	jout_number(j, "ip_v", h->ip_version);
	// A flow of ICMP is no one packet's: it has no type.
	if (is_icmp(h) && h->type == EVENT_ALERT) {
		jout_number(j, "icmp_type", h->sport & 0xff);
		jout_number(j, "icmp_code", h->dport & 0xff);
	}
}

void eve_put_flow_counts(struct json_out *j, const struct event_flow *f)
{
	jout_number(j, "pkts_toserver", f->packets[DIR_C2S]);
	jout_number(j, "pkts_toclient", f->packets[DIR_S2C]);
	jout_number(j, "bytes_toserver", f->bytes[DIR_C2S]);
	jout_number(j, "bytes_toclient", f->bytes[DIR_S2C]);
	jout_time(j, "start", f->start_ns);
}

static void put_tcp(struct json_out *j, const struct event_flow *f)
{
	static const struct {
		uint8_t bit;
		const char *key;
	} bits[] = {{0x02, "syn"}, {0x01, "fin"}, {0x04, "rst"}, {0x08, "psh"}, {0x10, "ack"},
		{0x20, "urg"}, {0x40, "ecn"}, {0x80, "cwr"}};
	static const char *const keys[] = {"tcp_flags_ts", "tcp_flags_tc"};
	uint8_t all = f->tcp_flags[0] | f->tcp_flags[1];
	char text[8];

	jout_open(j, "tcp", '{');
	snprintf(text, sizeof(text), "%02x", all);
	jout_string(j, "tcp_flags", text);
	for (unsigned dir = 0; dir < 2; dir++) {
		snprintf(text, sizeof(text), "%02x", f->tcp_flags[dir]);
		jout_string(j, keys[dir], text);
	}
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (all & bits[i].bit)
			jout_bool(j, bits[i].key, true);
	}
	jout_close(j, '}');
}

static const char *word_of(const char *const *words, size_t n, unsigned at)
{
	return at < n && words[at] != NULL ? words[at] : "unknown";
}

static void put_flow(struct json_out *j, const struct eve_record *r)
{
	static const char *const states[] = {[FLOW_STATE_NEW] = "new",
		[FLOW_STATE_ESTABLISHED] = "established",
		[FLOW_STATE_CLOSED] = "closed"};
	// To Suricata a closed connection ends by its timeout as well.
	static const char *const reasons[] = {[FLOW_TIMEOUT] = "timeout",
		[FLOW_CLOSED] = "timeout",
		[FLOW_SHED] = "forced",
		[FLOW_END_OF_INPUT] = "shutdown"};
	struct event_flow f = {0};

	eve_record_copy(r, TAG_FLOW, &f, sizeof(f));
	uint64_t start = f.start_ns / 1000000000, end = f.end_ns / 1000000000;
	// Unknown is told as unknown: how much there is of it matters.
	if (r->head.app_proto < APP_COUNT)
		jout_string(j, "app_proto", app_proto_table[r->head.app_proto].name);
	jout_open(j, "flow", '{');
	eve_put_flow_counts(j, &f);
	jout_time(j, "end", f.end_ns);
	jout_number(j, "age", end > start ? end - start : 0);
	jout_string(j, "state", word_of(states, sizeof(states) / sizeof(states[0]), f.state));
	jout_string(j, "reason", word_of(reasons, sizeof(reasons) / sizeof(reasons[0]), f.reason));
	jout_bool(j, "alerted", f.alerted != 0);
	jout_close(j, '}');
	if (r->head.l4 == IPPROTO_TCP)
		put_tcp(j, &f);
}

static void put_tunnel_ids(struct json_out *j, const struct event_tunnel *t)
{
	const struct {
		const char *key;
		uint32_t id;
	} ids[] = {{"mpls", t->mpls}, {"gtp_teid", t->gtp_teid}, {"vxlan_vni", t->vxlan_vni},
		{"gre_key", t->gre_key}, {"pppoe_session", t->pppoe_session}};

	jout_open(j, "tunnel", '{');
	put_vlan(j, t);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (ids[i].id != TUNNEL_NONE)
			jout_number(j, ids[i].key, ids[i].id);
	}
	jout_close(j, '}');
}

static void put_posture(struct json_out *j, const struct eve_record *r)
{
	eve_put_app_proto(j, &r->head);
}

static void put_checks(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *severity = eve_record_find(r, TAG_SEVERITY);

	if (severity == NULL)
		return;
	jout_open(j, "posture", '{');
	jout_text(j, "severity", severity->p, severity->len);
	eve_put_list(j, r, "checks", TAG_CHECK);
	jout_close(j, '}');
}

// What Suricata has no place for.
static void put_ours(struct json_out *j, const struct eve_record *r)
{
	static const struct {
		uint16_t tag;
		const char *key;
	} rows[] = {{TAG_SERVICE, "service"}, {TAG_SERVICE_BY, "service_by"},
		{TAG_SERVER_NAME, "server_name"}, {TAG_SERVER_NAME_BY, "server_name_by"},
		{TAG_SERVER_NAME_CONFIDENCE, "server_name_confidence"},
		{TAG_CONFIDENCE, "confidence"}, {TAG_FUNCTION, "function"},
		{TAG_APPLICATION, "application"}, {TAG_SEGMENT, "segment"},
		{TAG_MASKING, "masking"}, {TAG_COUNTRY, "country"}, {TAG_GRADE, "grade"}};
	struct event_tunnel tunnel;
	uint32_t as;

	jout_open(j, "sealwatch", '{');
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct eve_value *v = eve_record_find(r, rows[i].tag);
		if (v != NULL)
			jout_text(j, rows[i].key, v->p, v->len);
	}
	if (eve_record_copy(r, TAG_AS, &as, sizeof(as)))
		jout_number(j, "asn", as);
	if (eve_record_copy(r, TAG_TUNNEL, &tunnel, sizeof(tunnel)))
		put_tunnel_ids(j, &tunnel);
	put_checks(j, r);
	eve_put_transaction_ours(j, r);
	if (r->head.type == EVENT_LEAK)
		eve_put_leak_ours(j, r);
	if (r->head.flags & EVENT_CLEAR)
		jout_bool(j, "clear", true);
	jout_close(j, '}');
}

bool eve_json_record(struct json_out *j, const struct eve_record *r)
{
	static const struct {
		const char *name;
		void (*fn)(struct json_out *j, const struct eve_record *r);
	} types[] = {
		[EVENT_ALERT] = {"alert", eve_put_alert},
		[EVENT_TX] = {NULL, eve_put_transaction},
		[EVENT_FLOW] = {"flow", put_flow},
		[EVENT_POSTURE] = {"posture", put_posture},
		[EVENT_LEAK] = {"leak", eve_put_leak},
	};
	uint8_t type = r->head.type;

	if (type >= sizeof(types) / sizeof(types[0]) || types[type].fn == NULL)
		return false;
	const char *name = types[type].name != NULL ? types[type].name : eve_transaction_type(r);
	if (name[0] == '\0')
		return false;
	jout_reset(j);
	jout_open(j, NULL, '{');
	put_common(j, r, name);
	types[type].fn(j, r);
	put_ours(j, r);
	jout_close(j, '}');
	jout_newline(j);
	return true;
}

// What has an honest equivalent in the schema. Rows of one object stand together.
static const struct {
	const char *object, *key;
	uint8_t n;
	enum counter counters[7]; // the sum of these
} stats_rows[] = {
	{"capture", "kernel_packets", 2, {CTR_RX_PACKETS, CTR_MISSED}},
	{"capture", "kernel_drops", 1, {CTR_MISSED}},
	{"decoder", "pkts", 1, {CTR_RX_PACKETS}},
	{"decoder", "bytes", 1, {CTR_RX_BYTES}},
	{"decoder", "invalid", 7,
		{CTR_LINK_TRUNCATED, CTR_IP4_BAD, CTR_IP6_BAD, CTR_L4_TRUNCATED, CTR_TCP_BAD,
			CTR_UDP_BAD, CTR_TUNNEL_BAD}},
	{"decoder", "too_many_layers", 1, {CTR_TUNNEL_TOO_DEEP}},
	{"flow", "total", 1, {CTR_FLOWS_NEW}},
	{"flow", "active", 1, {CTR_FLOWS_ACTIVE}},
	{"tcp", "reassembly_gap", 1, {CTR_TCP_GAPS}},
	{"detect", "alert", 1, {CTR_ALERTS}},
	{"detect", "alerts_suppressed", 2, {CTR_ALERTS_SUPPRESSED, CTR_ALERTS_LIMITED}},
};

static void put_stats(struct json_out *j, const uint64_t *counters)
{
	const size_t n = sizeof(stats_rows) / sizeof(stats_rows[0]);

	for (size_t i = 0; i < n; i++) {
		const char *object = stats_rows[i].object;
		uint64_t sum = 0;
		if (i == 0 || strcmp(object, stats_rows[i - 1].object) != 0)
			jout_open(j, object, '{');
		for (unsigned k = 0; k < stats_rows[i].n; k++)
			sum += counters[stats_rows[i].counters[k]];
		jout_number(j, stats_rows[i].key, sum);
		if (i + 1 == n || strcmp(object, stats_rows[i + 1].object) != 0)
			jout_close(j, '}');
	}
}

void eve_json_stats(struct json_out *j, uint64_t ts_ns, uint64_t uptime_s, const uint64_t *counters)
{
	jout_reset(j);
	jout_open(j, NULL, '{');
	jout_time(j, "timestamp", ts_ns);
	jout_string(j, "event_type", "stats");
	jout_open(j, "stats", '{');
	jout_number(j, "uptime", uptime_s);
	put_stats(j, counters);
	jout_close(j, '}');
	jout_open(j, "sealwatch", '{');
	jout_open(j, "counters", '{');
	for (unsigned i = 0; i < CTR_COUNT; i++)
		jout_number(j, counter_table[i].name, counters[i]);
	jout_close(j, '}');
	jout_close(j, '}');
	jout_close(j, '}');
	jout_newline(j);
}
