// Loads, told about on their way, and rollbacks, which are loads of what is compiled already.

#include "control/cli/cli.h"

#include "control/cli/table.h"
#include "control/escape.h"
#include "dataplane/base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct view {
	const struct cli *cli;
	bool terminal;
	uint64_t load; // 0: the daemon did not name it yet
	char state[32];
	uint64_t place;
	uint64_t since_ns; // when it came to this state
	bool cancelling;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

// Once: a second Ctrl-C ends us, and the daemon sees us go.
static void catch_interrupt(void)
{
	struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
}

// The daemon has another working directory.
json_t *cli_paths(const struct cli *cli)
{
	json_t *paths = json_array();

	for (int i = 0; i < cli->n_args; i++) {
		char *path = realpath(cli->args[i], NULL);
		json_t *text = path != NULL ? json_string(path) : NULL;
		if (text == NULL) {
			fprintf(stderr, "sealctl: ");
			escape_write(cli->args[i], stderr);
			fprintf(stderr, ": %s\n",
				path == NULL ? strerror(errno) : "the path is not UTF-8");
			free(path);
			json_decref(paths);
			return NULL;
		}
		free(path);
		json_array_append_new(paths, text);
	}
	return paths;
}

static void put(struct table *t, const char *name, uint64_t value, const char *unit)
{
	table_row(t);
	table_text(t, name);
	table_format(t, "%" PRIu64 "%s", value, unit);
}

static void put_loader(struct table *t, const json_t *r)
{
	uid_t uid = (uid_t)cli_number(r, "loaded_by");
	const struct passwd *user = getpwuid(uid);

	table_row(t);
	table_text(t, "loaded by");
	table_format(t, "%s (uid %u)", user != NULL ? user->pw_name : "?", (unsigned)uid);
}

static void print_receipt(const json_t *r)
{
	struct table *t = table_new();
	const json_t *w;
	size_t i;

	table_column(t, "WHAT", TABLE_LEFT);
	table_column(t, "VALUE", TABLE_LEFT);
	table_no_headings(t);
	put(t, "generation", cli_number(r, "generation"), "");
	table_row(t);
	table_text(t, "digest");
	table_text(t, cli_text(r, "digest"));
	put(t, "rules", cli_number(r, "rules"), "");
	if (cli_number(r, "share") > 0) {
		table_row(t);
		table_text(t, "shadow, on");
		table_format(t, "%.1f %% of the flows", (double)cli_number(r, "share") / 10);
	}
	put(t, "warnings", cli_number(r, "warnings"), "");
	put_loader(t, r);
	if (cli_number(r, "examples") > 0)
		put(t, "examples", cli_number(r, "examples"), " run, 0 failed");
	if (cli_number(r, "queued_ms") > 0)
		put(t, "waited", cli_number(r, "queued_ms"), " ms");
	if (json_object_get(r, "compile_ms") != NULL)
		put(t,
			json_is_true(json_object_get(r, "cached")) ? "from the cache in"
								   : "compiled in",
			cli_number(r, "compile_ms"), " ms");
	put(t, "prepared in", cli_number(r, "prepare_ns") / 1000, " us");
	json_array_foreach(json_object_get(r, "workers"), i, w)
	{
		table_row(t);
		table_format(t, "worker %u", (unsigned)cli_number(w, "worker"));
		table_format(t, "took it after %" PRIu64 " ns", cli_number(w, "ack_ns"));
	}
	put(t, "old set gone after", cli_number(r, "grace_ns") / 1000, " us");
	put(t, "packets lost", cli_number(r, "lost_packets"), "");
	table_row(t);
	table_text(t, "memory");
	table_format(t, "%" PRIu64 " -> %" PRIu64 " KiB", cli_number(r, "bytes_before") / 1024,
		cli_number(r, "bytes_after") / 1024);
	table_print(t);
}

static void show(const struct view *v)
{
	const double s = (double)(clock_monotonic_ns() - v->since_ns) / 1e9;

	if (!v->terminal || v->state[0] == '\0')
		return;
	fprintf(stderr, "\r\033[K");
	escape_write(v->state, stderr);
	if (v->place > 0)
		fprintf(stderr, ", place %" PRIu64, v->place);
	fprintf(stderr, ": %.1f s", s);
	fflush(stderr);
}

