#include "dataplane/inspect/finds.h"

#include "dataplane/base/private.h"

#include <stdlib.h>

enum { FIELDS_MAX = 2048, ARENA_SIZE = 2 * GATHER_MAX, RELEASED_MAX = 512 };

struct finds {
	const struct inspect_hooks *hooks;
	struct stage_clock *clock;
	unsigned n;
	unsigned done; // items of packets that were parsed
	struct find *packet; // the last FIND_PACKET, while it waits
	unsigned n_fields;
	unsigned n_released;
	uint32_t arena_used;
	unsigned n_facts;
	const struct packet_facts *shared; // of the packet at hand; NULL: not copied yet
	struct find items[FINDS_MAX];
	struct field_value fields[FIELDS_MAX];
	struct packet_facts facts[FINDS_MAX]; // each belongs to an item at least
	struct pktbuf *released[RELEASED_MAX];
	uint8_t arena[ARENA_SIZE];
};

static_assert((int)FIELDS_MAX >= (int)TX_FIELDS_MAX, "one transaction always fits");

struct finds *finds_new(const struct inspect_hooks *hooks, struct stage_clock *clock)
{
	struct finds *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	private_mark(f, sizeof(*f));
	f->hooks = hooks;
	f->clock = clock;
	return f;
}

void finds_free(struct finds *f)
{
	free(f);
}

void finds_flush(struct finds *f)
{
	if (f->n > 0) {
		enum stage before = stage_enter(f->clock, STAGE_MATCH);
		f->hooks->match(f->hooks->ctx, f->items, f->n);
		stage_enter(f->clock, before);
	}
	f->n = 0;
	f->done = 0;
	f->packet = NULL;
	f->n_fields = 0;
	f->n_facts = 0;
	f->shared = NULL;
	f->arena_used = 0;
	for (unsigned i = 0; i < f->n_released; i++)
		f->released[i]->free(f->released[i]);
	f->n_released = 0;
}

void finds_new_facts(struct finds *f)
{
	f->shared = NULL;
}

static struct find *append(struct finds *f, const struct find *find)
{
	struct find *item = &f->items[f->n++];

	*item = *find;
	if (find->facts == NULL)
		return item;
	if (f->shared == NULL) {
		f->facts[f->n_facts] = *find->facts;
		f->shared = &f->facts[f->n_facts++];
	}
	item->facts = f->shared;
	return item;
}

void finds_add(struct finds *f, const struct find *find)
{
	if (f->n == FINDS_MAX)
		finds_flush(f);
	append(f, find);
	if (find->kind == FIND_PACKET)
		f->packet = &f->items[f->n - 1];
}

void finds_tell_app(struct finds *f, uint8_t app_proto, bool first_known)
{
	if (f->packet == NULL)
		return;
	f->packet->app_proto = app_proto;
	f->packet->first_known = first_known;
}

void finds_packet_done(struct finds *f, const struct flow *flow)
{
	for (; f->done < f->n; f->done++) {
		if (f->items[f->done].flow == flow)
			f->items[f->done].app_after = flow->app_proto;
	}
	f->packet = NULL;
}

// Most values are a few bytes: no call for them.
static void copy_short(uint8_t *to, const uint8_t *from, size_t len)
{
	if (len >= 8) {
		memcpy(to, from, 8);
		memcpy(to + len - 8, from + len - 8, 8);
	} else if (len >= 4) {
		memcpy(to, from, 4);
		memcpy(to + len - 4, from + len - 4, 4);
	} else {
		for (size_t i = 0; i < len; i++)
			to[i] = from[i];
	}
}

// Copy as much of a value as there is room for; all of it, except in a transaction that is
// larger than the arena.
static struct bytes keep(struct finds *f, struct bytes v)
{
	uint32_t room = ARENA_SIZE - f->arena_used;
	size_t len = v.len < room ? v.len : room;
	uint8_t *to = f->arena + f->arena_used;

	if (len > 16)
		memcpy(to, v.p, len);
	else
		copy_short(to, v.p, len);
	f->arena_used += (uint32_t)len;
	return (struct bytes){.p = to, .len = len};
}

void finds_add_tx(struct finds *f, const struct find *find, const struct tx *tx)
{
	size_t need = 0;

	for (unsigned i = 0; i < tx->n_fields; i++)
		need += tx->fields[i].value.len;
	if (f->n == FINDS_MAX || f->n_fields + tx->n_fields > FIELDS_MAX ||
		need > ARENA_SIZE - f->arena_used)
		finds_flush(f);

	struct field_value *fields = &f->fields[f->n_fields];
	for (unsigned i = 0; i < tx->n_fields; i++) {
		fields[i].field = tx->fields[i].field;
		fields[i].value = keep(f, tx->fields[i].value);
	}
	f->n_fields += tx->n_fields;

	struct find *item = append(f, find);
	item->fields = fields;
	item->n_fields = tx->n_fields;
	item->n_secret = tx->n_secret;
}

void finds_release(struct finds *f, struct pktbuf *buf)
{
	if (f->n_released == RELEASED_MAX)
		finds_flush(f);
	f->released[f->n_released++] = buf;
}
