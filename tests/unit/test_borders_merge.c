// Machines of one operator count persons together: what is merged is that of the whole, exactly; what is kept
// goes on after both processes were started anew; and any bytes may stand in a file.

#include "control/geo_keep.h"
#include "control/geo_key.h"
#include "tests/unit/border_plant.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MACHINES = 3, PERSONS = 30000 };

static const uint8_t secret[BORDER_SECRET_LEN] = "0123456789abcdefghijklmnopqrstu";
static const uint8_t other_secret[BORDER_SECRET_LEN] = "x123456789abcdefghijklmnopqrstu";

static void plant_secret(struct plant *p, const uint8_t key[BORDER_SECRET_LEN])
{
	ledger_secret(p->ledger, key);
	border_keys_secret(&p->keys, key);
}

// Persons of a machine overlap with those of the next one.
static void put_some(struct plant *p, unsigned machine)
{
	static const uint16_t countries[] = {DE, US, FR};

	for (uint32_t n = 0; n < PERSONS; n++) {
		for (unsigned c = 0; c < 3; c++) {
			uint32_t persons = c == 0 ? PERSONS : c == 1 ? 500 : 7;
			struct flow f = flow_of(
				machine * persons / 2 + n, (uint16_t)(c % 2 + 1), noon, noon);
			if (n < persons)
				end_flow(p, &f, countries[c]);
		}
	}
}

static bool any_window(void *ctx, const struct ledger_window *w)
{
	return ctx == NULL || w->kind == *(enum border_kind *)ctx;
}

struct blob {
	char *p;
	size_t len;
};

static struct blob blob_of(const struct ledger *l, const struct ledger_file *head, void *kind)
{
	struct blob b = {0};
	FILE *out = open_memstream(&b.p, &b.len);

	CHECK(ledger_file_write(l, head, any_window, kind, out) == 0, "written");
	fclose(out);
	return b;
}

static int read_blob(struct ledger *l, const char *p, size_t len, char error[LEDGER_FILE_ERROR])
{
	struct ledger_file head;
	struct ledger_file_window last;

	return ledger_file_read(l, (const uint8_t *)p, len, &head, &last, error);
}

static struct ledger_file head_of(uint64_t machine)
{
	return (struct ledger_file){border_secret_id(secret), machine, 0, 10};
}

// Row by row, number by number; the estimates, too, are equal, as sketches are.
static void check_equal(const struct ledger *a, const struct ledger *b, enum border_kind kind)
{
	struct matrix x, y;

	CHECK(matrix_make(a, kind, 1, &x) == 0 && matrix_make(b, kind, 1, &y) == 0, "made");
	CHECK(x.n == 3 && x.n == y.n && x.number == y.number, "%u and %u rows", x.n, y.n);
	for (uint32_t i = 0; i < x.n && x.n == y.n; i++) {
		const struct matrix_row *r = &x.rows[i], *q = &y.rows[i];
		CHECK(strcmp(r->service, q->service) == 0 && r->country == q->country &&
				r->direction == q->direction && r->persons == q->persons &&
				memcmp(&r->n, &q->n, sizeof(r->n)) == 0,
			"row %u: %llu and %llu persons", i, (unsigned long long)r->persons,
			(unsigned long long)q->persons);
	}
	CHECK(x.rows[0].persons > PERSONS * 1.9, "%llu", (unsigned long long)x.rows[0].persons);
	CHECK(!x.at_most && !x.at_least, "exact");
	matrix_free(&x);
	matrix_free(&y);
}

static void check_registers(const struct ledger *a, const struct ledger *b)
{
	const struct ledger_file head = head_of(1);
	struct blob x = blob_of(a, &head, NULL), y = blob_of(b, &head, NULL);

	CHECK(x.len == y.len && memcmp(x.p, y.p, x.len) == 0, "the same bytes: %zu and %zu", x.len,
		y.len);
	free(x.p);
	free(y.p);
}

// Three machines with workers of their own, and one that saw all.
static void test_merge(void)
{
	struct plant whole, part;
	struct ledger *merged = ledger_new();
	char error[LEDGER_FILE_ERROR] = "";

	plant_open(&whole, 1);
	plant_secret(&whole, secret);
	for (unsigned i = 0; i < MACHINES; i++) {
		const struct ledger_file head = head_of(i);
		plant_open(&part, i + 1);
		part.keys.fixed = false;
		plant_secret(&part, secret);
		put_some(&part, i);
		put_some(&whole, i);
		read_all(&part);
		struct blob b = blob_of(part.ledger, &head, NULL);
		CHECK(read_blob(merged, b.p, b.len, error) == 0, "%u: %s", i, error);
		free(b.p);
		plant_close(&part);
	}
	read_all(&whole);
	check_equal(merged, whole.ledger, BORDER_DAY);
	check_equal(merged, whole.ledger, BORDER_YEAR);
	check_registers(merged, whole.ledger);
	ledger_free(merged);
	plant_close(&whole);
}

