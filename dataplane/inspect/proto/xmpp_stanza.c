#include "dataplane/inspect/proto/xmpp_stanza.h"

enum {
	HEAD = 4, // field, length: two u16
	VALUE_MAX = 3071, // RFC 7622 3.1: of an address
	NAMESPACES_MAX = 16,
	VALUES_MAX = 64, // each new one is compared with all of them
};

static uint16_t u16_at(const struct gather *g, uint32_t at)
{
	return (uint16_t)(g->data[at] << 8 | g->data[at + 1]);
}

static void put_u16(struct gather *g, uint32_t at, uint32_t value)
{
	g->data[at] = (uint8_t)(value >> 8);
	g->data[at + 1] = (uint8_t)value;
}

// The value at *at, and *at behind it. False: there is none.
static bool next(const struct xmpp_kept *k, uint32_t *at, uint16_t *field, struct bytes *value)
{
	uint32_t end = k->field != FIELD_NONE ? k->open : (uint32_t)collected(k->values);

	if (*at >= end)
		return false;
	uint16_t len = u16_at(k->values, *at + 2);
	*field = u16_at(k->values, *at);
	*value = (struct bytes){k->values->data + *at + HEAD, len, false};
	*at += HEAD + (uint32_t)len;
	return true;
}

struct bytes xmpp_kept_value(const struct xmpp_kept *k, enum field wanted)
{
	uint32_t at = 0;
	uint16_t field;
	struct bytes value;

	while (next(k, &at, &field, &value)) {
		if (field == wanted)
			return value;
	}
	return (struct bytes){0};
}

// XML 1.0 3.1: an element has an attribute once.
static bool has_its_own(const struct xmpp_kept *k, enum field field)
{
	bool single =
		field == FIELD_XMPP_TO || field == FIELD_XMPP_FROM || field == FIELD_XMPP_TYPE;

	return single && k->values != NULL && xmpp_kept_value(k, field).len > 0;
}

bool xmpp_keep_begin(struct xmpp_kept *k, const struct proto_io *io, enum field field)
{
	struct bytes none = {0};

	xmpp_keep_cancel(k); // one that never came to its end
	if (k->n_values == VALUES_MAX ||
		(field == FIELD_XMPP_XMLNS && k->n_namespaces == NAMESPACES_MAX) ||
		has_its_own(k, field))
		return true;
	if (!collect(&k->values, io, &none, 0))
		return false;
	if (k->values->len + HEAD > GATHER_MAX)
		return true;
	k->open = k->values->len;
	put_u16(k->values, k->open, field);
	k->values->len += HEAD;
	k->field = (uint16_t)field;
	return true;
}

void xmpp_keep_cancel(struct xmpp_kept *k)
{
	if (k->field != FIELD_NONE)
		k->values->len = k->open;
	k->field = FIELD_NONE;
}

void xmpp_keep_piece(struct xmpp_kept *k, struct bytes piece)
{
	struct gather *g = k->values;

	if (k->field == FIELD_NONE || piece.len == 0)
		return;
	size_t so_far = g->len - k->open - HEAD;
	if (piece.len > VALUE_MAX - so_far || piece.len > GATHER_MAX - g->len) {
		xmpp_keep_cancel(k);
		return;
	}
	memcpy(g->data + g->len, piece.p, piece.len);
	g->len += (uint32_t)piece.len;
}

// XML 4.1, 4.6: the reference at the front of `in`, as a byte, off it. Others stay as they are.
static bool take_reference(struct bytes *in, uint8_t *byte)
{
	static const struct {
		const char *text;
		uint8_t byte;
	} references[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'},
		{"&apos;", '\''}, {"&#38;", '&'}, {"&#39;", '\''}, {"&#34;", '"'}, {"&#60;", '<'}};

	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		size_t n = strlen(references[i].text);
		if (in->len < n || memcmp(in->p, references[i].text, n) != 0)
			continue;
		bytes_take(in, n);
		*byte = references[i].byte;
		return true;
	}
	return false;
}

// Put the characters in the place of the references to them. Gives the new length.
static uint32_t resolve(uint8_t *value, uint32_t len)
{
	struct bytes in = {value, len, false};
	uint32_t n = 0;

	if (len == 0 || memchr(value, '&', len) == NULL)
		return len;
	while (in.len > 0) {
		uint8_t byte;
		if (in.p[0] != '&' || !take_reference(&in, &byte))
			byte = bytes_u8(&in);
		value[n++] = byte;
	}
	return n;
}

static bool is_there(const struct xmpp_kept *k, struct bytes v)
{
	uint32_t at = 0;
	uint16_t field;
	struct bytes value;

	while (next(k, &at, &field, &value)) {
		if (field == k->field && bytes_equal(value, v.p, v.len))
			return true;
	}
	return false;
}

void xmpp_keep_end(struct xmpp_kept *k)
{
	if (k->field == FIELD_NONE)
		return;
	uint8_t *value = k->values->data + k->open + HEAD;
	uint32_t len = resolve(value, k->values->len - k->open - HEAD);
	if (len == 0 || is_there(k, (struct bytes){value, len, false})) {
		xmpp_keep_cancel(k);
		return;
	}
	put_u16(k->values, k->open + 2, len);
	k->values->len = k->open + HEAD + len;
	k->n_values++;
	if (k->field == FIELD_XMPP_XMLNS)
		k->n_namespaces++;
	k->field = FIELD_NONE;
}

bool xmpp_kept_has(const struct xmpp_kept *k, enum field wanted, const char *text)
{
	uint32_t at = 0;
	uint16_t field;
	struct bytes value;

	while (next(k, &at, &field, &value)) {
		if (field == wanted && bytes_equal(value, text, strlen(text)))
			return true;
	}
	return false;
}

void xmpp_kept_put(const struct xmpp_kept *k, struct tx *tx)
{
	uint32_t at = 0;
	uint16_t field;
	struct bytes value;

	while (next(k, &at, &field, &value))
		tx_put(tx, (enum field)field, value);
}

void xmpp_kept_clear(struct xmpp_kept *k, const struct proto_io *io)
{
	collect_give(&k->values, io);
	*k = (struct xmpp_kept){0};
}
