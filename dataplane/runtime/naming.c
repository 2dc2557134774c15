#include "dataplane/runtime/naming.h"

#include "dataplane/runtime/service_by.h"

#include <string.h>

static uint8_t word_number(const char *word, const char *const *words, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		if (strcmp(words[i], word) == 0)
			return (uint8_t)i;
	}
	return 0;
}

struct service_label service_label_of(const struct pattern_rule *rule)
{
	struct service_label label = {0};

	for (uint32_t i = 0; i < rule->n_metadata; i++) {
		const char *pair = rule->metadata[i], *value = strchr(pair, ' ');
		if (value++ == NULL)
			continue;
		if (strncmp(pair, "confidence ", 11) == 0)
			label.confidence = word_number(value, confidence_words, CONFIDENCES);
		else if (strncmp(pair, "function ", 9) == 0)
			label.function = word_number(value, function_words, FUNCTIONS);
		else if (strncmp(pair, "by ", 3) == 0)
			label.by = word_number(value, service_by_words, SERVICE_BYS);
		else if (strncmp(pair, "application ", 12) == 0)
			label.application = (uint8_t)application_kind(value);
	}
	return label;
}

static const struct field_value *value_of(const struct find *find, enum field field)
{
	for (unsigned i = 0; i < find->n_fields; i++) {
		if (find->fields[i].field == field)
			return &find->fields[i];
	}
	return NULL;
}

static uint8_t value_word(
	const struct find *find, enum field field, const char *const *words, unsigned n)
{
	const struct field_value *v = value_of(find, field);

	for (unsigned i = 1; v != NULL && i < n; i++) {
		if (v->value.len == strlen(words[i]) &&
			memcmp(v->value.p, words[i], v->value.len) == 0)
			return (uint8_t)i;
	}
	return 0;
}

// How sure what named it makes, where neither the rule nor the parser says so.
static enum confidence usual(enum service_by by)
{
	static const uint8_t of[SERVICE_BYS] = {
		[BY_PORT] = CONFIDENCE_LOW,
		[BY_PEER] = CONFIDENCE_LOW,
		[BY_PREFIX] = CONFIDENCE_MEDIUM,
		[BY_DNS] = CONFIDENCE_MEDIUM,
		[BY_BYTES] = CONFIDENCE_MEDIUM,
		[BY_STUN] = CONFIDENCE_MEDIUM,
		[BY_CERTIFICATE] = CONFIDENCE_HIGH,
		[BY_HOST] = CONFIDENCE_HIGH,
		[BY_SNI] = CONFIDENCE_HIGH,
		[BY_MARKER] = CONFIDENCE_HIGH,
	};
	return of[by];
}

