#include "control/sinks/eve_json.h"

#include "control/sinks/eve_parts.h"
#include "dataplane/api/counters.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

// Numbers of the wire, as EVE spells them.
struct name {
	uint16_t number;
	const char *name;
};

// IANA, assigned internet protocol numbers.
static const struct name protos[] = {{1, "ICMP"}, {2, "IGMP"}, {4, "IP-in-IP"}, {6, "TCP"},
	{17, "UDP"}, {41, "IPv6"}, {47, "GRE"}, {50, "ESP"}, {51, "AH"}, {58, "IPv6-ICMP"},
	{132, "SCTP"}};

static const struct name tls_versions[] = {{0x0002, "SSLv2"}, {0x0101, "TLCP"}, {0x0300, "SSLv3"},
	{0x0301, "TLSv1"}, {0x0302, "TLS 1.1"}, {0x0303, "TLS 1.2"}, {0x0304, "TLS 1.3"}};

// IANA, domain name system parameters.
static const struct name rrtypes[] = {{1, "A"}, {2, "NS"}, {5, "CNAME"}, {6, "SOA"}, {10, "NULL"},
	{12, "PTR"}, {13, "HINFO"}, {15, "MX"}, {16, "TXT"}, {17, "RP"}, {24, "SIG"}, {25, "KEY"},
	{28, "AAAA"}, {29, "LOC"}, {33, "SRV"}, {35, "NAPTR"}, {37, "CERT"}, {39, "DNAME"},
	{41, "OPT"}, {42, "APL"}, {43, "DS"}, {44, "SSHFP"}, {46, "RRSIG"}, {47, "NSEC"},
	{48, "DNSKEY"}, {49, "DHCID"}, {50, "NSEC3"}, {51, "NSEC3PARAM"}, {52, "TLSA"}, {55, "HIP"},
	{59, "CDS"}, {60, "CDNSKEY"}, {64, "SVCB"}, {65, "HTTPS"}, {99, "SPF"}, {249, "TKEY"},
	{250, "TSIG"}, {251, "IXFR"}, {252, "AXFR"}, {255, "ANY"}, {256, "URI"}, {257, "CAA"}};

static const struct name rcodes[] = {{0, "NOERROR"}, {1, "FORMERR"}, {2, "SERVFAIL"},
	{3, "NXDOMAIN"}, {4, "NOTIMP"}, {5, "REFUSED"}, {6, "YXDOMAIN"}, {7, "YXRRSET"},
	{8, "NXRRSET"}, {9, "NOTAUTH"}, {10, "NOTZONE"}};

// NULL: has no name.
#define NAME(table, number) name_of(table, sizeof(table) / sizeof((table)[0]), number)

static const char *name_of(const struct name *names, size_t n, uint16_t number)
{
	for (size_t i = 0; i < n; i++) {
		if (names[i].number == number)
			return names[i].name;
	}
	return NULL;
}

static void put_address(
	struct json_out *j, const char *key, const struct event_head *h, const uint8_t *a)
{
	char text[INET6_ADDRSTRLEN];
	inet_ntop(h->ip_version == 4 ? AF_INET : AF_INET6, a, text, sizeof(text));
	jout_string(j, key, text);
}

static void put_proto(struct json_out *j, uint8_t l4)
{
	const char *name = NAME(protos, l4);
	char number[8];

	snprintf(number, sizeof(number), "%u", l4);
	jout_string(j, "proto", name != NULL ? name : number);
}

void eve_put_app_proto(struct json_out *j, const struct event_head *h)
{
	if (h->app_proto != APP_UNKNOWN)
		jout_string(j, "app_proto", app_proto_name[h->app_proto]);
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

static uint16_t u16_of(const struct eve_value *v, size_t at)
{
	return v->len >= at + 2 ? (uint16_t)(v->p[at] << 8 | v->p[at + 1]) : 0;
}

static void put_tls(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *sni = eve_record_find(r, FIELD_TLS_SNI);
	const struct eve_value *version = eve_record_find(r, FIELD_TLS_VERSION);

	jout_open(j, "tls", '{');
	if (sni != NULL)
		jout_text(j, "sni", sni->p, sni->len);
	if (version != NULL) {
		const char *name = NAME(tls_versions, u16_of(version, 0));
		char number[16];
		snprintf(number, sizeof(number), "0x%04x", u16_of(version, 0));
		jout_string(j, "version", name != NULL ? name : number);
	}
	eve_put_list(j, r, "client_alpns", FIELD_TLS_ALPN);
	jout_close(j, '}');
}

// Where the host of "host:port" ends, and *port; without a port it is the whole, and -1. Only in
// brackets a host has colons of its own: an IPv6 literal without them has no port.
static size_t split_host(const struct eve_value *v, int32_t *port)
{
	const uint8_t *colon = memrchr(v->p, ':', v->len);
	int32_t n = 0;

	*port = -1;
	if (colon == NULL)
		return v->len;
	size_t host = (size_t)(colon - v->p);
	size_t digits = v->len - host - 1;
	bool brackets = host >= 2 && v->p[0] == '[' && v->p[host - 1] == ']';
	if (digits == 0 || digits > 5 || (!brackets && memchr(v->p, ':', host) != NULL))
		return v->len;
	for (size_t i = 1; i <= digits; i++) {
		if (colon[i] < '0' || colon[i] > '9')
			return v->len;
		n = n * 10 + (colon[i] - '0');
	}
	if (n > UINT16_MAX)
		return v->len;
	*port = n;
	return host;
}

static void put_host(struct json_out *j, const struct eve_value *v)
{
	int32_t port;
	size_t len = split_host(v, &port);

	jout_text(j, "hostname", v->p, len);
	if (port >= 0)
		jout_number(j, "http_port", (uint64_t)port);
}

static void put_http(struct json_out *j, const struct eve_record *r)
{
	static const struct {
		uint16_t tag;
		const char *key;
	} rows[] = {{FIELD_HTTP_URI, "url"}, {FIELD_HTTP_USER_AGENT, "http_user_agent"},
		{FIELD_HTTP_REFERER, "http_refer"}, {FIELD_HTTP_METHOD, "http_method"},
		{FIELD_HTTP_PROTOCOL, "protocol"}};
	const struct eve_value *host = eve_record_find(r, FIELD_HTTP_HOST);

	jout_open(j, "http", '{');
	if (host != NULL)
		put_host(j, host);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct eve_value *v = eve_record_find(r, rows[i].tag);
		if (v != NULL)
			jout_text(j, rows[i].key, v->p, v->len);
	}
	jout_close(j, '}');
}

