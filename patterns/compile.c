// Rules -> one artefact: its sections, its digests, its seal.

#include "patterns/compile_hs.h"
#include "patterns/confirm.h"

#include <hs.h>
#include <openssl/evp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint32_t swdb_put(struct swdb_build *b, enum swdb_section_id section, const void *data, size_t len)
{
	struct swdb_part *part = &b->parts[section];

	if (b->failed || len > SWDB_TOTAL_MAX - part->len) {
		b->failed = true;
		return 0;
	}
	if (part->len + len > part->cap) {
		size_t cap = 2 * (part->len + len) + 4096;
		uint8_t *p = realloc(part->p, cap);
		if (p == NULL) {
			b->failed = true;
			return 0;
		}
		part->p = p;
		part->cap = cap;
	}
	if (len > 0)
		memcpy(part->p + part->len, data, len);
	part->len += len;
	return (uint32_t)(part->len - len);
}

// The measure of a compile is no part of what it makes: short of memory, it is left out.
void swdb_put_cost(struct swdb_build *b, const struct swdb_scan *scan, uint32_t n_patterns,
	uint64_t compile_ns, const struct hs_database *db)
{
	const struct swdb_buffer *buffers = (const struct swdb_buffer *)b->parts[SWDB_BUFFERS].p;
	uint32_t field =
		scan->field < FIELD_COUNT ? scan->field : buffers[scan->field - FIELD_COUNT].field;
	struct swdb_cost cost = {.field = (uint16_t)field,
		.expressions = scan->kind == SWDB_EXPRESSIONS,
		.n_patterns = n_patterns,
		.compile_ns = compile_ns};
	size_t size;

	if (hs_database_size(db, &size) == HS_SUCCESS)
		cost.bytes = size;
	if (field == FIELD_STREAM && hs_stream_size(db, &size) == HS_SUCCESS)
		cost.stream_bytes = size;
	struct swdb_cost *more = realloc(b->costs, (b->n_costs + 1u) * sizeof(*more));
	if (more == NULL)
		return;
	b->costs = more;
	b->costs[b->n_costs++] = cost;
}

// SHA-256 of the sections rules..text: what was compiled, not for which machine.
static bool digest_sources(const struct swdb_build *b, uint8_t digest[32])
{
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	bool ok = sha != NULL && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1;

	for (unsigned i = 0; i < SWDB_SOURCES && ok; i++) {
		uint64_t len = b->parts[i].len;
		ok = EVP_DigestUpdate(sha, &len, sizeof(len)) == 1 &&
			EVP_DigestUpdate(sha, b->parts[i].p, b->parts[i].len) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(sha, digest, NULL) == 1;
	EVP_MD_CTX_free(sha);
	return ok;
}

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static int fill_header(struct swdb_header *h, const struct swdb_build *b)
{
	hs_platform_info_t platform;
	uint64_t at = sizeof(*h);

	memcpy(h->magic, SWDB_MAGIC, sizeof(h->magic));
	h->version = SWDB_VERSION;
	h->header_len = sizeof(*h);
	h->n_sections = SWDB_SECTIONS;
	strncpy(h->hs_version, hs_version(), sizeof(h->hs_version) - 1);
	if (hs_populate_platform(&platform) != HS_SUCCESS || !digest_sources(b, h->sources))
		return -ENOMEM;
	h->cpu_features = platform.cpu_features;
	h->tune = platform.tune;
	for (unsigned i = 0; i < SWDB_SECTIONS; i++) {
		h->sections[i] = (struct swdb_section){at, b->parts[i].len};
		at = align8(at + b->parts[i].len);
	}
	h->total_len = at;
	return at <= SWDB_TOTAL_MAX ? 0 : -ENOMEM;
}

static int assemble(const struct swdb_build *b, struct swdb *out)
{
	struct swdb_header header = {0};
	const size_t sealed = offsetof(struct swdb_header, sources);

	int err = fill_header(&header, b);
	if (err < 0)
		return err;
	uint8_t *p = calloc(1, header.total_len);
	if (p == NULL)
		return -ENOMEM;
	memcpy(p, &header, sizeof(header));
	for (unsigned i = 0; i < SWDB_SECTIONS; i++) {
		if (b->parts[i].len > 0)
			memcpy(p + header.sections[i].offset, b->parts[i].p, b->parts[i].len);
	}
	if (EVP_Digest(p + sealed, header.total_len - sealed,
		    p + offsetof(struct swdb_header, sha256), NULL, EVP_sha256(), NULL) != 1) {
		free(p);
		return -ENOMEM;
	}
	out->data = p;
	out->len = header.total_len;
	memcpy(out->digest, header.sources, sizeof(out->digest));
	return 0;
}

int swdb_compile(const struct rule_list *rules, struct swdb *out, struct diags *diags)
{
	struct swdb_build b = {0};
	uint32_t errors = diags->n_errors;
	int err = 0;

	for (uint32_t i = 0; i < rules->n; i++) {
		uint32_t before = diags->n_errors;
		swdb_check_rule(rules->rules[i], diags);
		if (diags->n_errors == before)
			swdb_put_rule(&b, rules->rules[i]);
	}
	swdb_put_datasets(&b, rules, diags);
	swdb_put_geo(&b, rules);
	swdb_put(&b, SWDB_TEXT, "", 1);
	if (diags->n_errors != errors)
		err = -EINVAL;
	if (err == 0)
		err = swdb_put_prefilters(&b, rules, diags);
	if (err == 0)
		err = b.failed ? -ENOMEM : assemble(&b, out);
	for (unsigned i = 0; i < SWDB_SECTIONS; i++)
		free(b.parts[i].p);
	free(b.suppress_addrs);
	if (err < 0) {
		free(b.costs);
		return err;
	}
	out->costs = b.costs;
	out->n_costs = b.n_costs;
	return 0;
}

void swdb_free(struct swdb *s)
{
	free(s->data);
	free(s->costs);
	*s = (struct swdb){0};
}
