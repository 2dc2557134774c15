// sealwatch-replay: captures through the appliance's own workers, in one process.

#include "control/config.h"
#include "control/geo_database.h"
#include "control/matrix.h"
#include "control/purpose.h"
#include "control/sinks/eve.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/base/private.h"
#include "dataplane/runtime/capture_file.h"
#include "dataplane/runtime/config.h"
#include "tools/replay/crossed.h"
#include "tools/replay/examples.h"
#include "tools/replay/options.h"
#include "tools/replay/rules.h"
#include "tools/replay/summary.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_OUTPUT = 1, EXIT_USAGE = 2, EXIT_CAPTURE = 3, PROGRESS_NS = 200000000 };

struct replay {
	struct replay_options options;
	struct engine engine;
	struct rule_list rules;
	struct control_config config;
	bool configured;
	struct dataplane_config *dataplane; // NULL: none was given
	struct geo_database *countries;
	struct eve_writer *eve;
	uint64_t start_ns;
	uint64_t progress_ns;
	uint64_t last_ns; // packet time of the latest record
	bool progress;
	uint64_t record[EVENT_RECORD_MAX / 8];
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

// All records there are; true when there was one.
static bool drain(struct replay *r)
{
	const struct shared *shared = &r->engine.shared;
	bool any = false;

	if (r->eve == NULL)
		return false;
	for (unsigned i = 0; i < shared->layout.n_rings; i++) {
		struct event_ring *ring = shared_ring(shared, i);
		int len;
		while ((len = event_ring_get(ring, shared->layout.ring_size, r->record)) > 0) {
			const struct event_head *head = (const struct event_head *)r->record;
			if (head->ts_ns > r->last_ns)
				r->last_ns = head->ts_ns;
			eve_write(r->eve, r->record, (uint32_t)len);
			any = true;
		}
	}
	return any;
}

// Nothing is lost in a replay. One thread: make room here.
static bool on_full_alone(void *ctx)
{
	return drain(ctx);
}

// Several: the main thread drains.
static bool on_full_threads(void *ctx)
{
	static const struct timespec pause = {.tv_nsec = 100000};

	(void)ctx;
	nanosleep(&pause, NULL);
	return true;
}

static void show_progress(struct replay *r)
{
	uint64_t now = clock_monotonic_ns();
	uint64_t done, total;

	if (!r->progress || now - r->progress_ns < PROGRESS_NS)
		return;
	r->progress_ns = now;
	source_capture_progress(r->engine.capture, &done, &total);
	double share = total > 0 ? (double)done / (double)total : 0;
	if (share > 1)
		share = 1;
	char bar[41];
	memset(bar, ' ', 40);
	memset(bar, '#', (size_t)(share * 40));
	bar[40] = '\0';
	fprintf(stderr, "\r[%s] %3.0f %%  %.0f MB", bar, share * 100, (double)done / 1e6);
}

static void run_alone(struct replay *r)
{
	struct worker *w = &r->engine.workers[0];

	ruleset_online(r->engine.rulesets, 0);
	for (unsigned turn = 0; !interrupted; turn++) {
		uint64_t before = w->counters[CTR_RX_PACKETS];
		worker_turn(w);
		drain(r);
		if (turn % 1024 == 0)
			show_progress(r);
		if (w->counters[CTR_RX_PACKETS] != before)
			continue;
		if (worker_ended(w))
			break;
		usleep(1000); // held back by --rate
	}
	worker_end(w);
	drain(r);
}

static void *reader_thread(void *arg)
{
	reader_run(arg);
	return NULL;
}

struct worker_thread {
	pthread_t thread;
	struct worker *worker;
	_Atomic bool done;
};

static void *worker_thread(void *arg)
{
	struct worker_thread *t = arg;

	worker_run(t->worker);
	atomic_store(&t->done, true);
	return NULL;
}

static bool all_done(struct worker_thread *threads, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!atomic_load(&threads[i].done))
			return false;
	}
	return true;
}

static int run_threads(struct replay *r)
{
	struct worker_thread threads[LINK_WORKERS_MAX] = {0};
	struct engine *e = &r->engine;
	unsigned started = 0;
	pthread_t reader;
	int err = 0;

	while (started < e->n_workers && err == 0) {
		threads[started].worker = &e->workers[started];
		err = pthread_create(
			&threads[started].thread, NULL, worker_thread, &threads[started]);
		started += err == 0;
	}
	bool reading = err == 0;
	if (reading)
		err = pthread_create(&reader, NULL, reader_thread, e->reader);
	if (err != 0) {
		log_error("no thread could be started: %s", strerror(err));
		engine_stop(e);
	}
	while (!all_done(threads, started)) {
		if (interrupted)
			atomic_store(&e->reader->stop, true);
		show_progress(r);
		if (!drain(r))
			usleep(500);
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i].thread, NULL);
	if (reading && err == 0)
		pthread_join(reader, NULL);
	drain(r);
	return err == 0 ? 0 : EXIT_OUTPUT;
}

