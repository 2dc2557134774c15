// Postures as the daemon adds them up: over workers, runs of the dataplane, days, and its own lives.

#include "control/posture_days.h"
#include "control/posture_tally.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, WORKERS = 2, RING = 1 << 16 };

static uint64_t round_up(uint64_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

// A dataplane's region, seen from inside; `region` is what control has of it.
static struct link_region region_new(uint64_t start_ns)
{
	struct link_region r = {.hello = {.version = LINK_VERSION,
					.n_workers = WORKERS,
					.n_pages = WORKERS,
					.n_rings = WORKERS,
					.start_ns = start_ns,
					.ring_size = RING}};
	struct link_hello *h = &r.hello;

	h->pages_offset = round_up(sizeof(struct directory_page));
	h->page_stride = round_up(sizeof(struct counter_page));
	h->rings_offset = h->pages_offset + WORKERS * h->page_stride;
	h->ring_stride = round_up(sizeof(struct event_ring) + RING);
	h->region_len = h->rings_offset + WORKERS * h->ring_stride;
	r.base = mmap(
		NULL, h->region_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r.base == MAP_FAILED)
		abort();
	return r;
}

static void name(struct link_region *r, uint16_t service, const char *text)
{
	snprintf(link_region_directory(r)->services[service], SERVICE_NAME_LEN, "%s", text);
}

// So many flows of a worker, of one grade, all with the check.
static void count(struct link_region *r, unsigned worker, uint32_t at, uint16_t service,
	uint8_t segment, enum posture_grade grade, enum posture_check check, uint64_t n)
{
	struct posture_cell *c = &link_region_page(r, worker)->posture.cells[at];

	c->key = posture_key(service, segment);
	c->flows += n;
	c->bytes += 100 * n;
	c->grades[grade] += n;
	c->checks[check] += n;
	c->facts[POSTURE_ANSWERED - POSTURE_FACT_FIRST] += n;
}

static const struct posture_tally *find(
	const struct posture_tallies *t, const char *service, const char *segment)
{
	for (uint32_t i = 0; i < t->n; i++) {
		if (!t->items[i].rest && strcmp(t->items[i].service, service) == 0 &&
			strcmp(t->items[i].segment, segment) == 0)
			return &t->items[i];
	}
	return NULL;
}

// Workers have a service in different cells, runs in different slots: sums go by name.
static void test_tallies(void)
{
	struct link_region one = region_new(1), two = region_new(2), none = {0};
	struct posture_tallies empty = {0}, first, both, alone;

	name(&one, 1, "whatsapp");
	name(&two, 2, "whatsapp");
	link_region_directory(&one)->n_segments = 2;
	snprintf(link_region_directory(&one)->segments[1], SEGMENT_NAME_LEN, "office");
	count(&one, 0, 5, 1, 0, GRADE_B, POSTURE_EMS, 3);
	count(&one, 1, 900, 1, 0, GRADE_D, POSTURE_DH, 2);
	count(&one, 1, 7, 1, 1, GRADE_A, POSTURE_PQ, 1);
	count(&one, 1, 8, 0, 0, GRADE_NONE, POSTURE_ECH, 4);
	link_region_page(&one, 0)->posture.cells[POSTURE_REST].flows = 9;
	CHECK(tally_postures(&empty, &one, &first) == 0, "%s", "first");
	const struct posture_tally *t = find(&first, "whatsapp", "default");
	CHECK(t != NULL && t->flows == 5 && t->bytes == 500, "%s", "both workers");
	CHECK(t != NULL && t->grades[GRADE_B] == 3 && t->grades[GRADE_D] == 2, "%s", "grades");
	CHECK(t != NULL && t->checks[POSTURE_EMS] == 3 && t->checks[POSTURE_DH] == 2, "%s",
		"checks");
	t = find(&first, "whatsapp", "office");
	CHECK(t != NULL && t->flows == 1, "%s", "the segment by its name");
	t = find(&first, "", "default");
	CHECK(t != NULL && t->flows == 4, "%s", "flows of no service");
	CHECK(first.n == 4 && first.items[0].rest && first.items[0].flows == 9, "rest, %u",
		first.n);

	count(&two, 0, 5, 2, 0, GRADE_B, POSTURE_EMS, 10);
	CHECK(tally_postures(&first, &two, &both) == 0, "%s", "both");
	t = find(&both, "whatsapp", "default");
	CHECK(t != NULL && t->flows == 15 && t->checks[POSTURE_EMS] == 13, "%s", "both runs");
	CHECK(tally_postures(&both, &none, &alone) == 0 && alone.n == both.n, "%s", "no region");
	posture_tallies_free(&first);
	posture_tallies_free(&both);
	posture_tallies_free(&alone);
	munmap(one.base, one.hello.region_len);
	munmap(two.base, two.hello.region_len);
}

static void test_stacks(void)
{
	static uint32_t base[POSTURE_STACKS], sum[POSTURE_STACKS];
	struct link_region r = region_new(1);

	link_region_page(&r, 0)->posture.stacks[3] = 6;
	link_region_page(&r, 1)->posture.stacks[3] = 6; // together it is not rare
	link_region_page(&r, 1)->posture.stacks[9] = 2;
	base[9] = 1;
	tally_stacks(base, &r, sum);
	struct posture_stacks s = posture_stacks_of(sum);
	CHECK(s.stacks == 2 && s.rare == 1 && s.hellos == 15 && s.rare_hellos == 3, "%u %u %llu",
		s.stacks, s.rare, (unsigned long long)s.hellos);
	munmap(r.base, r.hello.region_len);
}

static void test_mean(void)
{
	static const struct {
		uint64_t grades[GRADES];
		enum posture_grade want;
	} rows[] = {{{7, 0, 0, 0, 0, 0}, GRADE_NONE}, {{0, 1, 0, 0, 0, 0}, GRADE_A},
		{{0, 0, 0, 0, 0, 3}, GRADE_F}, {{9, 1, 1, 0, 0, 0}, GRADE_A}, // 3.5
		{{0, 49, 51, 0, 0, 0}, GRADE_B}, {{0, 1, 0, 0, 0, 1}, GRADE_C},
		{{0, 0, 0, 0, 1, 1}, GRADE_D}, {{0, 0, 0, 0, 1, 2}, GRADE_F}};

	for (size_t i = 0; i < ROWS(rows); i++)
		CHECK(posture_mean(rows[i].grades) == rows[i].want, "%zu: %s", i,
			posture_grade_names[posture_mean(rows[i].grades)]);
}

static struct posture_tallies tallies(struct posture_tally *t, uint32_t n)
{
	return (struct posture_tallies){.n = n, .items = t};
}

static uint64_t flows_on(const struct posture_days *d, uint32_t day)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < d->n_rows; i++)
		n += d->rows[i].day == day ? d->rows[i].n[DAY_FLOWS] : 0;
	return n;
}

