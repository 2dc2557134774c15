#include "dataplane/inspect/proto/tls_hello.h"

#include "dataplane/inspect/proto/fingerprint.h"
#include "dataplane/inspect/proto/kit.h"

enum {
	EXT_SERVER_NAME = 0,
	EXT_GROUPS = 10,
	EXT_POINT_FORMATS = 11,
	EXT_SIGNATURES = 13,
	EXT_ALPN = 16,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_KEY_SHARE = 51,
	EXT_ECH = 0xfe0d, // RFC 9849 5
	EXT_ESNI = 0xffce, // draft-ietf-tls-esni-06
	SNI_HOST_NAME = 0,
	RANDOM_LEN = 32,
	ALPN_MAX = 32,
	JA3_MAX = 8192,
};

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

// DTLS counts downwards (RFC 9147 5.3).
static uint16_t highest(struct bytes versions, enum tls_carrier carrier, uint16_t fallback)
{
	uint16_t best = 0;

	while (versions.len >= 2) {
		uint16_t v = bytes_u16(&versions);
		bool better = carrier == TLS_OVER_DTLS ? v < best : v > best;
		if (!tls_is_grease(v) && (best == 0 || better))
			best = v;
	}
	return best != 0 ? best : fallback;
}

static void client_extension(
	struct client_hello *h, uint16_t type, struct bytes body, enum tls_carrier carrier)
{
	switch (type) {
	case EXT_SERVER_NAME:
		h->has_sni_extension = true;
		h->has_sni = parse_sni(body, &h->sni);
		break;
	case EXT_GROUPS:
		h->groups = bytes_vec16(&body);
		break;
	case EXT_POINT_FORMATS:
		h->formats = bytes_vec8(&body);
		break;
	case EXT_SIGNATURES:
		h->signatures = bytes_vec16(&body);
		break;
	case EXT_ALPN:
		h->alpn = bytes_vec16(&body);
		break;
	case EXT_SUPPORTED_VERSIONS:
		h->versions = bytes_vec8(&body);
		h->version = highest(h->versions, carrier, h->version);
		h->has_versions = true;
		break;
	case EXT_KEY_SHARE:
		h->key_shares = bytes_vec16(&body);
		break;
	case TLS_EXT_QUIC_PARAMETERS:
	case TLS_EXT_QUIC_PARAMETERS_DRAFT:
		h->quic_parameters = body;
		break;
	case EXT_ECH:
		h->ech = true;
		break;
	case EXT_ESNI:
		h->esni = true;
		break;
	}
}

// The list of extensions at the end of a hello: absent is no error before TLS 1.3. False: it ends
// early, or one runs past it; *list is what is whole.
static bool cut_extensions(struct bytes body, struct bytes *list, bool *present)
{
	*list = (struct bytes){0};
	*present = body.len > 0;
	if (body.len == 0)
		return true;

	size_t len = bytes_u16(&body);
	bool whole = !body.bad && len <= body.len;
	struct bytes rest = bytes_take(&body, whole ? len : body.len);
	*list = rest;
	while (rest.len > 0) {
		struct bytes before = rest;
		bytes_u16(&rest);
		bytes_vec16(&rest);
		if (rest.bad) {
			list->len -= before.len;
			return false;
		}
	}
	return whole;
}

enum parse client_hello_parse(struct bytes body, enum tls_carrier carrier, struct client_hello *h)
{
	*h = (struct client_hello){0};
	h->legacy_version = bytes_u16(&body);
	h->version = h->legacy_version;
	h->random = bytes_take(&body, RANDOM_LEN);
	bytes_vec8(&body); // session id
	if (carrier == TLS_OVER_DTLS)
		bytes_vec8(&body); // RFC 6347 4.2.1: cookie
	h->ciphers = bytes_vec16(&body);
	h->compression = bytes_vec8(&body);
	if (body.bad)
		return PARSE_MORE;
	if (h->ciphers.len < 2)
		return PARSE_BAD;

	bool whole = cut_extensions(body, &h->extensions, &h->has_extensions);
	struct bytes rest = h->extensions;
	while (rest.len > 0) {
		uint16_t type = bytes_u16(&rest);
		client_extension(h, type, bytes_vec16(&rest), carrier);
	}
	// TLS 1.3 says 1.2 in front, and the truth in an extension that may be missing.
	if (!whole && !h->has_versions)
		h->version = 0;
	return whole ? PARSE_DONE : PARSE_MORE;
}

