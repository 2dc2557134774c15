#include "control/compile_job.h"

#include "control/examples_child.h"
#include "control/geo_child.h"
#include "dataplane/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct compile_job {
	compile_done_fn done;
	void *ctx;
	enum compile_work work;
	struct compile_limits limits;
	struct cache *cache; // NULL: none
	pid_t pid; // 0: none
	int pid_fd;
	int blob_fd, index_fd;
	int report_fd; // we read
	struct event *on_exit, *on_report, *on_wall;
	bool late;
	uint64_t start_ns;
	size_t report_len;
	char *report; // COMPILE_REPORT_MAX + 1
};

static void event_drop(struct event **e)
{
	if (*e != NULL)
		event_free(*e);
	*e = NULL;
}

static void fd_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void job_free(struct compile_job *j)
{
	event_drop(&j->on_exit);
	event_drop(&j->on_report);
	event_drop(&j->on_wall);
	if (j->pid > 0) {
		kill(j->pid, SIGKILL);
		waitpid(j->pid, NULL, 0);
	}
	fd_drop(&j->pid_fd);
	fd_drop(&j->blob_fd);
	fd_drop(&j->index_fd);
	fd_drop(&j->report_fd);
	free(j->report);
	free(j);
}

// Takes what is there. A report longer than it may be is cut, and will not parse.
static void read_report(evutil_socket_t fd, short what, void *ctx)
{
	struct compile_job *j = ctx;
	ssize_t n = 1;

	(void)what;
	while (n > 0 && j->report_len < COMPILE_REPORT_MAX) {
		n = read(fd, j->report + j->report_len, COMPILE_REPORT_MAX - j->report_len);
		j->report_len += n > 0 ? (size_t)n : 0;
	}
	if (n == 0 || j->report_len == COMPILE_REPORT_MAX || (errno != EAGAIN && errno != EINTR))
		event_drop(&j->on_report);
}

static void kill_late(evutil_socket_t fd, short what, void *ctx)
{
	struct compile_job *j = ctx;

	(void)fd;
	(void)what;
	j->late = true;
	pidfd_send_signal(j->pid_fd, SIGKILL, NULL, 0);
}

// The child is gone, so nobody has it mapped for writing.
static int seal(struct compile_job *j, struct compile_result *r)
{
	const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	struct stat st;

	if (fcntl(j->blob_fd, F_ADD_SEALS, seals) < 0 || fstat(j->blob_fd, &st) < 0)
		return -errno;
	if (st.st_size == 0)
		return -EBADMSG;
	r->blob_len = (uint64_t)st.st_size;
	r->blob_fd = j->blob_fd;
	j->blob_fd = -1;
	return 0;
}

static int explain_death(const struct compile_job *j, int state, struct compile_result *r)
{
	const struct compile_limits *l = &j->limits;
	const bool examples = j->work == COMPILE_EXAMPLES;
	const char *what = examples ? "running the examples" : "compiling";

	if (j->late) {
		snprintf(r->error, sizeof(r->error),
			"%s took longer than compile.wall_s: %u; raise it, or load less", what,
			l->wall_s);
		return -ETIMEDOUT;
	}
	if (WIFSIGNALED(state) && WTERMSIG(state) == SIGXCPU) {
		snprintf(r->error, sizeof(r->error),
			"%s used up its processor time, compile.cpu_s: %u; raise it, or load less",
			what, l->cpu_s);
		return -ETIMEDOUT;
	}
	if (WIFSIGNALED(state) && WTERMSIG(state) == SIGXFSZ) {
		snprintf(r->error, sizeof(r->error),
			"the compiled set is larger than compile.memory_mb: %u; raise it, or load "
			"less",
			l->memory_mb);
		return -EFBIG;
	}
	if (WIFSIGNALED(state)) {
		snprintf(r->error, sizeof(r->error), "%s died: %s",
			examples ? "sealwatch-replay" : "the compiler", strsignal(WTERMSIG(state)));
		return -ECHILD;
	}
	snprintf(r->error, sizeof(r->error), "%s ended without a result",
		examples ? "sealwatch-replay" : "the compiler");
	return -ECHILD;
}

static int explain_status(const struct compile_job *j, struct compile_result *r)
{
	const struct compile_report *report = &r->report;

	if (report->status == -ENOMEM)
		snprintf(r->error, sizeof(r->error),
			"compiling needs more memory than compile.memory_mb: %u; raise it, or load "
			"less",
			j->limits.memory_mb);
	else if (report->n_errors > 0 && j->work == COMPILE_EXAMPLES)
		snprintf(r->error, sizeof(r->error), "the examples of the set: %u of %u are wrong",
			report->n_errors, report->n_rules);
	else if (report->n_errors > 0 && j->work == COMPILE_GEO && report->n > 0)
		snprintf(r->error, sizeof(r->error), "%.250s", report->diags[0].text);
	else if (report->n_errors > 0)
		snprintf(r->error, sizeof(r->error), "the pattern set has %u error%s",
			report->n_errors, report->n_errors == 1 ? "" : "s");
	else
		snprintf(r->error, sizeof(r->error), "%s", strerror(-report->status));
	return report->status;
}

// A set that was compiled now is kept for the next time, under the name that the child gave it.
static void keep(struct compile_job *j, const struct compile_result *r, const char *text)
{
	const char *body = text != NULL ? strchr(text, '\n') : NULL;

	if (body != NULL)
		cache_store(j->cache, r->report.digest, r->blob_fd, j->index_fd, body + 1,
			strlen(body + 1));
}