static int check_captures(const struct replay_options *o)
{
	for (unsigned i = 0; i < o->n_captures; i++) {
		struct capture_file *c;
		char error[256] = "";
		int err = capture_file_open(o->captures[i], o->filter, NULL, &c, error);
		if (err < 0) {
			log_error("%s: %s", o->captures[i], error);
			return err == -EINVAL ? EXIT_USAGE : EXIT_CAPTURE;
		}
		capture_file_close(c);
	}
	return 0;
}

static int open_eve(struct replay *r)
{
	const struct replay_options *o = &r->options;
	const char *path = o->eve;
	char joined[4096];

	if (o->log_dir != NULL) {
		if (mkdir(o->log_dir, 0750) < 0 && errno != EEXIST) {
			log_error("%s: %s", o->log_dir, strerror(errno));
			return EXIT_OUTPUT;
		}
		snprintf(joined, sizeof(joined), "%s/eve.json", o->log_dir);
		path = joined;
	}
	if (path == NULL)
		return 0;
	int err = eve_open(path, &r->eve);
	if (err < 0) {
		log_error("%s: %s", path, strerror(-err));
		return EXIT_OUTPUT;
	}
	return 0;
}

static int open_engine(struct replay *r)
{
	const struct replay_options *o = &r->options;
	struct engine_options e = engine_defaults();

	e.n_workers = o->workers;
	e.capture = true;
	e.events = r->eve != NULL;
	e.clear = o->lab;
	e.segments = r->dataplane != NULL ? r->dataplane->network : NULL;
	e.drop_bad_checksum = o->drop_bad_checksum;
	e.verify_checksum = o->verify_checksum;
	e.full = o->workers == 1 ? on_full_alone : on_full_threads;
	e.full_ctx = r;
	int err = engine_open(&r->engine, &e);
	if (err < 0) {
		log_error("%s", strerror(-err));
		return EXIT_OUTPUT;
	}
	return 0;
}

// Countries of flows: only when somebody named a database, because reading one takes longer than many a
// capture.
static int load_countries(struct replay *r)
{
	const char *named = r->options.geo != NULL ? r->options.geo : r->config.geoip_database;
	void *map = NULL;
	size_t len = 0;
	const char *why;
	char error[256];

	if (named == NULL || named[0] == '\0')
		return 0;
	if (r->countries == NULL || geo_database_map(r->countries, &map, &len, &why) < 0) {
		log_error("%s", r->countries == NULL ? strerror(ENOMEM) : why);
		return EXIT_USAGE;
	}
	int err = engine_geo(&r->engine, map, len, error);
	free(map);
	if (err == 0)
		return 0;
	log_error("countries: %s", error);
	return EXIT_OUTPUT;
}

static int take_purposes(struct replay *r)
{
	struct purpose_table *t = calloc(1, sizeof(*t));
	char error[512] = "short of memory";
	int status = 0;

	int err = t == NULL ? -ENOMEM : purpose_file_load(r->options.purpose, t, error);
	if (err == 0)
		err = engine_purposes(&r->engine, t);
	if (err < 0) {
		log_error("%s", error);
		status = EXIT_USAGE;
	}
	free(t);
	return status;
}

static int open_captures(struct replay *r)
{
	const struct replay_options *o = &r->options;
	struct capture_plan plan = {.paths = o->captures,
		.n_paths = o->n_captures,
		.filter = o->filter,
		.loops = o->loops,
		.rate_pps = o->rate_pps};
	char error[256] = "";

	if (engine_capture(&r->engine, &plan, error) < 0) {
		log_error("%s: %s", o->captures[0], error);
		return EXIT_CAPTURE;
	}
	return 0;
}

// The region is our own: read as control reads the dataplane's. In the packets' time: the same in each run.
static void write_services(struct replay *r)
{
	const struct link_region region = {r->engine.shared.layout, r->engine.shared.base};
	static const struct service_tallies none;
	struct service_tallies services;

	if (tally_services(&none, &region, &services) < 0)
		return;
	eve_write_services(r->eve, r->last_ns, &services, &none);
	service_tallies_free(&services);
}

static int close_eve(struct replay *r, uint64_t *lines)
{
	if (r->eve == NULL)
		return 0;
	uint64_t uptime = (clock_monotonic_ns() - r->start_ns) / 1000000000;
	uint64_t totals[CTR_COUNT];

	if (engine_totals(&r->engine, totals))
		eve_write_stats(r->eve, clock_wall_ns(), uptime, totals);
	write_services(r);
	eve_flush(r->eve);
	struct eve_stats stats = *eve_stats(r->eve);
	int err = eve_close(r->eve);
	*lines = stats.written;
	if (stats.failed == 0 && err == 0)
		return 0;
	log_error("EVE: %llu lines could not be written: %s", (unsigned long long)stats.failed,
		strerror(stats.last_errno != 0 ? stats.last_errno : -err));
	return EXIT_OUTPUT;
}

