#include "control/config.h"

#include "control/disabled.h"
#include "control/matrix.h"
#include "control/text_file.h"

#include "dataplane/api/geo_map.h"

#include <cyaml/cyaml.h>
#include <yaml.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, SOCKET_PATH_MAX = 107, PATTERNS_MAX = 1000, VARIABLES_MAX = 1000 };

// What the file says; NULL: the key is absent, which is not the same as zero or "".
struct limit_keys {
	uint32_t *cpu_s;
	uint32_t *memory_mb;
	uint32_t *wall_s;
};

struct lint_keys {
	uint32_t *max_ns;
	uint32_t *max_memory_mb;
};

struct threshold_keys {
	char *country;
	uint64_t persons;
};

struct keys {
	char *link_socket;
	char *control_socket;
	char *control_group;
	char *user;
	char *eve_file;
	char *cache;
	char *replay;
	char *geoip_database;
	char *asn_database;
	char *geo_home;
	char *geo_key_file;
	uint32_t *geo_min_persons;
	struct threshold_keys *geo_thresholds;
	uint32_t geo_thresholds_count;
	char *state;
	char *metrics_address;
	uint32_t *metrics_port;
	uint32_t *stats_interval_s;
	uint32_t *load_deadline_s;
	uint32_t *keep_generations;
	uint32_t lab; // a bool of libcyaml takes every word that is not "false" for true
	struct limit_keys *compile;
	struct lint_keys *lint;
	char **patterns;
	uint32_t patterns_count;
	struct rule_var *variables;
	uint32_t variables_count;
	char *classification_file;
	char *reference_file;
	char *threshold_file;
	char *disable_file;
	char **disable;
	uint32_t disable_count;
};

struct owned {
	struct keys *keys;
	struct rule_var variables[VARIABLES_MAX + 1];
};

#define POINTER (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(name, min, max) CYAML_FIELD_STRING_PTR(#name, POINTER, struct keys, name, min, max)
#define NUMBER(type, name) CYAML_FIELD_UINT_PTR(#name, POINTER, type, name)

static const cyaml_schema_value_t path_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 4096)};

static const cyaml_schema_value_t id_schema = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 21)};

static const cyaml_schema_field_t variable_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct rule_var, name, 1, 256),
	CYAML_FIELD_STRING_PTR("value", CYAML_FLAG_POINTER, struct rule_var, value, 1, 65536),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t variable_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule_var, variable_fields)};

