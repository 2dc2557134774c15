#include "tests/unit/pattern_rules.h"

#define P(s, ...) CONTENT(FIELD_PAYLOAD, s, __VA_ARGS__)
#define RE(s, ...) PCRE(FIELD_PAYLOAD, s, __VA_ARGS__)
#define TCP .rule = {ANY, .proto = RULE_TCP}
#define DOTS32 "................................"
#define DOTS29 "............................."
#define DOTS253 DOTS32 DOTS32 DOTS32 DOTS32 DOTS32 DOTS32 DOTS32 DOTS29
#define DOTS256 DOTS32 DOTS32 DOTS32 DOTS32 DOTS32 DOTS32 DOTS32 DOTS32

enum { PIECES_MAX = 5 };

static bool feed(struct pattern_db *db, struct pattern_stream *s, uint64_t offset,
	struct bytes data, struct match_hits *hits)
{
	struct match_env env = test_env(IPPROTO_TCP);

	hits->n = 0;
	pattern_db_match_stream(db, 0, s, &env, offset, data, hits);
	return hit(hits, 0);
}

// One rule; the pieces of a stream; a '1' for each piece that brings a hit.
static struct {
	const char *name;
	struct test_rule rule;
	const char *pieces[PIECES_MAX];
	const char *want;
} cases[] = {
	{"in one piece", {TCP, {P("abc")}}, {"xabcx"}, "1"},
	{"across a cut", {TCP, {P("abc")}}, {"xa", "b", "cx"}, "001"},
	{"again", {TCP, {P("abc")}}, {"abc", "x", "abc"}, "101"},
	{"not again for the tail", {TCP, {P("abc")}}, {"abc", "x", "y"}, "100"},
	{"nocase", {TCP, {P("aBc", .flags = CONTENT_NOCASE)}}, {"xA", "bCx"}, "01"},
	{"startswith", {TCP, {P("abc", .flags = CONTENT_STARTSWITH)}}, {"ab", "cabc"}, "01"},
	{"startswith, later", {TCP, {P("abc", .flags = CONTENT_STARTSWITH)}}, {"x", "abc"}, "00"},
	{"offset", {TCP, {P("abc", .flags = CONTENT_OFFSET, .offset = 5)}}, {"abc", "..abc"}, "01"},
	{"depth", {TCP, {P("abc", .flags = CONTENT_DEPTH, .depth = 5)}}, {"x", "xabc", "abc"},
		"010"},
	{"beyond depth", {TCP, {P("abc", .flags = CONTENT_DEPTH, .depth = 5)}}, {"xxx", "abc"},
		"00"},
	{"the rest comes later", {TCP, {P("abcd"), P("e", .flags = CONTENT_DISTANCE)}},
		{"abcd", "xx", "e", "e"}, "0010"},
	{"the rest came before", {TCP, {P("a"), P("bcd", .flags = CONTENT_DISTANCE)}},
		{"a", "xx", "bc", "d"}, "0001"},
	{"in any order", {TCP, {P("abcd"), P("e")}}, {"e", "abcd"}, "01"},
	{"a hit needs something new", {TCP, {P("abcd"), P("e")}}, {"e.abcd", "x", "e"}, "100"},
	{"all of it must not be old",
		{TCP, {P("ab"), P("c", .flags = CONTENT_WITHIN, .within = 1)}}, {"abc", "ab", "x"},
		"100"},
	{"negated, absent so far", {TCP, {P("abcd"), P("e", .flags = CONTENT_NEGATED)}},
		{"x", "abcd"}, "01"},
	{"negated, in the tail", {TCP, {P("abcd"), P("e", .flags = CONTENT_NEGATED)}},
		{"e", "abcd"}, "00"},
	{"negated only", {TCP, {P("e", .flags = CONTENT_NEGATED)}}, {"x", "e"}, "10"},
	{"expression", {TCP, {RE("a+b")}}, {"xaa", "ab"}, "01"},
	{"expression after content", {TCP, {P("xyz"), RE("^a+b", .pcre_relative = true)}},
		{"xyza", "a", "b"}, "001"},
	{"^ is the stream's beginning", {TCP, {RE("^abc")}}, {"ab", "cx", "abc"}, "010"},
	{"^ is not the window's edge", {TCP, {P("dd"), RE("^abc")}}, {DOTS32 "abc" DOTS253, "dd"},
		"00"},
	{"^ in the window", {TCP, {P("dd"), RE("^abc")}}, {"abc" DOTS32, "dd"}, "01"},
	{"anchored is not at the window's edge",
		{TCP, {P("dd"), RE(".abc", .pcre_options = PCRE2_ANCHORED)}},
		{DOTS32 ".abc" DOTS253, "dd"}, "00"},
	{"nor one byte behind it", {TCP, {P("dd"), RE("bc", .pcre_options = PCRE2_ANCHORED)}},
		{DOTS32 "abc" DOTS253, "dd"}, "00"},
	{"within the tail", {TCP, {P("abc"), P("d", .flags = CONTENT_DISTANCE)}},
		{"abc", DOTS32 DOTS32, "d"}, "001"},
	{"out of the tail", {TCP, {P("abc"), P("d", .flags = CONTENT_DISTANCE)}},
		{"abc", DOTS256, "d"}, "000"},
	{"in one call, farther than the tail", {TCP, {P("abc"), P("d", .flags = CONTENT_DISTANCE)}},
		{"abc" DOTS256 "d"}, "1"},
	{"ip rule", {.rule = {ANY, .proto = RULE_IP}, {P("abc")}}, {"a", "bc"}, "01"},
	{"app rule, another app",
		{.rule = {ANY, .proto = RULE_APP, .app_proto = APP_TLS}, {P("abc")}}, {"a", "bc"},
		"00"},
	{"udp rule", {.rule = {ANY, .proto = RULE_UDP}, {P("abc")}}, {"a", "bc"}, "00"},
	{"tcp-pkt rule", {.rule = {ANY, .proto = RULE_TCP_PKT}, {P("abc")}}, {"a", "abc"}, "00"},
	{"the other direction",
		{.rule = {ANY, .proto = RULE_TCP, .flow = FLOW_TO_CLIENT}, {P("abc")}}, {"abc"},
		"0"},
};

