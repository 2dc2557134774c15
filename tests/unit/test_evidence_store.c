// What the store keeps, erases, and tells of what others did to it.

#include "control/evidence_journal.h"
#include "dataplane/base/clock.h"
#include "tests/unit/check.h"

#include <sodium.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_LEN = sizeof(struct evidence_head) + 20 + EVIDENCE_TAG_LEN };

static const uint64_t day_ns = 86400ull * 1000000000;
static char dir[] = "/tmp/sealwatch-store-XXXXXX";
static struct evidence_store store;
static struct purpose_store no_purposes;

static const char *path(const char *name)
{
	static char text[4][512];
	static unsigned n;

	n = (n + 1) % 4;
	snprintf(text[n], sizeof(text[n]), "%s/evidence/%s", dir, name);
	return text[n];
}

static const char *file_of(uint8_t id, const char *suffix)
{
	char name[64];

	for (unsigned i = 0; i < EVIDENCE_ID_LEN; i++)
		snprintf(name + 2 * i, sizeof(name) - 2 * i, "%02x", id);
	strcat(name, suffix);
	return path(name);
}

// Any bytes are as good as sealed ones: nobody opens them here.
static void make(uint8_t id, uint64_t wall_ns, uint8_t record[RECORD_LEN])
{
	struct evidence_head h = {.len = RECORD_LEN, .window_len = 20, .wall_ns = wall_ns};
	crypto_generichash_state state;

	memcpy(h.magic, EVIDENCE_MAGIC, sizeof(h.magic));
	memset(h.id, id, sizeof(h.id));
	strcpy(h.purpose, "forms");
	strcpy(h.class_name, "id.cn");
	memset(record, id, RECORD_LEN);
	crypto_generichash_init(&state, NULL, 0, sizeof(h.hash));
	crypto_generichash_update(&state, (const uint8_t *)&h, EVIDENCE_HASHED_LEN);
	crypto_generichash_update(&state, record + sizeof(h), RECORD_LEN - sizeof(h));
	crypto_generichash_final(&state, h.hash, sizeof(h.hash));
	memcpy(record, &h, sizeof(h));
}

static void put(uint8_t id, uint64_t age_ns)
{
	uint8_t record[RECORD_LEN];

	make(id, clock_wall_ns() - age_ns, record);
	evidence_store_put(&store, record, RECORD_LEN);
}

static void clear(void)
{
	DIR *d = opendir(path("."));

	for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] != '.' && unlink(path(e->d_name)) < 0)
			rmdir(path(e->d_name));
	}
	if (d != NULL)
		closedir(d);
}

static void open_again(void)
{
	evidence_store_close(&store);
	evidence_store_open(&store, dir);
}

static void begin(unsigned records, uint64_t age_ns)
{
	evidence_store_close(&store);
	clear();
	evidence_store_open(&store, dir);
	for (unsigned i = 1; i <= records; i++)
		put((uint8_t)i, age_ns);
	CHECK(store.n == records && store.err == 0, "%u records, %d", store.n, store.err);
}

// What verify tells of the record; "": nothing.
static const char *fault(uint8_t id)
{
	static char why[128];
	json_t *v = evidence_store_verify(&store);
	char hex[3];
	const json_t *row;
	size_t i;

	why[0] = '\0';
	snprintf(hex, sizeof(hex), "%02x", id);
	json_array_foreach(json_object_get(v, "damaged"), i, row)
	{
		if (strncmp(json_string_value(json_object_get(row, "id")), hex, 2) == 0)
			snprintf(why, sizeof(why), "%s",
				json_string_value(json_object_get(row, "why")));
	}
	json_decref(v);
	return why;
}

static bool whole(void)
{
	json_t *v = evidence_store_verify(&store);
	bool yes = json_is_true(json_object_get(v, "journal_whole"));

	json_decref(v);
	return yes;
}

// One that can not be erased (its key is no file) or whose key is gone does not keep back the others.
static void test_expire(void)
{
	begin(20, 40 * day_ns);
	for (uint8_t id = 1; id <= 8; id++)
		CHECK(unlink(file_of(id, ".key")) == 0 &&
				(id == 1 || mkdir(file_of(id, ".key"), 0700) == 0),
			"%d", id);
	open_again();
	CHECK(store.n == 20, "also those whose key is gone are there: %u", store.n);
	for (unsigned i = 0; i < 4; i++)
		evidence_store_expire(&store, &no_purposes, clock_wall_ns());
	CHECK(store.n == 7, "what can be erased is: %u", store.n);
	CHECK(access(file_of(1, ".swev"), F_OK) < 0 && access(file_of(20, ".swev"), F_OK) < 0,
		"its files");
	CHECK(whole(), "the journal");
	open_again();
	CHECK(store.n == 7, "and stays so: %u", store.n);
}

