// Evidence from the wire to the one who opens it: sealed by a worker, kept, exported, opened with both private
// keys and with nothing less, and erased.

#include "tests/e2e/appliance.h"
#include "tests/unit/check.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char key_a[256], key_b[256], key_c[256], record[256], opening_log[256], store[256];
static char first_id[64];

static struct output sealctl(const char *const *arguments)
{
	const char *argv[20] = {
		program("sealctl"), "--socket", in_dir(dir, "control.sock"), "--json"};
	unsigned n = 4;

	for (; *arguments != NULL; arguments++)
		argv[n++] = *arguments;
	return run(argv, 30);
}

static json_t *answer(const char *const *arguments)
{
	struct output o = sealctl(arguments);
	json_t *json = json_loads(o.out, 0, NULL);

	CHECK(o.status == 0, "%s %s: %d %.200s", arguments[0], arguments[1], o.status, o.out);
	output_free(&o);
	return json;
}

#define ASK(...) answer((const char *const[]){__VA_ARGS__, NULL})

// "opened" etc.: what it says, and its exit status.
static int open_with(const char *first, const char *second, const char *purpose, const char *file,
	char out[4096])
{
	const char *argv[] = {program("sealwatch-open"), "--key", first, "--key", second,
		"--purpose", purpose, "--ticket", "case 12", "--log", opening_log, file, NULL};
	struct output o = run(argv, 30);
	int status = o.status;

	snprintf(out, 4096, "%s%s", o.out, o.err);
	output_free(&o);
	return status;
}

static bool make_key(const char *name, char key[256])
{
	const char *argv[] = {program("sealwatch-open"), "--keygen", in_dir(dir, name), NULL};
	struct output o = run(argv, 30);
	struct stat st;
	bool ok = o.status == 0;

	output_free(&o);
	snprintf(key, 256, "%s.key", in_dir(dir, name));
	return ok && stat(key, &st) == 0 && (st.st_mode & 0777) == 0600;
}

static json_int_t kept(void)
{
	json_t *list = ask("evidence", "list", NULL);
	json_int_t n = (json_int_t)json_array_size(json_object_get(list, "records"));

	json_decref(list);
	return n;
}

static bool is_kept(void *ctx)
{
	(void)ctx;
	return kept() > 2;
}

static json_int_t counter(const char *name)
{
	json_t *all = ask("counters", NULL, NULL);
	json_int_t n = -1;
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(all, "counters"), i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
			n = number_in(row, "sum");
	}
	json_decref(all);
	return n;
}

static bool asks_without_keys(void *ctx)
{
	(void)ctx;
	return counter("evidence_no_keys") > 0;
}

static bool has_alerts(void *ctx)
{
	return counter("alerts") > *(json_int_t *)ctx;
}

static void write_keys(const char *first, const char *second)
{
	char text[4096];

	snprintf(text, sizeof(text),
		"workers: 2\nlink_socket: %s/link.sock\nevidence_keys: [%s, %s]\n"
		"capture:\n  files: [%s/sample.pcap]\n  loop: 0\n  rate_pps: 5000\n",
		dir, first, second, dir);
	write_file(in_dir(dir, "dataplane.yaml"), text);
}

static void test_keys(void)
{
	static const struct {
		const char *name, *first, *second, *want;
	} rows[] = {
		{"a private key", "a.key", "b.pub", "private key"},
		{"the same key twice", "a.pub", "a.pub", "the same key"},
		{"no key", "a.pub", "dataplane.yaml", "no public key"},
		{"no file", "a.pub", "none.pub", "No such file"},
	};

	CHECK(make_key("a", key_a) && make_key("b", key_b) && make_key("c", key_c), "keygen");
	CHECK(!make_key("a", key_a), "an existing key is not overwritten");
	write_file(in_dir(dir, "half.pub"), "");
	char half[256];
	CHECK(!make_key("half", half) && access(half, F_OK) < 0, "no half of a pair stays");
	stop(dataplane, SIGTERM);
	for (size_t i = 0; i < ROWS(rows); i++) {
		write_keys(in_dir(dir, rows[i].first), in_dir(dir, rows[i].second));
		const char *argv[] = {
			program("sealwatch-dataplane"), "-c", in_dir(dir, "dataplane.yaml"), NULL};
		struct output o = run(argv, 30);
		CHECK(o.status == 2 && strstr(o.err, rows[i].want) != NULL, "%s: %d %.200s",
			rows[i].name, o.status, o.err);
		output_free(&o);
	}
}

