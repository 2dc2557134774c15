#include "control/rule_yaml_text.h"

#include <yaml.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// libyaml takes a time that grows with the square of the depth: minutes for 200 KB of '['.
enum { NESTING_MAX = 64 };

enum key { KEY_OTHER, KEY_RULE_PATH, KEY_RULE_FILES, KEY_INCLUDE };

static const struct {
	const char *word;
	enum key key;
} keys[] = {
	{"default-rule-path", KEY_RULE_PATH},
	{"rule-files", KEY_RULE_FILES},
	{"include", KEY_INCLUDE},
};

// Events come one by one: no tree is built, so that nothing can be made to grow.
struct reader {
	struct rule_yaml_text *out;
	struct rule_yaml_mistake *mistake;
	unsigned depth; // mappings and sequences that are open
	bool value; // at depth 1: the next one is a value, of
	enum key key;
	bool ended; // the first document is over
};

static int wrong(struct reader *r, yaml_mark_t at, const char *what)
{
	r->mistake->line = (uint32_t)at.line + 1;
	r->mistake->column = (uint32_t)at.column + 1;
	snprintf(r->mistake->what, sizeof(r->mistake->what), "%s", what);
	return -EINVAL;
}

static int take_name(struct reader *r, const yaml_event_t *e)
{
	struct rule_yaml_text *out = r->out;
	const char *text = (const char *)e->data.scalar.value;
	const size_t len = e->data.scalar.length;

	if (len == 0 || len >= PATH_MAX || strlen(text) != len)
		return wrong(r, e->start_mark, "the name of a file is wanted");
	if (r->key == KEY_RULE_PATH) {
		free(out->rule_path);
		out->rule_path = strdup(text);
		return out->rule_path != NULL ? 0 : -ENOMEM;
	}
	if ((out->n & (out->n - 1)) == 0) {
		size_t room = out->n == 0 ? 1 : (size_t)out->n * 2;
		struct rule_yaml_name *names = realloc(out->names, room * sizeof(*names));
		if (names == NULL)
			return -ENOMEM;
		out->names = names;
	}
	struct rule_yaml_name *name = &out->names[out->n];
	*name = (struct rule_yaml_name){.include = r->key == KEY_INCLUDE,
		.text = strdup(text),
		.line = (uint32_t)e->start_mark.line + 1,
		.column = (uint32_t)e->start_mark.column + 1};
	out->n += name->text != NULL;
	return name->text != NULL ? 0 : -ENOMEM;
}

static enum key key_of(const yaml_event_t *e)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp((const char *)e->data.scalar.value, keys[i].word) == 0)
			return keys[i].key;
	}
	return KEY_OTHER;
}

// "rule-files:" with nothing behind it, as suricata.yaml has it where all are commented out.
static bool is_nothing(const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;

	return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		(text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static int on_scalar(struct reader *r, const yaml_event_t *e)
{
	bool single = r->depth == 1;

	if (r->depth == 0)
		return wrong(r, e->start_mark, "a mapping is wanted: \"rule-files: [...]\"");
	if (single && !r->value) {
		r->key = key_of(e);
		r->value = true;
		return 0;
	}
	if (single)
		r->value = false;
	if (r->key == KEY_OTHER || (single && is_nothing(e)))
		return 0;
	if (single && r->key == KEY_RULE_FILES)
		return wrong(r, e->start_mark, "rule-files takes a list");
	return take_name(r, e);
}

static int on_start(struct reader *r, const yaml_event_t *e)
{
	bool list = e->type == YAML_SEQUENCE_START_EVENT;

	if (r->depth == 0 && list)
		return wrong(r, e->start_mark, "a mapping is wanted: \"rule-files: [...]\"");
	if (r->depth == 1 && !r->value)
		r->key = KEY_OTHER; // a key that is no word
	if (r->depth >= 1 && r->key != KEY_OTHER &&
		(r->depth > 1 || !list || r->key == KEY_RULE_PATH))
		return wrong(r, e->start_mark,
			r->key == KEY_RULE_PATH ? "default-rule-path takes one folder"
						: "the name of a file is wanted");
	if (r->depth == NESTING_MAX)
		return wrong(r, e->start_mark, "nested too deep");
	r->depth++;
	return 0;
}

static void on_end(struct reader *r)
{
	if (--r->depth != 1)
		return;
	r->value = !r->value; // a list or mapping was the value, or, strangely, the key
}

static int on_event(struct reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(r, e);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return on_start(r, e);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		on_end(r);
		return 0;
	case YAML_ALIAS_EVENT:
		if (r->depth >= 1 && r->key != KEY_OTHER && (r->depth > 1 || r->value))
			return wrong(r, e->start_mark, "an alias is not followed here");
		if (r->depth == 1)
			r->value = !r->value;
		return 0;
	case YAML_DOCUMENT_END_EVENT:
	case YAML_STREAM_END_EVENT:
		r->ended = true;
		return 0;
	default:
		return 0;
	}
}

int rule_yaml_parse(
	const char *text, size_t len, struct rule_yaml_text *out, struct rule_yaml_mistake *mistake)
{
	struct reader r = {.out = out, .mistake = mistake};
	yaml_parser_t parser;
	yaml_event_t event;
	int err = 0;

	*out = (struct rule_yaml_text){0};
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (err == 0 && !r.ended) {
		if (!yaml_parser_parse(&parser, &event)) {
			err = parser.error == YAML_MEMORY_ERROR
				? -ENOMEM
				: wrong(&r, parser.problem_mark,
					  parser.problem != NULL ? parser.problem : "no YAML");
			break;
		}
		err = on_event(&r, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return err;
}

void rule_yaml_text_free(struct rule_yaml_text *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		free(t->names[i].text);
	free(t->names);
	free(t->rule_path);
	*t = (struct rule_yaml_text){0};
}
