// What a rule wants of headers, of the flow, and of the numbers of a message.

#include "patterns/confirm.h"
#include "patterns/number.h"

#include <string.h>

enum { NUMBER_BYTES_MAX = 8 };

static bool compare(const struct rule_fact *f, uint64_t v)
{
	return number_compares(f->op, v, f->a, f->b) != (f->negated != 0);
}

static bool packet_fact(const struct rule_fact *f, const struct match_packet *p)
{
	uint64_t v;

	return p != NULL && packet_number(&p->headers, (enum packet_number)f->what, &v) &&
		compare(f, v);
}

// b: bits that do not matter.
static bool flags_fact(const struct rule_fact *f, const struct match_packet *p)
{
	struct rule_fact with = *f;
	uint64_t v;

	if (p == NULL || !packet_number(&p->headers, NUMBER_TCP_FLAGS, &v))
		return false;
	v &= ~f->b;
	with.b = with.op == CMP_MASK_EQ || with.op == CMP_MASK_NE ? f->a : 0;
	return compare(&with, v);
}

// The number of one value of a message.
static bool field_number(const struct rule_fact *f, struct bytes b, uint64_t *out)
{
	uint64_t v = 0;

	if (b.len < f->skip)
		return false;
	b.p += f->skip;
	b.len -= f->skip;
	if (f->take > 0 && b.len < f->take)
		return false;
	if (f->take > 0)
		b.len = f->take;
	if (b.len > NUMBER_BYTES_MAX)
		return false;
	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.p[i];
	v >>= f->shift;
	*out = f->mask != 0 ? v & f->mask : v;
	return true;
}

// The first digits of a text.
static bool digits_number(const struct rule_fact *f, struct bytes b, uint64_t *out)
{
	uint64_t v = 0;
	unsigned n = 0;

	for (size_t i = 0; i < b.len && n < f->take; i++) {
		if (b.p[i] < '0' || b.p[i] > '9')
			continue;
		v = v * 10 + (uint64_t)(b.p[i] - '0');
		n++;
	}
	*out = v;
	return n == f->take;
}

static bool field_fact(const struct rule_fact *f, const struct match_value *values, unsigned n)
{
	uint64_t v;

	for (unsigned i = 0; i < n; i++) {
		if (values[i].field != f->what && (f->also == 0 || values[i].field != f->also))
			continue;
		bool has = f->kind == FACT_DIGITS ? digits_number(f, values[i].value, &v)
						  : field_number(f, values[i].value, &v);
		if (has && compare(f, v))
			return true;
	}
	return false;
}

// Of both sides, of one, or of each by itself.
static bool sided_fact(const struct rule_fact *f, const uint64_t by_sender[2])
{
	switch ((enum fact_side)f->arg) {
	case FACT_CLIENT:
		return compare(f, by_sender[DIR_C2S]);
	case FACT_SERVER:
		return compare(f, by_sender[DIR_S2C]);
	case FACT_EITHER:
		return compare(f, by_sender[DIR_C2S]) || compare(f, by_sender[DIR_S2C]);
	case FACT_BOTH:
		break;
	}
	if (f->kind == FACT_STREAM_SIZE)
		return compare(f, by_sender[DIR_C2S]) && compare(f, by_sender[DIR_S2C]);
	return compare(f, by_sender[DIR_C2S] + by_sender[DIR_S2C]);
}

static bool vlan_fact(const struct rule_fact *f, const struct match_packet *p)
{
	if (p == NULL)
		return false;
	if (f->kind == FACT_VLAN_LAYERS)
		return compare(f, p->n_vlans);
	for (unsigned i = 0; i < p->n_vlans; i++) {
		bool this = f->arg == VLAN_ANY || f->arg == i ||
			f->arg == (uint8_t)(VLAN_FROM_END + (int)i - p->n_vlans);
		if (this && compare(f, p->vlans[i]))
			return true;
	}
	return false;
}

// "!tls" does not match while nothing is known.
static bool app_fact(const struct rule_fact *f, const struct match_env *env)
{
	uint8_t app = f->arg == APP_MODE_ORIGINAL ? env->app_first : env->app_proto;
	bool is = (f->a >> app & 1) != 0;

	if (f->negated)
		return !is && app != APP_UNKNOWN;
	return is;
}

static bool country_listed(const struct pattern_db *db, const struct rule_fact *f, uint16_t country)
{
	const uint16_t *list = db->countries + f->a;

	for (uint64_t i = 0; i < f->b; i++) {
		if (list[i] == country)
			return f->negated == 0;
	}
	return f->negated != 0;
}

static bool address_fact(const struct pattern_db *db, const struct rule_fact *f,
	const struct match_env *env, const uint8_t *address)
{
	uint32_t v4 = (uint32_t)address[0] << 24 | (uint32_t)address[1] << 16 |
		(uint32_t)address[2] << 8 | address[3];
	uint16_t country = env->ip_version == 4 ? geo_find4(db->geo4, db->n[SWDB_GEO4], v4)
						: geo_find6(db->geo6, db->n[SWDB_GEO6], address);

	return country_listed(db, f, country);
}

static bool geo_fact(
	const struct pattern_db *db, const struct rule_fact *f, const struct match_env *env)
{
	switch ((enum geo_side)f->arg) {
	case GEO_SRC:
		return address_fact(db, f, env, env->src);
	case GEO_DST:
		return address_fact(db, f, env, env->dst);
	case GEO_BOTH:
		return address_fact(db, f, env, env->src) && address_fact(db, f, env, env->dst);
	case GEO_ANY:
		return address_fact(db, f, env, env->src) || address_fact(db, f, env, env->dst);
	case GEO_SIDES:
		break;
	}
	return false;
}

static bool holds(const struct pattern_db *db, const struct rule_fact *f,
	const struct match_env *env, const struct match_value *values, unsigned n)
{
	switch ((enum fact_kind)f->kind) {
	case FACT_PACKET:
		return packet_fact(f, env->packet);
	case FACT_FIELD:
	case FACT_DIGITS:
		return field_fact(f, values, n);
	case FACT_FLAGS:
		return flags_fact(f, env->packet);
	case FACT_IP_OPTIONS:
		return env->packet != NULL && compare(f, packet_ip_options(&env->packet->headers));
	case FACT_SAME_ADDRESS:
		return memcmp(env->src, env->dst, 16) == 0;
	case FACT_FLOW_AGE:
		return env->packet != NULL && compare(f, env->packet->flow_age_s);
	case FACT_FLOW_PACKETS:
		return sided_fact(f, env->flow_packets);
	case FACT_FLOW_BYTES:
		return sided_fact(f, env->flow_bytes);
	case FACT_STREAM_SIZE:
		return env->packet != NULL && env->packet->stream_bytes[DIR_C2S] != UINT64_MAX &&
			sided_fact(f, env->packet->stream_bytes);
	case FACT_VLAN_ID:
	case FACT_VLAN_LAYERS:
		return vlan_fact(f, env->packet);
	case FACT_APP_PROTO:
		return app_fact(f, env);
	case FACT_GEOIP:
		return geo_fact(db, f, env);
	case FACT_KINDS:
		break;
	}
	return false;
}

bool confirm_facts(const struct pattern_db *db, const struct swdb_rule *rule,
	const struct match_env *env, const struct match_value *values, unsigned n)
{
	for (uint32_t i = 0; i < rule->facts.n; i++) {
		if (!holds(db, &db->facts[rule->facts.first + i], env, values, n))
			return false;
	}
	return true;
}
