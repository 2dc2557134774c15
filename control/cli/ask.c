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

enum { REPLY_MAX = 256 << 20, REPLY_FIRST = 64 << 10, PATIENCE_MS = 10000, TICK_MS = 250 };

struct line {
	char *text;
	size_t len, room; // bytes received; of them
	size_t used; // were lines that are done with
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

static int receive(int fd, struct line *l)
{
	int err = grow(l);

	if (err < 0)
		return err;
	ssize_t n = recv(fd, l->text + l->len, l->room - l->len, 0);
	if (n <= 0)
		return n == 0 ? -ECONNRESET : -errno;
	l->len += (size_t)n;
	return 0;
}

// The next line as JSON. 0, or -errno: -EAGAIN when nothing came for patience_ms, or a signal did.
static int next_line(int fd, int patience_ms, struct line *l, json_t **out)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	const char *end;

	memmove(l->text, l->text + l->used, l->len - l->used);
	l->len -= l->used;
	l->used = 0;
	while ((end = memchr(l->text, '\n', l->len)) == NULL) {
		int ready = poll(&p, 1, patience_ms);
		if (ready <= 0)
			return ready == 0 || errno == EINTR ? -EAGAIN : -errno;
		int err = receive(fd, l);
		if (err < 0)
			return err;
	}
	size_t len = (size_t)(end - l->text);
	l->used = len + 1;
	*out = json_loadb(l->text, len, 0, NULL);
	return json_is_object(*out) ? 0 : -EBADMSG;
}

static int send_request(int fd, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);

	if (text == NULL)
		return -ENOMEM;
	int err = send_all(fd, text, strlen(text));
	if (err == 0)
		err = send_all(fd, "\n", 1);
	free(text);
	return err;
}

// Lines before the answer are for the watcher; a daemon that is asked for none sends none.
static int take_answer(int fd, struct line *line, const struct cli_watcher *watcher, json_t **reply)
{
	for (;;) {
		json_t *got = NULL;
		int err = next_line(fd, watcher != NULL ? TICK_MS : PATIENCE_MS, line, &got);
		if (err == -EAGAIN && watcher != NULL) {
			watcher->tick(watcher->ctx);
			continue;
		}
		if (err < 0) {
			json_decref(got);
			return err == -EAGAIN ? -ETIMEDOUT : err;
		}
		if (watcher == NULL || json_object_get(got, "ok") != NULL) {
			*reply = got;
			return 0;
		}
		watcher->line(watcher->ctx, got);
		json_decref(got);
	}
}

static int exchange(
	int fd, const json_t *request, const struct cli_watcher *watcher, json_t **reply)
{
	struct line line = {0};

	int err = send_request(fd, request);
	// A daemon that turns us away says so before it closes.
	if (err == 0 || err == -EPIPE)
		err = grow(&line);
	if (err == 0)
		err = take_answer(fd, &line, watcher, reply);
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

enum cli_exit cli_ask_watched(
	const struct cli *cli, json_t *request, const struct cli_watcher *watcher, json_t **reply)
{
	int fd = sock_connect(cli->socket, SOCK_STREAM);

	*reply = NULL;
	if (fd < 0) {
		json_decref(request);
		return explain(cli, fd);
	}
	int err = exchange(fd, request, watcher, reply);
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
	return cli_ask_watched(cli, request, NULL, reply);
}

enum cli_exit cli_ask_simple(const struct cli *cli, const char *command, json_t **reply)
{
	return cli_ask(cli, json_pack("{s:s}", "cmd", command), reply);
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

bool cli_parse_number(const char *text, uint64_t *out)
{
	size_t len = strlen(text);

	if (len == 0 || len > 19 || strspn(text, "0123456789") != len)
		return false;
	unsigned long long n = strtoull(text, NULL, 10);
	*out = n;
	return n > 0 && n <= INT64_MAX;
}

const char *cli_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && text[0] != '\0' ? text : "-";
}
