// QUIC: what both sides say in their Initial packets, which anybody on the path can open.
//
//   datagram -> packets (RFC 9000 17.2) -> CRYPTO frames (19.6) -> hellos (RFC 8446 4.1)
//
// Who sent a packet is told by the keys that open it.

#include "dataplane/inspect/proto/kit.h"
#include "dataplane/inspect/proto/quic_google.h"
#include "dataplane/inspect/proto/quic_packet.h"
#include "dataplane/inspect/proto/quic_stream.h"
#include "dataplane/inspect/proto/tls_hello.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_CRYPTO = 0x06,
	FRAME_CRYPTO_GOOGLE = 0x08,
	HS_HEAD_LEN = 4,
	HS_CLIENT_HELLO = 1,
	HS_SERVER_HELLO = 2,
	PARAMETER_USER_AGENT = 0x3129, // google_user_agent
	INITIAL_LEN_MIN = 1200, // RFC 9000 14.1
	// How long a hello is waited for, in datagrams of the flow.
	WAIT_CLIENT = 48,
	WAIT_SERVER = 24,
};

struct quic_state {
	uint32_t version;
	bool has_keys[2];
	uint8_t dcid_len; // of the client's first packet: what keys are made of
	uint8_t dcid[20];
	bool told[2]; // the hello of this direction
	bool refused; // version negotiation or a retry was told
	uint8_t datagrams;
	struct quic_keys keys[2];
	struct gather *crypto[2];
};
static_assert(sizeof(struct quic_state) <= PROTO_STATE_MAX, "fits a session");

static void give_back(struct quic_state *s, const struct proto_io *io)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		if (s->crypto[dir] != NULL)
			io->gather_give(io->ctx, s->crypto[dir]);
		s->crypto[dir] = NULL;
	}
}

static struct bytes user_agent(struct bytes parameters)
{
	while (parameters.len > 0) {
		uint64_t id = quic_varint(&parameters);
		struct bytes value = bytes_take(&parameters, quic_varint(&parameters));
		if (id == PARAMETER_USER_AGENT)
			return value;
	}
	return (struct bytes){0};
}

static void report_client(
	struct quic_state *s, const struct proto_io *io, const struct client_hello *h, bool whole)
{
	struct hello_scratch scratch;
	char version[16];
	uint8_t raw[4];
	struct tx tx;

	scratch.used = 0;
	quic_version_text(s->version, version);
	tx_begin(&tx, APP_QUIC, DIR_C2S);
	tx_put_text(&tx, FIELD_QUIC_MESSAGE, "client_hello");
	tx_put_text(&tx, FIELD_QUIC_VERSION, version);
	tx_put_number(&tx, FIELD_QUIC_RAW_VERSION, s->version, raw, sizeof(raw));
	tx_put_some(&tx, FIELD_QUIC_UA, user_agent(h->quic_parameters));
	client_hello_put(&tx, h, TLS_OVER_QUIC, whole, &scratch);
	io->tx(io->ctx, &tx);
	s->told[DIR_C2S] = true;
}

static void report_server(
	struct quic_state *s, const struct proto_io *io, const struct server_hello *h)
{
	struct hello_scratch scratch;
	char version[16];
	uint8_t raw[4];
	struct tx tx;

	scratch.used = 0;
	quic_version_text(s->version, version);
	tx_begin(&tx, APP_QUIC, DIR_S2C);
	tx_put_text(&tx, FIELD_QUIC_MESSAGE, h->retry ? "hello_retry_request" : "server_hello");
	tx_put_text(&tx, FIELD_QUIC_VERSION, version);
	tx_put_number(&tx, FIELD_QUIC_RAW_VERSION, s->version, raw, sizeof(raw));
	server_hello_put(&tx, h, TLS_OVER_QUIC, &scratch);
	io->tx(io->ctx, &tx);
	s->told[DIR_S2C] = !h->retry;
}

// `begin`: the handshake's bytes from its first on. `end`: no more will come.
static void try_hello(
	struct quic_state *s, const struct proto_io *io, enum dir dir, struct bytes begin, bool end)
{
	uint8_t type = bytes_u8(&begin);
	size_t len = bytes_u24(&begin);
	struct client_hello client;
	struct server_hello server;

