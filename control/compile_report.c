#include "control/compile_report.h"

#include "control/escape.h"
#include "control/sources.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const origins[] = {[CACHE_NONE] = "compiled",
	[CACHE_HIT] = "cached",
	[CACHE_HELD] = "held",
	[CACHE_FOREIGN] = "foreign"};

enum { N_ORIGINS = sizeof(origins) / sizeof(origins[0]) };

void compile_report_origin(enum cache_found found, const uint8_t digest[32], bool beside, FILE *out)
{
	fprintf(out, "%s\t", origins[found]);
	for (unsigned i = 0; digest != NULL && i < 32; i++)
		fprintf(out, "%02x", digest[i]);
	fputs(beside ? "\texamples\n" : "\t\n", out);
}

void compile_report_examples(FILE *out)
{
	fputs("examples\n", out);
}

void compile_report_write(const struct sources *sources, const struct diags *diags, int status,
	uint32_t n_rules, FILE *out)
{
	uint32_t n_files = 0;

	for (uint32_t i = 0; sources != NULL && i < sources->n; i++) {
		if (sources->items[i].made || n_files++ >= COMPILE_FILES_MAX)
			continue;
		fprintf(out, "file\t");
		escape_write(sources->items[i].name, out);
		fputc('\n', out);
	}
	for (uint32_t i = 0; i < diags->n; i++) {
		const struct diag *d = &diags->items[i];
		fprintf(out, "%s\t%u\t%u\t", diag_level_name(d->level), d->where.line,
			d->where.column);
		escape_write(d->where.file != NULL ? d->where.file : "", out);
		fprintf(out, "\t%s\t%u\t", d->kind, d->sid);
		escape_write(d->text, out);
		fputc('\n', out);
	}
	fprintf(out, "end\t%d\t%u\t%u\t%u\t%u\t%u\n", -status, n_rules, diags->n_errors,
		diags->n_warnings, diags->n_notes, n_files);
}

static bool parse_origin(char *line, struct compile_report *out)
{
	const char *word = strsep(&line, "\t");
	unsigned found = 0;

	while (found < N_ORIGINS && strcmp(word, origins[found]) != 0)
		found++;
	const char *digest = strsep(&line, "\t");
	if (found == N_ORIGINS || digest == NULL || line == NULL)
		return false;
	out->found = (enum cache_found)found;
	out->has_digest = digest[0] != '\0';
	out->examples_beside = strcmp(line, "examples") == 0;
	if (!out->examples_beside && line[0] != '\0')
		return false;
	return out->has_digest ? escape_hex(digest, out->digest, sizeof(out->digest))
			       : found == CACHE_NONE;
}

static bool parse_end(char *rest, struct compile_report *out)
{
	uint32_t status;

	if (!escape_number(strsep(&rest, "\t"), &status) || status > 4095)
		return false;
	out->status = -(int)status;
	return escape_number(strsep(&rest, "\t"), &out->n_rules) &&
		escape_number(strsep(&rest, "\t"), &out->n_errors) &&
		escape_number(strsep(&rest, "\t"), &out->n_warnings) &&
		escape_number(strsep(&rest, "\t"), &out->n_notes) &&
		escape_number(strsep(&rest, "\t"), &out->n_files) && rest == NULL;
}

static bool parse_diag(const char *level, char *rest, struct compile_diag *out)
{
	while (strcmp(level, diag_level_name(out->level)) != 0) {
		if (out->level == DIAG_ERROR)
			return false;
		out->level++;
	}
	if (!escape_number(strsep(&rest, "\t"), &out->line) ||
		!escape_number(strsep(&rest, "\t"), &out->column))
		return false;
	out->file = strsep(&rest, "\t");
	out->kind = strsep(&rest, "\t");
	const char *sid = strsep(&rest, "\t");
	out->text = strsep(&rest, "\t");
	return out->text != NULL && rest == NULL && escape_number(sid, &out->sid);
}

static bool parse_file(char *name, struct compile_report *out)
{
	if (name == NULL || out->n_names == COMPILE_FILES_MAX || strchr(name, '\t') != NULL)
		return false;
	out->names[out->n_names++] = name;
	return true;
}

