// The plain functions cost a third of what EVP's contexts do, and allocate nothing. OpenSSL 3 has
// them still, for programs that say which version they were written for.
#define OPENSSL_API_COMPAT 0x10101000L

#include "patterns/transform_impl.h"

#include <libpsl.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdlib.h>

enum {
	NAME_MAX_LEN = 253, // RFC 1035 2.3.4, as text
	// PCRE2 counts its steps anew for each place of the buffer where it tries: the longer the
	// buffer, the fewer it may do. Up to 2 KiB a .* can go back all the way.
	STEPS_MAX = 3500,
	STEPS_MIN = 64,
	STEPS_BUFFER = 4 * 1024 * 1024,
	DEPTH_MAX = 1500,
};

static struct bytes to_md5(const struct transform_step *s)
{
	MD5_CTX ctx;

	MD5_Init(&ctx);
	MD5_Update(&ctx, s->in.p, s->in.len);
	MD5_Final(s->out, &ctx);
	return (struct bytes){.p = s->out, .len = MD5_DIGEST_LENGTH};
}

static struct bytes to_sha1(const struct transform_step *s)
{
	SHA_CTX ctx;

	SHA1_Init(&ctx);
	SHA1_Update(&ctx, s->in.p, s->in.len);
	SHA1_Final(s->out, &ctx);
	return (struct bytes){.p = s->out, .len = SHA_DIGEST_LENGTH};
}

static struct bytes to_sha256(const struct transform_step *s)
{
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	SHA256_Update(&ctx, s->in.p, s->in.len);
	SHA256_Final(s->out, &ctx);
	return (struct bytes){.p = s->out, .len = SHA256_DIGEST_LENGTH};
}

static struct bytes pcrexform(const struct transform_step *s)
{
	struct transform_room *r = s->room;
	size_t steps = STEPS_BUFFER / s->in.len;

	if (s->code == NULL)
		return (struct bytes){.bad = true};
	if (steps < STEPS_MIN)
		steps = STEPS_MIN;
	pcre2_set_match_limit(r->limits, (uint32_t)(steps < STEPS_MAX ? steps : STEPS_MAX));
	int n = pcre2_match(s->code, s->in.p, s->in.len, 0, 0, r->match_data, r->limits);
	if (n < 0 && n != PCRE2_ERROR_NOMATCH) {
		r->gave_up++;
		return (struct bytes){.bad = true};
	}
	// 0: there are more groups than the room has pairs for.
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->match_data);
	if (n == PCRE2_ERROR_NOMATCH || n == 1 || at[2] == PCRE2_UNSET || at[3] < at[2])
		return s->in;
	return (struct bytes){.p = s->in.p + at[2], .len = at[3] - at[2]};
}

// Where, in the lower-case copy of the name in s->out, what libpsl says begins.
static struct bytes name_part(const struct transform_step *s,
	const char *(*part)(const psl_ctx_t *list, const char *name))
{
	char *name = (char *)s->out;
	size_t len = s->in.len - (s->in.p[s->in.len - 1] == '.'); // the root's

	if (len == 0 || len > NAME_MAX_LEN)
		return s->in;
	transform_to_lowercase(s);
	name[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		// Another alphabet would make libpsl allocate, and is not what is on the wire.
		if (name[i] <= ' ' || name[i] > '~')
			return s->in;
	}
	const char *found = part(s->room->suffixes, name);
	if (found == NULL)
		return s->in;
	size_t at = (size_t)(found - name);
	return (struct bytes){.p = s->in.p + at, .len = len - at};
}

static struct bytes domain(const struct transform_step *s)
{
	return name_part(s, psl_registrable_domain);
}

static struct bytes tld(const struct transform_step *s)
{
	return name_part(s, psl_unregistrable_domain);
}

static struct bytes subslice(const struct transform_step *s)
{
	const struct transform *t = s->t;
	bool cuts = (t->flags & TRANSFORM_TRUNCATE) != 0;
	int64_t len = (int64_t)s->in.len;
	int64_t begin = t->a < 0 ? len + t->a : t->a;
	int64_t end = len;

	if (begin < 0 && cuts)
		begin = 0;
	if (t->flags & TRANSFORM_HAS_SIZE)
		end = t->b < 0 ? len + t->b : begin + t->b;
	if (end > len && cuts)
		end = len;
	if (begin < 0 || end > len || begin >= end)
		return (struct bytes){.p = s->in.p};
	return (struct bytes){.p = s->in.p + begin, .len = (size_t)(end - begin)};
}

