// Values of a message -> JSON, as their rows in the field table say.

#include "control/sinks/eve_parts.h"

#include <stdio.h>
#include <string.h>

enum { PATH_MAX_LEN = 64 };

static const struct eve_name tls_versions[] = {{0x0002, "SSLv2"}, {0x0101, "TLCP"},
	{0x0300, "SSLv3"}, {0x0301, "TLSv1"}, {0x0302, "TLS 1.1"}, {0x0303, "TLS 1.2"},
	{0x0304, "TLS 1.3"}, {0xfeff, "DTLS 1.0"}, {0xfefd, "DTLS 1.2"}, {0xfefc, "DTLS 1.3"}};

const char *eve_name_of(const struct eve_name *names, size_t n, uint16_t number)
{
	for (size_t i = 0; i < n; i++) {
		if (names[i].number == number)
			return names[i].name;
	}
	return NULL;
}

uint64_t eve_number(const struct eve_value *v)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v->len && i < 8; i++)
		n = n << 8 | v->p[i];
	return n;
}

uint16_t eve_u16(const struct eve_value *v, size_t at)
{
	return v->len >= at + 2 ? (uint16_t)(v->p[at] << 8 | v->p[at + 1]) : 0;
}

static void put_hex(struct json_out *j, const char *key, uint64_t number, size_t bytes)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%0*llx", (int)(2 * bytes), (unsigned long long)number);
	jout_string(j, key, text);
}

static void put_digits(struct json_out *j, const char *key, const struct eve_value *v)
{
	uint64_t n = 0;

	if (v->len == 0 || v->len > 18)
		return;
	for (size_t i = 0; i < v->len; i++) {
		if (v->p[i] < '0' || v->p[i] > '9')
			return;
		n = n * 10 + (unsigned)(v->p[i] - '0');
	}
	jout_number(j, key, n);
}

static void put_numbers(
	struct json_out *j, const char *key, const struct eve_value *v, size_t size, bool hex)
{
	jout_open(j, key, '[');
	for (size_t at = 0; at + size <= v->len; at += size) {
		uint16_t n = size == 1 ? v->p[at] : eve_u16(v, at);
		if (hex)
			put_hex(j, NULL, n, size);
		else
			jout_number(j, NULL, n);
	}
	jout_close(j, ']');
}

static void put_version(struct json_out *j, const char *key, const struct eve_value *v)
{
	const char *name = EVE_NAME(tls_versions, eve_u16(v, 0));

	if (name != NULL)
		jout_string(j, key, name);
	else
		put_hex(j, key, eve_u16(v, 0), 2);
}

static void put_value(
	struct json_out *j, const char *key, const struct eve_value *v, enum field_form form)
{
	switch (form) {
	case FORM_TEXT:
		jout_text(j, key, v->p, v->len);
		break;
	case FORM_DIGITS:
		put_digits(j, key, v);
		break;
	case FORM_NUMBER:
		jout_number(j, key, eve_number(v));
		break;
	case FORM_HEX:
		put_hex(j, key, eve_number(v), v->len < 8 ? v->len : 8);
		break;
	case FORM_BOOL:
		jout_bool(j, key, eve_number(v) != 0);
		break;
	case FORM_FLAG:
		jout_bool(j, key, true);
		break;
	case FORM_U8S:
		put_numbers(j, key, v, 1, false);
		break;
	case FORM_U16S:
	case FORM_U16S_HEX:
		put_numbers(j, key, v, 2, form == FORM_U16S_HEX);
		break;
	case FORM_TLS_VERSION:
		put_version(j, key, v);
		break;
	case FORM_BYTES:
	case FORM_OWN:
		break;
	}
}

// Where a row's path begins: false when it is not of this place.
static bool path_of(const struct eve_record *r, enum field id, enum eve_place place, char *path)
{
	const struct field_info *f = &field_table[id];
	const char *side = r->head.dir == DIR_C2S ? "client" : "server";
	const char *from = f->path;

	if (from[0] == '\0' || f->form == FORM_OWN)
		return false;
	enum eve_place mine = from[0] == '+' ? EVE_OURS : from[0] == '/' ? EVE_ROOT : EVE_OBJECT;
	if (mine != place)
		return false;
	if (mine != EVE_OBJECT)
		from++;
	bool sided = from[0] == '@';
	int n = snprintf(path, PATH_MAX_LEN, "%s%s", sided ? side : "", from + (sided ? 1 : 0));
	return n > 0 && n < PATH_MAX_LEN;
}

// Close and open objects, so that those of `path` (all but its last part) are open.
static const char *move_to(struct json_out *j, char *open, char *path)
{
	char *dot = strrchr(path, '.');
	size_t parent = dot != NULL ? (size_t)(dot - path) + 1 : 0;

	while (open[0] != '\0' &&
		(strlen(open) > parent || strncmp(open, path, strlen(open)) != 0)) {
		open[strlen(open) - 1] = '\0';
		char *before = strrchr(open, '.');
		*(before != NULL ? before + 1 : open) = '\0';
		jout_close(j, '}');
	}
	while (strlen(open) < parent) {
		char *part = path + strlen(open);
		char *end = strchr(part, '.');
		*end = '\0';
		jout_open(j, part, '{');
		*end = '.';
		memcpy(open, path, (size_t)(end - path) + 1);
		open[end - path + 1] = '\0';
	}
	return path + parent;
}

static void put_field(
	struct json_out *j, const struct eve_record *r, enum field id, char *key, unsigned first)
{
	char *list = strstr(key, "[]");

	if (list == NULL) {
		put_value(j, key, &r->values[first], field_table[id].form);
		return;
	}
	*list = '\0';
	jout_open(j, key, '[');
	for (unsigned i = first; i < r->n; i++) {
		if (r->values[i].tag == id)
			put_value(j, NULL, &r->values[i], field_table[id].form);
	}
	jout_close(j, ']');
}

void eve_put_fields(struct json_out *j, const struct eve_record *r, enum eve_place place)
{
	uint16_t first[FIELD_COUNT] = {0}; // place of its first value, from 1
	char path[PATH_MAX_LEN], open[PATH_MAX_LEN] = "";

	for (unsigned i = r->n; i > 0; i--) {
		if (r->values[i - 1].tag < FIELD_COUNT)
			first[r->values[i - 1].tag] = (uint16_t)i;
	}
	for (unsigned id = FIELD_STREAM + 1; id < FIELD_COUNT; id++) {
		if (first[id] == 0 || !path_of(r, (enum field)id, place, path))
			continue;
		char *key = (char *)move_to(j, open, path);
		put_field(j, r, (enum field)id, key, first[id] - 1u);
	}
	path[0] = '\0';
	move_to(j, open, path);
}
