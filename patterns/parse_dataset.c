// dataset, datarep: is the buffer in a set of values? Adds it, takes it out.

#include "patterns/dataset.h"
#include "patterns/parser.h"
#include "patterns/rule_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct options {
	bool typed;
	uint8_t type;
	struct slice load, state, save; // p == NULL: not given
};

static void on_type(struct parser *p, struct slice s, struct options *out)
{
	static const char *const words[DATASET_TYPES] = {[DATASET_STRING] = "string",
		[DATASET_MD5] = "md5",
		[DATASET_SHA256] = "sha256",
		[DATASET_IPV4] = "ipv4",
		[DATASET_IP] = "ip"};

	for (unsigned i = 0; i < DATASET_TYPES; i++) {
		if (slice_is(s, words[i])) {
			out->type = (uint8_t)i;
			out->typed = true;
			return;
		}
	}
	parser_error(p, s.where, "type string, md5, sha256, ipv4 or ip is wanted");
}

static void on_file(struct parser *p, struct slice s, struct slice *out)
{
	if (s.len == 0 || s.len > 1024 || rule_file_name(s.p, s.len) != s.len)
		parser_error(p, s.where, "a file name is wanted: letters, digits and ./_-+@%%~");
	else if (out->p != NULL)
		parser_error(p, s.where, "a file is given twice");
	else
		*out = s;
}

static void on_load(struct parser *p, struct slice s, struct options *out)
{
	on_file(p, s, &out->load);
}

static void on_state(struct parser *p, struct slice s, struct options *out)
{
	on_file(p, s, &out->state);
}

static void on_save(struct parser *p, struct slice s, struct options *out)
{
	on_file(p, s, &out->save);
}

static void on_size(struct parser *p, struct slice s, struct options *out)
{
	uint64_t v;

	(void)out;
	if (parse_unsigned(p, s, true, UINT64_MAX, &v))
		parser_warning(p, s.where,
			"memcap and hashsize are ignored: a list has the room that it needs, what "
			"rules add a fixed one");
}

static void on_format(struct parser *p, struct slice s, struct options *out)
{
	(void)out;
	if (!slice_is(s, "csv"))
		parser_error(p, s.where,
			"format csv is wanted: alerts are not enriched, so that no other has a "
			"use");
}

static void on_enrichment(struct parser *p, struct slice s, struct options *out)
{
	(void)out;
	parser_error(p, s.where, "alerts are not enriched from lists: leave it out");
}

static void take_option(struct parser *p, struct slice s, struct options *out)
{
	static const struct {
		const char *word;
		void (*fn)(struct parser *p, struct slice s, struct options *out);
	} rows[] = {{"type", on_type}, {"load", on_load}, {"state", on_state}, {"save", on_save},
		{"memcap", on_size}, {"hashsize", on_size}, {"format", on_format},
		{"enrichment_key", on_enrichment}, {"value_key", on_enrichment},
		{"array_key", on_enrichment}};
	struct slice value;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (parser_keyed(s, rows[i].word, &value)) {
			rows[i].fn(p, value, out);
			return;
		}
	}
	if (slice_is(s, "remove_key"))
		on_enrichment(p, s, out);
	else
		parser_error(p, s.where,
			"type, load, state, save, memcap, hashsize or format is wanted");
}

static void take_options(
	struct parser *p, const struct parts *parts, unsigned from, struct options *out)
{
	for (unsigned i = from; i < parts->n && !p->failed; i++)
		take_option(p, parts->part[i], out);
	if (out->state.p != NULL && (out->load.p != NULL || out->save.p != NULL))
		parser_error(p, out->state.where, "state is load and save in one: not beside them");
	if (p->failed)
		return;
	struct slice written = out->state.p != NULL ? out->state : out->save;
	if (written.p != NULL)
		parser_warning(p, written.where,
			"nothing is saved: values that come from the wire are never written%s",
			out->state.p != NULL ? "; what is in the file is loaded" : "");
	if (out->load.p == NULL)
		out->load = out->state;
}

static int read_file(struct parser *p, const char *path, struct rule_text *out)
{
	const struct rule_files *files = p->list->files;

	return files != NULL ? files->read(files->ctx, path, out) : rule_file_read(path, out);
}

