// A record of evidence, as sealwatch-open and the daemon take it from a file or a ring, and the window in it.

#include "dataplane/api/evidence.h"
#include "tools/open/record.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct open_key keys[EVIDENCE_KEYS];
	uint8_t window[EVIDENCE_WINDOW_MAX], key[EVIDENCE_KEY_LEN];
	struct evidence_section section;
	size_t len = 0, at = 0;
	char error[256];

	if (sodium_init() < 0)
		abort();
	evidence_key_parse((const char *)data, size, EVIDENCE_KEY_PUBLIC, key);
	evidence_key_parse((const char *)data, size, EVIDENCE_KEY_PRIVATE, key);
	while (evidence_section_get(data, size, &at, &section)) {
		if (section.bytes < data || section.bytes + section.len > data + size)
			abort();
	}
	uint8_t *record = malloc(size + 1);
	if (record == NULL)
		return 0;
	memcpy(record, data, size);
	// The keys are those that it asks for: what opens must be longer in the making than a fuzzer lives.
	if (evidence_ok(record, size)) {
		memcpy(keys[0].id, record + offsetof(struct evidence_head, key_ids),
			EVIDENCE_KEY_ID_LEN);
		memcpy(keys[1].id,
			record + offsetof(struct evidence_head, key_ids) + EVIDENCE_KEY_ID_LEN,
			EVIDENCE_KEY_ID_LEN);
	}
	if (open_record(record, size, keys, window, &len, error) == 0)
		abort();
	free(record);
	return 0;
}
