#include "control/ledger_file.h"

#include "dataplane/api/geo_map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_LEN = 48, WINDOW_LEN = 56, CELL_LEN = 56, POINT_LEN = 3, IS_FULL = 1 };

static const uint8_t magic[8] = {'S', 'W', 'G', 'E', 'O', 0, 0, 1};

static void put(FILE *out, uint64_t v, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		fputc((int)(v >> 8 * i & 0xff), out);
}

static void put_numbers(FILE *out, const struct ledger_numbers *n)
{
	put(out, n->flows, 8);
	put(out, n->bytes[0], 8);
	put(out, n->bytes[1], 8);
}

static void put_registers(FILE *out, const uint8_t *registers, uint32_t n)
{
	if (n > LEDGER_FILE_SPARSE) {
		fwrite(registers, 1, HLL_REGISTERS, out);
		return;
	}
	for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
		if (registers[i] == 0)
			continue;
		put(out, i, 2);
		put(out, registers[i], 1);
	}
}

// What is of runs that ended, and what is told of this one.
static struct ledger_numbers numbers_of_run(const struct ledger_cell *c)
{
	struct ledger_numbers sum = ledger_cell_numbers(c);

	sum.flows -= c->base.flows;
	sum.bytes[0] -= c->base.bytes[0];
	sum.bytes[1] -= c->base.bytes[1];
	return sum;
}

static void put_cell(FILE *out, const struct ledger_cell *c, bool in_run)
{
	const struct ledger_numbers all = ledger_cell_numbers(c), none = {0};
	const struct ledger_numbers of_run = numbers_of_run(c);
	uint8_t registers[HLL_REGISTERS] = {0};
	uint32_t n = 0;

	if (c->persons.block != NULL)
		hll_merge(registers, c->persons.block, c->persons.size);
	for (uint32_t i = 0; i < HLL_REGISTERS; i++)
		n += registers[i] != 0;
	put(out, c->key, 4);
	put(out, n, 4);
	put_numbers(out, in_run ? &c->base : &all);
	put_numbers(out, in_run ? &of_run : &none);
	put_registers(out, registers, n);
}

static int by_key(const void *a, const void *b)
{
	const struct ledger_cell *const *x = a, *const *y = b;

	return (*x)->key < (*y)->key ? -1 : (*x)->key > (*y)->key;
}

static int put_window(FILE *out, const struct ledger_window *w, bool in_run)
{
	const struct ledger_cell **cells = calloc(w->n_cells + 1, sizeof(*cells));
	int err = 0;

	if (cells == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->n_cells; i++)
		cells[i] = &w->cells[i];
	qsort(cells, w->n_cells, sizeof(*cells), by_key);
	put(out, w->kind, 4);
	put(out, w->number, 4);
	put(out, w->key_id, 8);
	put(out, w->n_cells, 4);
	put(out, w->is_full ? IS_FULL : 0, 4);
	for (unsigned i = 0; i < 2; i++)
		put(out, in_run ? w->lost_base[i] : ledger_lost(w, i == 1), 8);
	for (unsigned i = 0; i < 2; i++)
		put(out, in_run ? ledger_lost(w, i == 1) - w->lost_base[i] : 0, 8);
	for (uint32_t i = 0; i < w->n_cells && err == 0; i++) {
		put_cell(out, cells[i], in_run);
		err = ftello(out) > LEDGER_FILE_MAX ? -EFBIG : 0;
	}
	free(cells);
	return err;
}

static bool is_in(const struct ledger_window *w, ledger_file_in in, void *ctx)
{
	return w->number != 0 && in(ctx, w);
}

int ledger_file_write(const struct ledger *l, const struct ledger_file *head, ledger_file_in in,
	void *ctx, FILE *out)
{
	uint32_t n_windows = 0, n_names = ledger_names(l);
	int err = 0;

	for (unsigned i = 0; i < LEDGER_WINDOWS; i++)
		n_windows += is_in(ledger_window(l, i), in, ctx);
	fwrite(magic, 1, sizeof(magic), out);
	put(out, head->secret_id, 8);
	put(out, head->machine, 8);
	put(out, head->run_ns, 8);
	put(out, head->min_persons, 4);
	put(out, n_names - 1, 4);
	put(out, n_windows, 4);
	put(out, 0, 4);
	for (uint32_t i = 1; i < n_names; i++)
		fwrite(ledger_name(l, i), 1, SERVICE_NAME_LEN, out);
	for (unsigned i = 0; i < LEDGER_WINDOWS && err == 0; i++) {
		const struct ledger_window *w = ledger_window(l, i);
		if (is_in(w, in, ctx))
			err = put_window(out, w, head->run_ns != 0);
	}
	return err;
}