// What was sketched before the secret came is not told under it.
static void test_late_secret(void)
{
	struct plant p;
	struct matrix m;

	plant_open(&p, 1);
	p.keys.fixed = false;
	ledger_secret(p.ledger, secret);
	for (unsigned n = 0; n < 40; n++) {
		struct flow f = flow_of(n, 1, noon, noon);
		if (n == 20)
			border_keys_secret(&p.keys, secret);
		end_flow(&p, &f, DE);
		read_all(&p);
	}
	CHECK(matrix_make(p.ledger, BORDER_YEAR, 1, &m) == 0 && m.n == 1, "made");
	CHECK(m.rows[0].persons == 20 && m.rows[0].n.flows == 40 && !m.at_most, "%llu",
		(unsigned long long)m.rows[0].persons);
	matrix_free(&m);
	plant_close(&p);
}

static void test_foreign(void)
{
	struct plant a, b;
	struct ledger *merged = ledger_new();
	char error[LEDGER_FILE_ERROR] = "";
	const struct ledger_file head = head_of(1);

	plant_open(&a, 1);
	plant_open(&b, 1);
	plant_secret(&a, secret);
	plant_secret(&b, other_secret);
	put_some(&a, 0);
	put_some(&b, 0);
	read_all(&a);
	read_all(&b);
	struct blob x = blob_of(a.ledger, &head, NULL), y = blob_of(b.ledger, &head, NULL);
	CHECK(read_blob(merged, x.p, x.len, error) == 0, "%s", error);
	CHECK(read_blob(merged, y.p, y.len, error) == -EBADMSG &&
			strstr(error, "another key") != NULL,
		"%s", error);
	CHECK(border_secret_id(secret) != border_secret_id(other_secret), "names");
	CHECK(memmem(x.p, x.len, secret, 16) == NULL, "no key");
	free(x.p);
	free(y.p);
	ledger_free(merged);
	plant_close(&a);
	plant_close(&b);
}

// Cut anywhere, and with any byte changed.
static void test_damaged(void)
{
	struct plant p;
	const struct ledger_file head = head_of(1);
	char error[LEDGER_FILE_ERROR] = "";

	plant_open(&p, 1);
	plant_secret(&p, secret);
	for (uint32_t n = 0; n < 60; n++) {
		struct flow f = flow_of(n, 1, noon, noon);
		end_flow(&p, &f, DE);
	}
	read_all(&p);
	struct blob b = blob_of(p.ledger, &head, NULL);
	for (size_t len = 0; len < b.len; len++) {
		struct ledger *l = ledger_new();
		char *exact = malloc(len + 1);
		memcpy(exact, b.p, len);
		CHECK(read_blob(l, exact, len, error) == -EBADMSG, "%zu bytes", len);
		free(exact);
		ledger_free(l);
	}
	for (size_t at = 0; at < b.len; at++) {
		struct ledger *l = ledger_new();
		struct matrix m;
		b.p[at] ^= (char)0xff;
		int err = read_blob(l, b.p, b.len, error);
		CHECK(err == 0 || (err == -EBADMSG && error[0] != '\0'), "byte %zu", at);
		if (matrix_make(l, BORDER_YEAR, 10, &m) == 0)
			matrix_free(&m);
		b.p[at] ^= (char)0xff;
		ledger_free(l);
	}
	free(b.p);
	plant_close(&p);
}

static const struct {
	const char *name;
	bool same_run; // only the daemon was started anew: pages tell all of it again
	uint32_t persons;
	uint64_t flows;
} lives[] = {
	{"both anew", false, 150, 200},
	{"the daemon anew", true, 150, 200},
};

static void put_hundred(struct plant *p, uint32_t first)
{
	for (uint32_t n = 0; n < 100; n++) {
		struct flow f = flow_of(first + n, 1, noon, noon);
		end_flow(p, &f, DE);
	}
	read_all(p);
}

