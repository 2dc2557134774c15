// Transformations from the inside: shared by the files transform*.c.

#pragma once

#include "patterns/pcre_frames.h"
#include "patterns/transform.h"

struct psl_ctx_st;

enum { INFLATE_ROOM = 49152 }; // zlib: 7 KiB of state, a window of 32 KiB

struct transform_room {
	uint8_t *out[2]; // TRANSFORM_MAX bytes each
	_Alignas(16) uint8_t inflate[INFLATE_ROOM];
	size_t inflate_used;
	const struct psl_ctx_st *suffixes;
	struct pcre_frames frames;
	pcre2_general_context *memory;
	pcre2_match_data *match_data;
	pcre2_match_context *limits;
	uint64_t gave_up;
};

// One transformation of a chain. `in` is not empty, and does not overlap `out`.
struct transform_step {
	struct transform_room *room;
	const struct transform *t;
	const pcre2_code *code;
	struct bytes in;
	uint8_t *out; // TRANSFORM_MAX bytes
};

// Each gives a part of s->in or of s->out. (transform_text.c)
struct bytes transform_dotprefix(const struct transform_step *s);
struct bytes transform_to_lowercase(const struct transform_step *s);
struct bytes transform_to_uppercase(const struct transform_step *s);
struct bytes transform_strip_whitespace(const struct transform_step *s);
struct bytes transform_compress_whitespace(const struct transform_step *s);
struct bytes transform_url_decode(const struct transform_step *s);
struct bytes transform_header_lowercase(const struct transform_step *s);
struct bytes transform_strip_pseudo_headers(const struct transform_step *s);

// (transform_decode.c)
struct bytes transform_xor(const struct transform_step *s);
struct bytes transform_from_base64(const struct transform_step *s);
struct bytes transform_gunzip(const struct transform_step *s);
struct bytes transform_zlib_deflate(const struct transform_step *s);
