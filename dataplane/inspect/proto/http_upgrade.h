// Upgrade (RFC 9110 7.8): which protocol a connection becomes.

#pragma once

#include "dataplane/inspect/proto/http_head.h"

enum http_offer { OFFER_OTHER, OFFER_WEBSOCKET, OFFER_DEFLATE, OFFER_HTTP2 };

// What a request asks for.
enum http_offer http_offer(const struct http_head *h);

// No answer was seen. Do bytes that begin with `first` belong to what the client offered? Else they
// are its next request: the offer was refused. Frames of a client never begin with a letter that
// begins a method (RFC 6455 5.2), HTTP/2's preface does.
bool http_offer_taken(enum http_offer offer, uint8_t first, struct proto_next *next);

// A 101 response to it.
void http_switched(const struct http_head *h, enum http_offer offer, struct proto_next *next);
