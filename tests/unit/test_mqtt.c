#include "tests/unit/stream_rows.h"

#define CONNECT_5                                                                                  \
	"\x10\x19\x00\x04MQTT\x05\xc2\x00\x3c\x05\x11\x00\x00\x00\x05\x00\x01"                     \
	"a\x00\x01u\x00\x01p"
#define CONNECT_5_TEXT                                                                             \
	"mqtt.type=01 mqtt.flags=00 mqtt.connect.protocol_string=MQTT mqtt.protocol_version=05 "   \
	"mqtt.connect.flags=c2 mqtt.connect.clientid=a mqtt.connect.username=u "                   \
	"mqtt.connect.password=70\n"
#define PINGREQ_TEXT "mqtt.type=0c mqtt.flags=00\n"

static const struct stream_row rows[] = {
	{"connect 3.1.1 with a will", DIR_C2S,
		BYTES("\x10\x17\x00\x04MQTT\x04\x2e\x00\x3c\x00\x03"
		      "dev\x00\x02wt\x00\x02wm"),
		PARSE_MORE,
		"mqtt.type=01 mqtt.flags=00 mqtt.connect.protocol_string=MQTT "
		"mqtt.protocol_version=04 mqtt.connect.flags=2e mqtt.connect.clientid=dev "
		"mqtt.connect.willtopic=wt mqtt.connect.willmessage=776d\n",
		0},
	{"connect 5", DIR_C2S, BYTES(CONNECT_5), PARSE_MORE, CONNECT_5_TEXT, 0},
	{"connect 3.1 of a bridge, user announced and left out", DIR_C2S,
		BYTES("\x10\x10\x00\x06MQIsdp\x83\xc0\x00\x0a\x00\x02xy"), PARSE_MORE,
		"mqtt.type=01 mqtt.flags=00 mqtt.connect.protocol_string=MQIsdp "
		"mqtt.protocol_version=03 mqtt.connect.flags=c0 mqtt.connect.clientid=xy\n",
		0},
	{"connack", DIR_S2C, BYTES("\x20\x02\x01\x05"), PARSE_MORE,
		"s2c mqtt.type=02 mqtt.flags=00 mqtt.connack.session_present=01 "
		"mqtt.reason_code=05\n",
		0},
	{"connack 5 tells the version", DIR_S2C,
		BYTES("\x20\x06\x00\x00\x03\x21\x00\x14\x90\x06\x00\x01\x00\x02\x00\x80"),
		PARSE_MORE,
		"s2c mqtt.type=02 mqtt.flags=00 mqtt.connack.session_present=00 "
		"mqtt.reason_code=00\n"
		"s2c mqtt.type=09 mqtt.flags=00 mqtt.message_id=0001 mqtt.qos=02 mqtt.qos=00 "
		"mqtt.qos=80\n",
		0},
	{"publish, qos 0, then ping", DIR_C2S,
		BYTES("\x31\x08\x00\x03"
		      "a/bxyz\xc0\x00"),
		PARSE_MORE,
		"mqtt.type=03 mqtt.flags=01 mqtt.publish.topic=a/b "
		"mqtt.publish.message=78797a\n" PINGREQ_TEXT,
		0},
	{"publish, qos 2, again, nothing said", DIR_C2S, BYTES("\x3c\x05\x00\x01t\x00\x07"),
		PARSE_MORE,
		"mqtt.type=03 mqtt.flags=0c mqtt.publish.topic=t mqtt.message_id=0007\n", 0},
	{"publish 5: properties are no message", DIR_C2S,
		BYTES(CONNECT_5 "\x30\x08\x00\x01t\x02\x01\x01hi"), PARSE_MORE,
		CONNECT_5_TEXT
		"mqtt.type=03 mqtt.flags=00 mqtt.publish.topic=t mqtt.publish.message=6869\n",
		0},
	{"subscribe", DIR_C2S,
		BYTES("\x82\x0d\x00\x01\x00\x03"
		      "a/#\x01\x00\x02"
		      "b+\x02"),
		PARSE_MORE,
		"mqtt.type=08 mqtt.flags=02 mqtt.message_id=0001 mqtt.subscribe.topic=a/# "
		"mqtt.qos=01 mqtt.subscribe.topic=b+ mqtt.qos=02\n",
		0},
	{"subscribe 5, no connect seen", DIR_C2S,
		BYTES("\x82\x09\x00\x01\x02\x0b\x05\x00\x01"
		      "a\x2d"),
		PARSE_MORE,
		"mqtt.type=08 mqtt.flags=02 mqtt.message_id=0001 mqtt.subscribe.topic=a "
		"mqtt.qos=01\n",
		0},
	{"unsubscribe", DIR_C2S,
		BYTES("\xa2\x08\x00\x09\x00\x01"
		      "a\x00\x01"
		      "b"),
		PARSE_MORE,
		"mqtt.type=0a mqtt.flags=02 mqtt.message_id=0009 mqtt.unsubscribe.topic=a "
		"mqtt.unsubscribe.topic=b\n",
		0},
	{"acknowledgements, disconnect, auth", DIR_S2C,
		BYTES("\x40\x02\x00\x01\x50\x03\x00\x02\x10\x62\x02\x00\x03\x70\x04\x00\x04\x92\x00"
		      "\xb0\x02\x00\x05\xe0\x00\xe0\x01\x8e\xf0\x02\x18\x00\xd0\x00"),
		PARSE_MORE,
		"s2c mqtt.type=04 mqtt.flags=00 mqtt.message_id=0001\n"
		"s2c mqtt.type=05 mqtt.flags=00 mqtt.message_id=0002 mqtt.reason_code=10\n"
		"s2c mqtt.type=06 mqtt.flags=02 mqtt.message_id=0003\n"
		"s2c mqtt.type=07 mqtt.flags=00 mqtt.message_id=0004 mqtt.reason_code=92\n"
		"s2c mqtt.type=0b mqtt.flags=00 mqtt.message_id=0005\n"
		"s2c mqtt.type=0e mqtt.flags=00\n"
		"s2c mqtt.type=0e mqtt.flags=00 mqtt.reason_code=8e\n"
		"s2c mqtt.type=0f mqtt.flags=00 mqtt.reason_code=18\n"
		"s2c mqtt.type=0d mqtt.flags=00\n",
		0},
	{"length of four bytes, ends early", DIR_C2S, BYTES("\x30\xff\xff\xff\x7f\x00\x01tpayl"),
		PARSE_MORE,
		"mqtt.type=03 mqtt.flags=00 mqtt.publish.topic=t mqtt.publish.message=7061796c\n",
		0},
	{"connect ends early", DIR_C2S,
		BYTES("\x10\x17\x00\x04MQTT\x04\x2e\x00\x3c\x00\x03"
		      "dev\x00"),
		PARSE_MORE,
		"mqtt.type=01 mqtt.flags=00 mqtt.connect.protocol_string=MQTT "
		"mqtt.protocol_version=04 mqtt.connect.flags=2e mqtt.connect.clientid=dev\n",
		0},
	{"length of five bytes", DIR_C2S, BYTES("\x30\xff\xff\xff\xff\x7f"), PARSE_BAD, "", 0},
	{"type 0", DIR_C2S, BYTES("\xc0\x00\x00\x00"), PARSE_BAD, PINGREQ_TEXT, 0},
	{"qos 3", DIR_C2S, BYTES("\x36\x05\x00\x01t\x00\x07"), PARSE_BAD, "", 0},
	{"ping with a body", DIR_C2S, BYTES("\xc0\x01\x00"), PARSE_BAD, "", 0},
	{"topic longer than the packet", DIR_C2S,
		BYTES("\x30\x04\x00\x09"
		      "ab"),
		PARSE_BAD, "", 0},
	{"subscribe to nothing", DIR_C2S, BYTES("\x82\x02\x00\x01"), PARSE_BAD, "", 0},
	{"connect of version 6", DIR_C2S, BYTES("\x10\x0c\x00\x04MQTT\x06\x02\x00\x3c\x00\x00"),
		PARSE_BAD, "", 0},
};

