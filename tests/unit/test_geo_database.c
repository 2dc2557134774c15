// The database of countries: which files, which of the formats, what is wrong with them.

#include "control/geo_database.h"
#include "tests/unit/check.h"
#include "tests/unit/mmdb_maker.h"
#include "tests/unit/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct geo_database *opened(const char *path, const struct geo_table **t, const char **why)
{
	struct geo_database *d = geo_database_new(path, NULL);

	*t = geo_database_get(d, why);
	return d;
}

static uint16_t at4(const struct geo_table *t, uint32_t address)
{
	return geo_find4(t->v4, t->n4, address);
}

static void test_text(void)
{
	const struct geo_table *t;
	const char *why;

	write_file(in_scratch("geo"), "16777216,16777471,AU\n", 21);
	struct geo_database *d = opened(in_scratch("geo"), &t, &why);
	CHECK(t != NULL && t->n4 == 1 && t->n6 == 0, "alone: %s", why);
	geo_database_free(d);
	write_file(in_scratch("geo6"), "2001:db8::,2001:db8::1,DE\n", 26);
	d = opened(in_scratch("geo"), &t, &why);
	CHECK(t != NULL && t->n4 == 1 && t->n6 == 1, "with another beside it: %s", why);
	const struct geo_table *again = geo_database_get(d, &why);
	CHECK(again == t, "once");
	geo_database_free(d);
}

static void test_mmdb(void)
{
	static const uint8_t ten[16] = {10}, mapped[16] = {[10] = 0xff, [11] = 0xff},
			     v4_of_v6[16] = {[12] = 10}, real6[16] = {0x20, 0x01, 0x0d, 0xb8};
	const struct geo_table *t;
	const char *why;
	uint8_t bytes[4096];
	struct maker m = mmdb_maker(4);

	mmdb_add(&m, ten, 8, DATA + mmdb_country(&m, "DE"));
	write_file(in_scratch("a.mmdb"), bytes, mmdb_finish(&m, bytes));
	struct geo_database *d = opened(in_scratch("a.mmdb"), &t, &why);
	CHECK(t != NULL && t->n4 == 1 && t->n6 == 0, "IPv4: %s", why);
	CHECK(t != NULL && at4(t, 0x0a000000) == geo_country("DE", 2) &&
			at4(t, 0x0affffff) == geo_country("DE", 2) &&
			at4(t, 0x0b000000) == GEO_NONE,
		"10.0.0.0/8");
	geo_database_free(d);

	m = mmdb_maker(6);
	uint32_t de = DATA + mmdb_country(&m, "DE");
	mmdb_add(&m, v4_of_v6, 104, de);
	mmdb_add(&m, real6, 32, DATA + mmdb_country(&m, "FR"));
	mmdb_add(&m, mapped, 96, de); // an alias: left out
	write_file(in_scratch("a.mmdb"), bytes, mmdb_finish(&m, bytes));
	d = opened(in_scratch("a.mmdb"), &t, &why);
	CHECK(t != NULL && t->n4 == 1 && t->n6 == 1, "both: %s", why);
	CHECK(t != NULL && at4(t, 0x0a010203) == geo_country("DE", 2), "IPv4 in it");
	CHECK(t != NULL && geo_find6(t->v6, t->n6, real6) == geo_country("FR", 2), "IPv6");
	geo_database_free(d);
}

// A tree that leads back to itself ends, and so does any that is cut or changed.
static void test_hostile(void)
{
	static const uint8_t zero[16];
	const char *what = "";
	uint8_t bytes[4096];
	struct geo_table t = {0};
	struct maker m = mmdb_maker(6);

	for (unsigned bit = 0; bit < 16; bit++)
		mmdb_add(&m, zero, bit + 1, bit < 15 ? EMPTY : 0);
	for (uint32_t i = 0; i < m.n; i++)
		m.nodes[i][0] = m.nodes[i][1] = i + 1 < m.n ? i + 1 : 0;
	size_t len = mmdb_finish(&m, bytes);
	CHECK(geo_mmdb_add(&t, (char *)bytes, len, &what) == -EINVAL, "a circle");
	CHECK(strstr(what, "broken") != NULL, "%s", what);
	geo_table_free(&t);

	m = mmdb_maker(4);
	mmdb_add(&m, zero, 8, DATA + mmdb_country(&m, "DE"));
	len = mmdb_finish(&m, bytes);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = malloc(cut + 1);
		memcpy(exact, bytes, cut);
		geo_mmdb_add(&t, (char *)exact, cut, &what);
		geo_table_free(&t);
		free(exact);
	}
	for (size_t at = 0; at < len; at++) {
		uint8_t was = bytes[at];
		bytes[at] ^= (uint8_t)(1u << at % 8);
		geo_mmdb_add(&t, (char *)bytes, len, &what);
		geo_table_free(&t);
		bytes[at] = was;
	}
	CHECK(geo_mmdb_add(&t, (char *)bytes, len, &what) == 0 && t.n4 == 1, "as it was");
	geo_table_free(&t);
}

