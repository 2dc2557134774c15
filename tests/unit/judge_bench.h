// A worker's judge over a set, without anything around it: finds go in, counts come out.

#pragma once

#include "dataplane/runtime/judge.h"
#include "dataplane/runtime/shared.h"
#include "patterns/compile.h"
#include "patterns/parse.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#define TLS "alert tls any any -> any any "
#define HTTP "alert http any any -> any any "

struct bench {
	struct shared shared;
	struct rulesets *sets;
	struct rule_shares *shares;
	struct judge judge;
	uint64_t counters[CTR_COUNT];
	struct flow flow;
	struct session *session;
};

static inline struct pattern_db *load_text(const char *rules)
{
	struct rule_list list = {0};
	struct diags diags = {0};
	struct swdb swdb = {0};
	struct pattern_db *db = NULL;
	char error[256] = "";

	int err = rules_parse("t.rules", rules, strlen(rules), NULL, false, &list, &diags);
	if (err == 0)
		err = swdb_compile(&list, &swdb, &diags);
	if (err == 0)
		err = pattern_db_load(swdb.data, swdb.len, 1, &db, error);
	CHECK(err == 0, "%s%s", diags.n > 0 ? diags.items[0].text : "", error);
	swdb_free(&swdb);
	rule_list_free(&list);
	diags_free(&diags);
	return db;
}

static inline void swap(struct bench *b, const char *rules)
{
	struct ruleset *next = NULL;

	CHECK(ruleset_prepare(b->sets, load_text(rules), &next) == 0, "prepare");
	CHECK(ruleset_publish(b->sets, next) > 0, "publish");
	b->judge.rules = ruleset_live(b->sets);
}

// Rules about content are active, or not.
static inline void bench_purposes(struct bench *b, const struct purpose_table *purposes)
{
	CHECK(rulesets_purposes(b->sets, purposes) == 0, "purposes");
	b->judge.rules = ruleset_live(b->sets);
}

static inline struct bench *bench_new(const char *rules)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct rule_state_options state = rule_state_defaults();
	struct judge *j = &b->judge;

	if (shared_open(&b->shared, NULL, 1, 1 << 16) < 0)
		abort();
	b->sets = rulesets_new(1, shared_directory(&b->shared));
	static struct purpose_table laboratory;
	purpose_table_laboratory(&laboratory);
	bench_purposes(b, &laboratory);
	j->page = shared_page(&b->shared, 0);
	j->counters = b->counters;
	j->clock = stage_clock_none();
	b->shares = rule_shares_new(&state);
	j->state = rule_state_new(&state, b->shares, 16, b->counters);
	j->emitter = emitter_new(
		&(struct emit_options){0}, NULL, 0, rulesets_directory(b->sets), 0, b->counters);
	match_counts_init(&j->counts, &j->page->rules);
	b->session = calloc(1, sizeof(*b->session));
	b->flow = (struct flow){.flags = FLOW_A_IS_CLIENT, .state = FLOW_STATE_NEW + 1};
	b->flow.key = (struct flow_key){.a = {10, 0, 0, 1},
		.b = {192, 0, 2, 1},
		.aport = 4000,
		.bport = 443,
		.l4 = 6,
		.ip_version = 4};
	swap(b, rules);
	return b;
}

static inline void bench_free(struct bench *b)
{
	judge_close_streams(b->session);
	free(b->session);
	emitter_free(b->judge.emitter);
	rule_state_free(b->judge.state);
	rule_shares_free(b->shares);
	rulesets_free(b->sets);
	shared_close(&b->shared);
	free(b);
}

// The numbers of a rule in a table, found as control finds them.
static inline struct rule_numbers numbers_in(
	const struct bench *b, const struct rule_counts *table, uint32_t sid)
{
	const struct directory_page *d = shared_directory(&b->shared);

	for (uint32_t i = 1; i < atomic_load(&d->n_rules); i++) {
		if (d->rules[i].sid == sid)
			return rule_counts_read(table, i);
	}
	CHECK(false, "no slot for %u", sid);
	return (struct rule_numbers){0};
}

static inline struct rule_numbers numbers(const struct bench *b, uint32_t sid)
{
	return numbers_in(b, &b->judge.page->rules, sid);
}

static inline struct find message(struct bench *b, struct field_value *value, uint64_t n)
{
	enum app_proto app = value->field == FIELD_TLS_SNI ? APP_TLS : APP_HTTP;

	b->flow.app_proto = (uint8_t)app;
	return (struct find){.kind = FIND_TX,
		.app_proto = (uint8_t)app,
		.quiet = 1,
		.flow = &b->flow,
		.fields = value,
		.n_fields = 1,
		.ts_ns = 1000 * n,
		.pcap_cnt = n};
}

static inline void tell(struct bench *b, enum find_kind kind, enum dir dir, enum field field,
	const char *text, uint64_t n)
{
	struct field_value value = {
		(uint16_t)field, {.p = (const uint8_t *)text, .len = strlen(text)}};
	struct find find = message(b, &value, n);

	find.kind = (uint8_t)kind;
	find.dir = (uint8_t)dir;
	find.first = 1;
	judge_finds(&b->judge, &find, 1);
}
