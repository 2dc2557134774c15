#include "control/child.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static int compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

// The daemon's sockets are none of our business.
static void close_others(int keep[], unsigned n)
{
	unsigned from = STDERR_FILENO + 1;

	qsort(keep, n, sizeof(keep[0]), compare_fds);
	for (unsigned i = 0; i < n; i++) {
		if (keep[i] < (int)from)
			continue;
		if (keep[i] > (int)from)
			close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	close_range(from, ~0u, 0);
}

// The daemon's handlers write to a pipe that is closed here.
static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void child_begin(int keep[], unsigned n)
{
	reset_signals();
	close_others(keep, n);
}
