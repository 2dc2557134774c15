#include "tools/replay/examples.h"

#include "control/compile_report.h"
#include "control/escape.h"
#include "dataplane/base/log.h"
#include "patterns/beside.h"
#include "tools/replay/examples_capture.h"
#include "tools/replay/examples_file.h"
#include "tools/replay/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_MEMORY = 1, EXIT_RULES = 4, EXIT_FAILED = 5 };

struct run {
	const struct replay_options *options;
	struct rule_list rules;
	struct swdb set;
	void *mapped; // --compiled
	size_t mapped_len;
	struct pattern_db *db;
	struct example_runner *runner;
	struct examples all;
	struct diags diags;
	uint32_t failed;
};

static int map_compiled(struct run *r)
{
	struct stat st;
	int fd = open(r->options->compiled, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0) {
		log_error("%s: %s", r->options->compiled, strerror(errno));
		if (fd >= 0)
			close(fd);
		return EXIT_RULES;
	}
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return EXIT_MEMORY;
	r->mapped = p;
	r->mapped_len = (size_t)st.st_size;
	return 0;
}

static const struct geo_table *no_countries(void *ctx, const char **why)
{
	static const struct geo_table none;

	(void)ctx;
	(void)why;
	return &none;
}

// With a compiled set the text is read only for what examples stand in it, and where.
static int get_set(struct run *r, const struct tool_rules *rules)
{
	char error[256];

	if (r->options->compiled == NULL) {
		int status = tool_rules_compile(rules, &r->rules, &r->set);
		if (status != 0)
			return status;
	} else {
		const struct geo_source any = {NULL, no_countries};
		struct diags ignored = {0};
		struct tool_rules lenient = *rules;
		lenient.lab = true;
		lenient.geo = &any;
		tool_rules_parse(&lenient, &r->rules, &ignored);
		diags_free(&ignored);
		int status = map_compiled(r);
		if (status != 0)
			return status;
	}
	const void *blob = r->mapped != NULL ? r->mapped : r->set.data;
	const size_t len = r->mapped != NULL ? r->mapped_len : r->set.len;
	int err = pattern_db_load(blob, len, 1, &r->db, error);
	if (err < 0) {
		log_error("pattern set: %s", error);
		return EXIT_RULES;
	}
	r->runner = example_runner_new(r->db);
	return r->runner == NULL ? EXIT_MEMORY : 0;
}

static bool side_file(const char *rules, char out[PATH_MAX])
{
	size_t len = strlen(rules);

	if (len < 6 || strcmp(rules + len - 6, ".rules") != 0)
		return false;
	return snprintf(out, PATH_MAX, "%.*s.examples.yaml", (int)(len - 6), rules) < PATH_MAX;
}

// metadata: example_hit VALUE, example_miss VALUE: of the rule's first buffer.
static int add_of_rule(struct examples *all, const struct rule *rule)
{
	for (uint32_t i = 0; i < rule->n_metadata; i++) {
		const struct rule_pair *m = &rule->metadata[i];
		bool hit = strcmp(m->key, EXAMPLE_KEY_HIT) == 0;
		if (rule->half || (!hit && strcmp(m->key, EXAMPLE_KEY_MISS) != 0))
			continue;
		struct example e = {.where = rule->where,
			.gid = rule->gid,
			.sid = rule->sid,
			.must_hit = hit,
			.n_values = 1};
		e.values[0].value =
			(struct bytes){.p = (const uint8_t *)m->value, .len = strlen(m->value)};
		if (!examples_add(all, &e))
			return -ENOMEM;
	}
	return 0;
}

// Rules of one file stand together.
static int collect(struct run *r)
{
	const char *last = NULL;
	char path[PATH_MAX];
	int err = 0;

	for (uint32_t i = 0; i < r->rules.n && err == 0; i++) {
		const struct rule *rule = r->rules.rules[i];
		err = add_of_rule(&r->all, rule);
		if (err < 0 || (last != NULL && strcmp(last, rule->where.file) == 0))
			continue;
		last = rule->where.file;
		if (!side_file(last, path))
			continue;
		err = examples_read(path, &r->all, &r->diags);
		if (err == -ENOENT)
			err = 0;
	}
	return err;
}

static void judge(struct run *r, const struct example *e, const char *why)
{
	const struct diag like = {
		.level = DIAG_ERROR, .where = e->where, .kind = "example", .sid = e->sid};

	if (why != NULL) {
		r->failed++;
		diag_add_like(&r->diags, &like, "sid %u: %s", e->sid, why);
	}
	if (r->options->json || r->options->report || r->options->quiet)
		return;
	printf("%s:%u:%u: sid %u %s: %s%s\n", e->where.file, e->where.line, e->where.column, e->sid,
		e->must_hit ? "hit" : "miss", why != NULL ? "FAILED: " : "ok",
		why != NULL ? why : "");
}

