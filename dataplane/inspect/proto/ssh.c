// SSH: the banners of both sides (RFC 4253 4.2) and what they offer for the key exchange (7.1),
// of which HASSH is made. After it nothing is in clear.

#include "dataplane/inspect/proto/digest.h"
#include "dataplane/inspect/proto/kit.h"
#include "dataplane/inspect/proto/proto.h"
#include "dataplane/inspect/proto/ssh_agree.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	LINE_MAX_LEN = 255, // RFC 4253 4.2
	LINES_MAX = 64, // of a server, before its banner
	PACKET_HEAD_LEN = 6, // length, padding, message
	MSG_KEXINIT = 20,
	COOKIE_LEN = 16,
	PACKET_MAX = 35000, // RFC 4253 6.1
};

enum phase { PHASE_LINE = 0, PHASE_HEAD, PHASE_BODY };

struct ssh_side {
	struct gather *kept; // the line or the message that comes in pieces
	uint32_t left; // of the message's payload and padding
	uint8_t phase; // enum phase
	uint8_t head_len;
	uint8_t head[PACKET_HEAD_LEN];
	uint8_t lines;
	uint8_t proto_len; // of the banner, which stands at the begin of `banner`
	uint8_t software_len;
	struct gather *banner;
};

enum offered { OFFERED_NOTHING = 0, OFFERED_CLIENT, OFFERED_SERVER };

struct ssh_state {
	struct ssh_side side[2];
	struct ssh_offer offer; // of the side whose lists came first,
	uint8_t offered; // enum offered: that is
};
static_assert(sizeof(struct ssh_state) <= PROTO_STATE_MAX, "fits a session");

// The lists of a KEXINIT, in its order.
enum list {
	KEX,
	HOST_KEYS,
	CIPHERS_C2S,
	CIPHERS_S2C,
	MACS_C2S,
	MACS_S2C,
	COMP_C2S,
	COMP_S2C,
	LISTS
};

static void give(struct gather **g, const struct proto_io *io)
{
	if (*g != NULL)
		io->gather_give(io->ctx, *g);
	*g = NULL;
}

static bool keep(struct gather **g, const struct proto_io *io, struct bytes in)
{
	if (*g == NULL)
		*g = io->gather_take(io->ctx);
	if (*g == NULL)
		return false;
	if (in.len > GATHER_MAX - (*g)->len)
		in.len = GATHER_MAX - (*g)->len;
	if (in.len > 0)
		memcpy((*g)->data + (*g)->len, in.p, in.len);
	(*g)->len += (uint32_t)in.len;
	return true;
}

static struct bytes view(const struct gather *g)
{
	return (struct bytes){g->data, g->len, false};
}

static void put_banner(struct tx *tx, const struct ssh_side *s)
{
	tx_put_some(tx, FIELD_SSH_PROTO, (struct bytes){s->banner->data, s->proto_len, false});
	tx_put_some(tx, FIELD_SSH_SOFTWARE,
		(struct bytes){s->banner->data + s->proto_len, s->software_len, false});
}

// "kex;ciphers;macs;compressions" of the sender's direction.
static size_t hassh_text(const struct bytes *lists, enum dir dir, uint8_t *out, size_t cap)
{
	const enum list order[2][4] = {
		{KEX, CIPHERS_C2S, MACS_C2S, COMP_C2S}, {KEX, CIPHERS_S2C, MACS_S2C, COMP_S2C}};
	size_t n = 0;

	for (unsigned i = 0; i < 4; i++) {
		struct bytes list = lists[order[dir][i]];
		if (list.len + 1 > cap - n)
			return 0;
		if (i > 0)
			out[n++] = ';';
		if (list.len > 0)
			memcpy(out + n, list.p, list.len);
		n += list.len;
	}
	return n;
}

// What both sides agree on is told with the lists that come second.
static void put_agreed(struct ssh_state *ssh, struct tx *tx, const struct bytes *all)
{
	static const enum field fields[SSH_AGREED] = {
		FIELD_SSH_KEX, FIELD_SSH_CIPHER, FIELD_SSH_MAC};
	const struct bytes lists[SSH_AGREED] = {all[KEX], all[CIPHERS_C2S], all[MACS_C2S]};
	uint8_t mine = tx->dir == DIR_C2S ? OFFERED_CLIENT : OFFERED_SERVER;
	struct bytes agreed[SSH_AGREED];

	if (ssh->offered == OFFERED_NOTHING) {
		ssh_offer_keep(&ssh->offer, lists);
		ssh->offered = mine;
	}
	if (ssh->offered == mine)
		return;
	if (mine == OFFERED_SERVER)
		ssh_agree_with_client(&ssh->offer, lists, agreed);
	else
		ssh_agree_with_server(&ssh->offer, lists, agreed);
	for (unsigned i = 0; i < SSH_AGREED; i++)
		tx_put_some(tx, fields[i], agreed[i]);
}

