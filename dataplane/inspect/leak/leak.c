#include "dataplane/inspect/leak/leak.h"

#include "dataplane/inspect/leak/plain.h"
#include "dataplane/inspect/leak/window.h"

#include "dataplane/base/private.h"
#include "dataplane/base/siphash.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { WINDOWS = 512, AGGREGATES = 4096, JOINED_MAX = 16384 };

struct leaks {
	struct leak_options options;
	struct detect *detect;
	struct detect_watch watch;
	struct plain *plain;
	struct windows *windows;
	struct aggregates *aggregates;
	struct tokens *tokens;
	uint8_t wanted[FIELD_COUNT];
	uint8_t joined[JOINED_MAX]; // headers of a message, or what stands behind each other in it
	// The text at hand.
	uint64_t active; // bit n: detector n
	struct window *window; // NULL: of a message
	bool more; // the stream goes on
	struct tokened {
		bool made;
		uint8_t token[TOKEN_LEN];
	} tokened[DETECTOR_COUNT][2]; // by test_data
	struct detect_result result;
};

// What of messages is looked at. Joined: one text of all of a message.
static const struct text_field {
	uint16_t field;
	uint8_t source; // enum plain_source
	bool joined;
	const char *key; // put in front, as in a form
} text_fields[] = {
	{FIELD_HTTP_URI, PLAIN_QUERY, false, NULL},
	{FIELD_HTTP_REQUEST_HEADER, PLAIN_LINES, true, NULL},
	{FIELD_HTTP_REQUEST_BODY, PLAIN_BODY, false, NULL},
	{FIELD_HTTP_RESPONSE_BODY, PLAIN_BODY, false, NULL},
	{FIELD_WEBSOCKET_PAYLOAD, PLAIN_BODY, false, NULL},
	{FIELD_MQTT_USERNAME, PLAIN_LINES, true, "username="},
	{FIELD_MQTT_PASSWORD, PLAIN_LINES, true, "password="},
	{FIELD_MQTT_WILL_MESSAGE, PLAIN_BODY, false, NULL},
	{FIELD_MQTT_PUBLISH_MESSAGE, PLAIN_BODY, false, NULL},
};
enum { TEXT_FIELDS = sizeof(text_fields) / sizeof(text_fields[0]) };

static uint64_t hash_of(const struct leaks *l, enum detector_id id, const char *v, size_t n)
{
	uint8_t key[SIPHASH_KEY_LEN];

	memset(key, id, sizeof(key));
	memcpy(key, &l->options.seed, sizeof(l->options.seed));
	return siphash(key, v, n) | 1;
}

static bool on_takes(void *ctx, enum detector_id id, const char *value, size_t n, size_t left)
{
	struct leaks *l = ctx;

	if (!(l->active >> id & 1))
		return false;
	if (l->window == NULL)
		return true;
	if (n == 0) { // once a stream
		bool fresh = !(l->window->told >> id & 1);
		l->window->told |= 1ull << id;
		return fresh;
	}
	if (l->more && left < WINDOW_LATER)
		return false;
	return !window_knows(l->window, hash_of(l, id, value, n));
}

static void on_surest(void *ctx, enum detector_id id, bool test_data, const char *value, size_t n)
{
	struct leaks *l = ctx;
	struct tokened *t = &l->tokened[id][test_data];

	t->made = n > 0 &&
		token_make(l->tokens, (uint8_t)id, (struct bytes){(const uint8_t *)value, n, false},
			t->token);
}

struct leaks *leaks_new(const struct leak_options *options)
{
	struct leaks *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	private_mark(l, sizeof(*l));
	l->options = *options;
	l->detect = detect_new(options->seed);
	l->plain = plain_new();
	l->windows = windows_new(WINDOWS);
	l->aggregates = aggregates_new(AGGREGATES, options->seed);
	l->tokens = tokens_new(options->secret);
	explicit_bzero(l->options.secret, sizeof(l->options.secret));
	if (l->detect == NULL || l->plain == NULL || l->windows == NULL || l->aggregates == NULL ||
		l->tokens == NULL) {
		leaks_free(l);
		return NULL;
	}
	tokens_time(l->tokens, options->from_ns);
	l->watch = (struct detect_watch){l, on_takes, on_surest};
	detect_watch(l->detect, &l->watch);
	return l;
}

void leaks_free(struct leaks *l)
{
	if (l == NULL)
		return;
	tokens_free(l->tokens);
	aggregates_free(l->aggregates);
	windows_free(l->windows);
	plain_free(l->plain);
	detect_free(l->detect);
	explicit_bzero(l, sizeof(*l));
	free(l);
}