struct reader {
	struct ledger *ledger;
	const uint8_t *p;
	size_t at, len;
	uint32_t n_names;
	char names[SERVICE_SLOTS][SERVICE_NAME_LEN];
	char *error;
};

static int refuse(const struct reader *r, const char *what)
{
	snprintf(r->error, LEDGER_FILE_ERROR, "byte %zu: %s", r->at, what);
	return -EBADMSG;
}

static bool has(const struct reader *r, size_t n)
{
	return r->len - r->at >= n;
}

// There are that many bytes.
static uint64_t take(struct reader *r, unsigned len)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < len; i++)
		v |= (uint64_t)r->p[r->at++] << 8 * i;
	return v;
}

static const char ends_early[] = "the file ends early";

// Sums of some files stay far from the end of 64 bits.
static bool take_count(struct reader *r, uint64_t *out)
{
	*out = take(r, 8);
	return *out < 1ull << 58;
}

static bool take_numbers(struct reader *r, struct ledger_numbers *n)
{
	bool fine = take_count(r, &n->flows);

	fine = take_count(r, &n->bytes[0]) && fine;
	return take_count(r, &n->bytes[1]) && fine;
}

static int take_head(struct reader *r, struct ledger_file *head, uint32_t *n_windows)
{
	if (!has(r, HEAD_LEN))
		return refuse(r, ends_early);
	if (memcmp(r->p, magic, sizeof(magic) - 1) != 0)
		return refuse(r, "this is no file of sealctl geo export");
	if (memcmp(r->p, magic, sizeof(magic)) != 0)
		return refuse(r, "the file is of another version of this program");
	r->at = sizeof(magic);
	head->secret_id = take(r, 8);
	head->machine = take(r, 8);
	head->run_ns = take(r, 8);
	head->min_persons = (uint32_t)take(r, 4);
	r->n_names = (uint32_t)take(r, 4);
	*n_windows = (uint32_t)take(r, 4);
	if (head->min_persons == 0)
		return refuse(r, "persons from none on");
	if (r->n_names >= SERVICE_SLOTS || *n_windows > LEDGER_WINDOWS)
		return refuse(r, "too many services or windows");
	return take(r, 4) == 0 ? 0 : refuse(r, "what is reserved is not zero");
}

static int take_names(struct reader *r)
{
	if (!has(r, (size_t)r->n_names * SERVICE_NAME_LEN))
		return refuse(r, ends_early);
	for (uint32_t i = 1; i <= r->n_names; i++) {
		const char *name = (const char *)r->p + r->at;
		if (name[0] == '\0' || name[SERVICE_NAME_LEN - 1] != '\0')
			return refuse(r, "a service without a name, or with one that is too long");
		memcpy(r->names[i], name, SERVICE_NAME_LEN);
		r->at += SERVICE_NAME_LEN;
	}
	return 0;
}

static int add_register(struct reader *r, struct ledger_window *w, struct ledger_cell *c,
	uint32_t index, uint32_t rank)
{
	if (index >= HLL_REGISTERS || rank > HLL_RANK_MAX)
		return refuse(r, "a register that can not be");
	if (rank != 0 &&
		!ledger_add_person(
			r->ledger, c, (struct hll_point){(uint16_t)index, (uint8_t)rank}))
		w->is_full = true;
	return 0;
}

static int take_registers(
	struct reader *r, struct ledger_window *w, struct ledger_cell *c, uint32_t n)
{
	bool dense = n > LEDGER_FILE_SPARSE;
	uint32_t next = 0;
	int err = 0;

