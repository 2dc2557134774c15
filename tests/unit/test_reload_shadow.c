// Loads and shadows over the link, to a dataplane that this test plays: it takes one thing at a time,
// refuses, dies, and comes back.

#include "control/reload.h"
#include "dataplane/base/sock.h"
#include "patterns/swdb.h"
#include "tests/unit/compile_run.h"

#include <sys/mman.h>
#include <sys/socket.h>

enum { PAGE = 4096, RING = 1 << 16, WAIT_MS = 20000, STEP_MS = 20 };

struct played { // the dataplane
	int listener, client, region;
	struct link_hello hello;
	struct link_status status;
	int refuses; // what a shadow is answered with; 0: it is taken
	bool holds; // answers wait
	struct link_head held; // op 0: none
	uint8_t digest[32]; // of the set that came last
	unsigned busy; // requests that came while another one was held
	char log[64]; // L, S, D: what was done
};

struct bench {
	struct event_base *base;
	struct event *playing;
	struct control_config config;
	struct disabled_store disabled;
	struct stats *stats;
	struct reload *reload;
	struct link *link;
	struct played p;
	char socket[128];
	bool done; // of the load that was asked for last
	int status;
	char error[256];
};

static uint64_t round_up(uint64_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

static void play(struct played *p, uint64_t start_ns)
{
	struct link_hello *h = &p->hello;

	*h = (struct link_hello){.version = LINK_VERSION,
		.n_workers = 1,
		.n_pages = 1,
		.n_rings = 1,
		.pages_offset = round_up(sizeof(struct directory_page)),
		.page_stride = round_up(sizeof(struct counter_page)),
		.ring_stride = round_up(sizeof(struct event_ring) + RING),
		.ring_size = RING,
		.start_ns = start_ns};
	h->rings_offset = h->pages_offset + h->page_stride;
	h->region_len = h->rings_offset + h->ring_stride;
	p->status = (struct link_status){.start_ns = start_ns, .n_workers = 1};
	p->region = memfd_create("region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (ftruncate(p->region, (off_t)h->region_len) < 0 ||
		fcntl(p->region, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		abort();
}

static void reply(struct played *p, struct link_head head, const void *payload, size_t len, int fd)
{
	uint8_t message[sizeof(head) + LINK_PAYLOAD_MAX];

	head.len = (uint32_t)len;
	memcpy(message, &head, sizeof(head));
	if (len > 0)
		memcpy(message + sizeof(head), payload, len);
	CHECK(sock_send(p->client, message, sizeof(head) + len, fd) == 0, "reply to %u", head.op);
}

static void take_set(struct played *p, struct link_head head, uint64_t *generation, uint8_t to[32])
{
	struct link_receipt receipt = {.n_workers = 1};

	receipt.generation = ++*generation;
	memcpy(to, p->digest, 32);
	memcpy(receipt.digest, p->digest, 32);
	reply(p, head, &receipt, sizeof(receipt), -1);
}

static void act(struct played *p, struct link_head head)
{
	char did[2] = {head.op == LINK_PATTERNS_LOAD ? 'L' : 'S', '\0'};

	if (head.op == LINK_SHADOW_DROP) {
		did[0] = 'D';
		p->status.shadow_generation = 0;
		reply(p, head, NULL, 0, -1);
	} else if (head.op == LINK_PATTERNS_LOAD) {
		take_set(p, head, &p->status.generation, p->status.digest);
	} else if (p->refuses != 0) {
		head.status = p->refuses;
		reply(p, head, NULL, 0, -1);
	} else {
		take_set(p, head, &p->status.shadow_generation, p->status.shadow_digest);
	}
	strncat(p->log, did, sizeof(p->log) - strlen(p->log) - 1);
}

static void serve(struct played *p, struct link_head head, int fd)
{
	if (fd >= 0 && pread(fd, p->digest, 32, offsetof(struct swdb_header, sources)) != 32)
		abort();
	if (head.op == LINK_HELLO) {
		p->hello.generation = p->status.generation;
		memcpy(p->hello.digest, p->status.digest, 32);
		reply(p, head, &p->hello, sizeof(p->hello), p->region);
	} else if (head.op == LINK_STATUS) {
		reply(p, head, &p->status, sizeof(p->status), -1);
	} else if (p->held.op != 0) {
		p->busy++;
		head.status = -EBUSY;
		reply(p, head, NULL, 0, -1);
	} else if (p->holds) {
		p->held = head;
	} else {
		act(p, head);
	}
}

static void play_on(evutil_socket_t no, short what, void *ctx)
{
	struct played *p = &((struct bench *)ctx)->p;
	uint8_t message[sizeof(struct link_head) + LINK_PAYLOAD_MAX];
	struct link_head head;
	int fd = -1;

	(void)no;
	(void)what;
	if (p->client < 0)
		p->client = sock_accept(p->listener);
	while (p->client >= 0 && sock_recv(p->client, message, sizeof(message), &fd) > 0) {
		memcpy(&head, message, sizeof(head));
		serve(p, head, fd);
		if (fd >= 0)
			close(fd);
	}
}

static void release(struct played *p)
{
	struct link_head head = p->held;

	p->holds = false;
	p->held = (struct link_head){0};
	act(p, head);
}

// Another run, with nothing in it.
static void die(struct bench *b)
{
	struct played *p = &b->p;

	close(p->client);
	close(p->region);
	p->client = -1;
	p->held = (struct link_head){0};
	p->holds = false;
	p->log[0] = '\0';
	play(p, p->hello.start_ns + 1);
}

static void up(void *ctx, const struct link_region *region)
{
	struct bench *b = ctx;

	CHECK(stats_attach(b->stats, region) == 0, "attach");
	reload_link_up(b->reload, &region->hello);
}

static void down(void *ctx)
{
	(void)ctx;
}

static void receipt(void *ctx, int status, const struct link_receipt *r)
{
	reload_receipt(((struct bench *)ctx)->reload, status, r);
}

static void dropped(void *ctx, int status)
{
	reload_shadow_dropped(((struct bench *)ctx)->reload, status);
}

static void told(void *ctx, const struct link_status *status)
{
	reload_status(((struct bench *)ctx)->reload, status);
}

static void load_done(void *ctx, const struct load_outcome *outcome)
{
	struct bench *b = ctx;

	b->done = true;
	b->status = outcome->status;
	snprintf(b->error, sizeof(b->error), "%s", outcome->error);
}

// Until it is so; false when it does not become so.
#define UNTIL(b, cond)                                                                             \
	({                                                                                         \
		for (unsigned ms = 0; ms < WAIT_MS && !(cond); ms += STEP_MS)                      \
			turn(b);                                                                   \
		(cond);                                                                            \
	})

static void turn(struct bench *b)
{
	const struct timeval step = {.tv_usec = STEP_MS * 1000};

	event_base_loopexit(b->base, &step);
	event_base_loop(b->base, 0);
}

static void turns(struct bench *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		turn(b);
}

static void ask(struct bench *b, struct load_request request)
{
	const struct load_caller caller = {.done = load_done, .ctx = b};
	uint64_t id;

	b->done = false;
	b->status = 1;
	CHECK(reload_start(b->reload, &request, &caller, &id) == 0, "start");
}

static void ask_path(struct bench *b, enum load_purpose purpose, const char *path)
{
	ask(b,
		(struct load_request){
			.purpose = purpose, .paths = &path, .n_paths = 1, .share = 100});
}

static char live_rules[128], next_rules[128];

// The link is up, and one set is live.
static void bench_open(struct bench *b)
{
	const struct timeval period = {.tv_usec = 1000};
	static const struct rule_var none[] = {{NULL, NULL}};
	const struct link_callbacks callbacks = {.up = up,
		.down = down,
		.receipt = receipt,
		.dropped = dropped,
		.status = told,
		.ctx = b};

	*b = (struct bench){.base = event_base_new(),
		.config = {.keep_generations = 4,
			.compile = plenty,
			.variables = none,
			.geoip_database = ""},
		.disabled = {.dir = -1},
		.stats = stats_new(),
		.p = {.client = -1}};
	snprintf(b->socket, sizeof(b->socket), "%s/link.sock", dir);
	b->p.listener = sock_listen(b->socket, SOCK_SEQPACKET, 0600);
	play(&b->p, 1);
	b->reload = reload_new(b->base, &b->config, NULL, &b->disabled);
	CHECK(link_new(b->base, b->socket, &callbacks, &b->link) == 0, "link");
	reload_bind(b->reload, b->link, b->stats);
	b->playing = event_new(b->base, -1, EV_PERSIST, play_on, b);
	event_add(b->playing, &period);
	CHECK(UNTIL(b, link_is_up(b->link)), "up");
	ask_path(b, LOAD_TO_RUN, live_rules);
	CHECK(UNTIL(b, b->done) && b->status == 0, "live: %s", b->error);
	b->p.log[0] = '\0';
}

static void bench_close(struct bench *b)
{
	CHECK(b->p.busy == 0, "nothing came while something else was done");
	reload_free(b->reload);
	link_free(b->link);
	stats_free(b->stats);
	close(b->p.client);
	close(b->p.listener);
	close(b->p.region);
	unlink(b->socket);
	event_free(b->playing);
	event_base_free(b->base);
}

static void add_shadow(struct bench *b)
{
	ask_path(b, LOAD_TO_SHADOW, next_rules);
	CHECK(UNTIL(b, b->done) && b->status == 0, "shadow: %s", b->error);
	CHECK(reload_shadow(b->reload)->set != NULL && reload_shadow(b->reload)->share == 100,
		"it is there");
	CHECK(reload_live(b->reload)->generation == b->p.status.generation, "live is live");
	b->p.log[0] = '\0';
}

static void test_refused(void)
{
	static const struct {
		const char *name;
		int status;
		const char *says;
	} rows[] = {
		{"an older dataplane", -ENOTSUP, "older version"},
		{"short of memory", -ENOMEM, "memory"},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bench b;
		bench_open(&b);
		b.p.refuses = rows[i].status;
		ask_path(&b, LOAD_TO_SHADOW, next_rules);
		CHECK(UNTIL(&b, b.done) && b.status == rows[i].status, "%s: %d", rows[i].name,
			b.status);
		CHECK(strstr(b.error, rows[i].says) != NULL, "%s: %s", rows[i].name, b.error);
		CHECK(reload_shadow(b.reload)->set == NULL, "%s: none", rows[i].name);
		CHECK(reload_live(b.reload) != NULL, "%s: live", rows[i].name);
		CHECK(reload_last_error(b.reload)[0] == '\0', "%s: the last load went well",
			rows[i].name);
		bench_close(&b);
	}
}

// The one before stays when the next is refused.
static void test_stays(void)
{
	struct bench b;

	bench_open(&b);
	add_shadow(&b);
	const struct pattern_set *set = reload_shadow(b.reload)->set;
	b.p.refuses = -ENOMEM;
	ask_path(&b, LOAD_TO_SHADOW, live_rules);
	CHECK(UNTIL(&b, b.done) && b.status == -ENOMEM, "refused");
	CHECK(reload_shadow(b.reload)->set == set, "the one before");
	bench_close(&b);
}

static void test_load_behind_drop(void)
{
	struct bench b;

	bench_open(&b);
	add_shadow(&b);
	b.p.holds = true;
	CHECK(reload_drop_shadow(b.reload) == 0, "dropped");
	CHECK(reload_drop_shadow(b.reload) == -ENOENT, "once");
	ask_path(&b, LOAD_TO_RUN, next_rules);
	CHECK(UNTIL(&b, reload_state(b.reload) == LOAD_SENDING), "compiled");
	turns(&b, 5);
	CHECK(!b.done && b.p.log[0] == '\0', "waits: %s", b.p.log);
	release(&b.p);
	CHECK(UNTIL(&b, b.done) && b.status == 0, "loaded: %s", b.error);
	CHECK(strcmp(b.p.log, "DL") == 0, "in their order: %s", b.p.log);
	bench_close(&b);
}

static void test_drop_behind_load(void)
{
	struct bench b;

	bench_open(&b);
	add_shadow(&b);
	b.p.holds = true;
	ask_path(&b, LOAD_TO_RUN, next_rules);
	CHECK(UNTIL(&b, b.p.held.op == LINK_PATTERNS_LOAD), "sent");
	CHECK(reload_drop_shadow(b.reload) == 0, "dropped");
	turns(&b, 5);
	release(&b.p);
	CHECK(UNTIL(&b, strcmp(b.p.log, "LD") == 0) && b.done && b.status == 0, "both: %s",
		b.p.log);
	b.p.holds = true;
	ask_path(&b, LOAD_TO_SHADOW, next_rules);
	CHECK(UNTIL(&b, b.p.held.op == LINK_SHADOW_LOAD), "sent");
	CHECK(reload_drop_shadow(b.reload) == -EBUSY, "one on its way is not dropped");
	release(&b.p);
	CHECK(UNTIL(&b, b.done) && b.status == 0, "it runs");
	bench_close(&b);
}

// The link breaks while a load waits for a drop.
static void test_dies_between(void)
{
	struct bench b;

	bench_open(&b);
	add_shadow(&b);
	b.p.holds = true;
	CHECK(reload_drop_shadow(b.reload) == 0, "dropped");
	ask_path(&b, LOAD_TO_RUN, next_rules);
	CHECK(UNTIL(&b, reload_state(b.reload) == LOAD_SENDING), "compiled");
	CHECK(UNTIL(&b, b.p.held.op == LINK_SHADOW_DROP), "the drop is there");
	die(&b);
	CHECK(UNTIL(&b, b.done) && b.status < 0, "its caller is told");
	CHECK(UNTIL(&b, strcmp(b.p.log, "L") == 0), "the live set again: %s", b.p.log);
	turns(&b, 70);
	CHECK(strcmp(b.p.log, "L") == 0, "and no shadow: %s", b.p.log);
	bench_close(&b);
}

static void test_comes_back(void)
{
	struct bench b;

	bench_open(&b);
	add_shadow(&b);
	die(&b);
	CHECK(UNTIL(&b, strcmp(b.p.log, "LS") == 0), "the live set, then it: %s", b.p.log);
	turns(&b, 70);
	CHECK(strcmp(b.p.log, "LS") == 0, "once: %s", b.p.log);
	die(&b);
	b.p.refuses = -ENOMEM;
	CHECK(UNTIL(&b, strcmp(b.p.log, "LS") == 0), "tried: %s", b.p.log);
	CHECK(UNTIL(&b, reload_shadow(b.reload)->set == NULL), "given up");
	turns(&b, 70);
	CHECK(strcmp(b.p.log, "LS") == 0, "for good: %s", b.p.log);
	bench_close(&b);
}

static void test_not_ours(void)
{
	struct bench b;

	bench_open(&b);
	b.p.status.shadow_generation = 7;
	CHECK(UNTIL(&b, strcmp(b.p.log, "D") == 0), "dropped: %s", b.p.log);
	add_shadow(&b);
	memset(b.p.status.shadow_digest, 1, 32);
	CHECK(UNTIL(&b, strcmp(b.p.log, "S") == 0), "another one than ours: %s", b.p.log);
	bench_close(&b);
}

static void test_promote(void)
{
	struct bench b;

	bench_open(&b);
	add_shadow(&b);
	struct pattern_set *set = reload_shadow(b.reload)->set;
	ask(&b, (struct load_request){.set = set, .promotes = true});
	CHECK(UNTIL(&b, b.done) && b.status == 0, "promoted: %s", b.error);
	CHECK(reload_live(b.reload) == set && reload_shadow(b.reload)->set == NULL, "it is live");
	CHECK(UNTIL(&b, strcmp(b.p.log, "LD") == 0), "and no shadow: %s", b.p.log);

	// Another one has come by its turn: that stays.
	add_shadow(&b);
	ask_path(&b, LOAD_TO_SHADOW, live_rules);
	ask(&b, (struct load_request){.set = reload_shadow(b.reload)->set, .promotes = true});
	CHECK(UNTIL(&b, strcmp(b.p.log, "SL") == 0) && b.done, "both: %s", b.p.log);
	CHECK(reload_shadow(b.reload)->set != NULL, "the newer one");
	bench_close(&b);
}

int main(void)
{
	static const char rule[] =
		"alert dns any any -> any any (dns.query; content:\"%c.example\"; sid:5;)\n";
	char text[128];
	CU_TestInfo tests[] = {
		{"refused", test_refused},
		{"stays", test_stays},
		{"load behind a drop", test_load_behind_drop},
		{"drop behind a load", test_drop_behind_load},
		{"dies between", test_dies_between},
		{"comes back", test_comes_back},
		{"not ours", test_not_ours},
		{"promote", test_promote},
		CU_TEST_INFO_NULL,
	};

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(text, sizeof(text), rule, 'a');
	snprintf(live_rules, sizeof(live_rules), "%s", write_rules("live.rules", text));
	snprintf(text, sizeof(text), rule, 'b');
	snprintf(next_rules, sizeof(next_rules), "%s", write_rules("next.rules", text));
	int status = check_main("reload_shadow", tests);
	unlink(live_rules);
	unlink(next_rules);
	rmdir(dir);
	return status;
}
