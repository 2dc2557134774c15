#include "control/sinks/eve_json.h"

#include "control/sinks/eve_parts.h"
#include "dataplane/api/counters.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PROTO_SCTP = 132, ICMP4 = 1, ICMP6 = 58 };

void eve_put_time(struct json_out *j, const char *key, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06u+0000", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		(unsigned)(ns % 1000000000 / 1000));
	jout_string(j, key, text);
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
	static const struct {
		uint8_t l4;
		const char *name;
	} names[] = {{IPPROTO_TCP, "TCP"}, {IPPROTO_UDP, "UDP"}, {ICMP4, "ICMP"},
		{ICMP6, "IPv6-ICMP"}, {PROTO_SCTP, "SCTP"}, {IPPROTO_GRE, "GRE"},
		{IPPROTO_ESP, "ESP"}, {IPPROTO_IGMP, "IGMP"}};
	char number[8];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].l4 == l4) {
			jout_string(j, "proto", names[i].name);
			return;
		}
	}
	snprintf(number, sizeof(number), "%03u", l4);
	jout_string(j, "proto", number);
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
	return h->l4 == ICMP4 || h->l4 == ICMP6;
}

static void put_common(struct json_out *j, const struct eve_record *r, const char *type)
{
	const struct event_head *h = &r->head;
	struct event_tunnel tunnel;

	eve_put_time(j, "timestamp", h->ts_ns);
	// JSON's readers keep 53 bits of a number.
	jout_number(j, "flow_id", h->flow_id & ((1ull << 53) - 1));
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
	static const struct {
		uint16_t version;
		const char *name;
	} names[] = {{0x0101, "TLCP"}, {0x0002, "SSLv2"}, {0x0300, "SSLv3"}, {0x0301, "TLSv1"},
		{0x0302, "TLS 1.1"}, {0x0303, "TLS 1.2"}, {0x0304, "TLS 1.3"}};
	const struct eve_value *sni = eve_record_find(r, FIELD_TLS_SNI);
	const struct eve_value *version = eve_record_find(r, FIELD_TLS_VERSION);
	char number[16];

	jout_open(j, "tls", '{');
	if (sni != NULL)
		jout_text(j, "sni", sni->p, sni->len);
	if (version != NULL) {
		snprintf(number, sizeof(number), "0x%04x", u16_of(version, 0));
		const char *name = number;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (names[i].version == u16_of(version, 0))
				name = names[i].name;
		}
		jout_string(j, "version", name);
	}
	if (eve_record_find(r, FIELD_TLS_ALPN) != NULL) {
		jout_open(j, "client_alpns", '[');
		for (unsigned i = 0; i < r->n; i++) {
			if (r->values[i].tag == FIELD_TLS_ALPN)
				jout_text(j, NULL, r->values[i].p, r->values[i].len);
		}
		jout_close(j, ']');
	}
	jout_close(j, '}');
}

// "host:port" -> the host, and the port as a number of its own. An IPv6 literal has its brackets.
static void put_host(struct json_out *j, const struct eve_value *v)
{
	size_t len = v->len, digits = 0;
	uint32_t port = 0;

	while (digits < v->len && digits < 5 && v->p[v->len - 1 - digits] >= '0' &&
		v->p[v->len - 1 - digits] <= '9')
		digits++;
	if (digits > 0 && digits < v->len && v->p[v->len - 1 - digits] == ':') {
		len = v->len - 1 - digits;
		for (size_t i = len + 1; i < v->len; i++)
			port = port * 10 + (uint32_t)(v->p[i] - '0');
	}
	jout_text(j, "hostname", v->p, len);
	if (len != v->len && port <= 65535)
		jout_number(j, "http_port", port);
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

static const char *rrtype_name(uint16_t type)
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {{1, "A"}, {2, "NS"}, {5, "CNAME"}, {6, "SOA"}, {10, "NULL"}, {12, "PTR"},
		{13, "HINFO"}, {15, "MX"}, {16, "TXT"}, {28, "AAAA"}, {33, "SRV"}, {35, "NAPTR"},
		{39, "DNAME"}, {41, "OPT"}, {43, "DS"}, {44, "SSHFP"}, {46, "RRSIG"}, {47, "NSEC"},
		{48, "DNSKEY"}, {52, "TLSA"}, {64, "SVCB"}, {65, "HTTPS"}, {99, "SPF"},
		{249, "TKEY"}, {250, "TSIG"}, {251, "IXFR"}, {252, "AXFR"}, {255, "ANY"},
		{257, "CAA"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].type == type)
			return names[i].name;
	}
	return NULL;
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
		if (i + 1 < r->n && r->values[i + 1].tag == FIELD_DNS_RRTYPE) {
			uint16_t type = u16_of(&r->values[i + 1], 0);
			const char *name = rrtype_name(type);
			char number[16];
			snprintf(number, sizeof(number), "TYPE%u", type);
			jout_string(j, "rrtype", name != NULL ? name : number);
		}
		jout_close(j, '}');
	}
	jout_close(j, ']');
}

