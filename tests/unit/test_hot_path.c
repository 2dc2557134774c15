// What a packet may not cost: a call of the kernel, a lock, memory. A worker runs turn by turn over frames
// of flows that are on their way; while it does, malloc() and pthread_mutex_lock() are stood in for, and the
// kernel hands every system call back to the test (Syscall User Dispatch, Linux 5.11).

#include "dataplane/runtime/engine.h"
#include "patterns/compile.h"
#include "patterns/parse.h"
#include "tests/unit/check.h"
#include "tests/unit/own_malloc.h"

// Both craft and inspect have a session, with sides.
#define session craft_session
#define side craft_side
#include "tools/craft/dns.h"
#include "tools/craft/http.h"
#include "tools/craft/session.h"
#include "tools/craft/tls.h"
#undef session
#undef side

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#endif

enum { FRAMES_MAX = 4096, BYTES_MAX = 8 << 20 };

// What was seen while a burst was on its way.
static volatile bool watching;
static volatile unsigned n_allocations, n_locks, n_calls;
static volatile int last_call;
static volatile char dispatch; // 0: calls of the kernel go through

#ifndef OTHER_MALLOC
static void *malloc_noted(void *p, size_t size)
{
	(void)size;
	if (watching)
		n_allocations++;
	return p;
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
	static int (*real)(pthread_mutex_t *);

	if (watching)
		n_locks++;
	if (real == NULL) {
		void *found = dlsym(RTLD_NEXT, "pthread_mutex_lock");
		memcpy(&real, &found, sizeof(real));
	}
	return real(m);
}
#endif

static void on_call(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	dispatch = 0; // so that this handler can return; the rest of the burst goes unseen
	last_call = info->si_syscall;
	n_calls++;
}

// False: the kernel cannot, or its clock is no vDSO, or a sanitizer has calls of its own.
static bool watch_calls(bool on)
{
#ifdef OTHER_MALLOC
	if (on)
		return false;
#endif
	struct sigaction action = {.sa_sigaction = on_call, .sa_flags = SA_SIGINFO};

	if (on && sigaction(SIGSYS, &action, NULL) < 0)
		return false;
	dispatch = 0;
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, on ? PR_SYS_DISPATCH_ON : PR_SYS_DISPATCH_OFF, 0, 0,
		    on ? &dispatch : NULL) != 0)
		return false;
	if (!on)
		return true;
	// Where the clock is a call of the kernel it is one in each turn.
	n_calls = 0;
	dispatch = 1;
	clock_gettime(CLOCK_MONOTONIC, &(struct timespec){0});
	dispatch = 0;
	return n_calls == 0;
}

// Frames in memory as a source.
struct memory_source {
	struct source source; // first
	unsigned n, at, until;
	uint32_t n_bytes;
	struct frame frames[FRAMES_MAX];
	uint8_t bytes[BYTES_MAX];
};

static struct memory_source memory;

static unsigned rx(struct source *s, struct packet *packets, unsigned n)
{
	struct memory_source *m = (struct memory_source *)s;
	unsigned given = 0;

	for (; given < n && given < BURST_MAX && m->at < m->until; m->at++, given++) {
		const struct frame *f = &m->frames[m->at];
		packets[given] = (struct packet){.data = f->data,
			.ts_ns = f->ts_ns,
			.len = f->len,
			.wire_len = f->wire_len,
			.link = LINK_ETHERNET};
	}
	return given;
}

static int put(void *ctx, const struct frame *f)
{
	struct memory_source *m = ctx;

	if (m->n == FRAMES_MAX || f->len > BYTES_MAX - m->n_bytes)
		return -ENOMEM;
	memcpy(m->bytes + m->n_bytes, f->data, f->len);
	m->frames[m->n] = *f;
	m->frames[m->n++].data = m->bytes + m->n_bytes;
	m->n_bytes += f->len;
	return 0;
}

static struct craft_session new_session(struct rng *rng, uint16_t port)
{
	static uint16_t next = 20000;
	struct craft_session s = {.put = put,
		.put_ctx = &memory,
		.rng = rng,
		.now_ns = 1700000000000000000ull,
		.step_ns = 1000,
		.mss = 1400};

	s.host[CLIENT] = host_of("10.0.0.1", next++);
	s.host[SERVER] = host_of("192.0.2.1", port);
	return s;
}

static uint8_t room[300000];

// Each flow's frames: first what begins it, then what is measured.
typedef void (*flow_fn)(struct craft_session *s, bool begin);

static void tls_flow(struct craft_session *s, bool begin)
{
	struct wire w = wire_over(room, sizeof(room));
	struct tls_profile p = {.sni = "www.example.net", .version = TLS_13};

	if (begin) {
		session_open(s);
		tls_client_hello(&w, &p, s->rng);
		session_send(s, CLIENT, w.p, w.len);
		w.len = 0;
		tls_server_flight(&w, &p, s->rng);
		session_send(s, SERVER, w.p, w.len);
		w.len = 0;
		tls_client_finish(&w, &p, s->rng);
		tls_application_data(&w, 1000, s->rng);
		session_send(s, CLIENT, w.p, w.len);
		return;
	}
	for (unsigned i = 0; i < 20; i++) {
		w.len = 0;
		tls_application_data(&w, 12000, s->rng);
		session_send(s, i % 4 == 0 ? CLIENT : SERVER, w.p, w.len);
	}
}

