// The same text counts the same however it travels: cut, encoded, packed, in whatever protocol. The oracle
// is the detectors themselves, asked directly. Texts: the rows below, and the synthetic cases of the domain
// material where that is at hand.

#include "tests/unit/leak_carriers.h"

#include <jansson.h>

enum { SHORT = 1200 };

static struct rig *rig;
static struct detect *alone;

static struct rig_counts expected(const struct text *t)
{
	struct detect_result r;
	struct rig_counts c = {0};

	detect_scan(alone, (struct bytes){(const uint8_t *)t->p, t->len, false}, t->dir, &r);
	for (unsigned i = 0; i < r.n; i++) {
		const struct detect_hit *h = &r.hits[i];
		bool lure = strcmp(detector_table[h->detector].class, "lure") == 0;
		unsigned level = h->confidence;
		if (t->dir == DIR_S2C && !lure && level > DETECT_LOW)
			level--;
		if (h->test_data)
			c.test_data[h->detector] += h->count;
		else
			c.values[h->detector][level] += h->count;
	}
	return c;
}

static void check_counts(const char *name, const char *text, const struct rig_counts *got,
	const struct rig_counts *want)
{
	for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
		CHECK(got->test_data[i] == want->test_data[i],
			"%s, %.40s: %s, test data: %d not %d", name, text, detector_table[i].name,
			(int)got->test_data[i], (int)want->test_data[i]);
		for (unsigned k = 0; k < DETECT_CONFIDENCES; k++)
			CHECK(got->values[i][k] == want->values[i][k],
				"%s, %.40s: %s %s: %d not %d", name, text, detector_table[i].name,
				detect_confidence_names[k], (int)got->values[i][k],
				(int)want->values[i][k]);
	}
}

static void check_text(const struct text *t)
{
	struct rig_counts want = expected(t);
	struct buffer b = room();

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		const struct variant *v = &variants[i];
		if ((t->dir == DIR_S2C && !v->answers) || (v->is_short && t->len > SHORT))
			continue;
		struct craft_session s = rig_session(rig, v->port, v->mss);
		b.len = 0;
		v->encode(t, &b);
		if (b.len > GATHER_MAX) // beyond what is looked at of a body
			continue;
		v->carry(&s, &(struct carried){b.p, b.len, t->dir, v->headers});
		CHECK(s.err == 0, "%s: frames", v->name);
		struct rig_counts got = rig_run(rig);
		check_counts(v->name, t->p, &got, &want);
	}
	free(b.p);
}

static bool stands_in(const void *in, size_t len, const char *value)
{
	return memmem(in, len, value, strlen(value)) != NULL;
}

// What leaves the worker: its ring and its page. Records there are, values there are not, in no spelling.
static void test_nothing_raw(void)
{
	static const char *const values[] = {"13800138000", "4929722653797141", "490154203237518",
		"jo@acme.io", "11010119900307803X", "hunter22", "dGVzdDpzM2NyM3Q=", "s3cr3tcookie"};
	static const char request[] =
		"POST /u?mobile=13800138000&mail=jo@acme.io HTTP/1.1\r\nHost: a.example\r\n"
		"Cookie: session_id=s3cr3tcookie; m=13800138000\r\n"
		"Authorization: Basic dGVzdDpzM2NyM3Q=\r\n"
		"Referer: http://b.example/p?id=11010119900307803X\r\nContent-Length: 127\r\n\r\n"
		"{\"card\":\"4929722653797141\",\"imei\":\"490154203237518\",\"password\":"
		"\"hunter22\","
		"\"idcard\":\"11010119900307803X\",\"mobile\":\"13800138000\"}";
	struct event_ring *ring = shared_ring(&rig->engine.shared, 0);
	uint64_t leaks = rig->worker->counters[CTR_LEAKS];
	struct craft_session s = rig_session(rig, 80, 1400);

	event_ring_init(ring, rig->engine.shared.layout.ring_size);
	session_open(&s);
	session_send(&s, CLIENT, request, sizeof(request) - 1);
	session_close(&s);
	rig_run(rig);
	CHECK(rig->worker->counters[CTR_LEAKS] >= leaks + 6, "%u records",
		(unsigned)(rig->worker->counters[CTR_LEAKS] - leaks));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		CHECK(!stands_in(
			      ring, sizeof(*ring) + rig->engine.shared.layout.ring_size, values[i]),
			"%s in the ring", values[i]);
		CHECK(!stands_in(rig->worker->page, sizeof(*rig->worker->page), values[i]),
			"%s in the page", values[i]);
	}
	CHECK(stands_in(ring, sizeof(*ring) + rig->engine.shared.layout.ring_size, "138****8000"),
		"an excerpt");
}