static void test_cases(void)
{
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct pattern_db *db = load_rules(&cases[i].rule, 1);
		char got[PIECES_MAX + 1] = "";
		struct match_hits hits = {0};
		uint64_t offset = 0;

		if (db == NULL)
			continue;
		struct pattern_stream *s = pattern_stream_open(db);
		CHECK(pattern_stream_db(s) == db, "%s", cases[i].name);
		for (unsigned n = 0; n < PIECES_MAX && cases[i].pieces[n] != NULL; n++) {
			struct bytes piece = text_bytes(cases[i].pieces[n]);
			uint8_t *exact = malloc(piece.len);
			memcpy(exact, piece.p, piece.len);
			piece.p = exact;
			got[n] = feed(db, s, offset, piece, &hits) ? '1' : '0';
			offset += piece.len;
			free(exact);
		}
		CHECK(strcmp(got, cases[i].want) == 0, "%s: got %s", cases[i].name, got);
		pattern_stream_close(s);
		pattern_db_free(db);
	}
}

static void test_gap(void)
{
	static struct test_rule rule = {TCP, {P("abcd")}};
	struct pattern_db *db = load_rules(&rule, 1);
	struct match_hits hits = {0};
	if (db == NULL)
		return;
	struct pattern_stream *s = pattern_stream_open(db);

	CHECK(!feed(db, s, 0, text_bytes("ab"), &hits), "half");
	CHECK(!feed(db, s, 100, text_bytes("cd"), &hits), "what the gap parts is not together");
	CHECK(feed(db, s, 102, text_bytes("abcd"), &hits), "after the gap");
	CHECK(!feed(db, s, 106, (struct bytes){0}, &hits), "nothing");
	pattern_stream_close(s);
	pattern_db_free(db);
}

// Larger than one piece: the same answer, at most once a call.
static void test_large(void)
{
	enum { LEN = 200000 };
	static struct test_rule rules[] = {
		{TCP, {P("across")}},
		{TCP,
			{P("here", .flags = CONTENT_OFFSET | CONTENT_DEPTH, .offset = 150000,
				.depth = 4)}},
		{TCP,
			{P("here", .flags = CONTENT_OFFSET | CONTENT_DEPTH, .offset = 150001,
				.depth = 4)}},
		{TCP, {P("z")}},
	};
	struct pattern_db *db = load_rules(rules, ROWS(rules));
	struct match_hits hits = {0};
	char *text = malloc(LEN);
	if (db == NULL)
		return;
	struct pattern_stream *s = pattern_stream_open(db);

	memset(text, 'z', LEN);
	memcpy(text + 65536 - 3, "across", 6);
	memcpy(text + 150000, "here", 4);
	feed(db, s, 0, (struct bytes){.p = (uint8_t *)text, .len = LEN}, &hits);
	CHECK(hits.n == 3 && hits.hits[0].rule == 0 && hits.hits[1].rule == 1 &&
			hits.hits[2].rule == 3,
		"%u hits", hits.n);
	pattern_stream_close(s);
	pattern_db_free(db);
	free(text);
}

