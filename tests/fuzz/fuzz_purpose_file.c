// A register of purposes: any bytes are an error or a table that the dataplane would take.

#include "control/purpose.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct purpose_table t;
	char error[512];

	if (purpose_file_parse("p", (const char *)data, size, &t, error) == 0 &&
		!purpose_table_ok(&t))
		abort();
	return 0;
}
