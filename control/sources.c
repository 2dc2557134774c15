#include "control/sources.h"

#include "control/geo_database.h"
#include "control/rule_yaml.h"
#include "control/text_file.h"
#include "patterns/beside.h"
#include "patterns/compile.h"
#include "patterns/rule_files.h"
#include "patterns/swdb.h"

#include <openssl/evp.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The one behind the last is only a complaint: -E2BIG ends the reading, and is told by it.
static int add(struct sources *s, const char *name, struct rule_file **out)
{
	const bool full = s->n >= SOURCES_MAX;

	// At each power of two the room is used up.
	if ((s->n & (s->n - 1)) == 0) {
		size_t room = s->n == 0 ? 1 : (size_t)s->n * 2;
		struct rule_file *items = realloc(s->items, room * sizeof(*items));
		if (items == NULL)
			return -ENOMEM;
		s->items = items;
	}
	struct rule_file *one = &s->items[s->n];
	*one = (struct rule_file){.kind = SOURCE_RULES, .name = strdup(name)};
	if (one->name == NULL)
		return -ENOMEM;
	s->n++;
	*out = one;
	if (!full)
		return 0;
	one->err = -E2BIG;
	one->line = one->column = 1;
	if (asprintf(&one->why, "more than %d files", SOURCES_MAX) < 0) {
		one->why = NULL;
		return -ENOMEM;
	}
	return -E2BIG;
}

static int tell(struct sources *s, struct rule_yaml_place at, int err, const char *why)
{
	struct rule_file *one;

	int added = add(s, at.file, &one);
	if (added < 0)
		return added;
	one->err = err;
	one->why = strdup(why);
	one->line = at.line;
	one->column = at.column;
	one->made = err == 0;
	return one->why != NULL ? 0 : -ENOMEM;
}

static int fail(struct sources *s, const char *name, int err, const char *why)
{
	return tell(
		s, (struct rule_yaml_place){name, 1, 1}, err, why != NULL ? why : strerror(-err));
}

static int read_file(struct sources *s, int fd, const char *path)
{
	struct rule_file *one;
	char *text = NULL;
	size_t len = 0;

	int err = text_file_read(fd, SOURCE_LEN_MAX, &text, &len);
	if (err < 0)
		return err == -ENOMEM ? err : fail(s, path, err, NULL);
	err = add(s, path, &one);
	if (err < 0) {
		free(text);
		return err;
	}
	one->text = text;
	one->len = len;
	return 0;
}

static int read_path(struct sources *s, const char *path, bool may_be_directory);

static int is_rules(const struct dirent *d)
{
	size_t len = strlen(d->d_name);
	return d->d_name[0] != '.' && len > 6 && strcmp(d->d_name + len - 6, ".rules") == 0;
}

static int read_directory(struct sources *s, const char *path)
{
	struct dirent **names;
	int err = 0;
	int n = scandir(path, &names, is_rules, alphasort);

	if (n < 0)
		return errno == ENOMEM ? -ENOMEM : fail(s, path, -errno, NULL);
	for (int i = 0; i < n; i++) {
		char file[PATH_MAX];
		if (err == 0 &&
			snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name) >= PATH_MAX)
			err = fail(s, path, -ENAMETOOLONG, NULL);
		else if (err == 0)
			err = read_path(s, file, false);
		free(names[i]);
	}
	free(names);
	return n == 0 ? fail(s, path, -ENOENT, "the directory has no *.rules") : err;
}

static int read_path(struct sources *s, const char *path, bool may_be_directory)
{
	struct stat st;
	int fd = text_file_open(path);
	int err;

	if (fd < 0)
		err = fail(s, path, fd, NULL);
	else if (fstat(fd, &st) < 0)
		err = fail(s, path, -errno, NULL);
	else if (S_ISREG(st.st_mode))
		err = read_file(s, fd, path);
	else if (S_ISDIR(st.st_mode) && may_be_directory)
		err = read_directory(s, path);
	else
		err = fail(s, path, -EINVAL, "not a regular file");
	if (fd >= 0)
		close(fd);
	return err;
}

static int on_list(void *ctx, const char *path, char *text, size_t len)
{
	struct rule_file *one;

	int err = add(ctx, path, &one);
	if (err < 0) {
		free(text);
		return err;
	}
	one->kind = SOURCE_LIST;
	one->text = text;
	one->len = len;
	return 0;
}

static int on_rules(void *ctx, const char *path)
{
	return read_path(ctx, path, false);
}

