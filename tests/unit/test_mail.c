// SMTP, POP3 and IMAP.

#include "tests/unit/stream_rows.h"

#define MAIL "From: A <a@b>\r\nTo: c@d,\r\n e@f\r\nSubject: no\r\nX: y\r\n\r\nbody\r\nFrom: x\r\n"
#define MAIL_TEXT "email.from=A <a@b> email.to=c@d, e@f email.subject=no\n"

static const struct stream_row smtp[] = {
	{"client", DIR_C2S,
		BYTES("ehlo h.x\r\nMAIL FROM:<a@b> SIZE=5\r\nrcpt to: <c@d>\r\nDATA\r\n" MAIL
		      "..x\r\n.\r\nQUIT\r\n"),
		PARSE_MORE, "smtp.helo=h.x smtp.command=EHLO\n", 0},
	{"credentials are no commands", DIR_C2S,
		BYTES("EHLO h\r\nAUTH plain c2VjcmV0\r\nd29yZA==\r\nMAIL FROM:<>\r\n"), PARSE_MORE,
		"", 0},
	{"chunks", DIR_C2S, BYTES("EHLO h\r\nBDAT 4\r\nQUITBDAT 2 LAST\r\nxxRSET\r\n"), PARSE_MORE,
		"", 0},
	{"starttls", DIR_C2S, BYTES("EHLO h\r\nSTARTTLS\r\n\x16\x03"), PARSE_SWITCH, "", 2},
	{"server", DIR_S2C,
		BYTES("220-h ESMTP\r\n220 hello\r\n250-h\r\n250-AUTH PLAIN "
		      "LOGIN\r\n250-STARTTLS\r\n"
		      "250 OK\r\n354 go\r\n250 2.0.0\r\n"),
		PARSE_MORE, "", 0},
	{"words that are no commands or mechanisms stay", DIR_C2S,
		BYTES("EHLO h\r\nalice likes bob\r\nsecret\r\nAUTH c2VjcmV0\r\nYW5uYQ==\r\nMAILED "
		      "x\r\nXCLIENT ADDR=x\r\n"),
		PARSE_MORE, "", 0},
	{"not smtp", DIR_C2S, BYTES("hello\r\nworld\r\n"), PARSE_MORE, "", 0},
};

static const char *const smtp_text[] = {
	"smtp.command=EHLO smtp.helo=h.x\nsmtp.command=MAIL smtp.mail_from=<a@b>\n"
	"smtp.command=RCPT smtp.rcpt_to=<c@d>\nsmtp.command=DATA\n" MAIL_TEXT "smtp.command=QUIT\n",
	"smtp.command=EHLO smtp.helo=h\nsmtp.command=AUTH smtp.auth=PLAIN\n"
	"smtp.command=MAIL smtp.mail_from=<>\n",
	"smtp.command=EHLO smtp.helo=h\nsmtp.command=BDAT\nsmtp.command=BDAT\nsmtp.command=RSET\n",
	"smtp.command=EHLO smtp.helo=h\nsmtp.command=STARTTLS smtp.starttls=asked\n",
	"s2c smtp.code=220\n"
	"s2c smtp.code=250 smtp.auth=PLAIN smtp.auth=LOGIN smtp.starttls=offered\n"
	"s2c smtp.code=354\ns2c smtp.code=250\n",
	"smtp.command=EHLO smtp.helo=h\nsmtp.command=AUTH\nsmtp.command=XCLIENT\n",
	"",
};

