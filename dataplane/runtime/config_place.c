#include "dataplane/runtime/config_place.h"

#include <yaml.h>

#include <string.h>

static bool open_document(const char *text, size_t len, yaml_document_t *document)
{
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		return false;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	bool ok = yaml_parser_load(&parser, document) == 1;
	yaml_parser_delete(&parser);
	return ok;
}

static yaml_node_t *value_of(yaml_document_t *d, const yaml_node_t *node, const char *key)
{
	if (node == NULL || node->type != YAML_MAPPING_NODE || key == NULL)
		return NULL;
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
		p++) {
		const yaml_node_t *k = yaml_document_get_node(d, p->key);
		if (k != NULL && k->type == YAML_SCALAR_NODE &&
			k->data.scalar.length == strlen(key) &&
			memcmp(k->data.scalar.value, key, k->data.scalar.length) == 0)
			return yaml_document_get_node(d, p->value);
	}
	return NULL;
}

static yaml_node_t *element_of(yaml_document_t *d, const yaml_node_t *node, unsigned i)
{
	if (node == NULL || node->type != YAML_SEQUENCE_NODE)
		return NULL;
	yaml_node_item_t *item = node->data.sequence.items.start;
	return i < (size_t)(node->data.sequence.items.top - item)
		? yaml_document_get_node(d, item[i])
		: NULL;
}

struct config_place config_place(const char *text, size_t len, const char *list, unsigned index,
	const char *key, unsigned item)
{
	struct config_place place = {1, 1};
	yaml_document_t d;

	if (!open_document(text, len, &d))
		return place;
	const yaml_node_t *way[4];
	way[0] = value_of(&d, yaml_document_get_root_node(&d), list);
	way[1] = element_of(&d, way[0], index);
	way[2] = value_of(&d, way[1], key);
	way[3] = element_of(&d, way[2], item);
	for (unsigned i = 0; i < 4 && way[i] != NULL; i++)
		place = (struct config_place){(unsigned)way[i]->start_mark.line + 1,
			(unsigned)way[i]->start_mark.column + 1};
	yaml_document_delete(&d);
	return place;
}

bool config_has(const char *text, size_t len, const char *key)
{
	yaml_document_t d;

	if (!open_document(text, len, &d))
		return false;
	bool has = value_of(&d, yaml_document_get_root_node(&d), key) != NULL;
	yaml_document_delete(&d);
	return has;
}
