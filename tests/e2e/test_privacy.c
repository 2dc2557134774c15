// The leak self-scan: personal data of nobody is planted in conversations of many kinds, the appliance sees them
// with every detector, content rule and evidence on, and `sealctl doctor privacy` looks for it in all that was
// written. It has to find none, and to find what is put there on purpose.

#include "tests/e2e/appliance.h"
#include "tests/unit/check.h"
#include "tools/craft/capture_out.h"
#include "tools/craft/session.h"

#include <pcap/pcap.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Valid by their check digits or plans, and nobody's.
#define ID "11010119900307803X"
#define PHONE "13912345678"
#define MAIL "zhang.wei.77@carrier-mail.cn"
#define IBAN "DE89370400440532013000"
#define PLANTED_CARD "6222021234567890128"

static const struct plan {
	const char *name;
	uint16_t port;
	const char *client, *server; // what they say, one after the other
} plans[] = {
	{"HTTP body", 80,
		"POST /u HTTP/1.1\r\nHost: api.example.net\r\nContent-Type: application/json\r\n"
		"Content-Length: 62\r\n\r\n"
		"{\"idcard\": \"" ID "\", \"mobile\": \"" PHONE "\"}\r\n\r\n\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
	{"URL", 80,
		"GET /find?mobile=" PHONE "&mail=" MAIL " HTTP/1.1\r\nHost: api.example.net\r\n"
		"Referer: http://shop.example.net/u/" PHONE "?id=" ID "\r\n"
		"User-Agent: App/1 (" MAIL ")\r\nCookie: uid=" PHONE "; sid=" ID "\r\n"
		"Authorization: Basic emhhbmcud2VpOmdlaGVpbQ==\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://api.example.net/u?iban=" IBAN
		"\r\nSet-Cookie: phone=" PHONE "\r\nContent-Length: 0\r\n\r\n"},
	{"path", 80, "GET /user/" ID "/" PHONE " HTTP/1.1\r\nHost: " PHONE ".example.net\r\n\r\n",
		"HTTP/1.1 200 OK\r\nServer: x-" PHONE "\r\nContent-Length: 0\r\n\r\n"},
	{"mail", 25,
		"EHLO pc-" PHONE "\r\nMAIL FROM:<" MAIL
		">\r\nRCPT TO:<li.na.1990@carrier-mail.cn>\r\n"
		"DATA\r\nFrom: Zhang Wei <" MAIL ">\r\nTo: li.na.1990@carrier-mail.cn\r\n"
		"Subject: id " ID "\r\nMessage-ID: <" PHONE "@carrier-mail.cn>\r\n\r\n"
		"my phone " PHONE ", my account " IBAN "\r\n.\r\nQUIT\r\n",
		"220 mx.example.net\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n221 "
		"bye\r\n"},
	{"POP3", 110, "USER " MAIL "\r\nPASS geheim-" PHONE "\r\nQUIT\r\n",
		"+OK ready\r\n+OK\r\n+OK\r\n+OK bye\r\n"},
	{"IRC", 6667, "NICK zhang\r\nUSER zhang 0 * :" PHONE "\r\nPRIVMSG li :my id is " ID "\r\n",
		":irc.example.net 001 zhang :Welcome " MAIL "\r\n"},
	{"SIP", 5060,
		"REGISTER sip:example.net SIP/2.0\r\nVia: SIP/2.0/TCP 10.1.1.1;branch=z9hG4bK1\r\n"
		"From: <sip:+86" PHONE "@example.net>;tag=1\r\nTo: <sip:+86" PHONE
		"@example.net>\r\n"
		"Call-ID: " PHONE "@example.net\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n",
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 10.1.1.1;branch=z9hG4bK1\r\n"
		"From: <sip:+86" PHONE "@example.net>;tag=1\r\nTo: <sip:+86" PHONE
		"@example.net>\r\n"
		"Call-ID: " PHONE "@example.net\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"},
	{"XMPP", 5222,
		"<?xml version='1.0'?><stream:stream to='example.net' from='" MAIL
		"' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
		"version='1.0'>"
		"<message to='" MAIL "'><body>" ID " " PHONE "</body></message>",
		"<?xml version='1.0'?><stream:stream from='example.net' xmlns='jabber:client' "
		"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"},
	{"unknown", 9999, "name=zhang phone=" PHONE " id=" ID " card=" PLANTED_CARD "\n",
		"thanks " MAIL "\n"},
};

static bool make_capture(const char *path)
{
	struct capture_out *out = NULL;
	struct rng rng = {.state = 1};

	if (capture_out_open(path, DLT_EN10MB, &out) < 0)
		return false;
	for (size_t i = 0; i < ROWS(plans); i++) {
		const struct plan *p = &plans[i];
		struct session s = {.put = capture_out_put,
			.put_ctx = out,
			.rng = &rng,
			.now_ns = 1700000000000000000ull + i * 1000000000,
			.step_ns = 1000000,
			.mss = 1400};
		s.host[CLIENT] = host_of("10.1.1.1", (uint16_t)(40000 + i));
		s.host[SERVER] = host_of("192.0.2.7", p->port);
		session_open(&s);
		const bool server_first = p->port == 25 || p->port == 110;
		for (unsigned turn = 0; turn < 2; turn++) {
			const bool server = (turn == 0) == server_first;
			const char *text = server ? p->server : p->client;
			session_send(
				&s, server ? SERVER : CLIENT, (const uint8_t *)text, strlen(text));
		}
		session_close(&s);
	}
	return capture_out_close(out) == 0;
}

static struct output doctor(const char *path)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"), "--json",
		"doctor", "privacy", path, NULL};
	return run(argv, 120);
}