// The sender's role is told by the probe, so `dir` is what it is.
static void report(
	struct ssh_state *ssh, const struct proto_io *io, enum dir dir, struct bytes kexinit)
{
	struct ssh_side *s = &ssh->side[dir];
	struct bytes lists[LISTS];
	char md5[MD5_TEXT];
	uint8_t text[PACKET_MAX];
	struct tx tx;

	if (s->banner == NULL)
		return;
	tx_begin(&tx, APP_SSH, dir);
	put_banner(&tx, s);
	bytes_take(&kexinit, COOKIE_LEN);
	for (unsigned i = 0; i < LISTS; i++)
		lists[i] = bytes_take(&kexinit, bytes_u32(&kexinit));
	size_t len = kexinit.bad ? 0 : hassh_text(lists, dir, text, sizeof(text));
	if (len > 0) {
		struct bytes value = {text, len, false};
		digest_md5_text(value, md5);
		tx_put(&tx, dir == DIR_C2S ? FIELD_SSH_HASSH : FIELD_SSH_HASSH_SERVER,
			(struct bytes){(const uint8_t *)md5, MD5_TEXT, false});
		tx_put(&tx, dir == DIR_C2S ? FIELD_SSH_HASSH_STRING : FIELD_SSH_HASSH_SERVER_STRING,
			value);
		tx_put_some(&tx, FIELD_SSH_HOST_KEYS, lists[HOST_KEYS]);
		put_agreed(ssh, &tx, lists);
	}
	io->tx(io->ctx, &tx);
	give(&s->banner, io);
}

// "SSH-2.0-OpenSSH_9.2p1 Debian-2": the version, then the software up to a space.
static enum parse banner(
	struct ssh_state *ssh, const struct proto_io *io, enum dir dir, struct bytes line)
{
	struct ssh_side *s = &ssh->side[dir];
	struct bytes rest = line;

	while (rest.len > 0 && (rest.p[rest.len - 1] == '\n' || rest.p[rest.len - 1] == '\r'))
		rest.len--;
	bytes_take(&rest, 4);
	const uint8_t *dash = rest.len > 0 ? memchr(rest.p, '-', rest.len) : NULL;
	if (rest.bad || dash == NULL)
		return PARSE_BAD;
	struct bytes proto = bytes_take(&rest, (size_t)(dash - rest.p));
	bytes_take(&rest, 1);
	const uint8_t *space = rest.len > 0 ? memchr(rest.p, ' ', rest.len) : NULL;
	if (space != NULL)
		rest.len = (size_t)(space - rest.p);
	if (proto.len > LINE_MAX_LEN || rest.len > LINE_MAX_LEN)
		return PARSE_BAD;
	if (!keep(&s->banner, io, proto) || !keep(&s->banner, io, rest))
		return PARSE_DONE;
	s->proto_len = (uint8_t)proto.len;
	s->software_len = (uint8_t)rest.len;
	s->phase = PHASE_HEAD;
	if (proto.len > 0 && proto.p[0] == '1' && !bytes_equal(proto, "1.99", 4)) {
		report(ssh, io, dir, (struct bytes){0}); // SSH 1 has other packets
		return PARSE_DONE;
	}
	return PARSE_MORE;
}

// A server may say other lines first.
static enum parse whole_line(
	struct ssh_state *ssh, const struct proto_io *io, enum dir dir, struct bytes line)
{
	struct ssh_side *s = &ssh->side[dir];
	if (line.len >= 4 && memcmp(line.p, "SSH-", 4) == 0)
		return banner(ssh, io, dir, line);
	return ++s->lines < LINES_MAX ? PARSE_MORE : PARSE_BAD;
}

