// XMPP (RFC 6120) over TCP: one record a child of the stream, and one for its header. Kept of an
// element are its name, addresses, type and namespaces, and what tells how the parties prove who
// they are and whether they seal what follows. Text goes by.

#include "dataplane/inspect/proto/xml.h"
#include "dataplane/inspect/proto/xmpp_stanza.h"

#include <assert.h>
#include <netinet/in.h>

enum { CLIENT_PORT = 5222, SERVER_PORT = 5269, DEPTH_MAX = 1000, TLS_HANDSHAKE = 0x16 };

enum starttls { STARTTLS_NONE, STARTTLS_OFFERED, STARTTLS_REQUIRED };

struct xmpp_side {
	struct xmpp_kept kept;
	struct xml xml;
	uint16_t depth; // elements that are open; 1: the stream is
	uint8_t starttls; // enum starttls
	bool known; // the element at hand is told once it ends
	bool mechanism; // the tag at hand is one that is offered
	bool lost; // behind a hole: until a stanza begins
	uint8_t element_len;
	uint8_t element[XML_NAME_MAX];
};

struct xmpp_state {
	struct xmpp_side side[2];
	bool sealed; // compressed (XEP-0138): nothing can be read any more
};
static_assert(sizeof(struct xmpp_state) <= PROTO_STATE_MAX, "fits a session");

// One piece at work.
struct reading {
	struct xmpp_state *state;
	struct xmpp_side *s;
	const struct proto_io *io;
	enum dir dir;
	struct bytes in;
};

static bool element_is(const struct xmpp_side *s, const char *name)
{
	return bytes_equal((struct bytes){s->element, s->element_len, false}, name, strlen(name));
}

static void put_starttls(struct tx *tx, const struct xmpp_side *s)
{
	static const char tls[] = "urn:ietf:params:xml:ns:xmpp-tls";

	if (s->starttls == STARTTLS_OFFERED)
		tx_put_text(tx, FIELD_XMPP_STARTTLS, "offered");
	else if (s->starttls == STARTTLS_REQUIRED)
		tx_put_text(tx, FIELD_XMPP_STARTTLS, "required");
	else if (element_is(s, "starttls"))
		tx_put_text(tx, FIELD_XMPP_STARTTLS, "asked");
	else if (element_is(s, "proceed"))
		tx_put_text(tx, FIELD_XMPP_STARTTLS, "accepted");
	else if (element_is(s, "failure") && xmpp_kept_has(&s->kept, FIELD_XMPP_XMLNS, tls))
		tx_put_text(tx, FIELD_XMPP_STARTTLS, "refused");
}

static void report(struct reading *r)
{
	struct xmpp_side *s = r->s;
	struct tx tx;

	tx_begin(&tx, APP_XMPP, r->dir);
	tx_put(&tx, FIELD_XMPP_ELEMENT, (struct bytes){s->element, s->element_len, false});
	xmpp_kept_put(&s->kept, &tx);
	// XEP-0078
	if (element_is(s, "iq") && xmpp_kept_has(&s->kept, FIELD_XMPP_XMLNS, "jabber:iq:auth"))
		tx_put_text(&tx, FIELD_XMPP_AUTH, "jabber:iq:auth");
	put_starttls(&tx, s);
	r->io->tx(r->io->ctx, &tx);
	s->known = false;
	xmpp_kept_clear(&s->kept, r->io);
}

static void begin_element(struct xmpp_side *s, const uint8_t *name, uint8_t len)
{
	memcpy(s->element, name, len);
	s->element_len = len;
	s->starttls = STARTTLS_NONE;
	s->known = false;
}

// The element ended: what does it change?
static enum parse end_element(struct reading *r)
{
	struct xmpp_side *s = r->s;

	report(r);
	if (element_is(s, "proceed"))
		return PARSE_SWITCH; // RFC 6120 5.4.2.3
	if (element_is(s, "compressed"))
		r->state->sealed = true;
	return r->state->sealed ? PARSE_DONE : PARSE_MORE;
}

