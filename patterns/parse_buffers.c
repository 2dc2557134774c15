// Sticky buffers, the older words for them, and what is done to a buffer before it is looked at.

#include "patterns/parser.h"
#include "patterns/transform.h"

#include <string.h>

enum { NAME_BYTES = 8 };

// Where an old keyword or a short form stands for a buffer; the others have the field's name.
static const struct {
	const char *word;
	enum field field;
	bool modifier; // stands behind its content, and is about that one only
	const char *kind; // of DNS: "mdns" or "llmnr" only
} buffers[] = {
	{"tls_sni", FIELD_TLS_SNI, false, NULL},
	{"tls.subject", FIELD_TLS_SUBJECT, false, NULL},
	{"tls.issuerdn", FIELD_TLS_ISSUER, false, NULL},
	{"tls.fingerprint", FIELD_TLS_FINGERPRINT, false, NULL},
	{"tls_cert_subject", FIELD_TLS_SUBJECT, false, NULL},
	{"tls_cert_issuer", FIELD_TLS_ISSUER, false, NULL},
	{"tls_cert_serial", FIELD_TLS_SERIAL, false, NULL},
	{"tls_cert_fingerprint", FIELD_TLS_FINGERPRINT, false, NULL},
	{"ja3_hash", FIELD_JA3_HASH, false, NULL},
	{"ja3_string", FIELD_JA3_STRING, false, NULL},
	{"ssh_proto", FIELD_SSH_PROTO, false, NULL},
	{"ssh_software", FIELD_SSH_SOFTWARE, false, NULL},
	{"dns_query", FIELD_DNS_QUERY, false, NULL},
	{"dns.queries.rrname", FIELD_DNS_QUERY, false, NULL},
	{"mdns.queries.rrname", FIELD_DNS_QUERY, false, "mdns"},
	{"mdns.answers.rrname", FIELD_DNS_ANSWER, false, "mdns"},
	{"mdns.authorities.rrname", FIELD_DNS_AUTHORITY, false, "mdns"},
	{"mdns.additionals.rrname", FIELD_DNS_ADDITIONAL, false, "mdns"},
	{"mdns.response.rrname", FIELD_DNS_RESPONSE, false, "mdns"},
	{"llmnr.queries.rrname", FIELD_DNS_QUERY, false, "llmnr"},
	{"llmnr.answers.rrname", FIELD_DNS_ANSWER, false, "llmnr"},
	{"llmnr.authorities.rrname", FIELD_DNS_AUTHORITY, false, "llmnr"},
	{"llmnr.additionals.rrname", FIELD_DNS_ADDITIONAL, false, "llmnr"},
	{"llmnr.response.rrname", FIELD_DNS_RESPONSE, false, "llmnr"},
	{"http_method", FIELD_HTTP_METHOD, true, NULL},
	{"http_uri", FIELD_HTTP_URI, true, NULL},
	{"http_host", FIELD_HTTP_HOST, true, NULL},
	{"http_raw_host", FIELD_HTTP_RAW_HOST, true, NULL},
	{"http_user_agent", FIELD_HTTP_USER_AGENT, true, NULL},
	{"http_cookie", FIELD_HTTP_COOKIE, true, NULL},
	{"http_header", FIELD_HTTP_HEADER, true, NULL},
	{"http_raw_header", FIELD_HTTP_RAW_HEADER, true, NULL},
	{"http_raw_uri", FIELD_HTTP_RAW_URI, true, NULL},
	{"http_stat_code", FIELD_HTTP_STAT_CODE, true, NULL},
	{"http_stat_msg", FIELD_HTTP_STAT_MSG, true, NULL},
	{"http_client_body", FIELD_HTTP_REQUEST_BODY, true, NULL},
	{"http_server_body", FIELD_HTTP_RESPONSE_BODY, true, NULL},
	{"http_accept", FIELD_HTTP_ACCEPT, false, NULL},
	{"http_accept_enc", FIELD_HTTP_ACCEPT_ENC, false, NULL},
	{"http_accept_lang", FIELD_HTTP_ACCEPT_LANG, false, NULL},
	{"http_connection", FIELD_HTTP_CONNECTION, false, NULL},
	{"http_content_len", FIELD_HTTP_CONTENT_LEN, false, NULL},
	{"http_content_type", FIELD_HTTP_CONTENT_TYPE, false, NULL},
	{"http_header_names", FIELD_HTTP_HEADER_NAMES, false, NULL},
	{"http_protocol", FIELD_HTTP_PROTOCOL, false, NULL},
	{"http_referer", FIELD_HTTP_REFERER, false, NULL},
	{"http_request_line", FIELD_HTTP_REQUEST_LINE, false, NULL},
	{"http_response_line", FIELD_HTTP_RESPONSE_LINE, false, NULL},
	{"http_start", FIELD_HTTP_START, false, NULL},
};

