#include "control/purpose_store.h"

#include "control/private_dir.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"

#include <sqlite3.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIST_TEXT = PURPOSE_LIST_MAX * PURPOSE_NAME_LEN + 1, BUSY_MS = 200, SCHEMA = 1 };

static const char schema[] =
	"CREATE TABLE purposes (id TEXT PRIMARY KEY, purpose TEXT NOT NULL, legal_basis TEXT NOT "
	"NULL,"
	" owner TEXT NOT NULL, segment TEXT NOT NULL, mode INTEGER NOT NULL,"
	" retention_days INTEGER NOT NULL, rules TEXT NOT NULL, detectors TEXT NOT NULL,"
	" created_ns INTEGER NOT NULL, created_by INTEGER NOT NULL,"
	" retired_ns INTEGER NOT NULL DEFAULT 0, retired_by INTEGER NOT NULL DEFAULT 0) STRICT;"
	"PRAGMA user_version = 1;";

enum column {
	COL_ID,
	COL_PURPOSE,
	COL_BASIS,
	COL_OWNER,
	COL_SEGMENT,
	COL_MODE,
	COL_RETENTION,
	COL_RULES,
	COL_DETECTORS,
	COL_CREATED,
	COL_CREATED_BY,
	COL_RETIRED,
	COL_RETIRED_BY,
};

static int errno_of(int rc)
{
	switch (rc) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_MISMATCH:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

__attribute__((format(printf, 3, 4))) static int refuse(int err, char *error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, PURPOSE_ERROR_LEN, fmt, ap);
	va_end(ap);
	return err;
}

static int keep(struct purpose_store *s, const struct purpose *p)
{
	if (s->n == s->room) {
		uint32_t room = s->room == 0 ? 16 : 2 * s->room;
		struct purpose *more = realloc(s->items, room * sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		s->items = more;
		s->room = room;
	}
	s->items[s->n++] = *p;
	return 0;
}

// What the file says is judged as what a client says.
static int read_text(sqlite3_stmt *q, int column, const char *key, struct purpose *p)
{
	const char *text = (const char *)sqlite3_column_text(q, column);
	char error[PURPOSE_ERROR_LEN];

	return text == NULL || purpose_set(p, key, &text, 1, false, error) < 0 ? -EBADMSG : 0;
}

static int read_list(sqlite3_stmt *q, int column, const char *key, struct purpose *p)
{
	const char *text = (const char *)sqlite3_column_text(q, column);
	const char *values[PURPOSE_LIST_MAX];
	char copy[LIST_TEXT], error[PURPOSE_ERROR_LEN];
	char *rest = copy;
	unsigned n = 0;

	if (text == NULL || strlen(text) >= sizeof(copy))
		return -EBADMSG;
	strcpy(copy, text);
	for (char *word; (word = strsep(&rest, " ")) != NULL;) {
		if (word[0] == '\0')
			continue;
		if (n == PURPOSE_LIST_MAX)
			return -EBADMSG;
		values[n++] = word;
	}
	return purpose_set(p, key, values, n, true, error) < 0 ? -EBADMSG : 0;
}

static int read_row(sqlite3_stmt *q, struct purpose *out)
{
	struct purpose p = purpose_defaults;
	char error[PURPOSE_ERROR_LEN];

	p.row.mode = sqlite3_column_int(q, COL_MODE) == PURPOSE_EVIDENCE ? PURPOSE_EVIDENCE
									 : PURPOSE_COUNTERS;
	p.created_ns = (uint64_t)sqlite3_column_int64(q, COL_CREATED);
	p.created_by = (uint32_t)sqlite3_column_int64(q, COL_CREATED_BY);
	p.retired_ns = (uint64_t)sqlite3_column_int64(q, COL_RETIRED);
	p.retired_by = (uint32_t)sqlite3_column_int64(q, COL_RETIRED_BY);
	int err = read_text(q, COL_ID, "id", &p);
	if (err == 0)
		err = read_text(q, COL_PURPOSE, "purpose", &p);
	if (err == 0)
		err = read_text(q, COL_BASIS, "legal_basis", &p);
	if (err == 0)
		err = read_text(q, COL_OWNER, "owner", &p);
	if (err == 0)
		err = read_text(q, COL_SEGMENT, "segment", &p);
	if (err == 0)
		err = read_text(q, COL_RETENTION, "retention_days", &p);
	if (err == 0)
		err = read_list(q, COL_RULES, "rules", &p);
	if (err == 0)
		err = read_list(q, COL_DETECTORS, "detectors", &p);
	if (err == 0 && purpose_check(&p, error) < 0)
		err = -EBADMSG;
	if (err == 0)
		*out = p;
	return err;
}

static int read_all(struct purpose_store *s)
{
	struct purpose p;
	sqlite3_stmt *q = NULL;

	int rc = sqlite3_prepare_v2(s->db,
		"SELECT id, purpose, legal_basis, owner, segment, mode, retention_days, rules,"
		" detectors, created_ns, created_by, retired_ns, retired_by"
		" FROM purposes ORDER BY rowid",
		-1, &q, NULL);
	int err = errno_of(rc);
	while (err == 0 && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		err = s->n < PURPOSE_STORE_MAX ? read_row(q, &p) : -EFBIG;
		if (err == 0)
			err = keep(s, &p);
	}
	if (err == 0)
		err = errno_of(rc);
	sqlite3_finalize(q);
	return err;
}

static int prepare_schema(sqlite3 *db)
{
	sqlite3_stmt *q = NULL;
	int version = -1;

	int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &q, NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW)
		version = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	if (version == 0)
		return errno_of(sqlite3_exec(db, schema, NULL, NULL, NULL));
	if (version > SCHEMA)
		return -EPROTONOSUPPORT; // a later program's
	return version < 0 ? errno_of(rc) : 0;
}

