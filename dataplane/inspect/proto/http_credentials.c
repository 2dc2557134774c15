#include "dataplane/inspect/proto/http_credentials.h"

#include "dataplane/inspect/proto/http_text.h"

const char *http_credentials_scheme(struct bytes authorization)
{
	static const char *const schemes[] = {
		"basic", "digest", "bearer", "negotiate", "ntlm", "hawk", "aws4-hmac-sha256"};
	const uint8_t *space =
		authorization.len > 0 ? memchr(authorization.p, ' ', authorization.len) : NULL;
	struct bytes scheme = authorization;

	if (space != NULL)
		scheme.len = (size_t)(space - authorization.p);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (http_equal(scheme, schemes[i]))
			return schemes[i];
	}
	return "other";
}

bool http_credentials_form(const struct http_head *h)
{
	static const char form[] = "application/x-www-form-urlencoded";
	struct bytes type = h->values[HTTP_CONTENT_TYPE];

	return h->role == HTTP_REQUESTS && type.len >= sizeof(form) - 1 &&
		http_starts_with(type, form, sizeof(form) - 1);
}

static bool has_within(struct bytes name, const char *word)
{
	size_t len = strlen(word);

	for (; name.len >= len; bytes_take(&name, 1)) {
		if (http_starts_with(name, word, len))
			return true;
	}
	return false;
}

static bool names_session(struct bytes name)
{
	static const char *const words[] = {"sess", "sid", "token", "auth", "login", "ticket"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (has_within(name, words[i]))
			return true;
	}
	return false;
}

bool http_credentials_session(struct bytes cookies)
{
	while (cookies.len > 0) {
		const uint8_t *end = memchr(cookies.p, ';', cookies.len);
		struct bytes pair =
			bytes_take(&cookies, end != NULL ? (size_t)(end - cookies.p) : cookies.len);
		bytes_take(&cookies, end != NULL ? 1 : 0);
		const uint8_t *sign = pair.len > 0 ? memchr(pair.p, '=', pair.len) : NULL;
		if (sign == NULL)
			continue;
		pair.len = (size_t)(sign - pair.p);
		if (names_session(pair))
			return true;
	}
	return false;
}

static bool names_password(struct bytes key)
{
	static const char *const keys[] = {"password", "passwd", "pwd", "pass", "userpassword",
		"user_password", "login_password", "passphrase"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (http_equal(key, keys[i]))
			return true;
	}
	return false;
}

bool http_credentials_in_form(struct bytes form)
{
	while (form.len > 0) {
		const uint8_t *end = memchr(form.p, '&', form.len);
		struct bytes pair =
			bytes_take(&form, end != NULL ? (size_t)(end - form.p) : form.len);
		bytes_take(&form, end != NULL ? 1 : 0);
		const uint8_t *sign = pair.len > 0 ? memchr(pair.p, '=', pair.len) : NULL;
		if (sign == NULL || sign + 1 == pair.p + pair.len)
			continue;
		pair.len = (size_t)(sign - pair.p);
		if (names_password(pair))
			return true;
	}
	return false;
}
