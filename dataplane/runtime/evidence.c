#include "dataplane/runtime/evidence.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct evidence {
	bool has_keys;
	bool capture;
	struct seal_keys keys;
	uint64_t *counters;
	uint64_t second; // of packet time
	unsigned in_second;
	uint8_t window[EVIDENCE_WINDOW_MAX];
	_Alignas(8) uint8_t record[sizeof(struct event_head) + EVIDENCE_MAX + 8];
};

struct evidence *evidence_new(const struct seal_keys *keys, bool capture, uint64_t *counters)
{
	struct evidence *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->has_keys = keys != NULL;
	if (keys != NULL)
		e->keys = *keys;
	e->capture = capture;
	e->counters = counters;
	return e;
}

void evidence_free(struct evidence *e)
{
	if (e == NULL)
		return;
	seal_wipe(e->window, sizeof(e->window));
	free(e);
}

static bool is_limited(struct evidence *e, uint64_t ts_ns)
{
	enum { NS_PER_S = 1000000000 };
	const uint64_t second = ts_ns / NS_PER_S;

	if (second != e->second) {
		e->second = second;
		e->in_second = 0;
	}
	return e->in_second++ >= EVIDENCE_PER_SECOND;
}

// The class of a rule is a sentence: "Potential Corporate Privacy Violation".
static void put_name(char out[PURPOSE_NAME_LEN], const char *text)
{
	size_t n = 0;

	for (; text != NULL && *text != '\0' && n < PURPOSE_NAME_LEN - 1; text++) {
		unsigned char c = (unsigned char)tolower((unsigned char)*text);
		out[n++] = (char)(isalnum(c) || c == '.' || c == '_' ? c : '-');
	}
	if (n == 0)
		strcpy(out, "none");
	else
		out[n] = '\0';
}

// Who spoke to whom is raw, too: so it is in the window, and nowhere else.
static size_t put_ends(const struct find *find, uint8_t *out, size_t room)
{
	const struct flow *f = find->flow;
	const int family = f->key.ip_version == 6 ? AF_INET6 : AF_INET;
	char a[INET6_ADDRSTRLEN] = "", b[INET6_ADDRSTRLEN] = "", text[2 * INET6_ADDRSTRLEN + 64];
	const bool a_is_client = (f->flags & FLOW_A_IS_CLIENT) != 0;
	const bool from_a = (find->dir == DIR_C2S) == a_is_client;

	inet_ntop(family, f->key.a, a, sizeof(a));
	inet_ntop(family, f->key.b, b, sizeof(b));
	int n = snprintf(text, sizeof(text), "%s %u -> %s %u protocol %u", from_a ? a : b,
		from_a ? f->key.aport : f->key.bport, from_a ? b : a,
		from_a ? f->key.bport : f->key.aport, f->key.l4);
	return evidence_section_put(out, room, "flow", text, (size_t)n);
}

static size_t put_field(const struct field_value *v, uint8_t *out, size_t room)
{
	return evidence_section_put(
		out, room, field_table[v->field].name, v->value.p, v->value.len);
}

static uint32_t make_window(
	struct evidence *e, const struct find *find, const struct evidence_cause *cause)
{
	const char *name = cause->section != NULL ? cause->section
		: find->kind == FIND_STREAM	  ? "stream"
						  : "payload";
	const bool bytes = find->kind == FIND_PACKET || find->kind == FIND_STREAM;
	uint8_t *out = e->window;
	size_t at = put_ends(find, out, sizeof(e->window));

	if (bytes)
		at += evidence_section_put(
			out + at, sizeof(e->window) - at, name, find->bytes.p, find->bytes.len);
	for (unsigned first = 1; !bytes && first <= 1; first--) {
		for (unsigned i = 0; i < find->n_fields; i++) {
			const struct field_value *v = &find->fields[i];
			bool wanted = field_table[v->field].scan == SCAN_BLOCK;
			if (wanted && (v->field == cause->field) == (first == 1))
				at += put_field(v, out + at, sizeof(e->window) - at);
		}
	}
	return (uint32_t)at;
}

void evidence_keep(struct evidence *e, struct emitter *emitter, const struct find *find,
	const struct evidence_cause *cause)
{
	struct event_head *event = (struct event_head *)e->record;

	if (!e->has_keys) {
		e->counters[CTR_EVIDENCE_NO_KEYS]++;
		return;
	}
	if (is_limited(e, find->ts_ns)) {
		e->counters[CTR_EVIDENCE_LIMITED]++;
		return;
	}
	struct evidence_head about = {.ts_ns = find->ts_ns,
		.gid = cause->gid,
		.sid = cause->sid,
		.rev = cause->rev,
		.clock = e->capture ? EVIDENCE_CLOCK_CAPTURE : EVIDENCE_CLOCK_UNKNOWN,
		.app_proto = find->app_proto,
		.dir = find->dir};
	memcpy(about.purpose, cause->purpose->id, sizeof(about.purpose));
	put_name(about.class_name, cause->class_name);
	if (cause->digest != NULL)
		memcpy(about.digest, cause->digest, sizeof(about.digest));
	emit_begin_evidence(emitter, find, event);
	about.flow_id = event->flow_id;
	uint32_t len = make_window(e, find, cause);
	int sealed = seal(&e->keys, &about, e->window, len, e->record + sizeof(*event));
	seal_wipe(e->window, len);
	if (sealed < 0) {
		e->counters[CTR_EVIDENCE_LOST]++;
		return;
	}
	uint32_t total = (uint32_t)sizeof(*event) + (uint32_t)sealed;
	memset(e->record + total, 0, -total & 7);
	event->len = (total + 7) & ~7u;
	const bool told = emit_record(emitter, e->record, event->len);
	e->counters[told ? CTR_EVIDENCE : CTR_EVIDENCE_LOST]++;
}

void evidence_keep_leak(struct evidence *e, struct emitter *emitter, const struct ruleset *rs,
	const struct leak_place *place, const struct leak *leak)
{
	enum { BEFORE = 256, BEHIND = 1024 };
	const struct purpose_row *purpose = rs != NULL && !leak->test_data
		? ruleset_evidence_detector(rs, leak->detector, place->note)
		: NULL;

	if (purpose == NULL)
		return;
	size_t from = leak->at > BEFORE ? leak->at - BEFORE : 0;
	size_t to = (size_t)leak->at + leak->len + BEHIND;
	from = from < place->text.len ? from : place->text.len;
	to = to < place->text.len ? to : place->text.len;
	const struct find find = {.kind = FIND_PACKET,
		.dir = place->dir,
		.app_proto = place->app_proto,
		.flow = place->flow,
		.note = (struct flow_note *)(uintptr_t)place->note,
		.ts_ns = place->ts_ns,
		.bytes = {.p = place->text.p + from, .len = to - from}};
	const struct evidence_cause cause = {.purpose = purpose,
		.class_name = detector_table[leak->detector].name,
		.digest = pattern_db_digest(rs->db),
		.section = field_table[place->field].name};
	evidence_keep(e, emitter, &find, &cause);
}
