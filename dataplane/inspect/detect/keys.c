// Keys: what stands in front of '=' and ':', and what it says of the value behind.

#include "dataplane/inspect/detect/family.h"

enum { QUOTES_MAX = 4 };

static bool is_quote(uint8_t c)
{
	return c == '"' || c == '\'' || c == ' ' || c == '\t' || c == '\\';
}

// The key that ends before `at`, joined and in lower case; where it begins.
static size_t key_before(const struct detect *d, size_t at, uint8_t key[KEY_TEXT_MAX], size_t *n)
{
	uint8_t reversed[KEY_TEXT_MAX];
	size_t len = 0;

	for (; at > 0 && (byte_class[d->p[at - 1]] & (BYTE_ALNUM | BYTE_URL64)); at--) {
		uint8_t c = d->p[at - 1];
		if (c == '_' || c == '-')
			continue;
		if (len == KEY_TEXT_MAX) {
			len = 0;
			break;
		}
		reversed[len++] = lower_case(c);
	}
	for (size_t i = 0; i < len; i++)
		key[i] = reversed[len - 1 - i];
	*n = len;
	return at;
}

// Keys in Chinese: few, and whatever stands before them belongs to the text.
static uint32_t chinese_roles(const struct detect *d, size_t at)
{
	for (unsigned i = 0; i < d->n_chinese_keys; i++) {
		const struct key_word *k = &detect_keys[d->chinese_keys[i]];
		if (at >= k->word.len && text_like(d, at - k->word.len, k->word.text, k->word.len))
			return k->roles;
	}
	return 0;
}

// Where the value behind '=' begins and ends.
static size_t value_begin(const struct detect *d, size_t at)
{
	for (unsigned i = 0; i < QUOTES_MAX && at < d->len && is_quote(d->p[at]); i++)
		at++;
	return at;
}

// Many keys in one long value would each look for its end: what was found is kept.
static size_t value_end(struct detect *d, size_t at)
{
	size_t end = at;

	if (at >= d->value_from && at < d->value_end)
		return d->value_end;
	while (end < d->len && !(byte_class[d->p[end]] & BYTE_END))
		end++;
	d->value_from = at;
	d->value_end = end;
	return end;
}

static void take_number(struct detect *d, uint32_t roles, size_t at, size_t end)
{
	if (roles & 1u << KEY_CVV)
		secret_cvv(d, at, end);
	if (roles & 1u << KEY_IMEI)
		device_imei(d, at, end);
	if (roles & 1u << KEY_IMSI)
		device_imsi(d, at, end);
	if (roles & 1u << KEY_MEID)
		device_meid(d, at, end);
	if (roles & 1u << KEY_ADVERTISING)
		device_advertising(d, at, end);
	if (roles & (1u << KEY_LATITUDE | 1u << KEY_LONGITUDE))
		position_value(d, at, end, (roles & 1u << KEY_LONGITUDE) != 0);
	if (roles & 1u << KEY_QQ)
		messenger_qq(d, at, end);
	if (roles & 1u << KEY_NUMBER)
		bulk_number(d, at, end);
	if (roles & 1u << KEY_PHONE)
		messenger_link(d, at, end);
}

static void take_secret(struct detect *d, uint32_t roles, size_t at, size_t end)
{
	if (roles & 1u << KEY_PASSWORD)
		secret_password(d, at, end);
	if (roles & 1u << KEY_TOKEN)
		secret_token(d, at, end);
	if (roles & 1u << KEY_CODE)
		secret_code(d, at, end);
	if (roles & 1u << KEY_AUTHORIZATION)
		secret_authorization(d, at);
	if (roles & 1u << KEY_MECHANISM)
		secret_sasl(d, at, end);
	if (roles & 1u << KEY_OPENID)
		messenger_openid(d, at, end);
	if (roles & 1u << KEY_REALNAME)
		bulk_realname(d, at, end);
	if (roles & 1u << KEY_BEGIN)
		bulk_card(d, at);
}

static void take(struct detect *d, uint32_t roles, size_t key, size_t sign)
{
	const uint32_t provider = 1u << KEY_HAS_CONTACTS | 1u << KEY_HAS_MESSAGES |
		1u << KEY_HAS_CALLS | 1u << KEY_HAS_APPS;
	size_t at = value_begin(d, sign + 1), end = value_end(d, at);

	if (d->p[sign] == '>' && text_at(d, key - 1) != '<')
		return; // an attribute, not an element

	take_number(d, roles, at, end);
	take_secret(d, roles, at, end);
	if (roles & 1u << KEY_WEBHOOK)
		messenger_webhook(d, key, at, end);
	d->totals.names += (roles & 1u << KEY_NAME) != 0 && at < d->len;
	if (roles & provider && text_ends(d, sign, "\"", 1)) {
		if (d->totals.keys == 0)
			d->totals.first_key = (uint32_t)key;
		d->totals.keys |= roles & provider;
	}
	if (roles >= 1u << KEY_WA_NOISE && text_ends(d, sign, "\"", 1))
		takeover_member(d, roles, at);
}

void keys_take(struct detect *d, size_t sign)
{
	uint8_t key[KEY_TEXT_MAX];
	size_t end = sign, n;

	for (unsigned i = 0; i < QUOTES_MAX && end > 0 && is_quote(d->p[end - 1]); i++)
		end--;
	size_t at = key_before(d, end, key, &n);
	uint32_t roles = n >= 2 ? keys_roles(d, key, n) : 0;
	if (n == 0 && text_at(d, end - 1) >= 0x80)
		roles = chinese_roles(d, end);
	if (roles != 0)
		take(d, roles, at, sign);
}
