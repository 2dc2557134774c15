#include "control/daemon.h"

#include "control/commands.h"
#include "control/daemon_geo.h"
#include "control/metrics.h"
#include "control/private_dir.h"
#include "control/privileges.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { DAYS_EVERY_S = 60, DRAIN_MS = 100, DRAIN_MORE_MS = 1, LAST_DRAIN_TURNS = 50 };

uint64_t daemon_uptime_s(const struct daemon *d)
{
	return (clock_monotonic_ns() - d->start_ns) / 1000000000;
}

// What a dead dataplane's rings still hold is written before its region goes.
static void link_up(void *ctx, const struct link_region *region)
{
	struct daemon *d = ctx;
	const struct link_region *last = stats_region(d->stats);

	if (last->base != NULL && last->hello.start_ns != region->hello.start_ns) {
		for (unsigned i = 0; i < LAST_DRAIN_TURNS && drain_turn(d->drain, last); i++)
			continue;
		geo_run_ends(d->geo);
		*drain_lures(d->drain) = (struct lures){0}; // another run's pseudonyms are others
	}
	if (stats_attach(d->stats, region) < 0)
		log_error("short of memory: counts by rule of the last dataplane are lost");
	purpose_link_due(&d->purpose_link); // before a set
	geo_link_up(
		d->geo, region->hello.start_ns); // flows of the first packet, too, have countries
	reload_link_up(d->reload, &region->hello);
}

static void link_down(void *ctx)
{
	struct daemon *d = ctx;

	stats_refresh(d->stats);
	purpose_link_down(&d->purpose_link);
}

static void link_purposes_there(void *ctx, int status)
{
	struct daemon *d = ctx;

	purpose_link_replied(&d->purpose_link, status);
}

static void link_receipt(void *ctx, int status, const struct link_receipt *receipt)
{
	struct daemon *d = ctx;

	reload_receipt(d->reload, status, receipt);
}

static void link_dropped(void *ctx, int status)
{
	struct daemon *d = ctx;

	reload_shadow_dropped(d->reload, status);
}

static void link_told(void *ctx, const struct link_status *status)
{
	struct daemon *d = ctx;

	purpose_link_status(&d->purpose_link);
	reload_status(d->reload, status);
}

static void put_evidence(void *ctx, const void *record, size_t len)
{
	evidence_store_put(ctx, record, len);
}

static void expire(evutil_socket_t fd, short what, void *ctx)
{
	struct daemon *d = ctx;

	(void)fd;
	(void)what;
	// Without a register nobody knows how long something is to be kept.
	if (d->purposes.err == 0)
		evidence_store_expire(&d->evidence, &d->purposes, clock_wall_ns());
}

static void drain_now(evutil_socket_t fd, short what, void *ctx)
{
	struct daemon *d = ctx;

	(void)fd;
	(void)what;
	stats_refresh(d->stats);
	bool more = drain_turn(d->drain, stats_region(d->stats));
	evidence_store_sync(&d->evidence);
	const struct timeval next = {.tv_usec = (more ? DRAIN_MORE_MS : DRAIN_MS) * 1000};
	event_add(d->on_drain, &next);
}

static void write_stats(evutil_socket_t fd, short what, void *ctx)
{
	struct daemon *d = ctx;
	uint64_t totals[CTR_COUNT];

	(void)fd;
	(void)what;
	stats_totals(d->stats, totals);
	drain_stats_line(d->drain, daemon_uptime_s(d), totals);
	struct service_tallies services;
	if (stats_services(d->stats, &services) == 0)
		drain_service_lines(d->drain, &services);
}

void daemon_count_days(struct daemon *d)
{
	enum { DAY_S = 86400 };
	const struct link_region *region = stats_region(d->stats);
	struct posture_tallies all;

	if (region->base == NULL || stats_postures(d->stats, &all) < 0)
		return;
	uint32_t day = (uint32_t)(clock_wall_ns() / 1000000000 / DAY_S);
	if (posture_days_update(&d->days, &all, region->hello.start_ns, day) < 0)
		log_error("short of memory: postures of today come later");
	posture_tallies_free(&all);
}

