// The compile child and what it hands back, real rules through the real compiler.

#include "control/compile_job.h"
#include "patterns/swdb.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/test_compile_job.XXXXXX";

struct outcome {
	bool done;
	struct compile_result result;
	unsigned ticks;
};

static void take(void *ctx, struct compile_result *result)
{
	struct outcome *o = ctx;

	o->done = true;
	o->result = *result;
	*result = (struct compile_result){.blob_fd = -1};
}

static void tick(evutil_socket_t fd, short what, void *ctx)
{
	struct outcome *o = ctx;

	(void)fd;
	(void)what;
	o->ticks++;
}

static const char *write_rules(const char *name, const char *text)
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

static struct compile_request request_of(const char *const *paths, uint32_t n)
{
	static const struct rule_var none[] = {{NULL, NULL}};

	return (struct compile_request){
		.paths = paths, .n_paths = n, .variables = none, .limits = plenty};
}

static struct outcome run(const struct compile_request *req)
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

static void test_good(void)
{
	const char *path = write_rules("good.rules",
		"alert tls any any -> any any (msg:\"tab\\x09 \xc3\xa9\"; tls.sni; "
		"content:\"a.example\"; "
		"metadata: service chat; sid:7; rev:3;)\n"
		"alert dns any any -> any any (msg:\"two\"; dns.query; content:\"b.example\"; "
		"sid:5;)\n");
	const struct compile_request req = request_of(&path, 1);
	struct outcome o = run(&req);
	struct compile_result *r = &o.result;

	CHECK(r->status == 0, "status %d: %s", r->status, r->error);
	CHECK(r->report.n_errors == 0 && r->report.n_rules == 2, "%u rules", r->report.n_rules);
	CHECK(r->compile_ns > 0, "time");
	CHECK(r->index != NULL && r->index->n == 2, "index");
	const struct pattern_entry *e = pattern_index_find(r->index, 1, 7, 3);
	CHECK(e != NULL && strcmp(e->service, "chat") == 0 && strcmp(e->set, "good") == 0,
		"rule 7");
	CHECK(pattern_index_find(r->index, 1, 7, 2) == NULL, "no such rev");
	e = pattern_index_find(r->index, 1, 5, 0);
	CHECK(e != NULL && strcmp(e->service, "") == 0 && strcmp(e->msg, "two") == 0, "rule 5");

	struct swdb_header header;
	const int want = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	CHECK((fcntl(r->blob_fd, F_GET_SEALS) & want) == want, "sealed");
	CHECK(write(r->blob_fd, "x", 1) < 0 && errno == EPERM, "nobody writes");
	CHECK(pread(r->blob_fd, &header, sizeof(header), 0) == sizeof(header), "header");
	CHECK(memcmp(header.magic, SWDB_MAGIC, 8) == 0 && header.total_len == r->blob_len,
		"a whole set: %llu", (unsigned long long)r->blob_len);
	compile_result_free(r);
	CHECK(r->blob_fd == -1, "freed");
}

static void test_bad(void)
{
	char missing[128], twice_a[128], twice_b[128], wrong[128];
	static const char rule[] =
		"alert dns any any -> any any (dns.query; content:\"b.example\"; sid:5;)\n";

	snprintf(missing, sizeof(missing), "%s/missing.rules", dir);
	snprintf(twice_a, sizeof(twice_a), "%s", write_rules("a.rules", rule));
	snprintf(twice_b, sizeof(twice_b), "%s", write_rules("b.rules", rule));
	snprintf(wrong, sizeof(wrong), "%s",
		write_rules("wrong.rules",
			"# fine\nalert dns any any -> any any (nonsense; sid:1;)\n"));
	const struct {
		const char *name;
		const char *paths[2];
		uint32_t n_paths, errors, line;
	} rows[] = {
		{"unknown keyword", {wrong, NULL}, 1, 1, 2},
		{"missing file", {missing, NULL}, 1, 1, 0},
		{"same sid twice", {twice_a, twice_b}, 2, 1, 1},
		{"mistakes of both files are told", {wrong, missing}, 2, 2, 2},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct compile_request req = request_of(rows[i].paths, rows[i].n_paths);
		struct outcome o = run(&req);
		struct compile_result *r = &o.result;
		CHECK(r->status < 0 && r->error[0] != '\0', "%s: %d", rows[i].name, r->status);
		CHECK(r->report.n_errors == rows[i].errors && r->report.n == rows[i].errors,
			"%s: %u errors", rows[i].name, r->report.n_errors);
		CHECK(r->report.n > 0 && r->report.diags[0].is_error &&
				(rows[i].line == 0 || r->report.diags[0].line == rows[i].line),
			"%s: line", rows[i].name);
		CHECK(r->blob_fd == -1 && r->index == NULL, "%s: nothing to load", rows[i].name);
		compile_result_free(r);
	}
}

