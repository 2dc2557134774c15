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
	int err = config_load(path, out, error);
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
	config_free(c);
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
	config_free(c);
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

// Every prefix of a good file, and noise: an answer, never a crash.
static void test_hostile(void)
{
	static const char good[] =
		"workers: 2\neal: {args: [a, \"b\"]}\ncapture:\n  files: [x, y]\n";
	char noise[400], error[512];
	struct dataplane_config *c;

	for (size_t n = 0; n < sizeof(good); n++) {
		c = NULL;
		if (load(good, n, &c, error) == 0)
			config_free(c);
	}
	srandom(3);
	for (unsigned round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = round % 2 ? (char)random()
					     : good[(size_t)random() % (sizeof(good) - 1)];
		c = NULL;
		if (load(noise, (size_t)random() % sizeof(noise), &c, error) == 0)
			config_free(c);
	}
	CHECK(config_load("/nonexistent", &c, error) == -ENOENT, "no file");
	CHECK(config_load("/tmp", &c, error) == -EISDIR, "a directory");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"defaults", test_defaults},
		{"values", test_values},
		{"errors", test_errors},
		{"hostile text", test_hostile},
		CU_TEST_INFO_NULL,
	};
	return check_main("dataplane_config", tests);
}
