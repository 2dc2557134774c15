#include "control/evidence_store.h"

#include "control/answer.h"
#include "control/evidence_file.h"
#include "control/private_dir.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int keep(struct evidence_store *s, const struct evidence_item *item)
{
	if (s->n == s->room) {
		uint32_t room = s->room == 0 ? 64 : 2 * s->room;
		struct evidence_item *more = realloc(s->items, room * sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		s->items = more;
		s->room = room;
	}
	s->items[s->n++] = *item;
	return 0;
}

static void found(void *ctx, const struct evidence_head *head, uint64_t stored_ns)
{
	struct evidence_store *s = ctx;
	const struct evidence_item item = {.head = *head, .stored_ns = stored_ns};

	if (s->n < EVIDENCE_STORE_MAX)
		keep(s, &item);
}

static int by_time(const void *a, const void *b)
{
	const struct evidence_item *x = a, *y = b;

	if (x->stored_ns != y->stored_ns)
		return x->stored_ns < y->stored_ns ? -1 : 1;
	return memcmp(x->head.id, y->head.id, sizeof(x->head.id));
}

static int open_all(struct evidence_store *s, const char *state)
{
	char journal[4096 + 16];

	int made = private_dir_open(state);
	if (made < 0)
		return made;
	close(made);
	snprintf(s->path, sizeof(s->path), "%.4000s/evidence", state);
	s->dir = private_dir_open(s->path);
	if (s->dir < 0)
		return s->dir;
	snprintf(journal, sizeof(journal), "%s/journal", s->path);
	int err = hash_chain_open(journal, &s->journal);
	if (err == 0)
		err = evidence_file_each(s->dir, found, s);
	if (err == 0 && s->n > 0)
		qsort(s->items, s->n, sizeof(*s->items), by_time);
	return err;
}

void evidence_store_open(struct evidence_store *s, const char *state)
{
	*s = (struct evidence_store){.dir = -1, .journal = {.fd = -1}};
	s->err = state != NULL ? open_all(s, state) : -ENOENT;
	if (s->err == 0 || state == NULL)
		return;
	log_error("state %s: no evidence can be stored: %s", state,
		s->err == -EBADMSG ? "its journal is damaged" : strerror(-s->err));
}

void evidence_store_close(struct evidence_store *s)
{
	if (s->dir >= 0)
		close(s->dir);
	hash_chain_close(&s->journal);
	free(s->items);
	*s = (struct evidence_store){.dir = -1, .journal = {.fd = -1}};
}

static json_t *hex(const uint8_t *p, size_t len)
{
	char text[2 * 32 + 1];

	sodium_bin2hex(text, sizeof(text), p, len);
	return json_string(text);
}

static const char *const clock_names[] = {
	[EVIDENCE_CLOCK_UNKNOWN] = "unknown",
	[EVIDENCE_CLOCK_CAPTURE] = "capture",
	[EVIDENCE_CLOCK_SYNCED] = "synchronised",
	[EVIDENCE_CLOCK_UNSYNCED] = "not synchronised",
};

json_t *evidence_item_json(const struct evidence_item *item)
{
	const struct evidence_head *h = &item->head;

	return json_pack(
		"{s:o, s:o, s:o, s:s, s:o, s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:o, s:[o, o]}", "id",
		hex(h->id, sizeof(h->id)), "time", answer_utc(h->ts_ns), "sealed_at",
		answer_utc(h->wall_ns), "clock",
		h->clock < sizeof(clock_names) / sizeof(clock_names[0]) ? clock_names[h->clock]
									: "unknown",
		"stored_at", answer_utc(item->stored_ns), "purpose", h->purpose, "class",
		h->class_name, "gid", (json_int_t)h->gid, "sid", (json_int_t)h->sid, "rev",
		(json_int_t)h->rev, "rules", answer_hex(h->digest), "bytes",
		(json_int_t)h->window_len, "hash", hex(h->hash, sizeof(h->hash)), "keys",
		hex(h->key_ids[0], EVIDENCE_KEY_ID_LEN), hex(h->key_ids[1], EVIDENCE_KEY_ID_LEN));
}

// What was done with a record: without this line it is not done.
static int note(struct evidence_store *s, const char *what, const struct evidence_item *item,
	uint32_t uid, const char *why, char hash[HASH_CHAIN_HEX])
{
	json_t *line = json_pack("{s:s, s:o, s:I, s:s, s:o, s:s, s:s, s:o}", "what", what, "at",
		answer_utc(clock_wall_ns()), "uid", (json_int_t)uid, "why", why, "record",
		hex(item->head.id, sizeof(item->head.id)), "purpose", item->head.purpose, "class",
		item->head.class_name, "hash", hex(item->head.hash, sizeof(item->head.hash)));

	return line == NULL ? -ENOMEM : hash_chain_add(&s->journal, line, hash);
}

void evidence_store_put(struct evidence_store *s, const void *record, size_t len)
{
	struct evidence_item item = {.stored_ns = clock_wall_ns()};
	struct evidence_head head;
	char hash[HASH_CHAIN_HEX];

	// The ring pads a record to its own measure.
	if (len < sizeof(head)) {
		s->bad++;
		return;
	}
	memcpy(&head, record, sizeof(head));
	if (head.len > len || len - head.len > 7 || !evidence_ok(record, head.len)) {
		s->bad++;
		return;
	}
	if (s->dir < 0 || s->err < 0) {
		s->failed++;
		return;
	}
	if (s->n >= EVIDENCE_STORE_MAX) {
		s->full++;
		return;
	}
	item.head = head;
	int err = evidence_file_write(s->dir, record, head.len);
	if (err == 0) {
		err = note(s, "stored", &item, geteuid(), "sealed by the dataplane", hash);
		if (err == 0)
			err = keep(s, &item);
		if (err < 0)
			evidence_file_remove(s->dir, head.id);
	}
	if (err == 0) {
		s->stored++;
		return;
	}
	if (s->failed++ == 0)
		log_error("evidence can not be stored: %s", strerror(-err));
}

int evidence_store_find(const struct evidence_store *s, const char *text, uint32_t *item)
{
	char id[2 * EVIDENCE_ID_LEN + 1];
	unsigned n = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		sodium_bin2hex(id, sizeof(id), s->items[i].head.id, EVIDENCE_ID_LEN);
		if (strncmp(id, text, strlen(text)) != 0)
			continue;
		*item = i;
		n++;
	}
	return n == 0 ? -ENOENT : n > 1 ? -EEXIST : 0;
}

