// What crosses borders, from flows to rows: the worker's page, the daemon's ledger, what may be shown.
// The oracle counts flows and persons one by one.

#include "tests/unit/border_plant.h"

#include <math.h>

static const struct {
	const char *name;
	uint16_t service;
	uint16_t country;
	uint32_t persons;
	unsigned flows; // of each
} traffic[] = {
	{"whatsapp", 1, DE, 5000, 2}, {"whatsapp", 1, US, 700, 1}, {"telegram", 2, DE, 40, 3},
	{"", 0, US, 12, 1}, {"telegram", 2, FR, 9, 4}, // below k,
	{"", 0, FR, 4, 1}, // the same, and four of the nine
};

static void put_traffic(struct plant *p)
{
	for (size_t i = 0; i < ROWS(traffic); i++) {
		for (uint32_t n = 0; n < traffic[i].persons * traffic[i].flows; n++) {
			struct flow f = flow_of(
				n / traffic[i].flows, traffic[i].service, noon - SECOND, noon);
			end_flow(p, &f, traffic[i].country);
		}
	}
}

static void test_rows(void)
{
	for (unsigned workers = 1; workers <= WORKERS_MAX; workers++) {
		struct plant p;
		struct matrix m;

		plant_open(&p, workers);
		put_traffic(&p);
		read_all(&p);
		read_all(&p); // again: nothing is counted twice
		for (enum border_kind kind = 0; kind < BORDER_KINDS; kind++) {
			CHECK(matrix_make(p.ledger, kind, 10, &m) == 0, "made");
			CHECK(m.number == (kind == BORDER_DAY ? 20787 : 2026), "%llu",
				(unsigned long long)m.number);
			CHECK(m.from_ns <= noon && noon < m.to_ns, "the span");
			CHECK(m.n == 3 && m.n_hidden == 3, "%u and %u rows", m.n, m.n_hidden);
			for (size_t i = 0; i < 3; i++) {
				const struct matrix_row *r = row_of(
					&m, traffic[i].name, traffic[i].country, BORDER_EGRESS);
				uint32_t persons = traffic[i].persons;
				uint64_t flows = persons * traffic[i].flows;
				CHECK(r != NULL && r->n.flows == flows &&
						r->n.bytes[0] == flows * 100 &&
						r->n.bytes[1] == flows * 1000,
					"%zu: flows", i);
				CHECK(r != NULL &&
						fabs((double)r->persons - persons) <=
							0.02 * persons,
					"%zu: %llu persons", i,
					r != NULL ? (unsigned long long)r->persons : 0);
			}
			matrix_free(&m);
		}
		plant_close(&p);
	}
}

// Nine persons are hidden, and still nine when another four of them are beside: so the next larger cell
// goes along, and no number is of fewer than ten.
static void test_suppression(void)
{
	struct plant p;
	struct matrix m;

	plant_open(&p, 2);
	put_traffic(&p);
	read_all(&p);
	CHECK(matrix_make(p.ledger, BORDER_DAY, 10, &m) == 0, "made");
	CHECK(row_of(&m, "", US, BORDER_EGRESS) == NULL && m.n_hidden == 3, "the next one");
	CHECK(m.other_told && m.other.persons >= 10, "%llu", (unsigned long long)m.other.persons);
	for (uint32_t i = 0; i < m.n; i++)
		CHECK(m.rows[i].persons >= 10, "%u: %llu", i,
			(unsigned long long)m.rows[i].persons);
	matrix_free(&m);
	CHECK(matrix_make(p.ledger, BORDER_DAY, 1, &m) == 0 && m.n == 6 && m.n_hidden == 0,
		"k 1: %u", m.n);
	matrix_free(&m);
	CHECK(matrix_make(p.ledger, BORDER_DAY, 100000, &m) == 0 && m.n == 0 && !m.other_told,
		"nobody is enough");
	matrix_free(&m);
	plant_close(&p);
}

