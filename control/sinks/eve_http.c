// What of HTTP is not simply a value.

#include "control/sinks/eve_parts.h"

#include <string.h>

// Where the host of "host:port" ends, and *port; without a port it is the whole, and -1. Only in
// brackets a host has colons of its own: an IPv6 literal without them has no port.
static size_t split_host(const struct eve_value *v, int32_t *port)
{
	const uint8_t *colon = memrchr(v->p, ':', v->len);
	int32_t n = 0;

	*port = -1;
	if (colon == NULL)
		return v->len;
	size_t host = (size_t)(colon - v->p);
	size_t digits = v->len - host - 1;
	bool brackets = host >= 2 && v->p[0] == '[' && v->p[host - 1] == ']';
	if (digits == 0 || digits > 5 || (!brackets && memchr(v->p, ':', host) != NULL))
		return v->len;
	for (size_t i = 1; i <= digits; i++) {
		if (colon[i] < '0' || colon[i] > '9')
			return v->len;
		n = n * 10 + (colon[i] - '0');
	}
	if (n > UINT16_MAX)
		return v->len;
	*port = n;
	return host;
}

static void put_host(struct json_out *j, const struct eve_value *v)
{
	int32_t port;
	size_t len = split_host(v, &port);

	jout_text(j, "hostname", v->p, len);
	if (port >= 0)
		jout_number(j, "http_port", (uint64_t)port);
}

void eve_put_http(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *host = eve_record_find(r, FIELD_HTTP_HOST);
	const struct eve_value *type = eve_record_find(r, FIELD_HTTP_CONTENT_TYPE);

	if (host != NULL)
		put_host(j, host);
	if (r->head.app_proto == APP_HTTP2)
		jout_string(j, "version", "2");
	if (type != NULL && r->head.dir == DIR_S2C)
		jout_text(j, "http_content_type", type->p, type->len);
}

void eve_put_http_ours(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *type = eve_record_find(r, FIELD_HTTP_CONTENT_TYPE);

	if (type != NULL && r->head.dir == DIR_C2S)
		jout_text(j, "request_content_type", type->p, type->len);
}
