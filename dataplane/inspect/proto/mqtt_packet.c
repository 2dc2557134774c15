#include "dataplane/inspect/proto/mqtt_packet.h"

enum {
	LEVEL_31 = 3,
	LEVEL_5 = 5,
	LEVEL_BRIDGE = 0x80, // of brokers that connect to brokers
	QOS_MAX = 2,
};

// 3.1.2.3
enum {
	CONNECT_WILL = 0x04,
	CONNECT_PASSWORD = 0x40,
	CONNECT_USERNAME = 0x80,
};

struct reading {
	const struct proto_io *io;
	uint8_t *version;
	const struct mqtt_packet *packet;
	struct bytes body; // what is left of it
	struct tx tx;
	uint8_t numbers[TX_FIELDS_MAX]; // that the transaction points to
	size_t n_numbers;
};

bool mqtt_is_first(uint8_t first)
{
	switch (mqtt_type(first)) {
	case MQTT_PUBLISH:
		return (first >> 1 & 3) <= QOS_MAX;
	case MQTT_PUBREL:
	case MQTT_SUBSCRIBE:
	case MQTT_UNSUBSCRIBE:
		return true;
	default:
		return first >= MQTT_CONNECT << 4 && (first & 15) == 0;
	}
}

uint32_t mqtt_packet_needs(
	const struct proto_io *io, uint8_t first, uint32_t length, struct bytes seen)
{
	uint32_t most = length < GATHER_MAX ? length : GATHER_MAX;

	if (mqtt_type(first) != MQTT_PUBLISH || io_wants(io, FIELD_MQTT_PUBLISH_MESSAGE))
		return most;
	uint32_t needs = 2;
	if (seen.len >= needs)
		needs += bytes_u16(&seen) + ((first & 6) != 0 ? 2u : 0u);
	return needs < most ? needs : most;
}

static void put_u8(struct reading *r, enum field field, uint8_t number)
{
	if (r->n_numbers == TX_FIELDS_MAX)
		return;
	uint8_t *at = &r->numbers[r->n_numbers++];
	*at = number;
	tx_put(&r->tx, field, (struct bytes){.p = at, .len = 1});
}

// The next byte, as it is. False: there is none.
static bool put_next(struct reading *r, enum field field)
{
	struct bytes byte = bytes_take(&r->body, 1);

	if (byte.bad)
		return false;
	tx_put(&r->tx, field, byte);
	return true;
}

// 1.5.3 strings.
static bool put_string(struct reading *r, enum field field)
{
	struct bytes string = bytes_vec16(&r->body);

	if (r->body.bad)
		return false;
	if (field_table[field].mask != MASK_SECRET || io_wants(r->io, field))
		tx_put(&r->tx, field, string);
	return true;
}

static bool read_message_id(struct reading *r)
{
	struct bytes id = bytes_take(&r->body, 2);

	if (id.bad)
		return false;
	tx_put(&r->tx, FIELD_MQTT_MESSAGE_ID, id);
	return true;
}

// MQTT 5 2.2.2: a length of up to four bytes (1.5.5), then that many.
static bool skip_properties(struct reading *r)
{
	uint32_t length = 0;

	for (unsigned shift = 0; shift < 28; shift += 7) {
		uint8_t byte = bytes_u8(&r->body);
		length |= (uint32_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			bytes_take(&r->body, length);
			return !r->body.bad;
		}
	}
	return false;
}

static bool skip_properties_of_5(struct reading *r)
{
	return *r->version != LEVEL_5 || skip_properties(r);
}

static bool read_will(struct reading *r)
{
	return skip_properties_of_5(r) && put_string(r, FIELD_MQTT_WILL_TOPIC) &&
		put_string(r, FIELD_MQTT_WILL_MESSAGE);
}

// 3.1
static bool read_connect(struct reading *r)
{
	if (!put_string(r, FIELD_MQTT_PROTOCOL_STRING))
		return false;
	uint8_t level = bytes_u8(&r->body) & (uint8_t)~LEVEL_BRIDGE;
	if (r->body.bad || level < LEVEL_31 || level > LEVEL_5)
		return false;
	*r->version = level;
	put_u8(r, FIELD_MQTT_PROTOCOL_VERSION, level);

	uint8_t flags = bytes_u8(&r->body);
	bytes_u16(&r->body); // keep alive
	if (r->body.bad)
		return false;
	put_u8(r, FIELD_MQTT_CONNECT_FLAGS, flags);
	if (!skip_properties_of_5(r) || !put_string(r, FIELD_MQTT_CLIENT_ID))
		return false;
	if ((flags & CONNECT_WILL) && !read_will(r))
		return false;
	// Version 3.1 lets a client leave out what its flags announce.
	if (level == LEVEL_31 && r->body.len == 0)
		return true;
	if ((flags & CONNECT_USERNAME) && !put_string(r, FIELD_MQTT_USERNAME))
		return false;
	if (level == LEVEL_31 && r->body.len == 0)
		return true;
	return !(flags & CONNECT_PASSWORD) || put_string(r, FIELD_MQTT_PASSWORD);
}

