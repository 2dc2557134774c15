#include "patterns/beside.h"
#include "patterns/compile.h"
#include "patterns/db.h"
#include "tests/unit/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct rule_var vars[] = {{"HOME_NET", "[10.0.0.0/8,192.168.0.0/16]"}, {NULL, NULL}};

struct applied {
	struct rule_list list;
	struct diags diags;
	int err;
};

// 1: no limits; 2: a threshold; 3: a detection_filter; 4: of gid 2.
static const char four[] =
	"alert ip any any -> any any (sid:1;)\n"
	"alert ip any any -> any any (threshold:type both,track by_dst,count 5,seconds 6; sid:2;)\n"
	"alert ip any any -> any any (detection_filter:track by_src,count 7,seconds 8; sid:3;)\n"
	"alert ip any any -> any any (gid:2; sid:4;)\n";

static void apply_bytes(struct applied *a, const char *text, size_t len)
{
	char *exact = malloc(len ? len : 1); // so that a read past the end is seen

	memcpy(exact, text, len);
	a->err = beside_apply_thresholds("t.config", exact, len, vars, &a->list, &a->diags);
	free(exact);
}

static struct applied apply(const char *rules, const char *text)
{
	struct applied a = {0};

	if (rules_parse("t.rules", rules, strlen(rules), vars, false, &a.list, &a.diags) < 0)
		abort();
	apply_bytes(&a, text, strlen(text));
	return a;
}

static void done(struct applied *a)
{
	rule_list_free(&a->list);
	diags_free(&a->diags);
}

#define LIMIT(gid, sid)                                                                            \
	"threshold gen_id " gid ", sig_id " sid ", type limit, track by_src, "                     \
	"count 1, seconds 60\n"

static const struct {
	const char *name;
	const char *text;
	uint8_t kind[4]; // of each rule's limit
	uint32_t count[4];
	uint8_t rate[4];
	uint32_t warnings;
} limits[] = {
	{"nothing", "# threshold\n\n", {0, LIMIT_BOTH}, {0, 5}, {0}, 0},
	{"of one", LIMIT("1", "1"), {LIMIT_LIMIT, LIMIT_BOTH}, {1, 5}, {0}, 0},
	{"the rule's own is replaced", LIMIT("1", "2"), {0, LIMIT_LIMIT}, {0, 1}, {0}, 0},
	{"beside a detection_filter", LIMIT("1", "3"), {0, LIMIT_BOTH, LIMIT_LIMIT}, {0, 5, 1}, {0},
		0},
	{"all, but for who limits itself", LIMIT("0", "0"),
		{LIMIT_LIMIT, LIMIT_BOTH, 0, LIMIT_LIMIT}, {1, 5, 0, 1}, {0}, 0},
	{"all of a gid", LIMIT("1", "0"), {LIMIT_LIMIT, LIMIT_BOTH, 0, 0}, {1, 5}, {0}, 0},
	{"a sid of any gid", LIMIT("0", "4"), {0, LIMIT_BOTH, 0, LIMIT_LIMIT}, {0, 5, 0, 1}, {0},
		0},
	{"one before all",
		LIMIT("0", "0") "event_filter gen_id 1, sig_id 1, type threshold, track by_rule, "
				"count 9, seconds 1\n",
		{LIMIT_THRESHOLD, LIMIT_BOTH, 0, LIMIT_LIMIT}, {9, 5, 0, 1}, {0}, 0},
	{"one before all, written before",
		"event_filter gen_id 1, sig_id 1, type threshold, track by_flow, count 9, "
		"seconds 1\n" LIMIT("0", "0"),
		{LIMIT_THRESHOLD, LIMIT_BOTH, 0, LIMIT_LIMIT}, {9, 5, 0, 1}, {0}, 0},
	{"the last of two",
		LIMIT("1", "1") "threshold gen_id 1, sig_id 1, type both, track by_both, count 3, "
				"seconds 1\n",
		{LIMIT_BOTH, LIMIT_BOTH}, {3, 5}, {0}, 0},
	{"over two lines, other order",
		"threshold seconds 1, count 3, \\\n  track by_src,type limit,sig_id 1,gen_id 1",
		{LIMIT_LIMIT, LIMIT_BOTH}, {3, 5}, {0}, 0},
	{"another gid", LIMIT("2", "1"), {0, LIMIT_BOTH}, {0, 5}, {0}, 1},
	{"no such rule", LIMIT("1", "99"), {0, LIMIT_BOTH}, {0, 5}, {0}, 1},
	{"a rate",
		"rate_filter gen_id 1, sig_id 1, track by_src, count 10, seconds 60, new_action "
		"pass, timeout 30",
		{0, LIMIT_BOTH}, {0, 5}, {LIMIT_RATE}, 0},
	{"a rate of all",
		"rate_filter gen_id 0, sig_id 0, track by_rule, count 10, seconds 60, new_action "
		"pass, timeout 30",
		{0, LIMIT_BOTH}, {0, 5}, {LIMIT_RATE, LIMIT_RATE, LIMIT_RATE, LIMIT_RATE}, 0},
	{"a rate that would drop",
		"rate_filter gen_id 1, sig_id 1, track by_src, count 10, seconds 60, new_action "
		"drop, timeout 30",
		{0, LIMIT_BOTH}, {0, 5}, {0}, 1},
	{"a rate that alerts",
		"rate_filter gen_id 1, sig_id 1, track by_src, count 10, seconds 60, new_action "
		"alert, timeout 30",
		{0, LIMIT_BOTH}, {0, 5}, {0}, 1},
};

