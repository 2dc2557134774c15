#include "control/request.h"

#include "dataplane/api/purpose.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum key {
	KEY_PATHS = 1 << 0,
	KEY_WATCH = 1 << 1,
	KEY_DEADLINE = 1 << 2,
	KEY_LOAD = 1 << 3,
	KEY_GENERATION = 1 << 4,
	KEY_DIGEST = 1 << 5,
	KEY_RULES = 1 << 6,
	KEY_BY = 1 << 7,
	KEY_COUNT = 1 << 8,
	KEY_MAX_NS = 1 << 9,
	KEY_MAX_BYTES = 1 << 10,
	KEY_FROM = 1 << 11,
	KEY_TO = 1 << 12,
	KEY_IDS = 1 << 13,
	KEY_SHARE = 1 << 14,
	KEY_RECORD = 1 << 19,
	KEY_ENTRY = 1 << 15,
	KEY_ID = 1 << 16,
	KEY_SERVICE = 1 << 17,
	KEY_SEGMENT = 1 << 18,
	KEY_FILE = 1 << 24,
	KEY_AS_FILE = 1 << 26,
	KEY_WINDOW = 1 << 25,
};

static const struct {
	const char *name;
	unsigned keys; // that it takes
} commands[COMMAND_COUNT] = {
	[COMMAND_STATUS] = {"status", 0},
	[COMMAND_PATTERNS_LOAD] = {"patterns.load", KEY_PATHS | KEY_WATCH | KEY_DEADLINE},
	[COMMAND_PATTERNS_LINT] = {"patterns.lint",
		KEY_PATHS | KEY_WATCH | KEY_DEADLINE | KEY_MAX_NS | KEY_MAX_BYTES},
	[COMMAND_PATTERNS_TEST] = {"patterns.test", KEY_PATHS | KEY_WATCH | KEY_DEADLINE},
	[COMMAND_PATTERNS_DIFF] = {"patterns.diff", KEY_FROM | KEY_TO | KEY_WATCH | KEY_DEADLINE},
	[COMMAND_PATTERNS_ROLLBACK] = {"patterns.rollback",
		KEY_GENERATION | KEY_DIGEST | KEY_WATCH | KEY_DEADLINE},
	[COMMAND_PATTERNS_CANCEL] = {"patterns.cancel", KEY_LOAD},
	[COMMAND_PATTERNS_DISABLE] = {"patterns.disable", KEY_IDS | KEY_WATCH | KEY_DEADLINE},
	[COMMAND_PATTERNS_ENABLE] = {"patterns.enable", KEY_IDS | KEY_WATCH | KEY_DEADLINE},
	[COMMAND_PATTERNS_LIST] = {"patterns.list", 0},
	[COMMAND_PATTERNS_SHOW] = {"patterns.show", KEY_RULES},
	[COMMAND_SHADOW_LOAD] = {"patterns.shadow.load",
		KEY_PATHS | KEY_SHARE | KEY_WATCH | KEY_DEADLINE},
	[COMMAND_SHADOW_SHOW] = {"patterns.shadow.show", KEY_COUNT},
	[COMMAND_SHADOW_PROMOTE] = {"patterns.shadow.promote", KEY_WATCH | KEY_DEADLINE},
	[COMMAND_SHADOW_DROP] = {"patterns.shadow.drop", 0},
	[COMMAND_PURPOSE_ADD] = {"purpose.add", KEY_ENTRY},
	[COMMAND_PURPOSE_LIST] = {"purpose.list", 0},
	[COMMAND_PURPOSE_SHOW] = {"purpose.show", KEY_ID},
	[COMMAND_PURPOSE_RETIRE] = {"purpose.retire", KEY_ID},
	[COMMAND_EVIDENCE_LIST] = {"evidence.list", 0},
	[COMMAND_EVIDENCE_EXPORT] = {"evidence.export", KEY_RECORD},
	[COMMAND_EVIDENCE_VERIFY] = {"evidence.verify", 0},
	[COMMAND_EVIDENCE_ERASE] = {"evidence.erase", KEY_RECORD},
	[COMMAND_DOCTOR_PLACES] = {"doctor.places", 0},
	[COMMAND_COUNTERS] = {"counters", 0},
	[COMMAND_SERVICES] = {"services", 0},
	[COMMAND_LEAKS] = {"leaks", 0},
	[COMMAND_POSTURE] = {"posture", KEY_SERVICE | KEY_SEGMENT},
	[COMMAND_POSTURE_TREND] = {"posture.trend", KEY_SERVICE | KEY_SEGMENT},
	[COMMAND_TOP] = {"top", 0},
	[COMMAND_TOP_RULES] = {"top.rules", KEY_BY | KEY_COUNT},
	[COMMAND_GEO_LOAD] = {"geo.load", KEY_FILE | KEY_AS_FILE},
	[COMMAND_GEO_MATRIX] = {"geo.matrix", KEY_WINDOW},
	[COMMAND_GEO_EXPORT] = {"geo.export", KEY_WINDOW},
};