static bool is_stream(const struct xmpp_side *s)
{
	return xml_name_is(&s->xml, "stream");
}

static bool is_stanza(const struct xmpp_side *s)
{
	return xml_name_is(&s->xml, "iq") || xml_name_is(&s->xml, "message") ||
		xml_name_is(&s->xml, "presence") || is_stream(s);
}

static enum parse on_open(struct reading *r)
{
	struct xmpp_side *s = r->s;

	// RFC 6120 4.3.3: a stream is begun anew inside the one that was.
	if (s->depth == 1 && is_stream(s))
		s->depth = 0;
	else if (s->depth == 0 && !is_stream(s))
		s->depth = 1; // seen from the middle
	if (s->depth <= 1) {
		xmpp_kept_clear(&s->kept, r->io);
		begin_element(s, s->xml.name, s->xml.name_len);
	}
	s->mechanism = false;
	if (!element_is(s, "features"))
		return PARSE_MORE;
	s->mechanism = s->depth >= 3 && xml_name_is(&s->xml, "mechanism");
	if (s->depth == 2 && xml_name_is(&s->xml, "starttls"))
		s->starttls = STARTTLS_OFFERED;
	else if (s->depth == 3 && xml_name_is(&s->xml, "required") &&
		s->starttls == STARTTLS_OFFERED)
		s->starttls = STARTTLS_REQUIRED;
	return PARSE_MORE;
}

static enum field field_of_attribute(const struct xmpp_side *s)
{
	static const struct {
		const char *name;
		enum field field;
	} fields[] = {{"to", FIELD_XMPP_TO}, {"from", FIELD_XMPP_FROM}, {"type", FIELD_XMPP_TYPE}};
	const struct xml *x = &s->xml;

	if (xml_name_is(x, "xmlns") || (x->name_len > 6 && memcmp(x->name, "xmlns:", 6) == 0))
		return FIELD_XMPP_XMLNS;
	if (s->depth > 1)
		return FIELD_NONE;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (xml_name_is(x, fields[i].name))
			return fields[i].field;
	}
	// RFC 6120 6.4.2, XEP-0388
	if (xml_name_is(x, "mechanism") && (element_is(s, "auth") || element_is(s, "authenticate")))
		return FIELD_XMPP_AUTH;
	return FIELD_NONE;
}

static enum parse on_attribute(struct reading *r)
{
	enum field field = field_of_attribute(r->s);

	if (field == FIELD_NONE || xmpp_keep_begin(&r->s->kept, r->io, field))
		return PARSE_MORE;
	return PARSE_DONE;
}

static enum parse on_opened(struct reading *r)
{
	struct xmpp_side *s = r->s;

	if (++s->depth > DEPTH_MAX)
		return PARSE_BAD;
	if (s->depth == 1)
		report(r);
	else if (s->depth == 2)
		s->known = true;
	if (!s->mechanism)
		return PARSE_MORE;
	s->mechanism = false;
	return xmpp_keep_begin(&s->kept, r->io, FIELD_XMPP_AUTH) ? PARSE_MORE : PARSE_DONE;
}

static enum parse on_stream_end(struct reading *r)
{
	static const char name[] = "stream_end";

	begin_element(r->s, (const uint8_t *)name, sizeof(name) - 1);
	report(r);
	return PARSE_DONE;
}

static enum parse on_close(struct reading *r)
{
	struct xmpp_side *s = r->s;

	xmpp_keep_end(&s->kept); // a mechanism's text
	if (s->depth == 0)
		return PARSE_BAD;
	s->depth--;
	if (s->depth == 0)
		return on_stream_end(r);
	return s->depth == 1 && s->known ? end_element(r) : PARSE_MORE;
}

static enum parse on_empty(struct reading *r)
{
	if (r->s->depth > 1)
		return PARSE_MORE;
	if (r->s->depth == 1)
		return end_element(r);
	report(r);
	return on_stream_end(r);
}

