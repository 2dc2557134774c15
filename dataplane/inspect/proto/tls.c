// TLS 1.0 to 1.3, SSL 3 and 2, TLCP: what both sides say before the talk is sealed.
//
//   bytes -> records (RFC 8446 5.1) -> handshake messages (4) -> hellos, certificates
//
// Both directions run the same machine: who sends the hello is the client, whatever side
// opened the connection (FTP's data connections, RFC 4217 7).

#include "dataplane/inspect/proto/proto.h"
#include "dataplane/inspect/proto/tls_cert.h"
#include "dataplane/inspect/proto/tls_hello.h"
#include "dataplane/inspect/proto/tls_key_exchange.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_APPLICATION_DATA = 23,
	RECORD_HEARTBEAT = 24,
	RECORD_HEAD_LEN = 5,
	RECORD_MAX = 16384 + 2048, // RFC 5246 6.2.3

	HS_CLIENT_HELLO = 1,
	HS_SERVER_HELLO = 2,
	HS_CERTIFICATE = 11,
	HS_SERVER_KEY_EXCHANGE = 12,
	HS_SERVER_HELLO_DONE = 14,
	HS_CERTIFICATE_VERIFY = 15,
	HS_HEAD_LEN = 4,
	HELLO_MIN = 2 + 32 + 1 + 4 + 2, // version, random, no session, one cipher, one compression
	SERVER_HELLO_MIN = 2 + 32 + 2, // of drafts: version, random, cipher

	SSL2_HEAD_LEN = 11,
};

enum phase {
	PHASE_RECORD = 0, // in a record's header
	PHASE_HANDSHAKE, // in a handshake record
	PHASE_SKIP, // in another record
};

// A header may be cut anywhere, a message's by a record's.
struct head {
	uint8_t len;
	uint8_t bytes[SSL2_HEAD_LEN];
};

struct tls_side {
	struct gather *body; // of a message that comes in pieces
	uint32_t message_left; // of the handshake message, after its header
	uint16_t record_left;
	uint8_t phase; // enum phase
	uint8_t message_type;
	bool wanted; // something is taken from the message
	bool after_ccs; // the record before was ChangeCipherSpec
	bool begun; // one record header was fine
	bool retried; // a HelloRetryRequest was sent: another hello follows
	bool is_client; // it sent a client's hello, whoever opened the connection
	struct head record;
	struct head message;
	struct tls_choice choice; // of its server's hello
	struct tls_name name; // of its client's hello;
	struct tls_name asked; // of the other side's
};

struct tls_state {
	struct tls_side side[2];
};
static_assert(sizeof(struct tls_state) <= PROTO_STATE_MAX, "fits a session");

static void give_back(struct tls_side *s, const struct proto_io *io)
{
	if (s->body != NULL)
		io->gather_give(io->ctx, s->body);
	s->body = NULL;
}

static void report_client_hello(const struct proto_io *io, const struct client_hello *h, bool whole)
{
	struct hello_scratch scratch;
	struct tx tx;

	scratch.used = 0;
	tx_begin(&tx, APP_TLS, DIR_C2S);
	client_hello_put(&tx, h, TLS_OVER_TCP, whole, &scratch);
	io->tx(io->ctx, &tx);
}

// The rest of a hello will not come: its name is worth telling all the same.
static void salvage(struct tls_side *s, const struct proto_io *io)
{
	struct client_hello h;

	if (s->body != NULL && s->message_type == HS_CLIENT_HELLO) {
		struct bytes body = {s->body->data, s->body->len, false};
		if (client_hello_parse(body, TLS_OVER_TCP, &h) != PARSE_BAD && h.has_sni)
			report_client_hello(io, &h, false);
	}
	give_back(s, io);
}

static enum parse client_hello(struct tls_side *s, const struct proto_io *io, struct bytes body)
{
	struct client_hello h;
	enum parse result = client_hello_parse(body, TLS_OVER_TCP, &h);

	if (s->after_ccs && (result != PARSE_DONE || body.p[0] != 3))
		return PARSE_DONE; // sealed bytes that look like a hello
	s->after_ccs = false;
	s->name = tls_name_of(h.sni);
	if (result == PARSE_DONE || h.has_sni)
		report_client_hello(io, &h, result == PARSE_DONE);
	return result == PARSE_DONE ? PARSE_MORE : PARSE_BAD;
}

