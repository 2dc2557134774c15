#include "dataplane/runtime/emit.h"

#include "dataplane/inspect/conversation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUE_MAX = 4096 };

struct emitter {
	struct event_ring *ring;
	uint32_t ring_size;
	const struct directory_page *directory;
	struct masker *masker;
	uint64_t *counters;
	struct emit_options options;
	uint16_t worker;
	uint32_t len; // of the record in the making
	_Alignas(8) uint8_t record[EVENT_RECORD_MAX];
};

struct emitter *emitter_new(const struct emit_options *options, struct event_ring *ring,
	uint32_t ring_size, const struct directory_page *directory, uint16_t worker,
	uint64_t *counters)
{
	struct emitter *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->ring = ring;
	e->ring_size = ring_size;
	e->directory = directory;
	e->options = *options;
	e->worker = worker;
	e->counters = counters;
	if (!options->clear) {
		e->masker = masker_new(options->mask_key);
		if (e->masker == NULL) {
			free(e);
			return NULL;
		}
	}
	return e;
}

void emitter_free(struct emitter *e)
{
	if (e == NULL)
		return;
	masker_free(e->masker);
	free(e);
}

// As the policy of the flow's segment says.
static void put_address(struct emitter *e, const struct flow_note *note, uint8_t version,
	const uint8_t in[16], uint8_t out[16])
{
	const struct segments *segments = e->options.segments;
	enum segment_masking policy = segments_masking(segments, note->segment);

	if (e->options.clear ||
		(policy == SEGMENT_CLEAR_SERVERS &&
			segments_hold(segments, note->segment, version, in)))
		memcpy(out, in, 16);
	else
		mask_address(e->masker, version, in, out);
}

// Who knows flows and their numbers must not come to know the key, because with it a number tells
// the addresses that are masked beside it.
static uint64_t flow_id(const struct emitter *e, const struct flow *f)
{
	uint8_t in[sizeof(f->key) + sizeof(f->first_ns)];

	memcpy(in, &f->key, sizeof(f->key));
	memcpy(in + sizeof(f->key), &f->first_ns, sizeof(f->first_ns));
	return siphash(e->options.id_key, in, sizeof(in));
}

static void begin(struct emitter *e, enum event_type type, const struct flow *f,
	const struct flow_note *note, enum dir dir, uint64_t ts_ns, uint64_t generation)
{
	struct event_head *h = (struct event_head *)e->record;
	bool a_is_client = (f->flags & FLOW_A_IS_CLIENT) != 0;
	bool from_a = (dir == DIR_C2S) == a_is_client;

	memset(h, 0, sizeof(*h));
	h->type = (uint8_t)type;
	h->flags = e->options.clear ? EVENT_CLEAR : 0;
	h->l4 = f->key.l4;
	h->ip_version = f->key.ip_version;
	h->ts_ns = ts_ns;
	h->flow_id = flow_id(e, f);
	h->sport = from_a ? f->key.aport : f->key.bport;
	h->dport = from_a ? f->key.bport : f->key.aport;
	h->app_proto = f->app_proto;
	h->dir = (uint8_t)dir;
	h->worker = e->worker;
	h->generation = (uint32_t)generation;
	if (e->masker != NULL) // of what values tell as well
		mask_hide(e->masker,
			segments_masking(e->options.segments, note->segment) == SEGMENT_HIDDEN);
	put_address(e, note, h->ip_version, from_a ? f->key.a : f->key.b, h->src);
	put_address(e, note, h->ip_version, from_a ? f->key.b : f->key.a, h->dst);
	e->len = sizeof(*h);
}

static void put(struct emitter *e, uint16_t tag, const void *p, size_t len)
{
	size_t cut = len < VALUE_MAX ? len : VALUE_MAX;
	size_t size = sizeof(struct event_value) + ((cut + 3) & ~(size_t)3);

	if (e->len + size > EVENT_RECORD_MAX - 8)
		return;
	struct event_value head = {.tag = tag, .len = (uint16_t)cut};
	memset(e->record + e->len + size - 4, 0, 4); // the padding, before what it may cover
	memcpy(e->record + e->len, &head, sizeof(head));
	if (cut > 0)
		memcpy(e->record + e->len + sizeof(head), p, cut);
	e->len += (uint32_t)size;
}

