// A checked record -> one line of EVE JSON. Names and shapes: Suricata's published schema.

#pragma once

#include "control/service_tally.h"
#include "control/sinks/eve_record.h"
#include "control/sinks/json_out.h"

// False when the record's type is not known.
bool eve_json_record(struct json_out *j, const struct eve_record *r);
// s: what was counted of it since the begin; its segments.
void eve_json_service(struct json_out *j, uint64_t ts_ns, const struct service_tally *s,
	const struct segment_tally *segments, uint32_t n_segments);
void eve_json_stats(
	struct json_out *j, uint64_t ts_ns, uint64_t uptime_s, const uint64_t *counters);
