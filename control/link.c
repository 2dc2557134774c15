#include "control/link.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000000ull

enum { TICK_MS = 250, STEPS = 8 };

// The dataplane answers from its main lcore, which is busy while it takes a pattern set.
static const uint64_t status_every_ns = 1 * SECOND;
static const uint64_t answer_within_ns = 5 * SECOND;
static const uint64_t receipt_within_ns = 120 * SECOND;

struct link {
	struct event_base *base;
	const char *path;
	struct link_callbacks callbacks;
	struct event *on_tick;
	struct event *on_readable; // NULL: not connected
	struct link_client *client; // NULL: not connected
	bool up; // HELLO was answered
	bool has_status;
	struct link_status status;
	uint64_t asked_ns; // first question that is open
	uint64_t status_ns; // last question for the status
	int said; // errno of the last complaint, so that it is made once
};

static void complain(struct link *l, int err)
{
	if (err == l->said)
		return;
	l->said = err;
	if (err == -ENOENT || err == -ECONNREFUSED)
		log_warning("%s: no dataplane there; waiting for it", l->path);
	else if (err == -ECONNRESET)
		log_warning("%s: the dataplane is gone", l->path);
	else if (err == -EPROTONOSUPPORT)
		log_error("%s: the dataplane speaks another version of the link", l->path);
	else
		log_error("%s: %s", l->path, strerror(-err));
}

static bool is_loading(const struct link *l)
{
	return link_client_waits(l->client, LINK_PATTERNS_LOAD) ||
		link_client_waits(l->client, LINK_SHADOW_LOAD);
}

static bool is_loading_geo(const struct link *l)
{
	return link_client_waits(l->client, LINK_GEO_LOAD);
}

static void hang_up(struct link *l, int err)
{
	struct link_receipt nothing = {.error = "the dataplane went away during the load"};
	struct link_geo_receipt no_map = {.error = "the dataplane went away during the load"};
	bool was_up = l->up;
	bool loading = l->client != NULL && is_loading(l);
	bool loading_geo = l->client != NULL && is_loading_geo(l);
	bool dropping = l->client != NULL && link_client_waits(l->client, LINK_SHADOW_DROP);
	bool purposes = l->client != NULL && link_client_waits(l->client, LINK_PURPOSES);

	if (l->on_readable != NULL)
		event_free(l->on_readable);
	l->on_readable = NULL;
	link_client_close(l->client);
	l->client = NULL;
	l->up = false;
	l->has_status = false;
	complain(l, err);
	if (was_up)
		l->callbacks.down(l->callbacks.ctx);
	if (loading)
		l->callbacks.receipt(l->callbacks.ctx, -ECONNRESET, &nothing);
	if (loading_geo)
		l->callbacks.geo(l->callbacks.ctx, -ECONNRESET, &no_map);
	if (dropping)
		l->callbacks.dropped(l->callbacks.ctx, -ECONNRESET);
	if (purposes && l->callbacks.purposes != NULL)
		l->callbacks.purposes(l->callbacks.ctx, -ECONNRESET);
}

static int ask_status(struct link *l)
{
	uint64_t now = clock_monotonic_ns();

	if (link_client_waits(l->client, LINK_STATUS) || now - l->status_ns < status_every_ns)
		return 0;
	l->status_ns = now;
	int err = link_client_status(l->client);
	return err == -EAGAIN ? 0 : err;
}

static void take_reply(struct link *l, const struct link_reply *reply)
{
	switch (reply->op) {
	case LINK_HELLO:
		l->up = true;
		l->said = 0;
		log_info("%s: linked to the dataplane, process %u", l->path,
			reply->region.hello.pid);
		l->callbacks.up(l->callbacks.ctx, &reply->region);
		break;
	case LINK_PATTERNS_LOAD:
	case LINK_SHADOW_LOAD:
		l->callbacks.receipt(l->callbacks.ctx, reply->status, &reply->receipt);
		break;
	case LINK_STATUS:
		l->status = reply->state;
		l->has_status = true;
		l->callbacks.status(l->callbacks.ctx, &l->status);
		break;
	case LINK_SHADOW_DROP:
		l->callbacks.dropped(l->callbacks.ctx, reply->status);
		break;
	case LINK_PURPOSES:
		if (l->callbacks.purposes != NULL)
			l->callbacks.purposes(l->callbacks.ctx, reply->status);
		break;
	case LINK_GEO_LOAD:
		l->callbacks.geo(l->callbacks.ctx, reply->status, &reply->geo);
		break;
	case LINK_BORDER_KEYS:
		l->callbacks.keys(l->callbacks.ctx, &reply->keys);
		break;
	case LINK_OP_COUNT:
		break;
	}
}

