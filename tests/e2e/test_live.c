// Packets from a wire: a veth pair in a network namespace, tcpreplay on one end, the running
// appliance on the other. What was sent must be what was counted.

#include "tests/e2e/process.h"
#include "tests/unit/check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *dir;
static const char *sample;
static json_int_t n_packets;

static int shell(const char *command)
{
	const char *argv[] = {"/bin/sh", "-c", command, NULL};
	struct output o = run(argv, 60);
	int status = o.status;

	output_free(&o);
	return status;
}

// A namespace with a quiet veth pair: no IPv6, so that the kernel sends nothing of its own.
static bool network_up(void)
{
	return shell("set -e; ip netns add swtest; ip -n swtest link add tx0 type veth peer name "
		     "rx0; "
		     "ip netns exec swtest sysctl -qw net.ipv6.conf.all.disable_ipv6=1; "
		     "ip netns exec swtest ethtool -K tx0 tso off gso off gro off tx off; "
		     "ip netns exec swtest ethtool -K rx0 tso off gso off gro off; "
		     "ip -n swtest link set tx0 mtu 9000 up; ip -n swtest link set rx0 mtu 9000 "
		     "up") == 0;
}

static void network_down(void)
{
	shell("ip netns del swtest 2>/dev/null");
}

static json_t *ctl(const char *const extra[])
{
	const char *argv[12] = {
		program("sealctl"), "--socket", in_dir(dir, "control.sock"), "--json"};
	unsigned n = 4;

	while (*extra != NULL)
		argv[n++] = *extra++;
	struct output o = run(argv, 30);
	json_t *answer = o.status == 0 ? json_loads(o.out, 0, NULL) : NULL;
	output_free(&o);
	return answer;
}

static json_t *status(void)
{
	const char *extra[] = {"status", NULL};
	return ctl(extra);
}

static bool is_up(void *ctx)
{
	json_t *s = status();
	const char *up = json_string_value(json_object_get(s, "dataplane"));
	bool yes = up != NULL && strcmp(up, "up") == 0;

	(void)ctx;
	json_decref(s);
	return yes;
}

static bool has_all(void *ctx)
{
	json_t *s = status();
	bool yes = json_integer_value(json_object_get(s, "packets")) >= n_packets;

	(void)ctx;
	json_decref(s);
	return yes;
}

static void test_counted(void)
{
	const char *dataplane[] = {"/usr/bin/env", "ip", "netns", "exec", "swtest",
		program("sealwatch-dataplane"), "-c", in_dir(dir, "dataplane.yaml"), NULL};
	const char *daemon[] = {program("sealwatchd"), "-c", in_dir(dir, "sealwatchd.yaml"), NULL};
	const char *load[] = {
		"patterns", "load", source_path("patterns/sets/im-services.rules"), NULL};
	const char *services[] = {"services", NULL};
	char text[2048];

	snprintf(text, sizeof(text),
		"workers: 2\nlink_socket: %s/link.sock\nports:\n  - device: iface:rx0\n", dir);
	write_file(in_dir(dir, "dataplane.yaml"), text);
	snprintf(text, sizeof(text),
		"link_socket: %s/link.sock\ncontrol_socket: %s/control.sock\neve_file: "
		"%s/eve.json\n"
		"metrics_port: 0\ncache: ''\nstate: ''\n",
		dir, dir, dir);
	write_file(in_dir(dir, "sealwatchd.yaml"), text);
	pid_t one = start(dataplane, in_dir(dir, "dataplane.log"));
	pid_t two = start(daemon, in_dir(dir, "sealwatchd.log"));

	CHECK(wait_until(is_up, NULL, 20000), "dataplane and daemon find each other");
	json_t *receipt = ctl(load);
	CHECK(receipt != NULL, "the pattern set is loaded");
	json_decref(receipt);

	snprintf(text, sizeof(text), "ip netns exec swtest tcpreplay -q --pps=2000 -i tx0 %s",
		sample);
	CHECK(shell(text) == 0, "tcpreplay");
	CHECK(wait_until(has_all, NULL, 10000), "all arrive");
	sleep_ms(500); // and none more
	json_t *s = status();
	json_t *accounting = json_object_get(s, "accounting");
	CHECK(json_integer_value(json_object_get(s, "packets")) == n_packets, "%lld of %lld",
		(long long)json_integer_value(json_object_get(s, "packets")), (long long)n_packets);
	CHECK(json_integer_value(json_object_get(s, "missed")) == 0, "none is missed");
	CHECK(json_integer_value(json_object_get(accounting, "unaccounted")) == 0,
		"all are accounted for");
	json_t *list = ctl(services);
	CHECK(json_array_size(json_object_get(list, "services")) > 5, "services are named");
	json_decref(list);
	json_decref(s);

	int dataplane_end = stop(one, SIGTERM);
	sleep_ms(500); // the daemon takes what the last flows told
	int daemon_end = stop(two, SIGTERM);
	CHECK(daemon_end == 0, "the daemon ends: %d", daemon_end);
	CHECK(dataplane_end == 0, "the dataplane ends: %d", dataplane_end);
	json_t *eve = read_eve(in_dir(dir, "eve.json"));
	CHECK(json_array_size(eve) > 20, "events were written");
	json_decref(eve);
}

// No fragments in it: net_af_packet has the kernel put them together, and then fewer frames
// arrive than were sent.
static json_int_t craft_load(void)
{
	const char *craft[] = {program("sealwatch-craft"), "load", "-w", sample, "--bytes", "1M",
		"--flows", "80", NULL};
	const char *count[] = {program("sealwatch-replay"), "--json", "-r", sample, NULL};
	struct output o = run(craft, 30);

	output_free(&o);
	o = run(count, 30);
	json_t *summary = json_loads(o.out, 0, NULL);
	json_int_t n = json_integer_value(json_object_get(summary, "packets"));
	json_decref(summary);
	output_free(&o);
	return n;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what was sent is what was counted", test_counted}, CU_TEST_INFO_NULL};

	if (geteuid() != 0 || shell("command -v tcpreplay ip ethtool") != 0) {
		printf("skipped: wants root, ip, ethtool and tcpreplay\n");
		return EXIT_SKIP;
	}
	network_down();
	if (!network_up()) {
		network_down();
		printf("skipped: network namespaces are not allowed here\n");
		return EXIT_SKIP;
	}
	dir = scratch_new();
	sample = strdup(in_dir(dir, "sample.pcap"));
	n_packets = craft_load();
	int result = check_main("live", tests);
	network_down();
	if (result != 0)
		shell("cat /tmp/sealwatch-test.*/*.log");
	free((char *)sample);
	scratch_remove(dir);
	return result;
}