static void test_cut(void)
{
	rows_cut(&proto_mqtt, rows, ROWS(rows));
}

static void test_broken(void)
{
	rows_broken(&proto_mqtt, rows, ROWS(rows));
}

// Nobody asks for what is published: the topic is told before it came, and nothing is collected.
static void test_payload_not_wanted(void)
{
	static const uint8_t wanted[FIELD_COUNT];
	static const uint8_t zeros[3000];
	static struct parser_run r;
	static const char text[] = "mqtt.type=03 mqtt.flags=00 mqtt.publish.topic=t\n";

	run_begin(&r, &proto_mqtt);
	r.io.wanted = wanted;
	run_feed(&r, DIR_C2S, "\x30\xf0\x2e\x00\x01t", 6); // 6000 bytes
	CHECK(strcmp(r.text, text) == 0, "%s", r.text);
	CHECK(r.borrowed == 0, "%u", r.borrowed);
	run_feed(&r, DIR_C2S, zeros, 2997);
	run_gap(&r, DIR_C2S, 2000);
	run_feed(&r, DIR_C2S, zeros, 1000);
	run_feed(&r, DIR_C2S, "\xc0\x00", 2);
	CHECK(strstr(r.text, PINGREQ_TEXT) != NULL, "%s", r.text);

	run_feed(&r, DIR_C2S,
		"\x10\x19\x00\x04MQTT\x05\xc2\x00\x3c\x05\x11\x00\x00\x00\x05\x00\x01"
		"a\x00\x01u\x00\x01p",
		27);
	CHECK(strstr(r.text, "username=u") != NULL, "%s", r.text);
	CHECK(strstr(r.text, "password") == NULL, "%s", r.text);
	CHECK(r.result[DIR_C2S] == PARSE_MORE, "%d", r.result[DIR_C2S]);
	run_gap(&r, DIR_C2S, 1);
	CHECK(r.result[DIR_C2S] == PARSE_DONE, "between packets: %d", r.result[DIR_C2S]);
	run_end(&r);
	CHECK(r.borrowed == 0, "%u", r.borrowed);
}

