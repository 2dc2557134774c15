#include "control/escape.h"

#include <stdlib.h>
#include <string.h>

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

void escape_write(const char *text, FILE *out)
{
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		if (is_control(c))
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
}

bool escape_number(const char *text, uint32_t *out)
{
	uint64_t v = 0;
	size_t n = text != NULL ? strspn(text, "0123456789") : 0;

	if (n == 0 || n > 10 || text[n] != '\0')
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)(text[i] - '0');
	if (v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

json_t *escape_json(const char *text)
{
	static const char hex[] = "0123456789abcdef";
	json_t *json = json_string(text); // NULL for what is no UTF-8

	if (json != NULL)
		return json;
	char *clean = malloc(strlen(text) * 4 + 1);
	if (clean == NULL)
		return NULL;
	size_t n = 0;
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		if (c < 0x80) {
			clean[n++] = *p;
			continue;
		}
		clean[n++] = '\\';
		clean[n++] = 'x';
		clean[n++] = hex[c >> 4];
		clean[n++] = hex[c & 15];
	}
	json = json_stringn(clean, n);
	free(clean);
	return json;
}
