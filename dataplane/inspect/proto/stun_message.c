#include "dataplane/inspect/proto/stun_message.h"

#include "dataplane/base/digits.h"

#include <arpa/inet.h>
#include <stdio.h>

enum {
	ATTR_MAPPED = 0x0001,
	ATTR_USERNAME = 0x0006,
	ATTR_REALM = 0x0014,
	ATTR_XOR_MAPPED = 0x0020,
	ATTR_XOR_MAPPED_OLD = 0x8020,
	ATTR_SOFTWARE = 0x8022,
	CLASS_SUCCESS = 0x0100,
	FAMILY_4 = 1,
	FAMILY_6 = 2,
};

bool stun_is_response(uint16_t type)
{
	return (type & CLASS_SUCCESS) != 0;
}

// RFC 3489 11.1, and the TURN of its time (draft-rosenberg-midcom-turn).
static bool classic_type(uint16_t type)
{
	switch (type) {
	case 0x0001:
	case 0x0101:
	case 0x0111:
	case 0x0002:
	case 0x0102:
	case 0x0112:
	case 0x0003:
	case 0x0103:
	case 0x0113:
	case 0x0004:
	case 0x0104:
	case 0x0114:
	case 0x0115:
	case 0x0118:
		return true;
	default:
		return false;
	}
}

// RFC 8489 14.1, 14.2. `mask`: the cookie and the transaction id, or NULL.
static void read_address(struct bytes v, const uint8_t *mask, struct stun_message *m)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];

	bytes_u8(&v);
	uint8_t family = bytes_u8(&v);
	uint16_t port = bytes_u16(&v);
	struct bytes raw = bytes_take(&v, family == FAMILY_6 ? 16 : 4);
	if (raw.bad || (family != FAMILY_4 && family != FAMILY_6))
		return;
	for (size_t i = 0; i < raw.len; i++)
		address[i] = raw.p[i] ^ (mask != NULL ? mask[i] : 0);
	if (mask != NULL)
		port ^= STUN_COOKIE >> 16;
	if (family == FAMILY_4) {
		size_t n = ipv4_text(m->mapped, address);
		m->mapped[n++] = ':';
		n += decimal_text(m->mapped + n, port);
		m->mapped[n] = '\0';
		return;
	}
	inet_ntop(AF_INET6, address, text, sizeof(text));
	snprintf(m->mapped, sizeof(m->mapped), "[%s]:%u", text, port);
}

static struct bytes text_of(struct bytes v)
{
	while (v.len > 0 && v.p[v.len - 1] == '\0')
		v.len--;
	return v;
}

static void attribute(
	struct stun_message *m, uint16_t type, struct bytes value, const uint8_t *mask)
{
	if (m->n < STUN_ATTRIBUTES_MAX) {
		m->attributes[2 * m->n] = (uint8_t)(type >> 8);
		m->attributes[2 * m->n + 1] = (uint8_t)type;
		m->n++;
	}
	switch (type) {
	case ATTR_USERNAME:
		m->username = text_of(value);
		break;
	case ATTR_REALM:
		m->realm = text_of(value);
		break;
	case ATTR_SOFTWARE:
		m->software = text_of(value);
		break;
	case ATTR_MAPPED:
		if (m->mapped[0] == '\0')
			read_address(value, NULL, m);
		break;
	case ATTR_XOR_MAPPED:
	case ATTR_XOR_MAPPED_OLD:
		read_address(value, mask, m);
		break;
	}
}

// Padded to four bytes, except in RFC 3489; the last one's padding is often left out. False: they
// run past the message.
static bool read_attributes(struct stun_message *m, struct bytes b, const uint8_t *mask)
{
	while (b.len > 0) {
		uint16_t type = bytes_u16(&b);
		size_t len = bytes_u16(&b);
		struct bytes value = bytes_take(&b, len);
		if (b.bad)
			return false;
		attribute(m, type, value, mask);
		size_t padding = (4 - len % 4) % 4;
		bytes_take(&b, padding < b.len ? padding : b.len);
	}
	return true;
}

bool stun_parse(struct bytes in, struct stun_message *out)
{
	struct bytes b = in;

	*out = (struct stun_message){.type = bytes_u16(&b)};
	size_t len = bytes_u16(&b);
	const uint8_t *mask = b.p;
	bool cookie = bytes_u32(&b) == STUN_COOKIE;
	struct bytes id = bytes_take(&b, 12);
	if (b.bad || (out->type & 0xc000) || len > b.len)
		return false;
	out->classic = !cookie;
	if (!cookie && (!classic_type(out->type) || len != b.len || id.p[0] + id.p[11] == 0))
		return false;
	bool whole = read_attributes(out, bytes_take(&b, len), mask);
	return cookie || (whole && out->n > 0);
}

void stun_report(const struct proto_io *io, enum dir dir, const struct stun_message *m)
{
	uint8_t type[2];
	struct tx tx;

	tx_begin(&tx, APP_STUN, dir);
	tx_put_text(&tx, FIELD_STUN_FLAVOUR, m->classic ? "classic" : "stun");
	tx_put_number(&tx, FIELD_STUN_TYPE, m->type, type, sizeof(type));
	tx_put_some(&tx, FIELD_STUN_ATTRIBUTES, (struct bytes){m->attributes, 2 * m->n, false});
	tx_put_some(&tx, FIELD_STUN_SOFTWARE, m->software);
	tx_put_some(&tx, FIELD_STUN_REALM, m->realm);
	tx_put_some(&tx, FIELD_STUN_USERNAME, m->username);
	if (m->mapped[0] != '\0')
		tx_put_text(&tx, FIELD_STUN_MAPPED, m->mapped);
	io->tx(io->ctx, &tx);
}
