#include "patterns/beside.h"
#include "patterns/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The last byte says what kind of file it is.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char rules[] =
		"alert ip any any -> any any (classtype:a; reference:a,b; sid:1;)\n"
		"alert ip any any -> any any (gid:2; sid:1;)\n";
	struct rule_list list = {0};
	struct diags diags = {0};
	uint8_t kind = size > 0 ? data[--size] : 0;

	switch (kind % 2) {
	case 0:
		beside_read_classes("fuzz", (const char *)data, size, &list, &diags);
		break;
	case 1:
		beside_read_references("fuzz", (const char *)data, size, &list, &diags);
		break;
	}
	rules_parse("fuzz.rules", rules, sizeof(rules) - 1, NULL, false, &list, &diags);
	rule_list_free(&list);
	diags_free(&diags);
	return 0;
}