// A day has what came since the update before; whichever life of the daemon it was.
static void test_days(void)
{
	char path[] = "/tmp/posture_daysXXXXXX";
	struct posture_tally t[2] = {{.service = "a b%\xff", .segment = "default", .flows = 10},
		{.rest = true, .flows = 1}};
	struct posture_days d;

	CHECK(mkdtemp(path) != NULL, "%s", "directory");
	posture_days_open(&d, path);
	struct posture_tallies now = tallies(t, 2);
	posture_days_update(&d, &now, 7, 100);
	CHECK(flows_on(&d, 100) == 11, "%llu", (unsigned long long)flows_on(&d, 100));
	t[0].flows = 15;
	posture_days_update(&d, &now, 7, 100);
	posture_days_update(&d, &now, 7, 101); // nothing new
	t[0].flows = 20;
	posture_days_update(&d, &now, 7, 101);
	CHECK(flows_on(&d, 100) == 16 && flows_on(&d, 101) == 5, "%s", "two days");
	CHECK(posture_days_save(&d, &now) == 0, "%s", "saved");
	posture_days_close(&d);

	// The same run, seen by another life of the daemon, which begins to count at nothing.
	posture_days_open(&d, path);
	CHECK(d.n_rows == 3 && flows_on(&d, 100) == 16, "%u rows", d.n_rows);
	CHECK(strcmp(d.rows[d.n_rows - 1].service, "a b%\xff") == 0, "%s",
		d.rows[d.n_rows - 1].service);
	t[0].flows = 22;
	posture_days_update(&d, &now, 7, 101);
	CHECK(flows_on(&d, 101) == 7, "%llu", (unsigned long long)flows_on(&d, 101));
	CHECK(posture_days_save(&d, &now) == 0, "%s", "saved");
	posture_days_close(&d);

	// Another run of the dataplane: all that it counted is new.
	posture_days_open(&d, path);
	t[0].flows = 4;
	posture_days_update(&d, &now, 8, 101);
	CHECK(flows_on(&d, 101) == 7 + 4 + 1, "%llu", (unsigned long long)flows_on(&d, 101));
	posture_days_update(&d, &now, 8, 99 + POSTURE_DAYS_MAX);
	CHECK(flows_on(&d, 100) == 16, "%s", "still young enough");
	posture_days_update(&d, &now, 8, 100 + POSTURE_DAYS_MAX);
	CHECK(flows_on(&d, 100) == 0 && flows_on(&d, 101) == 12, "%s", "the oldest day goes");
	posture_days_close(&d);
	char file[64];
	snprintf(file, sizeof(file), "%s/posture", path);
	unlink(file);
	rmdir(path);
}

// A file of any bytes: what is no line is left out, the rest counts.
static void test_damaged(void)
{
	static const char *const files[] = {"", "day", "day\t", "run\tx\n", "counted\t1\ta\tb\n",
		"day\t1\ta\tb\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\n", // a number is missing
		"day\t1\ta%\tb\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\n",
		"day\t1\ta%00\tb\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\n",
		"day\t1\ta\tb\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t-1\n",
		"day\t99999999999\ta\tb\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\n",
		"day\t1\t0123456789012345678901234567890123456789\tb\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1"
		"\t1\t"
		"1\t1\n",
		"\t\t\t\n\n\n\xff\xfe"};
	static const char good[] = "day\t1\ta\tb\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\n";
	char path[] = "/tmp/posture_daysXXXXXX", file[64];

	CHECK(mkdtemp(path) != NULL, "%s", "directory");
	snprintf(file, sizeof(file), "%s/posture", path);
	for (size_t i = 0; i < ROWS(files); i++) {
		struct posture_days d;
		FILE *f = fopen(file, "w");
		fprintf(f, "%s\n%s", files[i], good);
		fclose(f);
		posture_days_open(&d, path);
		CHECK(d.n_rows == 1 && d.rows[0].n[DAY_FLOWS] == 1, "%zu: %u", i, d.n_rows);
		posture_days_close(&d);
	}
	unlink(file);
	rmdir(path);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"tallies", test_tallies},
		{"stacks", test_stacks},
		{"mean", test_mean},
		{"days", test_days},
		{"damaged file", test_damaged},
		CU_TEST_INFO_NULL,
	};
	return check_main("posture_days", tests);
}