static void put_text(struct emitter *e, uint16_t tag, const char *text)
{
	if (text != NULL && text[0] != '\0')
		put(e, tag, text, strlen(text));
}

static bool to_ring(struct emitter *e, const void *record, uint32_t len)
{
	while (event_ring_put(e->ring, e->ring_size, record, len) == -ENOBUFS) {
		if (e->options.full == NULL || !e->options.full(e->options.full_ctx))
			return false;
	}
	return true;
}

static void commit(struct emitter *e)
{
	uint32_t len = (e->len + 7) & ~7u;

	memset(e->record + e->len, 0, len - e->len);
	((struct event_head *)e->record)->len = len;
	e->counters[to_ring(e, e->record, len) ? CTR_EVENTS : CTR_EVENTS_LOST]++;
}

void emit_begin_evidence(const struct emitter *e, const struct find *find, struct event_head *out)
{
	*out = (struct event_head){.type = EVENT_EVIDENCE,
		.ip_version = find->flow->key.ip_version,
		.flow_id = flow_id(e, find->flow),
		.ts_ns = find->ts_ns,
		.worker = e->worker};
}

bool emit_record(struct emitter *e, const void *record, uint32_t len)
{
	return e->ring != NULL && to_ring(e, record, len);
}

// A value goes through its field's mask, unless the record is clear. A secret stays here always.
static void put_field(struct emitter *e, const struct field_value *v)
{
	uint8_t masked[VALUE_MAX + MASK_NAME_MORE];
	enum field_mask mask = field_table[v->field].mask;
	struct bytes value = v->value;

	if (mask == MASK_SECRET)
		return;
	if (mask == MASK_CLEAR || e->options.clear) {
		put(e, v->field, value.p, value.len);
		return;
	}
	if (value.len > VALUE_MAX)
		value.len = VALUE_MAX;
	value = (struct bytes){.p = masked, .len = mask_value(e->masker, mask, value, masked)};
	put(e, v->field, value.p, value.len);
}

static void put_find(struct emitter *e, const struct find *find)
{
	struct event_head *h = (struct event_head *)e->record;

	// The flow itself may be further: all of a burst was parsed before any of it is told.
	h->app_proto = find->kind == FIND_TX ? find->app_proto : find->app_after;
	h->pcap_cnt = find->pcap_cnt;
	h->tx_id = find->tx_id;
	if (find->flow->key.l4 == IPPROTO_ICMP || find->flow->key.l4 == IPPROTO_ICMPV6) {
		h->sport = find->icmp_type;
		h->dport = find->icmp_code;
	}
	for (unsigned i = 0; i + find->n_secret < find->n_fields; i++)
		put_field(e, &find->fields[i]);
}

// Its segment, and what that does to addresses, unless that is the usual.
static void put_segment(struct emitter *e, const struct flow_note *note)
{
	static const char *const words[] = {
		[SEGMENT_HIDDEN] = "hidden", [SEGMENT_CLEAR_SERVERS] = "clear-servers"};
	enum segment_masking policy = segments_masking(e->options.segments, note->segment);

	put_text(e, TAG_SEGMENT, segments_name(e->options.segments, note->segment));
	if (policy != SEGMENT_PSEUDONYMS && !e->options.clear)
		put_text(e, TAG_MASKING, words[policy]);
}

static void put_service(struct emitter *e, const struct flow *f, const struct flow_note *note)
{
	put_text(e, TAG_FUNCTION, function_words[note->function]);
	if (f->service == 0)
		return;
	put_text(e, TAG_SERVICE, e->directory->services[f->service]);
	put_text(e, TAG_SERVICE_BY, service_by_words[f->service_by]);
	put_text(e, TAG_CONFIDENCE, confidence_words[note->confidence]);
	if (e->options.applications != NULL)
		put_text(e, TAG_APPLICATION,
			applications_text(e->options.applications, note->application));
}

