#include "dataplane/inspect/leak/plain_impl.h"

#include "dataplane/base/private.h"
#include "dataplane/inspect/proto/inflate.h"

#include <stdlib.h>
#include <strings.h>

enum { LOOKED_AT = 1024, BEGIN = 16 }; // bytes that tell text from binary

// What unpacks to more is no text that anybody wrote, and costs whoever looks at it 64 KiB for a few bytes.
enum { SWELL = 32, SWELL_LEAST = 4096 };

struct plain {
	struct inflaters *inflaters;
	size_t came; // bytes, with all layers
	uint8_t room[2][PLAIN_MAX];
};

struct plain *plain_new(void)
{
	struct plain *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	private_mark(p, sizeof(*p));
	p->inflaters = inflaters_new();
	if (p->inflaters == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void plain_free(struct plain *p)
{
	if (p == NULL)
		return;
	inflaters_free(p->inflaters);
	explicit_bzero(p->room, sizeof(p->room));
	free(p);
}

static enum coding coding_of(struct bytes in)
{
	if (in.len < 8)
		return CODING_NONE;
	if (in.p[0] == 0x1f && in.p[1] == 0x8b && in.p[2] == 8)
		return CODING_GZIP;
	// RFC 1950 2.2: a window of 32 KiB, and the check of both bytes.
	if (in.p[0] == 0x78 && (in.p[0] << 8 | in.p[1]) % 31 == 0 && !(in.p[1] & 0x20))
		return CODING_ZLIB;
	return CODING_NONE;
}

// The inflater's pieces are as long as they come: all at once here.
static bool unpack(struct plain *p, enum coding coding, struct bytes in, struct plain_out *out)
{
	struct inflater *d = inflater_take(p->inflaters, coding, false);
	size_t most = p->came * SWELL + SWELL_LEAST;
	uint32_t room = (uint32_t)(most < PLAIN_MAX ? most : PLAIN_MAX), len = 0;

	if (d == NULL)
		return false;
	enum inflated result = inflater_feed(d, &in, out->p, &len, room);
	inflater_give(p->inflaters, d);
	out->len = len;
	out->cut |= result == INFLATED_FULL || result == INFLATED_BAD || len == room;
	return len > 0;
}

static size_t controls(struct bytes in, size_t most)
{
	size_t n = in.len < most ? in.len : most, found = 0;

	for (size_t i = 0; i < n; i++)
		found += plain_control(in.p[i]);
	return found;
}

static bool is_binary(struct bytes in)
{
	return 32 * controls(in, LOOKED_AT) > (in.len < LOOKED_AT ? in.len : LOOKED_AT);
}

// Pictures, sound and letters' shapes hold no text.
static bool is_media(struct bytes type)
{
	static const char *const kinds[] = {"image/", "video/", "audio/", "font/"};

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i]);
		if (type.len >= n && strncasecmp((const char *)type.p, kinds[i], n) == 0)
			return type.len < 9 ||
				strncasecmp((const char *)type.p, "image/svg", 9) != 0;
	}
	return false;
}

static bool is_form(struct bytes type)
{
	static const char form[] = "application/x-www-form-urlencoded";

	return type.len >= sizeof(form) - 1 &&
		strncasecmp((const char *)type.p, form, sizeof(form) - 1) == 0;
}

struct wrapping {
	struct bytes type;
	enum plain_source source;
	bool outer; // nothing was taken off yet
	bool binary;
	bool odd; // no text begins so, but it may be a long string with a short head
};

// Take one layer off; 0: there is none.
static enum plain_layer layer(
	struct plain *p, struct bytes in, const struct wrapping *w, struct plain_out *out)
{
	bool whole = w->source == PLAIN_BODY || w->source == PLAIN_MAIL; // it may be wrapped
	enum coding coding = whole ? coding_of(in) : CODING_NONE;

	if (coding != CODING_NONE && unpack(p, coding, in, out))
		return PLAIN_PACKED;
	out->len = 0;
	if (w->outer && whole && plain_parts(in, w->type, w->source == PLAIN_MAIL, out))
		return PLAIN_PARTS;
	out->len = 0;
	if (w->source == PLAIN_BODY && plain_base64(in, out))
		return PLAIN_BASE64;
	out->len = 0;
	if (w->odd && !is_media(w->type) &&
		(plain_protobuf(in, out) || (w->binary && plain_runs(in, out))))
		return PLAIN_BINARY;
	out->len = 0;
	if (w->binary)
		return 0;
	bool plus = w->source == PLAIN_QUERY || (w->source == PLAIN_BODY && is_form(w->type));
	return plain_spelling(in, plus && w->outer, out) ? PLAIN_SPELLED : 0;
}

struct plain_result plain_text(
	struct plain *p, struct bytes in, struct bytes type, enum plain_source source)
{
	struct plain_result r = {.text = in};
	p->came = in.len;
	struct wrapping w = {.type = type, .source = source, .outer = true};

	for (unsigned depth = 0;; depth++) {
		struct plain_out out = {.p = p->room[depth % 2]};
		r.cut |= r.text.len > PLAIN_MAX;
		r.text.len = r.text.len < PLAIN_MAX ? r.text.len : PLAIN_MAX;
		if (r.text.len == 0)
			break;
		w.binary = is_binary(r.text);
		w.odd = w.binary || controls(r.text, BEGIN) > 0;
		enum plain_layer off = layer(p, r.text, &w, &out);
		if (off == 0) {
			r.left = w.binary;
			break;
		}
		if (depth == PLAIN_DEPTH) {
			r.deep = true;
			break;
		}
		r.layers |= (uint8_t)off;
		r.cut |= out.cut;
		r.text = (struct bytes){out.p, out.len, false};
		w.outer = w.outer && off == PLAIN_PACKED;
	}
	if (r.left)
		r.text.len = 0;
	return r;
}
