// What a text says without what it is wrapped in: the same value in whatever form gives the same text, as
// far as detectors of personal data are concerned.
//
//     gzip, zlib            whole, by their first bytes (RFC 1950, 1952)
//     multipart, mail       one line "name=value" a part (RFC 7578); base64 parts (RFC 2045 6.8)
//     base64                the whole text, when text comes out (RFC 4648)
//     protobuf, gRPC        its strings, one a line (protobuf.dev/programming-guides/encoding)
//     other binary          its runs of letters, when there are many
//     %31, +, \u0031, \"    characters (RFC 3986 2.1; WHATWG URL, forms; RFC 8259 7)
//
// One after the other, PLAIN_DEPTH layers at most, each at most PLAIN_MAX bytes. Full-width digits and
// characters of no width are the detectors' own affair (detect/scan.c). Brotli and deflate without a header
// begin with no mark: the parser of HTTP takes them off, who knows from the headers.
//
// Any bytes are safe. Nothing is allocated but by plain_new(). One thread's.

#pragma once

#include "dataplane/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum { PLAIN_MAX = 65536, PLAIN_DEPTH = 6 };

enum plain_source {
	PLAIN_BODY, // of a message, or what is like one
	PLAIN_QUERY, // a URI: a '+' is a blank
	PLAIN_MAIL, // headers and parts
	PLAIN_LINES, // values of headers and the like: spelled characters only
};

enum plain_layer {
	PLAIN_PACKED = 1 << 0,
	PLAIN_PARTS = 1 << 1,
	PLAIN_BASE64 = 1 << 2,
	PLAIN_BINARY = 1 << 3,
	PLAIN_SPELLED = 1 << 4,
};

struct plain_result {
	struct bytes
		text; // until the next call; `in` itself when nothing was taken off; empty: no text
	uint8_t layers; // enum plain_layer
	bool deep; // more layers than are looked at
	bool cut; // a layer was larger than is looked at, or broken
	bool left; // binary without text
};

struct plain;

struct plain *plain_new(void); // NULL: short of memory
void plain_free(struct plain *p); // NULL is allowed

// type: the content type that goes with it, as sent; empty: not known.
struct plain_result plain_text(
	struct plain *p, struct bytes in, struct bytes type, enum plain_source source);
