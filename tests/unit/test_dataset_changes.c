// Sets of values that rules change: who remembers is asked, about each value.

#include "tests/unit/dataset_rules.h"
#include "tests/unit/rule_states.h"

struct memory {
	char in[8][32];
	unsigned n;
	unsigned listed;
};

static bool has(void *ctx, uint64_t set, struct bytes value, bool listed)
{
	struct memory *m = ctx;

	(void)set;
	m->listed += listed;
	for (unsigned i = 0; i < m->n; i++) {
		if (strlen(m->in[i]) == value.len && memcmp(m->in[i], value.p, value.len) == 0)
			return true;
	}
	return listed;
}

static void change(void *ctx, uint64_t set, struct bytes value, bool in)
{
	struct memory *m = ctx;

	(void)set;
	CHECK(in && m->n < 8 && value.len < 32, "%zu", value.len);
	memcpy(m->in[m->n++], value.p, value.len);
}

static void test_changing(void)
{
	struct match_value values[] = {V(FIELD_HTTP_REQUEST_HEADER, "a.example"),
		V(FIELD_HTTP_REQUEST_HEADER, "b.example"), V(FIELD_HTTP_REQUEST_HEADER, "c.test"),
		V(FIELD_HTTP_REQUEST_HEADER, "example.org")};
	struct match_env env = test_env(IPPROTO_TCP);
	struct match_hits hits = {0};
	struct memory m = {0};
	struct pattern_sets sets = {&m, has, change};
	struct set s;

	parse(&s,
		"alert http any any -> any any (http.request_header; dataset:set,s,type "
		"string,load lists/a; "
		"content:\"example\"; sid:1;)\n"
		"alert http any any -> any any (http.request_header; dataset:isset,s; sid:2;)\n",
		"ZXhhbXBsZS5vcmc=", 16, false);
	struct pattern_db *db = load(&s);
	CHECK(db != NULL, "%s", s.diags.n > 0 ? s.diags.items[0].text : "");
	if (db == NULL)
		return;
	CHECK(pattern_db_rule(db, 0)->sets == PATTERN_SETS_CHANGE, "rule 1");
	CHECK(pattern_db_rule(db, 1)->sets == PATTERN_SETS_TEST, "rule 2");
	env.app_proto = APP_HTTP;
	pattern_db_match_tx(db, 0, &env, values, 4, &hits);
	CHECK(hit(&hits, 0) && hit(&hits, 1), "both are asked about later: %u", hits.n);
	CHECK(pattern_db_sets_hold(db, 0, 0, &env, values, 4, &sets), "new");
	CHECK(!pattern_db_sets_hold(db, 0, 1, &env, values, 3, &sets), "not there yet");
	CHECK(pattern_db_sets_hold(db, 0, 1, &env, values + 3, 1, &sets), "by the list");
	pattern_db_sets_change(db, 0, 0, &env, values, 4, &sets);
	// Not c.test, which has no "example", nor what the list has.
	CHECK(m.n == 2 && strcmp(m.in[0], "a.example") == 0 && strcmp(m.in[1], "b.example") == 0,
		"%u", m.n);
	CHECK(!pattern_db_sets_hold(db, 0, 0, &env, values, 4, &sets), "nothing is new");
	CHECK(pattern_db_sets_hold(db, 0, 1, &env, values, 1, &sets), "it is there");
	pattern_db_free(db);
	done(&s);
}

static bool state_has(void *ctx, uint64_t set, struct bytes value, bool listed)
{
	return rule_values_has(ctx, set, value.p, value.len, listed);
}

static void state_change(void *ctx, uint64_t set, struct bytes value, bool in)
{
	rule_values_change(ctx, set, value.p, value.len, in, noon);
}

static struct pattern_db *loaded(struct set *s, const char *rules)
{
	parse(s, rules, NULL, 0, false);
	struct pattern_db *db = load(s);
	CHECK(db != NULL, "%s", s->diags.n > 0 ? s->diags.items[0].text : "");
	return db;
}

// What was added under one set of patterns is there under the next, which has its sets elsewhere.
static void test_swap(void)
{
	struct rule_state *state = defaults();
	const struct pattern_sets sets = {state, state_has, state_change};
	const struct match_value values[] = {HOST("example.org")};
	struct match_env env = test_env(IPPROTO_TCP);
	struct set before, after;
	struct pattern_db *db = loaded(&before,
		"alert http any any -> any any (http.host; dataset:set,s,type string; sid:1;)\n");

	pattern_db_sets_change(db, 0, 0, &env, values, 1, &sets);
	pattern_db_free(db);
	done(&before);
	db = loaded(&after,
		"alert http any any -> any any (http.host; dataset:unset,t,type string; sid:1;)\n"
		"alert http any any -> any any (http.host; dataset:isset,s,type string; sid:2;)\n"
		"alert http any any -> any any (http.host; dataset:set,s; sid:3;)\n");
	CHECK(!pattern_db_sets_hold(db, 0, 0, &env, values, 1, &sets), "not in the other set");
	CHECK(pattern_db_sets_hold(db, 0, 1, &env, values, 1, &sets), "still in");
	CHECK(!pattern_db_sets_hold(db, 0, 2, &env, values, 1, &sets), "nothing new");
	pattern_db_free(db);
	done(&after);
	state_free(state);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"added, and asked for", test_changing},
		{"after a swap", test_swap},
		CU_TEST_INFO_NULL,
	};

	return check_main("dataset_changes", tests);
}
