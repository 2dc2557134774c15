#include "control/sinks/eve_record.h"

#include <string.h>

bool eve_record_read(const void *record, uint32_t len, struct eve_record *out)
{
	const uint8_t *p = record;
	uint32_t at = sizeof(struct event_head);

	if (len < at || len > EVENT_RECORD_MAX)
		return false;
	memcpy(&out->head, p, sizeof(out->head));
	out->n = 0;
	if (out->head.len != len || out->head.app_proto >= APP_COUNT ||
		(out->head.ip_version != 4 && out->head.ip_version != 6))
		return false;
	while (at + sizeof(struct event_value) <= len && out->n < EVE_VALUES_MAX) {
		struct event_value v;
		memcpy(&v, p + at, sizeof(v));
		if (v.tag == 0) // the padding behind the last value
			break;
		at += sizeof(v);
		if (v.len > len - at)
			return false;
		out->values[out->n++] = (struct eve_value){v.tag, v.len, p + at};
		at += (v.len + 3u) & ~3u;
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
