#include "control/ledger.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES = 100, PLACES = LEDGER_CELLS * 2, NAMES = SERVICE_SLOTS };

// A cell of a page, as it was at one moment.
struct cell_copy {
	uint32_t key;
	uint32_t size; // HLL_SIZES: no sketch
	struct ledger_numbers n;
	_Alignas(8) uint32_t block[HLL_REGISTERS / 4];
};

struct ledger {
	struct ledger_window windows[LEDGER_WINDOWS];
	char names[NAMES][SERVICE_NAME_LEN];
	uint32_t n_names; // the first is ""
	uint64_t sketch_bytes;
	uint64_t late[LEDGER_THREADS], late_base;
	uint64_t changes[LEDGER_THREADS][BORDER_WINDOWS]; // of pages, as they were read last
	struct cell_copy copy;
	uint64_t n_changes;
	bool has_secret;
	uint8_t secret[BORDER_SECRET_LEN];
};

struct ledger *ledger_new(void)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (l != NULL)
		l->n_names = 1;
	return l;
}

void ledger_secret(struct ledger *l, const uint8_t secret[BORDER_SECRET_LEN])
{
	l->has_secret = true;
	memcpy(l->secret, secret, BORDER_SECRET_LEN);
}

static void sketch_free(struct ledger *l, struct ledger_sketch *s)
{
	if (s->block != NULL)
		l->sketch_bytes -= hll_bytes(s->size);
	free(s->block);
	*s = (struct ledger_sketch){0};
}

static void window_free(struct ledger *l, struct ledger_window *w)
{
	for (uint32_t i = 0; i < w->n_cells; i++) {
		sketch_free(l, &w->cells[i].persons);
		free(w->cells[i].live);
	}
	free(w->cells);
	free(w->places);
	*w = (struct ledger_window){0};
}

void ledger_free(struct ledger *l)
{
	for (unsigned i = 0; l != NULL && i < LEDGER_WINDOWS; i++)
		window_free(l, &l->windows[i]);
	if (l != NULL)
		explicit_bzero(l->secret, sizeof(l->secret));
	free(l);
}

// What is full goes under no name.
static uint16_t name_number(struct ledger *l, const char name[SERVICE_NAME_LEN])
{
	for (uint32_t i = 0; i < l->n_names; i++) {
		if (strncmp(l->names[i], name, SERVICE_NAME_LEN - 1) == 0)
			return (uint16_t)i;
	}
	if (l->n_names == NAMES)
		return 0;
	strncpy(l->names[l->n_names], name, SERVICE_NAME_LEN - 1);
	return (uint16_t)l->n_names++;
}

struct ledger_window *ledger_window_at(struct ledger *l, enum border_kind kind, uint64_t number)
{
	unsigned first = kind == BORDER_DAY ? 0 : LEDGER_DAYS;
	unsigned end = kind == BORDER_DAY ? LEDGER_DAYS : LEDGER_WINDOWS;
	struct ledger_window *oldest = &l->windows[first];

	for (unsigned i = first; i < end; i++) {
		if (l->windows[i].number == number)
			return &l->windows[i];
		if (l->windows[i].number < oldest->number)
			oldest = &l->windows[i];
	}
	if (oldest->number > number)
		return NULL;
	window_free(l, oldest);
	oldest->places = calloc(PLACES, sizeof(*oldest->places));
	if (oldest->places == NULL)
		return NULL;
	oldest->kind = kind;
	oldest->number = number;
	return oldest;
}

static bool room_for_cell(struct ledger_window *w)
{
	uint32_t n = w->n_cells;

	if (n == LEDGER_CELLS)
		return false;
	if ((n & (n - 1)) != 0)
		return true; // at each power of two it is used up
	struct ledger_cell *more = realloc(w->cells, (n == 0 ? 1 : (size_t)n * 2) * sizeof(*more));
	if (more != NULL)
		w->cells = more;
	return more != NULL;
}

static struct ledger_cell *cell_at(struct ledger_window *w, uint32_t key)
{
	uint32_t i = (key * 0x9e3779b1u >> 16) % PLACES;

	for (; w->places[i] != 0; i = (i + 1) % PLACES) {
		if (w->cells[w->places[i] - 1].key == key)
			return &w->cells[w->places[i] - 1];
	}
	if (!room_for_cell(w))
		return NULL;
	w->cells[w->n_cells] = (struct ledger_cell){.key = key};
	w->places[i] = ++w->n_cells;
	return &w->cells[w->n_cells - 1];
}

