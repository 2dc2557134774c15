// Protocol, addresses, ports, direction and flow of a rule; between whom it is silent.

#include "patterns/confirm.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static bool addr_among(
	const struct swdb_addr *ranges, uint32_t n, const uint8_t *addr, uint8_t ip_version)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) { // the first range that does not end before addr
		uint32_t mid = lo + (hi - lo) / 2;
		const struct swdb_addr *range = &ranges[mid];
		if (range->ip_version < ip_version ||
			(range->ip_version == ip_version && memcmp(range->hi, addr, 16) < 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && ranges[lo].ip_version == ip_version &&
		memcmp(ranges[lo].lo, addr, 16) <= 0;
}

static bool addr_in(
	const struct pattern_db *db, struct swdb_span span, const uint8_t *addr, uint8_t ip_version)
{
	return span.n == 0 || addr_among(db->addrs + span.first, span.n, addr, ip_version);
}

bool suppress_load(struct pattern_db *db)
{
	uint32_t n = db->n[SWDB_SUPPRESS];

	db->suppress = calloc(n + (size_t)1, sizeof(*db->suppress));
	for (uint32_t i = 0; db->suppress != NULL && i < n; i++) {
		const struct swdb_suppress *row = &db->suppress_rows[i];
		db->suppress[i] = (struct pattern_suppress){.track = (uint8_t)row->track,
			.n = row->addrs.n,
			.addrs = db->addrs + row->addrs.first};
	}
	db->memory += n * sizeof(*db->suppress);
	return db->suppress != NULL;
}

static bool suppresses(const struct pattern_suppress *s, uint8_t ip_version, const uint8_t *src,
	const uint8_t *dst)
{
	if (s->track == SUPPRESS_ALWAYS)
		return true;
	return (s->track != SUPPRESS_BY_DST && addr_among(s->addrs, s->n, src, ip_version)) ||
		(s->track != SUPPRESS_BY_SRC && addr_among(s->addrs, s->n, dst, ip_version));
}

bool pattern_rule_suppressed(
	const struct pattern_rule *r, uint8_t ip_version, const uint8_t *src, const uint8_t *dst)
{
	for (uint32_t i = 0; i < r->n_suppress; i++) {
		if (suppresses(&r->suppress[i], ip_version, src, dst))
			return true;
	}
	return false;
}

static bool port_in(const struct pattern_db *db, struct swdb_span span, uint16_t port)
{
	uint32_t lo = span.first, hi = span.first + span.n;

	if (span.n == 0)
		return true;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (db->ports[mid].hi < port)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < span.first + span.n && db->ports[lo].lo <= port;
}

static bool has_ports(uint8_t l4)
{
	return l4 == IPPROTO_TCP || l4 == IPPROTO_UDP || l4 == IPPROTO_SCTP;
}

static bool ends_match(const struct pattern_db *db, const struct swdb_rule *r,
	const struct match_env *env, bool reverse)
{
	const uint8_t *src = reverse ? env->dst : env->src;
	const uint8_t *dst = reverse ? env->src : env->dst;

	return port_in(db, r->sport, reverse ? env->dport : env->sport) &&
		port_in(db, r->dport, reverse ? env->sport : env->dport) &&
		addr_in(db, r->src, src, env->ip_version) &&
		addr_in(db, r->dst, dst, env->ip_version);
}

static bool proto_matches(const struct swdb_rule *r, const struct match_env *env)
{
	switch (r->proto) {
	case RULE_IP:
		return true;
	case RULE_IPV4:
		return env->ip_version == 4;
	case RULE_IPV6:
		return env->ip_version == 6;
	case RULE_TCP:
	case RULE_TCP_PKT:
		return env->l4 == IPPROTO_TCP;
	case RULE_UDP:
		return env->l4 == IPPROTO_UDP;
	case RULE_ICMP:
		return env->l4 == IPPROTO_ICMP || env->l4 == IPPROTO_ICMPV6;
	case RULE_ICMPV4:
		return env->l4 == IPPROTO_ICMP;
	case RULE_ICMPV6:
		return env->l4 == IPPROTO_ICMPV6;
	case RULE_SCTP:
		return env->l4 == IPPROTO_SCTP;
	case RULE_APP:
		return (r->apps >> env->app_proto & 1) != 0;
	default:
		return false;
	}
}

bool confirm_header(
	const struct pattern_db *db, const struct swdb_rule *r, const struct match_env *env)
{
	if (!proto_matches(r, env))
		return false;
	if ((r->flow & FLOW_TO_SERVER) && env->dir != DIR_C2S)
		return false;
	if ((r->flow & FLOW_TO_CLIENT) && env->dir != DIR_S2C)
		return false;
	if ((r->flow & FLOW_ESTABLISHED) && !env->established)
		return false;
	if ((r->flow & FLOW_NOT_ESTABLISHED) && env->established)
		return false;
	if ((r->sport.n > 0 || r->dport.n > 0) && !has_ports(env->l4))
		return false;
	return ends_match(db, r, env, false) ||
		((r->flags & SWDB_BIDIRECTIONAL) && ends_match(db, r, env, true));
}