void leaks_wants(struct leaks *l, struct inspect_wants *wants)
{
	if (leak_switch_any(l->options.active) == 0)
		return;
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		l->wanted[i] = wants->fields != NULL && wants->fields[i] != 0;
	for (unsigned i = 0; i < TEXT_FIELDS; i++)
		l->wanted[text_fields[i].field] = 1;
	wants->fields = l->wanted;
	wants->texts = true;
}

void leaks_time(struct leaks *l, uint64_t now_ns)
{
	tokens_time(l->tokens, now_ns);
}

static bool is_lure(unsigned detector)
{
	return detector == DETECT_LURE_ACCOUNT_TRADE || detector == DETECT_LURE_LOAN ||
		detector == DETECT_LURE_SCAM;
}

// A record is for what is likely; of what hardly hurts, for what is sure. All else is counted only.
static bool is_told(const struct leak *leak)
{
	const char *severity = detector_table[leak->detector].severity;

	if (leak->confidence == DETECT_LOW)
		return false;
	return leak->confidence == DETECT_HIGH || is_lure(leak->detector) ||
		strcmp(severity, "low") != 0;
}

static void count(struct leaks *l, const struct leak_place *place, const struct leak *leak)
{
	struct leak_count *c = &l->options.counts[leak->detector];

	if (leak->test_data)
		counter_add(&c->test_data, leak->count);
	else
		counter_add(&c->values[leak->confidence], leak->count);
	if (!is_told(leak))
		return;
	counter_add(&c->events, 1);
	l->options.counters[CTR_LEAKS]++;
	l->options.tell(l->options.ctx, place, leak);
}

static void tell_hit(
	struct leaks *l, const struct leak_place *place, const struct detect_hit *h, uint8_t layers)
{
	const struct tokened *t = &l->tokened[h->detector][h->test_data];
	struct leak leak = {.detector = h->detector,
		.confidence = h->confidence,
		.test_data = h->test_data,
		.tokened = t->made,
		.layers = layers,
		.count = h->count,
		.epoch = tokens_epoch(l->tokens),
		.at = h->at,
		.len = h->len};

	if (h->count == 0)
		return;
	// Pages are for many: what a server sends is less often somebody's.
	if (place->dir == DIR_S2C && !is_lure(h->detector) && leak.confidence > DETECT_LOW)
		leak.confidence--;
	memcpy(leak.token, t->token, sizeof(leak.token));
	memcpy(leak.masked, h->masked, sizeof(leak.masked));
	count(l, place, &leak);
}

static void tell_kinds(
	struct leaks *l, const struct leak_place *place, uint64_t kinds, enum aggregate_span span)
{
	for (; kinds != 0; kinds &= kinds - 1) {
		unsigned id = (unsigned)__builtin_ctzll(kinds);
		struct leak leak = {.detector = (uint8_t)id,
			.confidence = DETECT_MEDIUM,
			.span = (uint8_t)span,
			.count = 1,
			.epoch = tokens_epoch(l->tokens),
			.masked = "***"};
		if (l->active >> id & 1)
			count(l, place, &leak);
	}
}

// Pieces of lists, over the flow, and over what these two addresses say in some minutes.
static void add_up(struct leaks *l, const struct leak_place *place)
{
	const struct flow_key *key = &place->flow->key;
	const struct {
		struct flow_key key;
		uint64_t first_ns;
	} one = {*key, place->flow->first_ns}; // the next one on these ports is another
	struct detect_sums sums;
	uint8_t pair[sizeof(key->a) + sizeof(key->b) + 1];
	uint64_t told = 0;

	detect_sums(l->detect, &sums);
	if (!detect_sums_any(&sums))
		return;
	for (unsigned i = 0; i < l->result.n; i++)
		told |= 1ull << l->result.hits[i].detector;
	aggregates_active(l->aggregates, l->active);
	uint64_t kinds = aggregates_add(
		l->aggregates, SPAN_FLOW, &one, sizeof(one), &sums, told, place->ts_ns);
	tell_kinds(l, place, kinds, SPAN_FLOW);
	memcpy(pair, key->a, sizeof(key->a));
	memcpy(pair + sizeof(key->a), key->b, sizeof(key->b));
	pair[sizeof(pair) - 1] = place->dir;
	kinds = aggregates_add(
		l->aggregates, SPAN_TIME, pair, sizeof(pair), &sums, told | kinds, place->ts_ns);
	tell_kinds(l, place, kinds, SPAN_TIME);
	l->options.counters[CTR_LEAK_SUMS_SHED] = aggregates_shed(l->aggregates);
}

