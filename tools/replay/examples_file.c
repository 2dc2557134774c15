#include "tools/replay/examples_file.h"

#include <arpa/inet.h>
#include <yaml.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// libyaml takes a time that grows with the square of the depth; ours is four.
enum { CAPTURE_MAX = 64 << 20, NESTING_MAX = 16 };

struct reader {
	const char *path;
	struct examples *all;
	struct diags *diags;
	yaml_document_t *doc;
	size_t left; // pairs, items and bytes of texts that may be taken yet
	bool wrong; // with the example at hand
	bool expected; // it says what is expected
};

static struct rule_where where_of(const struct reader *r, const yaml_node_t *node)
{
	return (struct rule_where){.file = r->path,
		.line = (uint32_t)node->start_mark.line + 1,
		.column = (uint32_t)node->start_mark.column + 1};
}

// Values are nobody's business: they are not repeated.
static void complain(struct reader *r, const yaml_node_t *node, const char *what)
{
	const struct diag like = {
		.level = DIAG_ERROR, .where = where_of(r, node), .kind = "example"};

	diag_add_like(r->diags, &like, "%s", what);
	r->wrong = true;
}

// What an alias repeats counts each time. Without any, a file has fewer pairs and items than bytes, and
// its texts become half as long again at most.
static bool spend(struct reader *r, const yaml_node_t *node, size_t n)
{
	if (n < r->left) {
		r->left -= n;
		return true;
	}
	if (r->left > 0)
		complain(r, node, "aliases (*) repeat too much of this file");
	r->left = 0;
	r->wrong = true;
	return false;
}

// NULL: it is no text, and that was said.
static const char *text_of(struct reader *r, const yaml_node_t *node, size_t *len)
{
	if (node->type != YAML_SCALAR_NODE) {
		complain(r, node, "a text or a number is wanted");
		return NULL;
	}
	*len = node->data.scalar.length;
	return (const char *)node->data.scalar.value;
}

static uint32_t take_number(struct reader *r, const yaml_node_t *node)
{
	size_t len = 0;
	const char *text = text_of(r, node, &len);
	uint64_t n = 0;

	if (text == NULL)
		return 0;
	bool digits = len > 0 && len <= 10 && strspn(text, "0123456789") == len;
	for (size_t i = 0; digits && i < len; i++)
		n = n * 10 + (uint64_t)(text[i] - '0');
	if (digits && n > 0 && n <= UINT32_MAX)
		return (uint32_t)n;
	complain(r, node, "a whole number, 1 to 4294967295, is wanted");
	return 0;
}

// Which of `words` it is, ended by NULL; 0 after a complaint.
static unsigned take_word(
	struct reader *r, const yaml_node_t *node, const char *const *words, const char *what)
{
	size_t len = 0;
	const char *text = text_of(r, node, &len);

	for (unsigned i = 0; text != NULL && words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0)
			return i;
	}
	if (text != NULL)
		complain(r, node, what);
	return 0;
}

static uint16_t take_field(struct reader *r, const yaml_node_t *node)
{
	size_t len = 0;
	const char *text = text_of(r, node, &len);

	if (text == NULL)
		return FIELD_NONE;
	if (strcmp(text, "stream") == 0)
		return FIELD_PAYLOAD;
	for (uint16_t field = 1; field < FIELD_COUNT; field++) {
		if (strcmp(field_table[field].name, text) == 0)
			return field;
	}
	complain(r, node, "there is no such field; docs/fields.md has all, and payload");
	return FIELD_NONE;
}

static struct bytes take_text(struct reader *r, const yaml_node_t *node)
{
	size_t len = 0;
	const char *text = text_of(r, node, &len);
	uint8_t *copy = text != NULL && spend(r, node, len) ? examples_take(r->all, len + 1) : NULL;

	if (copy == NULL)
		return (struct bytes){0};
	memcpy(copy, text, len);
	return (struct bytes){.p = copy, .len = len};
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)((at - digits) % 16) : -1;
}

