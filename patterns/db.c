// Loading: check every offset and count of the artefact, then make ready what matching needs. The
// container's are db_container.c's, the rows' db_check.c's.

#include "patterns/confirm.h"
#include "patterns/header_index.h"
#include "patterns/rule.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS_MAX = 1024, MATCH_LIMIT = 3500, DEPTH_LIMIT = 1500 };

static int map_sections(
	struct pattern_db *db, const uint8_t *blob, const struct swdb_header *h, char error[256])
{
	size_t len = h->sections[SWDB_BYTECODE].offset;
	const uint8_t *at[SWDB_SECTIONS];

	db->copy = malloc(len);
	if (db->copy == NULL)
		return pattern_refuse(error, -ENOMEM, "short of memory");
	memcpy(db->copy, blob, len);
	db->memory += len;
	for (unsigned i = 0; i < SWDB_SECTIONS; i++) {
		at[i] = db->copy + h->sections[i].offset;
		db->n[i] = (uint32_t)(h->sections[i].len / swdb_row_size[i]);
	}
	db->rules = (const void *)at[SWDB_RULES];
	db->chains = (const void *)at[SWDB_CHAINS];
	db->conditions = (const void *)at[SWDB_CONDITIONS];
	db->transform_rows = (const void *)at[SWDB_TRANSFORMS];
	db->buffers = (const void *)at[SWDB_BUFFERS];
	db->facts = (const void *)at[SWDB_FACTS];
	db->memories = (const void *)at[SWDB_MEMORIES];
	db->suppress_rows = (const void *)at[SWDB_SUPPRESS];
	db->addrs = (const void *)at[SWDB_ADDRS];
	db->ports = (const void *)at[SWDB_PORTS];
	db->datasets = (const void *)at[SWDB_DATASETS];
	db->values = (const void *)at[SWDB_VALUES];
	db->indexes = (const void *)at[SWDB_INDEXES];
	db->geo4 = (const void *)at[SWDB_GEO4];
	db->geo6 = (const void *)at[SWDB_GEO6];
	db->countries = (const void *)at[SWDB_COUNTRIES];
	db->pairs = (const void *)at[SWDB_PAIRS];
	db->text = at[SWDB_TEXT];
	db->patterns = (const void *)at[SWDB_PATTERNS];
	db->links = (const void *)at[SWDB_LINKS];
	db->always = (const void *)at[SWDB_ALWAYS];
	db->scans = (const void *)at[SWDB_SCANS];
	memcpy(db->digest, h->sources, sizeof(db->digest));
	return 0;
}

static int hs_refuse(hs_error_t status, char error[256])
{
	switch (status) {
	case HS_DB_VERSION_ERROR:
	case HS_DB_PLATFORM_ERROR:
		return pattern_refuse(error, -ENOEXEC, "bytecode is for another Hyperscan or CPU");
	case HS_NOMEM:
		return pattern_refuse(error, -ENOMEM, "short of memory");
	default:
		return pattern_corrupt(error, "bytecode");
	}
}

static int load_scan(struct pattern_db *db, const struct swdb_scan *scan, const uint8_t *bytecode,
	char error[256])
{
	size_t total = db->n[SWDB_BYTECODE], size = 0;

	bool buffer = scan->field >= FIELD_COUNT;
	if (scan->field >= FIELD_COUNT + db->n[SWDB_BUFFERS] || scan->kind >= SWDB_SCAN_KINDS ||
		(!buffer && field_table[scan->field].scan == SCAN_NO) || scan->offset > total ||
		scan->len > total - scan->offset)
		return pattern_corrupt(error, "scan");
	hs_database_t **slot = &db->fields[scan->field].scans[scan->kind];
	if (*slot != NULL)
		return pattern_corrupt(error, "two scans of one kind");
	hs_error_t status =
		hs_deserialize_database((const char *)bytecode + scan->offset, scan->len, slot);
	if (status != HS_SUCCESS)
		return hs_refuse(status, error);
	bool stream = hs_stream_size(*slot, &size) == HS_SUCCESS;
	if (stream != (scan->field == FIELD_STREAM))
		return pattern_corrupt(error, "scan of another mode");
	if (hs_database_size(*slot, &size) == HS_SUCCESS)
		db->memory += size;
	return 0;
}

