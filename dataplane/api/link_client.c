#include "dataplane/api/link_client.h"

#include "dataplane/base/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REGION_PAGE = 4096 };

struct link_client {
	int fd;
	bool greeted;
	uint32_t next_id;
	uint32_t asked[LINK_OP_COUNT]; // id of the open question; 0: none
};

// [offset, offset + n * stride) inside `len`, on pages, each item at least `item` bytes.
static bool span_fits(uint64_t offset, uint64_t n, uint64_t stride, uint64_t item, uint64_t len)
{
	if (offset % REGION_PAGE != 0 || stride % REGION_PAGE != 0)
		return false;
	if (stride < item || offset > len)
		return false;
	return stride <= (len - offset) / n;
}

static bool layout_fits(const struct link_hello *h, uint64_t len)
{
	const uint64_t ring_len = sizeof(struct event_ring) + (uint64_t)h->ring_size;

	if (h->n_workers == 0 || h->n_workers > LINK_WORKERS_MAX)
		return false;
	if (h->n_pages != h->n_workers && h->n_pages != h->n_workers + 1)
		return false;
	if (h->n_rings != h->n_pages || h->region_len > len)
		return false;
	// event_ring_get() takes offsets by masking.
	if (h->ring_size < EVENT_RECORD_MAX || (h->ring_size & (h->ring_size - 1)) != 0)
		return false;
	// In this order, so that what is written (rings) is apart from what is read.
	if (h->directory_offset > h->pages_offset || h->pages_offset > h->rings_offset)
		return false;
	uint64_t directory_len = h->pages_offset - h->directory_offset;
	return directory_len >= sizeof(struct directory_page) &&
		h->directory_offset % REGION_PAGE == 0 &&
		span_fits(h->pages_offset, h->n_pages, h->page_stride, sizeof(struct counter_page),
			h->rings_offset) &&
		span_fits(h->rings_offset, h->n_rings, h->ring_stride, ring_len, h->region_len);
}

int link_region_map(const struct link_hello *hello, int fd, struct link_region *out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || !layout_fits(hello, (uint64_t)st.st_size))
		return -EPROTO;
	// A region that shrinks turns a read of the mapping into SIGBUS.
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & F_SEAL_SHRINK) == 0)
		return -EPERM;
	uint8_t *base = mmap(NULL, hello->region_len, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	if (mprotect(base + hello->rings_offset, hello->n_rings * hello->ring_stride,
		    PROT_READ | PROT_WRITE) < 0) {
		int err = -errno;
		munmap(base, hello->region_len);
		return err;
	}
	*out = (struct link_region){.hello = *hello, .base = base};
	return 0;
}

void link_region_unmap(struct link_region *r)
{
	if (r->base != NULL)
		munmap(r->base, r->hello.region_len);
	r->base = NULL;
}

struct directory_page *link_region_directory(const struct link_region *r)
{
	return (struct directory_page *)(r->base + r->hello.directory_offset);
}

struct counter_page *link_region_page(const struct link_region *r, unsigned i)
{
	return (struct counter_page *)(r->base + r->hello.pages_offset + i * r->hello.page_stride);
}

struct event_ring *link_region_ring(const struct link_region *r, unsigned i)
{
	return (struct event_ring *)(r->base + r->hello.rings_offset + i * r->hello.ring_stride);
}

static int ask(struct link_client *c, enum link_op op, const void *payload, uint32_t len, int fd)
{
	uint8_t message[sizeof(struct link_head) + LINK_PAYLOAD_MAX];

	if (c->asked[op] != 0)
		return -EBUSY;
	struct link_head head = {.op = (uint16_t)op, .id = c->next_id, .len = len};
	memcpy(message, &head, sizeof(head));
	if (len > 0)
		memcpy(message + sizeof(head), payload, len);
	int err = sock_send(c->fd, message, sizeof(head) + len, fd);
	if (err < 0)
		return err;
	c->asked[op] = c->next_id;
	if (++c->next_id == 0) // 0 says that nothing is asked
		c->next_id = 1;
	return 0;
}

int link_client_adopt(int fd, struct link_client **out)
{
	const struct link_hello_req req = {.version = LINK_VERSION};
	struct link_client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	c->next_id = 1;
	int err = ask(c, LINK_HELLO, &req, sizeof(req), -1);
	if (err < 0) {
		link_client_close(c);
		return err;
	}
	*out = c;
	return 0;
}

int link_client_open(const char *path, struct link_client **out)
{
	int fd = sock_connect(path, SOCK_SEQPACKET | SOCK_NONBLOCK);

	return fd < 0 ? fd : link_client_adopt(fd, out);
}

void link_client_close(struct link_client *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	free(c);
}

int link_client_fd(const struct link_client *c)
{
	return c->fd;
}

int link_client_load(struct link_client *c, int blob_fd, uint64_t blob_len)
{
	const struct link_load_req req = {.blob_len = blob_len};

	if (!c->greeted)
		return -ENOTCONN;
	return ask(c, LINK_PATTERNS_LOAD, &req, sizeof(req), blob_fd);
}

int link_client_shadow(struct link_client *c, int blob_fd, uint64_t blob_len, uint32_t share)
{
	const struct link_shadow_req req = {.blob_len = blob_len, .share = share};

	if (!c->greeted)
		return -ENOTCONN;
	return ask(c, LINK_SHADOW_LOAD, &req, sizeof(req), blob_fd);
}

int link_client_shadow_drop(struct link_client *c)
{
	if (!c->greeted)
		return -ENOTCONN;
	return ask(c, LINK_SHADOW_DROP, NULL, 0, -1);
}

