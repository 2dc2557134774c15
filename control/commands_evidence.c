#include "control/commands_evidence.h"

#include "control/answer.h"

#include <sodium.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *evidence_list(struct daemon *d)
{
	const struct evidence_store *s = &d->evidence;
	json_t *rows = json_array();

	for (uint32_t i = 0; i < s->n; i++)
		json_array_append_new(rows, evidence_item_json(&s->items[i]));
	return json_pack("{s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:o}", "ok", 1, "records", rows,
		"kept_at_most", (json_int_t)EVIDENCE_STORE_MAX, "stored", (json_int_t)s->stored,
		"full", (json_int_t)s->full, "bad", (json_int_t)s->bad, "failed",
		(json_int_t)s->failed, "error",
		s->err < 0 ? json_string(strerror(-s->err)) : json_null());
}

json_t *evidence_verify(struct daemon *d)
{
	json_t *answer = evidence_store_verify(&d->evidence);

	if (answer != NULL)
		json_object_set_new(answer, "ok", json_true());
	return answer;
}

// 0, or -errno, and the call is answered.
static int find(struct daemon *d, struct control_call *call, const char *record, uint32_t *item)
{
	int err = evidence_store_find(&d->evidence, record, item);

	if (err == -ENOENT)
		control_call_answer(call,
			answer_failure("unknown",
				"there is no record of that id; sealctl evidence list shows all"));
	else if (err < 0)
		control_call_answer(call,
			answer_failure(NULL, "more than one id begins like that; give more of it"));
	return err;
}

static void failed(struct control_call *call, const char *what, int err)
{
	char text[160];

	snprintf(text, sizeof(text), "%s: %s", what,
		err == -EBADMSG ? "it is not what was sealed" : strerror(-err));
	control_call_answer(call, answer_failure(NULL, text));
}

void evidence_export(struct daemon *d, struct control_call *call, const struct request *request)
{
	uint8_t *record = malloc(EVIDENCE_MAX);
	char *text = malloc(2 * EVIDENCE_MAX + 1);
	uint32_t item;
	size_t len;

	if (record == NULL || text == NULL) {
		control_call_answer(call, NULL);
	} else if (find(d, call, request->record, &item) == 0) {
		int err = evidence_store_export(
			&d->evidence, item, control_call_uid(call), record, &len);
		if (err < 0) {
			failed(call, "the record can not be exported", err);
		} else {
			sodium_bin2hex(text, 2 * EVIDENCE_MAX + 1, record, len);
			control_call_answer(call,
				json_pack("{s:b, s:o, s:s}", "ok", 1, "record",
					evidence_item_json(&d->evidence.items[item]), "hex", text));
		}
	}
	free(record);
	free(text);
}

void evidence_erase(struct daemon *d, struct control_call *call, const struct request *request)
{
	json_t *certificate = NULL;
	uint32_t item;

	if (find(d, call, request->record, &item) < 0)
		return;
	int err = evidence_store_erase(
		&d->evidence, item, control_call_uid(call), "asked for", &certificate);
	if (err < 0)
		failed(call, "the record can not be erased", err);
	else
		control_call_answer(
			call, json_pack("{s:b, s:o}", "ok", 1, "certificate", certificate));
}