static void http_flow(struct craft_session *s, bool begin)
{
	enum { BODY = 200000 };
	struct wire w = wire_over(room, sizeof(room));
	struct http_request q = {
		.method = "GET", .host = "www.example.net", .path = "/", .agent = "curl"};

	if (begin) {
		session_open(s);
		http_request(&w, &q, 0);
		session_send(s, CLIENT, w.p, w.len);
		w.len = 0;
		http_response(&w, "text/plain", BODY);
		wire_fill(&w, 'a', BODY / 4);
		session_send(s, SERVER, w.p, w.len);
		return;
	}
	memset(room, 'b', BODY / 2);
	session_send(s, SERVER, room, BODY / 2);
}

// One question after the other, each a message with its event.
static void dns_flow(struct craft_session *s, bool begin)
{
	for (unsigned i = 0; i < (begin ? 4u : 200u); i++) {
		uint8_t message[512];
		struct wire w = wire_over(message, sizeof(message));
		dns_query(&w, (uint16_t)i, "chat.example.net", 1);
		session_datagram(s, CLIENT, w.p, w.len);
	}
}

static void udp_flow(struct craft_session *s, bool begin)
{
	for (unsigned i = 0; i < (begin ? 20u : 400u); i++) {
		memset(room, (int)(i * 37 + 1), 900);
		session_datagram(s, i % 2 == 0 ? CLIENT : SERVER, room, 900);
	}
}

static const char rules[] =
	"alert tls any any -> any any (tls.sni; content:\"nobody.example\"; sid:1;)\n"
	"alert dns any any -> any any (dns.query; content:\"chat\"; sid:2;)\n"
	"alert http any any -> any any (http.response_body; content:\"letter\"; sid:3;)\n"
	"alert tcp any any -> any any (content:\"somewhere\"; sid:4;)\n";

static bool open_engine(struct engine *e)
{
	struct engine_options o = engine_defaults();
	struct rule_list list = {0};
	struct diags diags = {0};
	struct swdb set = {0};
	uint64_t generation;
	char error[256];

	o.max_flows = 4096;
	bool ok = rules_parse("test", rules, sizeof(rules) - 1, NULL, false, &list, &diags) == 0 &&
		swdb_compile(&list, &set, &diags) == 0 && engine_open(e, &o) == 0 &&
		engine_load(e, set.data, set.len, &generation, error) == 0;
	rule_list_free(&list);
	diags_free(&diags);
	swdb_free(&set);
	return ok;
}

static void turn_until(struct worker *w, unsigned until)
{
	memory.until = until;
	while (memory.at < until)
		worker_turn(w);
}

// The measured part of a flow, with everything watched.
static void watch(const char *name, struct worker *w, bool calls)
{
	unsigned frames = memory.n - memory.at;

	n_allocations = n_locks = n_calls = 0;
	memory.until = memory.n;
	watching = true;
	dispatch = calls;
	while (memory.at < memory.n)
		worker_turn(w);
	dispatch = 0;
	watching = false;
	CHECK(frames >= 50, "%s: %u frames are too few", name, frames);
	CHECK(n_allocations == 0, "%s: %u allocations in %u frames", name, n_allocations, frames);
	CHECK(n_locks == 0, "%s: %u locks in %u frames", name, n_locks, frames);
	CHECK(n_calls == 0, "%s: system call %d", name, last_call);
}

static void test_flows(void)
{
	static const struct {
		const char *name;
		flow_fn flow;
		uint16_t port;
		bool messages; // are made of what is measured
	} rows[] = {
		{"a settled TLS flow", tls_flow, 443, false},
		{"the body of an answer", http_flow, 80, true},
		{"questions to DNS", dns_flow, 53, true},
		{"datagrams that nobody knows", udp_flow, 4000, false},
	};
	struct rng rng = {.state = 1};
	struct engine e;
	bool calls = watch_calls(true);

	if (!calls)
		printf(" (no Syscall User Dispatch: system calls are not looked at) ");
	CHECK(open_engine(&e), "an engine");
	struct worker *w = &e.workers[0];
	memory.source = (struct source){.rx = rx};
	worker_add_source(w, &memory.source, DEAL_NONE);
	ruleset_online(e.rulesets, 0);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct craft_session s = new_session(&rng, rows[i].port);
		memory.n = memory.at = memory.n_bytes = 0;
		rows[i].flow(&s, true);
		turn_until(w, memory.n);
		uint64_t scans = w->counters[CTR_SCANS];
		rows[i].flow(&s, false);
		CHECK(s.err == 0, "%s: frames", rows[i].name);
		watch(rows[i].name, w, calls);
		CHECK((w->counters[CTR_SCANS] > scans) == rows[i].messages, "%s: scans",
			rows[i].name);
	}
	worker_end(w);
	engine_close(&e);
	watch_calls(false);
}

// What is to be seen is seen.
static void test_sees(void)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	bool calls = watch_calls(true);

	n_allocations = n_locks = n_calls = 0;
	watching = true;
	void *volatile p = malloc(1);
	pthread_mutex_lock(&m);
	pthread_mutex_unlock(&m);
	dispatch = calls;
	prctl(PR_GET_DUMPABLE);
	dispatch = 0;
	watching = false;
	free(p);
	watch_calls(false);
#ifndef OTHER_MALLOC
	CHECK(n_allocations == 1, "%u allocations", n_allocations);
	CHECK(n_locks == 1, "%u locks", n_locks);
#endif
	CHECK(n_calls == (calls ? 1u : 0u), "%u system calls", n_calls);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what is watched", test_sees},
		{"flows on their way", test_flows},
		CU_TEST_INFO_NULL,
	};
	return check_main("hot_path", tests);
}
