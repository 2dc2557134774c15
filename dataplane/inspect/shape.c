#include "dataplane/inspect/shape.h"

#include <assert.h>

enum { FLIGHTS = 3 };

void shape_bytes(struct shape *s, enum dir dir, struct bytes in, uint32_t ack)
{
	uint32_t at = s->seen[dir];
	uint8_t n = s->n_steps[dir];

	if (in.len == 0 || s->spoiled)
		return;
	if (dir == DIR_C2S && at < SHAPE_BEGIN) {
		size_t room = SHAPE_BEGIN - at;
		memcpy(s->begin + at, in.p, in.len < room ? in.len : room);
	}
	s->seen[dir] = at + (uint32_t)in.len;
	if (n > 0 && s->steps[dir][n - 1].ack == ack)
		return;
	if (n < SHAPE_STEPS) {
		s->steps[dir][n] = (struct shape_step){at, ack};
		s->n_steps[dir]++;
	} else if (s->known_to[dir] == 0) {
		s->known_to[dir] = at;
	}
}

// What the packet with the byte at `offset` acknowledged; false: it has not come, or was not kept.
static bool acked_at(const struct shape *s, enum dir dir, uint32_t offset, uint32_t *ack)
{
	if (s->seen[dir] <= offset || (s->known_to[dir] != 0 && offset >= s->known_to[dir]))
		return false;
	for (unsigned i = s->n_steps[dir]; i-- > 0;) {
		if (s->steps[dir][i].offset <= offset) {
			*ack = s->steps[dir][i].ack;
			return true;
		}
	}
	return false;
}

// The lengths of the first flights, beginning with the client's. Returns how many are over.
static unsigned flights(const struct shape *s, const uint32_t first_seq[2], uint32_t out[FLIGHTS])
{
	uint32_t said[2] = {0, 0};
	enum dir dir = DIR_C2S;

	for (unsigned n = 0; n < FLIGHTS; n++) {
		enum dir other = dir == DIR_C2S ? DIR_S2C : DIR_C2S;
		uint32_t ack;
		if (!acked_at(s, other, said[other], &ack))
			return n;
		uint32_t total = ack - first_seq[dir];
		if (total <= said[dir] || total > INT32_MAX)
			return n;
		out[n] = total - said[dir];
		said[dir] = total;
		dir = other;
	}
	return FLIGHTS;
}

// Like noise? Of 64 random bytes 57 differ on average, of 48 44; and half have the upper bit.
static bool random_looking(const uint8_t *p, unsigned n)
{
	enum { OF = 64, DIFFER_MIN = 46, UPPER_MIN = 14, UPPER_MAX = 50 };
	uint64_t seen[4] = {0};
	unsigned upper = 0, differ = 0;

	for (unsigned i = 0; i < n; i++) {
		seen[p[i] / 64] |= 1ull << p[i] % 64;
		upper += p[i] >> 7;
	}
	for (unsigned i = 0; i < 4; i++)
		differ += (unsigned)__builtin_popcountll(seen[i]);
	return differ * OF >= DIFFER_MIN * n && upper * OF >= UPPER_MIN * n &&
		upper * OF <= UPPER_MAX * n;
}

// Threema, "Cryptography Whitepaper", chat server protocol: the client's key and cookie (48 bytes that
// nobody can tell from random ones), the server's cookie and box (80), then a login of at least 144.
static bool is_threema(const struct shape *s, const uint32_t flight[FLIGHTS])
{
	enum { HELLO = 48, ANSWER = 80, LOGIN_MIN = 144, LOGIN_MAX = 1024 };

	return flight[0] == HELLO && flight[1] == ANSWER && flight[2] >= LOGIN_MIN &&
		flight[2] <= LOGIN_MAX && s->seen[DIR_C2S] >= HELLO &&
		random_looking(s->begin, HELLO);
}

