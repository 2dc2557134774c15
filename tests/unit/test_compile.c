#include "patterns/swdb.h"
#include "tests/unit/pattern_rules.h"

#include <errno.h>
#include <openssl/evp.h>

#define SNI(s, ...) CONTENT(FIELD_TLS_SNI, s, __VA_ARGS__)
#define PAYLOAD(s, ...) CONTENT(FIELD_PAYLOAD, s, __VA_ARGS__)
#define X16 "0123456789abcdef"
#define X64 X16 X16 X16 X16
#define X200 X64 X64 X64 "01234567"

static struct match_hits match_sni(struct pattern_db *db, const char *text)
{
	struct match_env env = test_env(IPPROTO_TCP);
	struct match_value value = {FIELD_TLS_SNI, text_bytes(text)};
	struct match_hits hits = {0};

	pattern_db_match_tx(db, 0, &env, &value, 1, &hits);
	return hits;
}

static struct {
	const char *name;
	struct test_rule rule;
	uint32_t errors, warnings;
	const char *text; // stands in the first one
} refused[] = {
	{"fine", {{ANY}, {SNI("a")}}, 0, 0, NULL},
	{"mixed", {{ANY}, {SNI("a"), PAYLOAD("b", .where = {NULL, 7, 8})}}, 0, 1,
		"the payload is looked at"},
	{"dsize and a field", {{ANY, .has_dsize = true}, {SNI("a", .where = {NULL, 7, 8})}}, 0, 0,
		NULL},
	{"field without text", {{ANY}, {CONTENT(FIELD_TLS_VERSION, "a", .where = {NULL, 7, 8})}}, 1,
		0, "this field can not be matched"},
	{"field of the future", {{ANY}, {CONTENT(FIELD_COUNT, "a", .where = {NULL, 7, 8})}}, 1, 0,
		"this field can not be matched"},
	{"empty content", {{ANY}, {SNI("", .where = {NULL, 7, 8})}}, 1, 0, "empty content"},
	{"no address",
		{{.dst.any = true, .sport.any = true, .dport.any = true, .where = {NULL, 7, 8}},
			{SNI("a")}},
		1, 0, "no address"},
	{"no port",
		{{.dst.any = true, .sport.any = true, .src.any = true, .where = {NULL, 7, 8}},
			{SNI("a")}},
		1, 0, "no port"},
	{"dotprefix on a payload",
		{{ANY, .proto = RULE_UDP},
			{PAYLOAD("a", .flags = CONTENT_DOTPREFIX, .where = {NULL, 7, 8})}},
		1, 0, "dotprefix"},
	{"expression without end", {{ANY}, {PCRE(FIELD_TLS_SNI, "a(b", .where = {NULL, 7, 8})}}, 1,
		0, "pcre: missing closing parenthesis"},
	{"expression Hyperscan can not even prefilter",
		{{ANY}, {PCRE(FIELD_TLS_SNI, "a(?R)?b", .where = {NULL, 7, 8})}}, 1, 0,
		"pcre: can not be searched for"},
	{"the same, beside a content",
		{{ANY}, {SNI("a"), PCRE(FIELD_TLS_SNI, "a(?R)?b", .where = {NULL, 7, 8})}}, 0, 0,
		NULL},
	{"unknown option",
		{{ANY},
			{PCRE(FIELD_TLS_SNI, "a", .pcre_options = PCRE2_UTF,
				.where = {NULL, 7, 8})}},
		1, 0, "unknown option"},
	{"a NUL", {{ANY}, {PCRE(FIELD_TLS_SNI, "a\0b", .where = {NULL, 7, 8})}}, 1, 0, "NUL"},
	{"long content in a stream",
		{{ANY, .proto = RULE_TCP}, {PAYLOAD(X200 X64, .where = {NULL, 7, 8})}}, 0, 1,
		"longer than 256"},
	{"endswith in a stream",
		{{ANY, .proto = RULE_TCP},
			{PAYLOAD("a", .flags = CONTENT_ENDSWITH, .where = {NULL, 7, 8})}},
		0, 1, "endswith"},
};

