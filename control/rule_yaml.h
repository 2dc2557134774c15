// Lists of rule files as Suricata has them in its YAML:
//
//     default-rule-path: /var/lib/suricata/rules
//     rule-files: [suricata.rules, "local-*.rules"]
//     include: more.yaml                               # or a list
//
// All other keys are passed over, so that a whole suricata.yaml will do. Any bytes are safe: aliases
// are not followed, includes are bounded in depth and number, circles are found.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RULE_YAML_LEN_MAX = 256 << 10, // bytes of a file
	RULE_YAML_DEPTH_MAX = 8, // includes in includes
	RULE_YAML_FILES_MAX = 256,
	RULE_YAML_NAMES_MAX = 10000, // of rule-files, in all of them
};

struct rule_yaml_place {
	const char *file;
	uint32_t line, column; // from 1
};

// What is found. Each returns 0 to go on, or -errno, which ends it all.
struct rule_yaml_hooks {
	// A YAML that was read; text is the callee's to free.
	int (*list)(void *ctx, const char *path, char *text, size_t len);
	// A rule file, in the order of the lists; one that stands there twice is told once.
	int (*rules)(void *ctx, const char *path);
	// err: why the list can not be used; 0: a warning.
	int (*complain)(void *ctx, struct rule_yaml_place at, int err, const char *text);
	void *ctx;
};

bool rule_yaml_is(const char *path); // by its name: *.yaml, *.yml
int rule_yaml_read(const char *path, const struct rule_yaml_hooks *hooks);
