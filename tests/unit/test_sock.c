#include "dataplane/base/sock.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_sock.XXXXXX";
static char path[64];

static void test_paths(void)
{
	char exact[108], longer[109];
	const struct {
		const char *name;
		const char *path;
		int want;
	} rows[] = {
		{"empty", "", -EINVAL},
		{"107 bytes fit, but the folder is not there", exact, -ENOENT},
		{"108 bytes do not fit", longer, -ENAMETOOLONG},
	};

	memset(exact, 'x', sizeof(exact));
	memcpy(exact, "/x/", 3);
	exact[107] = '\0';
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "/x/", 3);
	longer[108] = '\0';
	for (size_t i = 0; i < ROWS(rows); i++) {
		int got = sock_listen(rows[i].path, SOCK_SEQPACKET, 0600);
		CHECK(got == rows[i].want, "%s: listen %d", rows[i].name, got);
		got = sock_connect(rows[i].path, SOCK_SEQPACKET);
		CHECK(got == rows[i].want, "%s: connect %d", rows[i].name, got);
	}
}

static void test_listen(void)
{
	struct sock_peer peer = {0};
	struct stat st;

	int listener = sock_listen(path, SOCK_SEQPACKET, 0640);
	CHECK(listener >= 0, "listen: %d", listener);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640, "mode %o", st.st_mode & 0777);
	CHECK(sock_accept(listener) == -EAGAIN, "nobody waits");
	int client = sock_connect(path, SOCK_SEQPACKET | SOCK_NONBLOCK);
	CHECK(client >= 0, "connect: %d", client);
	int server = sock_accept(listener);
	CHECK(server >= 0, "accept: %d", server);
	CHECK(sock_peer(server, &peer) == 0 && peer.uid == geteuid() && peer.gid == getegid() &&
			peer.pid == getpid(),
		"peer: pid %d", (int)peer.pid);
	const int fds[] = {listener, client, server};
	for (size_t i = 0; i < ROWS(fds); i++)
		CHECK((fcntl(fds[i], F_GETFD) & FD_CLOEXEC) != 0, "close-on-exec: %zu", i);
	CHECK((fcntl(server, F_GETFL) & O_NONBLOCK) != 0, "accepted: non-blocking");

	CHECK(sock_listen(path, SOCK_SEQPACKET, 0600) == -EADDRINUSE, "a second listener");
	close(server);
	close(client);
	close(listener);
	// The file is still there, as after kill -9.
	listener = sock_listen(path, SOCK_SEQPACKET, 0600);
	CHECK(listener >= 0, "a stale socket is replaced: %d", listener);
	close(listener);
	unlink(path);
}

static void test_listen_leaves_files_alone(void)
{
	struct stat st;

	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, "x", 1) == 1, "a file");
	close(fd);
	CHECK(sock_listen(path, SOCK_STREAM, 0600) == -EEXIST, "a file is no stale socket");
	CHECK(stat(path, &st) == 0 && st.st_size == 1, "it is still there");
	unlink(path);
	CHECK(symlink("/dev/null", path) == 0, "a link");
	CHECK(sock_listen(path, SOCK_STREAM, 0600) == -EEXIST, "a link is none either");
	unlink(path);
}

static void pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		abort();
}

static void close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static unsigned open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_message(void)
{
	char buf[8];
	int passed = 99;
	int fds[2];

	pair(fds);
	CHECK(sock_recv(fds[1], buf, sizeof(buf), &passed) == -EAGAIN && passed == -1, "nothing");
	CHECK(sock_send(fds[0], "12345678", 8, -1) == 0, "send");
	CHECK(sock_recv(fds[1], buf, sizeof(buf), &passed) == 8 && passed == -1, "fits exactly");
	CHECK(memcmp(buf, "12345678", 8) == 0, "bytes");

	int file = memfd_create("x", MFD_CLOEXEC);
	CHECK(sock_send(fds[0], "a", 1, file) == 0, "send with a descriptor");
	CHECK(sock_recv(fds[1], buf, sizeof(buf), &passed) == 1 && passed >= 0, "descriptor");
	CHECK((fcntl(passed, F_GETFD) & FD_CLOEXEC) != 0, "close-on-exec");
	struct stat a, b;
	CHECK(fstat(file, &a) == 0 && fstat(passed, &b) == 0 && a.st_ino == b.st_ino, "the same");
	close(passed);
	close(file);

	close(fds[0]);
	CHECK(sock_recv(fds[1], buf, sizeof(buf), &passed) == 0 && passed == -1, "the end");
	CHECK(sock_send(fds[1], "a", 1, -1) == -EPIPE, "no SIGPIPE");
	close(fds[1]);
}

static void test_full(void)
{
	char block[4096] = {0};
	int fds[2];
	int err = 0;

	pair(fds);
	for (unsigned i = 0; i < 100000 && err == 0; i++)
		err = sock_send(fds[0], block, sizeof(block), -1);
	CHECK(err == -EAGAIN, "a peer that does not read: %d", err);
	close_pair(fds);
}

// n copies of a descriptor in one message.
static void send_fds(int to, const void *message, size_t len, int fd, unsigned n)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(64 * sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = (void *)message, .iov_len = len};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = CMSG_SPACE(n * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (unsigned i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(int));
	CHECK(sendmsg(to, &m, 0) == (ssize_t)len, "%u descriptors", n);
}

static void test_refused(void)
{
	static const struct {
		const char *name;
		size_t len;
		unsigned n_fds;
	} rows[] = {
		{"longer than the buffer", 9, 0},
		{"longer, with a descriptor", 9, 1},
		{"two descriptors", 4, 2},
		{"more descriptors than there is room for", 4, 60},
	};
	char buf[8];

	for (size_t i = 0; i < ROWS(rows); i++) {
		int passed = 99;
		int fds[2];
		pair(fds);
		unsigned before = open_fds();
		if (rows[i].n_fds == 0)
			CHECK(sock_send(fds[0], "123456789", rows[i].len, -1) == 0, "send");
		else
			send_fds(fds[0], "123456789", rows[i].len, STDOUT_FILENO, rows[i].n_fds);
		ssize_t n = sock_recv(fds[1], buf, sizeof(buf), &passed);
		CHECK(n == -EMSGSIZE && passed == -1, "%s: %zd", rows[i].name, n);
		CHECK(open_fds() == before, "%s: all are closed", rows[i].name);
		// The next message is unharmed.
		CHECK(sock_send(fds[0], "ok", 2, -1) == 0, "send");
		CHECK(sock_recv(fds[1], buf, sizeof(buf), &passed) == 2, "%s: next", rows[i].name);
		close_pair(fds);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"paths", test_paths},
		{"listen", test_listen},
		{"listen leaves files alone", test_listen_leaves_files_alone},
		{"message", test_message},
		{"full", test_full},
		{"refused", test_refused},
		CU_TEST_INFO_NULL,
	};

	if (mkdtemp(dir) == NULL)
		return 2;
	snprintf(path, sizeof(path), "%s/s", dir);
	int failed = check_main("sock", tests);
	rmdir(dir);
	return failed;
}