// After the hello of TLS 1.3 nothing is in clear; after a retry's, another hello.
static enum parse server_hello(struct tls_side *s, const struct proto_io *io, struct bytes body)
{
	struct server_hello h;
	struct hello_scratch scratch;
	struct tx tx;

	if (server_hello_parse(body, &h) != PARSE_DONE)
		return PARSE_BAD;
	scratch.used = 0;
	tx_begin(&tx, APP_TLS, DIR_S2C);
	server_hello_put(&tx, &h, TLS_OVER_TCP, &scratch);
	io->tx(io->ctx, &tx);
	s->retried = h.retry;
	s->choice = (struct tls_choice){h.version, h.cipher};
	bool sealed = h.version >= 0x0304 && !h.retry;
	return sealed ? PARSE_DONE : PARSE_MORE;
}

static enum parse whole_message(
	struct tls_side *s, const struct proto_io *io, enum dir dir, struct bytes body)
{
	switch (s->message_type) {
	case HS_CLIENT_HELLO:
		s->is_client = true;
		return client_hello(s, io, body);
	case HS_SERVER_HELLO:
		return server_hello(s, io, body);
	case HS_CERTIFICATE:
		tls_certificates(io, s->is_client ? DIR_C2S : dir, s->asked, body);
		return PARSE_MORE;
	case HS_SERVER_KEY_EXCHANGE:
		tls_server_key_exchange(io, s->choice, body);
		return PARSE_MORE;
	case HS_CERTIFICATE_VERIFY:
		tls_certificate_verify(io, body);
		return PARSE_MORE;
	default:
		return PARSE_MORE;
	}
}

// Is anything taken from messages of this type?
static bool is_read(uint8_t type)
{
	return type == HS_CLIENT_HELLO || type == HS_SERVER_HELLO || type == HS_CERTIFICATE ||
		type == HS_SERVER_KEY_EXCHANGE || type == HS_CERTIFICATE_VERIFY;
}

// Bytes of a message's body: parsed where they are when they are all of it.
static enum parse body_bytes(
	struct tls_side *s, const struct proto_io *io, enum dir dir, struct bytes part)
{
	bool last = part.len == s->message_left;

	if (s->body == NULL && last)
		return whole_message(s, io, dir, part);
	if (s->body == NULL)
		s->body = io->gather_take(io->ctx);
	if (s->body == NULL)
		return PARSE_DONE;

	struct gather *g = s->body;
	memcpy(g->data + g->len, part.p, part.len);
	g->len += (uint32_t)part.len;
	if (!last)
		return PARSE_MORE;
	enum parse result = whole_message(s, io, dir, (struct bytes){g->data, g->len, false});
	give_back(s, io);
	return result;
}

// Fill the header up to `want` bytes. True when it has them.
static bool head_fill(struct head *h, size_t want, struct bytes *in)
{
	size_t n = want - h->len < in->len ? want - h->len : in->len;
	struct bytes part = bytes_take(in, n);

	if (n > 0)
		memcpy(h->bytes + h->len, part.p, n);
	h->len = (uint8_t)(h->len + n);
	return h->len == want;
}

// Sizes that no honest message has: bytes that only look like a handshake.
static bool size_ok(uint8_t type, uint32_t len)
{
	switch (type) {
	case HS_CLIENT_HELLO:
		return len >= HELLO_MIN && len <= GATHER_MAX;
	case HS_SERVER_HELLO:
		return len >= SERVER_HELLO_MIN && len <= GATHER_MAX;
	default:
		return true;
	}
}

static enum parse begin_message(struct tls_side *s)
{
	struct bytes head = {s->message.bytes, HS_HEAD_LEN, false};

