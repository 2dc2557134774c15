// RFC 4648, sections 4 and 5.

#include "dataplane/base/base64.h"
#include "dataplane/inspect/detect/family.h"

static int value_of(uint8_t c)
{
	return base64_sextet(c == '-' ? '+' : c == '_' ? '/' : c);
}

size_t base64_read(const uint8_t *p, size_t n, uint8_t *out, size_t max)
{
	uint32_t bits = 0;
	size_t len = 0;

	while (n > 0 && p[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++) {
		int v = value_of(p[i]);
		if (v < 0)
			return 0;
		bits = bits << 6 | (uint32_t)v;
		if (i % 4 == 0)
			continue;
		if (len == max)
			return len;
		out[len++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	return len;
}
