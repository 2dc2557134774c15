// What crossed borders, as workers' pages tell (dataplane/api/borders.h), merged: over workers, over runs
// of the dataplane, and kept after a page's window has made room for a later one. Sums by service name,
// country and direction; persons as sketches, of which only numbers can be made.
//
// Pages are another process's: whatever stands in them, reading them ends, and memory is bounded.

#pragma once

#include "dataplane/api/borders.h"
#include "dataplane/api/counters.h"

enum {
	LEDGER_DAYS = 8, // that are kept
	LEDGER_YEARS = 2,
	LEDGER_WINDOWS = LEDGER_DAYS + LEDGER_YEARS,
	LEDGER_CELLS = 16384, // of a window
	LEDGER_SKETCH_BYTES = 256 << 20, // of all windows
	LEDGER_THREADS = 64,
};

struct ledger_numbers {
	uint64_t flows;
	uint64_t bytes[2]; // from the subscriber, to the subscriber
};

struct ledger_sketch {
	void *block; // NULL: nobody
	uint32_t used;
	unsigned size;
};

struct ledger_cell {
	uint32_t key; // border_cell_key(), with the ledger's number of the service
	struct ledger_numbers base; // of runs that ended
	struct ledger_numbers told; // by a file, of a run that may go on still
	struct ledger_numbers *live; // of this run, by thread
	unsigned n_live;
	struct ledger_sketch persons;
	double before; // persons under a key that was lost: some may be counted again since
};

struct ledger_window {
	enum border_kind kind;
	uint64_t number; // 0: not in use
	uint64_t key_id;
	bool mixed; // a key was lost: persons are at most so many
	bool of_run; // the key is that of the dataplane that runs now
	uint32_t n_cells;
	struct ledger_cell *cells;
	uint32_t *places; // of cells, by their key: from 1
	uint64_t lost_flows[LEDGER_THREADS], lost_persons[LEDGER_THREADS]; // of this run
	uint64_t lost_base[2]; // of earlier ones: flows, persons
	uint64_t lost_told[2];
	bool is_full; // something found no room here
};

struct ledger;

struct ledger *ledger_new(void); // NULL: short of memory
// Keys of windows are derived from it (borders.h): only sketches under those are taken from pages.
void ledger_secret(struct ledger *l, const uint8_t secret[BORDER_SECRET_LEN]);
void ledger_free(struct ledger *l); // NULL is allowed

// What the pages of this run say. n: at most LEDGER_THREADS. directory: names of services.
void ledger_read(struct ledger *l, struct counter_page *const *pages, unsigned n,
	const struct directory_page *directory);
// The run is over: its pages will not be read any more.
void ledger_end_run(struct ledger *l);

// What a file tells (ledger_file.h). A window, made when it is new, perhaps in place of the oldest one; NULL:
// it is older than all that are kept, or memory is short.
struct ledger_window *ledger_window_at(struct ledger *l, enum border_kind kind, uint64_t number);
// service "": unknown. NULL: no room.
struct ledger_cell *ledger_cell_at(struct ledger *l, struct ledger_window *w, const char *service,
	uint16_t country, enum border_direction d);
// False: no room for a larger sketch.
bool ledger_add_person(struct ledger *l, struct ledger_cell *c, struct hll_point p);
void ledger_numbers_add(struct ledger_numbers *to, const struct ledger_numbers *more);
// The run that a file was written in goes on, and its pages tell all of it again; or it is over.
void ledger_settle(struct ledger *l, bool goes_on);
uint32_t ledger_names(const struct ledger *l); // of services; the first is ""
const char *ledger_name(const struct ledger *l, uint32_t i); // SERVICE_NAME_LEN bytes
const struct ledger_window *ledger_window(const struct ledger *l, unsigned i); // i < LEDGER_WINDOWS
// Counts up when a page had something new.
uint64_t ledger_changes(const struct ledger *l);

// The latest window of a kind in which something was counted; NULL: none.
const struct ledger_window *ledger_latest(const struct ledger *l, enum border_kind kind);
struct ledger_numbers ledger_cell_numbers(const struct ledger_cell *c);
const char *ledger_cell_service(const struct ledger *l, const struct ledger_cell *c); // "": unknown
uint64_t ledger_late(const struct ledger *l); // flows that no window took
uint64_t ledger_lost(const struct ledger_window *w, bool persons);

// About how many persons were in all cells that `in` says yes to.
typedef bool (*ledger_in)(void *ctx, const struct ledger_cell *c);
double ledger_persons(const struct ledger_window *w, ledger_in in, void *ctx);
double ledger_cell_persons(const struct ledger_cell *c);
