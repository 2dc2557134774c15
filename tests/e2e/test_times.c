// Captures whose time jumps, as joined ones do: a flow that others' time ended is over at the same
// packet, however many workers there are and however their bursts are cut.

#include "tests/e2e/process.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *dir;

// Records in blocks of `block`, every other of them an hour later.
static bool jump(const char *from, const char *to, unsigned block)
{
	enum { FILE_HEAD = 24, RECORD_HEAD = 16, HOUR = 3600 };
	static uint8_t bytes[1 << 22];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t n = in != NULL ? fread(bytes, 1, sizeof(bytes), in) : 0, at = FILE_HEAD;

	for (unsigned i = 0; at + RECORD_HEAD <= n; i++) {
		uint32_t s, len;
		memcpy(&s, bytes + at, sizeof(s));
		memcpy(&len, bytes + at + 8, sizeof(len));
		s += i / block % 2 * HOUR;
		memcpy(bytes + at, &s, sizeof(s));
		at += RECORD_HEAD + len;
	}
	bool ok = out != NULL && at == n && fwrite(bytes, 1, n, out) == n;
	if (in != NULL)
		fclose(in);
	return out != NULL && fclose(out) == 0 && ok;
}

// How flows ended, by reason: "timeout 12, closed 3".
static void reasons(const char *capture, const char *workers, char out[64])
{
	const char *eve = in_dir(dir, "eve.json");
	const char *argv[] = {program("sealwatch-replay"), "--lab", "-q", "--workers", workers,
		"--eve", eve, "-r", capture, NULL};
	unsigned timeout = 0, other = 0;
	json_t *record;
	size_t i;

	remove(eve);
	struct output o = run(argv, 60);
	CHECK(o.status == 0, "%s workers: %d", workers, o.status);
	output_free(&o);
	json_t *records = read_eve(eve);
	json_array_foreach(records, i, record)
	{
		const json_t *flow = json_object_get(record, "flow");
		const json_t *type = json_object_get(record, "event_type");
		const json_t *reason = json_object_get(flow, "reason");
		if (strcmp(json_string_value(type), "flow") != 0)
			continue;
		if (strcmp(json_string_value(reason), "timeout") == 0)
			timeout++;
		else
			other++;
	}
	json_decref(records);
	snprintf(out, 64, "timeout %u, other %u", timeout, other);
}

static void test_jumps(void)
{
	static const char *const workers[] = {"1", "2", "3", "4"};
	static const unsigned blocks[] = {1, 7, 40, 100, 1000};
	const char *load = in_dir(dir, "load.pcap");
	const char *argv[] = {program("sealwatch-craft"), "load", "-w", load, "--bytes", "3M",
		"--flows", "300", NULL};
	struct output o = run(argv, 30);

	CHECK(o.status == 0, "craft");
	output_free(&o);
	for (size_t b = 0; b < ROWS(blocks); b++) {
		const char *jumps = in_dir(dir, "jumps.pcap");
		char one[64], more[64];
		CHECK(jump(load, jumps, blocks[b]), "made");
		reasons(jumps, workers[0], one);
		for (size_t w = 1; w < ROWS(workers); w++) {
			reasons(jumps, workers[w], more);
			CHECK(strcmp(one, more) == 0, "blocks of %u, %s workers: %s; one: %s",
				blocks[b], workers[w], more, one);
		}
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"the same for any number of workers", test_jumps},
		CU_TEST_INFO_NULL,
	};

	dir = scratch_new();
	int status = check_main("times", tests);
	scratch_remove(dir);
	return status;
}