	if (n > HLL_REGISTERS || !has(r, dense ? HLL_REGISTERS : n * (size_t)POINT_LEN))
		return refuse(r, n > HLL_REGISTERS ? "too many registers" : ends_early);
	for (uint32_t i = 0; dense && i < HLL_REGISTERS && err == 0; i++)
		err = add_register(r, w, c, i, (uint32_t)take(r, 1));
	for (uint32_t i = 0; !dense && i < n && err == 0; i++) {
		uint32_t index = (uint32_t)take(r, 2), rank = (uint32_t)take(r, 1);
		if (index < next || rank == 0)
			return refuse(r, "registers are not in their order");
		next = index + 1;
		err = add_register(r, w, c, index, rank);
	}
	return err;
}

static int take_cell(struct reader *r, struct ledger_window *w, uint32_t *last)
{
	struct ledger_numbers base, told;

	if (!has(r, CELL_LEN))
		return refuse(r, ends_early);
	uint32_t key = (uint32_t)take(r, 4), n = (uint32_t)take(r, 4);
	bool fine = take_numbers(r, &base);
	fine = take_numbers(r, &told) && fine;
	if (!fine)
		return refuse(r, "a number that is too large");
	uint16_t service = border_cell_service(key), country = border_cell_country(key);
	if (key % 2 == 0 || key <= *last || service > r->n_names || country > GEO_CODES)
		return refuse(r, "a row of no service or country, or not in its order");
	*last = key;
	struct ledger_cell *c = ledger_cell_at(
		r->ledger, w, r->names[service], country, border_cell_direction(key));
	if (c == NULL)
		return refuse(r, "more rows than there is room for");
	ledger_numbers_add(&c->base, &base);
	ledger_numbers_add(&c->told, &told);
	return take_registers(r, w, c, n);
}

static int take_cells(struct reader *r, struct ledger_window *w, uint32_t n)
{
	uint32_t last = 0;
	int err = 0;

	for (uint32_t i = 0; i < n && err == 0; i++)
		err = take_cell(r, w, &last);
	return err;
}

static int take_window(struct reader *r, struct ledger_file_window *last)
{
	uint64_t lost[4];
	bool fine = true;

	if (!has(r, WINDOW_LEN))
		return refuse(r, ends_early);
	uint32_t kind = (uint32_t)take(r, 4), number = (uint32_t)take(r, 4);
	uint64_t key_id = take(r, 8);
	uint32_t n_cells = (uint32_t)take(r, 4), flags = (uint32_t)take(r, 4);
	for (unsigned i = 0; i < 4; i++)
		fine = take_count(r, &lost[i]) && fine;
	if (kind >= BORDER_KINDS || !border_number_is_good(kind, number) || flags > IS_FULL ||
		n_cells > LEDGER_CELLS || !fine)
		return refuse(r, "a window that can not be");
	struct ledger_window *w = ledger_window_at(r->ledger, kind, number);
	if (w == NULL)
		return refuse(r, "a window that is too old");
	if (w->key_id != 0 && w->key_id != key_id)
		return refuse(r, "sketches of another key");
	w->key_id = key_id;
	w->is_full |= flags == IS_FULL;
	for (unsigned i = 0; i < 2; i++) {
		w->lost_base[i] += lost[i];
		w->lost_told[i] += lost[2 + i];
	}
	*last = (struct ledger_file_window){kind, number};
	return take_cells(r, w, n_cells);
}

int ledger_file_read(struct ledger *l, const uint8_t *p, size_t len, struct ledger_file *head,
	struct ledger_file_window *last, char error[LEDGER_FILE_ERROR])
{
	struct reader *r = calloc(1, sizeof(*r));
	uint32_t n_windows = 0;

	*last = (struct ledger_file_window){0};
	if (r == NULL)
		return -ENOMEM;
	r->ledger = l;
	r->p = p;
	r->len = len;
	r->error = error;
	int err = take_head(r, head, &n_windows);
	if (err == 0)
		err = take_names(r);
	for (uint32_t i = 0; i < n_windows && err == 0; i++)
		err = take_window(r, last);
	if (err == 0 && r->at != r->len)
		err = refuse(r, "the file goes on behind its end");
	free(r);
	return err;
}
