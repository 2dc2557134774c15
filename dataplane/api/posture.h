// The encryption posture of flows: the checks, the grade, and the numbers that workers keep of them by
// service and segment.
//
// A flow's posture is 64 bits: one a check that holds (enum posture_check), then one a fact. Its grade
// follows from the bits alone: posture_grade(). It is counted once, when the flow ends.

#pragma once

#include "dataplane/api/posture_table.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum posture_severity {
	SEVERITY_INFO,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITIES,
};

enum posture_grade { GRADE_NONE, GRADE_A, GRADE_B, GRADE_C, GRADE_D, GRADE_F, GRADES };

#define X(id, ...) id,
enum posture_check { POSTURE_CHECKS(X) POSTURE_CHECK_COUNT };
#undef X

enum { POSTURE_FACT_FIRST = 52 };
#define X(id, name, help) id,
enum posture_fact {
	POSTURE_BEFORE_FACTS = POSTURE_FACT_FIRST - 1,
	POSTURE_FACTS(X) POSTURE_FACT_END
};
#undef X
enum { POSTURE_FACT_COUNT = (int)POSTURE_FACT_END - (int)POSTURE_FACT_FIRST };
static_assert((int)POSTURE_CHECK_COUNT <= (int)POSTURE_FACT_FIRST, "checks end before the facts");
static_assert((int)POSTURE_FACT_END <= 64, "a flow has 64 bits");

#define POSTURE_BIT(bit) (1ull << (bit))

struct posture_check_info {
	const char *check, *part;
	uint8_t severity; // enum posture_severity
	uint8_t cap; // enum posture_grade
	const char *looks_at, *rule, *source;
};

static const struct posture_check_info posture_checks[POSTURE_CHECK_COUNT]
	__attribute__((unused)) = {
#define X(id, check, part, severity, cap, looks_at, rule, source)                                  \
	[id] = {check, part, SEVERITY_##severity, GRADE_##cap, looks_at, rule, source},
		POSTURE_CHECKS(X)
#undef X
};

struct posture_fact_info {
	const char *name, *help;
};

static const struct posture_fact_info posture_facts[POSTURE_FACT_COUNT] __attribute__((unused)) = {
#define X(id, name, help) [(int)(id) - (int) POSTURE_FACT_FIRST] = {name, help},
	POSTURE_FACTS(X)
#undef X
};

static const char *const posture_grade_names[GRADES]
	__attribute__((unused)) = {"-", "A", "B", "C", "D", "F"};
static const char *const posture_severity_names[SEVERITIES]
	__attribute__((unused)) = {"info", "low", "medium", "high", "critical"};

// The checks with this cap; those of a severity at least.
static inline uint64_t posture_caps(enum posture_grade grade)
{
#define X(id, check, part, severity, cap, ...) (GRADE_##cap == grade ? POSTURE_BIT(id) : 0) |
	return POSTURE_CHECKS(X) 0;
#undef X
}

static inline uint64_t posture_of_severity(enum posture_severity least)
{
#define X(id, check, part, severity, ...) (SEVERITY_##severity >= least ? POSTURE_BIT(id) : 0) |
	return POSTURE_CHECKS(X) 0;
#undef X
}

// What a flow's sealing is worth before checks: A for TLS 1.3, QUIC or SSH with a post-quantum key
// exchange, B for other TLS, SSH, Noise, MTProto, MMTLS; F for protocols in clear; none when that was not
// seen.
static inline enum posture_grade posture_base(uint64_t bits)
{
	if (bits & (POSTURE_BIT(POSTURE_ANSWERED) | POSTURE_BIT(POSTURE_SEALED)))
		return bits & POSTURE_BIT(POSTURE_PQ) ? GRADE_A : GRADE_B;
	if (bits & POSTURE_BIT(POSTURE_CLEAR))
		return GRADE_F;
	return GRADE_NONE;
}

// The base, or the lowest cap of the checks that hold, whichever is worse.
static inline enum posture_grade posture_grade(uint64_t bits)
{
	enum posture_grade grade = posture_base(bits);

	for (unsigned g = GRADE_F; g > (unsigned)grade; g--) {
		if (bits & posture_caps((enum posture_grade)g))
			return (enum posture_grade)g;
	}
	return grade;
}

// The most severe check that holds; INFO when none does.
static inline enum posture_severity posture_severity(uint64_t bits)
{
	for (unsigned s = SEVERITY_CRITICAL; s > SEVERITY_INFO; s--) {
		if (bits & posture_of_severity((enum posture_severity)s))
			return (enum posture_severity)s;
	}
	return SEVERITY_INFO;
}

// Numbers of the flows of one service in one segment. Written by one worker; a cell is taken when `key`
// is set, and keeps its key.
enum {
	POSTURE_CELLS = 1024, // of a worker; what has none is counted in the first
	POSTURE_REST = 0,
	POSTURE_STACKS = 16384, // of the sketch of client stacks
};

struct posture_cell {
	_Atomic uint32_t key; // posture_key(); 0: free
	uint32_t reserved;
	_Atomic uint64_t flows;
	_Atomic uint64_t bytes;
	_Atomic uint64_t grades[GRADES];
	_Atomic uint64_t checks[POSTURE_CHECK_COUNT];
	_Atomic uint64_t facts[POSTURE_FACT_COUNT];
};

// How often ClientHellos had a JA4, by a hash of it: added up over all workers, those seen rarely are
// counted (docs/posture.md says how sure that is).
struct posture_page {
	struct posture_cell cells[POSTURE_CELLS];
	_Atomic uint32_t stacks[POSTURE_STACKS];
};

static inline uint32_t posture_key(uint16_t service, uint8_t segment)
{
	return ((uint32_t)service << 8 | segment) + 1;
}

static inline uint16_t posture_key_service(uint32_t key)
{
	return (uint16_t)((key - 1) >> 8);
}

static inline uint8_t posture_key_segment(uint32_t key)
{
	return (uint8_t)((key - 1) & 0xff);
}

// The grade of many flows: the mean of those that have one, where A counts 4 and F 0, rounded to the next.
static inline enum posture_grade posture_mean(const uint64_t grades[GRADES])
{
	uint64_t n = 0, points = 0;

	for (unsigned g = GRADE_A; g < GRADES; g++) {
		n += grades[g];
		points += grades[g] * (GRADE_F - g);
	}
	if (n == 0)
		return GRADE_NONE;
	return (enum posture_grade)(GRADE_F - (2 * points + n) / (2 * n));
}