static bool sketch_grow(struct ledger *l, struct ledger_sketch *s)
{
	unsigned size = s->block == NULL ? 0 : s->size + 1;
	uint32_t more = size < HLL_SIZES ? hll_bytes(size) : 0;

	if (more == 0 || l->sketch_bytes + more > LEDGER_SKETCH_BYTES)
		return false;
	void *block = calloc(1, more);
	if (block == NULL)
		return false;
	struct ledger_sketch next = {.block = block, .used = s->used, .size = size};
	if (s->block != NULL)
		hll_grow(s->block, s->size, block);
	sketch_free(l, s);
	l->sketch_bytes += more;
	*s = next;
	return true;
}

static bool sketch_add(struct ledger *l, struct ledger_sketch *s, struct hll_point p)
{
	while (s->block == NULL || hll_add(s->block, s->size, &s->used, p) == HLL_FULL) {
		if (!sketch_grow(l, s))
			return false;
	}
	return true;
}

static void merge_sketch(struct ledger *l, struct ledger_window *w, struct ledger_cell *c,
	const struct cell_copy *from)
{
	struct hll_point p;
	bool fits = true;

	for (uint32_t at = 0; fits && hll_next(from->block, from->size, &at, &p);)
		fits = sketch_add(l, &c->persons, p);
	w->is_full |= !fits;
}

static uint64_t number(const _Atomic uint64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static void copy_block(const struct border_window *w, uint32_t block, struct cell_copy *out)
{
	uint32_t len = out->size < HLL_SIZES ? hll_bytes(out->size) : 0;

	if (len > BORDER_POOL || block > BORDER_POOL - len || block % sizeof(uint32_t) != 0)
		out->size = HLL_SIZES;
	else
		for (uint32_t i = 0; i < len / 4; i++)
			out->block[i] = atomic_load_explicit(
				(const _Atomic uint32_t *)(w->pool + block) + i,
				memory_order_relaxed);
}

// seq: the window's, when its number was read. False: nothing is there, or it is moving all the time.
static bool read_cell(
	const struct border_window *w, uint32_t i, uint32_t window_seq, struct cell_copy *out)
{
	const struct border_cell *cell = &w->cells[i];

	for (unsigned tries = 0; tries < TRIES; tries++) {
		uint32_t seq = atomic_load_explicit(&cell->seq, memory_order_acquire);
		if (seq % 2 == 1)
			continue;
		out->key = atomic_load_explicit(&cell->key, memory_order_acquire);
		if (out->key == 0)
			return false;
		out->n.flows = number(&cell->flows);
		out->n.bytes[0] = number(&cell->bytes[0]);
		out->n.bytes[1] = number(&cell->bytes[1]);
		out->size = atomic_load_explicit(&cell->size, memory_order_relaxed);
		copy_block(w, atomic_load_explicit(&cell->block, memory_order_relaxed), out);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&w->seq, memory_order_relaxed) != window_seq)
			return false;
		if (atomic_load_explicit(&cell->seq, memory_order_relaxed) == seq)
			return true;
	}
	return false;
}

// Sketches of two keys can not be put together: what was known is kept as a number.
static void change_key(struct ledger *l, struct ledger_window *w, uint64_t key_id)
{
	for (uint32_t i = 0; i < w->n_cells; i++) {
		struct ledger_cell *c = &w->cells[i];
		c->before = ledger_cell_persons(c);
		w->mixed |= c->before > 0;
		sketch_free(l, &c->persons);
	}
	w->key_id = key_id;
}

static void derive_key_id(const struct ledger *l, struct ledger_window *w)
{
	uint8_t key[BORDER_KEY_LEN];

	border_key_derive(l->secret, w->kind, w->number, key);
	w->key_id = border_key_id(key);
	explicit_bzero(key, sizeof(key));
}

static bool takes_key(struct ledger *l, struct ledger_window *w, uint64_t key_id)
{
	// A worker that has not met the secret yet has another one, and begins anew with the next flow.
	if (l->has_secret) {
		derive_key_id(l, w);
		return w->key_id == key_id;
	}
	if (w->key_id != key_id && !w->of_run)
		change_key(l, w, key_id);
	w->of_run |= w->key_id == key_id;
	return w->key_id == key_id;
}

