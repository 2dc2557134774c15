// DNS (RFC 1035), mDNS (6762) and LLMNR (4795): the questions of a message, and how many
// answers it has. Over TCP each message comes after its length.

#include "dataplane/inspect/proto/proto.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	HEADER_LEN = 12,
	FRAME_LEN = 2,
	NAME_MAX_LEN = 255, // RFC 1035 2.3.4; the text is shorter
	LABEL_MAX = 63,
	JUMPS_MAX = 16,
	QUESTIONS_MAX = 30,
	QUESTION_MIN = 5, // root, type, class
	RECORD_MIN = 11, // root, type, class, TTL, no data
	// Header and questions stand in the first bytes, whatever follows.
	MESSAGE_MAX = HEADER_LEN + QUESTIONS_MAX * (NAME_MAX_LEN + 4),

	FLAG_RESPONSE = 0x8000,
	FLAG_ZERO = 0x0040,
	OPCODE_SHIFT = 11,
	OPCODE_MAX = 6, // RFC 8490
	RCODE_MASK = 0x000f,

	PORT_DNS = 53,
	PORT_MDNS = 5353,
	PORT_MDNS_RESPONDER = 5354,
	PORT_LLMNR = 5355,
	PORT_NETBIOS_NS = 137,
	PORT_NETBIOS_DGM = 138,
};

struct header {
	uint16_t id;
	uint16_t flags;
	uint16_t questions;
	uint16_t answers;
	uint16_t authorities;
	uint16_t additionals;
};

struct question {
	uint8_t name[NAME_MAX_LEN]; // dotted text
	uint8_t len;
	uint8_t type[2];
	uint16_t class;
};

enum read { READ_OK, READ_CUT, READ_BAD };

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

static struct header parse_header(struct bytes *in)
{
	struct header h;

	h.id = bytes_u16(in);
	h.flags = bytes_u16(in);
	h.questions = bytes_u16(in);
	h.answers = bytes_u16(in);
	h.authorities = bytes_u16(in);
	h.additionals = bytes_u16(in);
	return h;
}

static unsigned opcode(const struct header *h)
{
	return h->flags >> OPCODE_SHIFT & 0xf;
}

// Reads a name at *in, whose labels may go on elsewhere in `message` (RFC 1035 4.1.4: before
// this place; but pointers ahead are seen, and resolvers follow them).
static enum read read_name(struct bytes message, struct bytes *in, struct question *q)
{
	struct bytes at = *in;
	unsigned jumps = 0;

	q->len = 0;
	for (;;) {
		uint8_t len = bytes_u8(&at);
		if (at.bad)
			return READ_CUT;
		if (len == 0)
			break;
		if ((len & 0xc0) == 0xc0) {
			size_t to = (size_t)(len & 0x3f) << 8 | bytes_u8(&at);
			if (at.bad)
				return READ_CUT;
			if (to < HEADER_LEN || jumps == JUMPS_MAX)
				return READ_BAD;
			if (to > message.len)
				return READ_CUT;
			if (jumps++ == 0)
				*in = at;
			at = (struct bytes){message.p + to, message.len - to, false};
			continue;
		}
		struct bytes label = bytes_take(&at, len);
		if (len > LABEL_MAX || q->len + len + 2u > NAME_MAX_LEN)
			return READ_BAD;
		if (label.bad)
			return READ_CUT;
		if (q->len > 0)
			q->name[q->len++] = '.';
		memcpy(q->name + q->len, label.p, len);
		q->len = (uint8_t)(q->len + len);
	}
	if (jumps == 0)
		*in = at;
	return READ_OK;
}

static enum read read_question(struct bytes message, struct bytes *in, struct question *q)
{
	enum read result = read_name(message, in, q);

	if (result != READ_OK)
		return result;
	struct bytes type = bytes_take(in, sizeof(q->type));
	q->class = bytes_u16(in);
	if (in->bad)
		return READ_CUT;
	memcpy(q->type, type.p, sizeof(q->type));
	return READ_OK;
}

static void put(struct tx *tx, enum field field, const void *p, size_t len)
{
	tx->fields[tx->n_fields++] =
		(struct field_value){.field = (uint16_t)field, .value = {.p = p, .len = len}};
}

static void put_kind(struct tx *tx, const struct proto_io *io)
{
	if (io->sport == PORT_MDNS || io->dport == PORT_MDNS)
		put(tx, FIELD_DNS_KIND, "mdns", 4);
	else if (io->sport == PORT_LLMNR || io->dport == PORT_LLMNR)
		put(tx, FIELD_DNS_KIND, "llmnr", 5);
	else
		put(tx, FIELD_DNS_KIND, "dns", 3);
}

// A message, or the first bytes of one: the questions that are whole are told.
static enum parse message_bytes(const struct proto_io *io, struct bytes message)
{
	struct question questions[QUESTIONS_MAX];
	enum read result = READ_OK;
	struct bytes in = message;
	struct header h = parse_header(&in);
	struct tx tx;
	unsigned n = 0;

	if (in.bad)
		return PARSE_BAD;
	while (n < h.questions && n < QUESTIONS_MAX && result == READ_OK) {
		result = read_question(message, &in, &questions[n]);
		if (result == READ_OK)
			n++;
	}
	if (n == 0 && result != READ_OK)
		return PARSE_BAD;