static uint64_t of_all(const struct rig_counts *c, unsigned detector)
{
	const uint64_t *values = c->values[detector];

	return values[DETECT_LOW] + values[DETECT_MEDIUM] + values[DETECT_HIGH];
}

// Numbers all along a stream of many windows, also across their edges: each counts once, however it is cut.
static void test_long_stream(void)
{
	enum { NUMBERS = 700, APART = 141 };
	static const uint16_t cuts[] = {1400, 700, 333, 61};
	struct buffer b = room();
	struct rig_counts first;

	for (unsigned i = 0; i < NUMBERS; i++) {
		addf(&b, "phone 138%08u ", 10000000 + i * 7919);
		while (b.len % APART != 0)
			add(&b, "-", 1);
	}
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct craft_session s = rig_session(rig, 4000, cuts[i]);
		bare(&s, &(struct carried){b.p, b.len, DIR_C2S, ""});
		struct rig_counts got = rig_run(rig);
		CHECK(of_all(&got, DETECT_CN_MOBILE) == NUMBERS, "%u: %u", cuts[i],
			(unsigned)of_all(&got, DETECT_CN_MOBILE));
		first = i == 0 ? got : first;
		check_counts("a long stream", "", &got, &first);
	}
	free(b.p);
}

static void book(struct buffer *b, unsigned from, unsigned n)
{
	b->len = 0;
	for (unsigned i = 0; i < n; i++)
		addf(b, "%s{\"name\":\"Li\",\"phone\":\"139%08u\"}", i == 0 ? "[" : ",",
			20000000 + (from + i) * 7919);
	addf(b, "]");
}

