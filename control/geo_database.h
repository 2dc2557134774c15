// The database of countries that rules with `geoip` want: found, read, made a table of.

#pragma once

#include "patterns/geo.h"

struct geo_database;

// path: a .mmdb of MaxMind's, or a text as tor-geoipdb has it, beside which a file of the same
// name and a 6 may lie (geoip, geoip6); NULL: what tor-geoipdb installs; "": none. Reads nothing.
// as_path: of the same formats; AS numbers are taken from it, and nothing else; NULL: from the first, where it has them.
// NULL: short of memory.
struct geo_database *geo_database_new(const char *path, const char *as_path);
void geo_database_free(struct geo_database *d); // NULL is allowed

// Reads the files' bytes, once; what is missing is told by get(). 0 or -ENOMEM.
int geo_database_read(struct geo_database *d);
// For digests: name and bytes of file 0, 1; false: no more. What could not be read has no bytes.
bool geo_database_bytes(const struct geo_database *d, unsigned i, const char **name,
	const char **bytes, size_t *len);

// The `get` of a struct geo_source; ctx: a struct geo_database. Reads when nobody did.
const struct geo_table *geo_database_get(void *ctx, const char **why);

// The map that the dataplane looks up (dataplane/api/geo_map.h); *out is the caller's to free. 0, or
// -errno with *why.
int geo_database_map(struct geo_database *d, void **out, size_t *len, const char **why);

// geo_mmdb.c: is it a .mmdb? Adds its ranges: 0, or -errno with *what is wrong.
bool geo_mmdb_is(const char *bytes, size_t len);
int geo_mmdb_add(struct geo_table *t, const char *bytes, size_t len, const char **what);
