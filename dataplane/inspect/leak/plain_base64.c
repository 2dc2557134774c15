// RFC 4648, sections 4 and 5; lines of it, RFC 2045 6.8.

#include "dataplane/base/base64.h"
#include "dataplane/inspect/leak/plain_impl.h"

enum { BASE64_MIN = 16 }; // characters: shorter ones are words

static int sextet(uint8_t c)
{
	return base64_sextet(c == '-' ? '+' : c == '_' ? '/' : c);
}

struct decoder {
	uint32_t bits;
	unsigned n; // characters
};

static void decode(struct decoder *d, int v, struct plain_out *out)
{
	d->bits = d->bits << 6 | (uint32_t)v;
	if (d->n++ % 4 == 0)
		return;
	uint8_t c = (uint8_t)(d->bits >> (6 - 2 * ((d->n - 1) % 4)));
	plain_put(out, &c, 1);
}

static bool is_packed(const struct plain_out *out)
{
	return out->len > 8 && out->p[0] == 0x1f && out->p[1] == 0x8b;
}

bool plain_base64(struct bytes in, struct plain_out *out)
{
	struct decoder d = {0};
	unsigned padding = 0;

	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];
		int v = sextet(c);
		if (c == '\r' || c == '\n' ||
			((c == ' ' || c == '"') && (i == 0 || i + 1 == in.len)))
			continue;
		padding += c == '=';
		if (c == '=' && padding <= 2)
			continue;
		if (v < 0 || padding > 0)
			return false;
		decode(&d, v, out);
	}
	return d.n >= BASE64_MIN && (d.n + padding) % 4 != 1 &&
		(padding == 0 || (d.n + padding) % 4 == 0) &&
		(is_packed(out) || plain_is_text((struct bytes){out->p, out->len, false}));
}

// A line without its end; false when there is none.
static bool take_line(struct bytes *in, struct bytes *line)
{
	const uint8_t *lf = in->len > 0 ? memchr(in->p, '\n', in->len) : NULL;
	size_t n = lf != NULL ? (size_t)(lf - in->p) + 1 : in->len;

	if (n == 0)
		return false;
	*line = bytes_take(in, n);
	while (line->len > 0 && (line->p[line->len - 1] == '\n' || line->p[line->len - 1] == '\r'))
		line->len--;
	return true;
}

static bool is_line(struct bytes line)
{
	size_t n = line.len;

	while (n > 0 && line.len - n < 2 && line.p[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++) {
		if (base64_sextet(line.p[i]) < 0)
			return false;
	}
	return n > 0;
}

void plain_base64_lines(struct bytes *in, struct plain_out *out)
{
	struct decoder d = {0};
	struct bytes rest = *in, line;

	while (take_line(&rest, &line) && is_line(line)) {
		for (size_t i = 0; i < line.len && line.p[i] != '='; i++)
			decode(&d, base64_sextet(line.p[i]), out);
		*in = rest;
	}
}
