// What leaves a worker: whole, in order, and masked.

#include "control/sinks/eve_record.h"
#include "dataplane/runtime/emit.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

enum { RING = 1 << 16 };

static struct event_ring *ring;
static uint64_t counters[CTR_COUNT];
static struct directory_page *directory;
static struct flow_note note;

static struct emitter *emitter(bool clear)
{
	struct emit_options options = {.clear = clear,
		.id_key = "a key of 16 byte",
		.mask_key = "a key of 32 bytes, not zero at "};

	memset(counters, 0, sizeof(counters));
	event_ring_init(ring, RING);
	return emitter_new(&options, ring, RING, directory, 3, counters);
}

static struct flow example_flow(void)
{
	struct flow f = {.flags = FLOW_A_IS_CLIENT,
		.first_ns = 5,
		.last_ns = 9,
		.service = 1,
		.service_by = BY_SNI};

	f.key = (struct flow_key){.a = {10, 1, 2, 3},
		.b = {192, 0, 2, 1},
		.aport = 4000,
		.bport = 80,
		.l4 = IPPROTO_TCP,
		.ip_version = 4};
	return f;
}

static struct field_value value(uint16_t field, const char *text)
{
	return (struct field_value){field, {(const uint8_t *)text, strlen(text), false}};
}

static bool next(struct eve_record *out)
{
	static uint64_t buf[EVENT_RECORD_MAX / 8];
	int len = event_ring_get(ring, RING, buf);
	return len > 0 && eve_record_read(buf, (uint32_t)len, out);
}

static bool text_is(const struct eve_record *r, unsigned i, uint16_t tag, const char *want)
{
	return i < r->n && r->values[i].tag == tag && r->values[i].len == strlen(want) &&
		memcmp(r->values[i].p, want, strlen(want)) == 0;
}

// An empty value in the middle must not end the record.
static void test_values(void)
{
	static struct eve_record r;
	struct field_value fields[] = {value(FIELD_DNS_QUERY, ""), value(FIELD_DNS_RRTYPE, "ab"),
		value(FIELD_DNS_QUERY, "a.example"), value(FIELD_DNS_RRTYPE, "cd")};
	struct flow f = example_flow();
	struct find find = {.kind = FIND_TX,
		.dir = DIR_C2S,
		.app_proto = APP_DNS,
		.flow = &f,
		.note = &note,
		.fields = fields,
		.n_fields = 4,
		.ts_ns = 7,
		.pcap_cnt = 11,
		.tx_id = 2};
	struct emitter *e = emitter(true);

	emit_tx(e, &find, 5);
	CHECK(next(&r), "a record");
	CHECK(r.head.type == EVENT_TX && r.head.flags == EVENT_CLEAR && r.head.worker == 3, "head");
	CHECK(r.head.ts_ns == 7 && r.head.pcap_cnt == 11 && r.head.tx_id == 2 &&
			r.head.generation == 5,
		"head");
	CHECK(r.n == 6, "%u values", r.n);
	CHECK(text_is(&r, 0, FIELD_DNS_QUERY, "") && text_is(&r, 1, FIELD_DNS_RRTYPE, "ab"),
		"empty");
	CHECK(text_is(&r, 2, FIELD_DNS_QUERY, "a.example"), "behind it");
	CHECK(text_is(&r, 4, TAG_SERVICE, "whatsapp") && text_is(&r, 5, TAG_SERVICE_BY, "sni"),
		"service");
	emitter_free(e);
}