// Between elements stand spaces only (RFC 6120 4.6.1, 11.7), or the TLS that was agreed upon,
// whether the answer to <starttls/> was seen or not.
static enum parse on_text(struct reading *r, struct bytes text)
{
	xmpp_keep_piece(&r->s->kept, text);
	if (r->s->depth > 1)
		return PARSE_MORE;
	while (text.len > 0 && strchr(" \t\r\n", text.p[0]) != NULL && text.p[0] != '\0')
		bytes_take(&text, 1);
	if (text.len == 0)
		return PARSE_MORE;
	if (text.p[0] != TLS_HANDSHAKE)
		return PARSE_BAD;
	r->in = (struct bytes){text.p, text.len + r->in.len, false};
	return PARSE_SWITCH;
}

static enum parse on_token(struct reading *r, enum xml_token token, struct bytes piece)
{
	switch (token) {
	case XML_OPEN:
		return on_open(r);
	case XML_ATTRIBUTE:
		return on_attribute(r);
	case XML_VALUE:
		xmpp_keep_piece(&r->s->kept, piece);
		return PARSE_MORE;
	case XML_VALUE_END:
		xmpp_keep_end(&r->s->kept);
		return PARSE_MORE;
	case XML_OPENED:
		return on_opened(r);
	case XML_EMPTY:
		return on_empty(r);
	case XML_CLOSE:
		return on_close(r);
	case XML_TEXT:
		return on_text(r, piece);
	case XML_BAD:
		return PARSE_BAD;
	case XML_MORE:
		break;
	}
	return PARSE_MORE;
}

// Behind a hole nothing is told until a stanza begins, which is taken for a child of the stream.
static bool still_lost(struct xmpp_side *s, enum xml_token token)
{
	if (!s->lost)
		return false;
	if (token == XML_BAD)
		s->xml = (struct xml){0};
	if (token != XML_OPEN || !is_stanza(s))
		return true;
	s->lost = false;
	return false;
}

static enum parse xmpp_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct xmpp_state *x = state;
	struct reading r = {x, &x->side[dir], io, dir, in};
	enum parse result = x->sealed ? PARSE_DONE : PARSE_MORE;

	while (result == PARSE_MORE && r.in.len > 0) {
		struct bytes piece = {0};
		enum xml_token token = xml_next(&r.s->xml, &r.in, &piece);
		if (!still_lost(r.s, token))
			result = on_token(&r, token, piece);
	}
	if (result == PARSE_SWITCH)
		*io->unread = (uint32_t)r.in.len;
	if (result != PARSE_MORE)
		xmpp_kept_clear(&r.s->kept, io);
	return result;
}

// The rest of an element will not come.
static void salvage(struct xmpp_state *x, const struct proto_io *io, enum dir dir)
{
	struct reading r = {x, &x->side[dir], io, dir, {0}};

	xmpp_keep_cancel(&r.s->kept);
	if (r.s->known)
		report(&r);
	xmpp_kept_clear(&r.s->kept, io);
}

static enum parse xmpp_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct xmpp_state *x = state;
	struct xmpp_side *s = &x->side[dir];

	(void)missing;
	salvage(x, io, dir);
	*s = (struct xmpp_side){.lost = true, .depth = 1};
	return PARSE_MORE;
}

static void xmpp_end(void *state, const struct proto_io *io)
{
	salvage(state, io, DIR_C2S);
	salvage(state, io, DIR_S2C);
}

static bool contains(struct bytes in, const char *what)
{
	return memmem(in.p, in.len, what, strlen(what)) != NULL;
}

static void skip_spaces(struct bytes *in)
{
	while (in->len > 0 && (in->p[0] == ' ' || in->p[0] == '\r' || in->p[0] == '\n'))
		bytes_take(in, 1);
}

