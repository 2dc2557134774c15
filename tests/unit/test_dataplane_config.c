#include "dataplane/runtime/config.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int load(const char *text, size_t len, struct dataplane_config **out, char error[512])
{
	char path[] = "/tmp/sealwatch-config.XXXXXX";
	int fd = mkstemp(path);

	CHECK(write(fd, text, len) == (ssize_t)len, "write");
	close(fd);
	int err = dataplane_config_load(path, out, error);
	unlink(path);
	return err;
}

static void test_defaults(void)
{
	static const char text[] = "ports:\n  - device: iface:eth1\n";
	struct dataplane_config *c = NULL;
	char error[512] = "";

	CHECK(load(text, strlen(text), &c, error) == 0, "%s", error);
	CHECK(c->workers == 1 && c->ring_mb == 8 && !c->lab, "numbers");
	CHECK(strcmp(c->link_socket, "/run/sealwatch/dataplane.sock") == 0, "socket");
	CHECK(c->eal != NULL && !c->eal->hugepages && c->eal->memory_mb == 256, "eal");
	CHECK(c->ports_count == 1 && c->ports[0].descriptors == 1024, "port");
	dataplane_config_free(c);
}

static void test_values(void)
{
	static const char text[] =
		"workers: 3\nlab: true\nmax_flows: 5000\n"
		"eal: {hugepages: true, memory_mb: 512, cores: \"1-3\", args: [-d, x]}\n"
		"capture:\n  files: [a.pcap, b.pcap]\n  loop: 0\n  rate_pps: 9\n"
		"  wait_for_patterns: false\n  filter: tcp\n";
	struct dataplane_config *c = NULL;
	char error[512] = "";

	CHECK(load(text, strlen(text), &c, error) == 0, "%s", error);
	CHECK(c->workers == 3 && c->lab && c->max_flows == 5000, "numbers");
	CHECK(c->eal->hugepages && c->eal->args_count == 2 && strcmp(c->eal->cores, "1-3") == 0,
		"eal");
	CHECK(c->capture->files_count == 2 && strcmp(c->capture->files[1], "b.pcap") == 0, "files");
	CHECK(c->capture->loop == 0 && c->capture->rate_pps == 9, "a zero that was written");
	CHECK(!c->capture->wait_for_patterns && strcmp(c->capture->filter, "tcp") == 0, "capture");
	dataplane_config_free(c);
}

#define SOURCE "capture: {files: [x]}\n"

static void test_errors(void)
{
	static const struct {
		const char *name, *text;
		unsigned line;
		const char *says;
	} cases[] = {
		{"empty", "", 1, "empty"},
		{"unknown key", SOURCE "flibber: 1\n", 2, "flibber"},
		{"unknown key inside", SOURCE "eal:\n  hugepages: true\n  huge: 1\n", 4, "huge"},
		{"wrong type", "workers: many\n" SOURCE, 1, "many"},
		{"list for a number", "workers: [1]\n" SOURCE, 1, "UINT"},
		{"twice", "workers: 1\nworkers: 2\n" SOURCE, 1, "workers"},
		{"no source", "workers: 1\n", 1, "ports"},
		{"two sources", SOURCE "ports:\n  - device: x\n", 1, "exclude"},
		{"port without a device", "ports:\n  - queues: 1\n", 2, "device"},
		{"workers 0", SOURCE "workers: 0\n", 2, "1 to 64"},
		{"workers 65", SOURCE "workers: 65\n", 2, "1 to 64"},
		{"ring", SOURCE "\nring_mb: 3\n", 3, "power of two"},
		{"flows", SOURCE "max_flows: 5\n", 2, "1024"},
		{"syntax", SOURCE "eal: {\n", 2, "libyaml"},
		{"bytes", "\xff\xfe\xff\xff\xff", 1, "libyaml"},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct dataplane_config *c = NULL;
		char error[512] = "", at[32];
		snprintf(at, sizeof(at), ":%u:", cases[i].line);
		int err = load(cases[i].text, strlen(cases[i].text), &c, error);
		CHECK(err == -EINVAL, "%s: %d", cases[i].name, err);
		CHECK(strstr(error, at) != NULL && strstr(error, cases[i].says) != NULL, "%s: %s",
			cases[i].name, error + strlen("/tmp/sealwatch-config.XXXXXX"));
	}
}

#define SEGMENT SOURCE "segments:\n- name: a\n  "

