#include "control/compile_child.h"

#include "control/child.h"
#include "control/compile_report.h"
#include "control/examples_child.h"
#include "control/pattern_index.h"
#include "control/sources.h"
#include "dataplane/base/write_all.h"
#include "patterns/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FILES_MAX = 64, NICE = 10 };

struct made { // of the files
	struct rule_list rules;
	struct diags diags;
	struct swdb set;
	const struct lint_costs *costs; // NULL: not measured
};

static void limit(int resource, uint64_t soft, uint64_t hard)
{
	const struct rlimit r = {.rlim_cur = soft, .rlim_max = hard};

	if (setrlimit(resource, &r) < 0)
		_exit(EXIT_FAILURE);
}

// What the daemon has mapped (event rings, above all) counts towards our address space too.
static uint64_t address_space(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL || fscanf(f, "%llu", &pages) != 1)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void compile_child_limit(const struct compile_limits *l)
{
	const uint64_t memory = address_space() + ((uint64_t)l->memory_mb << 20);

	limit(RLIMIT_CORE, 0, 0);
	limit(RLIMIT_CPU, l->cpu_s, (uint64_t)l->cpu_s + 1);
	limit(RLIMIT_AS, memory, memory);
	limit(RLIMIT_NOFILE, FILES_MAX, FILES_MAX);
	limit(RLIMIT_FSIZE, (uint64_t)l->memory_mb << 20, (uint64_t)l->memory_mb << 20);
}

static int write_index(int fd, const struct rule_list *rules)
{
	FILE *out = fdopen(fd, "w");

	if (out == NULL)
		return -errno;
	int err = pattern_index_write(rules, out);
	if (fclose(out) != 0 && err == 0)
		err = -errno;
	return err;
}

static bool is_held(const struct compile_request *req, const uint8_t digest[32])
{
	for (unsigned i = 0; i < req->n_held; i++) {
		if (memcmp(req->held[i], digest, 32) == 0)
			return true;
	}
	return false;
}

static enum cache_found fetch(const struct compile_request *req, const uint8_t digest[32],
	bool beside, int blob_fd, int index_fd, FILE *report)
{
	char *text = NULL;
	size_t len = 0;

	if (is_held(req, digest)) {
		const struct diags diags = {0};
		compile_report_origin(CACHE_HELD, digest, beside, report);
		compile_report_write(NULL, &diags, 0, 0, report);
		return CACHE_HELD;
	}
	enum cache_found found = cache_file_fetch(
		cache_directory(req->cache), digest, blob_fd, index_fd, &text, &len);
	if (found != CACHE_HIT)
		return found;
	compile_report_origin(CACHE_HIT, digest, beside, report);
	fwrite(text, 1, len, report);
	return found;
}

// True: no need to compile, and the answer is written.
static bool answer_cached(const struct compile_request *req, const struct sources *sources,
	int blob_fd, int index_fd, FILE *report)
{
	enum cache_found found = CACHE_NONE;
	uint8_t digest[32];
	bool named = false;
	const bool beside = examples_beside(sources);

	if (req->work == COMPILE_SET && req->cache != NULL && sources_whole(sources)) {
		struct build_context context = {
			.variables = req->variables, .lab = req->lab, .budget = req->budget};
		memcpy(context.program, cache_program(req->cache), sizeof(context.program));
		named = sources_digest(sources, &context, digest) == 0;
	}
	if (named)
		found = fetch(req, digest, beside, blob_fd, index_fd, report);
	// The bytes of the rules were read up to here, but only searched for the names of lists.
	// What looks at them has no key.
	if (req->cache != NULL)
		cache_forget(req->cache);
	if (found == CACHE_HIT || found == CACHE_HELD)
		return true;
	compile_report_origin(found, named ? digest : NULL, beside, report);
	return false;
}

// What lint says at a load is what has to be known; all of it says `patterns lint`.
static const struct lint_options lint_options[] = {
	[COMPILE_SET] = {.per_kind = 10},
	[COMPILE_LINT] = {.per_kind = 100, .notes = true},
};

// The set is measured when somebody wants to know, or has set a bound.
static int lint(const struct compile_request *req, struct made *m)
{
	const bool measured =
		req->work == COMPILE_LINT || req->budget.value_ns != 0 || req->budget.bytes != 0;
	static struct lint_costs costs;
	uint32_t errors = m->diags.n_errors;

	int err = lint_rules(&m->rules, &lint_options[req->work], &m->diags);
	if (err < 0 || !measured)
		return err;
	err = lint_costs(&m->rules, &m->set, &req->budget, &costs, &m->diags);
	if (err < 0)
		return err;
	m->costs = &costs;
	return m->diags.n_errors > errors ? -EINVAL : 0;
}

static int compile(const struct compile_request *req, const struct sources *sources, struct made *m,
	int blob_fd, int index_fd)
{
	int err = sources_parse(sources, req->variables, req->lab, &m->rules, &m->diags);
	int unique = rules_check_unique(&m->rules, &m->diags);
	if (err == 0)
		err = unique;
	if (err == 0 && req->work != COMPILE_INDEX)
		err = swdb_compile(&m->rules, &m->set, &m->diags);
	if (err == 0 && req->work != COMPILE_INDEX)
		err = lint(req, m);
	if (err == 0 && req->work == COMPILE_SET)
		err = write_all(blob_fd, m->set.data, m->set.len);
	return err == 0 && req->work != COMPILE_LINT ? write_index(index_fd, &m->rules) : err;
}

// Nothing is freed: the process ends here.
noreturn void compile_child_run(
	const struct compile_request *req, int blob_fd, int index_fd, int report_fd)
{
	static struct made made;
	static struct sources sources;
	const struct cache_dir *cache = cache_directory(req->cache);
	int keep[] = {blob_fd, index_fd, report_fd, cache != NULL ? cache->fd : -1};

	child_begin(keep, 4);
	compile_child_limit(&req->limits);
	FILE *report = fdopen(report_fd, "w");
	if (report == NULL)
		_exit(EXIT_FAILURE);
	int err = sources_read(req->paths, req->n_paths, req->companions, &sources);
	if (err == 0)
		err = sources_read_countries(&sources, req->geoip_database);
	if (err == 0 && answer_cached(req, &sources, blob_fd, index_fd, report))
		_exit(fclose(report) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	setpriority(PRIO_PROCESS, 0, NICE); // packets come first
	if (err < 0)
		compile_report_origin(CACHE_NONE, NULL, false, report);
	else
		err = compile(req, &sources, &made, blob_fd, index_fd);
	compile_report_costs(made.costs, report);
	if (examples_within(&made.rules))
		compile_report_examples(report);
	compile_report_write(&sources, &made.diags, err, made.rules.n, report);
	_exit(fclose(report) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
