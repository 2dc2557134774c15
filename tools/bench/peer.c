#include "tools/bench/peer.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS_MAX = 600, RUNS_MAX = 101 };

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

// CPU time of one run; negative when it could not be started or failed.
static double run(char *const argv[])
{
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return -1;
	return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(char *const argv[], unsigned runs)
{
	double times[RUNS_MAX];

	for (unsigned i = 0; i < runs; i++) {
		times[i] = run(argv);
		if (times[i] < 0)
			return -1;
	}
	qsort(times, runs, sizeof(times[0]), by_value);
	return times[runs / 2];
}

// A capture without a packet: what a program needs before it sees the first one.
static int write_empty(char path[64])
{
	static const uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1};

	snprintf(path, 64, "/tmp/sealwatch-bench.XXXXXX");
	int fd = mkstemp(path);
	if (fd < 0)
		return -1;
	ssize_t n = write(fd, header, sizeof(header));
	close(fd);
	return n == sizeof(header) ? 0 : -1;
}

static int measure(
	const char *name, char *argv[], unsigned capture_at, unsigned runs, struct peer_result *out)
{
	char empty[64];
	char *capture = argv[capture_at];

	out->name = name;
	double all = median(argv, runs);
	if (all < 0 || write_empty(empty) < 0)
		return -1;
	argv[capture_at] = empty;
	out->start_s = median(argv, runs);
	argv[capture_at] = capture;
	unlink(empty);
	out->cpu_s = all - out->start_s;
	return out->start_s < 0 ? -1 : 0;
}

unsigned peers_measure(const char *replay, const char *const *rules, unsigned n_rules,
	const char *capture, unsigned runs, struct peer_result out[PEERS_MAX])
{
	char *ours[ARGS_MAX] = {(char *)replay, "-q", "-r", (char *)capture};
	char *ndpi[] = {"ndpiReader", "-n", "1", "-q", "-i", (char *)capture, NULL};
	unsigned n = 4;

	for (unsigned i = 0; i < n_rules && n + 3 < ARGS_MAX; i++) {
		ours[n++] = "-S";
		ours[n++] = (char *)rules[i];
	}
	if (measure("sealwatch-replay", ours, 3, runs, &out[0]) < 0)
		return 0;
	if (measure("ndpiReader -n 1", ndpi, 5, runs, &out[1]) < 0)
		return 1;
	snprintf(out[1].ratio_text, sizeof(out[1].ratio_text), ": ours needs %.2f of it",
		out[0].cpu_s / out[1].cpu_s);
	return 2;
}
