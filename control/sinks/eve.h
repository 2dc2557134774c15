// Event records -> EVE JSON lines, as Suricata writes them (design: what comes out).
//
// A writer belongs to one thread. A failed write (full disk) is said once on the log, counted,
// and tried again with the next record: a line is written whole or not at all.

#pragma once

#include "control/service_tally.h"

#include <stdint.h>
#include <stdio.h>

struct eve_writer;

struct eve_stats {
	uint64_t written; // lines
	uint64_t failed; // lines that could not be written
	uint64_t bad; // records that made no sense
	int last_errno; // of the last failed write, 0 when the last one went well
};

// path: a file to append to, or "-" for standard output. -errno.
int eve_open(const char *path, struct eve_writer **out);
// Flushes. NULL is allowed. 0 or the -errno of what could not be flushed.
int eve_close(struct eve_writer *w);

// One record, as event_ring_get() gave it; any bytes are safe. 0, -EBADMSG or -errno of write.
int eve_write(struct eve_writer *w, const void *record, uint32_t len);
// A `stats` line: totals of counters[CTR_COUNT], at a time (ns since 1970), `uptime` seconds.
int eve_write_stats(
	struct eve_writer *w, uint64_t ts_ns, uint64_t uptime, const uint64_t *counters);
// `service` lines: one for each service of `now` of which flows ended since `last`, which may be empty. Both are by name.
void eve_write_services(struct eve_writer *w, uint64_t ts_ns, const struct service_tallies *now,
	const struct service_tallies *last);
// Push out what is buffered: before a pause, or once a second.
int eve_flush(struct eve_writer *w);

const struct eve_stats *eve_stats(const struct eve_writer *w);