static struct bytes take_hex(struct reader *r, const yaml_node_t *node)
{
	struct bytes out = take_text(r, node);
	uint8_t *p = (uint8_t *)out.p;
	size_t n = 0;

	for (size_t i = 0; i < out.len; i++) {
		int d = digit((char)p[i]);
		if (d < 0 && strchr(" \n\t:", p[i]) != NULL && p[i] != '\0')
			continue;
		if (d < 0) {
			complain(r, node, "pairs of hexadecimal digits are wanted");
			return (struct bytes){0};
		}
		// Written over what was read already: two digits make one byte.
		p[n / 2] = (uint8_t)(n % 2 == 0 ? d << 4 : p[n / 2] | d);
		n++;
	}
	if (n % 2 != 0)
		complain(r, node, "half a byte at the end");
	out.len = n / 2;
	return out;
}

// Within the directory of the examples, wherever links lead.
static const char *take_capture(struct reader *r, const yaml_node_t *node)
{
	const char *slash = strrchr(r->path, '/');
	char directory[PATH_MAX], joined[2 * PATH_MAX], whole[PATH_MAX];
	struct stat st;
	size_t len = 0;
	const char *text = text_of(r, node, &len);

	if (text == NULL)
		return NULL;
	snprintf(joined, sizeof(joined), "%.*s", slash != NULL ? (int)(slash - r->path + 1) : 1,
		slash != NULL ? r->path : ".");
	if (len == 0 || len >= PATH_MAX || strlen(text) != len || text[0] == '/' ||
		realpath(joined, directory) == NULL) {
		complain(r, node, "a capture is a path below the directory of this file");
		return NULL;
	}
	snprintf(joined, sizeof(joined), "%s/%s", directory, text);
	if (realpath(joined, whole) == NULL || stat(whole, &st) < 0 || !S_ISREG(st.st_mode)) {
		complain(r, node, "there is no such capture");
		return NULL;
	}
	size_t n = strlen(directory);
	if (strncmp(whole, directory, n) != 0 || (whole[n] != '/' && n > 1)) {
		complain(r, node, "a capture is a path below the directory of this file");
		return NULL;
	}
	if (st.st_size > CAPTURE_MAX) {
		complain(r, node, "a capture has at most 64 MiB");
		return NULL;
	}
	char *copy = examples_take(r->all, strlen(whole) + 1);
	if (copy != NULL)
		strcpy(copy, whole);
	return copy;
}

// Where the packet goes to.
static void take_address(struct reader *r, const yaml_node_t *node, struct example *e)
{
	size_t len = 0;
	const char *text = text_of(r, node, &len);

	if (text == NULL)
		return;
	e->dst_version = strchr(text, ':') != NULL ? 6 : 4;
	if (strlen(text) != len ||
		inet_pton(e->dst_version == 6 ? AF_INET6 : AF_INET, text, e->dst) != 1)
		complain(r, node, "an IPv4 or IPv6 address is wanted");
}

typedef void (*pair_fn)(
	struct reader *r, const char *key, const yaml_node_t *at, yaml_node_t *value, void *ctx);

static void each_pair(struct reader *r, const yaml_node_t *node, pair_fn fn, void *ctx)
{
	for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
		p < node->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(r->doc, p->key);
		yaml_node_t *value = yaml_document_get_node(r->doc, p->value);
		if (!spend(r, key, 1))
			return;
		if (key->type != YAML_SCALAR_NODE)
			complain(r, key, "a key is a word");
		else
			fn(r, (const char *)key->data.scalar.value, key, value, ctx);
	}
}

static bool on_value_pair(
	struct reader *r, const char *key, const yaml_node_t *node, struct match_value *v)
{
	bool text = strcmp(key, "text") == 0;

	if (strcmp(key, "field") == 0)
		v->field = take_field(r, node);
	else if ((text || strcmp(key, "hex") == 0) && v->value.p != NULL)
		complain(r, node, "a value has one text or hex");
	else if (text || strcmp(key, "hex") == 0)
		v->value = text ? take_text(r, node) : take_hex(r, node);
	else
		return false;
	return true;
}

