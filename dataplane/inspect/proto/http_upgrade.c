#include "dataplane/inspect/proto/http_upgrade.h"

#include "dataplane/inspect/proto/http_text.h"
#include "dataplane/inspect/proto/websocket.h"

// RFC 7692 7.1: one value of Sec-WebSocket-Extensions.
static uint8_t deflate_setup(struct bytes extension)
{
	uint8_t setup = 0;

	while (extension.len > 0) {
		const uint8_t *end = memchr(extension.p, ';', extension.len);
		size_t n = end != NULL ? (size_t)(end - extension.p) : extension.len;
		struct bytes part = http_trim(bytes_take(&extension, n));
		bytes_take(&extension, end != NULL ? 1 : 0);
		if (http_equal(part, "permessage-deflate"))
			setup |= WEBSOCKET_DEFLATE;
		else if (http_equal(part, "client_no_context_takeover"))
			setup |= WEBSOCKET_CLIENT_FRESH;
		else if (http_equal(part, "server_no_context_takeover"))
			setup |= WEBSOCKET_SERVER_FRESH;
	}
	return setup;
}

static uint8_t websocket_setup(const struct http_head *h)
{
	struct bytes list = h->values[HTTP_WEBSOCKET_EXTENSIONS], extension;

	while (http_next_element(&list, &extension)) {
		uint8_t setup = deflate_setup(extension);
		if (setup & WEBSOCKET_DEFLATE)
			return setup;
	}
	return 0;
}

static bool names(const struct http_head *h, const char *protocol)
{
	struct bytes list = h->values[HTTP_UPGRADE], element;

	while (http_next_element(&list, &element)) {
		if (http_equal(element, protocol))
			return true;
	}
	return false;
}

enum http_offer http_offer(const struct http_head *h)
{
	if (names(h, "websocket"))
		return websocket_setup(h) ? OFFER_DEFLATE : OFFER_WEBSOCKET;
	return names(h, "h2c") ? OFFER_HTTP2 : OFFER_OTHER;
}

static bool is_websocket(enum http_offer offer)
{
	return offer == OFFER_WEBSOCKET || offer == OFFER_DEFLATE;
}

bool http_offer_taken(enum http_offer offer, uint8_t first, struct proto_next *next)
{
	bool letter = first >= 'A' && first <= 'Z';

	if (first == '\r' || first == '\n' || (letter && !(offer == OFFER_HTTP2 && first == 'P')))
		return false;
	if (is_websocket(offer)) {
		next->app_proto = APP_WEBSOCKET;
		next->setup[0] = offer == OFFER_DEFLATE ? WEBSOCKET_DEFLATE : 0;
	}
	return true;
}

void http_switched(const struct http_head *h, enum http_offer offer, struct proto_next *next)
{
	bool told = h->values[HTTP_UPGRADE].len > 0;

	if (told ? !names(h, "websocket") : !is_websocket(offer))
		return;
	next->app_proto = APP_WEBSOCKET;
	next->setup[0] = websocket_setup(h);
}