// Rules that wait are bounded: those stay whose prefilter hit last.
static void test_many_wait(void)
{
	enum { N = 40, WAIT = 16, NAME = 7 };
	static struct test_rule rules[N];
	static char names[N * NAME + 1];
	struct match_hits hits = {0};

	for (uint32_t i = 0; i < N; i++) {
		snprintf(names + i * NAME, NAME + 1, "name%02u.", i);
		rules[i] = (struct test_rule){TCP, {P(""), P("!")}};
		rules[i].conditions[0].bytes = (uint8_t *)names + i * NAME;
		rules[i].conditions[0].len = NAME;
	}
	struct pattern_db *db = load_rules(rules, N);
	if (db == NULL)
		return;
	struct pattern_stream *s = pattern_stream_open(db);
	struct bytes early = {.p = (uint8_t *)names, .len = (N - WAIT) * NAME};
	struct bytes late = {.p = early.p + early.len, .len = WAIT * NAME};

	feed(db, s, 0, early, &hits);
	CHECK(hits.n == 0, "%u", hits.n);
	feed(db, s, early.len, late, &hits);
	CHECK(hits.n == 0, "%u", hits.n);
	feed(db, s, early.len + late.len, text_bytes("!"), &hits);
	CHECK(hits.n == WAIT && hits.hits[0].rule == N - WAIT, "%u from %u", hits.n,
		hits.hits[0].rule);
	pattern_stream_close(s);
	pattern_db_free(db);
}

// A swap between two packets: what straddles it is found, what was reported is not again, and
// the stream outlives the set that opened it.
static void test_swap(void)
{
	static struct test_rule before[] = {{TCP, {P("other")}}};
	static struct test_rule after[] = {
		{TCP, {P("abcd")}},
		{TCP, {P("12"), P("3", .flags = CONTENT_DISTANCE)}},
		{TCP, {P("abcd 12 abx", .flags = CONTENT_STARTSWITH)}},
	};
	struct pattern_db *old = load_rules(before, 1), *next = load_rules(after, ROWS(after));
	struct match_hits hits = {0};
	if (old == NULL || next == NULL)
		return;
	struct pattern_stream *s = pattern_stream_open(old);

	feed(old, s, 0, text_bytes("abcd 12 ab"), &hits);
	CHECK(hits.n == 0, "%u", hits.n);
	pattern_db_free(old);
	s = pattern_stream_reopen(next, 0, s);
	CHECK(pattern_stream_db(s) == next, "tied to the new one");
	feed(next, s, 10, text_bytes("x"), &hits);
	CHECK(hits.n == 1 && hits.hits[0].rule == 2, "only what straddles the swap: %u", hits.n);
	pattern_db_free(next);

	// Not reopened, and perhaps at the same address: seen by its id.
	next = load_rules(after, ROWS(after));
	feed(next, s, 11, text_bytes("ab"), &hits);
	pattern_db_free(next);
	next = load_rules(after, ROWS(after));
	feed(next, s, 13, text_bytes("cd"), &hits);
	CHECK(hits.n == 1 && hits.hits[0].rule == 0, "%u", hits.n);
	feed(next, s, 15, text_bytes("3"), &hits);
	CHECK(hits.n == 1 && hits.hits[0].rule == 1, "waited through the swaps: %u", hits.n);
	pattern_db_free(next);
	pattern_stream_close(s); // after its set
	pattern_stream_close(NULL);
}

// --- The property: cut anywhere, swapped anywhere, the same answer; and the right one. -------

enum { RULES = 8, STREAM = 600, TEXT_MAX = 64 };

struct generated {
	struct test_rule rules[RULES];
	char text[RULES][TEST_CONDITIONS][TEXT_MAX];
};

static uint32_t seed = 1;

static uint32_t dice(uint32_t n) // xorshift32
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

static void random_text(char *out, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		out[i] = "aabc"[dice(4)];
}

// One content, then up to two that follow it near enough to stay inside the tail.
static void random_rule(struct test_rule *r, char text[TEST_CONDITIONS][TEXT_MAX])
{
	uint32_t n = 1 + dice(3);

	*r = (struct test_rule){TCP};
	for (uint32_t i = 0; i < n; i++) {
		struct condition *c = &r->conditions[i];
		uint32_t len = dice(20) == 0 ? 40 : 1 + dice(5);
		random_text(text[i], len);
		*c = (struct condition){.kind = COND_CONTENT,
			.field = FIELD_PAYLOAD,
			.bytes = (uint8_t *)text[i],
			.len = len};
		if (i > 0) {
			c->flags = CONTENT_DISTANCE | CONTENT_WITHIN;
			c->distance = (int32_t)dice(12) - 4;
			c->within = (int32_t)(len + dice(40));
		} else if (dice(4) == 0) {
			c->flags = CONTENT_OFFSET | CONTENT_DEPTH;
			c->offset = (int32_t)dice(300);
			c->depth = (int32_t)(len + dice(100));
		}
	}
	if (n == 1 && dice(4) == 0)
		r->conditions[0].flags |= CONTENT_NOCASE;
}

