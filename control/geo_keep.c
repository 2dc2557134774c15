#include "control/geo_keep.h"

#include "control/private_dir.h"
#include "control/text_file.h"
#include "dataplane/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static const char file_name[] = "borders", temporary[] = "borders.tmp", aside[] = "borders.bad";

static struct ledger *new_ledger(const struct control_config *config)
{
	struct ledger *l = ledger_new();

	if (l != NULL && config->has_geo_secret)
		ledger_secret(l, config->geo_secret);
	return l;
}

// 0, or -errno and why.
static int read_kept(struct geo_keep *k, struct ledger *l, char error[LEDGER_FILE_ERROR])
{
	struct ledger_file head;
	struct ledger_file_window last;
	char *bytes;
	size_t len;
	int fd = openat(k->dir, file_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	int err = fd < 0 ? -errno : text_file_read(fd, LEDGER_FILE_MAX * 2, &bytes, &len);
	if (fd >= 0)
		close(fd);
	if (err < 0) {
		snprintf(error, LEDGER_FILE_ERROR, "%s", strerror(-err));
		return err;
	}
	err = ledger_file_read(l, (const uint8_t *)bytes, len, &head, &last, error);
	free(bytes);
	if (err == -ENOMEM)
		snprintf(error, LEDGER_FILE_ERROR, "%s", strerror(-err));
	if (err == 0 && head.secret_id != k->head.secret_id) {
		snprintf(error, LEDGER_FILE_ERROR, "it is of another geo_key_file");
		err = -EKEYREJECTED;
	}
	if (err == 0)
		k->head = head;
	return err;
}

static void begin(struct geo_keep *k, const struct control_config *config)
{
	k->dir = private_dir_open(config->state);
	if (k->dir < 0)
		log_error(
			"state %s: borders can not be kept: %s", config->state, strerror(-k->dir));
}

struct ledger *geo_keep_open(struct geo_keep *k, const struct control_config *config)
{
	struct ledger *l = new_ledger(config);
	char error[LEDGER_FILE_ERROR] = "";

	*k = (struct geo_keep){.dir = -1, .head = {.min_persons = config->geo_min_persons}};
	if (l == NULL || !config->has_geo_secret)
		return l;
	k->head.secret_id = border_secret_id(config->geo_secret);
	if (getrandom(&k->head.machine, sizeof(k->head.machine), 0) != sizeof(k->head.machine))
		log_error("borders: no randomness");
	if (config->state != NULL)
		begin(k, config);
	int err = k->dir >= 0 ? read_kept(k, l, error) : -ENOENT;
	k->head.min_persons = config->geo_min_persons;
	if (err == 0 || err == -ENOENT)
		return l;
	log_error("state: the file borders is put aside as %s, and years begin anew: %s", aside,
		error);
	renameat(k->dir, file_name, k->dir, aside);
	ledger_free(l);
	return new_ledger(config);
}

void geo_keep_close(struct geo_keep *k)
{
	if (k->dir >= 0)
		close(k->dir);
	k->dir = -1;
}

void geo_keep_run(struct geo_keep *k, struct ledger *l, uint64_t run_ns)
{
	ledger_settle(l, k->head.run_ns == run_ns);
	k->head.run_ns = run_ns;
}

static bool is_year(void *ctx, const struct ledger_window *w)
{
	(void)ctx;
	return w->kind == BORDER_YEAR;
}

static int write_all(const struct geo_keep *k, const struct ledger *l, int fd)
{
	FILE *out = fdopen(fd, "w");

	if (out == NULL) {
		close(fd);
		return -ENOMEM;
	}
	int err = ledger_file_write(l, &k->head, is_year, NULL, out);
	if (err == 0 && (ferror(out) || fflush(out) != 0 || fsync(fd) < 0))
		err = errno != 0 ? -errno : -EIO;
	if (fclose(out) != 0 && err == 0)
		err = -errno;
	return err;
}

int geo_keep_save(struct geo_keep *k, const struct ledger *l)
{
	if (k->dir < 0 || k->saved == ledger_changes(l))
		return 0;
	unlinkat(k->dir, temporary, 0);
	int fd = openat(
		k->dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err = fd < 0 ? -errno : write_all(k, l, fd);
	if (err == 0 && renameat(k->dir, temporary, k->dir, file_name) < 0)
		err = -errno;
	if (err < 0 && !k->complained)
		log_error("state: borders can not be kept: %s", strerror(-err));
	k->complained = err < 0;
	if (err == 0)
		k->saved = ledger_changes(l);
	return err;
}
