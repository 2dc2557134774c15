// Read with libyaml itself: libcyaml does not pass on where a value stands.

#include "control/purpose.h"
#include "control/text_file.h"

#include <yaml.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, VALUES_MAX = 32 };

struct reading {
	const char *name;
	yaml_document_t doc;
	struct purpose_table *out;
	char *error;
};

__attribute__((format(printf, 3, 4))) static int refuse(
	struct reading *r, yaml_mark_t mark, const char *fmt, ...)
{
	va_list ap;

	int n = snprintf(r->error, 512, "%.200s:%u:%u: ", r->name, (unsigned)mark.line + 1,
		(unsigned)mark.column + 1);
	va_start(ap, fmt);
	vsnprintf(r->error + n, 512 - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

// NULL: it is no text, or has a NUL inside.
static const char *text_of(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	if (node->type != YAML_SCALAR_NODE || strlen(text) != node->data.scalar.length)
		return NULL;
	return text;
}

static int take_value(struct reading *r, struct purpose *p, const char *key,
	const yaml_node_t *key_node, int index)
{
	yaml_node_t *node = yaml_document_get_node(&r->doc, index);
	const char *values[VALUES_MAX];
	char error[PURPOSE_ERROR_LEN];
	unsigned n = 0;

	if (node->type == YAML_SEQUENCE_NODE) {
		for (yaml_node_item_t *i = node->data.sequence.items.start;
			i < node->data.sequence.items.top; i++) {
			yaml_node_t *item = yaml_document_get_node(&r->doc, *i);
			if (n == VALUES_MAX || text_of(item) == NULL)
				return refuse(r, item->start_mark, "%.64s: takes at most %d texts",
					key, PURPOSE_LIST_MAX);
			values[n++] = text_of(item);
		}
	} else {
		values[n++] = text_of(node);
		if (values[0] == NULL)
			return refuse(
				r, node->start_mark, "%.64s: takes a text, or a list of them", key);
	}
	int err = purpose_set(p, key, values, n, node->type == YAML_SEQUENCE_NODE, error);
	if (err == -ENOENT)
		return refuse(r, key_node->start_mark, "%s", error);
	return err < 0 ? refuse(r, node->start_mark, "%s", error) : 0;
}

static bool seen_before(const yaml_document_t *doc, const yaml_node_t *map,
	const yaml_node_pair_t *pair, const char *key)
{
	for (yaml_node_pair_t *q = map->data.mapping.pairs.start; q < pair; q++) {
		const char *k =
			text_of(yaml_document_get_node((yaml_document_t *)(uintptr_t)doc, q->key));
		if (k != NULL && strcmp(k, key) == 0)
			return true;
	}
	return false;
}

static bool is_taken(const struct purpose_table *t, const char *id)
{
	for (uint32_t i = 0; i < t->n; i++) {
		if (strcmp(t->rows[i].id, id) == 0)
			return true;
	}
	return false;
}

static int take_entry(struct reading *r, int index)
{
	yaml_node_t *map = yaml_document_get_node(&r->doc, index);
	struct purpose p = purpose_defaults;
	char error[PURPOSE_ERROR_LEN];

	if (map->type != YAML_MAPPING_NODE)
		return refuse(r, map->start_mark, "a purpose is a mapping: id, purpose, ...");
	for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
		pair < map->data.mapping.pairs.top; pair++) {
		yaml_node_t *key = yaml_document_get_node(&r->doc, pair->key);
		const char *name = text_of(key);
		if (name == NULL)
			return refuse(r, key->start_mark, "a key is a text");
		if (seen_before(&r->doc, map, pair, name))
			return refuse(r, key->start_mark, "%.64s: stands here twice", name);
		int err = take_value(r, &p, name, key, pair->value);
		if (err < 0)
			return err;
	}
	if (purpose_check(&p, error) < 0)
		return refuse(r, map->start_mark, "%s", error);
	if (is_taken(r->out, p.row.id))
		return refuse(r, map->start_mark, "id: \"%s\" is another one's", p.row.id);
	if (r->out->n == PURPOSES_MAX)
		return refuse(r, map->start_mark, "at most %d purposes", PURPOSES_MAX);
	r->out->rows[r->out->n++] = p.row;
	return 0;
}

static int take_document(struct reading *r)
{
	yaml_node_t *root = yaml_document_get_root_node(&r->doc);

	if (root == NULL)
		return refuse(r, (yaml_mark_t){0}, "is empty: purposes: and a list are wanted");
	if (root->type != YAML_MAPPING_NODE)
		return refuse(r, root->start_mark, "purposes: and a list are wanted");
	for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
		pair < root->data.mapping.pairs.top; pair++) {
		yaml_node_t *key = yaml_document_get_node(&r->doc, pair->key);
		yaml_node_t *list = yaml_document_get_node(&r->doc, pair->value);
		const char *name = text_of(key);
		if (name == NULL || strcmp(name, "purposes") != 0)
			return refuse(r, key->start_mark, "there is no key \"%.64s\"; purposes: is",
				name != NULL ? name : "");
		if (list->type != YAML_SEQUENCE_NODE)
			return refuse(r, list->start_mark, "purposes: takes a list");
		for (yaml_node_item_t *i = list->data.sequence.items.start;
			i < list->data.sequence.items.top; i++) {
			int err = take_entry(r, *i);
			if (err < 0)
				return err;
		}
	}
	return 0;
}

int purpose_file_parse(
	const char *name, const char *text, size_t len, struct purpose_table *out, char error[512])
{
	struct reading r = {.name = name, .error = error};
	yaml_parser_t parser;

	r.out = calloc(1, sizeof(*r.out));
	if (r.out == NULL || !yaml_parser_initialize(&parser)) {
		free(r.out);
		snprintf(error, 512, "%.200s: short of memory", name);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	int err;
	if (!yaml_parser_load(&parser, &r.doc)) {
		err = refuse(&r, parser.problem_mark, "%s",
			parser.problem != NULL ? parser.problem : "is no YAML");
	} else {
		err = take_document(&r);
		yaml_document_delete(&r.doc);
	}
	yaml_parser_delete(&parser);
	if (err == 0)
		*out = *r.out;
	free(r.out);
	return err;
}

int purpose_file_load(const char *path, struct purpose_table *out, char error[512])
{
	char *text = NULL;
	size_t len = 0;

	int fd = text_file_open(path);
	int err = fd < 0 ? fd : text_file_read(fd, FILE_MAX, &text, &len);
	if (fd >= 0)
		close(fd);
	if (err < 0)
		snprintf(error, 512, "%.300s: %s", path, strerror(-err));
	else
		err = purpose_file_parse(path, text, len, out, error);
	free(text);
	return err;
}