// Rules that keep a processor busy for more than a second.
static const char *write_heavy(void)
{
	size_t room = 40000 * 120, n = 0;
	char *text = malloc(room);

	if (text == NULL)
		abort();
	for (unsigned i = 1; i <= 40000; i++)
		n += (size_t)snprintf(text + n, room - n,
			"alert tls any any -> any any (tls.sni; "
			"pcre:\"/a%u.{0,9}b[0-9a-f]{4}x/i\"; "
			"sid:%u;)\n",
			i, i);
	const char *path = write_rules("heavy.rules", text);
	free(text);
	return path;
}

static void test_limits(void)
{
	static const struct {
		const char *name;
		struct compile_limits limits;
		int want; // 0: any error
	} rows[] = {
		{"processor time", {1, 4096, 60}, -ETIMEDOUT},
		{"wall clock", {60, 4096, 1}, -ETIMEDOUT},
		{"memory", {60, 1, 60}, 0},
	};
	const char *path = write_heavy();

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct compile_request req = request_of(&path, 1);
		req.limits = rows[i].limits;
		struct outcome o = run(&req);
		CHECK(o.result.status < 0 && (rows[i].want == 0 || o.result.status == rows[i].want),
			"%s: %d %s", rows[i].name, o.result.status, o.result.error);
		CHECK(o.result.blob_fd == -1 && o.result.error[0] != '\0', "%s", rows[i].name);
		CHECK(o.ticks > 0 || rows[i].want != -ETIMEDOUT, "%s: the loop went on",
			rows[i].name);
		compile_result_free(&o.result);
	}
}

static void test_cancel(void)
{
	const char *path = write_heavy();
	const struct compile_request req = request_of(&path, 1);
	struct event_base *base = event_base_new();
	struct outcome o = {0};
	struct compile_job *job;

	CHECK(compile_job_start(base, &req, take, &o, &job) == 0, "start");
	compile_job_cancel(job);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, "the child is gone");
	event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(!o.done, "nobody is told");
	event_base_free(base);
}

static void test_report(void)
{
	static const struct {
		const char *name;
		const char *text;
		int want;
		uint32_t n;
	} rows[] = {
		{"nothing but the end", "end\t0\t5\t0\t0\n", 0, 0},
		{"a diag", "error\t3\t9\tf:1\ttext: x\nend\t22\t0\t1\t0\n", 0, 1},
		{"empty text", "warning\t3\t9\t\t\nend\t0\t0\t0\t1\n", 0, 1},
		{"empty", "", -EBADMSG, 0},
		{"no end", "error\t3\t9\tf\tt\n", -EBADMSG, 0},
		{"the end is cut", "end\t0\t5\t0\t0", -EBADMSG, 0},
		{"something after the end", "end\t0\t5\t0\t0\nx", -EBADMSG, 0},
		{"other level", "fatal\t3\t9\tf\tt\nend\t0\t5\t0\t0\n", -EBADMSG, 0},
		{"line is no number", "error\tx\t9\tf\tt\nend\t0\t5\t0\t0\n", -EBADMSG, 0},
		{"line beyond 32 bits", "error\t4294967296\t9\tf\tt\nend\t0\t5\t0\t0\n", -EBADMSG,
			0},
		{"negative", "error\t-1\t9\tf\tt\nend\t0\t5\t0\t0\n", -EBADMSG, 0},
		{"column missing", "error\t3\tf\tt\nend\t0\t5\t0\t0\n", -EBADMSG, 0},
		{"one column more", "error\t3\t9\tf\tt\tu\nend\t0\t5\t0\t0\n", -EBADMSG, 0},
		{"number missing", "end\t0\t5\t0\n", -EBADMSG, 0},
		{"no errno", "end\t5000\t5\t0\t0\n", -EBADMSG, 0},
		{"empty line", "\nend\t0\t5\t0\t0\n", -EBADMSG, 0},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct compile_report r = {0};
		int got = compile_report_parse(strdup(rows[i].text), strlen(rows[i].text), &r);
		CHECK(got == rows[i].want && r.n == rows[i].n, "%s: %d", rows[i].name, got);
		compile_report_free(&r);
	}
	// A NUL in the middle.
	struct compile_report r = {0};
	char *text = malloc(16);
	memcpy(text, "end\t0\t5\t0\t0\n\0x\n", 16);
	CHECK(compile_report_parse(text, 15, &r) == -EBADMSG, "a NUL");
}

