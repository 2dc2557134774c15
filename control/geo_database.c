#include "control/geo_database.h"

#include "patterns/geo_map_make.h"
#include "patterns/rule_files.h"

#include <openssl/evp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char default_path[] = "/usr/share/tor/geoip";

enum { FILES = 3, OF_AS = 2, WHY_MAX = 600 };

struct geo_file {
	char *path;
	struct rule_text text;
	int err;
};

struct geo_database {
	struct geo_file files[FILES]; // the second may be missing; the third is of AS numbers
	bool none; // nobody wants one
	bool was_read;
	bool was_parsed;
	bool whole;
	struct geo_table table, as;
	char why[WHY_MAX];
};

struct geo_database *geo_database_new(const char *path, const char *as_path)
{
	struct geo_database *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->none = path != NULL && path[0] == '\0';
	path = path != NULL ? path : default_path;
	d->files[0].path = strdup(path);
	if (asprintf(&d->files[1].path, "%s6", path) < 0)
		d->files[1].path = NULL;
	if (as_path != NULL && as_path[0] != '\0')
		d->files[OF_AS].path = strdup(as_path);
	d->table.as = &d->as;
	if (d->files[0].path == NULL || d->files[1].path == NULL) {
		geo_database_free(d);
		return NULL;
	}
	return d;
}

void geo_database_free(struct geo_database *d)
{
	for (unsigned i = 0; d != NULL && i < FILES; i++) {
		free(d->files[i].path);
		free(d->files[i].text.owned);
	}
	if (d != NULL) {
		geo_table_free(&d->table);
		geo_table_free(&d->as);
	}
	free(d);
}

int geo_database_read(struct geo_database *d)
{
	for (unsigned i = 0; i < FILES && !d->none && !d->was_read; i++) {
		struct geo_file *f = &d->files[i];
		// A .mmdb has both versions.
		bool alone = i == 1 &&
			(d->files[0].err < 0 ||
				geo_mmdb_is(d->files[0].text.p, d->files[0].text.len));
		f->err = alone || f->path == NULL ? -ENOENT : rule_file_read(f->path, &f->text);
		if (f->err < 0)
			f->text = (struct rule_text){0};
		if (f->err == -ENOMEM)
			return -ENOMEM;
	}
	d->was_read = true;
	return 0;
}

bool geo_database_bytes(const struct geo_database *d, unsigned i, const char **name,
	const char **bytes, size_t *len)
{
	if (i >= OF_AS) // of no rule
		return false;
	*name = d->files[i].path;
	*bytes = d->files[i].text.p;
	*len = d->files[i].text.len;
	return true;
}

static void missing(struct geo_database *d)
{
	const struct geo_file *f = &d->files[0];

	if (d->none || (f->err == -ENOENT && strcmp(f->path, default_path) == 0))
		snprintf(d->why, sizeof(d->why),
			"there is no database of countries: install the package tor-geoipdb, or "
			"name one by geoip_database in sealwatchd.yaml");
	else
		snprintf(d->why, sizeof(d->why), "geoip_database %.400s: %s", f->path,
			f->err == -EINVAL ? "not a regular file" : strerror(-f->err));
}

static bool parse_file(struct geo_database *d, struct geo_table *t, const struct geo_file *f)
{
	const char *what = NULL;
	uint32_t line = 0;
	bool binary = geo_mmdb_is(f->text.p, f->text.len);

	int err = binary ? geo_mmdb_add(t, f->text.p, f->text.len, &what)
			 : geo_text_add(t, f->text.p, f->text.len, &line, &what);
	if (err == 0)
		return true;
	if (err != -EINVAL)
		what = err == -E2BIG ? "too many ranges" : strerror(-err);
	if (binary)
		snprintf(d->why, sizeof(d->why), "%.400s: %s", f->path, what);
	else
		snprintf(d->why, sizeof(d->why), "%.400s:%u:1: %s", f->path, line, what);
	return false;
}

// Only its AS numbers are taken, in place of what the other files have of them.
static bool parse_as(struct geo_database *d)
{
	const struct geo_file *f = &d->files[OF_AS];
	struct geo_table rest = {.as = &d->as};

	if (f->path == NULL)
		return true;
	if (f->err < 0) {
		snprintf(d->why, sizeof(d->why), "asn_database %.400s: %s", f->path,
			f->err == -EINVAL ? "not a regular file" : strerror(-f->err));
		return false;
	}
	geo_table_free(&d->as);
	bool fine = parse_file(d, &rest, f);
	geo_table_free(&rest);
	if (fine && d->as.n4 == 0 && d->as.n6 == 0) {
		snprintf(d->why, sizeof(d->why), "%.400s: there is no AS number in it", f->path);
		return false;
	}
	return fine;
}

static bool sort(struct geo_database *d, struct geo_table *t, unsigned file)
{
	if (geo_sort(t))
		return true;
	snprintf(d->why, sizeof(d->why), "%.400s: ranges overlap", d->files[file].path);
	return false;
}

static bool parse(struct geo_database *d)
{
	if (d->none || d->files[0].err < 0) {
		missing(d);
		return false;
	}
	for (unsigned i = 0; i < OF_AS; i++) {
		if (d->files[i].err == 0 && !parse_file(d, &d->table, &d->files[i]))
			return false;
	}
	return parse_as(d) && sort(d, &d->table, 0) &&
		sort(d, &d->as, d->files[OF_AS].path != NULL ? OF_AS : 0);
}

const struct geo_table *geo_database_get(void *ctx, const char **why)
{
	struct geo_database *d = ctx;

	*why = "short of memory";
	if (geo_database_read(d) < 0)
		return NULL;
	if (!d->was_parsed)
		d->whole = parse(d);
	d->was_parsed = true;
	*why = d->why;
	return d->whole ? &d->table : NULL;
}

static bool digest_files(const struct geo_database *d, uint8_t digest[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool fine = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

	for (unsigned i = 0; i < FILES && fine; i++)
		fine = EVP_DigestUpdate(ctx, d->files[i].text.p, d->files[i].text.len) == 1;
	fine = fine && EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return fine;
}

int geo_database_map(struct geo_database *d, void **out, size_t *len, const char **why)
{
	const struct geo_table *t = geo_database_get(d, why);
	uint8_t digest[32];

	if (t == NULL)
		return -EINVAL;
	int err = digest_files(d, digest) ? geo_map_make(t, digest, out, len) : -ENOMEM;
	*why = err == -E2BIG ? "too many ranges" : strerror(-err);
	return err;
}
