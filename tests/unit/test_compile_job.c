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

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define NEW "compiled\t\n"
#define END "end\t0\t5\t0\t0\t1\n"

static const struct {
	const char *name;
	const char *text;
	int want;
	uint32_t n;
} reports[] = {
	{"nothing but the end", NEW END, 0, 0},
	{"from the cache", "cached\t" DIGEST "\n" END, 0, 0},
	{"in memory", "held\t" DIGEST "\n" END, 0, 0},
	{"a foreign file", "foreign\t" DIGEST "\n" END, 0, 0},
	{"compiled, with a name", "compiled\t" DIGEST "\n" END, 0, 0},
	{"files", NEW "file\ta b\nfile\t\n" END, 0, 0},
	{"a diag", NEW "error\t3\t9\tf:1\ttext: x\nend\t22\t0\t1\t0\t1\n", 0, 1},
	{"empty text", NEW "warning\t3\t9\t\t\nend\t0\t0\t0\t1\t1\n", 0, 1},
	{"empty", "", -EBADMSG, 0},
	{"no first line", END, -EBADMSG, 0},
	{"unknown origin", "bought\t\n" END, -EBADMSG, 0},
	{"no digest column", "compiled\n" END, -EBADMSG, 0},
	{"cached without a name", "cached\t\n" END, -EBADMSG, 0},
	{"digest too short", "cached\t0011\n" END, -EBADMSG, 0},
	{"digest too long", "cached\t" DIGEST "00\n" END, -EBADMSG, 0},
	{"digest in capitals",
		"cached\tAA112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n" END,
		-EBADMSG, 0},
	{"file without a name", NEW "file\n" END, -EBADMSG, 0},
	{"file with a column more", NEW "file\ta\tb\n" END, -EBADMSG, 0},
	{"no end", NEW "error\t3\t9\tf\tt\n", -EBADMSG, 0},
	{"the end is cut", NEW "end\t0\t5\t0\t0\t1", -EBADMSG, 0},
	{"something after the end", NEW END "x", -EBADMSG, 0},
	{"other level", NEW "fatal\t3\t9\tf\tt\n" END, -EBADMSG, 0},
	{"line is no number", NEW "error\tx\t9\tf\tt\n" END, -EBADMSG, 0},
	{"line beyond 32 bits", NEW "error\t4294967296\t9\tf\tt\n" END, -EBADMSG, 0},
	{"negative", NEW "error\t-1\t9\tf\tt\n" END, -EBADMSG, 0},
	{"column missing", NEW "error\t3\tf\tt\n" END, -EBADMSG, 0},
	{"one column more", NEW "error\t3\t9\tf\tt\tu\n" END, -EBADMSG, 0},
	{"number missing", NEW "end\t0\t5\t0\t0\n", -EBADMSG, 0},
	{"no errno", NEW "end\t5000\t5\t0\t0\t1\n", -EBADMSG, 0},
	{"empty line", NEW "\n" END, -EBADMSG, 0},
};

static bool stored(struct event_base *base, struct cache *cache, uint64_t n)
{
	const struct timeval period = {.tv_usec = 10000};

	for (unsigned i = 0; i < 1000 && cache_counts(cache).stored < n; i++) {
		event_base_loopexit(base, &period);
		event_base_loop(base, EVLOOP_ONCE);
	}
	return cache_counts(cache).stored == n;
}

static struct outcome run_with(struct event_base *base, const struct compile_request *req)
{
	struct outcome o = {.result = {.blob_fd = -1}};
	struct compile_job *job;

	CHECK(compile_job_start(base, req, take, &o, &job) == 0, "start");
	for (unsigned i = 0; i < 20000 && !o.done; i++)
		event_base_loop(base, EVLOOP_ONCE);
	return o;
}

static bool same_bytes(const struct compile_result *a, const struct compile_result *b)
{
	bool same = a->blob_len == b->blob_len;
	void *x = mmap(NULL, a->blob_len, PROT_READ, MAP_PRIVATE, a->blob_fd, 0);
	void *y = mmap(NULL, b->blob_len, PROT_READ, MAP_PRIVATE, b->blob_fd, 0);

	same = same && memcmp(x, y, a->blob_len) == 0;
	munmap(x, a->blob_len);
	munmap(y, b->blob_len);
	return same;
}

// The one file of a set becomes a byte longer.
static void damage(const char *folder)
{
	char command[512];

	snprintf(command, sizeof(command), "for f in %s/*.set; do printf x >>$f; done", folder);
	CHECK(system(command) == 0, "damaged");
}

