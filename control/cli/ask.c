#include "control/cli/cli.h"

#include "control/escape.h"
#include "dataplane/base/sock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REPLY_MAX = 256 << 20, REPLY_FIRST = 64 << 10, PATIENCE_MS = 10000 };

struct line {
	char *text;
	size_t len, room;
};

static enum cli_exit unreachable(const struct cli *cli, const char *what)
{
	fprintf(stderr, "sealctl: %s: %s\n", cli->socket, what);
	return CLI_UNREACHABLE;
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int grow(struct line *l)
{
	size_t room = l->room == 0 ? REPLY_FIRST : l->room * 2;

	if (l->len < l->room)
		return 0;
	if (room > REPLY_MAX)
		return -EMSGSIZE;
	char *text = realloc(l->text, room);
	if (text == NULL)
		return -ENOMEM;
	l->text = text;
	l->room = room;
	return 0;
}

// Up to the newline. patience_ms -1: as long as the daemon lives.
static int recv_line(int fd, int patience_ms, struct line *l)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char *end = NULL;

	while (end == NULL) {
		int err = grow(l);
		if (err < 0)
			return err;
		int ready = poll(&p, 1, patience_ms);
		if (ready <= 0)
			return ready == 0 ? -ETIMEDOUT : -errno;
		ssize_t n = recv(fd, l->text + l->len, l->room - l->len, 0);
		if (n <= 0)
			return n == 0 ? -ECONNRESET : -errno;
		end = memchr(l->text + l->len, '\n', (size_t)n);
		l->len += (size_t)n;
	}
	l->len = (size_t)(end - l->text);
	return 0;
}

static int exchange(int fd, json_t *request, int patience_ms, json_t **reply)
{
	char *text = json_dumps(request, JSON_COMPACT);
	struct line line = {0};

	if (text == NULL)
		return -ENOMEM;
	int err = send_all(fd, text, strlen(text));
	if (err == 0)
		err = send_all(fd, "\n", 1);
	free(text);
	// A daemon that turns us away says so before it closes.
	if (err == 0 || err == -EPIPE)
		err = recv_line(fd, patience_ms, &line);
	if (err == 0) {
		*reply = json_loadb(line.text, line.len, 0, NULL);
		err = json_is_object(*reply) ? 0 : -EBADMSG;
	}
	free(line.text);
	return err;
}

static void print_error(const json_t *reply)
{
	const char *error = json_string_value(json_object_get(reply, "error"));

	fprintf(stderr, "sealctl: ");
	escape_write(error != NULL ? error : "the daemon refused", stderr);
	fputc('\n', stderr);
}

static enum cli_exit explain(const struct cli *cli, int err)
{
	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
		return unreachable(cli, "no sealwatchd there");
	case -ECONNRESET:
		return unreachable(cli, "sealwatchd closed the connection");
	case -ETIMEDOUT:
		return unreachable(cli, "sealwatchd does not answer");
	case -EBADMSG:
		return unreachable(cli, "that is no sealwatchd");
	default:
		return unreachable(cli, strerror(-err));
	}
}

static enum cli_exit ask(const struct cli *cli, json_t *request, int patience_ms, json_t **reply)
{
	int fd = sock_connect(cli->socket, SOCK_STREAM);

	*reply = NULL;
	if (fd < 0) {
		json_decref(request);
		return explain(cli, fd);
	}
	int err = exchange(fd, request, patience_ms, reply);
	close(fd);
	json_decref(request);
	if (err < 0)
		return explain(cli, err);
	if (json_is_true(json_object_get(*reply, "ok")))
		return CLI_OK;
	if (cli->json)
		cli_print_json(*reply, false);
	print_error(*reply);
	return CLI_REFUSED;
}

enum cli_exit cli_ask(const struct cli *cli, json_t *request, json_t **reply)
{
	return ask(cli, request, -1, reply);
}

enum cli_exit cli_ask_simple(const struct cli *cli, const char *command, json_t **reply)
{
	return ask(cli, json_pack("{s:s}", "cmd", command), PATIENCE_MS, reply);
}

void cli_print_json(const json_t *json, bool compact)
{
	json_dumpf(json, stdout, compact ? JSON_COMPACT : JSON_INDENT(2));
	fputc('\n', stdout);
}

uint64_t cli_number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

const char *cli_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && text[0] != '\0' ? text : "-";
}
