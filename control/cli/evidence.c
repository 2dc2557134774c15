#include "control/cli/cli.h"

#include "control/cli/table.h"
#include "control/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_records(const json_t *reply)
{
	struct table *t = table_new();
	const json_t *r;
	size_t i;

	table_column(t, "RECORD", TABLE_LEFT);
	table_column(t, "TIME", TABLE_LEFT);
	table_column(t, "CLOCK", TABLE_LEFT);
	table_column(t, "PURPOSE", TABLE_LEFT);
	table_column(t, "CLASS", TABLE_LEFT);
	table_column(t, "RULE", TABLE_LEFT);
	table_column(t, "BYTES", TABLE_RIGHT);
	json_array_foreach(json_object_get(reply, "records"), i, r)
	{
		table_row(t);
		table_format(t, "%.16s", cli_text(r, "id"));
		table_text(t, cli_text(r, "time"));
		table_text(t, cli_text(r, "clock"));
		table_text(t, cli_text(r, "purpose"));
		table_text(t, cli_text(r, "class"));
		table_format(t, "%" PRIu64 ":%" PRIu64 ":%" PRIu64, cli_number(r, "gid"),
			cli_number(r, "sid"), cli_number(r, "rev"));
		table_number(t, cli_number(r, "bytes"));
	}
	table_print(t);
	if (cli_number(reply, "full") + cli_number(reply, "failed") + cli_number(reply, "bad") > 0)
		printf("not stored: %" PRIu64 " because the store is full, %" PRIu64
		       " that the disk did not take, %" PRIu64 " that made no sense\n",
			cli_number(reply, "full"), cli_number(reply, "failed"),
			cli_number(reply, "bad"));
	if (json_is_string(json_object_get(reply, "error")))
		printf("no evidence can be stored: %s\n", cli_text(reply, "error"));
}

enum cli_exit cli_evidence_list(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask_simple(cli, "evidence.list", &reply);

	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK)
		print_records(reply);
	json_decref(reply);
	return status;
}

static void print_verified(const json_t *reply)
{
	const json_t *d;
	size_t i;

	printf("records        %" PRIu64 "\ndamaged        %zu\njournal        %s, %" PRIu64
	       " lines, last %.16s\n",
		cli_number(reply, "records"), json_array_size(json_object_get(reply, "damaged")),
		json_is_true(json_object_get(reply, "journal_whole")) ? "whole" : "DAMAGED",
		cli_number(reply, "journal_lines"), cli_text(reply, "journal_last"));
	json_array_foreach(json_object_get(reply, "damaged"), i, d)
		printf("  %s: %s\n", cli_text(d, "id"), cli_text(d, "why"));
}

enum cli_exit cli_evidence_verify(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask_simple(cli, "evidence.verify", &reply);

	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK && json_is_string(json_object_get(reply, "error")))
		printf("there is no evidence to verify: %s\n", cli_text(reply, "error"));
	else if (status == CLI_OK)
		print_verified(reply);
	if (status == CLI_OK &&
		(json_array_size(json_object_get(reply, "damaged")) > 0 ||
			!json_is_true(json_object_get(reply, "journal_whole"))))
		status = CLI_REFUSED;
	json_decref(reply);
	return status;
}

static enum cli_exit write_record(const char *path, const char *hex)
{
	size_t len = strlen(hex) / 2;
	uint8_t *bytes = malloc(len + 1);
	int err = bytes == NULL || len == 0 || !escape_hex(hex, bytes, len) ? -EBADMSG : 0;
	int fd = err == 0 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	ssize_t n = fd >= 0 ? write(fd, bytes, len) : -1;

	if (err == 0 && n != (ssize_t)len)
		err = n < 0 ? -errno : -ENOSPC;
	if (fd >= 0 && close(fd) < 0 && err == 0)
		err = -errno;
	if (fd >= 0 && err < 0)
		unlink(path); // part of it is of no use, and in the way of the next try
	free(bytes);
	if (err == 0)
		return CLI_OK;
	fprintf(stderr, "sealctl: %s: %s\n", path, strerror(-err));
	return CLI_REFUSED;
}

enum cli_exit cli_evidence_export(const struct cli *cli)
{
	json_t *reply = NULL;
	char own[64];
	enum cli_exit status = cli_ask(cli,
		json_pack("{s:s, s:o}", "cmd", "evidence.export", "record",
			escape_json(cli->args[0])),
		&reply);

	if (status != CLI_OK)
		return status;
	const char *id = cli_text(json_object_get(reply, "record"), "id");
	snprintf(own, sizeof(own), "%.32s.swev", id);
	const char *path = cli->n_args > 1 ? cli->args[1] : own;
	status = write_record(path, cli_text(reply, "hex"));
	json_object_del(reply, "hex");
	json_object_set_new(reply, "file", escape_json(path));
	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK)
		printf("%s written; sealwatch-open and both private keys open it\n", path);
	json_decref(reply);
	return status;
}

enum cli_exit cli_evidence_erase(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask(cli,
		json_pack(
			"{s:s, s:o}", "cmd", "evidence.erase", "record", escape_json(cli->args[0])),
		&reply);
	const json_t *c = json_object_get(reply, "certificate"), *r = json_object_get(c, "record");

	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK)
		printf("certificate of erasure\n  record     %s\n  hash       %s\n  purpose    %s\n"
		       "  class      %s\n  sealed at  %s\n  erased at  %s by uid %" PRIu64
		       "\n  method     %s\n  journal    %s\n",
			cli_text(r, "id"), cli_text(r, "hash"), cli_text(r, "purpose"),
			cli_text(r, "class"), cli_text(r, "sealed_at"), cli_text(c, "erased_at"),
			cli_number(c, "erased_by"), cli_text(c, "method"),
			json_is_string(json_object_get(c, "journal"))
				? cli_text(c, "journal")
				: "NOT WRITTEN: it can not be written at the moment");
	json_decref(reply);
	return status;
}