// In a laboratory nobody has to be hidden.
static uint32_t least_persons(const struct replay *r)
{
	if (r->config.geo_min_persons != 0)
		return r->config.geo_min_persons;
	return r->options.lab ? 1 : MATRIX_MIN_PERSONS;
}

static void finish(struct replay *r, uint64_t lines)
{
	struct summary s = {.engine = &r->engine, .rules = &r->rules, .eve_lines = lines};

	if (r->progress)
		fprintf(stderr, "\r%60s\r", "");
	s.seconds = (double)(clock_monotonic_ns() - r->start_ns) / 1e9;
	engine_totals(&r->engine, s.totals);
	if (r->options.quiet)
		return;
	// Standard output may be the event stream.
	if (r->options.eve != NULL && strcmp(r->options.eve, "-") == 0)
		return;
	if (geo_borrow(r->engine.rulesets) != NULL)
		s.crossed = crossed(&r->engine, least_persons(r));
	if (r->options.json)
		summary_print_json(&s);
	else
		summary_print(&s);
	json_decref(s.crossed);
}

// What the command line does not say.
static void complete(struct companions *given, const struct companions *configured)
{
	struct companions all = *configured;

	if (given->classification_file != NULL)
		all.classification_file = given->classification_file;
	if (given->reference_file != NULL)
		all.reference_file = given->reference_file;
	if (given->threshold_file != NULL)
		all.threshold_file = given->threshold_file;
	if (given->disable_file != NULL)
		all.disable_file = given->disable_file;
	*given = all;
}

// One file of either process, in any order.
static int read_config(struct replay *r, const char *path)
{
	char error[512];
	bool dataplane = dataplane_config_is(path);

	if (dataplane ? r->dataplane != NULL : r->configured) {
		log_error("%s: the second configuration of one process", path);
		return EXIT_USAGE;
	}
	int err = dataplane ? dataplane_config_load_network(path, &r->dataplane, error)
			    : config_load(path, &r->config, error);
	if (err < 0) {
		log_error("%s", error);
		return EXIT_USAGE;
	}
	r->configured |= !dataplane;
	return 0;
}

static int replay(struct replay *r)
{
	struct tool_rules rules = {
		.paths = r->options.rules, .n_paths = r->options.n_rules, .lab = r->options.lab};
	struct geo_source geo = {.get = geo_database_get};
	uint64_t lines = 0;

	for (unsigned i = 0; i < r->options.n_configs; i++) {
		int status = read_config(r, r->options.configs[i]);
		if (status != 0)
			return status;
	}
	rules.vars = r->config.variables;
	geo.ctx = r->countries =
		geo_database_new(r->options.geo != NULL ? r->options.geo : r->config.geoip_database,
			r->config.asn_database);
	if (geo.ctx != NULL)
		rules.geo = &geo;
	complete(&r->options.companions, &r->config.companions);
	rules.companions = &r->options.companions;
	if (r->options.examples)
		return examples_main(&r->options, rules.vars, rules.geo);
	int status = check_captures(&r->options);

	if (status == 0)
		status = open_eve(r);
	if (status == 0)
		status = open_engine(r);
	if (status == 0 && r->options.purpose != NULL)
		status = take_purposes(r);
	if (status == 0 && rules.n_paths > 0)
		status = tool_rules_load(&rules, &r->engine, &r->rules);
	if (status == 0)
		status = load_countries(r);
	if (status == 0)
		status = open_captures(r);
	if (status != 0)
		return status;

	r->start_ns = clock_monotonic_ns();
	r->progress = !r->options.quiet && isatty(STDERR_FILENO);
	if (r->engine.n_workers == 1)
		run_alone(r);
	else
		status = run_threads(r);
	int eve = close_eve(r, &lines);
	r->eve = NULL;
	finish(r, lines);
	if (source_capture_failed(r->engine.capture) != NULL)
		return EXIT_CAPTURE;
	return status != 0 ? status : eve;
}

int main(int argc, char **argv)
{
	static struct replay r;

	log_open("sealwatch-replay", LOG_LEVEL_INFO);
	int status = replay_options_parse(&r.options, argc, argv);
	if (status >= 0)
		return status;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);

	int err = r.options.lab ? 0 : private_process();
	if (err < 0)
		log_error("privacy: %s", strerror(-err));
	status = err < 0 ? EXIT_OUTPUT : replay(&r);
	eve_close(r.eve);
	engine_close(&r.engine);
	rule_list_free(&r.rules);
	geo_database_free(r.countries);
	config_free(&r.config);
	dataplane_config_free(r.dataplane);
	return status;
}
