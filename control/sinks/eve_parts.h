// Parts of EVE records that several types share. Used by eve_*.c only.

#pragma once

#include "control/sinks/eve_json.h"

// Unknown is left out, as Suricata does.
void eve_put_app_proto(struct json_out *j, const struct event_head *h);
// All values of one tag as an array; nothing when there is none.
void eve_put_list(struct json_out *j, const struct eve_record *r, const char *key, uint16_t tag);
void eve_put_flow_counts(struct json_out *j, const struct event_flow *f);

// Numbers of the wire, as EVE spells them. NULL: has no name.
struct eve_name {
	uint16_t number;
	const char *name;
};
const char *eve_name_of(const struct eve_name *names, size_t n, uint16_t number);
#define EVE_NAME(table, number) eve_name_of(table, sizeof(table) / sizeof((table)[0]), number)

// eve_fields.c: what the field table can say.
enum eve_place {
	EVE_OBJECT, // in the protocol's object, which is open
	EVE_ROOT, // beside it
	EVE_OURS, // under "sealwatch", which is open
};
void eve_put_fields(struct json_out *j, const struct eve_record *r, enum eve_place place);
uint64_t eve_number(const struct eve_value *v); // network order, 8 bytes at most
uint16_t eve_u16(const struct eve_value *v, size_t at); // 0 when it is not there

// eve_tx.c: the message in a record, whatever its protocol.
const char *eve_transaction_type(const struct eve_record *r); // "": none
void eve_put_transaction(struct json_out *j, const struct eve_record *r);
void eve_put_transaction_ours(struct json_out *j, const struct eve_record *r);

// What the table cannot say: into the protocol's open object, or into "sealwatch".
void eve_put_http(struct json_out *j, const struct eve_record *r);
void eve_put_http_ours(struct json_out *j, const struct eve_record *r);
void eve_put_dns(struct json_out *j, const struct eve_record *r);
void eve_put_mqtt(struct json_out *j, const struct eve_record *r);
void eve_put_quic(struct json_out *j, const struct eve_record *r);

// eve_alert.c
void eve_put_alert(struct json_out *j, const struct eve_record *r);

// eve_leak.c: into the record, and into "sealwatch".
void eve_put_leak(struct json_out *j, const struct eve_record *r);
void eve_put_leak_ours(struct json_out *j, const struct eve_record *r);
