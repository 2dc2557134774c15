// The layers of plain.c. Each reads `in` and writes to `out`, PLAIN_MAX bytes; the two do not overlap.
// Of this folder only.

#pragma once

#include "dataplane/inspect/leak/plain.h"

struct plain_out {
	uint8_t *p; // PLAIN_MAX bytes
	size_t len;
	bool cut; // there was more
};

static inline void plain_put(struct plain_out *out, const void *p, size_t n)
{
	size_t room = PLAIN_MAX - out->len;

	out->cut |= n > room;
	n = n < room ? n : room;
	if (n > 0)
		memcpy(out->p + out->len, p, n);
	out->len += n;
}

// Characters that stand for others: was there one? plus: '+' is a blank.
bool plain_spelling(struct bytes in, bool plus, struct plain_out *out);

// Nothing but base64, and text in it?
bool plain_base64(struct bytes in, struct plain_out *out);
// Lines of base64 from the front of `in`, which is cut by them.
void plain_base64_lines(struct bytes *in, struct plain_out *out);

// The strings of a message; false when it is none.
bool plain_protobuf(struct bytes in, struct plain_out *out);
// Runs of letters; false when they are few.
bool plain_runs(struct bytes in, struct plain_out *out);

// Parts of a form or a mail; false when it is none.
bool plain_parts(struct bytes in, struct bytes type, bool mail, struct plain_out *out);

// Control characters that no text has: all but blanks.
static inline bool plain_control(uint8_t c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != 0x1b) || c == 0x7f;
}

// Bytes of the character at this place (RFC 3629 4, loosely); 0: none that a text has.
static inline size_t plain_character(struct bytes in, size_t at)
{
	uint8_t c = in.p[at];
	size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	if (plain_control(c) || (c >= 0x80 && (c < 0xc2 || c > 0xf4)) || n > in.len - at)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((in.p[at + i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

// Nothing but characters, and not empty.
static inline bool plain_is_text(struct bytes in)
{
	for (size_t at = 0, n; at < in.len; at += n) {
		n = plain_character(in, at);
		if (n == 0)
			return false;
	}
	return in.len > 0;
}
