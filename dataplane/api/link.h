// The link: dataplane (listens) and control (connects) over a UNIX seqpacket socket.
// One message is one datagram: head, payload, and at most LINK_FDS_MAX descriptors.
// Every request has one reply with the same `op` and `id`. A request that does not
// fit its row (length, descriptors) is answered with an error and changes nothing.
//
//   HELLO          versions agreed; reply: struct link_hello + fd of the shared region
//   PATTERNS_LOAD  + fd of a sealed memfd with a .swdb; reply: struct link_receipt,
//                  sent when every worker has taken the new generation
//   SHADOW_LOAD    + fd, as PATTERNS_LOAD: the set runs beside the live one on a share of the
//                  flows, in place of the shadow that was there; reply: struct link_receipt
//   SHADOW_DROP    no shadow any more, whether there was one or not; reply: no payload
//   STATUS         reply: struct link_status
//   PURPOSES       + fd of a sealed memfd with a struct purpose_table: the register from here on, in
//                  place of the one before; reply: no payload, when the live set is under it
//   GEO_LOAD       + fd of a sealed memfd with a map of countries (geo_map.h); reply: struct link_geo_receipt,
//                  sent when no worker has the map before any more
//   BORDER_KEYS    the keys of windows that control knows (borders.h): windows that are open go on with
//                  them; or the operator's secret that keys of windows are derived from; reply: the keys,
//                  as they are now

#pragma once

#include "dataplane/api/counters.h"
#include "dataplane/api/ring.h"

#include <assert.h>
#include <stdint.h>

enum { LINK_VERSION = 14, LINK_WORKERS_MAX = 64, LINK_PAYLOAD_MAX = 4096, LINK_FDS_MAX = 1 };

enum link_op {
	LINK_HELLO = 1,
	LINK_PATTERNS_LOAD,
	LINK_STATUS,
	LINK_SHADOW_LOAD,
	LINK_SHADOW_DROP,
	LINK_PURPOSES,
	LINK_GEO_LOAD,
	LINK_BORDER_KEYS,
	LINK_OP_COUNT
};

struct link_head {
	uint16_t op;
	uint16_t flags; // 0
	uint32_t id; // chosen by the asker
	int32_t status; // reply: 0 or negative errno; request: 0
	uint32_t len; // of the payload behind this head
};
static_assert(sizeof(struct link_head) == 16, "layout is shared");

struct link_hello_req {
	uint32_t version; // LINK_VERSION
	uint32_t reserved;
};

// The shared region behind the descriptor: everything at page-aligned offsets.
//   directory | page[0..n_pages) | ring[0..n_rings)
struct link_hello {
	uint32_t version;
	uint32_t n_workers;
	uint32_t n_pages; // workers, and one more when a capture reader deals to them
	uint32_t n_rings; // = n_pages
	uint64_t region_len;
	uint64_t directory_offset;
	uint64_t pages_offset;
	uint64_t page_stride;
	uint64_t rings_offset;
	uint64_t ring_stride;
	uint32_t ring_size; // data bytes of a ring
	uint32_t pid;
	uint64_t start_ns; // CLOCK_REALTIME at start: names this run of the dataplane
	uint64_t generation; // live now; 0: none
	uint8_t digest[32]; // of the live set
};
static_assert(sizeof(struct link_hello) == 120, "layout is shared");

struct link_load_req {
	uint64_t blob_len;
	uint64_t reserved;
};

enum { SHADOW_SHARE_MAX = 1000 };

struct link_shadow_req {
	uint64_t blob_len;
	uint32_t share; // of the flows, in thousandths: 1 to SHADOW_SHARE_MAX
	uint32_t reserved;
};

struct link_receipt {
	uint64_t generation;
	uint8_t digest[32];
	uint32_t n_rules;
	uint32_t n_workers;
	uint64_t prepare_ns; // map, verify, scratch: before anything was published
	uint64_t grace_ns; // publish until every worker had let go of the old set
	uint64_t lost_packets; // sum of missed and handover_full during the swap
	uint64_t bytes_before; // memory of the old set
	uint64_t bytes_after;
	uint64_t ack_ns[LINK_WORKERS_MAX]; // each worker: publish until it took the new set
	char error[256]; // status < 0: what was wrong with the blob
};

struct link_geo_receipt {
	uint64_t prepare_ns; // map, verify, copy
	uint64_t grace_ns;
	uint64_t bytes;
	uint32_t n4, n6, n_countries;
	uint32_t reserved;
	uint8_t digest[32]; // of the files it was made of
	char error[256]; // status < 0
};
static_assert(sizeof(struct link_geo_receipt) == 328, "layout is shared");

struct link_border_keys {
	struct border_key of[BORDER_WINDOWS]; // by place in a page
	uint32_t has_secret; // keys are derived from it, whatever they were; a reply has none
	uint32_t reserved;
	uint8_t secret[BORDER_SECRET_LEN];
};
static_assert(sizeof(struct link_border_keys) == 160, "layout is shared");

struct link_status {
	uint64_t generation;
	uint8_t digest[32];
	uint64_t start_ns;
	uint32_t n_workers;
	uint32_t n_rules;
	uint32_t source_ended; // 1: a capture was read to its end
	uint32_t reserved;
	uint64_t shadow_generation; // counts up with each shadow of this run; 0: there is none
	uint8_t shadow_digest[32];
	uint32_t shadow_share; // thousandths
	uint32_t shadow_rules;
	char source[128]; // "port 0000:01:00.0", "capture x.pcap"
};