static void keep_days(struct daemon *d)
{
	struct posture_tallies of_run;

	daemon_count_days(d);
	if (stats_postures_of_run(d->stats, &of_run) < 0)
		return;
	posture_days_save(&d->days, &of_run);
	posture_tallies_free(&of_run);
}

static void days_due(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	keep_days(ctx);
}

static void stop(evutil_socket_t number, short what, void *ctx)
{
	struct daemon *d = ctx;

	(void)what;
	log_info("stopping: %s", strsignal((int)number));
	event_base_loopbreak(d->base);
}

static void rotate(evutil_socket_t number, short what, void *ctx)
{
	struct daemon *d = ctx;

	(void)number;
	(void)what;
	int err = drain_reopen(d->drain);
	if (err < 0)
		log_error("%s: %s", d->config->eve_file, strerror(-err));
	else if (d->config->eve_file != NULL)
		log_info("%s: opened anew", d->config->eve_file);
}

// Only threads that were seen; the labels live in `labels`.
static unsigned collect_threads(const struct daemon *d, struct metrics_thread *threads,
	uint64_t (*values)[CTR_COUNT], char (*labels)[8])
{
	unsigned n = 0;

	for (unsigned t = 0; t < STATS_THREADS; t++) {
		if (!stats_thread(d->stats, t, values[n]))
			continue;
		if (t == STATS_READER)
			snprintf(labels[n], sizeof(labels[n]), "reader");
		else
			snprintf(labels[n], sizeof(labels[n]), "%u", t);
		threads[n] = (struct metrics_thread){.label = labels[n], .values = values[n]};
		n++;
	}
	return n;
}

static int sum_shadow(const struct daemon *d, struct metrics_input *in)
{
	static const struct shadow always; // what all shadows counted, from the begin
	struct shadow_counts counts;

	int err = shadow_counts(&always, d->stats, &counts);
	if (err < 0)
		return err;
	for (unsigned i = 0; i < SHADOW_SIDES; i++)
		in->beside[i] = tally_total(&counts.sides[i]);
	shadow_counts_free(&counts);
	return 0;
}

static int write_metrics(const struct daemon *d, struct metrics_input *in, char **text, size_t *len)
{
	struct rule_tallies rules = {0};
	struct service_tallies services = {0};
	struct leak_numbers leaks[DETECTOR_COUNT];
	struct posture_tallies postures = {0};
	FILE *out = NULL;

	int err = stats_rules(d->stats, TALLY_RULES, &rules);
	if (err == 0)
		err = stats_services(d->stats, &services);
	if (err == 0)
		err = stats_postures(d->stats, &postures);
	if (err == 0)
		err = sum_shadow(d, in);
	if (err == 0 && (out = open_memstream(text, len)) == NULL)
		err = -errno;
	if (err == 0) {
		in->rules = &rules;
		in->services = &services;
		stats_leaks(d->stats, leaks);
		in->leaks = leaks;
		in->postures = &postures;
		in->stacks = stats_stacks(d->stats);
		in->borders = daemon_geo_metrics(d);
		err = metrics_write(out, in);
	}
	if (out != NULL && fclose(out) != 0 && err == 0)
		err = -ENOMEM;
	rule_tallies_free(&rules);
	service_tallies_free(&services);
	posture_tallies_free(&postures);
	return err;
}

static int metrics(void *ctx, char **text, size_t *len)
{
	static uint64_t values[STATS_THREADS][CTR_COUNT];
	static char labels[STATS_THREADS][8];
	struct metrics_thread threads[STATS_THREADS];
	const struct daemon *d = ctx;
	const struct pattern_set *live = reload_live(d->reload);
	const struct link_status *state = link_state(d->link);
	const struct drain_counts events = drain_counts(d->drain);

	stats_refresh(d->stats);
	struct metrics_input in = {.threads = threads,
		.n_threads = collect_threads(d, threads, values, labels),
		.dataplane_up = link_is_up(d->link),
		.uptime_s = daemon_uptime_s(d),
		.eve_written = events.written,
		.eve_failed = events.failed};
	if (live != NULL) {
		in.generation = live->generation;
		in.n_rules = live->index->n;
	} else if (state != NULL) {
		in.generation = state->generation;
		in.n_rules = state->n_rules;
	}
	const struct shadow *shadow = reload_shadow(d->reload);
	in.shadow_rules = shadow->set != NULL ? shadow->set->index->n : 0;
	in.shadow_share = shadow->share;
	*text = NULL;
	int err = write_metrics(d, &in, text, len);
	if (err < 0)
		free(*text);
	return err;
}