// core.telegram.org/mtproto/mtproto-transports, "Transport obfuscation": 64 random bytes, which may
// be no other transport's and have no zeros at 4; where it is spoken.
static bool may_be_obfuscated(const struct shape *s, uint16_t server_port)
{
	static const uint8_t zeros[4];

	return (server_port == 80 || server_port == 443 || server_port == 5222) &&
		s->begin[0] != 0xef && memcmp(s->begin + 4, zeros, sizeof(zeros)) != 0 &&
		random_looking(s->begin, SHAPE_BEGIN);
}

// req_pq_multi is 40 bytes, resPQ 84 with one fingerprint of a key and 8 more with each other; in
// front of each one byte (abridged) or four (intermediate).
static bool is_new_key(const uint32_t flight[FLIGHTS])
{
	enum { ASK = 40, ANSWER_MIN = 84, ANSWER_MAX = 116, FINGERPRINT = 8 };

	for (uint32_t head = 1; head <= 4; head += 3) {
		uint32_t answer = flight[1] - head;
		if (flight[0] == SHAPE_BEGIN + head + ASK && answer >= ANSWER_MIN &&
			answer <= ANSWER_MAX && (answer - ANSWER_MIN) % FINGERPRINT == 0)
			return true;
	}
	return false;
}

// A sealed message is 24 and a multiple of 16 bytes; with the byte of abridged in front, or four when
// it is long. One message, or two short ones.
static bool is_messages(const uint32_t flight[FLIGHTS])
{
	static const uint16_t abridged = 1 << 9 | 1 << 12 | 1 << 2, intermediate = 1 << 12 | 1 << 8;
	uint16_t left[FLIGHTS];
	bool a = true, b = true;

	if (flight[0] <= SHAPE_BEGIN)
		return false;
	for (unsigned i = 0; i < FLIGHTS; i++) {
		left[i] = (uint16_t)(1u << (flight[i] - (i == 0 ? SHAPE_BEGIN : 0)) % 16);
		a = a && (left[i] & abridged);
		b = b && (left[i] & intermediate);
	}
	return a || b;
}

enum shape_kind shape_judge(
	const struct shape *s, const uint32_t first_seq[2], uint16_t server_port)
{
	uint32_t flight[FLIGHTS];

	if (s->spoiled || flights(s, first_seq, flight) < FLIGHTS)
		return SHAPE_UNKNOWN;
	if (is_threema(s, flight))
		return SHAPE_THREEMA;
	if (s->seen[DIR_C2S] < SHAPE_BEGIN || !may_be_obfuscated(s, server_port))
		return SHAPE_UNKNOWN;
	if (is_new_key(flight))
		return SHAPE_MTPROTO_NEW_KEY;
	return is_messages(flight) ? SHAPE_MTPROTO : SHAPE_UNKNOWN;
}

enum app_proto shape_report(enum shape_kind kind, const struct proto_io *io)
{
	static const struct {
		enum app_proto app;
		const char *marker, *transport, *confidence;
	} told[] = {
		[SHAPE_THREEMA] = {APP_THREEMA, "flight_lengths", NULL, "medium"},
		[SHAPE_MTPROTO_NEW_KEY] = {APP_MTPROTO, "flight_lengths", "obfuscated", "medium"},
		[SHAPE_MTPROTO] = {APP_MTPROTO, "flight_lengths", "obfuscated", "low"},
	};
	struct tx tx;

	assert(kind != SHAPE_UNKNOWN);
	tx_begin(&tx, told[kind].app, DIR_C2S);
	tx_put_text(&tx, FIELD_CONFIDENCE, told[kind].confidence);
	tx_put_text(&tx, FIELD_IM_MARKER, told[kind].marker);
	tx_put_text(&tx, FIELD_IM_FUNCTION, "chat");
	if (told[kind].transport != NULL)
		tx_put_text(&tx, FIELD_IM_TRANSPORT, told[kind].transport);
	io->tx(io->ctx, &tx);
	return told[kind].app;
}
