#include "dataplane/inspect/proto/quic_google.h"

#include "dataplane/inspect/proto/digest.h"
#include "dataplane/inspect/proto/kit.h"
#include "dataplane/inspect/proto/quic_packet.h"

#include <stdio.h>

enum {
	TAGS_MAX = 128,
	TAG_LEN = 4,
	ENTRY_LEN = 8,
	SEARCH_MAX = 128, // the hello begins within so many bytes of the packet
};

struct hello {
	unsigned n;
	struct bytes tags[TAGS_MAX];
	struct bytes sni;
	struct bytes user_agent;
};

static uint32_t u16le(struct bytes *b)
{
	uint32_t low = bytes_u8(b);
	return low | (uint32_t)bytes_u8(b) << 8;
}

static uint32_t u32le(struct bytes *b)
{
	uint32_t low = u16le(b);
	return low | u16le(b) << 16;
}

// Entries of a tag and where its value ends, then the values. Of a cut one the values that are
// whole; without all tags it is none.
static bool parse(struct bytes b, struct hello *out)
{
	bytes_take(&b, TAG_LEN);
	out->n = u16le(&b);
	bytes_take(&b, 2);
	if (b.bad || out->n == 0 || out->n > TAGS_MAX || b.len < (size_t)out->n * ENTRY_LEN)
		return false;
	struct bytes entries = bytes_take(&b, (size_t)out->n * ENTRY_LEN);
	bool whole = true;
	uint32_t from = 0;

	for (unsigned i = 0; i < out->n; i++) {
		out->tags[i] = bytes_take(&entries, TAG_LEN);
		uint32_t to = u32le(&entries);
		whole = whole && to >= from && to - from <= b.len;
		if (!whole)
			continue;
		struct bytes value = bytes_take(&b, to - from);
		from = to;
		if (bytes_equal(out->tags[i], "SNI\0", TAG_LEN))
			out->sni = value;
		else if (bytes_equal(out->tags[i], "UAID", TAG_LEN))
			out->user_agent = value;
	}
	return true;
}

// "46,PAD-SNI-STK": tags without the zeros that fill them up.
static size_t cyu_text(const struct hello *h, uint32_t version, char *out)
{
	size_t n = (size_t)sprintf(out, "%c%c,", (int)(version >> 8 & 0xff), (int)(version & 0xff));

	for (unsigned i = 0; i < h->n; i++) {
		if (i > 0)
			out[n++] = '-';
		for (unsigned k = 0; k < TAG_LEN && h->tags[i].p[k] != 0; k++)
			out[n++] = (char)h->tags[i].p[k];
	}
	return n;
}

static void report(const struct proto_io *io, uint32_t version, const struct hello *h)
{
	char name[16], cyu[TAGS_MAX * (TAG_LEN + 1) + 8], md5[MD5_TEXT];
	uint8_t raw[4];
	struct tx tx;

	quic_version_text(version, name);
	tx_begin(&tx, APP_QUIC, DIR_C2S);
	tx_put_text(&tx, FIELD_QUIC_MESSAGE, "client_hello");
	tx_put_text(&tx, FIELD_QUIC_VERSION, name);
	tx_put_number(&tx, FIELD_QUIC_RAW_VERSION, version, raw, sizeof(raw));
	tx_put_some(&tx, FIELD_QUIC_SNI, h->sni);
	tx_put_some(&tx, FIELD_QUIC_UA, h->user_agent);
	struct bytes text = {(uint8_t *)cyu, cyu_text(h, version, cyu), false};
	digest_md5_text(text, md5);
	tx_put(&tx, FIELD_QUIC_CYU_HASH, (struct bytes){(uint8_t *)md5, MD5_TEXT, false});
	tx_put(&tx, FIELD_QUIC_CYU_STRING, text);
	io->tx(io->ctx, &tx);
}

bool quic_google_hello(const struct proto_io *io, uint32_t version, struct bytes payload)
{
	struct hello h = {0};
	size_t reach = payload.len < SEARCH_MAX ? payload.len : SEARCH_MAX;
	const uint8_t *at = reach > 0 ? memmem(payload.p, reach, "CHLO", TAG_LEN) : NULL;

	if (at == NULL)
		return false;
	bytes_take(&payload, (size_t)(at - payload.p));
	if (!parse(payload, &h))
		return false;
	report(io, version, &h);
	return true;
}
