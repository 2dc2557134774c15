// A chain stays whole whatever stops the one who writes it, and tells what was changed.

#include "control/hash_chain.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/sealwatch-chain-XXXXXX";
static char path[64];

enum { WRITERS = 4, EACH = 500 };

static int add(struct hash_chain *c, int number)
{
	char hash[HASH_CHAIN_HEX];

	return hash_chain_add(c, json_pack("{s:s, s:i}", "what", "stored", "n", number), hash);
}

static void append_bytes(const char *bytes)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);

	CHECK(fd >= 0 && write(fd, bytes, strlen(bytes)) == (ssize_t)strlen(bytes), "%s", bytes);
	close(fd);
}

static void check_lines(const char *name, uint64_t want)
{
	char last[HASH_CHAIN_HEX];
	uint64_t lines;
	int err = hash_chain_check(path, &lines, last);

	CHECK(err == 0 && lines == want, "%s: %d, %d lines", name, err, (int)lines);
}

// A disk that takes only part of a line: nothing of it stays, and the next one fits.
static void test_short_write(void)
{
	struct rlimit before, few;
	struct hash_chain c;
	struct stat st;

	unlink(path);
	CHECK(hash_chain_open(path, &c) == 0 && add(&c, 1) == 0, "the first");
	stat(path, &st);
	getrlimit(RLIMIT_FSIZE, &before);
	few = (struct rlimit){.rlim_cur = (rlim_t)st.st_size + 10, .rlim_max = before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &few);
	CHECK(add(&c, 2) == -ENOSPC, "part of it");
	CHECK(add(&c, 2) == -ENOSPC, "again");
	setrlimit(RLIMIT_FSIZE, &before);
	check_lines("after the short write", 1);
	CHECK(add(&c, 2) == 0 && hash_chain_sync(&c) == 0, "when there is room");
	check_lines("at the end", 2);
	hash_chain_close(&c);
}

static void test_torn(void)
{
	static const struct {
		const char *name, *tail;
		int before; // lines
	} rows[] = {
		{"whole", "", 2},
		{"torn", "{\"what\":\"sto", 2},
		{"torn behind nothing", "{\"what\":\"sto", 0},
		{"a byte", "x", 1},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct hash_chain c;
		unlink(path);
		CHECK(hash_chain_open(path, &c) == 0, "%s", rows[i].name);
		for (int n = 0; n < rows[i].before; n++)
			CHECK(add(&c, n) == 0, "%s", rows[i].name);
		hash_chain_close(&c);
		append_bytes(rows[i].tail);
		int err = hash_chain_open(path, &c);
		CHECK(err == 0, "%s: %d", rows[i].name, err);
		if (err < 0)
			continue;
		CHECK(add(&c, 9) == 0, "%s", rows[i].name);
		hash_chain_close(&c);
		check_lines(rows[i].name, (uint64_t)rows[i].before + 1);
	}
}

static void add_some(int number)
{
	for (int i = 0; i < EACH; i++) {
		struct hash_chain c;
		if (hash_chain_open_shared(path, &c) < 0 || add(&c, number) < 0)
			_exit(1);
		hash_chain_close(&c);
	}
	_exit(0);
}

// Several at once, each a line at a time.
static void test_shared(void)
{
	pid_t pids[WRITERS];

	unlink(path);
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			add_some(i);
	}
	for (int i = 0; i < WRITERS; i++) {
		int status = 1;
		CHECK(waitpid(pids[i], &status, 0) == pids[i] && status == 0, "%d", i);
	}
	check_lines("several", WRITERS * EACH);
}

static void test_changed(void)
{
	static const struct {
		const char *name, *text;
		uint64_t line;
	} rows[] = {
		{"no JSON", "hello\n", 1},
		{"no digest", "{\"what\":\"stored\"}\n", 1},
		{"torn", "{", 1},
		{"an empty line", "\n", 1},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		char last[HASH_CHAIN_HEX];
		uint64_t lines;
		unlink(path);
		append_bytes(rows[i].text);
		CHECK(hash_chain_check(path, &lines, last) == -EBADMSG && lines == rows[i].line,
			"%s", rows[i].name);
	}
	char last[HASH_CHAIN_HEX];
	uint64_t lines;
	unlink(path);
	CHECK(hash_chain_check(path, &lines, last) == -ENOENT, "no file");
}

// A file that goes on from another; only its first line may.
static void test_continues(void)
{
	struct hash_chain first, second;
	char name[72], last[HASH_CHAIN_HEX], hash[HASH_CHAIN_HEX];
	uint64_t lines;

	unlink(path);
	snprintf(name, sizeof(name), "%s.new", path);
	CHECK(hash_chain_open(path, &first) == 0 && add(&first, 1) == 0, "the first");
	CHECK(hash_chain_continue(name, &first, "log", &second) == 0 && add(&second, 2) == 0,
		"goes on");
	CHECK(hash_chain_check(name, &lines, last) == 0 && lines == 2 &&
			strcmp(last, second.last) == 0,
		"whole");
	struct hash_chain again;
	CHECK(hash_chain_continue(name, &first, "log", &again) == -EEXIST, "once");
	hash_chain_close(&first);
	memset(second.last, 'a', HASH_CHAIN_HEX - 1);
	CHECK(hash_chain_add(&second, json_pack("{s:s}", "continues", "log"), hash) == 0, "later");
	CHECK(hash_chain_check(name, &lines, last) == -EBADMSG && lines == 3, "is told");
	hash_chain_close(&second);
	unlink(name);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"short write", test_short_write},
		{"torn", test_torn},
		{"shared", test_shared},
		{"changed", test_changed},
		{"continues", test_continues},
		CU_TEST_INFO_NULL,
	};

	signal(SIGXFSZ, SIG_IGN);
	if (mkdtemp(dir) == NULL)
		return 2;
	snprintf(path, sizeof(path), "%s/log", dir);
	int status = check_main("hash_chain", tests);
	unlink(path);
	rmdir(dir);
	return status;
}
