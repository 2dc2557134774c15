#include "patterns/beside.h"
#include "patterns/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The last byte says what kind of file it is.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char rules[] =
		"alert ip any any -> any any (classtype:a; reference:a,b; sid:1;)\n"
		"alert ip any any -> any any (gid:2; sid:1;)\n"
		"alert http any any => any any (http.uri; content:\"a\"; http.stat_code; "
		"content:\"2\"; "
		"threshold:type limit,track by_src,count 1,seconds 1; sid:2;)\n";
	struct rule_list list = {0};
	struct diags diags = {0};
	uint8_t kind = size > 0 ? data[--size] : 0;

	switch (kind % 4) {
	case 0:
		beside_read_classes("fuzz", (const char *)data, size, &list, &diags);
		break;
	case 1:
		beside_read_references("fuzz", (const char *)data, size, &list, &diags);
		break;
	case 3:
		beside_read_disabled("fuzz", (const char *)data, size, &list, &diags);
		break;
	}
	// Thresholds come behind the rules.
	rules_parse("fuzz.rules", rules, sizeof(rules) - 1, NULL, false, &list, &diags);
	if (kind % 4 == 2)
		beside_apply_thresholds("fuzz", (const char *)data, size, NULL, &list, &diags);
	beside_tell_unmet(&list, &diags);
	rule_list_free(&list);
	diags_free(&diags);
	return 0;
}