// A rule that names one of these twice means two values of it.
static const uint16_t many[] = {FIELD_TLS_SAN, FIELD_TLS_CERT, FIELD_TLS_ALPN,
	FIELD_TLS_SERVER_ALPN, FIELD_QUIC_ALPN, FIELD_DNS_QUERY, FIELD_DNS_ANSWER,
	FIELD_DNS_AUTHORITY, FIELD_DNS_ADDITIONAL, FIELD_DNS_RESPONSE, FIELD_HTTP_REQUEST_HEADER,
	FIELD_HTTP_RESPONSE_HEADER, FIELD_SMTP_RCPT_TO, FIELD_EMAIL_TO, FIELD_EMAIL_CC,
	FIELD_EMAIL_RECEIVED, FIELD_MQTT_SUBSCRIBE_TOPIC, FIELD_MQTT_UNSUBSCRIBE_TOPIC,
	FIELD_SDP_MEDIA, FIELD_XMPP_XMLNS, FIELD_XMPP_AUTH};

void parse_buffer_left(struct parser *p)
{
	struct slice s = p->unused_buffer;

	if (s.p != NULL)
		parser_error(
			p, s.where, "%.*s without a content or pcre behind it", (int)s.len, s.p);
	p->unused_buffer = (struct slice){0};
}

static void leave_buffer(struct parser *p)
{
	parse_buffer_left(p);
	p->dotprefix = false;
	p->n_transforms = 0;
	p->view = NULL;
	p->view_made = false;
	p->last_content = -1;
	p->base64 = -1;
	p->nesting = -1;
}

// How often the rule named the field before.
static uint16_t instance_of(const struct parser *p, uint16_t field)
{
	uint16_t highest = 0;
	bool named = false, is_many = false;

	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		is_many |= many[i] == field;
	for (uint32_t i = 0; i < p->rule.n_conditions && is_many; i++) {
		const struct condition *c = &p->conditions[i];
		if (c->field != field)
			continue;
		named = true;
		if (c->view != NULL && c->view->instance > highest)
			highest = c->view->instance;
	}
	return named ? (uint16_t)(highest + 1) : 0;
}

// What the next condition looks at. False: short of memory.
bool parser_view(struct parser *p)
{
	struct rule_view view = {.n_transforms = p->n_transforms};
	struct rule_view *kept;

	if (p->view_made)
		return true;
	p->view_made = true;
	view.instance = instance_of(p, p->field);
	if (view.instance == 0 && view.n_transforms == 0)
		return true;
	view.transforms =
		arena_copy(p->arena, p->transforms, p->n_transforms * sizeof(p->transforms[0]));
	kept = arena_copy(p->arena, &view, sizeof(view));
	p->no_memory |= view.transforms == NULL || kept == NULL;
	p->view = kept;
	return kept != NULL;
}

void parse_pkt_data(struct parser *p, struct slice name, struct slice value)
{
	(void)name;
	(void)value;
	leave_buffer(p);
	p->field = FIELD_PAYLOAD;
}

// Conditions behind it look at what base64_decode made.
void parse_base64_data(struct parser *p, struct slice name, struct slice value)
{
	(void)value;
	if (p->base64 < 0)
		parser_error(p, name.where, "base64_data without a base64_decode before it");
	else
		p->nesting = p->base64;
	p->last_content = -1;
}

static void add_transform(struct parser *p, const struct transform *t)
{
	if (p->n_transforms == TRANSFORMS_MAX) {
		parser_error(
			p, p->unused_buffer.where, "more than %d transformations", TRANSFORMS_MAX);
		return;
	}
	p->transforms[p->n_transforms++] = *t;
}

bool parse_transform(struct parser *p, struct slice name, struct slice value)
{
	uint8_t arg[TRANSFORM_ARG_MAX];
	struct transform t = {0};
	const char *why = "";
	int kind = transform_kind_of(name.p, name.len);

	if (kind < 0)
		return false;
	if (p->field == FIELD_PAYLOAD) {
		parser_error(
			p, name.where, "%.*s stands behind a sticky buffer", (int)name.len, name.p);
		return true;
	}
	// What stood before it looks at the buffer as it was.
	p->view_made = false;
	p->view = NULL;
	p->last_content = -1;
	// Literals that see the dot are looked for without it: no copy of the buffer.
	if (kind == TRANSFORM_DOTPREFIX && p->n_transforms == 0) {
		if (value.p != NULL && value.len > 0)
			parser_error(p, value.where, "dotprefix takes no value");
		p->dotprefix = true;
		return true;
	}
	if (p->dotprefix) {
		p->dotprefix = false;
		add_transform(p, &(struct transform){.kind = TRANSFORM_DOTPREFIX});
	}
	if (transform_parse((enum transform_kind)kind, value.p, value.len, &t, arg, &why) < 0) {
		parser_error(p, value.p != NULL ? value.where : name.where, "%.*s: %s",
			(int)name.len, name.p, why);
		return true;
	}
	if (t.arg_len > 0) {
		t.arg = arena_copy(p->arena, t.arg, t.arg_len);
		p->no_memory |= t.arg == NULL;
	}
	add_transform(p, &t);
	return true;
}

