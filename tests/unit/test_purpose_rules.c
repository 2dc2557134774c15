// Rules about content, with and without a purpose.

#include "dataplane/api/purpose.h"
#include "patterns/content.h"
#include "tests/unit/judge_bench.h"

#include <errno.h>

#define HTTP "alert http any any -> any any "

// Which rules are of mode M1: the design's list, 1.3.
static void test_content(void)
{
	static const struct {
		const char *rule;
		enum field want;
	} rows[] = {
		{HTTP "(http.uri; content:\"a\"; sid:1;)", FIELD_NONE},
		{HTTP "(http.request_body; content:\"a\"; sid:1;)", FIELD_HTTP_REQUEST_BODY},
		{HTTP "(http.uri; content:\"a\"; http.response_body; content:\"b\"; sid:1;)",
			FIELD_HTTP_RESPONSE_BODY},
		{HTTP "(http.cookie; content:\"a\"; sid:1;)", FIELD_HTTP_COOKIE},
		{HTTP "(http.header; content:\"Accept\"; sid:1;)", FIELD_NONE},
		{HTTP "(http.header; content:\"authorization: Basic\"; nocase; sid:1;)",
			FIELD_HTTP_HEADER},
		{HTTP "(http.header.raw; content:\"|0d 0a|Cookie|3a| \"; sid:1;)",
			FIELD_HTTP_RAW_HEADER},
		{HTTP "(http.header; content:\"X-Cookies\"; sid:1;)", FIELD_NONE},
		{HTTP "(http.header; content:\"Basic dXNl\"; sid:1;)", FIELD_HTTP_HEADER},
		{HTTP "(http.header; pcre:\"/^Authorization: Basic dXNl/mi\"; sid:1;)",
			FIELD_HTTP_HEADER},
		{HTTP "(http.header; pcre:\"/^Accept: x/mi\"; sid:1;)", FIELD_NONE},
		{"alert smtp any any -> any any (email.subject; content:\"a\"; sid:1;)",
			FIELD_EMAIL_SUBJECT},
		{"alert smtp any any -> any any (smtp.helo; content:\"a\"; sid:1;)", FIELD_NONE},
		{"alert mqtt any any -> any any (mqtt.publish.message; content:\"a\"; sid:1;)",
			FIELD_MQTT_PUBLISH_MESSAGE},
		{"alert websocket any any -> any any (websocket.payload; content:\"a\"; sid:1;)",
			FIELD_WEBSOCKET_PAYLOAD},
		{"alert tcp any any -> any any (content:\"a\"; sid:1;)", FIELD_NONE},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rule_list list = {0};
		struct diags diags = {0};
		int err = rules_parse(
			"t.rules", rows[i].rule, strlen(rows[i].rule), NULL, false, &list, &diags);
		CHECK(err == 0 && list.n == 1, "%s", rows[i].rule);
		CHECK(list.n == 1 && rule_content(list.rules[0]) == rows[i].want, "%s",
			rows[i].rule);
		rule_list_free(&list);
		diags_free(&diags);
	}
}

static struct purpose_table one(const char *segment, const char *rule)
{
	struct purpose_table t;

	purpose_table_laboratory(&t);
	strcpy(t.rows[0].id, "one");
	strcpy(t.rows[0].segment, segment);
	strcpy(t.rows[0].rules[0], rule);
	return t;
}

static const char two_rules[] = HTTP "(http.uri; content:\"/chat\"; sid:1;)\n" HTTP
				     "(http.request_body; content:\"secret\"; sid:2;)";

static void talk(struct bench *b, uint64_t n)
{
	tell(b, FIND_TX, DIR_C2S, FIELD_HTTP_URI, "/chat", n);
	tell(b, FIND_TX, DIR_C2S, FIELD_HTTP_REQUEST_BODY, "a secret", n + 1);
}