	if (begin.bad || s->told[dir])
		return;
	bool whole = begin.len >= len;
	struct bytes body = bytes_take(&begin, whole ? len : begin.len);
	if (!whole && !end)
		return;
	if (type == HS_CLIENT_HELLO && dir == DIR_C2S) {
		enum parse got = client_hello_parse(body, TLS_OVER_QUIC, &client);
		if (got == PARSE_DONE || (got == PARSE_MORE && client.has_sni))
			report_client(s, io, &client, got == PARSE_DONE && whole);
	} else if (type == HS_SERVER_HELLO && dir == DIR_S2C && whole) {
		if (server_hello_parse(body, &server) == PARSE_DONE)
			report_server(s, io, &server);
	}
}

// False: there is no buffer.
static bool add_crypto(struct quic_state *s, const struct proto_io *io, enum dir dir,
	uint64_t offset, struct bytes data)
{
	// The whole hello in one frame is read where it is.
	if (s->crypto[dir] == NULL && offset == 0) {
		try_hello(s, io, dir, data, false);
		if (s->told[dir])
			return true;
	}
	if (s->crypto[dir] == NULL) {
		s->crypto[dir] = io->gather_take(io->ctx);
		if (s->crypto[dir] == NULL)
			return false;
		crypto_stream_init((struct crypto_stream *)s->crypto[dir]->data);
	}
	crypto_stream_add((struct crypto_stream *)s->crypto[dir]->data, offset, data);
	return true;
}

// RFC 9000 19.3: ranges that were received, and counts of congestion.
static void skip_ack(struct bytes *b, uint64_t type)
{
	quic_varint(b);
	quic_varint(b);
	uint64_t ranges = quic_varint(b);

	quic_varint(b);
	for (; ranges > 0 && b->len > 0; ranges--) {
		quic_varint(b);
		quic_varint(b);
	}
	for (unsigned i = 0; i < 3 && type == FRAME_ACK_ECN; i++)
		quic_varint(b);
}

// Most of many a packet: by words.
static void skip_padding(struct bytes *b)
{
	uint64_t word = 0;
	size_t n = 1;

	while (b->len - n >= sizeof(word)) {
		memcpy(&word, b->p + n, sizeof(word));
		if (word != 0)
			break;
		n += sizeof(word);
	}
	bytes_take(b, n);
}

// False: there is no buffer. Frames that an Initial must not have end the reading.
static bool read_frames(
	struct quic_state *s, const struct proto_io *io, enum dir dir, struct bytes b)
{
	while (b.len > 0 && !s->told[dir]) {
		if (b.p[0] == FRAME_PADDING || b.p[0] == FRAME_PING) {
			skip_padding(&b);
			continue;
		}
		uint64_t type = quic_varint(&b);
		if (type == FRAME_ACK || type == FRAME_ACK_ECN) {
			skip_ack(&b, type);
			continue;
		}
		if (type != FRAME_CRYPTO)
			return true;
		uint64_t offset = quic_varint(&b);
		struct bytes data = bytes_take(&b, quic_varint(&b));
		if (b.bad)
			return true;
		if (!add_crypto(s, io, dir, offset, data))
			return false;
	}
	return true;
}

// T050, T051: TLS in Google's frames. They are not documented: the hello is found by its begin.
static void read_google_frames(
	struct quic_state *s, const struct proto_io *io, enum dir dir, struct bytes b)
{
	for (size_t at = 0; at + HS_HEAD_LEN + 2 <= b.len && at < 64; at++) {
		const uint8_t *p = b.p + at;
		bool hello = p[0] == (dir == DIR_C2S ? HS_CLIENT_HELLO : HS_SERVER_HELLO) &&
			p[1] == 0 && p[4] == 3 && p[5] == 3;
		if (hello)
			try_hello(s, io, dir, (struct bytes){p, b.len - at, false}, false);
		if (s->told[dir])
			return;
	}
}