	s->message_type = bytes_u8(&head);
	s->message_left = bytes_u24(&head);
	s->message.len = 0;
	// One that does not fit a buffer is passed over, the end of it as well.
	s->wanted = is_read(s->message_type) && s->message_left <= GATHER_MAX;
	bool hello = s->message_type == HS_CLIENT_HELLO || s->message_type == HS_SERVER_HELLO;
	if (!size_ok(s->message_type, s->message_left))
		return s->after_ccs ? PARSE_DONE : PARSE_BAD;
	// After ChangeCipherSpec only the second hello, that of a retry, is in clear.
	if (s->after_ccs && (!hello || (s->message_type == HS_SERVER_HELLO && !s->retried)))
		return PARSE_DONE;
	if (s->message_type == HS_SERVER_HELLO_DONE)
		return PARSE_DONE;
	return PARSE_MORE;
}

static enum parse handshake_bytes(
	struct tls_side *s, const struct proto_io *io, enum dir dir, struct bytes part)
{
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && part.len > 0) {
		if (s->message_left == 0) {
			if (head_fill(&s->message, HS_HEAD_LEN, &part))
				result = begin_message(s);
			continue;
		}
		size_t n = s->message_left < part.len ? s->message_left : part.len;
		struct bytes body = bytes_take(&part, n);
		if (s->wanted)
			result = body_bytes(s, io, dir, body);
		s->message_left -= (uint32_t)n;
	}
	return result;
}

static bool version_ok(uint16_t version)
{
	return (version >= 0x0300 && version <= 0x0304) || version == TLS_VERSION_TLCP;
}

// RFC 5246 appendix E.2; also the hello of SSL 2 itself. Neither carries a name.
// `in` may be a prefix of it: true when it fits so far.
static bool ssl2_fits(struct bytes in, uint16_t *version)
{
	uint8_t b[SSL2_HEAD_LEN] = {0};
	size_t n = in.len < SSL2_HEAD_LEN ? in.len : SSL2_HEAD_LEN;

	memcpy(b, in.p, n);
	uint16_t ciphers = (uint16_t)(b[5] << 8 | b[6]);
	uint16_t session = (uint16_t)(b[7] << 8 | b[8]);
	uint16_t challenge = (uint16_t)(b[9] << 8 | b[10]);
	size_t len = (size_t)(b[0] & 0x7f) << 8 | b[1];
	size_t want = 9u + ciphers + session + challenge;

	*version = (uint16_t)(b[3] << 8 | b[4]);
	return (n < 1 || (b[0] & 0x80)) && (n < 2 || len >= 9 + 3 + 16) &&
		(n < 3 || b[2] == HS_CLIENT_HELLO) && (n < 4 || b[3] == 3 || b[3] == 0) &&
		(n < 5 || version_ok(*version) || *version == TLS_VERSION_SSL2) &&
		(n < 7 || (ciphers > 0 && ciphers % 3 == 0)) &&
		(n < 9 || session == 0 || session == 16) &&
		(n < 11 || (challenge >= 16 && challenge <= 32 && want == len));
}

// It has no name, and no list that a fingerprint is made of.
static enum parse begin_ssl2(struct tls_side *s, const struct proto_io *io, struct bytes *in)
{
	uint8_t version[2];
	uint16_t number;
	struct tx tx;

	if (!head_fill(&s->record, SSL2_HEAD_LEN, in))
		return PARSE_MORE;
	if (!ssl2_fits((struct bytes){s->record.bytes, SSL2_HEAD_LEN, false}, &number))
		return PARSE_BAD;
	tx_begin(&tx, APP_TLS, DIR_C2S);
	tx_put_text(&tx, FIELD_TLS_MESSAGE, "ssl2_client_hello");
	tx_put_number(&tx, FIELD_TLS_VERSION, number, version, sizeof(version));
	io->tx(io->ctx, &tx);
	return PARSE_DONE;
}

// Records that are left aside, and those after which nothing is in clear.
static enum parse begin_record(struct tls_side *s)
{
	struct bytes head = {s->record.bytes, RECORD_HEAD_LEN, false};
	uint8_t type = bytes_u8(&head);
	uint16_t version = bytes_u16(&head);
	uint16_t len = bytes_u16(&head);

