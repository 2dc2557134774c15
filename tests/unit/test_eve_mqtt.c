// Each control packet as one line of EVE: the text of its object, whole.

#include "control/sinks/eve_json.h"
#include "tests/unit/check.h"
#include "tests/unit/event_maker.h"

#include <netinet/in.h>

#define HEAD(flags)                                                                                \
	{                                                                                          \
		FIELD_MQTT_FLAGS, flags, 1                                                         \
	}
#define QOS0 "\"qos\":0,\"retain\":false,\"dup\":false"

struct value {
	uint16_t field;
	const char *p;
	size_t len;
};

static const struct {
	const char *name;
	const char *type;
	struct value values[12];
	const char *object;
} cases[] = {
	{"connect: neither password nor will", "\x01",
		{HEAD("\x00"), {FIELD_MQTT_PROTOCOL_STRING, "MQTT", 4},
			{FIELD_MQTT_PROTOCOL_VERSION, "\x05", 1},
			{FIELD_MQTT_CONNECT_FLAGS, "\xe6", 1}, {FIELD_MQTT_CLIENT_ID, "c", 1},
			{FIELD_MQTT_WILL_TOPIC, "w", 1}, {FIELD_MQTT_WILL_MESSAGE, "secret", 6},
			{FIELD_MQTT_USERNAME, "u", 1}, {FIELD_MQTT_PASSWORD, "secret", 6}},
		"{\"connect\":{" QOS0 ",\"protocol_string\":\"MQTT\",\"protocol_version\":5,"
		"\"flags\":{\"username\":true,\"password\":true,\"will_retain\":true,"
		"\"will\":true,\"clean_session\":true},\"client_id\":\"c\",\"username\":\"u\","
		"\"will\":{\"topic\":\"w\"}}}"},
	{"connack", "\x02",
		{HEAD("\x00"), {FIELD_MQTT_SESSION_PRESENT, "\x01", 1},
			{FIELD_MQTT_REASON_CODE, "\x85", 1}},
		"{\"connack\":{" QOS0 ",\"session_present\":true,\"return_code\":133}}"},
	{"publish: the topic, not the message", "\x03",
		{HEAD("\x0d"), {FIELD_MQTT_PUBLISH_TOPIC, "a/b", 3},
			{FIELD_MQTT_MESSAGE_ID, "\x01\x02", 2},
			{FIELD_MQTT_PUBLISH_MESSAGE, "secret", 6}},
		"{\"publish\":{\"qos\":2,\"retain\":true,\"dup\":true,\"message_id\":258,"
		"\"topic\":\"a/b\"}}"},
	{"subscribe", "\x08",
		{HEAD("\x02"), {FIELD_MQTT_MESSAGE_ID, "\x00\x01", 2},
			{FIELD_MQTT_SUBSCRIBE_TOPIC, "a", 1}, {FIELD_MQTT_QOS, "\x01", 1},
			{FIELD_MQTT_SUBSCRIBE_TOPIC, "b", 1}},
		"{\"subscribe\":{\"qos\":1,\"retain\":false,\"dup\":false,\"message_id\":1,"
		"\"topics\":[{\"topic\":\"a\",\"qos\":1},{\"topic\":\"b\"}]}}"},
	{"suback", "\x09",
		{HEAD("\x00"), {FIELD_MQTT_MESSAGE_ID, "\x00\x01", 2}, {FIELD_MQTT_QOS, "\x00", 1},
			{FIELD_MQTT_QOS, "\x80", 1}},
		"{\"suback\":{" QOS0 ",\"message_id\":1,\"qos_granted\":[0,128]}}"},
	{"unsubscribe", "\x0a",
		{HEAD("\x02"), {FIELD_MQTT_UNSUBSCRIBE_TOPIC, "a", 1},
			{FIELD_MQTT_UNSUBSCRIBE_TOPIC, "b", 1}},
		"{\"unsubscribe\":{\"qos\":1,\"retain\":false,\"dup\":false,"
		"\"topics\":[\"a\",\"b\"]}}"},
	{"unsuback without codes", "\x0b", {HEAD("\x00"), {FIELD_MQTT_MESSAGE_ID, "\x00\x01", 2}},
		"{\"unsuback\":{" QOS0 ",\"message_id\":1}}"},
	{"puback", "\x04",
		{HEAD("\x00"), {FIELD_MQTT_MESSAGE_ID, "\x00\x01", 2},
			{FIELD_MQTT_REASON_CODE, "\x10", 1}},
		"{\"puback\":{" QOS0 ",\"message_id\":1,\"reason_code\":16}}"},
	{"pingreq", "\x0c", {HEAD("\x00")}, "{\"pingreq\":{" QOS0 "}}"},
	{"auth has no place in the schema", "\x0f", {HEAD("\x00")}, "{}"},
	{"no such type", "\x00", {HEAD("\x00")}, "{}"},
};

static void test_objects(void)
{
	static struct eve_record record;

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct json_out out = {0};
		struct maker m;

		make_tx(&m, APP_MQTT, IPPROTO_TCP);
		put_value(&m, FIELD_MQTT_TYPE, cases[i].type, 1);
		for (const struct value *v = cases[i].values; v->field != FIELD_NONE; v++)
			put_value(&m, v->field, v->p, v->len);
		done(&m);
		bool good = eve_record_read(m.data, m.len, &record) &&
			eve_json_record(&out, &record) && out.len > 0;
		CHECK(good, "%s", cases[i].name);
		if (!good)
			continue;
		out.data[out.len - 1] = '\0'; // its line feed
		const char *at = strstr(out.data, "\"mqtt\":{");
		CHECK(at != NULL && strncmp(at + 7, cases[i].object, strlen(cases[i].object)) == 0,
			"%s: %s", cases[i].name, at != NULL ? at : out.data);
		CHECK(strstr(out.data, "secret") == NULL, "%s", cases[i].name);
		jout_free(&out);
	}
}

// Records are not trusted: values of other sizes than the worker writes.
static void test_sizes(void)
{
	static struct eve_record record;
	struct json_out out = {0};

	for (unsigned type = 0; type < 16; type++) {
		struct maker m;
		uint8_t number = (uint8_t)type;

		make_tx(&m, APP_MQTT, IPPROTO_TCP);
		put_value(&m, FIELD_MQTT_TYPE, &number, 1);
		for (unsigned f = FIELD_MQTT_FLAGS; f <= FIELD_MQTT_QOS; f++)
			put_value(&m, (uint16_t)f, "123456789", f % 2 == 0 ? 0 : 9);
		done(&m);
		CHECK(eve_record_read(m.data, m.len, &record), "%u", type);
		CHECK(eve_json_record(&out, &record), "%u", type);
	}
	jout_free(&out);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"objects", test_objects},
		{"sizes", test_sizes},
		CU_TEST_INFO_NULL,
	};
	return check_main("eve_mqtt", tests);
}
