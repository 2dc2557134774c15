#include "control/metrics.h"
#include "control/metrics_posture.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// What a strict reader of OpenMetrics 1.0 asks of the text: families in one piece, each with its
// type and help first; counters end in _total; labels are quoted, escaped, UTF-8 and without control
// bytes; no series twice; no line is empty; the last one is # EOF.
struct reader {
	char families[512][80];
	unsigned n_families;
	char type[16];
	char series[20000][160];
	unsigned n_series;
	unsigned faults;
	char fault[200];
};

static void fault(struct reader *r, const char *what, const char *line)
{
	if (r->faults++ == 0)
		snprintf(r->fault, sizeof(r->fault), "%s: %.120s", what, line);
}

static void read_type(struct reader *r, const char *line)
{
	char name[80];

	if (sscanf(line, "# TYPE %79s %15s", name, r->type) != 2)
		fault(r, "type", line);
	for (unsigned i = 0; i < r->n_families; i++) {
		if (strcmp(r->families[i], name) == 0)
			fault(r, "family twice", line);
	}
	strcpy(r->families[r->n_families++], name);
}

static void read_help(struct reader *r, const char *line)
{
	const char *family = r->n_families > 0 ? r->families[r->n_families - 1] : "?";
	size_t len = strlen(family);

	if (strncmp(line + 7, family, len) != 0 || line[7 + len] != ' ' || line[8 + len] == '\0')
		fault(r, "help of another family", line);
}

// A quoted value, from behind its first quote; what follows its last one, or NULL.
static const char *read_value(struct reader *r, const char *at, const char *line)
{
	char value[256];
	size_t n = 0;

	for (; *at != '"'; at++) {
		if (*at == '\\' && strchr("\\\"n", *++at) == NULL)
			fault(r, "escape", line);
		if (*at == '\0' || (unsigned char)*at < 0x20 || *at == 0x7f || n == sizeof(value)) {
			fault(r, "value of a label", line);
			return NULL;
		}
		value[n++] = *at;
	}
	json_t *text = json_stringn(value, n); // takes UTF-8 only
	if (text == NULL)
		fault(r, "no UTF-8", line);
	json_decref(text);
	return at + 1;
}

static const char *read_labels(struct reader *r, const char *at, const char *line)
{
	while (*at != '}') {
		size_t name = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		if (name == 0 || strncmp(at + name, "=\"", 2) != 0) {
			fault(r, "label", line);
			return "";
		}
		at = read_value(r, at + name + 2, line);
		if (at == NULL)
			return "";
		if (*at != ',' && *at != '}') {
			fault(r, "behind a label", line);
			return "";
		}
		if (*at == ',')
			at++;
	}
	return at + 1;
}

static void read_sample(struct reader *r, const char *line)
{
	const char *family = r->n_families > 0 ? r->families[r->n_families - 1] : "?";
	size_t name = strcspn(line, "{ ");
	const char *suffix = strcmp(r->type, "counter") == 0 ? "_total"
		: strcmp(r->type, "info") == 0		     ? "_info"
							     : "";
	char want[120];
	const char *at = line + name;

	snprintf(want, sizeof(want), "%s%s", family, suffix);
	if (strlen(want) != name || strncmp(line, want, name) != 0)
		fault(r, "a sample of another family", line);
	if (*at == '{')
		at = read_labels(r, at + 1, line);
	size_t id = (size_t)(at - line);
	if (*at != ' ' || strspn(at + 1, "0123456789.") != strlen(at + 1))
		fault(r, "value", line);
	if (id >= sizeof(r->series[0]) || r->n_series == 20000) {
		fault(r, "too long", line);
		return;
	}
	memcpy(r->series[r->n_series++], line, id);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static struct reader *read_text(char *text)
{
	struct reader *r = calloc(1, sizeof(*r));
	bool ended = false;

	for (char *line = text, *end; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		if (end == NULL) {
			fault(r, "no newline", line);
			break;
		}
		*end = '\0';
		if (ended)
			fault(r, "behind the end", line);
		else if (strcmp(line, "# EOF") == 0)
			ended = true;
		else if (strncmp(line, "# TYPE ", 7) == 0)
			read_type(r, line);
		else if (strncmp(line, "# HELP ", 7) == 0)
			read_help(r, line);
		else
			read_sample(r, line);
	}
	if (!ended)
		fault(r, "no # EOF", "");
	qsort(r->series, r->n_series, sizeof(r->series[0]), by_name);
	for (unsigned i = 1; i < r->n_series; i++) {
		if (strcmp(r->series[i], r->series[i - 1]) == 0)
			fault(r, "series twice", r->series[i]);
	}
	return r;
}

static char *text_of(const struct metrics_input *in)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	CHECK(metrics_write(f, in) == 0, "written");
	fclose(f);
	return text;
}

