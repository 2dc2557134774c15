// What messages say, in a flow's note; at its end its grade, and the numbers of its service and segment.

#include "dataplane/inspect/stage_clock.h"
#include "dataplane/runtime/posture_stage.h"
#include "tests/unit/check.h"

#include <stdlib.h>

static uint64_t counters[CTR_COUNT];

static struct posture_stage stage(void)
{
	memset(counters, 0, sizeof(counters));
	return (struct posture_stage){.page = calloc(1, sizeof(struct posture_page)),
		.history = posture_history_new(1),
		.clock = stage_clock_none(),
		.counters = counters};
}

static void stage_free(struct posture_stage *s)
{
	free(s->page);
	posture_history_free(s->history);
}

static struct flow example_flow(uint16_t service)
{
	struct flow f = {.flags = FLOW_A_IS_CLIENT, .service = service, .bytes = {10, 20}};

	f.key.b[0] = 192;
	f.key.bport = 25;
	return f;
}

static struct field_value text(uint16_t field, const char *value)
{
	return (struct field_value){field, {(const uint8_t *)value, strlen(value), false}};
}

static const struct posture_cell *cell_of(const struct posture_stage *s, uint32_t key)
{
	for (unsigned i = 1; i < POSTURE_CELLS; i++) {
		if (s->page->cells[i].key == key)
			return &s->page->cells[i];
	}
	return NULL;
}

static void test_flow(void)
{
	struct posture_stage s = stage();
	struct flow flow = example_flow(7);
	struct flow_note note = {.segment = 2};
	struct field_value fields[] = {text(FIELD_SMTP_AUTH, "PLAIN")};
	struct find finds[] = {{.kind = FIND_PACKET, .flow = &flow, .note = &note},
		{.kind = FIND_TX,
			.app_proto = APP_SMTP,
			.dir = DIR_C2S,
			.flow = &flow,
			.note = &note,
			.fields = fields,
			.n_fields = 1}};

	posture_stage_finds(&s, finds, ROWS(finds));
	CHECK(note.posture == (POSTURE_BIT(POSTURE_MAIL_CLEAR) | POSTURE_BIT(POSTURE_CLEAR)),
		"%llx", (unsigned long long)note.posture);
	posture_stage_flow_end(&s, &flow, &note);
	CHECK(note.grade == GRADE_F, "%u", note.grade);
	const struct posture_cell *c = cell_of(&s, posture_key(7, 2));
	CHECK(c != NULL && c->flows == 1 && c->bytes == 30 && c->grades[GRADE_F] == 1, "%s",
		"cell");
	CHECK(c != NULL && c->checks[POSTURE_MAIL_CLEAR] == 1 && c->checks[POSTURE_STRIPPED] == 0 &&
			c->facts[POSTURE_CLEAR - POSTURE_FACT_FIRST] == 1,
		"%s", "bits");
	stage_free(&s);
}

// A server that offered STARTTLS and does not any more; behind a login that says nothing.
static void test_stripped(void)
{
	static const struct {
		const char *name;
		bool offered_before, logged_in;
		bool stripped;
	} rows[] = {{"never offered", false, false, false}, {"offered before", true, false, true},
		{"behind a login", true, true, false}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct posture_stage s = stage();
		struct flow flow = example_flow(0);
		struct flow_note note = {0};
		struct field_value offered[] = {
			text(FIELD_SMTP_AUTH, "PLAIN"), text(FIELD_SMTP_STARTTLS, "offered")};
		struct find find = {.kind = FIND_TX,
			.app_proto = APP_SMTP,
			.dir = DIR_S2C,
			.flow = &flow,
			.note = &note,
			.fields = offered,
			.n_fields = 2};
		if (rows[i].offered_before)
			posture_stage_finds(&s, &find, 1);
		CHECK(note.posture == 0, "%s: offered", rows[i].name);
		note.posture = rows[i].logged_in ? POSTURE_BIT(POSTURE_MAIL_CLEAR) : 0;
		find.n_fields = 1;
		posture_stage_finds(&s, &find, 1);
		CHECK(((note.posture & POSTURE_BIT(POSTURE_STRIPPED)) != 0) == rows[i].stripped,
			"%s", rows[i].name);
		stage_free(&s);
	}
}

static void test_stacks(void)
{
	struct posture_stage s = stage();
	struct flow flow = example_flow(0);
	struct flow_note note = {0};
	struct field_value fields[] = {text(FIELD_TLS_MESSAGE, "client_hello"),
		text(FIELD_JA4, "t13d1516h2_8daaf6152771_02713d6af862")};
	struct find find = {.kind = FIND_TX,
		.app_proto = APP_TLS,
		.dir = DIR_C2S,
		.flow = &flow,
		.note = &note,
		.fields = fields,
		.n_fields = 2};
	uint32_t places = 0, sum = 0;

	posture_stage_finds(&s, &find, 1);
	posture_stage_finds(&s, &find, 1);
	fields[1] = text(FIELD_JA4, "t12d67_2955");
	posture_stage_finds(&s, &find, 1);
	for (unsigned i = 0; i < POSTURE_STACKS; i++) {
		places += s.page->stacks[i] > 0;
		sum += s.page->stacks[i];
	}
	CHECK(places == 2 && sum == 3, "%u places, %u", places, sum);
	stage_free(&s);
}

// More services than places: no flow is lost, and each is told of.
static void test_full(void)
{
	enum { SERVICES = 1000, SEGMENTS = 4 };
	struct posture_stage s = stage();
	uint64_t sum = 0;

	for (unsigned i = 0; i < SERVICES * SEGMENTS; i++) {
		struct flow flow = example_flow((uint16_t)(i % SERVICES));
		struct flow_note note = {.segment = (uint8_t)(i / SERVICES)};
		posture_stage_flow_end(&s, &flow, &note);
	}
	for (unsigned i = 0; i < POSTURE_CELLS; i++)
		sum += s.page->cells[i].flows;
	CHECK(sum == SERVICES * SEGMENTS, "%llu", (unsigned long long)sum);
	CHECK(counters[CTR_POSTURE_CELLS_FULL] == s.page->cells[POSTURE_REST].flows, "%llu",
		(unsigned long long)counters[CTR_POSTURE_CELLS_FULL]);
	CHECK(s.page->cells[POSTURE_REST].flows >= SERVICES * SEGMENTS - POSTURE_CELLS + 1, "%s",
		"the rest");
	stage_free(&s);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"flow", test_flow},
		{"stripped", test_stripped},
		{"stacks", test_stacks},
		{"full", test_full},
		CU_TEST_INFO_NULL,
	};
	return check_main("posture_stage", tests);
}