	tx_begin(&tx, APP_DNS, h.flags & FLAG_RESPONSE ? DIR_S2C : DIR_C2S);
	put(&tx, FIELD_DNS_HEADER, message.p, 4);
	put_kind(&tx, io);
	for (unsigned i = 0; i < n; i++) {
		put(&tx, FIELD_DNS_QUERY, questions[i].name, questions[i].len);
		put(&tx, FIELD_DNS_RRTYPE, questions[i].type, sizeof(questions[i].type));
	}
	put(&tx, FIELD_DNS_ANSWER_COUNT, message.p + 6, 2);
	io->tx(io->ctx, &tx);
	return result == READ_BAD ? PARSE_BAD : PARSE_MORE;
}

static bool is_netbios(uint16_t port)
{
	return port == PORT_NETBIOS_NS || port == PORT_NETBIOS_DGM;
}

static bool is_known(uint16_t port)
{
	return port == PORT_DNS || port == PORT_MDNS || port == PORT_MDNS_RESPONDER ||
		port == PORT_LLMNR;
}

// RFC 6895: types in use, and classes Internet, Chaos, Hesiod, none, any.
static bool is_plausible(const struct question *q)
{
	uint16_t type = (uint16_t)(q->type[0] << 8 | q->type[1]);
	bool type_ok = (type >= 1 && type <= 110) || (type >= 249 && type <= 264) ||
		type == 32768 || type == 32769 || type == 65281 || type == 65282;

	return type_ok &&
		(q->class == 1 || q->class == 3 || q->class == 4 || q->class == 254 ||
			q->class == 255);
}

// On ports where anything may come: what a resolver or a server of today sends.
static bool header_plausible(const struct header *h, size_t len)
{
	size_t records = (size_t)h->answers + h->authorities + h->additionals;
	size_t min = HEADER_LEN + (size_t)h->questions * QUESTION_MIN + records * RECORD_MIN;

	if (opcode(h) > OPCODE_MAX || (h->flags & FLAG_ZERO) || h->questions != 1 || min > len)
		return false;
	if (h->flags & FLAG_RESPONSE)
		return true;
	return !(h->flags & RCODE_MASK) &&
		(opcode(h) != 0 || (h->answers == 0 && h->authorities == 0));
}

// On their own ports: an opcode that does not exist is told as well.
static bool header_possible(const struct header *h)
{
	return (h->flags & FLAG_RESPONSE) || h->questions > 0 || h->answers > 0 ||
		h->authorities > 0 || h->additionals > 0;
}

// len: of the whole message, of which `message` may be a prefix.
static enum probe probe_message(struct bytes message, size_t len, bool known, enum dir *sender)
{
	struct question q;
	struct bytes in = message;
	struct header h = parse_header(&in);

	if (in.bad || !header_possible(&h) || (!known && !header_plausible(&h, len)))
		return PROBE_NO;
	*sender = h.flags & FLAG_RESPONSE ? DIR_S2C : DIR_C2S;
	if (h.questions == 0)
		return opcode(&h) <= OPCODE_MAX ? PROBE_YES : PROBE_NO;
	switch (read_question(message, &in, &q)) {
	case READ_OK:
		if (known && opcode(&h) <= OPCODE_MAX)
			return PROBE_YES;
		return is_plausible(&q) ? PROBE_YES : PROBE_NO;
	case READ_CUT:
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
	return message_bytes(io, in);
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
	if (len < HEADER_LEN)
		return PROBE_NO;
	if (in.len < HEADER_LEN)
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
		message_bytes(io, (struct bytes){s->message->data, s->message->len, false});
	give_back(s, io);
}

static enum parse begin_message(struct dns_side *s, struct bytes *in)
{
	s->left = (uint16_t)(s->left << 8 | bytes_u8(in));
	if (++s->frame_len < FRAME_LEN)
		return PARSE_MORE;
	s->frame_len = 0;
	s->in_message = true;
	s->wanted = s->left < MESSAGE_MAX ? s->left : MESSAGE_MAX;
	return s->left >= HEADER_LEN ? PARSE_MORE : PARSE_BAD;
}

static enum parse wanted_bytes(struct dns_side *s, const struct proto_io *io, struct bytes *in)
{
	size_t n = s->wanted < in->len ? s->wanted : in->len;
	struct bytes part = bytes_take(in, n);

	s->left = (uint16_t)(s->left - n);
	s->wanted = (uint16_t)(s->wanted - n);
	if (s->wanted == 0 && s->message == NULL)
		return message_bytes(io, part);
	if (s->message == NULL)
		s->message = io->gather_take(io->ctx);
	if (s->message == NULL)
		return PARSE_DONE;

	struct gather *g = s->message;
	memcpy(g->data + g->len, part.p, n);
	g->len += (uint32_t)n;
	if (s->wanted > 0)
		return PARSE_MORE;
	enum parse result = message_bytes(io, (struct bytes){g->data, g->len, false});
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

	if (s->in_message && s->wanted == 0 && missing <= s->left) {
		s->left = (uint16_t)(s->left - missing);
		s->in_message = s->left > 0;
		return PARSE_MORE;
	}
	salvage(s, io);
	return PARSE_DONE;
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
