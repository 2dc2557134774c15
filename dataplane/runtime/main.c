// sealwatch-dataplane: starts the parts in an order one can read, and stops them in reverse.

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/base/private.h"
#include "dataplane/runtime/config.h"
#include "dataplane/runtime/eal.h"
#include "dataplane/runtime/engine.h"
#include "dataplane/runtime/link.h"
#include "dataplane/runtime/seal.h"
#include "dataplane/runtime/source_port.h"

#include <rte_launch.h>
#include <rte_lcore.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A held segment keeps an mbuf; source_port.c sizes its pools by this.
enum { PORT_HELD_MAX = 1024 };

enum { EXIT_RUN = 1, EXIT_CONFIG = 2, PORTS_MAX = 16, STEP_MS = 100 };

struct process {
	struct dataplane_config *config;
	struct engine engine;
	struct link_server *link;
	struct source_port *ports[PORTS_MAX];
	unsigned n_ports;
	uint64_t missed_seen[PORTS_MAX];
	bool eal;
	bool engine_open;
	bool reading;
	pthread_t reader;
	char source[128];
	uint8_t mask_key[MASK_KEY_LEN];
	struct seal_keys seal_keys;
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

static int fail(const char *what, const char *error)
{
	log_error("%s%s%s", what, what[0] != '\0' ? ": " : "", error);
	return EXIT_RUN;
}

static int read_mask_key(struct process *p)
{
	int fd = open(p->config->mask_key_file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, p->mask_key, MASK_KEY_LEN);
	int err = n < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	if (n == MASK_KEY_LEN)
		return 0;
	log_error("%s: %s", p->config->mask_key_file,
		n < 0 ? strerror(err) : "a key of 32 bytes is wanted (head -c 32 /dev/urandom)");
	return EXIT_CONFIG;
}

static int read_seal_keys(struct process *p)
{
	const char *const paths[] = {p->config->evidence_keys[0], p->config->evidence_keys[1]};
	char error[256];

	if (seal_keys_read(paths, &p->seal_keys, error) == 0)
		return 0;
	log_error("evidence_keys: %s", error);
	return EXIT_CONFIG;
}

// What a worker allocates comes from near its core.
static bool on_lcores(unsigned n, int (*fn)(void *arg), void *const args[])
{
	bool ok = true;

	for (unsigned i = 0; i < n; i++)
		ok &= rte_eal_remote_launch(fn, args[i], i + 1) == 0;
	for (unsigned i = 0; i < n; i++)
		ok &= rte_eal_wait_lcore(i + 1) == 0;
	return ok;
}

static int start_engine(struct process *p)
{
	const struct dataplane_config *c = p->config;
	struct engine_options o = engine_defaults();

	if (c->mask_key_file != NULL) {
		int status = read_mask_key(p);
		if (status != 0)
			return status;
		o.mask_key = p->mask_key;
	}
	if (c->evidence_keys_count > 0) {
		int status = read_seal_keys(p);
		if (status != 0)
			return status;
		o.seal_keys = &p->seal_keys;
	}
	o.n_workers = c->workers;
	o.capture = c->capture != NULL;
	if (!o.capture)
		o.inspect.order.max_held = PORT_HELD_MAX;
	o.clear = c->lab;
	o.shared_name = "sealwatch";
	o.ring_size = c->ring_mb << 20;
	o.max_flows = c->max_flows;
	o.on_workers = on_lcores;
	o.segments = c->network;
	for (uint32_t i = 0; i < c->ports_count; i++)
		o.drop_bad_checksum |= c->ports[i].drop_bad_checksum;
	p->engine_open = true;
	int err = engine_open(&p->engine, &o);
	return err < 0 ? fail("memory", strerror(-err)) : 0;
}

static int start_capture(struct process *p)
{
	const struct capture_config *c = p->config->capture;
	struct capture_plan plan = {.paths = (const char *const *)c->files,
		.n_paths = c->files_count,
		.filter = c->filter,
		.loops = c->loop,
		.rate_pps = c->rate_pps,
		.held = c->wait_for_patterns};
	char error[256] = "";

	if (engine_capture(&p->engine, &plan, error) < 0)
		return fail(c->files[0], error);
	snprintf(p->source, sizeof(p->source), "capture %.100s", c->files[0]);
	return 0;
}

static int start_ports(struct process *p)
{
	const struct dataplane_config *c = p->config;
	char error[256] = "";

	for (uint32_t i = 0; i < c->ports_count; i++) {
		int err = source_port_open(i, &c->ports[i], c->workers, &p->ports[i], error);
		if (err < 0)
			return fail(c->ports[i].device, error);
		p->n_ports = i + 1;
		enum deal deal = source_port_deal(p->ports[i], c->workers);
		for (unsigned q = 0; q < source_port_queues(p->ports[i]); q++)
			worker_add_source(
				&p->engine.workers[q], source_port_queue(p->ports[i], q), deal);
	}
	snprintf(p->source, sizeof(p->source), "port %.100s", c->ports[0].device);
	return 0;
}

static uint64_t missed(void *ctx)
{
	struct process *p = ctx;
	uint64_t sum = 0;

	for (unsigned i = 0; i < p->n_ports; i++)
		sum += source_port_missed(p->ports[i]);
	return sum;
}

// What the ports lost is no worker's: it has the last page, which this thread writes.
static void publish_missed(struct process *p)
{
	uint64_t values[CTR_COUNT] = {0};
	struct counter_page *page;

	if (p->n_ports == 0)
		return;
	page = shared_page(&p->engine.shared, p->config->workers);
	page->thread = THREAD_READER;
	values[CTR_MISSED] = missed(p);
	counter_page_publish(page, values);
}

// All that a capture holds has been read, inspected and told.
static bool ended(void *ctx)
{
	struct process *p = ctx;

	if (p->config->capture == NULL)
		return false;
	for (unsigned i = 0; i < p->config->workers; i++) {
		if (rte_eal_get_lcore_state(i + 1) == RUNNING)
			return false;
	}
	return true;
}

static int start_link(struct process *p)
{
	struct link_facts facts = {.source = p->source, .missed = missed, .ended = ended, .ctx = p};
	char error[256] = "";

	if (link_open(p->config->link_socket, &p->engine, &facts, &p->link, error) < 0)
		return fail(p->config->link_socket, error);
	return 0;
}

static void *reader_thread(void *reader)
{
	reader_run(reader);
	return NULL;
}

static int start_threads(struct process *p)
{
	for (unsigned i = 0; i < p->config->workers; i++) {
		if (rte_eal_remote_launch(worker_run, &p->engine.workers[i], i + 1) < 0)
			return fail("worker", "its lcore could not be started");
	}
	if (p->engine.reader == NULL)
		return 0;
	int err = pthread_create(&p->reader, NULL, reader_thread, p->engine.reader);
	p->reading = err == 0;
	return err == 0 ? 0 : fail("reader", strerror(err));
}

// A capture would run past before control had its pattern set ready: it is held until then.
static void release_capture(struct process *p)
{
	if (p->engine.capture != NULL && ruleset_live(p->engine.rulesets) != NULL)
		source_capture_release(p->engine.capture);
}

static void run(struct process *p)
{
	log_info("ready: %u workers, %s, link %s", p->config->workers, p->source,
		p->config->link_socket);
	while (!stopping) {
		link_step(p->link, STEP_MS);
		release_capture(p);
		publish_missed(p);
	}
}

static void stop(struct process *p)
{
	if (p->engine_open)
		engine_stop(&p->engine);
	if (p->reading)
		pthread_join(p->reader, NULL);
	if (p->eal)
		rte_eal_mp_wait_lcore();
	link_close(p->link);
	if (p->engine_open)
		engine_close(&p->engine);
	for (unsigned i = 0; i < p->n_ports; i++)
		source_port_close(p->ports[i]);
	if (p->eal)
		eal_stop();
	dataplane_config_free(p->config);
}

static int start(struct process *p)
{
	char error[256] = "";

	if (eal_start(p->config, "sealwatch-dataplane", error) < 0)
		return fail("", error);
	p->eal = true;
	// The EAL does not touch signals; workers inherit none of ours.
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	int status = start_engine(p);
	if (status == 0)
		status = p->config->capture != NULL ? start_capture(p) : start_ports(p);
	if (status == 0)
		status = start_link(p);
	// Not before: the EAL reads /proc of its own process.
	int err = status == 0 && !p->config->lab ? private_process() : 0;
	if (err < 0)
		return fail("privacy", strerror(-err));
	if (status == 0)
		status = start_threads(p);
	return status;
}

static void help(void)
{
	printf("usage: sealwatch-dataplane -c FILE [--check]\n\n"
	       "  -c, --config FILE  configuration (docs/configuration.md)\n"
	       "      --check        read the configuration, say what is wrong with it, and exit\n"
	       "  -h, --help         this text\n"
	       "      --version      the version\n\n"
	       "exit status: 0 stopped by a signal, 1 a part could not be started, 2 "
	       "configuration\n");
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'}, {0}};
	static struct process p;
	const char *path = NULL;
	bool check = false;
	char error[512];
	int option;

	log_open("sealwatch-dataplane", LOG_LEVEL_INFO);
	while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'k':
			check = true;
			break;
		case 'h':
			help();
			return 0;
		case 'v':
			printf("sealwatch-dataplane " SEALWATCH_VERSION "\n");
			return 0;
		default:
			return EXIT_CONFIG;
		}
	}
	if (path == NULL || optind != argc) {
		log_error("a configuration is wanted: -c FILE; try --help");
		return EXIT_CONFIG;
	}
	if (dataplane_config_load(path, &p.config, error) < 0) {
		log_error("%s", error);
		return EXIT_CONFIG;
	}
	if (check) {
		dataplane_config_free(p.config);
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	int status = start(&p);
	if (status == 0)
		run(&p);
	stop(&p);
	return status;
}
