// Which packets and bytes can matter to a set: what cannot is not even handed to it.

#include "patterns/db_impl.h"

#include "patterns/rule.h"

#include <netinet/in.h>

static bool only_tcp(const struct swdb_rule *r)
{
	return r->proto == RULE_TCP || r->proto == RULE_TCP_PKT;
}

static bool never_tcp(const struct swdb_rule *r)
{
	return r->proto == RULE_UDP || r->proto == RULE_ICMP || r->proto == RULE_ICMPV4 ||
		r->proto == RULE_ICMPV6 || r->proto == RULE_SCTP;
}

// Told by match_env.packet?
static bool fact_of_packet(const struct rule_fact *f)
{
	switch ((enum fact_kind)f->kind) {
	case FACT_FIELD:
	case FACT_DIGITS:
	case FACT_APP_PROTO:
	case FACT_SAME_ADDRESS:
	case FACT_GEOIP:
	case FACT_FLOW_PACKETS:
	case FACT_FLOW_BYTES:
		return false;
	default:
		return true;
	}
}

void rule_want_packets(struct pattern_db *db, const struct swdb_rule *r)
{
	bool header = false, facts = false;

	for (uint32_t i = 0; i < r->chains.n; i++) {
		uint16_t field = db->chains[r->chains.first + i].field;
		header |= field < FIELD_CONFIDENCE && field != FIELD_PAYLOAD;
		facts |= field < FIELD_IP_SRC && field != FIELD_PAYLOAD;
		db->addresses |= field == FIELD_IP_SRC || field == FIELD_IP_DST;
		// What a message's rule wants of the packet comes with the packet.
		db->facts_wanted |= (r->at & SWDB_AT_TX) && field == FIELD_PAYLOAD;
	}
	for (uint32_t i = 0; i < r->facts.n; i++)
		db->facts_wanted |= fact_of_packet(&db->facts[r->facts.first + i]);
	db->facts_wanted |= facts;
	if (!(r->at & SWDB_AT_PACKET) || r->chains.n == 0)
		return;
	if (only_tcp(r) || (!never_tcp(r) && (header || !(r->at & SWDB_AT_STREAM))))
		db->packets_tcp = true;
	if (!only_tcp(r))
		db->packets_other = true;
}

bool rule_waits(const struct pattern_db *db, const struct swdb_rule *r)
{
	uint32_t positive = 0;

	for (uint32_t i = 0; i < r->chains.n; i++) {
		struct swdb_span span = db->chains[r->chains.first + i].conditions;
		for (uint32_t j = span.first; j < span.first + span.n; j++) {
			const struct swdb_condition *c = &db->conditions[j];
			if (c->flags & CONTENT_NEGATED)
				continue;
			positive++;
			if (c->kind != COND_CONTENT || c->len > SWDB_PREFILTER_MAX)
				return true;
		}
	}
	return positive > 1;
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

static void want_fields(
	const struct pattern_db *db, const struct swdb_rule *r, uint8_t fields[FIELD_COUNT])
{
	for (uint32_t i = r->chains.first; i < r->chains.first + r->chains.n; i++)
		fields[db->chains[i].field] = 1;
	for (uint32_t i = r->facts.first; i < r->facts.first + r->facts.n; i++) {
		if (db->facts[i].kind == FACT_FIELD || db->facts[i].kind == FACT_DIGITS)
			fields[db->facts[i].what] = 1;
	}
}

struct pattern_wants pattern_db_wants(const struct pattern_db *db)
{
	return pattern_db_wants_of(db, NULL);
}

struct pattern_wants pattern_db_wants_of(const struct pattern_db *db, const uint64_t *active)
{
	struct pattern_wants w = {
		.packets_tcp = db->packets_tcp,
		.packets_other = db->packets_other,
		.stream_depth = stream_depth(db),
		.facts = db->facts_wanted,
	};
	const struct swdb_span *always = &db->fields[FIELD_NONE].always.span;

	for (uint32_t i = 0; i < db->n[SWDB_RULES]; i++) {
		if (active == NULL || active[i] != 0)
			want_fields(db, &db->rules[i], w.fields);
	}
	for (uint32_t i = 0; i < always->n; i++) {
		const struct swdb_rule *r = &db->rules[db->always[always->first + i].rule];
		if (rule_is_ip_only(r)) {
			w.flow_starts = true;
			continue;
		}
		w.packets_tcp |= !never_tcp(r);
		w.packets_other |= !only_tcp(r);
	}
	return w;
}
