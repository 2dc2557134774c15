#include "control/http.h"

#include <microhttpd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 16, CONNECTIONS_MAX = 16, CONNECTION_MEMORY = 16 << 10, IDLE_S = 10 };

struct http {
	struct MHD_Daemon *daemon;
	struct event *on_ready, *on_timeout;
	http_metrics_fn metrics;
	void *ctx;
};

static const char welcome[] = "Sealwatch\n\n/metrics  OpenMetrics\n";
static const char not_found[] = "not found; there is /metrics\n";
static const char not_allowed[] = "only GET and HEAD\n";
static const char short_of_memory[] = "short of memory\n";

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *type,
	struct MHD_Response *response)
{
	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	enum MHD_Result queued = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result respond_text(
	struct MHD_Connection *connection, unsigned status, const char *text)
{
	return respond(connection, status, "text/plain; charset=utf-8",
		MHD_create_response_from_buffer(
			strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result respond_metrics(struct http *h, struct MHD_Connection *connection)
{
	char *text = NULL;
	size_t len = 0;

	if (h->metrics(h->ctx, &text, &len) < 0)
		return respond_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, short_of_memory);
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		free(text);
	return respond(connection, MHD_HTTP_OK,
		"application/openmetrics-text; version=1.0.0; charset=utf-8", response);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **request)
{
	static int seen;

	(void)version;
	(void)upload;
	// The first call has the head only. A body is read and thrown away.
	if (*request == NULL) {
		*request = &seen;
		return MHD_YES;
	}
	if (*upload_size != 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return respond_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, not_allowed);
	if (strcmp(url, "/metrics") == 0)
		return respond_metrics(ctx, connection);
	if (strcmp(url, "/") == 0)
		return respond_text(connection, MHD_HTTP_OK, welcome);
	return respond_text(connection, MHD_HTTP_NOT_FOUND, not_found);
}

static void run(evutil_socket_t fd, short what, void *ctx)
{
	struct http *h = ctx;
	MHD_UNSIGNED_LONG_LONG ms;

	(void)fd;
	(void)what;
	MHD_run(h->daemon);
	if (MHD_get_timeout(h->daemon, &ms) != MHD_YES) {
		event_del(h->on_timeout);
		return;
	}
	const struct timeval wait = {
		.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
	event_add(h->on_timeout, &wait);
}

static int listen_at(const struct sockaddr *address, socklen_t len)
{
	const int on = 1;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, address, len) < 0 || listen(fd, BACKLOG) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int listen_text(const char *address, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return listen_at((struct sockaddr *)&v4, sizeof(v4));
	if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
		return listen_at((struct sockaddr *)&v6, sizeof(v6));
	return -EINVAL;
}

static int start(struct http *h, struct event_base *base, int listener)
{
	h->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, h,
		MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_END);
	if (h->daemon == NULL) {
		close(listener);
		return -ENOMEM;
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		return -ENOTSUP;
	h->on_ready = event_new(base, info->epoll_fd, EV_READ | EV_PERSIST, run, h);
	h->on_timeout = evtimer_new(base, run, h);
	if (h->on_ready == NULL || h->on_timeout == NULL || event_add(h->on_ready, NULL) < 0)
		return -ENOMEM;
	return 0;
}

int http_open(struct event_base *base, const char *address, uint16_t port, http_metrics_fn metrics,
	void *ctx, struct http **out)
{
	int listener = listen_text(address, port);

	if (listener < 0)
		return listener;
	struct http *h = calloc(1, sizeof(*h));
	if (h == NULL) {
		close(listener);
		return -ENOMEM;
	}
	h->metrics = metrics;
	h->ctx = ctx;
	int err = start(h, base, listener);
	if (err < 0) {
		http_close(h);
		return err;
	}
	*out = h;
	return 0;
}

void http_close(struct http *h)
{
	if (h == NULL)
		return;
	if (h->on_ready != NULL)
		event_free(h->on_ready);
	if (h->on_timeout != NULL)
		event_free(h->on_timeout);
	if (h->daemon != NULL)
		MHD_stop_daemon(h->daemon);
	free(h);
}
