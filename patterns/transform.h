// What a rule does to a buffer before it looks at it: Suricata's transformations.
//
// transform_parse() makes plain data of a keyword, transform_run() does it. An empty buffer stays
// empty, whatever is done to it. A transformation that can not be done leaves the buffer as it
// was, as Suricata's do:
//
//     from_base64     not one byte decodes; in mode strict: a byte, the length or the padding is
//                     wrong; the offset is behind the end
//     pcrexform       no match, or the group has no part in it
//     xor             the key in the buffer is behind its end
//     gunzip, zlib_deflate
//                     not one byte inflates; a stream that is cut or broken gives what came before
//     domain, tld     no name of ASCII of at most 253 bytes; `domain` of a public suffix
//
// A slice that is not there (subslice) is an empty buffer.

#pragma once

#include "dataplane/base/bytes.h"

enum transform_kind {
	TRANSFORM_DOTPREFIX,
	TRANSFORM_TO_LOWERCASE, // ASCII, as all that is about letters here
	TRANSFORM_TO_UPPERCASE,
	TRANSFORM_STRIP_WHITESPACE, // isspace() of the C locale
	TRANSFORM_COMPRESS_WHITESPACE, // a run, also of one, becomes a space
	TRANSFORM_URL_DECODE, // %HH, and + is a space; other % stay
	TRANSFORM_XOR,
	TRANSFORM_FROM_BASE64,
	TRANSFORM_PCREXFORM, // what the first group captured
	TRANSFORM_TO_MD5, // digests are raw bytes
	TRANSFORM_TO_SHA1,
	TRANSFORM_TO_SHA256,
	TRANSFORM_DOMAIN, // the registered domain: public suffix and one label
	TRANSFORM_TLD, // the public suffix
	TRANSFORM_SUBSLICE,
	TRANSFORM_HEADER_LOWERCASE, // of each line what is before the first ':'
	TRANSFORM_STRIP_PSEUDO_HEADERS, // lines that begin with ':'
	TRANSFORM_GUNZIP, // one member
	TRANSFORM_ZLIB_DEFLATE,
	TRANSFORM_KINDS
};

enum { // bytes
	TRANSFORM_MAX = 65536, // that come out of one; what is longer is cut
	TRANSFORM_ARG_MAX = 4096,
};

enum transform_base64_mode {
	TRANSFORM_RFC4648, // up to the first byte that is not of the alphabet
	TRANSFORM_RFC2045, // what is not of the alphabet is skipped; '=' ends
	TRANSFORM_STRICT,
};

enum transform_flags { TRANSFORM_HAS_SIZE = 1, TRANSFORM_TRUNCATE = 2 }; // subslice

// As the parser and the artefact have it. Plain data: any values are safe to run, as long as
// `arg` has arg_len bytes.
struct transform {
	uint8_t kind;
	uint8_t mode; // from_base64: enum transform_base64_mode; xor: the key's bytes in the buffer
	uint8_t flags; // subslice: enum transform_flags
	// from_base64: at most so many bytes (0: all), from this offset
	// subslice: offset, size; negative ones count from the end
	// gunzip, zlib_deflate: at most so many bytes out, none
	// xor: offset of what is done to, offset of the key when mode > 0
	int32_t a, b;
	const uint8_t *arg; // xor: the key, when mode is 0; pcrexform: the expression
	uint32_t arg_len;
};

// "xor", "from_base64", ... -> kind, or -1.
int transform_kind_of(const char *name, size_t len);
const char *transform_name(enum transform_kind kind);

// Reads a keyword's value, trimmed, quotes included; NULL: none was given. out->arg points into
// `arg`. Returns 0, or -EINVAL with *why (a literal: what is wanted, for behind the name).
// Compiles a pcrexform to see whether it can be. For the control side.
int transform_parse(enum transform_kind kind, const char *value, size_t len, struct transform *out,
	uint8_t arg[TRANSFORM_ARG_MAX], const char **why);

// The bounded memory of one worker, some 700 KiB, of which three quarters are touched only by
// expressions without JIT code: nothing is allocated after this. NULL: short of memory, or
// libpsl has no list built in.
struct transform_room;
struct transform_room *transform_room_new(void);
void transform_room_free(struct transform_room *r); // NULL is allowed

// Does `n` of them in order to `in`.
//
// codes: by transform, what pattern_pcre_compile() made of an expression (a pcre2_code *, with or
// without JIT code), NULL for other kinds. May be NULL as a whole where no pcrexform is.
//
// The result is (a part of) `in`, or lies in the room and is valid until its next run. It is bad,
// and no rule may match on it, when `in` is, when a kind is none, when a pcrexform has no code or
// exceeds its limits. Work is bounded by the length of `in`; the worst expressions found
// take 10 ms for 64 KiB with JIT code and 150 without it, for 2 KiB 0.4 and 13.
struct bytes transform_run(struct transform_room *r, const struct transform *t, void *const *codes,
	unsigned n, struct bytes in);

// How many expressions exceeded their limits. By the worker's own thread.
uint64_t transform_gave_up(const struct transform_room *r);