static void put_flow(struct emitter *e, const struct flow *f, const struct flow_counts *counts,
	enum flow_reason reason)
{
	unsigned client = f->flags & FLOW_A_IS_CLIENT ? 0 : 1;
	struct event_flow totals = {
		.start_ns = f->first_ns,
		.end_ns = f->last_ns,
		.packets = {counts->packets[client], counts->packets[!client]},
		.bytes = {counts->bytes[client], counts->bytes[!client]},
		.tcp_flags = {f->tcp_flags[client], f->tcp_flags[!client]},
		.state = f->state,
		.reason = (uint8_t)reason,
		.alerted = (f->flags & FLOW_ALERTED) != 0,
	};

	put(e, TAG_FLOW, &totals, sizeof(totals));
}

void emit_tx(struct emitter *e, const struct find *find, uint64_t generation)
{
	if (e->ring == NULL)
		return;
	begin(e, EVENT_TX, find->flow, find->note, find->dir, find->ts_ns, generation);
	put_find(e, find);
	put_service(e, find->flow, find->note);
	if (e->options.segments != NULL)
		put_segment(e, find->note);
	commit(e);
}

void emit_alert(struct emitter *e, const struct find *find, const struct pattern_rule *rule,
	enum field field, uint64_t generation)
{
	struct event_alert alert = {
		.gid = rule->gid,
		.sid = rule->sid,
		.rev = rule->rev,
		.severity = rule->severity,
		.field = (uint16_t)field,
	};

	if (e->ring == NULL)
		return;
	begin(e, EVENT_ALERT, find->flow, find->note, find->dir, find->ts_ns, generation);
	put(e, TAG_ALERT, &alert, sizeof(alert));
	put_text(e, TAG_MSG, rule->msg);
	put_text(e, TAG_CATEGORY, rule->category);
	for (uint32_t i = 0; i < rule->n_metadata; i++)
		put_text(e, TAG_METADATA, rule->metadata[i]);
	for (uint32_t i = 0; i < rule->n_references; i++)
		put_text(e, TAG_REFERENCE, rule->references[i]);
	put_find(e, find);
	put_service(e, find->flow, find->note);
	put_segment(e, find->note);
	put_flow(e, find->flow, &find->counts, 0);
	commit(e);
}

static void put_server_name(struct emitter *e, const struct known_name *name)
{
	uint8_t masked[NAME_LEN_MAX + MASK_NAME_MORE];
	struct bytes text = name->text;

	if (text.len == 0)
		return;
	if (!e->options.clear)
		text = (struct bytes){
			.p = masked, .len = mask_value(e->masker, MASK_NAME, text, masked)};
	put(e, TAG_SERVER_NAME, text.p, text.len);
	put_text(e, TAG_SERVER_NAME_BY, "dns");
	if (name->ambiguous)
		put_text(e, TAG_SERVER_NAME_CONFIDENCE, "low");
}

static void put_country(struct emitter *e, const struct flow *f, const struct flow_note *note)
{
	unsigned server = flow_person_is_a(f, note) ? 1 : 0;
	char code[GEO_CODE_LEN];

	if (note->country[server] == 0)
		return;
	geo_code(note->country[server], code);
	put_text(e, TAG_COUNTRY, code);
}

// Asked when the flow ends: a note has no room for it.
static void put_as(struct emitter *e, const struct flow *f, const struct flow_note *note,
	const struct geo_map *map)
{
	bool person_is_a = flow_person_is_a(f, note);
	uint32_t as = map == NULL
		? 0
		: geo_map_as(map, f->key.ip_version, person_is_a ? f->key.b : f->key.a);

	if (as != 0)
		put(e, TAG_AS, &as, sizeof(as));
}

static void put_grade(struct emitter *e, const struct flow_note *note)
{
	if (note->grade != GRADE_NONE)
		put_text(e, TAG_GRADE, posture_grade_names[note->grade]);
}