static const char *const rule_lines[] = {
#define OF "{gid=\"2\",sid=\"5\",rev=\"1\"} "
	"\nsealwatch_rule_checks_total" OF "30\n",
	"\nsealwatch_rule_prefilter_hits_total" OF "20\n",
	"\nsealwatch_rule_hits_total" OF "9\n",
	"\nsealwatch_rule_alerts_total" OF "4\n",
	"\nsealwatch_rule_cost_seconds_total" OF "3.000000007\n",
	"\nsealwatch_rule_last_hit_timestamp_seconds" OF "1700000000.012345678\n",
#undef OF
};

static const char *const shadow_lines[] = {
	"\nsealwatch_shadow_rules 12\n",
	"\nsealwatch_shadow_share 0.125\n",
	"\nsealwatch_shadow_hits_total{set=\"live\"} 7\n",
	"\nsealwatch_shadow_hits_total{set=\"shadow\"} 8\n",
	"\nsealwatch_shadow_checks_total{set=\"live\"} 70\n",
	"\nsealwatch_shadow_checks_total{set=\"shadow\"} 80\n",
	"\nsealwatch_shadow_cost_seconds_total{set=\"live\"} 1.000000001\n",
	"\nsealwatch_shadow_cost_seconds_total{set=\"shadow\"} 0.000000000\n",
};

static void test_strict(void)
{
	uint64_t values[2][CTR_COUNT];
	struct metrics_thread threads[] = {{"0", values[0]}, {"reader", values[1]}};
	struct rule_tally rules[] = {{1, 5, 1, {.checks = 8, .hits = 7}}, {1, 6, 2, {0}},
		{2, 5, 1,
			{.checks = 30,
				.prefilter = 20,
				.hits = 9,
				.alerts = 4,
				.last_hit_ns = 1700000000012345678,
				.timed = 1,
				.cost_ns = 3000000007}},
		{2, 6, 1, {.checks = 2}}};
	struct service_tally services[] = {
		{.name = "whatsapp", .flows = 1, .packets = 2, .bytes = 3},
		{.name = "", .flows = 4, .packets = 5, .bytes = 6},
		{.name = "a\"b\\c", .flows = 1, .packets = 1, .bytes = 1},
		{.name = "idle", .flows = 0, .packets = 0, .bytes = 0}};
	struct rule_tallies rule_list = {ROWS(rules), rules};
	struct service_tallies service_list = {.n = 4, .items = services};
	struct metrics_input in = {.threads = threads,
		.n_threads = 2,
		.rules = &rule_list,
		.services = &service_list,
		.dataplane_up = true,
		.shadow_rules = 12,
		.shadow_share = 125,
		.beside = {[SHADOW_LIVE] = {.hits = 7, .checks = 70, .cost_ns = 1000000001},
			[SHADOW_BESIDE] = {.hits = 8, .checks = 80}}};

	for (unsigned i = 0; i < CTR_COUNT; i++) {
		values[0][i] = i;
		values[1][i] = UINT64_MAX;
	}
	char *text = text_of(&in);
	CHECK(strstr(text, "sealwatch_rule_hits_total{gid=\"2\",sid=\"5\",rev=\"1\"} 9\n") != NULL,
		"hits");
	for (size_t i = 0; i < ROWS(rule_lines); i++)
		CHECK(strstr(text, rule_lines[i]) != NULL, "%s", rule_lines[i]);
	for (size_t i = 0; i < ROWS(shadow_lines); i++)
		CHECK(strstr(text, shadow_lines[i]) != NULL, "%s", shadow_lines[i]);
	CHECK(strstr(text, "{gid=\"1\",sid=\"6\"") == NULL, "never looked at: left out");
	CHECK(strstr(text, "hits_total{gid=\"2\",sid=\"6\"") == NULL, "no hit: no series");
	CHECK(strstr(text, "sealwatch_rules_left_out 0\n") != NULL, "all are told");
	CHECK(strstr(text, "sealwatch_service_bytes_total{service=\"whatsapp\"} 3\n") != NULL,
		"services");
	CHECK(strstr(text, "idle") == NULL, "services without a flow are left out");
	CHECK(strstr(text,
		      "sealwatch_rx_packets_total{worker=\"reader\"} 18446744073709551615\n") !=
			NULL,
		"counters");
	CHECK(strstr(text, "sealwatch_flows_active{worker=\"0\"}") != NULL,
		"gauges have no _total");
	struct reader *r = read_text(text);
	CHECK(r->faults == 0, "%s", r->fault);
	CHECK(r->n_series > CTR_COUNT * 2, "%u series", r->n_series);
	free(r);
	free(text);
}

