#include "control/config.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test_control_config.XXXXXX";

static int load(const char *text, size_t len, struct control_config *out, char error[512])
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	error[0] = '\0';
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		abort();
	close(fd);
	return config_load(path, out, error);
}

static int load_text(const char *text, struct control_config *out, char error[512])
{
	return load(text, strlen(text), out, error);
}

static void test_defaults(void)
{
	static const char *const empty[] = {"", "\n", "# only a comment: x\n\n", "  \t\n# x"};
	char error[512];

	for (size_t i = 0; i < ROWS(empty); i++) {
		struct control_config c;
		int err = load_text(empty[i], &c, error);
		CHECK(err == 0, "%zu: %s", i, error);
		if (err < 0)
			continue;
		CHECK(strcmp(c.link_socket, "/run/sealwatch/dataplane.sock") == 0, "%zu", i);
		CHECK(strcmp(c.control_socket, "/run/sealwatch/control.sock") == 0, "%zu", i);
		CHECK(strcmp(c.eve_file, "/var/log/sealwatch/eve.json") == 0, "%zu", i);
		CHECK(strcmp(c.metrics_address, "127.0.0.1") == 0, "%zu", i);
		CHECK(strcmp(c.cache, "/var/lib/sealwatch/cache") == 0, "%zu", i);
		CHECK(c.load_deadline_s == 600 && c.keep_generations == 5, "%zu", i);
		CHECK(c.metrics_port == 9477 && c.stats_interval_s == 8, "%zu", i);
		CHECK(c.control_group == NULL && c.user == NULL && !c.lab, "%zu", i);
		CHECK(c.companions.classification_file == NULL, "%zu", i);
		CHECK(strcmp(c.state, "/var/lib/sealwatch/state") == 0, "%zu", i);
		CHECK(c.n_patterns == 0 && c.variables[0].name == NULL, "%zu", i);
		CHECK(c.compile.cpu_s > 0 && c.compile.memory_mb > 0 && c.compile.wall_s > 0, "%zu",
			i);
		config_free(&c);
	}
}

static void test_all_keys(void)
{
	static const char text[] = "link_socket: /a\n"
				   "control_socket: /b\n"
				   "control_group: ops\n"
				   "user: sealwatch\n"
				   "eve_file: ''\n"
				   "metrics_address: ::1\n"
				   "metrics_port: 0\n"
				   "stats_interval_s: 0\n"
				   "lab: true\n"
				   "cache: ''\n"
				   "load_deadline_s: 0\n"
				   "keep_generations: 64\n"
				   "compile: {cpu_s: 1, memory_mb: 2}\n"
				   "lint: {max_ns: 3000, max_memory_mb: 5}\n"
				   "patterns: [/p/x.rules, /p/sets]\n"
				   "classification_file: /c\n"
				   "reference_file: /r\n"
				   "threshold_file: /t\n"
				   "disable_file: /d\n"
				   "disable: [2019401, 1:2100498]\n"
				   "state: ''\n"
				   "variables:\n"
				   "  - {name: HOME_NET, value: '[10.0.0.0/8]'}\n"
				   "  - name: PORTS\n"
				   "    value: 80\n";
	struct control_config c;
	char error[512];

	int err = load_text(text, &c, error);
	CHECK(err == 0, "load: %s", error);
	if (err < 0)
		return;
	CHECK(strcmp(c.link_socket, "/a") == 0 && strcmp(c.control_socket, "/b") == 0, "sockets");
	CHECK(strcmp(c.control_group, "ops") == 0 && strcmp(c.user, "sealwatch") == 0, "who");
	CHECK(c.eve_file == NULL && c.cache == NULL, "no EVE file, no cache");
	CHECK(strcmp(c.metrics_address, "::1") == 0 && c.metrics_port == 0, "metrics off");
	CHECK(c.load_deadline_s == 0 && c.keep_generations == 64, "loads");
	CHECK(c.stats_interval_s == 0 && c.lab, "zero is not absent");
	CHECK(c.compile.cpu_s == 1 && c.compile.memory_mb == 2 && c.compile.wall_s == 120,
		"limits: what is absent has its default");
	CHECK(c.budget.value_ns == 3000 && c.budget.bytes == 5 << 20, "budget");
	CHECK(c.n_patterns == 2 && strcmp(c.patterns[1], "/p/sets") == 0, "patterns");
	CHECK(strcmp(c.companions.classification_file, "/c") == 0 &&
			strcmp(c.companions.reference_file, "/r") == 0 &&
			strcmp(c.companions.threshold_file, "/t") == 0 &&
			strcmp(c.companions.disable_file, "/d") == 0,
		"beside the rules");
	CHECK(c.companions.n_disable == 2 && strcmp(c.companions.disable[1], "1:2100498") == 0 &&
			c.state == NULL,
		"disabled");
	CHECK(strcmp(c.variables[0].value, "[10.0.0.0/8]") == 0, "variable");
	CHECK(strcmp(c.variables[1].name, "PORTS") == 0 && c.variables[2].name == NULL, "the end");
	config_free(&c);
}

