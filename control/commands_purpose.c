#include "control/commands_purpose.h"

#include "control/answer.h"
#include "control/escape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { INACTIVE_SHOWN = 100 };

static void refuse(struct control_call *call, int status, const char *error)
{
	control_call_answer(call, answer_failure(status == -ENOENT ? "unknown" : NULL, error));
}

static void changed(struct daemon *d, struct control_call *call, const char *id)
{
	const struct purpose *p = purpose_store_find(&d->purposes, id);
	const struct pattern_set *live = reload_live(d->reload);
	json_t *answer = json_pack("{s:b, s:o}", "ok", 1, "entry", purpose_to_json(p));

	if (answer != NULL && live != NULL)
		purpose_put_inactive(d, live->index, answer);
	purpose_link_due(&d->purpose_link);
	reload_purposes_changed(d->reload);
	purpose_link_answer(&d->purpose_link, call, answer);
}

void purpose_add(struct daemon *d, struct control_call *call, const struct request *request)
{
	char error[PURPOSE_ERROR_LEN];
	struct purpose p;

	int err = purpose_from_json(request->entry, &p, error);
	if (err == 0)
		err = purpose_store_add(&d->purposes, &p, control_call_uid(call), error);
	if (err < 0)
		refuse(call, err, error);
	else
		changed(d, call, p.row.id);
}

void purpose_retire(struct daemon *d, struct control_call *call, const struct request *request)
{
	char error[PURPOSE_ERROR_LEN];

	int err = purpose_store_retire(&d->purposes, request->id, control_call_uid(call), error);
	if (err < 0)
		refuse(call, err, error);
	else
		changed(d, call, request->id);
}

void purpose_show(struct daemon *d, struct control_call *call, const struct request *request)
{
	const struct purpose *p = purpose_store_find(&d->purposes, request->id);

	if (p == NULL)
		refuse(call, -ENOENT,
			"there is no purpose of that id; sealctl purpose list shows all");
	else
		control_call_answer(
			call, json_pack("{s:b, s:o}", "ok", 1, "entry", purpose_to_json(p)));
}

json_t *purpose_list(struct daemon *d)
{
	const struct purpose_store *s = &d->purposes;
	const struct purpose_link *link = &d->purpose_link;
	const bool there = link_is_up(d->link) && !link->due && !link->sent;
	json_t *rows = json_array();

	for (uint32_t i = 0; i < s->n; i++)
		json_array_append_new(rows, purpose_to_json(&s->items[i]));
	return json_pack("{s:b, s:o, s:b, s:b, s:o}", "ok", 1, "entries", rows, "laboratory",
		s->lab, "dataplane_has_it", there, "error",
		s->err < 0 ? json_string(strerror(-s->err)) : json_null());
}

static bool is_inactive(const struct daemon *d, const struct pattern_entry *e)
{
	return e->content[0] != '\0' && !purpose_store_covers(&d->purposes, e->gid, e->sid, e->set);
}

uint32_t purpose_count_inactive(const struct daemon *d, const struct pattern_index *index)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < index->n; i++)
		n += is_inactive(d, &index->entries[i]);
	return n;
}

json_t *purpose_why_inactive(const struct daemon *d, const struct pattern_entry *e)
{
	char why[256];

	if (!is_inactive(d, e))
		return NULL;
	snprintf(why, sizeof(why),
		"it looks at %s, and no purpose covers it: sealctl purpose add ID ... rules=%.64s "
		"(or "
		"rules=%u:%u)",
		e->content, e->set, e->gid, e->sid);
	return escape_json(why);
}

void purpose_put_inactive(const struct daemon *d, const struct pattern_index *index, json_t *to)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < index->n && json_array_size(list) < INACTIVE_SHOWN; i++) {
		const struct pattern_entry *e = &index->entries[i];
		json_t *why = purpose_why_inactive(d, e);
		if (why == NULL)
			continue;
		json_t *row = answer_entry(e);
		json_object_set_new(row, "content", escape_json(e->content));
		json_object_set_new(row, "why", why);
		json_array_append_new(list, row);
	}
	json_object_set_new(to, "inactive", answer_number(purpose_count_inactive(d, index)));
	json_object_set_new(to, "inactive_rules", list);
}
