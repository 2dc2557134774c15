// What names a flow, what takes its place, how sure it is, and what is counted of it.

#include "dataplane/runtime/naming.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

static struct counter_page *page;
static uint64_t counters[CTR_COUNT];
static struct naming naming;
static struct flow flow;
static struct flow_note note;
static struct field_value values[4];
static struct find find;

static void begin(enum find_kind kind)
{
	memset(page->services, 0, sizeof(page->services));
	memset(page->segments, 0, sizeof(page->segments));
	flow = (struct flow){.packets = {2, 3}, .bytes = {20, 30}};
	note = (struct flow_note){0};
	find = (struct find){.kind = (uint8_t)kind, .flow = &flow, .note = &note, .fields = values};
}

static void put(enum field field, const char *text)
{
	values[find.n_fields++] =
		(struct field_value){(uint16_t)field, {(const uint8_t *)text, strlen(text), false}};
}

// Rules of services 1, 2, ... in this order.
static void test_order(void)
{
	static const struct {
		struct service_label label;
		enum field field;
		uint16_t service; // then
		enum service_by by;
		enum confidence confidence;
	} rows[] = {
		{{.by = BY_PORT}, FIELD_NONE, 1, BY_PORT, CONFIDENCE_LOW},
		{{0}, FIELD_NONE, 2, BY_PREFIX, CONFIDENCE_MEDIUM},
		{{0}, FIELD_IP_DST, 2, BY_PREFIX, CONFIDENCE_MEDIUM}, // no more than the one before
		{{0}, FIELD_DNS_QUERY, 4, BY_DNS, CONFIDENCE_MEDIUM},
		{{.confidence = CONFIDENCE_LOW}, FIELD_PAYLOAD, 5, BY_BYTES, CONFIDENCE_LOW},
		{{0}, FIELD_STUN_REALM, 6, BY_STUN, CONFIDENCE_MEDIUM},
		{{0}, FIELD_TLS_SUBJECT, 7, BY_CERTIFICATE, CONFIDENCE_HIGH},
		{{0}, FIELD_HTTP_HOST, 8, BY_HOST, CONFIDENCE_HIGH},
		{{.confidence = CONFIDENCE_MEDIUM}, FIELD_TLS_SNI, 9, BY_SNI, CONFIDENCE_MEDIUM},
		{{0}, FIELD_STREAM, 9, BY_SNI, CONFIDENCE_MEDIUM},
		{{0}, FIELD_IM_MARKER, 11, BY_MARKER, CONFIDENCE_HIGH},
		{{0}, FIELD_QUIC_SNI, 11, BY_MARKER, CONFIDENCE_HIGH},
	};

	begin(FIND_TX);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct service_label label = rows[i].label;
		label.service = (uint16_t)(i + 1);
		naming_rule(&naming, &find, &label, rows[i].field);
		CHECK(flow.service == rows[i].service && flow.service_by == rows[i].by &&
				note.confidence == rows[i].confidence,
			"%zu: %u %u %u", i, flow.service, flow.service_by, note.confidence);
		CHECK(page->services[flow.service].flows == 1 &&
				page->services[flow.service].bytes == 50,
			"%zu: counted", i);
	}
}

static void test_dns_cache(void)
{
	struct service_label label = {.service = 3, .confidence = CONFIDENCE_HIGH};

	begin(FIND_NAME);
	naming_rule(&naming, &find, &label, FIELD_DNS_QUERY);
	CHECK(flow.service_by == BY_DNS && note.confidence == CONFIDENCE_MEDIUM, "of an address");
	begin(FIND_NAME);
	find.doubtful = true;
	naming_rule(&naming, &find, &label, FIELD_DNS_QUERY);
	CHECK(note.confidence == CONFIDENCE_LOW, "one of several");
	begin(FIND_TX);
	naming_rule(&naming, &find, &label, FIELD_DNS_QUERY);
	CHECK(note.confidence == CONFIDENCE_HIGH, "the question itself");
}