static void test_diags(void)
{
	for (size_t i = 0; i < ROWS(refused); i++) {
		const char *name = refused[i].name;
		struct diags d = {0};
		struct swdb swdb = {0};
		int err = compile_rules(&refused[i].rule, 1, &swdb, &d);

		CHECK(err == (refused[i].errors > 0 ? -EINVAL : 0), "%s: %d", name, err);
		CHECK(d.n_errors == refused[i].errors, "%s: %u", name, d.n_errors);
		CHECK(d.n_warnings == refused[i].warnings, "%s: %u", name, d.n_warnings);
		if (refused[i].text != NULL && d.n > 0) {
			CHECK(strstr(d.items[0].text, refused[i].text) != NULL, "%s: %s", name,
				d.items[0].text);
			CHECK(d.items[0].where.line == 7 && d.items[0].where.column == 8,
				"%s: where", name);
		}
		diags_free(&d);
		swdb_free(&swdb);
	}
}

// All that is wrong is named, not the first only.
static void test_all_named(void)
{
	static struct test_rule rules[] = {
		{{ANY}, {PCRE(FIELD_TLS_SNI, "a(?R)?b")}},
		{{ANY}, {PCRE(FIELD_HTTP_URI, "c(?R)?d")}},
		{{ANY}, {PCRE(FIELD_HTTP_URI, "e(?R)?f")}},
	};
	struct diags d = {0};
	struct swdb swdb = {0};

	CHECK(compile_rules(rules, ROWS(rules), &swdb, &d) == -EINVAL, "three");
	CHECK(d.n_errors == 3, "%u", d.n_errors);
	diags_free(&d);
}

static void test_too_many(void)
{
	static struct condition many[SWDB_CONDITIONS_MAX + 1];
	struct rule rule = {ANY, .conditions = many, .n_conditions = ROWS(many)};
	struct rule *list[] = {&rule};
	struct diags d = {0};
	struct swdb swdb = {0};

	for (size_t i = 0; i < ROWS(many); i++)
		many[i] = (struct condition)SNI("a");
	CHECK(swdb_compile(&(struct rule_list){.n = 1, .rules = list}, &swdb, &d) == -EINVAL, "65");
	CHECK(d.n_errors == 1, "%u", d.n_errors);
	rule.n_conditions--;
	CHECK(swdb_compile(&(struct rule_list){.n = 1, .rules = list}, &swdb, &d) == 0, "64");
	diags_free(&d);
	swdb_free(&swdb);
}

// How many candidates a value makes tells which condition is searched for.
static void test_prefilter(void)
{
	static struct {
		const char *name;
		struct condition conditions[TEST_CONDITIONS];
		const char *value;
		uint64_t candidates;
	} rows[] = {
		{"the longest", {SNI("ab"), SNI("cdef")}, "ab", 0},
		{"the longest, found", {SNI("ab"), SNI("cdef")}, "cdef", 1},
		{"fast_pattern", {SNI("ab", .flags = CONTENT_FAST_PATTERN), SNI("cdef")}, "cdef",
			0},
		{"fast_pattern, found", {SNI("ab", .flags = CONTENT_FAST_PATTERN), SNI("cdef")},
			"ab", 1},
		{"never a negated one", {SNI("ab"), SNI("cdef", .flags = CONTENT_NEGATED)}, "cdef",
			0},
		{"content before expression", {PCRE(FIELD_TLS_SNI, "cdef"), SNI("ab")}, "cdef", 0},
		{"expression", {PCRE(FIELD_TLS_SNI, "^c.ef$")}, "cdef", 1},
		{"expression, elsewhere", {PCRE(FIELD_TLS_SNI, "^c.ef$")}, "cde", 0},
		{"a dot alone is nothing to search for", {SNI(".", .flags = CONTENT_DOTPREFIX)},
			"zz", 1},
		{"endswith is seen at once",
			{SNI(".t.me", .flags = CONTENT_DOTPREFIX | CONTENT_ENDSWITH)}, "t.me.org",
			0},
		{"endswith, after another place",
			{SNI(".t.me", .flags = CONTENT_DOTPREFIX | CONTENT_ENDSWITH)}, "t.me.t.me",
			1},
		{"startswith is seen at once", {SNI("ab", .flags = CONTENT_STARTSWITH)}, "xab", 0},
		{"startswith", {SNI("ab", .flags = CONTENT_STARTSWITH)}, "abab", 1},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct test_rule rule = {.rule = {ANY}};
		memcpy(rule.conditions, rows[i].conditions, sizeof(rule.conditions));
		struct pattern_db *db = load_rules(&rule, 1);
		if (db == NULL)
			continue;
		struct match_hits hits = match_sni(db, rows[i].value);
		CHECK(hits.candidates == rows[i].candidates, "%s: %llu", rows[i].name,
			(unsigned long long)hits.candidates);
		pattern_db_free(db);
	}
}

