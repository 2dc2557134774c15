#include "patterns/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

// Warnings must not keep an error from being told: the last one makes room.
static bool make_room(struct diags *d)
{
	for (uint32_t i = d->n; i-- > 0;) {
		if (d->items[i].level != DIAG_WARNING)
			continue;
		free((char *)d->items[i].where.file);
		free(d->items[i].text);
		memmove(&d->items[i], &d->items[i + 1], (d->n - i - 1) * sizeof(*d->items));
		d->n--;
		return true;
	}
	return false;
}

void diag_add(struct diags *d, enum diag_level level, struct rule_where where, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (level == DIAG_ERROR)
		d->n_errors++;
	else
		d->n_warnings++;
	if (d->n == DIAGS_MAX && (level == DIAG_WARNING || !make_room(d)))
		return;
	if (d->items == NULL)
		d->items = calloc(DIAGS_MAX, sizeof(*d->items));
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	char *file = strdup(where.file != NULL ? where.file : "");
	char *copy = strdup(text);
	if (d->items == NULL || file == NULL || copy == NULL) {
		free(file);
		free(copy);
		return;
	}
	where.file = file;
	d->items[d->n++] = (struct diag){.level = level, .where = where, .text = copy};
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
	uint32_t all = d->n_errors + d->n_warnings;

	for (uint32_t i = 0; i < d->n; i++) {
		const struct diag *item = &d->items[i];
		print_text(item->where.file, out);
		fprintf(out, ":%u:%u: %s: ", item->where.line, item->where.column,
			item->level == DIAG_ERROR ? "error" : "warning");
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
