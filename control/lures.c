#include "control/lures.h"

#include "control/sinks/eve_record.h"
#include "dataplane/api/detectors.h"

#include <stdlib.h>
#include <string.h>

static int kind_of(unsigned detector)
{
	switch (detector) {
	case DETECT_LURE_ACCOUNT_TRADE:
		return 0;
	case DETECT_LURE_LOAN:
		return 1;
	case DETECT_LURE_SCAM:
		return 2;
	default:
		return -1;
	}
}

static struct lure_place *place_of(struct lures *l, uint8_t ip_version, const uint8_t address[16])
{
	struct lure_place *oldest = &l->places[0];

	for (unsigned i = 0; i < LURE_PLACES; i++) {
		struct lure_place *p = &l->places[i];
		if (p->ip_version == ip_version && memcmp(p->address, address, 16) == 0)
			return p;
		if (oldest->ip_version != 0 && (p->ip_version == 0 || p->last_ns < oldest->last_ns))
			oldest = p;
	}
	l->forgotten += oldest->ip_version != 0;
	*oldest = (struct lure_place){.ip_version = ip_version};
	memcpy(oldest->address, address, 16);
	return oldest;
}

void lures_take(struct lures *l, const void *record, uint32_t len)
{
	static struct eve_record r; // large
	struct event_leak leak;

	if (len < sizeof(struct event_head) ||
		((const struct event_head *)record)->type != EVENT_LEAK ||
		!eve_record_read(record, len, &r) ||
		!eve_record_copy(&r, TAG_LEAK, &leak, sizeof(leak)))
		return;
	int kind = kind_of(leak.detector);
	if (kind < 0 || !(leak.flags & LEAK_NO_CLIENT))
		return;
	const uint8_t *server = r.head.dir == DIR_C2S ? r.head.dst : r.head.src;
	struct lure_place *p = place_of(l, r.head.ip_version, server);
	p->texts[kind] += leak.count;
	p->last_ns = r.head.ts_ns > p->last_ns ? r.head.ts_ns : p->last_ns;
}

static uint64_t sum(const struct lure_place *p)
{
	return p->texts[0] + p->texts[1] + p->texts[2];
}

static int busier(const void *a, const void *b)
{
	const struct lure_place *x = a, *y = b;

	if (sum(x) != sum(y))
		return sum(x) < sum(y) ? 1 : -1;
	return memcmp(x->address, y->address, sizeof(x->address));
}

void lures_sort(struct lures *l)
{
	qsort(l->places, LURE_PLACES, sizeof(l->places[0]), busier);
}
