// The map of countries: what ranges say, it says; what is broken is refused. The oracle is the search
// over ranges that rules with geoip use, which has tests of its own.

#include "dataplane/api/geo_map.h"
#include "patterns/geo.h"
#include "patterns/geo_map_make.h"
#include "tests/unit/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t no_digest[32];

struct made {
	void *bytes;
	size_t len;
	struct geo_table table;
};

static struct made make(const char *text)
{
	struct made m = {0};
	const char *what = "";
	uint32_t line;

	int err = geo_text_add(&m.table, text, strlen(text), &line, &what);
	CHECK(err == 0 && geo_sort(&m.table), "line %u: %s", line, what);
	err = geo_map_make(&m.table, no_digest, &m.bytes, &m.len);
	CHECK(err == 0, "%s", strerror(-err));
	return m;
}

static void drop(struct made *m)
{
	geo_table_free(&m->table);
	free(m->bytes);
}

static const char good[] = "10.0.0.0,10.255.255.255,DE\n"
			   "0.0.0.0,0.0.0.255,AA\n"
			   "11.0.0.0,11.0.0.0,FR\n"
			   "192.0.2.0,192.0.2.127,US\n"
			   "192.0.2.128,192.0.2.255,JP\n"
			   "198.51.100.0,198.51.100.9,BR\n"
			   "198.51.100.20,198.51.100.29,BR\n"
			   "255.255.255.0,255.255.255.255,ZZ\n"
			   "2001:db8::,2001:db8::ffff,DE\n"
			   "2001:db8:0:1::,2001:db8:0:1:ffff:ffff:ffff:ffff,FR\n"
			   "2a00::,2a0f:ffff:ffff:ffff:ffff:ffff:ffff:ffff,NL\n"
			   "ffff::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,ZZ\n";

static const struct {
	const char *address, *country;
} rows[] = {
	{"0.0.0.0", "AA"},
	{"0.0.0.255", "AA"},
	{"0.0.1.0", "--"},
	{"9.255.255.255", "--"},
	{"10.0.0.0", "DE"},
	{"10.77.3.1", "DE"},
	{"10.255.255.255", "DE"},
	{"11.0.0.0", "FR"},
	{"11.0.0.1", "--"},
	{"192.0.2.0", "US"},
	{"192.0.2.127", "US"},
	{"192.0.2.128", "JP"},
	{"192.0.3.0", "--"},
	{"198.51.100.9", "BR"},
	{"198.51.100.10", "--"},
	{"198.51.100.25", "BR"},
	{"255.255.255.255", "ZZ"},
	{"::", "--"},
	{"2001:db8::", "DE"},
	{"2001:db8::ffff", "DE"},
	{"2001:db8::1:0", "--"},
	{"2001:db8:0:1::", "FR"},
	{"2001:db8:0:1:ffff:ffff:ffff:ffff", "FR"},
	{"2001:db8:0:2::", "--"},
	{"2a05:1::1", "NL"},
	{"2a10::", "--"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ZZ"},
};

static void test_rows(void)
{
	struct made made = make(good);
	struct geo_map *map = NULL;
	char error[256] = "", code[GEO_CODE_LEN];

	CHECK(geo_map_load(made.bytes, made.len, &map, error) == 0, "%s", error);
	for (size_t i = 0; map != NULL && i < ROWS(rows); i++) {
		uint8_t address[16] = {0};
		bool v6 = strchr(rows[i].address, ':') != NULL;
		inet_pton(v6 ? AF_INET6 : AF_INET, rows[i].address, address);
		geo_code(geo_map_find(map, v6 ? 6 : 4, address), code);
		CHECK(strcmp(code, rows[i].country) == 0, "%s: %s", rows[i].address, code);
	}
	CHECK(geo_map_head(map)->n_countries == 8, "%u countries", geo_map_head(map)->n_countries);
	geo_map_free(map);
	drop(&made);
}

static void test_nothing(void)
{
	struct made made = make("");
	struct geo_map *map = NULL;
	char error[256] = "";

	CHECK(geo_map_load(made.bytes, made.len, &map, error) == 0, "%s", error);
	CHECK(geo_map_find(map, 4, (uint8_t[16]){10}) == 0, "IPv4");
	CHECK(geo_map_find(map, 6, (uint8_t[16]){0xff}) == 0, "IPv6");
	geo_map_free(map);
	drop(&made);
}

static void test_codes(void)
{
	char code[GEO_CODE_LEN];

	for (unsigned i = 1; i <= GEO_CODES; i++) {
		geo_code((uint16_t)i, code);
		CHECK(geo_code_parse(code) == i, "%u: %s", i, code);
		CHECK(geo_country(code, 2) + 1u == i, "%s: as rules have it", code);
	}
	static const char *const wrong[] = {"", "A", "aa", "A1", "ABC", "--"};
	for (size_t i = 0; i < ROWS(wrong); i++)
		CHECK(geo_code_parse(wrong[i]) == 0, "%s", wrong[i]);
}

// Each byte changed, each length: refused, or a map that answers in bounds.
static void test_hostile(void)
{
	struct made made = make(good);
	uint8_t *bytes = made.bytes;
	struct geo_map *map;
	char error[256];

	for (size_t cut = 0; cut < made.len; cut += cut < 100 ? 1 : 997) {
		uint8_t *exact = malloc(cut + 1);
		memcpy(exact, bytes, cut);
		CHECK(geo_map_load(exact, cut, &map, error) == -EBADMSG, "cut at %zu", cut);
		free(exact);
	}
	for (size_t at = 0; at<made.len; at += at> 200 && at < made.len - 600 ? 1009 : 1) {
		bytes[at] ^= 1u << at % 8;
		if (geo_map_load(bytes, made.len, &map, error) == 0) {
			for (unsigned top = 0; top < 256; top++) {
				uint8_t address[16] = {(uint8_t)top, 0xff, 7};
				CHECK(geo_map_find(map, 4, address) <= GEO_CODES, "%zu", at);
				CHECK(geo_map_find(map, 6, address) <= GEO_CODES, "%zu", at);
			}
			geo_map_free(map);
		}
		bytes[at] ^= 1u << at % 8;
	}
	drop(&made);
}

// As the search over ranges says, at each border of random ranges and beside it.
static void test_random(void)
{
	struct geo_table t = {0};
	struct geo_map *map = NULL;
	uint32_t at = 0;
	char error[256];
	void *bytes = NULL;
	size_t len = 0;

	srand(7);
	while (at < UINT32_MAX - (1u << 20)) {
		uint32_t lo = at + (uint32_t)rand() % (1u << 18) * (rand() % 2 != 0);
		uint32_t hi = lo + (uint32_t)rand() % (1u << (1 + rand() % 19));
		geo_add4(&t, lo, hi, (uint16_t)(rand() % GEO_COUNTRIES));
		at = hi + 1;
	}
	CHECK(geo_sort(&t) && geo_map_make(&t, no_digest, &bytes, &len) == 0 &&
			geo_map_load(bytes, len, &map, error) == 0,
		"%u ranges", t.n4);
	unsigned wrong = 0;
	for (uint32_t i = 0; i < t.n4; i++) {
		const uint32_t look[] = {t.v4[i].lo - 1, t.v4[i].lo, t.v4[i].hi, t.v4[i].hi + 1};
		for (unsigned j = 0; j < 4; j++) {
			uint32_t net = htonl(look[j]);
			uint8_t address[16] = {0};
			memcpy(address, &net, 4);
			wrong += geo_map_find(map, 4, address) !=
				(uint16_t)(geo_find4(t.v4, t.n4, look[j]) + 1);
		}
	}
	CHECK(wrong == 0, "%u of %u", wrong, t.n4 * 4);
	geo_map_free(map);
	geo_table_free(&t);
	free(bytes);
}

// Ranges of the two kinds begin and end where they like.
static const struct {
	const char *address, *country;
	uint32_t as;
} numbered[] = {
	{"9.255.255.255", "--", 0},
	{"10.0.0.0", "DE", 3320},
	{"10.0.0.255", "DE", 3320},
	{"10.0.1.0", "DE", 13335},
	{"10.0.2.0", "DE", 0},
	{"10.255.255.255", "DE", 0},
	{"11.0.0.0", "--", 64500},
	{"11.0.0.9", "FR", 64500},
	{"11.0.0.10", "FR", 0},
	{"12.0.0.0", "US", 4194303},
	{"12.0.0.1", "US", 0}, // of none: for private use
	{"255.255.255.255", "--", 7},
	{"2001:db8::1", "NL", 1136},
	{"2001:db8::1:0", "NL", 0},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "--", 8},
};

