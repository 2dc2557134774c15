// What the detectors say of a text, for tables of rows.

#pragma once

#include "dataplane/inspect/detect/detect.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

enum { NOTHING = -1, TEST_DATA = 3 };

struct detecting_row {
	const char *text;
	const char *detector;
	int want; // enum detect_confidence, TEST_DATA or NOTHING
	const char *masked; // NULL: whatever
};

// A copy exactly as long as the text, so that a read past its end is seen.
static inline void detecting_scan(
	struct detect *d, const void *text, size_t len, enum dir dir, struct detect_result *out)
{
	uint8_t *exact = malloc(len ? len : 1);

	memcpy(exact, text, len);
	detect_scan(d, (struct bytes){exact, len, false}, dir, out);
	free(exact);
}

static inline const struct detect_hit *detecting_find(
	const struct detect_result *r, const char *detector)
{
	for (uint32_t i = 0; i < r->n; i++) {
		if (strcmp(detect_name(r->hits[i].detector), detector) == 0)
			return &r->hits[i];
	}
	return NULL;
}

static inline void detecting_rows(const struct detecting_row *rows, size_t n, enum dir dir)
{
	struct detect *d = detect_new(5);

	for (size_t i = 0; i < n; i++) {
		struct detect_result r;
		detecting_scan(d, rows[i].text, strlen(rows[i].text), dir, &r);
		const struct detect_hit *h = detecting_find(&r, rows[i].detector);
		int got = h == NULL ? NOTHING : h->test_data ? TEST_DATA : h->confidence;
		CHECK(got == rows[i].want, "%s in %s: %d", rows[i].detector, rows[i].text, got);
		if (h != NULL && rows[i].masked != NULL)
			CHECK(strcmp(h->masked, rows[i].masked) == 0, "%s: %s", rows[i].text,
				h->masked);
	}
	detect_free(d);
}
