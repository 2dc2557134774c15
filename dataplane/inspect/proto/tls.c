// TLS 1.0 to 1.3, SSL 3 and 2, TLCP: what a client says before the talk is sealed.
//
//   bytes -> records (RFC 8446 5.1) -> handshake messages (4) -> ClientHello (4.1.2)
//
// Both directions run the same machine: who sends the hello is the client, whatever side
// opened the connection (FTP's data connections, RFC 4217 7).

#include "dataplane/inspect/proto/proto.h"

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
	HS_HEAD_LEN = 4,
	HELLO_MIN = 2 + 32 + 1 + 4 + 2, // version, random, no session, one cipher, one compression

	EXT_SERVER_NAME = 0,
	EXT_ALPN = 16,
	EXT_SUPPORTED_VERSIONS = 43,
	SNI_HOST_NAME = 0,
	RANDOM_LEN = 32,
	ALPN_MAX = 32,

	VERSION_TLCP = 0x0101, // GB/T 38636: TLS with Chinese algorithms
	VERSION_SSL2 = 0x0002,
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
	struct gather *hello; // body of a ClientHello that comes in pieces
	uint32_t message_left; // of the handshake message, after its header
	uint16_t record_left;
	uint8_t phase; // enum phase
	uint8_t message_type;
	bool after_ccs; // the record before was ChangeCipherSpec
	bool begun; // one record header was fine
	struct head record;
	struct head message;
};

struct tls_state {
	struct tls_side side[2];
};
static_assert(sizeof(struct tls_state) <= PROTO_STATE_MAX, "fits a session");

struct hello {
	uint16_t version; // 0: not known
	bool has_sni;
	bool has_versions;
	struct bytes sni;
	struct bytes alpn; // the list, as sent
};

// RFC 8701: clients offer reserved 0x?a?a values to keep servers tolerant.
static bool is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && (v >> 8) == (v & 0xff);
}

static bool parse_sni(struct bytes ext, struct bytes *out)
{
	struct bytes list = bytes_vec16(&ext);

	while (list.len > 0) {
		uint8_t type = bytes_u8(&list);
		struct bytes name = bytes_vec16(&list);
		if (list.bad)
			return false;
		if (type == SNI_HOST_NAME) {
			*out = name;
			return name.len > 0;
		}
	}
	return false;
}

static uint16_t parse_max_version(struct bytes ext, uint16_t fallback)
{
	struct bytes list = bytes_vec8(&ext);
	uint16_t max = 0;

	while (list.len > 0) {
		uint16_t v = bytes_u16(&list);
		if (v > max && !is_grease(v))
			max = v;
	}
	return max != 0 ? max : fallback;
}

// False: an extension runs past the list. What came before it was read.
static bool parse_extensions(struct bytes exts, struct hello *h)
{
	while (exts.len > 0) {
		uint16_t type = bytes_u16(&exts);
		struct bytes body = bytes_vec16(&exts);
		if (exts.bad)
			return false;

		switch (type) {
		case EXT_SERVER_NAME:
			h->has_sni = parse_sni(body, &h->sni);
			break;
		case EXT_ALPN:
			h->alpn = bytes_vec16(&body);
			break;
		case EXT_SUPPORTED_VERSIONS:
			h->version = parse_max_version(body, h->version);
			h->has_versions = true;
			break;
		}
	}
	return true;
}

// PARSE_MORE: the body ends early; what is whole was read.
static enum parse parse_hello(struct bytes body, struct hello *h)
{
	h->version = bytes_u16(&body);
	bytes_take(&body, RANDOM_LEN);
	bytes_vec8(&body); // session id
	struct bytes ciphers = bytes_vec16(&body);
	bytes_vec8(&body); // compression methods
	if (body.bad)
		return PARSE_MORE;
	if (ciphers.len < 2)
		return PARSE_BAD;
	// Extensions are optional before TLS 1.3; absent is not an error.
	if (body.len == 0)
		return PARSE_DONE;

	size_t len = bytes_u16(&body);
	bool whole = !body.bad && len <= body.len;
	struct bytes exts = bytes_take(&body, whole ? len : body.len);
	if (parse_extensions(exts, h) && whole)
		return PARSE_DONE;
	// TLS 1.3 says 1.2 here, and the truth in an extension that may be missing.
	if (!h->has_versions)
		h->version = 0;
	return PARSE_MORE;
}

static void put(struct tx *tx, enum field field, struct bytes value)
{
	tx->fields[tx->n_fields++] = (struct field_value){.field = (uint16_t)field, .value = value};
}

