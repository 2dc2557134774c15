#include "control/evidence_file.h"
#include "control/evidence_journal.h"

#include <sodium.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void tell(json_t *damaged, const char *id, const char *why)
{
	json_array_append_new(damaged, json_pack("{s:s, s:s}", "id", id, "why", why));
}

// What is on the disk, and what the journal had of it. NULL: as it was stored.
static const char *fault_of(const struct evidence_store *s, const struct evidence_head *h,
	const json_t *entry, uint8_t record[EVIDENCE_MAX])
{
	char hash[2 * EVIDENCE_HASH_LEN + 1];
	const char *told = json_string_value(json_object_get(entry, "hash"));
	size_t len;

	int err = evidence_file_read(s->dir, h->id, record, &len);
	if (err == -ENOENT)
		return "its key, or the record, is missing";
	if (err < 0)
		return err == -EBADMSG ? "it is not what was sealed" : strerror(-err);
	sodium_bin2hex(hash, sizeof(hash), ((const struct evidence_head *)record)->hash,
		EVIDENCE_HASH_LEN);
	if (told != NULL && strcmp(told, hash) != 0)
		return "it is another one than the journal has";
	return NULL;
}

// whole: the journal tells all that was stored.
static void check_items(
	const struct evidence_store *s, json_t *alive, bool whole, uint8_t *record, json_t *damaged)
{
	char id[2 * EVIDENCE_ID_LEN + 1];
	const char *key;
	const json_t *entry;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct evidence_head *h = &s->items[i].head;
		sodium_bin2hex(id, sizeof(id), h->id, sizeof(h->id));
		entry = json_object_get(alive, id);
		const char *why = fault_of(s, h, entry, record);
		if (why == NULL && whole && entry == NULL)
			why = "the journal does not have it";
		if (why != NULL)
			tell(damaged, id, why);
		json_object_del(alive, id);
	}
	json_object_foreach(alive, key, entry)
	{
		if (whole && json_object_get(entry, "erasing") == NULL)
			tell(damaged, key, "it is missing, and was not erased");
	}
}

json_t *evidence_store_verify(struct evidence_store *s)
{
	char last[HASH_CHAIN_HEX];
	uint64_t lines = 0;
	int err = 0;

	if (s->dir < 0)
		return json_pack("{s:i, s:[], s:s}", "records", 0, "damaged", "error",
			s->err < 0 ? strerror(-s->err) : "there is no store");
	uint8_t *record = malloc(EVIDENCE_MAX);
	json_t *alive = evidence_journal_alive(s, &err, &lines, last);
	json_t *damaged = json_array();
	json_t *answer = NULL;
	if (record != NULL && alive != NULL) {
		check_items(s, alive, err == 0, record, damaged);
		answer = json_pack("{s:I, s:O, s:b, s:I, s:s}", "records", (json_int_t)s->n,
			"damaged", damaged, "journal_whole", err == 0, "journal_lines",
			(json_int_t)lines, "journal_last", last);
	}
	free(record);
	json_decref(alive);
	json_decref(damaged);
	return answer;
}
