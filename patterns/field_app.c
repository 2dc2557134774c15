#include "patterns/field_app.h"

#include <string.h>

enum app_proto field_app(uint16_t field)
{
	const char *name = field_table[field].name;
	size_t len = strcspn(name, ".");

	for (unsigned app = APP_FAILED + 1; app < APP_COUNT; app++) {
		if (strncmp(app_proto_table[app].name, name, len) == 0 &&
			app_proto_table[app].name[len] == '\0' && name[len] == '.')
			return (enum app_proto)app;
	}
	return APP_UNKNOWN;
}