static void test_limits(void)
{
	for (size_t i = 0; i < ROWS(limits); i++) {
		struct applied a = apply(four, limits[i].text);
		CHECK(a.err == 0, "%s: %d", limits[i].name, a.err);
		CHECK(a.diags.n_warnings == limits[i].warnings, "%s: %u %s", limits[i].name,
			a.diags.n_warnings, a.diags.n > 0 ? a.diags.items[0].text : "");
		for (unsigned k = 0; k < 4 && a.list.n == 4; k++) {
			const struct rule *r = a.list.rules[k];
			CHECK(r->limit.kind == limits[i].kind[k], "%s: kind of %u: %u",
				limits[i].name, k + 1, r->limit.kind);
			CHECK(r->limit.count == limits[i].count[k], "%s: count of %u: %u",
				limits[i].name, k + 1, r->limit.count);
			CHECK(r->rate.kind == limits[i].rate[k], "%s: rate of %u", limits[i].name,
				k + 1);
			CHECK((r->filter.kind != LIMIT_NONE) == (k == 2), "%s: filter of %u",
				limits[i].name, k + 1);
		}
		done(&a);
	}
}

static const struct {
	const char *name;
	const char *text;
	uint32_t column; // of the warning, in line 1
	const char *what;
} mistakes[] = {
	{"no command", "foo gen_id 1", 1, "suppress, threshold"},
	{"nothing behind it", "suppress", 9, "does not belong"},
	{"sig_id missing", "suppress gen_id 1", 1, "sig_id is missing"},
	{"gen_id missing", "suppress sig_id 1", 1, "gen_id is missing"},
	{"ids as rules write them", "suppress gid 1, sid 1", 10, "does not belong"},
	{"twice", "suppress gen_id 1, sig_id 1, gen_id 1", 30, "a second gen_id"},
	{"no number", "suppress gen_id x, sig_id 1", 17, "number"},
	{"no value", "suppress gen_id, sig_id 1", 16, ""},
	{"too large", "suppress gen_id 1, sig_id 4294967296", 27, ""},
	{"negative", "suppress gen_id 1, sig_id -1", 27, ""},
	{"track alone", "suppress gen_id 1, sig_id 1, track by_src", 1, "go together"},
	{"ip alone", "suppress gen_id 1, sig_id 1, ip 10.0.0.1", 1, "go together"},
	{"track of thresholds", "suppress gen_id 1, sig_id 1, track by_rule, ip 10.0.0.1", 36,
		"by_either"},
	{"no address", "suppress gen_id 1, sig_id 1, track by_src, ip ten", 47, "no address"},
	{"no variable", "suppress gen_id 1, sig_id 1, track by_src, ip $NOWHERE", 47,
		"not defined"},
	{"nobody left", "suppress gen_id 1, sig_id 1, track by_src, ip [10.0.0.0/8,!10.0.0.0/8]",
		47, "no address is left"},
	{"text behind", "suppress gen_id 1, sig_id 1 please", 29, "',' expected"},
	{"count 0", "threshold gen_id 1, sig_id 1, type limit, track by_src, count 0, seconds 1",
		63, "1 or more"},
	{"seconds 0", "threshold gen_id 1, sig_id 1, type limit, track by_src, count 1, seconds 0",
		74, "1 or more"},
	{"no type", "threshold gen_id 1, sig_id 1, track by_src, count 1, seconds 1", 1,
		"type is missing"},
	{"type of rules",
		"threshold gen_id 1, sig_id 1, type backoff, track by_src, count 1, "
		"seconds 1",
		36, "backoff"},
	{"track of suppress",
		"threshold gen_id 1, sig_id 1, type limit, track by_either, count 1, seconds 1", 49,
		"by_either"},
	{"an action that nobody knows",
		"rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 1, new_action x, "
		"timeout 1",
		78, "pass, alert"},
	{"no timeout",
		"rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 1, new_action pass",
		1, "timeout is missing"},
};

