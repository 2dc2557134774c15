#include "patterns/halves.h"
#include "patterns/geo.h"

#include <string.h>

// What only servers send is the answer's; all else the request's.
static bool of_answer(uint16_t field)
{
	return field < FIELD_COUNT && field_table[field].dir == 'S';
}

// The answer comes from where the request went.
static void turn_around(struct rule_fact *f)
{
	if (f->kind == FACT_GEOIP && (f->arg == GEO_SRC || f->arg == GEO_DST))
		f->arg = f->arg == GEO_SRC ? GEO_DST : GEO_SRC;
}

static void take(const struct rule *r, struct half *h, bool answer)
{
	h->rule = *r;
	h->rule.both_ways = false;
	h->rule.n_conditions = 0;
	h->rule.n_facts = 0;
	h->rule.conditions = h->conditions;
	h->rule.facts = h->facts;
	h->rule.memories = h->memories;
	h->rule.flow &= (uint32_t) ~(FLOW_TO_SERVER | FLOW_TO_CLIENT);
	h->rule.flow |= answer ? FLOW_TO_CLIENT : FLOW_TO_SERVER;
	for (uint32_t i = 0; i < r->n_conditions; i++) {
		if (of_answer(r->conditions[i].field) == answer)
			h->conditions[h->rule.n_conditions++] = r->conditions[i];
	}
	for (uint32_t i = 0; i < r->n_facts; i++) {
		bool message = r->facts[i].kind == FACT_FIELD || r->facts[i].kind == FACT_DIGITS;
		if (!message || of_answer(r->facts[i].what) == answer)
			h->facts[h->rule.n_facts++] = r->facts[i];
	}
	for (uint32_t i = 0; i < h->rule.n_facts && answer; i++)
		turn_around(&h->facts[i]);
}

bool rule_halve(const struct rule *r, struct halves *out)
{
	uint32_t id[2] = {r->gid, r->sid};
	struct rule_memory bit = {.kind = MEMORY_FLOWBITS,
		.op = BIT_SET,
		.name = rule_name_hash((const char *)id, sizeof(id))};

	take(r, &out->request, false);
	take(r, &out->answer, true);
	// The answer goes the other way.
	out->answer.rule.src = r->dst;
	out->answer.rule.dst = r->src;
	out->answer.rule.sport = r->dport;
	out->answer.rule.dport = r->sport;

	out->request.rule.half = true;
	out->request.rule.noalert = true;
	out->request.rule.service = NULL;
	out->request.rule.limit = (struct rule_limit){0};
	out->request.rule.filter = (struct rule_limit){0};
	out->request.memories[0] = bit;
	out->request.rule.n_memories = 1;

	memcpy(out->answer.memories, r->memories, r->n_memories * sizeof(bit));
	bit.op = BIT_ISSET;
	out->answer.memories[out->answer.rule.n_memories++] = bit;
	return out->request.rule.n_conditions > 0 && out->answer.rule.n_conditions > 0;
}
