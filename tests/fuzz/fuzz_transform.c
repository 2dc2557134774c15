// Transformations. The input is a list of them (a byte for the kind, then either values as the
// parser never makes them, or a text for the parser), and a buffer that they are done to: safe,
// bounded, and twice the same.

#include "patterns/confirm.h"
#include "patterns/transform.h"

#include <stdlib.h>

enum { STEPS = 8 };

struct chain {
	unsigned n;
	struct transform steps[STEPS];
	void *codes[STEPS];
	uint8_t args[STEPS][TRANSFORM_ARG_MAX];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compile(struct chain *c, unsigned i, bool jit)
{
	struct transform *t = &c->steps[i];
	PCRE2_SIZE at;
	int error;

	if (t->kind != TRANSFORM_PCREXFORM)
		return;
	c->codes[i] = pattern_pcre_compile(t->arg, t->arg_len, 0, &error, &at);
	if (c->codes[i] != NULL && jit)
		pcre2_jit_compile(c->codes[i], PCRE2_JIT_COMPLETE);
}

static void raw(struct bytes *in, struct transform *t)
{
	t->mode = bytes_u8(in);
	t->flags = bytes_u8(in);
	t->a = (int32_t)bytes_u32(in);
	t->b = (int32_t)bytes_u32(in);
	struct bytes arg = bytes_vec8(in);
	t->arg = arg.p;
	t->arg_len = (uint32_t)arg.len;
}

static bool parsed(struct bytes *in, struct transform *t, uint8_t *arg)
{
	struct bytes value = bytes_vec8(in);
	const char *why = NULL;

	if (value.bad || t->kind >= TRANSFORM_KINDS)
		return false;
	const char *text = value.len > 0 ? (const char *)value.p : NULL;
	if (transform_parse(t->kind, text, value.len, t, arg, &why) == 0)
		return true;
	if (why == NULL)
		abort();
	return false;
}

static void read_chain(struct bytes *in, struct chain *c)
{
	unsigned n = bytes_u8(in) % (STEPS + 1);

	while (c->n < n && in->len > 0) {
		struct transform *t = &c->steps[c->n];
		uint8_t head = bytes_u8(in);
		*t = (struct transform){.kind = head & 31};
		if ((head & 32) && !parsed(in, t, c->args[c->n]))
			continue;
		if (!(head & 32))
			raw(in, t);
		compile(c, c->n++, head & 64);
	}
}

static void run(struct transform_room *room, const struct chain *c, struct bytes in)
{
	static uint8_t first[TRANSFORM_MAX];
	struct bytes got = transform_run(room, c->steps, c->codes, c->n, in);
	size_t len = got.len;
	bool bad = got.bad;

	if (len > TRANSFORM_MAX && (c->n > 0 || len != in.len))
		abort();
	if (len > TRANSFORM_MAX)
		return;
	if (len > 0)
		memcpy(first, got.p, len);
	got = transform_run(room, c->steps, c->codes, c->n, in);
	if (got.bad != bad || got.len != len || (len > 0 && memcmp(got.p, first, len) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct transform_room *room;
	static struct chain chain;
	struct bytes in = {.p = data, .len = size};

	if (room == NULL)
		room = transform_room_new();
	if (room == NULL)
		abort();
	memset(chain.codes, 0, sizeof(chain.codes));
	chain.n = 0;
	read_chain(&in, &chain);
	in.bad = false;
	run(room, &chain, in);
	for (unsigned i = 0; i < chain.n; i++)
		pcre2_code_free(chain.codes[i]);
	return 0;
}
