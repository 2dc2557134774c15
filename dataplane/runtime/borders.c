#include "dataplane/runtime/borders.h"

#include "dataplane/base/siphash.h"

#include <stdlib.h>
#include <string.h>

enum { GRAIN = 64, NO_BLOCK = UINT32_MAX };

// What the page has, as we know it.
struct own_cell {
	uint32_t key; // 0: free
	uint32_t block; // offset in the pool, or NO_BLOCK
	uint32_t used; // registers
	uint32_t size;
};

struct own_window {
	struct border_span span; // number 0: not in use
	uint32_t serial; // of the key
	uint32_t n_cells;
	uint32_t next; // of the pool: nothing behind it was used
	uint32_t n_free[HLL_SIZES];
	uint8_t key[BORDER_KEY_LEN];
	struct own_cell cells[BORDER_CELLS];
	// Blocks that were given back, by size: the next one is in the first word of each, of our copy.
	uint32_t free[HLL_SIZES];
	uint32_t next_free[BORDER_POOL / GRAIN];
};

struct borders {
	struct border_page *page;
	struct border_keys *keys;
	struct own_window windows[BORDER_WINDOWS];
};

struct borders *borders_new(struct border_page *page, struct border_keys *keys)
{
	struct borders *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->page = page;
	b->keys = keys;
	return b;
}

void borders_free(struct borders *b)
{
	for (unsigned i = 0; b != NULL && i < BORDER_WINDOWS; i++)
		explicit_bzero(b->windows[i].key, BORDER_KEY_LEN);
	free(b);
}

// A flow, as a cell sees it.
struct crossing {
	uint32_t key; // of the cell
	uint8_t person[8];
	unsigned person_len;
	uint64_t bytes[2];
};

static bool is_private4(const uint8_t a[4])
{
	return a[0] == 10 || a[0] == 127 || (a[0] == 172 && a[1] >> 4 == 1) ||
		(a[0] == 192 && a[1] == 168) || (a[0] == 100 && a[1] >> 6 == 1) ||
		(a[0] == 169 && a[1] == 254);
}

// RFC 1918, 6598, 3927; RFC 4193 and link-local.
static bool is_private(uint8_t version, const uint8_t a[16])
{
	return version == 4 ? is_private4(a)
			    : (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && a[1] >> 6 == 2);
}

// The side with the subscriber: as the flow's segment tells; else the one whose address is private, when the
// other's is not; else the client.
static unsigned subscriber_of(const struct flow *f, const struct flow_note *note)
{
	bool a = is_private(f->key.ip_version, f->key.a);
	bool b = is_private(f->key.ip_version, f->key.b);

	if (note->person != PERSON_CLIENT)
		return note->person == PERSON_A ? 0 : 1;
	if (a != b)
		return a ? 0 : 1;
	return f->flags & FLOW_A_IS_CLIENT ? 0 : 1;
}

// Of IPv6, the line: a host takes a new address a day in its /64 (RFC 8981).
static struct crossing crossing_of(const struct flow *f, const struct flow_note *note)
{
	unsigned own = subscriber_of(f, note), client = f->flags & FLOW_A_IS_CLIENT ? 0 : 1;
	struct crossing c = {.person_len = f->key.ip_version == 4 ? 4 : 8,
		.bytes = {f->bytes[own], f->bytes[!own]}};

	c.key = border_cell_key(
		f->service, note->country[!own], own == client ? BORDER_EGRESS : BORDER_INGRESS);
	memcpy(c.person, own == 0 ? f->key.a : f->key.b, c.person_len);
	return c;
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);
	atomic_store_explicit(counter, v + n, memory_order_relaxed);
}

