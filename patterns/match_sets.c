// Sets that change while packets come: what a rule that matched asks of them, and does to them.

#include "patterns/confirm.h"
#include "patterns/dataset.h"

struct walk {
	const struct pattern_db *db;
	struct pattern_worker *w;
	const struct match_value *values;
	unsigned n;
	const struct pattern_sets *sets;
};

// What is to be done with a value that a chain looks at. True: enough.
typedef bool (*value_fn)(const struct walk *k, const struct swdb_chain *chain, struct bytes value);

static bool asks(const struct pattern_db *db, const struct swdb_condition *c)
{
	return c->kind == COND_DATASET && c->number.op != DATASET_REPUTATION &&
		db->datasets[c->offset].changes;
}

static bool chain_asks(const struct pattern_db *db, const struct swdb_chain *chain)
{
	for (uint32_t i = 0; i < chain->conditions.n; i++) {
		if (asks(db, &db->conditions[chain->conditions.first + i]))
			return true;
	}
	return false;
}

uint8_t rule_sets(const struct pattern_db *db, const struct swdb_rule *r)
{
	uint8_t use = 0;

	for (uint32_t i = 0; i < r->chains.n; i++) {
		struct swdb_span span = db->chains[r->chains.first + i].conditions;
		for (uint32_t j = span.first; j < span.first + span.n; j++) {
			const struct swdb_condition *c = &db->conditions[j];
			if (asks(db, c))
				use |= c->number.op == DATASET_SET || c->number.op == DATASET_UNSET
					? PATTERN_SETS_CHANGE
					: PATTERN_SETS_TEST;
		}
	}
	return use;
}

static bool says(const struct walk *k, const struct swdb_condition *c, struct bytes value)
{
	const struct swdb_dataset *set = &k->db->datasets[c->offset];
	bool listed = dataset_has(k->db, (uint32_t)c->offset, value, NULL);
	bool has = k->sets->has(k->sets->ctx, set->name, value, listed);

	return has == (c->number.op == DATASET_ISSET || c->number.op == DATASET_UNSET);
}

static bool holds(const struct walk *k, const struct swdb_chain *chain, struct bytes value)
{
	int64_t vars[RULE_VARS_MAX] = {0};
	struct confirm_view view = {
		.p = value.len > 0 ? value.p : (const uint8_t *)"", .len = value.len};

	for (uint32_t i = 0; i < chain->conditions.n; i++) {
		const struct swdb_condition *c = &k->db->conditions[chain->conditions.first + i];
		if (asks(k->db, c) && !says(k, c, value))
			return false;
	}
	// The rule matched, by this value or another of the same field. Numbers that come from
	// other buffers are not known any more.
	return chain->entangled != 0 || confirm_chain(k->db, k->w, chain, &view, vars);
}

static bool change(const struct walk *k, const struct swdb_chain *chain, struct bytes value)
{
	if (!holds(k, chain, value))
		return false;
	for (uint32_t i = 0; i < chain->conditions.n; i++) {
		const struct swdb_condition *c = &k->db->conditions[chain->conditions.first + i];
		if (asks(k->db, c) &&
			(c->number.op == DATASET_SET || c->number.op == DATASET_UNSET))
			k->sets->change(k->sets->ctx, k->db->datasets[c->offset].name, value,
				c->number.op == DATASET_SET);
	}
	return false; // the others, too
}

// Each value of the chain's buffer, until fn has enough; did it?
static bool each_value(const struct walk *k, const struct swdb_chain *chain, value_fn fn)
{
	bool any = false;

	for (unsigned i = 0; i < k->n; i++) {
		if (k->values[i].field != chain->field)
			continue;
		any = true;
		struct bytes b = match_chain_value(k->db, k->w, chain, k->values[i].value);
		if (!b.bad && fn(k, chain, b))
			return true;
	}
	return !any && chain->absent != SWDB_PRESENT;
}

static bool chain_holds(const struct walk *k, const struct swdb_chain *chain)
{
	return each_value(k, chain, holds);
}

static bool chain_changes(const struct walk *k, const struct swdb_chain *chain)
{
	each_value(k, chain, change);
	return true; // the next one, too
}

// fn for each chain of the rule that asks a set that changes, over the packet's values or the message's,
// until it says no. Did it?
static bool each_chain(const struct walk *message, uint32_t rule, const struct match_env *env,
	bool (*fn)(const struct walk *k, const struct swdb_chain *chain))
{
	const struct pattern_db *db = message->db;
	struct swdb_span span = db->rules[rule].chains;
	struct match_value values[PACKET_VALUES];
	struct walk packet = *message;

	packet.values = values;
	packet.n = match_packet_values(
		db, env, env->packet != NULL ? env->packet->payload : (struct bytes){0}, values);
	for (uint32_t i = span.first; i < span.first + span.n; i++) {
		const struct swdb_chain *chain = &db->chains[i];
		if (chain_asks(db, chain) &&
			!fn(chain->field < FIELD_CONFIDENCE ? &packet : message, chain))
			return false;
	}
	return true;
}

bool pattern_db_sets_hold(const struct pattern_db *db, unsigned worker, uint32_t rule,
	const struct match_env *env, const struct match_value *values, unsigned n,
	const struct pattern_sets *sets)
{
	const struct walk k = {db, &db->workers[worker], values, n, sets};

	return each_chain(&k, rule, env, chain_holds);
}

void pattern_db_sets_change(const struct pattern_db *db, unsigned worker, uint32_t rule,
	const struct match_env *env, const struct match_value *values, unsigned n,
	const struct pattern_sets *sets)
{
	const struct walk k = {db, &db->workers[worker], values, n, sets};

	each_chain(&k, rule, env, chain_changes);
}
