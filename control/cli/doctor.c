#include "control/cli/cli.h"

#include "control/cli/leak_scan.h"
#include "control/cli/table.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { METRICS_MAX = 64 << 20 };

static int connect_to(const char *address, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	const bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;

	if (!is_v4 && inet_pton(AF_INET6, address, &v6.sin6_addr) != 1)
		return -1;
	int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const void *to = is_v4 ? (const void *)&v4 : (const void *)&v6;
	const struct timeval patience = {.tv_sec = 10};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (fd >= 0 && connect(fd, to, is_v4 ? sizeof(v4) : sizeof(v6)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

// What a scraper gets; NULL: nobody answers.
static char *get_metrics(const char *address, uint16_t port, size_t *len)
{
	static const char ask[] = "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n";
	size_t room = 1 << 16;
	char *text = malloc(room);
	ssize_t n = 1;
	int fd = connect_to(address, port);

	*len = 0;
	if (fd >= 0 && write(fd, ask, sizeof(ask) - 1) != (ssize_t)sizeof(ask) - 1)
		n = -1;
	while (fd >= 0 && text != NULL && n > 0 && room <= METRICS_MAX) {
		if (*len == room) {
			char *more = realloc(text, room *= 2);
			if (more == NULL)
				break;
			text = more;
		}
		n = read(fd, text + *len, room - *len);
		*len += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	if (*len > 0)
		return text;
	free(text);
	return NULL;
}

// What the daemon answers, as it would stand on a screen.
static bool scan_answers(const struct cli *cli, struct leak_scan *scan)
{
	static const char *const commands[] = {"status", "counters", "services", "leaks", "posture",
		"posture.trend", "geo.matrix", "top", "top.rules", "patterns.list", "patterns.show",
		"purpose.list", "evidence.list"};
	bool ok = true;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && ok; i++) {
		json_t *reply = NULL;
		char name[64];
		snprintf(name, sizeof(name), "sealctl %s", commands[i]);
		char *text = cli_ask_simple(cli, commands[i], &reply) == CLI_OK
			? json_dumps(reply, JSON_INDENT(1))
			: NULL;
		if (text != NULL)
			ok = leak_scan_bytes(scan, name, text, strlen(text));
		else
			leak_scan_missed(scan);
		free(text);
		json_decref(reply);
	}
	return ok;
}

static bool scan_daemon(const struct cli *cli, const json_t *places, struct leak_scan *scan)
{
	static const char *const keys[] = {"eve_file", "state", "cache"};
	const uint64_t port = cli_number(places, "metrics_port");
	bool ok = true;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && ok; i++) {
		const char *path = json_string_value(json_object_get(places, keys[i]));
		if (path != NULL)
			ok = leak_scan_path(scan, path);
	}
	size_t len;
	char *metrics = port != 0
		? get_metrics(cli_text(places, "metrics_address"), (uint16_t)port, &len)
		: NULL;
	if (metrics == NULL && port != 0)
		leak_scan_missed(scan);
	if (metrics != NULL && ok)
		ok = leak_scan_bytes(scan, "metrics", metrics, len);
	free(metrics);
	return ok && scan_answers(cli, scan);
}

static void print_result(const struct cli *cli, const struct leak_scan_result *r)
{
	const json_t *f;
	size_t i;

	if (cli->json) {
		json_t *all = json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "ok",
			r->found == 0, "files", (json_int_t)r->files, "unreadable",
			(json_int_t)r->unreadable, "texts", (json_int_t)r->texts, "bytes",
			(json_int_t)r->bytes, "found", (json_int_t)r->found, "low",
			(json_int_t)r->low, "findings", r->findings);
		cli_print_json(all, false);
		json_decref(all);
		return;
	}
	if (r->found > 0) {
		struct table *t = table_new();
		table_column(t, "PLACE", TABLE_LEFT);
		table_column(t, "DETECTOR", TABLE_LEFT);
		table_column(t, "CONFIDENCE", TABLE_LEFT);
		table_column(t, "MASKED", TABLE_LEFT);
		json_array_foreach(r->findings, i, f)
		{
			table_row(t);
			table_text(t, cli_text(f, "place"));
			table_text(t, cli_text(f, "detector"));
			table_text(t, cli_text(f, "confidence"));
			table_text(t, cli_text(f, "masked"));
		}
		table_print(t);
	}
	printf("%" PRIu64 " raw identifiers in %" PRIu64 " files, metrics and answers (%" PRIu64
	       " texts, %" PRIu64 " bytes)\n",
		r->found, r->files, r->texts, r->bytes);
	if (r->unreadable > 0)
		printf("%" PRIu64
		       " files or answers could not be had: be root, or the daemon's user\n",
			r->unreadable);
}

enum cli_exit cli_doctor_privacy(const struct cli *cli)
{
	json_t *places = NULL;
	enum cli_exit status = CLI_OK;

	// With paths a daemon is not needed.
	if (cli->n_args == 0)
		status = cli_ask_simple(cli, "doctor.places", &places);
	if (status != CLI_OK)
		return status;
	struct leak_scan *scan = leak_scan_new();
	bool ok = scan != NULL;
	if (ok && places != NULL)
		ok = scan_daemon(cli, places, scan);
	for (int i = 0; i < cli->n_args && ok; i++)
		ok = leak_scan_path(scan, cli->args[i]);
	if (ok) {
		const struct leak_scan_result *r = leak_scan_result(scan);
		print_result(cli, r);
		status = r->found > 0 || r->unreadable > 0 ? CLI_REFUSED : CLI_OK;
	} else {
		if (scan != NULL)
			fprintf(stderr, "sealctl: sealwatch-detect has ended early\n");
		status = CLI_REFUSED;
	}
	leak_scan_free(scan);
	json_decref(places);
	return status;
}