static const struct stream_row pop3[] = {
	{"client", DIR_C2S, BYTES("USER me\r\nPASS word\r\nAUTH PLAIN\r\nc2Vj\r\nRETR 1\r\n"),
		PARSE_MORE,
		"pop3.command=USER pop3.auth=USER\npop3.command=PASS\n"
		"pop3.command=AUTH pop3.auth=PLAIN\npop3.command=RETR\n",
		0},
	{"server", DIR_S2C, BYTES("+OK hello\r\n-ERR no\r\n+ \r\n+OK\r\n"), PARSE_MORE,
		"s2c pop3.success=01 pop3.status=OK\ns2c pop3.success=00 pop3.status=ERR\n"
		"s2c pop3.success=01 pop3.status=OK\n",
		0},
	{"words that are no commands or mechanisms stay", DIR_C2S,
		BYTES("secret x\r\nPASSED\r\nAUTH c2VjcmV0\r\nAUTH XOAUTH2\r\n"), PARSE_MORE,
		"pop3.command=AUTH\npop3.command=AUTH pop3.auth=XOAUTH2\n", 0},
	{"stls", DIR_C2S, BYTES("CAPA\r\nSTLS\r\n\x16"), PARSE_SWITCH,
		"pop3.command=CAPA\npop3.command=STLS pop3.starttls=asked\n", 1},
};

static const struct stream_row imap[] = {
	{"client", DIR_C2S,
		BYTES("a1 CAPABILITY\r\na2 LOGIN {2}\r\nme {4+}\r\nword\r\na3 select INBOX\r\n"),
		PARSE_MORE,
		"imap.command=CAPABILITY\nimap.command=LOGIN "
		"imap.auth=LOGIN\nimap.command=SELECT\n",
		0},
	{"client that authenticates", DIR_C2S,
		BYTES("A AUTHENTICATE cram-md5\r\nc2Vj\r\nB NOOP\r\n"), PARSE_MORE,
		"imap.command=AUTHENTICATE imap.auth=CRAM-MD5\nimap.command=NOOP\n", 0},
	{"words that are no commands or mechanisms stay", DIR_C2S,
		BYTES("a SECRET x\r\nb LOGINX\r\nc AUTHENTICATE c2VjcmV0\r\nd AUTHENTICATE "
		      "plain\r\n"),
		PARSE_MORE,
		"imap.command=AUTHENTICATE\nimap.command=AUTHENTICATE imap.auth=PLAIN\n", 0},
	{"server", DIR_S2C,
		BYTES("* OK IMAP4rev1 ready\r\n* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n"
		      "a1 OK done\r\n* 1 FETCH (BODY[] {8}\r\n* OK x\r\n)\r\na2 NO\r\n"),
		PARSE_MORE,
		"s2c imap.status=OK\ns2c imap.starttls=offered imap.auth=PLAIN\ns2c "
		"imap.status=OK\n"
		"s2c imap.status=NO\n",
		0},
	{"starttls", DIR_C2S, BYTES("a STARTTLS\r\n\x16\x03\x01"), PARSE_SWITCH,
		"imap.command=STARTTLS imap.starttls=asked\n", 3},
};

static void test_smtp(void)
{
	struct stream_row rows[ROWS(smtp)];

	for (size_t i = 0; i < ROWS(smtp); i++) {
		rows[i] = smtp[i];
		rows[i].text = smtp_text[i];
	}
	rows_cut(&proto_smtp, rows, ROWS(rows));
	rows_broken(&proto_smtp, rows, ROWS(rows));
}

static void test_pop3(void)
{
	rows_cut(&proto_pop3, pop3, ROWS(pop3));
	rows_broken(&proto_pop3, pop3, ROWS(pop3));
}

static void test_imap(void)
{
	rows_cut(&proto_imap, imap, ROWS(imap));
	rows_broken(&proto_imap, imap, ROWS(imap));
}

struct piece {
	enum dir dir;
	const char *text;
};

