#include "control/daemon_geo.h"

#include "dataplane/base/log.h"

#include <errno.h>
#include <string.h>

void daemon_geo_told(void *ctx, int status, const struct link_geo_receipt *receipt)
{
	struct daemon *d = ctx;

	geo_receipt(d->geo, status, receipt);
}

void daemon_geo_keys(void *ctx, const struct link_border_keys *keys)
{
	struct daemon *d = ctx;

	geo_keys(d->geo, keys);
}

// A capture waits for its patterns, and is to find the countries there.
static void geo_ready(void *ctx, const struct geo_outcome *outcome)
{
	struct daemon *d = ctx;
	const bool wanted = d->config->geoip_database != NULL;

	if (outcome->status < 0)
		log_message(wanted ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "no countries: %s",
			outcome->error);
	if (outcome->status == -ECANCELED || d->config->n_patterns == 0)
		return;
	int err = reload_start_configured(d->reload);
	if (err < 0)
		log_error("the configured patterns: %s", strerror(-err));
}

int daemon_geo_start(struct daemon *d)
{
	const char *database = d->config->geoip_database;
	const bool none = database != NULL && database[0] == '\0';
	const struct geo_outcome outcome = {.error = ""};

	geo_bind(d->geo, d->link, d->stats);
	if (!none)
		return geo_load(d->geo, NULL, NULL, geo_ready, d);
	geo_ready(d, &outcome);
	return 0;
}

struct metrics_borders daemon_geo_metrics(const struct daemon *d)
{
	struct metrics_borders b = {
		.ledger = geo_ledger(d->geo), .min_persons = d->config->geo_min_persons};

	b.levels = geo_levels(d->geo, &b.n_levels);
	return b;
}
