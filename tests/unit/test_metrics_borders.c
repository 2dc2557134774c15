// What crossed borders as metrics: of too few persons nothing, of too many rows a sum.

#include "control/metrics_borders.h"
#include "tests/unit/border_plant.h"

static char *text_of(const struct metrics_borders *b)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	CHECK(metrics_borders(out, b) == 0, "written");
	fclose(out);
	return text;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

static void put(struct plant *p, uint32_t persons, uint16_t service, uint16_t country)
{
	for (uint32_t n = 0; n < persons; n++) {
		struct flow f = flow_of(n, service, noon, noon);
		end_flow(p, &f, country);
	}
}

static void test_few(void)
{
	struct plant p;

	plant_open(&p, 2);
	put(&p, 20, 1, DE);
	put(&p, 9, 2, FR); // too few
	put(&p, 15, 0, US); // goes along
	read_all(&p);
	struct metrics_borders b = {.ledger = p.ledger, .min_persons = 10};
	char *text = text_of(&b);
	CHECK(strstr(text,
		      "\nsealwatch_border_flows{window=\"day\",service=\"whatsapp\",country=\"DE\","
		      "direction=\"egress\"} 20\n") != NULL,
		"flows");
	CHECK(strstr(text,
		      "\nsealwatch_border_bytes{window=\"year\",service=\"whatsapp\",country="
		      "\"DE\","
		      "direction=\"egress\",way=\"in\"} 20000\n") != NULL,
		"bytes");
	CHECK(strstr(text,
		      "\nsealwatch_border_persons{window=\"day\",service=\"whatsapp\","
		      "country=\"DE\",direction=\"egress\"} 20\n") != NULL,
		"persons");
	CHECK(strstr(text, "FR") == NULL && strstr(text, "telegram") == NULL, "too few");
	CHECK(strstr(text,
		      "\nsealwatch_border_flows{window=\"day\",service=\"other\",country=\"other\","
		      "direction=\"other\"} 24\n") != NULL,
		"the rest");
	free(text);
	plant_close(&p);
}

static void test_none_told(void)
{
	struct plant p;

	plant_open(&p, 1);
	put(&p, 3, 1, DE);
	read_all(&p);
	struct metrics_borders b = {.ledger = p.ledger, .min_persons = 10};
	char *text = text_of(&b);
	CHECK(strstr(text, "flows{") == NULL && strstr(text, "bytes{") == NULL, "%.80s", text);
	free(text);
	b = (struct metrics_borders){0};
	text = text_of(&b);
	CHECK(strstr(text, "flows_late_total 0\n") != NULL, "nothing is known");
	free(text);
	plant_close(&p);
}

static void test_many(void)
{
	enum { MORE = 50 };
	struct plant p;

	plant_open(&p, 1);
	for (uint16_t c = 1; c <= METRICS_BORDERS_MAX + MORE; c++)
		put(&p, 11, 1, c);
	read_all(&p);
	struct metrics_borders b = {.ledger = p.ledger, .min_persons = 10};
	char *text = text_of(&b);
	CHECK(count(text, "sealwatch_border_persons{window=\"day\"") == METRICS_BORDERS_MAX, "%u",
		count(text, "sealwatch_border_persons{window=\"day\""));
	CHECK(strstr(text,
		      "\nsealwatch_border_flows{window=\"year\",service=\"other\",country="
		      "\"other\","
		      "direction=\"other\"} 550\n") != NULL,
		"the rest");
	free(text);
	plant_close(&p);
}

static void test_levels(void)
{
	const struct geo_level levels[] = {{.threshold = {DE, 1000}, .persons = 600, .percent = 50},
		{.threshold = {0, 50}, .persons = 60, .percent = 100}};
	struct metrics_borders b = {.levels = levels, .n_levels = 2};
	char *text = text_of(&b);

	CHECK(strstr(text,
		      "\nsealwatch_border_threshold_persons{number=\"0\",country=\"DE\"} 1000\n") !=
			NULL,
		"a threshold");
	CHECK(strstr(text,
		      "\nsealwatch_border_threshold_reached_percent{number=\"1\","
		      "country=\"foreign\"} 100\n") != NULL,
		"reached");
	free(text);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"few", test_few},
		{"none told", test_none_told},
		{"many", test_many},
		{"levels", test_levels},
		CU_TEST_INFO_NULL,
	};
	return check_main("metrics_borders", tests);
}