// Names that rules can give: no series comes twice, and none breaks the text.
static void test_names(void)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{"plain", "{service=\"plain\"} 2\n"},
		{"a\"b\\c", "{service=\"a\\\"b\\\\c\"} 2\n"},
		{"\xe5\xbe\xae\xe4\xbf\xa1", "{service=\"\xe5\xbe\xae\xe4\xbf\xa1\"} 2\n"},
		{"cut\xe5\xbe", "{service=\"cut\\\\xe5\\\\xbe\"} 2\n"},
		{"a\nb\x7f", "{service=\"a\\\\x0ab\\\\x7f\"} 2\n"},
		{"", "{service=\"other\"} 4\n"}, // with the one that is called so
		{"other", "{service=\"other\"} 4\n"},
	};
	struct service_tally services[ROWS(cases)];
	struct service_tallies list = {.n = ROWS(cases), .items = services};
	struct rule_tally rules[] = {
		{0, 0, 0, {.checks = 3, .hits = 3}}, {1, 1, 1, {.checks = 4, .hits = 4}}};
	struct rule_tallies rule_list = {2, rules};
	struct metrics_input in = {.services = &list, .rules = &rule_list};

	for (size_t i = 0; i < ROWS(cases); i++) {
		services[i] = (struct service_tally){.flows = 1, .packets = 2, .bytes = 3};
		strcpy(services[i].name, cases[i].name);
	}
	char *text = text_of(&in);
	for (size_t i = 0; i < ROWS(cases); i++) {
		char want[128];
		snprintf(want, sizeof(want), "\nsealwatch_service_packets_total%s", cases[i].want);
		CHECK(strstr(text, want) != NULL, "%s", cases[i].name);
	}
	CHECK(strstr(text, "{gid=\"other\",sid=\"other\",rev=\"other\"} 3\n") != NULL,
		"rules for which there was no room");
	struct reader *r = read_text(text);
	CHECK(r->faults == 0, "%s", r->fault);
	free(r);
	free(text);
}