static void test_segments(void)
{
	static const struct {
		const char *name, *text;
		unsigned line, column; // 0: it is good
		const char *says;
	} cases[] = {
		{"all",
			SEGMENT "prefixes: [10.0.0.0/8, 192.0.2.1, 2001:db8::/32, \"::/0\"]\n"
				"  vlans: [0, 4095, 100-200]\n  ports: [1, 65535, 5222-5223]\n"
				"  side: server\n  masking: clear-servers\n",
			0, 0, ""},
		{"none", SOURCE "segments: []\n", 0, 0, ""},
		{"no name", SOURCE "segments:\n- vlans: [1]\n", 3, 10, "name"},
		{"unknown key", SEGMENT "vlan: 1\n", 4, 1, "vlan"},
		{"nothing in it", SEGMENT "side: server\n", 3, 3, "no prefixes"},
		{"empty list", SEGMENT "vlans: []\n", 4, 10, ""},
		{"letters", SOURCE "segments: [{name: A, vlans: [1]}]\n", 2, 19, "a-z"},
		{"long",
			SOURCE "segments: [{vlans: [1], name: "
			       "a2345678901234567890123456789012}]\n",
			2, 31, "31"},
		{"default", SOURCE "segments: [{name: default, vlans: [1]}]\n", 2, 19, "default"},
		{"twice", SEGMENT "vlans: [1]\n- name: a\n  vlans: [2]\n", 5, 9, "this name"},
		{"prefix", SEGMENT "prefixes: [10.0.0.0/8, 10.0.0/8]\n", 4, 26, "10.0.0/8"},
		{"length", SEGMENT "prefixes: [10.0.0.0/33]\n", 4, 14, "/33"},
		{"no length", SEGMENT "prefixes: [10.0.0.0/]\n", 4, 14, "10.0.0.0/"},
		{"length of six", SEGMENT "prefixes:\n  - ::/129\n", 5, 5, "129"},
		{"host name", SEGMENT "prefixes: [example.org]\n", 4, 14, "example"},
		{"port 0", SEGMENT "ports: [80, 0]\n", 4, 15, "ports"},
		{"port", SEGMENT "ports: [65536]\n", 4, 11, "65536"},
		{"range", SEGMENT "ports: [9-7]\n", 4, 11, "9-7"},
		{"half a range", SEGMENT "ports: [9-]\n", 4, 11, "9-"},
		{"below zero", SEGMENT "vlans: [-1]\n", 4, 11, "-1"},
		{"vlan", SEGMENT "vlans: [4096]\n", 4, 11, "4096"},
		{"side", SEGMENT "vlans: [1]\n  side: both\n", 5, 9, "subscriber, server"},
		{"masking", SEGMENT "vlans: [1]\n  masking: none\n", 5, 12, "pseudonyms, hidden"},
		{"clear persons", SEGMENT "prefixes: [10.0.0.0/8]\n  masking: clear-servers\n", 5,
			12, "side: server"},
		{"clear anybody", SEGMENT "vlans: [1]\n  side: server\n  masking: clear-servers\n",
			6, 12, "prefixes"},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct dataplane_config *c = NULL;
		char error[512] = "", at[32];
		int err = load(cases[i].text, strlen(cases[i].text), &c, error);
		if (cases[i].line == 0) {
			CHECK(err == 0, "%s: %s", cases[i].name, error);
			dataplane_config_free(c);
			continue;
		}
		snprintf(at, sizeof(at), ":%u:%u: ", cases[i].line, cases[i].column);
		CHECK(err == -EINVAL, "%s: %d", cases[i].name, err);
		CHECK(strstr(error, at) != NULL && strstr(error, cases[i].says) != NULL, "%s: %s",
			cases[i].name, error + strlen("/tmp/sealwatch-config.XXXXXX"));
	}
}

static void test_segments_full(void)
{
	char text[8192] = SOURCE "segments:\n", error[512] = "";
	struct dataplane_config *c = NULL;
	size_t n = strlen(text);

	for (unsigned i = 0; i < SEGMENTS_MAX; i++) {
		if (i == SEGMENTS_MAX - 1) {
			CHECK(load(text, n, &c, error) == 0, "%s", error);
			CHECK(segments_count(c->network) == SEGMENTS_MAX, "all of them");
			dataplane_config_free(c);
		}
		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "- {name: s%u, vlans: [%u]}\n", i, i);
	}
	CHECK(load(text, n, &c, error) == -EINVAL && strstr(error, ":66:3: ") != NULL &&
			strstr(error, "more than 63") != NULL,
		"%s", error);
}

static void test_kinds(void)
{
	static const struct {
		const char *text;
		bool ours;
	} cases[] = {{"segments: []\n", true}, {"lab: true\nworkers: 3\n", true},
		{"lab: true\nlink_socket: x\n", false}, {"patterns: [x]\n", false},
		{"variables: [{name: ports, value: 1}]\n", false}, {"", false},
		{"segments: {", false}};

	for (size_t i = 0; i < ROWS(cases); i++) {
		char path[] = "/tmp/sealwatch-config.XXXXXX", error[512] = "";
		struct dataplane_config *c = NULL;
		int fd = mkstemp(path);
		CHECK(write(fd, cases[i].text, strlen(cases[i].text)) >= 0, "write");
		close(fd);
		CHECK(dataplane_config_is(path) == cases[i].ours, "%zu", i);
		if (cases[i].ours) {
			CHECK(dataplane_config_load_network(path, &c, error) == 0, "%s", error);
			dataplane_config_free(c);
		}
		unlink(path);
	}
	CHECK(!dataplane_config_is("/nonexistent"), "no file");
}

// Every prefix of a good file, and noise: an answer, never a crash.
static void test_hostile(void)
{
	static const char good[] =
		"workers: 2\neal: {args: [a, \"b\"]}\ncapture:\n  files: [x, y]\n"
		"segments: [{name: a, prefixes: [2001:db8::/32, 10.0.0.0/8], vlans: [1-2], side: "
		"server}]\n";
	char noise[400], error[512];
	struct dataplane_config *c;

	for (size_t n = 0; n < sizeof(good); n++) {
		c = NULL;
		if (load(good, n, &c, error) == 0)
			dataplane_config_free(c);
	}
	srandom(3);
	for (unsigned round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = round % 2 ? (char)random()
					     : good[(size_t)random() % (sizeof(good) - 1)];
		c = NULL;
		if (load(noise, (size_t)random() % sizeof(noise), &c, error) == 0)
			dataplane_config_free(c);
	}
	CHECK(dataplane_config_load("/nonexistent", &c, error) == -ENOENT, "no file");
	CHECK(dataplane_config_load("/tmp", &c, error) == -EISDIR, "a directory");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"defaults", test_defaults},
		{"values", test_values},
		{"errors", test_errors},
		{"segments", test_segments},
		{"too many segments", test_segments_full},
		{"kinds of files", test_kinds},
		{"hostile text", test_hostile},
		CU_TEST_INFO_NULL,
	};
	return check_main("dataplane_config", tests);
}