// What is for rules only stands behind the rest, and is in no record.
static void test_secret(void)
{
	static struct eve_record r;
	struct field_value fields[] = {value(FIELD_TLS_KEY_TYPE, "EC"),
		value(FIELD_TLS_SUBJECT, "CN=Jo"), value(FIELD_TLS_SERIAL, "01")};
	struct pattern_rule rule = {.sid = 7, .msg = "m"};
	struct flow f = example_flow();
	struct find find = {
		.kind = FIND_TX, .app_proto = APP_TLS, .flow = &f, .note = &note, .fields = fields};

	f.service = 0;
	for (uint16_t n = 1; n <= 3; n++) {
		struct emitter *e = emitter(true);
		find.n_fields = n;
		find.n_secret = n - 1;
		emit_tx(e, &find, 0);
		CHECK(next(&r) && r.n == 1 && text_is(&r, 0, FIELD_TLS_KEY_TYPE, "EC"), "%u: %u", n,
			r.n);
		emit_alert(e, &find, &rule, FIELD_TLS_SUBJECT, 0);
		CHECK(next(&r), "an alert");
		for (unsigned i = 0; i < r.n; i++)
			CHECK(r.values[i].tag != FIELD_TLS_SUBJECT &&
					r.values[i].tag != FIELD_TLS_SERIAL,
				"%u: value %u", n, i);
		emitter_free(e);
	}
}

// SipHash of the flow's key and its first time, under the key of this process.
static void test_flow_id(void)
{
	static const char id_key[] = "a key of 16 byte";
	static struct eve_record r;
	struct flow f = example_flow();
	struct find find = {.app_proto = APP_TLS, .flow = &f, .note = &note};
	struct emitter *e = emitter(false);
	struct {
		struct flow_key key;
		uint64_t first_ns;
	} in;

	memset(&in, 0, sizeof(in));
	in.key = f.key;
	in.first_ns = f.first_ns;
	emit_tx(e, &find, 0);
	CHECK(next(&r), "a record");
	CHECK(r.head.flow_id == siphash((const uint8_t *)id_key, &in, sizeof(in)), "%llx",
		(unsigned long long)r.head.flow_id);
	emitter_free(e);
}

static void test_directions(void)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		static struct eve_record r;
		struct flow f = example_flow();
		struct find find = {
			.dir = (uint8_t)dir, .app_proto = APP_TLS, .flow = &f, .note = &note};
		struct emitter *e = emitter(true);
		emit_tx(e, &find, 0);
		CHECK(next(&r), "a record");
		CHECK((r.head.src[0] == 10) == (dir == DIR_C2S), "the sender comes first, %u", dir);
		CHECK((r.head.sport == 4000) == (dir == DIR_C2S), "its port too, %u", dir);
		emitter_free(e);
	}
}

static void test_masked(void)
{
	static struct eve_record r;
	struct field_value fields[] = {value(FIELD_HTTP_URI, "/a?phone=123&x"),
		value(FIELD_HTTP_REFERER, "http://h.example/?q=secret"),
		value(FIELD_HTTP_HOST, "h.example")};
	struct flow f = example_flow();
	struct find find = {
		.app_proto = APP_HTTP, .flow = &f, .note = &note, .fields = fields, .n_fields = 3};
	struct emitter *e = emitter(false);

	emit_tx(e, &find, 0);
	CHECK(next(&r), "a record");
	CHECK(r.head.flags == 0, "not clear");
	CHECK(memcmp(r.head.src, f.key.a, 4) != 0 && memcmp(r.head.dst, f.key.b, 4) != 0,
		"addresses");
	CHECK(text_is(&r, 0, FIELD_HTTP_URI, "/a?phone=&"), "URL");
	CHECK(text_is(&r, 1, FIELD_HTTP_REFERER, "http://h.example/?q="), "referer");
	CHECK(text_is(&r, 2, FIELD_HTTP_HOST, "h.example"), "host");
	emitter_free(e);
}

