#include "control/drain.h"

#include "dataplane/base/clock.h"

#include <errno.h>
#include <stdlib.h>

enum { TURN_NS = 20000000, CLOCK_EVERY = 64 };

struct drain {
	const char *path;
	struct eve_writer *eve; // NULL: none
	struct drain_counts past; // of writers before a reopen
	uint64_t bad_rings;
	struct service_tallies services; // as they were told last
	void (*put)(void *ctx, const void *record, size_t len); // of evidence; NULL: it is dropped
	void *put_ctx;
	struct lures lures;
	unsigned next_ring; // where the next turn begins: no ring starves another
	_Alignas(8) uint8_t record[EVENT_RECORD_MAX];
};

int drain_open(const char *eve_file, struct drain **out)
{
	struct drain *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return -ENOMEM;
	d->path = eve_file;
	int err = eve_file != NULL ? eve_open(eve_file, &d->eve) : 0;
	if (err < 0) {
		free(d);
		return err;
	}
	*out = d;
	return 0;
}

static int close_writer(struct drain *d)
{
	if (d->eve == NULL)
		return 0;
	int err = eve_close(d->eve);
	d->eve = NULL;
	return err;
}

int drain_close(struct drain *d)
{
	if (d == NULL)
		return 0;
	int err = close_writer(d);
	service_tallies_free(&d->services);
	free(d);
	return err;
}

int drain_reopen(struct drain *d)
{
	struct eve_writer *fresh;

	if (d->path == NULL)
		return 0;
	int err = eve_open(d->path, &fresh);
	if (err < 0)
		return err;
	eve_flush(d->eve);
	d->past = drain_counts(d);
	d->bad_rings = 0;
	err = close_writer(d);
	d->eve = fresh;
	return err;
}

void drain_evidence(
	struct drain *d, void (*put)(void *ctx, const void *record, size_t len), void *ctx)
{
	d->put = put;
	d->put_ctx = ctx;
}

static bool is_evidence(const struct drain *d, size_t len)
{
	const struct event_head *head = (const struct event_head *)d->record;

	return len >= sizeof(*head) && head->type == EVENT_EVIDENCE;
}

static void take_evidence(struct drain *d, size_t len)
{
	if (d->put != NULL)
		d->put(d->put_ctx, d->record + sizeof(struct event_head),
			len - sizeof(struct event_head));
}

static void take_event(struct drain *d, uint32_t len)
{
	lures_take(&d->lures, d->record, len);
	if (d->eve != NULL)
		eve_write(d->eve, d->record, len); // the writer counts what fails
}

struct lures *drain_lures(struct drain *d)
{
	return &d->lures;
}

// One record; false when the ring has none.
static bool take(struct drain *d, const struct link_region *region, unsigned ring)
{
	int len =
		event_ring_get(link_region_ring(region, ring), region->hello.ring_size, d->record);

	if (len == 0)
		return false;
	if (len < 0)
		d->bad_rings++;
	else if (is_evidence(d, (size_t)len))
		take_evidence(d, (size_t)len);
	else
		take_event(d, (uint32_t)len);
	return true;
}

bool drain_turn(struct drain *d, const struct link_region *region)
{
	const unsigned n_rings = region->base != NULL ? region->hello.n_rings : 0;
	uint64_t end = clock_monotonic_ns() + TURN_NS;
	unsigned empty = 0;

	while (empty < n_rings) {
		unsigned ring = d->next_ring++ % n_rings;
		unsigned n = 0;
		while (n < CLOCK_EVERY && take(d, region, ring))
			n++;
		empty = n == 0 ? empty + 1 : 0;
		if (clock_monotonic_ns() >= end)
			return true;
	}
	if (d->eve != NULL)
		eve_flush(d->eve);
	return false;
}

void drain_stats_line(struct drain *d, uint64_t uptime_s, const uint64_t *counters)
{
	if (d->eve != NULL)
		eve_write_stats(d->eve, clock_wall_ns(), uptime_s, counters);
}

void drain_service_lines(struct drain *d, const struct service_tallies *now)
{
	if (d->eve != NULL)
		eve_write_services(d->eve, clock_wall_ns(), now, &d->services);
	service_tallies_free(&d->services);
	d->services = *now;
}

struct drain_counts drain_counts(const struct drain *d)
{
	struct drain_counts c = d->past;

	c.bad += d->bad_rings;
	c.last_errno = 0;
	if (d->eve != NULL) {
		const struct eve_stats *now = eve_stats(d->eve);
		c.written += now->written;
		c.failed += now->failed;
		c.bad += now->bad;
		c.last_errno = now->last_errno;
	}
	return c;
}