static void test_kept(void)
{
	for (size_t i = 0; i < ROWS(lives); i++) {
		char dir[] = "/tmp/test_borders_XXXXXX", path[64];
		struct control_config config = {.geo_min_persons = 10, .has_geo_secret = true};
		struct geo_keep keep;
		struct plant p;
		struct matrix m;

		CHECK(mkdtemp(dir) != NULL, "%s", dir);
		config.state = dir;
		memcpy(config.geo_secret, secret, sizeof(secret));
		plant_open(&p, 2);
		ledger_free(p.ledger);
		p.ledger = geo_keep_open(&keep, &config);
		border_keys_secret(&p.keys, secret);
		geo_keep_run(&keep, p.ledger, 7);
		put_hundred(&p, 0);
		CHECK(geo_keep_save(&keep, p.ledger) == 0, "kept");
		uint64_t machine = keep.head.machine;
		geo_keep_close(&keep);
		ledger_free(p.ledger);
		if (!lives[i].same_run) {
			end_run(&p);
			start_run(&p, 1);
			border_keys_secret(&p.keys, secret);
		}
		p.ledger = geo_keep_open(&keep, &config);
		CHECK(keep.head.machine == machine && keep.head.run_ns == 7, "the same machine");
		CHECK(matrix_make(p.ledger, BORDER_YEAR, 10, &m) == 0 && m.n == 1 &&
				m.rows[0].n.flows == 100,
			"%s: before it meets anybody", lives[i].name);
		matrix_free(&m);
		geo_keep_run(&keep, p.ledger, lives[i].same_run ? 7 : 8);
		put_hundred(&p, 50);
		CHECK(matrix_make(p.ledger, BORDER_YEAR, 10, &m) == 0 && m.n == 1, "made");
		CHECK(m.rows[0].n.flows == lives[i].flows, "%s: %llu flows", lives[i].name,
			(unsigned long long)m.rows[0].n.flows);
		CHECK(abs((int)m.rows[0].persons - (int)lives[i].persons) <= 3, "%s: %llu persons",
			lives[i].name, (unsigned long long)m.rows[0].persons);
		matrix_free(&m);
		CHECK(geo_keep_save(&keep, p.ledger) == 0, "kept");
		geo_keep_close(&keep);
		snprintf(path, sizeof(path), "%s/borders", dir);
		struct stat st;
		CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "its mode");
		unlink(path);
		rmdir(dir);
		plant_close(&p);
	}
}

// A damaged file, and one of another secret, are put aside; without a secret nothing is kept.
static void test_aside(void)
{
	char dir[] = "/tmp/test_borders_XXXXXX", path[64], aside[64];
	struct control_config config = {.geo_min_persons = 10, .has_geo_secret = true};
	struct geo_keep keep;

	CHECK(mkdtemp(dir) != NULL, "%s", dir);
	config.state = dir;
	snprintf(path, sizeof(path), "%s/borders", dir);
	snprintf(aside, sizeof(aside), "%s/borders.bad", dir);
	for (unsigned i = 0; i < 2; i++) {
		memcpy(config.geo_secret, i == 0 ? secret : other_secret, sizeof(secret));
		const struct ledger_file head = head_of(1);
		struct ledger *l = ledger_new();
		struct blob b = blob_of(l, &head, NULL);
		FILE *out = fopen(path, "w");
		fwrite(b.p, 1, b.len - (i == 0), out);
		fclose(out);
		free(b.p);
		ledger_free(l);
		l = geo_keep_open(&keep, &config);
		CHECK(l != NULL && ledger_latest(l, BORDER_YEAR) == NULL, "empty");
		CHECK(access(path, F_OK) < 0 && access(aside, F_OK) == 0, "%u: aside", i);
		unlink(aside);
		geo_keep_close(&keep);
		ledger_free(l);
	}
	config.has_geo_secret = false;
	struct ledger *l = geo_keep_open(&keep, &config);
	CHECK(l != NULL && keep.dir < 0 && geo_keep_save(&keep, l) == 0, "nothing is kept");
	CHECK(access(path, F_OK) < 0, "no file");
	ledger_free(l);
	rmdir(dir);
}

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	mode_t mode;
	const char *want; // NULL: it is one
} key_files[] = {
	{"good", "0123456789abcdefghijklmnopqrstuv", 32, 0600, NULL},
	{"read only", "0123456789abcdefghijklmnopqrstuv", 32, 0400, NULL},
	{"others may read", "0123456789abcdefghijklmnopqrstuv", 32, 0640, "chmod 600"},
	{"short", "0123456789abcdefghijklmnopqrstu", 31, 0600, "32 bytes"},
	{"a newline", "0123456789abcdefghijklmnopqrstuv\n", 33, 0600, "32 bytes"},
	{"empty", "", 0, 0600, "32 bytes"},
	{"not random", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 32, 0600, "random"},
};

static void test_key_files(void)
{
	char path[] = "/tmp/test_borders_XXXXXX";
	uint8_t key[BORDER_SECRET_LEN];

	close(mkstemp(path));
	for (size_t i = 0; i < ROWS(key_files); i++) {
		chmod(path, 0600);
		FILE *out = fopen(path, "w");
		fwrite(key_files[i].bytes, 1, key_files[i].len, out);
		fclose(out);
		chmod(path, key_files[i].mode);
		const char *what = geo_key_read(path, key);
		CHECK(key_files[i].want == NULL
				? what == NULL
				: what != NULL && strstr(what, key_files[i].want) != NULL,
			"%s: %s", key_files[i].name, what != NULL ? what : "good");
	}
	unlink(path);
	CHECK(geo_key_read(path, key) != NULL && geo_key_read("/tmp", key) != NULL, "no file");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"merged is the whole", test_merge},
		{"a secret that comes late", test_late_secret},
		{"another secret", test_foreign},
		{"damaged files", test_damaged},
		{"kept over lives", test_kept},
		{"put aside", test_aside},
		{"key files", test_key_files},
		CU_TEST_INFO_NULL,
	};
	return check_main("borders_merge", tests);
}