static void emit(const struct proto_io *io, const struct hello *h)
{
	uint8_t version[2] = {(uint8_t)(h->version >> 8), (uint8_t)h->version};
	struct bytes alpn = h->alpn;
	struct tx tx;

	tx_begin(&tx, APP_TLS, DIR_C2S);
	if (h->version != 0)
		put(&tx, FIELD_TLS_VERSION, (struct bytes){version, sizeof(version), false});
	if (h->has_sni)
		put(&tx, FIELD_TLS_SNI, h->sni);
	for (unsigned n = 0; alpn.len > 0 && n < ALPN_MAX; n++) {
		struct bytes name = bytes_vec8(&alpn);
		if (name.len > 0)
			put(&tx, FIELD_TLS_ALPN, name);
	}
	io->tx(io->ctx, &tx);
}

static void give_back(struct tls_side *s, const struct proto_io *io)
{
	if (s->hello != NULL)
		io->gather_give(io->ctx, s->hello);
	s->hello = NULL;
}

// The rest of a hello will not come: its name is worth telling all the same.
static void salvage(struct tls_side *s, const struct proto_io *io)
{
	struct hello h = {0};

	if (s->hello == NULL)
		return;
	struct bytes body = {s->hello->data, s->hello->len, false};
	if (parse_hello(body, &h) != PARSE_BAD && h.has_sni)
		emit(io, &h);
	give_back(s, io);
}

static enum parse whole_hello(struct tls_side *s, const struct proto_io *io, struct bytes body)
{
	struct hello h = {0};
	enum parse result = parse_hello(body, &h);

	if (s->after_ccs && (result != PARSE_DONE || body.p[0] != 3))
		return PARSE_DONE; // sealed bytes that look like a hello
	s->after_ccs = false;
	if (result == PARSE_DONE || h.has_sni)
		emit(io, &h);
	return result == PARSE_DONE ? PARSE_MORE : PARSE_BAD;
}

// Bytes of a ClientHello's body: parsed where they are when they are all of it.
static enum parse hello_bytes(struct tls_side *s, const struct proto_io *io, struct bytes part)
{
	bool last = part.len == s->message_left;

	if (s->hello == NULL && last)
		return whole_hello(s, io, part);
	if (s->hello == NULL)
		s->hello = io->gather_take(io->ctx);
	if (s->hello == NULL)
		return PARSE_DONE;

	struct gather *g = s->hello;
	memcpy(g->data + g->len, part.p, part.len);
	g->len += (uint32_t)part.len;
	if (!last)
		return PARSE_MORE;
	enum parse result = whole_hello(s, io, (struct bytes){g->data, g->len, false});
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

static enum parse begin_message(struct tls_side *s, enum dir dir)
{
	struct bytes head = {s->message.bytes, HS_HEAD_LEN, false};

	s->message_type = bytes_u8(&head);
	s->message_left = bytes_u24(&head);
	s->message.len = 0;
	if (s->message_type == HS_CLIENT_HELLO) {
		if (s->message_left >= HELLO_MIN && s->message_left <= GATHER_MAX)
			return PARSE_MORE;
		return s->after_ccs ? PARSE_DONE : PARSE_BAD;
	}
	// What a server says first is its hello, and nothing is read from it. After
	// ChangeCipherSpec only the second hello, that of a retry, is in clear.
	if (dir == DIR_S2C || s->message_type == HS_SERVER_HELLO || s->after_ccs)
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
				result = begin_message(s, dir);
			continue;
		}
		size_t n = s->message_left < part.len ? s->message_left : part.len;
		struct bytes body = bytes_take(&part, n);
		if (s->message_type == HS_CLIENT_HELLO)
			result = hello_bytes(s, io, body);
		s->message_left -= (uint32_t)n;
	}
	return result;
}

static bool version_ok(uint16_t version)
{
	return (version >= 0x0300 && version <= 0x0304) || version == VERSION_TLCP;
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
		(n < 5 || version_ok(*version) || *version == VERSION_SSL2) &&
		(n < 7 || (ciphers > 0 && ciphers % 3 == 0)) &&
		(n < 9 || session == 0 || session == 16) &&
		(n < 11 || (challenge >= 16 && challenge <= 32 && want == len));
}

static enum parse begin_ssl2(struct tls_side *s, const struct proto_io *io, struct bytes *in)
{
	struct hello h = {0};

	if (!head_fill(&s->record, SSL2_HEAD_LEN, in))
		return PARSE_MORE;
	if (!ssl2_fits((struct bytes){s->record.bytes, SSL2_HEAD_LEN, false}, &h.version))
		return PARSE_BAD;
	emit(io, &h);
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
		(n > 1 && b[1] != 3 && b[1] != VERSION_TLCP >> 8) ||
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