static enum daemon_exit open_control(struct daemon *d)
{
	const struct control_config *c = d->config;
	gid_t gid = (gid_t)NO_GROUP;

	if (c->control_group != NULL && privileges_group(c->control_group, &gid) < 0) {
		log_error("control_group: there is no group %s", c->control_group);
		return EXIT_CONFIG;
	}
	int err = control_socket_open(
		d->base, c->control_socket, gid, commands_serve, d, &d->control);
	if (err == 0)
		return EXIT_OK;
	if (err == -EADDRINUSE) {
		log_error("control socket %s is in use by another sealwatchd", c->control_socket);
		return EXIT_IN_USE;
	}
	log_error("control socket %s: %s", c->control_socket, strerror(-err));
	return EXIT_RUN;
}

static enum daemon_exit open_http(struct daemon *d)
{
	const struct control_config *c = d->config;

	if (c->metrics_port == 0)
		return EXIT_OK;
	int err = http_open(d->base, c->metrics_address, c->metrics_port, metrics, d, &d->http);
	if (err == 0)
		return EXIT_OK;
	if (err == -EADDRINUSE) {
		log_error("metrics_port %u of %s is taken by another program", c->metrics_port,
			c->metrics_address);
		return EXIT_IN_USE;
	}
	log_error("metrics at %s port %u: %s", c->metrics_address, c->metrics_port, strerror(-err));
	return EXIT_RUN;
}

static enum daemon_exit drop_privileges(const struct daemon *d)
{
	const struct control_config *c = d->config;
	const char *user = c->user;
	uid_t uid;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (user == NULL || geteuid() != 0)
		return EXIT_OK;
	int err = privileges_user(user, &uid);
	if (err == 0 && c->cache != NULL)
		private_dir_make(c->cache, uid); // cache_open() tells what is wrong
	if (err == 0 && c->state != NULL)
		private_dir_make(c->state, uid);
	if (err == 0)
		err = privileges_drop(user, c->control_socket);
	if (err == 0)
		return EXIT_OK;
	log_error("user %s: %s", user, err == -ENOENT ? "there is no such user" : strerror(-err));
	return err == -ENOENT ? EXIT_CONFIG : EXIT_RUN;
}

static enum daemon_exit open_drain(struct daemon *d)
{
	int err = drain_open(d->config->eve_file, &d->drain);

	if (err == 0)
		return EXIT_OK;
	log_error("eve_file %s: %s", d->config->eve_file, strerror(-err));
	return EXIT_RUN;
}

static int add_signal(struct daemon *d, int number, event_callback_fn fn, struct event **out)
{
	*out = evsignal_new(d->base, number, fn, d);
	return *out == NULL || event_add(*out, NULL) < 0 ? -ENOMEM : 0;
}

static int start_events(struct daemon *d)
{
	const struct timeval soon = {.tv_usec = DRAIN_MS * 1000};
	const struct timeval minute = {.tv_sec = 60};
	const struct timeval interval = {.tv_sec = d->config->stats_interval_s};
	const struct timeval days = {.tv_sec = DAYS_EVERY_S};

	if (add_signal(d, SIGTERM, stop, &d->on_stop[0]) < 0 ||
		add_signal(d, SIGINT, stop, &d->on_stop[1]) < 0 ||
		add_signal(d, SIGHUP, rotate, &d->on_rotate) < 0)
		return -ENOMEM;
	d->on_drain = evtimer_new(d->base, drain_now, d);
	if (d->on_drain == NULL || event_add(d->on_drain, &soon) < 0)
		return -ENOMEM;
	d->on_days = event_new(d->base, -1, EV_PERSIST, days_due, d);
	if (d->on_days == NULL || event_add(d->on_days, &days) < 0)
		return -ENOMEM;
	d->on_expire = event_new(d->base, -1, EV_PERSIST, expire, d);
	if (d->on_expire == NULL || event_add(d->on_expire, &minute) < 0)
		return -ENOMEM;
	if (interval.tv_sec == 0)
		return 0;
	d->on_stats = event_new(d->base, -1, EV_PERSIST, write_stats, d);
	return d->on_stats == NULL || event_add(d->on_stats, &interval) < 0 ? -ENOMEM : 0;
}

