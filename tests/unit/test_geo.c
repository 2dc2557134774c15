// Countries of addresses: databases as text, looking up, and rules that ask (geoip).

#include "patterns/geo.h"
#include "patterns/parse.h"
#include "patterns/swdb.h"
#include "tests/unit/check.h"
#include "tests/unit/pattern_rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

static const struct {
	const char *name;
	const char *text;
	int err;
	uint32_t line; // of the mistake
	uint32_t n4, n6;
} texts[] = {
	{"nothing", "", 0, 0, 0, 0},
	{"as tor has it", "# c\n\n16777216,16777471,AU\n2001:4:112::,2001:4:112:ffff::,US\n", 0, 0,
		1, 1},
	{"with dots", "1.0.0.0,1.0.0.255,AU", 0, 0, 1, 0},
	{"no country", "1,2,??\n", 0, 0, 0, 0},
	{"another end of line", "1,2,AU\r\n", 0, 0, 1, 0},
	{"one goes on where the other ends", "1,2,AU\n3,9,AU\n10,11,DE\n", 0, 0, 2, 0},
	{"not when it is another country", "1,2,AU\n3,9,DE\n", 0, 0, 2, 0},
	{"the last address", "4294967295,4294967295,AU\n0,0,AU\n", 0, 0, 2, 0},
	{"the last of IPv6", "ffff::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,AU\n::,::1,AU\n", 0, 0,
		0, 2},
	{"two parts", "1,2,AU\n1,AU\n", -EINVAL, 2, 1, 0},
	{"no address", "x,2,AU\n", -EINVAL, 1, 0, 0},
	{"an empty one", ",2,AU\n", -EINVAL, 1, 0, 0},
	{"a number too large", "4294967295,4294967296,AU\n", -EINVAL, 1, 0, 0},
	{"two versions", "1,::1,AU\n", -EINVAL, 1, 0, 0},
	{"backwards", "\n2,1,AU\n", -EINVAL, 2, 0, 0},
	{"backwards, IPv6", "::2,::1,AU\n", -EINVAL, 1, 0, 0},
	{"an AS number", "1,2,AU,13335\n3,4,AU,AS1\n", 0, 0, 1, 0},
	{"an AS number without a country", "1,2,??,13335\n", 0, 0, 0, 0},
	{"the largest AS number", "1,2,AU,4294967295\n", 0, 0, 1, 0},
	{"an AS number too large", "1,2,AU,4294967296\n", -EINVAL, 1, 0, 0},
	{"an AS number that is none", "1,2,AU,x\n", -EINVAL, 1, 0, 0},
	{"an AS number that is missing", "\n1,2,AU,\n", -EINVAL, 2, 0, 0},
	{"a long country", "1,2,AUS\n", -EINVAL, 1, 0, 0},
	{"no list of addresses at all", "<html>\n", -EINVAL, 1, 0, 0},
};

static void test_texts(void)
{
	for (size_t i = 0; i < ROWS(texts); i++) {
		const char *name = texts[i].name, *what = NULL;
		struct geo_table t = {0};
		uint32_t line = 0;
		int err = geo_text_add(&t, texts[i].text, strlen(texts[i].text), &line, &what);
		CHECK(err == texts[i].err, "%s: %d", name, err);
		CHECK(err == 0 || line == texts[i].line, "%s: line %u", name, line);
		CHECK(err == 0 || what != NULL, "%s: no reason", name);
		CHECK(t.n4 == texts[i].n4 && t.n6 == texts[i].n6, "%s: %u, %u", name, t.n4, t.n6);
		geo_table_free(&t);
	}
}

// Wherever it is cut.
static void test_truncated(void)
{
	static const char text[] = "# c\n1.0.0.0,1.0.0.255,AU\r\n::1,::2,DE\n\xff\x00,1,US\n";

	for (size_t len = 0; len < sizeof(text); len++) {
		char *exact = malloc(len > 0 ? len : 1);
		struct geo_table t = {0};
		uint32_t line;
		const char *what;
		memcpy(exact, text, len);
		int err = geo_text_add(&t, exact, len, &line, &what);
		CHECK(err == 0 || (err == -EINVAL && line <= 4), "%zu: %d", len, err);
		geo_table_free(&t);
		free(exact);
	}
}