// may_miss: the file of a set that would have been saved there.
static void load_values(struct parser *p, struct dataset *set, struct slice name, bool may_miss)
{
	struct rule_text text = {0};
	char path[RULE_PATH_MAX];

	if (!rule_file_path(p->file, name.p, name.len, path)) {
		parser_error(p, name.where, "the file's path is too long");
		return;
	}
	set->file = arena_text(p->arena, path, strlen(path));
	if (set->file == NULL) {
		p->no_memory = true;
		return;
	}
	int err = read_file(p, path, &text);
	if (err == -ENOENT && may_miss)
		return;
	if (err < 0) {
		parser_error(p, name.where, "%.300s: %s", path,
			err == -EINVAL ? "not a regular file" : strerror(-err));
		return;
	}
	dataset_file_parse(p, set, text.p, text.len);
	free(text.owned);
}

static struct dataset *find(const struct rule_list *list, const char *name, uint64_t id)
{
	for (uint32_t i = 0; i < list->n_datasets; i++) {
		struct dataset *set = list->datasets[i];
		if (set->id == id && strcmp(set->name, name) == 0)
			return set;
	}
	return NULL;
}

static struct dataset *add(struct parser *p, const struct dataset *made, struct rule_where where)
{
	struct rule_list *list = p->list;

	if (list->n_datasets == DATASETS_MAX) {
		parser_error(p, where, "more than %d sets of values", DATASETS_MAX);
		return NULL;
	}
	if (list->datasets == NULL)
		list->datasets = arena_take(p->arena, DATASETS_MAX * sizeof(*list->datasets));
	struct dataset *set = arena_copy(p->arena, made, sizeof(*made));
	if (list->datasets == NULL || set == NULL) {
		p->no_memory = p->failed = true;
		return NULL;
	}
	list->datasets[list->n_datasets++] = set;
	return set;
}

static void warn_of_kind(struct parser *p, const struct dataset *set, struct rule_where where)
{
	if (set->file == NULL)
		return;
	if (set->type == DATASET_MD5 || set->type == DATASET_SHA256)
		parser_warning(p, where,
			"nobody can see whether hashed values are persons' identifiers: such a "
			"list "
			"must not be one");
	else if (set->type == DATASET_IPV4 || set->type == DATASET_IP)
		parser_warning(p, where, "the rule names single hosts");
}

// The same file again is fine; another is not.
static bool same_file(struct parser *p, const struct dataset *set, struct slice name)
{
	char path[RULE_PATH_MAX];

	return rule_file_path(p->file, name.p, name.len, path) && set->file != NULL &&
		strcmp(set->file, path) == 0;
}

// The set of that name: known already, or made. NULL after an error.
static struct dataset *set_of(struct parser *p, struct slice name, const struct options *o)
{
	char text[DATASET_NAME_MAX + 1];

	if (name.len == 0 || name.len > DATASET_NAME_MAX) {
		parser_error(p, name.where, "a set has a name of 1 to %d bytes", DATASET_NAME_MAX);
		return NULL;
	}
	memcpy(text, name.p, name.len);
	text[name.len] = '\0';
	struct dataset made = {.type = o->type, .where = name.where};
	made.id = rule_name_hash(text, name.len);
	struct dataset *set = find(p->list, text, made.id);
	if (set == NULL && !o->typed) {
		parser_error(p, name.where, "a type is wanted where a set is first named");
		return NULL;
	}
	if (set == NULL) {
		made.name = arena_text(p->arena, text, name.len);
		p->no_memory |= made.name == NULL;
		set = made.name != NULL ? add(p, &made, name.where) : NULL;
	} else if (o->typed && o->type != set->type) {
		parser_error(p, name.where, "the set has another type at %.300s:%u",
			set->where.file, set->where.line);
		return NULL;
	}
	if (set == NULL || o->load.p == NULL)
		return set;
	if (set->file == NULL) {
		load_values(p, set, o->load, o->state.p != NULL);
		warn_of_kind(p, set, name.where);
	} else if (!same_file(p, set, o->load)) {
		parser_error(
			p, o->load.where, "the set's values come from %.300s already", set->file);
	}
	return set;
}

static bool buffer_allows(struct parser *p, struct slice name)
{
	p->unused_buffer = (struct slice){0};
	if (p->field == FIELD_PAYLOAD)
		parser_error(
			p, name.where, "%.*s stands behind a sticky buffer", (int)name.len, name.p);
	else if (p->nesting >= 0)
		parser_error(p, name.where, "behind base64_data no set can be asked");
	return p->field != FIELD_PAYLOAD && p->nesting < 0;
}

