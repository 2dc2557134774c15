// What the kernel says of memory that is marked, and of the process.

#include "dataplane/base/private.h"
#include "tests/unit/check.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Does the mapping of this address have "dd" (proc(5): do not include area into core dump)?
static bool is_left_out(const void *p)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512];
	bool here = false, left_out = false;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		uintptr_t from, to;
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			left_out = strstr(line, " dd") != NULL;
	}
	if (f != NULL)
		fclose(f);
	return left_out;
}

static void test_memory(void)
{
	enum { LEN = 1 << 20 };
	uint8_t *p = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(!is_left_out(p), "as the kernel gives it");
	private_mark(p + 5000, LEN - 10000);
	CHECK(is_left_out(p + 5000) && is_left_out(p + LEN - 5001), "to its first and last byte");
	private_mark(NULL, 5);
	private_mark(p, 0);
	munmap(p, LEN);
}

static void test_process(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(private_process() == 0 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
	waitpid(child, &status, 0);
#if !defined(__SANITIZE_ADDRESS__)
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d", status);
#endif
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"memory", test_memory},
		{"the process", test_process},
		CU_TEST_INFO_NULL,
	};
	return check_main("private", tests);
}
