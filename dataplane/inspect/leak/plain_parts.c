// multipart/form-data (RFC 7578) and mail (RFC 2045, 2046): parts behind a boundary, with headers.

#include "dataplane/inspect/leak/plain_impl.h"

#include <strings.h>

enum { BOUNDARY_MAX = 72, HEAD_MAX = 4096 };

static bool starts(struct bytes v, const char *s)
{
	size_t n = strlen(s);
	return v.len >= n && strncasecmp((const char *)v.p, s, n) == 0;
}

static const uint8_t *find(struct bytes in, const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i + n <= in.len; i++) {
		if ((in.p[i] | 0x20) == (s[0] | 0x20) &&
			strncasecmp((const char *)in.p + i, s, n) == 0)
			return in.p + i;
	}
	return NULL;
}

// The value of a parameter, without quotes.
static struct bytes parameter(struct bytes in, const char *name)
{
	const uint8_t *at = find(in, name);
	struct bytes v = {.p = in.p};

	if (at == NULL)
		return v;
	v.p = at + strlen(name);
	size_t room = (size_t)(in.p + in.len - v.p);
	bool quoted = room > 0 && v.p[0] == '"';
	v.p += quoted;
	room -= quoted;
	while (v.len < room && v.p[v.len] >= ' ' && v.p[v.len] != '"' &&
		(quoted || (v.p[v.len] != ';' && v.p[v.len] != ' ')))
		v.len++;
	return v;
}

// "--" and the boundary: as the type says, or as the first line has it.
static bool boundary_of(struct bytes in, struct bytes type, uint8_t out[BOUNDARY_MAX], size_t *len)
{
	struct bytes told = starts(type, "multipart/") ? parameter(type, "boundary=") : type;
	size_t n = 0;

	if (starts(type, "multipart/") && told.len > 0 && told.len <= BOUNDARY_MAX - 2) {
		memcpy(out, "--", 2);
		memcpy(out + 2, told.p, told.len);
		*len = told.len + 2;
		return true;
	}
	if (!starts(in, "--"))
		return false;
	while (n < in.len && n < BOUNDARY_MAX && in.p[n] > ' ' && in.p[n] < 0x7f)
		n++;
	if (n < 4 || n == BOUNDARY_MAX || n + 10 > in.len || in.p[n] != '\r' ||
		!starts((struct bytes){in.p + n + 2, in.len - n - 2, false}, "content-"))
		return false;
	memcpy(out, in.p, n);
	*len = n;
	return true;
}

// Cut the head, with the empty line behind it, off the front.
static struct bytes take_head(struct bytes *in)
{
	size_t max = in->len < HEAD_MAX ? in->len : HEAD_MAX;
	const uint8_t *end = max > 0 ? memmem(in->p, max, "\r\n\r\n", 4) : NULL;
	size_t n = 4;

	if (end == NULL && max > 0) {
		end = memmem(in->p, max, "\n\n", 2);
		n = 2;
	}
	return end != NULL ? bytes_take(in, (size_t)(end - in->p) + n) : (struct bytes){.p = in->p};
}

static bool is_base64(struct bytes head)
{
	static const char name[] = "content-transfer-encoding:";
	const uint8_t *at = find(head, name);

	if (at == NULL)
		return false;
	struct bytes value = {at + sizeof(name) - 1, 0, false};
	value.len = (size_t)(head.p + head.len - value.p);
	while (value.len > 0 && value.p[0] == ' ')
		bytes_take(&value, 1);
	return starts(value, "base64");
}

static void put_part(struct bytes part, struct plain_out *out)
{
	struct bytes head = take_head(&part), name = parameter(head, " name=");

	while (part.len > 0 && (part.p[part.len - 1] == '\r' || part.p[part.len - 1] == '\n'))
		part.len--;
	if (name.len > 0) {
		plain_put(out, name.p, name.len);
		plain_put(out, "=", 1);
	}
	if (is_base64(head))
		plain_base64_lines(&part, out);
	plain_put(out, part.p, part.len);
	plain_put(out, "\n", 1);
}

static bool form(struct bytes in, struct bytes type, struct plain_out *out)
{
	uint8_t mark[BOUNDARY_MAX];
	size_t n = 0;

	if (!boundary_of(in, type, mark, &n))
		return false;
	const uint8_t *at = memmem(in.p, in.len, mark, n);
	if (at == NULL)
		return false;
	while (at != NULL) {
		struct bytes rest = {at + n, (size_t)(in.p + in.len - at) - n, false};
		at = rest.len > 0 ? memmem(rest.p, rest.len, mark, n) : NULL;
		struct bytes part = {rest.p, at != NULL ? (size_t)(at - rest.p) : rest.len, false};
		if (starts(part, "--"))
			break;
		put_part(part, out);
	}
	return true;
}

// Mail: what is not base64 stays as it is.
static bool mail_parts(struct bytes in, struct plain_out *out)
{
	bool found = false;

	for (;;) {
		const uint8_t *at = find(in, "content-transfer-encoding: base64");
		if (at == NULL)
			break;
		struct bytes rest = {at, (size_t)(in.p + in.len - at), false};
		struct bytes head = take_head(&rest);
		if (head.len == 0)
			break;
		found = true;
		plain_put(out, in.p, (size_t)(at - in.p));
		plain_put(out, "\n", 1);
		plain_base64_lines(&rest, out);
		plain_put(out, "\n", 1);
		in = rest;
	}
	if (found)
		plain_put(out, in.p, in.len);
	return found;
}

bool plain_parts(struct bytes in, struct bytes type, bool mail, struct plain_out *out)
{
	return mail ? mail_parts(in, out) : form(in, type, out);
}
