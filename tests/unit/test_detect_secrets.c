// Secrets, accounts of messengers, and what lets somebody take them over.

#include "tests/unit/detecting.h"

#include <openssl/evp.h>
#include <stdio.h>

static void test_secrets(void)
{
	static const struct detecting_row rows[] = {
		// RFC 7519, 3.1 and 6.1.
		{"Bearer eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
		 "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb"
		 "290"
		 "Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
			"jwt", DETECT_HIGH, "ey************"},
		{"'eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ.'", "jwt", DETECT_MEDIUM, NULL},
		{"eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ", "jwt", NOTHING, NULL},
		{"eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ.eyJh.b", "jwt", NOTHING, NULL},
		{"eyJ0eXAiOiJKV1QifQ.eyJpc3MiOiJqb2UifQ.x", "jwt", NOTHING, NULL}, // no algorithm
		{"user=jo&password=hunter2", "pwd_kv", DETECT_MEDIUM, "***"},
		{"{\"login_pwd\" : \"hunter2\"}", "pwd_kv", DETECT_MEDIUM, NULL},
		{"<password>hunter2</password>", "pwd_kv", DETECT_MEDIUM, NULL},
		{"<input type=\"password\">hello", "pwd_kv", NOTHING, NULL},
		{"密码：hunter2", "pwd_kv", DETECT_MEDIUM, NULL},
		{"password=", "pwd_kv", NOTHING, NULL},
		{"password=***", "pwd_kv", NOTHING, NULL},
		{"password = getpass()", "pwd_kv", NOTHING, NULL},
		{"password=null", "pwd_kv", NOTHING, NULL},
		{"resetpassword=1234", "pwd_kv", NOTHING, NULL},
		{"access_token=2YotnFZFEjr1zCsicMWpAA", "token_kv", DETECT_MEDIUM,
			"***"}, // RFC 6749
		{"sms_code=123456", "token_kv", DETECT_MEDIUM, NULL},
		{"sms_code=123", "token_kv", NOTHING, NULL},
		{"access_token=abc", "token_kv", NOTHING, NULL},
		// RFC 7617.
		{"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n", "basic_auth", DETECT_HIGH,
			"***"},
		{"Authorization: Basic QWxhZGRpbg==\r\n", "basic_auth", NOTHING, NULL},
		{"a1 AUTHENTICATE PLAIN\r\n", "sasl_plain", DETECT_MEDIUM, NULL},
		{"AUTH PLAIN dGVzdAB0ZXN0\r\n", "sasl_plain", DETECT_MEDIUM, NULL},
		{"<auth mechanism='PLAIN'>", "sasl_plain", DETECT_MEDIUM, NULL},
		{"in plain words", "sasl_plain", NOTHING, NULL},
		{"-----BEGIN RSA PRIVATE KEY-----\n", "pem_private", DETECT_MEDIUM, NULL},
		{"-----BEGIN PRIVATE KEY-----\n", "pem_private", DETECT_MEDIUM, NULL},
		{"-----BEGIN PUBLIC KEY-----\n", "pem_private", NOTHING, NULL},
		{"AKIAIOSFODNN7EXAMPLE", "cloud_ak", TEST_DATA, NULL}, // Amazon's documentation
		{"AKIAIOSFODNN7ABCDEFG", "cloud_ak", DETECT_MEDIUM, "AKIA************"},
		{"AKIAIOSFODNN7ABCDEF", "cloud_ak", NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
	static const struct detecting_row page[] = {
		{"password=hunter2", "pwd_kv", NOTHING, NULL},
		{"250 AUTH PLAIN LOGIN", "sasl_plain", NOTHING, NULL},
	};
	detecting_rows(page, ROWS(page), DIR_S2C);
}

static void test_messengers(void)
{
	static const struct detecting_row rows[] = {
		{"id wxid_abcdefghij1234", "wechat_ids", DETECT_HIGH, NULL},
		{"gh_0123456789ab", "wechat_ids", DETECT_MEDIUM, NULL},
		{"12345678901@chatroom", "wechat_ids", DETECT_MEDIUM, NULL},
		{"openid=oABCDEFGHIJKLMNOPQRSTUVWXYZ0", "wechat_ids", DETECT_HIGH, NULL},
		{"qq=12345678", "qq_uin", DETECT_MEDIUM, "12****78"},
		{"QQ号：12345678", "qq_uin", DETECT_MEDIUM, NULL},
		{"qq=012345", "qq_uin", NOTHING, NULL},
		{"442079460958@s.whatsapp.net", "whatsapp_jid", DETECT_MEDIUM, "442*******58"},
		{"442079460958:12@s.whatsapp.net", "whatsapp_jid", DETECT_MEDIUM, "442*******58"},
		{"999079460958@s.whatsapp.net", "whatsapp_jid", NOTHING, NULL},
		{"https://wa.me/442079460958", "im_handle_url", DETECT_MEDIUM, NULL},
		{"https://api.whatsapp.com/send?phone=442079460958", "im_handle_url", DETECT_MEDIUM,
			NULL},
		{"api.whatsapp.com/send?phone=6056\xff\xff\xff", "im_handle_url", NOTHING, NULL},
		{"wa.me/4420794609ab", "im_handle_url", NOTHING, NULL},
		{"bot 110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX", "im_bot_token", DETECT_MEDIUM,
			NULL},
		{"bot 110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDs", "im_bot_token", NOTHING, NULL},
		{"https://oapi.dingtalk.com/robot/send?access_token="
		 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
			"im_bot_token", DETECT_MEDIUM, NULL},
		{"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="
		 "6d92078a-8246-4ba4-ae5b-76104861e7dc",
			"im_bot_token", DETECT_MEDIUM, NULL},
		{"https://open.feishu.cn/open-apis/bot/v2/hook/"
		 "6d92078a-8246-4ba4-ae5b-76104861e7dc",
			"im_bot_token", DETECT_MEDIUM, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

// RFC 7748, 6.1: the keys of Alice and Bob, private and public.
static const uint8_t keys[4][32] = {
	{0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66,
		0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d,
		0xb9, 0x2c, 0x2a},
	{0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d, 0xdc, 0xb4, 0x3e, 0xf7,
		0x5a, 0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38, 0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa,
		0x9b, 0x4e, 0x6a},
	{0x5d, 0xab, 0x08, 0x7e, 0x62, 0x4a, 0x8a, 0x4b, 0x79, 0xe1, 0x7f, 0x8b, 0x83, 0x80, 0x0e,
		0xe6, 0x6f, 0x3b, 0xb1, 0x29, 0x26, 0x18, 0xb6, 0xfd, 0x1c, 0x2f, 0x8b, 0x27, 0xff,
		0x88, 0xe0, 0xeb},
	{0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61, 0xc2, 0xec, 0xe4, 0x35,
		0x37, 0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78, 0x67, 0x4d, 0xad, 0xfc, 0x7e, 0x14, 0x6f,
		0x88, 0x2b, 0x4f},
};

static void key_text(unsigned which, char out[64])
{
	EVP_EncodeBlock((unsigned char *)out, keys[which], 32);
}

static int confidence_of(const char *text, const char *detector)
{
	struct detect *d = detect_new(5);
	struct detect_result r;

	detecting_scan(d, text, strlen(text), DIR_C2S, &r);
	const struct detect_hit *h = detecting_find(&r, detector);
	int out = h != NULL ? h->confidence : NOTHING;
	detect_free(d);
	return out;
}

static void test_key_pairs(void)
{
	static const struct {
		const char *name;
		unsigned order[4];
		int want;
	} cases[] = {
		{"public, private, twice", {1, 0, 3, 2}, DETECT_HIGH},
		{"private first", {0, 1, 2, 3}, NOTHING},
		{"the other's", {1, 2, 3, 0}, NOTHING},
		{"the second pair does not fit", {1, 0, 3, 0}, NOTHING},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		char text[4][64], line[512], json[1024];
		for (unsigned k = 0; k < 4; k++)
			key_text(cases[i].order[k], text[k]);
		snprintf(line, sizeof(line), "442079460958,%s,%s,%s,%s,x", text[0], text[1],
			text[2], text[3]);
		CHECK(confidence_of(line, "wa_six_segment") == cases[i].want, "%s", cases[i].name);
		snprintf(json, sizeof(json),
			"{\"noiseKey\": {\"private\": {\"data\": \"%s\"}, \"public\": {\"data\": "
			"\"%s\"}}, "
			"\"advSecretKey\": \"%s\"}",
			text[1], text[0], text[2]);
		CHECK(confidence_of(json, "wa_creds_json") ==
				(cases[i].want == NOTHING && i < 3 ? DETECT_MEDIUM : DETECT_HIGH),
			"%s", cases[i].name);
	}
	CHECK(confidence_of("const { noiseKey: a, signedIdentityKey: b } = creds",
		      "wa_creds_json") == NOTHING,
		"documentation");
}

static void test_session(void)
{
	// Data centre, address of AS62041, port 443; the key is nobody's.
	static const struct {
		const char *name;
		uint8_t head[7];
		int want;
	} cases[] = {
		{"one", {2, 149, 154, 167, 51, 1, 187}, DETECT_HIGH},
		{"no such data centre", {6, 149, 154, 167, 51, 1, 187}, NOTHING},
		{"not Telegram's", {2, 192, 0, 2, 1, 1, 187}, NOTHING},
		{"another port", {2, 149, 154, 167, 51, 0, 22}, NOTHING},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		uint8_t raw[263];
		char text[512] = "session=1";
		memset(raw, 0x5a, sizeof(raw));
		memcpy(raw, cases[i].head, 7);
		EVP_EncodeBlock((unsigned char *)text + 9, raw, sizeof(raw));
		for (char *c = text + 9; *c != '\0'; c++)
			*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
		CHECK(confidence_of(text, "tg_session") == cases[i].want, "%s", cases[i].name);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"secrets", test_secrets},
		{"messengers", test_messengers},
		{"key pairs", test_key_pairs},
		{"session", test_session},
		CU_TEST_INFO_NULL,
	};
	return check_main("detect_secrets", tests);
}
