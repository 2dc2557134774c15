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

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool escape_hex(const char *text, uint8_t *out, size_t len)
{
	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
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
