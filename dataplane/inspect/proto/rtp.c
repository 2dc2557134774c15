// RTP and RTCP (RFC 3550), told from noise by habit: four datagrams of one direction that count up
// under one SSRC; or one compound RTCP packet that adds up.

#include "dataplane/inspect/proto/proto.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	HEADER_LEN = 12,
	RTCP_HEADER_LEN = 8,
	RTCP_FIRST = 200, // RFC 3550 12.1, RFC 4585, RFC 3611
	RTCP_LAST = 207,
	RUN = 4, // datagrams in a row
	STEP_MAX = 3, // what may be lost between two
	STRANGERS_MAX = 8, // datagrams that fit nothing, until one was sure
};

struct rtp_side {
	uint32_t ssrc;
	uint16_t sequence;
	uint8_t run;
	bool told;
};

struct rtp_state {
	struct rtp_side side[2];
	uint8_t strangers;
	bool sure;
	bool rtcp_told[2];
};
static_assert(sizeof(struct rtp_state) <= PROTO_STATE_MAX, "fits a session");

static uint16_t u16_at(struct bytes in, size_t at)
{
	return (uint16_t)(in.p[at] << 8 | in.p[at + 1]);
}

// RFC 5761 4: payload types 64 to 95 are left to RTCP.
static bool is_rtcp(struct bytes in)
{
	return in.p[1] >= RTCP_FIRST && in.p[1] <= RTCP_LAST;
}

// RFC 3550 6.4, A.2: version 2 in each part, the first a report, lengths that add up. SRTCP has an
// index and a tag behind them.
static bool rtcp_adds_up(struct bytes in)
{
	size_t at = 0;

	if (in.p[1] != 200 && in.p[1] != 201 && in.p[1] != 205 && in.p[1] != 206)
		return false;
	while (at + 4 <= in.len) {
		size_t len = 4 * ((size_t)u16_at(in, at + 2) + 1);
		if ((in.p[at] & 0xc0) != 0x80 || in.p[at + 1] < RTCP_FIRST ||
			in.p[at + 1] > RTCP_LAST || len > in.len - at)
			break;
		at += len;
	}
	return at == in.len && at >= RTCP_HEADER_LEN;
}

// Header, sources, extension: all inside.
static bool rtp_fits(struct bytes in)
{
	if (in.len < HEADER_LEN || (in.p[0] & 0xc0) != 0x80)
		return false;
	size_t head = HEADER_LEN + 4 * (size_t)(in.p[0] & 0x0f);
	if ((in.p[0] & 0x10) && in.len >= head + 4) // RFC 3550 5.3.1
		head += 4 + 4 * (size_t)u16_at(in, head + 2);
	return head <= in.len;
}

static void report_rtp(const struct proto_io *io, enum dir dir, struct bytes in)
{
	uint8_t type[1];
	struct tx tx;

	tx_begin(&tx, APP_RTP, dir);
	tx_put_text(&tx, FIELD_CONFIDENCE, "high");
	tx_put_number(&tx, FIELD_RTP_PAYLOAD_TYPE, in.p[1] & 0x7f, type, sizeof(type));
	tx_put(&tx, FIELD_RTP_SSRC, (struct bytes){in.p + 8, 4, false});
	io->tx(io->ctx, &tx);
}

static void report_rtcp(const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct tx tx;

	tx_begin(&tx, APP_RTP, dir);
	tx_put_text(&tx, FIELD_CONFIDENCE, "high");
	tx_put(&tx, FIELD_RTCP_TYPE, (struct bytes){in.p + 1, 1, false});
	tx_put(&tx, FIELD_RTP_SSRC, (struct bytes){in.p + 4, 4, false});
	io->tx(io->ctx, &tx);
}

static void rtp(struct rtp_state *s, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct rtp_side *here = &s->side[dir];
	uint32_t ssrc = (uint32_t)u16_at(in, 8) << 16 | u16_at(in, 10);
	uint16_t sequence = u16_at(in, 2);
	uint16_t step = (uint16_t)(sequence - here->sequence);

	bool on = here->run > 0 && ssrc == here->ssrc && step > 0 && step <= STEP_MAX;
	here->run = on ? (uint8_t)(here->run + (here->run < RUN ? 1 : 0)) : 1;
	here->ssrc = ssrc;
	here->sequence = sequence;
	if (here->run < RUN || here->told)
		return;
	here->told = true;
	s->sure = true;
	report_rtp(io, dir, in);
}

static enum parse rtp_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct rtp_state *s = state;

	if (in.len < RTCP_HEADER_LEN || (in.p[0] & 0xc0) != 0x80)
		return PARSE_OTHER;
	if (is_rtcp(in)) {
		if (rtcp_adds_up(in) && !s->rtcp_told[dir]) {
			s->rtcp_told[dir] = s->sure = true;
			report_rtcp(io, dir, in);
		}
		return PARSE_MORE;
	}
	if (rtp_fits(in))
		rtp(s, io, dir, in);
	if (!s->sure && ++s->strangers > STRANGERS_MAX) {
		s->strangers = 0;
		return PARSE_OTHER;
	}
	return PARSE_MORE;
}

static enum probe rtp_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	*sender = sport <= dport ? DIR_S2C : DIR_C2S;
	if (in.len < RTCP_HEADER_LEN || (in.p[0] & 0xc0) != 0x80)
		return PROBE_NO;
	if (is_rtcp(in))
		return rtcp_adds_up(in) ? PROBE_YES : PROBE_NO;
	uint8_t type = in.p[1] & 0x7f;
	// RFC 3551 6: the static types, and the dynamic ones.
	bool known = type <= 34 || type >= 96;
	return known && rtp_fits(in) ? PROBE_MAYBE : PROBE_NO;
}

const struct proto proto_rtp = {
	.name = "rtp",
	.app_proto = APP_RTP,
	.l4 = IPPROTO_UDP,
	.state_size = sizeof(struct rtp_state),
	.probe = rtp_probe,
	.data = rtp_data,
};
