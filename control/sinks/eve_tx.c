// The message in a record: its protocol's object, and what stands beside it.

#include "control/sinks/eve_parts.h"

#include <string.h>

// Protocols that have an object in the schema; all others stand under "sealwatch" only. The
// functions write what the field table cannot say.
static const struct {
	const char *name;
	void (*object)(struct json_out *j, const struct eve_record *r);
	void (*ours)(struct json_out *j, const struct eve_record *r);
} objects[] = {
	{"tls", NULL, NULL},
	{"http", eve_put_http, eve_put_http_ours},
	{"dns", eve_put_dns, NULL},
	{"quic", eve_put_quic, NULL},
	{"websocket", NULL, NULL},
	{"ssh", NULL, NULL},
	{"smtp", NULL, NULL},
	{"pop3", NULL, NULL},
	{"mqtt", eve_put_mqtt, NULL},
	{"sip", NULL, NULL},
};

const char *eve_transaction_type(const struct eve_record *r)
{
	return r->head.app_proto < APP_COUNT ? app_proto_table[r->head.app_proto].eve : "";
}

static int object_of(const struct eve_record *r)
{
	const char *type = eve_transaction_type(r);

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		if (strcmp(type, objects[i].name) == 0)
			return (int)i;
	}
	return -1;
}

static bool has_fields(const struct eve_record *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (r->values[i].tag < FIELD_COUNT && r->values[i].tag > FIELD_STREAM)
			return true;
	}
	return false;
}

void eve_put_transaction(struct json_out *j, const struct eve_record *r)
{
	int object = object_of(r);

	if (r->head.type == EVENT_TX &&
		r->head.app_proto != APP_DNS) // DNS has its own place for it
		jout_number(j, "tx_id", r->head.tx_id);
	if (r->head.type != EVENT_TX && !has_fields(r))
		return;
	if (object >= 0) {
		jout_open(j, objects[object].name, '{');
		if (objects[object].object != NULL)
			objects[object].object(j, r);
		eve_put_fields(j, r, EVE_OBJECT);
		jout_close(j, '}');
	}
	eve_put_fields(j, r, EVE_ROOT);
}

void eve_put_transaction_ours(struct json_out *j, const struct eve_record *r)
{
	int object = object_of(r);

	if (object >= 0 && objects[object].ours != NULL)
		objects[object].ours(j, r);
	eve_put_fields(j, r, EVE_OURS);
}

// CYU is a list of pairs in the schema.
void eve_put_quic(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *hash = eve_record_find(r, FIELD_QUIC_CYU_HASH);
	const struct eve_value *string = eve_record_find(r, FIELD_QUIC_CYU_STRING);

	if (hash == NULL || string == NULL)
		return;
	jout_open(j, "cyu", '[');
	jout_open(j, NULL, '{');
	jout_text(j, "hash", hash->p, hash->len);
	jout_text(j, "string", string->p, string->len);
	jout_close(j, '}');
	jout_close(j, ']');
}