// Buffers by field, so that a value finds those that are made of it.
static void sort_buffers(struct pattern_db *db)
{
	uint32_t n = 0;

	for (unsigned field = 0; field < FIELD_COUNT; field++) {
		db->buffers_of[field].first = n;
		for (uint32_t i = 0; i < db->n[SWDB_BUFFERS]; i++) {
			if (db->buffers[i].field == field)
				db->by_field[n++] = (uint16_t)i;
		}
		db->buffers_of[field].n = n - db->buffers_of[field].first;
	}
}

static int load_scans(struct pattern_db *db, const uint8_t *bytecode, char error[256])
{
	size_t n_buffers = db->n[SWDB_BUFFERS];

	db->fields = calloc(FIELD_COUNT + n_buffers, sizeof(*db->fields));
	db->by_field = calloc(n_buffers + 1, sizeof(*db->by_field));
	if (db->fields == NULL || db->by_field == NULL)
		return pattern_refuse(error, -ENOMEM, "short of memory");
	sort_buffers(db);
	for (uint32_t i = 0; i < db->n[SWDB_SCANS]; i++) {
		int err = load_scan(db, &db->scans[i], bytecode, error);
		if (err < 0)
			return err;
	}
	return 0;
}

static struct pattern_always *always_of(struct pattern_db *db, uint32_t field)
{
	return field >= SWDB_FOR_APP ? &db->for_app[field - SWDB_FOR_APP]
				     : &db->fields[field].always;
}

static bool is_long(const struct pattern_db *db, struct swdb_span always)
{
	uint32_t ranges = 0;

	for (uint32_t i = always.first; i < always.first + always.n; i++) {
		const struct swdb_rule *r = &db->rules[db->always[i].rule];
		ranges += r->src.n + r->dst.n;
		if (ranges >= HEADER_INDEX_RANGES)
			return true;
	}
	return always.n >= HEADER_INDEX_LEAST;
}

static int load_always(struct pattern_db *db, char error[256])
{
	for (uint32_t i = 0, n; i < db->n[SWDB_ALWAYS]; i += n) {
		struct pattern_always *list = always_of(db, db->always[i].field);
		for (n = 1; i + n < db->n[SWDB_ALWAYS] &&
			db->always[i + n].field == db->always[i].field;
			n++)
			;
		list->span = (struct swdb_span){i, n};
		if (!is_long(db, list->span))
			continue;
		list->index = header_index_new(db, list->span);
		if (list->index == NULL)
			return pattern_refuse(error, -ENOMEM, "short of memory");
		db->memory += header_index_memory(list->index);
	}
	return 0;
}

