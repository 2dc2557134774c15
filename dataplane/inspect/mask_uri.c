// URLs: what they are of stays, who and with what goes.

#include "dataplane/inspect/mask_out.h"
#include "dataplane/inspect/spelling.h"

enum { NAME_MAX_LEN = 40, EXTENSION_MAX = 5 };

// Browsers take '\' for '/' (WHATWG URL 4.4).
static bool is_slash(uint8_t c)
{
	return c == '/' || c == '\\';
}

static bool ends_path(uint8_t c)
{
	return c == '?' || c == '#';
}

static bool splits(uint8_t c)
{
	return c == ';' || c == '&' || c == ',';
}

// ".html" at the end; 0: none.
static size_t extension_len(struct bytes in)
{
	size_t len = 0;

	while (len < in.len && len <= EXTENSION_MAX &&
		(spelled_letter(in.p[in.len - 1 - len]) || spelled_digit(in.p[in.len - 1 - len])))
		len++;
	if (len == 0 || len > EXTENSION_MAX || len == in.len || in.p[in.len - 1 - len] != '.' ||
		!spelled_letter(in.p[in.len - len]) || memchr(in.p, '@', in.len) != NULL ||
		memmem(in.p, in.len, "%40", 3) != NULL)
		return 0;
	return len + 1;
}

// A part of a path that tells of a person goes, but for what kind of file it is.
static void put_part(struct mask_out *o, struct bytes part)
{
	const uint8_t *equals = part.len > 0 ? memchr(part.p, '=', part.len) : NULL;

	if (equals != NULL)
		part.len = (size_t)(equals - part.p);
	if (mask_tells(part)) {
		struct bytes told = bytes_take(&part, part.len - extension_len(part));
		mask_put_token(o, told);
	}
	mask_put(o, part.p, part.len);
	if (equals != NULL)
		mask_put(o, "=", 1);
}

static void put_path(struct mask_out *o, struct bytes *in)
{
	while (in->len > 0 && !ends_path(in->p[0])) {
		size_t len = 0;
		while (len < in->len && !is_slash(in->p[len]) && !splits(in->p[len]) &&
			!ends_path(in->p[len]))
			len++;
		put_part(o, bytes_take(in, len));
		if (in->len > 0 && !ends_path(in->p[0]))
			mask_put(o, bytes_take(in, 1).p, 1);
	}
}

// Names of parameters stay; one without '=' is a value.
static void put_query(struct mask_out *o, struct bytes *in)
{
	while (in->len > 0 && in->p[0] != '#') {
		size_t len = 0;
		while (len < in->len && in->p[len] != '&' && in->p[len] != ';' && in->p[len] != '#')
			len++;
		struct bytes part = bytes_take(in, len);
		const uint8_t *equals = part.len > 0 ? memchr(part.p, '=', part.len) : NULL;
		if (equals != NULL) {
			struct bytes name = {part.p, (size_t)(equals - part.p), false};
			if (name.len > NAME_MAX_LEN || mask_tells(name))
				mask_put_token(o, name);
			else
				mask_put(o, name.p, name.len);
			mask_put(o, "=", 1);
		}
		if (in->len > 0 && in->p[0] != '#')
			mask_put(o, bytes_take(in, 1).p, 1);
	}
}

static void put_url(struct mask_out *o, struct bytes in)
{
	put_path(o, &in);
	if (in.len == 0 || in.p[0] == '#')
		return;
	mask_put(o, bytes_take(&in, 1).p, 1);
	put_query(o, &in);
}

size_t mask_url(struct masker *m, struct bytes in, uint8_t *out)
{
	struct mask_out o = mask_out_to(m, out, 0);

	put_url(&o, in);
	return o.n;
}

static size_t authority_len(struct bytes in)
{
	size_t len = 0;

	while (len < in.len && !is_slash(in.p[len]) && !ends_path(in.p[len]))
		len++;
	return len;
}

// "h.example:443", "jo:word@h.example": no scheme, and yet no path.
static bool is_authority(struct bytes first)
{
	const uint8_t *colon = first.len > 0 ? memrchr(first.p, ':', first.len) : NULL;

	if (first.len == 0)
		return false;
	if (memchr(first.p, '@', first.len) != NULL || first.p[0] == '[')
		return true;
	if (colon == NULL)
		return false;
	size_t port = (size_t)(colon - first.p) + 1;
	while (port < first.len && spelled_digit(first.p[port]))
		port++;
	return port == first.len && first.p[port - 1] != ':';
}

static bool in_scheme(uint8_t c)
{
	return spelled_letter(c) || spelled_digit(c) || c == '+' || c == '-' || c == '.';
}

static void put_scheme(struct mask_out *o, struct bytes scheme)
{
	size_t i = 0;

	while (i + 1 < scheme.len && in_scheme(scheme.p[i]))
		i++;
	if (i + 1 < scheme.len || mask_tells(scheme))
		mask_put_token(o, bytes_take(&scheme, scheme.len - 1));
	mask_put(o, scheme.p, scheme.len);
}

static void put_slashes(struct mask_out *o, struct bytes *in)
{
	while (in->len > 0 && is_slash(in->p[0]))
		mask_put(o, bytes_take(in, 1).p, 1);
}

static bool begins_authority(struct bytes in)
{
	return in.len >= 2 && is_slash(in.p[0]) && is_slash(in.p[1]);
}

void mask_put_uri(struct mask_out *o, struct bytes in)
{
	size_t first = authority_len(in);
	struct bytes behind = {in.p + first, in.len - first, false};
	bool authority = is_authority((struct bytes){in.p, first, false});

	if (first > 1 && in.p[first - 1] == ':' && begins_authority(behind))
		put_scheme(o, bytes_take(&in, first));
	if (begins_authority(in)) {
		put_slashes(o, &in);
		authority = true;
	}
	if (authority)
		mask_put_name(o, bytes_take(&in, authority_len(in)));
	put_url(o, in);
}

size_t mask_uri(struct masker *m, struct bytes in, uint8_t *out)
{
	struct mask_out o = mask_out_to(m, out, MASK_NAME_MORE - 1);

	mask_put_uri(&o, in);
	return o.n;
}
