#include "control/sinks/eve.h"
#include "dataplane/api/counters.h"
#include "tests/unit/check.h"
#include "tests/unit/event_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static long long number(json_t *in, const char *key)
{
	json_t *v = json_object_get(in, key);
	return json_is_integer(v) ? json_integer_value(v) : -1;
}

static void test_stats(void)
{
	char path[] = "/tmp/sealwatch-eve.XXXXXX";
	uint64_t counters[CTR_COUNT], invalid = 0;
	struct eve_writer *w = NULL;

	for (unsigned i = 0; i < CTR_COUNT; i++)
		counters[i] = 1ull << i % 60;
	for (unsigned i = CTR_LINK_TRUNCATED; i <= CTR_TUNNEL_BAD; i++)
		invalid += counters[i];
	close(mkstemp(path));
	CHECK(eve_open(path, &w) == 0, "open");
	CHECK(eve_write_stats(w, 1000, 77, counters) == 0 && eve_close(w) == 0, "written");
	json_t *j = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	json_t *stats = json_object_get(j, "stats");
	json_t *all = json_object_get(json_object_get(j, "sealwatch"), "counters");
	json_t *decoder = json_object_get(stats, "decoder");
	CHECK(strcmp(json_string_value(json_object_get(j, "event_type")), "stats") == 0, "type");
	CHECK(number(stats, "uptime") == 77, "uptime");
	CHECK(number(decoder, "pkts") == (long long)counters[CTR_RX_PACKETS], "pkts");
	CHECK(number(decoder, "invalid") == (long long)invalid, "all that is bad");
	CHECK(number(json_object_get(stats, "detect"), "alert") == (long long)counters[CTR_ALERTS],
		"alerts");
	for (unsigned i = 0; i < CTR_COUNT; i++)
		CHECK(number(all, counter_table[i].name) == (long long)counters[i], "%s",
			counter_table[i].name);
	CHECK(json_object_size(all) == CTR_COUNT, "each counter");
	json_decref(j);
	unlink(path);
}

// The longest that can be: all bytes are written as six characters.
static void test_longest(void)
{
	static uint8_t text[EVENT_RECORD_MAX - sizeof(struct event_head) - 4];
	static struct maker m;
	struct eve_writer *w = NULL;

	make(&m, EVENT_ALERT, IPPROTO_TCP);
	memset(text, 1, sizeof(text));
	put_value(&m, TAG_METADATA, text, sizeof(text));
	done(&m);
	CHECK(m.len == EVENT_RECORD_MAX, "%u", m.len);
	CHECK(eve_open("/dev/null", &w) == 0, "open");
	CHECK(eve_write(w, m.data, m.len) == 0 && eve_flush(w) == 0, "fits");
	CHECK(eve_stats(w)->written == 1, "written");
	eve_close(w);
}

static void test_files(void)
{
	char path[] = "/tmp/sealwatch-eve.XXXXXX";
	struct eve_writer *w = NULL;
	struct stat st;
	struct maker m;

	close(mkstemp(path));
	CHECK(eve_open("/nonexistent/x", &w) == -ENOENT, "no directory");
	CHECK(eve_open("/tmp", &w) == -EISDIR, "a directory");
	unlink(path);
	umask(0);
	CHECK(eve_open(path, &w) == 0 && stat(path, &st) == 0, "open");
	CHECK((st.st_mode & 07777) == 0640, "not for others");
	make_tx(&m, APP_TLS, IPPROTO_TCP);
	done(&m);
	for (unsigned i = 0; i < 5000; i++)
		CHECK(eve_write(w, m.data, m.len) == 0, "write");
	CHECK(eve_write(w, "x", 1) == -EBADMSG, "nonsense");
	CHECK(eve_flush(w) == 0 && eve_stats(w)->written == 5000 && eve_stats(w)->bad == 1,
		"counted");
	CHECK(eve_close(w) == 0, "close");
	CHECK(stat(path, &st) == 0 && st.st_size > 5000 * 100, "all is there");
	off_t size = st.st_size;
	CHECK(eve_open(path, &w) == 0 && eve_write(w, m.data, m.len) == 0 && eve_close(w) == 0,
		"opened again");
	CHECK(stat(path, &st) == 0 && st.st_size == size + size / 5000, "what was there stays");
	unlink(path);
}