static void test_mistakes(void)
{
	for (size_t i = 0; i < ROWS(mistakes); i++) {
		char text[300];
		snprintf(text, sizeof(text), "%s\nsuppress gen_id 1, sig_id 1\n", mistakes[i].text);
		struct applied a = apply(four, text);
		const struct diag *d = &a.diags.items[0];
		CHECK(a.err == 0 && a.diags.n_errors == 0, "%s", mistakes[i].name);
		CHECK(a.diags.n == 1 && strstr(d->text, mistakes[i].what) != NULL, "%s: %s",
			mistakes[i].name, a.diags.n > 0 ? d->text : "none");
		if (a.diags.n > 0) {
			CHECK(strstr(d->text, "ignored") != NULL, "%s: %s", mistakes[i].name,
				d->text);
			CHECK(d->where.line == 1 && d->where.column == mistakes[i].column,
				"%s: %u:%u", mistakes[i].name, d->where.line, d->where.column);
		}
		CHECK(a.list.rules[0]->n_suppress == 1, "%s: the next line counts",
			mistakes[i].name);
		done(&a);
	}
}

static bool is_suppressed(const struct applied *a, uint32_t rule, const char *src, const char *dst)
{
	uint8_t from[16] = {0}, to[16] = {0};
	bool six = strchr(src, ':') != NULL;
	struct diags diags = {0};
	struct pattern_db *db = NULL;
	struct swdb set;
	char error[256];
	bool yes = false;

	inet_pton(six ? AF_INET6 : AF_INET, src, from);
	inet_pton(six ? AF_INET6 : AF_INET, dst, to);
	if (swdb_compile(&a->list, &set, &diags) < 0)
		abort();
	if (pattern_db_load(set.data, set.len, 1, &db, error) == 0)
		yes = pattern_rule_suppressed(pattern_db_rule(db, rule), six ? 6 : 4, from, to);
	else
		CU_FAIL("load");
	pattern_db_free(db);
	swdb_free(&set);
	diags_free(&diags);
	return yes;
}

#define SUPPRESS(gid, sid, more) "suppress gen_id " gid ", sig_id " sid more "\n"

