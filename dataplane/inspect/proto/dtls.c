// DTLS 1.0 to 1.3 (RFC 4347, RFC 6347, RFC 9147): hellos and certificates of epoch 0, which is in
// clear. It shares its flow with STUN and RTP (RFC 7983).
//
//   datagram -> records (RFC 6347 4.1) -> fragments of handshake messages (4.2.2) -> hellos

#include "dataplane/inspect/proto/proto.h"
#include "dataplane/inspect/proto/quic_stream.h"
#include "dataplane/inspect/proto/tls_cert.h"
#include "dataplane/inspect/proto/tls_hello.h"
#include "dataplane/inspect/proto/tls_key_exchange.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	RECORD_HEAD_LEN = 13,
	RECORD_HANDSHAKE = 22,
	RECORD_FIRST = 20, // RFC 7983 7: DTLS is what begins with 20 to 63
	RECORD_LAST = 63,
	HS_HEAD_LEN = 12,
	HS_CLIENT_HELLO = 1,
	HS_SERVER_HELLO = 2,
	HS_CERTIFICATE = 11,
	HS_SERVER_KEY_EXCHANGE = 12,
	HS_CERTIFICATE_VERIFY = 15,
	VERSION_LEN = 2,
	RANDOM_LEN = 32,
	WAIT = 64, // datagrams with a handshake that are looked at
};

// The message of a direction that comes in fragments: one at a time, the one whose fragment came
// last.
struct dtls_side {
	struct gather *parts; // a struct crypto_stream
	uint32_t len;
	uint16_t sequence;
	uint8_t type;
	bool is_client; // it sent a client's hello
	uint32_t told; // by sequence number: messages that were told, as far as 32
};

struct dtls_state {
	struct dtls_side side[2];
	uint8_t seen;
	bool begun; // the client's first hello was told, whose
	uint8_t random[RANDOM_LEN]; // is this
	struct tls_name asked; // by the client's hello
	struct tls_choice choice; // of the server's
};
static_assert(sizeof(struct dtls_state) <= PROTO_STATE_MAX, "fits a session");

static bool version_ok(uint16_t v)
{
	return v == 0xfeff || v == 0xfefd || v == 0xfefc ||
		v == 0x0100; // the last: OpenSSL's first
}

static void give(struct dtls_side *s, const struct proto_io *io)
{
	if (s->parts != NULL)
		io->gather_give(io->ctx, s->parts);
	s->parts = NULL;
}

static void client_hello(struct dtls_state *s, const struct proto_io *io, struct bytes body)
{
	struct hello_scratch scratch;
	struct client_hello h;
	struct tx tx;

	enum parse got = client_hello_parse(body, TLS_OVER_DTLS, &h);
	if (got == PARSE_BAD || (got == PARSE_MORE && !h.has_sni))
		return;
	s->asked = tls_name_of(h.sni);
	scratch.used = 0;
	tx_begin(&tx, APP_TLS, DIR_C2S);
	client_hello_put(&tx, &h, TLS_OVER_DTLS, got == PARSE_DONE, &scratch);
	io->tx(io->ctx, &tx);
}

static void server_hello(struct dtls_state *s, const struct proto_io *io, struct bytes body)
{
	struct hello_scratch scratch;
	struct server_hello h;
	struct tx tx;

	if (server_hello_parse(body, &h) != PARSE_DONE)
		return;
	s->choice = (struct tls_choice){h.version, h.cipher};
	scratch.used = 0;
	tx_begin(&tx, APP_TLS, DIR_S2C);
	server_hello_put(&tx, &h, TLS_OVER_DTLS, &scratch);
	io->tx(io->ctx, &tx);
}

static void whole_message(
	struct dtls_state *state, const struct proto_io *io, enum dir dir, struct bytes body)
{
	struct dtls_side *s = &state->side[dir];

	s->told |= 1u << (s->sequence & 31);
	switch (s->type) {
	case HS_CLIENT_HELLO:
		s->is_client = true;
		client_hello(state, io, body);
		break;
	case HS_SERVER_HELLO:
		server_hello(state, io, body);
		break;
	case HS_CERTIFICATE:
		tls_certificates(io, s->is_client ? DIR_C2S : dir, state->asked, body);
		break;
	case HS_SERVER_KEY_EXCHANGE:
		tls_server_key_exchange(io, state->choice, body);
		break;
	case HS_CERTIFICATE_VERIFY:
		tls_certificate_verify(io, body);
		break;
	}
}

static bool is_read(uint8_t type)
{
	return type == HS_CLIENT_HELLO || type == HS_SERVER_HELLO || type == HS_CERTIFICATE ||
		type == HS_SERVER_KEY_EXCHANGE || type == HS_CERTIFICATE_VERIFY;
}

// RFC 6347 4.2.2: type, length, sequence number, fragment's offset and length.
static void fragment(struct dtls_state *state, const struct proto_io *io, enum dir dir,
	struct bytes head, struct bytes part)
{
	struct dtls_side *s = &state->side[dir];
	uint8_t type = bytes_u8(&head);
	uint32_t len = bytes_u24(&head);
	uint16_t sequence = bytes_u16(&head);
	uint32_t offset = bytes_u24(&head);