struct reading {
	struct ledger *ledger;
	unsigned thread, n_threads;
	uint16_t names[SERVICE_SLOTS]; // by slot of this run
	uint32_t n_names;
};

static bool has_live(struct ledger_cell *c, unsigned n_threads)
{
	if (c->n_live == n_threads)
		return true;
	free(c->live); // a run has as many threads from its begin to its end
	c->live = calloc(n_threads, sizeof(*c->live));
	c->n_live = c->live != NULL ? n_threads : 0;
	return c->live != NULL;
}

static void take_cell(const struct reading *r, struct ledger_window *w, bool sketches)
{
	const struct cell_copy *copy = &r->ledger->copy;
	uint16_t slot = border_cell_service(copy->key);
	uint32_t key = border_cell_key(slot < r->n_names ? r->names[slot] : 0,
		border_cell_country(copy->key), border_cell_direction(copy->key));
	struct ledger_cell *c = cell_at(w, key);

	if (c == NULL || !has_live(c, r->n_threads)) {
		w->is_full = true;
		return;
	}
	c->live[r->thread] = copy->n;
	if (sketches && copy->size < HLL_SIZES)
		merge_sketch(r->ledger, w, c, copy);
}

static void read_window(const struct reading *r, struct border_page *page, unsigned slot)
{
	struct border_window *from = &page->windows[slot];
	struct ledger *l = r->ledger;
	uint32_t seq = atomic_load_explicit(&from->seq, memory_order_acquire);
	uint64_t changes = number(&from->changes), which = number(&from->number);
	uint64_t key_id = number(&from->key_id);

	atomic_thread_fence(memory_order_acquire);
	if (which == 0 || seq % 2 == 1 || changes == l->changes[r->thread][slot] ||
		atomic_load_explicit(&from->seq, memory_order_relaxed) != seq)
		return;
	struct ledger_window *w = ledger_window_at(l, border_kind_of(slot), which);
	if (w == NULL)
		return;
	bool sketches = takes_key(l, w, key_id);
	for (uint32_t i = 0; i < BORDER_CELLS; i++) {
		if (atomic_load_explicit(&from->cells[i].key, memory_order_relaxed) != 0 &&
			read_cell(from, i, seq, &l->copy))
			take_cell(r, w, sketches);
	}
	w->lost_flows[r->thread] = number(&from->lost_flows);
	w->lost_persons[r->thread] = number(&from->lost_persons);
	l->changes[r->thread][slot] = changes;
	l->n_changes++;
}

static void learn_names(struct reading *r, const struct directory_page *directory)
{
	uint32_t n = atomic_load_explicit(&directory->n_services, memory_order_acquire);

	r->n_names = n < SERVICE_SLOTS ? n : SERVICE_SLOTS;
	for (uint32_t i = 1; i < r->n_names; i++)
		r->names[i] = name_number(r->ledger, directory->services[i]);
}

void ledger_read(struct ledger *l, struct counter_page *const *pages, unsigned n,
	const struct directory_page *directory)
{
	struct reading r = {.ledger = l, .n_threads = n < LEDGER_THREADS ? n : LEDGER_THREADS};

	learn_names(&r, directory);
	for (; r.thread < r.n_threads; r.thread++) {
		struct border_page *page = &pages[r.thread]->borders;
		for (unsigned slot = 0; slot < BORDER_WINDOWS; slot++)
			read_window(&r, page, slot);
		l->late[r.thread] = number(&page->late);
	}
}

void ledger_numbers_add(struct ledger_numbers *to, const struct ledger_numbers *more)
{
	to->flows += more->flows;
	to->bytes[0] += more->bytes[0];
	to->bytes[1] += more->bytes[1];
}

static void window_end_run(struct ledger_window *w)
{
	w->of_run = false;
	for (uint32_t i = 0; i < w->n_cells; i++) {
		struct ledger_cell *c = &w->cells[i];
		c->base = ledger_cell_numbers(c);
		c->told = (struct ledger_numbers){0};
		free(c->live);
		c->live = NULL;
		c->n_live = 0;
	}
	w->lost_base[0] = ledger_lost(w, false);
	w->lost_base[1] = ledger_lost(w, true);
	memset(w->lost_told, 0, sizeof(w->lost_told));
	memset(w->lost_flows, 0, sizeof(w->lost_flows));
	memset(w->lost_persons, 0, sizeof(w->lost_persons));
}