static json_t *scan(const char *path, int *status)
{
	struct output o = doctor(path);
	json_t *result = json_loads(o.out, 0, NULL);

	*status = o.status;
	CHECK(result != NULL, "%.200s%.200s", o.out, o.err);
	output_free(&o);
	return result;
}

// What the capture holds is found by the scan: else its silence would mean nothing.
static void test_notices(void)
{
	static const char *const rows[] = {
		"phone " PHONE, "{\"mail\":\"" MAIL "\"}", "idcard=" ID, "iban " IBAN};
	int status;

	json_t *result = scan(in_dir(dir, "planted.pcap"), &status);
	CHECK(status == 1 && number_in(result, "found") >= 4, "the capture: %lld",
		number_in(result, "found"));
	json_decref(result);
	for (size_t i = 0; i < ROWS(rows); i++) {
		write_file(in_dir(dir, "planted.txt"), rows[i]);
		result = scan(in_dir(dir, "planted.txt"), &status);
		CHECK(status == 1 && number_in(result, "found") > 0, "%s", rows[i]);
		json_decref(result);
	}
	struct output o = doctor(in_dir(dir, "planted.txt"));
	CHECK(strstr(o.out, IBAN) == NULL, "what it finds it shows masked: %.300s", o.out);
	output_free(&o);
}

// Larger than what is read at once, a value across the cut; with or without lines; by a link.
static void test_large(void)
{
	enum { SIZE = 3 << 20, AT = (1 << 20) - 12 };
	static const struct {
		const char *name;
		char fill, line;
	} rows[] = {{"lines", 'x', '\n'}, {"one line", 'x', ' '}, {"no text", '\x01', '\0'}};
	static char bytes[SIZE];
	int status;

	for (size_t i = 0; i < ROWS(rows); i++) {
		memset(bytes, rows[i].fill, SIZE);
		for (size_t at = 99; at < SIZE; at += 100)
			bytes[at] = rows[i].line;
		memcpy(bytes + AT, " phone " PHONE " ", sizeof(" phone " PHONE " ") - 1);
		FILE *out = fopen(in_dir(dir, "large"), "wb");
		CHECK(out != NULL && fwrite(bytes, 1, SIZE, out) == SIZE, "written");
		if (out != NULL)
			fclose(out);
		remove(in_dir(dir, "link"));
		CHECK(symlink("large", in_dir(dir, "link")) == 0, "linked");
		json_t *result = scan(in_dir(dir, "link"), &status);
		CHECK(status == 1 && number_in(result, "found") > 0, "%s", rows[i].name);
		json_decref(result);
	}
	remove(in_dir(dir, "large"));
	json_t *result = scan(in_dir(dir, "link"), &status);
	CHECK(status == 1 && number_in(result, "unreadable") == 1, "what is not there");
	json_decref(result);
	remove(in_dir(dir, "link"));
}

// No detector is asked here: the very bytes are nowhere.
static void check_bytes(void)
{
	static const char *const values[] = {ID, PHONE, "zhang.wei", "li.na.1990", IBAN,
		PLANTED_CARD, "geheim", "emhhbmcud2VpOmdlaGVpbQ"};
	static const char *const places[] = {
		"eve.json", "state", "cache", "dataplane.log", "sealwatchd.log"};

	for (size_t i = 0; i < ROWS(values); i++) {
		for (size_t k = 0; k < ROWS(places); k++) {
			const char *argv[] = {
				"/bin/grep", "-rlaiF", values[i], in_dir(dir, places[k]), NULL};
			struct output o = run(argv, 60);
			CHECK(o.status == 1, "%s stands in %.200s", values[i], o.out);
			output_free(&o);
		}
	}
	const char *argv[] = {"/bin/grep", "-laiF", PHONE, in_dir(dir, "planted.pcap"), NULL};
	struct output o = run(argv, 60);
	CHECK(o.status == 0, "grep finds what is there");
	output_free(&o);
}

