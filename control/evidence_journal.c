#include "control/evidence_journal.h"

#include "control/answer.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN = 4096 + 32, NAME_LEN = 32 };

static void path_of(const struct evidence_store *s, const char *name, char path[PATH_LEN])
{
	snprintf(path, PATH_LEN, "%s/%s", s->path, name);
}

int evidence_journal_open(struct evidence_store *s)
{
	char path[PATH_LEN];

	path_of(s, "journal", path);
	return hash_chain_open(path, &s->journal);
}

int evidence_journal_sync(struct evidence_store *s)
{
	if (s->journal.fd < 0)
		return s->err < 0 ? s->err : -EBADF;
	s->unsynced = false;
	return hash_chain_sync(&s->journal);
}

static void take_line(void *ctx, json_t *entry)
{
	const char *what = json_string_value(json_object_get(entry, "what"));
	const char *id = json_string_value(json_object_get(entry, "record"));
	json_t *alive = ctx;

	if (what == NULL || id == NULL)
		return;
	if (strcmp(what, "stored") == 0 || strcmp(what, "kept") == 0)
		json_object_set(alive, id, entry);
	else if (strcmp(what, "erased") == 0)
		json_object_del(alive, id);
	else if (strcmp(what, "erasing") == 0 && json_object_get(alive, id) != NULL)
		json_object_set_new(json_object_get(alive, id), "erasing", json_true());
}

json_t *evidence_journal_alive(
	const struct evidence_store *s, int *err, uint64_t *lines, char last[HASH_CHAIN_HEX])
{
	json_t *alive = json_object();
	char path[PATH_LEN];

	if (alive == NULL)
		return NULL;
	path_of(s, "journal", path);
	*err = hash_chain_walk(path, take_line, alive, lines, last);
	if (*err == 0 && (s->journal.fd < 0 || strcmp(last, s->journal.last) != 0))
		*err = -EBADMSG;
	return alive;
}

// Into the new one: what the old one has of those that are there.
static int carry(struct hash_chain *c, json_t *alive)
{
	char hash[HASH_CHAIN_HEX];
	const char *id;
	json_t *entry;
	int err = 0;

	json_object_foreach(alive, id, entry)
	{
		json_object_set_new(entry, "what", json_string("kept"));
		if (err == 0)
			err = hash_chain_add(c, json_incref(entry), hash);
	}
	return err == 0 ? hash_chain_sync(c) : err;
}

// At each moment there is a whole file of the name "journal".
static int replace(struct evidence_store *s, json_t *alive)
{
	struct hash_chain next = {.fd = -1};
	char name[NAME_LEN], path[PATH_LEN];

	snprintf(name, sizeof(name), "journal-%.16s", s->journal.last);
	unlinkat(s->dir, "journal.new", 0); // of one who was stopped here
	path_of(s, "journal.new", path);
	int err = hash_chain_continue(path, &s->journal, name, &next);
	if (err == 0)
		err = carry(&next, alive);
	if (err == 0 && linkat(s->dir, "journal", s->dir, name, 0) < 0 && errno != EEXIST)
		err = -errno;
	if (err == 0 && renameat(s->dir, "journal.new", s->dir, "journal") < 0)
		err = -errno;
	if (err < 0) {
		hash_chain_close(&next);
		return err;
	}
	fsync(s->dir);
	hash_chain_close(&s->journal);
	s->journal = next;
	log_info("evidence: the journal goes on in a new file; the old one is %s", name);
	return 0;
}

static void keep_short(struct evidence_store *s)
{
	char last[HASH_CHAIN_HEX];
	uint64_t lines;
	int err = 0;

	if (s->journal.end < EVIDENCE_JOURNAL_MAX || s->journal_stays)
		return;
	json_t *alive = evidence_journal_alive(s, &err, &lines, last);
	if (alive == NULL)
		err = -ENOMEM;
	if (err == 0)
		err = hash_chain_sync(&s->journal);
	if (err == 0)
		err = replace(s, alive);
	json_decref(alive);
	// A new one for every line is no answer.
	s->journal_stays = err < 0 || s->journal.end > EVIDENCE_JOURNAL_MAX / 2;
	if (err < 0)
		log_error("evidence: the journal is long, and can not go on in a new file: %s",
			err == -EBADMSG ? "it is damaged" : strerror(-err));
}

int evidence_journal_note(struct evidence_store *s, const char *what,
	const struct evidence_item *item, uint32_t uid, const char *why, char hash[HASH_CHAIN_HEX])
{
	char id[2 * EVIDENCE_ID_LEN + 1], digest[2 * EVIDENCE_HASH_LEN + 1];

	if (s->journal.fd < 0)
		return s->err < 0 ? s->err : -EBADF;
	keep_short(s);
	sodium_bin2hex(id, sizeof(id), item->head.id, EVIDENCE_ID_LEN);
	sodium_bin2hex(digest, sizeof(digest), item->head.hash, EVIDENCE_HASH_LEN);
	json_t *line = json_pack("{s:s, s:o, s:I, s:s, s:s, s:s, s:s, s:s}", "what", what, "at",
		answer_utc(clock_wall_ns()), "uid", (json_int_t)uid, "why", why, "record", id,
		"purpose", item->head.purpose, "class", item->head.class_name, "hash", digest);
	if (line == NULL)
		return -ENOMEM;
	s->unsynced = true;
	return hash_chain_add(&s->journal, line, hash);
}