int evidence_store_export(struct evidence_store *s, uint32_t item, uint32_t uid,
	uint8_t out[EVIDENCE_MAX], size_t *len)
{
	char hash[HASH_CHAIN_HEX];

	int err = evidence_file_read(s->dir, s->items[item].head.id, out, len);
	if (err == 0)
		err = note(s, "exported", &s->items[item], uid, "asked for", hash);
	return err == 0 ? hash_chain_sync(&s->journal) : err;
}

int evidence_store_erase(
	struct evidence_store *s, uint32_t i, uint32_t uid, const char *why, json_t **certificate)
{
	const struct evidence_item item = s->items[i];
	char hash[HASH_CHAIN_HEX];

	int err = evidence_file_shred(s->dir, item.head.id);
	if (err < 0)
		return err;
	evidence_file_remove(s->dir, item.head.id);
	s->n--;
	memmove(&s->items[i], &s->items[i + 1], (s->n - i) * sizeof(s->items[0]));
	err = note(s, "erased", &item, uid, why, hash);
	if (err == 0)
		err = hash_chain_sync(&s->journal);
	if (err < 0)
		return err;
	json_t *c = json_pack("{s:o, s:s, s:o, s:I, s:s, s:s}", "record", evidence_item_json(&item),
		"method",
		"the record's own key was overwritten with random bytes, synced and unlinked; the "
		"record was unlinked",
		"erased_at", answer_utc(clock_wall_ns()), "erased_by", (json_int_t)uid, "why", why,
		"journal", hash);
	*certificate = c;
	return c == NULL ? -ENOMEM : 0;
}

void evidence_store_expire(
	struct evidence_store *s, const struct purpose_store *purposes, uint64_t now_ns)
{
	enum { AT_ONCE = 64 };
	static const uint64_t day_ns = 86400ull * 1000000000;
	unsigned n = 0;

	for (uint32_t i = 0; i < s->n && n < AT_ONCE;) {
		const struct evidence_item *item = &s->items[i];
		const struct purpose *p = purpose_store_find(purposes, item->head.purpose);
		uint64_t days = p != NULL ? p->retention_days : PURPOSE_RETENTION;
		json_t *certificate = NULL;
		if (now_ns < item->stored_ns + days * day_ns) {
			i++;
			continue;
		}
		n++;
		int err = evidence_store_erase(s, i, geteuid(), "retention", &certificate);
		json_decref(certificate);
		if (err < 0) {
			log_error("evidence that is past its retention can not be erased: %s",
				strerror(-err));
			return;
		}
	}
}

json_t *evidence_store_verify(struct evidence_store *s)
{
	uint8_t *record = malloc(EVIDENCE_MAX);
	json_t *damaged = json_array();
	char path[4096 + 16], last[HASH_CHAIN_HEX];
	uint64_t lines = 0;
	size_t len;

	if (record == NULL)
		return NULL;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct evidence_head *h = &s->items[i].head;
		int err = evidence_file_read(s->dir, h->id, record, &len);
		if (err < 0)
			json_array_append_new(damaged,
				json_pack("{s:o, s:s}", "id", hex(h->id, sizeof(h->id)), "why",
					err == -EBADMSG ? "it is not what was sealed"
							: strerror(-err)));
	}
	free(record);
	snprintf(path, sizeof(path), "%s/journal", s->path);
	int err = hash_chain_check(path, &lines, last);
	return json_pack("{s:I, s:o, s:b, s:I, s:s}", "records", (json_int_t)s->n, "damaged",
		damaged, "journal_whole", err == 0, "journal_lines", (json_int_t)lines,
		"journal_last", last);
}
