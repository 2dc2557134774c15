// Fingerprints against the examples that their authors published, and what a hello tells beside.

#include "dataplane/inspect/proto/fingerprint.h"
#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

struct wire {
	size_t len;
	uint8_t p[8192];
};

static void add(struct wire *w, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		w->p[w->len++] = (uint8_t)(v >> 8 * (size - 1 - i));
}

static void add_text(struct wire *w, const void *p, size_t n)
{
	memcpy(w->p + w->len, p, n);
	w->len += n;
}

// "4865-4866" as numbers of `size` bytes, behind a length of `head` bytes.
static void add_list(struct wire *w, const char *list, size_t size, size_t head)
{
	size_t at = w->len;

	add(w, 0, head);
	while (*list != '\0') {
		char *end;
		add(w, strtoul(list, &end, 0), size);
		list = *end == '-' ? end + 1 : end;
	}
	size_t len = w->len - at - head, end = w->len;
	w->len = at;
	add(w, len, head);
	w->len = end;
}

struct example {
	const char *name;
	unsigned version;
	const char *ciphers, *extensions, *groups, *formats, *signatures, *versions;
	const char *alpn; // with its length in front
	const char *ja3, *ja3_text, *ja4;
};

static void add_extension(struct wire *w, const struct example *e, unsigned long type)
{
	size_t at = w->len;

	add(w, type, 2);
	add(w, 0, 2);
	if (type == 0)
		add_text(w,
			"\x00\x06\x00\x00\x03"
			"a.b",
			8);
	else if (type == 10)
		add_list(w, e->groups, 2, 2);
	else if (type == 11)
		add_list(w, e->formats, 1, 1);
	else if (type == 13 && e->signatures != NULL)
		add_list(w, e->signatures, 2, 2);
	else if (type == 43)
		add_list(w, e->versions, 2, 1);
	else if (type == 16) {
		add(w, strlen(e->alpn), 2);
		add_text(w, e->alpn, strlen(e->alpn));
	}
	size_t end = w->len;
	w->len = at + 2;
	add(w, end - at - 4, 2);
	w->len = end;
}

static struct bytes hello_of(struct wire *w, const struct example *e)
{
	w->len = 0;
	add(w, e->version, 2);
	for (unsigned i = 0; i < 32; i++)
		add(w, i, 1);
	add(w, 0, 1);
	add_list(w, e->ciphers, 2, 2);
	add(w, 0x0100, 2);
	if (e->extensions[0] != '\0') {
		size_t at = w->len;
		add(w, 0, 2);
		for (const char *p = e->extensions; *p != '\0';) {
			char *end;
			add_extension(w, e, strtoul(p, &end, 0));
			p = *end == '-' ? end + 1 : end;
		}
		size_t end = w->len;
		w->len = at;
		add(w, end - at - 2, 2);
		w->len = end;
	}
	return (struct bytes){w->p, w->len, false};
}

// JA3: the README of its authors. JA4: "JA4 technical details", and what follows from its rules.
#define CHROME_CIPHERS                                                                             \
	"0x2a2a-0x1301-0x1302-0x1303-0xc02b-0xc02f-0xc02c-0xc030-0xcca9-0xcca8-0xc013-0xc014-"     \
	"0x9c-0x9d-0x2f-0x35"
#define CHROME_SIGNATURES "0x0403-0x0804-0x0401-0x0503-0x0805-0x0501-0x0806-0x0601"
static const struct example examples[] = {
	{"ja3, with extensions", 769, "47-53-5-10-49161-49162-49171-49172-50-56-19-4", "0-10-11",
		"23-24-25", "0", NULL, NULL, NULL, "ada70206e40642a3e4461f35503241d5",
		"769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0", NULL},
	{
		"ja3, without",
		769,
		"4-5-10-9-100-98-3-6-19-18-99",
		"",
		NULL,
		NULL,
		NULL,
		NULL,
		NULL,
		"de350869b8c85de67a350c8d186f11e6",
		"769,4-5-10-9-100-98-3-6-19-18-99,,,",
		"t10i110000_",
	},
	{"ja4, with grease", 771, CHROME_CIPHERS,
		"0x1a1a-0-0x17-0xff01-0x0a-0x0b-0x23-0x10-5-0x0d-0x12-0x33-0x2d-0x2b-0x1b-0x4469-"
		"0x15",
		"0x3a3a-29-23-24", "0", CHROME_SIGNATURES, "0x4a4a-0x0304-0x0303", "\x02h2", NULL,
		NULL, "t13d1516h2_8daaf6152771_e5627efa2ab1"},
	{"ja4, alpn of no letters", 771, "0x1301", "0x10-0x2b", NULL, NULL, NULL, "0x0304",
		"\x02\xab\xcd", NULL, NULL, "t13i0102ad_"},
	{"ja4, alpn of one letter", 771, "0x1301", "0x10-0x2b", NULL, NULL, NULL, "0x0304", "\x01x",
		NULL, NULL, "t13i0102xx_"},
	{"ja4, nothing that is hashed of the extensions", 771, "0x2f", "0", NULL, NULL, NULL, NULL,
		NULL, NULL, NULL, "t12d010100_ba72b8082249_000000000000"},
	{"ja4, grease only", 771, "0x0a0a", "", NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		"t12i000000_000000000000_000000000000"},
};