static void put_http_event(struct json_out *j, const struct eve_record *r)
{
	jout_number(j, "tx_id", r->head.tx_id);
	put_http(j, r);
}

static void put_rrtype(struct json_out *j, uint16_t type)
{
	const char *name = NAME(rrtypes, type);
	char number[16];

	snprintf(number, sizeof(number), "TYPE%u", type); // RFC 3597 5
	jout_string(j, "rrtype", name != NULL ? name : number);
}

static void put_queries(struct json_out *j, const struct eve_record *r)
{
	if (eve_record_find(r, FIELD_DNS_QUERY) == NULL)
		return;
	jout_open(j, "queries", '[');
	for (unsigned i = 0; i < r->n; i++) {
		if (r->values[i].tag != FIELD_DNS_QUERY)
			continue;
		jout_open(j, NULL, '{');
		jout_text(j, "rrname", r->values[i].p, r->values[i].len);
		if (i + 1 < r->n && r->values[i + 1].tag == FIELD_DNS_RRTYPE)
			put_rrtype(j, u16_of(&r->values[i + 1], 0));
		jout_close(j, '}');
	}
	jout_close(j, ']');
}

// RFC 1035 4.1.1.
static void put_dns_flags(struct json_out *j, uint16_t flags)
{
	static const struct {
		uint16_t bit;
		const char *key;
	} bits[] = {{0x8000, "qr"}, {0x0400, "aa"}, {0x0200, "tc"}, {0x0100, "rd"}, {0x0080, "ra"},
		{0x0040, "z"}};
	const char *rcode = NAME(rcodes, flags & 15);
	char text[8];

	snprintf(text, sizeof(text), "%04x", flags);
	jout_string(j, "flags", text);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (flags & bits[i].bit)
			jout_bool(j, bits[i].key, true);
	}
	jout_number(j, "opcode", flags >> 11 & 15);
	if (!(flags & 0x8000))
		return;
	snprintf(text, sizeof(text), "%u", flags & 15);
	jout_string(j, "rcode", rcode != NULL ? rcode : text);
}

static void put_dns(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *header = eve_record_find(r, FIELD_DNS_HEADER);
	bool known = header != NULL && header->len >= 4;
	uint16_t flags = known ? u16_of(header, 2) : 0;

	jout_open(j, "dns", '{');
	jout_number(j, "version", 3);
	jout_string(j, "type", flags & 0x8000 ? "response" : "request");
	jout_number(j, "tx_id", r->head.tx_id);
	if (known) {
		jout_number(j, "id", u16_of(header, 0));
		put_dns_flags(j, flags);
	}
	put_queries(j, r);
	jout_close(j, '}');
}

void eve_put_transaction(struct json_out *j, const struct eve_record *r)
{
	if (eve_record_find(r, FIELD_TLS_VERSION) != NULL ||
		eve_record_find(r, FIELD_TLS_SNI) != NULL)
		put_tls(j, r);
	if (eve_record_find(r, FIELD_HTTP_METHOD) != NULL)
		put_http(j, r);
	if (eve_record_find(r, FIELD_DNS_HEADER) != NULL)
		put_dns(j, r);
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
	eve_put_app_proto(j, &r->head);
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

// What Suricata has no place for.
static void put_ours(struct json_out *j, const struct eve_record *r)
{
	static const struct {
		uint16_t tag;
		const char *key;
	} rows[] = {{TAG_SERVICE, "service"}, {TAG_SERVICE_BY, "service_by"},
		{FIELD_HTTP_CONTENT_TYPE, "request_content_type"}, {FIELD_DNS_KIND, "kind"}};
	struct event_tunnel tunnel;

	jout_open(j, "sealwatch", '{');
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct eve_value *v = eve_record_find(r, rows[i].tag);
		if (v != NULL)
			jout_text(j, rows[i].key, v->p, v->len);
	}
	if (eve_record_copy(r, TAG_TUNNEL, &tunnel, sizeof(tunnel)))
		put_tunnel_ids(j, &tunnel);
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
		[EVENT_TLS] = {"tls", put_tls},
		[EVENT_HTTP] = {"http", put_http_event},
		[EVENT_DNS] = {"dns", put_dns},
		[EVENT_FLOW] = {"flow", put_flow},
	};
	uint8_t type = r->head.type;

	if (type >= sizeof(types) / sizeof(types[0]) || types[type].fn == NULL)
		return false;
	jout_reset(j);
	jout_open(j, NULL, '{');
	put_common(j, r, types[type].name);
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
