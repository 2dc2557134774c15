// DNS (RFC 1035), mDNS (6762) and LLMNR (4795). Over TCP each message comes after its length.

#include "dataplane/inspect/proto/dns_message.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	FRAME_LEN = 2,
	QUESTION_MIN = 5, // root, type, class
	RECORD_MIN = 11, // root, type, class, TTL, no data

	FLAG_ZERO = 0x0040,
	OPCODE_MAX = 6, // RFC 8490

	PORT_MDNS_RESPONDER = 5354,
	PORT_NETBIOS_NS = 137,
	PORT_NETBIOS_DGM = 138,
};

struct dns_side {
	struct gather *message; // its first bytes, when they come in pieces
	uint16_t left; // of the message, after what was gathered
	uint16_t wanted; // bytes of it to be read
	uint8_t frame_len; // bytes of the length that were read
	bool in_message;
};

struct dns_tcp_state {
	struct dns_side side[2];
};
static_assert(sizeof(struct dns_tcp_state) <= PROTO_STATE_MAX, "fits a session");

static unsigned opcode(const struct dns_header *h)
{
	return h->flags >> DNS_OPCODE_SHIFT & 0xf;
}

static bool is_netbios(uint16_t port)
{
	return port == PORT_NETBIOS_NS || port == PORT_NETBIOS_DGM;
}

static bool is_known(uint16_t port)
{
	return port == DNS_PORT || port == DNS_PORT_MDNS || port == PORT_MDNS_RESPONDER ||
		port == DNS_PORT_LLMNR;
}

// RFC 6895: types in use, and classes Internet, Chaos, Hesiod, none, any.
static bool is_plausible(const struct dns_question *q)
{
	uint16_t type = (uint16_t)(q->type[0] << 8 | q->type[1]);
	bool type_ok = (type >= 1 && type <= 110) || (type >= 249 && type <= 264) ||
		type == 32768 || type == 32769 || type == 65281 || type == 65282;

	return type_ok &&
		(q->class == 1 || q->class == 3 || q->class == 4 || q->class == 254 ||
			q->class == 255);
}

// On ports where anything may come: what a resolver or a server of today sends.
static bool header_plausible(const struct dns_header *h, size_t len)
{
	size_t records = (size_t)h->answers + h->authorities + h->additionals;
	size_t min = DNS_HEADER_LEN + (size_t)h->questions * QUESTION_MIN + records * RECORD_MIN;

	if (opcode(h) > OPCODE_MAX || (h->flags & FLAG_ZERO) || h->questions != 1 || min > len)
		return false;
	if (h->flags & DNS_RESPONSE)
		return true;
	return !(h->flags & DNS_RCODE_MASK) &&
		(opcode(h) != 0 || (h->answers == 0 && h->authorities == 0));
}

// On their own ports: an opcode that does not exist is told as well.
static bool header_possible(const struct dns_header *h)
{
	return (h->flags & DNS_RESPONSE) || h->questions > 0 || h->answers > 0 ||
		h->authorities > 0 || h->additionals > 0;
}

// len: of the whole message, of which `message` may be a prefix.
static enum probe probe_message(struct bytes message, size_t len, bool known, enum dir *sender)
{
	struct dns_message m = dns_open(message);
	struct dns_question q;
	struct bytes in = message;
	struct dns_header h = dns_read_header(&in);

	if (in.bad || !header_possible(&h) || (!known && !header_plausible(&h, len)))
		return PROBE_NO;
	*sender = h.flags & DNS_RESPONSE ? DIR_S2C : DIR_C2S;
	if (h.questions == 0)
		return opcode(&h) <= OPCODE_MAX ? PROBE_YES : PROBE_NO;
	switch (dns_read_question(&m, &in, &q)) {
	case DNS_READ_OK:
		if (known && opcode(&h) <= OPCODE_MAX)
			return PROBE_YES;
		return is_plausible(&q) ? PROBE_YES : PROBE_NO;
	case DNS_READ_CUT:
		return message.len < len ? PROBE_MORE : PROBE_NO;
	default:
		return PROBE_NO;
	}
}

static enum probe dns_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	if (is_netbios(sport) || is_netbios(dport))
		return PROBE_NO;
	return probe_message(in, in.len, is_known(sport) || is_known(dport), sender);
}

static enum parse dns_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	(void)state;
	(void)dir;
	return dns_report(io, in);
}