// The parser's own judgement counts, when it is the lower one.
static void test_marker(void)
{
	struct service_label label = {.service = 3, .function = FUNCTION_MEDIA};

	begin(FIND_TX);
	put(FIELD_CONFIDENCE, "low");
	put(FIELD_IM_FUNCTION, "call");
	naming_rule(&naming, &find, &label, FIELD_IM_MARKER);
	CHECK(note.confidence == CONFIDENCE_LOW && note.function == FUNCTION_CALL, "%u %u",
		note.confidence, note.function);
	begin(FIND_TX);
	put(FIELD_CONFIDENCE, "certain");
	naming_rule(&naming, &find, &label, FIELD_IM_MARKER);
	CHECK(note.confidence == CONFIDENCE_HIGH && note.function == FUNCTION_MEDIA,
		"unknown word");
}

static void test_functions(void)
{
	static const struct {
		enum app_proto app;
		enum field field;
		const char *value;
		enum flow_function before, then;
	} rows[] = {
		{APP_STUN, FIELD_NONE, "", FUNCTION_NONE, FUNCTION_CALL},
		{APP_STUN, FIELD_NONE, "", FUNCTION_VOICE, FUNCTION_VOICE},
		{APP_RTP, FIELD_RTP_PAYLOAD_TYPE, "\x08", FUNCTION_CALL, FUNCTION_VOICE},
		{APP_RTP, FIELD_RTP_PAYLOAD_TYPE, "\x22", FUNCTION_CALL, FUNCTION_VIDEO},
		{APP_RTP, FIELD_RTP_PAYLOAD_TYPE, "\x21", FUNCTION_NONE, FUNCTION_VIDEO},
		{APP_RTP, FIELD_RTP_PAYLOAD_TYPE, "\x60", FUNCTION_NONE, FUNCTION_CALL},
		{APP_RTP, FIELD_RTP_PAYLOAD_TYPE, "\x60", FUNCTION_VIDEO, FUNCTION_VIDEO},
		{APP_RTP, FIELD_RTP_SSRC, "abcd", FUNCTION_NONE, FUNCTION_CALL},
		{APP_SIP, FIELD_SIP_METHOD, "REGISTER", FUNCTION_NONE, FUNCTION_LOGIN},
		{APP_SIP, FIELD_SIP_METHOD, "MESSAGE", FUNCTION_NONE, FUNCTION_CHAT},
		{APP_SIP, FIELD_SIP_METHOD, "INVITE", FUNCTION_LOGIN, FUNCTION_LOGIN},
		{APP_SIP, FIELD_SIP_METHOD, "INVIT", FUNCTION_NONE, FUNCTION_NONE},
		{APP_IRC, FIELD_NONE, "", FUNCTION_NONE, FUNCTION_CHAT},
		{APP_TLS, FIELD_NONE, "", FUNCTION_NONE, FUNCTION_NONE},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		begin(FIND_TX);
		find.app_proto = (uint8_t)rows[i].app;
		note.function = rows[i].before & 7;
		put(rows[i].field, rows[i].value);
		naming_message(&find);
		CHECK(note.function == rows[i].then, "%zu: %u", i, note.function);
	}
}

static void test_label(void)
{
	static const struct {
		const char *pairs[3];
		struct service_label want;
	} rows[] = {
		{{"confidence low", "function call", "by prefix"},
			{.confidence = CONFIDENCE_LOW, .function = FUNCTION_CALL, .by = BY_PREFIX}},
		{{"application digits", "owner x", "service y"},
			{.application = APPLICATION_DIGITS}},
		{{"confidence", "function ", "by me"}, {0}},
		{{"confidence lowest", "application ", "functions call"}, {0}},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct pattern_rule rule = {.n_metadata = 3, .metadata = rows[i].pairs};
		struct service_label got = service_label_of(&rule);
		CHECK(memcmp(&got, &rows[i].want, sizeof(got)) == 0, "%zu", i);
	}
}

