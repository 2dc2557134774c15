// Which rules look at content. Those are of mode M1: without an entry in the register of purposes they
// match nothing (dataplane/api/purpose.h). All others are about metadata.

#pragma once

#include "patterns/rule.h"

#include <stdbool.h>

// Bodies, the text of mail and chat, cookies, what somebody authorizes himself with. Payload and stream
// are none: such a rule counts and alerts, and carries nothing out.
bool field_is_content(uint16_t field);

// The first such field that the rule looks at. http.header and its like are, where the rule looks for the
// header of a cookie or of an authorization in them. FIELD_NONE: it looks at none.
enum field rule_content(const struct rule *r);
