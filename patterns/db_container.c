// The container of an artefact: whole, of this format, for this machine, its sections inside of it.

#include "patterns/db_impl.h"

#include <openssl/evp.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const size_t swdb_row_size[SWDB_SECTIONS] = {
	[SWDB_RULES] = sizeof(struct swdb_rule),
	[SWDB_CHAINS] = sizeof(struct swdb_chain),
	[SWDB_CONDITIONS] = sizeof(struct swdb_condition),
	[SWDB_TRANSFORMS] = sizeof(struct swdb_transform),
	[SWDB_BUFFERS] = sizeof(struct swdb_buffer),
	[SWDB_FACTS] = sizeof(struct rule_fact),
	[SWDB_MEMORIES] = sizeof(struct rule_memory),
	[SWDB_SUPPRESS] = sizeof(struct swdb_suppress),
	[SWDB_ADDRS] = sizeof(struct swdb_addr),
	[SWDB_PORTS] = sizeof(struct swdb_port),
	[SWDB_DATASETS] = sizeof(struct swdb_dataset),
	[SWDB_VALUES] = sizeof(struct swdb_value),
	[SWDB_INDEXES] = sizeof(uint32_t),
	[SWDB_GEO4] = sizeof(struct geo4),
	[SWDB_GEO6] = sizeof(struct geo6),
	[SWDB_COUNTRIES] = sizeof(uint16_t),
	[SWDB_PAIRS] = sizeof(uint32_t),
	[SWDB_TEXT] = 1,
	[SWDB_PATTERNS] = sizeof(struct swdb_pattern),
	[SWDB_LINKS] = sizeof(uint32_t),
	[SWDB_ALWAYS] = sizeof(struct swdb_always),
	[SWDB_SCANS] = sizeof(struct swdb_scan),
	[SWDB_BYTECODE] = 1,
};

int pattern_refuse(char error[256], int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, 256, fmt, ap);
	va_end(ap);
	return err;
}

int pattern_corrupt(char error[256], const char *what)
{
	return pattern_refuse(error, -EBADMSG, "pattern database is corrupt: %s", what);
}

static int check_seal(const uint8_t *blob, size_t len, const struct swdb_header *h, char error[256])
{
	const size_t sealed = offsetof(struct swdb_header, sources);
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (memcmp(h->magic, SWDB_MAGIC, sizeof(h->magic)) != 0)
		return pattern_corrupt(error, "not one at all");
	if (h->version != SWDB_VERSION)
		return pattern_refuse(error, -ENOEXEC, "pattern database has format %u, not %d",
			h->version, SWDB_VERSION);
	if (h->header_len != sizeof(*h) || h->total_len != len || len > SWDB_TOTAL_MAX ||
		h->n_sections != SWDB_SECTIONS)
		return pattern_corrupt(error, "truncated");
	if (EVP_Digest(blob + sealed, len - sealed, digest, NULL, EVP_sha256(), NULL) != 1)
		return pattern_refuse(error, -ENOMEM, "short of memory");
	if (memcmp(digest, h->sha256, sizeof(h->sha256)) != 0)
		return pattern_corrupt(error, "its SHA-256 is another");
	return 0;
}

static int check_platform(const struct swdb_header *h, char error[256])
{
	hs_platform_info_t here;

	if (memchr(h->hs_version, '\0', sizeof(h->hs_version)) == NULL)
		return pattern_corrupt(error, "Hyperscan version");
	if (strcmp(h->hs_version, hs_version()) != 0)
		return pattern_refuse(error, -ENOEXEC,
			"pattern database is for Hyperscan %.63s, this is %s", h->hs_version,
			hs_version());
	if (hs_valid_platform() != HS_SUCCESS || hs_populate_platform(&here) != HS_SUCCESS)
		return pattern_refuse(error, -ENOEXEC, "Hyperscan does not run on this CPU");
	if (h->cpu_features & ~here.cpu_features)
		return pattern_refuse(error, -ENOEXEC,
			"pattern database is for a CPU with features %#llx, this has %#llx",
			(unsigned long long)h->cpu_features, (unsigned long long)here.cpu_features);
	return 0;
}

static int check_sections(const struct swdb_header *h, char error[256])
{
	const struct swdb_section *bytecode = &h->sections[SWDB_BYTECODE];

	for (unsigned i = 0; i < SWDB_SECTIONS; i++) {
		const struct swdb_section *s = &h->sections[i];
		if (s->offset % 8 != 0 || s->offset < sizeof(*h) || s->offset > h->total_len ||
			s->len > h->total_len - s->offset || s->len % swdb_row_size[i] != 0)
			return pattern_corrupt(error, "section table");
		if (i != SWDB_BYTECODE && s->offset + s->len > bytecode->offset)
			return pattern_corrupt(error, "bytecode is not last");
	}
	return 0;
}

int pattern_container_check(
	const uint8_t *blob, size_t len, const struct swdb_header *h, char error[256])
{
	int err = check_seal(blob, len, h, error);

	if (err == 0)
		err = check_platform(h, error);
	if (err == 0)
		err = check_sections(h, error);
	return err;
}
