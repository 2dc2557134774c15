#include "control/matrix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_DAY (86400ull * 1000000000)

const char *matrix_kind(enum border_kind kind)
{
	return kind == BORDER_DAY ? "day" : "year";
}

const char *matrix_direction(enum border_direction d)
{
	return d == BORDER_EGRESS ? "egress" : "ingress";
}

struct candidate {
	struct matrix_row row;
	uint32_t cell;
};

static int by_persons(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->row.persons != y->row.persons)
		return x->row.persons < y->row.persons ? -1 : 1;
	return x->cell < y->cell ? -1 : 1;
}

static uint64_t bytes_of(const struct matrix_row *r)
{
	return r->n.bytes[0] + r->n.bytes[1];
}

static int by_bytes(const void *a, const void *b)
{
	const struct matrix_row *x = a, *y = b;

	if (bytes_of(x) != bytes_of(y))
		return bytes_of(x) > bytes_of(y) ? -1 : 1;
	int names = strcmp(x->service, y->service);
	if (names != 0)
		return names;
	if (x->country != y->country)
		return x->country < y->country ? -1 : 1;
	return (int)x->direction - (int)y->direction;
}

static uint64_t whole(double estimate)
{
	return (uint64_t)(estimate + 0.5);
}

struct hidden {
	const struct ledger_window *window;
	bool *is; // by cell
};

static bool is_hidden(void *ctx, const struct ledger_cell *c)
{
	const struct hidden *h = ctx;

	return h->is[c - h->window->cells];
}

static void hide(struct hidden *h, struct matrix *m, const struct candidate *c)
{
	h->is[c->cell] = true;
	m->n_hidden++;
	m->other.n.flows += c->row.n.flows;
	m->other.n.bytes[0] += c->row.n.bytes[0];
	m->other.n.bytes[1] += c->row.n.bytes[1];
}

// The rarest first: who would be the only one hidden takes the next one along, so that no row can be told
// from a sum.
static uint32_t hide_rare(
	struct hidden *h, struct matrix *m, const struct candidate *all, uint32_t n, uint32_t k)
{
	uint32_t i = 0;

	while (i < n && all[i].row.persons < k)
		hide(h, m, &all[i++]);
	while (i > 0) {
		m->other.persons = whole(ledger_persons(h->window, is_hidden, h));
		m->other_told = m->other.persons >= k;
		if (m->other_told || i == n)
			break;
		hide(h, m, &all[i++]);
	}
	return i;
}

static int fill(const struct ledger *l, const struct ledger_window *w, uint32_t k, struct matrix *m)
{
	struct hidden hidden = {.window = w, .is = calloc(w->n_cells, sizeof(bool))};
	struct candidate *all = calloc(w->n_cells, sizeof(*all));
	int err = -ENOMEM;

	m->rows = calloc(w->n_cells, sizeof(*m->rows));
	if (hidden.is == NULL || all == NULL || m->rows == NULL)
		goto out;
	for (uint32_t i = 0; i < w->n_cells; i++) {
		const struct ledger_cell *c = &w->cells[i];
		all[i] = (struct candidate){{.service = ledger_cell_service(l, c),
						    .country = border_cell_country(c->key),
						    .direction = border_cell_direction(c->key),
						    .n = ledger_cell_numbers(c),
						    .persons = whole(ledger_cell_persons(c))},
			i};
	}
	qsort(all, w->n_cells, sizeof(*all), by_persons);
	for (uint32_t i = hide_rare(&hidden, m, all, w->n_cells, k); i < w->n_cells; i++)
		m->rows[m->n++] = all[i].row;
	qsort(m->rows, m->n, sizeof(*m->rows), by_bytes);
	err = 0;
out:
	free(hidden.is);
	free(all);
	return err;
}

static void put_span(const struct ledger_window *w, struct matrix *m)
{
	// A time within the window: that of a year, by its length; the span then is exact.
	uint64_t within = w->kind == BORDER_DAY ? w->number * NS_PER_DAY
						: (w->number - 1970) * 365 * NS_PER_DAY +
			(w->number - 1970) / 4 * NS_PER_DAY + 180 * NS_PER_DAY;
	const struct border_span span = border_span_of(w->kind, within);

	m->from_ns = span.from_ns;
	m->to_ns = span.to_ns;
}

int matrix_make(const struct ledger *l, enum border_kind kind, uint32_t k, struct matrix *out)
{
	const struct ledger_window *w = ledger_latest(l, kind);

	*out = (struct matrix){.kind = kind};
	if (w == NULL || w->n_cells == 0)
		return 0;
	out->number = w->number;
	out->at_most = w->mixed;
	out->at_least = w->is_full || ledger_lost(w, true) > 0 || ledger_lost(w, false) > 0;
	out->lost_flows = ledger_lost(w, false);
	out->lost_persons = ledger_lost(w, true);
	put_span(w, out);
	int err = fill(l, w, k, out);
	if (err < 0)
		matrix_free(out);
	return err;
}

void matrix_free(struct matrix *m)
{
	free(m->rows);
	*m = (struct matrix){0};
}
