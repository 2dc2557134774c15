// Postures by day, so that change is seen: what was counted on each day (UTC), by service and segment, for
// 400 days. Kept in the file "posture" of the daemon's state directory, and rewritten as a whole; at most so
// many rows, of which the oldest day's go.
//
// A row is what came since the last update. So that nothing is counted twice when the daemon is started
// anew while the dataplane runs, the file says how far that run was counted.

#pragma once

#include "control/posture_tally.h"

#include <stdbool.h>
#include <stdint.h>

enum { POSTURE_DAYS_MAX = 400, POSTURE_DAY_ROWS_MAX = 65536 };

// X(id, name): what is kept of a day.
#define POSTURE_DAY_NUMBERS(X)                                                                     \
	X(DAY_FLOWS, "flows")                                                                      \
	X(DAY_UNGRADED, "ungraded")                                                                \
	X(DAY_A, "A")                                                                              \
	X(DAY_B, "B")                                                                              \
	X(DAY_C, "C")                                                                              \
	X(DAY_D, "D")                                                                              \
	X(DAY_F, "F")                                                                              \
	X(DAY_ANSWERED, "tls_answered")                                                            \
	X(DAY_TLS13, "tls13")                                                                      \
	X(DAY_PQ, "pq")                                                                            \
	X(DAY_PQ_OFFERED, "pq_offered")                                                            \
	X(DAY_ECH, "ech")                                                                          \
	X(DAY_CERT_SEEN, "cert_seen")

#define X(id, name) id,
enum posture_day_number { POSTURE_DAY_NUMBERS(X) DAY_NUMBERS };
#undef X

struct posture_day {
	uint32_t day; // since 1970
	bool rest;
	char service[SERVICE_NAME_LEN];
	char segment[SEGMENT_NAME_LEN];
	uint64_t n[DAY_NUMBERS];
};

struct posture_days {
	int dir; // -1: nowhere, they end with the daemon
	bool changed; // since it was written
	bool complained;
	bool restored; // `counted` is what a file said
	uint64_t run; // start of the dataplane that `counted` is about
	struct posture_day *counted; // totals as of the last update
	uint32_t n_counted;
	struct posture_day *rows; // by day
	uint32_t n_rows, room;
};

// state: the directory, made when it is missing; NULL: nowhere. What is wrong with it is logged; lines of a
// damaged file that are none are left out.
void posture_days_open(struct posture_days *d, const char *state);
void posture_days_close(struct posture_days *d); // a zeroed one is allowed

// now: totals of the daemon's life; run: start of the dataplane's. 0 or -ENOMEM: then it comes with the next.
int posture_days_update(
	struct posture_days *d, const struct posture_tallies *now, uint64_t run, uint32_t day);
// Writes when something changed. of_run: what of the totals is the present run's. 0 or -errno, which is
// logged once.
int posture_days_save(struct posture_days *d, const struct posture_tallies *of_run);