// False: there is no text in it.
static bool look(struct leaks *l, struct leak_place *place, struct bytes in, struct bytes type,
	enum plain_source source)
{
	uint64_t *counters = l->options.counters;

	if (in.len == 0)
		return true;
	struct plain_result r = plain_text(l->plain, in, type, source);
	counters[CTR_TEXTS]++;
	counters[CTR_TEXT_BYTES] += in.len;
	counters[CTR_TEXTS_WITHOUT] += r.left;
	counters[CTR_TEXTS_DEEP] += r.deep;
	counters[CTR_TEXTS_CUT] += r.cut;
	if (r.text.len == 0)
		return !r.left;
	tokens_time(l->tokens, place->ts_ns);
	detect_scan(l->detect, r.text, place->dir, &l->result);
	counters[CTR_LEAKS_UNTOLD] += l->result.lost;
	place->text = r.text;
	for (unsigned i = 0; i < l->result.n; i++)
		tell_hit(l, place, &l->result.hits[i], r.layers);
	add_up(l, place);
	return true;
}

static void look_at_window(
	struct leaks *l, struct window *w, bool more, struct session *s, struct leak_place *place)
{
	bool mail = place->app_proto == APP_SMTP || place->app_proto == APP_IMAP ||
		place->app_proto == APP_POP3;

	if (w->fresh == 0)
		return;
	l->window = w;
	l->more = more;
	bool text =
		look(l, place, window_text(w), (struct bytes){0}, mail ? PLAIN_MAIL : PLAIN_BODY);
	l->window = NULL;
	window_next(w);
	if (!text && more) {
		windows_give(l->windows, s->text[w->side]);
		s->text[w->side] = WINDOW_CLOSED;
	}
}

static struct leak_place place_of(struct flow *f, const struct flow_note *note, enum dir dir)
{
	return (struct leak_place){.flow = f,
		.note = note,
		.dir = (uint8_t)dir,
		.app_proto = f->app_proto,
		.field = FIELD_STREAM,
		.tx_id = f->tx_count,
		.ts_ns = f->last_ns};
}

static void begin(struct leaks *l, const struct flow_note *note)
{
	l->active = leak_switch_active(l->options.active, note != NULL ? note->segment : 0);
}

// What was kept of a stream until its protocol was known, and that one tells its messages itself.
static bool is_first_message(const struct window *w, const struct flow *f)
{
	return w->app_proto == APP_UNKNOWN && !w->begun && w->fresh <= PROBE_BYTES &&
		!inspect_text_app(f->app_proto);
}

// The end of a stream, as far as it is looked at.
static void close_window(struct leaks *l, struct session *s, unsigned side)
{
	uint16_t number = s->text[side];
	bool a_is_client = (s->flow->flags & FLOW_A_IS_CLIENT) != 0;

	s->text[side] = WINDOW_NONE;
	if (number == WINDOW_NONE || number == WINDOW_CLOSED)
		return;
	struct window *w = window_of(l->windows, number);
	struct leak_place place =
		place_of(s->flow, w->note, (side == 0) == a_is_client ? DIR_C2S : DIR_S2C);
	place.app_proto = w->app_proto;
	begin(l, w->note);
	if (l->active != 0 && !is_first_message(w, s->flow))
		look_at_window(l, w, false, s, &place);
	windows_give(l->windows, number);
}

void leaks_session_end(struct leaks *l, struct session *s)
{
	for (unsigned side = 0; side < 2; side++)
		close_window(l, s, side);
}

// Who asked longest ago gives its window up: it is looked at as it is.
static void make_room(struct leaks *l)
{
	struct window *w = window_of(l->windows, windows_oldest(l->windows));
	struct session *s = w->owner;
	unsigned side = w->side;

	l->options.counters[CTR_TEXTS_SHED]++;
	close_window(l, s, side);
	s->text[side] = WINDOW_CLOSED;
}

static struct window *open_window(struct leaks *l, const struct find *find, unsigned side)
{
	struct session *s = find->session;

	if (s->text[side] == WINDOW_NONE) {
		if (windows_full(l->windows))
			make_room(l);
		s->text[side] = windows_take(l->windows, s, (uint8_t)side);
		struct window *fresh = window_of(l->windows, s->text[side]);
		fresh->next = find->offset;
		fresh->note = find->note;
	}
	struct window *w = window_of(l->windows, s->text[side]);
	w->app_proto = find->app_proto;
	return w;
}

