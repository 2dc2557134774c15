// Control's end of the link, against a dataplane that this test plays badly.

#include "dataplane/api/link_client.h"
#include "dataplane/base/sock.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAGE = 4096, RING = 1 << 16 };

struct peer {
	int fd;
	struct link_client *client;
	uint32_t id; // of the last question
};

static uint64_t round_up(uint64_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

static struct link_hello good_hello(void)
{
	struct link_hello h = {.version = LINK_VERSION,
		.n_workers = 2,
		.n_pages = 3,
		.n_rings = 3,
		.pages_offset = round_up(sizeof(struct directory_page)),
		.page_stride = round_up(sizeof(struct counter_page)),
		.ring_stride = round_up(sizeof(struct event_ring) + RING),
		.ring_size = RING,
		.pid = 1,
		.start_ns = 1};

	h.rings_offset = h.pages_offset + h.n_pages * h.page_stride;
	h.region_len = h.rings_offset + h.n_rings * h.ring_stride;
	return h;
}

static int region(uint64_t len, int seals)
{
	int fd = memfd_create("region", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)len) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)
		abort();
	return fd;
}

static void expect(struct peer *p, enum link_op op, size_t payload_len, bool with_fd)
{
	uint8_t message[sizeof(struct link_head) + LINK_PAYLOAD_MAX];
	struct link_head head = {0};
	int fd = -1;

	ssize_t n = sock_recv(p->fd, message, sizeof(message), &fd);
	CHECK(n == (ssize_t)(sizeof(head) + payload_len), "op %d: %zd bytes", op, n);
	if (n >= (ssize_t)sizeof(head))
		memcpy(&head, message, sizeof(head));
	CHECK(head.op == op && head.len == payload_len && head.status == 0 && head.flags == 0,
		"op %d: head", op);
	CHECK((fd >= 0) == with_fd, "op %d: descriptor", op);
	if (fd >= 0)
		close(fd);
	p->id = head.id;
}

static void answer(struct peer *p, struct link_head head, const void *payload, size_t len, int fd)
{
	uint8_t message[sizeof(head) + LINK_PAYLOAD_MAX + 8];

	memcpy(message, &head, sizeof(head));
	if (len > 0)
		memcpy(message + sizeof(head), payload, len);
	CHECK(sock_send(p->fd, message, sizeof(head) + len, fd) == 0, "answer");
}

static struct link_head head_of(const struct peer *p, enum link_op op, int status, size_t len)
{
	return (struct link_head){
		.op = (uint16_t)op, .id = p->id, .status = status, .len = (uint32_t)len};
}

static struct peer peer_new(void)
{
	struct peer p = {0};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		abort();
	p.fd = fds[0];
	CHECK(link_client_adopt(fds[1], &p.client) == 0, "adopt");
	expect(&p, LINK_HELLO, sizeof(struct link_hello_req), false);
	return p;
}

static void peer_free(struct peer *p)
{
	link_client_close(p->client);
	close(p->fd);
}

static void peer_greet(struct peer *p)
{
	const struct link_hello hello = good_hello();
	struct link_reply reply;
	int fd = region(hello.region_len, F_SEAL_SHRINK);

	answer(p, head_of(p, LINK_HELLO, 0, sizeof(hello)), &hello, sizeof(hello), fd);
	CHECK(link_client_step(p->client, &reply) == 1, "hello");
	link_region_unmap(&reply.region);
	close(fd);
}