// A content longer than what Hyperscan is given.
static void test_long_content(void)
{
	static const struct {
		uint32_t flags;
		const char *value;
		bool want;
	} rows[] = {
		{0, "--" X200 "--", true},
		{0, X64 X64 X64, false},
		{CONTENT_ENDSWITH, "--" X200, true},
		{CONTENT_ENDSWITH, X200 "--", false},
		{CONTENT_STARTSWITH, X200 "--", true},
		{CONTENT_STARTSWITH, "--" X200, false},
		{CONTENT_STARTSWITH | CONTENT_ENDSWITH, X200, true},
		{CONTENT_STARTSWITH | CONTENT_ENDSWITH, X200 "-", false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct test_rule rule = {{ANY}, {SNI(X200, .flags = rows[i].flags)}};
		struct pattern_db *db = load_rules(&rule, 1);
		if (db == NULL)
			continue;
		struct match_hits hits = match_sni(db, rows[i].value);
		CHECK((hits.n == 1) == rows[i].want, "%zu", i);
		pattern_db_free(db);
	}
}

static void test_public_rule(void)
{
	static const struct rule_pair metadata[] = {{"service", "telegram"},
		{"example_hit", "a.example"}, {"alone", ""}, {"example_miss", "b.example"}};
	static const struct rule_reference references[] = {
		{"url", "example.org", "http://"}, {"nobody", "7", NULL}};
	static struct test_rule rules[] = {
		{{ANY, .action = RULE_PASS, .gid = 3, .sid = 4, .rev = 5, .severity = 2,
			 .noalert = true, .msg = "a message", .category = "policy",
			 .set = "im-services", .service = "telegram", .n_metadata = 4,
			 .metadata = metadata, .n_references = 2, .references = references},
			{SNI("abc"), SNI("abcdefgh", .flags = CONTENT_NEGATED)}},
		{{ANY, .sid = 9}, {SNI("b")}},
	};
	struct pattern_db *db = load_rules(rules, ROWS(rules));
	if (db == NULL)
		return;
	const struct pattern_rule *r = pattern_db_rule(db, 0), *plain = pattern_db_rule(db, 1);

	CHECK(pattern_db_n_rules(db) == 2, "n");
	CHECK(r->gid == 3 && r->sid == 4 && r->rev == 5 && r->severity == 2, "numbers");
	CHECK(r->pass && r->noalert && !plain->pass && !plain->noalert, "flags");
	CHECK(strcmp(r->msg, "a message") == 0 && strcmp(r->category, "policy") == 0, "text");
	CHECK(strcmp(r->set, "im-services") == 0 && strcmp(r->service, "telegram") == 0, "text");
	CHECK(plain->service == NULL && strcmp(plain->msg, "") == 0, "no text");
	CHECK(r->longest_content == 3, "%u", r->longest_content);
	CHECK(r->n_metadata == 2 && strcmp(r->metadata[0], "service telegram") == 0 &&
			strcmp(r->metadata[1], "alone") == 0,
		"metadata");
	CHECK(r->n_references == 2 && strcmp(r->references[0], "http://example.org") == 0 &&
			strcmp(r->references[1], "nobody,7") == 0,
		"references");
	CHECK(pattern_db_uses(db, FIELD_TLS_SNI) && !pattern_db_uses(db, FIELD_PAYLOAD), "uses");
	CHECK(!pattern_db_has_packet_rules(db), "packet rules");
	CHECK(pattern_db_memory(db) > 1000, "%zu", pattern_db_memory(db));
	pattern_db_free(db);
}

// 300 rules that look for the same: each once, in order, the lowest ones when not all fit.
static void test_order_and_overflow(void)
{
	enum { N = 300 };
	static struct test_rule rules[N];

	for (uint32_t i = 0; i < N; i++)
		rules[i] = i % 2 ? (struct test_rule){{ANY}, {SNI("same")}}
				 : (struct test_rule){{ANY}, {SNI("am")}};
	struct pattern_db *db = load_rules(rules, N);
	if (db == NULL)
		return;
	struct match_hits hits = match_sni(db, "same, same");
	CHECK(hits.n == MATCH_HITS_MAX, "%u", hits.n);
	CHECK(hits.overflow == N - MATCH_HITS_MAX, "%u", hits.overflow);
	for (uint32_t i = 0; i < hits.n; i++)
		CHECK(hits.hits[i].rule == i && hits.hits[i].field == FIELD_TLS_SNI, "%u", i);
	CHECK(hits.candidates == N, "%llu", (unsigned long long)hits.candidates);
	pattern_db_free(db);
}

static void test_digest(void)
{
	static struct test_rule rules[] = {{{ANY}, {SNI("a")}}, {{ANY}, {SNI("b")}}};
	static struct test_rule other[] = {{{ANY}, {SNI("a")}}, {{ANY}, {SNI("c")}}};
	struct swdb a = {0}, b = {0}, c = {0}, none = {0};

	compile_rules(rules, 2, &a, NULL);
	compile_rules(rules, 2, &b, NULL);
	compile_rules(other, 2, &c, NULL);
	CHECK(compile_rules(rules, 0, &none, NULL) == 0, "no rules at all");
	CHECK(memcmp(a.digest, b.digest, 32) == 0, "same rules");
	CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0, "same artefact");
	CHECK(memcmp(a.digest, c.digest, 32) != 0, "one byte of one content");
	CHECK(memcmp(a.digest, none.digest, 32) != 0, "none");
	swdb_free(&a);
	swdb_free(&b);
	swdb_free(&c);
	swdb_free(&none);
}

