// A checked record -> one line of EVE JSON. Names and shapes: Suricata's published schema.

#pragma once

#include "control/sinks/eve_record.h"
#include "control/sinks/json_out.h"

// False when the record's type is not known.
bool eve_json_record(struct json_out *j, const struct eve_record *r);
void eve_json_stats(
	struct json_out *j, uint64_t ts_ns, uint64_t uptime_s, const uint64_t *counters);