static const char *try_values(struct run *r, const struct example *e, bool *no_memory)
{
	bool hit = example_hits(r->runner, e, no_memory);

	if (hit == e->must_hit)
		return NULL;
	return hit ? "its rule matches, and must not" : "its rule does not match, and must";
}

static const char *try_capture(
	struct run *r, struct example_captures *captures, const struct example *e)
{
	uint64_t hits;
	const char *why = example_captures_hits(captures, e, &hits);

	(void)r;
	if (why != NULL)
		return why;
	if (!e->must_hit)
		return hits > 0 ? "its rule matches in the capture, and must not" : NULL;
	if (hits == 0)
		return "its rule does not match in the capture, and must";
	return e->count != 0 && hits != e->count
		? "its rule matches in the capture, but not as often"
		: NULL;
}

static int run_all(struct run *r)
{
	struct example_captures captures = {.blob = r->mapped != NULL ? r->mapped : r->set.data,
		.len = r->mapped != NULL ? r->mapped_len : r->set.len};
	bool no_memory = false;

	for (uint32_t i = 0; i < r->all.n && !no_memory; i++) {
		const struct example *e = &r->all.items[i];
		if (beside_left_out(&r->rules, e->gid, e->sid))
			continue; // a rule that is disabled has nothing to show
		if (!example_has_rule(r->runner, e->gid, e->sid))
			judge(r, e, "there is no such rule in the set");
		else if (e->capture != NULL)
			judge(r, e, try_capture(r, &captures, e));
		else
			judge(r, e, try_values(r, e, &no_memory));
	}
	example_captures_free(&captures);
	return no_memory ? EXIT_MEMORY : 0;
}

static void print_json(const struct run *r)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < r->diags.n; i++) {
		const struct diag *d = &r->diags.items[i];
		json_array_append_new(rows,
			json_pack("{s:o, s:I, s:I, s:I, s:o}", "file", escape_json(d->where.file),
				"line", (json_int_t)d->where.line, "column",
				(json_int_t)d->where.column, "sid", (json_int_t)d->sid, "text",
				escape_json(d->text)));
	}
	json_t *all = json_pack("{s:I, s:I, s:I, s:o}", "examples", (json_int_t)r->all.n, "failed",
		(json_int_t)r->failed, "errors", (json_int_t)(r->diags.n_errors - r->failed),
		"diags", rows);
	json_dumpf(all, stdout, JSON_INDENT(1));
	printf("\n");
	json_decref(all);
}

// For the daemon: as its own child writes it.
static void print_report(const struct run *r)
{
	int status = r->diags.n_errors > 0 ? -EINVAL : 0;

	compile_report_origin(CACHE_NONE, NULL, false, stdout);
	compile_report_write(NULL, &r->diags, status, r->all.n, stdout);
}

static int finish(const struct run *r)
{
	const bool wrong = r->diags.n_errors > r->failed;

	if (r->options->report) {
		print_report(r);
		return 0;
	}
	if (r->options->json)
		print_json(r);
	else if (wrong || r->options->quiet)
		diags_print(&r->diags, stderr);
	if (!r->options->json && !r->options->quiet)
		printf("%u examples, %u failed\n", r->all.n, r->failed);
	return wrong ? EXIT_RULES : r->failed > 0 ? EXIT_FAILED : 0;
}

int examples_main(
	const struct replay_options *o, const struct rule_var *vars, const struct geo_source *geo)
{
	const struct tool_rules rules = {.companions = &o->companions,
		.paths = o->rules,
		.n_paths = o->n_rules,
		.vars = vars,
		.lab = o->lab,
		.geo = geo};
	struct run r = {.options = o};

	int status = get_set(&r, &rules);
	if (status == 0 && collect(&r) < 0) {
		log_error("more than %d examples, or short of memory", EXAMPLES_MAX);
		status = EXIT_MEMORY;
	}
	if (status == 0)
		status = run_all(&r);
	if (status == 0)
		status = finish(&r);
	examples_free(&r.all);
	example_runner_free(r.runner);
	pattern_db_free(r.db);
	if (r.mapped != NULL)
		munmap(r.mapped, r.mapped_len);
	swdb_free(&r.set);
	diags_free(&r.diags);
	rule_list_free(&r.rules);
	return status;
}
