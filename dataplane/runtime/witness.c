#include "dataplane/runtime/witness.h"

#include "dataplane/inspect/answers.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 256, SLOT_BYTES = ANSWER_BYTES_MAX + 2 }; // behind the length that TCP has

struct slot {
	struct pktbuf buf; // first: a buffer is its slot
	_Atomic unsigned refs; // 0: free
	uint8_t data[SLOT_BYTES];
};

struct witnesses {
	unsigned next;
	struct slot slots[SLOTS];
};

static void slot_free(struct pktbuf *buf)
{
	struct slot *slot = (struct slot *)buf;
	atomic_fetch_sub_explicit(&slot->refs, 1, memory_order_release);
}

struct witnesses *witnesses_new(void)
{
	struct witnesses *w = calloc(1, sizeof(*w));

	for (unsigned i = 0; w != NULL && i < SLOTS; i++)
		w->slots[i].buf.free = slot_free;
	return w;
}

void witnesses_free(struct witnesses *w)
{
	free(w);
}

static struct slot *free_slot(struct witnesses *w)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &w->slots[(w->next + i) % SLOTS];
		if (atomic_load_explicit(&slot->refs, memory_order_acquire) != 0)
			continue;
		w->next = (w->next + i + 1) % SLOTS;
		return slot;
	}
	return NULL;
}

bool witness_make(
	struct witnesses *w, const struct packet *p, unsigned n_takers, struct packet *out)
{
	struct slot *slot = free_slot(w);

	if (slot == NULL)
		return false;
	*out = *p;
	out->payload_len = p->payload_len < SLOT_BYTES ? p->payload_len : SLOT_BYTES;
	memcpy(slot->data, p->payload, out->payload_len);
	out->data = slot->data;
	out->len = out->payload_len;
	out->payload = slot->data;
	out->link = LINK_UNKNOWN; // of the frame, only the payload is in the copy
	out->ip = out->l4 = NULL;
	out->ip_len = out->l4_len = 0;
	out->buf = &slot->buf;
	out->flags |= PACKET_WITNESS;
	out->frames = 0;
	out->frame_bytes = 0;
	atomic_store_explicit(&slot->refs, n_takers, memory_order_relaxed);
	return true;
}
