// CUnit, with a message: a failing row of a table says which row it was.

#pragma once

#include <CUnit/Basic.h>

#include <stdarg.h>
#include <stdio.h>

#define CHECK(cond, ...) check_((cond), #cond, __FILE__, __LINE__, __func__, __VA_ARGS__)
#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

__attribute__((format(printf, 6, 7))) static inline void check_(int ok, const char *cond,
	const char *file, unsigned line, const char *func, const char *fmt, ...)
{
	char row[128];
	char msg[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(row, sizeof(row), fmt, ap);
	va_end(ap);
	snprintf(msg, sizeof(msg), "[%s] %s", row, cond);
	CU_assertImplementation(ok ? CU_TRUE : CU_FALSE, line, msg, file, func, CU_FALSE);
}

// Run one suite; the exit status is what meson test looks at.
static inline int check_main(const char *suite, CU_TestInfo *tests)
{
	CU_SuiteInfo suites[] = {{.pName = suite, .pTests = tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 2;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	unsigned failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failed != 0;
}
