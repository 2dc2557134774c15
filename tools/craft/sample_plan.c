#include "tools/craft/sample_plan.h"

#include "tools/craft/dns.h"
#include "tools/craft/http.h"
#include "tools/craft/op.h"
#include "tools/craft/session.h"
#include "tools/craft/tls.h"

#include <pcap/dlt.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define START_NS 1704067200000000000ull // 2024-01-01
#define FLOW_GAP_NS 12000000ull // conversations overlap
#define STEP_NS 3000000ull
#define RESOLVER "10.0.0.53"
#define SUBSCRIBER "10.0.0.10"
#define SUBSCRIBER_V6 "2001:db8:10::10"

enum { MSS = 1400, BUF_LEN = 16384, FIRST_PORT = 49200, VLAN_ID = 100, VNI = 4711, TEID = 0x1234 };

struct plan {
	struct sample *out;
	struct rng rng;
	uint64_t now_ns;
	uint16_t port;
	const struct op *op; // of the conversation that goes through one
	struct op_run *run;
	int err;
};

static const char *const web[] = {"h2", "http/1.1", NULL};

// Names that the messengers' own clients ask for; the addresses are not theirs.
static const struct {
	const char *name;
	const char *server;
	uint16_t version;
	bool grease;
	const char *const *alpn;
	uint16_t up; // bytes of application data
	uint16_t down;
} messengers[] = {
	{"web.whatsapp.com", "203.0.113.10", TLS_13, true, web, 620, 2900},
	{"mmg.whatsapp.net", "203.0.113.11", TLS_13, false, web, 3100, 180},
	{"web.wechat.com", "203.0.113.12", TLS_12, false, NULL, 410, 1700},
	{"work.weixin.qq.com", "203.0.113.13", TLS_13, true, web, 350, 1250},
	{"im.qq.com", "203.0.113.14", TLS_12, false, web, 300, 2100},
	{"im.dingtalk.com", "203.0.113.15", TLS_13, true, web, 480, 960},
	{"web.telegram.org", "203.0.113.16", TLS_13, true, web, 700, 1900},
	{"chat.signal.org", "203.0.113.17", TLS_13, false, NULL, 540, 540},
	{"obs.line-apps.com", "203.0.113.18", TLS_12, false, web, 260, 3300},
	{"www.feishu.cn", "203.0.113.19", TLS_13, true, web, 520, 1450},
	{"us05web.zoom.us", "203.0.113.20", TLS_13, true, web, 300, 2600},
	{"teams.microsoft.com", "203.0.113.21", TLS_13, true, web, 880, 1320},
	{"talk.kakao.com", "203.0.113.22", TLS_12, false, NULL, 330, 470},
	{"content.cdn.viber.com", "203.0.113.23", TLS_12, false, web, 240, 2800},
	{"app.slack.com", "203.0.113.24", TLS_13, true, web, 610, 1100},
	{"gateway.discord.gg", "203.0.113.25", TLS_13, true, web, 290, 1600},
};

// The conversations that go through an operation on their way into the capture.
static const struct {
	const char *op;
	uint64_t argument;
	const char *name;
	const char *server;
} tunnelled[] = {
	{"vlan", VLAN_ID, "graph.whatsapp.com", "198.51.100.10"},
	{"vxlan", VNI, "t.me", "198.51.100.11"},
	{"gtpu", TEID, "graph.whatsapp.net", "198.51.100.12"},
};

#define FORM "application/x-www-form-urlencoded"
#define BROWSER "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0"
#define WECHAT "MicroMessenger Client"