// Both sides: what one says depends on what the other wished.
static const struct {
	const char *name;
	const struct proto *proto;
	struct piece pieces[8];
	enum parse want; // of the last piece
	const char *text;
} talks[] = {
	{"smtp: starttls", &proto_smtp,
		{{DIR_C2S, "EHLO h\r\nSTARTTLS\r\n"}, {DIR_S2C, "250 h\r\n220 go\r\n"}},
		PARSE_SWITCH,
		"smtp.command=EHLO smtp.helo=h\nsmtp.command=STARTTLS smtp.starttls=asked\n"
		"s2c smtp.code=250\ns2c smtp.code=220 smtp.starttls=accepted\n"},
	{"smtp: data refused", &proto_smtp,
		{{DIR_C2S, "EHLO h\r\nDATA\r\n"}, {DIR_S2C, "250 h\r\n554 no\r\n"},
			{DIR_C2S, "QUIT\r\n"}},
		PARSE_MORE,
		"smtp.command=EHLO smtp.helo=h\nsmtp.command=DATA\ns2c smtp.code=250\ns2c "
		"smtp.code=554\n"
		"smtp.command=QUIT\n"},
	{"smtp: auth", &proto_smtp,
		{{DIR_C2S, "EHLO h\r\nAUTH LOGIN\r\n"}, {DIR_S2C, "250 h\r\n334 VX\r\n"},
			{DIR_C2S, "abcd\r\n"}, {DIR_S2C, "235 ok\r\n"}, {DIR_C2S, "XODD\r\n"}},
		PARSE_MORE,
		"smtp.command=EHLO smtp.helo=h\nsmtp.command=AUTH smtp.auth=LOGIN\n"
		"s2c smtp.code=250\ns2c smtp.code=334\ns2c "
		"smtp.code=235\n"},
	{"smtp: data is not refused by what answers something else", &proto_smtp,
		{{DIR_C2S, "EHLO h\r\nDATA\r\n"}, {DIR_S2C, "250 h\r\n250 x\r\n354 go\r\n"},
			{DIR_C2S, MAIL "QUIT\r\n.\r\nRSET\r\nDATA\r\n"},
			{DIR_S2C, "250 ok\r\n250 ok\r\n503 no\r\n"}, {DIR_C2S, "NOOP\r\n"}},
		PARSE_MORE,
		"smtp.command=EHLO smtp.helo=h\nsmtp.command=DATA\ns2c smtp.code=250\n"
		"s2c smtp.code=250\ns2c smtp.code=354\n" MAIL_TEXT
		"smtp.command=RSET\nsmtp.command=DATA\ns2c smtp.code=250\n"
		"s2c smtp.code=250\ns2c smtp.code=503\nsmtp.command=NOOP\n"},
	{"lmtp: a mail's end is answered for each recipient that was accepted", &proto_smtp,
		{{DIR_C2S,
			 "LHLO h\r\nMAIL FROM:<>\r\nRCPT TO:<a>\r\nRCPT TO:<b>\r\n"
			 "RCPT TO:<c>\r\nDATA\r\n"},
			{DIR_S2C, "250 h\r\n250 m\r\n250 a\r\n550 b\r\n250 c\r\n354 go\r\n"},
			{DIR_C2S, "X: y\r\n.\r\nRSET\r\nDATA\r\n"},
			{DIR_S2C, "250 a\r\n452 c\r\n250 rset\r\n503 no\r\n"},
			{DIR_C2S, "NOOP\r\n"}},
		PARSE_MORE,
		"smtp.command=LHLO smtp.helo=h\nsmtp.command=MAIL smtp.mail_from=<>\n"
		"smtp.command=RCPT smtp.rcpt_to=<a>\nsmtp.command=RCPT smtp.rcpt_to=<b>\n"
		"smtp.command=RCPT smtp.rcpt_to=<c>\nsmtp.command=DATA\n"
		"s2c smtp.code=250\ns2c smtp.code=250\ns2c smtp.code=250\ns2c "
		"smtp.code=550\n"
		"s2c smtp.code=250\ns2c smtp.code=354\n"
		"smtp.command=RSET\nsmtp.command=DATA\ns2c smtp.code=250\ns2c "
		"smtp.code=452\n"
		"s2c smtp.code=250\ns2c smtp.code=503\nsmtp.command=NOOP\n"},
	{"pop3: a mail", &proto_pop3,
		{{DIR_C2S, "RETR 1\r\n"}, {DIR_S2C, "+OK\r\n" MAIL ".\r\n+OK\r\n"}}, PARSE_MORE,
		"pop3.command=RETR\ns2c pop3.success=01 pop3.status=OK\ns2c " MAIL_TEXT
		"s2c pop3.success=01 pop3.status=OK\n"},
	{"pop3: capabilities", &proto_pop3,
		{{DIR_C2S, "CAPA\r\n"}, {DIR_S2C, "+OK\r\nSTLS\r\nSASL PLAIN\r\nTOP\r\n.\r\n"}},
		PARSE_MORE,
		"pop3.command=CAPA\ns2c pop3.success=01 pop3.status=OK\n"
		"s2c pop3.starttls=offered\ns2c pop3.auth=PLAIN\n"},
	{"imap: starttls", &proto_imap, {{DIR_C2S, "a STARTTLS\r\n"}, {DIR_S2C, "a OK\r\n"}},
		PARSE_SWITCH,
		"imap.command=STARTTLS imap.starttls=asked\n"
		"s2c imap.status=OK imap.starttls=accepted\n"},
};

