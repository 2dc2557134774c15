#include "control/commands_examine.h"

#include "control/answer.h"
#include "control/commands_patterns.h"

void patterns_lint(struct daemon *d, struct control_call *call, const struct request *request)
{
	struct load_request load = {.purpose = LOAD_TO_LINT,
		.paths = request->paths,
		.n_paths = request->n_paths,
		.budget = d->config->budget};

	if (request->max_ns != 0)
		load.budget.value_ns = request->max_ns;
	if (request->max_bytes != 0)
		load.budget.bytes = request->max_bytes;
	patterns_start(d, call, &load, request);
}

void patterns_test(struct daemon *d, struct control_call *call, const struct request *request)
{
	struct load_request load = {
		.purpose = LOAD_TO_TEST, .paths = request->paths, .n_paths = request->n_paths};

	patterns_start(d, call, &load, request);
}

static json_t *cost_row(const struct lint_cost *c)
{
	const char *name = c->field == FIELD_NONE ? "packets" : field_table[c->field].name;

	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "field", name, "patterns",
		(json_int_t)c->n_patterns, "expressions", (json_int_t)c->n_expressions,
		"without_prefilter", (json_int_t)c->n_always, "compile_us",
		(json_int_t)(c->compile_ns / 1000), "bytes", (json_int_t)c->bytes, "stream_bytes",
		(json_int_t)c->stream_bytes, "value_ns", (json_int_t)c->value_ns);
}

static void put_costs(const struct lint_costs *costs, json_t *to)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < costs->n; i++)
		json_array_append_new(rows, cost_row(&costs->rows[i]));
	json_object_set_new(to, "costs", rows);
	json_object_set_new(to, "bytes", answer_number(costs->bytes));
}

void examine_put(const struct load_outcome *outcome, json_t *to)
{
	const struct compile_report *report = outcome->report;

	json_object_set_new(to, "errors", answer_number(report->n_errors));
	json_object_set_new(to, "warnings", answer_number(report->n_warnings));
	json_object_set_new(to, "notes", answer_number(report->n_notes));
	json_object_set_new(to, "examples", answer_number(outcome->n_examples));
	json_object_set_new(to, "rules", answer_number(report->n_rules));
	json_object_set_new(to, "compile_ms", answer_number(outcome->compile_ns / 1000000));
	json_object_set_new(to, "diags", answer_diags(report));
	if (outcome->sides[0] != NULL)
		diff_put(outcome->sides, to);
	if (report->costs != NULL)
		put_costs(report->costs, to);
}