// In clear text. The values of the third and fourth are published for tests: a card number
// of the payment networks, a number of the range for fiction, RFC 2606 mail.
static const struct {
	const char *server;
	struct http_request head;
	const char *body; // NULL with a type: random bytes
	const char *answer;
} requests[] = {
	{"203.0.113.30",
		{"POST", "szshort.weixin.qq.com", "/mmtls/00007b3a", WECHAT,
			"application/octet-stream", "Upgrade: mmtls\r\n"},
		NULL, "application/octet-stream"},
	{"203.0.113.31", {"GET", "mmsns.qpic.cn", "/mmsns/0123456789abcdef/0", WECHAT, NULL, NULL},
		NULL, "application/octet-stream"},
	{"203.0.113.32", {"POST", "shop.example.com", "/account", BROWSER, FORM, NULL},
		"name=Jane+Doe&email=user%40example.com&phone=%2B1-202-555-0100"
		"&card=4111111111111111&expires=12%2F30",
		"text/html"},
	{"203.0.113.33",
		{"POST", "api.example.net", "/v1/contacts", "example-app/1.0", "application/json",
			NULL},
		"{\"email\":\"user@example.com\",\"phone\":\"+1-202-555-0101\","
		"\"card\":\"4111 1111 1111 1111\"}",
		"application/json"},
	{"203.0.113.34", {"GET", "www.dingtalk.com", "/download", BROWSER, NULL, NULL}, NULL,
		"text/html"},
};

static void note(struct sample_names *names, const char *name)
{
	assert(names->n < SAMPLE_NAMES_MAX);
	names->name[names->n++] = name;
}

static struct session begin(
	struct plan *p, const char *client, const char *server, uint16_t server_port)
{
	struct session s = {.put = trace_put,
		.put_ctx = &p->out->trace,
		.rng = &p->rng,
		.now_ns = p->now_ns,
		.step_ns = STEP_NS,
		.mss = MSS};

	s.host[CLIENT] = host_of(client, p->port++);
	s.host[SERVER] = host_of(server, server_port);
	s.ip_id[CLIENT] = (uint16_t)rng_next(&p->rng);
	s.ip_id[SERVER] = (uint16_t)rng_next(&p->rng);
	p->now_ns += FLOW_GAP_NS;
	return s;
}

static void end(struct plan *p, const struct session *s)
{
	if (p->err == 0)
		p->err = s->err;
}

static int put_through(void *ctx, const struct frame *f)
{
	struct plan *p = ctx;

	return p->op->frame(p->run, f);
}

// From here on, what the session sends goes through the operation.
static void send_through(struct plan *p, struct session *s, const char *op, uint64_t argument)
{
	p->op = op_find(op);
	p->run->arg = argument;
	s->put = put_through;
	s->put_ctx = p;
}

static void resolve(struct plan *p, const char *name, const char *address)
{
	struct host host = host_of(address, 0);
	struct session s = begin(p, SUBSCRIBER, RESOLVER, 53);
	uint16_t id = (uint16_t)rng_next(&p->rng);
	uint8_t buf[BUF_LEN];
	struct wire w = wire_over(buf, sizeof(buf));

	note(&p->out->dns_query, name);
	dns_query(&w, id, name, host.version == 6 ? DNS_AAAA : DNS_A);
	session_datagram(&s, CLIENT, w.p, w.len);
	w.len = 0;
	dns_address(&w, id, name, &host);
	session_datagram(&s, SERVER, w.p, w.len);
	end(p, &s);
}

// From the first packet to the last, with application data in both directions.
static void tls_session(struct plan *p, struct session *s, const struct tls_profile *profile,
	uint16_t up, uint16_t down)
{
	uint8_t buf[BUF_LEN];
	struct wire w = wire_over(buf, sizeof(buf));

	note(&p->out->tls_sni, profile->sni);
	session_open(s);
	tls_client_hello(&w, profile, &p->rng);
	session_send(s, CLIENT, w.p, w.len);
	w.len = 0;
	tls_server_flight(&w, profile, &p->rng);
	session_send(s, SERVER, w.p, w.len);
	w.len = 0;
	tls_client_finish(&w, profile, &p->rng);
	tls_application_data(&w, up, &p->rng);
	session_send(s, CLIENT, w.p, w.len);
	w.len = 0;
	tls_application_data(&w, down, &p->rng);
	session_send(s, SERVER, w.p, w.len);
	session_close(s);
	end(p, s);
}