	if (type < RECORD_CHANGE_CIPHER_SPEC || type > RECORD_HEARTBEAT || !version_ok(version) ||
		len > RECORD_MAX)
		return PARSE_BAD;
	s->begun = true;
	s->record.len = 0;
	s->record_left = len;
	s->phase = len > 0 ? PHASE_SKIP : PHASE_RECORD;
	switch (type) {
	case RECORD_HANDSHAKE:
		if (len > 0)
			s->phase = PHASE_HANDSHAKE;
		return PARSE_MORE;
	case RECORD_CHANGE_CIPHER_SPEC:
		if (s->after_ccs)
			return PARSE_DONE;
		s->after_ccs = true;
		return PARSE_MORE;
	case RECORD_HEARTBEAT:
		return s->after_ccs ? PARSE_DONE : PARSE_MORE;
	default: // alert, application data
		return PARSE_DONE;
	}
}

static enum parse record_head_bytes(
	struct tls_side *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	uint8_t first = s->record.len > 0 ? s->record.bytes[0] : in->p[0];

	if (!s->begun && (first & 0x80)) {
		if (dir == DIR_S2C)
			return PARSE_DONE; // the answer of SSL 2
		return begin_ssl2(s, io, in);
	}
	return head_fill(&s->record, RECORD_HEAD_LEN, in) ? begin_record(s) : PARSE_MORE;
}

static enum parse side_data(
	struct tls_side *s, const struct proto_io *io, enum dir dir, struct bytes in)
{
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && in.len > 0) {
		if (s->phase == PHASE_RECORD) {
			result = record_head_bytes(s, io, dir, &in);
			continue;
		}
		size_t n = s->record_left < in.len ? s->record_left : in.len;
		struct bytes part = bytes_take(&in, n);
		s->record_left = (uint16_t)(s->record_left - n);
		if (s->phase == PHASE_HANDSHAKE)
			result = handshake_bytes(s, io, dir, part);
		if (s->record_left == 0)
			s->phase = PHASE_RECORD;
	}
	return result;
}

static enum parse tls_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct tls_state *tls = state;
	struct tls_side *s = &tls->side[dir];
	enum parse result = side_data(s, io, dir, in);

	tls->side[!dir].asked = s->name;
	if (result != PARSE_MORE)
		salvage(s, io);
	return result;
}

static enum parse tls_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct tls_state *tls = state;

	(void)missing;
	salvage(&tls->side[dir], io);
	return PARSE_DONE;
}

static void tls_end(void *state, const struct proto_io *io)
{
	struct tls_state *tls = state;

	salvage(&tls->side[DIR_C2S], io);
	salvage(&tls->side[DIR_S2C], io);
}

// A record's header and the type of the message in it.
static enum probe probe_record(struct bytes in, enum dir *sender)
{
	uint8_t b[RECORD_HEAD_LEN + 1] = {0};
	size_t n = in.len < sizeof(b) ? in.len : sizeof(b);

	if (n > 0)
		memcpy(b, in.p, n);
	size_t len = (size_t)b[3] << 8 | b[4];
	bool alert = b[0] == RECORD_ALERT;

	if ((n > 0 && !alert && b[0] != RECORD_HANDSHAKE) ||
		(n > 1 && b[1] != 3 && b[1] != TLS_VERSION_TLCP >> 8) ||
		(n > 2 && !version_ok((uint16_t)(b[1] << 8 | b[2]))) ||
		(n > 4 && (alert ? len != 2 : len == 0 || len > RECORD_MAX)))
		return PROBE_NO;
	if (n <= RECORD_HEAD_LEN)
		return PROBE_MORE;

	*sender = alert || b[5] == HS_SERVER_HELLO ? DIR_S2C : DIR_C2S;
	if (alert)
		return b[5] == 1 || b[5] == 2 ? PROBE_YES : PROBE_NO;
	return b[5] == HS_CLIENT_HELLO || b[5] == HS_SERVER_HELLO ? PROBE_YES : PROBE_NO;
}

static enum probe tls_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	uint16_t version;

	(void)sport;
	(void)dport;
	if (in.len == 0 || !(in.p[0] & 0x80))
		return probe_record(in, sender);
	*sender = DIR_C2S;
	if (!ssl2_fits(in, &version))
		return PROBE_NO;
	return in.len < SSL2_HEAD_LEN ? PROBE_MORE : PROBE_YES;
}

const struct proto proto_tls = {
	.name = "tls",
	.app_proto = APP_TLS,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct tls_state),
	.probe = tls_probe,
	.data = tls_data,
	.gap = tls_gap,
	.end = tls_end,
};