static int take_set(struct compile_job *j, struct compile_result *r, const char *text)
{
	int err = j->work == COMPILE_SET || j->work == COMPILE_GEO ? seal(j, r) : 0;

	if (err == 0 && (j->work == COMPILE_SET || j->work == COMPILE_INDEX))
		err = pattern_index_read(j->index_fd, &r->index);
	if (err == 0 && r->report.has_digest && r->report.found != CACHE_HIT)
		keep(j, r, text);
	return err;
}

static int take_result(struct compile_job *j, int state, struct compile_result *r)
{
	char *whole = NULL;

	if (j->late || !WIFEXITED(state) || WEXITSTATUS(state) != 0)
		return explain_death(j, state, r);
	char *text = j->report;
	j->report = NULL;
	text[j->report_len] = '\0';
	if (j->cache != NULL)
		whole = strdup(text);
	if (compile_report_parse(text, j->report_len, &r->report) < 0) {
		free(whole);
		return explain_death(j, state, r);
	}
	if (r->report.has_digest && j->cache != NULL)
		cache_count(j->cache, r->report.found);
	int err = r->report.status < 0 ? explain_status(j, r) : 0;
	const bool held = r->report.found == CACHE_HELD;
	if (err == 0 && held && j->work != COMPILE_SET)
		err = -EBADMSG; // nothing else is held, and nothing would come with it
	if (err == 0 && !held)
		err = take_set(j, r, whole);
	free(whole);
	if (err < 0 && r->error[0] == '\0')
		snprintf(r->error, sizeof(r->error), "the compiled set: %s", strerror(-err));
	return err;
}

static void child_ended(evutil_socket_t fd, short what, void *ctx)
{
	struct compile_job *j = ctx;
	struct compile_result r = {.blob_fd = -1};
	int state = 0;

	(void)fd;
	if (waitpid(j->pid, &state, WNOHANG) != j->pid)
		return;
	j->pid = 0;
	read_report(j->report_fd, what, j); // what is left in the pipe
	r.status = take_result(j, state, &r);
	r.compile_ns = clock_monotonic_ns() - j->start_ns;
	compile_done_fn done = j->done;
	void *done_ctx = j->ctx;
	job_free(j);
	done(done_ctx, &r);
	compile_result_free(&r);
}

static int open_files(struct compile_job *j, int *write_end)
{
	int ends[2];

	j->blob_fd = memfd_create("sealwatch-patterns", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	j->index_fd = memfd_create("sealwatch-index", MFD_CLOEXEC);
	if (j->blob_fd < 0 || j->index_fd < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	j->report_fd = ends[0];
	*write_end = ends[1];
	return fcntl(j->report_fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int start_child(struct compile_job *j, const struct compile_request *req)
{
	int write_end = -1;

	int err = open_files(j, &write_end);
	if (err == 0) {
		j->pid = fork();
		err = j->pid < 0 ? -errno : 0;
	}
	if (err == 0 && j->pid == 0 && req->work == COMPILE_EXAMPLES)
		examples_child_run(req, write_end);
	if (err == 0 && j->pid == 0 && req->work == COMPILE_GEO)
		geo_child_run(req, j->blob_fd, write_end);
	if (err == 0 && j->pid == 0)
		compile_child_run(req, j->blob_fd, j->index_fd, write_end);
	fd_drop(&write_end);
	if (err < 0)
		return err;
	j->pid_fd = pidfd_open(j->pid, 0);
	return j->pid_fd < 0 ? -errno : 0;
}

static int watch(struct compile_job *j, struct event_base *base)
{
	const struct timeval wall = {.tv_sec = j->limits.wall_s};

	j->on_exit = event_new(base, j->pid_fd, EV_READ | EV_PERSIST, child_ended, j);
	j->on_report = event_new(base, j->report_fd, EV_READ | EV_PERSIST, read_report, j);
	j->on_wall = evtimer_new(base, kill_late, j);
	if (j->on_exit == NULL || j->on_report == NULL || j->on_wall == NULL)
		return -ENOMEM;
	if (event_add(j->on_exit, NULL) < 0 || event_add(j->on_report, NULL) < 0 ||
		event_add(j->on_wall, &wall) < 0)
		return -ENOMEM;
	return 0;
}

int compile_job_start(struct event_base *base, const struct compile_request *req,
	compile_done_fn done, void *ctx, struct compile_job **out)
{
	struct compile_job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return -ENOMEM;
	j->pid_fd = j->blob_fd = j->index_fd = j->report_fd = -1;
	j->done = done;
	j->ctx = ctx;
	j->work = req->work;
	j->limits = req->limits;
	j->cache = req->cache;
	j->start_ns = clock_monotonic_ns();
	j->report = malloc(COMPILE_REPORT_MAX + 1);
	int err = j->report == NULL ? -ENOMEM : start_child(j, req);
	if (err == 0)
		err = watch(j, base);
	if (err < 0) {
		job_free(j);
		return err;
	}
	*out = j;
	return 0;
}

void compile_job_cancel(struct compile_job *j)
{
	if (j != NULL)
		job_free(j);
}

void compile_result_free(struct compile_result *r)
{
	compile_report_free(&r->report);
	pattern_index_free(r->index);
	r->index = NULL;
	fd_drop(&r->blob_fd);
}
