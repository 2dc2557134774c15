#include "dataplane/inspect/labels.h"

#include <errno.h>
#include <stdlib.h>

// Beside the reference: which side was the server.
static const uint32_t SERVER_IS_B = 1u << 30;
static_assert(NAMES_TEXTS < 1 << 30, "a reference leaves the bit alone");

int labels_open(struct labels *l, struct name_table *names, uint32_t max_flows)
{
	l->names = names;
	// Not touched before it is used.
	l->refs = malloc(max_flows * sizeof(*l->refs));
	return l->refs != NULL ? 0 : -ENOMEM;
}

void labels_close(struct labels *l)
{
	free(l->refs);
	l->refs = NULL;
}

static bool server_is_b(const struct flow *f)
{
	return (f->flags & FLOW_A_IS_CLIENT) != 0;
}

void labels_prefetch(const struct labels *l, const struct flow *f)
{
	names_prefetch(l->names, f->key.ip_version, server_is_b(f) ? f->key.b : f->key.a);
}

void labels_begin(struct labels *l, struct flow *f, uint32_t number, uint64_t now_ns)
{
	bool b = server_is_b(f);
	uint32_t ref = names_take(l->names, f->key.ip_version, b ? f->key.b : f->key.a, now_ns);

	if (ref == NAMES_NONE)
		return;
	l->refs[number] = ref | (b ? SERVER_IS_B : 0);
	f->flags |= FLOW_LABELLED;
}

struct known_name labels_name(const struct labels *l, const struct flow *f, uint32_t number)
{
	if ((f->flags & (FLOW_LABELLED | FLOW_NAMED)) != FLOW_LABELLED)
		return (struct known_name){0};
	uint32_t ref = l->refs[number];
	if (((ref & SERVER_IS_B) != 0) != server_is_b(f))
		return (struct known_name){0};
	return names_of(l->names, ref & ~SERVER_IS_B);
}

void labels_end(struct labels *l, struct flow *f, uint32_t number)
{
	if (!(f->flags & FLOW_LABELLED))
		return;
	names_give(l->names, l->refs[number] & ~SERVER_IS_B);
	f->flags &= (uint16_t)~FLOW_LABELLED;
}