static uint8_t lower(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

static uint8_t confidence_of(
	const struct find *find, const struct service_label *label, enum service_by by)
{
	uint8_t told = label->confidence;

	if (told == CONFIDENCE_NONE)
		told = usual(by);
	// What DNS told of an address is true of others there, too.
	if (find->kind == FIND_NAME)
		return lower(told, find->doubtful ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM);
	uint8_t parser = 0;
	if (by == BY_MARKER && find->kind == FIND_TX)
		parser = value_word(find, FIELD_CONFIDENCE, confidence_words, CONFIDENCES);
	return parser != 0 ? lower(told, parser) : told;
}

static void count_named(struct naming *n, const struct flow *f)
{
	struct service_count *count = &n->page->services[f->service];

	counter_add(&count->flows, 1);
	counter_add(&count->packets, f->packets[0] + (uint64_t)f->packets[1]);
	counter_add(&count->bytes, f->bytes[0] + f->bytes[1]);
}

static void set_service(struct naming *n, struct flow *f, struct flow_note *note, uint16_t service,
	enum service_by by, uint8_t confidence)
{
	bool counted = f->service == service;

	if (!counted)
		note->application = 0;
	f->service = service;
	f->service_by = by;
	note->confidence = confidence & 3;
	if (!counted)
		count_named(n, f);
}

static void set_application(struct naming *n, const struct find *find,
	const struct service_label *label, enum field field)
{
	const struct field_value *v = value_of(find, field);
	bool full = false;

	if (label->application == APPLICATION_NONE || v == NULL)
		return;
	find->note->application =
		applications_find(n->applications, (enum application_kind)label->application,
			v->value, &full) &
		(APPLICATIONS_MAX - 1);
	n->counters[CTR_APPLICATIONS_FULL] += full;
}

void naming_rule(struct naming *n, const struct find *find, const struct service_label *label,
	enum field field)
{
	struct flow *f = find->flow;
	enum service_by by = label->by != BY_NONE ? (enum service_by)label->by : service_by(field);

	if (find->kind == FIND_NAME)
		by = BY_DNS;
	if (f->service != 0 && by <= f->service_by)
		return;
	set_service(n, f, find->note, label->service, by, confidence_of(find, label, by));
	set_application(n, find, label, find->kind == FIND_NAME ? FIELD_DNS_QUERY : field);
	uint8_t function = label->function;
	if (by == BY_MARKER && find->kind == FIND_TX)
		function = value_word(find, FIELD_IM_FUNCTION, function_words, FUNCTIONS);
	if (function == FUNCTION_NONE)
		function = label->function;
	if (function != FUNCTION_NONE)
		find->note->function = function & 7;
}

void naming_peer(struct naming *n, const struct find *find, uint16_t service)
{
	if (service != 0 && (find->flow->service == 0 || find->flow->service_by < BY_PEER))
		set_service(n, find->flow, find->note, service, BY_PEER, CONFIDENCE_LOW);
}

// RFC 3551 6: payload types that are given out once and for all. Others are agreed upon elsewhere.
static enum flow_function rtp_function(const struct find *find)
{
	const struct field_value *v = value_of(find, FIELD_RTP_PAYLOAD_TYPE);
	unsigned type = v != NULL && v->value.len > 0 ? v->value.p[v->value.len - 1] : 127;

	if (type <= 18 || type == 33)
		return type == 33 ? FUNCTION_VIDEO : FUNCTION_VOICE;
	return type >= 25 && type <= 34 ? FUNCTION_VIDEO : FUNCTION_CALL;
}

static enum flow_function sip_function(const struct find *find)
{
	static const struct {
		const char *method;
		enum flow_function function;
	} rows[] = {{"REGISTER", FUNCTION_LOGIN}, {"MESSAGE", FUNCTION_CHAT},
		{"INVITE", FUNCTION_CALL}};
	const struct field_value *v = value_of(find, FIELD_SIP_METHOD);

	for (unsigned i = 0; v != NULL && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (v->value.len == strlen(rows[i].method) &&
			memcmp(v->value.p, rows[i].method, v->value.len) == 0)
			return rows[i].function;
	}
	return FUNCTION_NONE;
}

void naming_message(const struct find *find)
{
	struct flow_note *note = find->note;
	enum flow_function function = FUNCTION_NONE;

	switch (find->app_proto) {
	case APP_RTP:
		function = rtp_function(find);
		break;
	case APP_STUN:
		function = FUNCTION_CALL;
		break;
	case APP_SIP:
		function = sip_function(find);
		break;
	case APP_IRC:
	case APP_XMPP:
		function = FUNCTION_CHAT;
		break;
	default:
		return;
	}
	// Voice and video say more than a call.
	if (function != FUNCTION_NONE &&
		(note->function == FUNCTION_NONE ||
			(note->function == FUNCTION_CALL && function != FUNCTION_CALL)))
		note->function = function & 7;
}

void naming_flow_end(struct naming *n, const struct flow *flow, const struct flow_note *note)
{
	if (flow->service == 0 || flow->service_by >= SERVICE_BYS)
		return;
	struct service_count *count = &n->page->services[flow->service];
	counter_add(&count->ended_flows, 1);
	counter_add(&count->ended_packets, flow->packets[0] + (uint64_t)flow->packets[1]);
	counter_add(&count->ended_bytes, flow->bytes[0] + flow->bytes[1]);
	counter_add(&count->by[flow->service_by], 1);
	counter_add(&count->confidence[note->confidence], 1);
	counter_add(&count->function[note->function], 1);
	counter_add(&n->page->segments[flow->service][note->segment], 1);
}