static const struct {
	const char *name;
	const char *text;
	uint32_t rule;
	const char *src, *dst;
	bool suppressed;
} suppressions[] = {
	{"none", "", 0, "10.0.0.1", "8.8.8.8", false},
	{"always", SUPPRESS("1", "1", ""), 0, "8.8.8.8", "9.9.9.9", true},
	{"always, the next rule", SUPPRESS("1", "1", ""), 1, "8.8.8.8", "9.9.9.9", false},
	{"by source", SUPPRESS("1", "1", ", track by_src, ip 10.0.0.1"), 0, "10.0.0.1", "9.9.9.9",
		true},
	{"by source, it is the destination", SUPPRESS("1", "1", ", track by_src, ip 10.0.0.1"), 0,
		"9.9.9.9", "10.0.0.1", false},
	{"by destination", SUPPRESS("1", "1", ", track by_dst, ip 10.0.0.0/30"), 0, "9.9.9.9",
		"10.0.0.3", true},
	{"by destination, it is the source", SUPPRESS("1", "1", ", track by_dst, ip 10.0.0.0/30"),
		0, "10.0.0.3", "9.9.9.9", false},
	{"by either, source", SUPPRESS("1", "1", ", track by_either, ip 10.0.0.0/30"), 0,
		"10.0.0.3", "9.9.9.9", true},
	{"by either, destination", SUPPRESS("1", "1", ", track by_either, ip 10.0.0.0/30"), 0,
		"9.9.9.9", "10.0.0.3", true},
	{"by either, none", SUPPRESS("1", "1", ", track by_either, ip 10.0.0.0/30"), 0, "9.9.9.9",
		"10.0.0.4", false},
	{"a list", SUPPRESS("1", "1", ", track by_src, ip [10.0.0.1, 10.0.0.7]"), 0, "10.0.0.7",
		"9.9.9.9", true},
	{"a list with a hole", SUPPRESS("1", "1", ", track by_src, ip [10.0.0.0/8,!10.1.0.0/16]"),
		0, "10.1.0.7", "9.9.9.9", false},
	{"a negation", SUPPRESS("1", "1", ", track by_src, ip !10.0.0.0/8"), 0, "11.0.0.1",
		"10.0.0.1", true},
	{"a variable", SUPPRESS("1", "1", ", track by_src, ip $HOME_NET"), 0, "192.168.7.7",
		"9.9.9.9", true},
	{"not the variable", SUPPRESS("1", "1", ", track by_src, ip !$HOME_NET"), 0, "192.168.7.7",
		"9.9.9.9", false},
	{"any", SUPPRESS("1", "1", ", track by_src, ip any"), 0, "9.9.9.9", "9.9.9.9", true},
	{"the other version", SUPPRESS("1", "1", ", track by_src, ip 10.0.0.0/8"), 0, "a00::1",
		"a00::2", false},
	{"IPv6", SUPPRESS("1", "1", ", track by_dst, ip 2001:db8::/32"), 0, "::1", "2001:db8::7",
		true},
	{"several lines are one list",
		SUPPRESS("1", "1", ", track by_src, ip 10.0.0.9")
			SUPPRESS("1", "1", ", track by_src, ip 10.0.0.0/29")
				SUPPRESS("1", "1", ", track by_src, ip 10.0.0.1"),
		0, "10.0.0.7", "9.9.9.9", true},
	{"and no larger",
		SUPPRESS("1", "1", ", track by_src, ip 10.0.0.9")
			SUPPRESS("1", "1", ", track by_src, ip 10.0.0.0/29"),
		0, "10.0.0.8", "9.9.9.9", false},
	{"two tracks",
		SUPPRESS("1", "1", ", track by_src, ip 10.0.0.9")
			SUPPRESS("1", "1", ", track by_dst, ip 10.0.0.8"),
		0, "9.9.9.9", "10.0.0.8", true},
	{"every rule", SUPPRESS("0", "0", ", track by_src, ip 10.0.0.1"), 3, "10.0.0.1", "9.9.9.9",
		true},
	{"every rule, and one more",
		SUPPRESS("0", "0", ", track by_src, ip 10.0.0.1")
			SUPPRESS("1", "1", ", track by_src, ip 10.0.0.2"),
		0, "10.0.0.1", "9.9.9.9", true},
	{"every rule of another gid", SUPPRESS("1", "0", ", track by_src, ip 10.0.0.1"), 3,
		"10.0.0.1", "9.9.9.9", false},
	{"a sid of every gid", SUPPRESS("0", "4", ""), 3, "10.0.0.1", "9.9.9.9", true},
};

static void test_suppress(void)
{
	for (size_t i = 0; i < ROWS(suppressions); i++) {
		struct applied a = apply(four, suppressions[i].text);
		CHECK(a.err == 0 && a.diags.n == 0, "%s: %s", suppressions[i].name,
			a.diags.n > 0 ? a.diags.items[0].text : "");
		bool is = is_suppressed(
			&a, suppressions[i].rule, suppressions[i].src, suppressions[i].dst);
		CHECK(is == suppressions[i].suppressed, "%s", suppressions[i].name);
		done(&a);
	}
}