static void on_listed_pair(
	struct reader *r, const char *key, const yaml_node_t *at, yaml_node_t *value, void *ctx)
{
	if (!on_value_pair(r, key, value, ctx))
		complain(r, at, "a value has the keys field, and text or hex");
}

static void take_values(struct reader *r, const yaml_node_t *node, struct example *e)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		complain(r, node, "a list of values is wanted");
		return;
	}
	for (yaml_node_item_t *i = node->data.sequence.items.start;
		i < node->data.sequence.items.top; i++) {
		yaml_node_t *one = yaml_document_get_node(r->doc, *i);
		if (!spend(r, one, 1))
			return;
		if (one->type != YAML_MAPPING_NODE || e->n_values == EXAMPLE_VALUES_MAX - 1) {
			complain(r, one,
				"up to 15 values, each with field, and text or hex, are wanted");
			return;
		}
		struct match_value *v = &e->values[e->n_values++];
		each_pair(r, one, on_listed_pair, v);
		if (v->field == FIELD_NONE || v->value.p == NULL)
			complain(r, one, "a value has the keys field, and text or hex");
	}
}

struct pair_target {
	struct example *example;
	struct match_value *own; // that stands in the example itself
};

static void on_pair(
	struct reader *r, const char *key, const yaml_node_t *at, yaml_node_t *value, void *ctx)
{
	static const char *const expectations[] = {"miss", "hit", NULL};
	static const char *const directions[] = {"", "to_server", "to_client", NULL};
	struct pair_target *t = ctx;
	struct example *e = t->example;

	if (strcmp(key, "sid") == 0)
		e->sid = take_number(r, value);
	else if (strcmp(key, "gid") == 0)
		e->gid = take_number(r, value);
	else if (strcmp(key, "count") == 0)
		e->count = take_number(r, value);
	else if (strcmp(key, "capture") == 0)
		e->capture = take_capture(r, value);
	else if (strcmp(key, "dst") == 0)
		take_address(r, value, e);
	else if (strcmp(key, "values") == 0)
		take_values(r, value, e);
	else if (strcmp(key, "direction") == 0)
		e->dir = (uint8_t)take_word(
			r, value, directions, "to_server or to_client is wanted");
	else if (strcmp(key, "expect") == 0) {
		e->must_hit = take_word(r, value, expectations, "hit or miss is wanted") == 1;
		r->expected = true;
	} else if (!on_value_pair(r, key, value, t->own))
		complain(r, at,
			"an example has the keys sid gid expect field text hex values capture "
			"count "
			"direction dst");
}

static void check(
	struct reader *r, const yaml_node_t *node, struct example *e, const struct match_value *own)
{
	if (own->value.p != NULL)
		e->values[e->n_values++] = *own;
	if (r->wrong)
		return;
	if (e->sid == 0 || !r->expected)
		complain(r, node, "sid and expect (hit or miss) are wanted");
	else if ((e->capture != NULL) == (e->n_values > 0 || e->dst_version != 0))
		complain(r, node,
			"text, hex, values or capture is wanted, and only one of them, or dst");
	else if (own->value.p == NULL && own->field != FIELD_NONE)
		complain(r, node, "field wants text or hex beside it");
	else if (e->count != 0 && (e->capture == NULL || !e->must_hit))
		complain(r, node, "count is for captures that hit");
}

static int take_example(struct reader *r, const yaml_node_t *node)
{
	struct example e = {.where = where_of(r, node), .gid = 1};
	struct match_value own = {0};
	struct pair_target target = {&e, &own};

	r->wrong = r->expected = false;
	if (node->type != YAML_MAPPING_NODE) {
		complain(r, node, "an example is a mapping with sid, expect and what to look at");
		return 0;
	}
	each_pair(r, node, on_pair, &target);
	check(r, node, &e, &own);
	return r->wrong || examples_add(r->all, &e) ? 0 : -ENOMEM;
}