static void test_hello(void)
{
	const struct link_hello hello = good_hello();
	struct peer p = peer_new();
	struct link_reply reply = {0};
	int fd = region(hello.region_len, F_SEAL_SHRINK);

	CHECK(link_client_step(p.client, &reply) == 0, "nothing came");
	CHECK(link_client_waits(p.client, LINK_HELLO), "waits");
	CHECK(link_client_status(p.client) == -ENOTCONN, "not greeted yet");
	CHECK(link_client_load(p.client, fd, 1) == -ENOTCONN, "not greeted yet");
	answer(&p, head_of(&p, LINK_HELLO, 0, sizeof(hello)), &hello, sizeof(hello), fd);
	CHECK(link_client_step(p.client, &reply) == 1, "hello");
	CHECK(reply.op == LINK_HELLO && reply.region.base != NULL, "mapped");
	CHECK(!link_client_waits(p.client, LINK_HELLO), "answered");

	// All of it can be read; the writer's view is the reader's.
	uint8_t *writer = mmap(NULL, hello.region_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct event_ring *ring =
		(struct event_ring *)(writer + hello.rings_offset + 2 * hello.ring_stride);
	struct event_head record = {.len = sizeof(record)};
	_Alignas(8) uint8_t out[EVENT_RECORD_MAX];
	event_ring_init(ring, RING);
	CHECK(event_ring_put(ring, RING, &record, sizeof(record)) == 0, "put");
	CHECK(event_ring_get(link_region_ring(&reply.region, 2), RING, out) == sizeof(record),
		"get: the tail can be written");
	CHECK(link_region_page(&reply.region, 2)->rules.of[RULE_SLOTS - 1].hits == 0, "last page");
	CHECK(link_region_directory(&reply.region)->n_rules == 0, "directory");
	munmap(writer, hello.region_len);
	link_region_unmap(&reply.region);
	close(fd);
	peer_free(&p);
}

static const struct {
	const char *name;
	size_t offset; // of the 32 or 64 bit number in struct link_hello that is changed
	size_t size;
	int64_t add;
	int want;
} layouts[] = {
#define FIELD(f) offsetof(struct link_hello, f), sizeof(((struct link_hello *)0)->f)
	{"as it is", FIELD(pid), 0, 1},
	{"version", FIELD(version), 1, -EPROTONOSUPPORT},
	{"no workers", FIELD(n_workers), -2, -EPROTO},
	{"too many workers", FIELD(n_workers), LINK_WORKERS_MAX, -EPROTO},
	{"fewer pages than workers", FIELD(n_pages), -2, -EPROTO},
	{"two pages more", FIELD(n_pages), 1, -EPROTO},
	{"rings are not pages", FIELD(n_rings), -1, -EPROTO},
	{"longer than the file", FIELD(region_len), 1, -EPROTO},
	{"too short for the rings", FIELD(region_len), -1, -EPROTO},
	{"region of a byte", FIELD(region_len), 1 - (int64_t)0x7fffffff, -EPROTO},
	{"directory not on a page", FIELD(directory_offset), 8, -EPROTO},
	{"directory in the pages", FIELD(directory_offset), PAGE, -EPROTO},
	{"directory far away", FIELD(directory_offset), INT64_MIN, -EPROTO},
	{"pages not on a page", FIELD(pages_offset), 64, -EPROTO},
	{"pages in the directory", FIELD(pages_offset), -PAGE, -EPROTO},
	{"pages in the rings", FIELD(pages_offset), PAGE, -EPROTO},
	{"pages overflow", FIELD(page_stride), INT64_MIN, -EPROTO},
	{"pages too small", FIELD(page_stride), -PAGE, -EPROTO},
	{"page stride odd", FIELD(page_stride), 8, -EPROTO},
	{"rings not on a page", FIELD(rings_offset), 8, -EPROTO},
	{"rings past the end", FIELD(rings_offset), PAGE, -EPROTO},
	{"rings in the pages", FIELD(rings_offset), -PAGE, -EPROTO},
	{"rings overflow", FIELD(ring_stride), INT64_MIN, -EPROTO},
	{"ring stride too small", FIELD(ring_stride), -PAGE, -EPROTO},
	{"ring too large", FIELD(ring_size), RING, -EPROTO},
	{"ring no power of two", FIELD(ring_size), -8, -EPROTO},
	{"ring empty", FIELD(ring_size), -RING, -EPROTO},
#undef FIELD
};

static void test_layouts(void)
{
	for (size_t i = 0; i < ROWS(layouts); i++) {
		struct link_hello hello = good_hello();
		struct peer p = peer_new();
		struct link_reply reply = {0};
		int fd = region(hello.region_len, F_SEAL_SHRINK | F_SEAL_GROW);
		uint8_t *at = (uint8_t *)&hello + layouts[i].offset;
		uint64_t v = 0;

		memcpy(&v, at, layouts[i].size);
		v += (uint64_t)layouts[i].add;
		memcpy(at, &v, layouts[i].size);
		answer(&p, head_of(&p, LINK_HELLO, 0, sizeof(hello)), &hello, sizeof(hello), fd);
		int got = link_client_step(p.client, &reply);
		CHECK(got == layouts[i].want, "%s: %d", layouts[i].name, got);
		CHECK(got == 1 || reply.region.base == NULL, "%s: untouched", layouts[i].name);
		link_region_unmap(&reply.region);
		close(fd);
		peer_free(&p);
	}
}

static void test_regions(void)
{
	const struct link_hello hello = good_hello();
	int not_a_memfd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	const struct {
		const char *name;
		int fd;
		int want;
	} rows[] = {
		{"may shrink", region(hello.region_len, F_SEAL_GROW), -EPERM},
		{"short by a byte", region(hello.region_len - 1, F_SEAL_SHRINK), -EPROTO},
		{"empty", region(0, F_SEAL_SHRINK), -EPROTO},
		{"longer is fine", region(hello.region_len + PAGE, F_SEAL_SHRINK), 0},
		{"not a memfd", not_a_memfd, -EPROTO},
		{"closed", -1, -EBADF},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct link_region r = {0};
		int got = link_region_map(&hello, rows[i].fd, &r);
		CHECK(got == rows[i].want, "%s: %d", rows[i].name, got);
		CHECK((r.base != NULL) == (got == 0), "%s: mapped", rows[i].name);
		link_region_unmap(&r);
		if (rows[i].fd >= 0)
			close(rows[i].fd);
	}
}

// Replies to a greeted client that has asked for the status.
static void test_bad_replies(void)
{
	enum { STATUS_LEN = sizeof(struct link_status) };
	static const struct {
		const char *name;
		uint16_t op, flags;
		uint32_t id_add;
		int32_t status;
		uint32_t len; // said
		uint32_t sent;
		bool with_fd;
		int want;
	} rows[] = {
		{"good", LINK_STATUS, 0, 0, 0, STATUS_LEN, STATUS_LEN, false, 1},
		{"other id", LINK_STATUS, 0, 1, 0, STATUS_LEN, STATUS_LEN, false, -EPROTO},
		{"flags", LINK_STATUS, 1, 0, 0, STATUS_LEN, STATUS_LEN, false, -EPROTO},
		{"says more", LINK_STATUS, 0, 0, 0, STATUS_LEN + 1, STATUS_LEN, false, -EPROTO},
		{"says less", LINK_STATUS, 0, 0, 0, STATUS_LEN - 1, STATUS_LEN, false, -EPROTO},
		{"shorter", LINK_STATUS, 0, 0, 0, STATUS_LEN - 1, STATUS_LEN - 1, false, -EPROTO},
		{"longer", LINK_STATUS, 0, 0, 0, STATUS_LEN + 1, STATUS_LEN + 1, false, -EPROTO},
		{"no payload", LINK_STATUS, 0, 0, 0, 0, 0, false, -EPROTO},
		{"len wraps", LINK_STATUS, 0, 0, 0, 0xfffffff0, STATUS_LEN, false, -EPROTO},
		{"descriptor", LINK_STATUS, 0, 0, 0, STATUS_LEN, STATUS_LEN, true, -EPROTO},
		{"refused", LINK_STATUS, 0, 0, -EIO, 0, 0, false, -EPROTO},
		{"positive status", LINK_STATUS, 0, 0, 5, STATUS_LEN, STATUS_LEN, false, -EPROTO},
		{"not asked", LINK_PATTERNS_LOAD, 0, 0, 0, sizeof(struct link_receipt),
			sizeof(struct link_receipt), false, -EPROTO},
		{"hello again", LINK_HELLO, 0, 0, 0, sizeof(struct link_hello),
			sizeof(struct link_hello), true, -EPROTO},
		{"no op", 0, 0, 0, 0, 0, 0, false, -EPROTO},
		{"unknown op", LINK_OP_COUNT, 0, 0, 0, 0, 0, false, -EPROTO},
		{"op far out", 0xffff, 0, 0, 0, 0, 0, false, -EPROTO},
		{"longer than any", LINK_STATUS, 0, 0, 0, LINK_PAYLOAD_MAX + 1,
			LINK_PAYLOAD_MAX + 1, false, -EMSGSIZE},
	};
	static const uint8_t payload[LINK_PAYLOAD_MAX + 8];

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct peer p = peer_new();
		struct link_reply reply = {0};

		peer_greet(&p);
		CHECK(link_client_status(p.client) == 0, "ask");
		CHECK(link_client_status(p.client) == -EBUSY, "asked already");
		expect(&p, LINK_STATUS, 0, false);
		struct link_head head = {.op = rows[i].op,
			.flags = rows[i].flags,
			.id = p.id + rows[i].id_add,
			.status = rows[i].status,
			.len = rows[i].len};
		answer(&p, head, payload, rows[i].sent, rows[i].with_fd ? STDOUT_FILENO : -1);
		int got = link_client_step(p.client, &reply);
		CHECK(got == rows[i].want, "%s: %d", rows[i].name, got);
		peer_free(&p);
	}
}