// A digest is looked for among digests: the buffer's, where it is not one already.
static bool digest_view(struct parser *p, const struct dataset *set, struct slice name)
{
	static const struct {
		const char *word;
		enum transform_kind kind;
	} digests[DATASET_TYPES] = {[DATASET_MD5] = {"to_md5", TRANSFORM_TO_MD5},
		[DATASET_SHA256] = {"to_sha256", TRANSFORM_TO_SHA256}};
	const char *word = digests[set->type].word;

	if (word == NULL ||
		(p->n_transforms > 0 &&
			p->transforms[p->n_transforms - 1].kind == digests[set->type].kind))
		return true;
	parser_warning(
		p, name.where, "without a %s before it: it is taken as if there was one", word);
	struct slice transform = {.p = word, .len = strlen(word), .where = name.where};
	return parse_transform(p, transform, (struct slice){0}) && !p->failed;
}

static bool addresses_fit(struct parser *p, const struct dataset *set, struct slice name)
{
	bool addresses = set->type == DATASET_IPV4 || set->type == DATASET_IP;
	bool buffer = p->field == FIELD_IP_SRC || p->field == FIELD_IP_DST;

	if (addresses && (!buffer || p->n_transforms > 0 || p->dotprefix)) {
		parser_error(p, name.where, "a set of addresses is asked behind ip.src or ip.dst");
		return false;
	}
	return true;
}

static void add_condition(struct parser *p, struct dataset *set, struct slice name,
	const struct condition_number *number)
{
	uint32_t index = 0;

	if (!addresses_fit(p, set, name) || !digest_view(p, set, name))
		return;
	while (p->list->datasets[index] != set)
		index++;
	struct condition *c = parser_add(p, COND_DATASET, name.where);
	if (c == NULL)
		return;
	p->last_content = -1;
	c->offset = (int32_t)index;
	c->number = *number;
	c->bytes = (const uint8_t *)set->name; // for those who compare rules
	c->len = (uint32_t)strlen(set->name);
	if (number->op == DATASET_ISNOTSET)
		c->flags |= CONTENT_NEGATED;
}

void parse_dataset(struct parser *p, struct slice name, struct slice value)
{
	static const struct {
		const char *word;
		uint8_t op;
	} words[] = {{"isset", DATASET_ISSET}, {"isnotset", DATASET_ISNOTSET}, {"set", DATASET_SET},
		{"unset", DATASET_UNSET}};
	struct condition_number number = {0};
	struct options options = {0};
	struct parts parts;
	size_t i = 0;

	if (!buffer_allows(p, name) || !parser_split(p, value, ',', &parts))
		return;
	while (parts.n > 1 && i < sizeof(words) / sizeof(words[0]) &&
		!slice_is(parts.part[0], words[i].word))
		i++;
	if (parts.n < 2 || i == sizeof(words) / sizeof(words[0])) {
		parser_error(
			p, value.where, "dataset wants isset, isnotset, set or unset, and a name");
		return;
	}
	number.op = words[i].op;
	take_options(p, &parts, 2, &options);
	struct dataset *set = p->failed ? NULL : set_of(p, parts.part[1], &options);
	if (set == NULL)
		return;
	set->changes |= number.op == DATASET_SET || number.op == DATASET_UNSET;
	add_condition(p, set, name, &number);
}

// datarep:name,>,200[,load FILE,type TYPE]
void parse_datarep(struct parser *p, struct slice name, struct slice value)
{
	static const struct {
		const char *word;
		uint8_t op;
	} words[] = {{">", CMP_GT}, {"<", CMP_LT}, {"==", CMP_EQ}, {"=", CMP_EQ}, {"!=", CMP_NE},
		{">=", CMP_GE}, {"<=", CMP_LE}};
	struct condition_number number = {.op = DATASET_REPUTATION};
	struct options options = {0};
	struct parts parts;
	size_t i = 0;

	if (!buffer_allows(p, name) || !parser_split(p, value, ',', &parts))
		return;
	while (parts.n > 2 && i < sizeof(words) / sizeof(words[0]) &&
		!slice_is(parts.part[1], words[i].word))
		i++;
	if (parts.n < 3 || i == sizeof(words) / sizeof(words[0])) {
		parser_error(
			p, value.where, "datarep wants a name, one of < <= == != >= >, a number");
		return;
	}
	number.value2 = words[i].op;
	if (!parse_number(p, parts.part[2], 0, UINT16_MAX, &number.value))
		return;
	take_options(p, &parts, 3, &options);
	struct dataset *set = p->failed ? NULL : set_of(p, parts.part[0], &options);
	if (set == NULL)
		return;
	if (set->bare_line > 0)
		parser_error(p, (struct rule_where){set->file, set->bare_line, 1},
			"a reputation is missing: a value, a comma, a number");
	else
		add_condition(p, set, name, &number);
}
