#include "control/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	bool takes_paths;
} commands[COMMAND_COUNT] = {
	[COMMAND_STATUS] = {"status", false},
	[COMMAND_PATTERNS_LOAD] = {"patterns.load", true},
	[COMMAND_PATTERNS_LIST] = {"patterns.list", false},
	[COMMAND_COUNTERS] = {"counters", false},
	[COMMAND_SERVICES] = {"services", false},
};

__attribute__((format(printf, 2, 3))) static int refuse(char error[256], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, 256, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int find_command(const json_t *name, enum command *out, char error[256])
{
	if (!json_is_string(name))
		return refuse(error, "\"cmd\" is missing");
	for (unsigned i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(json_string_value(name), commands[i].name) == 0) {
			*out = (enum command)i;
			return 0;
		}
	}
	return refuse(error, "there is no such command");
}

static int take_paths(const json_t *paths, struct request *r, char error[256])
{
	const json_t *path;
	size_t i;

	if (!json_is_array(paths) || json_array_size(paths) == 0)
		return refuse(error, "\"paths\" takes a list of files");
	if (json_array_size(paths) > REQUEST_PATHS_MAX)
		return refuse(error, "at most %d paths", REQUEST_PATHS_MAX);
	json_array_foreach(paths, i, path)
	{
		if (!json_is_string(path) || json_string_value(path)[0] != '/')
			return refuse(error, "a path is absolute");
		if (json_string_length(path) > REQUEST_PATH_LEN_MAX)
			return refuse(error, "a path is at most %d bytes", REQUEST_PATH_LEN_MAX);
		r->paths[i] = json_string_value(path);
	}
	r->n_paths = (uint32_t)i;
	return 0;
}

// A key that nobody looks at is a mistake of its sender.
static int check_keys(json_t *root, bool takes_paths, char error[256])
{
	const char *key;
	json_t *value;

	json_object_foreach(root, key, value)
	{
		if (strcmp(key, "cmd") != 0 && !(takes_paths && strcmp(key, "paths") == 0))
			return refuse(error, "unknown key \"%.64s\"", key);
	}
	return 0;
}

static int take(struct request *r, char error[256])
{
	if (!json_is_object(r->root))
		return refuse(error, "a request is a JSON object");
	int err = find_command(json_object_get(r->root, "cmd"), &r->command, error);
	if (err < 0)
		return err;
	const bool takes_paths = commands[r->command].takes_paths;
	err = check_keys(r->root, takes_paths, error);
	if (err == 0 && takes_paths)
		err = take_paths(json_object_get(r->root, "paths"), r, error);
	return err;
}

int request_parse(const char *line, size_t len, struct request *out, char error[256])
{
	struct request r = {0};
	json_error_t json;

	r.root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &json);
	if (r.root == NULL)
		return refuse(error, "no JSON: %.160s", json.text);
	int err = take(&r, error);
	if (err < 0) {
		request_free(&r);
		return err;
	}
	*out = r;
	return 0;
}

void request_free(struct request *r)
{
	json_decref(r->root);
	r->root = NULL;
}