// <stream:stream, or a stream with another prefix or none that says whose it is.
static enum probe probe_tag(struct bytes in, bool on_port)
{
	static const char *const signs[] = {
		"jabber:", "etherx.jabber.org", "xmlns", "to=", "from="};
	static const char *const stanzas[] = {
		"iq ", "message ", "presence ", "presence>", "presence/>"};
	enum { QUALIFIED = 15 };

	bytes_take(&in, 1);
	size_t n = in.len < QUALIFIED - 1 ? in.len : QUALIFIED - 1;
	if (n < QUALIFIED - 1 && memcmp(in.p, "stream:stream ", n) == 0)
		return PROBE_MORE;
	if (n == QUALIFIED - 1 && memcmp(in.p, "stream:stream", n - 1) == 0 && in.p[n - 1] <= ' ')
		return PROBE_YES;
	for (size_t i = 0; i < sizeof(stanzas) / sizeof(stanzas[0]); i++) {
		size_t len = strlen(stanzas[i]);
		if (!on_port && i > 0)
			break;
		if (in.len < len && memcmp(in.p, stanzas[i], in.len) == 0)
			return PROBE_MORE;
		if (in.len >= len && memcmp(in.p, stanzas[i], len) == 0)
			return on_port || contains(in, " type=") ? PROBE_YES : PROBE_MORE;
	}
	size_t name = 0;
	while (name < in.len && in.p[name] > ' ' && in.p[name] != '>' && in.p[name] != '/')
		name++;
	if (name == in.len)
		return PROBE_MORE;
	if (name < 6 || memcmp(in.p + name - 6, "stream", 6) != 0 ||
		(name > 6 && in.p[name - 7] != ':'))
		return PROBE_NO;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (contains(in, signs[i]))
			return PROBE_YES;
	}
	return PROBE_MORE;
}

static enum probe probe_stream(struct bytes in, bool on_port)
{
	skip_spaces(&in);
	if (in.len == 0)
		return PROBE_MORE;
	if (in.p[0] != '<')
		return PROBE_NO;
	if (in.len == 1)
		return PROBE_MORE;
	if (in.p[1] != '?')
		return probe_tag(in, on_port);

	size_t n = in.len < 5 ? in.len : 5;
	if (memcmp(in.p, "<?xml", n) != 0)
		return PROBE_NO;
	const uint8_t *end = memmem(in.p, in.len, "?>", 2);
	if (end == NULL)
		return PROBE_MORE;
	bytes_take(&in, (size_t)(end - in.p) + 2);
	skip_spaces(&in);
	if (in.len == 0)
		return PROBE_MORE;
	return in.p[0] == '<' ? probe_tag(in, on_port) : PROBE_NO;
}

static enum probe xmpp_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	bool from_server = sport == CLIENT_PORT;
	bool to_server = dport == CLIENT_PORT || dport == SERVER_PORT;

	if (in.len > PROBE_BYTES)
		in.len = PROBE_BYTES;
	enum probe answer = probe_stream(in, from_server || to_server || sport == SERVER_PORT);
	if (answer == PROBE_MORE && in.len == PROBE_BYTES)
		return PROBE_NO;
	*sender = from_server ? DIR_S2C : DIR_C2S;
	if (answer != PROBE_YES || from_server || to_server)
		return answer;
	// RFC 6120 4.7.3: only the receiving entity gives an id. It stands in the stream's tag.
	const uint8_t *tag = memmem(in.p, in.len, "stream", 6);
	if (tag == NULL)
		return PROBE_YES;
	if (contains(in, " id="))
		*sender = DIR_S2C;
	bool ended = memchr(tag, '>', (size_t)(in.p + in.len - tag)) != NULL;
	return ended || *sender == DIR_S2C || in.len == PROBE_BYTES ? PROBE_YES : PROBE_MORE;
}

const struct proto proto_xmpp = {
	.name = "xmpp",
	.app_proto = APP_XMPP,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct xmpp_state),
	.probe = xmpp_probe,
	.data = xmpp_data,
	.gap = xmpp_gap,
	.end = xmpp_end,
};
