// The scan itself, bulk, and pages that lure.

#include "tests/unit/detecting.h"

#include <stdio.h>

// Whatever stands in front of a number, and wherever its bytes lie, it is found; bounds are bytes.
static void test_every_place(void)
{
	static const char number[] = "110101199003078670";
	struct detect *d = detect_new(5);

	for (size_t at = 0; at < 200; at++) {
		char text[260];
		struct detect_result r;
		memset(text, ',', sizeof(text));
		memcpy(text + at, number, 18);
		detecting_scan(d, text, at + 18, DIR_C2S, &r);
		const struct detect_hit *h = detecting_find(&r, "cn_ric18");
		CHECK(h != NULL && h->at == at && h->len == 18, "at the end, %zu", at);
		detecting_scan(d, text, at + 40, DIR_C2S, &r);
		CHECK(detecting_find(&r, "cn_ric18") != NULL, "inside, %zu", at);
		detecting_scan(d, text, at + 17, DIR_C2S, &r);
		CHECK(detecting_find(&r, "cn_ric18") == NULL, "cut, %zu", at);
	}
	detect_free(d);
}

static void test_folding(void)
{
	static const struct detecting_row rows[] = {
		{"\xef\xbc\x91\xef\xbc\x93\xef\xbc\x98"
		 "00138000",
			"cn_mobile", DETECT_LOW, "138****8000"}, // full width
		{"138\xe2\x80\x8b"
		 "0013\xe2\x80\x8d"
		 "8000",
			"cn_mobile", DETECT_LOW, NULL}, // zero width
		{"\xef\xbb\xbf"
		 "13800138000",
			"cn_mobile", DETECT_LOW, NULL},
		{"\xef\xbc\xa1"
		 "123456(3)",
			"hkid", NOTHING, NULL}, // letters are left alone
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
	struct detect *d = detect_new(5);
	struct detect_result r;
	const char *text = "\xef\xbc\x8c\xef\xbc\x91 \xef\xbc\x91"
			   "3800138000.";
	detecting_scan(d, text, strlen(text), DIR_C2S, &r);
	const struct detect_hit *h = detecting_find(&r, "cn_mobile");
	CHECK(h != NULL && h->at == 7 && h->len == 13, "places are those of the given text");
	detect_free(d);
}

// The word that says so, in either encoding, as far away as 300 bytes.
static void test_context(void)
{
	static const char utf8[] = "手机", gb18030[] = "\xca\xd6\xbb\xfa";
	struct detect *d = detect_new(5);

	for (unsigned gb = 0; gb < 2; gb++) {
		for (size_t gap = 280; gap < 320; gap++) {
			const char *word = gb ? gb18030 : utf8;
			size_t len = strlen(word);
			char text[400];
			struct detect_result r;
			memset(text, ',', sizeof(text));
			memcpy(text, word, len);
			memcpy(text + gap, "13800138000", 11);
			detecting_scan(d, text, gap + 11, DIR_C2S, &r);
			const struct detect_hit *h = detecting_find(&r, "cn_mobile");
			CHECK(h != NULL &&
					h->confidence == (gap <= 300 ? DETECT_MEDIUM : DETECT_LOW),
				"%s, %zu", gb ? "GB 18030" : "UTF-8", gap);
		}
	}
	detect_free(d);
}

// Values of one kind are one line; none is shown.
static void test_many(void)
{
	struct detect *d = detect_new(5);
	struct detect_result r;
	char text[40000] = "";
	size_t n = 0;

	for (unsigned i = 0; i < 1000; i++)
		n += (size_t)sprintf(text + n, "1380013%04u,1380013%04u\n", i, i);
	detecting_scan(d, text, n, DIR_C2S, &r);
	const struct detect_hit *h = detecting_find(&r, "cn_mobile");
	CHECK(r.n == 1 && h != NULL, "one kind");
	CHECK(h != NULL && h->count >= 384 && h->confidence == DETECT_MEDIUM, "%u",
		h ? h->count : 0);
	CHECK(r.lost > 0, "what could not be told apart is counted");
	CHECK(h != NULL && strchr(h->masked, '*') != NULL, "masked");
	detect_free(d);
}

static void test_bounds(void)
{
	struct detect *d = detect_new(5);
	struct detect_result r;
	size_t len = DETECT_TEXT_MAX + 100;
	char *text = malloc(len);

	memset(text, ',', len);
	memcpy(text + DETECT_TEXT_MAX + 10, "13800138000", 11);
	detecting_scan(d, text, len, DIR_C2S, &r);
	CHECK(r.n == 0 && r.unseen == 100, "%u", r.unseen);
	detecting_scan(d, "", 0, DIR_C2S, &r);
	CHECK(r.n == 0 && r.unseen == 0 && r.lost == 0, "nothing");
	free(text);
	detect_free(d);
}

static size_t contact(char *out, unsigned i)
{
	return (size_t)sprintf(out, "{\"name\": \"N%u\", \"phone\": \"+44 20 7946 %04u\"},", i, i);
}

static void test_contacts(void)
{
	static const struct {
		const char *name;
		unsigned n, step;
		enum dir dir;
		bool want;
	} cases[] = {
		{"an address book", 60, 1, DIR_C2S, true},
		{"just one", 20, 1, DIR_C2S, true},
		{"a few", 19, 1, DIR_C2S, false},
		{"the same one", 60, 0, DIR_C2S, false},
		{"a page", 60, 1, DIR_S2C, false},
	};
	struct detect *d = detect_new(5);

	for (size_t i = 0; i < ROWS(cases); i++) {
		char text[8000];
		size_t n = 0;
		struct detect_result r;
		for (unsigned k = 0; k < cases[i].n; k++)
			n += contact(text + n, k * cases[i].step);
		detecting_scan(d, text, n, cases[i].dir, &r);
		CHECK((detecting_find(&r, "contacts_json") != NULL) == cases[i].want, "%s",
			cases[i].name);
	}
	char cards[1000] = "";
	struct detect_result r;
	for (unsigned i = 0; i < 10; i++)
		strcat(cards, "BEGIN:VCARD\r\nEND:VCARD\r\n");
	detecting_scan(d, cards, strlen(cards), DIR_C2S, &r);
	CHECK(detecting_find(&r, "contacts_vcard") != NULL, "ten cards");
	detecting_scan(d, cards, strlen(cards) - 30, DIR_C2S, &r);
	CHECK(detecting_find(&r, "contacts_vcard") == NULL, "nine");
	detect_free(d);
}

static void test_people(void)
{
	static const struct detecting_row rows[] = {
		{"{\"sms_list\": [], \"call_logs\": []}", "calllog_sms_json", DETECT_MEDIUM, "***"},
		{"{\"display_name\": \"x\", \"contacts\": []}", "calllog_sms_json", NOTHING, NULL},
		{"sms_list: [], call_logs: []", "calllog_sms_json", NOTHING, NULL}, // source text
		{"{\"real_name\": \"\xe5\xbc\xa0\xe4\xb8\x89\"}", "realname_kv", DETECT_MEDIUM,
			"***"},
		{"姓名：张三 身份证：110101199003078670 手机：13800138000", "realname_kv",
			DETECT_HIGH, NULL},
		{"姓名：张三 身份证：110101199003078670 手机：13800138000", "cn_mobile",
			DETECT_HIGH, NULL},
		{"{\"real_name\": \"12\"}", "realname_kv", NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

static void test_lures(void)
{
	static const struct detecting_row rows[] = {
		{"WhatsApp 协议号 劫持号 现货 TG:@someone", "lure_account_trade", DETECT_MEDIUM,
			"***"},
		{"WhatsApp 協(xi\xc3\xa9)議號(h\xc3\xa0o) 劫(ji\xc3\xa9)持號(h\xc3\xa0o) 出售 "
		 "TG:@someone",
			"lure_account_trade", DETECT_MEDIUM, NULL},
		{"Hijacked accounts, PVA accounts: WhatsApp, t.me/someone", "lure_account_trade",
			DETECT_MEDIUM, NULL},
		{"WhatsApp 协议号 TG:@someone", "lure_account_trade", NOTHING, NULL}, // one word
		{"协议号 劫持号 现货 TG:@someone", "lure_account_trade", NOTHING,
			NULL}, // no messenger
		{"警方提醒:WhatsApp 协议号、劫持号 请勿购买,价格再低也不要", "lure_account_trade",
			NOTHING, NULL},
		{"无抵押 秒下款 加微信 abc", "lure_loan", DETECT_MEDIUM, NULL},
		{"无抵押 秒下款", "lure_loan", NOTHING, NULL},
		{"刷单返利 稳赚不赔 加微信 abc", "lure_scam", DETECT_MEDIUM, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_S2C);
}

// Any bytes get an answer within bounds.
static void test_bytes(void)
{
	static const char letters[] = "0123456789ABCDEFxy<=+/-_.:@$>\"' ,(\xef\xbc\x91\xe5\xbc\xa0"
				      "eyP";
	struct detect *d = detect_new(5);
	char text[400];

	srandom(7);
	for (unsigned round = 0; round < 20000; round++) {
		struct detect_result r;
		size_t n = (size_t)random() % sizeof(text);
		for (size_t i = 0; i < n; i++)
			text[i] = letters[(size_t)random() % (sizeof(letters) - 1)];
		detecting_scan(d, text, n, round % 2 ? DIR_S2C : DIR_C2S, &r);
		for (uint32_t i = 0; i < r.n; i++) {
			const struct detect_hit *h = &r.hits[i];
			CHECK(h->at + h->len <= n && h->detector < detect_count(), "round %u",
				round);
		}
	}
	detect_free(d);
}

// Eight bytes that cancel what an unkeyed hash made of those before them: two values all the same.
static void test_chosen_values(void)
{
	static const char text[] = "{\"password\": \"Tr0ub4dA\x93\xfd\x59\x66\xb8\xfe\xe8\xd6\"}\n"
				   "{\"password\": \"c0rrectH\x93\xfd\x59\x66\xb8\xfe\xe8\xd6\"}\n";
	struct detect *d = detect_new(5);
	struct detect_result r;

	detecting_scan(d, text, sizeof(text) - 1, DIR_C2S, &r);
	const struct detect_hit *h = detecting_find(&r, "pwd_kv");
	CHECK(h != NULL && h->count == 2, "%u", h != NULL ? h->count : 0);
	detect_free(d);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every place", test_every_place},
		{"folding", test_folding},
		{"context", test_context},
		{"many", test_many},
		{"bounds", test_bounds},
		{"contacts", test_contacts},
		{"people", test_people},
		{"lures", test_lures},
		{"any bytes", test_bytes},
		{"chosen values", test_chosen_values},
		CU_TEST_INFO_NULL,
	};
	return check_main("detect_scan", tests);
}