static enum parse line_bytes(
	struct ssh_state *ssh, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	struct ssh_side *s = &ssh->side[dir];
	const uint8_t *lf = memchr(in->p, '\n', in->len);
	struct bytes part = bytes_take(in, lf != NULL ? (size_t)(lf - in->p) + 1 : in->len);
	size_t had = s->kept != NULL ? s->kept->len : 0;

	if (had + part.len > 4 * LINE_MAX_LEN)
		return PARSE_BAD;
	if (lf != NULL && s->kept == NULL)
		return whole_line(ssh, io, dir, part);
	if (!keep(&s->kept, io, part))
		return PARSE_DONE;
	if (lf == NULL)
		return PARSE_MORE;
	enum parse result = whole_line(ssh, io, dir, view(s->kept));
	give(&s->kept, io);
	return result;
}

// The first packet is the KEXINIT. Anything else is sealed, or not SSH.
static enum parse head_bytes(
	struct ssh_state *ssh, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	struct ssh_side *s = &ssh->side[dir];
	size_t n = PACKET_HEAD_LEN - s->head_len;
	struct bytes part = bytes_take(in, n < in->len ? n : in->len);

	memcpy(s->head + s->head_len, part.p, part.len);
	s->head_len = (uint8_t)(s->head_len + part.len);
	if (s->head_len < PACKET_HEAD_LEN)
		return PARSE_MORE;
	struct bytes head = {s->head, PACKET_HEAD_LEN, false};
	uint32_t len = bytes_u32(&head);
	uint8_t padding = bytes_u8(&head);
	if (bytes_u8(&head) != MSG_KEXINIT || len > PACKET_MAX || len < padding + 2u + COOKIE_LEN) {
		report(ssh, io, dir, (struct bytes){0});
		return PARSE_DONE;
	}
	s->left = len - 2;
	s->phase = PHASE_BODY;
	return PARSE_MORE;
}

static enum parse body_bytes(
	struct ssh_state *ssh, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	struct ssh_side *s = &ssh->side[dir];
	struct bytes part = bytes_take(in, s->left < in->len ? s->left : in->len);

	s->left -= (uint32_t)part.len;
	if (s->left == 0 && s->kept == NULL) {
		report(ssh, io, dir, part);
		return PARSE_DONE;
	}
	if (!keep(&s->kept, io, part))
		return PARSE_DONE;
	if (s->left > 0)
		return PARSE_MORE;
	report(ssh, io, dir, view(s->kept));
	return PARSE_DONE;
}

static void finish(struct ssh_state *ssh, const struct proto_io *io, enum dir dir)
{
	struct ssh_side *s = &ssh->side[dir];
	report(ssh, io, dir, (struct bytes){0});
	give(&s->kept, io);
	give(&s->banner, io);
}

static enum parse ssh_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct ssh_state *ssh = state;
	struct ssh_side *s = &ssh->side[dir];
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && in.len > 0) {
		if (s->phase == PHASE_LINE)
			result = line_bytes(ssh, io, dir, &in);
		else if (s->phase == PHASE_HEAD)
			result = head_bytes(ssh, io, dir, &in);
		else
			result = body_bytes(ssh, io, dir, &in);
	}
	if (result != PARSE_MORE)
		finish(ssh, io, dir);
	return result;
}

static enum parse ssh_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct ssh_state *ssh = state;

	(void)missing;
	finish(ssh, io, dir);
	return PARSE_DONE;
}

static void ssh_end(void *state, const struct proto_io *io)
{
	struct ssh_state *ssh = state;

	finish(ssh, io, DIR_C2S);
	finish(ssh, io, DIR_S2C);
}

// Both sides' banners look alike: the ports tell who is who.
static enum probe ssh_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	size_t n = in.len < 4 ? in.len : 4;

	*sender = sport == 22 || (dport != 22 && sport < dport) ? DIR_S2C : DIR_C2S;
	if (n > 0 && memcmp(in.p, "SSH-", n) != 0)
		return PROBE_NO;
	if (n < 4 || in.len < 6)
		return n < 4 || in.len == 4 || (in.p[4] >= '1' && in.p[4] <= '2') ? PROBE_MORE
										  : PROBE_NO;
	return (in.p[4] == '1' || in.p[4] == '2') && in.p[5] == '.' ? PROBE_YES : PROBE_NO;
}

const struct proto proto_ssh = {
	.name = "ssh",
	.app_proto = APP_SSH,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct ssh_state),
	.probe = ssh_probe,
	.data = ssh_data,
	.gap = ssh_gap,
	.end = ssh_end,
};
