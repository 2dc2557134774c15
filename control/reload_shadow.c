// The shadow's part of a load: how a set comes to run beside the live one, comes back with a
// dataplane that was started anew, and goes.

#include "control/reload_impl.h"

#include "dataplane/base/log.h"

#include <errno.h>
#include <string.h>

static void begin_counting(struct reload *r)
{
	if (shadow_begin(&r->shadow, r->stats) < 0)
		log_error("short of memory: numbers of the shadow set begin before it");
}

int reload_shadow_send(struct reload *r)
{
	const bool again = r->current == NULL;
	const uint32_t share = again ? r->shadow.share : r->current->share;

	// Nothing counts in its tables while no shadow is there: so no hit of it is missed.
	r->shadow_met = r->shadow.set != NULL;
	if (!r->shadow_met)
		begin_counting(r);
	int err = link_shadow(r->link, r->next->blob_fd, r->next->blob_len, share);
	r->shadow_sent = err == 0;
	return err;
}

void reload_shadow_again(struct reload *r)
{
	r->shadow_owed = false;
	r->next = pattern_set_hold(r->shadow.set);
	if (reload_shadow_send(r) == 0) {
		reload_sending(r);
		return;
	}
	// The link breaks: the next one tells that it is owed still.
	pattern_set_drop(r->next);
	r->next = NULL;
	event_active(r->on_next, EV_TIMEOUT, 0);
}

static const char *why(int status, const struct link_receipt *receipt)
{
	if (receipt->error[0] != '\0')
		return receipt->error;
	if (status == -ENOTSUP)
		return "this dataplane knows no shadow sets: it is of an older version; start the "
		       "new sealwatch-dataplane";
	return strerror(-status);
}

// Nobody asked for this one now. A dataplane that does not want it will not want it in a second.
static void sent_again(struct reload *r, int status, const char *error)
{
	pattern_set_drop(r->next);
	r->next = NULL;
	r->state = LOAD_IDLE;
	if (status == 0) {
		log_info("the shadow set runs again");
	} else if (status != -ECONNRESET) {
		log_error("the shadow set is given up: %s", error);
		shadow_drop(&r->shadow);
	}
	event_active(r->on_next, EV_TIMEOUT, 0);
}

void reload_shadow_receipt(struct reload *r, int status, const struct link_receipt *receipt)
{
	const char *error = status < 0 ? why(status, receipt) : "";
	struct pattern_set *set = r->next;

	r->shadow_sent = false;
	// As with the live set: a worker that is late is an error, but the set runs.
	const bool runs = status == 0 || (status == -ETIMEDOUT && receipt->generation != 0);
	if (r->current == NULL) {
		sent_again(r, runs ? 0 : status, error);
		return;
	}
	if (!runs) {
		reload_finish_without(r, status, error);
		return;
	}
	r->next = NULL;
	shadow_put(&r->shadow, set, r->current->share, r->current->uid);
	r->shadow_owed = false;
	if (r->shadow_met)
		begin_counting(r);
	log_info("a shadow set of %u rules runs on %u.%u %% of the flows, loaded by uid %u",
		set->index->n, r->shadow.share / 10, r->shadow.share % 10, (unsigned)r->shadow.uid);
	reload_finish(r, status, error, &set->report, receipt);
	pattern_set_drop(set);
}

static void drop_running(struct reload *r)
{
	r->shadow_drop_due = true;
	if (r->state != LOAD_SENDING)
		reload_shadow_drop_due(r);
}

void reload_shadow_drop_due(struct reload *r)
{
	if (!r->shadow_drop_due)
		return;
	// One that cannot be sent is one for the next status to tell of.
	r->shadow_drop_due = false;
	r->shadow_dropping = link_shadow_drop(r->link) == 0;
}

int reload_drop_shadow(struct reload *r)
{
	if (r->shadow_sent)
		return -EBUSY;
	if (r->shadow.set == NULL)
		return -ENOENT;
	shadow_drop(&r->shadow);
	r->shadow_owed = false;
	log_info("the shadow set is dropped");
	drop_running(r);
	return 0;
}

void reload_shadow_dropped(struct reload *r, int status)
{
	r->shadow_dropping = false;
	if (status < 0 && status != -ECONNRESET)
		log_error("the shadow set could not be dropped: %s", strerror(-status));
	if (r->send_due) {
		r->send_due = false;
		reload_send(r);
		return;
	}
	event_active(r->on_next, EV_TIMEOUT, 0);
}

void reload_shadow_live(struct reload *r)
{
	if (r->shadow.set == NULL)
		return;
	if (r->current != NULL && r->current->promotes && r->shadow.set == r->live)
		reload_drop_shadow(r);
	else
		begin_counting(r);
}

void reload_status(struct reload *r, const struct link_status *status)
{
	const bool runs = status->shadow_generation != 0;
	const struct pattern_set *set = r->shadow.set;

	if (r->shadow_sent || r->shadow_dropping || r->shadow_drop_due)
		return;
	if (set == NULL && runs) {
		log_warning("the dataplane runs a shadow set that is not ours; it is dropped");
		drop_running(r);
	}
	if (set == NULL || (runs && memcmp(status->shadow_digest, set->digest, 32) == 0))
		return;
	r->shadow_owed = true;
	event_active(r->on_next, EV_TIMEOUT, 0);
}

void reload_purposes_changed(struct reload *r)
{
	if (r->shadow.set == NULL || r->shadow_sent)
		return;
	r->shadow_owed = true;
	event_active(r->on_next, EV_TIMEOUT, 0);
}
