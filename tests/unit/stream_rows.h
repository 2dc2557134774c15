// Parsers of byte streams against a table: each row in one piece, cut in two at every place, byte by
// byte, ended at every place, with a hole at every place, and without any buffer.

#pragma once

#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define BYTES(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1, false                                         \
	}

struct stream_row {
	const char *name;
	enum dir dir;
	struct bytes in;
	enum parse want;
	const char *text;
	size_t unread; // with PARSE_SWITCH: what belongs to the next protocol
};

static inline void row_check(
	const struct parser_run *r, const struct stream_row *row, const char *how, size_t cut)
{
	CHECK(r->result[row->dir] == row->want, "%s, %s %zu: %d", row->name, how, cut,
		r->result[row->dir]);
	CHECK(strcmp(r->text, row->text) == 0, "%s, %s %zu: %s", row->name, how, cut, r->text);
	CHECK(r->borrowed == 0, "%s, %s %zu: %u borrowed", row->name, how, cut, r->borrowed);
}

static inline void rows_cut(const struct proto *proto, const struct stream_row *rows, size_t n)
{
	static struct parser_run r;

	for (size_t i = 0; i < n; i++) {
		struct bytes in = rows[i].in;
		for (size_t cut = 1; cut <= in.len; cut++) {
			run_stream(&r, proto, rows[i].dir, in, cut, in.len);
			row_check(&r, &rows[i], "cut", cut);
		}
		run_stream(&r, proto, rows[i].dir, in, 1, 1);
		row_check(&r, &rows[i], "bytes", 1);
		run_stream(&r, proto, rows[i].dir, in, in.len, 1);
		if (rows[i].want == PARSE_SWITCH)
			CHECK(r.unread == rows[i].unread, "%s: %u", rows[i].name, r.unread);
	}
}

// What a stream that ends early tells does not depend on how it was cut, and it gives back what it
// borrowed; so does one with a hole, and one that gets no buffer.
static inline void rows_broken(const struct proto *proto, const struct stream_row *rows, size_t n)
{
	static struct parser_run whole, cut, holed;

	for (size_t i = 0; i < n; i++) {
		struct bytes in = rows[i].in;
		for (size_t len = 0; len < in.len; len++) {
			struct bytes part = {in.p, len, false};
			run_stream(&whole, proto, rows[i].dir, part, len, 1);
			run_stream(&cut, proto, rows[i].dir, part, 1, 1);
			CHECK(strcmp(whole.text, cut.text) == 0, "%s, first %zu: %s", rows[i].name,
				len, cut.text);
			CHECK(whole.borrowed + cut.borrowed == 0, "%s, first %zu", rows[i].name,
				len);

			run_begin(&holed, proto);
			run_feed(&holed, rows[i].dir, in.p, len);
			run_gap(&holed, rows[i].dir, 1);
			run_feed(&holed, rows[i].dir, in.p + len + 1, in.len - len - 1);
			run_end(&holed);
			CHECK(holed.borrowed == 0, "%s, hole at %zu", rows[i].name, len);

			run_begin(&holed, proto);
			holed.poor = true;
			run_feed(&holed, rows[i].dir, in.p, len);
			run_feed(&holed, rows[i].dir, in.p + len, in.len - len);
			run_end(&holed);
		}
	}
}

struct probe_row {
	const char *name;
	uint16_t sport, dport;
	struct bytes in;
	enum probe want;
	enum dir sender; // where it is recognised
};

// A stream's first bytes never say no, or something else, before the row's answer.
static inline void rows_probe(const struct proto *proto, const struct probe_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t len = 1; len <= rows[i].in.len; len++) {
			struct bytes part = {rows[i].in.p, len, false};
			enum dir sender = DIR_C2S;
			enum probe got = proto->probe(part, rows[i].sport, rows[i].dport, &sender);
			if (len == rows[i].in.len)
				CHECK(got == rows[i].want, "%s: %d", rows[i].name, got);
			else if (proto->l4 == 6 && rows[i].want == PROBE_YES)
				CHECK(got != PROBE_NO, "%s, first %zu", rows[i].name, len);
			if (got == PROBE_YES && rows[i].want == PROBE_YES)
				CHECK(sender == rows[i].sender, "%s, first %zu: sender %d",
					rows[i].name, len, sender);
		}
	}
}
