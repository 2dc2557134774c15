// What the parsers of one worker share because it is dear to make: OpenSSL contexts, decoders of
// bodies, the table of names. Made once, bounded, never allocated from per packet. One thread's.

#pragma once

#include "dataplane/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct inflaters; // proto/inflate.h
struct hpack_pool; // proto/hpack.h
struct name_table; // proto/names.h
struct quic_crypto; // proto/quic_crypto.h

struct kit {
	struct inflaters *inflaters;
	struct hpack_pool *hpack;
	struct name_table *names;
	struct quic_crypto *quic;
};

// seed: of the hashes, the same for all workers. NULL: short of memory.
struct kit *kit_new(uint64_t seed);
void kit_free(struct kit *kit);
