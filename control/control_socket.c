#include "control/control_socket.h"

#include "control/request.h"
#include "dataplane/base/log.h"
#include "dataplane/base/sock.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 16, IDLE_S = 300, WRITE_S = 10, PAUSE_MS = 200 };

struct control_client {
	struct control_socket *socket;
	struct bufferevent *stream;
	struct control_call *call; // NULL: nothing is being answered
	uid_t uid;
	bool ends; // nothing more will be read
	LIST_ENTRY(control_client) link;
};

struct control_call {
	struct control_client *client; // NULL: it has gone
	uid_t uid;
	control_gone_fn gone; // NULL: nobody wants to know
	void *gone_ctx;
};

struct control_socket {
	struct event_base *base;
	int listener;
	gid_t gid;
	control_call_fn on_call;
	void *ctx;
	struct event *on_accept, *on_pause_over;
	unsigned n_clients;
	LIST_HEAD(, control_client) clients;
	char path[PATH_MAX];
};

static void client_free(struct control_client *c)
{
	struct control_call *call = c->call;

	LIST_REMOVE(c, link);
	c->socket->n_clients--;
	bufferevent_free(c->stream);
	free(c);
	if (call == NULL)
		return;
	call->client = NULL;
	if (call->gone != NULL)
		call->gone(call->gone_ctx);
}

static size_t unsent(const struct control_client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->stream));
}

static void send_text(struct control_client *c, const char *text)
{
	struct evbuffer *out = bufferevent_get_output(c->stream);

	evbuffer_add(out, text, strlen(text));
	evbuffer_add(out, "\n", 1);
}

static void take_line(struct control_client *c, const char *line, size_t len)
{
	struct control_call *call = calloc(1, sizeof(*call));

	if (call == NULL) {
		c->ends = true;
		return;
	}
	call->client = c;
	call->uid = c->uid;
	c->call = call;
	c->socket->on_call(c->socket->ctx, call, line, len);
}

// One request at a time, and the next only when the answer to the last has gone out: what a client
// can make us keep is one line and one answer.
static void serve(struct control_client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->stream);

	while (c->call == NULL && unsent(c) == 0) {
		size_t len = 0;
		char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
		if (line == NULL)
			break;
		take_line(c, line, len);
		free(line);
	}
	if (c->call != NULL || unsent(c) > 0)
		return;
	if (!c->ends && evbuffer_get_length(in) > REQUEST_LINE_MAX) {
		send_text(c,
			"{\"ok\": false, \"error\": \"the request is too long; a line has at most "
			"65536 bytes\"}");
		evbuffer_drain(in, evbuffer_get_length(in));
		bufferevent_disable(c->stream, EV_READ);
		c->ends = true;
	} else if (c->ends) {
		client_free(c);
	}
}

static void on_data(struct bufferevent *stream, void *ctx)
{
	(void)stream;
	serve(ctx);
}