static void server_extension(struct server_hello *h, uint16_t type, struct bytes body)
{
	switch (type) {
	case EXT_SUPPORTED_VERSIONS:
		h->version = bytes_u16(&body);
		break;
	case EXT_KEY_SHARE: // of a retry: the group alone
		h->group = bytes_u16(&body);
		break;
	case EXT_ALPN: {
		struct bytes list = bytes_vec16(&body);
		h->alpn = bytes_vec8(&list);
		break;
	}
	}
}

enum parse server_hello_parse(struct bytes body, struct server_hello *h)
{
	// RFC 8446 4.1.3: SHA-256 of "HelloRetryRequest".
	static const uint8_t retry[RANDOM_LEN] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
		0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
		0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

	*h = (struct server_hello){0};
	h->legacy_version = bytes_u16(&body);
	h->version = h->legacy_version;
	h->random = bytes_take(&body, RANDOM_LEN);
	// Drafts of TLS 1.3 before the 22nd had neither session id nor compression here.
	bool draft = h->legacy_version >> 8 == 0x7f;
	if (!draft)
		bytes_vec8(&body); // session id
	h->cipher = bytes_u16(&body);
	if (!draft)
		h->compression = bytes_u8(&body);
	if (body.bad)
		return PARSE_MORE;
	h->retry = bytes_equal(h->random, retry, sizeof(retry));

	bool whole = cut_extensions(body, &h->extensions, &h->has_extensions);
	struct bytes rest = h->extensions;
	while (rest.len > 0) {
		uint16_t type = bytes_u16(&rest);
		server_extension(h, type, bytes_vec16(&rest));
	}
	return whole ? PARSE_DONE : PARSE_MORE;
}

// NULL: no room left.
static uint8_t *scratch_take(struct hello_scratch *s, size_t n)
{
	if (n > HELLO_SCRATCH - s->used)
		return NULL;
	s->used += n;
	return s->data + s->used - n;
}

static void put_number(
	struct tx *tx, enum field field, uint64_t v, size_t size, struct hello_scratch *s)
{
	uint8_t *buf = scratch_take(s, size);

	if (buf != NULL)
		tx_put_number(tx, field, v, buf, size);
}

// Numbers out of a list of structures: a number, then (when `keyed`) a vector.
static void put_heads(struct tx *tx, enum field field, struct bytes list, struct hello_scratch *s)
{
	uint8_t *out = scratch_take(s, list.len / 4 * 2);
	size_t n = 0;

	while (out != NULL && list.len >= 4) {
		uint16_t type = bytes_u16(&list);
		bytes_vec16(&list);
		if (list.bad)
			break;
		out[n++] = (uint8_t)(type >> 8);
		out[n++] = (uint8_t)type;
	}
	tx_put_some(tx, field, (struct bytes){.p = out, .len = n});
}

static void put_alpn(struct tx *tx, enum field field, struct bytes list)
{
	for (unsigned n = 0; list.len > 0 && n < ALPN_MAX; n++)
		tx_put_some(tx, field, bytes_vec8(&list));
}

// "h3,h3-29"
static void put_alpn_list(struct tx *tx, struct bytes list, struct hello_scratch *s)
{
	uint8_t *out = scratch_take(s, list.len);
	size_t n = 0;

	while (out != NULL && list.len > 0) {
		struct bytes name = bytes_vec8(&list);
		if (name.len == 0)
			break;
		if (n > 0)
			out[n++] = ',';
		memcpy(out + n, name.p, name.len);
		n += name.len;
	}
	tx_put_some(tx, FIELD_QUIC_ALPN_LIST, (struct bytes){.p = out, .len = n});
}

static void put_ja3(struct tx *tx, enum field hash, enum field string, const char *text, size_t len,
	struct hello_scratch *s)
{
	struct bytes value = {.p = (const uint8_t *)text, .len = len};
	char *md5 = (char *)scratch_take(s, MD5_TEXT);

	if (len == 0 || md5 == NULL)
		return;
	digest_md5_text(value, md5);
	tx_put(tx, hash, (struct bytes){.p = (const uint8_t *)md5, .len = MD5_TEXT});
	tx_put(tx, string, value);
}