__attribute__((format(printf, 2, 3))) static int refuse(char error[256], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, 256, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int find_command(const json_t *name, enum command *out, char error[256])
{
	if (!json_is_string(name))
		return refuse(error, "\"cmd\" takes the name of a command");
	for (unsigned i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(json_string_value(name), commands[i].name) == 0) {
			*out = (enum command)i;
			return 0;
		}
	}
	return refuse(
		error, "there is no such command; docs/patterns.md and sealctl --help have all");
}

static int take_paths(const json_t *paths, struct request *r, char error[256])
{
	const json_t *path;
	size_t i;

	if (!json_is_array(paths) || json_array_size(paths) == 0)
		return refuse(error, "\"paths\" takes a list of files");
	if (json_array_size(paths) > REQUEST_PATHS_MAX)
		return refuse(error, "at most %d paths", REQUEST_PATHS_MAX);
	json_array_foreach(paths, i, path)
	{
		if (!json_is_string(path) || json_string_value(path)[0] != '/')
			return refuse(error, "a path is absolute");
		if (json_string_length(path) > REQUEST_PATH_LEN_MAX)
			return refuse(error, "a path is at most %d bytes", REQUEST_PATH_LEN_MAX);
		r->paths[i] = json_string_value(path);
	}
	r->n_paths = (uint32_t)i;
	return 0;
}

static int take_ids(const json_t *ids, struct request *r, char error[256])
{
	const json_t *id;
	size_t i;

	if (!json_is_array(ids) || json_array_size(ids) == 0)
		return refuse(error, "\"ids\" takes a list of rules: \"2019401\" or \"1:2019401\"");
	if (json_array_size(ids) > DISABLED_CHANGE_MAX)
		return refuse(error, "at most %d rules at once", DISABLED_CHANGE_MAX);
	json_array_foreach(ids, i, id)
	{
		if (!json_is_string(id) || !rule_id_parse(json_string_value(id), &r->change.ids[i]))
			return refuse(error, "a rule is named by \"sid\" or \"gid:sid\"");
	}
	r->change.n = (uint32_t)i;
	r->change.enable = r->command == COMMAND_PATTERNS_ENABLE;
	return 0;
}

static int take_bool(const json_t *value, const char *key, bool *out, char error[256])
{
	if (!json_is_boolean(value))
		return refuse(error, "\"%s\" takes true or false", key);
	*out = json_is_true(value);
	return 0;
}

static int take_number(
	const json_t *value, const char *key, uint64_t max, uint64_t *out, char error[256])
{
	json_int_t n = json_is_integer(value) ? json_integer_value(value) : 0;

	if (n < 1 || (uint64_t)n > max)
		return refuse(error, "\"%s\" takes a whole number, 1 to %llu", key,
			(unsigned long long)max);
	*out = (uint64_t)n;
	return 0;
}

static int take_digest(const json_t *value, struct request *r, char error[256])
{
	const char *text = json_string_value(value);
	size_t len = text != NULL ? strlen(text) : 0;

	if (len < REQUEST_DIGEST_MIN || len > 64 || strspn(text, "0123456789abcdef") != len)
		return refuse(error, "\"digest\" takes %d to 64 hex digits, lower case",
			REQUEST_DIGEST_MIN);
	r->digest = text;
	return 0;
}

