// NAME.examples.yaml beside NAME.rules: a list of examples.
//
//     - {sid: 4001017, expect: hit, field: tls.sni, text: "web.whatsapp.net"}
//     - {sid: 4001035, expect: hit, hex: "08 00 00 00 21 12 a4 42"}
//     - {sid: 7, expect: miss, values: [{field: http.method, text: GET}, {field: http.uri, text: /}]}
//     - {sid: 8, expect: hit, capture: chat.pcap, count: 3}

#pragma once

#include "patterns/diag.h"
#include "patterns/example.h"

enum { EXAMPLES_MAX = 100000, EXAMPLES_FILE_MAX = 16 << 20, EXAMPLE_CAPTURES_MAX = 64 };

struct examples {
	uint32_t n;
	struct example *items;
	uint32_t n_owned;
	void **owned; // what they point into
};

// Appends the examples that stand in the file; what is wrong goes to diags, with its place. Captures are
// named by their whole path and lie in the file's directory or below it. 0, also with diags; -ENOENT:
// there is no such file; -ENOMEM.
int examples_read(const char *path, struct examples *all, struct diags *diags);
// The same, of text; path says where captures lie.
int examples_parse(const char *path, const uint8_t *text, size_t len, struct examples *all,
	struct diags *diags);
// One more; false: short of memory, or too many.
bool examples_add(struct examples *all, const struct example *e);
// size bytes that live as long as *all; NULL: short of memory.
void *examples_take(struct examples *all, size_t size);
void examples_free(struct examples *all);
