// Whatever bytes come: what every mask leaves is bounded, and of identifiers that were put into
// them nothing is left.
//
// Input: a byte that picks a mask, one that picks an identifier, one that picks what stands around
// it; the rest is what it is put into the middle of.

#include "dataplane/inspect/mask.h"

#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const planted[] = {"alice@example.org", "alice%40example.org", "192.0.2.77",
	"192.000.002.077", "2001:db8::dead:beef", "4917012345678", "00:11:22:33:44:55",
	"79d88e83-725c-b71b-bad0-5862d5b22386"};
static const char *const around[][2] = {{"", ""}, {" ", " "}, {"/", "/"}, {"(", ")"}, {"<", ">"},
	{"x=\"", "\""}, {";", ";"}, {"\xe4\xbe\x8b ", " \xe4\xbe\x8b"}};

// Those that let parts of a text through.
static const enum field_mask masks[] = {MASK_NAME, MASK_URI, MASK_TEXT, MASK_WORDS, MASK_WORD,
	MASK_TYPE, MASK_TOPIC, MASK_SERVICE, MASK_SOA, MASK_PERSON, MASK_SECRET, MASK_CLEAR};

static void check_bounds(struct masker *m, struct bytes in)
{
	for (unsigned i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		uint8_t *copy = malloc(in.len ? in.len : 1), *out = malloc(in.len + MASK_NAME_MORE);
		if (in.len > 0)
			memcpy(copy, in.p, in.len);
		struct bytes value = {copy, in.len, false};
		if (mask_value(m, masks[i], value, out) > in.len + MASK_NAME_MORE)
			abort();
		if (mask_text(m, value, out) > in.len || mask_url(m, value, out) > in.len)
			abort();
		free(copy);
		free(out);
	}
}

static size_t add(uint8_t *text, size_t n, const void *p, size_t len)
{
	if (len > 0)
		memcpy(text + n, p, len);
	return n + len;
}

static bool holds(struct bytes in, const char *id)
{
	return in.len > 0 && memmem(in.p, in.len, id, strlen(id)) != NULL;
}

// What is glued to an identifier may make another word of it: something stands around it.
static void check_planted(struct masker *m, uint8_t which, uint8_t frame, struct bytes in)
{
	static uint8_t text[INPUT_MAX + 128], out[INPUT_MAX + 128 + MASK_NAME_MORE];
	const char *id = planted[which % (sizeof(planted) / sizeof(planted[0]))];
	const char *const *ends = around[1 + frame % (sizeof(around) / sizeof(around[0]) - 1)];
	size_t half = in.len / 2, n = 0;

	n = add(text, n, in.p, half);
	n = add(text, n, ends[0], strlen(ends[0]));
	n = add(text, n, id, strlen(id));
	n = add(text, n, ends[1], strlen(ends[1]));
	n = add(text, n, in.p + half, in.len - half);
	for (unsigned i = 0; i + 1 < sizeof(masks) / sizeof(masks[0]); i++) {
		size_t len = mask_value(m, masks[i], (struct bytes){text, n, false}, out);
		if (memmem(out, len, id, strlen(id)) != NULL && !holds(in, id))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[MASK_KEY_LEN] = {1, 2, 3};
	static struct masker *m;

	if (m == NULL)
		m = masker_new(key);
	if (m == NULL || size < 2 || size > INPUT_MAX)
		return 0;
	struct bytes in = {data + 2, size - 2, false};
	check_bounds(m, in);
	check_planted(m, data[0], data[1], in);
	return 0;
}