// Keys are made when a packet wants them: a server's often never do.
static struct bytes open_with(struct quic_state *s, const struct proto_io *io,
	const struct quic_version *version, const struct quic_packet *p, enum dir dir)
{
	struct bytes dcid = {s->dcid, s->dcid_len, false};

	if (!s->has_keys[dir])
		quic_initial_keys(&version->secrets, dcid, dir, &s->keys[dir]);
	s->has_keys[dir] = true;
	return quic_open(io->kit->quic, &s->keys[dir], p->all, p->head);
}

// A datagram that is read. RFC 9000 12.2: its packets have one destination, that of the first; others
// are ignored. So keys of a new connection are made once for all of them.
struct reading {
	struct bytes dcid;
	uint32_t version; // of `fresh`; 0: they were not made
	struct quic_keys fresh;
};

// A client's first packet makes the keys that open it, and begins a connection.
static struct bytes open_first(struct quic_state *s, const struct proto_io *io,
	const struct quic_version *version, const struct quic_packet *p, struct reading *r)
{
	if (r->version == 0) {
		quic_initial_keys(&version->secrets, p->dcid, DIR_C2S, &r->fresh);
		r->version = p->version;
	}
	if (r->version != p->version)
		return (struct bytes){.bad = true};
	struct bytes plain = quic_open(io->kit->quic, &r->fresh, p->all, p->head);
	if (plain.bad)
		return plain;
	give_back(s, io);
	s->keys[DIR_C2S] = r->fresh;
	s->has_keys[DIR_C2S] = true;
	s->has_keys[DIR_S2C] = false;
	s->version = p->version;
	s->dcid_len = (uint8_t)p->dcid.len;
	if (p->dcid.len > 0)
		memcpy(s->dcid, p->dcid.p, p->dcid.len);
	return plain;
}

// Open the packet with the keys at hand, or as a client's first. Gives the sender in *dir.
static struct bytes open_packet(struct quic_state *s, const struct proto_io *io,
	const struct quic_version *version, const struct quic_packet *p, struct reading *r,
	enum dir *dir)
{
	bool begun = s->has_keys[DIR_C2S] && s->version == p->version;
	struct bytes plain = {.bad = true};

	// A server's packet never has the connection id that the keys come from.
	bool first = begun && bytes_equal(p->dcid, s->dcid, s->dcid_len);
	if (begun && first)
		*dir = DIR_C2S;
	for (unsigned i = 0; i < 2 && begun && plain.bad; i++) {
		*dir = i == 0 ? *dir : (enum dir)(!*dir);
		plain = open_with(s, io, version, p, *dir);
	}
	if (!plain.bad || first)
		return plain;
	*dir = DIR_C2S;
	return open_first(s, io, version, p, r);
}

// False: there is no buffer.
static bool initial(struct quic_state *s, const struct proto_io *io, enum dir dir,
	const struct quic_packet *p, struct reading *r)
{
	struct quic_version version = quic_version_of(p->version);
	struct bytes plain = open_packet(s, io, &version, p, r, &dir);
	bool room = true;

	if (plain.bad || s->told[dir])
		return true;
	switch (version.kind) {
	case QUIC_GOOGLE_CRYPTO:
		s->told[dir] = quic_google_hello(io, p->version, plain);
		break;
	case QUIC_GOOGLE_TLS:
		read_google_frames(s, io, dir, plain);
		break;
	default:
		room = read_frames(s, io, dir, plain);
		break;
	}
	if (s->crypto[dir] != NULL)
		try_hello(s, io, dir,
			crypto_stream_begin((struct crypto_stream *)s->crypto[dir]->data), false);
	return room;
}

// A server that wants another version, or the client's address proved.
static void refusal(struct quic_state *s, const struct proto_io *io, const struct quic_packet *p)
{
	char version[16];
	uint8_t raw[4];
	struct tx tx;

	if (s->refused)
		return;
	s->refused = true;
	quic_version_text(p->version, version);
	tx_begin(&tx, APP_QUIC, DIR_S2C);
	tx_put_text(
		&tx, FIELD_QUIC_MESSAGE, p->type == QUIC_RETRY ? "retry" : "version_negotiation");
	if (p->type == QUIC_RETRY) {
		tx_put_text(&tx, FIELD_QUIC_VERSION, version);
		tx_put_number(&tx, FIELD_QUIC_RAW_VERSION, p->version, raw, sizeof(raw));
	}
	io->tx(io->ctx, &tx);
}

