// What an alert record has beside what all records have.

#include "control/sinks/eve_parts.h"

#include <string.h>

static size_t key_len(const struct eve_value *v)
{
	const uint8_t *space = memchr(v->p, ' ', v->len);
	return space != NULL ? (size_t)(space - v->p) : v->len;
}

// {"service": ["whatsapp"], ...}: pairs of one key stand together.
static void put_metadata(struct json_out *j, const struct eve_record *r)
{
	if (eve_record_find(r, TAG_METADATA) == NULL)
		return;
	jout_open(j, "metadata", '{');
	for (unsigned i = 0; i < r->n; i++) {
		const struct eve_value *v = &r->values[i];
		bool first = v->tag == TAG_METADATA;
		size_t key = first ? key_len(v) : 0;
		for (unsigned k = 0; k < i && first; k++)
			first = !(r->values[k].tag == TAG_METADATA &&
				key_len(&r->values[k]) == key &&
				memcmp(r->values[k].p, v->p, key) == 0);
		if (!first)
			continue;
		jout_open_text(j, v->p, key, '[');
		for (unsigned k = i; k < r->n; k++) {
			const struct eve_value *other = &r->values[k];
			if (other->tag != TAG_METADATA || key_len(other) != key ||
				memcmp(other->p, v->p, key) != 0)
				continue;
			size_t skip = key < other->len ? key + 1 : key;
			jout_text(j, NULL, other->p + skip, other->len - skip);
		}
		jout_close(j, ']');
	}
	jout_close(j, '}');
}

static void put_signature(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *msg = eve_record_find(r, TAG_MSG);
	const struct eve_value *category = eve_record_find(r, TAG_CATEGORY);
	struct event_alert a = {0};

	eve_record_copy(r, TAG_ALERT, &a, sizeof(a));
	jout_open(j, "alert", '{');
	jout_string(j, "action", "allowed");
	jout_number(j, "gid", a.gid);
	jout_number(j, "signature_id", a.sid);
	jout_number(j, "rev", a.rev);
	jout_text(j, "signature", msg != NULL ? msg->p : NULL, msg != NULL ? msg->len : 0);
	jout_text(j, "category", category != NULL ? category->p : NULL,
		category != NULL ? category->len : 0);
	jout_number(j, "severity", a.severity);
	eve_put_list(j, r, "references", TAG_REFERENCE);
	put_metadata(j, r);
	jout_close(j, '}');
}

void eve_put_alert(struct json_out *j, const struct eve_record *r)
{
	struct event_flow f;

	jout_number(j, "tx_id", r->head.tx_id);
	jout_string(j, "direction", r->head.dir == DIR_C2S ? "to_server" : "to_client");
	put_signature(j, r);
	eve_put_app_proto(j, &r->head);
	eve_put_transaction(j, r);
	if (eve_record_copy(r, TAG_FLOW, &f, sizeof(f))) {
		jout_open(j, "flow", '{');
		eve_put_flow_counts(j, &f);
		jout_close(j, '}');
	}
}