// More than a buffer holds: the first part of it, and the next packet is found.
static void test_long(void)
{
	static uint8_t wire[4 + 100000 + 2] = {0x30, 0xa0, 0x8d, 0x06, 0x00, 0x01, 't'};
	static struct parser_run whole, cut;
	struct bytes in = {wire, sizeof(wire), false};

	memcpy(wire + sizeof(wire) - 2, "\xc0\x00", 2);
	run_stream(&whole, &proto_mqtt, DIR_C2S, in, in.len, 1);
	run_stream(&cut, &proto_mqtt, DIR_C2S, in, 1000, 1448);
	CHECK(whole.n_tx == 2 && cut.n_tx == 2, "%u, %u", whole.n_tx, cut.n_tx);
	CHECK(whole.result[DIR_C2S] == PARSE_MORE, "%d", whole.result[DIR_C2S]);
	CHECK(strcmp(whole.text, cut.text) == 0, "%zu, %zu", whole.len, cut.len);
	CHECK(whole.borrowed + cut.borrowed == 0, "%u", cut.borrowed);
}

// As many topics as a transaction holds; the next packet is read.
static void test_many_topics(void)
{
	static uint8_t wire[3 + 2 + 200 * 4 + 2] = {0x82, 0xa2, 0x06, 0x00, 0x01};
	static struct parser_run r;
	unsigned topics = 0;

	for (size_t i = 0; i < 200; i++)
		memcpy(wire + 5 + 4 * i, "\x00\x01t\x01", 4);
	memcpy(wire + sizeof(wire) - 2, "\xc0\x00", 2);
	run_begin(&r, &proto_mqtt);
	run_feed(&r, DIR_C2S, wire, sizeof(wire));
	CHECK(r.n_tx == 2 && r.result[DIR_C2S] == PARSE_MORE, "%u", r.n_tx);
	for (const char *at = r.text; (at = strstr(at, "subscribe.topic=t")) != NULL; at++)
		topics++;
	CHECK(topics == 94, "%u", topics);
}

static const struct probe_row probes[] = {
	{"connect 3.1.1", 40000, 9999, BYTES("\x10\x10\x00\x04MQTT\x04"), PROBE_YES, DIR_C2S},
	{"connect 3.1", 40000, 9999, BYTES("\x10\x96\x01\x00\x06MQIsdp\x03"), PROBE_YES, DIR_C2S},
	{"connect of version 9", 40000, 1883, BYTES("\x10\x10\x00\x04MQTT\x09"), PROBE_NO, DIR_C2S},
	{"connack", 1883, 40000, BYTES("\x20\x02\x00\x00"), PROBE_YES, DIR_S2C},
	{"connack 5", 1883, 40000, BYTES("\x20\x06\x00\x00\x03"), PROBE_YES, DIR_S2C},
	{"connack from an odd port", 9999, 40000, BYTES("\x20\x02\x00\x00"), PROBE_NO, DIR_S2C},
	{"little endian 544", 1883, 40000, BYTES("\x20\x02\x00\x09"), PROBE_NO, DIR_S2C},
	{"publish", 1883, 40000,
		BYTES("\x30\x10\x00\x03"
		      "a/b"),
		PROBE_YES, DIR_S2C},
	{"publish to", 40000, 1883,
		BYTES("\x32\x10\x00\x03"
		      "a/b"),
		PROBE_YES, DIR_C2S},
	{"publish, odd port", 40000, 9999,
		BYTES("\x30\x08\x00\x03"
		      "a/bxyz"),
		PROBE_MORE, DIR_C2S},
	{"two packets, odd port", 40000, 9999,
		BYTES("\x30\x08\x00\x03"
		      "a/bxyz\xc0\x00"),
		PROBE_YES, DIR_C2S},
	{"acknowledged, odd port", 9999, 40000,
		BYTES("\x40\x02\x00\x07\x32\x48\x00\x03"
		      "a/b"),
		PROBE_YES, DIR_S2C},
	{"pings only, odd port", 40000, 9999, BYTES("\xc0\x00\xc0\x00"), PROBE_MORE, DIR_C2S},
	{"ping, then something", 40000, 9999, BYTES("\xc0\x00\x01\x00"), PROBE_NO, DIR_C2S},
	{"ping", 40000, 1883, BYTES("\xc0\x00"), PROBE_YES, DIR_C2S},
	{"ldap bind", 40000, 389, BYTES("\x30\x0c\x02\x01\x01\x60"), PROBE_NO, DIR_C2S},
	{"tls", 40000, 1883, BYTES("\x16\x03\x01\x00\xff\x01"), PROBE_NO, DIR_C2S},
};

static void test_probe(void)
{
	rows_probe(&proto_mqtt, probes, ROWS(probes));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"packets, cut anywhere", test_cut},
		{"packets, broken anywhere", test_broken},
		{"payload that is not wanted", test_payload_not_wanted},
		{"long packet", test_long},
		{"many topics", test_many_topics},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("mqtt", tests);
}
