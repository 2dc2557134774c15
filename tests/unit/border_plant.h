// What the tests of borders have in common: workers' pages, and a ledger that reads them.

#pragma once

#include "control/ledger.h"
#include "control/matrix.h"
#include "dataplane/api/geo_map.h"
#include "dataplane/base/pages.h"
#include "dataplane/runtime/borders.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 1000000000ull
#define DAY (86400 * SECOND)

enum { WORKERS_MAX = 4, DE = 3 * 26 + 4 + 1, US = 20 * 26 + 18 + 1, FR = 5 * 26 + 17 + 1 };

// 2026-11-30T12:00:00Z: day 20787 (`date -u -d 2026-11-30 +%s` / 86400).
static const uint64_t noon = 20787 * DAY + DAY / 2;

struct plant {
	unsigned n;
	struct counter_page *pages[WORKERS_MAX];
	struct borders *borders[WORKERS_MAX];
	struct border_keys keys;
	struct directory_page *directory;
	struct ledger *ledger;
};

static inline void start_run(struct plant *p, unsigned workers)
{
	border_keys_open(&p->keys, true);
	p->n = workers;
	for (unsigned i = 0; i < workers; i++) {
		p->pages[i] = pages_alloc(sizeof(struct counter_page));
		p->borders[i] = borders_new(&p->pages[i]->borders, &p->keys);
	}
}

static inline void end_run(struct plant *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		borders_free(p->borders[i]);
		pages_free(p->pages[i], sizeof(struct counter_page));
	}
	border_keys_close(&p->keys);
}

// *p stays where it is: it is pointed to.
static inline void plant_open(struct plant *p, unsigned workers)
{
	*p = (struct plant){.ledger = ledger_new(), .directory = calloc(1, sizeof(*p->directory))};
	strcpy(p->directory->services[1], "whatsapp");
	strcpy(p->directory->services[2], "telegram");
	atomic_store(&p->directory->n_services, 3);
	start_run(p, workers);
}

static inline void plant_close(struct plant *p)
{
	end_run(p);
	ledger_free(p->ledger);
	free(p->directory);
}

static inline void read_all(struct plant *p)
{
	ledger_read(p->ledger, p->pages, p->n, p->directory);
}

// Of a person, to a server in the country; the address is a private one.
static inline struct flow flow_of(
	uint32_t person, uint16_t service, uint64_t first_ns, uint64_t last_ns)
{
	struct flow f = {
		.key = {.a = {10, (uint8_t)(person >> 16), (uint8_t)(person >> 8), (uint8_t)person},
			.b = {203, 0, 113, 5},
			.aport = 40000,
			.bport = 443,
			.l4 = 6,
			.ip_version = 4},
		.first_ns = first_ns,
		.last_ns = last_ns,
		.bytes = {100, 1000},
		.flags = FLOW_A_IS_CLIENT,
		.service = service};
	return f;
}

static inline void end_flow(struct plant *p, const struct flow *f, uint16_t country)
{
	struct flow_note note = {.country = {0, country}};

	borders_flow(p->borders[f->key.a[3] % p->n], f, &note);
}

static inline const struct matrix_row *row_of(
	const struct matrix *m, const char *service, uint16_t country, enum border_direction d)
{
	for (uint32_t i = 0; i < m->n; i++) {
		if (strcmp(m->rows[i].service, service) == 0 && m->rows[i].country == country &&
			m->rows[i].direction == d)
			return &m->rows[i];
	}
	return NULL;
}