static void test_order(void)
{
	struct geo_table t = {0};

	CHECK(geo_add4(&t, 30, 39, 1) == 0 && geo_add4(&t, 10, 19, 2) == 0, "added");
	CHECK(geo_sort(&t) && t.v4[0].lo == 10, "sorted");
	CHECK(geo_add4(&t, 15, 16, 3) == 0 && !geo_sort(&t), "they overlap");
	geo_table_free(&t);
}

static const char database[] = "10.0.0.0,10.0.255.255,DE\n"
			       "10.1.0.0,10.1.0.0,FR\n"
			       "10.1.0.1,10.1.0.9,US\n"
			       "255.255.255.255,255.255.255.255,US\n"
			       "2001:db8::,2001:db8::ffff,DE\n"
			       "2001:db8:1::,2001:db8:1::,FR\n";

static const struct {
	const char *address;
	const char *country; // NULL: none
} addresses[] = {
	{"9.255.255.255", NULL},
	{"10.0.0.0", "DE"},
	{"10.0.255.255", "DE"},
	{"10.1.0.0", "FR"},
	{"10.1.0.1", "US"},
	{"10.1.0.9", "US"},
	{"10.1.0.10", NULL},
	{"0.0.0.0", NULL},
	{"255.255.255.255", "US"},
	{"2001:db7:ffff::", NULL},
	{"2001:db8::", "DE"},
	{"2001:db8::ffff", "DE"},
	{"2001:db8::1:0", NULL},
	{"2001:db8:1::", "FR"},
	{"ffff::", NULL},
};

static struct geo_table table(void)
{
	struct geo_table t = {0};
	uint32_t line;
	const char *what;

	CHECK(geo_text_add(&t, database, sizeof(database) - 1, &line, &what) == 0 && geo_sort(&t),
		"the database");
	return t;
}

static void test_find(void)
{
	struct geo_table t = table();

	for (size_t i = 0; i < ROWS(addresses); i++) {
		const char *want = addresses[i].country;
		uint8_t address[16];
		uint32_t v4;
		uint16_t found = inet_pton(AF_INET, addresses[i].address, &v4) == 1
			? geo_find4(t.v4, t.n4, ntohl(v4))
			: inet_pton(AF_INET6, addresses[i].address, address) == 1
			? geo_find6(t.v6, t.n6, address)
			: 0;
		CHECK(found == (want != NULL ? geo_country(want, 2) : GEO_NONE), "%s: %u",
			addresses[i].address, found);
	}
	CHECK(geo_find4(NULL, 0, 1) == GEO_NONE, "nothing in nothing");
	geo_table_free(&t);
}

static const struct geo_table *get(void *ctx, const char **why)
{
	*why = "the test has none";
	return ctx;
}

struct loaded {
	struct geo_table table;
	struct geo_source source;
	struct rule_list rules;
	struct diags diags;
	int err;
};

static void parse(struct loaded *l, const char *options, bool there)
{
	char text[512];

	*l = (struct loaded){.table = table()};
	l->source = (struct geo_source){there ? &l->table : NULL, get};
	l->rules.geo = &l->source;
	snprintf(text, sizeof(text), "alert ip any any -> any any (%s sid:1;)\n", options);
	l->err = rules_parse("t.rules", text, strlen(text), NULL, false, &l->rules, &l->diags);
}

static void done(struct loaded *l)
{
	rule_list_free(&l->rules);
	diags_free(&l->diags);
	geo_table_free(&l->table);
}

