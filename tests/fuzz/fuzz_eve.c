#include "control/sinks/eve_json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The length in the head is made right, so that what is behind it is reached.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct eve_record record;
	static struct json_out out;
	uint32_t len = (uint32_t)size;
	uint8_t *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	if (size >= sizeof(len))
		memcpy(copy, &len, sizeof(len));
	if (eve_record_read(copy, len, &record))
		eve_json_record(&out, &record);
	free(copy);
	return 0;
}
