#include "control/sinks/eve_json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The length in the head is made right, so that what is behind it is reached. Whatever a record
// holds, it is one line, of UTF-8 without control bytes.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct eve_record record;
	static struct json_out out;
	uint32_t len = (uint32_t)size;
	uint8_t *copy = malloc(size ? size : 1);

	if (size > 0)
		memcpy(copy, data, size);
	if (size >= sizeof(len))
		memcpy(copy, &len, sizeof(len));
	if (eve_record_read(copy, len, &record) && eve_json_record(&out, &record)) {
		const uint8_t *p = (const uint8_t *)out.data;
		size_t left = out.len - 1;
		if (out.data[left] != '\n' || out.data[left - 1] != '}')
			abort();
		while (left > 0) {
			size_t n = *p >= 0x80 ? jout_utf8(p, left) : *p >= 0x20 ? 1 : 0;
			if (n == 0)
				abort();
			p += n;
			left -= n;
		}
	}
	free(copy);
	return 0;
}
