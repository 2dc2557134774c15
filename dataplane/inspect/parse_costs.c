#include "dataplane/inspect/parse_costs.h"

#include "dataplane/base/clock.h"
#include "dataplane/inspect/proto/proto.h"

uint64_t parse_costs_begin(struct parse_costs *costs)
{
	if (costs == NULL)
		return 0;
	costs->mark = clock_cycles();
	return costs->mark;
}

void parse_costs_end(struct parse_costs *costs, const struct proto *proto, uint64_t began)
{
	if (costs == NULL)
		return;
	costs->calls[proto->app_proto]++;
	costs->cycles[proto->app_proto] += clock_cycles() - began;
}

void parse_costs_tx(struct parse_costs *costs, const struct tx *tx)
{
	if (costs == NULL)
		return;
	uint64_t now = clock_cycles();
	double each = tx->n_fields > 0 ? (double)(now - costs->mark) / tx->n_fields : 0;

	for (unsigned i = 0; i < tx->n_fields; i++) {
		costs->fields[tx->fields[i].field]++;
		costs->field_cycles[tx->fields[i].field] += each;
	}
	costs->messages[tx->app_proto]++;
	costs->mark = clock_cycles();
}
