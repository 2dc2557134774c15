#include "control/sinks/eve_record.h"

#include "dataplane/base/bytes.h"

#include <string.h>

// Both ends are on one machine: numbers of the record stand in host order.
static uint16_t take_u16(struct bytes *in)
{
	struct bytes v = bytes_take(in, sizeof(uint16_t));
	uint16_t n = 0;

	if (!v.bad)
		memcpy(&n, v.p, sizeof(n));
	return n;
}

static bool head_ok(const struct event_head *h, uint32_t len)
{
	return h->len == len && h->app_proto < APP_COUNT &&
		(h->ip_version == 4 || h->ip_version == 6);
}

bool eve_record_read(const void *record, uint32_t len, struct eve_record *out)
{
	struct bytes in = {.p = record, .len = len};
	struct bytes head = bytes_take(&in, sizeof(out->head));

	out->n = 0;
	if (head.bad || len > EVENT_RECORD_MAX)
		return false;
	memcpy(&out->head, head.p, sizeof(out->head));
	if (!head_ok(&out->head, len))
		return false;
	while (in.len >= sizeof(struct event_value) && out->n < EVE_VALUES_MAX) {
		uint16_t tag = take_u16(&in);
		uint16_t size = take_u16(&in);
		if (tag == FIELD_NONE) // the padding behind the last value
			break;
		struct bytes data = bytes_take(&in, size);
		if (data.bad)
			return false;
		out->values[out->n++] = (struct eve_value){tag, size, data.p};
		size_t padding = -size & 3;
		bytes_take(&in, padding < in.len ? padding : in.len);
	}
	return true;
}

const struct eve_value *eve_record_find(const struct eve_record *r, uint16_t tag)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (r->values[i].tag == tag)
			return &r->values[i];
	}
	return NULL;
}

bool eve_record_copy(const struct eve_record *r, uint16_t tag, void *out, size_t size)
{
	const struct eve_value *v = eve_record_find(r, tag);

	if (v == NULL || v->len != size)
		return false;
	memcpy(out, v->p, size);
	return true;
}