// An address book in pieces of ten: over one connection, over several, and too slowly.
static void test_pieces(void)
{
	static const struct {
		const char *name;
		unsigned connections, pieces;
		uint64_t apart_ns;
		unsigned want; // times it is told
	} rows[] = {
		{"one piece", 1, 1, 0, 0},
		{"two in one connection", 1, 2, 0, 1},
		{"four in one connection", 1, 4, 0, 1},
		{"two connections", 2, 1, 1000000000, 1},
		{"three connections", 3, 1, 1000000000, 1},
		{"two connections, an hour apart", 2, 1, 3600000000000ull, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffer b = room(), body = room();
		struct craft_session s = rig_session(rig, 80, 1400);
		for (unsigned k = 0; k < rows[i].connections; k++) {
			session_open(&s);
			for (unsigned piece = 0; piece < rows[i].pieces; piece++) {
				book(&body, 10 * (k * rows[i].pieces + piece), 10);
				b.len = 0;
				addf(&b, "POST / HTTP/1.1\r\nContent-Length: %zu\r\n\r\n",
					body.len);
				add(&b, body.p, body.len);
				session_send(&s, CLIENT, b.p, b.len);
			}
			session_close(&s);
			s.host[CLIENT].port++;
			s.now_ns += rows[i].apart_ns;
		}
		struct rig_counts got = rig_run(rig);
		CHECK(of_all(&got, DETECT_CONTACTS_JSON) == rows[i].want, "%s: %u", rows[i].name,
			(unsigned)of_all(&got, DETECT_CONTACTS_JSON));
		free(b.p);
		free(body.p);
	}
}

// Nothing is looked at that nobody may look at.
static void test_inactive(void)
{
	static const char text[] = "phone 13800138000 13912345678";
	struct leak_policy some = {0};
	const struct leak_policy all = leak_policy_all();
	uint64_t before = rig->worker->counters[CTR_TEXTS];

	engine_leak_policy(&rig->engine, &some);
	struct craft_session s = rig_session(rig, 80, 1400);
	http(&s, &(struct carried){(const uint8_t *)text, sizeof(text) - 1, DIR_C2S, ""});
	rig_run(rig);
	CHECK(rig->worker->counters[CTR_TEXTS] == before, "no text was made");
	some.active[0] = 1ull << DETECT_EMAIL;
	engine_leak_policy(&rig->engine, &some);
	s = rig_session(rig, 80, 1400);
	http(&s, &(struct carried){(const uint8_t *)text, sizeof(text) - 1, DIR_C2S, ""});
	struct rig_counts got = rig_run(rig);
	CHECK(of_all(&got, DETECT_CN_MOBILE) == 0, "another detector's");
	engine_leak_policy(&rig->engine, &all);
	s = rig_session(rig, 80, 1400);
	http(&s, &(struct carried){(const uint8_t *)text, sizeof(text) - 1, DIR_C2S, ""});
	got = rig_run(rig);
	CHECK(of_all(&got, DETECT_CN_MOBILE) == 2, "with all it counts");
}

static void test_own_texts(void)
{
	static const char *const own[] = {
		"{\"realname\":\"\xe5\xbc\xa0\xe4\xb8\x89\",\"idcard\":\"11010119900307867X\"}",
		"phone: 13800138000, 13912345678, again 138-0013-8000; mail jo@acme.io",
		"card 4929722653797141 imei=490154203237518 lat=31.230416&lng=121.473701",
		"{\"password\":\"hunter22\",\"iban\":\"GB82 WEST 1234 5698 7654 32\"}",
		"tel:+442079460958 +8613800138000 \xe6\x89\x8b\xe6\x9c\xba 13800138001",
		"order 1700000000000 99.95 6.62607015",
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		check_text(&(struct text){own[i], strlen(own[i]), DIR_C2S});
		check_text(&(struct text){own[i], strlen(own[i]), DIR_S2C});
	}
}

static void test_synthetic(void)
{
	const char *shared = getenv("SEALWATCH_SHARED");
	char path[512], line[65536];

	snprintf(path, sizeof(path), "%s/domain/synthetic.tsv",
		shared != NULL ? shared : "../shared");
	FILE *f = fopen(path, "r");
	if (f == NULL) {
		printf(" (%s is not there: skipped) ", path);
		return;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		char *save = NULL;
		char *expected_is =
			strtok_r(line, "\t", &save) != NULL ? strtok_r(NULL, "\t", &save) : NULL;
		char *dir = expected_is != NULL ? strtok_r(NULL, "\t", &save) : NULL;
		char *text = dir != NULL ? strtok_r(NULL, "\n", &save) : NULL;
		json_t *value = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
		if (json_is_string(value))
			check_text(
				&(struct text){json_string_value(value), json_string_length(value),
					strcmp(dir, "s2c") == 0 ? DIR_S2C : DIR_C2S});
		json_decref(value);
	}
	fclose(f);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"none active", test_inactive},
		{"nothing raw leaves", test_nothing_raw},
		{"a long stream", test_long_stream},
		{"a list in pieces", test_pieces},
		{"texts however they travel", test_own_texts},
		{"synthetic cases however they travel", test_synthetic},
		CU_TEST_INFO_NULL,
	};

	alone = detect_new(7);
	rig = rig_new();
	if (alone == NULL)
		return 2;
	int status = check_main("leaks", tests);
	rig_free(rig);
	detect_free(alone);
	return status;
}
