// Personal data that crafted conversations carry: what sealwatch-replay tells of it, for any number of workers,
// and that it tells nothing when nobody may look.

#include "tests/e2e/process.h"
#include "tests/unit/check.h"
#include "tools/craft/capture_out.h"
#include "tools/craft/session.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A check digit by GB 11643; numbers of nobody.
#define ID "11010119900307803X"
#define PHONE "13800138000"
// A published test number of a card.
#define CARD "4111111111111111"

static const char lure[] =
	"\xe5\x87\xba\xe5\x94\xae WhatsApp "
	"\xe5\x8a\xab\xe6\x8c\x81\xe5\x8f\xb7 \xe5\x8d\x8f\xe8\xae\xae\xe5\x8f\xb7 "
	"\xe7\x9b\xb4\xe7\x99\xbb\xe5\x8f\xb7 \xe5\x8f\xb7\xe5\x95\x86 \xe6\x8e\xa5\xe7\xa0\x81 "
	"\xe7\x8c\xab\xe6\xb1\xa0 USDT Telegram @seller_zz \xe8\x81\x94\xe7\xb3\xbb";

static const struct flow_plan {
	const char *client, *request, *answer;
} plans[] = {
	{"10.0.0.1",
		"{\"realname\":\"\xe5\xbc\xa0\xe4\xb8\x89\",\"idcard\":\"" ID
		"\",\"mobile\":\"" PHONE "\"}",
		"ok"},
	{"10.0.0.2", "mobile=%31%33%38%30%30%31%33%38%30%30%30&x=1", "ok"},
	{"10.0.0.3", "card=" CARD, "ok"},
	{"10.0.0.4", "q=1", lure},
};

static char *dir;
static const char *capture;

static bool make_capture(void)
{
	static uint8_t room[65536];
	struct capture_out *out = NULL;
	struct rng rng = {.state = 1};

	if (capture_out_open(capture, DLT_EN10MB, &out) < 0)
		return false;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		const struct flow_plan *p = &plans[i];
		struct session s = {.put = capture_out_put,
			.put_ctx = out,
			.rng = &rng,
			.now_ns = 1700000000000000000ull + i * 1000000000,
			.step_ns = 1000000,
			.mss = (uint16_t)(7 + 90 * i)};
		s.host[CLIENT] = host_of(p->client, (uint16_t)(40000 + i));
		s.host[SERVER] = host_of("192.0.2.7", 80);
		session_open(&s);
		int n = snprintf((char *)room, sizeof(room),
			"POST /u HTTP/1.1\r\nHost: api.example\r\nContent-Length: %zu\r\n\r\n%s",
			strlen(p->request), p->request);
		session_send(&s, CLIENT, room, (size_t)n);
		n = snprintf((char *)room, sizeof(room),
			"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
			"%zu\r\n\r\n%s",
			strlen(p->answer), p->answer);
		session_send(&s, SERVER, room, (size_t)n);
		session_close(&s);
	}
	return capture_out_close(out) == 0;
}

// The leak records of a run.
static json_t *replay(const char *workers, bool lab)
{
	const char *eve = in_dir(dir, "eve.json");
	const char *argv[] = {program("sealwatch-replay"), "-q", "--workers", workers, "-r",
		capture, "--eve", eve, lab ? "--lab" : NULL, NULL};
	json_t *leaks = json_array(), *all;
	json_t *record;
	size_t i;

	unlink(eve);
	struct output o = run(argv, 60);
	CHECK(o.status == 0, "%s workers: %d %.80s", workers, o.status, o.err);
	output_free(&o);
	all = read_eve(eve);
	json_array_foreach(all, i, record)
	{
		const char *type = json_string_value(json_object_get(record, "event_type"));
		if (type != NULL && strcmp(type, "leak") == 0)
			json_array_append(leaks, record);
	}
	json_decref(all);
	return leaks;
}

static const char *text_of(json_t *record, const char *key)
{
	json_t *leak = json_object_get(json_object_get(record, "sealwatch"), "leak");
	json_t *v = json_object_get(leak, key);

	const char *text = json_string_value(v);
	return text != NULL ? text : "";
}

static json_t *find(json_t *leaks, const char *detector, const char *client)
{
	json_t *record;
	size_t i;

	json_array_foreach(leaks, i, record)
	{
		const char *src = json_string_value(json_object_get(record, "src_ip"));
		if (strcmp(text_of(record, "detector"), detector) == 0 &&
			(client == NULL || strcmp(src, client) == 0))
			return record;
	}
	return NULL;
}

