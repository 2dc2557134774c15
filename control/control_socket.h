// The control socket: requests and answers, a JSON line each, over a UNIX stream socket. Served are
// root, the daemon's own user and the members of one group; others are told no. A client that
// does not read its answer is dropped; nobody waits for it.

#pragma once

#include <event2/event.h>
#include <jansson.h>

#include <stddef.h>
#include <sys/types.h>

struct control_socket;
struct control_call; // a request that waits for its answer

// `line` has no newline and is the callee's for the call. The call is answered once, now or later.
typedef void (*control_call_fn)(void *ctx, struct control_call *call, const char *line, size_t len);

enum { NO_GROUP = -1 };

// gid: whose members may come beside root and us, or NO_GROUP. 0 or -errno: -EADDRINUSE when
// another daemon serves at `path`.
int control_socket_open(struct event_base *base, const char *path, gid_t gid,
	control_call_fn on_call, void *ctx, struct control_socket **out);
// Drops the clients, unlinks the socket. Calls that are still open may be answered, to nobody.
void control_socket_close(struct control_socket *s); // NULL is allowed

// `gone` is called when the client goes before it has its answer; the call is still to be answered.
typedef void (*control_gone_fn)(void *ctx);
void control_call_on_gone(struct control_call *call, control_gone_fn gone, void *ctx);

uid_t control_call_uid(const struct control_call *call);
// A line before the answer. Steals `line`.
void control_call_tell(struct control_call *call, json_t *line);
// Steals `answer`; NULL: memory was short, and the client is told that.
void control_call_answer(struct control_call *call, json_t *answer);