	if (!is_read(type) || len == 0 || offset + part.len > len || len > CRYPTO_BYTES_MAX ||
		(s->told >> (sequence & 31) & 1))
		return;
	bool same = s->parts != NULL && s->sequence == sequence && s->type == type && s->len == len;
	s->sequence = sequence;
	s->type = type;
	s->len = len;
	if (part.len == len) {
		whole_message(state, io, dir, part);
		return;
	}
	if (s->parts == NULL)
		s->parts = io->gather_take(io->ctx);
	if (s->parts == NULL)
		return;
	struct crypto_stream *stream = (struct crypto_stream *)s->parts->data;
	if (!same)
		crypto_stream_init(stream);
	crypto_stream_add(stream, offset, part);
	struct bytes begin = crypto_stream_begin(stream);
	if (begin.len < len)
		return;
	begin.len = len;
	whole_message(state, io, dir, begin);
	give(s, io);
}

// RFC 6347 4.2.8: an endpoint that begins anew on the same ports. Its first hello has number 0, and
// another random; what was told of the association before counts no more.
static void note_hello(struct dtls_state *s, struct bytes head, struct bytes part)
{
	uint8_t type = bytes_u8(&head);

	bytes_u24(&head);
	uint16_t sequence = bytes_u16(&head);
	uint32_t offset = bytes_u24(&head);
	if (type != HS_CLIENT_HELLO || sequence != 0 || offset != 0 ||
		part.len < VERSION_LEN + RANDOM_LEN)
		return;
	const uint8_t *random = part.p + VERSION_LEN;
	if (s->begun && memcmp(s->random, random, RANDOM_LEN) != 0) {
		s->side[DIR_C2S].told = 0;
		s->side[DIR_S2C].told = 0;
		s->seen = 0;
	}
	memcpy(s->random, random, RANDOM_LEN);
	s->begun = true;
}

static void handshake(
	struct dtls_state *s, const struct proto_io *io, enum dir dir, struct bytes record)
{
	while (record.len >= HS_HEAD_LEN) {
		struct bytes head = bytes_take(&record, HS_HEAD_LEN), length = head;
		bytes_take(&length, 9);
		struct bytes part = bytes_take(&record, bytes_u24(&length));
		if (record.bad)
			return;
		// Who sends a hello tells its role, whatever the ports say.
		enum dir sender = head.p[0] == HS_CLIENT_HELLO ? DIR_C2S
			: head.p[0] == HS_SERVER_HELLO	       ? DIR_S2C
							       : dir;
		note_hello(s, head, part);
		fragment(s, io, sender, head, part);
	}
}

// The next record of a datagram; false when there is none of a form that is in clear.
static bool next_record(struct bytes *in, uint8_t *type, bool *clear, struct bytes *body)
{
	*type = bytes_u8(in);
	uint16_t version = bytes_u16(in), epoch = bytes_u16(in);

	bytes_take(in, 6);
	size_t len = bytes_u16(in);
	if (in->bad || !version_ok(version) || *type < RECORD_FIRST || *type > 26)
		return false;
	*clear = epoch == 0;
	*body = bytes_take(in, len < in->len ? len : in->len);
	return true;
}

static enum parse dtls_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct dtls_state *s = state;
	struct bytes body;
	uint8_t type;
	bool clear, looked = false;

	if (in.len == 0 || in.p[0] < RECORD_FIRST || in.p[0] > RECORD_LAST)
		return PARSE_OTHER;
	while (in.len >= RECORD_HEAD_LEN && s->seen < WAIT &&
		next_record(&in, &type, &clear, &body)) {
		if (type != RECORD_HANDSHAKE || !clear)
			continue;
		handshake(s, io, dir, body);
		looked = true;
	}
	s->seen = (uint8_t)(s->seen + (looked ? 1 : 0));
	return PARSE_MORE;
}

// What is there of a hello is told when it has a name.
static void dtls_end(void *state, const struct proto_io *io)
{
	struct dtls_state *s = state;
	struct dtls_side *client = &s->side[DIR_C2S];

	if (client->parts != NULL && client->type == HS_CLIENT_HELLO)
		client_hello(
			s, io, crypto_stream_begin((struct crypto_stream *)client->parts->data));
	give(client, io);
	give(&s->side[DIR_S2C], io);
}

static enum probe dtls_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	struct bytes body, rest = in;
	uint8_t type;
	bool clear;

	(void)sport;
	(void)dport;
	if (in.len < RECORD_HEAD_LEN + HS_HEAD_LEN || in.p[0] != RECORD_HANDSHAKE ||
		!next_record(&rest, &type, &clear, &body) || !clear || body.len < HS_HEAD_LEN)
		return PROBE_NO;
	uint8_t message = body.p[0];
	uint32_t len = (uint32_t)body.p[1] << 16 | (uint32_t)body.p[2] << 8 | body.p[3];
	uint32_t offset = (uint32_t)body.p[6] << 16 | (uint32_t)body.p[7] << 8 | body.p[8];
	uint32_t part = (uint32_t)body.p[9] << 16 | (uint32_t)body.p[10] << 8 | body.p[11];
	// Hellos, the verify request (3) and what a server's flight goes on with.
	if (message == 0 || message > 20 || offset + part > len)
		return PROBE_NO;
	*sender = message == HS_CLIENT_HELLO || message == 16 ? DIR_C2S : DIR_S2C;
	return PROBE_YES;
}

const struct proto proto_dtls = {
	.name = "dtls",
	.app_proto = APP_TLS,
	.l4 = IPPROTO_UDP,
	.state_size = sizeof(struct dtls_state),
	.probe = dtls_probe,
	.data = dtls_data,
	.end = dtls_end,
};
