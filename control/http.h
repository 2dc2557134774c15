// HTTP on loopback: GET /metrics for Prometheus, GET / for people. On the event loop, no threads.

#pragma once

#include <event2/event.h>

#include <stddef.h>
#include <stdint.h>

struct http;

// Gives the text of /metrics, malloc'd. 0 or -errno.
typedef int (*http_metrics_fn)(void *ctx, char **text, size_t *len);

// address: IPv4 or IPv6. 0 or -errno: -EADDRINUSE when the port is taken.
int http_open(struct event_base *base, const char *address, uint16_t port, http_metrics_fn metrics,
	void *ctx, struct http **out);
void http_close(struct http *h); // NULL is allowed