static void clear(const struct view *v)
{
	if (v->terminal)
		fprintf(stderr, "\r\033[K");
}

static void cancel(struct view *v)
{
	struct cli quiet = *v->cli;
	json_t *reply = NULL;

	v->cancelling = true;
	quiet.json = false;
	clear(v);
	cli_ask(&quiet,
		json_pack("{s:s, s:I}", "cmd", "patterns.cancel", "load", (json_int_t)v->load),
		&reply);
	json_decref(reply);
}

static void tick(void *ctx)
{
	struct view *v = ctx;

	if (interrupted && !v->cancelling && v->load != 0)
		cancel(v);
	show(v);
}

static void line(void *ctx, const json_t *got)
{
	struct view *v = ctx;
	const char *state = cli_text(got, "progress");

	if (strcmp(state, v->state) != 0)
		v->since_ns = clock_monotonic_ns();
	snprintf(v->state, sizeof(v->state), "%s", state);
	v->place = cli_number(got, "place");
	v->load = cli_number(got, "load");
	tick(v);
}

static enum cli_exit status_of(enum cli_exit status, const json_t *reply)
{
	const char *code = cli_text(reply, "code");

	if (status != CLI_REFUSED)
		return status;
	if (strcmp(code, "cancelled") == 0)
		return CLI_CANCELLED;
	if (strcmp(code, "late") == 0)
		return CLI_LATE;
	return cli_number(reply, "errors") > 0 ? CLI_PATTERNS : CLI_REFUSED;
}

enum cli_exit cli_ask_load(const struct cli *cli, json_t *request, json_t **out)
{
	struct view view = {.cli = cli, .terminal = !cli->json && isatty(STDERR_FILENO)};
	const struct cli_watcher watcher = {.line = line, .tick = tick, .ctx = &view};
	json_t *reply = NULL;

	json_object_set_new(request, "watch", json_true());
	if (cli->deadline_s != 0)
		json_object_set_new(request, "deadline_s", json_integer(cli->deadline_s));
	catch_interrupt();
	enum cli_exit status = cli_ask_watched(cli, request, &watcher, &reply);
	clear(&view);
	if (!cli->json)
		cli_print_diags(reply);
	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	*out = reply;
	return status_of(status, reply);
}

enum cli_exit cli_load(const struct cli *cli, json_t *request)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask_load(cli, request, &reply);

	if (status == CLI_OK && !cli->json && json_object_get(reply, "generation") == NULL)
		printf("done; nothing of ours is live: it counts from the next load on\n");
	else if (status == CLI_OK && !cli->json)
		print_receipt(reply);
	if (status == CLI_OK && !cli->json)
		cli_print_inactive(reply);
	json_decref(reply);
	return status;
}

enum cli_exit cli_patterns_load(const struct cli *cli)
{
	json_t *paths = cli_paths(cli);

	if (paths == NULL)
		return CLI_USAGE;
	return cli_load(cli, json_pack("{s:s, s:o}", "cmd", "patterns.load", "paths", paths));
}

// A number is a generation, all else the begin of a digest.
enum cli_exit cli_patterns_rollback(const struct cli *cli)
{
	json_t *request = json_pack("{s:s}", "cmd", "patterns.rollback");
	uint64_t generation;

	if (cli->n_args > 0 && cli_parse_number(cli->args[0], &generation))
		json_object_set_new(request, "generation", json_integer((json_int_t)generation));
	else if (cli->n_args > 0)
		json_object_set_new(request, "digest", escape_json(cli->args[0]));
	return cli_load(cli, request);
}

static enum cli_exit change(const struct cli *cli, const char *command)
{
	json_t *ids = json_array();

	for (int i = 0; i < cli->n_args; i++)
		json_array_append_new(ids, escape_json(cli->args[i]));
	return cli_load(cli, json_pack("{s:s, s:o}", "cmd", command, "ids", ids));
}

enum cli_exit cli_patterns_disable(const struct cli *cli)
{
	return change(cli, "patterns.disable");
}

enum cli_exit cli_patterns_enable(const struct cli *cli)
{
	return change(cli, "patterns.enable");
}
