#include "patterns/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *diag_level_name(enum diag_level level)
{
	static const char *const names[] = {
		[DIAG_NOTE] = "note", [DIAG_WARNING] = "warning", [DIAG_ERROR] = "error"};

	return names[level];
}

// What is less grave must not keep an error from being told: the last of it makes room.
static bool make_room(struct diags *d, enum diag_level level)
{
	for (uint32_t i = d->n; i-- > 0;) {
		if (d->items[i].level >= level)
			continue;
		free((char *)d->items[i].where.file);
		free(d->items[i].text);
		memmove(&d->items[i], &d->items[i + 1], (d->n - i - 1) * sizeof(*d->items));
		d->n--;
		return true;
	}
	return false;
}

static void add(struct diags *d, const struct diag *like, const char *fmt, va_list ap)
{
	uint32_t *const counts[] = {&d->n_notes, &d->n_warnings, &d->n_errors};
	struct diag diag = *like;
	char text[512];

	(*counts[like->level])++;
	if (d->n == DIAGS_MAX && !make_room(d, like->level))
		return;
	if (d->items == NULL)
		d->items = calloc(DIAGS_MAX, sizeof(*d->items));
	vsnprintf(text, sizeof(text), fmt, ap);
	char *file = strdup(like->where.file != NULL ? like->where.file : "");
	diag.text = strdup(text);
	if (d->items == NULL || file == NULL || diag.text == NULL) {
		free(file);
		free(diag.text);
		return;
	}
	diag.where.file = file;
	d->items[d->n++] = diag;
}

void diag_add(struct diags *d, enum diag_level level, struct rule_where where, const char *fmt, ...)
{
	const struct diag like = {.level = level, .where = where, .kind = ""};
	va_list ap;

	va_start(ap, fmt);
	add(d, &like, fmt, ap);
	va_end(ap);
}

void diag_add_like(struct diags *d, const struct diag *like, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, like, fmt, ap);
	va_end(ap);
}

static void print_text(const char *text, FILE *out)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c < 0x20 || *c == 0x7f)
			fprintf(out, "\\x%02x", *c);
		else
			fputc(*c, out);
	}
}

void diags_print(const struct diags *d, FILE *out)
{
	uint32_t all = d->n_errors + d->n_warnings + d->n_notes;

	for (uint32_t i = 0; i < d->n; i++) {
		const struct diag *item = &d->items[i];
		print_text(item->where.file, out);
		fprintf(out, ":%u:%u: %s: ", item->where.line, item->where.column,
			diag_level_name(item->level));
		print_text(item->text, out);
		fputc('\n', out);
	}
	if (all > d->n)
		fprintf(out, "... and %u more\n", all - d->n);
}

void diags_free(struct diags *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		free((char *)d->items[i].where.file);
		free(d->items[i].text);
	}
	free(d->items);
	*d = (struct diags){0};
}
