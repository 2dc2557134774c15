#include "control/geo.h"

#include "control/geo_keep.h"
#include "dataplane/api/geo_map.h"
#include "dataplane/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_S = 5, KEEP_S = 60 };

struct geo {
	struct event_base *base;
	const struct control_config *config;
	struct link *link;
	const struct stats *stats;
	struct event *on_look, *on_keep;
	struct compile_job *job;
	bool sending;
	geo_done_fn done; // NULL: nobody waits
	void *done_ctx;
	int map_fd; // -1: none
	uint64_t map_len;
	uint64_t compile_ns;
	struct link_geo_receipt receipt;
	bool live;
	struct link_border_keys keys;
	bool keyed; // this run of the dataplane has the keys of the last one
	struct ledger *ledger;
	struct geo_keep keep;
	uint64_t year; // of the levels
	struct geo_level levels[GEO_THRESHOLDS_MAX];
};

static void look(evutil_socket_t fd, short what, void *ctx);
static void keep(evutil_socket_t fd, short what, void *ctx);

struct geo *geo_new(struct event_base *base, const struct control_config *config)
{
	const struct timeval period = {.tv_sec = LOOK_S}, minute = {.tv_sec = KEEP_S};
	struct geo *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->base = base;
	g->config = config;
	g->map_fd = -1;
	g->ledger = geo_keep_open(&g->keep, config);
	g->on_look = event_new(base, -1, EV_PERSIST, look, g);
	g->on_keep = event_new(base, -1, EV_PERSIST, keep, g);
	if (g->ledger == NULL || g->on_look == NULL || event_add(g->on_look, &period) < 0 ||
		g->on_keep == NULL || event_add(g->on_keep, &minute) < 0) {
		geo_free(g);
		return NULL;
	}
	for (uint32_t i = 0; i < config->n_geo_thresholds; i++)
		g->levels[i].threshold = config->geo_thresholds[i];
	return g;
}

static void finish(struct geo *g, int status, const char *error, const struct link_geo_receipt *r)
{
	const struct geo_outcome outcome = {
		.status = status, .error = error, .receipt = r, .compile_ns = g->compile_ns};
	geo_done_fn done = g->done;

	g->done = NULL;
	if (done != NULL)
		done(g->done_ctx, &outcome);
	else if (status < 0)
		log_error("countries: %s", error);
}

void geo_free(struct geo *g)
{
	if (g == NULL)
		return;
	compile_job_cancel(g->job);
	if (g->done != NULL)
		finish(g, -ECANCELED, "sealwatchd ends", NULL);
	if (g->on_look != NULL)
		event_free(g->on_look);
	if (g->on_keep != NULL)
		event_free(g->on_keep);
	geo_keep_close(&g->keep);
	if (g->map_fd >= 0)
		close(g->map_fd);
	ledger_free(g->ledger);
	explicit_bzero(&g->keys, sizeof(g->keys));
	free(g);
}

void geo_bind(struct geo *g, struct link *link, const struct stats *stats)
{
	g->link = link;
	g->stats = stats;
}

// False: there is nobody to send it to.
static bool send_map(struct geo *g)
{
	if (g->map_fd < 0 || g->sending)
		return g->sending;
	int err = link_geo(g->link, g->map_fd, g->map_len);
	g->sending = err == 0;
	if (err < 0 && err != -ENOTCONN)
		log_error("countries: the map could not be sent: %s", strerror(-err));
	return g->sending;
}

static void compiled(void *ctx, struct compile_result *result)
{
	struct geo *g = ctx;

	g->job = NULL;
	g->compile_ns = result->compile_ns;
	if (result->status < 0) {
		finish(g, result->status, result->error, NULL);
		return;
	}
	if (g->map_fd >= 0)
		close(g->map_fd);
	g->map_fd = result->blob_fd;
	g->map_len = result->blob_len;
	result->blob_fd = -1;
	if (!send_map(g))
		finish(g, 0, "", NULL);
}

int geo_load(struct geo *g, const char *path, const char *as_path, geo_done_fn done, void *ctx)
{
	const struct compile_request req = {.work = COMPILE_GEO,
		.geoip_database = path != NULL ? path : g->config->geoip_database,
		.asn_database = as_path != NULL ? as_path : g->config->asn_database,
		.limits = g->config->compile};

	if (g->job != NULL || g->sending)
		return -EBUSY;
	g->done = done;
	g->done_ctx = ctx;
	int err = compile_job_start(g->base, &req, compiled, g, &g->job);
	if (err < 0)
		g->done = NULL;
	return err;
}

static void forgotten(void *ctx, const struct geo_outcome *outcome)
{
	(void)ctx;
	if (outcome->status < 0)
		log_error("countries: %s", outcome->error);
}

void geo_forget(struct geo *g, void *ctx)
{
	if (g->done != NULL && g->done_ctx == ctx)
		g->done = forgotten;
}