static void test_applications(void)
{
	static const struct {
		enum application_kind kind;
		const char *name, *id; // "": none
	} rows[] = {
		{APPLICATION_DIGITS, "1400123456l4s.my-imcloud.com", "1400123456"},
		{APPLICATION_DIGITS, "20000001.my-imcloud.com", "20000001"},
		{APPLICATION_DIGITS, "1234567.my-imcloud.com", ""},
		{APPLICATION_DIGITS, "13812345678.my-imcloud.com", ""}, // a telephone number
		{APPLICATION_DIGITS, "", ""},
		{APPLICATION_DIGITS, "9876543210.my-imcloud.com", ""}, // another
		{APPLICATION_DIGITS, "20121231.my-imcloud.com", ""}, // a day
		{APPLICATION_LABEL, "9DA1B1F4-0BE6-4DA8-82C5-2E81DAB56F23.chat.example",
			"9da1b1f4-0be6-4da8-82c5-2e81dab56f23"},
		{APPLICATION_LABEL, "www.chat.example", ""},
		{APPLICATION_LABEL, "zhang-wei.chat.example", ""},
		{APPLICATION_DASH, "api-9DA1B1F4-0BE6-4DA8-82C5-2E81DAB56F23.chat.example",
			"9da1b1f4-0be6-4da8-82c5-2e81dab56f23"},
		{APPLICATION_DASH, "api-9DA1B1F4-0BE6-4DA8-82C5-2E81DAB56F2.chat.example", ""},
		{APPLICATION_DASH, "api-9DA1B1F4-0BE6-4DA8-82C5-2E81DAB56F2g.chat.example", ""},
		{APPLICATION_DASH, "api-13812345678.chat.example", ""},
		{APPLICATION_DASH, "x-192-0-2-77.chat.example", ""},
		{APPLICATION_DASH, "gate-00163e112233.chat.example", ""},
		{APPLICATION_DASH, "ws-.chat.example", ""},
		{APPLICATION_DASH, "api", ""},
		{APPLICATION_NONE, "", ""},
	};

	begin(FIND_TX);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct service_label label = {.service = 1, .application = (uint8_t)rows[i].kind};
		begin(FIND_TX);
		put(FIELD_TLS_SNI, rows[i].name);
		naming_rule(&naming, &find, &label, FIELD_TLS_SNI);
		const char *got = applications_text(naming.applications, note.application);
		CHECK(strcmp(got, rows[i].id) == 0, "%zu: %s", i, got);
	}
}

static void test_applications_full(void)
{
	struct applications *a = applications_new(5);
	char name[32];
	bool full = false;

	for (unsigned i = 1; i < APPLICATIONS_MAX; i++) {
		snprintf(name, sizeof(name), "1400%06u.x", i);
		struct bytes in = {(const uint8_t *)name, strlen(name), false};
		CHECK(applications_find(a, APPLICATION_DIGITS, in, &full) == i && !full, "%u", i);
		CHECK(applications_find(a, APPLICATION_DIGITS, in, &full) == i, "%u again", i);
	}
	struct bytes more = {(const uint8_t *)"1400999999", 10, false};
	CHECK(applications_find(a, APPLICATION_DIGITS, more, &full) == 0 && full, "no room");
	CHECK(strcmp(applications_text(a, 0), "") == 0 &&
			strcmp(applications_text(a, 9999), "") == 0,
		"none");
	applications_free(a);
}

static void test_end(void)
{
	struct service_label label = {.service = 2, .function = FUNCTION_LOGIN};

	begin(FIND_TX);
	note.segment = 5;
	naming_flow_end(&naming, &flow, &note);
	CHECK(page->services[0].by[0] == 0, "a flow without a service");
	naming_rule(&naming, &find, &label, FIELD_TLS_SNI);
	naming_flow_end(&naming, &flow, &note);
	const struct service_count *c = &page->services[2];
	CHECK(c->ended_flows == 1 && c->ended_packets == 5 && c->ended_bytes == 50, "traffic");
	CHECK(c->by[BY_SNI] == 1 && c->confidence[CONFIDENCE_HIGH] == 1 &&
			c->function[FUNCTION_LOGIN] == 1 && page->segments[2][5] == 1,
		"counted");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"order", test_order},
		{"what DNS told", test_dns_cache},
		{"markers", test_marker},
		{"functions", test_functions},
		{"labels of rules", test_label},
		{"applications", test_applications},
		{"too many applications", test_applications_full},
		{"end", test_end},
		CU_TEST_INFO_NULL,
	};

	page = calloc(1, sizeof(*page));
	naming = (struct naming){
		.page = page, .counters = counters, .applications = applications_new(3)};
	int status = check_main("naming", tests);
	applications_free(naming.applications);
	free(page);
	return status;
}
