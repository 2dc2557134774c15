#include "patterns/content.h"

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

// Is it the header's name, with its colon or as all there is?
static bool names_secret(const struct condition *c)
{
	static const char *const names[] = {
		"authorization", "proxy-authorization", "cookie", "set-cookie"};
	const char *p = (const char *)c->bytes;
	uint32_t len = c->len;

	if (c->kind != COND_CONTENT)
		return false;
	while (len > 0 && (*p == '\r' || *p == '\n')) {
		p++;
		len--;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);
		if (len >= n && strncasecmp(p, names[i], n) == 0 && (len == n || p[n] == ':'))
			return true;
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