// Without keys nothing is kept, and that is counted; without a purpose of mode M2 nothing is even asked for.
static void test_not_kept(void)
{
	write_configs();
	start_dataplane();
	CHECK(wait_until(is_up, NULL, 20000), "up");
	write_file(in_dir(dir, "e.rules"),
		"alert http any any -> any any (msg:\"form\"; http.request_body; content:\"=\"; "
		"metadata:evidence; sid:1;)\n");
	json_decref(ASK(
		"purpose", "add", "counted", "purpose=p", "legal_basis=l", "owner=o", "rules=all"));
	json_decref(ASK("patterns", "load", in_dir(dir, "e.rules")));
	json_int_t alerts = counter("alerts");
	CHECK(wait_until(has_alerts, &alerts, 20000), "it alerts");
	CHECK(counter("evidence_no_keys") == 0 && kept() == 0, "a purpose of counters");
	json_decref(ASK("purpose", "add", "forms", "purpose=p", "legal_basis=l", "owner=o",
		"rules=e", "mode=evidence", "retention_days=3"));
	CHECK(wait_until(asks_without_keys, NULL, 20000), "no keys");
	CHECK(kept() == 0, "nothing is kept");
}

static void test_kept(void)
{
	stop(dataplane, SIGTERM);
	write_keys(in_dir(dir, "a.pub"), in_dir(dir, "b.pub"));
	start_dataplane();
	CHECK(wait_until(is_kept, NULL, 30000), "a record");
	stop(dataplane, SIGTERM);
	CHECK(wait_until(is_down, NULL, 20000), "down");

	json_t *list = ASK("evidence", "list");
	const json_t *r = json_array_get(json_object_get(list, "records"), 0);
	CHECK(strcmp(json_string_value(json_object_get(r, "purpose")), "forms") == 0 &&
			number_in(r, "sid") == 1 &&
			strcmp(json_string_value(json_object_get(r, "clock")), "capture") == 0 &&
			number_in(r, "bytes") > 0,
		"its manifest");
	snprintf(first_id, sizeof(first_id), "%s", json_string_value(json_object_get(r, "id")));
	json_decref(list);
	json_t *verify = ASK("evidence", "verify");
	CHECK(json_array_size(json_object_get(verify, "damaged")) == 0 &&
			json_is_true(json_object_get(verify, "journal_whole")),
		"all is what was sealed");
	json_decref(verify);
	json_decref(ASK("evidence", "export", first_id, record));
}

static void test_open(void)
{
	char out[4096];

	CHECK(open_with(key_a, key_b, "forms", record, out) == 0, "%.200s", out);
	CHECK(strstr(out, "== http.request_body") != NULL && strstr(out, "== flow") != NULL,
		"the window: %.300s", out);
	CHECK(open_with(key_b, key_a, "forms", record, out) == 0, "in either order");
	CHECK(open_with(key_a, key_a, "forms", record, out) == 1, "one key alone: %.100s", out);
	CHECK(open_with(key_a, key_c, "forms", record, out) == 1, "another's key: %.100s", out);
	CHECK(open_with(key_a, key_b, "counted", record, out) == 1 &&
			strstr(out, "another purpose") != NULL,
		"another purpose: %.100s", out);
	CHECK(open_with(in_dir(dir, "a.pub"), key_b, "forms", record, out) == 1, "%.100s", out);
	CHECK(open_with(key_a, key_b, "a\nb", record, out) == 2, "two lines: %.100s", out);
	CHECK(open_with(key_a, key_b, "a\xff", record, out) == 2, "no UTF-8: %.100s", out);

	const char *check[] = {program("sealwatch-open"), "--check-log", opening_log, NULL};
	struct output o = run(check, 30);
	CHECK(o.status == 0 && strstr(o.out, "whole, 8 lines") != NULL, "each is written down: %s",
		o.out);
	output_free(&o);
}

// What can not be shown, or written, is told; and a file of which there is only a part is taken away.
static void test_full(void)
{
	char line[2048];
	const char *argv[] = {"/bin/sh", "-c", line, NULL};

	snprintf(line, sizeof(line),
		"%s --key %s --key %s --purpose forms --ticket t --log %s %s > /dev/full",
		program("sealwatch-open"), key_a, key_b, opening_log, record);
	struct output o = run(argv, 30);
	CHECK(o.status == 1 && strstr(o.err, "can not be written") != NULL, "%d %.200s", o.status,
		o.err);
	output_free(&o);
	// No file longer than 0 blocks.
	snprintf(line, sizeof(line),
		"trap '' XFSZ; ulimit -f 0; exec %s --socket %s evidence export %s %s/part.swev",
		program("sealctl"), in_dir(dir, "control.sock"), first_id, dir);
	o = run(argv, 30);
	CHECK(o.status == 1 && access(in_dir(dir, "part.swev"), F_OK) < 0, "%d %.200s", o.status,
		o.err);
	output_free(&o);
}