static void test_talks(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(talks); i++) {
		enum dir last = DIR_C2S;
		run_begin(&r, talks[i].proto);
		for (const struct piece *p = talks[i].pieces; p->text != NULL; p++) {
			run_feed(&r, p->dir, p->text, strlen(p->text));
			last = p->dir;
		}
		CHECK(r.result[last] == talks[i].want, "%s: %d", talks[i].name, r.result[last]);
		run_end(&r);
		CHECK(strcmp(r.text, talks[i].text) == 0, "%s: %s", talks[i].name, r.text);
		CHECK(r.borrowed == 0, "%s", talks[i].name);
	}
}

static void test_probe(void)
{
	static const struct {
		const struct proto *proto;
		const char *in;
		enum probe want;
		enum dir sender;
	} rows[] = {{&proto_smtp, "EHLO x\r\n", PROBE_YES, DIR_C2S},
		{&proto_smtp, "helo x", PROBE_YES, DIR_C2S},
		{&proto_smtp, "EHL", PROBE_MORE, DIR_C2S},
		{&proto_smtp, "220 h ESMTP", PROBE_YES, DIR_S2C},
		{&proto_smtp, "220 h FTP ready\r\n", PROBE_NO, DIR_S2C},
		{&proto_smtp, "220 h", PROBE_MORE, DIR_S2C},
		{&proto_smtp, "421 x", PROBE_NO, DIR_S2C},
		{&proto_pop3, "+OK hello\r\n", PROBE_YES, DIR_S2C},
		{&proto_pop3, "APOP x y\r\n", PROBE_YES, DIR_C2S},
		{&proto_pop3, "USER x\r\n", PROBE_NO, DIR_C2S},
		{&proto_pop3, "CAPA\r\n", PROBE_YES, DIR_C2S},
		{&proto_imap, "* OK IMAP4 x\r\n", PROBE_YES, DIR_S2C},
		{&proto_imap, "* OK hello\r\n", PROBE_NO, DIR_S2C},
		{&proto_imap, "a1 LOGIN me word\r\n", PROBE_YES, DIR_C2S},
		{&proto_imap, "a1 GET / HTTP/1.1\r\n", PROBE_NO, DIR_C2S},
		{&proto_imap, "GET / HTTP/1.1\r\n", PROBE_NO, DIR_C2S}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		enum dir sender = DIR_C2S;
		struct bytes in = {(const uint8_t *)rows[i].in, strlen(rows[i].in), false};
		enum probe got = rows[i].proto->probe(in, 40000, 9999, &sender);
		CHECK(got == rows[i].want, "%s: %d", rows[i].in, got);
		CHECK(got != PROBE_YES || sender == rows[i].sender, "%s: sender", rows[i].in);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"smtp", test_smtp},
		{"pop3", test_pop3},
		{"imap", test_imap},
		{"talks", test_talks},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("mail", tests);
}