// A full disk is said once, and once that it is over, however many records come in between.
static void test_said_once(void)
{
	char path[] = "/tmp/sealwatch-log.XXXXXX";
	int log = mkstemp(path), err = dup(STDERR_FILENO);
	struct eve_writer *w = NULL;
	char text[4096] = "";
	struct maker m;

	make_tx(&m, APP_TLS, IPPROTO_TCP);
	done(&m);
	dup2(log, STDERR_FILENO);
	CHECK(eve_open("/dev/full", &w) == 0, "a full disk opens");
	for (unsigned i = 0; i < 10; i++) {
		CHECK(eve_write(w, m.data, m.len) == 0, "taken");
		CHECK(eve_flush(w) == -ENOSPC, "and not written");
	}
	CHECK(eve_stats(w)->failed == 10 && eve_stats(w)->written == 0, "counted");
	CHECK(eve_stats(w)->last_errno == ENOSPC, "why");
	eve_close(w);
	dup2(err, STDERR_FILENO);
	CHECK(pread(log, text, sizeof(text) - 1, 0) > 0, "said");
	CHECK(strchr(text, '\n') == text + strlen(text) - 1, "once: %s", text);
	close(log);
	close(err);
	unlink(path);
}

// A limit on the file's size cuts a write in the middle of a line, as a full disk does: what stays
// are whole lines.
static void test_no_half_line(void)
{
	char path[] = "/tmp/sealwatch-eve.XXXXXX";
	struct rlimit before, limit;
	struct eve_writer *w = NULL;
	char text[4096];
	struct maker m;

	close(mkstemp(path));
	make_tx(&m, APP_TLS, IPPROTO_TCP);
	done(&m);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = 1000;
	CHECK(eve_open(path, &w) == 0 && setrlimit(RLIMIT_FSIZE, &limit) == 0, "a limit");
	for (unsigned i = 0; i < 20; i++)
		eve_write(w, m.data, m.len);
	CHECK(eve_flush(w) == -EFBIG, "does not fit");
	setrlimit(RLIMIT_FSIZE, &before);
	uint64_t written = eve_stats(w)->written;
	CHECK(written > 0 && written + eve_stats(w)->failed == 20, "each line is one or the other");
	eve_write(w, m.data, m.len);
	CHECK(eve_close(w) == 0, "and goes on");

	FILE *f = fopen(path, "r");
	uint64_t lines = 0;
	while (fgets(text, sizeof(text), f) != NULL) {
		json_t *j = json_loads(text, 0, NULL);
		CHECK(j != NULL, "line %llu is whole", (unsigned long long)lines);
		json_decref(j);
		lines++;
	}
	fclose(f);
	CHECK(lines == written + 1, "%llu lines", (unsigned long long)lines);
	unlink(path);
}

// What is in the pipe, to its end or to `most` bytes.
static void take(int fd, char *text, size_t *len, size_t most)
{
	ssize_t n = 1;

	for (; most > 0 && n > 0; most -= (size_t)n) {
		n = read(fd, text + *len, most);
		n = n > 0 ? n : 0;
		*len += (size_t)n;
	}
}

// Lines of a pipe that is full are lost whole: a line of which the begin went out is finished first.
static void test_pipe(void)
{
	static struct maker m;
	struct eve_writer *w = NULL;
	int fds[2], out = dup(STDOUT_FILENO);
	char name[300], *text = calloc(1, 1 << 20); // more than all lines
	size_t len = 0, lines = 0;

	fflush(stdout);
	CHECK(pipe(fds) == 0 && fcntl(fds[1], F_SETPIPE_SZ, 4096) > 0, "a pipe");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	dup2(fds[1], STDOUT_FILENO);
	CHECK(eve_open("-", &w) == 0, "open");
	dup2(out, STDOUT_FILENO);
	make_tx(&m, APP_TLS, IPPROTO_TCP);
	memset(name, 'a', sizeof(name));
	put_value(&m, FIELD_TLS_SNI, name, sizeof(name));
	done(&m);
	for (unsigned turn = 0; turn < 40; turn++) {
		for (unsigned i = 0; i < 9; i++)
			eve_write(w, m.data, m.len);
		eve_flush(w);
		// Read too little, so that the pipe is full for most of the turns.
		if (turn % 4 != 0)
			take(fds[0], text, &len, turn * 71);
	}
	do {
		take(fds[0], text, &len, 4096);
	} while (eve_flush(w) < 0);
	take(fds[0], text, &len, 4096);
	CHECK(eve_stats(w)->failed > 0, "some were lost");
	CHECK(eve_stats(w)->written + eve_stats(w)->failed == 360, "and all are counted");
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
		json_t *j = json_loads(line, 0, NULL);
		CHECK(j != NULL, "line %zu is whole", lines);
		json_decref(j);
	}
	CHECK(lines == eve_stats(w)->written, "%zu lines", lines);
	eve_close(w);
	close(fds[0]);
	close(fds[1]);
	close(out);
	free(text);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"stats", test_stats},
		{"the longest line", test_longest},
		{"files", test_files},
		{"a full disk is said once", test_said_once},
		{"no half line", test_no_half_line},
		{"a full pipe", test_pipe},
		CU_TEST_INFO_NULL,
	};
	return check_main("eve_writer", tests);
}