// Odd until the next call: a reader that began before it begins anew.
static void turn_seq(_Atomic uint32_t *seq)
{
	uint32_t v = atomic_load_explicit(seq, memory_order_relaxed);

	if (v % 2 == 0)
		atomic_store_explicit(seq, v + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	if (v % 2 == 1)
		atomic_store_explicit(seq, v + 1, memory_order_release);
}

static void put_number(_Atomic uint64_t *to, uint64_t v)
{
	atomic_store_explicit(to, v, memory_order_relaxed);
}

static void put_word(_Atomic uint32_t *to, uint32_t v)
{
	atomic_store_explicit(to, v, memory_order_relaxed);
}

// Nothing is in the window any more. Cells that were never used are left alone: of shared memory, writing
// zeroes makes pages.
static void empty(struct own_window *own, struct border_window *w)
{
	for (uint32_t i = 0; i < BORDER_CELLS; i++) {
		struct border_cell *cell = &w->cells[i];
		if (own->cells[i].key == 0)
			continue;
		put_word(&cell->key, 0);
		put_word(&cell->size, HLL_SIZES);
		put_number(&cell->flows, 0);
		put_number(&cell->bytes[0], 0);
		put_number(&cell->bytes[1], 0);
	}
	memset(w->pool, 0, own->next);
	memset(own->cells, 0, sizeof(own->cells));
	memset(own->free, 0xff, sizeof(own->free));
	own->next = 0;
	own->n_cells = 0;
	put_number(&w->lost_flows, 0);
	put_number(&w->lost_persons, 0);
}

static bool begin_window(struct borders *b, unsigned slot, struct border_span span)
{
	struct own_window *own = &b->windows[slot];
	struct border_window *w = &b->page->windows[slot];

	if (span.number == 0 || span.number < own->span.number ||
		!border_keys_get(b->keys, slot, span.number, own->key))
		return false;
	turn_seq(&w->seq);
	empty(own, w);
	own->serial = border_keys_serial(b->keys);
	own->span = span;
	put_number(&w->number, span.number);
	put_number(&w->key_id, border_key_id(own->key));
	add(&w->changes, 1);
	turn_seq(&w->seq);
	return true;
}

// The window's key is another one from now on: what was sketched under the last one is worth nothing.
static void change_key(struct borders *b, unsigned slot)
{
	struct own_window *own = &b->windows[slot];
	struct border_window *w = &b->page->windows[slot];
	uint8_t last[BORDER_KEY_LEN];

	memcpy(last, own->key, sizeof(last));
	own->serial = border_keys_serial(b->keys);
	if (!border_keys_get(b->keys, slot, own->span.number, own->key) ||
		memcmp(last, own->key, sizeof(last)) == 0)
		return;
	turn_seq(&w->seq);
	for (uint32_t i = 0; i < BORDER_CELLS; i++) {
		if (own->cells[i].key == 0)
			continue;
		own->cells[i].block = NO_BLOCK;
		own->cells[i].used = 0;
		own->cells[i].size = 0;
		put_word(&w->cells[i].size, HLL_SIZES);
	}
	memset(w->pool, 0, own->next);
	memset(own->free, 0xff, sizeof(own->free));
	own->next = 0;
	put_number(&w->key_id, border_key_id(own->key));
	turn_seq(&w->seq);
}

// A block of the size, zeroed; NO_BLOCK: the pool is used up.
static uint32_t take_block(struct own_window *own, struct border_window *w, unsigned size)
{
	uint32_t block = own->free[size];

	if (block != NO_BLOCK) {
		own->free[size] = own->next_free[block / GRAIN];
		memset(w->pool + block, 0, hll_bytes(size));
		return block;
	}
	if (hll_bytes(size) > BORDER_POOL - own->next)
		return NO_BLOCK;
	block = own->next;
	own->next += hll_bytes(size);
	return block;
}

static void give_block(struct own_window *own, unsigned size, uint32_t block)
{
	own->next_free[block / GRAIN] = own->free[size];
	own->free[size] = block;
}

static bool grow(struct own_window *own, struct border_window *w, uint32_t i)
{
	struct own_cell *c = &own->cells[i];
	struct border_cell *cell = &w->cells[i];
	bool first = c->block == NO_BLOCK;
	unsigned size = first ? 0 : c->size + 1;

	uint32_t block = size < HLL_SIZES ? take_block(own, w, size) : NO_BLOCK;
	if (block == NO_BLOCK)
		return false;
	if (!first)
		hll_grow(w->pool + c->block, c->size, w->pool + block);
	turn_seq(&cell->seq);
	put_word(&cell->block, block);
	put_word(&cell->size, size);
	turn_seq(&cell->seq);
	if (!first)
		give_block(own, c->size, c->block);
	c->block = block;
	c->size = size;
	return true;
}

static uint32_t hash_key(uint32_t key)
{
	return key * 0x9e3779b1u >> 16;
}

// The cell's place; BORDER_CELLS: there is none any more.
static uint32_t find_cell(struct own_window *own, struct border_window *w, uint32_t key)
{
	uint32_t i = hash_key(key) % BORDER_CELLS;

	while (own->cells[i].key != 0 && own->cells[i].key != key)
		i = (i + 1) % BORDER_CELLS;
	if (own->cells[i].key == key)
		return i;
	if (own->n_cells == BORDER_CELLS_USED)
		return BORDER_CELLS;
	own->n_cells++;
	own->cells[i] = (struct own_cell){.key = key, .block = NO_BLOCK};
	put_word(&w->cells[i].size, HLL_SIZES);
	atomic_store_explicit(&w->cells[i].key, key, memory_order_release);
	return i;
}

static struct hll_point point_of(const struct own_window *own, const struct crossing *c)
{
	return hll_point(siphash(own->key, c->person, c->person_len));
}

static void add_person(
	struct own_window *own, struct border_window *w, uint32_t i, struct hll_point p)
{
	struct own_cell *cell = &own->cells[i];
	enum hll_add added = HLL_FULL;

	if (cell->block != NO_BLOCK)
		added = hll_add(w->pool + cell->block, cell->size, &cell->used, p);
	while (added == HLL_FULL) {
		if (!grow(own, w, i)) {
			add(&w->lost_persons, 1);
			return;
		}
		added = hll_add(w->pool + cell->block, cell->size, &cell->used, p);
	}
}

// A window in which a flow counts: what it needs of memory is fetched for all of them, step by step.
struct place {
	struct own_window *own;
	struct border_window *window;
	struct hll_point point;
	uint32_t cell;
};

static void find_place(struct place *at, const struct crossing *c)
{
	const struct own_cell *cell;

	at->cell = find_cell(at->own, at->window, c->key);
	if (at->cell == BORDER_CELLS)
		return;
	cell = &at->own->cells[at->cell];
	if (cell->block != NO_BLOCK)
		hll_prefetch(at->window->pool + cell->block, cell->size, at->point);
}

static void count_in(const struct place *at, const struct crossing *c)
{
	struct border_window *w = at->window;

	add(&w->changes, 1);
	if (at->cell == BORDER_CELLS) {
		add(&w->lost_flows, 1);
		return;
	}
	add(&w->cells[at->cell].flows, 1);
	add(&w->cells[at->cell].bytes[0], c->bytes[0]);
	add(&w->cells[at->cell].bytes[1], c->bytes[1]);
	add_person(at->own, w, at->cell, at->point);
}

// The window `back` before one of the flow's time, when the flow was there; begun where this worker ended no
// flow in it, because another may have. NULL: it was not, or that has gone.
static struct own_window *before(struct borders *b, enum border_kind kind, const struct flow *f,
	const struct border_span *last, unsigned back)
{
	const uint64_t day_ns = 86400ull * 1000000000;
	uint64_t end_ns = last->from_ns - (kind == BORDER_DAY ? (back - 1) * day_ns : 0);
	unsigned slot = border_slot(kind, last->number - back);
	struct own_window *own = &b->windows[slot];

	if (f->first_ns >= end_ns)
		return NULL;
	if (own->span.number < last->number - back &&
		!begin_window(b, slot, border_span_of(kind, end_ns - 1)))
		return NULL;
	if (own->span.number != last->number - back)
		return NULL;
	if (own->serial != border_keys_serial(b->keys))
		change_key(b, slot);
	return own;
}

// A person who was there before midnight was there on that day, too; what the flow carried counts where it
// ends.
static void was_there(struct borders *b, enum border_kind kind, const struct flow *f,
	const struct border_span *last, const struct crossing *c)
{
	unsigned n = kind == BORDER_DAY ? BORDER_DAYS : BORDER_YEARS;

	for (unsigned back = 1; back < n && back < last->number; back++) {
		struct own_window *own = before(b, kind, f, last, back);
		if (own == NULL)
			continue;
		struct border_window *w = &b->page->windows[own - b->windows];
		uint32_t i = find_cell(own, w, c->key);
		add(&w->changes, 1); // who reads it looks again
		if (i < BORDER_CELLS)
			add_person(own, w, i, point_of(own, c));
	}
}

static bool contains(const struct border_span *span, uint64_t ts_ns)
{
	return span->number != 0 && ts_ns >= span->from_ns && ts_ns < span->to_ns;
}

// The window of the time, begun when it is new. BORDER_WINDOWS: it has gone.
static unsigned window_of(struct borders *b, enum border_kind kind, uint64_t ts_ns)
{
	unsigned first = kind == BORDER_DAY ? 0 : BORDER_DAYS;
	unsigned end = kind == BORDER_DAY ? BORDER_DAYS : BORDER_WINDOWS;

	for (unsigned slot = first; slot < end; slot++) {
		if (contains(&b->windows[slot].span, ts_ns))
			return slot;
	}
	struct border_span span = border_span_of(kind, ts_ns);
	unsigned slot = border_slot(kind, span.number);
	return begin_window(b, slot, span) ? slot : BORDER_WINDOWS;
}

// The place in its window; false: that has gone.
static bool place_of(struct borders *b, enum border_kind kind, const struct flow *f,
	const struct crossing *c, struct place *out)
{
	unsigned slot = window_of(b, kind, f->last_ns);
	uint32_t first = hash_key(c->key) % BORDER_CELLS;

	if (slot == BORDER_WINDOWS) {
		add(&b->page->late, 1);
		return false;
	}
	if (b->windows[slot].serial != border_keys_serial(b->keys))
		change_key(b, slot);
	*out = (struct place){.own = &b->windows[slot], .window = &b->page->windows[slot]};
	__builtin_prefetch(&out->own->cells[first], 1);
	__builtin_prefetch(&out->window->cells[first], 1);
	return true;
}

void borders_flow(struct borders *b, const struct flow *f, const struct flow_note *note)
{
	struct crossing c = crossing_of(f, note);
	struct place places[BORDER_KINDS];
	unsigned n = 0;

	for (enum border_kind kind = 0; kind < BORDER_KINDS; kind++)
		n += place_of(b, kind, f, &c, &places[n]);
	for (unsigned i = 0; i < n; i++)
		places[i].point = point_of(places[i].own, &c);
	for (unsigned i = 0; i < n; i++)
		find_place(&places[i], &c);
	for (unsigned i = 0; i < n; i++) {
		const struct border_span *span = &places[i].own->span;
		count_in(&places[i], &c);
		if (f->first_ns < span->from_ns)
			was_there(b, border_kind_of((unsigned)(places[i].own - b->windows)), f,
				span, &c);
	}
}