static int take_document(struct reader *r)
{
	const yaml_node_t *root = yaml_document_get_root_node(r->doc);
	int err = 0;

	if (root == NULL) // nothing but comments
		return 0;
	if (root->type != YAML_SEQUENCE_NODE) {
		complain(r, root, "a list of examples is wanted");
		return 0;
	}
	for (yaml_node_item_t *i = root->data.sequence.items.start;
		i < root->data.sequence.items.top && err == 0 && r->left > 0; i++)
		err = take_example(r, yaml_document_get_node(r->doc, *i));
	return err;
}

// What must not be loaded as a tree, because it would take minutes. NULL: nothing; what is no YAML is
// told by who loads it.
static const char *find_wild(const uint8_t *text, size_t len, yaml_mark_t *at)
{
	const char *what = NULL;
	yaml_parser_t parser;
	yaml_event_t e;
	unsigned depth = 0;
	bool more = yaml_parser_initialize(&parser) != 0;

	if (!more)
		return "short of memory";
	yaml_parser_set_input_string(&parser, text, len);
	while (more && what == NULL && yaml_parser_parse(&parser, &e)) {
		depth += e.type == YAML_SEQUENCE_START_EVENT || e.type == YAML_MAPPING_START_EVENT;
		depth -= e.type == YAML_SEQUENCE_END_EVENT || e.type == YAML_MAPPING_END_EVENT;
		if (depth > NESTING_MAX)
			what = "nested too deep";
		*at = e.start_mark;
		more = e.type != YAML_DOCUMENT_END_EVENT && e.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&parser);
	return what;
}

static void tell_yaml(struct diags *diags, const char *name, yaml_mark_t at, const char *why)
{
	const struct diag like = {.level = DIAG_ERROR,
		.where = {name, (uint32_t)at.line + 1, (uint32_t)at.column + 1},
		.kind = "example"};

	diag_add_like(diags, &like, "%s", why);
}

static int load(struct reader *r, const uint8_t *text, size_t len)
{
	yaml_document_t doc;
	yaml_parser_t parser;
	char why[160];
	int err = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, text, len);
	if (yaml_parser_load(&parser, &doc)) {
		r->doc = &doc;
		err = take_document(r);
		yaml_document_delete(&doc);
	} else {
		snprintf(why, sizeof(why), "no YAML: %s",
			parser.problem != NULL ? parser.problem : "short of memory");
		tell_yaml(r->diags, r->path, parser.problem_mark, why);
	}
	yaml_parser_delete(&parser);
	return err;
}

int examples_parse(const char *path, const uint8_t *text, size_t len, struct examples *all,
	struct diags *diags)
{
	struct reader r = {.all = all, .diags = diags, .left = 2 * len + 1};
	char *name = examples_take(all, strlen(path) + 1);
	yaml_mark_t at = {0};

	if (name == NULL)
		return -ENOMEM;
	r.path = strcpy(name, path);
	const char *wild = find_wild(text, len, &at);
	if (wild == NULL)
		return load(&r, text, len);
	tell_yaml(diags, name, at, wild);
	return 0;
}

static int fail(const char *path, struct diags *diags, const char *why)
{
	const struct diag like = {.level = DIAG_ERROR, .where = {path, 1, 1}, .kind = "example"};

	diag_add_like(diags, &like, "%s", why);
	return 0;
}

int examples_read(const char *path, struct examples *all, struct diags *diags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : fail(path, diags, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > EXAMPLES_FILE_MAX) {
		close(fd);
		return fail(path, diags, "a regular file of at most 16 MiB is wanted");
	}
	uint8_t *text = malloc((size_t)st.st_size + 1);
	if (text != NULL)
		n = read(fd, text, (size_t)st.st_size);
	close(fd);
	int err = text == NULL ? -ENOMEM
		: n < 0	       ? fail(path, diags, "it can not be read")
			       : examples_parse(path, text, (size_t)n, all, diags);
	free(text);
	return err;
}