static int open_file(struct purpose_store *s, const char *path)
{
	int dir = private_dir_open(path);

	if (dir < 0)
		return dir;
	close(dir);
	snprintf(s->path, sizeof(s->path), "%.4000s/register.db", path);
	int rc = sqlite3_open_v2(s->path, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL);
	int err = errno_of(rc & 0xff);
	if (err == 0 && chmod(s->path, 0600) < 0)
		err = -errno;
	if (err < 0)
		return err;
	sqlite3_busy_timeout(s->db, BUSY_MS);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	err = prepare_schema(s->db);
	return err == 0 ? read_all(s) : err;
}

void purpose_store_open(struct purpose_store *s, const char *path, bool lab)
{
	*s = (struct purpose_store){.lab = lab};
	if (path == NULL)
		return;
	s->err = open_file(s, path);
	if (s->err == 0)
		return;
	// Half of a register is none: who may look at content is not guessed.
	s->n = 0;
	log_error(
		"state %s: the register of purposes can not be read (%s); there is no purpose, and "
		"none can be added",
		path, s->err == -EBADMSG ? "it is damaged" : strerror(-s->err));
}

void purpose_store_close(struct purpose_store *s)
{
	sqlite3_close(s->db);
	free(s->items);
	*s = (struct purpose_store){0};
}

const struct purpose *purpose_store_find(const struct purpose_store *s, const char *id)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (strcmp(s->items[i].row.id, id) == 0)
			return &s->items[i];
	}
	return NULL;
}

static void join(const char list[][PURPOSE_NAME_LEN], unsigned n, char out[LIST_TEXT])
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(
			out + len, LIST_TEXT - len, "%s%s", i > 0 ? " " : "", list[i]);
}

static int insert(struct purpose_store *s, const struct purpose *p)
{
	char rules[LIST_TEXT], detectors[LIST_TEXT];
	sqlite3_stmt *q = NULL;

	if (s->db == NULL)
		return 0;
	join(p->row.rules, p->row.n_rules, rules);
	join(p->row.detectors, p->row.n_detectors, detectors);
	int rc = sqlite3_prepare_v2(s->db,
		"INSERT INTO purposes (id, purpose, legal_basis, owner, segment, mode, "
		"retention_days,"
		" rules, detectors, created_ns, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"?)",
		-1, &q, NULL);
	const char *const texts[] = {p->row.id, p->purpose, p->basis, p->owner, p->row.segment};
	for (int i = 0; i < 5 && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_text(q, i + 1, texts[i], -1, SQLITE_STATIC);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int(q, 6, p->row.mode);
		sqlite3_bind_int(q, 7, (int)p->retention_days);
		sqlite3_bind_text(q, 8, rules, -1, SQLITE_STATIC);
		sqlite3_bind_text(q, 9, detectors, -1, SQLITE_STATIC);
		sqlite3_bind_int64(q, 10, (sqlite3_int64)p->created_ns);
		sqlite3_bind_int64(q, 11, p->created_by);
		rc = sqlite3_step(q);
	}
	sqlite3_finalize(q);
	return errno_of(rc & 0xff);
}