static int start_link(struct daemon *d)
{
	const struct link_callbacks callbacks = {.up = link_up,
		.down = link_down,
		.receipt = link_receipt,
		.dropped = link_dropped,
		.purposes = link_purposes_there,
		.geo = daemon_geo_told,
		.keys = daemon_geo_keys,
		.status = link_told,
		.ctx = d};

	d->reload = reload_new(d->base, d->config, d->cache, &d->disabled);
	d->geo = geo_new(d->base, d->config);
	if (d->reload == NULL || d->geo == NULL)
		return -ENOMEM;
	int err = link_new(d->base, d->config->link_socket, &callbacks, &d->link);
	if (err < 0)
		return err;
	d->purpose_link = (struct purpose_link){.link = d->link, .store = &d->purposes};
	reload_bind(d->reload, d->link, d->stats);
	return daemon_geo_start(d);
}

// It saves time, and nothing else: without it sets are compiled.
static void open_cache(struct daemon *d)
{
	const char *path = d->config->cache;

	if (path == NULL)
		return;
	int err = cache_open(d->base, path, &d->cache);
	if (err < 0)
		log_warning("cache %s: %s; each set is compiled anew", path,
			err == -EPERM ? "the directory is another user's" : strerror(-err));
}

static enum daemon_exit start_rest(struct daemon *d)
{
	open_cache(d);
	disabled_open(&d->disabled, d->config->state);
	evidence_store_open(&d->evidence, d->config->state);
	drain_evidence(d->drain, put_evidence, &d->evidence);
	purpose_store_open(&d->purposes, d->config->state, d->config->lab);
	posture_days_open(&d->days, d->config->state);
	int err = start_link(d);

	if (err == 0)
		err = start_events(d);
	if (err == 0)
		return EXIT_OK;
	log_error("start: %s", strerror(-err));
	return EXIT_RUN;
}

enum daemon_exit daemon_start(struct daemon *d, const struct control_config *config)
{
	*d = (struct daemon){.config = config,
		.disabled = {.dir = -1},
		.days = {.dir = -1},
		.evidence = {.dir = -1, .journal = {.fd = -1}},
		.start_ns = clock_monotonic_ns()};
	d->base = event_base_new();
	d->stats = stats_new();
	if (d->base == NULL || d->stats == NULL) {
		log_error("short of memory");
		return EXIT_RUN;
	}
	enum daemon_exit status = open_control(d);
	if (status == EXIT_OK)
		status = open_http(d);
	if (status == EXIT_OK)
		status = drop_privileges(d);
	if (status == EXIT_OK)
		status = open_drain(d);
	if (status == EXIT_OK)
		status = start_rest(d);
	return status;
}

enum daemon_exit daemon_run(struct daemon *d)
{
	log_info("ready: control socket %s", d->config->control_socket);
	return event_base_dispatch(d->base) < 0 ? EXIT_RUN : EXIT_OK;
}

void daemon_stop(struct daemon *d)
{
	struct event *events[] = {d->on_drain, d->on_stats, d->on_days, d->on_stop[0],
		d->on_stop[1], d->on_rotate, d->on_expire};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (events[i] != NULL)
			event_free(events[i]);
	}
	purpose_link_close(&d->purpose_link);
	if (d->stats != NULL)
		keep_days(d);
	posture_days_close(&d->days);
	geo_end(d->geo);
	control_socket_close(d->control);
	reload_free(d->reload); // answers who waits for a load: after the clients are gone
	geo_free(d->geo); // likewise
	link_free(d->link);
	cache_close(d->cache);
	disabled_close(&d->disabled);
	purpose_store_close(&d->purposes);
	evidence_store_close(&d->evidence);
	http_close(d->http);
	int err = drain_close(d->drain);
	if (err < 0)
		log_error("%s: %s", d->config->eve_file, strerror(-err));
	stats_free(d->stats);
	if (d->base != NULL)
		event_base_free(d->base);
	*d = (struct daemon){0};
}
