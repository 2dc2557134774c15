// Rules by hand, without the parser: designated initialisers over a few macros.

#pragma once

#include "patterns/compile.h"
#include "patterns/db.h"
#include "tests/unit/check.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define CONTENT(f, s, ...)                                                                         \
	{                                                                                          \
		.kind = COND_CONTENT, .field = (f), .bytes = (const uint8_t *)(s),                 \
		.len = sizeof(s) - 1, __VA_ARGS__                                                  \
	}
#define PCRE(f, s, ...)                                                                            \
	{                                                                                          \
		.kind = COND_PCRE, .field = (f), .bytes = (const uint8_t *)(s),                    \
		.len = sizeof(s) - 1, __VA_ARGS__                                                  \
	}
#define ANY .src.any = true, .dst.any = true, .sport.any = true, .dport.any = true

enum { TEST_CONDITIONS = 6 };

struct test_rule {
	struct rule rule;
	struct condition conditions[TEST_CONDITIONS];
};

static inline uint32_t count_conditions(const struct condition *c)
{
	uint32_t n = 0;

	while (n < TEST_CONDITIONS && c[n].bytes != NULL)
		n++;
	return n;
}

// A sid that is 0 becomes the index + 1. Diags may be NULL: then there must be none.
static inline int compile_rules(
	struct test_rule *rules, uint32_t n, struct swdb *out, struct diags *diags)
{
	struct rule **list = calloc(n + 1, sizeof(*list));
	struct diags own = {0};
	struct diags *d = diags != NULL ? diags : &own;

	for (uint32_t i = 0; i < n; i++) {
		struct rule *r = &rules[i].rule;
		r->conditions = rules[i].conditions;
		r->n_conditions = count_conditions(rules[i].conditions);
		r->sid = r->sid != 0 ? r->sid : i + 1;
		r->where.file = "test";
		list[i] = r;
	}
	int err = swdb_compile(&(struct rule_list){.n = n, .rules = list}, out, d);
	if (diags == NULL) {
		CHECK(err == 0, "compile: %s", own.n > 0 ? own.items[0].text : "?");
		diags_free(&own);
	}
	free(list);
	return err;
}

static inline struct pattern_db *load_rules(struct test_rule *rules, uint32_t n)
{
	struct pattern_db *db = NULL;
	struct swdb swdb = {0};
	char error[256] = "";

	if (compile_rules(rules, n, &swdb, NULL) < 0)
		return NULL;
	int err = pattern_db_load(swdb.data, swdb.len, 1, &db, error);
	CHECK(err == 0, "load: %s", error);
	swdb_free(&swdb);
	return db;
}

static const uint8_t test_src[16] = {10, 0, 0, 1};
static const uint8_t test_dst[16] = {192, 0, 2, 1};

static inline struct match_env test_env(uint8_t l4)
{
	return (struct match_env){
		.src = test_src,
		.dst = test_dst,
		.sport = 40000,
		.dport = 443,
		.ip_version = 4,
		.l4 = l4,
		.established = true,
		.first = true,
	};
}

static inline struct bytes text_bytes(const char *s)
{
	return (struct bytes){.p = (const uint8_t *)s, .len = strlen(s)};
}

static inline bool hit(const struct match_hits *hits, uint32_t rule)
{
	for (uint32_t i = 0; i < hits->n; i++) {
		if (hits->hits[i].rule == rule)
			return true;
	}
	return false;
}
