// A ledger's windows as bytes: what `sealctl geo export` hands on, and what the daemon keeps of the year. No
// key is in it, only numbers that name keys, so that sketches of another secret are refused.
//
// All numbers are little-endian.
//
//   head     "SWGEO" 0 0 1 | secret_id u64 | machine u64 | run_ns u64 | min_persons u32 |
//            n_names u32 | n_windows u32 | 0 u32
//   name     SERVICE_NAME_LEN bytes, the first is number 1; 0 is unknown
//   window   kind u32 | number u32 | key_id u64 | n_cells u32 | flags u32 (1: something found no room) |
//            lost flows, persons u64 | the same, told of the run u64
//   cell     key u32 (border_cell_key(), with the file's number of the service), each larger than the last |
//            n u32 registers | flows, bytes out, bytes in u64 | the same, told of the run u64 | registers:
//            index u16, rank u8, each index larger than the last; when n is above LEDGER_FILE_SPARSE,
//            the rank of each, u8

#pragma once

#include "control/ledger.h"

#include <stdio.h>

enum {
	LEDGER_FILE_MAX = 96 << 20,
	LEDGER_FILE_SPARSE = HLL_REGISTERS / 3,
	LEDGER_FILE_ERROR = 128,
};

struct ledger_file {
	uint64_t secret_id; // border_secret_id()
	uint64_t machine; // drawn when a machine's ledger begins: a file that comes twice is known
	uint64_t run_ns; // the run of the dataplane that `told` is of; 0: none is, all is one sum
	uint32_t min_persons; // what is of fewer is not shown
};

// The windows for which `in` says yes. 0, -ENOMEM, or -EFBIG; errors of `out` are the caller's.
typedef bool (*ledger_file_in)(void *ctx, const struct ledger_window *w);
int ledger_file_write(const struct ledger *l, const struct ledger_file *head, ledger_file_in in,
	void *ctx, FILE *out);

// Any bytes. Adds to what is in the ledger; of the file's windows, the kind and number of the last go to
// *last. 0, -ENOMEM, or -EBADMSG and what is wrong, with the byte where, in error; some of it may be in the ledger
// then.
struct ledger_file_window {
	enum border_kind kind;
	uint64_t number; // 0: there is none
};
int ledger_file_read(struct ledger *l, const uint8_t *p, size_t len, struct ledger_file *head,
	struct ledger_file_window *last, char error[LEDGER_FILE_ERROR]);
