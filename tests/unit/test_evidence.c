// Sealing and opening, and what is no record.

#include "dataplane/runtime/seal.h"
#include "tests/unit/check.h"
#include "tools/open/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/sealwatch-evidence-XXXXXX";
static struct seal_keys public_keys;
static struct open_key keys[EVIDENCE_KEYS];

static const char *path(const char *name)
{
	static char text[4][256];
	static unsigned n;

	n = (n + 1) % 4;
	snprintf(text[n], sizeof(text[n]), "%s/%s", dir, name);
	return text[n];
}

static uint8_t record[EVIDENCE_MAX];

static size_t make(const char *window)
{
	struct evidence_head about = {.ts_ns = 7, .sid = 9};

	strcpy(about.purpose, "forms");
	strcpy(about.class_name, "id.cn");
	int len = seal(
		&public_keys, &about, (const uint8_t *)window, (uint32_t)strlen(window), record);
	CHECK(len == (int)(sizeof(about) + strlen(window) + EVIDENCE_TAG_LEN), "%d", len);
	return (size_t)len;
}

static void test_opens(void)
{
	uint8_t window[EVIDENCE_WINDOW_MAX];
	struct open_key other[EVIDENCE_KEYS];
	char error[256], long_one[EVIDENCE_WINDOW_MAX + 1];
	size_t len = make("what was said"), n = 0;

	CHECK(open_record(record, len, keys, window, &n, error) == 0 && n == 13 &&
			memcmp(window, "what was said", 13) == 0,
		"%s", error);
	memcpy(other, keys, sizeof(other));
	other[0] = keys[1];
	CHECK(open_record(record, len, other, window, &n, error) == -ENOKEY, "one key alone");
	len = make("");
	CHECK(open_record(record, len, keys, window, &n, error) == 0 && n == 0, "nothing");
	memset(long_one, 'x', EVIDENCE_WINDOW_MAX);
	long_one[EVIDENCE_WINDOW_MAX] = '\0';
	len = make(long_one);
	CHECK(open_record(record, len, keys, window, &n, error) == 0 && n == EVIDENCE_WINDOW_MAX,
		"the longest");
	// Two windows of the same bytes have nothing in common.
	uint8_t before[EVIDENCE_MAX];
	len = make("what was said");
	memcpy(before, record, len);
	make("what was said");
	CHECK(memcmp(before + sizeof(struct evidence_head), record + sizeof(struct evidence_head),
		      13) != 0,
		"no two are alike");
}

// A bit of any byte, and it does not open; no length but its own.
static void test_changed(void)
{
	uint8_t window[EVIDENCE_WINDOW_MAX];
	char error[256];
	size_t len = make("what was said"), n;

	for (size_t at = 0; at < len; at++) {
		record[at] ^= 0x10;
		CHECK(open_record(record, len, keys, window, &n, error) < 0, "byte %zu", at);
		record[at] ^= 0x10;
	}
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1);
		memcpy(copy, record, cut);
		CHECK(!evidence_ok(copy, cut), "cut at %zu", cut);
		CHECK(open_record(copy, cut, keys, window, &n, error) == -EBADMSG, "cut at %zu",
			cut);
		free(copy);
	}
}

static void test_sections(void)
{
	static const struct {
		const char *name;
		size_t room, want; // bytes written
	} rows[] = {
		{"fits", 100, 1 + 1 + 4 + 5},
		{"cut", 9, 9},
		{"no byte", 6, 0},
		{"nothing", 0, 0},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct evidence_section s;
		uint8_t *out = malloc(rows[i].room + 1);
		size_t at = 0;
		size_t n = evidence_section_put(out, rows[i].room, "a", "bytes", 5);
		CHECK(n == rows[i].want, "%s: %zu", rows[i].name, n);
		CHECK(evidence_section_get(out, n, &at, &s) == (n > 0), "%s", rows[i].name);
		CHECK(n == 0 || (at == n && strcmp(s.name, "a") == 0 && s.len == n - 6), "%s",
			rows[i].name);
		for (size_t cut = 0; cut < n; cut++) {
			at = 0;
			CHECK(!evidence_section_get(out, cut, &at, &s), "%s: cut at %zu",
				rows[i].name, cut);
		}
		free(out);
	}
}

static void test_key_files(void)
{
#define A43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	static const struct {
		const char *name, *text;
		int want;
	} rows[] = {
		{"good", "sealwatch evidence public key 1\n" A43 "=\n", 0},
		{"without its last newline", "sealwatch evidence public key 1\n" A43 "=", 0},
		{"a private one", "sealwatch evidence private key 1\n" A43 "=\n", -EINVAL},
		{"too short", "sealwatch evidence public key 1\nAAAA=\n", -EINVAL},
		{"no '='", "sealwatch evidence public key 1\n" A43 "A\n", -EINVAL},
		{"bits too many",
			"sealwatch evidence public key "
			"1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
			-EINVAL},
		{"another letter",
			"sealwatch evidence public key "
			"1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-AA=\n",
			-EINVAL},
		{"something behind it", "sealwatch evidence public key 1\n" A43 "=\nx", -EINVAL},
		{"another title", "sealwatch evidence public key 2\n" A43 "=\n", -EINVAL},
		{"nothing", "", -EINVAL},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t key[EVIDENCE_KEY_LEN];
		CHECK(evidence_key_parse(rows[i].text, strlen(rows[i].text), EVIDENCE_KEY_PUBLIC,
			      key) == rows[i].want,
			"%s", rows[i].name);
	}
}

static bool set_up(void)
{
	const char *const names[] = {"a", "b"};
	char error[256] = "";

	for (unsigned i = 0; i < EVIDENCE_KEYS; i++) {
		char key[256];
		snprintf(key, sizeof(key), "%s.key", path(names[i]));
		if (open_key_make(path(names[i]), error) < 0 ||
			open_key_read(key, &keys[i], error) < 0) {
			fprintf(stderr, "%s\n", error);
			return false;
		}
	}
	const char *const public[] = {path("a.pub"), path("b.pub")};
	return seal_keys_read(public, &public_keys, error) == 0;
}

int main(void)
{
	static const char *const files[] = {"a.key", "a.pub", "b.key", "b.pub"};
	CU_TestInfo tests[] = {
		{"opens", test_opens},
		{"changed", test_changed},
		{"sections", test_sections},
		{"key files", test_key_files},
		CU_TEST_INFO_NULL,
	};

	if (mkdtemp(dir) == NULL || !set_up())
		return 2;
	int status = check_main("evidence", tests);
	for (size_t i = 0; i < ROWS(files); i++)
		unlink(path(files[i]));
	rmdir(dir);
	return status;
}
