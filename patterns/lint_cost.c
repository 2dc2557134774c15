// What a set costs on this machine: its size, and the time that a value of each field takes.

#include "patterns/lint.h"

#include "dataplane/base/clock.h"
#include "patterns/db_impl.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
	SAMPLES = 8, // values of a field
	ROUNDS = 1000,
	ENOUGH_NS = 2000000,
	PAYLOAD_LEN = 1400,
};

// Text as traffic has it; the field's own example comes first.
static const char *const texts[SAMPLES] = {NULL, "www.example.org", "edge-7.cdn.example.net",
	"/static/js/app.3f2c1d.min.js?v=20240311&lang=en",
	"Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
	"application/json; charset=utf-8", "CN=*.example.com, O=Example Ltd, C=GB",
	"The quick brown fox jumps over the lazy dog"};

struct probe {
	struct pattern_db *db;
	struct match_env env;
	struct match_packet packet;
	struct match_hits hits;
	struct pattern_stream *stream;
	uint64_t offset;
	uint8_t payload[PAYLOAD_LEN];
};

// The first half is text, the second is noise: what is sealed looks like that.
static void fill_payload(struct probe *p)
{
	const char *text = texts[4];
	uint32_t noise = 1;

	for (size_t i = 0; i < PAYLOAD_LEN; i++) {
		noise = noise * 1664525 + 1013904223;
		p->payload[i] = i < PAYLOAD_LEN / 2 ? (uint8_t)text[i % strlen(text)]
						    : (uint8_t)(noise >> 24);
	}
}

static void show(struct probe *p, uint16_t field, unsigned sample)
{
	const struct bytes payload = {.p = p->payload, .len = PAYLOAD_LEN};

	p->hits.n = 0;
	if (field == FIELD_STREAM) {
		pattern_db_match_stream(p->db, 0, p->stream, &p->env, p->offset, payload, &p->hits);
		p->offset += PAYLOAD_LEN;
		return;
	}
	if (field < FIELD_CONFIDENCE) {
		pattern_db_match_packet(p->db, 0, &p->env, payload, &p->hits);
		return;
	}
	const char *text = texts[sample] != NULL ? texts[sample] : field_table[field].example;
	const struct match_value value = {field, {.p = (const uint8_t *)text, .len = strlen(text)}};
	pattern_db_match_tx(p->db, 0, &p->env, &value, 1, &p->hits);
}

static uint64_t value_ns(struct probe *p, uint16_t field)
{
	const uint64_t begun = clock_monotonic_ns();
	uint64_t spent = 0;
	unsigned rounds = 0;

	for (; rounds < ROUNDS && spent < ENOUGH_NS; rounds++) {
		for (unsigned i = 0; i < SAMPLES; i++)
			show(p, field, i);
		spent = clock_monotonic_ns() - begun;
	}
	return spent / (rounds * SAMPLES);
}

static struct lint_cost *row_of(struct lint_costs *costs, uint16_t field)
{
	for (uint32_t i = 0; i < costs->n; i++) {
		if (costs->rows[i].field == field)
			return &costs->rows[i];
	}
	struct lint_cost *row = &costs->rows[costs->n++];
	*row = (struct lint_cost){.field = field};
	return row;
}

static void sum_databases(const struct swdb *set, struct lint_costs *out)
{
	for (uint32_t i = 0; i < set->n_costs; i++) {
		const struct swdb_cost *c = &set->costs[i];
		struct lint_cost *row = row_of(out, c->field);
		row->n_patterns += c->n_patterns;
		row->n_expressions += c->expressions ? c->n_patterns : 0;
		row->compile_ns += c->compile_ns;
		row->bytes += c->bytes;
		row->stream_bytes += c->stream_bytes;
		out->compile_ns += c->compile_ns;
	}
}

static void sum_always(const struct pattern_db *db, struct lint_costs *out)
{
	for (uint16_t field = 0; field < FIELD_COUNT; field++) {
		uint32_t n = db->fields[field].always.span.n;
		if (n > 0)
			row_of(out, field)->n_always += n;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct lint_cost *x = a, *y = b;

	if (x->value_ns != y->value_ns)
		return x->value_ns < y->value_ns ? 1 : -1;
	return (int)x->field - (int)y->field;
}

static const char *name_of(uint16_t field)
{
	return field == FIELD_NONE ? "packets" : field_table[field].name;
}

static void check_budget(const struct lint_budget *budget, const struct lint_costs *costs,
	const char *file, struct diags *diags)
{
	const struct diag like = {
		.level = DIAG_ERROR, .where = {file, 1, 1}, .kind = lint_kinds[LINT_COST].word};

	if (budget->bytes != 0 && costs->bytes > budget->bytes)
		diag_add_like(diags, &like,
			"the set takes %llu KiB, and lint.max_memory_mb is %llu; take rules out, "
			"or raise it",
			(unsigned long long)costs->bytes >> 10,
			(unsigned long long)budget->bytes >> 20);
	for (uint32_t i = 0; i < costs->n; i++) {
		const struct lint_cost *c = &costs->rows[i];
		if (budget->value_ns != 0 && c->value_ns > budget->value_ns)
			diag_add_like(diags, &like,
				"%s: a value takes %llu ns, and lint.max_ns is %llu; see what lint "
				"says of its rules, or raise it",
				name_of(c->field), (unsigned long long)c->value_ns,
				(unsigned long long)budget->value_ns);
	}
}

static void measure(struct probe *p, struct lint_costs *out)
{
	static const uint8_t src[16] = {192, 0, 2, 1}, dst[16] = {198, 51, 100, 1};

	p->env = (struct match_env){.src = src,
		.dst = dst,
		.sport = 49152,
		.dport = 443,
		.ip_version = 4,
		.l4 = IPPROTO_UDP,
		.established = true,
		.payload_len = PAYLOAD_LEN,
		.packet = &p->packet};
	p->packet.payload = (struct bytes){.p = p->payload, .len = PAYLOAD_LEN};
	fill_payload(p);
	for (uint32_t i = 0; i < out->n; i++) {
		p->env.l4 = out->rows[i].field == FIELD_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
		if (out->rows[i].field != FIELD_STREAM || p->stream != NULL)
			out->rows[i].value_ns = value_ns(p, out->rows[i].field);
	}
}

int lint_costs(const struct rule_list *rules, const struct swdb *set,
	const struct lint_budget *budget, struct lint_costs *out, struct diags *diags)
{
	const char *file = rules->n > 0 ? rules->rules[0]->where.file : "";
	struct probe *p = calloc(1, sizeof(*p));
	char error[256];

	*out = (struct lint_costs){0};
	int err = p == NULL ? -ENOMEM : pattern_db_load(set->data, set->len, 1, &p->db, error);
	if (err < 0) {
		free(p);
		return err;
	}
	sum_databases(set, out);
	sum_always(p->db, out);
	out->bytes = pattern_db_memory(p->db);
	if (pattern_db_uses(p->db, FIELD_STREAM))
		p->stream = pattern_stream_open(p->db);
	measure(p, out);
	qsort(out->rows, out->n, sizeof(out->rows[0]), by_time);
	check_budget(budget, out, file, diags);
	pattern_stream_close(p->stream);
	pattern_db_free(p->db);
	free(p);
	return 0;
}