static void test_told(void)
{
	static const struct {
		const char *detector, *client, *class, *masked, *direction;
	} rows[] = {
		{"cn_ric18", "10.0.0.1", "id.cn", "110************3X", "to_server"},
		{"cn_mobile", "10.0.0.1", "phone", "138****8000", "to_server"},
		{"realname_kv", "10.0.0.1", "identity", NULL, "to_server"},
		{"cn_mobile", "10.0.0.2", "phone", "138****8000", "to_server"},
		{"pan_card", "10.0.0.3", "test-data", "4111********1111", "to_server"},
	};
	json_t *leaks = replay("1", true);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *r = find(leaks, rows[i].detector, rows[i].client);
		CHECK(r != NULL, "%s of %s", rows[i].detector, rows[i].client);
		CHECK(strcmp(text_of(r, "class"), rows[i].class) == 0, "%s: class %s",
			rows[i].detector, text_of(r, "class"));
		CHECK(strcmp(text_of(r, "direction"), rows[i].direction) == 0, "%s",
			rows[i].detector);
		CHECK(strcmp(text_of(r, "field"), "http.request_body") == 0, "%s: %s",
			rows[i].detector, text_of(r, "field"));
		CHECK(rows[i].masked == NULL || strcmp(text_of(r, "masked"), rows[i].masked) == 0,
			"%s: %s", rows[i].detector, text_of(r, "masked"));
		CHECK(strstr(text_of(r, "masked"), "****") != NULL ||
				strcmp(text_of(r, "masked"), "***") == 0,
			"%s: %s", rows[i].detector, text_of(r, "masked"));
	}
	const char *first = text_of(find(leaks, "cn_mobile", "10.0.0.1"), "token");
	const char *second = text_of(find(leaks, "cn_mobile", "10.0.0.2"), "token");
	CHECK(strlen(first) == 16 && strcmp(first, second) == 0,
		"the same value, however it is spelled: %s, %s", first, second);
	CHECK(strcmp(first, text_of(find(leaks, "cn_ric18", "10.0.0.1"), "token")) != 0,
		"another value has another one");
	json_decref(leaks);
}

// Who read it is not told.
static void test_lure(void)
{
	json_t *leaks = replay("1", true);
	json_t *r = find(leaks, "lure_account_trade", NULL);

	CHECK(r != NULL, "a lure");
	const char *time = json_string_value(json_object_get(r, "timestamp"));
	CHECK(time != NULL && strstr(time, "T00:00:00.000000") != NULL, "its day only: %s", time);
	CHECK(json_object_get(r, "tx_id") == NULL, "no message's number");
	CHECK(strcmp(json_string_value(json_object_get(r, "dest_ip")), "0.0.0.0") == 0,
		"no client");
	CHECK(json_integer_value(json_object_get(r, "dest_port")) == 0, "nor its port");
	CHECK(json_integer_value(json_object_get(r, "flow_id")) == 1, "nor the flow");
	CHECK(strcmp(json_string_value(json_object_get(r, "src_ip")), "192.0.2.7") == 0,
		"but the server");
	json_decref(leaks);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *told(json_t *leaks)
{
	char *lines[64], *all = calloc(1, 65536);
	size_t n = 0, i;
	json_t *record;

	json_array_foreach(leaks, i, record)
	{
		if (n < 64)
			lines[n++] = json_dumps(record, JSON_SORT_KEYS);
	}
	qsort(lines, n, sizeof(lines[0]), by_text);
	for (i = 0; i < n; i++) {
		strncat(all, lines[i], 65536 - strlen(all) - 1);
		free(lines[i]);
	}
	return all;
}

static void test_workers(void)
{
	json_t *one = replay("1", true), *three = replay("3", true);
	char *a = told(one), *b = told(three);

	CHECK(json_array_size(one) >= 6, "%zu records", json_array_size(one));
	CHECK(strcmp(a, b) == 0, "one worker or three");
	free(a);
	free(b);
	json_decref(one);
	json_decref(three);
}

static void test_inactive(void)
{
	json_t *leaks = replay("1", false);

	CHECK(json_array_size(leaks) == 0, "%zu records without a purpose", json_array_size(leaks));
	json_decref(leaks);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what is told", test_told},
		{"a lure", test_lure},
		{"workers", test_workers},
		{"nobody may look", test_inactive},
		CU_TEST_INFO_NULL,
	};

	dir = scratch_new();
	capture = in_dir(dir, "leaks.pcap");
	int status = make_capture() ? check_main("leaks", tests) : 2;
	scratch_remove(dir);
	return status;
}