static int take_side(const json_t *value, const char *key, const char **out, char error[256])
{
	const char *text = json_string_value(value);
	size_t len = text != NULL ? strlen(text) : 0;

	if (len == 0 || len > REQUEST_PATH_LEN_MAX ||
		(text[0] != '/' && strspn(text, "0123456789abcdef") != len &&
			strcmp(text, "live") != 0))
		return refuse(error,
			"\"%s\" takes an absolute path, a generation, a digest, or \"live\"", key);
	*out = text;
	return 0;
}

static int take_name(const json_t *value, const char *key, const char **out, char error[256])
{
	size_t len = json_string_length(value);

	if (len == 0 || len > REQUEST_NAME_LEN_MAX)
		return refuse(error, "\"%s\" takes a name of at most %d bytes", key,
			REQUEST_NAME_LEN_MAX);
	*out = json_string_value(value);
	return 0;
}

// max fits.
static int take_small(
	const json_t *value, const char *key, uint32_t max, uint32_t *out, char error[256])
{
	uint64_t n = 0;

	int err = take_number(value, key, max, &n, error);
	if (err == 0)
		*out = (uint32_t)n;
	return err;
}

static int take_by(const json_t *value, struct request *r, char error[256])
{
	static const char *const names[] = {
#define X(id, name) [id] = name,
		TALLY_KEYS(X)
#undef X
	};
	const char *text = json_string_value(value);

	for (unsigned i = 0; i < TALLY_KEY_COUNT && text != NULL; i++) {
		if (strcmp(text, names[i]) == 0) {
			r->by = (enum tally_key)i;
			return 0;
		}
	}
	return refuse(error, "\"by\" takes cost, hits, checks or prefilter");
}

static int take_file(const json_t *value, const char *name, const char **out, char error[256])
{
	const char *text = json_string_value(value);

	if (text == NULL || text[0] != '/' || strlen(text) > REQUEST_PATH_LEN_MAX)
		return refuse(error, "\"%s\" takes an absolute path", name);
	*out = text;
	return 0;
}

static int take_window(const json_t *value, struct request *r, char error[256])
{
	const char *text = json_string_value(value);
	bool day = text != NULL && strcmp(text, "day") == 0;

	if (!day && (text == NULL || strcmp(text, "year") != 0))
		return refuse(error, "\"window\" takes day or year");
	r->window = day ? BORDER_DAY : BORDER_YEAR;
	return 0;
}

static const struct {
	const char *name;
	enum key key;
} keys[] = {
	{"paths", KEY_PATHS},
	{"watch", KEY_WATCH},
	{"deadline_s", KEY_DEADLINE},
	{"load", KEY_LOAD},
	{"generation", KEY_GENERATION},
	{"digest", KEY_DIGEST},
	{"rules", KEY_RULES},
	{"by", KEY_BY},
	{"count", KEY_COUNT},
	{"from", KEY_FROM},
	{"to", KEY_TO},
	{"max_ns", KEY_MAX_NS},
	{"max_bytes", KEY_MAX_BYTES},
	{"ids", KEY_IDS},
	{"share", KEY_SHARE},
	{"record", KEY_RECORD},
	{"entry", KEY_ENTRY},
	{"id", KEY_ID},
	{"service", KEY_SERVICE},
	{"segment", KEY_SEGMENT},
	{"file", KEY_FILE},
	{"asn_file", KEY_AS_FILE},
	{"window", KEY_WINDOW},
};

static int take_id(const json_t *value, struct request *r, char error[256])
{
	if (!json_is_string(value) || !purpose_name_ok(json_string_value(value)))
		return refuse(error, "\"id\" takes 1 to %d of a-z 0-9 . _ -", PURPOSE_NAME_LEN - 1);
	r->id = json_string_value(value);
	return 0;
}

static int take_record(const json_t *value, struct request *r, char error[256])
{
	const char *text = json_string_value(value);
	size_t len = text != NULL ? strlen(text) : 0;

	if (len < REQUEST_DIGEST_MIN || len > 32 || strspn(text, "0123456789abcdef") != len)
		return refuse(error, "\"record\" takes %d to 32 hex digits, lower case",
			REQUEST_DIGEST_MIN);
	r->record = text;
	return 0;
}

