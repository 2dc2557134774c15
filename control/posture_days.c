#include "control/posture_days.h"

#include "control/private_dir.h"
#include "control/text_file.h"
#include "dataplane/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 20, FIELDS = 3 + DAY_NUMBERS, ROOM_FIRST = 64 };

static const char file_name[] = "posture", temporary[] = "posture.tmp";
static const char rest_name[] = "%rest"; // no name begins so

static void take_numbers(const struct posture_tally *t, uint64_t n[DAY_NUMBERS])
{
	n[DAY_FLOWS] = t->flows;
	for (unsigned g = GRADE_NONE; g < GRADES; g++)
		n[DAY_UNGRADED + g] = t->grades[g];
	n[DAY_ANSWERED] = t->facts[POSTURE_ANSWERED - POSTURE_FACT_FIRST];
	n[DAY_TLS13] = t->facts[POSTURE_TLS13 - POSTURE_FACT_FIRST];
	n[DAY_CERT_SEEN] = t->facts[POSTURE_CERT_SEEN - POSTURE_FACT_FIRST];
	n[DAY_PQ] = t->checks[POSTURE_PQ];
	n[DAY_PQ_OFFERED] = t->checks[POSTURE_PQ_OFFERED];
	n[DAY_ECH] = t->checks[POSTURE_ECH];
}

static struct posture_day day_of(const struct posture_tally *t, uint32_t day)
{
	struct posture_day d = {.day = day, .rest = t->rest};

	memcpy(d.service, t->service, sizeof(d.service));
	memcpy(d.segment, t->segment, sizeof(d.segment));
	take_numbers(t, d.n);
	return d;
}

static bool same_names(const struct posture_day *a, const struct posture_day *b)
{
	return a->rest == b->rest && strcmp(a->service, b->service) == 0 &&
		strcmp(a->segment, b->segment) == 0;
}

// The rows of the oldest day.
static void drop_oldest(struct posture_days *d)
{
	uint32_t n = 0;

	while (n < d->n_rows && d->rows[n].day == d->rows[0].day)
		n++;
	d->n_rows -= n;
	memmove(d->rows, d->rows + n, d->n_rows * sizeof(*d->rows));
}

