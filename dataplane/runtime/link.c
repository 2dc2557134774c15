#include "dataplane/runtime/link_impl.h"
#include "dataplane/runtime/shadow.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/base/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void drop_client(struct link_server *l, int i)
{
	close(l->clients[i]);
	l->clients[i] = -1;
	if (l->pending.client == i)
		l->pending.client = -1;
	if (l->geo.client == i)
		l->geo.client = -1;
}

void link_reply_to(struct link_server *l, int i, uint16_t op, uint32_t id, int status,
	const void *payload, uint32_t len, int pass_fd)
{
	uint8_t message[sizeof(struct link_head) + LINK_PAYLOAD_MAX];
	struct link_head head = {.op = op, .id = id, .status = status, .len = len};

	memcpy(message, &head, sizeof(head));
	if (len > 0)
		memcpy(message + sizeof(head), payload, len);
	if (sock_send(l->clients[i], message, sizeof(head) + len, pass_fd) < 0)
		drop_client(l, i);
}

// The set's generation; 0: there is none.
static uint64_t describe(const struct ruleset *rs, uint8_t digest[32], uint32_t *n_rules)
{
	memset(digest, 0, 32);
	*n_rules = 0;
	if (rs == NULL)
		return 0;
	memcpy(digest, pattern_db_digest(rs->db), 32);
	*n_rules = pattern_db_n_rules(rs->db);
	return rs->generation;
}

static uint32_t inactive_rules(const struct link_server *l)
{
	const struct ruleset *live = ruleset_live(l->engine->rulesets);

	return live != NULL ? live->n_inactive : 0;
}

static void on_hello(struct link_server *l, int i, uint32_t id, const void *payload, int fd)
{
	const struct link_hello_req *req = payload;
	struct link_hello hello = l->engine->shared.layout;
	uint32_t n_rules;

	(void)fd;
	if (req->version != LINK_VERSION) {
		link_reply_to(l, i, LINK_HELLO, id, -EPROTO, NULL, 0, -1);
		return;
	}
	hello.generation = describe(ruleset_live(l->engine->rulesets), hello.digest, &n_rules);
	link_reply_to(l, i, LINK_HELLO, id, 0, &hello, sizeof(hello), l->engine->shared.fd);
}

int link_map_blob(int fd, uint64_t len, void **out)
{
	const int wanted = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	struct stat st;

	if (fd < 0 || len == 0 || len > BLOB_MAX)
		return -EINVAL;
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & wanted) != wanted)
		return -EPERM;
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != len)
		return -EINVAL;
	*out = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	return *out == MAP_FAILED ? -errno : 0;
}

static uint64_t lost_so_far(const struct link_server *l)
{
	uint64_t totals[CTR_COUNT];
	uint64_t lost = l->facts.missed != NULL ? l->facts.missed(l->facts.ctx) : 0;

	if (engine_totals(l->engine, totals))
		lost += totals[CTR_HANDOVER_FULL];
	return lost;
}

// The set behind fd, published as the live one or as a shadow.
static int publish(struct link_server *l, uint64_t len, uint32_t share, int fd)
{
	struct link_receipt *r = &l->pending.receipt;
	void *blob = NULL;

	int err = link_map_blob(fd, len, &blob);
	if (err < 0) {
		snprintf(r->error, sizeof(r->error),
			"the pattern set is no sealed memfd of its length");
		return err;
	}
	if (l->pending.op == LINK_SHADOW_LOAD)
		err = engine_shadow(l->engine, blob, len, share, &r->generation, r->error);
	else
		err = engine_load(l->engine, blob, len, &r->generation, r->error);
	munmap(blob, len);
	return err;
}

static const struct ruleset *published(const struct link_server *l, uint16_t op)
{
	const struct shadow *shadow = shadow_borrow(l->engine->rulesets);

	if (op != LINK_SHADOW_LOAD)
		return ruleset_live(l->engine->rulesets);
	return shadow != NULL ? shadow->rules : NULL;
}

