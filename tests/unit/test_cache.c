// Files of compiled sets: only what we wrote ourselves comes back, and it comes back the same.

#include "control/cache.h"
#include "control/private_dir.h"
#include "control/sources.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t digest[32] = {0xab, 1, 2, 3};
static const char blob[] = "the artefact, which is not looked at here",
		  rules[] = "1\t2\t3\ts\t\tm\n", report[] = "end\t0\t1\t0\t0\t1\n";

static const char *file_name(void)
{
	char name[128];

	for (unsigned i = 0; i < 32; i++)
		snprintf(name + 2 * i, 3, "%02x", digest[i]);
	snprintf(name + 64, 32, ".set");
	return in_scratch(name);
}

static int memfd_of(const char *text, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		abort();
	return fd;
}

static bool is_empty(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && st.st_size == 0;
}

static bool holds(int fd, const char *text, size_t len)
{
	char got[256];
	return pread(fd, got, sizeof(got), 0) == (ssize_t)len && memcmp(got, text, len) == 0;
}

static int put(const struct cache_dir *dir)
{
	int blob_fd = memfd_of(blob, sizeof(blob)), index_fd = memfd_of(rules, strlen(rules));
	int err = cache_file_put(dir, digest, blob_fd, index_fd, report, strlen(report));

	close(blob_fd);
	close(index_fd);
	return err;
}

// What is no hit leaves nothing.
static enum cache_found fetch(const struct cache_dir *dir, const uint8_t name[32])
{
	int blob_fd = memfd_of("", 0), index_fd = memfd_of("", 0);
	char *text = NULL;
	size_t len = 0;

	enum cache_found found = cache_file_fetch(dir, name, blob_fd, index_fd, &text, &len);
	if (found == CACHE_HIT)
		CHECK(holds(blob_fd, blob, sizeof(blob)) && holds(index_fd, rules, strlen(rules)) &&
				len == strlen(report) && strcmp(text, report) == 0,
			"the same bytes");
	else
		CHECK(is_empty(blob_fd) && is_empty(index_fd) && text == NULL, "nothing is left");
	free(text);
	close(blob_fd);
	close(index_fd);
	return found;
}

static struct cache *opened(void)
{
	struct cache *c = NULL;
	int err = cache_open(NULL, scratch, &c);

	CHECK(err == 0, "open: %d", err);
	if (c == NULL)
		abort();
	return c;
}

static size_t read_file(const char *path, uint8_t *to, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, to, room);

	close(fd);
	return n < 0 ? 0 : (size_t)n;
}

static void test_there_and_back(void)
{
	struct cache *c = opened();
	const struct cache_dir *dir = cache_directory(c);
	struct stat st;

	CHECK(fetch(dir, digest) == CACHE_NONE, "nothing yet");
	CHECK(put(dir) == 0, "put");
	CHECK(fetch(dir, digest) == CACHE_HIT, "hit");
	CHECK(put(dir) == 0 && fetch(dir, digest) == CACHE_HIT, "written over");
	CHECK(stat(file_name(), &st) == 0 && (st.st_mode & 0777) == 0600, "mode of the file");
	CHECK(stat(in_scratch("key"), &st) == 0 && (st.st_mode & 0777) == 0600 &&
			st.st_size == CACHE_KEY_LEN,
		"the key");
	cache_close(c);
	c = opened();
	CHECK(fetch(cache_directory(c), digest) == CACHE_HIT, "and after a restart");
	cache_close(c);
}

// A bit anywhere, an end anywhere, and more than there was.
static void test_damaged(void)
{
	struct cache *c = opened();
	const struct cache_dir *dir = cache_directory(c);
	uint8_t whole[1024];

	CHECK(put(dir) == 0, "put");
	size_t len = read_file(file_name(), whole, sizeof(whole));
	CHECK(len > 150, "%zu bytes", len);
	for (size_t i = 0; i < len; i++) {
		whole[i] ^= 1;
		write_file(file_name(), whole, len);
		CHECK(fetch(dir, digest) == CACHE_FOREIGN, "a bit of byte %zu", i);
		whole[i] ^= 1;
	}
	for (size_t n = 0; n < len; n++) {
		write_file(file_name(), whole, n);
		CHECK(fetch(dir, digest) == CACHE_FOREIGN, "cut at %zu", n);
	}
	whole[len] = 0;
	write_file(file_name(), whole, len + 1);
	CHECK(fetch(dir, digest) == CACHE_FOREIGN, "a byte more");
	write_file(file_name(), whole, len);
	CHECK(fetch(dir, digest) == CACHE_HIT, "as it was");
	cache_close(c);
}