static void test_wrong(void)
{
	static const struct {
		const char *name, *text;
		const char *said;
	} rows[] = {
		{"no list", "<html>\n", "/bad:1:1: two addresses"},
		{"a mistake", "1,2,AU\n2,1,DE\n", "/bad:2:1: a range that ends"},
		{"overlap", "1,9,AU\n5,6,DE\n", "/bad: ranges overlap"},
		{"half a .mmdb", "....\xab\xcd\xefMaxMind.com", "/bad: "},
	};
	const struct geo_table *t;
	const char *why;
	struct geo_database *d;

	for (size_t i = 0; i < ROWS(rows); i++) {
		write_file(in_scratch("bad"), rows[i].text, strlen(rows[i].text));
		d = opened(in_scratch("bad"), &t, &why);
		CHECK(t == NULL && strstr(why, rows[i].said) != NULL, "%s: %s", rows[i].name, why);
		geo_database_free(d);
	}
	d = opened(in_scratch("absent"), &t, &why);
	CHECK(t == NULL && strstr(why, "absent: No such file") != NULL, "%s", why);
	geo_database_free(d);
	d = opened(scratch, &t, &why);
	CHECK(t == NULL && strstr(why, "not a regular file") != NULL, "%s", why);
	geo_database_free(d);
	d = opened("", &t, &why);
	CHECK(t == NULL && strstr(why, "tor-geoipdb") != NULL &&
			strstr(why, "geoip_database") != NULL,
		"%s", why);
	geo_database_free(d);
}

// The real one, where it is installed.
static void test_default(void)
{
	const struct geo_table *t;
	const char *why;

	if (access("/usr/share/tor/geoip", R_OK) < 0 || access("/usr/share/tor/geoip6", R_OK) < 0) {
		printf("(skipped: tor-geoipdb is not installed) ");
		return;
	}
	struct geo_database *d = opened(NULL, &t, &why);
	CHECK(t != NULL && t->n4 > 100000 && t->n6 > 10000, "%s", why);
	geo_database_free(d);
}

// A .mmdb of AS numbers beside one of countries.
static void test_as(void)
{
	static const uint8_t ten[16] = {[12] = 10}, eleven[16] = {[12] = 11},
			     six[16] = {0x20, 0x01, 0x0d, 0xb8};
	struct geo_table as = {0}, t = {.as = &as};
	struct maker m = mmdb_maker(6);
	uint8_t bytes[4096];
	const char *what = "";

	mmdb_add(&m, ten, 104, DATA + mmdb_as(&m, 13335));
	mmdb_add(&m, eleven, 104, DATA + mmdb_country(&m, "DE"));
	mmdb_add(&m, six, 32, DATA + mmdb_as(&m, 400000));
	size_t len = mmdb_finish(&m, bytes);
	CHECK(geo_mmdb_add(&t, (char *)bytes, len, &what) == 0, "%s", what);
	CHECK(t.n4 == 1 && t.n6 == 0 && as.n4 == 1 && as.n6 == 1, "%u %u %u %u", t.n4, t.n6, as.n4,
		as.n6);
	CHECK(as.n4 == 1 && as.v4[0].lo == 0x0a000000 && as.v4[0].hi == 0x0affffff &&
			as.v4[0].country == 13335 && as.v4[0].more == 0,
		"10/8");
	CHECK(as.n6 == 1 && ((uint32_t)as.v6[0].more << 16 | as.v6[0].country) == 400000,
		"32 bits");
	geo_table_free(&t);
	geo_table_free(&as);
	t.as = NULL;
	CHECK(geo_mmdb_add(&t, (char *)bytes, len, &what) == 0 && t.n4 == 1, "not wanted");
	geo_table_free(&t);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"text", test_text},
		{"mmdb", test_mmdb},
		{"hostile ones", test_hostile},
		{"what is wrong", test_wrong},
		{"the default one", test_default},
		{"AS numbers", test_as},
		CU_TEST_INFO_NULL,
	};

	if (!scratch_open())
		return 2;
	int failed = check_main("geo_database", tests);
	scratch_sweep();
	return failed;
}