static void test_at_once(void)
{
	begin(20, 40 * day_ns);
	evidence_store_expire(&store, &no_purposes, clock_wall_ns());
	CHECK(store.n == 20 - EVIDENCE_EXPIRE_AT_ONCE, "%u", store.n);
	begin(3, 0);
	open_again();
	evidence_store_expire(&store, &no_purposes, clock_wall_ns());
	CHECK(store.n == 3, "young ones stay");
}

// The time that counts is the record's: touching its file neither keeps nor erases it.
static void test_time(void)
{
	static const struct {
		const char *name;
		int64_t age_days, file_age_days;
		uint32_t want;
	} rows[] = {
		{"old, and its file as well", 40, 40, 0},
		{"old, its file touched", 40, 0, 0},
		{"young, its file from a backup", 0, 40, 1},
		{"sealed when the clock was wrong: its file", -4000, 40, 0},
		{"likewise", -4000, 1, 1},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint64_t now = clock_wall_ns();
		begin(1, (uint64_t)rows[i].age_days * day_ns);
		time_t at = (time_t)((now - (uint64_t)rows[i].file_age_days * day_ns) / 1000000000);
		const struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};
		CHECK(utimensat(AT_FDCWD, file_of(1, ".swev"), times, 0) == 0, "%s", rows[i].name);
		open_again();
		evidence_store_expire(&store, &no_purposes, now);
		CHECK(store.n == rows[i].want, "%s: %u", rows[i].name, store.n);
	}
}

// A journal that can not be written: nothing new, but what is there is listed, expires, is erased.
static void test_no_journal(void)
{
	json_t *certificate = NULL;

	begin(3, 0);
	evidence_store_close(&store);
	CHECK(unlink(path("journal")) == 0 && mkdir(path("journal"), 0700) == 0, "no file");
	evidence_store_open(&store, dir);
	CHECK(store.err < 0 && store.n == 3, "%d, %u records", store.err, store.n);
	put(9, 0);
	CHECK(store.n == 3 && store.failed == 1, "nothing new");
	CHECK(evidence_store_erase(&store, 0, 7, "asked for", &certificate) == 0, "erased");
	CHECK(json_is_null(json_object_get(certificate, "journal")) &&
			json_is_string(json_object_get(certificate, "journal_error")),
		"the certificate says so");
	json_decref(certificate);
	evidence_store_expire(&store, &no_purposes, clock_wall_ns() + 400 * day_ns);
	CHECK(store.n == 0, "expired: %u", store.n);
	CHECK(!whole(), "verify says so, too");
}

static void test_erase(void)
{
	json_t *certificate = NULL, *line;
	char text[4096] = "", *save = NULL;
	FILE *f;

	begin(2, 0);
	CHECK(evidence_store_erase(&store, 0, 7, "asked for", &certificate) == 0 && store.n == 1,
		"erased");
	CHECK(strcmp(json_string_value(json_object_get(certificate, "journal")),
		      store.journal.last) == 0,
		"the journal's line");
	json_decref(certificate);
	f = fopen(path("journal"), "r");
	CHECK(f != NULL && fread(text, 1, sizeof(text) - 1, f) > 0, "the journal");
	if (f != NULL)
		fclose(f);
	static const char *const want[] = {"stored", "stored", "erasing", "erased"};
	char *at = strtok_r(text, "\n", &save);
	for (size_t i = 0; i < ROWS(want); i++, at = strtok_r(NULL, "\n", &save)) {
		line = at != NULL ? json_loads(at, 0, NULL) : NULL;
		const char *what = json_string_value(json_object_get(line, "what"));
		CHECK(what != NULL && strcmp(what, want[i]) == 0, "%zu: %s", i, want[i]);
		json_decref(line);
	}
	CHECK(fault(1)[0] == '\0' && fault(2)[0] == '\0' && whole(), "nothing is missing");
}

static void write_bytes(const char *name, int how, const void *p, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | how, 0600);

	CHECK(fd >= 0 && write(fd, p, len) == (ssize_t)len, "%s", name);
	close(fd);
}

