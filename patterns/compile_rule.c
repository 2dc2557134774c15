// One rule -> its rows in the artefact.

#include "patterns/compile_hs.h"

#include "patterns/content.h"

#include <stdlib.h>
#include <string.h>

static uint32_t put_text(struct swdb_build *b, const char *s)
{
	return s == NULL ? SWDB_NONE : swdb_put(b, SWDB_TEXT, s, strlen(s) + 1);
}

static void put_joined(
	struct swdb_build *b, const char *first, const char *separator, const char *second)
{
	uint32_t at = swdb_put(b, SWDB_TEXT, first, strlen(first));

	if (second != NULL && second[0] != '\0') {
		swdb_put(b, SWDB_TEXT, separator, strlen(separator));
		swdb_put(b, SWDB_TEXT, second, strlen(second));
	}
	swdb_put(b, SWDB_TEXT, "", 1);
	swdb_put(b, SWDB_PAIRS, &at, sizeof(at));
}

static struct swdb_span pairs_span(const struct swdb_build *b, uint32_t n)
{
	return (struct swdb_span){(uint32_t)(b->parts[SWDB_PAIRS].len / sizeof(uint32_t)), n};
}

// Examples are for those who write rules: no record shows what is in them.
static bool is_example(const struct rule_pair *pair)
{
	return strcmp(pair->key, EXAMPLE_KEY_HIT) == 0 || strcmp(pair->key, EXAMPLE_KEY_MISS) == 0;
}

static struct swdb_span put_metadata(struct swdb_build *b, const struct rule *r)
{
	struct swdb_span span = pairs_span(b, 0);

	for (uint32_t i = 0; i < r->n_metadata; i++) {
		if (is_example(&r->metadata[i]))
			continue;
		put_joined(b, r->metadata[i].key, " ", r->metadata[i].value);
		span.n++;
	}
	return span;
}

static struct swdb_span put_references(struct swdb_build *b, const struct rule *r)
{
	struct swdb_span span = pairs_span(b, r->n_references);

	for (uint32_t i = 0; i < r->n_references; i++) {
		const struct rule_reference *one = &r->references[i];
		if (one->prefix != NULL)
			put_joined(b, one->prefix, "", one->value);
		else
			put_joined(b, one->type, ",", one->value);
	}
	return span;
}

static int compare_addr(const void *a, const void *b)
{
	const struct swdb_addr *x = a, *y = b;

	if (x->ip_version != y->ip_version)
		return x->ip_version < y->ip_version ? -1 : 1;
	return memcmp(x->lo, y->lo, sizeof(x->lo));
}

// The match step searches by bisection: sorted by version, then address.
static struct swdb_span put_addrs(struct swdb_build *b, const struct addr_set *set)
{
	struct swdb_part *part = &b->parts[SWDB_ADDRS];
	struct swdb_span span = {(uint32_t)(part->len / sizeof(struct swdb_addr)), set->n};

	if (set->any)
		return (struct swdb_span){0, 0};
	for (uint32_t i = 0; i < set->n; i++) {
		struct swdb_addr addr = {.ip_version = set->ranges[i].ip_version};
		memcpy(addr.lo, set->ranges[i].lo, sizeof(addr.lo));
		memcpy(addr.hi, set->ranges[i].hi, sizeof(addr.hi));
		swdb_put(b, SWDB_ADDRS, &addr, sizeof(addr));
	}
	if (!b->failed)
		qsort(part->p + span.first * sizeof(struct swdb_addr), span.n,
			sizeof(struct swdb_addr), compare_addr);
	return span;
}

