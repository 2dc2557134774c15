// A small database in MaxMind's format, made by hand: the format's specification, 2.0.

#pragma once

#include <stdint.h>
#include <string.h>

// A .mmdb in the making: a tree of 24-bit records, then the data, then the metadata.
enum { NODES_MAX = 200, EMPTY = 0xffffff, RECORDS_MAX = 4 };

struct maker {
	uint32_t nodes[NODES_MAX][2];
	uint32_t n;
	uint8_t data[256];
	size_t data_len;
	unsigned ip_version;
};

static inline void mmdb_put(struct maker *m, const char *bytes, size_t len)
{
	memcpy(m->data + m->data_len, bytes, len);
	m->data_len += len;
}

// {"country": {"iso_code": CC}}; where it stands.
static inline uint32_t mmdb_country(struct maker *m, const char *cc)
{
	uint32_t at = (uint32_t)m->data_len;

	mmdb_put(m,
		"\xe1\x47"
		"country"
		"\xe1\x48"
		"iso_code"
		"\x42",
		20);
	mmdb_put(m, cc, 2);
	return at;
}

// {"autonomous_system_number": u32}
static inline uint32_t mmdb_as(struct maker *m, uint32_t as)
{
	const char number[] = {
		(char)0xc4, (char)(as >> 24), (char)(as >> 16), (char)(as >> 8), (char)as};
	uint32_t at = (uint32_t)m->data_len;

	mmdb_put(m,
		"\xe1\x58"
		"autonomous_system_number",
		26);
	mmdb_put(m, number, sizeof(number));
	return at;
}

static inline struct maker mmdb_maker(unsigned ip_version)
{
	struct maker m = {.n = 1, .ip_version = ip_version};

	m.nodes[0][0] = m.nodes[0][1] = EMPTY;
	return m;
}

// record: 0x800000 + where the data stand, or a node.
static inline void mmdb_add(struct maker *m, const uint8_t *address, unsigned bits, uint32_t record)
{
	uint32_t node = 0;

	for (unsigned i = 0; i + 1 < bits; i++) {
		uint32_t *next = &m->nodes[node][address[i / 8] >> (7 - i % 8) & 1];
		if (*next == EMPTY) {
			*next = m->n;
			m->nodes[m->n][0] = m->nodes[m->n][1] = EMPTY;
			m->n++;
		}
		node = *next;
	}
	m->nodes[node][address[(bits - 1) / 8] >> (7 - (bits - 1) % 8) & 1] = record;
}

enum { DATA = 0x800000 };

static inline size_t mmdb_finish(const struct maker *m, uint8_t out[4096])
{
	uint8_t meta[256];
	size_t n = 0, len = 0;

	for (uint32_t i = 0; i < m->n; i++) {
		for (unsigned side = 0; side < 2; side++) {
			uint32_t r = m->nodes[i][side];
			if (r == EMPTY)
				r = m->n; // as the format says it
			else if (r >= DATA)
				r = r - DATA + m->n + 16;
			out[n++] = (uint8_t)(r >> 16);
			out[n++] = (uint8_t)(r >> 8);
			out[n++] = (uint8_t)r;
		}
	}
	memset(out + n, 0, 16);
	n += 16;
	memcpy(out + n, m->data, m->data_len);
	n += m->data_len;
#define META(s)                                                                                    \
	memcpy(meta + len, s, sizeof(s) - 1);                                                      \
	len += sizeof(s) - 1
	META("\xab\xcd\xefMaxMind.com\xe9");
	META("\x5b"
	     "binary_format_major_version"
	     "\xa1\x02");
	META("\x5b"
	     "binary_format_minor_version"
	     "\xa0");
	META("\x4b"
	     "build_epoch"
	     "\x04\x02"
	     "\x5f\x00\x00\x00");
	META("\x4d"
	     "database_type"
	     "\x44"
	     "Test");
	META("\x4b"
	     "description"
	     "\xe0");
	META("\x49"
	     "languages"
	     "\x00\x04");
	META("\x4a"
	     "ip_version"
	     "\xa1");
	meta[len++] = (uint8_t)m->ip_version;
	META("\x4a"
	     "node_count"
	     "\xc4");
	for (int shift = 24; shift >= 0; shift -= 8)
		meta[len++] = (uint8_t)(m->n >> shift);
	META("\x4b"
	     "record_size"
	     "\xa1\x18");
	memcpy(out + n, meta, len);
	return n + len;
}