// Both directions are closed. A client may close the one in which it asks, and wait.
static bool has_hung_up(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

static void on_event(struct bufferevent *stream, short what, void *ctx)
{
	struct control_client *c = ctx;

	if ((what & BEV_EVENT_TIMEOUT) && (what & BEV_EVENT_READING) && c->call != NULL) {
		bufferevent_enable(stream, EV_READ); // it waits for us
		return;
	}
	if ((what & BEV_EVENT_EOF) == 0) {
		client_free(c);
		return;
	}
	if (c->call != NULL && has_hung_up(bufferevent_getfd(stream))) {
		client_free(c);
		return;
	}
	// What it has asked before is still answered: it has closed one direction only.
	c->ends = true;
	serve(c);
}

static bool is_member(int fd, gid_t gid, const struct sock_peer *peer)
{
	static gid_t groups[NGROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (gid == (gid_t)NO_GROUP)
		return false;
	if (peer->gid == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++) {
		if (groups[i] == gid)
			return true;
	}
	return false;
}

static bool may_come(const struct control_socket *s, int fd, const struct sock_peer *peer)
{
	return peer->uid == 0 || peer->uid == geteuid() || is_member(fd, s->gid, peer);
}

static void turn_away(int fd, const char *why)
{
	char text[256];

	int n = snprintf(text, sizeof(text), "{\"ok\": false, \"error\": \"%s\"}\n", why);
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("control socket: %s", strerror(errno));
	close(fd);
}

static int add_client(struct control_socket *s, int fd, uid_t uid)
{
	const struct timeval idle = {.tv_sec = IDLE_S}, slow = {.tv_sec = WRITE_S};
	struct control_client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	c->stream = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->stream == NULL) {
		free(c);
		return -ENOMEM;
	}
	c->socket = s;
	c->uid = uid;
	LIST_INSERT_HEAD(&s->clients, c, link);
	s->n_clients++;
	bufferevent_setcb(c->stream, on_data, on_data, on_event, c);
	bufferevent_setwatermark(c->stream, EV_READ, 0, REQUEST_LINE_MAX + 1);
	bufferevent_set_timeouts(c->stream, &idle, &slow);
	bufferevent_enable(c->stream, EV_READ | EV_WRITE);
	return 0;
}

static void welcome(struct control_socket *s, int fd)
{
	struct sock_peer peer;

	if (sock_peer(fd, &peer) < 0) {
		close(fd);
		return;
	}
	if (!may_come(s, fd, &peer)) {
		log_warning("control socket: refused uid %u, process %d", (unsigned)peer.uid,
			(int)peer.pid);
		turn_away(fd,
			"this user may not use the control socket; be root, or a member of "
			"control_group");
		return;
	}
	if (s->n_clients == CLIENTS_MAX)
		turn_away(fd, "too many clients; try again when one has gone");
	else if (add_client(s, fd, peer.uid) < 0)
		turn_away(fd, "short of memory");
}

static void on_accept(evutil_socket_t listener, short what, void *ctx)
{
	const struct timeval pause = {.tv_usec = PAUSE_MS * 1000};
	struct control_socket *s = ctx;

	(void)what;
	int fd = sock_accept(listener);
	if (fd >= 0) {
		welcome(s, fd);
		return;
	}
	if (fd == -EAGAIN || fd == -EINTR || fd == -ECONNABORTED)
		return;
	// Out of descriptors: the client stays in the queue, and would wake us at once.
	log_warning("control socket: %s", strerror(-fd));
	event_del(s->on_accept);
	event_add(s->on_pause_over, &pause);
}

static void pause_over(evutil_socket_t fd, short what, void *ctx)
{
	struct control_socket *s = ctx;

	(void)fd;
	(void)what;
	event_add(s->on_accept, NULL);
}

static int start(struct control_socket *s)
{
	if (s->gid != (gid_t)NO_GROUP && chown(s->path, (uid_t)-1, s->gid) < 0)
		return -errno;
	s->on_accept = event_new(s->base, s->listener, EV_READ | EV_PERSIST, on_accept, s);
	s->on_pause_over = evtimer_new(s->base, pause_over, s);
	if (s->on_accept == NULL || s->on_pause_over == NULL)
		return -ENOMEM;
	return event_add(s->on_accept, NULL) < 0 ? -ENOMEM : 0;
}

int control_socket_open(struct event_base *base, const char *path, gid_t gid,
	control_call_fn on_call, void *ctx, struct control_socket **out)
{
	struct control_socket *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->base = base;
	s->gid = gid;
	s->on_call = on_call;
	s->ctx = ctx;
	snprintf(s->path, sizeof(s->path), "%s", path);
	s->listener = sock_listen(path, SOCK_STREAM, 0660);
	if (s->listener < 0) {
		int err = s->listener;
		free(s);
		return err;
	}
	int err = start(s);
	if (err < 0) {
		control_socket_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void control_socket_close(struct control_socket *s)
{
	if (s == NULL)
		return;
	while (!LIST_EMPTY(&s->clients))
		client_free(LIST_FIRST(&s->clients));
	if (s->on_accept != NULL)
		event_free(s->on_accept);
	if (s->on_pause_over != NULL)
		event_free(s->on_pause_over);
	unlink(s->path);
	close(s->listener);
	free(s);
}

uid_t control_call_uid(const struct control_call *call)
{
	return call->uid;
}

void control_call_on_gone(struct control_call *call, control_gone_fn gone, void *ctx)
{
	call->gone = gone;
	call->gone_ctx = ctx;
}

void control_call_tell(struct control_call *call, json_t *line)
{
	char *text = line != NULL ? json_dumps(line, JSON_COMPACT) : NULL;

	if (call->client != NULL && text != NULL)
		send_text(call->client, text);
	free(text);
	json_decref(line);
}

void control_call_answer(struct control_call *call, json_t *answer)
{
	struct control_client *c = call->client;

	free(call);
	if (c != NULL) {
		char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;
		c->call = NULL;
		send_text(c, text != NULL ? text : "{\"ok\":false,\"error\":\"short of memory\"}");
		free(text);
	}
	json_decref(answer);
}