// RFC 1035 4.1.1.
static void put_dns(struct json_out *j, const struct eve_record *r)
{
	static const char *const rcodes[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
		"REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"};
	static const struct {
		uint16_t bit;
		const char *key;
	} bits[] = {{0x8000, "qr"}, {0x0400, "aa"}, {0x0200, "tc"}, {0x0100, "rd"}, {0x0080, "ra"},
		{0x0040, "z"}};
	const struct eve_value *header = eve_record_find(r, FIELD_DNS_HEADER);
	uint16_t flags = header != NULL ? u16_of(header, 2) : 0;
	char text[8];

	jout_open(j, "dns", '{');
	jout_number(j, "version", 3);
	jout_string(j, "type", flags & 0x8000 ? "response" : "request");
	jout_number(j, "tx_id", r->head.tx_id);
	if (header != NULL)
		jout_number(j, "id", u16_of(header, 0));
	snprintf(text, sizeof(text), "%04x", flags);
	jout_string(j, "flags", text);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (flags & bits[i].bit)
			jout_bool(j, bits[i].key, true);
	}
	jout_number(j, "opcode", flags >> 11 & 15);
	if (flags & 0x8000 && (flags & 15) < sizeof(rcodes) / sizeof(rcodes[0]))
		jout_string(j, "rcode", rcodes[flags & 15]);
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
	eve_put_time(j, "start", f->start_ns);
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

static void put_flow(struct json_out *j, const struct eve_record *r)
{
	static const char *const states[] = {"new", "established", "closed"};
	static const char *const reasons[] = {
		"unknown", "timeout", "tcp_reuse", "forced", "shutdown"};
	struct event_flow f = {0};

	eve_record_copy(r, TAG_FLOW, &f, sizeof(f));
	jout_string(j, "app_proto", app_proto_name[r->head.app_proto]);
	jout_open(j, "flow", '{');
	eve_put_flow_counts(j, &f);
	eve_put_time(j, "end", f.end_ns);
	jout_number(j, "age", f.end_ns > f.start_ns ? (f.end_ns - f.start_ns) / 1000000000 : 0);
	jout_string(j, "state", f.state < 3 ? states[f.state] : "unknown");
	// A closed connection that idled out its last seconds is a timeout to Suricata as well.
	jout_string(j, "reason",
		f.reason < 5 ? (f.reason == FLOW_CLOSED ? "timeout" : reasons[f.reason])
			     : "unknown");
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
		{TAG_SEGMENT, "segment"}, {FIELD_HTTP_CONTENT_TYPE, "request_content_type"},
		{FIELD_DNS_KIND, "kind"}};
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
		[EVENT_HTTP] = {"http", put_http},
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

void eve_json_stats(struct json_out *j, uint64_t ts_ns, uint64_t uptime_s, const uint64_t *c)
{
	uint64_t invalid = 0;

	for (unsigned i = CTR_LINK_TRUNCATED; i <= CTR_TUNNEL_BAD; i++)
		invalid += c[i];
	jout_reset(j);
	jout_open(j, NULL, '{');
	eve_put_time(j, "timestamp", ts_ns);
	jout_string(j, "event_type", "stats");
	jout_open(j, "stats", '{');
	jout_number(j, "uptime", uptime_s);
	jout_open(j, "capture", '{');
	jout_number(j, "kernel_packets", c[CTR_RX_PACKETS] + c[CTR_MISSED]);
	jout_number(j, "kernel_drops", c[CTR_MISSED]);
	jout_close(j, '}');
	jout_open(j, "decoder", '{');
	jout_number(j, "pkts", c[CTR_RX_PACKETS]);
	jout_number(j, "bytes", c[CTR_RX_BYTES]);
	jout_number(j, "invalid", invalid);
	jout_close(j, '}');
	jout_open(j, "flow", '{');
	jout_number(j, "total", c[CTR_FLOWS_NEW]);
	jout_number(j, "active", c[CTR_FLOWS_ACTIVE]);
	jout_close(j, '}');
	jout_open(j, "tcp", '{');
	jout_number(j, "reassembly_gap", c[CTR_TCP_GAPS]);
	jout_close(j, '}');
	jout_open(j, "detect", '{');
	jout_number(j, "alert", c[CTR_ALERTS]);
	jout_close(j, '}');
	jout_close(j, '}');
	jout_open(j, "sealwatch", '{');
	jout_open(j, "counters", '{');
	for (unsigned i = 0; i < CTR_COUNT; i++)
		jout_number(j, counter_table[i].name, c[i]);
	jout_close(j, '}');
	jout_close(j, '}');
	jout_close(j, '}');
	jout_newline(j);
}
