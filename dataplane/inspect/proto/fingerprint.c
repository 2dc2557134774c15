#include "dataplane/inspect/proto/fingerprint.h"

#include "dataplane/base/digits.h"

#include <stdlib.h>

enum {
	EXT_SERVER_NAME = 0,
	EXT_ALPN = 16,
	HASH_TEXT = 12, // digits of a digest in JA4
	LIST_TEXT = FINGERPRINT_VALUES * 5,
};

struct text {
	char *p;
	size_t len;
	size_t cap; // len > cap: it was too long
};

static void add(struct text *t, char c)
{
	if (t->len < t->cap)
		t->p[t->len] = c;
	t->len++;
}

static void add_number(struct text *t, uint16_t v)
{
	char digits[DECIMAL_MAX];

	if (t->len + DECIMAL_MAX <= t->cap) {
		t->len += decimal_text(t->p + t->len, v);
		return;
	}
	size_t n = decimal_text(digits, v);
	for (size_t i = 0; i < n; i++)
		add(t, digits[i]);
}

// "4865-4866": without GREASE.
static void add_list(struct text *t, struct bytes list, size_t size)
{
	bool first = true;

	while (list.len >= size) {
		uint16_t v = size == 1 ? bytes_u8(&list) : bytes_u16(&list);
		if (size == 2 && tls_is_grease(v))
			continue;
		if (!first)
			add(t, '-');
		first = false;
		add_number(t, v);
	}
}

static void add_extensions(struct text *t, struct bytes extensions)
{
	bool first = true;

	while (extensions.len > 0) {
		uint16_t type = bytes_u16(&extensions);
		bytes_vec16(&extensions);
		if (extensions.bad)
			return;
		if (tls_is_grease(type))
			continue;
		if (!first)
			add(t, '-');
		first = false;
		add_number(t, type);
	}
}

size_t ja3_text(const struct client_hello *h, char *out, size_t cap)
{
	struct text t = {.p = out, .cap = cap};

	add_number(&t, h->legacy_version);
	add(&t, ',');
	add_list(&t, h->ciphers, 2);
	add(&t, ',');
	add_extensions(&t, h->extensions);
	add(&t, ',');
	add_list(&t, h->groups, 2);
	add(&t, ',');
	add_list(&t, h->formats, 1);
	return t.len <= cap ? t.len : 0;
}

size_t ja3s_text(const struct server_hello *h, char *out, size_t cap)
{
	struct text t = {.p = out, .cap = cap};

	add_number(&t, h->legacy_version);
	add(&t, ',');
	add_number(&t, h->cipher);
	add(&t, ',');
	add_extensions(&t, h->extensions);
	return t.len <= cap ? t.len : 0;
}

struct values {
	unsigned n;
	uint16_t v[FINGERPRINT_VALUES];
};

static bool collect(struct values *out, struct bytes list)
{
	out->n = 0;
	while (list.len >= 2) {
		uint16_t v = bytes_u16(&list);
		if (tls_is_grease(v))
			continue;
		if (out->n == FINGERPRINT_VALUES)
			return false;
		out->v[out->n++] = v;
	}
	return true;
}

// *all: how many there are; out: those that are hashed.
static bool collect_extensions(struct values *out, struct bytes extensions, unsigned *all)
{
	out->n = 0;
	*all = 0;
	while (extensions.len > 0) {
		uint16_t type = bytes_u16(&extensions);
		bytes_vec16(&extensions);
		if (extensions.bad)
			break;
		if (tls_is_grease(type))
			continue;
		++*all;
		if (type == EXT_SERVER_NAME || type == EXT_ALPN)
			continue;
		if (out->n == FINGERPRINT_VALUES)
			return false;
		out->v[out->n++] = type;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

// Few and nearly in order, mostly: the library's sort only where that would be slow.
static void sort(struct values *l)
{
	if (l->n > 64) {
		qsort(l->v, l->n, sizeof(l->v[0]), compare);
		return;
	}
	for (unsigned i = 1; i < l->n; i++) {
		uint16_t v = l->v[i];
		unsigned at = i;
		for (; at > 0 && l->v[at - 1] > v; at--)
			l->v[at] = l->v[at - 1];
		l->v[at] = v;
	}
}

// "1301,1302"
static size_t hex_list(const struct values *l, char *out)
{
	size_t n = 0;

	for (unsigned i = 0; i < l->n; i++) {
		uint8_t raw[2] = {(uint8_t)(l->v[i] >> 8), (uint8_t)l->v[i]};
		if (i > 0)
			out[n++] = ',';
		hex_text(raw, 2, out + n);
		n += 4;
	}
	return n;
}

static void hash12(const char *text, size_t len, char *out)
{
	uint8_t digest[SHA256_LEN];

	if (len == 0) {
		memset(out, '0', HASH_TEXT);
		return;
	}
	digest_sha256((struct bytes){.p = (const uint8_t *)text, .len = len}, digest);
	hex_text(digest, HASH_TEXT / 2, out);
}

static const char *version_code(uint16_t version)
{
	switch (version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case TLS_VERSION_SSL2:
		return "s2";
	case 0xfeff:
		return "d1";
	case 0xfefd:
		return "d2";
	case 0xfefc:
		return "d3";
	default:
		return "00";
	}
}

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

// First and last letter of the first protocol; of its hexadecimal text when one is no letter.
static void alpn_code(struct bytes alpn, char out[2])
{
	struct bytes first = bytes_vec8(&alpn);
	char hex[2][2];

	memset(out, '0', 2);
	if (first.len == 0)
		return;
	uint8_t a = first.p[0], z = first.p[first.len - 1];
	hex_text(&a, 1, hex[0]);
	hex_text(&z, 1, hex[1]);
	bool letters = is_alnum(a) && is_alnum(z);
	out[0] = letters ? (char)a : hex[0][0];
	out[1] = letters ? (char)z : hex[1][1];
}

static void two_digits(unsigned n, char out[2])
{
	n = n < 99 ? n : 99;
	out[0] = (char)('0' + n / 10);
	out[1] = (char)('0' + n % 10);
}

bool ja4_text(const struct client_hello *h, enum tls_carrier carrier, char out[JA4_LEN])
{
	static const char carriers[] = {
		[TLS_OVER_TCP] = 't', [TLS_OVER_QUIC] = 'q', [TLS_OVER_DTLS] = 'd'};
	struct values list;
	char text[2 * LIST_TEXT + 1];
	unsigned n_extensions;

	if (!collect(&list, h->ciphers))
		return false;
	unsigned n_ciphers = list.n;
	sort(&list);
	hash12(text, hex_list(&list, text), out + 11);

	if (!collect_extensions(&list, h->extensions, &n_extensions))
		return false;
	sort(&list);
	size_t len = hex_list(&list, text);
	if (!collect(&list, h->signatures))
		return false;
	// Extensions that are not hashed, and no signatures: the hash of nothing is zeros.
	if (list.n > 0) {
		text[len++] = '_';
		len += hex_list(&list, text + len);
	}
	hash12(text, len, out + 24);

	out[0] = carriers[carrier];
	memcpy(out + 1, version_code(h->version), 2);
	out[3] = h->has_sni_extension ? 'd' : 'i';
	two_digits(n_ciphers, out + 4);
	two_digits(n_extensions, out + 6);
	alpn_code(h->alpn, out + 8);
	out[10] = '_';
	out[23] = '_';
	return true;
}