// Where Google's packets up to Q046 have their version: behind flags and an 8-byte connection id,
// or, from Q044 on, behind the first byte. 0: nowhere.
static uint32_t google_version(struct bytes in)
{
	uint8_t first = bytes_u8(&in);

	if (!(first & 0x80)) {
		if ((first & 0x09) != 0x09) // a version, a connection id
			return 0;
		bytes_take(&in, 8);
	}
	uint32_t v = bytes_u32(&in);
	return !in.bad && quic_version_of(v).kind == QUIC_GOOGLE_CLEAR ? v : 0;
}

static enum parse quic_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct quic_state *s = state;
	struct quic_packet p;
	struct reading r = {.version = 0};
	uint32_t google = google_version(in);
	bool room = true;

	if (s->datagrams < UINT8_MAX)
		s->datagrams++;
	if (google != 0 && !s->told[DIR_C2S])
		s->told[DIR_C2S] = quic_google_hello(io, google, in);
	for (unsigned n = 0; google == 0 && room && quic_next_packet(&in, &p); n++) {
		if (n == 0)
			r.dcid = p.dcid;
		if (!bytes_equal(p.dcid, r.dcid.p, r.dcid.len))
			continue;
		if (p.type == QUIC_INITIAL)
			room = initial(s, io, dir, &p, &r);
		else if (p.type == QUIC_RETRY || p.type == QUIC_NEGOTIATION)
			refusal(s, io, &p);
	}
	bool enough = s->datagrams >= (s->told[DIR_C2S] ? WAIT_SERVER : WAIT_CLIENT);
	return room && !enough && !(s->told[DIR_C2S] && s->told[DIR_S2C]) ? PARSE_MORE : PARSE_DONE;
}

// A hello whose rest did not come: its name is worth telling all the same.
static void quic_end(void *state, const struct proto_io *io)
{
	struct quic_state *s = state;

	if (s->crypto[DIR_C2S] != NULL && !s->told[DIR_C2S])
		try_hello(s, io, DIR_C2S,
			crypto_stream_begin((struct crypto_stream *)s->crypto[DIR_C2S]->data),
			true);
	give_back(s, io);
}

static bool is_reserved(uint32_t version)
{
	return (version & 0x0f0f0f0f) == 0x0a0a0a0a; // RFC 9000 15
}

static enum probe quic_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	size_t len = in.len;
	struct bytes b = in;

	*sender = sport == 443 && dport != 443 ? DIR_S2C : DIR_C2S;
	if (len < 16)
		return PROBE_NO;
	if (google_version(in) != 0)
		return PROBE_YES;
	uint8_t first = bytes_u8(&b);
	uint32_t version = bytes_u32(&b);
	struct bytes dcid = bytes_vec8(&b);
	struct bytes scid = bytes_vec8(&b);
	if (!(first & 0x80) || b.bad || dcid.len > 20 || scid.len > 20 || b.len < 4)
		return PROBE_NO;
	enum quic_kind kind = quic_version_of(version).kind;
	if (kind != QUIC_UNKNOWN && kind != QUIC_GOOGLE_CLEAR && (first & 0x40))
		return PROBE_YES;
	if (version == 0) {
		uint32_t offered = bytes_u32(&b);
		*sender = DIR_S2C;
		bool known = quic_version_of(offered).kind != QUIC_UNKNOWN || is_reserved(offered);
		return known && b.len % 4 == 0 ? PROBE_YES : PROBE_NO;
	}
	// A client that greases its version: a server will tell another.
	return is_reserved(version) && len >= INITIAL_LEN_MIN && dcid.len >= 8 ? PROBE_MAYBE
									       : PROBE_NO;
}

const struct proto proto_quic = {
	.name = "quic",
	.app_proto = APP_QUIC,
	.l4 = IPPROTO_UDP,
	.state_size = sizeof(struct quic_state),
	.probe = quic_probe,
	.data = quic_data,
	.end = quic_end,
};
