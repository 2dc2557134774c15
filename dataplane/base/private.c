#include "dataplane/base/private.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

void private_mark(void *p, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)p & ~(page - 1);

	if (p != NULL && len > 0)
		madvise((void *)from, ((uintptr_t)p + len - from + page - 1) & ~(page - 1),
			MADV_DONTDUMP);
}

int private_process(void)
{
	const struct rlimit none = {0, 0};

	// A leak sanitizer traces its own process at the end.
#if defined(__SANITIZE_ADDRESS__)
	return 0;
#endif
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}