static int load_expressions(struct pattern_db *db, char error[256])
{
	uint32_t n = db->n[SWDB_CONDITIONS];
	int why;
	PCRE2_SIZE at;

	db->codes = calloc(n + (size_t)1, sizeof(*db->codes));
	db->limits = pcre2_match_context_create(NULL);
	if (db->codes == NULL || db->limits == NULL)
		return pattern_refuse(error, -ENOMEM, "short of memory");
	pcre2_set_match_limit(db->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(db->limits, DEPTH_LIMIT);
	for (uint32_t i = 0; i < n; i++) {
		const struct swdb_condition *c = &db->conditions[i];
		size_t size = 0, jit = 0;
		if (c->kind != COND_PCRE)
			continue;
		db->codes[i] = pattern_pcre_compile(
			db->text + c->bytes, c->len, c->pcre_options, &why, &at);
		if (db->codes[i] == NULL)
			return why == PCRE2_ERROR_HEAP_FAILED
				? pattern_refuse(error, -ENOMEM, "short of memory")
				: pattern_corrupt(error, "expression");
		pcre2_jit_compile(db->codes[i], PCRE2_JIT_COMPLETE);
		pcre2_pattern_info(db->codes[i], PCRE2_INFO_SIZE, &size);
		pcre2_pattern_info(db->codes[i], PCRE2_INFO_JITSIZE, &jit);
		db->interprets |= jit == 0;
		db->memory += size + jit;
	}
	return 0;
}

static int load_transforms(struct pattern_db *db, char error[256])
{
	uint32_t n = db->n[SWDB_TRANSFORMS];
	int why;
	PCRE2_SIZE at;

	db->transforms = calloc(n + (size_t)1, sizeof(*db->transforms));
	db->transform_codes = calloc(n + (size_t)1, sizeof(*db->transform_codes));
	if (db->transforms == NULL || db->transform_codes == NULL)
		return pattern_refuse(error, -ENOMEM, "short of memory");
	for (uint32_t i = 0; i < n; i++) {
		const struct swdb_transform *row = &db->transform_rows[i];
		db->transforms[i] = (struct transform){.kind = row->kind,
			.mode = row->mode,
			.flags = row->flags,
			.a = row->a,
			.b = row->b,
			.arg = db->text + row->arg,
			.arg_len = row->arg_len};
		if (row->kind != TRANSFORM_PCREXFORM)
			continue;
		db->transform_codes[i] =
			pattern_pcre_compile(db->text + row->arg, row->arg_len, 0, &why, &at);
		if (db->transform_codes[i] == NULL)
			return pattern_corrupt(error, "transform");
	}
	return 0;
}

static void fill_public(struct pattern_db *db, uint32_t i)
{
	const struct swdb_rule *r = &db->rules[i];
	const char *text = (const char *)db->text;

	db->public_rules[i] = (struct pattern_rule){
		.gid = r->gid,
		.sid = r->sid,
		.rev = r->rev,
		.severity = r->severity,
		.noalert = (r->flags & SWDB_NOALERT) != 0,
		.pass = (r->flags & SWDB_PASS) != 0,
		.half = (r->flags & SWDB_HALF) != 0,
		.content = (r->flags & SWDB_CONTENT) != 0,
		.of_flow = !(r->at & SWDB_AT_PACKET) || rule_is_ip_only(r),
		.msg = text + r->msg,
		.category = text + r->category,
		.set = text + r->set,
		.service = r->service != SWDB_NONE ? text + r->service : NULL,
		.longest_content = r->longest_content,
		.n_metadata = r->metadata.n,
		.metadata = db->public_pairs + r->metadata.first,
		.n_references = r->references.n,
		.references = db->public_pairs + r->references.first,
		.n_memories = r->memories.n,
		.memories = db->memories + r->memories.first,
		.limit = &r->limit,
		.filter = &r->filter,
		.sets = rule_sets(db, r),
		.rate = &r->rate,
		.n_suppress = r->suppress.n,
		.suppress = db->suppress + r->suppress.first,
	};
}

static int load_rules(struct pattern_db *db, char error[256])
{
	uint32_t n = db->n[SWDB_RULES], n_pairs = db->n[SWDB_PAIRS];

	db->public_rules = calloc(n + (size_t)1, sizeof(*db->public_rules));
	db->public_pairs = calloc(n_pairs + (size_t)1, sizeof(*db->public_pairs));
	db->waits = calloc(n + (size_t)1, sizeof(*db->waits));
	if (db->public_rules == NULL || db->public_pairs == NULL || db->waits == NULL ||
		!suppress_load(db))
		return pattern_refuse(error, -ENOMEM, "short of memory");
	for (uint32_t i = 0; i < n_pairs; i++)
		db->public_pairs[i] = (const char *)db->text + db->pairs[i];
	for (uint32_t i = 0; i < n; i++) {
		const struct swdb_rule *r = &db->rules[i];
		fill_public(db, i);
		db->waits[i] = rule_waits(db, r);
		rule_want_packets(db, r);
	}
	db->memory += n * (sizeof(*db->public_rules) + sizeof(*db->waits)) +
		n_pairs * sizeof(*db->public_pairs);
	return 0;
}

// One scratch that fits every database, and a copy of it for each worker.
static int load_workers(struct pattern_db *db, unsigned n_workers, char error[256])
{
	hs_scratch_t *scratch = NULL;
	size_t size = (n_workers * sizeof(*db->workers) + 63) & ~(size_t)63;
	bool ok = n_workers > 0 && n_workers <= WORKERS_MAX;

	for (unsigned field = 0; field < FIELD_COUNT + db->n[SWDB_BUFFERS] && ok; field++) {
		for (unsigned kind = 0; kind < SWDB_SCAN_KINDS && ok; kind++) {
			const hs_database_t *scan = db->fields[field].scans[kind];
			ok = scan == NULL || hs_alloc_scratch(scan, &scratch) == HS_SUCCESS;
		}
	}
	if (ok)
		db->workers = aligned_alloc(64, size);
	if (db->workers != NULL) {
		memset(db->workers, 0, size);
		db->n_workers = n_workers;
	}
	ok = db->workers != NULL;
	for (unsigned i = 0; i < db->n_workers && ok; i++)
		ok = pattern_worker_init(db, &db->workers[i], scratch);
	if (scratch != NULL)
		hs_free_scratch(scratch);
	db->memory += size;
	return ok ? 0 : pattern_refuse(error, -ENOMEM, "short of memory");
}

static int load(struct pattern_db *db, const uint8_t *blob, const struct swdb_header *h,
	unsigned n_workers, char error[256])
{
	static _Atomic uint64_t last_id;

	db->id = atomic_fetch_add(&last_id, 1) + 1;
	db->memory = sizeof(*db);
	int err = map_sections(db, blob, h, error);
	const char *wrong = err == 0 ? pattern_db_wrong_row(db) : NULL;
	if (wrong != NULL)
		err = pattern_corrupt(error, wrong);
	if (err == 0)
		err = load_scans(db, blob + h->sections[SWDB_BYTECODE].offset, error);
	if (err == 0)
		err = load_always(db, error);
	if (err == 0)
		err = load_expressions(db, error);
	if (err == 0)
		err = load_transforms(db, error);
	if (err == 0)
		err = load_rules(db, error);
	if (err == 0)
		err = load_workers(db, n_workers, error);
	return err;
}

int pattern_db_load(
	const void *blob, size_t len, unsigned n_workers, struct pattern_db **out, char error[256])
{
	struct swdb_header header;

	if (len < sizeof(header))
		return pattern_corrupt(error, "truncated");
	memcpy(&header, blob, sizeof(header));
	int err = pattern_container_check(blob, len, &header, error);
	if (err < 0)
		return err;

	struct pattern_db *db = calloc(1, sizeof(*db));
	if (db == NULL)
		return pattern_refuse(error, -ENOMEM, "short of memory");
	err = load(db, blob, &header, n_workers, error);
	if (err < 0) {
		pattern_db_free(db);
		return err;
	}
	*out = db;
	return 0;
}

void pattern_db_free(struct pattern_db *db)
{
	if (db == NULL)
		return;
	for (unsigned i = 0; i < db->n_workers; i++)
		pattern_worker_fini(&db->workers[i]);
	for (unsigned i = 0; db->fields != NULL && i < FIELD_COUNT + db->n[SWDB_BUFFERS]; i++) {
		for (unsigned kind = 0; kind < SWDB_SCAN_KINDS; kind++)
			hs_free_database(db->fields[i].scans[kind]);
		header_index_free(db->fields[i].always.index);
	}
	for (unsigned i = 0; i < APP_COUNT; i++)
		header_index_free(db->for_app[i].index);
	for (uint32_t i = 0; db->transform_codes != NULL && i < db->n[SWDB_TRANSFORMS]; i++)
		pcre2_code_free(db->transform_codes[i]);
	for (uint32_t i = 0; db->codes != NULL && i < db->n[SWDB_CONDITIONS]; i++)
		pcre2_code_free(db->codes[i]);
	pcre2_match_context_free(db->limits);
	free(db->codes);
	free(db->transform_codes);
	free(db->transforms);
	free(db->by_field);
	free(db->fields);
	free(db->workers);
	free(db->waits);
	free(db->public_rules);
	free(db->public_pairs);
	free(db->suppress);
	free(db->copy);
	free(db);
}

uint32_t pattern_db_n_rules(const struct pattern_db *db)
{
	return db->n[SWDB_RULES];
}

const struct pattern_rule *pattern_db_rule(const struct pattern_db *db, uint32_t index)
{
	return &db->public_rules[index];
}

const uint8_t *pattern_db_digest(const struct pattern_db *db)
{
	return db->digest;
}

size_t pattern_db_memory(const struct pattern_db *db)
{
	return db->memory;
}
