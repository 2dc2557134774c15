// MQTT 3.1, 3.1.1 and 5 (OASIS) over TCP: one record a control packet. The payload of a PUBLISH is
// passed over; only a rule that asks for it gets it.
//
// A hole inside a packet of known length is jumped over; behind any other hole no packet can be
// found again.

#include "dataplane/inspect/proto/collect.h"
#include "dataplane/inspect/proto/mqtt_packet.h"

#include <assert.h>
#include <netinet/in.h>

enum { PORT = 1883, LENGTH_BYTES_MAX = 4 };

enum phase {
	PHASE_FIRST = 0, // between packets
	PHASE_LENGTH,
	PHASE_BODY,
	PHASE_REST, // was reported, the rest goes by
};

struct mqtt_side {
	struct gather *body;
	uint32_t left; // of the body, and not collected
	uint8_t phase; // enum phase
	uint8_t first;
	uint8_t n_length;
};

struct mqtt_state {
	struct mqtt_side side[2];
	uint8_t version;
};
static_assert(sizeof(struct mqtt_state) <= PROTO_STATE_MAX, "fits a session");

static enum parse report(struct mqtt_state *m, const struct proto_io *io, enum dir dir,
	struct bytes body, bool whole)
{
	struct mqtt_side *s = &m->side[dir];
	struct mqtt_packet packet = {s->first, whole, body};
	bool good = mqtt_packet_report(io, dir, &m->version, &packet);

	collect_give(&s->body, io);
	s->phase = s->left > 0 ? PHASE_REST : PHASE_FIRST;
	return good || !whole ? PARSE_MORE : PARSE_BAD;
}

// The rest of a packet will not come.
static void salvage(struct mqtt_state *m, const struct proto_io *io, enum dir dir)
{
	struct mqtt_side *s = &m->side[dir];

	if (s->phase == PHASE_BODY && s->body != NULL)
		report(m, io, dir, collect_view(s->body), false);
	collect_give(&s->body, io);
}

static enum parse first_byte(struct mqtt_side *s, struct bytes *in)
{
	s->first = bytes_u8(in);
	s->left = 0;
	s->n_length = 0;
	s->phase = PHASE_LENGTH;
	return mqtt_is_first(s->first) ? PARSE_MORE : PARSE_BAD;
}

// 2.2.3
static enum parse length_byte(
	struct mqtt_state *m, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	struct mqtt_side *s = &m->side[dir];
	uint8_t byte = bytes_u8(in);

	s->left |= (uint32_t)(byte & 0x7f) << 7 * s->n_length++;
	if (byte >= 0x80)
		return s->n_length < LENGTH_BYTES_MAX ? PARSE_MORE : PARSE_BAD;
	s->phase = PHASE_BODY;
	if (s->left > 0)
		return PARSE_MORE;
	return report(m, io, dir, (struct bytes){.p = &s->first}, true);
}

static enum parse body_bytes(
	struct mqtt_state *m, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	struct mqtt_side *s = &m->side[dir];
	struct bytes seen;
	size_t needs;

	while (true) {
		size_t have = collected(s->body);
		uint32_t length = (uint32_t)have + s->left;

		seen = s->body != NULL ? collect_view(s->body) : *in;
		if (seen.len > length)
			seen.len = length;
		needs = mqtt_packet_needs(io, s->first, length, seen);
		if (seen.len >= needs)
			break;
		if (in->len == 0)
			return PARSE_MORE;
		size_t more = needs - have < in->len ? needs - have : in->len;
		s->left -= (uint32_t)more;
		if (!collect(&s->body, io, in, more))
			return PARSE_DONE;
	}
	if (s->body == NULL) {
		seen = bytes_take(in, needs);
		s->left -= (uint32_t)needs;
	}
	bool head = mqtt_type(s->first) == MQTT_PUBLISH && needs < GATHER_MAX;
	return report(m, io, dir, seen, s->left == 0 || head);
}

static enum parse rest_bytes(struct mqtt_side *s, struct bytes *in)
{
	size_t n = s->left < in->len ? s->left : in->len;

	bytes_take(in, n);
	s->left -= (uint32_t)n;
	if (s->left == 0)
		s->phase = PHASE_FIRST;
	return PARSE_MORE;
}

static enum parse mqtt_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct mqtt_state *m = state;
	struct mqtt_side *s = &m->side[dir];
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && in.len > 0) {
		switch (s->phase) {
		case PHASE_FIRST:
			result = first_byte(s, &in);
			break;
		case PHASE_LENGTH:
			result = length_byte(m, io, dir, &in);
			break;
		case PHASE_BODY:
			result = body_bytes(m, io, dir, &in);
			break;
		default:
			result = rest_bytes(s, &in);
			break;
		}
	}
	if (result != PARSE_MORE)
		collect_give(&s->body, io);
	return result;
}

static enum parse mqtt_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct mqtt_state *m = state;
	struct mqtt_side *s = &m->side[dir];

	salvage(m, io, dir);
	if (s->phase < PHASE_BODY || missing > s->left)
		return PARSE_DONE;
	s->left -= missing;
	s->phase = s->left > 0 ? PHASE_REST : PHASE_FIRST;
	return PARSE_MORE;
}

static void mqtt_end(void *state, const struct proto_io *io)
{
	salvage(state, io, DIR_C2S);
	salvage(state, io, DIR_S2C);
}

// `n` bytes that a protocol begins with: does `in`?
static enum probe begins(struct bytes in, const void *with, size_t n)
{
	size_t len = in.len < n ? in.len : n;

	if (len > 0 && memcmp(in.p, with, len) != 0)
		return PROBE_NO;
	return in.len >= n ? PROBE_YES : PROBE_MORE;
}