// A header that promises more than memory holds.
static void test_lengths(void)
{
	static const uint64_t values[] = {
		0, 1ull << 30, (1ull << 30) + 1, 1ull << 63, UINT64_MAX, UINT64_MAX - 103};
	enum { AT = 8 + 4 + 4 + 32 };
	struct cache *c = opened();
	const struct cache_dir *dir = cache_directory(c);
	uint8_t whole[1024];

	CHECK(put(dir) == 0, "put");
	size_t len = read_file(file_name(), whole, sizeof(whole));
	for (unsigned field = 0; field < 3; field++) {
		for (size_t i = 0; i < ROWS(values); i++) {
			uint8_t bad[1024];
			memcpy(bad, whole, len);
			memcpy(bad + AT + field * 8, &values[i], 8);
			write_file(file_name(), bad, len);
			CHECK(fetch(dir, digest) == CACHE_FOREIGN, "field %u, row %zu", field, i);
		}
	}
	cache_close(c);
}

static void test_foreign(void)
{
	struct cache *c = opened();
	const struct cache_dir *dir = cache_directory(c);
	uint8_t other[32] = {0xcd};
	char name[512];

	CHECK(put(dir) == 0, "put");
	struct cache_dir stranger = *dir;
	stranger.key[31] ^= 1;
	CHECK(fetch(&stranger, digest) == CACHE_FOREIGN, "another key");

	// Under another name: what was compiled from other sources.
	snprintf(name, sizeof(name), "%s", file_name());
	char *renamed = strrchr(name, '/') + 1;
	memset(renamed, '0', 64);
	memcpy(renamed, "cd", 2);
	CHECK(link(file_name(), name) == 0 && fetch(dir, other) == CACHE_FOREIGN, "renamed");
	unlink(name);

	CHECK(rename(file_name(), in_scratch("elsewhere")) == 0 &&
			symlink("elsewhere", file_name()) == 0,
		"link");
	CHECK(fetch(dir, digest) == CACHE_FOREIGN, "a symbolic link");
	unlink(file_name());
	unlink(in_scratch("elsewhere"));
	CHECK(mkfifo(file_name(), 0600) == 0 && fetch(dir, digest) == CACHE_FOREIGN, "a pipe");
	unlink(file_name());
	CHECK(mkdir(file_name(), 0700) == 0 && fetch(dir, digest) == CACHE_FOREIGN, "a directory");
	rmdir(file_name());
	cache_close(c);
}

