#include "tools/bench/memory.h"

#include <stdio.h>
#include <unistd.h>

uint64_t memory_resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long long pages = 0;

	if (f == NULL || fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