static void only_kind(struct parser *p, const char *kind)
{
	struct rule_fact fact = {.kind = FACT_FIELD, .what = FIELD_DNS_KIND, .op = CMP_EQ};

	for (size_t i = 0; kind[i] != '\0' && i < NAME_BYTES; i++)
		fact.a = fact.a << 8 | (uint8_t)kind[i];
	parser_fact(p, &fact);
}

// dns.query looks at what is asked, not at the question that an answer repeats: RFC 1035 4.1.1, QR.
static void only_questions(struct parser *p)
{
	parser_fact(p,
		&(struct rule_fact){.kind = FACT_FIELD,
			.what = FIELD_DNS_HEADER,
			.skip = 2,
			.take = 2,
			.shift = 15,
			.mask = 1,
			.op = CMP_EQ});
}

void parse_kind_of_dns(struct parser *p, struct slice word)
{
	if (slice_is(word, "mdns"))
		only_kind(p, "mdns");
	else if (slice_is(word, "llmnr"))
		only_kind(p, "llmnr");
}

static void on_buffer(
	struct parser *p, size_t row, enum field field, struct slice name, struct slice value)
{
	bool modifier = row < sizeof(buffers) / sizeof(buffers[0]) && buffers[row].modifier;
	const char *kind = row < sizeof(buffers) / sizeof(buffers[0]) ? buffers[row].kind : NULL;

	if (modifier) {
		if (value.p != NULL)
			parser_error(p, value.where, "%.*s takes no value", (int)name.len, name.p);
		else if (p->last_content < 0)
			parser_error(p, name.where, "%.*s without a content before it",
				(int)name.len, name.p);
		else
			p->conditions[p->last_content].field = (uint16_t)field;
		return;
	}
	leave_buffer(p);
	p->unused_buffer = name;
	p->field = (uint16_t)field;
	if (kind != NULL)
		only_kind(p, kind);
	if (slice_is(name, "dns.query") || slice_is(name, "dns_query"))
		only_questions(p);
	if (value.p == NULL)
		return;
	// The oldest form has its content right behind it.
	struct slice content = {.p = "content", .len = 7, .where = name.where};
	parse_content(p, content, value);
	leave_buffer(p);
	p->field = FIELD_PAYLOAD;
}

// tls.random_time and tls.random_bytes are the two parts of tls.random.
static bool random_part(struct parser *p, struct slice name)
{
	enum { TIME_LEN = 4 };
	bool time = slice_is(name, "tls.random_time");
	struct transform part = {.kind = TRANSFORM_SUBSLICE};
	const char *why, *text = time ? "0,4" : "4";
	uint8_t arg[TRANSFORM_ARG_MAX];

	if (!time && !slice_is(name, "tls.random_bytes"))
		return false;
	leave_buffer(p);
	p->unused_buffer = name;
	p->field = FIELD_TLS_RANDOM;
	if (transform_parse(TRANSFORM_SUBSLICE, text, strlen(text), &part, arg, &why) == 0)
		add_transform(p, &part);
	return true;
}

static void on_uricontent(struct parser *p, struct slice name, struct slice value)
{
	struct slice content = {.p = "content", .len = 7, .where = name.where};
	uint16_t field = p->field;

	leave_buffer(p);
	p->field = FIELD_HTTP_URI;
	parse_content(p, content, value);
	p->field = field;
	p->view_made = false;
}

bool parse_buffer(struct parser *p, struct slice name, struct slice value)
{
	const size_t n = sizeof(buffers) / sizeof(buffers[0]);

	if (slice_is(name, "uricontent")) {
		on_uricontent(p, name, value);
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		if (slice_is(name, buffers[i].word)) {
			on_buffer(p, i, buffers[i].field, name, value);
			return true;
		}
	}
	for (unsigned i = FIELD_STREAM + 1; i < FIELD_COUNT; i++) {
		if (field_table[i].scan == SCAN_BLOCK && slice_is(name, field_table[i].name)) {
			if (value.p != NULL)
				parser_error(p, value.where, "%.*s takes no value", (int)name.len,
					name.p);
			else
				on_buffer(p, n, (enum field)i, name, value);
			return true;
		}
	}
	return random_part(p, name);
}

void parse_buffers_each(keyword_fn fn, void *ctx)
{
	static const char *const parts[] = {"tls.random_time", "tls.random_bytes", "uricontent"};

	for (unsigned i = FIELD_STREAM + 1; i < FIELD_COUNT; i++) {
		if (field_table[i].scan == SCAN_BLOCK)
			fn(ctx, field_table[i].name, KEYWORD_SUPPORTED, "");
	}
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		fn(ctx, buffers[i].word, KEYWORD_SUPPORTED, "");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		fn(ctx, parts[i], KEYWORD_SUPPORTED, "");
	for (unsigned i = 0; i < TRANSFORM_KINDS; i++)
		fn(ctx, transform_name((enum transform_kind)i), KEYWORD_SUPPORTED, "");
}