static struct swdb sample(void)
{
	static struct test_rule rules[] = {
		{{ANY}, {SNI("abc"), PCRE(FIELD_TLS_SNI, "a.c")}},
		{{ANY, .proto = RULE_TCP}, {PAYLOAD("stream")}},
		{{ANY, .proto = RULE_UDP}, {PCRE(FIELD_PAYLOAD, "x+y")}},
		{{ANY, .proto = RULE_ICMP}, {{0}}},
	};
	struct swdb swdb = {0};

	compile_rules(rules, ROWS(rules), &swdb, NULL);
	return swdb;
}

// Each prefix, and each byte flipped, in memory of exactly that size.
static void test_corrupt(void)
{
	struct swdb swdb = sample();
	struct pattern_db *db = NULL;
	char error[256];

	for (size_t n = 0; n < swdb.len; n++) {
		uint8_t *cut = malloc(n > 0 ? n : 1);
		memcpy(cut, swdb.data, n);
		if (pattern_db_load(cut, n, 1, &db, error) != -EBADMSG)
			CHECK(false, "cut at %zu", n);
		free(cut);
	}
	for (size_t i = 0; i < swdb.len; i += i < sizeof(struct swdb_header) ? 1 : 37) {
		bool version = i / 4 == offsetof(struct swdb_header, version) / 4;
		((uint8_t *)swdb.data)[i] ^= 0x40;
		int err = pattern_db_load(swdb.data, swdb.len, 1, &db, error);
		CHECK(err == (version ? -ENOEXEC : -EBADMSG), "byte %zu: %d", i, err);
		((uint8_t *)swdb.data)[i] ^= 0x40;
	}
	CHECK(db == NULL, "out is left alone");
	CHECK(pattern_db_load(swdb.data, swdb.len, 1, &db, error) == 0, "%s", error);
	pattern_db_free(db);
	swdb_free(&swdb);
}

