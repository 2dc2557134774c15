// The map of countries that the dataplane is sent: as it is, and as changes to a good one, each an offset
// (u32) and a byte to be XORed there. What loads is looked up.

#include "dataplane/api/geo_map.h"
#include "dataplane/base/bytes.h"
#include "patterns/geo.h"
#include "patterns/geo_map_make.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static uint8_t *good;
static size_t good_len;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char text[] = "10.0.0.0,10.255.255.255,DE\n192.0.2.0,192.0.2.9,US\n"
				   "2001:db8::,2001:db8:ffff::,FR\n2a00::,2a0f::,NL\n";
	static const uint8_t digest[32];
	struct geo_table t = {0};
	const char *what;
	uint32_t line;

	(void)argc;
	(void)argv;
	if (geo_text_add(&t, text, strlen(text), &line, &what) < 0 || !geo_sort(&t) ||
		geo_map_make(&t, digest, (void **)&good, &good_len) < 0)
		abort();
	geo_table_free(&t);
	return 0;
}

static void load(const uint8_t *bytes, size_t len)
{
	struct geo_map *map = NULL;
	char error[256];

	if (geo_map_load(bytes, len, &map, error) < 0)
		return;
	for (unsigned top = 0; top < 256; top++) {
		uint8_t address[16] = {(uint8_t)top, (uint8_t)(top * 7), (uint8_t)(top * 31)};
		if (geo_map_find(map, 4, address) > GEO_CODES ||
			geo_map_find(map, 6, address) > GEO_CODES)
			abort();
	}
	geo_map_free(map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {.p = data, .len = size};
	uint8_t *changed = malloc(good_len);

	load(data, size);
	memcpy(changed, good, good_len);
	while (in.len >= 5) {
		size_t at = bytes_u32(&in);
		// The index is most of it: half of the changes are elsewhere.
		size_t from = at % 2 == 0 ? 0 : good_len - 256;
		changed[from + (at / 2) % (at % 2 == 0 ? 64 : 256)] ^= bytes_u8(&in);
	}
	load(changed, good_len);
	free(changed);
	return 0;
}
