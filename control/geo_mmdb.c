// MaxMind's format (MaxMind DB File Format Specification 2.0): a binary tree over the bits of an
// address, whose leaves are records. The library reads records; the tree is walked here, in order.

#include "control/geo_database.h"

#include <maxminddb.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	MARK_REACH = 128 << 10, // the metadata stand in the last bytes
	KNOWN = 4096, // countries of records that were read
	TURNS_A_NODE = 16, // of a tree: more, and it goes in circles
};

// What a record says.
struct told {
	uint16_t country; // GEO_NONE
	uint32_t as; // 0: nothing of it
};

struct walk {
	const MMDB_s *db;
	struct geo_table *table;
	unsigned bits; // of an address in this database
	uint64_t turns; // that are left
	struct {
		uint32_t record;
		struct told told;
		bool used;
	} known[KNOWN];
};

bool geo_mmdb_is(const char *bytes, size_t len)
{
	static const char mark[] = "\xab\xcd\xefMaxMind.com";
	size_t reach = len < MARK_REACH ? len : MARK_REACH;

	return len > 0 && memmem(bytes + len - reach, reach, mark, sizeof(mark) - 1) != NULL;
}

static uint16_t country_of(MMDB_entry_s *entry)
{
	static const char *const where[] = {"country", "registered_country"};
	MMDB_entry_data_s data;

	for (unsigned i = 0; i < 2; i++) {
		if (MMDB_get_value(entry, &data, where[i], "iso_code", NULL) == MMDB_SUCCESS &&
			data.has_data && data.type == MMDB_DATA_TYPE_UTF8_STRING)
			return geo_country(data.utf8_string, data.data_size);
	}
	return GEO_NONE;
}

static uint32_t as_of(MMDB_entry_s *entry)
{
	MMDB_entry_data_s data;

	if (MMDB_get_value(entry, &data, "autonomous_system_number", NULL) != MMDB_SUCCESS ||
		!data.has_data)
		return 0;
	return data.type == MMDB_DATA_TYPE_UINT32    ? data.uint32
		: data.type == MMDB_DATA_TYPE_UINT16 ? data.uint16
						     : 0;
}

static struct told known(struct walk *w, MMDB_entry_s *entry)
{
	unsigned slot = entry->offset % KNOWN;

	if (!w->known[slot].used || w->known[slot].record != entry->offset) {
		w->known[slot].record = entry->offset;
		w->known[slot].told = (struct told){country_of(entry), as_of(entry)};
		w->known[slot].used = true;
	}
	return w->known[slot].told;
}

static uint32_t number_of(const uint8_t p[4])
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// IPv4 stands in a tree of IPv6 under ::/96.
static int add_value(const struct walk *w, struct geo_table *t, const uint8_t lo[16],
	const uint8_t hi[16], unsigned depth, uint32_t value)
{
	static const uint8_t zero[12];
	unsigned skip = w->bits == 32 ? 0 : 96;

	if (depth >= skip && (skip == 0 || memcmp(lo, zero, sizeof(zero)) == 0))
		return geo_add4(t, number_of(lo + skip / 8), number_of(hi + skip / 8), value);
	return geo_add6(t, lo, hi, value);
}

static int add_leaf(
	struct walk *w, const uint8_t address[16], unsigned depth, const struct told *told)
{
	uint8_t hi[16];
	int err = 0;

	memcpy(hi, address, sizeof(hi));
	for (unsigned i = depth; i < w->bits; i++)
		hi[i / 8] |= (uint8_t)(0x80 >> i % 8);
	if (told->country != GEO_NONE)
		err = add_value(w, w->table, address, hi, depth, told->country);
	if (err == 0 && told->as != 0 && w->table->as != NULL)
		err = add_value(w, w->table->as, address, hi, depth, told->as);
	return err;
}

// Trees lead from these to the one of IPv4, again.
static bool is_alias(const struct walk *w, const uint8_t address[16], unsigned depth)
{
	static const struct {
		unsigned bits;
		uint8_t prefix[12];
	} aliases[] = {{16, {0x20, 0x02}}, {32, {0x20, 0x01}}, {96, {[10] = 0xff, 0xff}}};

	for (unsigned i = 0; i < 3 && w->bits == 128; i++) {
		if (depth == aliases[i].bits &&
			memcmp(address, aliases[i].prefix, aliases[i].bits / 8) == 0)
			return true;
	}
	return false;
}

static int walk_node(struct walk *w, uint32_t node, uint8_t address[16], unsigned depth);

static int walk_record(struct walk *w, uint8_t type, uint64_t record, MMDB_entry_s *entry,
	uint8_t address[16], unsigned depth)
{
	switch (type) {
	case MMDB_RECORD_TYPE_SEARCH_NODE:
		return is_alias(w, address, depth) ? 0
						   : walk_node(w, (uint32_t)record, address, depth);
	case MMDB_RECORD_TYPE_EMPTY:
		return 0;
	case MMDB_RECORD_TYPE_DATA:
		if (is_alias(w, address, depth))
			return 0;
		const struct told told = known(w, entry);
		return add_leaf(w, address, depth, &told);
	default:
		return -EINVAL;
	}
}

// As deep as an address has bits.
static int walk_node(struct walk *w, uint32_t node, uint8_t address[16], unsigned depth)
{
	MMDB_search_node_s n;

	if (depth >= w->bits || w->turns == 0 || MMDB_read_node(w->db, node, &n) != MMDB_SUCCESS)
		return -EINVAL;
	w->turns--;
	int err = walk_record(
		w, n.left_record_type, n.left_record, &n.left_record_entry, address, depth + 1);
	if (err < 0)
		return err;
	address[depth / 8] |= (uint8_t)(0x80 >> depth % 8);
	err = walk_record(
		w, n.right_record_type, n.right_record, &n.right_record_entry, address, depth + 1);
	address[depth / 8] &= (uint8_t) ~(0x80 >> depth % 8);
	return err;
}

// The library wants a file: the bytes that were digested become one.
static int file_of(const char *bytes, size_t len)
{
	int fd = memfd_create("geoip", MFD_CLOEXEC);
	size_t at = 0;

	while (fd >= 0 && at < len) {
		ssize_t n = write(fd, bytes + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -EIO;
		}
		at += (size_t)n;
	}
	return fd < 0 ? -errno : fd;
}

// The library believes what the metadata say of the tree's size.
static bool is_whole(const MMDB_s *db, size_t len)
{
	return db->metadata.node_count > 0 &&
		(uint64_t)db->full_record_byte_size * db->metadata.node_count <= len;
}

static int add_all(struct geo_table *t, const MMDB_s *db, size_t len, const char **what)
{
	struct walk w = {.db = db, .table = t, .bits = db->metadata.ip_version == 4 ? 32 : 128};
	uint8_t address[16] = {0};

	*what = "the tree of addresses is broken";
	w.turns = (uint64_t)TURNS_A_NODE * db->metadata.node_count + 1;
	return is_whole(db, len) ? walk_node(&w, 0, address, 0) : -EINVAL;
}

int geo_mmdb_add(struct geo_table *t, const char *bytes, size_t len, const char **what)
{
	char path[64];
	MMDB_s db;
	int fd = file_of(bytes, len);

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int status = MMDB_open(path, MMDB_MODE_MMAP, &db);
	close(fd);
	if (status != MMDB_SUCCESS) {
		*what = MMDB_strerror(status);
		return -EINVAL;
	}
	int err = add_all(t, &db, len, what);
	MMDB_close(&db);
	return err;
}
