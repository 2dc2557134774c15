// The database of countries: as text, and as changes to a good one of MaxMind's format, each an
// offset (u16) and a byte to be XORed there.

#include "control/geo_database.h"
#include "dataplane/base/bytes.h"
#include "tests/unit/mmdb_maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(struct geo_table *t)
{
	static const uint8_t last[16] = {0xff, 0xff};

	if (geo_sort(t)) {
		geo_find4(t->v4, t->n4, 0x0a000001);
		geo_find6(t->v6, t->n6, last);
	}
	geo_table_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t ten[16] = {[12] = 10}, six[16] = {0x20, 0x01, 0x0d, 0xb8};
	struct bytes in = {.p = data, .len = size};
	struct maker m = mmdb_maker(6);
	struct geo_table as = {0}, t = {.as = &as};
	uint8_t bytes[4096];
	const char *what;
	uint32_t line;

	geo_text_add(&t, (const char *)data, size, &line, &what);
	look_up(&t);
	look_up(&as);
	t.as = &as;
	mmdb_add(&m, ten, 104, DATA + mmdb_country(&m, "DE"));
	mmdb_add(&m, six, 32, DATA + mmdb_as(&m, 64500));
	size_t len = mmdb_finish(&m, bytes);
	while (in.len >= 3) {
		size_t at = bytes_u16(&in);
		bytes[at % len] ^= bytes_u8(&in);
	}
	geo_mmdb_add(&t, (const char *)bytes, len, &what);
	look_up(&t);
	look_up(&as);
	return 0;
}
