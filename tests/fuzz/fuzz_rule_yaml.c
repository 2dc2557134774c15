#include "control/rule_yaml_text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rule_yaml_mistake mistake;
	struct rule_yaml_text t;
	size_t n = 0;

	if (rule_yaml_parse((const char *)data, size, &t, &mistake) == 0) {
		for (uint32_t i = 0; i < t.n; i++)
			n += strlen(t.names[i].text);
	} else {
		n = strlen(mistake.what);
	}
	rule_yaml_text_free(&t);
	return n > 0 ? 0 : -(size == 0);
}