// The live set follows: nothing is counted for a rule without a purpose, nothing is asked for it, and all
// others go on.
static void test_follows(void)
{
	static const struct {
		const char *name, *segment, *rule;
		bool active;
	} rows[] = {
		{"the set", PURPOSE_ALL, "t", true},
		{"the rule", PURPOSE_ALL, "1:2", true},
		{"all", PURPOSE_ALL, "all", true},
		{"the default segment", "default", "t", true},
		{"another segment", "branch", "t", false},
		{"another set", PURPOSE_ALL, "u", false},
		{"another rule", PURPOSE_ALL, "1:1", false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bench *b = bench_new(two_rules);
		struct purpose_table t = one(rows[i].segment, rows[i].rule);
		uint64_t generation = b->judge.rules->generation;

		bench_purposes(b, NULL);
		CHECK(b->judge.rules->n_inactive == 1, "%s: without", rows[i].name);
		CHECK(!judge_wants(&b->judge).fields[FIELD_HTTP_REQUEST_BODY], "%s: unasked",
			rows[i].name);
		talk(b, 1);
		CHECK(numbers(b, 2).hits == 0 && numbers(b, 1).hits == 1, "%s: without",
			rows[i].name);
		bench_purposes(b, &t);
		CHECK(judge_wants(&b->judge).fields[FIELD_HTTP_REQUEST_BODY] == rows[i].active,
			"%s: asked for", rows[i].name);
		talk(b, 3);
		CHECK(numbers(b, 2).hits == rows[i].active, "%s: hits", rows[i].name);
		bench_purposes(b, NULL);
		talk(b, 5);
		CHECK(numbers(b, 2).hits == rows[i].active, "%s: retired", rows[i].name);
		CHECK(numbers(b, 1).hits == 3, "%s: the other rule", rows[i].name);
		CHECK(b->judge.rules->generation == generation, "%s: the same set", rows[i].name);
		bench_free(b);
	}
}

// A purpose of one segment says nothing of flows of another.
static void test_segment(void)
{
	struct bench *b = bench_new(two_rules);
	struct purpose_table t = one("default", "all");
	struct flow_note note = {.segment = 1};
	struct field_value value = {
		FIELD_HTTP_REQUEST_BODY, {(const uint8_t *)"a secret", 8, false}};
	struct find find = message(b, &value, 1);

	bench_purposes(b, &t);
	find.note = &note;
	judge_finds(&b->judge, &find, 1);
	CHECK(numbers(b, 2).hits == 0, "another segment's");
	note.segment = 0;
	judge_finds(&b->judge, &find, 1);
	CHECK(numbers(b, 2).hits == 1, "its own");
	bench_free(b);
}

// A table that another process wrote.
static void test_table(void)
{
	struct purpose_table good = one("default", "all"), t;

	CHECK(purpose_table_ok(&good), "good");
	t = good;
	t.n = PURPOSES_MAX + 1;
	CHECK(!purpose_table_ok(&t), "too many");
	t = good;
	memset(t.rows[0].id, 'a', sizeof(t.rows[0].id));
	CHECK(!purpose_table_ok(&t), "a name without its end");
	t = good;
	t.rows[0].n_rules = PURPOSE_LIST_MAX + 1;
	CHECK(!purpose_table_ok(&t), "too many rules");
	t = good;
	memset(t.rows[0].detectors[0], 'a', PURPOSE_NAME_LEN);
	CHECK(!purpose_table_ok(&t), "a detector without its end");
	t = good;
	t.rows[0].mode = 0;
	CHECK(!purpose_table_ok(&t), "no mode");
	t = good;
	strcpy(t.rows[0].segment, "A\n");
	CHECK(!purpose_table_ok(&t), "no name");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"content", test_content},
		{"follows", test_follows},
		{"segment", test_segment},
		{"table", test_table},
		CU_TEST_INFO_NULL,
	};
	return check_main("purpose_rules", tests);
}