static void test_cached(void)
{
	char rule[] = "drop tls any any -> any any (msg:\"m\"; tls.sni; "
		      "content:\"a.example\"; sid:7; rev:3;)\n";
	struct event_base *base = event_base_new();
	char folder[128], command[256];
	struct cache *cache = NULL;

	snprintf(folder, sizeof(folder), "%s/state/cache", dir);
	CHECK(cache_open(base, folder, &cache) == 0, "open");
	const char *path = write_rules("good.rules", rule);
	struct compile_request req = request_of(&path, 1);
	req.cache = cache;

	struct outcome first = run_with(base, &req);
	CHECK(first.result.status == 0 && first.result.report.found == CACHE_NONE, "compiled");
	CHECK(stored(base, cache, 1), "and kept");
	struct outcome second = run_with(base, &req);
	const struct compile_report *report = &second.result.report;
	CHECK(second.result.status == 0 && report->found == CACHE_HIT, "from the cache: %s",
		second.result.error);
	CHECK(same_bytes(&first.result, &second.result), "the same artefact");
	CHECK((fcntl(second.result.blob_fd, F_GET_SEALS) & F_SEAL_WRITE) != 0, "sealed");
	CHECK(second.result.index != NULL && second.result.index->n == 1, "its rule");
	CHECK(report->n_warnings == 1 && report->n == 1 && report->n_rules == 1, "its warning");
	CHECK(report->n_names == 1 && strcmp(report->names[0], path) == 0, "its file");

	req.held = (const uint8_t(*)[32])report->digest;
	req.n_held = 1;
	struct outcome held = run_with(base, &req);
	CHECK(held.result.status == 0 && held.result.report.found == CACHE_HELD &&
			memcmp(held.result.report.digest, report->digest, 32) == 0,
		"the daemon has it");
	CHECK(held.result.blob_fd < 0 && held.result.index == NULL, "so it gets a name only");
	compile_result_free(&held.result);
	req.n_held = 0;

	damage(folder);
	struct outcome third = run_with(base, &req);
	CHECK(third.result.status == 0 && third.result.report.found == CACHE_FOREIGN,
		"a damaged file is compiled anew");
	CHECK(stored(base, cache, 2), "and replaced");
	struct outcome fourth = run_with(base, &req);
	CHECK(fourth.result.report.found == CACHE_HIT, "which is good again");

	rule[strlen(rule) - 4] = '4'; // rev
	write_rules("good.rules", rule);
	struct outcome fifth = run_with(base, &req);
	CHECK(fifth.result.report.found == CACHE_NONE, "another byte, another set");
	const struct cache_counts n = cache_counts(cache);
	CHECK(n.hits == 3 && n.misses == 3 && n.foreign == 1 && n.failed == 0, "counted");
	stored(base, cache, 3);

	compile_result_free(&first.result);
	compile_result_free(&second.result);
	compile_result_free(&third.result);
	compile_result_free(&fourth.result);
	compile_result_free(&fifth.result);
	cache_close(cache);
	event_base_free(base);
	snprintf(command, sizeof(command), "rm -r %s/state", dir);
	CHECK(system(command) == 0, "removed");
}

// A set with mistakes is compiled each time.
static void test_bad_not_cached(void)
{
	struct event_base *base = event_base_new();
	char folder[128], command[256];
	struct cache *cache = NULL;

	snprintf(folder, sizeof(folder), "%s/state", dir);
	CHECK(cache_open(base, folder, &cache) == 0, "open");
	const char *path = write_rules("wrong.rules", "alert nonsense\n");
	struct compile_request req = request_of(&path, 1);
	req.cache = cache;
	for (unsigned i = 0; i < 2; i++) {
		struct outcome o = run_with(base, &req);
		CHECK(o.result.status < 0 && o.result.report.n_errors == 1, "told each time");
		compile_result_free(&o.result);
	}
	CHECK(cache_counts(cache).misses == 2 && cache_counts(cache).stored == 0, "counted");
	cache_close(cache);
	event_base_free(base);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK(system(command) == 0, "removed");
}

static void test_report(void)
{
	for (size_t i = 0; i < ROWS(reports); i++) {
		struct compile_report r = {0};
		int got =
			compile_report_parse(strdup(reports[i].text), strlen(reports[i].text), &r);
		CHECK(got == reports[i].want && r.n == reports[i].n, "%s: %d", reports[i].name,
			got);
		compile_report_free(&r);
	}
	// A NUL in the middle.
	struct compile_report r = {0};
	char *text = malloc(32);
	memcpy(text, NEW END "\0x\n", sizeof(NEW END "\0x\n"));
	CHECK(compile_report_parse(text, sizeof(NEW END "\0x\n") - 1, &r) == -EBADMSG, "a NUL");
}

// More names than a report has.
static void test_report_files(void)
{
	for (unsigned more = 0; more < 2; more++) {
		size_t n = COMPILE_FILES_MAX + more, at = strlen(NEW);
		char *text = malloc(n * 7 + 64);
		struct compile_report r = {0};
		memcpy(text, NEW, at);
		for (size_t i = 0; i < n; i++)
			at += (size_t)sprintf(text + at, "file\tx\n");
		at += (size_t)sprintf(text + at, END);
		int got = compile_report_parse(text, at, &r);
		CHECK(got == (more ? -EBADMSG : 0), "%zu files: %d", n, got);
		CHECK(more || (r.n_names == n && strcmp(r.names[n - 1], "x") == 0), "names");
		compile_report_free(&r);
	}
}

static void test_report_truncated(void)
{
	static const char whole[] = "cached\t" DIGEST "\nfile\tf\nerror\t3\t9\tf\tt\n"
				    "warning\t1\t2\tg\tu\nend\t22\t0\t1\t1\t1\n";

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
		{"from the cache", test_cached},
		{"mistakes are not cached", test_bad_not_cached},
		{"report", test_report},
		{"report, files", test_report_files},
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
