#include "tools/craft/load_flow.h"

#include "tools/craft/dns.h"
#include "tools/craft/http.h"

#include <stdio.h>

enum {
	MSS = 1400,
	QUIC_DATAGRAM = 1252,
	QUIC_INITIAL = 1200,
	RECORD_MAX = 16384,
	CLIENTS = 20000,
	PORT_FIRST = 20000,
};
enum { CLIENT, SERVER };
enum phase {
	PHASE_SYN,
	PHASE_SYN_ACK,
	PHASE_ACK,
	PHASE_MESSAGES,
	PHASE_FIN,
	PHASE_FIN_BACK,
	PHASE_LAST_ACK,
	PHASE_OVER
};

static const char *const messengers[] = {"g.whatsapp.net", "mmg.whatsapp.net", "web.whatsapp.com",
	"web.wechat.com", "long.weixin.qq.com", "im.qq.com", "im.dingtalk.com", "web.telegram.org",
	"chat.signal.org", "cdn.signal.org", "obs.line-apps.com", "www.feishu.cn",
	"www.larksuite.com", "us05web.zoom.us", "teams.microsoft.com", "talk.kakao.com",
	"content.cdn.viber.com", "app.slack.com", "gateway.discord.gg", "edge-mqtt.facebook.com"};
static const char *const others[] = {"www%u.example.com", "img%u.cdn.example.net",
	"api-%u.example.org", "static.%u.example.com", "video%u.media.example.net"};
static const char *const words[] = {"the", "report", "of", "harbour", "weather", "and", "open",
	"meeting", "on", "garden", "price", "with", "river", "update", "for", "evening", "train",
	"is", "in", "summer"};
static const char *const alpn[] = {"h2", "http/1.1", NULL};

static const struct {
	enum load_kind kind;
	unsigned percent;
} mix[] = {{LOAD_TLS, 70}, {LOAD_HTTP, 15}, {LOAD_DNS, 5}, {LOAD_QUIC, 10}};

#define PICK(r, table) (table)[rng_below(r, sizeof(table) / sizeof((table)[0]))]

// Like the JSON that services exchange: words, and numbers that mean nothing.
void load_source_init(struct load_source *s, uint64_t seed)
{
	struct wire w = wire_over(s->text, sizeof(s->text));

	s->rng.state = seed;
	while (!w.full) {
		char item[160];
		snprintf(item, sizeof(item),
			"{\"id\":%u,\"title\":\"%s %s %s %s\",\"price\":%u.%02u},\n",
			rng_below(&s->rng, 100000), PICK(&s->rng, words), PICK(&s->rng, words),
			PICK(&s->rng, words), PICK(&s->rng, words), rng_below(&s->rng, 900),
			rng_below(&s->rng, 100));
		wire_text(&w, item);
	}
	memset(s->text + w.len, ' ', sizeof(s->text) - w.len);
}

static enum load_kind draw_kind(struct rng *r)
{
	unsigned percent = rng_below(r, 100);
	size_t i = 0;

	while (percent >= mix[i].percent)
		percent -= mix[i++].percent;
	return mix[i].kind;
}

static void draw_name(struct load_flow *f, struct rng *r)
{
	if (rng_below(r, 2) == 0)
		snprintf(f->name, sizeof(f->name), "%s", PICK(r, messengers));
	else
		snprintf(f->name, sizeof(f->name), PICK(r, others), rng_below(r, 1000));
}

// No two conversations have the same client address and port.
static void give_hosts(struct load_flow *f, uint32_t number, struct rng *r)
{
	static const uint16_t ports[] = {
		[LOAD_TLS] = 443, [LOAD_HTTP] = 80, [LOAD_DNS] = 53, [LOAD_QUIC] = 443};
	static const char *const nets[] = {"192.0.2.0", "198.51.100.0", "203.0.113.0"};
	uint16_t port = (uint16_t)(PORT_FIRST + number / CLIENTS);
	uint32_t client = 256 + number % CLIENTS;
	bool v6 = number % 10 == 9;

	f->host[CLIENT] = host_of(v6 ? "2001:db8:1::" : "10.0.0.0", port);
	uint8_t *last = f->host[CLIENT].ip + (v6 ? 14 : 2);
	last[0] = (uint8_t)(client >> 8);
	last[1] = (uint8_t)client;
	f->host[SERVER] = host_of(v6 ? "2001:db8:2::" : PICK(r, nets), ports[f->kind]);
	f->host[SERVER].ip[v6 ? 15 : 3] = (uint8_t)rng_between(r, 1, 254);
}