static void put_client_fingerprints(struct tx *tx, const struct client_hello *h,
	enum tls_carrier carrier, struct hello_scratch *s)
{
	char *text = (char *)s->data + s->used;
	size_t room = HELLO_SCRATCH - s->used;
	size_t len = ja3_text(h, text, room < JA3_MAX ? room : JA3_MAX);

	s->used += len;
	put_ja3(tx, FIELD_JA3_HASH, FIELD_JA3_STRING, text, len, s);
	char *ja4 = (char *)scratch_take(s, JA4_LEN);
	if (ja4 != NULL && ja4_text(h, carrier, ja4))
		tx_put(tx, FIELD_JA4, (struct bytes){.p = (const uint8_t *)ja4, .len = JA4_LEN});
}

// What the object of QUIC has no place for.
static void put_client_handshake(
	struct tx *tx, const struct client_hello *h, struct hello_scratch *s)
{
	if (h->version != 0)
		put_number(tx, FIELD_TLS_VERSION, h->version, 2, s);
	put_number(tx, FIELD_TLS_LEGACY_VERSION, h->legacy_version, 2, s);
	tx_put_some(tx, FIELD_TLS_CIPHERS, h->ciphers);
	put_heads(tx, FIELD_TLS_EXTENSIONS, h->extensions, s);
	tx_put_some(tx, FIELD_TLS_SIGNATURES, h->signatures);
	tx_put_some(tx, FIELD_TLS_COMPRESSION, h->compression);
}

void client_hello_put(struct tx *tx, const struct client_hello *h, enum tls_carrier carrier,
	bool whole, struct hello_scratch *s)
{
	bool quic = carrier == TLS_OVER_QUIC;

	if (h->has_sni)
		tx_put(tx, quic ? FIELD_QUIC_SNI : FIELD_TLS_SNI, h->sni);
	put_alpn(tx, quic ? FIELD_QUIC_ALPN : FIELD_TLS_ALPN, h->alpn);
	if (quic)
		put_alpn_list(tx, h->alpn, s);
	if (!quic) {
		tx_put_text(tx, FIELD_TLS_MESSAGE, "client_hello");
		put_client_handshake(tx, h, s);
	}
	tx_put_some(tx, FIELD_TLS_RANDOM, h->random);
	tx_put_some(tx, FIELD_TLS_VERSIONS, h->versions);
	tx_put_some(tx, FIELD_TLS_GROUPS, h->groups);
	put_heads(tx, FIELD_TLS_KEY_SHARES, h->key_shares, s);
	if (h->ech)
		tx_put(tx, FIELD_TLS_ECH, (struct bytes){0});
	if (h->esni)
		tx_put(tx, FIELD_TLS_ESNI, (struct bytes){0});
	if (whole)
		put_client_fingerprints(tx, h, carrier, s);
}

void server_hello_put(struct tx *tx, const struct server_hello *h, enum tls_carrier carrier,
	struct hello_scratch *s)
{
	char *text = (char *)s->data + s->used;
	size_t room = HELLO_SCRATCH - s->used;
	size_t len = ja3s_text(h, text, room < JA3_MAX ? room : JA3_MAX);

	s->used += len;
	put_ja3(tx, FIELD_JA3S_HASH, FIELD_JA3S_STRING, text, len, s);
	if (carrier == TLS_OVER_QUIC) {
		put_number(tx, FIELD_QUIC_CIPHER, h->cipher, 2, s);
	} else {
		tx_put_text(
			tx, FIELD_TLS_MESSAGE, h->retry ? "hello_retry_request" : "server_hello");
		put_number(tx, FIELD_TLS_VERSION, h->version, 2, s);
		put_number(tx, FIELD_TLS_SERVER_VERSION, h->legacy_version, 2, s);
		put_number(tx, FIELD_TLS_CIPHER, h->cipher, 2, s);
		put_number(tx, FIELD_TLS_COMPRESSION, h->compression, 1, s);
		put_heads(tx, FIELD_TLS_SERVER_EXTENSIONS, h->extensions, s);
		tx_put_some(tx, FIELD_TLS_SERVER_ALPN, h->alpn);
	}
	if (h->group != 0)
		put_number(tx, FIELD_TLS_GROUP, h->group, 2, s);
	tx_put_some(tx, FIELD_TLS_RANDOM, h->random);
}