// Times in microseconds, all of the set in KiB: each fits into 32 bits.
void compile_report_costs(const struct lint_costs *costs, FILE *out)
{
	if (costs == NULL)
		return;
	fprintf(out, "costs\t%" PRIu64 "\t%" PRIu64 "\n", costs->compile_ns / 1000,
		costs->bytes / 1024);
	for (uint32_t i = 0; i < costs->n; i++) {
		const struct lint_cost *c = &costs->rows[i];
		fprintf(out,
			"cost\t%u\t%u\t%u\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
			"\n",
			c->field, c->n_patterns, c->n_expressions, c->n_always,
			c->compile_ns / 1000, c->bytes, c->stream_bytes, c->value_ns);
	}
}

static bool parse_costs(char *rest, struct compile_report *out)
{
	uint32_t us, kib;

	if (out->costs != NULL || !escape_number(strsep(&rest, "\t"), &us) ||
		!escape_number(strsep(&rest, "\t"), &kib) || rest != NULL)
		return false;
	out->costs = calloc(1, sizeof(*out->costs));
	if (out->costs == NULL)
		return false;
	out->costs->compile_ns = us * 1000ull;
	out->costs->bytes = kib * 1024ull;
	return true;
}

static bool parse_cost(char *rest, struct compile_report *out)
{
	enum { COLUMNS = 8 };
	uint32_t v[COLUMNS];

	for (unsigned i = 0; i < COLUMNS; i++) {
		if (!escape_number(strsep(&rest, "\t"), &v[i]))
			return false;
	}
	if (rest != NULL || v[0] >= FIELD_COUNT || out->costs == NULL ||
		out->costs->n == FIELD_COUNT)
		return false;
	out->costs->rows[out->costs->n++] = (struct lint_cost){.field = (uint16_t)v[0],
		.n_patterns = v[1],
		.n_expressions = v[2],
		.n_always = v[3],
		.compile_ns = v[4] * 1000ull,
		.bytes = v[5],
		.stream_bytes = v[6],
		.value_ns = v[7]};
	return true;
}

static int parse_lines(struct compile_report *r, char *text)
{
	char *rest = text;

	if (!parse_origin(strsep(&rest, "\n"), r))
		return -EBADMSG;
	while (rest != NULL) {
		char *line = strsep(&rest, "\n");
		char *word = strsep(&line, "\t");
		if (strcmp(word, "end") == 0)
			return parse_end(line, r) && rest != NULL && *rest == '\0' ? 0 : -EBADMSG;
		if (strcmp(word, "examples") == 0 && line == NULL) {
			r->examples_within = true;
			continue;
		}
		if (strcmp(word, "file") == 0) {
			if (!parse_file(line, r))
				return -EBADMSG;
			continue;
		}
		if (strcmp(word, "costs") == 0 || strcmp(word, "cost") == 0) {
			if (!(word[4] != '\0' ? parse_costs(line, r) : parse_cost(line, r)))
				return -EBADMSG;
			continue;
		}
		if (r->n == DIAGS_MAX || !parse_diag(word, line, &r->diags[r->n]))
			return -EBADMSG;
		r->n++;
	}
	return -EBADMSG;
}

int compile_report_parse(char *text, size_t len, struct compile_report *out)
{
	struct compile_report r = {.text = text};

	r.diags = calloc(DIAGS_MAX, sizeof(*r.diags));
	r.names = calloc(COMPILE_FILES_MAX, sizeof(*r.names));
	int err = r.diags == NULL || r.names == NULL ? -ENOMEM : 0;
	if (err == 0 && (len > COMPILE_REPORT_MAX || strlen(text) != len))
		err = -EBADMSG;
	if (err == 0)
		err = parse_lines(&r, text);
	if (err < 0) {
		compile_report_free(&r);
		return err;
	}
	*out = r;
	return 0;
}

void compile_report_free(struct compile_report *r)
{
	free(r->diags);
	free(r->names);
	free(r->costs);
	free(r->text);
	*r = (struct compile_report){0};
}