void load_flow_start(struct load_flow *f, struct load_source *s, uint32_t number, uint64_t bytes)
{
	struct rng *r = &s->rng;

	*f = (struct load_flow){.next_ns = f->next_ns, .left = bytes, .kind = draw_kind(r)};
	draw_name(f, r);
	give_hosts(f, number, r);
	for (unsigned i = CLIENT; i <= SERVER; i++) {
		f->seq[i] = (uint32_t)rng_next(r);
		f->ip_id[i] = (uint16_t)rng_next(r);
	}
	f->tls = (struct tls_profile){.sni = f->name,
		.alpn = alpn,
		.version = rng_below(r, 10) < 8 ? TLS_13 : TLS_12,
		.grease = rng_below(r, 2) == 0,
		.session = rng_next(r)};
	// RFC 1035 has no state to open and close.
	f->phase = f->kind == LOAD_DNS || f->kind == LOAD_QUIC ? PHASE_MESSAGES : PHASE_SYN;
}

static uint32_t take_left(struct load_flow *f, uint32_t low, uint32_t high, struct rng *r)
{
	uint32_t n = rng_between(r, low, high);

	if (n > f->left)
		n = (uint32_t)f->left;
	f->left -= n;
	return n;
}

static bool next_tls(struct load_flow *f, struct wire *w, struct rng *r)
{
	switch (f->message) {
	case 0:
		f->from = CLIENT;
		tls_client_hello(w, &f->tls, r);
		return true;
	case 1:
		f->from = SERVER;
		tls_server_flight(w, &f->tls, r);
		return true;
	case 2:
		f->from = CLIENT;
		tls_client_finish(w, &f->tls, r);
		return true;
	}
	if (f->left == 0)
		return false;
	f->from = rng_below(r, 5) == 0 ? CLIENT : SERVER;
	f->bulk = take_left(f, 4000, RECORD_MAX, r);
	wire_u8(w, 23); // application data
	wire_u16(w, TLS_12);
	wire_u16(w, (uint16_t)f->bulk);
	return true;
}

static bool next_http(struct load_flow *f, struct wire *w, struct rng *r)
{
	bool post = rng_below(r, 5) == 0;
	struct http_request q = {.method = post ? "POST" : "GET",
		.host = f->name,
		.path = post ? "/api/v2/items" : "/feed/latest.json",
		.agent = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
		.type = post ? "application/json" : NULL};

	f->from = f->message % 2;
	if (f->from == CLIENT) {
		if (f->left == 0)
			return false;
		f->bulk = post ? take_left(f, 500, 20000, r) : 0;
		http_request(w, &q, f->bulk);
		return true;
	}
	f->bulk = take_left(f, 2000, 100000, r);
	http_response(w, "application/json", f->bulk);
	return true;
}

static bool next_dns(struct load_flow *f, struct wire *w, struct rng *r)
{
	uint16_t id = (uint16_t)f->tls.session;

	(void)r;
	f->left = 0;
	f->from = f->message;
	if (f->message == 0)
		dns_query(w, id, f->name, DNS_A);
	else if (f->message == 1)
		dns_address(w, id, f->name, &(struct host){.ip = {203, 0, 113, 7}, .version = 4});
	return f->message < 2;
}

// RFC 9000 17: long headers to begin with, short ones after. Nothing can be decrypted.
static bool next_quic(struct load_flow *f, struct wire *w, struct rng *r)
{
	f->from = f->message < 2 ? f->message : f->message % 4 != 3;
	if (f->message < 2) {
		wire_u8(w, 0xc3);
		wire_u32(w, 1);
		wire_u8(w, 8);
		wire_put(w, &f->tls.session, 8);
		wire_u8(w, 0);
		wire_u8(w, 0);
		wire_u16(w, 0x4000 | (QUIC_INITIAL - 18)); // what follows the length
		f->bulk = QUIC_INITIAL - 18;
		return true;
	}
	if (f->left == 0)
		return false;
	wire_u8(w, (uint8_t)(0x40 | rng_below(r, 32)));
	wire_put(w, &f->tls.session, 8);
	f->bulk = f->from == SERVER ? take_left(f, QUIC_DATAGRAM - 9, QUIC_DATAGRAM - 9, r) : 36;
	return true;
}

