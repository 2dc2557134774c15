// Whose messages have a field?

#pragma once

#include "dataplane/api/fields.h"

// The protocol that it is named after; APP_UNKNOWN: none, or several have it.
enum app_proto field_app(uint16_t field);
