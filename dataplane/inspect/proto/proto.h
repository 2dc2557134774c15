// The contract of a protocol parser. To add a protocol: one file here that defines a
// `const struct proto`, and one row in proto.c. Fields and protocols stand in
// dataplane/api/fields.h.
//
// A parser is a resumable machine over bytes: it gets the bytes of a direction in order, cut
// anywhere, and reports transactions. It never allocates; a message that is not whole in one
// piece is gathered in a buffer borrowed from the worker's pool (struct proto_io.gather_*),
// bounded by GATHER_MAX. The same bytes give the same transactions however they are cut.

#pragma once

#include "dataplane/api/fields.h"
#include "dataplane/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum probe {
	PROBE_NO,
	PROBE_MORE, // TCP: a longer prefix, up to PROBE_BYTES, decides
	PROBE_YES,
	// UDP: it looks like it, but so does noise. The parser gets the flow's datagrams, and the
	// flow gets the protocol's name when the parser reports its first transaction.
	PROBE_MAYBE,
};

enum parse {
	PARSE_MORE, // goes on with the next bytes
	PARSE_DONE, // TCP: nothing more is wanted from this direction; UDP: from this flow
	PARSE_BAD, // broke the protocol's rules; counted, the flow is settled
	// TCP: another protocol begins, in both directions: CONNECT, Upgrade, STARTTLS. The last
	// *proto_io.unread bytes of `in` already belong to it. It is probed anew, unless
	// proto_io.next tells which one it is.
	PARSE_SWITCH,
	// UDP: this datagram is not ours (RFC 7983: STUN, DTLS and RTP share a flow); it is
	// probed. The parser keeps the flow.
	PARSE_OTHER,
};

struct field_value {
	uint16_t field; // enum field
	struct bytes value;
};

enum { TX_FIELDS_MAX = 192, GATHER_MAX = 65536, PROTO_STATE_MAX = 256, PROBE_BYTES = 64 };
enum { TX_NEW = 0xffffffff };

// One message of a transaction. The views are valid during proto_io.tx() only.
struct tx {
	uint8_t app_proto;
	uint8_t dir; // enum dir of the message
	bool quiet; // for rules only: no record is made of it, and it is not counted
	uint16_t n_fields;
	uint16_t n_secret; // so many of them, the last ones, are for rules only: in no record
	// The same for a request and its response, counted by the parser; TX_NEW: the flow's next.
	uint32_t id;
	struct field_value fields[TX_FIELDS_MAX];
};

static inline void tx_begin(struct tx *tx, enum app_proto app_proto, enum dir dir)
{
	tx->app_proto = (uint8_t)app_proto;
	tx->dir = (uint8_t)dir;
	tx->quiet = false;
	tx->n_fields = 0;
	tx->n_secret = 0;
	tx->id = TX_NEW;
}

// What is beyond TX_FIELDS_MAX is left out.
static inline void tx_put(struct tx *tx, enum field field, struct bytes value)
{
	if (tx->n_fields < TX_FIELDS_MAX)
		tx->fields[tx->n_fields++] = (struct field_value){(uint16_t)field, value};
}

static inline void tx_put_some(struct tx *tx, enum field field, struct bytes value)
{
	if (value.len > 0)
		tx_put(tx, field, value);
}

// `text` lives until the transaction is reported: a literal.
static inline void tx_put_text(struct tx *tx, enum field field, const char *text)
{
	tx_put(tx, field, (struct bytes){.p = (const uint8_t *)text, .len = strlen(text)});
}

// `buf`, `size` bytes of the caller's, holds the number until the transaction is reported.
static inline void tx_put_number(
	struct tx *tx, enum field field, uint64_t number, uint8_t *buf, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buf[i] = (uint8_t)(number >> 8 * (size - 1 - i));
	tx_put(tx, field, (struct bytes){.p = buf, .len = size});
}

struct gather {
	uint32_t len;
	uint32_t cap;
	uint8_t *data;
};

// What is known of the protocol that comes after PARSE_SWITCH.
struct proto_next {
	uint8_t app_proto; // APP_UNKNOWN: it is probed
	uint8_t setup[15]; // for its setup(); what it means is between the two parsers
};

struct kit;

