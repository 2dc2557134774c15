// What is different between two sets: files, what is live, what was.

#include "control/answer.h"
#include "control/commands_examine.h"
#include "control/commands_patterns.h"
#include "control/pattern_diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const change_names[] = {
	[PATTERN_ADDED] = "added", [PATTERN_REMOVED] = "removed", [PATTERN_CHANGED] = "changed"};

static json_t *part_names(uint32_t parts)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < RULE_PARTS; i++) {
		if (parts & 1u << i)
			json_array_append_new(names, json_string(rule_part_names[i]));
	}
	return names;
}

static void put_difference(void *ctx, const struct pattern_difference *d)
{
	json_t *rows = ctx;
	const struct pattern_entry *e = d->to != NULL ? d->to : d->from;

	if (json_array_size(rows) >= ANSWER_RULES_MAX)
		return;
	json_t *row = answer_entry(e);
	json_object_set_new(row, "change", json_string(change_names[d->change]));
	if (d->change == PATTERN_CHANGED) {
		json_object_set_new(row, "rev_before", answer_number(d->from->rev));
		json_object_set_new(row, "parts", part_names(d->parts));
	}
	json_array_append_new(rows, row);
}

void diff_put(const struct pattern_index *const sides[2], json_t *to)
{
	json_t *rows = json_array();
	uint32_t counts[PATTERN_SAME + 1];

	pattern_diff(sides[0], sides[1], put_difference, rows, counts);
	json_object_set_new(to, "added", answer_number(counts[PATTERN_ADDED]));
	json_object_set_new(to, "removed", answer_number(counts[PATTERN_REMOVED]));
	json_object_set_new(to, "changed", answer_number(counts[PATTERN_CHANGED]));
	json_object_set_new(to, "same", answer_number(counts[PATTERN_SAME]));
	json_object_set_new(to, "truncated",
		json_boolean((uint64_t)counts[PATTERN_ADDED] + counts[PATTERN_REMOVED] +
				counts[PATTERN_CHANGED] >
			ANSWER_RULES_MAX));
	json_object_set_new(to, "differences", rows);
}

// A set that is kept, by what the client calls it. 0; -ENOENT; -EEXIST: more than one.
static int find_set(const struct daemon *d, const char *side, struct pattern_set **out)
{
	const struct history *h = reload_history(d->reload);
	const struct pattern_set *live = reload_live(d->reload);

	if (strcmp(side, "live") != 0 && strspn(side, "0123456789") != strlen(side))
		return strlen(side) < REQUEST_DIGEST_MIN ? -ENOENT : history_digest(h, side, out);
	*out = NULL;
	for (unsigned i = 0; strcmp(side, "live") == 0 && i < h->n; i++) {
		if (h->sets[i] == live)
			*out = h->sets[i];
	}
	if (strcmp(side, "live") != 0)
		*out = history_generation(h, strtoull(side, NULL, 10));
	return *out != NULL ? 0 : -ENOENT;
}

static void refuse(struct control_call *call, int err)
{
	control_call_answer(call,
		err == -EEXIST
			? answer_failure(
				  NULL, "more than one digest begins like that; give more of it")
			: answer_failure("unknown",
				  "no such set is kept (a digest has at least 8 digits); sealctl "
				  "patterns list shows those there are"));
}

void patterns_diff(struct daemon *d, struct control_call *call, const struct request *request)
{
	const char *const sides[2] = {request->from != NULL ? request->from : "live", request->to};
	const char *paths[2];
	struct load_request load = {.purpose = LOAD_TO_DIFF, .paths = paths};

	for (unsigned i = 0; i < 2; i++) {
		if (sides[i][0] == '/') {
			paths[load.n_paths++] = sides[i];
			continue;
		}
		int err = find_set(d, sides[i], &load.sides[i]);
		if (err < 0) {
			refuse(call, err);
			return;
		}
	}
	if (load.n_paths > 0) {
		patterns_start(d, call, &load, request);
		return;
	}
	const struct pattern_index *const both[2] = {load.sides[0]->index, load.sides[1]->index};
	json_t *answer = json_pack("{s:b}", "ok", 1);
	diff_put(both, answer);
	control_call_answer(call, answer);
}