void ledger_end_run(struct ledger *l)
{
	for (unsigned i = 0; i < LEDGER_WINDOWS; i++)
		window_end_run(&l->windows[i]);
	l->late_base = ledger_late(l);
	memset(l->late, 0, sizeof(l->late));
	memset(l->changes, 0, sizeof(l->changes));
}

static void window_settle(struct ledger_window *w, bool goes_on)
{
	for (uint32_t i = 0; i < w->n_cells; i++) {
		struct ledger_cell *c = &w->cells[i];
		if (!goes_on)
			ledger_numbers_add(&c->base, &c->told);
		c->told = (struct ledger_numbers){0};
	}
	for (unsigned i = 0; i < 2; i++) {
		w->lost_base[i] += goes_on ? 0 : w->lost_told[i];
		w->lost_told[i] = 0;
	}
}

void ledger_settle(struct ledger *l, bool goes_on)
{
	for (unsigned i = 0; i < LEDGER_WINDOWS; i++)
		window_settle(&l->windows[i], goes_on);
}

const struct ledger_window *ledger_window(const struct ledger *l, unsigned i)
{
	return &l->windows[i];
}

uint32_t ledger_names(const struct ledger *l)
{
	return l->n_names;
}

const char *ledger_name(const struct ledger *l, uint32_t i)
{
	return l->names[i];
}

uint64_t ledger_changes(const struct ledger *l)
{
	return l->n_changes;
}

struct ledger_cell *ledger_cell_at(struct ledger *l, struct ledger_window *w, const char *service,
	uint16_t country, enum border_direction d)
{
	char name[SERVICE_NAME_LEN] = "";

	strncpy(name, service, sizeof(name) - 1);
	return cell_at(w, border_cell_key(name_number(l, name), country, d));
}

bool ledger_add_person(struct ledger *l, struct ledger_cell *c, struct hll_point p)
{
	return sketch_add(l, &c->persons, p);
}

const struct ledger_window *ledger_latest(const struct ledger *l, enum border_kind kind)
{
	const struct ledger_window *latest = NULL;

	for (unsigned i = 0; i < LEDGER_WINDOWS; i++) {
		const struct ledger_window *w = &l->windows[i];
		if (w->number != 0 && w->kind == kind &&
			(latest == NULL || w->number > latest->number))
			latest = w;
	}
	return latest;
}

struct ledger_numbers ledger_cell_numbers(const struct ledger_cell *c)
{
	struct ledger_numbers sum = c->base;

	ledger_numbers_add(&sum, &c->told);
	for (unsigned t = 0; t < c->n_live; t++)
		ledger_numbers_add(&sum, &c->live[t]);
	return sum;
}

const char *ledger_cell_service(const struct ledger *l, const struct ledger_cell *c)
{
	return l->names[border_cell_service(c->key)];
}

uint64_t ledger_late(const struct ledger *l)
{
	uint64_t sum = l->late_base;

	for (unsigned t = 0; t < LEDGER_THREADS; t++)
		sum += l->late[t];
	return sum;
}

uint64_t ledger_lost(const struct ledger_window *w, bool persons)
{
	uint64_t sum = w->lost_base[persons] + w->lost_told[persons];

	for (unsigned t = 0; t < LEDGER_THREADS; t++)
		sum += persons ? w->lost_persons[t] : w->lost_flows[t];
	return sum;
}

double ledger_persons(const struct ledger_window *w, ledger_in in, void *ctx)
{
	uint8_t registers[HLL_REGISTERS] = {0};
	double before = 0;

	for (uint32_t i = 0; i < w->n_cells; i++) {
		const struct ledger_cell *c = &w->cells[i];
		if (!in(ctx, c))
			continue;
		before += c->before;
		if (c->persons.block != NULL)
			hll_merge(registers, c->persons.block, c->persons.size);
	}
	return before + hll_estimate(registers);
}

double ledger_cell_persons(const struct ledger_cell *c)
{
	uint8_t registers[HLL_REGISTERS] = {0};

	if (c->persons.block == NULL)
		return c->before;
	hll_merge(registers, c->persons.block, c->persons.size);
	return c->before + hll_estimate(registers);
}
