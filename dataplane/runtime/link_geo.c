#include "dataplane/api/geo_map.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/runtime/link_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static int publish(struct link_server *l, uint64_t len, int fd)
{
	struct link_geo_receipt *r = &l->geo.receipt;
	void *blob = NULL;

	int err = link_map_blob(fd, len, &blob);
	if (err < 0) {
		snprintf(r->error, sizeof(r->error),
			"the map of countries is no sealed memfd of its length");
		return err;
	}
	err = engine_geo(l->engine, blob, len, r->error);
	munmap(blob, len);
	return err;
}

static void describe(struct link_server *l, struct link_geo_receipt *r)
{
	const struct geo_map *live = geo_borrow(l->engine->rulesets);
	const struct geo_map_head *head = geo_map_head(live);

	r->n4 = head->n4;
	r->n6 = head->n6;
	r->n_countries = head->n_countries;
	r->bytes = geo_map_memory(live);
	memcpy(r->digest, head->digest, sizeof(r->digest));
}

void link_on_geo(struct link_server *l, int i, uint32_t id, const void *payload, int fd)
{
	const struct link_load_req *req = payload;
	struct link_geo_receipt busy = {.error = "another map of countries is being loaded"};
	uint64_t start = clock_monotonic_ns();

	if (l->geo.active) {
		link_reply_to(l, i, LINK_GEO_LOAD, id, -EBUSY, &busy, sizeof(busy), -1);
		return;
	}
	l->geo = (struct pending_geo){.client = i, .id = id};
	int err = publish(l, req->blob_len, fd);
	if (err < 0) {
		link_reply_to(
			l, i, LINK_GEO_LOAD, id, err, &l->geo.receipt, sizeof(l->geo.receipt), -1);
		return;
	}
	describe(l, &l->geo.receipt);
	l->geo.active = true;
	l->geo.published_ns = clock_monotonic_ns();
	l->geo.receipt.prepare_ns = l->geo.published_ns - start;
}

void link_finish_geo(struct link_server *l)
{
	struct pending_geo *g = &l->geo;
	uint64_t now = clock_monotonic_ns();

	if (!g->active) {
		geo_poll(l->engine->rulesets); // one whose time was over is freed all the same
		return;
	}
	bool freed = geo_poll(l->engine->rulesets) == 1;
	if (!freed && now - g->published_ns < GRACE_TIMEOUT_NS)
		return;
	g->active = false;
	g->receipt.grace_ns = now - g->published_ns;
	if (!freed)
		snprintf(g->receipt.error, sizeof(g->receipt.error),
			"the map is live, but a worker has not let go of the last one within two "
			"seconds");
	log_info("the map of countries is live: %u countries", g->receipt.n_countries);
	if (g->client >= 0)
		link_reply_to(l, g->client, LINK_GEO_LOAD, g->id, freed ? 0 : -ETIMEDOUT,
			&g->receipt, sizeof(g->receipt), -1);
}

void link_on_border_keys(struct link_server *l, int i, uint32_t id, const void *payload, int fd)
{
	const struct link_border_keys *known = payload;
	struct link_border_keys now = {0};

	(void)fd;
	if (known->has_secret)
		border_keys_secret(&l->engine->border_keys, known->secret);
	for (unsigned slot = 0; slot < BORDER_WINDOWS; slot++) {
		if (known->of[slot].number != 0)
			border_keys_put(&l->engine->border_keys, slot, &known->of[slot]);
	}
	border_keys_copy(&l->engine->border_keys, now.of);
	link_reply_to(l, i, LINK_BORDER_KEYS, id, 0, &now, sizeof(now), -1);
	explicit_bzero(&now, sizeof(now));
}
