#include "control/rule_yaml.h"

#include "control/rule_yaml_text.h"
#include "control/text_file.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A name of rule-files, until all files were read: default-rule-path may come last.
struct wanted {
	const char *name; // of the yaml's
	const char *file; // the YAML that has it
	uint32_t line, column;
};

struct one {
	char *path;
	struct rule_yaml_text parsed;
};

struct link { // a file that is being read, and who includes it
	const struct link *from;
	const char *path;
	dev_t dev;
	ino_t ino;
	unsigned depth;
};

struct walk {
	const struct rule_yaml_hooks *hooks;
	struct one *files;
	uint32_t n_files;
	struct wanted *wanted;
	uint32_t n_wanted;
	const char *rule_path; // NULL: none was set
	const char *rule_path_file; // the YAML that sets it
	struct stat *taken; // rule files
	uint32_t n_taken;
	bool failed; // there was an error
};

bool rule_yaml_is(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

__attribute__((format(printf, 4, 5))) static int complain(
	struct walk *w, struct rule_yaml_place at, int err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	w->failed |= err < 0;
	return w->hooks->complain(w->hooks->ctx, at, err, text);
}

// `name`, seen from the folder of `file`.
static bool beside(const char *file, const char *name, char out[PATH_MAX])
{
	const char *slash = strrchr(file, '/');
	int folder = slash != NULL && name[0] != '/' ? (int)(slash - file) + 1 : 0;

	return snprintf(out, PATH_MAX, "%.*s%s", folder, file, name) < PATH_MAX;
}

static bool below(const char *folder, const char *name, char out[PATH_MAX])
{
	if (name[0] == '/')
		return snprintf(out, PATH_MAX, "%s", name) < PATH_MAX;
	return snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

// "a.yaml includes b.yaml includes a.yaml"
static void write_chain(const struct link *link, char *out, size_t room)
{
	size_t len;

	if (link->from != NULL) {
		write_chain(link->from, out, room);
		len = strlen(out);
		snprintf(out + len, room - len, " includes ");
	} else {
		out[0] = '\0';
	}
	len = strlen(out);
	snprintf(out + len, room - len, "%s", link->path);
}

static bool is_circle(const struct link *link)
{
	for (const struct link *l = link->from; l != NULL; l = l->from) {
		if (l->dev == link->dev && l->ino == link->ino)
			return true;
	}
	return false;
}

static int open_text(struct link *link, char **text, size_t *len)
{
	struct stat st = {0};
	int fd = text_file_open(link->path);

	if (fd < 0)
		return fd;
	int err = fstat(fd, &st) < 0 ? -errno : text_file_read(fd, RULE_YAML_LEN_MAX, text, len);
	close(fd);
	link->dev = st.st_dev;
	link->ino = st.st_ino;
	return err;
}

static int add_wanted(struct walk *w, const struct rule_yaml_name *name, const char *file)
{
	const struct rule_yaml_place at = {file, name->line, name->column};

	if (w->n_wanted == RULE_YAML_NAMES_MAX)
		return complain(
			w, at, -E2BIG, "more than %d names of rule files", RULE_YAML_NAMES_MAX);
	w->wanted[w->n_wanted++] = (struct wanted){name->text, file, name->line, name->column};
	return 0;
}

static int read_one(
	struct walk *w, const char *path, const struct link *from, struct rule_yaml_place at);

static int follow(struct walk *w, const struct one *one, const struct link *link)
{
	int err = 0;

	if (one->parsed.rule_path != NULL) {
		w->rule_path = one->parsed.rule_path;
		w->rule_path_file = one->path;
	}
	for (uint32_t i = 0; i < one->parsed.n && err == 0; i++) {
		const struct rule_yaml_name *name = &one->parsed.names[i];
		const struct rule_yaml_place at = {one->path, name->line, name->column};
		char path[PATH_MAX];
		if (!name->include)
			err = add_wanted(w, name, one->path);
		else if (!beside(one->path, name->text, path))
			err = complain(w, at, -ENAMETOOLONG, "%s", strerror(ENAMETOOLONG));
		else
			err = read_one(w, path, link, at);
	}
	return err;
}

static int take_text(struct walk *w, struct link *link, char *text, size_t len)
{
	struct one *one = &w->files[w->n_files];
	struct rule_yaml_mistake mistake;

	one->path = strdup(link->path);
	if (one->path == NULL) {
		free(text);
		return -ENOMEM;
	}
	w->n_files++;
	int wrong = rule_yaml_parse(text, len, &one->parsed, &mistake);
	int err = w->hooks->list(w->hooks->ctx, one->path, text, len);
	if (err < 0 || wrong == -ENOMEM)
		return err < 0 ? err : wrong;
	if (wrong < 0)
		return complain(w,
			(struct rule_yaml_place){one->path, mistake.line, mistake.column}, wrong,
			"%s", mistake.what);
	return follow(w, one, link);
}

// at: who wants it; the file itself, when nobody does.
static int read_one(
	struct walk *w, const char *path, const struct link *from, struct rule_yaml_place at)
{
	struct link link = {
		.from = from, .path = path, .depth = from != NULL ? from->depth + 1 : 0};
	char *text = NULL;
	char chain[400];
	size_t len = 0;

	int err = open_text(&link, &text, &len);
	if (err == -ENOMEM)
		return err;
	if (err < 0)
		return from == NULL ? complain(w, at, err, "%s", strerror(-err))
				    : complain(w, at, err, "%s: %s", path, strerror(-err));
	if (is_circle(&link)) {
		write_chain(&link, chain, sizeof(chain));
		free(text);
		return complain(w, at, -ELOOP, "a circle: %s", chain);
	}
	if (link.depth == RULE_YAML_DEPTH_MAX || w->n_files == RULE_YAML_FILES_MAX) {
		write_chain(&link, chain, sizeof(chain));
		free(text);
		return link.depth == RULE_YAML_DEPTH_MAX
			? complain(w, at, -E2BIG, "more than %d includes deep: %s",
				  RULE_YAML_DEPTH_MAX, chain)
			: complain(w, at, -E2BIG, "more than %d files", RULE_YAML_FILES_MAX);
	}
	return take_text(w, &link, text, len);
}

static int tell_missing(struct walk *w, const char *path, struct rule_yaml_place at)
{
	return complain(w, at, 0, "there is no rule file %s", path); // as in Suricata
}

// One that is there and new; both a name and a pattern may mean the same.
static int take_rules(struct walk *w, const char *path, struct rule_yaml_place at)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return tell_missing(w, path, at); // it went away, or is a link that leads nowhere
	for (uint32_t i = 0; i < w->n_taken; i++) {
		if (w->taken[i].st_dev == st.st_dev && w->taken[i].st_ino == st.st_ino)
			return 0;
	}
	if ((w->n_taken & (w->n_taken - 1)) == 0) {
		size_t room = w->n_taken == 0 ? 1 : (size_t)w->n_taken * 2;
		struct stat *taken = realloc(w->taken, room * sizeof(*taken));
		if (taken == NULL)
			return -ENOMEM;
		w->taken = taken;
	}
	w->taken[w->n_taken++] = st;
	return w->hooks->rules(w->hooks->ctx, path);
}

// What the YAML names is a pattern; the folder in front of it is as it is called.
static void write_pattern(const char *path, size_t folder, char out[2 * PATH_MAX])
{
	size_t n = 0;

	for (size_t i = 0; path[i] != '\0'; i++) {
		if (i < folder && strchr("*?[]\\", path[i]) != NULL)
			out[n++] = '\\';
		out[n++] = path[i];
	}
	out[n] = '\0';
}

// folder: so many bytes of the path are not the YAML's.
static int find_rules(struct walk *w, const char *path, size_t folder, struct rule_yaml_place at)
{
	char pattern[2 * PATH_MAX];
	glob_t found;
	int err = 0;

	write_pattern(path, folder, pattern);
	int status = glob(pattern, 0, NULL, &found);
	if (status == GLOB_NOSPACE)
		err = -ENOMEM;
	else if (status != 0)
		err = tell_missing(w, path, at);
	for (size_t i = 0; status == 0 && i < found.gl_pathc && err == 0; i++)
		err = take_rules(w, found.gl_pathv[i], at);
	if (status == 0)
		globfree(&found);
	return err;
}

static int find_all(struct walk *w)
{
	char folder[PATH_MAX], path[PATH_MAX];
	int err = 0;

	if (w->rule_path != NULL && !beside(w->rule_path_file, w->rule_path, folder))
		return complain(w, (struct rule_yaml_place){w->rule_path_file, 1, 1}, -ENAMETOOLONG,
			"default-rule-path: %s", strerror(ENAMETOOLONG));
	for (uint32_t i = 0; i < w->n_wanted && err == 0; i++) {
		const struct wanted *one = &w->wanted[i];
		const struct rule_yaml_place at = {one->file, one->line, one->column};
		bool fits = w->rule_path != NULL ? below(folder, one->name, path)
						 : beside(one->file, one->name, path);
		err = fits ? find_rules(w, path, strlen(path) - strlen(one->name), at)
			   : complain(w, at, -ENAMETOOLONG, "%s", strerror(ENAMETOOLONG));
	}
	return err;
}

int rule_yaml_read(const char *path, const struct rule_yaml_hooks *hooks)
{
	struct walk w = {.hooks = hooks,
		.files = calloc(RULE_YAML_FILES_MAX, sizeof(*w.files)),
		.wanted = calloc(RULE_YAML_NAMES_MAX, sizeof(*w.wanted))};

	int err = w.files == NULL || w.wanted == NULL ? -ENOMEM : 0;
	if (err == 0)
		err = read_one(&w, path, NULL, (struct rule_yaml_place){path, 1, 1});
	if (err == 0)
		err = find_all(&w);
	if (err == 0 && w.n_wanted == 0 && !w.failed)
		err = complain(
			&w, (struct rule_yaml_place){path, 1, 1}, 0, "rule-files names no file");
	for (uint32_t i = 0; i < w.n_files; i++) {
		free(w.files[i].path);
		rule_yaml_text_free(&w.files[i].parsed);
	}
	free(w.files);
	free(w.wanted);
	free(w.taken);
	return err;
}
