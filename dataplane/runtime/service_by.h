// What gave a flow's service away, as its records say it: from the field whose rule named it.

#pragma once

#include "dataplane/api/fields.h"

// marker (the protocol's own bytes), sni, host, dns, certificate, stun, or prefix (a rule about headers
// alone: ours are about addresses).
const char *service_by(enum field field);