static void test_key(void)
{
	struct cache *c = opened();
	uint8_t before[CACHE_KEY_LEN], after[CACHE_KEY_LEN];
	struct stat st;

	CHECK(put(cache_directory(c)) == 0, "put");
	cache_close(c);
	read_file(in_scratch("key"), before, sizeof(before));

	// Whoever could read the key could have written the files.
	CHECK(chmod(in_scratch("key"), 0640) == 0 && chmod(scratch, 0755) == 0, "opened");
	c = opened();
	read_file(in_scratch("key"), after, sizeof(after));
	CHECK(memcmp(before, after, sizeof(before)) != 0, "a new one");
	CHECK(stat(scratch, &st) == 0 && (st.st_mode & 0777) == 0700, "closed again");
	CHECK(fetch(cache_directory(c), digest) == CACHE_FOREIGN, "old files do not count");
	cache_close(c);

	write_file(in_scratch("key"), "short", 5);
	c = opened();
	CHECK(read_file(in_scratch("key"), after, sizeof(after)) == CACHE_KEY_LEN, "whole again");
	cache_close(c);
	unlink(in_scratch("key"));
	CHECK(symlink("/dev/zero", in_scratch("key")) == 0, "link");
	c = opened();
	CHECK(lstat(in_scratch("key"), &st) == 0 && S_ISREG(st.st_mode), "a file again");
	cache_close(c);

	umask(077);
	CHECK(private_dir_make(in_scratch("a/b/c"), geteuid()) == 0, "made");
	CHECK(stat(in_scratch("a/b"), &st) == 0 && (st.st_mode & 0777) == 0755,
		"others get through");
	CHECK(stat(in_scratch("a/b/c"), &st) == 0 && (st.st_mode & 0777) == 0700, "but not in");
	CHECK(private_dir_make(in_scratch("a/b/c"), geteuid()) == 0, "made already");
	CHECK(private_dir_make(in_scratch("key/x"), geteuid()) == -ENOTDIR, "below a file");
	rmdir(in_scratch("a/b/c"));
	rmdir(in_scratch("a/b"));
	rmdir(in_scratch("a"));
	c = NULL;
	CHECK(cache_open(NULL, in_scratch("key"), &c) == -ENOTDIR && c == NULL, "no directory");
	CHECK(cache_open(NULL, "/proc/nothing/here", &c) < 0 && c == NULL, "not possible");
}

static void make_aged(unsigned i, off_t len)
{
	char name[128];
	struct timespec times[2] = {{.tv_sec = 1000 + i}, {.tv_sec = 1000 + i}};

	snprintf(name, sizeof(name), "%064x.set", i);
	write_file(in_scratch(name), "", 0);
	if (truncate(in_scratch(name), len) < 0 ||
		utimensat(AT_FDCWD, in_scratch(name), times, 0) < 0)
		abort();
}

static bool there(unsigned i)
{
	char name[128];

	snprintf(name, sizeof(name), "%064x.set", i);
	return access(in_scratch(name), F_OK) == 0;
}

static void test_bounds(void)
{
	enum { MORE = CACHE_FILES_MAX + 4 };
	struct cache *c = opened();
	const struct cache_dir *dir = cache_directory(c);

	for (unsigned i = 0; i < MORE; i++)
		make_aged(i, 10);
	unlink(file_name());
	CHECK(put(dir) == 0 && cache_file_prune(dir) == 0, "pruned");
	CHECK(access(file_name(), F_OK) == 0, "the newest stays");
	for (unsigned i = 0; i < MORE; i++)
		CHECK(there(i) == (i > MORE - CACHE_FILES_MAX), "%u", i);
	CHECK(access(in_scratch("key"), F_OK) == 0, "the key stays");

	make_aged(100, CACHE_BYTES_MAX - 2000); // sparse
	make_aged(99, 1 << 20);
	CHECK(cache_file_prune(dir) == 0, "pruned");
	CHECK(there(100) && !there(99) && !there(MORE - 1), "by bytes");
	CHECK(fetch(dir, digest) == CACHE_HIT, "the newest still");

	write_file(in_scratch("x.tmp"), "x", 1);
	cache_close(c);
	cache_close(opened());
	CHECK(access(in_scratch("x.tmp"), F_OK) < 0, "what was left behind is swept");
	unlink(in_scratch("0000000000000000000000000000000000000000000000000000000000000064.set"));
}

static void digest_of(const char *const *paths, uint32_t n, const struct companions *beside,
	const struct build_context *context, uint8_t out[32])
{
	struct sources s = {0};

	CHECK(sources_read(paths, n, beside, &s) == 0 && sources_whole(&s), "read");
	CHECK(sources_digest(&s, context, out) == 0, "digest");
	sources_free(&s);
}

