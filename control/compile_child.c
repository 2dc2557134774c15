#include "control/compile_child.h"

#include "control/compile_report.h"
#include "control/pattern_index.h"
#include "patterns/compile.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FILES_MAX = 64, NICE = 10 };

static void limit(int resource, uint64_t soft, uint64_t hard)
{
	const struct rlimit r = {.rlim_cur = soft, .rlim_max = hard};

	if (setrlimit(resource, &r) < 0)
		_exit(EXIT_FAILURE);
}

// What the daemon has mapped (event rings, above all) counts towards our address space too.
static uint64_t address_space(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL || fscanf(f, "%llu", &pages) != 1)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void set_limits(const struct compile_limits *l)
{
	const uint64_t memory = address_space() + ((uint64_t)l->memory_mb << 20);

	limit(RLIMIT_CORE, 0, 0);
	limit(RLIMIT_CPU, l->cpu_s, (uint64_t)l->cpu_s + 1);
	limit(RLIMIT_AS, memory, memory);
	limit(RLIMIT_NOFILE, FILES_MAX, FILES_MAX);
	limit(RLIMIT_FSIZE, (uint64_t)l->memory_mb << 20, (uint64_t)l->memory_mb << 20);
}

static int compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

// The daemon's sockets are none of our business.
static void close_others(int a, int b, int c)
{
	int keep[] = {a, b, c};
	unsigned from = STDERR_FILENO + 1;

	qsort(keep, 3, sizeof(keep[0]), compare_fds);
	for (unsigned i = 0; i < 3; i++) {
		unsigned fd = (unsigned)keep[i];
		if (fd > from)
			close_range(from, fd - 1, 0);
		from = fd + 1;
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

static int parse(const struct compile_request *req, struct rule_list *rules, struct diags *diags)
{
	int err = 0;

	// All files, so that the operator sees all mistakes at once.
	for (uint32_t i = 0; i < req->n_paths; i++) {
		int now = rules_parse_path(req->paths[i], req->variables, req->lab, rules, diags);
		err = err == 0 ? now : err;
	}
	int unique = rules_check_unique(rules, diags);
	return err == 0 ? unique : err;
}

static int write_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int write_index(int fd, const struct rule_list *rules)
{
	FILE *out = fdopen(fd, "w");

	if (out == NULL)
		return -errno;
	pattern_index_write(rules, out);
	return fclose(out) == 0 ? 0 : -errno;
}

// Nothing is freed: the process ends here.
noreturn void compile_child_run(
	const struct compile_request *req, int blob_fd, int index_fd, int report_fd)
{
	static struct rule_list rules;
	static struct diags diags;
	struct swdb set;

	reset_signals();
	close_others(blob_fd, index_fd, report_fd);
	set_limits(&req->limits);
	setpriority(PRIO_PROCESS, 0, NICE); // packets come first

	FILE *report = fdopen(report_fd, "w");
	if (report == NULL)
		_exit(EXIT_FAILURE);
	int err = parse(req, &rules, &diags);
	if (err == 0)
		err = swdb_compile(&rules, &set, &diags);
	if (err == 0)
		err = write_all(blob_fd, set.data, set.len);
	if (err == 0)
		err = write_index(index_fd, &rules);
	compile_report_write(&diags, err, rules.n, report);
	_exit(fclose(report) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
