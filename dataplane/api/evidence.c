#include "dataplane/api/evidence.h"

#include "dataplane/base/base64.h"

#include <errno.h>
#include <string.h>

const char *const evidence_key_titles[2] = {
	[EVIDENCE_KEY_PUBLIC] = "sealwatch evidence public key 1",
	[EVIDENCE_KEY_PRIVATE] = "sealwatch evidence private key 1",
};

bool evidence_ok(const void *record, size_t len)
{
	struct evidence_head h;

	if (len < sizeof(h) + EVIDENCE_TAG_LEN || len > EVIDENCE_MAX)
		return false;
	memcpy(&h, record, sizeof(h));
	return memcmp(h.magic, EVIDENCE_MAGIC, sizeof(h.magic)) == 0 && h.len == len &&
		h.window_len == len - sizeof(h) - EVIDENCE_TAG_LEN &&
		memchr(h.purpose, '\0', sizeof(h.purpose)) != NULL &&
		memchr(h.class_name, '\0', sizeof(h.class_name)) != NULL &&
		purpose_name_ok(h.purpose) && purpose_name_ok(h.class_name);
}

size_t evidence_section_put(
	uint8_t *out, size_t room, const char *name, const void *bytes, size_t len)
{
	size_t name_len = strlen(name) & 0xff;
	size_t head = 1 + name_len + sizeof(uint32_t);

	if (room <= head)
		return 0;
	uint32_t cut = (uint32_t)(len < room - head ? len : room - head);
	out[0] = (uint8_t)name_len;
	memcpy(out + 1, name, name_len);
	memcpy(out + 1 + name_len, &cut, sizeof(cut));
	if (cut > 0)
		memcpy(out + head, bytes, cut);
	return head + cut;
}

bool evidence_section_get(
	const uint8_t *window, size_t len, size_t *at, struct evidence_section *out)
{
	size_t left = len - *at;

	if (*at >= len || left < 1 + (size_t)window[*at] + sizeof(uint32_t))
		return false;
	size_t name_len = window[*at];
	memcpy(out->name, window + *at + 1, name_len);
	out->name[name_len] = '\0';
	memcpy(&out->len, window + *at + 1 + name_len, sizeof(out->len));
	left -= 1 + name_len + sizeof(uint32_t);
	if (out->len > left)
		return false;
	out->bytes = window + len - left;
	*at = len - left + out->len;
	return true;
}

int evidence_key_parse(
	const char *text, size_t len, enum evidence_key_kind kind, uint8_t key[EVIDENCE_KEY_LEN])
{
	const char *title = evidence_key_titles[kind];
	const size_t title_len = strlen(title);
	enum { CHARS = 43 }; // of base64, and one '='
	uint8_t out[EVIDENCE_KEY_LEN];
	uint32_t bits = 0;
	unsigned n_bits = 0, n = 0;

	if (len < title_len + 1 + CHARS + 1 || memcmp(text, title, title_len) != 0 ||
		text[title_len] != '\n')
		return -EINVAL;
	const char *p = text + title_len + 1;
	for (unsigned i = 0; i < CHARS; i++) {
		int v = base64_sextet((uint8_t)p[i]);
		if (v < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)v;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		out[n++] = (uint8_t)(bits >> n_bits);
	}
	// Nothing behind it but the end of the line.
	if (p[CHARS] != '=' || (bits & 3) != 0)
		return -EINVAL;
	for (size_t i = (size_t)(p - text) + CHARS + 1; i < len; i++) {
		if (text[i] != '\n')
			return -EINVAL;
	}
	memcpy(key, out, sizeof(out));
	return 0;
}