static const struct {
	const char *name;
	uint8_t a[16], b[16];
	uint8_t version;
	uint16_t flags;
	uint16_t country[2];
	uint16_t want;
	enum border_direction direction;
	enum flow_person person;
} sides[] = {
	{"out", {10, 1}, {203, 0, 113, 1}, 4, FLOW_A_IS_CLIENT, {0, US}, US, BORDER_EGRESS,
		PERSON_CLIENT},
	{"in", {10, 1}, {203, 0, 113, 1}, 4, 0, {0, US}, US, BORDER_INGRESS, PERSON_CLIENT},
	{"out, the other way round", {8}, {172, 16}, 4, 0, {US, 0}, US, BORDER_EGRESS,
		PERSON_CLIENT},
	{"in, the other way round", {8}, {192, 168}, 4, FLOW_A_IS_CLIENT, {US, 0}, US,
		BORDER_INGRESS, PERSON_CLIENT},
	{"both public: the client's", {8}, {9}, 4, FLOW_A_IS_CLIENT, {DE, US}, US, BORDER_EGRESS,
		PERSON_CLIENT},
	{"both public: the client's, b", {8}, {9}, 4, 0, {DE, US}, DE, BORDER_EGRESS,
		PERSON_CLIENT},
	{"both private", {10}, {10, 2}, 4, FLOW_A_IS_CLIENT, {0, 0}, 0, BORDER_EGRESS,
		PERSON_CLIENT},
	{"carrier's NAT", {100, 64}, {9}, 4, 0, {0, US}, US, BORDER_INGRESS, PERSON_CLIENT},
	{"not carrier's NAT", {100, 63}, {9}, 4, 0, {FR, US}, FR, BORDER_EGRESS, PERSON_CLIENT},
	{"a segment knows better", {8}, {10}, 4, FLOW_A_IS_CLIENT, {DE, US}, US, BORDER_EGRESS,
		PERSON_A},
	{"a segment says b", {10}, {8}, 4, FLOW_A_IS_CLIENT, {DE, US}, DE, BORDER_INGRESS,
		PERSON_B},
	{"IPv6", {0x20, 1}, {0xfd, 0}, 6, 0, {DE, 0}, DE, BORDER_EGRESS, PERSON_CLIENT},
};

static void test_sides(void)
{
	for (size_t i = 0; i < ROWS(sides); i++) {
		struct plant p;
		struct flow f = flow_of(1, 1, noon, noon);
		struct flow_note note = {.person = sides[i].person};
		struct matrix m;

		plant_open(&p, 1);
		memcpy(f.key.a, sides[i].a, 16);
		memcpy(f.key.b, sides[i].b, 16);
		memcpy(note.country, sides[i].country, sizeof(note.country));
		f.key.ip_version = sides[i].version;
		f.flags = sides[i].flags;
		borders_flow(p.borders[0], &f, &note);
		read_all(&p);
		CHECK(matrix_make(p.ledger, BORDER_DAY, 1, &m) == 0 && m.n == 1, "%s",
			sides[i].name);
		CHECK(m.n == 1 && m.rows[0].country == sides[i].want &&
				m.rows[0].direction == sides[i].direction,
			"%s", sides[i].name);
		matrix_free(&m);
		plant_close(&p);
	}
}

// A /64 of IPv6 is a person.
static void test_line(void)
{
	struct plant p;
	struct matrix m;

	plant_open(&p, 1);
	for (unsigned i = 0; i < 3000; i++) {
		struct flow f = flow_of(1, 1, noon, noon);
		f.key.ip_version = 6;
		memset(f.key.a, 0, 16);
		f.key.a[0] = 0xfd;
		f.key.a[7] = i % 30;
		f.key.a[15] = (uint8_t)i;
		f.key.a[14] = (uint8_t)(i >> 8);
		f.key.b[0] = 0x20;
		end_flow(&p, &f, DE);
	}
	read_all(&p);
	CHECK(matrix_make(p.ledger, BORDER_DAY, 1, &m) == 0 && m.n == 1 && m.rows[0].persons == 30,
		"%llu", m.n == 1 ? (unsigned long long)m.rows[0].persons : 0);
	matrix_free(&m);
	plant_close(&p);
}

static void test_windows(void)
{
	struct plant p;
	struct matrix m;
	struct flow f;

	plant_open(&p, 1);
	for (unsigned day = 0; day < 6; day++) {
		for (uint32_t n = 0; n < 20; n++) {
			f = flow_of(n, 1, noon + day * DAY, noon + day * DAY);
			end_flow(&p, &f, DE);
		}
		read_all(&p);
		CHECK(matrix_make(p.ledger, BORDER_DAY, 10, &m) == 0, "made");
		CHECK(m.number == 20787 + day && m.n == 1 && m.rows[0].n.flows == 20, "day %u",
			day);
		matrix_free(&m);
	}
	CHECK(matrix_make(p.ledger, BORDER_YEAR, 10, &m) == 0, "made");
	CHECK(m.n == 1 && m.rows[0].n.flows == 120 && m.rows[0].persons == 20,
		"a year: the same twenty");
	matrix_free(&m);
	// Too late for its day, in time for its year.
	f = flow_of(1, 1, noon, noon);
	end_flow(&p, &f, DE);
	read_all(&p);
	CHECK(ledger_late(p.ledger) == 1, "%llu", (unsigned long long)ledger_late(p.ledger));
	// Over midnight: its bytes are of the second day, the person is of both.
	f = flow_of(77, 2, noon + 4 * DAY, noon + 5 * DAY);
	end_flow(&p, &f, US);
	f = flow_of(78, 2, noon + 5 * DAY, noon + 5 * DAY);
	end_flow(&p, &f, US);
	read_all(&p);
	CHECK(matrix_make(p.ledger, BORDER_DAY, 1, &m) == 0, "made");
	const struct matrix_row *r = row_of(&m, "telegram", US, BORDER_EGRESS);
	CHECK(r != NULL && r->persons == 2 && r->n.flows == 2, "the second day");
	matrix_free(&m);
	const struct border_window *w =
		&p.pages[0]->borders.windows[border_slot(BORDER_DAY, 20787 + 4)];
	unsigned cells = 0;
	for (unsigned i = 0; i < BORDER_CELLS; i++)
		cells += w->cells[i].key != 0 && w->cells[i].flows == 0 &&
			w->cells[i].size < HLL_SIZES;
	CHECK(cells == 1, "the first day: %u", cells);
	plant_close(&p);
}