// The oracle: every assignment, by trying each place. *best: where the earliest ends.
static void oracle(const struct test_rule *r, uint32_t i, const char *s, long len, long prev,
	long last, long *best)
{
	const struct condition *c = &r->conditions[i];

	if (c->bytes == NULL) {
		if (*best < 0 || last < *best)
			*best = last;
		return;
	}
	for (long at = 0; at + (long)c->len <= len; at++) {
		long end = at + (long)c->len;
		bool fits = true;
		if (c->flags & CONTENT_OFFSET)
			fits = at >= c->offset && end <= (long)c->offset + c->depth;
		if (c->flags & CONTENT_DISTANCE)
			fits = at >= prev + c->distance && end <= prev + c->distance + c->within;
		if (fits && memcmp(s + at, c->bytes, c->len) == 0)
			oracle(r, i + 1, s, len, end, end > last ? end : last, best);
	}
}

// For each rule the call (its number) that first reported it, or -1.
static void run_cut(struct pattern_db *db[2], const char *s, const uint32_t *cuts, uint32_t n_cuts,
	bool swaps, int first[RULES])
{
	struct pattern_stream *stream = pattern_stream_open(db[0]);
	unsigned live = 0;
	uint32_t at = 0;

	for (unsigned i = 0; i < RULES; i++)
		first[i] = -1;
	for (uint32_t call = 0; call < n_cuts; call++) {
		struct match_hits hits = {0};
		uint32_t len = cuts[call] - at;
		uint8_t *exact = malloc(len);
		memcpy(exact, s + at, len);
		if (swaps && dice(4) == 0) {
			live ^= 1;
			stream = pattern_stream_reopen(db[live], 0, stream);
		}
		feed(db[live], stream, at, (struct bytes){.p = exact, .len = len}, &hits);
		for (uint32_t i = 0; i < hits.n; i++) {
			if (first[hits.hits[i].rule] < 0)
				first[hits.hits[i].rule] = (int)call;
		}
		at = cuts[call];
		free(exact);
	}
	pattern_stream_close(stream);
}

static uint32_t random_cuts(uint32_t *cuts, uint32_t widest)
{
	uint32_t n = 0;

	for (uint32_t at = 0; at < STREAM;) {
		at += 1 + dice(widest);
		cuts[n++] = at < STREAM ? at : STREAM;
	}
	return n;
}

static void check_stream(struct generated *g, struct pattern_db *db[2], unsigned round,
	unsigned *hits, unsigned *misses)
{
	static const uint32_t widest[] = {1, 3, 20, 200, STREAM};
	char s[STREAM];
	uint32_t cuts[STREAM];
	int first[RULES];
	long ends[RULES];

	random_text(s, STREAM);
	for (unsigned i = 0; i < RULES; i++) {
		ends[i] = -1;
		oracle(&g->rules[i], 0, s, STREAM, 0, 0, &ends[i]);
	}
	for (size_t w = 0; w < 2 * ROWS(widest); w++) {
		bool swaps = w >= ROWS(widest);
		uint32_t n = random_cuts(cuts, widest[w % ROWS(widest)]);
		if (!swaps && widest[w] == STREAM) {
			n = 1;
			cuts[0] = STREAM;
		}
		run_cut(db, s, cuts, n, swaps, first);
		for (unsigned i = 0; i < RULES; i++) {
			int want = ends[i] >= 0 ? 0 : -1;
			while (want >= 0 && (long)cuts[want] < ends[i])
				want++;
			*(want >= 0 ? hits : misses) += 1;
			CHECK(first[i] == want,
				"round %u rule %u widest %u swaps %d: call %d, not %d (end %ld)",
				round, i, widest[w % ROWS(widest)], swaps, first[i], want, ends[i]);
		}
	}
}

static void test_property(void)
{
	static struct generated g;
	unsigned hits = 0, misses = 0;

	for (unsigned round = 0; round < 40; round++) {
		seed = 7919 * (round + 1);
		for (unsigned i = 0; i < RULES; i++)
			random_rule(&g.rules[i], g.text[i]);
		struct pattern_db *db[2] = {load_rules(g.rules, RULES), load_rules(g.rules, RULES)};
		for (unsigned i = 0; i < 3 && db[0] != NULL && db[1] != NULL; i++)
			check_stream(&g, db, round, &hits, &misses);
		pattern_db_free(db[0]);
		pattern_db_free(db[1]);
	}
	// Both answers have to be common, or the comparison says little.
	CHECK(hits > 1000 && misses > 1000, "%u hits, %u misses", hits, misses);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"cases", test_cases},
		{"gap", test_gap},
		{"large", test_large},
		{"many wait", test_many_wait},
		{"swap", test_swap},
		{"cut anywhere", test_property},
		CU_TEST_INFO_NULL,
	};
	return check_main("pattern_stream", tests);
}