static int compare_port(const void *a, const void *b)
{
	const struct swdb_port *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

static struct swdb_span put_ports(struct swdb_build *b, const struct port_set *set)
{
	struct swdb_part *part = &b->parts[SWDB_PORTS];
	struct swdb_span span = {(uint32_t)(part->len / sizeof(struct swdb_port)), set->n};

	if (set->any)
		return (struct swdb_span){0, 0};
	for (uint32_t i = 0; i < set->n; i++) {
		struct swdb_port port = {set->ranges[i].lo, set->ranges[i].hi};
		swdb_put(b, SWDB_PORTS, &port, sizeof(port));
	}
	if (!b->failed)
		qsort(part->p + span.first * sizeof(struct swdb_port), span.n,
			sizeof(struct swdb_port), compare_port);
	return span;
}

bool condition_dotted(const struct rule *r, uint32_t i)
{
	if (r->conditions[i].flags & CONTENT_DOTPREFIX)
		return true;
	for (uint32_t j = i + 1; j-- > 0;) {
		const struct condition *c = &r->conditions[j];
		if (c->field == r->conditions[i].field && c->kind == COND_CONTENT)
			return (c->flags & CONTENT_DOTPREFIX) != 0;
	}
	return false;
}

static uint32_t put_bytes(struct swdb_build *b, const struct condition *c)
{
	uint32_t at = swdb_put(b, SWDB_TEXT, c->bytes, c->len);

	if (!b->failed && c->kind == COND_CONTENT && (c->flags & CONTENT_NOCASE)) {
		for (uint32_t i = 0; i < c->len; i++) {
			uint8_t *p = &b->parts[SWDB_TEXT].p[at + i];
			*p = ascii_lower(*p);
		}
	}
	swdb_put(b, SWDB_TEXT, "", 1);
	return at;
}

static void put_condition(struct swdb_build *b, const struct condition *c)
{
	bool content = c->kind == COND_CONTENT;
	struct swdb_condition out = {
		.kind = c->kind,
		.relative = content ? (c->flags & (CONTENT_DISTANCE | CONTENT_WITHIN)) != 0
				    : c->pcre_relative || c->relative,
		.nested = c->nested,
		.flags = c->flags,
		.offset = !content || (c->flags & CONTENT_OFFSET) ? c->offset : 0,
		.depth = (c->flags & CONTENT_DEPTH) ? c->depth : 0,
		.distance = (c->flags & CONTENT_DISTANCE) ? c->distance : 0,
		.within = (c->flags & CONTENT_WITHIN) ? c->within : 0,
		.bytes = put_bytes(b, c),
		.len = c->len,
		.pcre_options = content ? 0 : c->pcre_options,
		.number = c->number,
	};

	swdb_put(b, SWDB_CONDITIONS, &out, sizeof(out));
}

struct swdb_span swdb_put_transforms(struct swdb_build *b, const struct rule_view *view)
{
	struct swdb_span span = {
		(uint32_t)(b->parts[SWDB_TRANSFORMS].len / sizeof(struct swdb_transform)), 0};

	for (uint32_t i = 0; view != NULL && i < view->n_transforms; i++, span.n++) {
		const struct transform *t = &view->transforms[i];
		struct swdb_transform out = {.kind = t->kind,
			.mode = t->mode,
			.flags = t->flags,
			.a = t->a,
			.b = t->b,
			.arg = swdb_put(b, SWDB_TEXT, t->arg, t->arg_len),
			.arg_len = t->arg_len};
		swdb_put(b, SWDB_TEXT, "", 1);
		swdb_put(b, SWDB_TRANSFORMS, &out, sizeof(out));
	}
	return span;
}

bool condition_same_view(const struct condition *a, const struct condition *b)
{
	const struct rule_view *x = a->view, *y = b->view;

	if (x == NULL || y == NULL)
		return x == y;
	if (x->instance != y->instance || x->n_transforms != y->n_transforms)
		return false;
	for (uint32_t i = 0; i < x->n_transforms; i++) {
		const struct transform *s = &x->transforms[i], *t = &y->transforms[i];
		if (s->kind != t->kind || s->mode != t->mode || s->flags != t->flags ||
			s->a != t->a || s->b != t->b || s->arg_len != t->arg_len ||
			(s->arg_len > 0 && memcmp(s->arg, t->arg, s->arg_len) != 0))
			return false;
	}
	return true;
}

static bool same_chain(const struct rule *r, uint32_t i, uint32_t j)
{
	const struct condition *a = &r->conditions[i], *b = &r->conditions[j];

	return a->field == b->field && condition_dotted(r, i) == condition_dotted(r, j) &&
		condition_same_view(a, b);
}

// One chain a buffer, in the order in which the rule first names them.
static struct swdb_span put_chains(struct swdb_build *b, const struct rule *r)
{
	struct swdb_span span = {
		(uint32_t)(b->parts[SWDB_CHAINS].len / sizeof(struct swdb_chain)), 0};
	bool done[SWDB_CONDITIONS_MAX] = {false};

	for (uint32_t i = 0; i < r->n_conditions; i++) {
		uint16_t field = r->conditions[i].field;
		if (done[i])
			continue;
		struct swdb_chain chain = {
			.field = field_is_payload(field) ? FIELD_PAYLOAD : field,
			.dotted = condition_dotted(r, i),
			.transforms = swdb_put_transforms(b, r->conditions[i].view),
			.conditions.first = (uint32_t)(b->parts[SWDB_CONDITIONS].len /
				sizeof(struct swdb_condition)),
		};
		for (uint32_t j = i; j < r->n_conditions; j++) {
			const struct condition *c = &r->conditions[j];
			if (done[j] || !same_chain(r, i, j))
				continue;
			done[j] = true;
			if (c->kind == COND_ABSENT) {
				chain.absent = c->number.flags & ABSENT_OR_ELSE
					? SWDB_ABSENT_OR_ELSE
					: SWDB_ABSENT;
				continue;
			}
			for (unsigned slot = 0; slot < VAR_SLOTS; slot++)
				chain.entangled |= c->number.vars[slot] != 0;
			put_condition(b, c);
			chain.conditions.n++;
		}
		swdb_put(b, SWDB_CHAINS, &chain, sizeof(chain));
		span.n++;
	}
	return span;
}

static struct swdb_span put_rows(struct swdb_build *b, enum swdb_section_id section,
	const void *rows, uint32_t n, size_t size)
{
	struct swdb_span span = {(uint32_t)(b->parts[section].len / size), n};

	swdb_put(b, section, rows, n * size);
	return span;
}

static bool fact_of_message(const struct rule_fact *f)
{
	return f->kind == FACT_FIELD || f->kind == FACT_DIGITS;
}

// A packet's own, so that the stream's bytes do not have it.
static bool fact_of_packet(const struct rule_fact *f)
{
	return f->kind == FACT_PACKET || f->kind == FACT_FLAGS || f->kind == FACT_IP_OPTIONS;
}

static bool facts_of_addresses(const struct rule *r)
{
	for (uint32_t i = 0; i < r->n_facts; i++) {
		if (r->facts[i].kind != FACT_GEOIP)
			return false;
	}
	return true;
}

// As Suricata's "protocol detection only": about app-layer-protocol and addresses, at most with the
// flow's direction. What is known of a flow can not change later.
static bool rule_once(const struct rule *r)
{
	bool protocol = false;

	for (uint32_t i = 0; i < r->n_facts; i++) {
		if (r->facts[i].kind != FACT_APP_PROTO && r->facts[i].kind != FACT_GEOIP)
			return false;
		protocol |= r->facts[i].kind == FACT_APP_PROTO;
	}
	return protocol && r->n_conditions == 0 && r->n_memories == 0 && !r->has_dsize &&
		(r->flow & ~(uint32_t)(FLOW_TO_SERVER | FLOW_TO_CLIENT)) == 0;
}

// One list may silence every rule: its addresses are stored once.
static struct swdb_span put_suppress_addrs(struct swdb_build *b, const struct rule_suppress *s)
{
	uint32_t have = b->n_suppress_addrs;

	if (s->addrs.n == 0)
		return (struct swdb_span){0};
	if (s->number == 0)
		return put_addrs(b, &s->addrs);
	if (s->number >= have) {
		uint32_t room = 2 * s->number;
		struct swdb_span *more = realloc(b->suppress_addrs, room * sizeof(*more));
		if (more == NULL) {
			b->failed = true;
			return (struct swdb_span){0};
		}
		memset(more + have, 0, (room - have) * sizeof(*more));
		b->suppress_addrs = more;
		b->n_suppress_addrs = room;
	}
	struct swdb_span *span = &b->suppress_addrs[s->number];
	if (span->n == 0)
		*span = put_addrs(b, &s->addrs);
	return *span;
}

static struct swdb_span put_suppress(struct swdb_build *b, const struct rule *r)
{
	struct swdb_part *part = &b->parts[SWDB_SUPPRESS];
	struct swdb_span span = {
		(uint32_t)(part->len / sizeof(struct swdb_suppress)), r->n_suppress};

	for (uint32_t i = 0; i < r->n_suppress; i++) {
		struct swdb_suppress out = {.track = r->suppress[i]->track,
			.addrs = put_suppress_addrs(b, r->suppress[i])};
		swdb_put(b, SWDB_SUPPRESS, &out, sizeof(out));
	}
	return span;
}

uint8_t swdb_rule_at(const struct rule *r)
{
	bool payload = false, packet = r->has_dsize || (r->flow & FLOW_NO_STREAM);

	for (uint32_t i = 0; i < r->n_conditions; i++) {
		uint16_t field = r->conditions[i].field;
		payload |= field_is_payload(field);
		packet |= field_is_header(field);
		if (!field_is_payload(field) && !field_is_header(field))
			return SWDB_AT_TX;
	}
	for (uint32_t i = 0; i < r->n_facts; i++) {
		packet |= fact_of_packet(&r->facts[i]);
		if (fact_of_message(&r->facts[i]))
			return SWDB_AT_TX;
	}
	if (!payload || packet)
		return SWDB_AT_PACKET;
	if (r->proto == RULE_TCP || (r->flow & FLOW_ONLY_STREAM))
		return SWDB_AT_STREAM;
	if (r->proto == RULE_IP || r->proto == RULE_IPV4 || r->proto == RULE_IPV6 ||
		r->proto == RULE_APP)
		return SWDB_AT_PACKET | SWDB_AT_STREAM;
	return SWDB_AT_PACKET;
}

static uint32_t longest_content(const struct rule *r)
{
	uint32_t longest = 0;

	for (uint32_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (c->kind == COND_CONTENT && !(c->flags & CONTENT_NEGATED) && c->len > longest)
			longest = c->len;
	}
	return longest;
}

void swdb_put_rule(struct swdb_build *b, const struct rule *r)
{
	struct swdb_rule out = {
		.apps = r->proto != RULE_APP ? 0
			: r->apps != 0	     ? r->apps
					     : 1ull << r->app_proto,
		.gid = r->gid,
		.sid = r->sid,
		.rev = r->rev,
		.msg = put_text(b, r->msg != NULL ? r->msg : ""),
		.category = put_text(b, r->category != NULL ? r->category : ""),
		.set = put_text(b, r->set != NULL ? r->set : ""),
		.service = put_text(b, r->service),
		.flow = r->flow,
		.longest_content = longest_content(r),
		.src = put_addrs(b, &r->src),
		.dst = put_addrs(b, &r->dst),
		.sport = put_ports(b, &r->sport),
		.dport = put_ports(b, &r->dport),
		.metadata = put_metadata(b, r),
		.references = put_references(b, r),
		.chains = put_chains(b, r),
		.facts = put_rows(b, SWDB_FACTS, r->facts, r->n_facts, sizeof(r->facts[0])),
		.memories = put_rows(
			b, SWDB_MEMORIES, r->memories, r->n_memories, sizeof(r->memories[0])),
		.suppress = put_suppress(b, r),
		.limit = r->limit,
		.filter = r->filter,
		.rate = r->rate,
		.dsize_lo = r->dsize_lo,
		.dsize_hi = r->dsize_hi,
		.severity = r->severity,
		.flags = (uint8_t)((r->bidirectional ? SWDB_BIDIRECTIONAL : 0) |
			(r->noalert ? SWDB_NOALERT : 0) | (r->action == RULE_PASS ? SWDB_PASS : 0) |
			(r->has_dsize ? SWDB_DSIZE : 0) | (rule_once(r) ? SWDB_ONCE : 0) |
			(r->half ? SWDB_HALF : 0) |
			(rule_content(r) != FIELD_NONE ? SWDB_CONTENT : 0) |
			(facts_of_addresses(r) ? SWDB_OF_ADDRESSES : 0)),
		.proto = r->proto,
		.app_proto = r->app_proto,
		.at = swdb_rule_at(r),
	};

	swdb_put(b, SWDB_RULES, &out, sizeof(out));
}

void swdb_put_geo(struct swdb_build *b, const struct rule_list *rules)
{
	const struct geo_use *use = rules->geo_use;

	if (use == NULL)
		return;
	for (uint32_t i = 0; i < use->table->n4; i++) {
		if (use->wanted[use->table->v4[i].country])
			swdb_put(b, SWDB_GEO4, &use->table->v4[i], sizeof(struct geo4));
	}
	for (uint32_t i = 0; i < use->table->n6; i++) {
		if (use->wanted[use->table->v6[i].country])
			swdb_put(b, SWDB_GEO6, &use->table->v6[i], sizeof(struct geo6));
	}
	swdb_put(b, SWDB_COUNTRIES, use->lists, use->n * sizeof(use->lists[0]));
}
