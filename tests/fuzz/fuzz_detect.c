// Whatever text comes: the answer is bounded, the same twice, and no value of it is shown.
//
// Input: a byte that picks a direction and a number, one that says where it is put; the rest is the
// text.

#include "dataplane/inspect/detect/detect.h"

#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Valid ones, so that what follows a check is reached.
static const char *const planted[] = {"110101199003078670", "13800138000", "4929722653797141",
	"GB82WEST12345698765432", "A123456(3)", "+442079460958", "jo@acme.io",
	"imei=490154203237518", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "00:00:5e:00:53:01"};

static void scan(
	struct detect *d, const uint8_t *p, size_t n, enum dir dir, struct detect_result *out)
{
	uint8_t *exact = malloc(n ? n : 1);

	if (n > 0)
		memcpy(exact, p, n);
	memset(out, 0, sizeof(*out));
	detect_scan(d, (struct bytes){exact, n, false}, dir, out);
	free(exact);
}

static void check(const struct detect_result *r, size_t n)
{
	if (r->n > DETECT_HITS_MAX)
		abort();
	for (uint32_t i = 0; i < r->n; i++) {
		const struct detect_hit *h = &r->hits[i];
		if (h->detector >= detect_count() || h->confidence > DETECT_HIGH || h->count == 0 ||
			h->at > n || h->len > n - h->at)
			abort();
		if (memchr(h->masked, '\0', DETECT_MASKED_MAX) == NULL ||
			strchr(h->masked, '*') == NULL)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct detect *d;
	static uint8_t text[INPUT_MAX + 64];
	static struct detect_result once, twice;

	if (d == NULL)
		d = detect_new(5);
	if (d == NULL || size < 2 || size > INPUT_MAX)
		return 0;
	enum dir dir = data[0] & 1 ? DIR_S2C : DIR_C2S;
	const char *number = planted[(data[0] >> 1) % (sizeof(planted) / sizeof(planted[0]))];
	size_t n = size - 2, at = n * data[1] / 256, len = strlen(number);
	memcpy(text, data + 2, at);
	memcpy(text + at, number, len);
	memcpy(text + at + len, data + 2 + at, n - at);
	n += len;
	scan(d, text, n, dir, &once);
	check(&once, n);
	scan(d, text, n, dir, &twice);
	if (memcmp(&once, &twice, sizeof(once)) != 0)
		abort();
	return 0;
}