static void test_report_truncated(void)
{
	static const char whole[] = "error\t3\t9\tf\tt\nwarning\t1\t2\tg\tu\nend\t22\t0\t1\t1\n";

	for (size_t n = 0; n < strlen(whole); n++) {
		struct compile_report r = {0};
		char *cut = malloc(n + 1);
		memcpy(cut, whole, n);
		cut[n] = '\0';
		CHECK(compile_report_parse(cut, n, &r) == -EBADMSG, "cut at %zu", n);
		compile_report_free(&r);
	}
}

static int index_file(const char *text, size_t len)
{
	int fd = memfd_create("index", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		abort();
	return fd;
}

static void test_index(void)
{
#define TEXT(s) s, sizeof(s) - 1
	static const struct {
		const char *name;
		const char *text;
		size_t len;
		int want;
		uint32_t n;
	} rows[] = {
		{"no rule", TEXT(""), 0, 0},
		{"two", TEXT("1\t9\t1\ts\t\tm\n1\t2\t1\ts\tx\tm\n"), 0, 2},
		{"largest", TEXT("4294967295\t4294967295\t4294967295\t\t\t\n"), 0, 1},
		{"no newline", TEXT("1\t9\t1\ts\t\tm"), -EBADMSG, 0},
		{"column missing", TEXT("1\t9\t1\ts\tm\n"), -EBADMSG, 0},
		{"column too many", TEXT("1\t9\t1\ts\t\tm\tz\n"), -EBADMSG, 0},
		{"no number", TEXT("1\tx\t1\ts\t\tm\n"), -EBADMSG, 0},
		{"empty line", TEXT("\n"), -EBADMSG, 0},
		{"a NUL", TEXT("1\t9\t1\ts\t\tm\n1\t\0\n"), -EBADMSG, 0},
		{"NULs", TEXT("\0\n\0\n"), -EBADMSG, 0},
	};
#undef TEXT

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct pattern_index *x = NULL;
		int fd = index_file(rows[i].text, rows[i].len);
		int got = pattern_index_read(fd, &x);
		CHECK(got == rows[i].want, "%s: %d", rows[i].name, got);
		CHECK((x != NULL ? x->n : 0) == rows[i].n, "%s: rules", rows[i].name);
		CHECK(x == NULL || x->n < 2 || x->entries[0].sid < x->entries[1].sid, "%s: sorted",
			rows[i].name);
		pattern_index_free(x);
		close(fd);
	}
	CHECK(pattern_index_find(NULL, 1, 2, 3) == NULL, "no index");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"good", test_good},
		{"bad", test_bad},
		{"limits", test_limits},
		{"cancel", test_cancel},
		{"report", test_report},
		{"report, truncated", test_report_truncated},
		{"index", test_index},
		CU_TEST_INFO_NULL,
	};
	static const char *const names[] = {"good", "a", "b", "wrong", "heavy"};
	char path[128];

	if (mkdtemp(dir) == NULL)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	int failed = check_main("compile_job", tests);
	for (size_t i = 0; i < ROWS(names); i++) {
		snprintf(path, sizeof(path), "%s/%s.rules", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
	return failed;
}