static unsigned count_active(const struct purpose_store *s)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		n += s->items[i].retired_ns == 0;
	return n;
}

int purpose_store_add(struct purpose_store *s, const struct purpose *p, uint32_t uid,
	char error[PURPOSE_ERROR_LEN])
{
	struct purpose add = *p;
	const struct purpose *other = purpose_store_find(s, p->row.id);

	if (s->err < 0)
		return refuse(s->err, error, "the register can not be read: %s", strerror(-s->err));
	if (other != NULL)
		return refuse(-EEXIST, error, "id: \"%s\" is %s; take another", p->row.id,
			other->retired_ns != 0 ? "that of a retired purpose" : "another purpose's");
	if (count_active(s) >= PURPOSES_MAX - 1)
		return refuse(-ENOSPC, error, "at most %d purposes at a time; retire one",
			PURPOSES_MAX - 1);
	if (s->n >= PURPOSE_STORE_MAX)
		return refuse(-ENOSPC, error, "at most %d entries", PURPOSE_STORE_MAX);
	add.created_ns = clock_wall_ns();
	add.created_by = uid;
	add.retired_ns = 0;
	int err = keep(s, &add);
	if (err == 0 && (err = insert(s, &add)) < 0)
		s->n--;
	if (err < 0)
		return refuse(err, error, "the register takes nothing: %s", strerror(-err));
	log_info("purpose %s is added by uid %u", add.row.id, uid);
	return 0;
}

static int update(struct purpose_store *s, const struct purpose *p)
{
	sqlite3_stmt *q = NULL;

	if (s->db == NULL)
		return 0;
	int rc = sqlite3_prepare_v2(s->db,
		"UPDATE purposes SET retired_ns = ?, retired_by = ? WHERE id = ? AND retired_ns = "
		"0",
		-1, &q, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(q, 1, (sqlite3_int64)p->retired_ns);
		sqlite3_bind_int64(q, 2, p->retired_by);
		sqlite3_bind_text(q, 3, p->row.id, -1, SQLITE_STATIC);
		rc = sqlite3_step(q);
	}
	sqlite3_finalize(q);
	return errno_of(rc & 0xff);
}

int purpose_store_retire(
	struct purpose_store *s, const char *id, uint32_t uid, char error[PURPOSE_ERROR_LEN])
{
	struct purpose *p = (struct purpose *)(uintptr_t)purpose_store_find(s, id);

	if (p == NULL)
		return refuse(-ENOENT, error,
			"there is no purpose of that id; sealctl purpose list shows all");
	if (p->retired_ns != 0)
		return refuse(-EALREADY, error, "purpose %s is retired already", p->row.id);
	struct purpose retired = *p;
	retired.retired_ns = clock_wall_ns();
	retired.retired_by = uid;
	int err = update(s, &retired);
	if (err < 0)
		return refuse(err, error, "the register takes nothing: %s", strerror(-err));
	*p = retired;
	log_info("purpose %s is retired by uid %u", p->row.id, uid);
	return 0;
}

void purpose_store_table(const struct purpose_store *s, struct purpose_table *out)
{
	memset(out, 0, sizeof(*out));
	if (s->lab)
		purpose_table_laboratory(out);
	for (uint32_t i = 0; i < s->n && out->n < PURPOSES_MAX; i++) {
		if (s->items[i].retired_ns == 0)
			out->rows[out->n++] = s->items[i].row;
	}
}

bool purpose_store_covers(
	const struct purpose_store *s, uint32_t gid, uint32_t sid, const char *set)
{
	if (s->lab)
		return true;
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->items[i].retired_ns == 0 &&
			purpose_covers_rule(&s->items[i].row, gid, sid, set))
			return true;
	}
	return false;
}