static int take_value(enum key key, const json_t *value, struct request *r, char error[256])
{
	switch (key) {
	case KEY_PATHS:
		return take_paths(value, r, error);
	case KEY_WATCH:
		return take_bool(value, "watch", &r->watch, error);
	case KEY_DEADLINE:
		return take_small(value, "deadline_s", REQUEST_DEADLINE_MAX, &r->deadline_s, error);
	case KEY_LOAD:
		return take_number(value, "load", INT64_MAX, &r->load, error);
	case KEY_GENERATION:
		return take_number(value, "generation", INT64_MAX, &r->generation, error);
	case KEY_DIGEST:
		return take_digest(value, r, error);
	case KEY_FROM:
		return take_side(value, "from", &r->from, error);
	case KEY_TO:
		return take_side(value, "to", &r->to, error);
	case KEY_MAX_NS:
		return take_number(value, "max_ns", INT64_MAX, &r->max_ns, error);
	case KEY_MAX_BYTES:
		return take_number(value, "max_bytes", INT64_MAX, &r->max_bytes, error);
	case KEY_RULES:
		return take_bool(value, "rules", &r->rules, error);
	case KEY_BY:
		return take_by(value, r, error);
	case KEY_COUNT:
		return take_small(value, "count", REQUEST_COUNT_MAX, &r->count, error);
	case KEY_IDS:
		return take_ids(value, r, error);
	case KEY_ENTRY:
		r->entry = value; // purpose_from_json() judges it
		return 0;
	case KEY_RECORD:
		return take_record(value, r, error);
	case KEY_ID:
		return take_id(value, r, error);
	case KEY_SERVICE:
		return take_name(value, "service", &r->service, error);
	case KEY_SEGMENT:
		return take_name(value, "segment", &r->segment, error);
	case KEY_SHARE:
		return take_small(value, "share", SHADOW_SHARE_MAX, &r->share, error);
	case KEY_FILE:
		return take_file(value, "file", &r->file, error);
	case KEY_AS_FILE:
		return take_file(value, "asn_file", &r->as_file, error);
	case KEY_WINDOW:
		return take_window(value, r, error);
	}
	return -EINVAL;
}

// A key that nobody looks at is a mistake of its sender.
static int take_key(const char *name, const json_t *value, struct request *r, char error[256])
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(name, keys[i].name) == 0 && commands[r->command].keys & keys[i].key)
			return take_value(keys[i].key, value, r, error);
	}
	return refuse(error, "unknown key \"%.64s\" for %s", name, commands[r->command].name);
}

static int take(struct request *r, char error[256])
{
	const char *name;
	json_t *value;

	if (!json_is_object(r->root))
		return refuse(error, "a request is a JSON object");
	int err = find_command(json_object_get(r->root, "cmd"), &r->command, error);
	if (err < 0)
		return err;
	json_object_foreach(r->root, name, value)
	{
		err = strcmp(name, "cmd") == 0 ? 0 : take_key(name, value, r, error);
		if (err < 0)
			return err;
	}
	if (commands[r->command].keys & KEY_PATHS && r->n_paths == 0)
		return refuse(error, "\"paths\" takes a list of files");
	if (commands[r->command].keys & KEY_TO && r->to == NULL)
		return refuse(error, "\"to\" says what to compare with");
	if (commands[r->command].keys & KEY_IDS && r->change.n == 0)
		return refuse(error, "\"ids\" takes a list of rules");
	if (commands[r->command].keys & KEY_ENTRY && r->entry == NULL)
		return refuse(error, "\"entry\" takes a purpose");
	if (commands[r->command].keys & KEY_RECORD && r->record == NULL)
		return refuse(error, "\"record\" says which");
	if (commands[r->command].keys & KEY_ID && r->id == NULL)
		return refuse(error, "\"id\" says which");
	if (r->generation != 0 && r->digest != NULL)
		return refuse(error, "\"generation\" or \"digest\", not both");
	return 0;
}

int request_parse(const char *line, size_t len, struct request *out, char error[256])
{
	struct request r = {.count = REQUEST_COUNT};
	json_error_t json;

	r.root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &json);
	if (r.root == NULL)
		return refuse(error, "no JSON: %.160s", json.text);
	int err = take(&r, error);
	if (err < 0) {
		request_free(&r);
		return err;
	}
	*out = r;
	return 0;
}

void request_free(struct request *r)
{
	json_decref(r->root);
	r->root = NULL;
}
