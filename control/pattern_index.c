#include "control/pattern_index.h"

#include "control/escape.h"
#include "patterns/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int compare_rules(const void *a, const void *b)
{
	const struct rule *x = *(struct rule *const *)a, *y = *(struct rule *const *)b;

	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	if (x->sid != y->sid)
		return x->sid < y->sid ? -1 : 1;
	if (x->rev != y->rev)
		return x->rev < y->rev ? -1 : 1;
	return (int)y->half - (int)x->half;
}

static void write_digest(const struct rule_digest *d, FILE *out)
{
	const uint8_t *p = (const uint8_t *)d->parts;

	for (size_t i = 0; i < sizeof(d->parts); i++)
		fprintf(out, "%02x", p[i]);
}

// Of the first half, which stands in front of the second, something is left in the second's.
static int digest_of(const struct rule *r, struct rule_digest *half, struct rule_digest *out)
{
	int err = rule_digest(r, out);

	for (unsigned i = 0; i < RULE_PARTS && err == 0; i++) {
		if (r->half)
			half->parts[i] = out->parts[i] << 1 | out->parts[i] >> 63;
		else
			out->parts[i] ^= half->parts[i];
	}
	if (!r->half)
		*half = (struct rule_digest){0};
	return err;
}

// Sorted here, where nobody waits.
int pattern_index_write(const struct rule_list *rules, FILE *out)
{
	const struct rule **sorted = malloc((rules->n + 1u) * sizeof(*sorted));
	struct rule_digest half = {0}, digest;
	enum field content = FIELD_NONE; // of both halves
	int err = 0;

	if (sorted == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < rules->n; i++)
		sorted[i] = rules->rules[i];
	qsort(sorted, rules->n, sizeof(*sorted), compare_rules);
	for (uint32_t i = 0; i < rules->n && err == 0; i++) {
		const struct rule *r = sorted[i];
		err = digest_of(r, &half, &digest);
		if (content == FIELD_NONE)
			content = rule_content(r);
		if (err < 0 || r->half)
			continue;
		fprintf(out, "%u\t%u\t%u\t", r->gid, r->sid, r->rev);
		escape_write(r->set, out);
		fputc('\t', out);
		escape_write(r->service != NULL ? r->service : "", out);
		fputc('\t', out);
		escape_write(r->msg, out);
		fputc('\t', out);
		write_digest(&digest, out);
		fprintf(out, "\t%s\t", field_table[content].name);
		escape_write(r->expires != NULL ? r->expires : "", out);
		fputc('\n', out);
		content = FIELD_NONE;
	}
	free(sorted);
	return err;
}

static int compare(const void *a, const void *b)
{
	const struct pattern_entry *x = a, *y = b;

	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	if (x->sid != y->sid)
		return x->sid < y->sid ? -1 : 1;
	return x->rev == y->rev ? 0 : x->rev < y->rev ? -1 : 1;
}

static bool parse_line(char *line, struct pattern_entry *out)
{
	enum { COLUMNS = 9 };
	char *columns[COLUMNS];

	for (unsigned i = 0; i < COLUMNS; i++)
		columns[i] = strsep(&line, "\t");
	if (columns[COLUMNS - 1] == NULL || line != NULL)
		return false;
	return escape_number(columns[0], &out->gid) && escape_number(columns[1], &out->sid) &&
		escape_number(columns[2], &out->rev) && (out->set = columns[3]) != NULL &&
		(out->service = columns[4]) != NULL && (out->msg = columns[5]) != NULL &&
		escape_hex(columns[6], (uint8_t *)out->digest.parts, sizeof(out->digest.parts)) &&
		(out->content = columns[7]) != NULL && (out->expires = columns[8]) != NULL;
}

static bool is_sorted(const struct pattern_index *x)
{
	for (uint32_t i = 1; i < x->n; i++) {
		if (compare(&x->entries[i - 1], &x->entries[i]) > 0)
			return false;
	}
	return true;
}

static int parse(struct pattern_index *x, size_t len)
{
	size_t lines = 0;
	char *rest = x->text;

	for (size_t i = 0; i < len; i++)
		lines += x->text[i] == '\n';
	x->entries = calloc(lines + 1, sizeof(*x->entries));
	if (x->entries == NULL)
		return -ENOMEM;
	while (x->n < lines) {
		if (!parse_line(strsep(&rest, "\n"), &x->entries[x->n]))
			return -EBADMSG;
		x->n++;
	}
	// A NUL or a last line without its end.
	if (rest != x->text + len)
		return -EBADMSG;
	if (!is_sorted(x))
		qsort(x->entries, x->n, sizeof(*x->entries), compare);
	return 0;
}

static int read_all(int fd, char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = pread(fd, text + at, len - at, (off_t)at);
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		at += (size_t)n;
	}
	return 0;
}

int pattern_index_read(int fd, struct pattern_index **out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > PATTERN_INDEX_MAX)
		return -EFBIG;
	size_t len = (size_t)st.st_size;
	struct pattern_index *x = calloc(1, sizeof(*x));
	if (x == NULL)
		return -ENOMEM;
	x->text = calloc(1, len + 1);
	int err = x->text == NULL ? -ENOMEM : read_all(fd, x->text, len);
	if (err == 0)
		err = parse(x, len);
	if (err < 0) {
		pattern_index_free(x);
		return err;
	}
	*out = x;
	return 0;
}

void pattern_index_free(struct pattern_index *x)
{
	if (x == NULL)
		return;
	free(x->entries);
	free(x->text);
	free(x);
}

const struct pattern_entry *pattern_index_find(
	const struct pattern_index *x, uint32_t gid, uint32_t sid, uint32_t rev)
{
	const struct pattern_entry key = {.gid = gid, .sid = sid, .rev = rev};

	if (x == NULL || x->n == 0)
		return NULL;
	return bsearch(&key, x->entries, x->n, sizeof(key), compare);
}
