#include "tests/e2e/process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 16 << 20, PATHS = 256, PATH_LEN = 1024 };

static char *path_slot(void)
{
	static char slots[PATHS][PATH_LEN];
	static unsigned next;
	return slots[next++ % PATHS];
}

static uint64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void sleep_ms(unsigned ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	nanosleep(&ts, NULL);
}

const char *program(const char *name)
{
	static const char *const places[] = {"tools", "control", "dataplane/runtime"};
	const char *build = getenv("SEALWATCH_BUILD");
	char *path = path_slot();

	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, PATH_LEN, "%s/%s/%s", build != NULL ? build : "build", places[i],
			name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return path;
}

const char *source_path(const char *relative)
{
	const char *source = getenv("SEALWATCH_SOURCE");
	char *path = path_slot();
	snprintf(path, PATH_LEN, "%s/%s", source != NULL ? source : ".", relative);
	return path;
}

const char *shared_path(const char *relative)
{
	const char *shared = getenv("SEALWATCH_SHARED");
	char *path = path_slot();

	const char *source = getenv("SEALWATCH_SOURCE");

	if (shared != NULL)
		snprintf(path, PATH_LEN, "%s/%s", shared, relative);
	else
		snprintf(
			path, PATH_LEN, "%s/../shared/%s", source != NULL ? source : ".", relative);
	return access(path, R_OK) == 0 ? path : NULL;
}

static pid_t spawn(const char *const argv[], int out, int err)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	int null = open("/dev/null", O_RDONLY);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

struct collected {
	char *text;
	size_t len;
};

static bool collect(int fd, struct collected *c)
{
	char buf[65536];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n <= 0)
		return false;
	if (c->len + (size_t)n < OUTPUT_MAX) {
		c->text = realloc(c->text, c->len + (size_t)n + 1);
		memcpy(c->text + c->len, buf, (size_t)n);
		c->len += (size_t)n;
		c->text[c->len] = '\0';
	}
	return true;
}

struct output run(const char *const argv[], unsigned timeout_s)
{
	uint64_t deadline = now_ms() + timeout_s * 1000;
	struct collected texts[2] = {{calloc(1, 1), 0}, {calloc(1, 1), 0}};
	int out[2], err[2], status;
	bool late = false;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		abort();
	pid_t pid = spawn(argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	struct pollfd fds[2] = {{.fd = out[0], .events = POLLIN}, {.fd = err[0], .events = POLLIN}};
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		uint64_t now = now_ms();
		if (now >= deadline) {
			late = true;
			kill(pid, SIGKILL);
			break;
		}
		poll(fds, 2, (int)(deadline - now));
		for (unsigned i = 0; i < 2; i++) {
			if (fds[i].fd >= 0 && fds[i].revents != 0 && !collect(fds[i].fd, &texts[i]))
				fds[i].fd = -1;
		}
	}
	close(out[0]);
	close(err[0]);
	waitpid(pid, &status, 0);
	return (struct output){late ? -1000 : status_of(status), texts[0].text, texts[1].text};
}

void output_free(struct output *o)
{
	free(o->out);
	free(o->err);
	*o = (struct output){0};
}

pid_t start(const char *const argv[], const char *log)
{
	int fd = open(
		log != NULL ? log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid = spawn(argv, fd, fd);
	close(fd);
	return pid;
}

bool running(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

int stop(pid_t pid, int signal)
{
	uint64_t deadline = now_ms() + 10000;
	int status;

	kill(pid, signal);
	while (now_ms() < deadline) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status_of(status);
		sleep_ms(5);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1000;
}

char *scratch_new(void)
{
	char *dir = strdup("/tmp/sealwatch-test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		abort();
	return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void scratch_remove(char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

const char *in_dir(const char *dir, const char *name)
{
	char *path = path_slot();
	snprintf(path, PATH_LEN, "%s/%s", dir, name);
	return path;
}

void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

uint64_t file_size(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

void capture_times(const char *path, uint64_t *first_ns, uint64_t *last_ns)
{
	FILE *f = fopen(path, "rb");
	uint32_t head[6], record[4];

	*first_ns = UINT64_MAX;
	*last_ns = 0;
	if (f == NULL)
		return;
	bool more = fread(head, sizeof(head), 1, f) == 1;
	while (more && fread(record, sizeof(record), 1, f) == 1) {
		uint64_t ns = record[0] * 1000000000ull +
			record[1] * (head[0] == 0xa1b23c4d ? 1ull : 1000ull);
		*first_ns = ns < *first_ns ? ns : *first_ns;
		*last_ns = ns > *last_ns ? ns : *last_ns;
		fseek(f, record[2], SEEK_CUR);
	}
	fclose(f);
}

json_t *read_eve(const char *path)
{
	json_t *lines = json_array();
	char *line = NULL;
	size_t cap = 0;
	FILE *f = fopen(path, "r");

	while (f != NULL && getline(&line, &cap, f) > 0) {
		json_t *one = json_loads(line, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
		if (one == NULL) {
			json_decref(lines);
			lines = NULL;
			break;
		}
		json_array_append_new(lines, one);
	}
	free(line);
	if (f != NULL)
		fclose(f);
	return lines;
}

bool wait_until(bool (*ask)(void *ctx), void *ctx, unsigned timeout_ms)
{
	uint64_t deadline = now_ms() + timeout_ms;

	do {
		if (ask(ctx))
			return true;
		sleep_ms(20);
	} while (now_ms() < deadline);
	return false;
}