static enum probe dns_tcp_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	bool known = is_known(sport) || is_known(dport);

	if (is_netbios(sport) || is_netbios(dport))
		return PROBE_NO;
	if (in.len > PROBE_BYTES)
		in.len = PROBE_BYTES;
	bool may_grow = in.len < PROBE_BYTES;
	size_t len = bytes_u16(&in);
	if (in.bad)
		return may_grow ? PROBE_MORE : PROBE_NO;
	if (len < DNS_HEADER_LEN)
		return PROBE_NO;
	if (in.len < DNS_HEADER_LEN)
		return PROBE_MORE;
	struct bytes message = {in.p, in.len < len ? in.len : len, false};
	enum probe result = probe_message(message, len, known, sender);
	// A name that goes on after the bytes of a probe has fitted so far.
	return result == PROBE_MORE && !may_grow ? PROBE_YES : result;
}

static void give_back(struct dns_side *s, const struct proto_io *io)
{
	if (s->message != NULL)
		io->gather_give(io->ctx, s->message);
	s->message = NULL;
}

static void salvage(struct dns_side *s, const struct proto_io *io)
{
	if (s->message != NULL)
		dns_report(io, (struct bytes){s->message->data, s->message->len, false});
	give_back(s, io);
}

static enum parse begin_message(struct dns_side *s, struct bytes *in)
{
	s->left = (uint16_t)(s->left << 8 | bytes_u8(in));
	if (++s->frame_len < FRAME_LEN)
		return PARSE_MORE;
	s->frame_len = 0;
	s->in_message = true;
	s->wanted = s->left;
	return s->left >= DNS_HEADER_LEN ? PARSE_MORE : PARSE_BAD;
}

static enum parse wanted_bytes(struct dns_side *s, const struct proto_io *io, struct bytes *in)
{
	size_t n = s->wanted < in->len ? s->wanted : in->len;
	struct bytes part = bytes_take(in, n);

	s->left = (uint16_t)(s->left - n);
	s->wanted = (uint16_t)(s->wanted - n);
	if (s->wanted == 0 && s->message == NULL)
		return dns_report(io, part);
	if (s->message == NULL)
		s->message = io->gather_take(io->ctx);
	if (s->message == NULL)
		return PARSE_DONE;

	struct gather *g = s->message;
	memcpy(g->data + g->len, part.p, n);
	g->len += (uint32_t)n;
	if (s->wanted > 0)
		return PARSE_MORE;
	enum parse result = dns_report(io, (struct bytes){g->data, g->len, false});
	give_back(s, io);
	return result;
}

static enum parse dns_tcp_data(
	void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct dns_tcp_state *dns = state;
	struct dns_side *s = &dns->side[dir];
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && in.len > 0) {
		if (!s->in_message) {
			result = begin_message(s, &in);
			continue;
		}
		if (s->wanted > 0) {
			result = wanted_bytes(s, io, &in);
		} else {
			size_t n = s->left < in.len ? s->left : in.len;
			bytes_take(&in, n);
			s->left = (uint16_t)(s->left - n);
		}
		s->in_message = s->wanted > 0 || s->left > 0;
	}
	return result;
}

static enum parse dns_tcp_gap(
	void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct dns_tcp_state *dns = state;
	struct dns_side *s = &dns->side[dir];

	// What is there of the message is told; the next one begins where this one's length says.
	bool inside = s->in_message && missing <= s->left;
	salvage(s, io);
	if (!inside)
		return PARSE_DONE;
	s->wanted = 0;
	s->left = (uint16_t)(s->left - missing);
	s->in_message = s->left > 0;
	return PARSE_MORE;
}

static void dns_tcp_end(void *state, const struct proto_io *io)
{
	struct dns_tcp_state *dns = state;

	salvage(&dns->side[DIR_C2S], io);
	salvage(&dns->side[DIR_S2C], io);
}

const struct proto proto_dns = {
	.name = "dns",
	.app_proto = APP_DNS,
	.l4 = IPPROTO_UDP,
	.probe = dns_probe,
	.data = dns_data,
};

const struct proto proto_dns_tcp = {
	.name = "dns",
	.app_proto = APP_DNS,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct dns_tcp_state),
	.probe = dns_tcp_probe,
	.data = dns_tcp_data,
	.gap = dns_tcp_gap,
	.end = dns_tcp_end,
};
