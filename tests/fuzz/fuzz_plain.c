// Whatever comes: the text is bounded, the same twice, and is what it says.
//
// Input: a byte for the source, one for the content type; the rest is the body.

#include "dataplane/inspect/leak/plain.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {"", "application/x-www-form-urlencoded", "image/png",
	"multipart/form-data; boundary=x", "multipart/mixed; boundary=\"--\"", "application/json"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plain *p;
	static uint8_t first[PLAIN_MAX];

	if (p == NULL)
		p = plain_new();
	if (p == NULL || size < 2)
		return 0;
	const char *type = types[data[1] % (sizeof(types) / sizeof(types[0]))];
	struct bytes t = {(const uint8_t *)type, strlen(type), false};
	size_t n = size - 2;
	uint8_t *exact = malloc(n ? n : 1);

	memcpy(exact, data + 2, n);
	struct bytes in = {exact, n, false};
	struct plain_result a = plain_text(p, in, t, data[0] % 3);
	if (a.text.len > PLAIN_MAX || (a.layers == 0 && !a.left && a.text.len > n))
		abort();
	memcpy(first, a.text.p, a.text.len);
	struct plain_result b = plain_text(p, in, t, data[0] % 3);
	if (b.text.len != a.text.len || memcmp(first, b.text.p, b.text.len) != 0 ||
		a.layers != b.layers)
		abort();
	free(exact);
	return 0;
}
