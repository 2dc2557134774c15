// A compile job from its begin to its end, on an event loop of its own.

#pragma once

#include "control/compile_job.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// mkdtemp() makes it.
static char dir[] = "/tmp/test_compile_job.XXXXXX";

struct outcome {
	bool done;
	struct compile_result result;
	unsigned ticks;
};

static inline void take(void *ctx, struct compile_result *result)
{
	struct outcome *o = ctx;

	o->done = true;
	o->result = *result;
	*result = (struct compile_result){.blob_fd = -1};
}

static inline void tick(evutil_socket_t fd, short what, void *ctx)
{
	struct outcome *o = ctx;

	(void)fd;
	(void)what;
	o->ticks++;
}

static inline const char *write_rules(const char *name, const char *text)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
	return path;
}

static const struct compile_limits plenty = {.cpu_s = 60, .memory_mb = 4096, .wall_s = 60};

static inline struct compile_request request_of(const char *const *paths, uint32_t n)
{
	static const struct rule_var none[] = {{NULL, NULL}};

	return (struct compile_request){
		.paths = paths, .n_paths = n, .variables = none, .limits = plenty};
}

static inline struct outcome run(const struct compile_request *req)
{
	const struct timeval period = {.tv_usec = 10000};
	struct event_base *base = event_base_new();
	struct outcome o = {.result = {.blob_fd = -1}};
	struct event *timer = event_new(base, -1, EV_PERSIST, tick, &o);
	struct compile_job *job;

	event_add(timer, &period);
	int err = compile_job_start(base, req, take, &o, &job);
	CHECK(err == 0, "start: %d", err);
	for (unsigned i = 0; i < 20000 && !o.done; i++)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(o.done, "it ended");
	event_free(timer);
	event_base_free(base);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, "no child is left");
	return o;
}