// 3.1.2: the protocol's name, its level, and a flag that is reserved.
static enum probe probe_connect(struct bytes in)
{
	static const char mqtt[] = "\0\4MQTT", mqisdp[] = "\0\6MQIsdp";
	enum probe name = begins(in, mqtt, sizeof(mqtt) - 1);
	size_t len = sizeof(mqtt) - 1;

	if (name == PROBE_NO) {
		name = begins(in, mqisdp, sizeof(mqisdp) - 1);
		len = sizeof(mqisdp) - 1;
	}
	if (name != PROBE_YES)
		return name;
	bytes_take(&in, len);
	uint8_t level = bytes_u8(&in) & 0x7f;
	if (in.bad)
		return PROBE_MORE;
	return level >= 3 && level <= 5 ? PROBE_YES : PROBE_NO;
}

// 3.2: too short to be certain without the port it comes from.
static enum probe probe_connack(struct bytes in, uint32_t length)
{
	uint8_t flags = bytes_u8(&in);
	uint8_t code = bytes_u8(&in);

	if (flags > 1 || length < 2 || (length == 2 && code > 5))
		return PROBE_NO;
	if (in.bad || length == 2)
		return in.bad ? PROBE_MORE : PROBE_YES;
	uint8_t properties = bytes_u8(&in);
	if (in.bad)
		return PROBE_MORE;
	return properties >= 0x80 || properties + 3u == length ? PROBE_YES : PROBE_NO;
}

// 4.7: what a publisher may name, and what people do name.
static bool is_topic(struct bytes topic)
{
	for (size_t i = 0; i < topic.len; i++) {
		if (topic.p[i] < ' ' || topic.p[i] > '~' || topic.p[i] == '#' || topic.p[i] == '+')
			return false;
	}
	return true;
}

// A packet of the middle of a connection: *named when a topic stands in it.
static enum probe probe_packet(struct bytes body, uint8_t first, uint32_t length, bool *named)
{
	switch (mqtt_type(first)) {
	case MQTT_PINGREQ:
	case MQTT_PINGRESP:
		return length == 0 ? PROBE_YES : PROBE_NO;
	case MQTT_PUBACK:
	case MQTT_PUBREC:
	case MQTT_PUBREL:
	case MQTT_PUBCOMP: {
		bool good = length == 2 && bytes_u16(&body) > 0;
		return body.bad ? PROBE_MORE : good ? PROBE_YES : PROBE_NO;
	}
	case MQTT_PUBLISH: {
		uint16_t n = bytes_u16(&body);
		if (body.bad)
			return PROBE_MORE;
		struct bytes topic = bytes_take(&body, n < body.len ? n : body.len);
		*named = true;
		if (n == 0 || n + 2u > length || !is_topic(topic))
			return PROBE_NO;
		return topic.len == n ? PROBE_YES : PROBE_MORE;
	}
	default:
		return PROBE_NO;
	}
}

static bool take_head(struct bytes *in, uint8_t *first, uint32_t *length)
{
	uint8_t byte = 0x80;

	*first = bytes_u8(in);
	*length = 0;
	for (unsigned shift = 0; byte >= 0x80 && shift < 7 * LENGTH_BYTES_MAX; shift += 7) {
		byte = bytes_u8(in);
		*length |= (uint32_t)(byte & 0x7f) << shift;
	}
	return byte < 0x80 && mqtt_is_first(*first);
}

// On its port one packet is enough; elsewhere it takes two, and a topic in one of them.
static enum probe probe_middle(struct bytes in, bool on_port)
{
	bool named = false;
	unsigned n = 0;

	while (in.len > 0) {
		uint8_t first;
		uint32_t length;
		bool good = take_head(&in, &first, &length);
		if (in.bad)
			return PROBE_MORE;
		enum probe packet = good ? probe_packet(in, first, length, &named) : PROBE_NO;
		if (packet != PROBE_YES)
			return packet;
		n++;
		if (on_port || (n >= 2 && named))
			return PROBE_YES;
		bytes_take(&in, length);
	}
	return PROBE_MORE;
}

static enum dir sender_of(uint8_t first, uint16_t sport, uint16_t dport)
{
	switch (mqtt_type(first)) {
	case MQTT_CONNECT:
	case MQTT_PINGREQ:
		return DIR_C2S;
	case MQTT_CONNACK:
	case MQTT_PINGRESP:
		return DIR_S2C;
	default:
		return sport == PORT || (dport != PORT && sport < dport) ? DIR_S2C : DIR_C2S;
	}
}

static enum probe mqtt_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	bool on_port = sport == PORT || dport == PORT;
	uint8_t first;
	uint32_t length;

	if (in.len == 0 || !mqtt_is_first(in.p[0]))
		return in.len == 0 ? PROBE_MORE : PROBE_NO;
	if (in.len > PROBE_BYTES)
		in.len = PROBE_BYTES;
	bool full = in.len == PROBE_BYTES;
	struct bytes rest = in;
	bool good = take_head(&rest, &first, &length);
	if (rest.bad)
		return PROBE_MORE;
	*sender = sender_of(first, sport, dport);
	if (good && mqtt_type(first) == MQTT_CONNECT)
		return probe_connect(rest);
	if (good && mqtt_type(first) == MQTT_CONNACK)
		return sport == PORT ? probe_connack(rest, length) : PROBE_NO;
	enum probe answer = good ? probe_middle(in, on_port) : PROBE_NO;
	return answer == PROBE_MORE && full ? PROBE_NO : answer;
}

const struct proto proto_mqtt = {
	.name = "mqtt",
	.app_proto = APP_MQTT,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct mqtt_state),
	.probe = mqtt_probe,
	.data = mqtt_data,
	.gap = mqtt_gap,
	.end = mqtt_end,
};
