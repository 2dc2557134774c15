#include "dataplane/inspect/proto/quic_packet.h"

#include <stdio.h>

enum {
	LONG_HEADER = 0x80,
	FIXED_BIT = 0x40,
	CID_MAX = 20,
	VERSION_1 = 0x00000001,
	VERSION_2 = 0x6b3343cf,
	VERSION_Q046 = 0x51303436,
	VERSION_Q050 = 0x51303530,
	VERSION_T050 = 0x54303530,
	VERSION_T051 = 0x54303531,
	VERSION_MVFST = 0xfaceb001, // an experiment of draft 22
	VERSION_MVFST_LAST = 0xfaceb013,
};

#define SECRETS(salt, v2)                                                                          \
	{                                                                                          \
		(const uint8_t *)(salt), sizeof(salt) - 1, v2                                      \
	}

// RFC 9001 5.2, RFC 9369 3.3.1, the drafts, and the sources of Google QUIC.
static const struct quic_secrets secrets_1 = SECRETS(
	"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a", false);
static const struct quic_secrets secrets_2 = SECRETS(
	"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9", true);
static const struct quic_secrets secrets_29 = SECRETS(
	"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99", false);
static const struct quic_secrets secrets_23 = SECRETS(
	"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02", false);
static const struct quic_secrets secrets_22 = SECRETS(
	"\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x2a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\xa5\x64\x4d", false);
static const struct quic_secrets secrets_q050 = SECRETS(
	"\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45", false);
static const struct quic_secrets secrets_t050 = SECRETS(
	"\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10", false);
static const struct quic_secrets secrets_t051 = SECRETS(
	"\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d", false);

static bool is_google(uint32_t v)
{
	return v >> 16 == 0x5130 && (v >> 8 & 0xff) >= '0' && (v >> 8 & 0xff) <= '9' &&
		(v & 0xff) >= '0' && (v & 0xff) <= '9';
}

static struct quic_version draft(uint32_t n)
{
	if (n >= 33 && n <= 34)
		return (struct quic_version){QUIC_IETF, secrets_1};
	if (n >= 29 && n <= 32)
		return (struct quic_version){QUIC_IETF, secrets_29};
	if (n >= 23 && n <= 28)
		return (struct quic_version){QUIC_IETF, secrets_23};
	if (n == 22)
		return (struct quic_version){QUIC_IETF, secrets_22};
	return (struct quic_version){0};
}

struct quic_version quic_version_of(uint32_t v)
{
	if (v == VERSION_1)
		return (struct quic_version){QUIC_IETF, secrets_1};
	if (v == VERSION_2)
		return (struct quic_version){QUIC_IETF, secrets_2};
	if (v >> 8 == 0xff0000)
		return draft(v & 0xff);
	if (v >= VERSION_MVFST && v <= VERSION_MVFST_LAST)
		return draft(v == VERSION_MVFST ? 22 : v < 0xfaceb00e ? 27 : 29);
	if (v == VERSION_Q050)
		return (struct quic_version){QUIC_GOOGLE_CRYPTO, secrets_q050};
	if (v == VERSION_T050)
		return (struct quic_version){QUIC_GOOGLE_TLS, secrets_t050};
	if (v == VERSION_T051)
		return (struct quic_version){QUIC_GOOGLE_TLS, secrets_t051};
	if (is_google(v))
		return (struct quic_version){.kind = QUIC_GOOGLE_CLEAR};
	return (struct quic_version){0};
}

void quic_version_text(uint32_t v, char out[16])
{
	if (v == VERSION_1 || v == VERSION_2)
		snprintf(out, 16, "%d", v == VERSION_1 ? 1 : 2);
	else if (v >> 8 == 0xff0000)
		snprintf(out, 16, "draft-%u", v & 0xff);
	else if (is_google(v) || v == VERSION_T050 || v == VERSION_T051)
		snprintf(out, 16, "%c%c%c%c", (int)(v >> 24), (int)(v >> 16 & 0xff),
			(int)(v >> 8 & 0xff), (int)(v & 0xff));
	else
		snprintf(out, 16, "%08x", v);
}

uint64_t quic_varint(struct bytes *b)
{
	uint64_t v = bytes_u8(b);
	unsigned more = (1u << (v >> 6)) - 1;

	v &= 0x3f;
	while (more-- > 0)
		v = v << 8 | bytes_u8(b);
	return v;
}

// RFC 9369 3.2 numbers the types anew.
static uint8_t type_of(uint8_t first, uint32_t version)
{
	static const uint8_t v2[4] = {QUIC_RETRY, QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE};
	uint8_t type = first >> 4 & 3;

	return version == VERSION_2 ? v2[type] : type;
}

bool quic_next_packet(struct bytes *datagram, struct quic_packet *out)
{
	struct bytes all = *datagram, b = all;
	uint8_t first = bytes_u8(&b);

	*out = (struct quic_packet){.version = bytes_u32(&b)};
	if (b.bad || !(first & LONG_HEADER))
		return false;
	out->dcid = bytes_vec8(&b);
	out->scid = bytes_vec8(&b);
	if (b.bad || out->dcid.len > CID_MAX || out->scid.len > CID_MAX)
		return false;
	*datagram = (struct bytes){0};
	out->all = all;
	if (out->version == 0) {
		out->type = QUIC_NEGOTIATION;
		return b.len >= 4 && b.len % 4 == 0;
	}
	enum quic_kind kind = quic_version_of(out->version).kind;
	if (kind == QUIC_UNKNOWN || kind == QUIC_GOOGLE_CLEAR || !(first & FIXED_BIT))
		return false;
	out->type = type_of(first, out->version);
	if (out->type == QUIC_RETRY)
		return true;
	if (out->type == QUIC_INITIAL)
		bytes_take(&b, quic_varint(&b)); // token
	uint64_t len = quic_varint(&b);
	if (b.bad)
		return false;
	out->head = all.len - b.len;
	if (len > b.len) // cut by the capture
		len = b.len;
	out->all.len = out->head + (size_t)len;
	*datagram = (struct bytes){b.p + len, b.len - (size_t)len, false};
	return true;
}