static const struct {
	const char *name;
	const char *text;
	const char *where; // behind the file name
	const char *what; // in the message
} mistakes[] = {
	{"unknown key", "lab: true\nmetricz_port: 1\n", ":2:", "metricz_port"},
	{"unknown key in compile", "compile:\n  cpu_s: 1\n  gpu_s: 1\n", ":3:", "gpu_s"},
	{"text for a number", "\nmetrics_port: many\n", ":2:", "many"},
	{"number beyond 32 bits", "stats_interval_s: 99999999999\n", ":1:", ""},
	{"negative number", "metrics_port: -1\n", ":1:", ""},
	{"text for a switch", "lab: perhaps\n", ":1:", "perhaps"},
	{"list for the cache", "lab: no\ncache: [/a]\n", ":2:", ""},
	{"list for text", "link_socket: [a]\n", ":1:", ""},
	{"text for a list", "lab: no\npatterns: /x\n", ":2:", ""},
	{"map for a list", "variables: {a: b}\n", ":1:", ""},
	{"variable without value", "variables:\n  - name: X\n", ":2:", "value"},
	{"an empty name beside the rules", "lab: no\nreference_file: ''\n", ":2:", ""},
	{"no rule to disable", "lab: no\ndisable: [1, x]\n", ":2:", "2019401"},
	{"no number to disable", "disable: [0]\n", ":1:", "disable"},
	{"empty path", "link_socket: ''\n", ":1:", ""},
	{"socket path too long",
		"control_socket: /"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
		":1:", ""},
	{"open address", "lab: no\nmetrics_address: 0.0.0.0\n", ":2:", "loopback"},
	{"other address", "metrics_address: 192.0.2.1\n", ":1:", "loopback"},
	{"v4 in v6", "metrics_address: '::ffff:127.0.0.1'\n", ":1:", "loopback"},
	{"no address", "metrics_address: localhost\n", ":1:", "loopback"},
	{"no port", "\n\nmetrics_port: 65536\n", ":3:", "65535"},
	{"limit of zero", "compile:\n  wall_s: 0\n", ":2:", "wall_s"},
	{"limit too large", "compile: {cpu_s: 4000000000}\n", ":1:", "cpu_s"},
	{"no country", "lab: no\ngeo_home: de\n", ":2:", "two capital letters"},
	{"nobody is enough", "geo_min_persons: 0\n", ":1:", "1 (all is shown)"},
	{"a threshold of nobody", "geo_thresholds:\n- {country: DE, persons: 0}\n",
		":2:", "1 and more"},
	{"a threshold of nowhere", "geo_thresholds:\n- {country: abroad, persons: 9}\n",
		":2:", "foreign"},
	{"foreign to whom", "geo_thresholds:\n- {country: foreign, persons: 9}\n",
		":2:", "geo_home"},
	{"a threshold without persons", "geo_thresholds:\n- {country: DE}\n", ":2:", "persons"},
	{"nothing kept", "\nkeep_generations: 0\n", ":2:", "1 to 64"},
	{"too much kept", "keep_generations: 65\n", ":1:", "1 to 64"},
	{"deadline too large", "load_deadline_s: 86401\n", ":1:", "86400"},
	{"interval too large", "stats_interval_s: 86401\n", ":1:", "86400"},
	{"open quote", "lab: no\nuser: \"abc", ":2:", ""},
	{"two values", "lab: no\nuser: 'a' 'b'\n", ":2:", ""},
	{"tab", "compile:\n\tcpu_s: 1\n", ":2:", ""},
	{"not a map", "- a\n", ":1:", ""},
	{"a word", "lab\n", ":1:", ""},
	{"alias", "user: &a x\ncontrol_group: *a\n", ":2:", ""},
};

static void test_mistakes(void)
{
	char error[512], where[64];

	for (size_t i = 0; i < ROWS(mistakes); i++) {
		struct control_config c;
		int err = load_text(mistakes[i].text, &c, error);
		CHECK(err == -EINVAL, "%s: %d", mistakes[i].name, err);
		if (err == 0) {
			config_free(&c);
			continue;
		}
		snprintf(where, sizeof(where), "%s%s", path, mistakes[i].where);
		CHECK(strncmp(error, where, strlen(where)) == 0, "%s: %s", mistakes[i].name, error);
		CHECK(strstr(error, mistakes[i].what) != NULL, "%s: %s", mistakes[i].name, error);
		CHECK(strcspn(error, "\n") == strlen(error), "%s: one line", mistakes[i].name);
	}
}

static void test_files(void)
{
	struct control_config c;
	char error[512];

	CHECK(config_load("/nonexistent/x", &c, error) == -ENOENT, "missing: %s", error);
	CHECK(strstr(error, "/nonexistent/x") != NULL, "names it: %s", error);
	CHECK(config_load("/tmp", &c, error) == -EISDIR, "folder: %s", error);
	CHECK(config_load("/dev/zero", &c, error) == -EINVAL, "device: %s", error);

	size_t len = (1 << 20) + 1;
	char *large = malloc(len);
	memset(large, '#', len);
	CHECK(load(large, len, &c, error) == -EFBIG, "over 1 MiB: %s", error);
	CHECK(load(large, len - 1, &c, error) == 0, "1 MiB: %s", error);
	config_free(&c);
	free(large);
	CHECK(load("lab\0: true", 10, &c, error) == -EINVAL, "a NUL: %s", error);
}

// Any prefix loads or is refused with a line; never anything else.
static void test_truncated(void)
{
	static const char text[] =
		"compile: {cpu_s: 1}\nvariables:\n  - {name: \"A\\n\", value: 'b'}\nlab: true\n";
	char error[512];

	for (size_t n = 0; n < strlen(text); n++) {
		struct control_config c;
		int err = load(text, n, &c, error);
		CHECK(err == 0 || (err == -EINVAL && strncmp(error, path, strlen(path)) == 0),
			"cut at %zu: %d %s", n, err, error);
		if (err == 0)
			config_free(&c);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"defaults", test_defaults},
		{"all keys", test_all_keys},
		{"mistakes", test_mistakes},
		{"files", test_files},
		{"truncated", test_truncated},
		CU_TEST_INFO_NULL,
	};
	int fd = mkstemp(path);

	if (fd < 0)
		return 2;
	close(fd);
	int failed = check_main("control_config", tests);
	unlink(path);
	return failed;
}