// Every message shorter than a status reply.
static void test_truncated(void)
{
	const size_t whole = sizeof(struct link_head) + sizeof(struct link_status);
	uint8_t message[sizeof(struct link_head) + sizeof(struct link_status)] = {0};

	for (size_t n = 1; n <= whole; n++) {
		struct peer p = peer_new();
		struct link_reply reply = {0};

		peer_greet(&p);
		link_client_status(p.client);
		expect(&p, LINK_STATUS, 0, false);
		struct link_head head = head_of(&p, LINK_STATUS, 0, sizeof(struct link_status));
		memcpy(message, &head, sizeof(head));
		CHECK(sock_send(p.fd, message, n, -1) == 0, "send %zu", n);
		int got = link_client_step(p.client, &reply);
		CHECK(got == (n == whole ? 1 : -EPROTO), "cut at %zu: %d", n, got);
		peer_free(&p);
	}
}

static void test_load(void)
{
	struct peer p = peer_new();
	struct link_reply reply = {0};
	struct link_receipt receipt = {.generation = 3, .n_workers = 2};
	int blob = memfd_create("blob", MFD_CLOEXEC);

	peer_greet(&p);
	CHECK(link_client_load(p.client, blob, 77) == 0, "load");
	CHECK(link_client_load(p.client, blob, 77) == -EBUSY, "one at a time");
	expect(&p, LINK_PATTERNS_LOAD, sizeof(struct link_load_req), true);
	memset(receipt.error, 'x', sizeof(receipt.error)); // without an end
	answer(&p, head_of(&p, LINK_PATTERNS_LOAD, 0, sizeof(receipt)), &receipt, sizeof(receipt),
		-1);
	CHECK(link_client_step(p.client, &reply) == 1, "receipt");
	CHECK(reply.status == 0 && reply.receipt.generation == 3, "generation");
	CHECK(strlen(reply.receipt.error) == sizeof(receipt.error) - 1, "the text ends");

	CHECK(link_client_load(p.client, blob, 77) == 0, "load again");
	expect(&p, LINK_PATTERNS_LOAD, sizeof(struct link_load_req), true);
	answer(&p, head_of(&p, LINK_PATTERNS_LOAD, -EMSGSIZE, 0), NULL, 0, -1);
	CHECK(link_client_step(p.client, &reply) == 1 && reply.status == -EMSGSIZE, "refused");
	CHECK(reply.receipt.error[0] == '\0', "without a text");

	CHECK(link_client_load(p.client, blob, 77) == 0, "third");
	expect(&p, LINK_PATTERNS_LOAD, sizeof(struct link_load_req), true);
	receipt.n_workers = LINK_WORKERS_MAX + 1;
	answer(&p, head_of(&p, LINK_PATTERNS_LOAD, 0, sizeof(receipt)), &receipt, sizeof(receipt),
		-1);
	CHECK(link_client_step(p.client, &reply) == -EPROTO, "more workers than there can be");
	close(blob);
	peer_free(&p);
}

