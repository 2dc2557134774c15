// The child of a load, when nothing is to be loaded; and the other program, whatever it does.

#include "tests/unit/compile_run.h"

#include "control/examples_child.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const char two[] = "alert tls any any -> any any (tls.sni; content:\"abcd\"; sid:1;)\n"
			  "alert tls any any -> any any (tls.sni; content:\"abcd\"; sid:2;)\n";

static void test_lint(void)
{
	const char *path = write_rules("two.rules", two);
	struct compile_request req = request_of(&path, 1);

	req.work = COMPILE_LINT;
	struct outcome o = run(&req);
	const struct compile_report *report = &o.result.report;
	CHECK(o.result.status == 0 && o.result.blob_fd == -1 && o.result.index == NULL,
		"findings, and nothing else");
	CHECK(report->n_warnings == 1 && report->n_notes > 0, "%u %u", report->n_warnings,
		report->n_notes);
	CHECK(report->costs != NULL && report->costs->n == 1 &&
			report->costs->rows[0].field == FIELD_TLS_SNI,
		"costs");
	compile_result_free(&o.result);
}

static void test_budget(void)
{
	const char *path = write_rules("two.rules", two);
	struct compile_request req = request_of(&path, 1);

	req.budget.bytes = 1 << 30;
	struct outcome o = run(&req);
	CHECK(o.result.status == 0 && o.result.blob_fd >= 0, "within it");
	compile_result_free(&o.result);
	req.budget.bytes = 1;
	o = run(&req);
	CHECK(o.result.status == -EINVAL && o.result.blob_fd == -1, "%d", o.result.status);
	bool told = false;
	for (uint32_t i = 0; i < o.result.report.n; i++)
		told |= strcmp(o.result.report.diags[i].kind, "lint:cost") == 0;
	CHECK(told, "what exceeds it");
	compile_result_free(&o.result);
}

static void test_index(void)
{
	const char *path = write_rules("two.rules", two);
	struct compile_request req = request_of(&path, 1);

	req.work = COMPILE_INDEX;
	struct outcome o = run(&req);
	CHECK(o.result.status == 0 && o.result.blob_fd == -1, "no set");
	CHECK(o.result.index != NULL && o.result.index->n == 2, "who they are");
	compile_result_free(&o.result);
}

static void test_programs(void)
{
	static const struct {
		const char *name, *script;
		int want;
		const char *error;
	} rows[] = {
		{"well", "#!/bin/sh\nprintf 'compiled\\t\\t\\nend\\t0\\t5\\t0\\t0\\t0\\t0\\n'\n", 0,
			""},
		{"an example fails",
			"#!/bin/sh\nprintf "
			"'compiled\\t\\t\\nerror\\t3\\t9\\tf\\texample\\t7\\tt\\nend\\t22\\t5\\t1\\"
			"t0\\t0\\t0\\n'\n",
			-EINVAL, "1 of 5"},
		{"says that we hold its result",
			"#!/bin/sh\nprintf "
			"'held\\t00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\\"
			"t\\n"
			"end\\t0\\t5\\t0\\t0\\t0\\t0\\n'\n",
			-EBADMSG, "Bad message"},
		{"says nothing", "#!/bin/sh\n", -ECHILD, "without a result"},
		{"says nonsense", "#!/bin/sh\necho hello\n", -ECHILD, "without a result"},
		{"never ends to talk", "#!/bin/sh\nexec cat /dev/zero\n", -ETIMEDOUT,
			"compile.wall_s"},
		{"fails", "#!/bin/sh\nexit 3\n", -ECHILD, "without a result"},
		{"dies", "#!/bin/sh\nkill -SEGV $$\n", -ECHILD, "sealwatch-replay died"},
		{"does not end", "#!/bin/sh\nexec sleep 60\n", -ETIMEDOUT, "compile.wall_s"},
		{"is no program", "nothing\n", -ECHILD, "without a result"},
	};
	const char *path = "/nowhere/x.rules";
	struct compile_request req = request_of(&path, 1);

	req.work = COMPILE_EXAMPLES;
	req.limits.wall_s = 2;
	req.set_fd = memfd_create("set", MFD_CLOEXEC);
	for (size_t i = 0; i < ROWS(rows); i++) {
		req.replay = write_rules("program.rules", rows[i].script);
		chmod(req.replay, 0700);
		struct outcome o = run(&req);
		CHECK(o.result.status == rows[i].want &&
				strstr(o.result.error, rows[i].error) != NULL,
			"%s: %d %s", rows[i].name, o.result.status, o.result.error);
		compile_result_free(&o.result);
	}
	close(req.set_fd);
}

static void test_program_path(void)
{
	char path[PATH_MAX];

	CHECK(examples_program("/bin/sh", path) == 0 && strcmp(path, "/bin/sh") == 0, "configured");
	CHECK(examples_program("/nowhere/replay", path) == -ENOENT, "and not there");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"lint", test_lint},
		{"budget", test_budget},
		{"index", test_index},
		{"programs", test_programs},
		{"where the program is", test_program_path},
		CU_TEST_INFO_NULL,
	};

	if (mkdtemp(dir) == NULL)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	int failed = check_main("examine_job", tests);
	unlink(write_rules("two.rules", ""));
	unlink(write_rules("program.rules", ""));
	rmdir(dir);
	return failed;
}
