// MQTT control packets behind their fixed header -> fields.

#pragma once

#include "dataplane/inspect/proto/proto.h"

// MQTT 3.1.1 2.2.1; AUTH: version 5.
enum mqtt_type {
	MQTT_CONNECT = 1,
	MQTT_CONNACK,
	MQTT_PUBLISH,
	MQTT_PUBACK,
	MQTT_PUBREC,
	MQTT_PUBREL,
	MQTT_PUBCOMP,
	MQTT_SUBSCRIBE,
	MQTT_SUBACK,
	MQTT_UNSUBSCRIBE,
	MQTT_UNSUBACK,
	MQTT_PINGREQ,
	MQTT_PINGRESP,
	MQTT_DISCONNECT,
	MQTT_AUTH,
};

struct mqtt_packet {
	uint8_t first; // type and flags
	bool whole; // false: the end of `body` is missing
	struct bytes body; // the rest of it
};

static inline enum mqtt_type mqtt_type(uint8_t first)
{
	return (enum mqtt_type)(first >> 4);
}

// Can a packet begin with this byte? 2.2.2: bits that are reserved are not checked where version
// 3.1 had a use for them.
bool mqtt_is_first(uint8_t first);

// How many bytes of a body of `length` must be there before mqtt_packet_report(); `seen` are its
// first ones. More may be needed once these are seen.
uint32_t mqtt_packet_needs(
	const struct proto_io *io, uint8_t first, uint32_t length, struct bytes seen);

// *version: the protocol level, 3 to 5; 0: not known yet. Set when the packet tells.
// False: it is malformed, and nothing was reported.
bool mqtt_packet_report(const struct proto_io *io, enum dir dir, uint8_t *version,
	const struct mqtt_packet *packet);