static bool has_leaks(void *ctx)
{
	json_t *list = ask("evidence", "list", NULL), *counters = ask("counters", NULL, NULL);
	bool of_rule = false, of_detector = false;
	json_int_t leaks = 0;
	const json_t *row;
	size_t i;

	(void)ctx;
	json_array_foreach(json_object_get(counters, "counters"), i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "name")), "leaks") == 0)
			leaks = number_in(row, "sum");
	}
	// Both are kept as evidence.
	json_array_foreach(json_object_get(list, "records"), i, row)
	{
		of_rule |= number_in(row, "sid") != 0;
		of_detector |= number_in(row, "sid") == 0;
	}
	json_decref(list);
	json_decref(counters);
	return of_rule && of_detector && leaks > 10;
}

static void configure(void)
{
	const char *argv[] = {program("sealwatch-open"), "--keygen", in_dir(dir, "a"), NULL};
	char text[4096];

	struct output o = run(argv, 30);
	output_free(&o);
	argv[2] = in_dir(dir, "b");
	o = run(argv, 30);
	output_free(&o);
	snprintf(text, sizeof(text),
		"workers: 2\nlink_socket: %s/link.sock\nevidence_keys: [%s/a.pub, %s/b.pub]\n"
		"capture:\n  files: [%s/planted.pcap]\n  loop: 0\n  rate_pps: 500\n",
		dir, dir, dir, dir);
	write_file(in_dir(dir, "dataplane.yaml"), text);
}

static void test_clean(void)
{
	static const char *const add[] = {"purpose", "add", "all-of-it", "purpose=test",
		"legal_basis=crafted", "owner=tests", "rules=all", "detectors=all",
		"mode=evidence"};
	const char *argv[16] = {program("sealctl"), "--socket", in_dir(dir, "control.sock")};
	int status;

	stop(dataplane, SIGTERM);
	configure();
	write_file(in_dir(dir, "p.rules"),
		"alert http any any -> any any (msg:\"body\"; http.request_body; "
		"content:\"idcard\"; "
		"metadata:evidence; sid:1;)\n"
		"alert http any any -> any any (msg:\"cookie\"; http.cookie; content:\"=\"; "
		"metadata:evidence; sid:2;)\n"
		"alert tcp any any -> any any (msg:\"stream\"; content:\"phone=\"; "
		"metadata:evidence; "
		"sid:3;)\n"
		"alert smtp any any -> any any (msg:\"mail\"; email.subject; content:\"id\"; "
		"sid:4;)\n");
	for (size_t i = 0; i < ROWS(add); i++)
		argv[3 + i] = add[i];
	struct output o = run(argv, 30);
	CHECK(o.status == 0, "%.200s", o.err);
	output_free(&o);
	start_dataplane();
	CHECK(wait_until(is_up, NULL, 20000), "up");
	json_decref(ask("patterns", "load", in_dir(dir, "p.rules")));
	CHECK(wait_until(has_leaks, NULL, 60000), "leaks are told, evidence is kept");
	stop(dataplane, SIGTERM);
	CHECK(wait_until(is_down, NULL, 20000), "down");

	json_t *result = scan(NULL, &status);
	char *findings = json_dumps(json_object_get(result, "findings"), JSON_COMPACT);
	CHECK(status == 0 && number_in(result, "found") == 0, "%d: %.1500s", status, findings);
	CHECK(number_in(result, "files") > 5 && number_in(result, "unreadable") == 0,
		"all was read");
	free(findings);
	json_decref(result);
	check_bytes();
	static const char *const logs[] = {"dataplane.log", "sealwatchd.log"};
	for (size_t i = 0; i < ROWS(logs); i++) {
		result = scan(in_dir(dir, logs[i]), &status);
		CHECK(status == 0 && number_in(result, "files") == 1, "%s", logs[i]);
		json_decref(result);
	}
}

// One value in one of the files that it looks at by itself.
static void test_one(void)
{
	int status;

	write_file(in_dir(dir, "state/forgotten.tmp"), "phone: " PHONE "\n");
	json_t *result = scan(NULL, &status);
	const json_t *first = json_array_get(json_object_get(result, "findings"), 0);
	const char *place = json_string_value(json_object_get(first, "place"));
	char *findings = json_dumps(json_object_get(result, "findings"), JSON_COMPACT);
	CHECK(status == 1 && number_in(result, "found") == 1 && place != NULL &&
			strstr(place, "forgotten.tmp:1") != NULL,
		"%.1500s", findings);
	free(findings);
	json_decref(result);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"notices", test_notices},
		{"large", test_large},
		{"clean", test_clean},
		{"one", test_one},
		CU_TEST_INFO_NULL,
	};

	if (!appliance_start(33000) || !make_capture(in_dir(dir, "planted.pcap"))) {
		fprintf(stderr, "the appliance does not come up\n");
		return 1;
	}
	int status = check_main("privacy", tests);
	appliance_end();
	return status;
}