static const struct {
	const char *name;
	struct bytes (*run)(const struct transform_step *s);
} kinds[TRANSFORM_KINDS] = {
	[TRANSFORM_DOTPREFIX] = {"dotprefix", transform_dotprefix},
	[TRANSFORM_TO_LOWERCASE] = {"to_lowercase", transform_to_lowercase},
	[TRANSFORM_TO_UPPERCASE] = {"to_uppercase", transform_to_uppercase},
	[TRANSFORM_STRIP_WHITESPACE] = {"strip_whitespace", transform_strip_whitespace},
	[TRANSFORM_COMPRESS_WHITESPACE] = {"compress_whitespace", transform_compress_whitespace},
	[TRANSFORM_URL_DECODE] = {"url_decode", transform_url_decode},
	[TRANSFORM_XOR] = {"xor", transform_xor},
	[TRANSFORM_FROM_BASE64] = {"from_base64", transform_from_base64},
	[TRANSFORM_PCREXFORM] = {"pcrexform", pcrexform},
	[TRANSFORM_TO_MD5] = {"to_md5", to_md5},
	[TRANSFORM_TO_SHA1] = {"to_sha1", to_sha1},
	[TRANSFORM_TO_SHA256] = {"to_sha256", to_sha256},
	[TRANSFORM_DOMAIN] = {"domain", domain},
	[TRANSFORM_TLD] = {"tld", tld},
	[TRANSFORM_SUBSLICE] = {"subslice", subslice},
	[TRANSFORM_HEADER_LOWERCASE] = {"header_lowercase", transform_header_lowercase},
	[TRANSFORM_STRIP_PSEUDO_HEADERS] = {"strip_pseudo_headers", transform_strip_pseudo_headers},
	[TRANSFORM_GUNZIP] = {"gunzip", transform_gunzip},
	[TRANSFORM_ZLIB_DEFLATE] = {"zlib_deflate", transform_zlib_deflate},
};

int transform_kind_of(const char *name, size_t len)
{
	for (int i = 0; i < TRANSFORM_KINDS; i++) {
		if (strlen(kinds[i].name) == len && memcmp(kinds[i].name, name, len) == 0)
			return i;
	}
	return -1;
}

const char *transform_name(enum transform_kind kind)
{
	return kinds[kind].name;
}

struct transform_room *transform_room_new(void)
{
	struct transform_room *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	for (unsigned i = 0; i < 2; i++)
		r->out[i] = malloc(TRANSFORM_MAX);
	r->suffixes = psl_builtin();
	r->memory = pcre_frames_init(&r->frames);
	if (r->memory != NULL)
		r->match_data = pcre2_match_data_create(2, r->memory);
	r->limits = pcre2_match_context_create(NULL);
	if (r->out[0] == NULL || r->out[1] == NULL || r->suffixes == NULL ||
		r->match_data == NULL || r->limits == NULL) {
		transform_room_free(r);
		return NULL;
	}
	pcre2_set_depth_limit(r->limits, DEPTH_MAX);
	return r;
}

void transform_room_free(struct transform_room *r)
{
	if (r == NULL)
		return;
	pcre2_match_context_free(r->limits);
	pcre2_match_data_free(r->match_data);
	pcre2_general_context_free(r->memory);
	pcre_frames_fini(&r->frames);
	free(r->out[0]);
	free(r->out[1]);
	free(r);
}

// The half of the room in which `in` is not: what is left as it was may be in either.
static uint8_t *other_half(struct transform_room *r, struct bytes in)
{
	uintptr_t at = (uintptr_t)in.p - (uintptr_t)r->out[0];

	return r->out[at < TRANSFORM_MAX];
}

struct bytes transform_run(struct transform_room *r, const struct transform *t, void *const *codes,
	unsigned n, struct bytes in)
{
	for (unsigned i = 0; i < n && !in.bad; i++) {
		struct transform_step s = {.room = r, .t = &t[i], .in = in};
		if (t[i].kind >= TRANSFORM_KINDS)
			return (struct bytes){.bad = true};
		if (in.len == 0)
			continue;
		if (codes != NULL)
			s.code = codes[i];
		s.out = other_half(r, in);
		in = kinds[t[i].kind].run(&s);
		if (in.len > TRANSFORM_MAX)
			in.len = TRANSFORM_MAX;
	}
	return in;
}

uint64_t transform_gave_up(const struct transform_room *r)
{
	return r->gave_up;
}