// Values that do not fit any more are left out; a full ring is counted.
static void test_full(void)
{
	static struct eve_record r;
	static char big[6000];
	struct field_value fields[TX_FIELDS_MAX];
	struct flow f = example_flow();
	struct find find = {.app_proto = APP_HTTP,
		.flow = &f,
		.note = &note,
		.fields = fields,
		.n_fields = TX_FIELDS_MAX};
	struct emitter *e = emitter(true);

	memset(big, 'x', sizeof(big) - 1);
	for (unsigned i = 0; i < TX_FIELDS_MAX; i++)
		fields[i] = value(FIELD_HTTP_HOST, big);
	emit_tx(e, &find, 0);
	CHECK(next(&r), "a record");
	CHECK(r.n == 5 && r.values[2].len == 4096, "three that were cut, and the service: %u", r.n);
	for (unsigned i = 0; i < 20; i++)
		emit_tx(e, &find, 0);
	CHECK(counters[CTR_EVENTS] + counters[CTR_EVENTS_LOST] == 21, "each is one or the other");
	CHECK(counters[CTR_EVENTS_LOST] > 0, "some were lost");
	emitter_free(e);
}

// What its segment says of addresses, and that it is said.
static void test_segments(void)
{
	static const struct {
		uint8_t segment;
		const char *name, *masking; // NULL: the usual
		bool clear_src, clear_dst, zero;
	} rows[] = {{0, "default", NULL, false, false, false},
		{1, "farm", "clear-servers", false, true, false},
		{2, "quiet", "hidden", false, false, true}};
	static const uint8_t zero[16];
	const uint8_t farm[16] = {192, 0, 2, 0};
	struct segments *segments = segments_new();
	struct emit_options options = {.mask_key = "key", .segments = segments};
	struct emitter *e;

	segments_add(segments, "farm", SEGMENT_SERVER, SEGMENT_CLEAR_SERVERS);
	segments_prefix(segments, 4, farm, 24);
	segments_add(segments, "quiet", SEGMENT_SUBSCRIBER, SEGMENT_HIDDEN);
	CHECK(segments_ready(segments) == 0, "ready");
	event_ring_init(ring, RING);
	e = emitter_new(&options, ring, RING, directory, 3, counters);
	for (size_t i = 0; i < ROWS(rows); i++) {
		static struct eve_record r;
		struct flow f = example_flow();
		struct flow_note of = {.segment = rows[i].segment & 63};
		struct known_name none = {0};
		emit_flow(e, &f, &of, NULL, &none, FLOW_CLOSED, 0, NULL);
		CHECK(next(&r), "a record");
		const struct eve_value *name = eve_record_find(&r, TAG_SEGMENT);
		const struct eve_value *masking = eve_record_find(&r, TAG_MASKING);
		CHECK(name != NULL && name->len == strlen(rows[i].name) &&
				memcmp(name->p, rows[i].name, name->len) == 0,
			"%zu", i);
		CHECK((masking != NULL) == (rows[i].masking != NULL), "%zu: said", i);
		CHECK((memcmp(r.head.src, f.key.a, 16) == 0) == rows[i].clear_src, "%zu: src", i);
		CHECK((memcmp(r.head.dst, f.key.b, 16) == 0) == rows[i].clear_dst, "%zu: dst", i);
		CHECK((memcmp(r.head.src, zero, 16) == 0) == rows[i].zero, "%zu: zero", i);
		struct field_value host = value(FIELD_HTTP_HOST, "198.51.100.10");
		struct find find = {
			.kind = FIND_TX, .flow = &f, .note = &of, .fields = &host, .n_fields = 1};
		emit_tx(e, &find, 0);
		CHECK(next(&r) && text_is(&r, 0, FIELD_HTTP_HOST, "0.0.0.0") == rows[i].zero,
			"%zu: an address in a value", i);
	}
	emitter_free(e);
	segments_free(segments);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"secret", test_secret},
		{"values", test_values},
		{"flow id", test_flow_id},
		{"directions", test_directions},
		{"masked", test_masked},
		{"full", test_full},
		{"segments", test_segments},
		CU_TEST_INFO_NULL,
	};

	ring = calloc(1, sizeof(*ring) + RING);
	directory = calloc(1, sizeof(*directory));
	strcpy(directory->services[1], "whatsapp");
	int status = check_main("emit", tests);
	free(ring);
	free(directory);
	return status;
}
