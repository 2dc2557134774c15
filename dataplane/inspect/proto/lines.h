// Lines of a stream, cut anywhere: in place when they come whole, else from a borrowed buffer. A
// line beyond LINE_BYTES_MAX is told by its begin, the rest of it goes by.

#pragma once

#include "dataplane/inspect/proto/collect.h"

enum { LINE_BYTES_MAX = 4096 };

struct lines {
	struct gather *kept;
	bool passing; // the rest of an overlong line, or of one that a hole cut
};

enum line { LINE_MORE, LINE_WHOLE, LINE_NO_BUFFER };

// The next line of `in` without its end, whose bytes are taken off `in`. After LINE_WHOLE, and when
// *line was used: lines_release().
static inline enum line lines_next(
	struct lines *l, const struct proto_io *io, struct bytes *in, struct bytes *line)
{
	while (in->len > 0) {
		const uint8_t *lf = memchr(in->p, '\n', in->len);
		size_t n = lf != NULL ? (size_t)(lf - in->p) + 1 : in->len;
		size_t room = LINE_BYTES_MAX - collected(l->kept);

		if (l->passing) {
			bytes_take(in, n);
			l->passing = lf == NULL;
			continue;
		}
		bool whole = lf != NULL || n >= room;
		if (n > room || (n == room && lf == NULL)) {
			n = room;
			l->passing = true;
		}
		if (whole && l->kept == NULL) {
			*line = bytes_take(in, n);
		} else {
			if (!collect(&l->kept, io, in, n))
				return LINE_NO_BUFFER;
			if (!whole)
				return LINE_MORE;
			*line = collect_view(l->kept);
		}
		while (line->len > 0 &&
			(line->p[line->len - 1] == '\n' || line->p[line->len - 1] == '\r'))
			line->len--;
		return LINE_WHOLE;
	}
	return LINE_MORE;
}

static inline void lines_release(struct lines *l, const struct proto_io *io)
{
	collect_give(&l->kept, io);
}

// Bytes are missing: what stands before the next end of a line is of no use.
static inline void lines_gap(struct lines *l, const struct proto_io *io)
{
	collect_give(&l->kept, io);
	l->passing = true;
}

// Is the begin of `line` this word, in any case, and does it end there?
static inline bool line_has_word(struct bytes line, const char *word)
{
	size_t n = strlen(word);

	if (line.len < n || (line.len > n && line.p[n] != ' ' && line.p[n] != ':'))
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = line.p[i];
		if ((c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c) != (uint8_t)word[i])
			return false;
	}
	return true;
}

// The next word of a line, and the spaces behind it.
static inline struct bytes line_word(struct bytes *line)
{
	size_t n = 0;

	while (n < line->len && line->p[n] != ' ')
		n++;
	struct bytes word = bytes_take(line, n);
	while (line->len > 0 && line->p[0] == ' ')
		bytes_take(line, 1);
	return word;
}
