// An entry of the register of purposes: why content may be looked at, by which rules and detectors, where,
// and who answers for it. Comes from sealctl (JSON) or a file (YAML: docs/purposes.md), and is checked
// alike.

#pragma once

#include "dataplane/api/purpose.h"

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

enum {
	PURPOSE_TEXT_LEN = 256, // with its NUL
	PURPOSE_RETENTION_MAX = 3650, // days
	PURPOSE_RETENTION = 30,
	PURPOSE_ERROR_LEN = 256,
};

struct purpose {
	struct purpose_row row;
	char purpose[PURPOSE_TEXT_LEN];
	char basis[PURPOSE_TEXT_LEN];
	char owner[PURPOSE_TEXT_LEN];
	uint32_t retention_days; // of its evidence
	uint64_t created_ns, retired_ns; // wall clock; 0: it is not retired
	uint32_t created_by, retired_by; // user ids
};

extern const struct purpose purpose_defaults; // each segment, counters, 30 days

// One key. values: texts; `list`: they came as a list. -EINVAL with what is wrong ("segment: ..."); -ENOENT
// when there is no such key, which is told, too.
int purpose_set(struct purpose *p, const char *key, const char *const *values, unsigned n,
	bool list, char error[PURPOSE_ERROR_LEN]);
// Is all there that has to be? 0 or -EINVAL with the first that is missing.
int purpose_check(const struct purpose *p, char error[PURPOSE_ERROR_LEN]);

// An object with the keys of the file. 0 or -EINVAL with a text.
int purpose_from_json(const json_t *object, struct purpose *out, char error[PURPOSE_ERROR_LEN]);
json_t *purpose_to_json(const struct purpose *p);

// A register as YAML: `purposes:`, a list of mappings. 0, or -errno with "file:line:column: what".
int purpose_file_load(const char *path, struct purpose_table *out, char error[512]);
int purpose_file_parse(
	const char *name, const char *text, size_t len, struct purpose_table *out, char error[512]);
