// Which packets and bytes can matter to a set: what cannot is not even handed to it.

#include "patterns/db_impl.h"

#include "patterns/rule.h"

#include <netinet/in.h>

// As in Suricata: a rule about nothing but addresses is looked at once for each direction of a
// flow, because no later packet can change the answer.
bool rule_is_ip_only(const struct swdb_rule *r)
{
	return (r->at & SWDB_AT_PACKET) && r->chains.n == 0 && !(r->flags & SWDB_DSIZE) &&
		r->flow == 0 && r->sport.n == 0 && r->dport.n == 0 && r->facts.n == 0 &&
		r->memories.n == 0 && r->limit.kind == LIMIT_NONE && r->filter.kind == LIMIT_NONE;
}

// The stream offset by which a content of the rule must have ended, or UINT64_MAX.
static uint64_t anchored_end(const struct pattern_db *db, const struct swdb_rule *r)
{
	uint64_t end = UINT64_MAX;

	for (uint32_t i = 0; i < r->chains.n; i++) {
		struct swdb_span span = db->chains[r->chains.first + i].conditions;
		for (uint32_t j = span.first; j < span.first + span.n; j++) {
			const struct swdb_condition *c = &db->conditions[j];
			uint64_t mine = UINT64_MAX;
			if (c->kind != COND_CONTENT || c->number.vars[VAR_OFFSET] != 0 ||
				c->number.vars[VAR_DEPTH] != 0 ||
				(c->flags & (CONTENT_NEGATED | CONTENT_NESTED)))
				continue;
			if (c->flags & CONTENT_STARTSWITH)
				mine = c->len;
			else if (c->flags & CONTENT_DEPTH)
				mine = (uint64_t)c->offset + (uint64_t)c->depth;
			end = mine < end ? mine : end;
		}
	}
	return end;
}

// All contents of a rule lie within PATTERN_TAIL bytes of each other: where one of them must
// stand near the begin, so must the others.
static uint64_t stream_depth(const struct pattern_db *db)
{
	uint64_t depth = 0;

	for (uint32_t i = 0; i < db->n[SWDB_RULES]; i++) {
		const struct swdb_rule *r = &db->rules[i];
		if (!(r->at & SWDB_AT_STREAM))
			continue;
		uint64_t end = anchored_end(db, r);
		if (end == UINT64_MAX)
			return UINT64_MAX;
		depth = end + PATTERN_TAIL > depth ? end + PATTERN_TAIL : depth;
	}
	return depth;
}

struct pattern_wants pattern_db_wants(const struct pattern_db *db)
{
	struct pattern_wants w = {
		.packets_tcp = db->packets_tcp,
		.packets_other = db->packets_other,
		.stream_depth = stream_depth(db),
		.facts = db->facts_wanted,
	};
	const struct swdb_span *always = &db->fields[FIELD_NONE].always;

	for (uint32_t i = 0; i < db->n[SWDB_CHAINS]; i++)
		w.fields[db->chains[i].field] = 1;
	for (uint32_t i = 0; i < db->n[SWDB_FACTS]; i++) {
		if (db->facts[i].kind == FACT_FIELD || db->facts[i].kind == FACT_DIGITS)
			w.fields[db->facts[i].what] = 1;
	}
	for (uint32_t i = 0; i < always->n; i++) {
		const struct swdb_rule *r = &db->rules[db->always[always->first + i].rule];
		bool tcp_only = r->proto == RULE_TCP || r->proto == RULE_TCP_PKT;
		bool never_tcp = r->proto == RULE_UDP || r->proto == RULE_ICMP ||
			r->proto == RULE_ICMPV4 || r->proto == RULE_ICMPV6 || r->proto == RULE_SCTP;
		if (rule_is_ip_only(r)) {
			w.flow_starts = true;
			continue;
		}
		w.packets_tcp |= !never_tcp;
		w.packets_other |= !tcp_only;
	}
	return w;
}