static void test_as(void)
{
	static const char both[] =
		"10.0.0.0,10.0.0.255,DE,3320\n10.0.1.0,10.0.1.255,DE,AS13335\n"
		"10.0.2.0,10.255.255.255,DE\n11.0.0.0,11.0.0.4,??,64500\n"
		"11.0.0.5,11.0.0.9,FR,64500\n11.0.0.10,11.0.0.20,FR,0\n"
		"12.0.0.0,12.0.0.0,US,4194303\n12.0.0.1,12.0.0.1,US,4294967295\n"
		"255.0.0.0,255.255.255.255,??,7\n2001:db8::,2001:db8::ffff,NL,1136\n"
		"2001:db8::1:0,2001:db8::1:ffff,NL\n"
		"ffff::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,??,8\n";
	struct geo_table as = {0};
	struct made m = {.table.as = &as};
	struct geo_map *map = NULL;
	const char *what = "";
	char error[256] = "";
	uint32_t line = 0;

	CHECK(geo_text_add(&m.table, both, strlen(both), &line, &what) == 0, "line %u", line);
	CHECK(geo_sort(&m.table) && geo_sort(&as), "sorted");
	CHECK(geo_map_make(&m.table, no_digest, &m.bytes, &m.len) == 0 &&
			geo_map_load(m.bytes, m.len, &map, error) == 0,
		"%s", error);
	for (size_t i = 0; map != NULL && i < ROWS(numbered); i++) {
		uint8_t address[16] = {0};
		uint8_t version = strchr(numbered[i].address, ':') != NULL ? 6 : 4;
		char code[GEO_CODE_LEN];
		inet_pton(version == 4 ? AF_INET : AF_INET6, numbered[i].address, address);
		geo_code(geo_map_find(map, version, address), code);
		CHECK(strcmp(code, numbered[i].country) == 0, "%s: %s", numbered[i].address, code);
		CHECK(geo_map_as(map, version, address) == numbered[i].as, "%s: %u",
			numbered[i].address, geo_map_as(map, version, address));
	}
	geo_map_free(map);
	geo_table_free(&as);
	drop(&m);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"rows", test_rows},
		{"nothing", test_nothing},
		{"codes", test_codes},
		{"hostile ones", test_hostile},
		{"as ranges say", test_random},
		{"AS numbers", test_as},
		CU_TEST_INFO_NULL,
	};
	return check_main("geo_map", tests);
}