// More services and segments than are told: the rest in sum, with one that is called as the rest is.
static void test_postures(void)
{
	enum { N = METRICS_POSTURES_MAX + 100 };
	struct posture_tally *t = calloc(N, sizeof(*t));
	struct posture_tallies list = {N, t};
	struct metrics_input in = {.postures = &list, .stacks = {.stacks = 5, .rare = 2}};

	for (unsigned i = 0; i < N; i++) {
		snprintf(t[i].service, sizeof(t[i].service), "s%u", i);
		strcpy(t[i].segment, "default");
		t[i].flows = t[i].grades[GRADE_D] = t[i].checks[POSTURE_DH] = N - i;
	}
	strcpy(t[0].service, "other");
	strcpy(t[0].segment, "other");
	t[1].service[0] = '\0';
	char *text = text_of(&in);
	CHECK(strstr(text,
		      "posture_flows_total{service=\"\",segment=\"default\",grade=\"D\"} 299\n") !=
			NULL,
		"flows of no service");
	// 300, and 99 to 1
	CHECK(strstr(text,
		      "posture_flows_total{service=\"other\",segment=\"other\",grade=\"D\"} "
		      "5250\n") != NULL,
		"the rest");
	CHECK(strstr(text, "posture_checks_total{check=\"dh_group\",severity=\"high\"} 45150\n") !=
			NULL,
		"a check over all");
	CHECK(strstr(text, "\nsealwatch_client_stacks_rare 2\n") != NULL, "stacks");
	struct reader *r = read_text(text);
	CHECK(r->faults == 0, "%s", r->fault);
	free(r);
	free(text);
	free(t);
}

static void test_full(void)
{
	struct metrics_input in = {0};
	FILE *f = fopen("/dev/full", "w");

	CHECK(metrics_write(f, &in) == -ENOSPC, "says so");
	fclose(f);
}

// Those that hit often and seldom cost, and those that cost and never hit: both are told.
static void test_bounded(void)
{
	enum { LEFT = 500, N = METRICS_RULES_MAX + LEFT };
	struct rule_tally *rules = calloc(N, sizeof(*rules));
	struct rule_tallies list = {N, rules};
	struct metrics_input in = {.rules = &list};

	for (uint32_t i = 0; i < N; i++) {
		struct rule_numbers n = {.checks = 1, .cost_ns = N - i};
		if (i >= N / 2)
			n = (struct rule_numbers){.checks = 1000000, .hits = i};
		rules[i] = (struct rule_tally){1, i + 1, 1, n};
	}
	char *text = text_of(&in);
	char want[128];
	snprintf(want, sizeof(want), "\nsealwatch_rule_hits_total{gid=\"1\",sid=\"%u\",", N);
	CHECK(strstr(text, want) != NULL, "the one with most hits");
	CHECK(strstr(text, "\nsealwatch_rule_cost_seconds_total{gid=\"1\",sid=\"1\",") != NULL,
		"the one with most cost");
	// Those of the second half with fewest hits: N / 2 rules, METRICS_RULES_MAX / 2 were kept.
	uint64_t hits = 0, first = 0;
	for (uint32_t i = N / 2; i < N - METRICS_RULES_MAX / 2; i++)
		hits += i;
	for (uint32_t i = METRICS_RULES_MAX / 2; i < N / 2; i++)
		first += N - i;
	snprintf(want, sizeof(want),
		"\nsealwatch_rule_hits_total{gid=\"other\",sid=\"other\","
		"rev=\"other\"} %llu\n",
		(unsigned long long)hits);
	CHECK(strstr(text, want) != NULL, "hits of the others");
	snprintf(want, sizeof(want),
		"\nsealwatch_rule_cost_seconds_total{gid=\"other\",sid=\"other\",rev=\"other\"} "
		"0.%09llu\n",
		(unsigned long long)first);
	CHECK(strstr(text, want) != NULL, "cost of the others");
	snprintf(want, sizeof(want), "\nsealwatch_rules_left_out %u\n", LEFT);
	CHECK(strstr(text, want) != NULL, "how many");
	struct reader *r = read_text(text);
	CHECK(r->faults == 0, "%s", r->fault);
	free(r);
	free(text);
	free(rules);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a strict reader", test_strict},
		{"names", test_names},
		{"a full disk", test_full},
		{"postures", test_postures},
		{"bounded", test_bounded},
		CU_TEST_INFO_NULL,
	};
	return check_main("metrics", tests);
}
