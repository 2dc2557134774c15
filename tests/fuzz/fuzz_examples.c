#include "tools/replay/examples_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct examples all = {0};
	struct diags diags = {0};

	examples_parse("/nowhere/fuzz.examples.yaml", data, size, &all, &diags);
	examples_free(&all);
	diags_free(&diags);
	return 0;
}
