// A line of the control socket, from anybody who may connect.

#include "control/request.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool takes_paths(enum command command)
{
	return command == COMMAND_PATTERNS_LOAD || command == COMMAND_PATTERNS_LINT ||
		command == COMMAND_PATTERNS_TEST || command == COMMAND_SHADOW_LOAD;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request r;
	char error[256];

	if (request_parse((const char *)data, size, &r, error) < 0)
		return 0;
	if (r.command >= COMMAND_COUNT || takes_paths(r.command) != (r.n_paths > 0))
		abort();
	for (uint32_t i = 0; i < r.n_paths; i++) {
		if (r.paths[i][0] != '/')
			abort();
	}
	if (r.share > SHADOW_SHARE_MAX || (r.share > 0 && r.command != COMMAND_SHADOW_LOAD))
		abort();
	if (r.deadline_s > REQUEST_DEADLINE_MAX || r.load > INT64_MAX || r.generation > INT64_MAX)
		abort();
	if (r.count == 0 || r.count > REQUEST_COUNT_MAX || r.by >= TALLY_KEY_COUNT)
		abort();
	if (r.digest != NULL && strlen(r.digest) > 64)
		abort();
	request_free(&r);
	return 0;
}