static struct tls_profile profile_of(struct plan *p, const char *sni)
{
	return (struct tls_profile){
		.sni = sni, .alpn = web, .version = TLS_13, .session = rng_next(&p->rng)};
}

static void put_messengers(struct plan *p)
{
	for (size_t i = 0; i < sizeof(messengers) / sizeof(messengers[0]); i++) {
		struct tls_profile profile = profile_of(p, messengers[i].name);
		profile.version = messengers[i].version;
		profile.grease = messengers[i].grease;
		profile.alpn = messengers[i].alpn;
		resolve(p, messengers[i].name, messengers[i].server);
		struct session s = begin(p, SUBSCRIBER, messengers[i].server, 443);
		tls_session(p, &s, &profile, messengers[i].up, messengers[i].down);
	}
}

static void put_tunnelled(struct plan *p)
{
	for (size_t i = 0; i < sizeof(tunnelled) / sizeof(tunnelled[0]); i++) {
		struct tls_profile profile = profile_of(p, tunnelled[i].name);
		struct session s = begin(p, "10.0.0.20", tunnelled[i].server, 443);
		send_through(p, &s, tunnelled[i].op, tunnelled[i].argument);
		tls_session(p, &s, &profile, 400, 800);
	}
}

static void put_ipv6(struct plan *p)
{
	struct tls_profile profile = profile_of(p, "cdn.signal.org");

	resolve(p, profile.sni, "2001:db8:17::1");
	struct session s = begin(p, SUBSCRIBER_V6, "2001:db8:17::1", 443);
	tls_session(p, &s, &profile, 500, 1000);
}

// 2.5 kB in three segments.
static void put_long_hello(struct plan *p)
{
	struct tls_profile profile = profile_of(p, "www.larksuite.com");

	profile.grease = true;
	profile.hybrid_share = true;
	profile.ticket_len = 1000;
	struct session s = begin(p, SUBSCRIBER, "198.51.100.20", 443);
	s.mss = 900;
	tls_session(p, &s, &profile, 300, 600);
}

// mmtls (WeChat): records like those of TLS, with the version f103.
static void put_mmtls(struct wire *w, struct rng *r)
{
	static const struct {
		uint8_t type;
		uint16_t len;
	} records[] = {{0x19, 153}, {0x17, 337}, {0x15, 23}};
	uint8_t random[512];

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		wire_u8(w, records[i].type);
		wire_u16(w, 0xf103);
		wire_u16(w, records[i].len);
		rng_fill(r, random, records[i].len);
		wire_put(w, random, records[i].len);
	}
}

static void put_request(struct plan *p, size_t i)
{
	struct session s = begin(p, SUBSCRIBER, requests[i].server, 80);
	const struct http_request *head = &requests[i].head;
	uint8_t body_buf[BUF_LEN], buf[BUF_LEN];
	struct wire body = wire_over(body_buf, sizeof(body_buf));
	struct wire w = wire_over(buf, sizeof(buf));

	if (requests[i].body != NULL)
		wire_text(&body, requests[i].body);
	else if (head->type != NULL)
		put_mmtls(&body, &p->rng);
	note(&p->out->http_host, head->host);
	session_open(&s);
	http_request(&w, head, body.len);
	wire_put(&w, body.p, body.len);
	session_send(&s, CLIENT, w.p, w.len);
	w.len = 0;
	http_response(&w, requests[i].answer, 1000);
	wire_fill(&w, ' ', 1000);
	session_send(&s, SERVER, w.p, w.len);
	session_close(&s);
	end(p, &s);
}

static void put_requests(struct plan *p)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		resolve(p, requests[i].head.host, requests[i].server);
		put_request(p, i);
	}
}