static void flip(const char *path, long at)
{
	FILE *f = fopen(path, "r+b");
	int c;

	CHECK(f != NULL, "%s", path);
	if (f == NULL)
		return;
	fseek(f, at, SEEK_SET);
	c = fgetc(f);
	fseek(f, at, SEEK_SET);
	fputc(c ^ 1, f);
	fclose(f);
}

// A byte anywhere, and it does not open.
static void test_changed(void)
{
	static const long places[] = {40, 70, 130, 150, 200, 210, 240, 300, 380, 410, 430};
	char out[4096];

	for (size_t i = 0; i < ROWS(places); i++) {
		flip(record, places[i]);
		int status = open_with(key_a, key_b, "forms", record, out);
		CHECK(status == 3 || status == 1, "byte %ld: %d %.100s", places[i], status, out);
		flip(record, places[i]);
	}
	CHECK(open_with(key_a, key_b, "forms", record, out) == 0, "as it was: %.200s", out);
	flip(opening_log, 30);
	const char *check[] = {program("sealwatch-open"), "--check-log", opening_log, NULL};
	struct output o = run(check, 30);
	CHECK(o.status == 4, "a changed log is told");
	output_free(&o);
}

static void copy(const char *from, const char *to)
{
	const char *argv[] = {"/bin/cp", from, to, NULL};
	struct output o = run(argv, 30);

	CHECK(o.status == 0, "%s", o.err);
	output_free(&o);
}

// What was copied before the key was destroyed opens for nobody.
static void test_erase(void)
{
	char kept_path[512], backup[512], out[4096];
	json_int_t before = kept();

	snprintf(kept_path, sizeof(kept_path), "%s/%s.swev", store, first_id);
	snprintf(backup, sizeof(backup), "%s/backup.swev", dir);
	copy(kept_path, backup);
	json_t *erased = ASK("evidence", "erase", first_id);
	json_t *certificate = json_object_get(erased, "certificate");
	const char *id =
		json_string_value(json_object_get(json_object_get(certificate, "record"), "id"));
	CHECK(id != NULL && strcmp(id, first_id) == 0 &&
			number_in(certificate, "erased_by") == (json_int_t)getuid() &&
			json_string_length(json_object_get(certificate, "journal")) == 64,
		"a certificate");
	json_decref(erased);
	CHECK(kept() == before - 1 && access(kept_path, F_OK) < 0, "it is gone");
	CHECK(open_with(key_a, key_b, "forms", backup, out) == 3, "a copy opens for nobody: %.200s",
		out);
	struct output o = sealctl((const char *const[]){"evidence", "erase", first_id, NULL});
	CHECK(o.status == 1, "once");
	output_free(&o);
}

// The store as the daemon finds it when it is started again; and one that somebody changed.
static void test_store(void)
{
	json_int_t before = kept();
	char path[600] = "";

	stop(control, SIGTERM);
	start_control();
	CHECK(wait_until(is_down, NULL, 20000), "the daemon serves");
	CHECK(kept() == before && before > 0, "all are there again");
	DIR *d = opendir(store);
	for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (strstr(e->d_name, ".swev") != NULL)
			snprintf(path, sizeof(path), "%s/%.200s", store, e->d_name);
	}
	if (d != NULL)
		closedir(d);
	flip(path, 420);
	flip(in_dir(store, "journal"), 30);
	struct output o = sealctl((const char *const[]){"evidence", "verify", NULL});
	json_t *verify = json_loads(o.out, 0, NULL);
	CHECK(o.status == 1 && json_array_size(json_object_get(verify, "damaged")) == 1 &&
			json_is_false(json_object_get(verify, "journal_whole")),
		"%d %.300s", o.status, o.out);
	json_decref(verify);
	output_free(&o);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"keys", test_keys},
		{"not kept", test_not_kept},
		{"kept", test_kept},
		{"open", test_open},
		{"full", test_full},
		{"changed", test_changed},
		{"erase", test_erase},
		{"store", test_store},
		CU_TEST_INFO_NULL,
	};

	if (!appliance_start(32000)) {
		fprintf(stderr, "the appliance does not come up\n");
		return 1;
	}
	snprintf(record, sizeof(record), "%s", in_dir(dir, "one.swev"));
	snprintf(opening_log, sizeof(opening_log), "%s", in_dir(dir, "openings"));
	snprintf(store, sizeof(store), "%s", in_dir(dir, "state/evidence"));
	int status = check_main("evidence", tests);
	appliance_end();
	return status;
}
