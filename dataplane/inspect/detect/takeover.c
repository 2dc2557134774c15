// What lets somebody take over a messenger account: keys and sessions of it in clear text. Its owner
// is to be protected.

#include "dataplane/inspect/detect/family.h"

#include <openssl/evp.h>

enum {
	KEY_LEN = 32, // X25519
	KEY_TEXT = 44, // in base64, with '='
	PROOFS_MAX = 16, // in a text: each costs two multiplications on the curve
	MEMBER_BYTES = 400, // of a key pair in JSON
};

// RFC 7748: does the private key make the public one?
static bool is_pair(const uint8_t public[KEY_LEN], const uint8_t private[KEY_LEN])
{
	uint8_t made[KEY_LEN];
	size_t len = sizeof(made);
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private, KEY_LEN);
	bool same = key != NULL && EVP_PKEY_get_raw_public_key(key, made, &len) == 1 &&
		len == KEY_LEN && memcmp(made, public, KEY_LEN) == 0;

	EVP_PKEY_free(key);
	return same;
}

// Forty-three characters and '='.
static bool key_at(const struct detect *d, size_t at, uint8_t out[KEY_LEN])
{
	if (text_at(d, at + KEY_TEXT - 1) != '=' ||
		text_span(d, at, BYTE_ALNUM | BYTE_BASE64, KEY_TEXT) != KEY_TEXT - 1)
		return false;
	return base64_read(d->p + at, KEY_TEXT, out, KEY_LEN) == KEY_LEN;
}

// "number,public,private,public,private,...": the Noise and the identity key pair of a WhatsApp
// client. When both pairs fit, the keys work; that they were stolen is not said.
void takeover_six(struct detect *d, size_t at, size_t end)
{
	uint8_t keys[4][KEY_LEN];
	size_t place = end;

	for (unsigned i = 0; i < 4; i++, place += 1 + KEY_TEXT) {
		if (text_at(d, place) != ',' || !key_at(d, place + 1, keys[i]))
			return;
	}
	const char *number = (const char *)d->p + at;
	if (d->totals.proofs == PROOFS_MAX) {
		// Beside others that were proven this is one more.
		if (d->started && d->hit_of[DETECT_WA_SIX_SEGMENT][0] != 0)
			found(d, DETECT_WA_SIX_SEGMENT, VERDICT_GOOD, at, place, number, end - at);
		return;
	}
	d->totals.proofs++;
	if (is_pair(keys[0], keys[1]) && is_pair(keys[2], keys[3]))
		found(d, DETECT_WA_SIX_SEGMENT, VERDICT_PROVEN, at, place, number, end - at);
}

// The first key behind a member's name, within a few bytes.
static bool key_behind(const struct detect *d, size_t at, size_t limit, uint8_t out[KEY_LEN])
{
	size_t high = at + limit < d->len ? at + limit : d->len;

	for (size_t i = at; i < high; i++) {
		size_t n = text_span(d, i, BYTE_ALNUM | BYTE_BASE64, KEY_TEXT);
		if (n == KEY_TEXT - 1 && key_at(d, i, out))
			return true;
		i += n;
	}
	return false;
}

static bool member(const struct detect *d, size_t at, const char *name, uint8_t out[KEY_LEN])
{
	size_t high = d->len - at < MEMBER_BYTES ? d->len - at : MEMBER_BYTES;
	const uint8_t *p = memmem(d->p + at, high, name, strlen(name));

	return p != NULL && key_behind(d, (size_t)(p - d->p) + strlen(name), 100, out);
}

// A member of the credentials that libraries for WhatsApp write as JSON; documentation has the name
// and no key behind it.
void takeover_member(struct detect *d, uint32_t roles, size_t at)
{
	uint8_t public[KEY_LEN], private[KEY_LEN];

	if (!key_behind(d, at, MEMBER_BYTES, private))
		return;
	if (d->totals.keys == 0)
		d->totals.first_key = (uint32_t)at;
	d->totals.keys |= roles;
	if (d->totals.wa_proven || d->totals.proofs == PROOFS_MAX ||
		!member(d, at, "\"private\"", private) || !member(d, at, "\"public\"", public))
		return;
	d->totals.proofs++;
	d->totals.wa_proven = is_pair(public, private);
}

// AS62041, AS59930 and others of Telegram, as it publishes them.
static bool is_telegram(const uint8_t ip[4])
{
	static const struct {
		uint8_t net[4];
		uint8_t bits;
	} nets[] = {{{91, 108, 4, 0}, 22}, {{91, 108, 8, 0}, 21}, {{91, 108, 16, 0}, 21},
		{{91, 108, 56, 0}, 22}, {{91, 105, 192, 0}, 23}, {{95, 161, 64, 0}, 20},
		{{149, 154, 160, 0}, 20}, {{185, 76, 151, 0}, 24}};
	uint32_t address =
		(uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];

	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		const uint8_t *n = nets[i].net;
		uint32_t net =
			(uint32_t)n[0] << 24 | (uint32_t)n[1] << 16 | (uint32_t)n[2] << 8 | n[3];
		if (((address ^ net) >> (32 - nets[i].bits)) == 0)
			return true;
	}
	return false;
}

// Telethon's string: version 1, base64url of data centre, address, port and the authorization key.
void takeover_session(struct detect *d, size_t equals)
{
	size_t begin = equals - SESSION_TEXT;
	uint8_t head[7];

	if (equals < SESSION_TEXT || text_is(d, begin - 1, BYTE_ALNUM | BYTE_URL64) ||
		text_span(d, begin, BYTE_ALNUM | BYTE_URL64, SESSION_TEXT + 1) != SESSION_TEXT)
		return;
	if (base64_read(d->p + begin + 1, 12, head, sizeof(head)) != sizeof(head))
		return;
	unsigned port = (unsigned)head[5] << 8 | head[6];
	if (head[0] < 1 || head[0] > 5 || !is_telegram(head + 1) ||
		(port != 80 && port != 443 && port != 5222))
		return;
	found(d, DETECT_TG_SESSION, VERDICT_PROVEN, begin, equals + 1, (const char *)d->p + begin,
		SESSION_TEXT);
}
