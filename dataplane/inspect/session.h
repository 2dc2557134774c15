// What a flow needs while it is being parsed: TCP order, the parser's state, and the
// matcher's streams. Taken from a pool when a flow first has something to parse, given
// back when the flow is settled or ends. Everything in it is indexed by the sending
// side (0: key.a, 1: key.b), because which side is the client may be learnt late.

#pragma once

#include "dataplane/inspect/flow.h"
#include "dataplane/inspect/proto/proto.h"
#include "dataplane/inspect/shape.h"
#include "dataplane/inspect/tcp_order.h"

#include <assert.h>
#include <stdint.h>

enum side_state {
	SIDE_PROBING = 0, // the protocol is not known yet
	SIDE_PARSING,
	SIDE_DONE, // the parser wants nothing more from here
};

struct side {
	uint8_t state; // enum side_state
	uint8_t probe_len; // bytes in probe[]
	uint8_t searching; // probe[] holds the last bytes, not the first (recognise.h)
	uint8_t switched; // begins anew: what still comes of the protocol before is dropped
	uint32_t searched; // bytes gone through
	uint8_t probe[PROBE_BYTES];
};

struct pattern_stream;

enum { SESSION_SETS = 2 }; // pattern sets that a flow may be matched with: the live one, a shadow

struct session {
	struct tcp_half half[2];
	const struct proto *proto; // NULL while unknown
	struct flow *flow;
	// The matcher's, by set and side; opened and closed by the hooks.
	struct pattern_stream *stream[SESSION_SETS][2];
	uint64_t offset[2]; // bytes delivered or skipped so far
	uint32_t next; // free list
	uint32_t tx_base; // added to the numbers that the parser gives: a later one begins anew
	uint16_t text[2]; // windows of its bytes, by side (leak/window.h)
	uint8_t settled; // given back at the end of the burst
	uint8_t pad[3];
	struct side side[2];
	union {
		_Alignas(8) uint8_t proto_state[PROTO_STATE_MAX];
		struct shape shape; // while there is no parser
	};
};
static_assert(sizeof(struct shape) <= PROTO_STATE_MAX, "no session is larger for it");

struct session_pool;

// n: sessions. NULL when memory is short.
struct session_pool *session_pool_new(uint32_t n);
void session_pool_free(struct session_pool *pool);
// A cleared session for `flow` (whose `session` is set), or NULL when all are taken.
struct session *session_take(struct session_pool *pool, struct flow *flow);
void session_give(struct session_pool *pool, struct session *s);
struct session *session_of(struct session_pool *pool, const struct flow *flow);
uint32_t session_pool_used(const struct session_pool *pool);
bool session_pool_full(const struct session_pool *pool);
// Who is to make room: of those that come next, in the order in which room was made, the first that nobody
// answered, else the first. Settled ones are left aside. NULL: none.
struct session *session_pool_victim(struct session_pool *pool);

// Buffers for messages that come in pieces: bounded, shared by all sessions of a worker. So that
// streams which never go on do not keep them from all others, the caller sees to it before each
// packet that a reserve is left: while the pool is short, the session that holds one for longest
// gives up its message (conversation.c).
struct gather_pool;

enum { GATHER_RESERVE = 8 }; // more than the parser of one session holds; a quarter of a small pool

struct gather_pool *gather_pool_new(uint32_t n);
void gather_pool_free(struct gather_pool *pool);
// For the session that is being parsed. NULL: all are taken.
struct gather *gather_pool_take(struct gather_pool *pool, struct session *holder);
void gather_pool_give(struct gather_pool *pool, struct gather *g);
// Is less left than the reserve?
bool gather_pool_short(const struct gather_pool *pool);
// Who took its buffer first of all that hold one, apart from `but` (may be NULL); NULL: nobody.
struct session *gather_pool_oldest(const struct gather_pool *pool, const struct session *but);
