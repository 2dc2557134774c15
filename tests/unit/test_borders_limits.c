// What must not be: that two windows can be put together, that something is lost unseen, that bytes of another
// process do harm.

#include "tests/unit/border_plant.h"

// Two windows of the same persons have not a register in common but by chance.
static void test_unlinkable(void)
{
	struct plant p;
	unsigned same = 0, used = 0;

	plant_open(&p, 1);
	p.keys.fixed = false;
	for (unsigned day = 0; day < 2; day++) {
		for (uint32_t n = 0; n < 40; n++) {
			struct flow f = flow_of(n, 1, noon + day * DAY, noon + day * DAY);
			end_flow(&p, &f, DE);
		}
	}
	const struct border_window *w[2];
	uint8_t registers[2][HLL_REGISTERS] = {{0}};
	for (unsigned i = 0; i < 2; i++) {
		w[i] = &p.pages[0]->borders.windows[border_slot(BORDER_DAY, 20787 + i)];
		for (unsigned c = 0; c < BORDER_CELLS; c++)
			if (w[i]->cells[c].key != 0)
				hll_merge(registers[i], w[i]->pool + w[i]->cells[c].block,
					w[i]->cells[c].size);
	}
	for (unsigned i = 0; i < HLL_REGISTERS; i++) {
		used += registers[0][i] != 0;
		same += registers[0][i] != 0 && registers[1][i] != 0;
	}
	CHECK(used >= 38 && same <= 5, "%u of %u", same, used);
	CHECK(w[0]->key_id != w[1]->key_id, "keys");
	plant_close(&p);
}

// Cells and sketches that find no room are counted.
static void test_full(void)
{
	struct plant p;
	struct matrix m;

	plant_open(&p, 1);
	for (unsigned i = 0; i < BORDER_CELLS; i++) {
		struct flow f = flow_of(1, (uint16_t)(i / GEO_CODES), noon, noon);
		end_flow(&p, &f, (uint16_t)(i % GEO_CODES + 1));
	}
	const struct border_window *w =
		&p.pages[0]->borders.windows[border_slot(BORDER_DAY, 20787)];
	CHECK(w->lost_flows == BORDER_CELLS - BORDER_CELLS_USED, "%llu",
		(unsigned long long)w->lost_flows);
	read_all(&p);
	CHECK(matrix_make(p.ledger, BORDER_DAY, 1, &m) == 0 && m.at_least &&
			m.lost_flows == BORDER_CELLS - BORDER_CELLS_USED,
		"told");
	matrix_free(&m);
	for (unsigned i = 0; i < 700; i++) {
		for (uint32_t n = 0; n < 2000; n++) {
			struct flow f = flow_of(n, (uint16_t)(i / GEO_CODES), noon, noon);
			end_flow(&p, &f, (uint16_t)(i % GEO_CODES + 1));
		}
	}
	CHECK(w->lost_persons > 0, "pool");
	plant_close(&p);
}

// Any bytes in the page: they are another process's.
static void test_hostile(void)
{
	struct plant p;
	struct matrix m;

	plant_open(&p, 1);
	srand(11);
	for (uint32_t n = 0; n < 3000; n++) {
		struct flow some = flow_of(n, 1, noon, noon);
		end_flow(&p, &some, DE);
	}
	for (unsigned round = 0; round < 30; round++) {
		uint8_t *bytes = (uint8_t *)&p.pages[0]->borders;
		for (unsigned i = 0; i < 20000; i++) {
			size_t at = (size_t)rand() % offsetof(struct border_window, pool);
			bytes[offsetof(struct border_page, windows) +
				(size_t)(rand() % BORDER_WINDOWS) * sizeof(struct border_window) +
				at] = (uint8_t)rand();
		}
		for (unsigned i = 0; i < BORDER_WINDOWS; i++) {
			struct border_window *w = &p.pages[0]->borders.windows[i];
			w->seq = 2 * round;
			w->changes = round + 1000;
			memset(w->pool + rand() % 4096, rand(), 2000);
		}
		read_all(&p);
		for (enum border_kind kind = 0; kind < BORDER_KINDS; kind++) {
			CHECK(matrix_make(p.ledger, kind, 10, &m) == 0, "made");
			matrix_free(&m);
		}
		struct flow f = flow_of(round, 1, noon, noon);
		end_flow(&p, &f, DE); // and the worker goes on
	}
	plant_close(&p);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"unlinkable", test_unlinkable},
		{"full", test_full},
		{"hostile pages", test_hostile},
		CU_TEST_INFO_NULL,
	};
	return check_main("borders_limits", tests);
}
