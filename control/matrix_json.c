#include "control/matrix_json.h"

#include "control/answer.h"
#include "control/escape.h"
#include "dataplane/api/geo_map.h"

static json_t *numbers_of(const struct ledger_numbers *n, uint64_t persons)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "flows", answer_number(n->flows), "bytes_out",
		answer_number(n->bytes[0]), "bytes_in", answer_number(n->bytes[1]), "persons",
		answer_number(persons));
}

static json_t *rows_of(const struct matrix *m)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < m->n; i++) {
		const struct matrix_row *r = &m->rows[i];
		char code[GEO_CODE_LEN];
		json_t *row = numbers_of(&r->n, r->persons);
		geo_code(r->country, code);
		json_object_set_new(row, "service",
			r->service[0] != '\0' ? escape_json(r->service) : json_string("unknown"));
		json_object_set_new(row, "country", json_string(code));
		json_object_set_new(row, "direction", json_string(matrix_direction(r->direction)));
		json_array_append_new(rows, row);
	}
	return rows;
}

// What is of too few; null when all of it together is, too.
static json_t *other_of(const struct matrix *m)
{
	if (!m->other_told)
		return json_null();
	return numbers_of(&m->other.n, m->other.persons);
}

json_t *matrix_json(const struct matrix *m)
{
	json_t *out = json_pack("{s:s, s:o, s:o, s:f, s:o, s:o, s:I, s:b, s:b, s:o, s:o}", "window",
		matrix_kind(m->kind), "begin",
		m->number != 0 ? answer_utc(m->from_ns) : json_null(), "end",
		m->number != 0 ? answer_utc(m->to_ns) : json_null(), "standard_error", HLL_ERROR,
		"rows", rows_of(m), "other", other_of(m), "other_cells", (json_int_t)m->n_hidden,
		"persons_at_most", m->at_most, "persons_at_least", m->at_least, "lost_flows",
		answer_number(m->lost_flows), "lost_persons", answer_number(m->lost_persons));
	return out;
}
