#include "control/commands_top.h"

#include "control/answer.h"
#include "control/control_socket.h"
#include "control/request.h"
#include "dataplane/base/clock.h"

static json_t *stages_of(const uint64_t values[CTR_COUNT])
{
	json_t *cycles = json_object();

	for (unsigned i = 0; i < STAGE_COUNT; i++)
		json_object_set_new(cycles, stage_names[i], answer_number(values[CTR_CYCLES + i]));
	return cycles;
}

json_t *top_stages(struct daemon *d)
{
	uint64_t values[CTR_COUNT];
	json_t *threads = json_array();

	stats_refresh(d->stats);
	for (unsigned t = 0; t < STATS_THREADS; t++) {
		if (!stats_thread(d->stats, t, values))
			continue;
		json_array_append_new(threads,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "thread",
				t == STATS_READER ? json_string("reader")
						  : json_integer((json_int_t)t),
				"rx_packets", answer_number(values[CTR_RX_PACKETS]), "handed_in",
				answer_number(values[CTR_HANDED_IN]), "rx_bytes",
				answer_number(values[CTR_RX_BYTES]), "busy_ns",
				answer_number(values[CTR_BUSY_NS]), "stage_packets",
				answer_number(values[CTR_STAGE_PACKETS]), "cycles",
				stages_of(values)));
	}
	return json_pack("{s:b, s:o, s:o}", "ok", 1, "time_ns", answer_number(clock_monotonic_ns()),
		"threads", threads);
}

void top_rules(struct daemon *d, struct control_call *call, const struct request *request)
{
	const struct pattern_set *live = reload_live(d->reload);
	const struct pattern_index *index = live != NULL ? live->index : NULL;
	struct rule_numbers total, other;
	struct rule_tallies rules;

	if (stats_rules(d->stats, TALLY_RULES, &rules) < 0) {
		control_call_answer(call, NULL);
		return;
	}
	json_t *list = json_array();
	tally_condense(&rules, &total, &other);
	tally_sort(&rules, request->by);
	for (uint32_t i = 0; i < rules.n && i < request->count; i++) {
		const struct rule_tally *r = &rules.items[i];
		json_array_append_new(
			list, answer_rule(pattern_index_find(index, r->gid, r->sid, r->rev), r));
	}
	control_call_answer(call,
		json_pack("{s:b, s:I, s:o, s:o, s:o}", "ok", 1, "counted", (json_int_t)rules.n,
			"total", answer_numbers(&total), "other", answer_numbers(&other), "rules",
			list));
	rule_tallies_free(&rules);
}