static void seal(struct swdb *swdb)
{
	struct swdb_header *h = swdb->data;
	const size_t sealed = offsetof(struct swdb_header, sources);

	EVP_Digest((uint8_t *)swdb->data + sealed, swdb->len - sealed, h->sha256, NULL,
		EVP_sha256(), NULL);
}

static void other_hyperscan(struct swdb_header *h)
{
	h->hs_version[0] = '4';
}

static void other_cpu(struct swdb_header *h)
{
	h->cpu_features |= 1ull << 60;
}

static void table_past_end(struct swdb_header *h)
{
	h->sections[SWDB_RULES].len += 1ull << 40;
}

static void table_wraps(struct swdb_header *h)
{
	h->sections[SWDB_TEXT].offset = -(uint64_t)8;
}

static void rule_text_outside(struct swdb_header *h)
{
	struct swdb_rule *r = (void *)((uint8_t *)h + h->sections[SWDB_RULES].offset);
	r->msg = (uint32_t)h->sections[SWDB_TEXT].len;
}

static void chains_outside(struct swdb_header *h)
{
	struct swdb_rule *r = (void *)((uint8_t *)h + h->sections[SWDB_RULES].offset);
	r->chains = (struct swdb_span){1, 0xffffffff};
}

static void link_outside(struct swdb_header *h)
{
	uint32_t *link = (void *)((uint8_t *)h + h->sections[SWDB_LINKS].offset);
	*link = 4;
}

static void scan_of_another_field(struct swdb_header *h)
{
	struct swdb_scan *scan = (void *)((uint8_t *)h + h->sections[SWDB_SCANS].offset);
	for (size_t i = 0; i < h->sections[SWDB_SCANS].len / sizeof(*scan); i++) {
		if (scan[i].field == FIELD_STREAM)
			scan[i].field = FIELD_HTTP_URI;
	}
}

// The digest is right, what it seals is not.
static void test_sealed_but_wrong(void)
{
	static const struct {
		const char *name;
		void (*change)(struct swdb_header *);
		int want;
	} rows[] = {
		{"another Hyperscan", other_hyperscan, -ENOEXEC},
		{"another CPU", other_cpu, -ENOEXEC},
		{"section past the end", table_past_end, -EBADMSG},
		{"section wraps", table_wraps, -EBADMSG},
		{"text outside", rule_text_outside, -EBADMSG},
		{"chains outside", chains_outside, -EBADMSG},
		{"link outside", link_outside, -EBADMSG},
		{"stream scan as a block", scan_of_another_field, -EBADMSG},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct swdb swdb = sample();
		struct pattern_db *db = NULL;
		char error[256] = "";
		rows[i].change(swdb.data);
		seal(&swdb);
		int err = pattern_db_load(swdb.data, swdb.len, 1, &db, error);
		CHECK(err == rows[i].want, "%s: %d", rows[i].name, err);
		CHECK(error[0] != '\0', "%s: says why", rows[i].name);
		swdb_free(&swdb);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"diags", test_diags},
		{"all that is wrong is named", test_all_named},
		{"too many conditions", test_too_many},
		{"prefilter", test_prefilter},
		{"long content", test_long_content},
		{"public rule", test_public_rule},
		{"order and overflow", test_order_and_overflow},
		{"digest", test_digest},
		{"corrupt", test_corrupt},
		{"sealed but wrong", test_sealed_but_wrong},
		CU_TEST_INFO_NULL,
	};
	return check_main("compile", tests);
}