static int make_room(struct posture_days *d)
{
	while (d->n_rows >= POSTURE_DAY_ROWS_MAX)
		drop_oldest(d);
	if (d->n_rows < d->room)
		return 0;
	uint32_t room = d->room == 0 ? ROOM_FIRST : 2 * d->room;
	struct posture_day *rows = realloc(d->rows, room * sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	d->rows = rows;
	d->room = room;
	return 0;
}

// A day that is not the last one any more (a clock that was put back) takes it, too.
static int add_to_day(struct posture_days *d, const struct posture_day *more)
{
	uint32_t i = d->n_rows;

	while (i > 0 && d->rows[i - 1].day >= more->day) {
		struct posture_day *row = &d->rows[--i];
		if (row->day != more->day || !same_names(row, more))
			continue;
		for (unsigned k = 0; k < DAY_NUMBERS; k++)
			row->n[k] += more->n[k];
		return 0;
	}
	int err = make_room(d);
	if (err < 0)
		return err;
	for (i = d->n_rows; i > 0 && d->rows[i - 1].day > more->day; i--)
		d->rows[i] = d->rows[i - 1];
	d->rows[i] = *more;
	d->n_rows++;
	return 0;
}

static const struct posture_day *counted(
	const struct posture_days *d, const struct posture_day *row)
{
	for (uint32_t i = 0; i < d->n_counted; i++) {
		if (same_names(&d->counted[i], row))
			return &d->counted[i];
	}
	return NULL;
}

// Leaves in `row` what came since.
static void subtract(struct posture_day *row, const struct posture_day *was)
{
	for (unsigned k = 0; was != NULL && k < DAY_NUMBERS; k++)
		row->n[k] = row->n[k] > was->n[k] ? row->n[k] - was->n[k] : 0;
}

static void forget_old(struct posture_days *d, uint32_t day)
{
	while (d->n_rows > 0 && d->rows[0].day + POSTURE_DAYS_MAX <= day)
		drop_oldest(d);
}

int posture_days_update(
	struct posture_days *d, const struct posture_tallies *now, uint64_t run, uint32_t day)
{
	struct posture_day *all = calloc(now->n + 1, sizeof(*all));
	int err = 0;

	if (all == NULL)
		return -ENOMEM;
	// What a file says of another run is no part of the totals now.
	if (d->restored && d->run != run)
		d->n_counted = 0;
	d->restored = false;
	d->run = run;
	for (uint32_t i = 0; i < now->n && err == 0; i++) {
		struct posture_day row = day_of(&now->items[i], day);
		all[i] = row;
		subtract(&row, counted(d, &row));
		if (row.n[DAY_FLOWS] == 0)
			continue;
		err = add_to_day(d, &row);
		d->changed = true;
	}
	free(d->counted);
	d->counted = all;
	d->n_counted = now->n;
	forget_old(d, day);
	return err;
}

// Names come from rules and the configuration: bytes that would end a field are written as %XX.
static void put_name(FILE *out, const struct posture_day *row, const char *name)
{
	if (row->rest) {
		fputs(rest_name, out);
		return;
	}
	if (name[0] == '\0')
		fputc('%', out);
	for (; *name != '\0'; name++) {
		uint8_t c = (uint8_t)*name;
		if (c > ' ' && c < 0x7f && c != '%')
			fputc(c, out);
		else
			fprintf(out, "%%%02X", c);
	}
}

static void put_row(FILE *out, const char *kind, const struct posture_day *row)
{
	fprintf(out, "%s\t%" PRIu32 "\t", kind, row->day);
	put_name(out, row, row->service);
	fputc('\t', out);
	put_name(out, row, row->segment);
	for (unsigned i = 0; i < DAY_NUMBERS; i++)
		fprintf(out, "\t%" PRIu64, row->n[i]);
	fputc('\n', out);
}

static int write_all(const struct posture_days *d, const struct posture_tallies *of_run, int fd)
{
	FILE *out = fdopen(fd, "w");

	if (out == NULL) {
		close(fd);
		return -ENOMEM;
	}
	fprintf(out, "# postures by day: sealctl posture --trend shows them\nrun\t%" PRIu64 "\n",
		d->run);
	for (uint32_t i = 0; i < of_run->n; i++) {
		const struct posture_day row = day_of(&of_run->items[i], 0);
		put_row(out, "counted", &row);
	}
	for (uint32_t i = 0; i < d->n_rows; i++)
		put_row(out, "day", &d->rows[i]);
	int err = fflush(out) != 0 || fsync(fd) < 0 ? -errno : 0;
	if (fclose(out) != 0 && err == 0)
		err = -errno;
	return err;
}

int posture_days_save(struct posture_days *d, const struct posture_tallies *of_run)
{
	if (d->dir < 0 || !d->changed)
		return 0;
	unlinkat(d->dir, temporary, 0);
	int fd = openat(
		d->dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err = fd < 0 ? -errno : write_all(d, of_run, fd);
	if (err == 0 && renameat(d->dir, temporary, d->dir, file_name) < 0)
		err = -errno;
	if (err < 0 && !d->complained)
		log_error("state: postures by day can not be kept: %s", strerror(-err));
	d->complained = err < 0;
	d->changed = err < 0;
	return err;
}

static bool read_number(const char *text, uint64_t max, uint64_t *out)
{
	size_t len = strlen(text);

	if (len == 0 || len > 19 || strspn(text, "0123456789") != len)
		return false;
	*out = strtoull(text, NULL, 10);
	return *out <= max;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_name(const char *text, char *out, size_t cap)
{
	size_t n = 0;

	if (strcmp(text, "%") == 0)
		text = "";
	while (*text != '\0') {
		char c = *text++;
		if (c == '%') {
			int high = hex(text[0]), low = high >= 0 ? hex(text[1]) : -1;
			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			text += 2;
		}
		if (n + 1 >= cap || c == '\0')
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

// "KIND DAY SERVICE SEGMENT NUMBER..."
static bool read_row(char *line, struct posture_day *row)
{
	char *fields[FIELDS];
	uint64_t day;

	*row = (struct posture_day){0};
	for (unsigned i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&line, "\t");
		if (fields[i] == NULL)
			return false;
	}
	row->rest = strcmp(fields[1], rest_name) == 0;
	if (line != NULL || !read_number(fields[0], UINT32_MAX, &day))
		return false;
	row->day = (uint32_t)day;
	if (!row->rest &&
		(!read_name(fields[1], row->service, sizeof(row->service)) ||
			!read_name(fields[2], row->segment, sizeof(row->segment))))
		return false;
	for (unsigned i = 0; i < DAY_NUMBERS; i++) {
		if (!read_number(fields[3 + i], INT64_MAX, &row->n[i]))
			return false;
	}
	return true;
}

static int add_counted(struct posture_days *d, const struct posture_day *row)
{
	if (d->n_counted >= POSTURE_DAY_ROWS_MAX)
		return 0;
	struct posture_day *rows = realloc(d->counted, (d->n_counted + 1) * sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	d->counted = rows;
	d->counted[d->n_counted++] = *row;
	return 0;
}

// 1: the line is none. 0 or -ENOMEM.
static int read_line(struct posture_days *d, char *line)
{
	char *kind = strsep(&line, "\t");
	struct posture_day row;

	if (line == NULL)
		return kind[0] != '\0' && kind[0] != '#';
	if (strcmp(kind, "run") == 0)
		return !read_number(line, INT64_MAX, &d->run);
	bool is_counted = strcmp(kind, "counted") == 0;
	if ((!is_counted && strcmp(kind, "day") != 0) || !read_row(line, &row))
		return 1;
	return is_counted ? add_counted(d, &row) : add_to_day(d, &row);
}

static int read_file(struct posture_days *d)
{
	int fd = openat(d->dir, file_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *text, *line;
	size_t len;
	unsigned bad = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	int err = text_file_read(fd, FILE_MAX, &text, &len);
	close(fd);
	if (err < 0)
		return err;
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] != '\0' ? text[i] : '?';
	for (char *rest = text; err >= 0 && (line = strsep(&rest, "\n")) != NULL;) {
		err = read_line(d, line);
		bad += err > 0;
	}
	free(text);
	if (bad > 0)
		log_warning(
			"state: %u lines of the file %s are none, and left out", bad, file_name);
	return err < 0 ? err : 0;
}

void posture_days_open(struct posture_days *d, const char *state)
{
	*d = (struct posture_days){.dir = -1};
	if (state == NULL)
		return;
	d->dir = private_dir_open(state);
	int err = d->dir < 0 ? d->dir : read_file(d);
	d->restored = true;
	if (err < 0)
		log_warning("state %s: postures by day: %s", state, strerror(-err));
}

void posture_days_close(struct posture_days *d)
{
	if (d->dir > 0)
		close(d->dir);
	free(d->counted);
	free(d->rows);
	*d = (struct posture_days){.dir = -1};
}