// The answer's segments arrive as 1, 3, 4, 2.
static void put_out_of_order(struct plan *p)
{
	static const struct http_request get = {
		"GET", "img.example.org", "/large.txt", BROWSER, NULL, NULL};
	static const uint8_t order[] = {0, 2, 3, 1};
	struct session s = begin(p, SUBSCRIBER, "198.51.100.21", 80);
	uint8_t buf[BUF_LEN];
	struct wire w = wire_over(buf, sizeof(buf));

	note(&p->out->http_host, get.host);
	session_open(&s);
	http_request(&w, &get, 0);
	session_send(&s, CLIENT, w.p, w.len);
	w.len = 0;
	http_response(&w, "text/plain", 5000);
	size_t total = w.len + 5000; // which ends in the fourth segment
	while (w.len < total)
		wire_u8(&w, (uint8_t)('a' + w.len % 26));
	for (size_t i = 0; i < sizeof(order); i++) {
		size_t at = (size_t)order[i] * MSS;
		size_t len = total - at < MSS ? total - at : MSS;
		session_segment(&s, SERVER, s.seq[SERVER] + (uint32_t)at, TCP_ACK, w.p + at, len);
	}
	s.seq[SERVER] += (uint32_t)total;
	session_close(&s);
	end(p, &s);
}

// The answer does not fit into one packet.
static void put_fragmented(struct plan *p)
{
	const char *name = "txt.example.com";
	struct session s = begin(p, SUBSCRIBER, RESOLVER, 53);
	uint8_t buf[BUF_LEN];
	struct wire w = wire_over(buf, sizeof(buf));

	note(&p->out->dns_query, name);
	dns_query(&w, 0x7a7a, name, DNS_TXT);
	session_datagram(&s, CLIENT, w.p, w.len);
	w.len = 0;
	dns_text(&w, 0x7a7a, name, 12);
	send_through(p, &s, "fragment", 1480);
	session_datagram(&s, SERVER, w.p, w.len);
	end(p, &s);
}

// A Noise message of WhatsApp: three bytes of length, then a protobuf that holds keys.
static void put_noise(struct wire *w, uint32_t len, uint8_t tag, struct rng *r)
{
	uint8_t random[1024];

	wire_u24(w, len);
	rng_fill(r, random, len);
	random[0] = tag;
	wire_put(w, random, len);
}

static void put_whatsapp_noise(struct plan *p)
{
	uint8_t buf[BUF_LEN];
	struct wire w = wire_over(buf, sizeof(buf));

	resolve(p, "g.whatsapp.net", "203.0.113.40");
	struct session s = begin(p, SUBSCRIBER, "203.0.113.40", 5222);
	session_open(&s);
	wire_text(&w, "WA\x06\x03");
	wire_u24(&w, 36);
	wire_u32(&w, 0x12220a20); // client hello: an ephemeral key of 32 bytes
	rng_fill(&p->rng, buf + w.len, 32);
	session_send(&s, CLIENT, w.p, w.len + 32);
	w.len = 0;
	put_noise(&w, 350, 0x1a, &p->rng);
	session_send(&s, SERVER, w.p, w.len);
	w.len = 0;
	put_noise(&w, 290, 0x22, &p->rng);
	put_noise(&w, 140, 0x8f, &p->rng);
	session_send(&s, CLIENT, w.p, w.len);
	w.len = 0;
	put_noise(&w, 900, 0xc3, &p->rng);
	session_send(&s, SERVER, w.p, w.len);
	session_close(&s);
	end(p, &s);
}

int sample_make(struct sample *out, uint64_t seed)
{
	struct plan p = {
		.out = out, .rng = {.state = seed}, .now_ns = START_NS, .port = FIRST_PORT};

	*out = (struct sample){0};
	p.run = calloc(1, sizeof(*p.run));
	if (p.run == NULL)
		return -ENOMEM;
	p.run->link = DLT_EN10MB;
	p.run->put = trace_put;
	p.run->put_ctx = &out->trace;

	put_messengers(&p);
	put_tunnelled(&p);
	put_ipv6(&p);
	put_long_hello(&p);
	put_requests(&p);
	put_out_of_order(&p);
	put_fragmented(&p);
	put_whatsapp_noise(&p);
	trace_sort(&out->trace);
	free(p.run);
	return p.err;
}

void sample_free(struct sample *s)
{
	trace_free(&s->trace);
}
