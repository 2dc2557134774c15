// sealctl from the inside: what its commands share.

#pragma once

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

enum cli_exit {
	CLI_OK,
	CLI_REFUSED,
	CLI_USAGE,
	CLI_UNREACHABLE,
	CLI_PATTERNS,
	CLI_CANCELLED,
	CLI_LATE,
};

struct cli {
	const char *socket;
	bool json;
	bool watch; // counters
	bool rules; // counters: of rules only; patterns show: each of them
	bool once; // top: also on a terminal
	const char *by; // top: what is sorted by; NULL: cost
	unsigned days; // patterns stale; 0: the default
	unsigned count; // top, shadow show: rules; 0: the default
	unsigned share; // shadow load: of the flows, in thousandths; 0: the default
	unsigned interval_s; // top; 0: the default
	const char *window; // geo matrix, export; NULL: day
	bool strict; // lint: warnings count as errors
	uint64_t max_ns, max_memory_mb; // lint; 0: the daemon's
	const char *segment; // posture; NULL: all
	bool explain, trend; // posture
	unsigned deadline_s; // of a load; 0: the daemon's
	char *const *args;
	int n_args;
};

// One request over a connection of its own. CLI_OK and *reply (the caller's, "ok" is true), or
// an exit status: the error was printed, and with --json the reply too. May leave *reply NULL.
enum cli_exit cli_ask(const struct cli *cli, json_t *request, json_t **reply);
// What comes before the answer, and each quarter of a second (or signal) without anything.
struct cli_watcher {
	void (*line)(void *ctx, const json_t *line);
	void (*tick)(void *ctx);
	void *ctx;
};
// As cli_ask(), for a request that is told about on its way.
enum cli_exit cli_ask_watched(
	const struct cli *cli, json_t *request, const struct cli_watcher *watcher, json_t **reply);
// The same for a request that is a name only.
enum cli_exit cli_ask_simple(const struct cli *cli, const char *command, json_t **reply);

// A load, or what is like one: shown on its way, Ctrl-C cancels it; diags are printed, and with
// --json the reply. *reply is the caller's, and may be NULL.
enum cli_exit cli_ask_load(const struct cli *cli, json_t *request, json_t **reply);
// The same for what ends with a receipt, which is printed. `request` is taken.
enum cli_exit cli_load(const struct cli *cli, json_t *request);
// The arguments as absolute paths, for the daemon has another working directory. NULL: there is no
// such file, and that was printed.
json_t *cli_paths(const struct cli *cli);

void cli_print_json(const json_t *json, bool compact);

uint64_t cli_number(const json_t *object, const char *key);
// Digits only, 1 to 2^63 - 1.
bool cli_parse_number(const char *text, uint64_t *out);
// "12.5": percent, from 0.1 to 100; *out is in thousandths.
bool cli_parse_share(const char *text, unsigned *out);
void cli_print_diags(const json_t *reply); // to standard error
const char *cli_text(const json_t *object, const char *key); // "-" when there is none

enum cli_exit cli_status(const struct cli *cli);
enum cli_exit cli_patterns_load(const struct cli *cli);
enum cli_exit cli_patterns_lint(const struct cli *cli);
enum cli_exit cli_patterns_test(const struct cli *cli);
enum cli_exit cli_patterns_diff(const struct cli *cli);
enum cli_exit cli_patterns_rollback(const struct cli *cli);
enum cli_exit cli_patterns_disable(const struct cli *cli);
enum cli_exit cli_patterns_enable(const struct cli *cli);
enum cli_exit cli_patterns_cancel(const struct cli *cli);
enum cli_exit cli_patterns_show(const struct cli *cli);
enum cli_exit cli_patterns_list(const struct cli *cli);
enum cli_exit cli_patterns_stale(const struct cli *cli);
enum cli_exit cli_shadow_load(const struct cli *cli);
enum cli_exit cli_shadow_show(const struct cli *cli);
enum cli_exit cli_shadow_promote(const struct cli *cli);
enum cli_exit cli_shadow_drop(const struct cli *cli);
enum cli_exit cli_purpose_add(const struct cli *cli);
enum cli_exit cli_purpose_list(const struct cli *cli);
enum cli_exit cli_purpose_show(const struct cli *cli);
enum cli_exit cli_purpose_retire(const struct cli *cli);
// "N rules about content are inactive ...", of a reply that has them; nothing when there are none.
void cli_print_inactive(const json_t *reply);
enum cli_exit cli_evidence_list(const struct cli *cli);
enum cli_exit cli_evidence_export(const struct cli *cli);
enum cli_exit cli_evidence_verify(const struct cli *cli);
enum cli_exit cli_evidence_erase(const struct cli *cli);
enum cli_exit cli_doctor_privacy(const struct cli *cli);
enum cli_exit cli_counters(const struct cli *cli);
enum cli_exit cli_services(const struct cli *cli);
enum cli_exit cli_leaks(const struct cli *cli);
enum cli_exit cli_posture(const struct cli *cli);
enum cli_exit cli_geo_load(const struct cli *cli);
enum cli_exit cli_geo_matrix(const struct cli *cli);
enum cli_exit cli_geo_export(const struct cli *cli);
enum cli_exit cli_geo_merge(const struct cli *cli);
enum cli_exit cli_top(const struct cli *cli);
enum cli_exit cli_top_rules(const struct cli *cli);
