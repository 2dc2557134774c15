// In the records of every capture of the shared corpus, made without --lab, no text holds an
// address of the flows, a mailbox, or, where numbers are masked, seven digits in a row. The
// texts are searched by this test's own means. Skipped where the corpus is not at hand.

#include "tests/e2e/process.h"
#include "tests/unit/check.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CAPTURES_MAX = 20000, BATCH = 24, ADDRESSES_MAX = 65536, TIMEOUT_S = 120, DIGITS_MAX = 6 };

static char *captures[CAPTURES_MAX];
static unsigned n_captures;

static struct address {
	uint8_t bytes[16];
} addresses[ADDRESSES_MAX];
static unsigned n_addresses;
static unsigned texts;

static int take(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && n_captures < CAPTURES_MAX)
		captures[n_captures++] = strdup(path);
	return 0;
}

static int order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct address));
}

static bool is_known(const struct address *a)
{
	return bsearch(a, addresses, n_addresses, sizeof(*a), order) != NULL;
}

// IPv4 as ::ffff:192.0.2.1. Those that are nobody's are left out.
static bool read_address(const char *text, struct address *a)
{
	static const struct address none;

	*a = none;
	if (inet_pton(AF_INET6, text, a->bytes) == 1)
		return memcmp(a->bytes, &none, 15) != 0;
	a->bytes[10] = a->bytes[11] = 0xff;
	return inet_pton(AF_INET, text, a->bytes + 12) == 1 && a->bytes[12] != 0 &&
		a->bytes[12] != 255;
}

static void learn(json_t *records)
{
	static const char *const keys[] = {"src_ip", "dest_ip"};
	json_t *record;
	size_t i;

	n_addresses = 0;
	json_array_foreach(records, i, record)
	{
		for (unsigned k = 0; k < 2; k++) {
			const char *text = json_string_value(json_object_get(record, keys[k]));
			if (text != NULL && n_addresses < ADDRESSES_MAX)
				n_addresses += read_address(text, &addresses[n_addresses]);
		}
	}
	qsort(addresses, n_addresses, sizeof(addresses[0]), order);
}

// "192.0.2.1", "192-000-002-001", "1.2.0.192" at `p`.
static bool is_quad(const char *p)
{
	struct address there = {{0}}, back = {{0}};
	char sep = 0;

	for (unsigned i = 0; i < 4; i++) {
		char *end;
		if (!isdigit((unsigned char)*p))
			return false;
		unsigned long v = strtoul(p, &end, 10);
		if (v > 255 || end - p > 3)
			return false;
		there.bytes[12 + i] = back.bytes[15 - i] = (uint8_t)v;
		if (i == 3)
			break;
		if (sep == 0)
			sep = *end;
		if (*end != sep || strchr(".-_", sep) == NULL || sep == '\0')
			return false;
		p = end + 1;
	}
	there.bytes[10] = there.bytes[11] = back.bytes[10] = back.bytes[11] = 0xff;
	return is_known(&there) || is_known(&back);
}

static bool is_ip6(const char *p)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct address a;
	size_t n = strspn(p, "0123456789abcdefABCDEF:.");

	if (n >= sizeof(text) || memchr(p, ':', n) == NULL)
		return false;
	memcpy(text, p, n);
	return read_address(text, &a) && is_known(&a);
}

static bool holds_address(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		bool begins = p == text || !isalnum((unsigned char)p[-1]);
		if ((p == text || !isdigit((unsigned char)p[-1])) && is_quad(p))
			return true;
		if (begins && is_ip6(p))
			return true;
	}
	return false;
}

// Gecko/20100101 is a day; tokens are no numbers.
static bool holds_number(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '~')
			p += strspn(p + 1, "0123456789abcdef") + 1;
		size_t n = strspn(p, "0123456789");
		bool day = n == 8 && p > text && p[-1] == '/' &&
			(strncmp(p, "20", 2) == 0 || strncmp(p, "19", 2) == 0);
		if (n > DIGITS_MAX && !day)
			return true;
		if (n > 0)
			p += n - 1;
		if (*p == '\0')
			break;
	}
	return false;
}

static bool is_one_of(const char *key, const char *const *keys, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(key, keys[i]) == 0)
			return true;
	}
	return false;
}

static void check_text(const char *key, const char *text)
{
	// Pseudonyms; what the parsers made of numbers; names of algorithms, some with '@'.
	static const char *const others[] = {"src_ip", "dest_ip", "timestamp", "start", "end",
		"hash", "string", "fingerprint", "serial", "host_keys", "notbefore", "notafter",
		"ja4", "cert_key", "cert_signature", "mapped"};
	static const char *const numbered[] = {"http_user_agent", "user_agent", "ua", "server",
		"software_version", "proto_version", "subject", "issuerdn", "software", "reason",
		"x_mailer", "topic", "http_content_type", "url"};

	if (is_one_of(key, others, sizeof(others) / sizeof(others[0])))
		return;
	texts++;
	CHECK(!holds_address(text), "%s: an address: %.80s", key, text);
	CHECK(strchr(text, '@') == NULL && strstr(text, "%40") == NULL, "%s: a mailbox: %.80s", key,
		text);
	if (is_one_of(key, numbered, sizeof(numbered) / sizeof(numbered[0])))
		CHECK(!holds_number(text), "%s: a number: %.80s", key, text);
}

static void check_value(const char *key, json_t *value)
{
	const char *name;
	json_t *inner;
	size_t i;

	if (json_is_string(value))
		check_text(key, json_string_value(value));
	json_array_foreach(value, i, inner) check_value(key, inner);
	json_object_foreach(value, name, inner) check_value(name, inner);
}

// NULL: one of them can not be read.
static json_t *replay(unsigned from, unsigned n, bool lab, const char *eve)
{
	const char *argv[2 * BATCH + 8] = {program("sealwatch-replay"), "--eve", eve};
	unsigned at = 3;

	if (lab)
		argv[at++] = "--lab";
	for (unsigned i = 0; i < n; i++) {
		argv[at++] = "-r";
		argv[at++] = captures[from + i];
	}
	struct output o = run(argv, TIMEOUT_S);
	json_t *records = o.status == 0 ? read_eve(eve) : NULL;
	output_free(&o);
	remove(eve);
	return records;
}

static bool check_some(unsigned from, unsigned n, const char *eve)
{
	json_t *clear = replay(from, n, true, eve);
	json_t *masked = clear != NULL ? replay(from, n, false, eve) : NULL;
	bool read = masked != NULL;

	learn(clear);
	check_value("", masked);
	json_decref(clear);
	json_decref(masked);
	return read;
}

static void test_captures(void)
{
	char *dir = scratch_new();
	const char *eve = in_dir(dir, "eve.json");

	// Many a process for speed; one by one where a batch has one that is none.
	for (unsigned i = 0; i < n_captures; i += BATCH) {
		unsigned n = n_captures - i < BATCH ? n_captures - i : BATCH;
		bool read = check_some(i, n, eve);
		for (unsigned j = 0; j < n && !read; j++)
			check_some(i + j, 1, eve);
	}
	CHECK(texts > 1000, "%u texts", texts);
	scratch_remove(dir);
}

int main(void)
{
	const char *corpus = shared_path("corpus/captures");

	if (corpus == NULL) {
		printf("skipped: no corpus; set SEALWATCH_SHARED\n");
		return EXIT_SKIP;
	}
	nftw(corpus, take, 16, 0);
	CU_TestInfo tests[] = {
		{"records of captures", test_captures},
		CU_TEST_INFO_NULL,
	};
	return check_main("masked", tests);
}