static void exchange_keys(struct geo *g)
{
	struct link_border_keys keys = g->keys;

	keys.has_secret = g->config->has_geo_secret;
	memcpy(keys.secret, g->config->geo_secret, sizeof(keys.secret));
	int err = link_border_keys(g->link, &keys);
	explicit_bzero(&keys, sizeof(keys));
	if (err < 0 && err != -EBUSY && err != -ENOTCONN)
		log_error("borders: keys of windows: %s", strerror(-err));
}

void geo_link_up(struct geo *g, uint64_t run_ns)
{
	geo_keep_run(&g->keep, g->ledger, run_ns);
	exchange_keys(g);
	g->live = false;
	send_map(g);
}

void geo_receipt(struct geo *g, int status, const struct link_geo_receipt *receipt)
{
	g->sending = false;
	if (status == 0) {
		g->receipt = *receipt;
		g->live = true;
		log_info("countries: %" PRIu32 " of them, %" PRIu32 " ranges of IPv4, %" PRIu32
			 " of IPv6",
			receipt->n_countries, receipt->n4, receipt->n6);
	}
	finish(g, status, receipt->error[0] != '\0' ? receipt->error : strerror(-status),
		status == 0 ? receipt : NULL);
}

void geo_keys(struct geo *g, const struct link_border_keys *keys)
{
	g->keys = *keys;
	g->keyed = true;
}

static void read_pages(struct geo *g)
{
	const struct link_region *region = stats_region(g->stats);
	struct counter_page *pages[LINK_WORKERS_MAX];

	if (region->base == NULL || !g->keyed)
		return;
	for (unsigned i = 0; i < region->hello.n_workers; i++)
		pages[i] = link_region_page(region, i);
	ledger_read(g->ledger, pages, region->hello.n_workers, link_region_directory(region));
}

void geo_run_ends(struct geo *g)
{
	read_pages(g);
	ledger_end_run(g->ledger);
	g->keyed = false;
}

const struct link_geo_receipt *geo_map_live(const struct geo *g)
{
	return g->live && link_is_up(g->link) ? &g->receipt : NULL;
}

const struct ledger *geo_ledger(struct geo *g)
{
	read_pages(g);
	return g->ledger;
}

static void keep(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	geo_end(ctx);
}

void geo_end(struct geo *g)
{
	if (g == NULL || g->stats == NULL)
		return;
	read_pages(g);
	geo_keep_save(&g->keep, g->ledger);
}

static bool is_window(void *ctx, const struct ledger_window *w)
{
	return w == ctx;
}

int geo_export(struct geo *g, enum border_kind kind, FILE *out)
{
	struct ledger_file head = g->keep.head;

	if (!g->config->has_geo_secret)
		return -ENOKEY;
	read_pages(g);
	const struct ledger_window *w = ledger_latest(g->ledger, kind);
	if (w == NULL)
		return -ENODATA;
	head.run_ns = 0;
	return ledger_file_write(g->ledger, &head, is_window, (void *)(uintptr_t)w, out);
}

struct abroad {
	uint16_t country; // 0: each that is not home
	uint16_t home;
};

static bool is_abroad(void *ctx, const struct ledger_cell *c)
{
	const struct abroad *a = ctx;
	uint16_t country = border_cell_country(c->key);

	return a->country != 0 ? country == a->country : country != 0 && country != a->home;
}

static void warn(const struct geo_level *l)
{
	char code[GEO_CODE_LEN];

	geo_code(l->threshold.country, code);
	log_warning("borders: about %" PRIu64 " persons this year, to %s: %u %% of %" PRIu64,
		l->persons, l->threshold.country != 0 ? code : "foreign countries", l->percent,
		l->threshold.persons);
}

static void weigh(struct geo *g, const struct ledger_window *w, struct geo_level *l)
{
	static const unsigned marks[] = {50, 80, 100};
	struct abroad abroad = {l->threshold.country, g->config->geo_home};
	unsigned percent = 0;

	l->persons = (uint64_t)(ledger_persons(w, is_abroad, &abroad) + 0.5);
	for (unsigned i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if ((double)l->persons * 100 >= (double)l->threshold.persons * marks[i])
			percent = marks[i];
	}
	// Few persons are nobody's business, whatever threshold somebody wrote down for them.
	if (percent <= l->percent || l->persons < g->config->geo_min_persons)
		return;
	l->percent = percent;
	warn(l);
}

static void weigh_all(struct geo *g)
{
	const struct ledger_window *w = ledger_latest(g->ledger, BORDER_YEAR);

	if (w == NULL)
		return;
	for (uint32_t i = 0; i < g->config->n_geo_thresholds; i++) {
		if (w->number != g->year)
			g->levels[i].percent = 0;
		weigh(g, w, &g->levels[i]);
	}
	g->year = w->number;
}

static void look(evutil_socket_t fd, short what, void *ctx)
{
	struct geo *g = ctx;

	(void)fd;
	(void)what;
	if (link_is_up(g->link))
		exchange_keys(g);
	read_pages(g);
	weigh_all(g);
}

const struct geo_level *geo_levels(const struct geo *g, uint32_t *n)
{
	*n = g->config->n_geo_thresholds;
	return g->levels;
}