static void stream_bytes(struct leaks *l, const struct find *find)
{
	struct session *s = find->session;
	bool a_is_client = (find->flow->flags & FLOW_A_IS_CLIENT) != 0;
	unsigned side = (find->dir == DIR_C2S) == a_is_client ? 0 : 1;
	struct bytes in = find->bytes;

	if (!inspect_text_app(find->app_proto)) {
		leaks_session_end(l, s);
		return;
	}
	if (s->text[side] == WINDOW_CLOSED)
		return;
	begin(l, find->note);
	if (l->active == 0) { // nothing is looked for where the flow is
		leaks_session_end(l, s);
		return;
	}
	struct window *w = open_window(l, find, side);
	if (find->offset != w->next) { // a hole
		close_window(l, s, side);
		w = open_window(l, find, side);
	}
	begin(l, find->note); // again: who made room may stand elsewhere
	while (in.len > 0 && s->text[side] != WINDOW_CLOSED) {
		struct leak_place place = place_of(find->flow, find->note, find->dir);
		place.ts_ns = find->ts_ns;
		place.pcap_cnt = find->pcap_cnt;
		if (window_put(w, &in))
			look_at_window(l, w, true, s, &place);
	}
}

static void datagram_bytes(struct leaks *l, const struct find *find)
{
	struct leak_place place = place_of(find->flow, find->note, find->dir);

	place.ts_ns = find->ts_ns;
	place.pcap_cnt = find->pcap_cnt;
	place.field = FIELD_PAYLOAD;
	begin(l, find->note);
	if (l->active != 0)
		look(l, &place, find->bytes, (struct bytes){0}, PLAIN_BODY);
}

static struct bytes content_type(const struct find *find)
{
	for (unsigned i = 0; i < find->n_fields; i++) {
		if (find->fields[i].field == FIELD_HTTP_CONTENT_TYPE)
			return find->fields[i].value;
	}
	return (struct bytes){0};
}

static void join(struct leaks *l, size_t *len, const char *key, struct bytes v)
{
	size_t n = key != NULL ? strlen(key) : 0;

	if (n + v.len + 1 > JOINED_MAX - *len) {
		l->options.counters[CTR_TEXTS_CUT]++;
		return;
	}
	if (n > 0)
		memcpy(l->joined + *len, key, n);
	if (v.len > 0)
		memcpy(l->joined + *len + n, v.p, v.len);
	*len += n + v.len;
	l->joined[(*len)++] = '\n';
}

// All values of a message that stand together.
static struct bytes join_all(struct leaks *l, const struct find *find, struct leak_place *place)
{
	size_t len = 0;

	for (unsigned i = 0; i < find->n_fields; i++) {
		for (unsigned k = 0; k < TEXT_FIELDS; k++) {
			const struct text_field *row = &text_fields[k];
			if (!row->joined || find->fields[i].field != row->field)
				continue;
			join(l, &len, row->key, find->fields[i].value);
			place->field = row->field;
		}
	}
	return (struct bytes){l->joined, len, false};
}

static void message(struct leaks *l, const struct find *find)
{
	struct leak_place place = place_of(find->flow, find->note, find->dir);
	struct bytes type = content_type(find);

	begin(l, find->note);
	if (l->active == 0)
		return;
	place.app_proto = find->app_proto;
	place.ts_ns = find->ts_ns;
	place.pcap_cnt = find->pcap_cnt;
	place.tx_id = find->tx_id;
	for (unsigned i = 0; i < find->n_fields; i++) {
		for (unsigned k = 0; k < TEXT_FIELDS; k++) {
			const struct text_field *row = &text_fields[k];
			if (row->joined || find->fields[i].field != row->field)
				continue;
			place.field = row->field;
			look(l, &place, find->fields[i].value, type, row->source);
		}
	}
	struct bytes all = join_all(l, find, &place);
	look(l, &place, all, (struct bytes){0}, PLAIN_LINES);
}

void leaks_find(struct leaks *l, const struct find *find)
{
	if (leak_switch_any(l->options.active) == 0)
		return;
	if (find->kind == FIND_TX)
		message(l, find);
	else if (find->kind == FIND_TEXT && find->session != NULL &&
		find->flow->key.l4 == IPPROTO_TCP)
		stream_bytes(l, find);
	else if (find->kind == FIND_TEXT)
		datagram_bytes(l, find);
}
