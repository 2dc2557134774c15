// geo export, geo merge: what machines of one operator counted, put together. A merge asks no daemon.

#include "control/cli/cli.h"
#include "control/cli/geo.h"
#include "control/escape.h"
#include "control/ledger_file.h"
#include "control/matrix_json.h"
#include "control/text_file.h"
#include "dataplane/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_file(const char *path, const char *hex)
{
	size_t len = strlen(hex) / 2;
	uint8_t *bytes = malloc(len + 1);
	int err = bytes == NULL ? -ENOMEM : escape_hex(hex, bytes, len) ? 0 : -EBADMSG;
	int fd = err == 0 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;

	if (err == 0)
		err = fd < 0 ? -errno : write_all(fd, bytes, len);
	if (fd >= 0 && close(fd) < 0 && err == 0)
		err = -errno;
	if (fd >= 0 && err < 0)
		unlink(path);
	free(bytes);
	return err;
}

enum cli_exit cli_geo_export(const struct cli *cli)
{
	const char *path = cli->args[0];
	json_t *reply = NULL;
	enum cli_exit status = cli_ask(cli,
		json_pack("{s:s, s:s}", "cmd", "geo.export", "window",
			cli->window != NULL ? cli->window : "day"),
		&reply);

	if (status != CLI_OK)
		goto out;
	int err = write_file(path, cli_text(reply, "hex"));
	if (err < 0) {
		fprintf(stderr, "sealctl: %s: %s\n", path, strerror(-err));
		status = CLI_REFUSED;
		goto out;
	}
	json_object_del(reply, "hex");
	json_object_set_new(reply, "file", escape_json(path));
	if (cli->json)
		cli_print_json(reply, false);
	else
		printf("%s written, %" PRIu64 " bytes; sealctl geo merge puts it to those of other "
		       "machines\n",
			path, cli_number(reply, "bytes"));
out:
	json_decref(reply);
	return status;
}

struct merge {
	struct ledger *ledger;
	struct ledger_file first; // what all files have to be like
	struct ledger_file_window window;
	uint64_t *machines;
	uint32_t min_persons; // the largest of all files
};

static enum cli_exit refuse(const char *path, const char *what)
{
	fprintf(stderr, "sealctl: %s: %s\n", path, what);
	return CLI_REFUSED;
}

static enum cli_exit check_file(struct merge *m, int i, const char *path,
	const struct ledger_file *head, const struct ledger_file_window *window)
{
	if (window->number == 0)
		return refuse(path, "there is no window in it");
	if (i == 0) {
		m->first = *head;
		m->window = *window;
	}
	if (head->secret_id != m->first.secret_id)
		return refuse(path, "it is of another geo_key_file than the first");
	if (window->kind != m->window.kind || window->number != m->window.number)
		return refuse(path, "it is of another day or year than the first");
	for (int k = 0; k < i; k++) {
		if (m->machines[k] == head->machine)
			return refuse(path, "it is of the same machine as another one");
	}
	m->machines[i] = head->machine;
	if (head->min_persons > m->min_persons)
		m->min_persons = head->min_persons;
	return CLI_OK;
}

static enum cli_exit add_file(struct merge *m, int i, const char *path)
{
	char error[LEDGER_FILE_ERROR] = "";
	struct ledger_file head;
	struct ledger_file_window window;
	char *bytes = NULL;
	size_t len;
	int fd = text_file_open(path);

	int err = fd < 0 ? fd : text_file_read(fd, LEDGER_FILE_MAX * 2, &bytes, &len);
	if (fd >= 0)
		close(fd);
	if (err < 0) {
		refuse(path, strerror(-err));
		return CLI_USAGE;
	}
	err = ledger_file_read(m->ledger, (const uint8_t *)bytes, len, &head, &window, error);
	free(bytes);
	if (err < 0)
		return refuse(path, err == -EBADMSG ? error : strerror(-err));
	return check_file(m, i, path, &head, &window);
}

static enum cli_exit show(const struct cli *cli, const struct merge *m)
{
	struct matrix matrix;

	if (matrix_make(m->ledger, m->window.kind, m->min_persons, &matrix) < 0) {
		fprintf(stderr, "sealctl: short of memory\n");
		return CLI_REFUSED;
	}
	json_t *answer = matrix_json(&matrix);
	json_object_set_new(answer, "min_persons", json_integer(m->min_persons));
	json_object_set_new(answer, "machines", json_integer(cli->n_args));
	if (cli->json)
		cli_print_json(answer, false);
	else
		geo_print(answer);
	json_decref(answer);
	matrix_free(&matrix);
	return CLI_OK;
}

enum cli_exit cli_geo_merge(const struct cli *cli)
{
	struct merge m = {.ledger = ledger_new(),
		.machines = calloc((size_t)cli->n_args, sizeof(*m.machines))};
	enum cli_exit status = CLI_OK;

	if (m.ledger == NULL || m.machines == NULL)
		status = CLI_REFUSED;
	for (int i = 0; i < cli->n_args && status == CLI_OK; i++)
		status = add_file(&m, i, cli->args[i]);
	if (status == CLI_OK)
		status = show(cli, &m);
	ledger_free(m.ledger);
	free(m.machines);
	return status;
}
