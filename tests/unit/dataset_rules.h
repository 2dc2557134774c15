// Rules with one list of values, from their text on.

#pragma once

#include "patterns/parse.h"
#include "patterns/rule_files.h"
#include "tests/unit/pattern_rules.h"

#include <errno.h>

// The only file there is: "lists/a" beside the rules.
struct list {
	const char *text;
	size_t len;
	unsigned asked;
};

static inline int read_list(void *ctx, const char *path, struct rule_text *out)
{
	struct list *list = ctx;

	list->asked++;
	if (strcmp(path, "rules/lists/a") != 0 || list->text == NULL)
		return -ENOENT;
	*out = (struct rule_text){.p = list->text, .len = list->len};
	return 0;
}

struct set {
	struct list list;
	struct rule_files files;
	struct rule_list rules;
	struct diags diags;
	int err;
};

static inline void parse(struct set *s, const char *rules, const char *text, size_t len, bool lab)
{
	*s = (struct set){.list = {text, len, 0}, .files = {&s->list, read_list}};
	s->rules.files = &s->files;
	s->err =
		rules_parse("rules/t.rules", rules, strlen(rules), NULL, lab, &s->rules, &s->diags);
}

static inline void done(struct set *s)
{
	rule_list_free(&s->rules);
	diags_free(&s->diags);
}

static inline struct pattern_db *load(struct set *s)
{
	struct pattern_db *db = NULL;
	struct swdb swdb = {0};
	char error[256] = "";

	if (s->err < 0 || swdb_compile(&s->rules, &swdb, &s->diags) < 0)
		return NULL;
	int err = pattern_db_load(swdb.data, swdb.len, 1, &db, error);
	CHECK(err == 0, "load: %s", error);
	swdb_free(&swdb);
	return db;
}

#define V(field, s)                                                                                \
	{                                                                                          \
		field,                                                                             \
		{                                                                                  \
			(const uint8_t *)(s), sizeof(s) - 1, false                                 \
		}                                                                                  \
	}
#define HOST(s) V(FIELD_HTTP_HOST, s)
#define LOAD(type) ",type " type ",load lists/a;"
