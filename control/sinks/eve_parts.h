// Parts of EVE records that several types share. Used by eve_*.c only.

#pragma once

#include "control/sinks/eve_json.h"

void eve_put_time(struct json_out *j, const char *key, uint64_t ns);
void eve_put_flow_counts(struct json_out *j, const struct event_flow *f);
// The protocol object of the message at hand, whichever it is.
void eve_put_transaction(struct json_out *j, const struct eve_record *r);

// eve_alert.c
void eve_put_alert(struct json_out *j, const struct eve_record *r);
