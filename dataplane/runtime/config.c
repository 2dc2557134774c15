#include "dataplane/runtime/config.h"

#include "dataplane/api/link.h"
#include "dataplane/runtime/config_place.h"
#include "dataplane/runtime/config_segments.h"

#include <cyaml/cyaml.h>
#include <yaml.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, PORTS_MAX = 16 };

#define OPTIONAL CYAML_FLAG_OPTIONAL
#define POINTER (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_value_t text_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 4096)};

static const cyaml_schema_field_t port_fields[] = {
	CYAML_FIELD_STRING_PTR("device", CYAML_FLAG_POINTER, struct port_config, device, 1, 4096),
	CYAML_FIELD_UINT("queues", OPTIONAL, struct port_config, queues),
	CYAML_FIELD_UINT("descriptors", OPTIONAL, struct port_config, descriptors),
	CYAML_FIELD_BOOL("drop_bad_checksum", OPTIONAL, struct port_config, drop_bad_checksum),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t port_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct port_config, port_fields)};

static const cyaml_schema_field_t capture_fields[] = {
	CYAML_FIELD_SEQUENCE("files", CYAML_FLAG_POINTER, struct capture_config, files,
		&text_schema, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("filter", POINTER, struct capture_config, filter, 0, 4096),
	CYAML_FIELD_UINT("loop", OPTIONAL, struct capture_config, loop),
	CYAML_FIELD_UINT("rate_pps", OPTIONAL, struct capture_config, rate_pps),
	CYAML_FIELD_BOOL("wait_for_patterns", OPTIONAL, struct capture_config, wait_for_patterns),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t eal_fields[] = {
	CYAML_FIELD_BOOL("hugepages", OPTIONAL, struct eal_config, hugepages),
	CYAML_FIELD_UINT("memory_mb", OPTIONAL, struct eal_config, memory_mb),
	CYAML_FIELD_STRING_PTR("cores", POINTER, struct eal_config, cores, 1, 256),
	CYAML_FIELD_SEQUENCE("args", POINTER, struct eal_config, args, &text_schema, 0, 64),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t segment_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct segment_config, name, 1, 4096),
	CYAML_FIELD_SEQUENCE("prefixes", POINTER, struct segment_config, prefixes, &text_schema, 1,
		SEGMENT_RANGES_MAX),
	CYAML_FIELD_SEQUENCE("vlans", POINTER, struct segment_config, vlans, &text_schema, 1,
		SEGMENT_RANGES_MAX),
	CYAML_FIELD_SEQUENCE("ports", POINTER, struct segment_config, ports, &text_schema, 1,
		SEGMENT_RANGES_MAX),
	CYAML_FIELD_STRING_PTR("side", POINTER, struct segment_config, side, 1, 4096),
	CYAML_FIELD_STRING_PTR("masking", POINTER, struct segment_config, masking, 1, 4096),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t segment_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct segment_config, segment_fields)};

static const cyaml_schema_field_t top_fields[] = {
	CYAML_FIELD_UINT("workers", OPTIONAL, struct dataplane_config, workers),
	CYAML_FIELD_STRING_PTR(
		"link_socket", POINTER, struct dataplane_config, link_socket, 1, 100),
	CYAML_FIELD_STRING_PTR(
		"mask_key_file", POINTER, struct dataplane_config, mask_key_file, 1, 4096),
	CYAML_FIELD_SEQUENCE("evidence_keys", POINTER, struct dataplane_config, evidence_keys,
		&text_schema, 2, 2),
	CYAML_FIELD_UINT("max_flows", OPTIONAL, struct dataplane_config, max_flows),
	CYAML_FIELD_UINT("ring_mb", OPTIONAL, struct dataplane_config, ring_mb),
	CYAML_FIELD_BOOL("lab", OPTIONAL, struct dataplane_config, lab),
	CYAML_FIELD_MAPPING_PTR("eal", POINTER, struct dataplane_config, eal, eal_fields),
	CYAML_FIELD_SEQUENCE(
		"ports", POINTER, struct dataplane_config, ports, &port_schema, 0, PORTS_MAX),
	CYAML_FIELD_MAPPING_PTR(
		"capture", POINTER, struct dataplane_config, capture, capture_fields),
	CYAML_FIELD_SEQUENCE("segments", POINTER, struct dataplane_config, segments,
		&segment_schema, 0, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t top_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct dataplane_config, top_fields)};