static bool next_message(struct load_flow *f, struct rng *r)
{
	static bool (*const make[])(struct load_flow *, struct wire *, struct rng *) = {
		[LOAD_TLS] = next_tls,
		[LOAD_HTTP] = next_http,
		[LOAD_DNS] = next_dns,
		[LOAD_QUIC] = next_quic,
	};
	struct wire w = wire_over(f->head, sizeof(f->head));

	f->head_at = 0;
	f->bulk = 0;
	bool more = make[f->kind](f, &w, r);
	f->head_len = (uint32_t)w.len;
	f->message++;
	return more;
}

// The next bytes of the message, into `out`.
static uint32_t take_payload(struct load_flow *f, struct load_source *s, uint8_t *out, uint32_t max)
{
	uint32_t head = f->head_len - f->head_at;
	if (head > max)
		head = max;
	memcpy(out, f->head + f->head_at, head);
	f->head_at += head;

	uint32_t bulk = f->bulk < max - head ? f->bulk : max - head;
	if (f->kind == LOAD_HTTP)
		memcpy(out + head, s->text + rng_below(&s->rng, LOAD_TEXT_LEN - MSS), bulk);
	else
		rng_fill(&s->rng, out + head, bulk);
	f->bulk -= bulk;
	return head + bulk;
}

static void put_tcp(struct load_flow *f, struct wire *w, unsigned from, uint8_t flags,
	const void *data, uint32_t len)
{
	struct tcp_header tcp = {.seq = f->seq[from],
		.ack = flags & TCP_ACK ? f->seq[!from] : 0,
		.flags = flags,
		.mss = flags & TCP_SYN ? MSS : 0};

	packet_tcp(w, &f->host[from], &f->host[!from], ++f->ip_id[from], &tcp, data, len);
	f->seq[from] += len + ((flags & (TCP_SYN | TCP_FIN)) != 0);
}

// Handshake and close are a packet a phase.
static const struct {
	uint8_t from;
	uint8_t flags;
} phases[PHASE_OVER] = {
	[PHASE_SYN] = {CLIENT, TCP_SYN},
	[PHASE_SYN_ACK] = {SERVER, TCP_SYN | TCP_ACK},
	[PHASE_ACK] = {CLIENT, TCP_ACK},
	[PHASE_FIN] = {CLIENT, TCP_FIN | TCP_ACK},
	[PHASE_FIN_BACK] = {SERVER, TCP_FIN | TCP_ACK},
	[PHASE_LAST_ACK] = {CLIENT, TCP_ACK},
};

static bool pending(const struct load_flow *f)
{
	return f->head_at < f->head_len || f->bulk > 0;
}

static void next_segment(struct load_flow *f, struct load_source *s, struct wire *w)
{
	uint8_t payload[MSS];
	uint32_t n = take_payload(f, s, payload, MSS);

	put_tcp(f, w, f->from, TCP_ACK | (pending(f) ? 0 : TCP_PSH), payload, n);
	f->unacked++;
}

static bool next_datagram(struct load_flow *f, struct load_source *s, struct wire *w)
{
	uint8_t payload[MSS];

	if (!next_message(f, &s->rng))
		return false;
	uint32_t n = take_payload(f, s, payload, MSS);
	packet_udp(w, &f->host[f->from], &f->host[!f->from], ++f->ip_id[f->from], payload, n);
	return true;
}

bool load_flow_next(struct load_flow *f, struct load_source *s, struct wire *w)
{
	if (f->kind == LOAD_DNS || f->kind == LOAD_QUIC)
		return next_datagram(f, s, w);
	if (f->phase == PHASE_OVER)
		return false;
	if (f->phase == PHASE_MESSAGES) {
		// The other side acknowledges each second segment.
		if (f->unacked == 2) {
			f->unacked = 0;
			put_tcp(f, w, !f->from, TCP_ACK, NULL, 0);
			return true;
		}
		if (pending(f) || next_message(f, &s->rng)) {
			next_segment(f, s, w);
			return true;
		}
		f->phase++;
	}
	put_tcp(f, w, phases[f->phase].from, phases[f->phase].flags, NULL, 0);
	f->phase++;
	return true;
}
