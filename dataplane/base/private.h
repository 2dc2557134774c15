// What holds traffic is in no core dump. The process itself cannot be dumped, nor traced by who is not root
// (prctl(2), PR_SET_DUMPABLE); should somebody make it so again, the buffers are left out (madvise(2)).

#pragma once

#include <stddef.h>

// Whole pages, also those that the memory only begins or ends in. NULL is allowed. Best effort.
void private_mark(void *p, size_t len);

// 0 or a negative errno. For programs that do not run on captures one owns.
int private_process(void);
