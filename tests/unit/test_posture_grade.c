// The grade that follows from a flow's posture, and what it is made of: times, what is remembered of servers.

#include "dataplane/inspect/posture/history.h"
#include "dataplane/inspect/posture/posture.h"
#include "dataplane/inspect/posture/time.h"
#include "tests/unit/check.h"

#define BIT POSTURE_BIT
#define CLEAR BIT(POSTURE_CLEAR)
#define TLS_FLAGS(more) BIT(POSTURE_TLS) | BIT(POSTURE_ANSWERED) | more
#define NOW_S 1709294400 // 2024-03-01T12:00:00

static void test_grades(void)
{
	static const struct {
		const char *name;
		uint64_t bits;
		enum posture_grade grade;
		enum posture_severity severity;
	} rows[] = {
		{"nothing", 0, GRADE_NONE, SEVERITY_INFO},
		{"a client's hello alone", BIT(POSTURE_TLS), GRADE_NONE, SEVERITY_INFO},
		{"a client's old hello alone", BIT(POSTURE_TLS) | BIT(POSTURE_TLS_VERSION), GRADE_D,
			SEVERITY_HIGH},
		{"tls 1.3, post-quantum", TLS_FLAGS(BIT(POSTURE_TLS13) | BIT(POSTURE_PQ)), GRADE_A,
			SEVERITY_INFO},
		{"tls 1.3", TLS_FLAGS(BIT(POSTURE_TLS13) | BIT(POSTURE_PQ_OFFERED)), GRADE_B,
			SEVERITY_INFO},
		{"post-quantum, a short tag", TLS_FLAGS(BIT(POSTURE_PQ) | BIT(POSTURE_CIPHER_CCM8)),
			GRADE_B, SEVERITY_LOW},
		{"tls 1.2", TLS_FLAGS(0), GRADE_B, SEVERITY_INFO},
		{"without ems", TLS_FLAGS(BIT(POSTURE_EMS)), GRADE_C, SEVERITY_MEDIUM},
		{"the worst counts",
			TLS_FLAGS(BIT(POSTURE_EMS) | BIT(POSTURE_DH) | BIT(POSTURE_CIPHER_CBC)),
			GRADE_D, SEVERITY_HIGH},
		{"broken", TLS_FLAGS(BIT(POSTURE_CIPHER_BROKEN)), GRADE_F, SEVERITY_CRITICAL},
		{"over soon", TLS_FLAGS(BIT(POSTURE_CERT_SOON)), GRADE_B, SEVERITY_LOW},
		{"clear", CLEAR, GRADE_F, SEVERITY_INFO},
		{"clear, then sealed", TLS_FLAGS(CLEAR), GRADE_B, SEVERITY_INFO},
		{"a login, then sealed", TLS_FLAGS(CLEAR | BIT(POSTURE_MAIL_CLEAR)), GRADE_F,
			SEVERITY_CRITICAL},
		{"mmtls in http", CLEAR | BIT(POSTURE_MMTLS) | BIT(POSTURE_SEALED), GRADE_C,
			SEVERITY_MEDIUM},
		{"noise", BIT(POSTURE_NOISE) | BIT(POSTURE_SEALED), GRADE_B, SEVERITY_INFO},
		{"dns", BIT(POSTURE_DNS_CLEAR), GRADE_NONE, SEVERITY_INFO},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		CHECK(posture_grade(rows[i].bits) == rows[i].grade, "%s: %s", rows[i].name,
			posture_grade_names[posture_grade(rows[i].bits)]);
		CHECK(posture_severity(rows[i].bits) == rows[i].severity, "%s", rows[i].name);
	}
}

// Counters that protect people never make an alert: no row about them is more than a count.
static void test_never_alerts(void)
{
	const uint64_t protect = BIT(POSTURE_ECH) | BIT(POSTURE_PQ) | BIT(POSTURE_PQ_OFFERED) |
		BIT(POSTURE_TUNNEL) | BIT(POSTURE_NO_SNI) | BIT(POSTURE_DNS_SEALED) |
		BIT(POSTURE_NOISE) | BIT(POSTURE_MTPROTO);

	CHECK((posture_of_severity(SEVERITY_LOW) & protect) == 0, "%s", "counts");
}

static void test_times(void)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {{"1970-01-01T00:00:00", 0}, {"2024-02-29T23:59:59", 1709251199},
		{"2024-03-01T12:00:00", NOW_S}, {"1999-12-31T00:00:00", 946598400},
		{"9999-12-31T23:59:59", 253402300799}, {"0000-01-01T00:00:00", -62167219200},
		{"2024-13-01T00:00:00", POSTURE_NO_TIME}, {"2024-01-01T00:00", POSTURE_NO_TIME},
		{"2024-01-0xT00:00:00", POSTURE_NO_TIME}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bytes text = {(const uint8_t *)rows[i].text, strlen(rows[i].text), false};
		CHECK(posture_time(text) == rows[i].want, "%s: %lld", rows[i].text,
			(long long)posture_time(text));
	}
}

static void test_history(void)
{
	struct posture_history *h = posture_history_new(7);
	struct flow flow = {.flags = FLOW_A_IS_CLIENT, .key = {.b = {192, 0, 2, 1}, .bport = 25}};
	struct flow other = flow, turned = {.key = {.a = {192, 0, 2, 1}, .aport = 25}};
	bool shed = false;

	other.key.bport = 587;
	CHECK(!posture_history_has(h, &flow, APP_SMTP), "%s", "empty");
	CHECK(!posture_history_offered(h, &flow, APP_SMTP), "%s", "first");
	CHECK(!posture_history_offered(h, &flow, APP_SMTP), "%s", "again");
	CHECK(posture_history_has(h, &flow, APP_SMTP), "%s", "known");
	CHECK(posture_history_has(h, &turned, APP_SMTP), "%s", "whichever side it is");
	CHECK(!posture_history_has(h, &other, APP_SMTP), "%s", "another port");
	CHECK(!posture_history_has(h, &flow, APP_IMAP), "%s", "another protocol");
	for (unsigned i = 0; i < 4 * POSTURE_HISTORY_SERVERS; i++) {
		memcpy(other.key.b, &i, sizeof(i));
		shed |= posture_history_offered(h, &other, APP_SMTP);
		CHECK(posture_history_has(h, &other, APP_SMTP), "%u", i);
	}
	CHECK(shed && !posture_history_has(h, &flow, APP_SMTP), "%s", "the oldest goes");
	posture_history_free(h);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"grades", test_grades},
		{"never alerts", test_never_alerts},
		{"times", test_times},
		{"history", test_history},
		CU_TEST_INFO_NULL,
	};
	return check_main("posture_grade", tests);
}
