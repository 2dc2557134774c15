#include "control/examples_child.h"

#include "control/child.h"

#include <jansson.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NICE = 10, OPTIONS_MAX = 12 };

static bool is_rules(const char *name, size_t len)
{
	return len > 6 && strcmp(name + len - 6, ".rules") == 0;
}

bool examples_beside(const struct sources *sources)
{
	char path[PATH_MAX];

	for (uint32_t i = 0; i < sources->n; i++) {
		const char *name = sources->items[i].name;
		size_t len = strlen(name);
		if (is_rules(name, len) &&
			snprintf(path, sizeof(path), "%.*s.examples.yaml", (int)(len - 6), name) <
				PATH_MAX &&
			access(path, F_OK) == 0)
			return true;
	}
	return false;
}

bool examples_within(const struct rule_list *rules)
{
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct rule *r = rules->rules[i];
		for (uint32_t k = 0; k < r->n_metadata; k++) {
			if (strcmp(r->metadata[k].key, EXAMPLE_KEY_HIT) == 0 ||
				strcmp(r->metadata[k].key, EXAMPLE_KEY_MISS) == 0)
				return true;
		}
	}
	return false;
}

int examples_program(const char *configured, char out[PATH_MAX])
{
	static const char *const places[] = {"sealwatch-replay", "../tools/sealwatch-replay"};
	char here[PATH_MAX];

	if (configured != NULL) {
		snprintf(out, PATH_MAX, "%s", configured);
		return access(out, X_OK) == 0 ? 0 : -ENOENT;
	}
	ssize_t n = readlink("/proc/self/exe", here, sizeof(here) - 1);
	if (n <= 0)
		return -ENOENT;
	here[n] = '\0';
	const char *slash = strrchr(here, '/');
	for (size_t i = 0; slash != NULL && i < sizeof(places) / sizeof(places[0]); i++) {
		if (snprintf(out, PATH_MAX, "%.*s%s", (int)(slash - here + 1), here, places[i]) <
				PATH_MAX &&
			access(out, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

// Examples of rules that are not in the set are none.
static void put_disabled(const struct companions *c, json_t *config, json_t *list)
{
	char *text = c != NULL && c->disabled != NULL ? strdup(c->disabled) : NULL;
	char *rest = text, *one;

	for (uint32_t i = 0; c != NULL && i < c->n_disable; i++)
		json_array_append_new(list, json_string(c->disable[i]));
	while ((one = strsep(&rest, "\n")) != NULL) {
		if (one[0] != '\0')
			json_array_append_new(list, json_string(one));
	}
	free(text);
	if (c != NULL && c->disable_file != NULL)
		json_object_set_new(config, "disable_file", json_string(c->disable_file));
}

// The rule variables, as a configuration of theirs: JSON is YAML. -1: none could be made.
static int write_config(const struct compile_request *req)
{
	json_t *variables = json_array();
	json_t *disable = json_array();
	json_t *config = json_pack("{s:o, s:o}", "variables", variables, "disable", disable);
	int fd = memfd_create("sealwatch-variables", 0);

	for (const struct rule_var *v = req->variables; v->name != NULL; v++)
		json_array_append_new(
			variables, json_pack("{s:s, s:s}", "name", v->name, "value", v->value));
	put_disabled(req->companions, config, disable);
	if (fd >= 0 && json_dumpfd(config, fd, 0) < 0) {
		close(fd);
		fd = -1;
	}
	json_decref(config);
	return fd;
}

// What is between the options and the end.
static const char **arguments(
	const struct compile_request *req, const char *set, const char *config)
{
	const char *const options[] = {req->replay, "--examples", "--report", "--compiled", set,
		"-c", config, req->lab ? "--lab" : NULL, "--"};
	const char **argv = calloc(OPTIONS_MAX + (size_t)req->n_paths, sizeof(*argv));
	unsigned n = 0;

	for (unsigned i = 0; argv != NULL && i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i] != NULL)
			argv[n++] = options[i];
	}
	for (uint32_t i = 0; argv != NULL && i < req->n_paths; i++)
		argv[n++] = req->paths[i];
	return argv;
}

noreturn void examples_child_run(const struct compile_request *req, int report_fd)
{
	char set[32], config[32];
	int config_fd = write_config(req);
	int keep[] = {report_fd, req->set_fd, config_fd};

	child_begin(keep, 3);
	compile_child_limit(&req->limits);
	setpriority(PRIO_PROCESS, 0, NICE); // packets come first
	snprintf(set, sizeof(set), "/proc/self/fd/%d", req->set_fd);
	snprintf(config, sizeof(config), "/proc/self/fd/%d", config_fd);
	const char **argv = arguments(req, set, config);
	if (argv != NULL && config_fd >= 0 && fcntl(req->set_fd, F_SETFD, 0) == 0 &&
		dup2(report_fd, STDOUT_FILENO) >= 0)
		execv(req->replay, (char *const *)argv);
	_exit(EXIT_FAILURE);
}
