#include "patterns/content.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool field_is_content(uint16_t field)
{
	switch (field) {
	case FIELD_HTTP_COOKIE:
	case FIELD_HTTP_REQUEST_BODY:
	case FIELD_HTTP_RESPONSE_BODY:
	case FIELD_WEBSOCKET_PAYLOAD:
	case FIELD_EMAIL_SUBJECT:
	case FIELD_MQTT_PASSWORD:
	case FIELD_MQTT_WILL_MESSAGE:
	case FIELD_MQTT_PUBLISH_MESSAGE:
		return true;
	default:
		return false;
	}
}

static bool is_headers(uint16_t field)
{
	switch (field) {
	case FIELD_HTTP_START:
	case FIELD_HTTP_HEADER:
	case FIELD_HTTP_RAW_HEADER:
	case FIELD_HTTP_REQUEST_HEADER:
	case FIELD_HTTP_RESPONSE_HEADER:
		return true;
	default:
		return false;
	}
}

// Does it look for such a header, or for what stands in one? An expression may write it in many ways; those that
// name it are told.
static bool names_secret(const struct condition *c)
{
	static const char *const words[] = {
		"authorization", "cookie", "basic", "bearer", "digest", "negotiate"};

	if ((c->kind != COND_CONTENT && c->kind != COND_PCRE) || c->bytes == NULL)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);
		for (size_t at = 0; at + n <= c->len; at++) {
			const char *here = (const char *)c->bytes + at;
			bool whole = at + n == c->len || !isalpha((unsigned char)here[n]);
			if (whole && strncasecmp(here, words[i], n) == 0)
				return true;
		}
	}
	return false;
}

enum field rule_content(const struct rule *r)
{
	for (uint32_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (field_is_content(c->field) || (is_headers(c->field) && names_secret(c)))
			return (enum field)c->field;
	}
	return FIELD_NONE;
}