static uint64_t memory_of(const struct ruleset *rs)
{
	return rs != NULL ? pattern_db_memory(rs->db) : 0;
}

static int load(struct link_server *l, uint16_t op, uint64_t len, uint32_t share, int fd)
{
	struct link_receipt *r = &l->pending.receipt;
	uint64_t start = clock_monotonic_ns();

	l->pending = (struct pending){.op = op, .lost_before = lost_so_far(l)};
	r->bytes_before = memory_of(published(l, op));
	int err = publish(l, len, share, fd);
	if (err < 0)
		return err;
	l->pending.published_ns = clock_monotonic_ns();
	r->prepare_ns = l->pending.published_ns - start;
	r->n_workers = l->engine->n_workers;
	r->bytes_after = memory_of(published(l, op));
	describe(published(l, op), r->digest, &r->n_rules);
	return 0;
}

static void begin_load(struct link_server *l, int i, uint16_t op, uint32_t id, uint64_t len,
	uint32_t share, int fd)
{
	struct link_receipt busy = {.error = "another pattern set is being loaded"};

	if (l->pending.active) {
		link_reply_to(l, i, op, id, -EBUSY, &busy, sizeof(busy), -1);
		return;
	}
	int err = load(l, op, len, share, fd);
	if (err < 0) {
		link_reply_to(
			l, i, op, id, err, &l->pending.receipt, sizeof(l->pending.receipt), -1);
		return;
	}
	l->pending.active = true;
	l->pending.client = i;
	l->pending.id = id;
}

static void on_load(struct link_server *l, int i, uint32_t id, const void *payload, int fd)
{
	const struct link_load_req *req = payload;

	begin_load(l, i, LINK_PATTERNS_LOAD, id, req->blob_len, 0, fd);
}

static void on_shadow_load(struct link_server *l, int i, uint32_t id, const void *payload, int fd)
{
	const struct link_shadow_req *req = payload;
	struct link_receipt wrong = {.error = "a share is 1 to 1000 thousandths of the flows"};

	if (req->share == 0 || req->share > SHADOW_SHARE_MAX)
		link_reply_to(l, i, LINK_SHADOW_LOAD, id, -EINVAL, &wrong, sizeof(wrong), -1);
	else
		begin_load(l, i, LINK_SHADOW_LOAD, id, req->blob_len, req->share, fd);
}

static void on_shadow_drop(struct link_server *l, int i, uint32_t id, const void *payload, int fd)
{
	(void)payload;
	(void)fd;
	int err = l->pending.active ? -EBUSY : engine_shadow_drop(l->engine);
	if (err < 0) {
		link_reply_to(l, i, LINK_SHADOW_DROP, id, err, NULL, 0, -1);
		return;
	}
	l->pending = (struct pending){.active = true,
		.op = LINK_SHADOW_DROP,
		.client = i,
		.id = id,
		.published_ns = clock_monotonic_ns()};
}

