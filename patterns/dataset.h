// Sets of values that rules ask for by name (`dataset`, `datarep`): from the text of a rule and the
// file that it names to the rows of the artefact.

#pragma once

#include "dataplane/base/hash.h"
#include "patterns/rule.h"

enum dataset_type {
	DATASET_STRING,
	DATASET_MD5,
	DATASET_SHA256,
	DATASET_IPV4,
	DATASET_IP,
	DATASET_TYPES
};

enum dataset_op {
	DATASET_ISSET,
	DATASET_ISNOTSET,
	DATASET_SET,
	DATASET_UNSET,
	DATASET_REPUTATION, // compared with number.value by the enum compare in number.value2
	DATASET_OPS
};

enum { // of one set of rules; what one file may have
	DATASETS_MAX = 1000,
	DATASET_NAME_MAX = 64,
	DATASET_VALUES_MAX = 2000000,
	DATASET_VALUE_MAX = 4096, // bytes
	DATASET_LINE_MAX = 8192,
};

struct dataset_value {
	uint64_t hash;
	const uint8_t *bytes;
	uint16_t len;
	uint16_t reputation;
};

struct dataset { // in its list's arena
	const char *name;
	uint64_t id; // rule_name_hash()
	uint8_t type;
	bool changes; // a rule adds values to it, or takes them out
	struct rule_where where; // where it is first named
	const char *file; // NULL: it begins empty
	uint32_t bare_line; // the first one in the file that has no reputation; 0: none
	uint32_t n;
	struct dataset_value *values; // as in the file
};

// Scatters; who chooses values may make some collide, so that whoever looks them up compares them
// too, and bisects.
static inline uint64_t dataset_hash(const uint8_t *p, size_t len)
{
	const uint64_t seed = 0x73657473206f6620;
	uint64_t h = seed ^ len, tail = 0;

	for (; len >= 8; p += 8, len -= 8)
		h = hash_mix(h, hash_load64(p) ^ seed);
	if (len > 0)
		memcpy(&tail, p, len);
	return hash_mix(h, tail ^ seed);
}

// The order in which the values of a set stand in the artefact.
static inline int dataset_compare(uint64_t hash_a, const uint8_t *a, size_t len_a, uint64_t hash_b,
	const uint8_t *b, size_t len_b)
{
	if (hash_a != hash_b)
		return hash_a < hash_b ? -1 : 1;
	if (len_a != len_b)
		return len_a < len_b ? -1 : 1;
	return len_a > 0 ? memcmp(a, b, len_a) : 0;
}

// Reads the file's text into set->values: a value a line, and a reputation behind a comma. What is
// wrong with it is told by file, line and column, never by what stands there. (dataset_file.c)
struct parser;
void dataset_file_parse(struct parser *p, struct dataset *set, const char *text, size_t len);
