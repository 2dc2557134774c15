// The contract of a protocol parser. To add a protocol: one file here that defines a
// `const struct proto`, and one row in proto.c. Field ids stand in dataplane/api/fields.h.
//
// A parser is a resumable machine over bytes: it gets the bytes of a direction in order, cut
// anywhere, and reports transactions. It never allocates; a message that is not whole in one
// piece is gathered in a buffer borrowed from the worker's pool (struct proto_io.gather_*),
// bounded by GATHER_MAX. The same bytes give the same transactions however they are cut.

#pragma once

#include "dataplane/api/fields.h"
#include "dataplane/base/bytes.h"

#include <stdint.h>

enum probe { PROBE_NO, PROBE_MORE, PROBE_YES };

enum parse {
	PARSE_MORE, // goes on with the next bytes
	PARSE_DONE, // nothing more is wanted from this direction
	PARSE_BAD, // broke the protocol's rules; counted, the flow is settled
	// The rest of this direction is another protocol, to be probed anew: CONNECT, Upgrade.
	// The last *proto_io.unread bytes of `in` already belong to it.
	PARSE_SWITCH,
};

struct field_value {
	uint16_t field; // enum field
	struct bytes value;
};

enum { TX_FIELDS_MAX = 64, GATHER_MAX = 65536, PROTO_STATE_MAX = 192, PROBE_BYTES = 64 };

// One transaction's one direction. The views are valid during proto_io.tx() only.
struct tx {
	uint8_t app_proto;
	uint8_t dir; // enum dir of the message
	uint16_t n_fields;
	struct field_value fields[TX_FIELDS_MAX];
};

struct gather {
	uint32_t len;
	uint32_t cap;
	uint8_t *data;
};

struct proto_io {
	void *ctx;
	void (*tx)(void *ctx, const struct tx *tx);
	// A buffer for at least GATHER_MAX bytes, or NULL when none is left: then the parser
	// returns PARSE_DONE for that direction (the caller counts GATHER_DENIED).
	struct gather *(*gather_take)(void *ctx);
	void (*gather_give)(void *ctx, struct gather *g);
	uint32_t *unread; // set when data() returns PARSE_SWITCH
	// Ports of who sent the bytes, and of who gets them, for data() and end(); 0: not known.
	uint16_t sport;
	uint16_t dport;
};

struct proto {
	const char *name;
	uint8_t app_proto; // enum app_proto
	uint8_t l4; // IPPROTO_TCP or IPPROTO_UDP
	uint16_t state_size; // <= PROTO_STATE_MAX; zeroed is the initial state

	// Are these the first bytes of a direction of this protocol? `dir` is a guess and may
	// be wrong; *sender is set to what the bytes themselves tell (DIR_C2S when a client
	// sends such bytes), so that a flow seen from the middle gets its sides right.
	// PROBE_MORE only while a longer prefix (up to PROBE_BYTES) could change the answer.
	// UDP: `in` is the whole datagram.
	enum probe (*probe)(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender);

	// TCP: the next bytes of a direction. UDP: one datagram.
	enum parse (*data)(void *state, const struct proto_io *io, enum dir dir, struct bytes in);

	// TCP: `missing` bytes are lost here. NULL: the direction is given up at a gap.
	enum parse (*gap)(void *state, const struct proto_io *io, enum dir dir, uint32_t missing);

	// The flow ends or is settled: report what can be read of a message that is not whole,
	// give back buffers. NULL when it borrows none.
	void (*end)(void *state, const struct proto_io *io);
};

extern const struct proto proto_tls;
extern const struct proto proto_http;
extern const struct proto proto_dns;
extern const struct proto proto_dns_tcp;

// The table, ended by NULL, in the order in which they are asked.
extern const struct proto *const proto_table[];