static const cyaml_schema_field_t limit_fields[] = {
	NUMBER(struct limit_keys, cpu_s),
	NUMBER(struct limit_keys, memory_mb),
	NUMBER(struct limit_keys, wall_s),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t lint_fields[] = {
	NUMBER(struct lint_keys, max_ns),
	NUMBER(struct lint_keys, max_memory_mb),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t threshold_fields[] = {
	CYAML_FIELD_STRING_PTR(
		"country", CYAML_FLAG_POINTER, struct threshold_keys, country, 1, 16),
	CYAML_FIELD_UINT("persons", CYAML_FLAG_DEFAULT, struct threshold_keys, persons),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t threshold_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct threshold_keys, threshold_fields)};

static const cyaml_strval_t switch_words[] = {
	{"true", 1}, {"yes", 1}, {"on", 1}, {"false", 0}, {"no", 0}, {"off", 0}};

static const cyaml_schema_field_t top_fields[] = {
	TEXT(link_socket, 1, SOCKET_PATH_MAX),
	TEXT(control_socket, 1, SOCKET_PATH_MAX),
	TEXT(control_group, 1, 256),
	TEXT(user, 1, 256),
	TEXT(eve_file, 0, 4096),
	TEXT(cache, 0, 4096),
	TEXT(replay, 1, 4095),
	TEXT(geoip_database, 0, 4096),
	TEXT(asn_database, 1, 4096),
	TEXT(geo_home, 1, 16),
	TEXT(geo_key_file, 1, 4096),
	NUMBER(struct keys, geo_min_persons),
	CYAML_FIELD_SEQUENCE("geo_thresholds", POINTER, struct keys, geo_thresholds,
		&threshold_schema, 0, GEO_THRESHOLDS_MAX),
	TEXT(state, 0, 4096),
	TEXT(metrics_address, 1, 64),
	NUMBER(struct keys, metrics_port),
	NUMBER(struct keys, stats_interval_s),
	NUMBER(struct keys, load_deadline_s),
	NUMBER(struct keys, keep_generations),
	CYAML_FIELD_ENUM("lab", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct keys, lab,
		switch_words, CYAML_ARRAY_LEN(switch_words)),
	CYAML_FIELD_MAPPING_PTR("compile", POINTER, struct keys, compile, limit_fields),
	CYAML_FIELD_MAPPING_PTR("lint", POINTER, struct keys, lint, lint_fields),
	CYAML_FIELD_SEQUENCE(
		"patterns", POINTER, struct keys, patterns, &path_schema, 0, PATTERNS_MAX),
	TEXT(classification_file, 1, 4096),
	TEXT(reference_file, 1, 4096),
	TEXT(threshold_file, 1, 4096),
	TEXT(disable_file, 1, 4096),
	CYAML_FIELD_SEQUENCE("disable", POINTER, struct keys, disable, &id_schema, 0, DISABLED_MAX),
	CYAML_FIELD_SEQUENCE(
		"variables", POINTER, struct keys, variables, &variable_schema, 0, VARIABLES_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t top_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct keys, top_fields)};

// libcyaml tells what is wrong, and then a backtrace whose innermost line says where.
struct complaint {
	char what[256];
	unsigned line;
	unsigned column;
};

static void on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	static const char prefix[] = "Load: ";
	struct complaint *c = ctx;
	char text[256];

	if (level < CYAML_LOG_ERROR)
		return;
	vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = '\0';
	const char *at = strstr(text, "(line: ");
	if (at != NULL && c->line == 0)
		sscanf(at, "(line: %u, column: %u", &c->line, &c->column);
	else if (at == NULL && c->what[0] == '\0')
		snprintf(c->what, sizeof(c->what), "%s",
			strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : text);
}

static const cyaml_config_t cyaml = {.log_fn = on_log,
	.mem_fn = cyaml_mem,
	.log_level = CYAML_LOG_ERROR,
	.flags = CYAML_CFG_NO_ALIAS};

static int read_file(const char *path, char **out, size_t *len)
{
	int fd = text_file_open(path);

	if (fd < 0)
		return fd;
	int err = text_file_read(fd, FILE_MAX, out, len);
	close(fd);
	return err;
}

// Where a key stands, for complaints about values that only we can judge; 1 when it is nowhere.
static unsigned line_of(const char *text, size_t len, const char *key)
{
	size_t n = strlen(key);
	unsigned line = 1;

	for (size_t i = 0; i + n < len; i++) {
		bool fresh = i == 0 || (text[i - 1] != '\0' && strchr("\n -\t{,", text[i - 1]));
		if (fresh && memcmp(text + i, key, n) == 0 && text[i + n] == ':')
			return line;
		line += text[i] == '\n';
	}
	return 1;
}

