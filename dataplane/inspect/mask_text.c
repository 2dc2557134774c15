// Which words of a text tell of a person, and what is left of them.

#include "dataplane/inspect/mask.h"

#include <arpa/inet.h>

enum { DIGITS_MIN = 10, TOKEN_IN_TEXT = 9 };

static bool in_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80 ||
		(c != '\0' && strchr("@.:_-+%", c) != NULL);
}

static bool has_digits(struct bytes word)
{
	unsigned run = 0;

	for (size_t i = 0; i < word.len; i++) {
		run = word.p[i] >= '0' && word.p[i] <= '9' ? run + 1 : 0;
		if (run >= DIGITS_MIN)
			return true;
	}
	return false;
}

static bool is_address(struct bytes word)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];

	if (word.len >= sizeof(text))
		return false;
	memcpy(text, word.p, word.len);
	text[word.len] = '\0';
	if (inet_pton(AF_INET6, text, address) == 1)
		return true;
	char *colon = strchr(text, ':'); // a port behind it
	if (colon != NULL)
		*colon = '\0';
	return inet_pton(AF_INET, text, address) == 1;
}

static size_t mask_word(struct masker *m, struct bytes word, uint8_t *out)
{
	uint8_t token[MASK_TOKEN_LEN];
	size_t len = word.len < TOKEN_IN_TEXT ? word.len : TOKEN_IN_TEXT;
	bool tells = memchr(word.p, '@', word.len) != NULL || has_digits(word) || is_address(word);

	if (!tells) {
		memcpy(out, word.p, word.len);
		return word.len;
	}
	mask_token(m, word, token);
	memcpy(out, token, len);
	return len;
}

size_t mask_text(struct masker *m, struct bytes in, uint8_t *out)
{
	size_t n = 0;

	while (in.len > 0) {
		size_t len = 0;
		while (len < in.len && in_word(in.p[len]))
			len++;
		if (len > 0)
			n += mask_word(m, bytes_take(&in, len), out + n);
		else
			out[n++] = bytes_u8(&in);
	}
	return n;
}

size_t mask_value(struct masker *m, enum field_mask mask, struct bytes in, uint8_t *out)
{
	switch (mask) {
	case MASK_CLEAR:
		if (in.len > 0)
			memcpy(out, in.p, in.len);
		return in.len;
	case MASK_NAME:
		return mask_name(m, in, out);
	case MASK_URI:
		return mask_uri(m, in, out);
	case MASK_TEXT:
		return mask_text(m, in, out);
	case MASK_PERSON:
		if (in.len == 0)
			return 0;
		mask_token(m, in, out);
		return MASK_TOKEN_LEN;
	case MASK_SECRET:
		break;
	}
	return 0;
}
