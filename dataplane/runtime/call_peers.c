#include "dataplane/runtime/call_peers.h"

#include "dataplane/api/service.h"

static const uint64_t SECOND_NS = 1000000000;

bool call_message(const struct find *find)
{
	return find->kind == FIND_TX && find->flow->key.l4 == IPPROTO_UDP &&
		(find->app_proto == APP_STUN || find->app_proto == APP_RTP ||
			find->app_proto == APP_TLS);
}

static struct state_key end_key(const struct flow_key *k, bool a)
{
	struct state_key key = state_key_address(k->ip_version, a ? k->a : k->b);
	uint16_t port = a ? k->aport : k->bport;

	key.bytes[key.len++] = (uint8_t)(port >> 8);
	key.bytes[key.len++] = (uint8_t)port;
	return key;
}

// Ports at which servers of anybody's calls listen (RFC 8489 18.6, and what is usual).
static bool is_public(uint16_t port)
{
	return port < 1024 || (port >= 3478 && port <= 3481) || port == 5349 ||
		(port >= 19302 && port <= 19309);
}

static bool told_realm(const struct find *find)
{
	for (unsigned i = 0; i < find->n_fields; i++) {
		if (find->fields[i].field == FIELD_STUN_REALM)
			return true;
	}
	return false;
}

void call_learn(struct rule_state *s, const struct find *find)
{
	const struct flow *f = find->flow;
	bool client_a = (f->flags & FLOW_A_IS_CLIENT) != 0;

	if (!is_public(client_a ? f->key.aport : f->key.bport)) {
		struct state_key key = end_key(&f->key, client_a);
		rule_peer_learn(
			s, &key, f->service, find->ts_ns, find->ts_ns + CALL_END_S * SECOND_NS);
	}
	if (f->service_by != BY_STUN || !told_realm(find))
		return;
	struct state_key relay =
		state_key_address(f->key.ip_version, client_a ? f->key.b : f->key.a);
	rule_peer_learn(s, &relay, f->service, find->ts_ns, find->ts_ns + CALL_RELAY_S * SECOND_NS);
}

uint16_t call_service(struct rule_state *s, const struct find *find)
{
	const struct flow *f = find->flow;
	bool client_a = (f->flags & FLOW_A_IS_CLIENT) != 0;
	struct state_key keys[] = {end_key(&f->key, client_a), end_key(&f->key, !client_a),
		state_key_address(f->key.ip_version, client_a ? f->key.b : f->key.a)};
	uint16_t service = 0;

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]) && service == 0; i++)
		service = rule_peer_of(s, &keys[i], find->ts_ns);
	return service;
}
