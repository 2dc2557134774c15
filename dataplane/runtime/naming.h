// Which service a flow is of: what named it (enum service_by: a later word of that list takes the place of
// an earlier one), how sure that is, what the flow is used for, and which application it is when the
// service is one that applications are built on. One worker's.

#pragma once

#include "dataplane/inspect/inspect.h"
#include "dataplane/runtime/application.h"
#include "patterns/db.h"

// What a rule says of flows that it hits, by its metadata: service, confidence, function, by, application.
struct service_label {
	uint16_t service; // slot; 0: names none
	uint8_t confidence; // enum confidence; CONFIDENCE_NONE: as usual for what it looks at
	uint8_t function; // enum flow_function
	uint8_t by; // enum service_by; BY_NONE: by the field that was hit
	uint8_t application; // enum application_kind
};

// `slot` is left to the caller.
struct service_label service_label_of(const struct pattern_rule *rule);

struct naming {
	struct counter_page *page;
	uint64_t *counters;
	struct applications *applications;
};

// A rule with this label hit, first in `field`.
void naming_rule(struct naming *n, const struct find *find, const struct service_label *label,
	enum field field);
// One end of the flow belongs to a service that is known from another flow.
void naming_peer(struct naming *n, const struct find *find, uint16_t service);
// A message: what its protocol says of what the flow is used for.
void naming_message(const struct find *find);
// The flow ends: it is counted under what is known of it.
void naming_flow_end(struct naming *n, const struct flow *flow, const struct flow_note *note);