// libcyaml does not pass on where libyaml stumbled.
static void locate_syntax_error(const char *text, size_t len, struct complaint *c)
{
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;

	if (!yaml_parser_initialize(&parser))
		return;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (more && yaml_parser_parse(&parser, &event)) {
		more = event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	if (parser.problem != NULL)
		snprintf(c->what, sizeof(c->what), "%s", parser.problem);
	c->line = (unsigned)parser.problem_mark.line + 1;
	c->column = (unsigned)parser.problem_mark.column + 1;
	yaml_parser_delete(&parser);
}

// libcyaml says where the mapping begins that holds the mistake; the key's own line is better.
static void locate(const char *text, size_t len, struct complaint *c)
{
	static const char unexpected[] = "Unexpected key: ";
	static const char libyaml[] = "libyaml: ";

	if (strncmp(c->what, unexpected, strlen(unexpected)) == 0) {
		c->line = line_of(text, len, c->what + strlen(unexpected));
		c->column = 1;
	} else if (c->line == 0 || strncmp(c->what, libyaml, strlen(libyaml)) == 0) {
		locate_syntax_error(text, len, c);
	}
}

static bool is_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

// The first key whose value is out of its bounds; NULL: none.
static const char *take_limits(const struct limit_keys *k, struct compile_limits *out)
{
	const struct {
		const char *key;
		const uint32_t *from;
		uint32_t *to;
		uint32_t absent, max;
	} rows[] = {
		{"cpu_s", k != NULL ? k->cpu_s : NULL, &out->cpu_s, 60, 86400},
		{"memory_mb", k != NULL ? k->memory_mb : NULL, &out->memory_mb, 4096, 1 << 20},
		{"wall_s", k != NULL ? k->wall_s : NULL, &out->wall_s, 120, 86400},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		*rows[i].to = rows[i].from != NULL ? *rows[i].from : rows[i].absent;
		if (*rows[i].to == 0 || *rows[i].to > rows[i].max)
			return rows[i].key;
	}
	return NULL;
}

static const char *or_default(const char *value, const char *absent)
{
	return value != NULL ? value : absent;
}

static void take_companions(const struct keys *k, struct companions *out)
{
	*out = (struct companions){
		.classification_file = k->classification_file,
		.reference_file = k->reference_file,
		.threshold_file = k->threshold_file,
		.disable_file = k->disable_file,
		.disable = (const char *const *)k->disable,
		.n_disable = k->disable_count,
	};
}

static const char *take_geo(const struct keys *k, struct control_config *c, const char **key)
{
	static const char two_letters[] = "takes two capital letters: DE";

	c->geoip_database = k->geoip_database;
	c->asn_database = k->asn_database;
	c->geo_key_file = k->geo_key_file;
	c->geo_home = k->geo_home != NULL ? geo_code_parse(k->geo_home) : 0;
	c->geo_min_persons = k->geo_min_persons != NULL ? *k->geo_min_persons : MATRIX_MIN_PERSONS;
	c->n_geo_thresholds = k->geo_thresholds_count;
	*key = "geo_home";
	if (k->geo_home != NULL && c->geo_home == 0)
		return two_letters;
	*key = "geo_min_persons";
	if (c->geo_min_persons == 0)
		return "takes 1 (all is shown) and more";
	*key = "persons";
	for (uint32_t i = 0; i < k->geo_thresholds_count; i++) {
		if (k->geo_thresholds[i].persons == 0)
			return "takes 1 and more";
		c->geo_thresholds[i].persons = k->geo_thresholds[i].persons;
	}
	*key = "country";
	for (uint32_t i = 0; i < k->geo_thresholds_count; i++) {
		const char *country = k->geo_thresholds[i].country;
		bool foreign = strcmp(country, "foreign") == 0;
		c->geo_thresholds[i].country = foreign ? 0 : geo_code_parse(country);
		if (!foreign && c->geo_thresholds[i].country == 0)
			return "takes two capital letters, or \"foreign\"";
		if (foreign && c->geo_home == 0)
			return "foreign: wants geo_home, too";
	}
	return NULL;
}

// Names the key that is wrong and says what it takes, or gives NULL.
static const char *take_keys(const struct keys *k, struct control_config *c, const char **key)
{
	uint32_t port = k->metrics_port != NULL ? *k->metrics_port : 9477;

	c->link_socket = or_default(k->link_socket, "/run/sealwatch/dataplane.sock");
	c->control_socket = or_default(k->control_socket, "/run/sealwatch/control.sock");
	c->control_group = k->control_group;
	c->user = k->user;
	c->eve_file = or_default(k->eve_file, "/var/log/sealwatch/eve.json");
	if (c->eve_file[0] == '\0')
		c->eve_file = NULL;
	c->cache = or_default(k->cache, "/var/lib/sealwatch/cache");
	if (c->cache[0] == '\0')
		c->cache = NULL;
	c->replay = k->replay;
	c->state = or_default(k->state, "/var/lib/sealwatch/state");
	if (c->state[0] == '\0')
		c->state = NULL;
	c->metrics_address = or_default(k->metrics_address, "127.0.0.1");
	c->metrics_port = (uint16_t)port;
	c->stats_interval_s = k->stats_interval_s != NULL ? *k->stats_interval_s : 8;
	c->load_deadline_s = k->load_deadline_s != NULL ? *k->load_deadline_s : 600;
	c->keep_generations = k->keep_generations != NULL ? *k->keep_generations : 5;
	c->lab = k->lab != 0;
	c->patterns = (const char *const *)k->patterns;
	c->n_patterns = k->patterns_count;
	take_companions(k, &c->companions);

	*key = "disable";
	for (uint32_t i = 0; i < k->disable_count; i++) {
		struct rule_id id;
		if (!rule_id_parse(k->disable[i], &id))
			return "takes numbers of rules: 2019401 or \"1:2019401\"";
	}
	*key = "metrics_address";
	if (!is_loopback(c->metrics_address))
		return "takes a loopback address: 127.0.0.1 or ::1";
	*key = "metrics_port";
	if (port > 65535)
		return "takes 0 (off) to 65535";
	*key = "stats_interval_s";
	if (c->stats_interval_s > 86400)
		return "takes 0 (off) to 86400";
	*key = "load_deadline_s";
	if (c->load_deadline_s > 86400)
		return "takes 0 (none) to 86400";
	*key = "keep_generations";
	if (c->keep_generations == 0 || c->keep_generations > KEEP_GENERATIONS_MAX)
		return "takes 1 to 64";
	if (k->lint != NULL && k->lint->max_ns != NULL)
		c->budget.value_ns = *k->lint->max_ns;
	if (k->lint != NULL && k->lint->max_memory_mb != NULL)
		c->budget.bytes = (uint64_t)*k->lint->max_memory_mb << 20;
	const char *what = take_geo(k, c, key);
	if (what != NULL)
		return what;
	*key = take_limits(k->compile, &c->compile);
	return *key != NULL ? "is out of bounds" : NULL;
}

static int take_all(
	struct owned *owned, struct control_config *out, const char **key, const char **what)
{
	static const struct keys nothing; // an empty file
	const struct keys *k = owned->keys != NULL ? owned->keys : &nothing;

	for (uint32_t i = 0; i < k->variables_count; i++)
		owned->variables[i] = k->variables[i];
	out->variables = owned->variables;
	out->owned = owned;
	*what = take_keys(k, out, key);
	return *what != NULL ? -EINVAL : 0;
}

static bool is_blank(const char *text, size_t len)
{
	bool comment = false;

	for (size_t i = 0; i < len; i++) {
		comment = text[i] != '\n' && (comment || text[i] == '#');
		if (!comment && (text[i] == '\0' || strchr(" \t\r\n", text[i]) == NULL))
			return false;
	}
	return true;
}

static int load_text(
	const char *path, const char *text, size_t len, struct owned *owned, char error[512])
{
	struct complaint complaint = {0};
	cyaml_config_t settings = cyaml;

	if (is_blank(text, len))
		return 0;
	settings.log_ctx = &complaint;
	cyaml_err_t loaded = cyaml_load_data((const uint8_t *)text, len, &settings, &top_schema,
		(cyaml_data_t **)&owned->keys, NULL);
	if (loaded == CYAML_OK)
		return 0;
	locate(text, len, &complaint);
	snprintf(error, 512, "%.200s:%u:%u: %s", path, complaint.line, complaint.column,
		complaint.what[0] != '\0' ? complaint.what : cyaml_strerror(loaded));
	return -EINVAL;
}

int config_load(const char *path, struct control_config *out, char error[512])
{
	struct control_config c = {.owned = calloc(1, sizeof(struct owned))};
	const char *key, *what;
	char *text = NULL;
	size_t len = 0;

	int err = c.owned == NULL ? -ENOMEM : read_file(path, &text, &len);
	if (err < 0) {
		snprintf(error, 512, "%.300s: %s", path, strerror(-err));
		goto fail;
	}
	err = load_text(path, text, len, c.owned, error);
	if (err < 0)
		goto fail;
	err = take_all(c.owned, &c, &key, &what);
	if (err < 0) {
		snprintf(
			error, 512, "%.200s:%u:1: %s %s", path, line_of(text, len, key), key, what);
		goto fail;
	}
	free(text);
	*out = c;
	return 0;

fail:
	free(text);
	config_free(&c);
	return err;
}

void config_free(struct control_config *c)
{
	struct owned *owned = c->owned;

	if (owned != NULL)
		cyaml_free(&cyaml, &top_schema, owned->keys, 0);
	free(owned);
	explicit_bzero(c->geo_secret, sizeof(c->geo_secret));
	c->owned = NULL;
}