static void put_checks(struct emitter *e, uint64_t checks)
{
	char name[64];

	for (unsigned i = 0; i < POSTURE_CHECK_COUNT; i++) {
		const struct posture_check_info *c = &posture_checks[i];
		if (!(checks & POSTURE_BIT(i)))
			continue;
		snprintf(name, sizeof(name), "%s%s%s", c->check, c->part[0] != '\0' ? "." : "",
			c->part);
		put_text(e, TAG_CHECK, name);
	}
}

void emit_posture(struct emitter *e, const struct flow *flow, const struct flow_note *note,
	uint64_t generation)
{
	uint64_t checks = note->posture & posture_of_severity(SEVERITY_LOW);

	if (e->ring == NULL || checks == 0)
		return;
	begin(e, EVENT_POSTURE, flow, note, DIR_C2S, flow->last_ns, generation);
	put_service(e, flow, note);
	put_country(e, flow, note);
	put_segment(e, note);
	put_grade(e, note);
	put_text(e, TAG_SEVERITY, posture_severity_names[posture_severity(checks)]);
	put_checks(e, checks);
	e->counters[CTR_POSTURE_EVENTS]++;
	commit(e);
}

// Whoever the client is: its address, its port, and what could lead to other records that tell them: the
// flow, the packet, and its time but for the day (the record of the message has the same one).
static void hide_client(struct event_head *h)
{
	const uint64_t day_ns = 86400ull * 1000000000;
	bool to_server = h->dir == DIR_C2S;

	h->flow_id = 0;
	h->pcap_cnt = 0;
	h->tx_id = 0;
	h->ts_ns -= h->ts_ns % day_ns;
	memset(to_server ? h->src : h->dst, 0, sizeof(h->src));
	if (to_server)
		h->sport = 0;
	else
		h->dport = 0;
}

void emit_leak(struct emitter *e, const struct leak_place *place, const struct leak *leak,
	bool no_client, uint64_t generation)
{
	struct event_head *h = (struct event_head *)e->record;
	struct event_leak out = {
		.detector = leak->detector,
		.confidence = leak->confidence,
		.flags = (leak->test_data ? LEAK_TEST_DATA : 0) | (leak->tokened ? LEAK_TOKEN : 0) |
			(no_client ? LEAK_NO_CLIENT : 0),
		.span = leak->span,
		.field = place->field,
		.layers = leak->layers,
		.count = leak->count,
		.epoch = leak->epoch,
	};

	if (e->ring == NULL)
		return;
	begin(e, EVENT_LEAK, place->flow, place->note, place->dir, place->ts_ns, generation);
	h->app_proto = place->app_proto;
	h->pcap_cnt = place->pcap_cnt;
	h->tx_id = place->tx_id;
	if (no_client)
		hide_client(h);
	memcpy(out.token, leak->token, sizeof(out.token));
	put(e, TAG_LEAK, &out, sizeof(out));
	put_text(e, TAG_MASKED, leak->masked);
	put_service(e, place->flow, place->note);
	put_country(e, place->flow, place->note);
	put_segment(e, place->note);
	commit(e);
}

void emit_flow(struct emitter *e, const struct flow *flow, const struct flow_note *note,
	const struct event_tunnel *tunnel, const struct known_name *name, enum flow_reason reason,
	uint64_t generation, const struct geo_map *map)
{
	if (e->ring == NULL)
		return;
	begin(e, EVENT_FLOW, flow, note, DIR_C2S, flow->last_ns, generation);
	struct flow_counts counts = flow_counts(flow);
	put_flow(e, flow, &counts, reason);
	put_service(e, flow, note);
	put_country(e, flow, note);
	put_as(e, flow, note, map);
	put_segment(e, note);
	put_grade(e, note);
	put_server_name(e, name);
	if (tunnel != NULL)
		put(e, TAG_TUNNEL, tunnel, sizeof(*tunnel));
	commit(e);
}
