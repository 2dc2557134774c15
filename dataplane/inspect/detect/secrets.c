// Passwords, tokens and keys. Nothing of their values is ever shown.

#include "dataplane/inspect/detect/family.h"

#include <strings.h>

enum {
	JWT_PART_MAX = 4096,
	JWT_HEADER_MAX = 1024,
	PASSWORD_MAX = 128,
	TOKEN_MIN = 8,
	TOKEN_MAX = 512
};

static void tell(struct detect *d, enum detector_id id, enum verdict verdict, size_t at, size_t end)
{
	size_t n = end - at < TOKEN_MAX ? end - at : TOKEN_MAX;
	found(d, id, verdict, at, end, (const char *)d->p + at, n);
}

// RFC 7515: the header is JSON and names its algorithm.
static bool jwt_header(const struct detect *d, size_t at, size_t n)
{
	uint8_t json[JWT_HEADER_MAX];
	size_t len = base64_read(d->p + at, n, json, sizeof(json));

	return len > 8 && json[0] == '{' && memmem(json, len, "\"alg\"", 5) != NULL;
}

// RFC 7519: header.payload.signature, of which the last may be empty. Four parts are none, five are
// encrypted (RFC 7516).
void secret_jwt(struct detect *d, size_t dot)
{
	size_t at = dot;

	while (at > 0 && dot - at < JWT_PART_MAX && text_is(d, at - 1, BYTE_ALNUM | BYTE_URL64))
		at--;
	if (dot - at < 12 || !text_has(d, at, "ey", 2) || text_at(d, at - 1) == '.')
		return;
	size_t payload = text_span(d, dot + 1, BYTE_ALNUM | BYTE_URL64, d->len);
	size_t end = dot + 1 + payload;
	if (payload < 6 || text_at(d, end) != '.')
		return;
	end++;
	end += text_span(d, end, BYTE_ALNUM | BYTE_URL64, d->len);
	if (text_at(d, end) == '.' && text_is(d, end + 1, BYTE_ALNUM | BYTE_URL64))
		return;
	if (jwt_header(d, at, dot - at))
		tell(d, DETECT_JWT, VERDICT_GOOD, at, end);
}

// What stands where a password would, and is none.
static bool placeholder(const char *v, size_t n)
{
	static const char *const none[] = {"null", "true", "false", "undefined", "none", "password",
		"passwd", "string", "text", "hidden", "placeholder", "required"};

	if (n == 0 || memchr("{$<%(", v[0], 5) != NULL)
		return true;
	if (memchr(v, '(', n) != NULL) // a call, in source text
		return true;
	if (strspn(v, "*") >= n || strspn(v, "x") >= n)
		return true;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (strlen(none[i]) == n && strncasecmp(v, none[i], n) == 0)
			return true;
	}
	return false;
}

static bool is_placeholder(const struct detect *d, size_t at, size_t end)
{
	char v[PASSWORD_MAX + 1];
	size_t n = end - at;

	if (n > PASSWORD_MAX)
		return true;
	memcpy(v, d->p + at, n);
	v[n] = '\0';
	return placeholder(v, n);
}

// Only what a client sends: a page has forms.
void secret_password(struct detect *d, size_t at, size_t end)
{
	if (d->dir == DIR_C2S && !is_placeholder(d, at, end))
		tell(d, DETECT_PWD_KV, VERDICT_GOOD, at, end);
}

void secret_token(struct detect *d, size_t at, size_t end)
{
	size_t n = end - at;
	bool digit = false;

	if (n < TOKEN_MIN || n > TOKEN_MAX ||
		is_placeholder(d, at, n > PASSWORD_MAX ? at + 16 : end))
		return;
	for (size_t i = at; i < end; i++) {
		digit |= text_is(d, i, BYTE_DIGIT);
		if (!text_is(d, i, BYTE_ALNUM | BYTE_BASE64 | BYTE_URL64) &&
			!is_one_of(d->p[i], ".~%="))
			return;
	}
	if (digit)
		tell(d, DETECT_TOKEN_KV, VERDICT_GOOD, at, end);
}

