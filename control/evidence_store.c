#include "control/evidence_store.h"

#include "control/answer.h"
#include "control/evidence_file.h"
#include "control/evidence_journal.h"
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

static int make_room(struct evidence_store *s)
{
	if (s->n < s->room)
		return 0;
	uint32_t room = s->room == 0 ? 64 : 2 * s->room;
	struct evidence_item *more = realloc(s->items, room * sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	s->items = more;
	s->room = room;
	return 0;
}

static void found(void *ctx, const struct evidence_head *head, uint64_t stored_ns)
{
	struct evidence_store *s = ctx;
	const struct evidence_item item = {.head = *head, .stored_ns = stored_ns};

	if (s->n < EVIDENCE_STORE_MAX && make_room(s) == 0)
		s->items[s->n++] = item;
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
	int made = private_dir_open(state);
	if (made < 0)
		return made;
	close(made);
	snprintf(s->path, sizeof(s->path), "%.4000s/evidence", state);
	s->dir = private_dir_open(s->path);
	if (s->dir < 0)
		return s->dir;
	int err = evidence_journal_open(s);
	int listed = evidence_file_each(s->dir, found, s);
	if (s->n > 0)
		qsort(s->items, s->n, sizeof(*s->items), by_time);
	return err < 0 ? err : listed;
}

void evidence_store_open(struct evidence_store *s, const char *state)
{
	*s = (struct evidence_store){.dir = -1, .journal = {.fd = -1}};
	s->err = state != NULL ? open_all(s, state) : -ENOENT;
	if (s->err == 0 || state == NULL)
		return;
	log_error("state %s: no evidence can be stored: %s", state, strerror(-s->err));
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
	if (head.wall_ns < item.stored_ns) // as evidence_file_each() has it
		item.stored_ns = head.wall_ns;
	int err = make_room(s);
	if (err == 0)
		err = evidence_file_write(s->dir, record, head.len);
	if (err == 0) {
		err = evidence_journal_note(
			s, "stored", &item, geteuid(), "sealed by the dataplane", hash);
		if (err < 0)
			evidence_file_remove(s->dir, head.id);
	}
	if (err == 0) {
		s->items[s->n++] = item;
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
		err = evidence_journal_note(s, "exported", &s->items[item], uid, "asked for", hash);
	return err == 0 ? evidence_journal_sync(s) : err;
}

void evidence_store_sync(struct evidence_store *s)
{
	int err = s->unsynced ? evidence_journal_sync(s) : 0;

	if (err < 0)
		log_error("evidence: the journal can not be synced: %s", strerror(-err));
}

// Before anything is destroyed; once, also when it then can not be destroyed.
static int announce(struct evidence_store *s, uint32_t i, uint32_t uid, const char *why)
{
	struct evidence_item *item = &s->items[i];
	char hash[HASH_CHAIN_HEX];

	if (item->announced)
		return 0;
	int err = evidence_journal_note(s, "erasing", item, uid, why, hash);
	item->announced = err == 0;
	return err;
}

static void drop(struct evidence_store *s, uint32_t i)
{
	s->n--;
	memmove(&s->items[i], &s->items[i + 1], (s->n - i) * sizeof(s->items[0]));
}

static json_t *certify(const struct evidence_item *item, bool had_key, uint32_t uid,
	const char *why, int noted, const char *hash)
{
	json_t *c = json_pack("{s:o, s:s, s:o, s:I, s:s, s:s?}", "record", evidence_item_json(item),
		"method",
		had_key ? "the record's own key was overwritten with random bytes, synced and "
			  "unlinked; the record was unlinked"
			: "the record's own key had been missing; the record was unlinked",
		"erased_at", answer_utc(clock_wall_ns()), "erased_by", (json_int_t)uid, "why", why,
		"journal", noted == 0 ? hash : NULL);

	if (c != NULL && noted < 0)
		json_object_set_new(c, "journal_error", json_string(strerror(-noted)));
	return c;
}

int evidence_store_erase(
	struct evidence_store *s, uint32_t i, uint32_t uid, const char *why, json_t **certificate)
{
	const struct evidence_item item = s->items[i];
	char hash[HASH_CHAIN_HEX];

	int noted = announce(s, i, uid, why);
	if (noted == 0)
		evidence_store_sync(s);
	int err = evidence_file_shred(s->dir, item.head.id);
	if (err < 0)
		return err;
	evidence_file_remove(s->dir, item.head.id);
	evidence_file_sync(s->dir);
	drop(s, i);
	noted = evidence_journal_note(s, "erased", &item, uid, why, hash);
	if (noted == 0)
		noted = evidence_journal_sync(s);
	*certificate = certify(&item, err == 0, uid, why, noted, hash);
	return *certificate == NULL ? -ENOMEM : 0;
}

static bool is_old(
	const struct evidence_item *item, const struct purpose_store *purposes, uint64_t now_ns)
{
	static const uint64_t day_ns = 86400ull * 1000000000;
	const struct purpose *p = purpose_store_find(purposes, item->head.purpose);
	uint64_t days = p != NULL ? p->retention_days : PURPOSE_RETENTION;

	return now_ns >= item->stored_ns && now_ns - item->stored_ns >= days * day_ns;
}

// From where the last call ended, so that those that can not be erased do not keep back the others.
static unsigned find_old(struct evidence_store *s, const struct purpose_store *purposes,
	uint64_t now_ns, uint32_t old[EVIDENCE_EXPIRE_AT_ONCE])
{
	unsigned n = 0;
	uint32_t i = s->expire_at;

	for (; i < s->n && n < EVIDENCE_EXPIRE_AT_ONCE; i++) {
		if (is_old(&s->items[i], purposes, now_ns))
			old[n++] = i;
	}
	s->expire_at = i < s->n ? i : 0;
	return n;
}

void evidence_store_expire(
	struct evidence_store *s, const struct purpose_store *purposes, uint64_t now_ns)
{
	uint32_t old[EVIDENCE_EXPIRE_AT_ONCE];
	char hash[HASH_CHAIN_HEX];
	unsigned n = find_old(s, purposes, now_ns, old), lost = 0;
	int err = 0, last_err = 0;

	for (unsigned k = 0; k < n; k++)
		announce(s, old[k], geteuid(), "retention");
	evidence_store_sync(s);
	for (unsigned k = n; k-- > 0;) { // from behind: those before it stay where they are
		const struct evidence_item item = s->items[old[k]];
		err = evidence_file_shred(s->dir, item.head.id);
		if (err < 0) {
			last_err = err;
			lost++;
			continue;
		}
		evidence_file_remove(s->dir, item.head.id);
		drop(s, old[k]);
		if (s->expire_at > 0)
			s->expire_at--;
		evidence_journal_note(s, "erased", &item, geteuid(), "retention", hash);
	}
	if (n > lost)
		evidence_file_sync(s->dir);
	evidence_store_sync(s);
	if (lost > 0)
		log_error("%u records of evidence that are past their retention can not be "
			  "erased: %s",
			lost, strerror(-last_err));
}