// One that nothing carries is told, once for the lines that are one.
static void test_unmet(void)
{
	struct applied a = apply(four,
		"suppress gen_id 1, sig_id 9, track by_src, ip 10.0.0.1\n"
		"suppress gen_id 1, sig_id 9, track by_src, ip 10.0.0.2\n"
		"suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.1\n"
		"suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.2\n"
		"suppress gen_id 7, sig_id 0\n");

	CHECK(a.diags.n == 1 && a.diags.items[0].where.line == 1, "%u", a.diags.n);
	CHECK(a.diags.n > 0 && strstr(a.diags.items[0].text, "1:9") != NULL, "names it");
	done(&a);
}

// A list of addresses for every rule is stored once.
static void test_shared(void)
{
	char rules[200 * 50], list[200 * 20], text[sizeof(list) + 100];
	size_t n = 0, m = 0;
	for (unsigned i = 1; i <= 200; i++) {
		n += (size_t)snprintf(
			rules + n, sizeof(rules) - n, "alert ip any any -> any any (sid:%u;)\n", i);
		m += (size_t)snprintf(
			list + m, sizeof(list) - m, "%s10.%u.0.0/24", i > 1 ? "," : "", i);
	}
	snprintf(text, sizeof(text), "suppress gen_id 0, sig_id 0, track by_either, ip [%s]\n",
		list);
	struct applied a = apply(rules, text), plain = apply(rules, "");
	struct diags diags = {0};
	struct swdb with, without;

	CHECK(swdb_compile(&a.list, &with, &diags) == 0, "compiled");
	CHECK(swdb_compile(&plain.list, &without, &diags) == 0, "compiled");
	CHECK(with.len - without.len < 200 * (36 + 12) + 64, "%zu bytes more",
		with.len - without.len);
	CHECK(is_suppressed(&a, 199, "10.200.0.9", "9.9.9.9"), "the last rule, the last range");
	swdb_free(&with);
	swdb_free(&without);
	diags_free(&diags);
	done(&a);
	done(&plain);
}

// An answer for any prefix, and any byte in the place of any other; never a crash.
static void test_hostile(void)
{
	static const char text[] =
		"suppress gen_id 1, sig_id 1, track by_src, ip [10.0.0.0/8,!$HOME_NET,::1]\n"
		"threshold gen_id 0, sig_id 0, type limit, \\\n track by_both, count 1, seconds 2\n"
		"rate_filter gen_id 1, sig_id 2, track by_flow, count 1, seconds 2, new_action "
		"pass, timeout 9\n";
	char changed[sizeof(text)];

	for (size_t n = 0; n < sizeof(text); n++) {
		struct applied a = apply(four, "");
		apply_bytes(&a, text, n);
		CHECK(a.err == 0 && a.diags.n_errors == 0, "cut at %zu", n);
		done(&a);
	}
	for (unsigned at = 0; at < (sizeof(text) - 1) * 8; at++) {
		struct applied a = apply(four, "");
		memcpy(changed, text, sizeof(text));
		changed[at / 8] = (char)(changed[at / 8] ^ 1 << at % 8);
		apply_bytes(&a, changed, sizeof(text) - 1);
		CHECK(a.err == 0 && a.diags.n_errors == 0, "bit %u", at);
		done(&a);
	}
}

static void test_bounded(void)
{
	enum { WIDE = 300 };
	char text[WIDE * 80];
	size_t n = 0;

	for (unsigned i = 0; i < WIDE; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", LIMIT("0", "0"));
	struct applied a = apply(four, text);
	CHECK(a.err == -EINVAL && a.diags.n_errors == 1, "%d", a.err);
	done(&a);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"limits", test_limits},
		{"mistakes", test_mistakes},
		{"suppress", test_suppress},
		{"what nothing carries", test_unmet},
		{"shared", test_shared},
		{"hostile", test_hostile},
		{"bounded", test_bounded},
		CU_TEST_INFO_NULL,
	};
	return check_main("thresholds", tests);
}