static const struct {
	const char *name;
	const char *options;
	const char *src, *dst;
	bool want;
} rows[] = {
	{"src", "geoip:src,DE;", "10.0.0.1", "9.9.9.9", true},
	{"src is not dst", "geoip:src,DE;", "9.9.9.9", "10.0.0.1", false},
	{"dst", "geoip:dst,DE;", "9.9.9.9", "10.0.0.1", true},
	{"dest", "geoip:dest,DE;", "9.9.9.9", "10.0.0.1", true},
	{"both", "geoip:both,DE,FR;", "10.1.0.0", "10.0.0.1", true},
	{"both, one", "geoip:both,DE,FR;", "10.1.0.0", "10.1.0.1", false},
	{"any", "geoip:any,FR;", "10.1.0.0", "9.9.9.9", true},
	{"any, the other", "geoip: any, FR;", "9.9.9.9", "10.1.0.0", true},
	{"any, none", "geoip:any,FR;", "9.9.9.9", "10.0.0.1", false},
	{"none of these", "geoip:src,!DE,!FR;", "10.1.0.1", "9.9.9.9", true},
	{"none of these, one", "geoip:src,!DE,!FR;", "10.1.0.0", "9.9.9.9", false},
	{"no country is none of these", "geoip:src,!DE;", "9.9.9.9", "9.9.9.9", true},
	{"two keywords", "geoip:src,DE; geoip:dst,FR;", "10.0.0.1", "10.1.0.0", true},
	{"two keywords, one", "geoip:src,DE; geoip:dst,FR;", "10.0.0.1", "10.1.0.1", false},
	{"IPv6", "geoip:src,DE;", "2001:db8::1", "::1", true},
	{"IPv6, elsewhere", "geoip:src,DE;", "2001:db8:1::", "::1", false},
};

static void test_match(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct match_env env = test_env(IPPROTO_UDP);
		struct match_hits hits = {0};
		uint8_t src[16] = {0}, dst[16] = {0};
		struct pattern_db *db = NULL;
		struct swdb swdb = {0};
		struct loaded l;
		char error[256] = "";
		parse(&l, rows[i].options, true);
		CHECK(l.err == 0, "%s: %s", rows[i].name,
			l.diags.n > 0 ? l.diags.items[0].text : "");
		CHECK(swdb_compile(&l.rules, &swdb, &l.diags) == 0, "%s: compile", rows[i].name);
		done(&l); // what is compiled needs no database
		CHECK(pattern_db_load(swdb.data, swdb.len, 1, &db, error) == 0, "%s", error);
		env.ip_version = strchr(rows[i].src, ':') != NULL ? 6 : 4;
		inet_pton(env.ip_version == 4 ? AF_INET : AF_INET6, rows[i].src, src);
		inet_pton(env.ip_version == 4 ? AF_INET : AF_INET6, rows[i].dst, dst);
		env.src = src;
		env.dst = dst;
		if (db != NULL) {
			CHECK(pattern_db_wants(db).flow_starts &&
					!pattern_db_wants(db).packets_other,
				"%s: once a flow", rows[i].name);
			pattern_db_match_packet(db, 0, &env, text_bytes("x"), &hits);
			CHECK((hits.n > 0) == rows[i].want, "%s", rows[i].name);
			hits.n = 0;
			env.first = false;
			pattern_db_match_packet(db, 0, &env, text_bytes("x"), &hits);
			CHECK(hits.n == 0, "%s: not again", rows[i].name);
		}
		pattern_db_free(db);
		swdb_free(&swdb);
	}
}

static const struct {
	const char *name;
	const char *options;
	bool no_database;
	uint32_t errors, warnings;
	uint32_t column;
	const char *said;
} refused[] = {
	{"no database", "geoip:src,DE;", true, 1, 0, 30, "geoip: the test has none"},
	{"no side", "geoip:DE;", false, 1, 0, 36, "src, dst, both or any"},
	{"no country", "geoip:src;", false, 1, 0, 36, "wants countries"},
	{"an empty one", "geoip:src,;", false, 1, 0, 40, "capital letters"},
	{"three letters", "geoip:src,DE,FRA;", false, 1, 0, 43, "capital letters"},
	{"small letters", "geoip:src,de;", false, 1, 0, 40, "capital letters"},
	{"some negated", "geoip:src,DE,!FR;", false, 1, 0, 44, "before all countries"},
	{"one that the database does not have", "geoip:src,UK;", false, 0, 1, 40,
		"no address in UK"},
};

