// What gave a flow's service away, from the field whose rule named it.

#pragma once

#include "dataplane/api/fields.h"
#include "dataplane/api/service.h"

// A rule without a field is about headers: ours are about addresses.
enum service_by service_by(enum field field);
