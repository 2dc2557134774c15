// UNIX sockets: messages (SOCK_SEQPACKET) that can carry one descriptor, and who the peer is.
// All descriptors are close-on-exec. Paths longer than a socket address holds: -ENAMETOOLONG.

#pragma once

#include <stddef.h>
#include <sys/types.h>

// Listen at `path` with `mode`. type: SOCK_SEQPACKET or SOCK_STREAM. A socket file that nobody
// listens to any more is replaced; one that somebody serves: -EADDRINUSE. Non-blocking.
// Returns the descriptor or -errno.
int sock_listen(const char *path, int type, mode_t mode);
// type may carry SOCK_NONBLOCK: then -EAGAIN when the listener's backlog is full. -ENOENT or
// -ECONNREFUSED when nobody listens. Returns the descriptor or -errno.
int sock_connect(const char *path, int type);
// A waiting client, non-blocking: -EAGAIN when there is none.
int sock_accept(int listener);

struct sock_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

int sock_peer(int fd, struct sock_peer *out); // 0 or -errno

// One message of `len` bytes and, when pass_fd >= 0, a descriptor (which stays the caller's).
// 0 or -errno: -EAGAIN when the peer does not read.
int sock_send(int fd, const void *message, size_t len, int pass_fd);
// One message into buf. *passed is the descriptor that came along, or -1; it is the caller's.
// Returns its length, 0 at the end of the connection, or -errno: -EMSGSIZE for a message longer
// than the buffer or with more than one descriptor (all of which are closed), -EAGAIN.
ssize_t sock_recv(int fd, void *buf, size_t size, int *passed);