static bool is_waiting(const struct link *l)
{
	for (unsigned op = LINK_HELLO; op < LINK_OP_COUNT; op++) {
		if (link_client_waits(l->client, (enum link_op)op))
			return true;
	}
	return false;
}

static void readable(evutil_socket_t fd, short what, void *ctx)
{
	struct link *l = ctx;
	struct link_reply reply;
	int got = 1;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < STEPS && got == 1; i++) {
		got = link_client_step(l->client, &reply);
		if (got == 1)
			take_reply(l, &reply);
		// A callback that asks may find the link broken, and end it.
		if (l->client == NULL)
			return;
	}
	if (got < 0) {
		hang_up(l, got);
		return;
	}
	explicit_bzero(&reply.keys, sizeof(reply.keys));
	l->asked_ns = clock_monotonic_ns();
	if (l->up && !l->has_status)
		ask_status(l);
}

static void try_connect(struct link *l)
{
	int err = link_client_open(l->path, &l->client);

	if (err < 0) {
		complain(l, err);
		return;
	}
	l->asked_ns = clock_monotonic_ns();
	l->status_ns = 0;
	l->on_readable =
		event_new(l->base, link_client_fd(l->client), EV_READ | EV_PERSIST, readable, l);
	if (l->on_readable == NULL || event_add(l->on_readable, NULL) < 0)
		hang_up(l, -ENOMEM);
}

static void tick(evutil_socket_t fd, short what, void *ctx)
{
	struct link *l = ctx;

	(void)fd;
	(void)what;
	if (l->client == NULL) {
		try_connect(l);
		return;
	}
	uint64_t patience =
		is_loading(l) || is_loading_geo(l) ? receipt_within_ns : answer_within_ns;
	if (!is_waiting(l))
		l->asked_ns = clock_monotonic_ns();
	else if (clock_monotonic_ns() - l->asked_ns > patience) {
		hang_up(l, -ETIMEDOUT);
		return;
	}
	int err = l->up ? ask_status(l) : 0;
	if (err < 0)
		hang_up(l, err == -EPIPE ? -ECONNRESET : err);
}

int link_new(struct event_base *base, const char *path, const struct link_callbacks *callbacks,
	struct link **out)
{
	const struct timeval period = {.tv_usec = TICK_MS * 1000};
	struct link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	l->base = base;
	l->path = path;
	l->callbacks = *callbacks;
	l->on_tick = event_new(base, -1, EV_PERSIST, tick, l);
	if (l->on_tick == NULL || event_add(l->on_tick, &period) < 0) {
		link_free(l);
		return -ENOMEM;
	}
	event_active(l->on_tick, EV_TIMEOUT, 0); // connect at once
	*out = l;
	return 0;
}

void link_free(struct link *l)
{
	if (l == NULL)
		return;
	if (l->on_tick != NULL)
		event_free(l->on_tick);
	if (l->on_readable != NULL)
		event_free(l->on_readable);
	link_client_close(l->client);
	free(l);
}

bool link_is_up(const struct link *l)
{
	return l->up;
}

const struct link_status *link_state(const struct link *l)
{
	return l->has_status ? &l->status : NULL;
}

int link_load(struct link *l, int blob_fd, uint64_t blob_len)
{
	return l->up ? link_client_load(l->client, blob_fd, blob_len) : -ENOTCONN;
}

int link_shadow(struct link *l, int blob_fd, uint64_t blob_len, uint32_t share)
{
	return l->up ? link_client_shadow(l->client, blob_fd, blob_len, share) : -ENOTCONN;
}

int link_shadow_drop(struct link *l)
{
	return l->up ? link_client_shadow_drop(l->client) : -ENOTCONN;
}

int link_purposes(struct link *l, int fd)
{
	return l->up ? link_client_purposes(l->client, fd) : -ENOTCONN;
}

int link_geo(struct link *l, int blob_fd, uint64_t blob_len)
{
	return l->up ? link_client_geo(l->client, blob_fd, blob_len) : -ENOTCONN;
}

int link_border_keys(struct link *l, const struct link_border_keys *keys)
{
	return l->up ? link_client_border_keys(l->client, keys) : -ENOTCONN;
}
