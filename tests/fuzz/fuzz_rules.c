#include "patterns/lint.h"
#include "patterns/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rule_list list = {0};
	struct diags diags = {0};
	const struct lint_options options = {.notes = true, .per_kind = 100};

	rules_parse("fuzz.rules", (const char *)data, size, NULL, size % 2, &list, &diags);
	rules_check_unique(&list, &diags);
	lint_rules(&list, &options, &diags);
	rule_list_free(&list);
	diags_free(&diags);
	return 0;
}