// What was done to the store while no daemon was there.
static void test_verify(void)
{
	uint8_t record[RECORD_LEN], key[56] = {0};

	begin(6, 0);
	evidence_store_close(&store);
	unlink(file_of(1, ".key"));
	unlink(file_of(1, ".swev"));
	unlink(file_of(2, ".key"));
	// Another's files under this name.
	CHECK(rename(file_of(4, ".key"), file_of(3, ".key")) == 0 &&
			rename(file_of(4, ".swev"), file_of(3, ".swev")) == 0,
		"renamed");
	// One that was not stored; one in place of what was: both of them well made, but for the wrap.
	make(7, clock_wall_ns(), record);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t id = i == 0 ? 7 : 5,
			*shares = record + offsetof(struct evidence_head, shares);
		make(id, 12345, record);
		crypto_stream_xchacha20_xor(
			shares, shares, EVIDENCE_KEYS * EVIDENCE_SHARE_LEN, key, key + 24);
		write_bytes(file_of(id, ".key"), O_TRUNC, key, sizeof(key));
		write_bytes(file_of(id, ".swev"), O_TRUNC, record, sizeof(record));
	}
	evidence_store_open(&store, dir);
	static const struct {
		uint8_t id;
		const char *want;
	} rows[] = {
		{1, "missing"},
		{2, "its key"},
		{3, "missing"},
		{4, "missing"},
		{5, "another one"},
		{6, ""},
		{7, "the journal does not have it"},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *why = fault(rows[i].id);
		CHECK(strstr(why, rows[i].want) != NULL &&
				(rows[i].want[0] != '\0') == (why[0] != '\0'),
			"%d: %s", rows[i].id, why);
	}
	CHECK(whole(), "the journal is");
	// Under our feet: a file of another's, and a journal that is cut at its end.
	unlink(file_of(6, ".swev"));
	CHECK(link(file_of(5, ".swev"), file_of(6, ".swev")) == 0, "%s", strerror(errno));
	CHECK(strstr(fault(6), "not what was sealed") != NULL, "%s", fault(6));
	char text[65536];
	int fd = open(path("journal"), O_RDWR);
	ssize_t n = read(fd, text, sizeof(text));
	const char *end = n > 1 ? memrchr(text, '\n', (size_t)n - 1) : NULL;
	CHECK(end != NULL && ftruncate(fd, end - text + 1) == 0, "its last line is taken away");
	close(fd);
	CHECK(!whole(), "that is told");
}

static void test_no_store(void)
{
	struct evidence_store none;

	evidence_store_open(&none, NULL);
	json_t *v = evidence_store_verify(&none);
	CHECK(json_is_string(json_object_get(v, "error")) &&
			json_object_get(v, "journal_whole") == NULL,
		"no store, no verdict");
	json_decref(v);
	evidence_store_close(&none);
}

// A long journal goes on in a new file that has all there is to know.
static void test_long_journal(void)
{
	char first[HASH_CHAIN_HEX], last[HASH_CHAIN_HEX], name[64], hash[HASH_CHAIN_HEX];
	struct stat st;
	uint64_t lines;

	begin(3, 0);
	unlink(file_of(2, ".swev"));
	while (store.journal.end < EVIDENCE_JOURNAL_MAX &&
		evidence_journal_note(&store, "exported", &store.items[0], 7, "asked for", hash) ==
			0)
		;
	memcpy(first, store.journal.last, sizeof(first));
	put(4, 0);
	CHECK(stat(path("journal"), &st) == 0 && st.st_size < 4096, "it is short: %ld",
		(long)st.st_size);
	snprintf(name, sizeof(name), "journal-%.16s", first);
	CHECK(hash_chain_check(path(name), &lines, last) == 0 && strcmp(first, last) == 0,
		"the old one is whole");
	CHECK(hash_chain_check(path("journal"), &lines, last) == 0 && lines == 5, "%d lines",
		(int)lines);
	open_again();
	CHECK(store.n == 3 && whole() && fault(1)[0] == '\0' && fault(4)[0] == '\0',
		"all is known");
	CHECK(strstr(fault(2), "missing") != NULL, "also what was missing before");
}

// When what is to be taken over is long itself, there is not a new file for every line.
static void test_longer_journal(void)
{
	char hash[HASH_CHAIN_HEX];
	unsigned files = 0;

	begin(1, 0);
	struct evidence_item gone = store.items[0];
	for (uint32_t i = 0; i < 30000; i++) {
		memcpy(gone.head.id, &i, sizeof(i));
		CHECK(evidence_journal_note(&store, "stored", &gone, 7, "test", hash) == 0, "%u",
			i);
	}
	DIR *d = opendir(path("."));
	for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		files += strncmp(e->d_name, "journal", 7) == 0;
	if (d != NULL)
		closedir(d);
	CHECK(files == 2, "%u files", files);
	CHECK(whole(), "and whole");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"expire", test_expire},
		{"at once", test_at_once},
		{"time", test_time},
		{"no journal", test_no_journal},
		{"erase", test_erase},
		{"verify", test_verify},
		{"no store", test_no_store},
		{"long journal", test_long_journal},
		{"longer journal", test_longer_journal},
		CU_TEST_INFO_NULL,
	};

	if (sodium_init() < 0 || mkdtemp(dir) == NULL)
		return 2;
	store = (struct evidence_store){.dir = -1, .journal = {.fd = -1}};
	int status = check_main("evidence_store", tests);
	evidence_store_close(&store);
	clear();
	rmdir(path(""));
	rmdir(dir);
	return status;
}