// A code for one time lets somebody else take the account.
void secret_code(struct detect *d, size_t at, size_t end)
{
	if (end - at >= 4 && end - at <= 8 && text_span(d, at, BYTE_DIGIT, 9) == end - at)
		tell(d, DETECT_TOKEN_KV, VERDICT_GOOD, at, end);
}

void secret_cvv(struct detect *d, size_t at, size_t end)
{
	if (end - at >= 3 && end - at <= 4 && text_span(d, at, BYTE_DIGIT, 5) == end - at)
		tell(d, DETECT_CVV_KV, VERDICT_GOOD, at, end);
}

// RFC 7617: base64 of user-id ':' password.
void secret_authorization(struct detect *d, size_t at)
{
	uint8_t pair[256];

	if (!text_like(d, at, "basic ", 6))
		return;
	size_t begin = at + 6;
	while (text_at(d, begin) == ' ')
		begin++;
	size_t n = text_span(d, begin, BYTE_ALNUM | BYTE_BASE64, 512);
	size_t len = base64_read(d->p + begin, n, pair, sizeof(pair));
	if (len < 2 || memchr(pair, ':', len) == NULL)
		return;
	for (size_t i = 0; i < len; i++) {
		if (pair[i] < ' ' || pair[i] == 0x7f)
			return;
	}
	tell(d, DETECT_BASIC_AUTH, VERDICT_PROVEN, begin, begin + n);
}

// RFC 4616 where nothing encrypts: "AUTH PLAIN", "AUTHENTICATE PLAIN", mechanism='PLAIN'. Of a
// client; a server's list of what it takes is none.
void secret_sasl(struct detect *d, size_t at, size_t end)
{
	bool command = at == end && at >= 4 &&
		(text_like(d, at - 4, "auth", 4) ||
			(at >= 12 && text_like(d, at - 12, "authenticate", 12)));
	bool mechanism = at != end && end - at == 5 && text_like(d, at, "plain", 5);

	if (d->dir == DIR_C2S && (command || mechanism))
		found(d, DETECT_SASL_PLAIN, VERDICT_GOOD, at, end, "", 0);
}

// RFC 7468, and the older labels: "-----BEGIN [kind ]PRIVATE KEY-----".
void secret_pem(struct detect *d, size_t at)
{
	enum { LABEL_MAX = 48 };
	size_t label = at + 11, end = label;

	while (end - label < LABEL_MAX && (text_is(d, end, BYTE_ALNUM) || text_at(d, end) == ' '))
		end++;
	if (text_has(d, end, "-----", 5) && text_ends(d, end, "PRIVATE KEY", 11) &&
		end >= label + 11)
		found(d, DETECT_PEM_PRIVATE, VERDICT_GOOD, at, end + 5, "", 0);
}

static bool all_of(const char *v, const char *set)
{
	return v[strspn(v, set)] == '\0';
}

// Amazon AKIA and ASIA, Aliyun LTAI, Tencent AKID, Google AIza: as their documentation shows them.
enum verdict cloud_key(const struct detect *d, struct candidate *c)
{
	const char *v = c->v;
	size_t n = c->n;
	bool good = false;

	if ((memcmp(v, "AKIA", 4) == 0 || memcmp(v, "ASIA", 4) == 0) && n == 20)
		good = all_of(v + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
	else if (memcmp(v, "LTAI", 4) == 0)
		good = n >= 16 && n <= 24;
	else if (memcmp(v, "AKID", 4) == 0)
		good = n == 36;
	else if (memcmp(v, "AIza", 4) == 0)
		good = text_span(d, c->at, BYTE_ALNUM | BYTE_URL64, 40) == 39;
	if (!good || text_is(d, c->at - 1, BYTE_URL64))
		return VERDICT_NO;
	return strstr(v, "EXAMPLE") != NULL ? VERDICT_TEST : VERDICT_GOOD;
}