// 3.2. Only version 5 has more than the two bytes.
static bool read_connack(struct reading *r)
{
	if (*r->version == 0 && r->body.len > 2)
		*r->version = LEVEL_5;
	uint8_t flags = bytes_u8(&r->body);
	if (r->body.bad)
		return false;
	put_u8(r, FIELD_MQTT_SESSION_PRESENT, flags & 1);
	return put_next(r, FIELD_MQTT_REASON_CODE);
}

// 3.3
static bool read_publish(struct reading *r)
{
	if (!put_string(r, FIELD_MQTT_PUBLISH_TOPIC))
		return false;
	if ((r->packet->first & 6) != 0 && !read_message_id(r))
		return false;
	if (!io_wants(r->io, FIELD_MQTT_PUBLISH_MESSAGE))
		return true;
	if (!skip_properties_of_5(r))
		return false;
	tx_put_some(&r->tx, FIELD_MQTT_PUBLISH_MESSAGE, r->body);
	return true;
}

// 3.4 to 3.7; MQTT 5 3.4.2.1: the code is left out when it is 0.
static bool read_acknowledgement(struct reading *r)
{
	if (!read_message_id(r))
		return false;
	if (r->body.len > 0)
		put_next(r, FIELD_MQTT_REASON_CODE);
	return true;
}

// MQTT 5 3.14.2.1, 3.15.2.1
static bool read_reason(struct reading *r)
{
	if (r->body.len > 0)
		put_next(r, FIELD_MQTT_REASON_CODE);
	return true;
}

static bool read_filters(struct reading *r)
{
	bool subscribe = mqtt_type(r->packet->first) == MQTT_SUBSCRIBE;
	enum field field = subscribe ? FIELD_MQTT_SUBSCRIBE_TOPIC : FIELD_MQTT_UNSUBSCRIBE_TOPIC;
	unsigned n = 0;

	while (r->body.len > 0) {
		struct bytes filter = bytes_vec16(&r->body);
		uint8_t options = subscribe ? bytes_u8(&r->body) : 0;
		// 4.7.3: not empty. MQTT 5 3.8.3.1: the options' upper bits.
		if (r->body.bad || filter.len == 0 || (options & 3) > QOS_MAX)
			break;
		n++;
		if (r->tx.n_fields + 2 > TX_FIELDS_MAX)
			continue;
		tx_put(&r->tx, field, filter);
		if (subscribe)
			put_u8(r, FIELD_MQTT_QOS, options & 3);
	}
	return n > 0 && r->body.len == 0 && !r->body.bad;
}

// 3.8, 3.10. A filter is never empty: without a CONNECT, the properties of version 5 tell it.
static bool read_subscription(struct reading *r)
{
	if (!read_message_id(r) || !skip_properties_of_5(r))
		return false;

	struct bytes filters = r->body;
	uint16_t n_fields = r->tx.n_fields;
	if (read_filters(r) || (!r->packet->whole && r->tx.n_fields > n_fields))
		return true;
	if (*r->version != 0)
		return false;
	r->body = filters;
	r->tx.n_fields = n_fields;
	if (!skip_properties(r) || !(read_filters(r) || !r->packet->whole))
		return false;
	*r->version = LEVEL_5;
	return true;
}

// 3.9; 3.11: without codes before version 5.
static bool read_granted(struct reading *r)
{
	if (!read_message_id(r) || !skip_properties_of_5(r))
		return false;
	while (r->body.len > 0)
		put_next(r, FIELD_MQTT_QOS);
	return true;
}

static bool read_nothing(struct reading *r)
{
	return r->body.len == 0;
}

static bool (*const readers[16])(struct reading *) = {
	[MQTT_CONNECT] = read_connect,
	[MQTT_CONNACK] = read_connack,
	[MQTT_PUBLISH] = read_publish,
	[MQTT_PUBACK] = read_acknowledgement,
	[MQTT_PUBREC] = read_acknowledgement,
	[MQTT_PUBREL] = read_acknowledgement,
	[MQTT_PUBCOMP] = read_acknowledgement,
	[MQTT_SUBSCRIBE] = read_subscription,
	[MQTT_SUBACK] = read_granted,
	[MQTT_UNSUBSCRIBE] = read_subscription,
	[MQTT_UNSUBACK] = read_granted,
	[MQTT_PINGREQ] = read_nothing,
	[MQTT_PINGRESP] = read_nothing,
	[MQTT_DISCONNECT] = read_reason,
	[MQTT_AUTH] = read_reason,
};

bool mqtt_packet_report(
	const struct proto_io *io, enum dir dir, uint8_t *version, const struct mqtt_packet *packet)
{
	struct reading r;

	r.io = io;
	r.version = version;
	r.packet = packet;
	r.body = packet->body;
	r.n_numbers = 0;
	tx_begin(&r.tx, APP_MQTT, dir);
	put_u8(&r, FIELD_MQTT_TYPE, packet->first >> 4);
	put_u8(&r, FIELD_MQTT_FLAGS, packet->first & 15);

	uint16_t n_fields = r.tx.n_fields;
	bool good = readers[packet->first >> 4](&r);
	// What has lost its end is told as far as it goes.
	if (!good && (packet->whole || r.tx.n_fields == n_fields))
		return false;
	io->tx(io->ctx, &r.tx);
	return true;
}
