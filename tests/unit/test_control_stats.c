// Totals over runs of the dataplane: they never go back, and the accounting law goes on.

#include "control/shadow.h"
#include "control/stats.h"
#include "tests/unit/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, RING = 1 << 16, WORKERS = 2, PAGES = WORKERS + 1 };

struct run { // a dataplane, seen from inside
	struct link_hello hello;
	uint8_t *base;
	int fd;
	uint64_t values[PAGES][CTR_COUNT];
};

static uint64_t round_up(uint64_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

static struct counter_page *page_of(struct run *r, unsigned i)
{
	return (struct counter_page *)(r->base + r->hello.pages_offset + i * r->hello.page_stride);
}

static struct directory_page *directory_of(struct run *r)
{
	return (struct directory_page *)r->base;
}

static struct run *run_new(uint64_t start_ns)
{
	struct run *r = calloc(1, sizeof(*r));
	struct link_hello *h = &r->hello;

	*h = (struct link_hello){.version = LINK_VERSION,
		.n_workers = WORKERS,
		.n_pages = PAGES,
		.n_rings = PAGES,
		.pages_offset = round_up(sizeof(struct directory_page)),
		.page_stride = round_up(sizeof(struct counter_page)),
		.ring_stride = round_up(sizeof(struct event_ring) + RING),
		.ring_size = RING,
		.start_ns = start_ns};
	h->rings_offset = h->pages_offset + PAGES * h->page_stride;
	h->region_len = h->rings_offset + PAGES * h->ring_stride;
	r->fd = memfd_create("run", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (ftruncate(r->fd, (off_t)h->region_len) < 0 ||
		fcntl(r->fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		abort();
	r->base = mmap(NULL, h->region_len, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (r->base == MAP_FAILED)
		abort();
	for (unsigned i = 0; i < PAGES; i++)
		page_of(r, i)->thread = i == WORKERS ? THREAD_READER : i;
	directory_of(r)->n_rules = 1;
	directory_of(r)->n_services = 1;
	return r;
}

static void run_free(struct run *r)
{
	munmap(r->base, r->hello.region_len);
	close(r->fd);
	free(r);
}

static void attach(struct stats *s, struct run *r)
{
	struct link_region region;

	CHECK(link_region_map(&r->hello, r->fd, &region) == 0, "map");
	CHECK(stats_attach(s, &region) == 0, "attach");
}

static void add(struct run *r, unsigned thread, enum counter c, uint64_t n)
{
	r->values[thread][c] += n;
	counter_page_publish(page_of(r, thread), r->values[thread]);
}

// The reader takes 100 frames: 2 are no IP, 90 reach worker 0, 8 are on their way; one is held.
static void count_some(struct run *r)
{
	add(r, WORKERS, CTR_RX_PACKETS, 100);
	add(r, WORKERS, CTR_NOT_IP, 2);
	add(r, WORKERS, CTR_HANDED_OUT, 98);
	add(r, 0, CTR_HANDED_IN, 90);
	add(r, 0, CTR_DELIVERED, 89);
	add(r, 0, CTR_HELD_OUT_OF_ORDER, 1);
	add(r, 0, CTR_FLOWS_ACTIVE, 5);
}

static void check_account(const struct stats *s, const char *when, struct stats_accounting want)
{
	const struct stats_accounting a = stats_account(s);

	CHECK(a.received == want.received, "%s: received %llu", when,
		(unsigned long long)a.received);
	CHECK(a.delivered == want.delivered, "%s: %llu", when, (unsigned long long)a.delivered);
	CHECK(a.held == want.held, "%s: held %llu", when, (unsigned long long)a.held);
	CHECK(a.between == want.between, "%s: between %lld", when, (long long)a.between);
	CHECK(a.causes == want.causes, "%s: causes %llu", when, (unsigned long long)a.causes);
	CHECK(a.lost == want.lost, "%s: lost %llu", when, (unsigned long long)a.lost);
	CHECK(a.unaccounted == 0, "%s: unaccounted %lld", when, (long long)a.unaccounted);
}

static void test_totals(void)
{
	struct stats *s = stats_new();
	struct run *first = run_new(1), *second = run_new(2);
	uint64_t totals[CTR_COUNT], values[CTR_COUNT];

	check_account(s, "nothing yet", (struct stats_accounting){0});
	attach(s, first);
	count_some(first);
	stats_refresh(s);
	check_account(s, "first",
		(struct stats_accounting){
			.received = 100, .delivered = 89, .held = 1, .between = 8, .causes = 2});
	CHECK(stats_thread(s, STATS_READER, values) && values[CTR_RX_PACKETS] == 100, "reader");
	CHECK(stats_thread(s, 1, values) && values[CTR_RX_PACKETS] == 0, "worker 1");
	CHECK(!stats_thread(s, 2, values), "no worker 2");

	// The link broke, the dataplane did not.
	attach(s, first);
	stats_totals(s, totals);
	CHECK(totals[CTR_RX_PACKETS] == 100, "the same run is not counted twice");

	// It dies after ten more that nobody has looked at.
	add(first, WORKERS, CTR_RX_PACKETS, 10);
	add(first, WORKERS, CTR_NOT_IP, 10);
	attach(s, second);
	check_account(s, "second, at its start",
		(struct stats_accounting){
			.received = 110, .delivered = 89, .causes = 12, .lost = 9});
	stats_totals(s, totals);
	CHECK(totals[CTR_FLOWS_ACTIVE] == 0 && totals[CTR_HELD_OUT_OF_ORDER] == 0, "levels end");
	count_some(second);
	stats_refresh(s);
	check_account(s, "second",
		(struct stats_accounting){.received = 210,
			.delivered = 178,
			.held = 1,
			.between = 8,
			.causes = 14,
			.lost = 9});
	CHECK(stats_thread(s, 0, values) && values[CTR_DELIVERED] == 178, "worker 0 goes on");
	stats_free(s);
	run_free(first);
	run_free(second);
}

// Killed between the two halves of a publication: what was read before counts.
static void test_torn_page(void)
{
	struct stats *s = stats_new();
	struct run *first = run_new(1), *second = run_new(2);
	uint64_t totals[CTR_COUNT];

	attach(s, first);
	count_some(first);
	stats_refresh(s);
	struct counter_page *page = page_of(first, WORKERS);
	atomic_fetch_add(&page->seq, 1);
	atomic_store(&page->values[CTR_RX_PACKETS], 12345);
	stats_refresh(s);
	stats_totals(s, totals);
	CHECK(totals[CTR_RX_PACKETS] == 100, "%llu", (unsigned long long)totals[CTR_RX_PACKETS]);
	attach(s, second);
	check_account(s, "after it",
		(struct stats_accounting){
			.received = 100, .delivered = 89, .causes = 2, .lost = 9});
	stats_free(s);
	run_free(first);
	run_free(second);
}

static void set_rule(struct run *r, uint32_t slot, uint32_t sid, uint32_t rev)
{
	directory_of(r)->rules[slot] = (struct rule_slot){.gid = 1, .sid = sid, .rev = rev};
	directory_of(r)->n_rules = slot + 1;
}

static struct rule_numbers numbers(const struct stats *s, uint32_t gid, uint32_t sid, uint32_t rev)
{
	struct rule_tallies t;
	struct rule_numbers found = {0};
	unsigned times = 0;

	CHECK(stats_rules(s, TALLY_RULES, &t) == 0, "rules");
	for (uint32_t i = 0; i < t.n; i++) {
		if (t.items[i].gid == gid && t.items[i].sid == sid && t.items[i].rev == rev) {
			rule_numbers_add(&found, &t.items[i].n);
			times++;
		}
	}
	CHECK(times <= 1, "%u:%u:%u: %u times", gid, sid, rev, times);
	rule_tallies_free(&t);
	return found;
}

static uint64_t hits(const struct stats *s, uint32_t gid, uint32_t sid, uint32_t rev)
{
	return numbers(s, gid, sid, rev).hits;
}

// So many hits, one a confirm step, at times from 1 on.
static void hit(struct run *r, unsigned page, uint32_t slot, unsigned n)
{
	struct rule_counts *t = &page_of(r, page)->rules;

	for (unsigned i = 1; i <= n; i++) {
		rule_counts_check(t, slot, LED_BY_PREFILTER);
		rule_count_hit(&t->of[slot], i);
	}
}

static void test_rules(void)
{
	struct stats *s = stats_new();
	struct run *first = run_new(1), *second = run_new(2);

	attach(s, first);
	set_rule(first, 1, 10, 1);
	set_rule(first, 2, 20, 1);
	hit(first, 0, 1, 3);
	hit(first, 1, 1, 4);
	hit(first, 0, 2, 5);
	hit(first, 0, 0, 1);
	hit(first, 0, 3, 99); // no such rule
	CHECK(hits(s, 1, 10, 1) == 7 && hits(s, 1, 20, 1) == 5, "first");

	// The next run has them in other slots, and one with another revision.
	attach(s, second);
	set_rule(second, 1, 20, 2);
	set_rule(second, 2, 10, 1);
	hit(second, 1, 1, 100);
	hit(second, 1, 2, 1000);
	hit(second, 1, 0, 1);
	CHECK(hits(s, 1, 10, 1) == 1007, "the same rule");
	CHECK(hits(s, 1, 20, 1) == 5 && hits(s, 1, 20, 2) == 100, "two revisions are two rules");
	CHECK(hits(s, 0, 0, 0) == 2, "the rest");

	directory_of(second)->n_rules = UINT32_MAX;
	CHECK(hits(s, 1, 10, 1) == 1007, "a count beyond the table is cut");
	stats_free(s);
	run_free(first);
	run_free(second);
}

// All of a rule's numbers go on through a restart; the latest hit of all is the last one.
static void test_rule_numbers(void)
{
	struct stats *s = stats_new();
	struct run *first = run_new(1), *second = run_new(2);

	attach(s, first);
	set_rule(first, 1, 10, 1);
	hit(first, 0, 1, 9);
	hit(first, 1, 1, 4);
	rule_counts_check(&page_of(first, 1)->rules, 1, LED_OTHERWISE);
	page_of(first, 0)->rules.of[1].alerts = 3;
	page_of(first, 0)->rules.of[1].timed = 2;
	page_of(first, 0)->rules.of[1].cost_ns = 2 * RULE_COST_STRIDE * 50;
	attach(s, second);
	set_rule(second, 1, 10, 1);
	hit(second, 0, 1, 2);
	page_of(second, 0)->rules.of[1].timed = 1;
	page_of(second, 0)->rules.of[1].cost_ns = RULE_COST_STRIDE * 200;

	struct rule_numbers n = numbers(s, 1, 10, 1);
	CHECK(n.checks == 16 && n.prefilter == 15 && n.hits == 15 && n.alerts == 3, "counts");
	CHECK(n.last_hit_ns == 9, "the latest hit: %llu", (unsigned long long)n.last_hit_ns);
	CHECK(n.timed == 3 && rule_numbers_check_ns(&n) == 100, "cost");
	stats_free(s);
	run_free(first);
	run_free(second);
}

static uint64_t memory_of(const struct run *r)
{
	struct stat st;

	return fstat(r->fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

// Of shared memory, reading makes pages: records of rules that were never looked at are not read.
static void test_sparse(void)
{
	struct stats *s = stats_new();
	struct run *r = run_new(1);

	attach(s, r);
	set_rule(r, RULE_SLOTS - 1, 10, 1);
	hit(r, 0, RULE_SLOTS - 1, 1);
	hit(r, 2, 700, 1);
	CHECK(hits(s, 1, 10, 1) == 1, "the last one");
	uint64_t all = PAGES * sizeof(struct rule_counts);
	uint64_t least = sizeof(struct directory_page);
	CHECK(memory_of(r) < least + all / 10, "%llu bytes of %llu",
		(unsigned long long)memory_of(r), (unsigned long long)(least + all));
	stats_free(s);
	run_free(r);
}

static void hit_in(struct rule_counts *t, uint32_t slot, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) {
		rule_counts_check(t, slot, LED_BY_PREFILTER);
		rule_count_hit(&t->of[slot], i);
	}
}

static uint64_t hits_in(const struct rule_tallies *t, uint32_t sid)
{
	const struct rule_tally *found = tally_find(t, 1, sid, 1);

	return found != NULL ? found->n.hits : 0;
}

static void check_counts(const struct shadow *shadow, const struct stats *s, const char *when,
	uint64_t live, uint64_t beside, uint64_t finds)
{
	struct shadow_counts c;

	CHECK(shadow_counts(shadow, s, &c) == 0, "%s", when);
	CHECK(hits_in(&c.sides[SHADOW_LIVE], 10) == live, "%s: live %llu", when,
		(unsigned long long)hits_in(&c.sides[SHADOW_LIVE], 10));
	CHECK(hits_in(&c.sides[SHADOW_BESIDE], 10) == beside, "%s: shadow %llu", when,
		(unsigned long long)hits_in(&c.sides[SHADOW_BESIDE], 10));
	CHECK(tally_total(&c.sides[SHADOW_BESIDE]).hits == beside, "%s: in all", when);
	CHECK(c.finds == finds, "%s: %llu finds", when, (unsigned long long)c.finds);
	const struct rule_tally *t = tally_find(&c.sides[SHADOW_LIVE], 1, 10, 1);
	CHECK(t == NULL || (t->n.last_hit_ns != 0) == (live != 0), "%s: last hit", when);
	shadow_counts_free(&c);
}

// The three tables of a page are three; a shadow's numbers begin with it, and go on through a
// restart of the dataplane.
static void test_shadow(void)
{
	struct stats *s = stats_new();
	struct run *first = run_new(1), *second = run_new(2);
	struct shadow shadow = {0};

	check_counts(&shadow, s, "no dataplane", 0, 0, 0);
	attach(s, first);
	set_rule(first, 1, 10, 1);
	hit(first, 0, 1, 100);
	hit_in(&page_of(first, 0)->beside, 1, 3);
	hit_in(&page_of(first, 0)->shadow, 1, 4);
	add(first, 0, CTR_SHADOW_FINDS, 9);
	stats_refresh(s);
	check_counts(&shadow, s, "all there was", 3, 4, 9);
	CHECK(hits(s, 1, 10, 1) == 100, "of all traffic");

	CHECK(shadow_begin(&shadow, s) == 0, "begin");
	check_counts(&shadow, s, "nothing yet", 0, 0, 0);
	hit_in(&page_of(first, 0)->beside, 1, 5);
	hit_in(&page_of(first, 1)->shadow, 1, 6);
	add(first, 1, CTR_SHADOW_FINDS, 1);
	stats_refresh(s);
	check_counts(&shadow, s, "since", 5, 6, 1);

	attach(s, second);
	set_rule(second, 2, 10, 1);
	check_counts(&shadow, s, "another run", 5, 6, 1);
	hit_in(&page_of(second, 0)->beside, 2, 10);
	hit_in(&page_of(second, 0)->shadow, 2, 20);
	add(second, 0, CTR_SHADOW_FINDS, 2);
	stats_refresh(s);
	check_counts(&shadow, s, "goes on", 15, 26, 3);
	CHECK(hits(s, 1, 10, 1) == 100, "of all traffic");
	shadow_drop(&shadow);
	stats_free(s);
	run_free(first);
	run_free(second);
}

static void test_sorted(void)
{
	struct rule_tally items[] = {
		{0, 0, 0, {.checks = 7, .hits = 7}},
		{1, 1, 1, {.checks = 5, .cost_ns = 90}},
		{1, 2, 1, {.checks = 9, .hits = 3, .prefilter = 1, .cost_ns = 10}},
		{1, 3, 1, {0}},
		{1, 4, 1, {.checks = 6, .hits = 2, .prefilter = 6, .cost_ns = 10}},
	};
	static const struct {
		enum tally_key key;
		uint32_t sids[3];
	} rows[] = {
		{TALLY_COST, {1, 2, 4}},
		{TALLY_HITS, {2, 4, 1}},
		{TALLY_CHECKS, {2, 4, 1}},
		{TALLY_PREFILTER, {4, 2, 1}},
	};
	struct rule_tallies t = {ROWS(items), items};
	struct rule_numbers total, other;

	tally_condense(&t, &total, &other);
	CHECK(t.n == 3, "the rest and what was never looked at are gone: %u", t.n);
	CHECK(total.checks == 27 && total.hits == 12 && other.checks == 7, "sums");
	for (size_t i = 0; i < ROWS(rows); i++) {
		tally_sort(&t, rows[i].key);
		for (unsigned k = 0; k < 3; k++)
			CHECK(t.items[k].sid == rows[i].sids[k], "order %zu: %u. is %u", i, k,
				t.items[k].sid);
	}
}

static const struct service_tally *find(const struct service_tallies *t, const char *name)
{
	for (uint32_t i = 0; i < t->n; i++) {
		if (strcmp(t->items[i].name, name) == 0)
			return &t->items[i];
	}
	return NULL;
}

static void test_services(void)
{
	struct stats *s = stats_new();
	struct run *first = run_new(1), *second = run_new(2);
	struct service_tallies t;

	attach(s, first);
	strcpy(directory_of(first)->services[1], "chat");
	memset(directory_of(first)->services[2], 'x', SERVICE_NAME_LEN); // without an end
	directory_of(first)->n_services = 3;
	page_of(first, 0)->services[1] =
		(struct service_count){.flows = 1, .packets = 10, .bytes = 100};
	page_of(first, 1)->services[1] =
		(struct service_count){.flows = 2, .packets = 20, .bytes = 200};
	attach(s, second);
	strcpy(directory_of(second)->services[1], "voice");
	strcpy(directory_of(second)->services[2], "chat");
	directory_of(second)->n_services = 3;
	page_of(second, 0)->services[2] =
		(struct service_count){.flows = 4, .packets = 40, .bytes = 400};

	CHECK(stats_services(s, &t) == 0, "services");
	const struct service_tally *chat = find(&t, "chat");
	CHECK(chat != NULL && chat->flows == 7 && chat->packets == 70 && chat->bytes == 700,
		"chat");
	CHECK(find(&t, "voice") != NULL, "voice");
	for (uint32_t i = 0; i < t.n; i++)
		CHECK(strnlen(t.items[i].name, SERVICE_NAME_LEN) < SERVICE_NAME_LEN, "%u ends", i);
	service_tallies_free(&t);
	stats_free(s);
	run_free(first);
	run_free(second);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"totals", test_totals},
		{"torn page", test_torn_page},
		{"rules", test_rules},
		{"numbers of rules", test_rule_numbers},
		{"sparse", test_sparse},
		{"shadow", test_shadow},
		{"sorted", test_sorted},
		{"services", test_services},
		CU_TEST_INFO_NULL,
	};
	return check_main("control_stats", tests);
}
