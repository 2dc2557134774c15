// Rules. What is behind the first NUL is every list of values that they name.

#include "patterns/geo.h"
#include "patterns/lint.h"
#include "patterns/parse.h"
#include "patterns/rule_files.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_list(void *ctx, const char *path, struct rule_text *out)
{
	(void)path;
	*out = *(const struct rule_text *)ctx;
	return 0;
}

static const struct geo_table *get_countries(void *ctx, const char **why)
{
	static const struct geo_table none;

	(void)ctx;
	(void)why;
	return &none;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\0', size) : NULL;
	size_t len = end != NULL ? (size_t)(end - data) : size;
	struct rule_text text = {.p = (const char *)data + len, .len = size - len};
	const struct rule_files files = {&text, read_list};
	const struct geo_source geo = {NULL, get_countries};
	struct rule_list list = {.files = &files, .geo = &geo};
	struct diags diags = {0};
	const struct lint_options options = {.notes = true, .per_kind = 100};

	if (end != NULL) { // a NUL is no rule
		text.p++;
		text.len--;
	}
	rules_parse("fuzz.rules", (const char *)data, len, NULL, size % 2, &list, &diags);
	rules_check_unique(&list, &diags);
	lint_rules(&list, &options, &diags);
	rule_list_free(&list);
	diags_free(&diags);
	return 0;
}