static void test_examples(void)
{
	static struct wire w;
	struct client_hello h;
	char text[1024], md5[MD5_TEXT], ja4[JA4_LEN];

	for (size_t i = 0; i < ROWS(examples); i++) {
		const struct example *e = &examples[i];
		struct bytes in = hello_of(&w, e);
		CHECK(client_hello_parse(in, TLS_OVER_TCP, &h) == PARSE_DONE, "%s", e->name);
		size_t len = ja3_text(&h, text, sizeof(text));
		digest_md5_text((struct bytes){(uint8_t *)text, len, false}, md5);
		if (e->ja3 != NULL) {
			CHECK(len == strlen(e->ja3_text) && memcmp(text, e->ja3_text, len) == 0,
				"%s: %.*s", e->name, (int)len, text);
			CHECK(memcmp(md5, e->ja3, MD5_TEXT) == 0, "%s: %.32s", e->name, md5);
		}
		CHECK(ja4_text(&h, TLS_OVER_TCP, ja4), "%s", e->name);
		if (e->ja4 != NULL)
			CHECK(memcmp(ja4, e->ja4, strlen(e->ja4)) == 0, "%s: %.36s", e->name, ja4);
		CHECK(ja4_text(&h, TLS_OVER_QUIC, ja4) && ja4[0] == 'q', "%s", e->name);
		for (size_t cut = 0; cut < in.len; cut++) {
			uint8_t *copy = malloc(cut + 1);
			memcpy(copy, in.p, cut);
			struct bytes part = {copy, cut, false};
			// Without extensions a hello may end behind its compression methods.
			enum parse got = client_hello_parse(part, TLS_OVER_TCP, &h);
			CHECK(got == PARSE_MORE || h.extensions.len == 0, "%s, cut %zu", e->name,
				cut);
			free(copy);
		}
	}
}

static void test_server(void)
{
	// MD5 by md5sum(1).
	static const uint8_t extensions[] = {
		0xff, 0x01, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 35, 0, 0, 0, 5, 0, 0, 0, 16, 0, 0};
	struct server_hello h;
	struct wire w = {0};
	char text[128], md5[MD5_TEXT];

	add(&w, 769, 2);
	for (unsigned i = 0; i < 33; i++) // and no session
		add(&w, 0, 1);
	add(&w, 47, 2);
	add(&w, 0, 1);
	add(&w, sizeof(extensions), 2);
	add_text(&w, extensions, sizeof(extensions));
	CHECK(server_hello_parse((struct bytes){w.p, w.len, false}, &h) == PARSE_DONE, "whole");
	size_t len = ja3s_text(&h, text, sizeof(text));
	digest_md5_text((struct bytes){(uint8_t *)text, len, false}, md5);
	CHECK(len == 25 && memcmp(text, "769,47,65281-0-11-35-5-16", 25) == 0, "%.*s", (int)len,
		text);
	CHECK(memcmp(md5, "836ce314215654b5b1f85f97c73e506f", MD5_TEXT) == 0, "%.32s", md5);
	CHECK(ja3s_text(&h, text, 24) == 0, "no room");
}

// More values than are looked at: no fingerprint, and no harm.
static void test_many(void)
{
	static uint8_t body[8192];
	struct client_hello h;
	char text[1024], ja4[JA4_LEN];

	body[0] = 3;
	body[1] = 3;
	body[35] = (FINGERPRINT_VALUES + 1) * 2 >> 8;
	body[36] = (FINGERPRINT_VALUES + 1) * 2 & 255;
	size_t len = 37 + (FINGERPRINT_VALUES + 1) * 2 + 2;
	body[len - 2] = 1;
	CHECK(client_hello_parse((struct bytes){body, len, false}, TLS_OVER_TCP, &h) == PARSE_DONE,
		"whole");
	CHECK(!ja4_text(&h, TLS_OVER_TCP, ja4), "ja4");
	CHECK(ja3_text(&h, text, sizeof(text)) == 0, "ja3");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"published examples", test_examples},
		{"server", test_server},
		{"too many values", test_many},
		CU_TEST_INFO_NULL,
	};
	return check_main("fingerprint", tests);
}
