#include "dataplane/inspect/proto/kit.h"

#include "dataplane/inspect/proto/hpack.h"
#include "dataplane/inspect/proto/inflate.h"
#include "dataplane/inspect/proto/names.h"
#include "dataplane/inspect/proto/quic_crypto.h"

#include <stdlib.h>

struct kit *kit_new(uint64_t seed)
{
	struct kit *kit = calloc(1, sizeof(*kit));

	if (kit == NULL)
		return NULL;
	kit->inflaters = inflaters_new();
	kit->hpack = hpack_pool_new();
	kit->quic = quic_crypto_new();
	kit->names = names_new(seed);
	if (kit->hpack == NULL || kit->quic == NULL || kit->inflaters == NULL ||
		kit->names == NULL) {
		kit_free(kit);
		return NULL;
	}
	return kit;
}

void kit_free(struct kit *kit)
{
	if (kit == NULL)
		return;
	inflaters_free(kit->inflaters);
	hpack_pool_free(kit->hpack);
	quic_crypto_free(kit->quic);
	names_free(kit->names);
	free(kit);
}