int link_client_status(struct link_client *c)
{
	if (!c->greeted)
		return -ENOTCONN;
	return ask(c, LINK_STATUS, NULL, 0, -1);
}

int link_client_purposes(struct link_client *c, int fd)
{
	return ask(c, LINK_PURPOSES, NULL, 0, fd);
}

int link_client_geo(struct link_client *c, int blob_fd, uint64_t blob_len)
{
	const struct link_load_req req = {.blob_len = blob_len};

	if (!c->greeted)
		return -ENOTCONN;
	return ask(c, LINK_GEO_LOAD, &req, sizeof(req), blob_fd);
}

int link_client_border_keys(struct link_client *c, const struct link_border_keys *keys)
{
	if (!c->greeted)
		return -ENOTCONN;
	return ask(c, LINK_BORDER_KEYS, keys, sizeof(*keys), -1);
}

bool link_client_waits(const struct link_client *c, enum link_op op)
{
	return c->asked[op] != 0;
}

static int take_hello(
	struct link_client *c, struct link_reply *out, const void *payload, uint32_t len, int fd)
{
	struct link_hello hello;

	if (out->status < 0)
		return out->status == -EPROTO ? -EPROTONOSUPPORT : -EPROTO;
	if (len != sizeof(hello) || fd < 0)
		return -EPROTO;
	memcpy(&hello, payload, sizeof(hello));
	if (hello.version != LINK_VERSION)
		return -EPROTONOSUPPORT;
	int err = link_region_map(&hello, fd, &out->region);
	if (err < 0)
		return err;
	c->greeted = true;
	return 0;
}

// A refusal may come without its receipt: then there is no text either.
static int take_receipt(
	struct link_client *c, struct link_reply *out, const void *payload, uint32_t len, int fd)
{
	(void)c;
	if (fd >= 0 || (len != sizeof(out->receipt) && (out->status == 0 || len != 0)))
		return -EPROTO;
	memcpy(&out->receipt, payload, len);
	out->receipt.error[sizeof(out->receipt.error) - 1] = '\0';
	return out->status == 0 && out->receipt.n_workers > LINK_WORKERS_MAX ? -EPROTO : 0;
}

static int take_nothing(
	struct link_client *c, struct link_reply *out, const void *payload, uint32_t len, int fd)
{
	(void)c;
	(void)out;
	(void)payload;
	return fd >= 0 || len != 0 ? -EPROTO : 0;
}

static int take_status(
	struct link_client *c, struct link_reply *out, const void *payload, uint32_t len, int fd)
{
	(void)c;
	if (fd >= 0 || out->status < 0 || len != sizeof(out->state))
		return -EPROTO;
	memcpy(&out->state, payload, len);
	out->state.source[sizeof(out->state.source) - 1] = '\0';
	return 0;
}

static int take_geo(
	struct link_client *c, struct link_reply *out, const void *payload, uint32_t len, int fd)
{
	(void)c;
	if (fd >= 0 || (len != sizeof(out->geo) && (out->status == 0 || len != 0)))
		return -EPROTO;
	memcpy(&out->geo, payload, len);
	out->geo.error[sizeof(out->geo.error) - 1] = '\0';
	return 0;
}

static int take_keys(
	struct link_client *c, struct link_reply *out, const void *payload, uint32_t len, int fd)
{
	(void)c;
	if (fd >= 0 || out->status < 0 || len != sizeof(out->keys))
		return -EPROTO;
	memcpy(&out->keys, payload, len);
	return 0;
}

static int (*const takers[LINK_OP_COUNT])(
	struct link_client *, struct link_reply *, const void *payload, uint32_t len, int fd) = {
	[LINK_HELLO] = take_hello,
	[LINK_PATTERNS_LOAD] = take_receipt,
	[LINK_STATUS] = take_status,
	[LINK_SHADOW_LOAD] = take_receipt,
	[LINK_SHADOW_DROP] = take_nothing,
	[LINK_PURPOSES] = take_nothing,
	[LINK_GEO_LOAD] = take_geo,
	[LINK_BORDER_KEYS] = take_keys,
};

static int take(
	struct link_client *c, struct link_reply *out, const uint8_t *message, size_t len, int fd)
{
	struct link_head head;

	if (len < sizeof(head))
		return -EPROTO;
	memcpy(&head, message, sizeof(head));
	if (head.len != len - sizeof(head) || head.flags != 0 || head.status > 0)
		return -EPROTO;
	if (head.op >= LINK_OP_COUNT || takers[head.op] == NULL)
		return -EPROTO;
	if (head.id == 0 || head.id != c->asked[head.op])
		return -EPROTO;
	out->op = (enum link_op)head.op;
	out->status = head.status;
	int err = takers[head.op](c, out, message + sizeof(head), head.len, fd);
	if (err < 0)
		return err;
	c->asked[head.op] = 0;
	return 1;
}

int link_client_step(struct link_client *c, struct link_reply *out)
{
	uint8_t message[sizeof(struct link_head) + LINK_PAYLOAD_MAX];
	struct link_reply reply = {0};
	int fd = -1;

	ssize_t n = sock_recv(c->fd, message, sizeof(message), &fd);
	if (n == -EAGAIN || n == -EINTR)
		return 0;
	int err = n == 0 ? -ECONNRESET : (int)n;
	if (n > 0)
		err = take(c, &reply, message, (size_t)n, fd);
	if (fd >= 0)
		close(fd);
	if (err == 1)
		*out = reply;
	return err;
}
