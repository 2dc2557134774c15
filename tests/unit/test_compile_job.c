// The compile child and what it hands back, real rules through the real compiler.

#include "control/compile_job.h"
#include "patterns/swdb.h"
#include "tests/unit/compile_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define X16 "0123456789abcdef"
#define DIGEST X16 X16 X16 X16 X16 X16 X16

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
		CHECK(r->report.n > 0 && r->report.diags[0].level == DIAG_ERROR &&
				(rows[i].line == 0 || r->report.diags[0].line == rows[i].line),
			"%s: line", rows[i].name);
		CHECK(r->blob_fd == -1 && r->index == NULL, "%s: nothing to load", rows[i].name);
		compile_result_free(r);
	}
}

// The database of countries is read in the child, and found as the configuration says.
static void test_countries(void)
{
	char database[128];

	snprintf(database, sizeof(database), "%s", write_rules("countries", "1,2,DE\n"));
	const char *path =
		write_rules("listed.rules", "alert ip any any -> any any (geoip:src,DE; sid:1;)\n");
	struct compile_request req = request_of(&path, 1);
	req.geoip_database = database;
	struct outcome o = run(&req);
	CHECK(o.result.status == 0 && o.result.report.n_warnings == 0, "%s", o.result.error);
	compile_result_free(&o.result);
	req.geoip_database = "";
	o = run(&req);
	CHECK(o.result.status < 0 && o.result.report.n == 1 &&
			strstr(o.result.report.diags[0].text, "tor-geoipdb") != NULL,
		"%s", o.result.error);
	compile_result_free(&o.result);
	unlink(database);
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

static char rule[] = "drop tls any any -> any any (msg:\"m\"; tls.sni; "
		     "content:\"a.example\"; sid:7; rev:3;)\n";

static void check_hit(
	const struct compile_result *first, const struct compile_result *again, const char *path)
{
	const struct compile_report *report = &again->report;

	CHECK(again->status == 0 && report->found == CACHE_HIT, "from the cache: %s", again->error);
	CHECK(same_bytes(first, again), "the same artefact");
	CHECK((fcntl(again->blob_fd, F_GET_SEALS) & F_SEAL_WRITE) != 0, "sealed");
	CHECK(again->index != NULL && again->index->n == 1, "its rule");
	CHECK(report->n_warnings == 1 && report->n == 1 && report->n_rules == 1, "its warning");
	CHECK(report->n_names == 1 && strcmp(report->names[0], path) == 0, "its file");
}

static void check_held(
	struct event_base *base, struct compile_request req, const struct compile_result *first)
{
	req.held = &first->report.digest;
	req.n_held = 1;
	struct outcome o = run_with(base, &req);
	CHECK(o.result.status == 0 && o.result.report.found == CACHE_HELD &&
			memcmp(o.result.report.digest, first->report.digest, 32) == 0,
		"the daemon has it");
	CHECK(o.result.blob_fd < 0 && o.result.index == NULL, "so it gets a name only");
	compile_result_free(&o.result);
}

static enum cache_found found_now(struct event_base *base, const struct compile_request *req)
{
	struct outcome o = run_with(base, req);
	enum cache_found found = o.result.report.found;

	CHECK(o.result.status == 0, "%s", o.result.error);
	compile_result_free(&o.result);
	return found;
}

static void test_cached(void)
{
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
	check_hit(&first.result, &second.result, path);
	check_held(base, req, &first.result);

	damage(folder);
	CHECK(found_now(base, &req) == CACHE_FOREIGN, "a damaged file is compiled anew");
	CHECK(stored(base, cache, 2), "and replaced");
	CHECK(found_now(base, &req) == CACHE_HIT, "which is good again");
	rule[strlen(rule) - 4] = '4'; // rev
	write_rules("good.rules", rule);
	CHECK(found_now(base, &req) == CACHE_NONE, "another byte, another set");
	const struct cache_counts n = cache_counts(cache);
	CHECK(n.hits == 3 && n.misses == 3 && n.foreign == 1 && n.failed == 0, "counted");
	stored(base, cache, 3);

	compile_result_free(&first.result);
	compile_result_free(&second.result);
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

// A list that a rule loads is part of what the set's name in the cache says.
static void test_list_cached(void)
{
	struct event_base *base = event_base_new();
	char folder[128], command[256];
	struct cache *cache = NULL;

	snprintf(folder, sizeof(folder), "%s/state", dir);
	CHECK(cache_open(base, folder, &cache) == 0, "open");
	write_rules("list", "eA==\n");
	const char *path = write_rules("listed.rules",
		"alert http any any -> any any (http.host; dataset:isset,s,type string,load list; "
		"sid:1;)\n");
	struct compile_request req = request_of(&path, 1);
	req.cache = cache;

	CHECK(found_now(base, &req) == CACHE_NONE, "compiled");
	CHECK(stored(base, cache, 1), "and kept");
	CHECK(found_now(base, &req) == CACHE_HIT, "the same again");
	write_rules("list", "eQ==\n");
	path = write_rules("listed.rules",
		"alert http any any -> any any (http.host; dataset:isset,s,type string,load list; "
		"sid:1;)\n");
	CHECK(found_now(base, &req) == CACHE_NONE, "another list, another set");
	stored(base, cache, 2);
	cache_close(cache);
	event_base_free(base);
	snprintf(command, sizeof(command), "rm -r %s %s/list", folder, dir);
	CHECK(system(command) == 0, "removed");
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
		{"two",
			TEXT("1\t9\t1\ts\t\tm\t" DIGEST "\t\t2027-11-30\n1\t2\t1\ts\tx\tm\t" DIGEST
			     "\t\t2027-11-30\n"),
			0, 2},
		{"largest",
			TEXT("4294967295\t4294967295\t4294967295\t\t\t\t" DIGEST
			     "\t\t2027-11-30\n"),
			0, 1},
		{"no newline", TEXT("1\t9\t1\ts\t\tm"), -EBADMSG, 0},
		{"column missing", TEXT("1\t9\t1\ts\tm\t" DIGEST "\t\t2027-11-30\n"), -EBADMSG, 0},
		{"column too many", TEXT("1\t9\t1\ts\t\tm\t" DIGEST "\t\t\tz\n"), -EBADMSG, 0},
		{"digest missing", TEXT("1\t9\t1\ts\t\tm\n"), -EBADMSG, 0},
		{"digest too short", TEXT("1\t9\t1\ts\t\tm\t" X16 "\t\t\n"), -EBADMSG, 0},
		{"digest in capitals",
			TEXT("1\t9\t1\ts\t\tm\t0123456789ABCDEF" X16 X16 X16 X16 X16 X16 "\t\t\n"),
			-EBADMSG, 0},
		{"no number", TEXT("1\tx\t1\ts\t\tm\t" DIGEST "\t\t2027-11-30\n"), -EBADMSG, 0},
		{"empty line", TEXT("\n"), -EBADMSG, 0},
		{"a NUL", TEXT("1\t9\t1\ts\t\tm\t" DIGEST "\t\t2027-11-30\n1\t\0\n"), -EBADMSG, 0},
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
		{"countries", test_countries},
		{"limits", test_limits},
		{"cancel", test_cancel},
		{"from the cache", test_cached},
		{"mistakes are not cached", test_bad_not_cached},
		{"lists are part of it", test_list_cached},
		{"index", test_index},
		CU_TEST_INFO_NULL,
	};
	static const char *const names[] = {"good", "a", "b", "wrong", "heavy", "listed"};
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