static int on_complaint(void *ctx, struct rule_yaml_place at, int err, const char *text)
{
	return tell(ctx, at, err, text);
}

static int read_rules(struct sources *s, const char *path)
{
	const struct rule_yaml_hooks hooks = {
		.list = on_list, .rules = on_rules, .complain = on_complaint, .ctx = s};

	return rule_yaml_is(path) ? rule_yaml_read(path, &hooks) : read_path(s, path, true);
}

static int read_companion(struct sources *s, const char *path, enum source_kind kind)
{
	uint32_t before = s->n;
	int err = path != NULL ? read_path(s, path, false) : 0;

	if (err == 0 && s->n > before)
		s->items[before].kind = kind;
	return err;
}

// A file that is none, of lines that stand elsewhere.
static int make_disabled(struct sources *s, const char *name, const char *const *lines, uint32_t n)
{
	struct rule_file *one;
	size_t len = 0;

	for (uint32_t i = 0; i < n; i++)
		len += lines[i] != NULL ? strlen(lines[i]) + 1 : 0;
	int err = len > 0 ? add(s, name, &one) : 0;
	if (len == 0 || err < 0)
		return err;
	one->kind = SOURCE_DISABLED;
	one->made = true;
	one->text = malloc(len + 1);
	if (one->text == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		one->len += (size_t)sprintf(one->text + one->len, "%s\n", lines[i]);
	return 0;
}

static int read_companions(struct sources *s, const struct companions *c)
{
	int err = read_companion(s, c->classification_file, SOURCE_CLASSES);

	if (err == 0)
		err = read_companion(s, c->reference_file, SOURCE_REFERENCES);
	if (err == 0)
		err = read_companion(s, c->threshold_file, SOURCE_THRESHOLDS);
	if (err == 0)
		err = read_companion(s, c->disable_file, SOURCE_DISABLED);
	if (err == 0)
		err = make_disabled(s, "(disable)", c->disable, c->n_disable);
	return err == 0 ? make_disabled(s, "(sealctl patterns disable)", &c->disabled, 1) : err;
}

int sources_read(const char *const *paths, uint32_t n_paths, const struct companions *beside,
	struct sources *out)
{
	struct sources s = {0};
	int err = 0;

	for (uint32_t i = 0; i < n_paths && err == 0; i++)
		err = read_rules(&s, paths[i]);
	if (err == 0 && beside != NULL)
		err = read_companions(&s, beside);
	if (err == 0)
		err = source_lists_read(&s);
	if (err == -E2BIG)
		err = 0; // it stands in the list
	if (err < 0)
		sources_free(&s);
	else
		*out = s;
	return err;
}

int sources_read_countries(struct sources *s, const char *path)
{
	static const char word[] = "geoip";
	bool wanted = false;

	for (uint32_t i = 0; i < s->n && !wanted; i++)
		wanted = s->items[i].len > 0 &&
			memmem(s->items[i].text, s->items[i].len, word, sizeof(word) - 1) != NULL;
	if (!wanted)
		return 0;
	s->countries = geo_database_new(path, NULL);
	return s->countries != NULL ? geo_database_read(s->countries) : -ENOMEM;
}

static void free_all(struct rule_file *items, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		free(items[i].name);
		free(items[i].text);
		free(items[i].why);
	}
	free(items);
}

void sources_free(struct sources *s)
{
	free_all(s->items, s->n);
	free_all(s->lists, s->n_lists);
	geo_database_free(s->countries);
	*s = (struct sources){0};
}

bool sources_whole(const struct sources *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->items[i].err < 0)
			return false;
	}
	return true;
}

static int parse_one(const struct rule_file *one, const struct rule_var *vars, bool lab,
	struct rule_list *rules, struct diags *diags)
{
	const struct rule_where where = {
		.file = one->name, .line = one->line, .column = one->column};

	if (one->why != NULL) {
		diag_add(diags, one->err < 0 ? DIAG_ERROR : DIAG_WARNING, where, "%s", one->why);
		return one->err;
	}
	switch (one->kind) {
	case SOURCE_LIST:
		return 0; // what it names stands here
	case SOURCE_CLASSES:
		return beside_read_classes(one->name, one->text, one->len, rules, diags);
	case SOURCE_REFERENCES:
		return beside_read_references(one->name, one->text, one->len, rules, diags);
	case SOURCE_DISABLED:
		return beside_read_disabled(one->name, one->text, one->len, rules, diags);
	case SOURCE_RULES:
		return rules_parse(one->name, one->text, one->len, vars, lab, rules, diags);
	case SOURCE_THRESHOLDS:
		return beside_apply_thresholds(one->name, one->text, one->len, vars, rules, diags);
	case SOURCE_KINDS:
		break;
	}
	return -EINVAL;
}

