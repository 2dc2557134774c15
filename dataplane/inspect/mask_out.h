// A masked value in the making: the inside of mask*.c.

#pragma once

#include "dataplane/inspect/mask.h"

// What takes the place of something may be longer than that was while there is `spare`. What one
// value may cost is bounded: behind `budget` tokens and pseudonyms only "~" is written.
enum { MASK_BUDGET = 16, MASK_TOKEN_SHORT = 9 };
struct mask_out {
	struct masker *m;
	uint8_t *p;
	size_t n;
	size_t spare;
	unsigned budget;
};

static inline struct mask_out mask_out_to(struct masker *m, uint8_t *out, size_t spare)
{
	return (struct mask_out){.m = m, .p = out, .spare = spare, .budget = MASK_BUDGET};
}

static inline void mask_put(struct mask_out *o, const void *p, size_t len)
{
	if (len > 0)
		memcpy(o->p + o->n, p, len);
	o->n += len;
}

// The begin of the word's token: as long as the word, MASK_TOKEN_SHORT at most.
void mask_put_token(struct mask_out *o, struct bytes word);
// The whole token, where there is room.
void mask_put_person(struct mask_out *o, struct bytes word);
// The pseudonym of an address that took the place of `was`; a token, where there is no room.
void mask_put_address(
	struct mask_out *o, uint8_t ip_version, const uint8_t address[16], struct bytes was);
// An IPv4 address with `sep` between its numbers; backwards: the last one first, in `address` too.
void mask_put_quad(
	struct mask_out *o, const uint8_t address[16], char sep, bool backwards, struct bytes was);

// What stands at the begin of `text`, up to `len` bytes: to be replaced, or to be copied.
struct mask_verdict {
	size_t len;
	bool tells;
};
// after_slash: a product's name and '/' stand in front, so what looks like a version is one.
struct mask_verdict mask_judge(struct bytes text, bool after_slash);
// Does anything in the text tell of a person or an address?
bool mask_tells(struct bytes text);
void mask_put_text(struct mask_out *o, struct bytes text);
void mask_put_name(struct mask_out *o, struct bytes name);
void mask_put_uri(struct mask_out *o, struct bytes uri);
void mask_put_word(struct mask_out *o, struct bytes word);
void mask_put_type(struct mask_out *o, struct bytes type);
void mask_put_topic(struct mask_out *o, struct bytes topic);
void mask_put_words(struct mask_out *o, struct bytes in);
void mask_put_service(struct mask_out *o, struct bytes in);
void mask_put_soa(struct mask_out *o, struct bytes in);
