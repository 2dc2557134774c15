// The text of one YAML: what it says about rule files. Inside of rule_yaml.c, and for its tests.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rule_yaml_name {
	bool include; // else of rule-files
	char *text;
	uint32_t line, column;
};

struct rule_yaml_text {
	char *rule_path; // default-rule-path; NULL: none
	uint32_t n;
	struct rule_yaml_name *names; // in order
};

struct rule_yaml_mistake {
	uint32_t line, column; // from 1
	char what[160];
};

// 0, or -EINVAL with the mistake, or -ENOMEM. *out: rule_yaml_text_free() in any case.
int rule_yaml_parse(const char *text, size_t len, struct rule_yaml_text *out,
	struct rule_yaml_mistake *mistake);
void rule_yaml_text_free(struct rule_yaml_text *t);
