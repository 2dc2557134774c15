// Memory for the PCRE2 interpreter, for the expressions that have no JIT code: slots of fixed
// size, one set a thread. What needs more is given up by PCRE2 (PCRE2_ERROR_NOMEMORY).

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { PCRE_SLOTS = 4 };

struct pcre_frames {
	uint8_t *slot[PCRE_SLOTS];
	bool taken[PCRE_SLOTS];
};

// The context from which one match data of up to 100 pairs may be made. NULL: short of memory;
// what was taken is given back by fini.
pcre2_general_context *pcre_frames_init(struct pcre_frames *f);

// After the context was freed, which may be NULL.
void pcre_frames_fini(struct pcre_frames *f);

size_t pcre_frames_size(void); // bytes of one set
