// Chains of transformations as a rule has them, for the tests of patterns/transform.h.

#pragma once

#include "patterns/confirm.h"
#include "patterns/lexer.h"
#include "patterns/transform.h"

#include <stdlib.h>
#include <string.h>

enum { CHAIN_MAX = 8 };

struct chain {
	unsigned n;
	const char *why; // it did not parse
	struct transform steps[CHAIN_MAX];
	void *codes[CHAIN_MAX];
	uint8_t args[CHAIN_MAX][TRANSFORM_ARG_MAX];
};

static inline void chain_add(struct chain *c, struct slice name, struct slice value, bool jit)
{
	struct transform *t = &c->steps[c->n];
	int kind = transform_kind_of(name.p, name.len);
	int error;
	PCRE2_SIZE at;

	c->why = "no such keyword";
	if (kind < 0 ||
		transform_parse((enum transform_kind)kind, value.p, value.len, t, c->args[c->n],
			&c->why) < 0)
		return;
	c->why = NULL;
	if (kind == TRANSFORM_PCREXFORM) {
		c->codes[c->n] = pattern_pcre_compile(t->arg, t->arg_len, 0, &error, &at);
		if (jit)
			pcre2_jit_compile(c->codes[c->n], PCRE2_JIT_COMPLETE);
	}
	c->n++;
}

// As a rule has it: "to_lowercase; xor: \"42\";".
static inline void chain_read(struct chain *c, const char *text, bool jit)
{
	struct lexer l = lexer_open("test", text, strlen(text));
	struct slice name, value;

	*c = (struct chain){0};
	while (c->why == NULL && lexer_option(&l, &name, &value) > 0)
		chain_add(c, name, value, jit);
}

static inline void chain_free(struct chain *c)
{
	for (unsigned i = 0; i < c->n; i++)
		pcre2_code_free(c->codes[i]);
}

// The input lies at the end of its memory, so that a read past it is seen.
static inline struct bytes chain_run(
	struct transform_room *room, struct chain *c, const void *in, size_t len, uint8_t **exact)
{
	*exact = malloc(len > 0 ? len : 1);
	memcpy(*exact, in, len);
	return transform_run(room, c->steps, c->codes, c->n, (struct bytes){*exact, len, false});
}