// Until no worker holds what was live before; workers let go at the end of a burst.
static bool wait_for_workers(struct link_server *l)
{
	enum { TURNS = 200, PAUSE_NS = 500000 };
	static const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (unsigned i = 0; i < TURNS; i++) {
		if (ruleset_poll(l->engine->rulesets) == 1)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

// Answered when it is done, so that a load that is asked for next finds nothing under way.
static void on_purposes(struct link_server *l, int i, uint32_t id, const void *payload, int fd)
{
	struct purpose_table *t = malloc(sizeof(*t));
	void *mapped = NULL;

	(void)payload;
	int err = t == NULL ? -ENOMEM : link_map_blob(fd, sizeof(*t), &mapped);
	if (err == 0) {
		memcpy(t, mapped, sizeof(*t));
		munmap(mapped, sizeof(*t));
		err = purpose_table_ok(t) ? 0 : -EINVAL;
	}
	if (err == 0)
		err = wait_for_workers(l) ? engine_purposes(l->engine, t) : -EBUSY;
	if (err == 0) {
		wait_for_workers(l);
		log_info("purposes: %u; %u rules about content are inactive", t->n,
			inactive_rules(l));
	}
	free(t);
	link_reply_to(l, i, LINK_PURPOSES, id, err, NULL, 0, -1);
}

static void on_status(struct link_server *l, int i, uint32_t id, const void *payload, int fd)
{
	struct link_status status = {
		.start_ns = l->engine->shared.layout.start_ns, .n_workers = l->engine->n_workers};

	(void)payload;
	(void)fd;
	const struct shadow *shadow = shadow_borrow(l->engine->rulesets);
	status.generation =
		describe(ruleset_live(l->engine->rulesets), status.digest, &status.n_rules);
	if (shadow != NULL) {
		status.shadow_share = shadow->share;
		status.shadow_generation =
			describe(shadow->rules, status.shadow_digest, &status.shadow_rules);
	}
	status.source_ended = l->facts.ended != NULL && l->facts.ended(l->facts.ctx);
	snprintf(status.source, sizeof(status.source), "%s", l->facts.source);
	link_reply_to(l, i, LINK_STATUS, id, 0, &status, sizeof(status), -1);
}

static const struct {
	uint32_t len; // of the payload
	bool wants_fd;
	void (*fn)(struct link_server *l, int i, uint32_t id, const void *payload, int fd);
} handlers[LINK_OP_COUNT] = {
	[LINK_HELLO] = {sizeof(struct link_hello_req), false, on_hello},
	[LINK_PATTERNS_LOAD] = {sizeof(struct link_load_req), true, on_load},
	[LINK_STATUS] = {0, false, on_status},
	[LINK_SHADOW_LOAD] = {sizeof(struct link_shadow_req), true, on_shadow_load},
	[LINK_SHADOW_DROP] = {0, false, on_shadow_drop},
	[LINK_PURPOSES] = {0, true, on_purposes},
	[LINK_GEO_LOAD] = {sizeof(struct link_load_req), true, link_on_geo},
	[LINK_BORDER_KEYS] = {sizeof(struct link_border_keys), false, link_on_border_keys},
};

static void dispatch(struct link_server *l, int i, const uint8_t *message, size_t len, int fd)
{
	_Alignas(8) uint8_t payload[LINK_PAYLOAD_MAX];
	struct link_head head;

	if (len < sizeof(head)) {
		drop_client(l, i);
		return;
	}
	memcpy(&head, message, sizeof(head));
	if (head.op >= LINK_OP_COUNT || handlers[head.op].fn == NULL) {
		link_reply_to(l, i, head.op, head.id, -ENOTSUP, NULL, 0, -1);
		return;
	}
	if (head.len != handlers[head.op].len || len != sizeof(head) + head.len ||
		handlers[head.op].wants_fd != (fd >= 0)) {
		link_reply_to(l, i, head.op, head.id, -EMSGSIZE, NULL, 0, -1);
		return;
	}
	memcpy(payload, message + sizeof(head), head.len);
	handlers[head.op].fn(l, i, head.id, payload, fd);
}

static void serve(struct link_server *l, int i)
{
	uint8_t message[sizeof(struct link_head) + LINK_PAYLOAD_MAX];
	int fd = -1;

	ssize_t n = sock_recv(l->clients[i], message, sizeof(message), &fd);
	if (n == -EAGAIN)
		return;
	if (n <= 0)
		drop_client(l, i);
	else
		dispatch(l, i, message, (size_t)n, fd);
	if (fd >= 0)
		close(fd);
}

static void accept_client(struct link_server *l)
{
	int fd = sock_accept(l->listener);

	if (fd < 0)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		if (l->clients[i] < 0) {
			l->clients[i] = fd;
			return;
		}
	}
	close(fd);
}

// Has each worker taken what was published? A capture's worker that has ended never will, and is not
// waited for. When a shadow's grace period is over, no worker can be without it.
static bool all_taken(struct link_server *l, bool freed)
{
	struct pending *p = &l->pending;
	bool ended = l->facts.ended != NULL && l->facts.ended(l->facts.ctx);
	bool taken = true;

	for (unsigned w = 0; w < l->engine->n_workers; w++) {
		uint64_t at = p->op == LINK_PATTERNS_LOAD
			? ruleset_taken_ns(l->engine->rulesets, w, p->receipt.generation)
			: freed ? clock_monotonic_ns()
				: 0;
		p->receipt.ack_ns[w] = at > p->published_ns ? at - p->published_ns : at != 0;
		taken &= at != 0 || ended;
	}
	return taken;
}

static void log_taken(const struct pending *p)
{
	if (p->op == LINK_SHADOW_DROP)
		log_info("no shadow any more");
	else
		log_info("%s %llu is live: %u rules",
			p->op == LINK_SHADOW_LOAD ? "shadow" : "pattern set",
			(unsigned long long)p->receipt.generation, p->receipt.n_rules);
}

// The receipt goes out when every worker has taken what is new, and what was before is gone.
static void finish_pending(struct link_server *l)
{
	struct pending *p = &l->pending;
	uint64_t now = clock_monotonic_ns();

	if (!p->active)
		return;
	bool freed = ruleset_poll(l->engine->rulesets) == 1;
	bool done = all_taken(l, freed) && freed;
	if (!done && now - p->published_ns < GRACE_TIMEOUT_NS)
		return;
	p->active = false;
	p->receipt.grace_ns = now - p->published_ns;
	p->receipt.lost_packets = lost_so_far(l) - p->lost_before;
	int status = done ? 0 : -ETIMEDOUT;
	if (status < 0)
		snprintf(p->receipt.error, sizeof(p->receipt.error),
			"the set is live, but a worker has not taken it within two seconds");
	log_taken(p);
	if (p->client < 0)
		return;
	bool drop = p->op == LINK_SHADOW_DROP;
	link_reply_to(l, p->client, p->op, p->id, status, drop ? NULL : &p->receipt,
		drop ? 0 : sizeof(p->receipt), -1);
}

int link_open(const char *path, struct engine *engine, const struct link_facts *facts,
	struct link_server **out, char error[256])
{
	struct link_server *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	l->engine = engine;
	l->facts = *facts;
	for (int i = 0; i < CLIENTS_MAX; i++)
		l->clients[i] = -1;
	l->listener = sock_listen(path, SOCK_SEQPACKET, 0660);
	if (l->listener < 0) {
		int err = l->listener;
		snprintf(error, 256, "%s",
			err == -EADDRINUSE ? "another dataplane serves this link" : strerror(-err));
		free(l);
		return err;
	}
	snprintf(l->path, sizeof(l->path), "%s", path);
	*out = l;
	return 0;
}

void link_close(struct link_server *l)
{
	if (l == NULL)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		if (l->clients[i] >= 0)
			close(l->clients[i]);
	}
	close(l->listener);
	unlink(l->path);
	free(l);
}

void link_step(struct link_server *l, int timeout_ms)
{
	struct pollfd fds[CLIENTS_MAX + 1] = {{.fd = l->listener, .events = POLLIN}};

	for (int i = 0; i < CLIENTS_MAX; i++)
		fds[i + 1] = (struct pollfd){.fd = l->clients[i], .events = POLLIN};
	// While workers are awaited, look often: their acknowledgement takes microseconds.
	if (poll(fds, CLIENTS_MAX + 1, l->pending.active || l->geo.active ? 1 : timeout_ms) > 0) {
		for (int i = 0; i < CLIENTS_MAX; i++) {
			if (fds[i + 1].revents != 0 && l->clients[i] >= 0)
				serve(l, i);
		}
		if (fds[0].revents != 0)
			accept_client(l);
	}
	finish_pending(l);
	link_finish_geo(l);
}