// libcyaml tells what is wrong, and then a backtrace whose innermost line says where.
struct complaint {
	char what[256];
	unsigned line;
	unsigned column;
};

static void on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct complaint *c = ctx;
	char text[256];
	const char *at;

	if (level < CYAML_LOG_ERROR)
		return;
	vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = '\0';
	at = strstr(text, "(line: ");
	if (at != NULL && c->line == 0)
		sscanf(at, "(line: %u, column: %u", &c->line, &c->column);
	else if (c->what[0] == '\0')
		snprintf(c->what, sizeof(c->what), "%s",
			strncmp(text, "Load: ", 6) == 0 ? text + 6 : text);
}

static const cyaml_config_t cyaml = {
	.log_fn = on_log, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

static int read_file(const char *path, char **out, size_t *len, char error[512])
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else if (st.st_size > FILE_MAX)
		err = -EFBIG;
	if (err == 0) {
		*out = malloc((size_t)st.st_size + 1);
		ssize_t n = *out == NULL ? -1 : read(fd, *out, (size_t)st.st_size);
		if (n < 0)
			err = *out == NULL ? -ENOMEM : -errno;
		else
			*len = (size_t)n;
	}
	if (err < 0)
		snprintf(error, 512, "%.300s: %s", path, strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}

// Where a key stands, for complaints about values that only we can judge.
static unsigned line_of(const char *text, size_t len, const char *key)
{
	size_t n = strlen(key);
	unsigned line = 1;

	for (size_t i = 0; i + n < len; i++) {
		bool fresh = i == 0 || strchr("\n -\t{,", text[i - 1]) != NULL;
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
	c->line = (unsigned)parser.problem_mark.line + 1;
	c->column = (unsigned)parser.problem_mark.column + 1;
	yaml_parser_delete(&parser);
}

// libcyaml says where the mapping begins that holds the mistake; the key's own line is better.
static void locate(const char *text, size_t len, struct complaint *c)
{
	static const char unexpected[] = "Unexpected key: ";

	if (strncmp(c->what, unexpected, sizeof(unexpected) - 1) == 0) {
		c->line = line_of(text, len, c->what + sizeof(unexpected) - 1);
		c->column = 1;
	} else if (c->line == 0) {
		locate_syntax_error(text, len, c);
	}
}

static int check(const struct dataplane_config *c, const char **key, const char **what)
{
	*key = "workers";
	*what = "takes 1 to 64";
	if (c->workers == 0 || c->workers > LINK_WORKERS_MAX)
		return -EINVAL;
	*key = "ring_mb";
	*what = "takes a power of two up to 1024";
	if (c->ring_mb == 0 || c->ring_mb > 1024 || (c->ring_mb & (c->ring_mb - 1)) != 0)
		return -EINVAL;
	*key = "max_flows";
	*what = "takes 1024 to 100000000";
	if (c->max_flows != 0 && (c->max_flows < 1024 || c->max_flows > 100000000))
		return -EINVAL;
	*key = "capture";
	*what = "ports and capture exclude each other";
	if (c->ports_count != 0 && c->capture != NULL)
		return -EINVAL;
	return 0;
}

static bool has_source(const struct dataplane_config *c)
{
	return c->ports_count != 0 || c->capture != NULL;
}

// What a key has when it is absent: set before loading is not possible with libcyaml, so an
// absent number is its zero, and keys whose zero means something are looked for in the text.
static bool has_key(const char *text, size_t len, const char *key)
{
	return line_of(text, len, key) > 1 ||
		(len > strlen(key) && memcmp(text, key, strlen(key)) == 0);
}

static int fill_defaults(struct dataplane_config *c, const char *text, size_t len)
{
	if (!has_key(text, len, "workers"))
		c->workers = 1;
	if (!has_key(text, len, "ring_mb"))
		c->ring_mb = 8;
	if (c->link_socket == NULL)
		c->link_socket = strdup("/run/sealwatch/dataplane.sock");
	if (c->eal == NULL)
		c->eal = calloc(1, sizeof(*c->eal));
	if (c->link_socket == NULL || c->eal == NULL)
		return -ENOMEM;
	if (c->eal->memory_mb == 0)
		c->eal->memory_mb = 256;
	if (c->capture != NULL && !has_key(text, len, "loop"))
		c->capture->loop = 1;
	if (c->capture != NULL && !has_key(text, len, "wait_for_patterns"))
		c->capture->wait_for_patterns = true;
	for (uint32_t i = 0; i < c->ports_count; i++) {
		if (c->ports[i].descriptors == 0)
			c->ports[i].descriptors = 1024;
	}
	return 0;
}

static int judge(
	struct dataplane_config *c, const char *path, const char *text, size_t len, char error[512])
{
	const char *key = "file", *what = "is empty";
	struct segment_mistake mistake = {0};
	int err = -EINVAL;

	if (c != NULL && fill_defaults(c, text, len) == 0)
		err = check(c, &key, &what);
	if (err < 0) {
		snprintf(error, 512, "%.200s:%u:1: %s: %s", path, line_of(text, len, key), key,
			what);
		return err;
	}
	err = config_segments(c, &mistake);
	if (err < 0) {
		struct config_place at = config_place(
			text, len, "segments", mistake.segment, mistake.key, mistake.item);
		snprintf(error, 512, "%.200s:%u:%u: segments: %s", path, at.line, at.column,
			mistake.what);
	}
	return err;
}

int dataplane_config_load_network(const char *path, struct dataplane_config **out, char error[512])
{
	struct dataplane_config *c = NULL;
	struct complaint complaint = {0};
	cyaml_config_t settings = cyaml;
	char *text = NULL;
	size_t len = 0;

	int err = read_file(path, &text, &len, error);
	if (err < 0) {
		free(text);
		return err;
	}
	settings.log_ctx = &complaint;
	cyaml_err_t loaded = cyaml_load_data(
		(const uint8_t *)text, len, &settings, &top_schema, (cyaml_data_t **)&c, NULL);
	if (loaded != CYAML_OK) {
		locate(text, len, &complaint);
		snprintf(error, 512, "%.200s:%u:%u: %s", path, complaint.line, complaint.column,
			complaint.what[0] != '\0' ? complaint.what : cyaml_strerror(loaded));
		free(text);
		return -EINVAL;
	}
	err = judge(c, path, text, len, error);
	free(text);
	if (err < 0) {
		dataplane_config_free(c);
		return err;
	}
	*out = c;
	return 0;
}

int dataplane_config_load(const char *path, struct dataplane_config **out, char error[512])
{
	struct dataplane_config *c = NULL;
	int err = dataplane_config_load_network(path, &c, error);

	if (err < 0)
		return err;
	if (!has_source(c)) {
		snprintf(error, 512, "%.200s:1:1: ports: missing: name a source, ports or capture",
			path);
		dataplane_config_free(c);
		return -EINVAL;
	}
	*out = c;
	return 0;
}

void dataplane_config_free(struct dataplane_config *c)
{
	if (c == NULL)
		return;
	segments_free(c->network);
	cyaml_free(&cyaml, &top_schema, c, 0);
}

bool dataplane_config_is(const char *path)
{
	// Keys that both files have tell nothing.
	static const char *const shared[] = {"link_socket", "lab"};
	char error[512], *text = NULL;
	size_t len = 0;
	bool ours = false;

	if (read_file(path, &text, &len, error) == 0) {
		for (const cyaml_schema_field_t *f = top_fields; f->key != NULL; f++) {
			bool both =
				strcmp(f->key, shared[0]) == 0 || strcmp(f->key, shared[1]) == 0;
			ours |= !both && config_has(text, len, f->key);
		}
	}
	free(text);
	return ours;
}