static void test_digest(void)
{
	static const struct rule_var none[] = {{NULL, NULL}};
	static const struct rule_var one[] = {{"A", "BC"}, {NULL, NULL}};
	static const struct rule_var shifted[] = {{"AB", "C"}, {NULL, NULL}};
	char a[512], b[512];
	snprintf(a, sizeof(a), "%s", in_scratch("a.rules"));
	snprintf(b, sizeof(b), "%s", in_scratch("b.rules"));
	const char *const ab[] = {a, b}, *const ba[] = {b, a}, *const whole[] = {scratch};
	const struct {
		const char *name;
		const char *const *paths;
		uint32_t n;
		struct build_context context;
		const char *a, *b;
	} rows[] = {
		{"as it is", ab, 2, {.variables = none}, "x", "y"},
		{"order", ba, 2, {.variables = none}, "x", "y"},
		{"one file", ab, 1, {.variables = none}, "x", "y"},
		{"other bytes", ab, 2, {.variables = none}, "x", "z"},
		{"a byte moved to the next file", ab, 2, {.variables = none}, "xy", ""},
		{"bytes swapped", ab, 2, {.variables = none}, "y", "x"},
		{"a variable", ab, 2, {.variables = one}, "x", "y"},
		{"its name longer", ab, 2, {.variables = shifted}, "x", "y"},
		{"laboratory", ab, 2, {.variables = none, .lab = true}, "x", "y"},
		{"another build", ab, 2, {.variables = none, .program = {1}}, "x", "y"},
	};
	uint8_t got[ROWS(rows)][32], again[32];

	for (size_t i = 0; i < ROWS(rows); i++) {
		write_file(a, rows[i].a, strlen(rows[i].a));
		write_file(b, rows[i].b, strlen(rows[i].b));
		digest_of(rows[i].paths, rows[i].n, NULL, &rows[i].context, got[i]);
		digest_of(rows[i].paths, rows[i].n, NULL, &rows[i].context, again);
		CHECK(memcmp(got[i], again, 32) == 0, "%s: the same again", rows[i].name);
		for (size_t j = 0; j < i; j++)
			CHECK(memcmp(got[i], got[j], 32) != 0, "%s: as %s", rows[i].name,
				rows[j].name);
	}
	write_file(a, "x", 1);
	write_file(b, "y", 1);
	digest_of(whole, 1, NULL, &rows[0].context, again);
	CHECK(memcmp(again, got[0], 32) == 0, "a directory is its files by name");
	unlink(a);
	unlink(b);
}

// One file in each place where it can stand is another set each time.
static void test_digest_beside(void)
{
	static const struct rule_var none[] = {{NULL, NULL}};
	const struct build_context context = {.variables = none};
	char a[512], b[512];
	snprintf(a, sizeof(a), "%s", in_scratch("a.rules"));
	snprintf(b, sizeof(b), "%s", in_scratch("b.rules"));
	const char *const ba[] = {b, a};
	const struct {
		uint32_t n;
		struct companions beside;
	} rows[] = {
		{1, {0}},
		{2, {0}},
		{1, {.classification_file = a}},
		{1, {.reference_file = a}},
		{1, {.threshold_file = a}},
		{1, {.disable_file = a}},
	};
	uint8_t got[ROWS(rows)][32], changed[32];

	for (size_t i = 0; i < ROWS(rows); i++) {
		write_file(a, "x", 1);
		write_file(b, "y", 1);
		digest_of(ba, rows[i].n, &rows[i].beside, &context, got[i]);
		for (size_t j = 0; j < i; j++)
			CHECK(memcmp(got[i], got[j], 32) != 0, "%zu: as %zu", i, j);
		write_file(a, "z", 1);
		digest_of(ba, rows[i].n, &rows[i].beside, &context, changed);
		CHECK((memcmp(got[i], changed, 32) != 0) == (i > 0), "%zu: other bytes", i);
	}
	unlink(a);
	unlink(b);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"there and back", test_there_and_back},
		{"damaged", test_damaged},
		{"lengths", test_lengths},
		{"foreign", test_foreign},
		{"key", test_key},
		{"bounds", test_bounds},
		{"digest", test_digest},
		{"digest of what stands beside", test_digest_beside},
		CU_TEST_INFO_NULL,
	};

	if (!scratch_open())
		return 2;
	int failed = check_main("cache", tests);
	scratch_sweep();
	return failed;
}