// It would take the place of what is live, and find nothing.
static void tell_empty(const struct sources *s, struct diags *diags)
{
	const struct rule_where where = {
		.file = s->n > 0 ? s->items[0].name : "", .line = 1, .column = 1};

	diag_add(diags, DIAG_WARNING, where,
		"there is no rule in this set: nothing will be found with it");
}

int sources_parse(const struct sources *s, const struct rule_var *vars, bool lab,
	struct rule_list *rules, struct diags *diags)
{
	const struct rule_files files = {(void *)(uintptr_t)s, source_list_get};
	int err = 0;

	const struct geo_source countries = {s->countries, geo_database_get};
	const struct geo_source *given = rules->geo;

	rules->files = &files;
	if (s->countries != NULL)
		rules->geo = &countries;
	// All files, so that the operator sees all mistakes at once.
	for (unsigned kind = 0; kind < SOURCE_KINDS; kind++) {
		for (uint32_t i = 0; i < s->n; i++) {
			if (s->items[i].kind != kind)
				continue;
			int now = parse_one(&s->items[i], vars, lab, rules, diags);
			err = err == 0 ? now : err;
		}
	}
	rules->files = NULL;
	rules->geo = given;
	beside_tell_unmet(rules, diags);
	if (err == 0 && rules->n == 0)
		tell_empty(s, diags);
	return err;
}

// Each item behind its length, so that no two lists of items are the same bytes.
static void put(EVP_MD_CTX *md, const void *data, size_t len)
{
	const uint64_t head = len;

	EVP_DigestUpdate(md, &head, sizeof(head));
	EVP_DigestUpdate(md, data, len);
}

static void put_text(EVP_MD_CTX *md, const char *text)
{
	put(md, text, strlen(text));
}

// The compiler says what it compiles for in each artefact's header, also in that of a set without
// rules.
static int put_platform(EVP_MD_CTX *md)
{
	const struct rule_list none = {0};
	struct diags diags = {0};
	struct swdb set;
	struct swdb_header h;

	int err = swdb_compile(&none, &set, &diags);
	diags_free(&diags);
	if (err < 0)
		return err;
	memcpy(&h, set.data, sizeof(h));
	swdb_free(&set);
	put(md, &h.version, sizeof(h.version));
	put(md, h.hs_version, sizeof(h.hs_version));
	put(md, &h.cpu_features, sizeof(h.cpu_features));
	put(md, &h.tune, sizeof(h.tune));
	return 0;
}

static void put_countries(EVP_MD_CTX *md, const struct geo_database *d)
{
	const char *name, *bytes;
	size_t len;

	for (unsigned i = 0; d != NULL && geo_database_bytes(d, i, &name, &bytes, &len); i++) {
		put_text(md, name);
		put(md, bytes, len);
	}
}

int sources_digest(const struct sources *s, const struct build_context *context, uint8_t digest[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (md == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(md);
		return -ENOMEM;
	}
	put(md, context->program, sizeof(context->program));
	put(md, &context->lab, sizeof(context->lab));
	put(md, &context->budget, sizeof(context->budget));
	for (const struct rule_var *v = context->variables; v->name != NULL; v++) {
		put_text(md, v->name);
		put_text(md, v->value);
	}
	put_text(md, ""); // no variable has an empty name
	for (uint32_t i = 0; i < s->n; i++) {
		put(md, &s->items[i].kind, sizeof(s->items[i].kind));
		put_text(md, s->items[i].name);
		put(md, s->items[i].text, s->items[i].len);
		put_text(md, s->items[i].why != NULL ? s->items[i].why : "");
	}
	put_text(md, ""); // no file has an empty name
	for (uint32_t i = 0; i < s->n_lists; i++) {
		put_text(md, s->lists[i].name);
		put(md, &s->lists[i].err, sizeof(s->lists[i].err));
		put(md, s->lists[i].text, s->lists[i].len);
	}
	put_countries(md, s->countries);
	int err = put_platform(md);
	if (err == 0 && EVP_DigestFinal_ex(md, digest, NULL) != 1)
		err = -ENOMEM;
	EVP_MD_CTX_free(md);
	return err;
}
