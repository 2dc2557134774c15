// MQTT's control packets: an object each, by its name.

#include "control/sinks/eve_parts.h"

// MQTT 3.1.1 2.2.1. AUTH, of version 5, has no place in the schema.
static const struct eve_name types[] = {{1, "connect"}, {2, "connack"}, {3, "publish"},
	{4, "puback"}, {5, "pubrec"}, {6, "pubrel"}, {7, "pubcomp"}, {8, "subscribe"},
	{9, "suback"}, {10, "unsubscribe"}, {11, "unsuback"}, {12, "pingreq"}, {13, "pingresp"},
	{14, "disconnect"}};

enum { CONNECT = 1, CONNACK = 2, PUBLISH = 3, SUBACK = 9, UNSUBACK = 11 };

static uint8_t u8(const struct eve_value *v)
{
	return v->len > 0 ? v->p[0] : 0;
}

static void put_text(
	struct json_out *j, const struct eve_record *r, const char *key, uint16_t field)
{
	const struct eve_value *v = eve_record_find(r, field);

	if (v != NULL)
		jout_text(j, key, v->p, v->len);
}

static void put_number(
	struct json_out *j, const struct eve_record *r, const char *key, uint16_t field)
{
	const struct eve_value *v = eve_record_find(r, field);

	if (v != NULL)
		jout_number(j, key, eve_number(v));
}

// 3.1.2.3
static void put_connect_flags(struct json_out *j, uint8_t flags)
{
	jout_open(j, "flags", '{');
	jout_bool(j, "username", (flags & 0x80) != 0);
	jout_bool(j, "password", (flags & 0x40) != 0);
	jout_bool(j, "will_retain", (flags & 0x20) != 0);
	jout_bool(j, "will", (flags & 0x04) != 0);
	jout_bool(j, "clean_session", (flags & 0x02) != 0);
	jout_close(j, '}');
}

// The password and the will's message stay where they are.
static void put_connect(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *flags = eve_record_find(r, FIELD_MQTT_CONNECT_FLAGS);

	put_text(j, r, "protocol_string", FIELD_MQTT_PROTOCOL_STRING);
	put_number(j, r, "protocol_version", FIELD_MQTT_PROTOCOL_VERSION);
	if (flags != NULL)
		put_connect_flags(j, u8(flags));
	put_text(j, r, "client_id", FIELD_MQTT_CLIENT_ID);
	put_text(j, r, "username", FIELD_MQTT_USERNAME);
	if (eve_record_find(r, FIELD_MQTT_WILL_TOPIC) == NULL)
		return;
	jout_open(j, "will", '{');
	put_text(j, r, "topic", FIELD_MQTT_WILL_TOPIC);
	jout_close(j, '}');
}

static void put_connack(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *session = eve_record_find(r, FIELD_MQTT_SESSION_PRESENT);

	if (session != NULL)
		jout_bool(j, "session_present", u8(session) != 0);
	put_number(j, r, "return_code", FIELD_MQTT_REASON_CODE);
}

// The QoS that is asked for stands behind its topic.
static void put_subscriptions(struct json_out *j, const struct eve_record *r)
{
	if (eve_record_find(r, FIELD_MQTT_SUBSCRIBE_TOPIC) == NULL)
		return;
	jout_open(j, "topics", '[');
	for (unsigned i = 0; i < r->n; i++) {
		if (r->values[i].tag != FIELD_MQTT_SUBSCRIBE_TOPIC)
			continue;
		jout_open(j, NULL, '{');
		jout_text(j, "topic", r->values[i].p, r->values[i].len);
		if (i + 1 < r->n && r->values[i + 1].tag == FIELD_MQTT_QOS)
			jout_number(j, "qos", eve_number(&r->values[i + 1]));
		jout_close(j, '}');
	}
	jout_close(j, ']');
}

static void put_codes(struct json_out *j, const struct eve_record *r, const char *key)
{
	if (eve_record_find(r, FIELD_MQTT_QOS) == NULL)
		return;
	jout_open(j, key, '[');
	for (unsigned i = 0; i < r->n; i++) {
		if (r->values[i].tag == FIELD_MQTT_QOS)
			jout_number(j, NULL, eve_number(&r->values[i]));
	}
	jout_close(j, ']');
}

static void put_packet(struct json_out *j, const struct eve_record *r, uint8_t type)
{
	put_number(j, r, "message_id", FIELD_MQTT_MESSAGE_ID);
	switch (type) {
	case CONNECT:
		put_connect(j, r);
		break;
	case CONNACK:
		put_connack(j, r);
		break;
	case PUBLISH:
		put_text(j, r, "topic", FIELD_MQTT_PUBLISH_TOPIC);
		break;
	case SUBACK:
		put_codes(j, r, "qos_granted");
		break;
	case UNSUBACK:
		put_codes(j, r, "reason_codes");
		break;
	default:
		put_subscriptions(j, r);
		eve_put_list(j, r, "topics", FIELD_MQTT_UNSUBSCRIBE_TOPIC);
		put_number(j, r, "reason_code", FIELD_MQTT_REASON_CODE);
		break;
	}
}

void eve_put_mqtt(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *type = eve_record_find(r, FIELD_MQTT_TYPE);
	const struct eve_value *flags = eve_record_find(r, FIELD_MQTT_FLAGS);
	const char *name = type != NULL ? EVE_NAME(types, u8(type)) : NULL;

	if (name == NULL)
		return;
	jout_open(j, name, '{');
	if (flags != NULL) { // 2.2.2
		jout_number(j, "qos", u8(flags) >> 1 & 3);
		jout_bool(j, "retain", (u8(flags) & 1) != 0);
		jout_bool(j, "dup", (u8(flags) & 8) != 0);
	}
	put_packet(j, r, u8(type));
	jout_close(j, '}');
}
