#include "dataplane/api/geo_map.h"

#include "dataplane/base/pages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct geo_map {
	const struct geo_map_head *head;
	const uint32_t *index4, *index6, *start4;
	const struct geo_start6 *start6;
	const uint32_t *value4, *value6;
	size_t len;
	void *memory;
};

struct geo_map_layout geo_map_layout(uint32_t n4, uint32_t n6)
{
	const size_t index = (GEO_MAP_INDEX * sizeof(uint32_t) + 7) & ~(size_t)7;
	struct geo_map_layout l = {.index4 = sizeof(struct geo_map_head)};

	l.index6 = l.index4 + index;
	l.start6 = l.index6 + index;
	l.start4 = l.start6 + n6 * sizeof(struct geo_start6);
	l.value4 = l.start4 + n4 * sizeof(uint32_t);
	l.value6 = l.value4 + n4 * sizeof(uint32_t);
	l.len = l.value6 + n6 * sizeof(uint32_t);
	return l;
}

static uint16_t code_of(uint32_t value)
{
	return value & ((1 << GEO_CODE_BITS) - 1);
}

static bool codes_are_good(const uint32_t *values, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (code_of(values[i]) > GEO_CODES)
			return false;
	}
	return true;
}

// Each index counts what is there: no search can leave its table.
static bool index_is_good(
	const uint32_t *index, uint32_t n, uint16_t (*top)(const void *, uint32_t), const void *of)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < GEO_MAP_INDEX; i++) {
		while (at < n && top(of, at) < i)
			at++;
		if (index[i] != at)
			return false;
	}
	return true;
}

static uint16_t top4(const void *starts, uint32_t i)
{
	return (uint16_t)(((const uint32_t *)starts)[i] >> 16);
}

static uint16_t top6(const void *starts, uint32_t i)
{
	return (uint16_t)(((const struct geo_start6 *)starts)[i].hi >> 48);
}

static bool below6(const struct geo_start6 *a, const struct geo_start6 *b)
{
	return a->hi != b->hi ? a->hi < b->hi : a->lo < b->lo;
}

static bool starts_are_good(const struct geo_map *m)
{
	if (m->start4[0] != 0 || m->start6[0].hi != 0 || m->start6[0].lo != 0)
		return false;
	for (uint32_t i = 1; i < m->head->n4; i++) {
		if (m->start4[i] <= m->start4[i - 1])
			return false;
	}
	for (uint32_t i = 1; i < m->head->n6; i++) {
		if (!below6(&m->start6[i - 1], &m->start6[i]))
			return false;
	}
	return true;
}

static const char *fault(const struct geo_map *m)
{
	if (!starts_are_good(m))
		return "the map's addresses are not in order";
	if (!index_is_good(m->index4, m->head->n4, top4, m->start4) ||
		!index_is_good(m->index6, m->head->n6, top6, m->start6))
		return "the map's index is broken";
	if (!codes_are_good(m->value4, m->head->n4) || !codes_are_good(m->value6, m->head->n6))
		return "the map has countries that are none";
	return NULL;
}

static const char *head_fault(const struct geo_map_head *h, size_t len)
{
	if (len < sizeof(*h) || memcmp(h->magic, "swgeo\0\0", sizeof(h->magic)) != 0)
		return "this is no map of countries";
	if (h->version != GEO_MAP_VERSION)
		return "the map is of another version";
	if (h->n4 == 0 || h->n6 == 0 || h->n4 > GEO_MAP_STARTS_MAX || h->n6 > GEO_MAP_STARTS_MAX ||
		h->len != len || geo_map_layout(h->n4, h->n6).len != len)
		return "the map is cut";
	return NULL;
}

static int refuse(const char *what, char error[256])
{
	snprintf(error, 256, "%s", what);
	return -EBADMSG;
}

int geo_map_load(const void *bytes, size_t len, struct geo_map **out, char error[256])
{
	const char *what = head_fault(bytes, len);
	struct geo_map *m;

	if (what != NULL)
		return refuse(what, error);
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return -ENOMEM;
	m->len = len;
	m->memory = pages_alloc(len);
	if (m->memory == NULL) {
		geo_map_free(m);
		return -ENOMEM;
	}
	memcpy(m->memory, bytes, len);

	const uint8_t *p = m->memory;
	m->head = m->memory;
	what = head_fault(m->head, len); // of the copy
	struct geo_map_layout l = geo_map_layout(m->head->n4, m->head->n6);
	m->index4 = (const uint32_t *)(p + l.index4);
	m->index6 = (const uint32_t *)(p + l.index6);
	m->start4 = (const uint32_t *)(p + l.start4);
	m->start6 = (const struct geo_start6 *)(p + l.start6);
	m->value4 = (const uint32_t *)(p + l.value4);
	m->value6 = (const uint32_t *)(p + l.value6);
	what = what != NULL ? what : fault(m);
	if (what != NULL) {
		geo_map_free(m);
		return refuse(what, error);
	}
	*out = m;
	return 0;
}

void geo_map_free(struct geo_map *m)
{
	if (m == NULL)
		return;
	pages_free(m->memory, m->len);
	free(m);
}

const struct geo_map_head *geo_map_head(const struct geo_map *m)
{
	return m->head;
}

size_t geo_map_memory(const struct geo_map *m)
{
	return m->len;
}

static uint64_t number_of(const uint8_t *p, unsigned len)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

// The last start that is not above the address: there is one, because the first is 0.
static uint32_t find4(const struct geo_map *m, uint32_t address)
{
	uint32_t lo = m->index4[address >> 16], hi = m->index4[(address >> 16) + 1];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (m->start4[mid] <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return m->value4[lo - 1];
}

static uint32_t find6(const struct geo_map *m, const struct geo_start6 *address)
{
	uint32_t top = (uint32_t)(address->hi >> 48);
	uint32_t lo = m->index6[top], hi = m->index6[top + 1];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (!below6(address, &m->start6[mid]))
			lo = mid + 1;
		else
			hi = mid;
	}
	return m->value6[lo - 1];
}

static uint32_t find(const struct geo_map *m, uint8_t ip_version, const uint8_t address[16])
{
	if (ip_version == 4)
		return find4(m, (uint32_t)number_of(address, 4));
	return find6(m, &(struct geo_start6){number_of(address, 8), number_of(address + 8, 8)});
}

uint16_t geo_map_find(const struct geo_map *m, uint8_t ip_version, const uint8_t address[16])
{
	return code_of(find(m, ip_version, address));
}

uint32_t geo_map_as(const struct geo_map *m, uint8_t ip_version, const uint8_t address[16])
{
	return find(m, ip_version, address) >> GEO_CODE_BITS;
}

void geo_code(uint16_t country, char out[GEO_CODE_LEN])
{
	bool known = country > 0 && country <= GEO_CODES;

	out[0] = known ? (char)('A' + (country - 1) / 26) : '-';
	out[1] = known ? (char)('A' + (country - 1) % 26) : '-';
	out[2] = '\0';
}

uint16_t geo_code_parse(const char *text)
{
	for (unsigned i = 0; i < 2; i++) {
		if (text[i] < 'A' || text[i] > 'Z')
			return 0;
	}
	return text[2] == '\0' ? (uint16_t)((text[0] - 'A') * 26 + text[1] - 'A' + 1) : 0;
}