// Of a worker that ended no flow on the first day, and after that day was read.
static void test_over_midnight(void)
{
	struct plant p;

	for (unsigned seen = 0; seen < 2; seen++) {
		plant_open(&p, 1);
		struct flow f = flow_of(5, 2, noon, noon);
		if (seen)
			end_flow(&p, &f, US);
		read_all(&p);
		const struct border_window *w =
			&p.pages[0]->borders.windows[border_slot(BORDER_DAY, 20787)];
		uint64_t changes = w->changes;
		f = flow_of(77, 2, noon, noon + DAY);
		end_flow(&p, &f, DE);
		unsigned cells = 0;
		for (unsigned i = 0; i < BORDER_CELLS; i++)
			cells += w->cells[i].key != 0 && w->cells[i].flows == 0 &&
				w->cells[i].size < HLL_SIZES;
		CHECK(w->number == 20787 && cells == 1, "%u: %u", seen, cells);
		CHECK(w->changes > changes, "%u: it is read again", seen);
		plant_close(&p);
	}
}

// `date -u -d "$d" +%s`, and the calendar.
static const struct {
	const char *name;
	uint64_t ts, year, from, to;
} years[] = {
	{"the first", 0, 1970, 0, 31536000},
	{"its end", 31535999, 1970, 0, 31536000},
	{"a leap year", 951782400, 2000, 946684800, 978307200},
	{"its last second", 978307199, 2000, 946684800, 978307200},
	{"the next", 978307200, 2001, 978307200, 1009843200},
	{"now", 1796000000, 2026, 1767225600, 1798761600},
	{"no leap year", 4107542400, 2100, 4102444800, 4133980800},
};

static void test_years(void)
{
	for (size_t i = 0; i < ROWS(years); i++) {
		struct border_span s = border_span_of(BORDER_YEAR, years[i].ts * SECOND);
		CHECK(s.number == years[i].year && s.from_ns == years[i].from * SECOND &&
				s.to_ns == years[i].to * SECOND,
			"%s: %llu", years[i].name, (unsigned long long)s.number);
	}
}

// The dataplane dies and comes back: with its keys, persons are the same ones; without, they are counted as
// if they were others, and that is said.
static void test_runs(void)
{
	struct border_key kept[BORDER_WINDOWS];

	for (unsigned lost = 0; lost < 2; lost++) {
		struct plant p;
		struct matrix m;

		plant_open(&p, 2);
		p.keys.fixed = false;
		for (uint32_t n = 0; n < 100; n++) {
			struct flow f = flow_of(n, 1, noon, noon);
			end_flow(&p, &f, DE);
		}
		read_all(&p);
		border_keys_copy(&p.keys, kept);
		ledger_end_run(p.ledger);
		end_run(&p);
		start_run(&p, 4);
		p.keys.fixed = false;
		// Some flows end before the keys are there.
		for (uint32_t n = 0; n < 100; n++) {
			struct flow f = flow_of(n, 1, noon, noon);
			end_flow(&p, &f, DE);
			for (unsigned i = 0; n == 10 && !lost && i < BORDER_WINDOWS; i++)
				border_keys_put(&p.keys, i, &kept[i]);
		}
		read_all(&p);
		CHECK(matrix_make(p.ledger, BORDER_YEAR, 10, &m) == 0 && m.n == 1, "made");
		CHECK(m.rows[0].n.flows == 200 && m.rows[0].n.bytes[0] == 20000, "flows");
		CHECK(fabs((double)m.rows[0].persons - (lost ? 200 : 100)) <= 4 &&
				m.at_most == lost,
			"%u: %llu persons", lost, (unsigned long long)m.rows[0].persons);
		matrix_free(&m);
		plant_close(&p);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"rows", test_rows},
		{"suppression", test_suppression},
		{"sides", test_sides},
		{"a line is a person", test_line},
		{"windows", test_windows},
		{"years", test_years},
		{"runs", test_runs},
		{"over midnight", test_over_midnight},
		CU_TEST_INFO_NULL,
	};
	return check_main("borders", tests);
}
