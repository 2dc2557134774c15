// Parts of EVE records that several types share. Used by eve_*.c only.

#pragma once

#include "control/sinks/eve_json.h"

// Unknown is left out, as Suricata does.
void eve_put_app_proto(struct json_out *j, const struct event_head *h);
// All values of one tag as an array; nothing when there is none.
void eve_put_list(struct json_out *j, const struct eve_record *r, const char *key, uint16_t tag);
void eve_put_flow_counts(struct json_out *j, const struct event_flow *f);
// The protocol object of the message at hand, whichever it is.
void eve_put_transaction(struct json_out *j, const struct eve_record *r);

// eve_alert.c
void eve_put_alert(struct json_out *j, const struct eve_record *r);