struct proto_io {
	void *ctx;
	void (*tx)(void *ctx, const struct tx *tx);
	// A buffer for at least GATHER_MAX bytes, or NULL when none is left: then the parser
	// returns PARSE_DONE for that direction (the caller counts GATHER_DENIED). What is held
	// from one call to the next may be wanted back when buffers run short: then end() is
	// called, as for a flow that ends (GATHER_EVICTED), and never within another call.
	struct gather *(*gather_take)(void *ctx);
	void (*gather_give)(void *ctx, struct gather *g);
	uint32_t *unread; // set when data() returns PARSE_SWITCH
	struct proto_next *next; // the same; it is all zero before
	// What parsers share in a worker: digests, ciphers, decoders, names (proto/kit.h).
	struct kit *kit;
	// By enum field: does a rule look at it? NULL: at all. What costs (bodies, whole headers)
	// is made on demand only: io_wants().
	const uint8_t *wanted;
	uint64_t ts_ns; // of the packet at hand
	// Ports of who sent the bytes, and of who gets them, for data() and end(); 0: not known.
	uint16_t sport;
	uint16_t dport;
	// Their addresses, for data(); 16 bytes each, IPv4 in the first four. May be NULL.
	const uint8_t *src;
	const uint8_t *dst;
	uint8_t ip_version;
};

static inline bool io_wants(const struct proto_io *io, enum field field)
{
	return io->wanted == NULL || io->wanted[field] != 0;
}

struct proto {
	const char *name;
	uint8_t app_proto; // enum app_proto
	uint8_t l4; // IPPROTO_TCP or IPPROTO_UDP
	uint16_t state_size; // <= PROTO_STATE_MAX; zeroed is the initial state
	// UDP: known by a mark that its first datagrams have. In a flow whose protocol is known
	// already a datagram with such a mark is noise: it is not asked.
	bool opens_flow;

	// Are these the first bytes of a direction of this protocol? `dir` is a guess and may
	// be wrong; *sender is set to what the bytes themselves tell (DIR_C2S when a client
	// sends such bytes), so that a flow seen from the middle gets its sides right.
	// PROBE_MORE only while a longer prefix (up to PROBE_BYTES) could change the answer.
	// UDP: `in` is the whole datagram. NULL: it is only switched to.
	enum probe (*probe)(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender);

	// TCP: the next bytes of a direction. UDP: one datagram.
	enum parse (*data)(void *state, const struct proto_io *io, enum dir dir, struct bytes in);

	// TCP: `missing` bytes are lost here. NULL: the direction is given up at a gap.
	enum parse (*gap)(void *state, const struct proto_io *io, enum dir dir, uint32_t missing);

	// The flow ends or is settled, or its buffers are wanted back: report what can be read of a message that is not whole,
	// give back buffers. NULL when it borrows none.
	void (*end)(void *state, const struct proto_io *io);

	// Switched to: what the parser before tells (struct proto_next). May be NULL.
	void (*setup)(void *state, const uint8_t setup[15]);
};

// One row a parser: proto.c makes the table of them.
#define PROTOS(X)                                                                                  \
	X(proto_tls)                                                                               \
	X(proto_mmtls)                                                                             \
	X(proto_whatsapp)                                                                          \
	X(proto_mtproto)                                                                           \
	X(proto_mqtt)                                                                              \
	X(proto_xmpp)                                                                              \
	X(proto_sip_tcp)                                                                           \
	X(proto_irc)                                                                               \
	X(proto_ssh)                                                                               \
	X(proto_smtp)                                                                              \
	X(proto_pop3)                                                                              \
	X(proto_imap)                                                                              \
	X(proto_http2)                                                                             \
	X(proto_http)                                                                              \
	X(proto_websocket)                                                                         \
	X(proto_dns_tcp)                                                                           \
	X(proto_kakaotalk)                                                                         \
	X(proto_viber)                                                                             \
	X(proto_dingtalk)                                                                          \
	X(proto_rtmp)                                                                              \
	X(proto_socks)                                                                             \
	X(proto_stun_tcp)                                                                          \
	X(proto_stun)                                                                              \
	X(proto_dtls)                                                                              \
	X(proto_dns)                                                                               \
	X(proto_quic)                                                                              \
	X(proto_sip)                                                                               \
	X(proto_oicq)                                                                              \
	X(proto_discord)                                                                           \
	X(proto_mumble)                                                                            \
	X(proto_zoom)                                                                              \
	X(proto_line)                                                                              \
	X(proto_viber_call)                                                                        \
	X(proto_reflector)                                                                         \
	X(proto_rtp)

#define X(name) extern const struct proto name;
PROTOS(X)
#undef X

// The table, ended by NULL, in the order in which they are asked.
extern const struct proto *const proto_table[];