static void test_shadow(void)
{
	struct peer p = peer_new();
	struct link_reply reply = {0};
	struct link_receipt receipt = {.generation = 1, .n_workers = 2};
	int blob = memfd_create("blob", MFD_CLOEXEC);

	CHECK(link_client_shadow(p.client, blob, 77, 10) == -ENOTCONN, "not greeted yet");
	CHECK(link_client_shadow_drop(p.client) == -ENOTCONN, "not greeted yet");
	peer_greet(&p);
	CHECK(link_client_shadow(p.client, blob, 77, 10) == 0, "load");
	CHECK(link_client_shadow(p.client, blob, 77, 10) == -EBUSY, "one at a time");
	expect(&p, LINK_SHADOW_LOAD, sizeof(struct link_shadow_req), true);
	answer(&p, head_of(&p, LINK_SHADOW_LOAD, 0, sizeof(receipt)), &receipt, sizeof(receipt),
		-1);
	CHECK(link_client_step(p.client, &reply) == 1 && reply.op == LINK_SHADOW_LOAD &&
			reply.receipt.generation == 1,
		"receipt");

	// An older dataplane.
	CHECK(link_client_shadow(p.client, blob, 77, 10) == 0, "load");
	expect(&p, LINK_SHADOW_LOAD, sizeof(struct link_shadow_req), true);
	answer(&p, head_of(&p, LINK_SHADOW_LOAD, -ENOTSUP, 0), NULL, 0, -1);
	CHECK(link_client_step(p.client, &reply) == 1 && reply.status == -ENOTSUP, "not there");

	CHECK(link_client_shadow_drop(p.client) == 0, "drop");
	expect(&p, LINK_SHADOW_DROP, 0, false);
	answer(&p, head_of(&p, LINK_SHADOW_DROP, 0, 0), NULL, 0, -1);
	CHECK(link_client_step(p.client, &reply) == 1 && reply.op == LINK_SHADOW_DROP, "dropped");
	CHECK(link_client_shadow_drop(p.client) == 0, "drop");
	expect(&p, LINK_SHADOW_DROP, 0, false);
	answer(&p, head_of(&p, LINK_SHADOW_DROP, 0, 4), "????", 4, -1);
	CHECK(link_client_step(p.client, &reply) == -EPROTO, "with a payload");
	close(blob);
	peer_free(&p);
}

static void test_end(void)
{
	struct link_reply reply = {0};
	struct link_hello hello = good_hello();
	struct peer p = peer_new();

	answer(&p, head_of(&p, LINK_HELLO, 0, sizeof(hello)), &hello, sizeof(hello), -1);
	CHECK(link_client_step(p.client, &reply) == -EPROTO, "hello without a region");
	peer_free(&p);

	p = peer_new();
	answer(&p, head_of(&p, LINK_HELLO, -EPROTO, 0), NULL, 0, -1);
	CHECK(link_client_step(p.client, &reply) == -EPROTONOSUPPORT, "other version");
	peer_free(&p);

	p = peer_new();
	close(p.fd);
	CHECK(link_client_step(p.client, &reply) == -ECONNRESET, "gone");
	link_client_close(p.client);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"hello", test_hello},
		{"layouts", test_layouts},
		{"regions", test_regions},
		{"bad replies", test_bad_replies},
		{"truncated", test_truncated},
		{"load", test_load},
		{"shadow", test_shadow},
		{"end", test_end},
		CU_TEST_INFO_NULL,
	};
	return check_main("link_client", tests);
}