static void test_refused(void)
{
	for (size_t i = 0; i < ROWS(refused); i++) {
		const char *name = refused[i].name;
		struct loaded l;
		parse(&l, refused[i].options, !refused[i].no_database);
		CHECK(l.diags.n_errors == refused[i].errors, "%s: %u", name, l.diags.n_errors);
		CHECK(l.diags.n_warnings == refused[i].warnings, "%s: %u", name,
			l.diags.n_warnings);
		CHECK(l.diags.n > 0 && strstr(l.diags.items[0].text, refused[i].said) != NULL,
			"%s: %s", name, l.diags.n > 0 ? l.diags.items[0].text : "");
		CHECK(l.diags.n > 0 && l.diags.items[0].where.column == refused[i].column, "%s: %u",
			name, l.diags.n > 0 ? l.diags.items[0].where.column : 0);
		done(&l);
	}
}

// Only what rules ask for comes into the artefact, and the same list once.
static void test_stored(void)
{
	struct swdb swdb = {0};
	struct swdb_header header;
	struct loaded l;

	parse(&l, "geoip:any,FR,DE; geoip:src,FR,DE; geoip:dst,FR;", true);
	CHECK(swdb_compile(&l.rules, &swdb, &l.diags) == 0, "compile");
	memcpy(&header, swdb.data, sizeof(header));
	CHECK(header.sections[SWDB_GEO4].len == 2 * sizeof(struct geo4), "IPv4");
	CHECK(header.sections[SWDB_GEO6].len == 2 * sizeof(struct geo6), "IPv6");
	CHECK(header.sections[SWDB_COUNTRIES].len == 2 * sizeof(uint16_t), "lists");
	swdb_free(&swdb);
	done(&l);
}

// Of each of very many lists that begin alike, and that come again from the first on.
static void test_many_lists(void)
{
	enum { SECONDS = 26 * 26 };
	struct loaded l = {.table = table()};
	uint32_t n = 0;

	l.source = (struct geo_source){&l.table, get};
	l.rules.geo = &l.source;
	for (unsigned i = 0; i < 2 * SECONDS; i++) {
		char text[128];
		snprintf(text, sizeof(text),
			"alert ip any any -> any any (geoip:src,DE,%c%c; sid:%u;)\n",
			'A' + i % SECONDS / 26, 'A' + i % 26, i + 1);
		CHECK(rules_parse("t.rules", text, strlen(text), NULL, false, &l.rules, &l.diags) ==
				0,
			"%s", text);
	}
	const uint16_t *lists = l.rules.geo_use->lists;
	for (unsigned i = 0; i < l.rules.n; i++, n++) {
		const struct rule_fact *f = &l.rules.rules[i]->facts[0];
		char letters[2] = {(char)('A' + i % SECONDS / 26), (char)('A' + i % 26)};
		CHECK(f->b == 2 && f->a + f->b <= l.rules.geo_use->n &&
				lists[f->a] == geo_country("DE", 2) &&
				lists[f->a + 1] == geo_country(letters, 2),
			"list %u", i);
	}
	CHECK(n == 2 * SECONDS, "all of them");
	done(&l);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"databases as text", test_texts},
		{"text that is cut", test_truncated},
		{"order", test_order},
		{"looking up", test_find},
		{"rules", test_match},
		{"what is refused, and where", test_refused},
		{"what is stored", test_stored},
		{"many lists", test_many_lists},
		CU_TEST_INFO_NULL,
	};

	return check_main("geo", tests);
}
