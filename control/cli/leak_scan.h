// Looking for raw personal data in what the appliance wrote, with the appliance's own detectors: sealwatch-detect,
// as a child that is asked text by text. What is found is told by place, detector and masked excerpt.

#pragma once

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leak_scan;

enum { LEAK_SCAN_FINDINGS = 1000 }; // more are counted

struct leak_scan_result {
	uint64_t files, texts, bytes; // looked at
	uint64_t unreadable; // files, metrics, answers
	uint64_t found; // at medium confidence or above
	uint64_t low; // at low: shapes that many a number has; not listed
	json_t *findings; // [{"place", "detector", "class", "confidence", "masked"}]
};

// The child is looked for beside this program, and in a build tree. NULL: it can not be run, and that is
// printed. Ends the program when memory is short.
struct leak_scan *leak_scan_new(void);
// Text or not, line by line; of what is no text, runs of text are looked at. name: its place. False: the child
// has gone.
bool leak_scan_bytes(struct leak_scan *s, const char *name, const void *bytes, size_t len);
// A file, or all below a directory: what is linked to below it is not followed, devices are left alone. What
// cannot be read is counted.
bool leak_scan_path(struct leak_scan *s, const char *path);
// Something that was to be looked at could not be had: counted with what cannot be read.
void leak_scan_missed(struct leak_scan *s);
const struct leak_scan_result *leak_scan_result(const struct leak_scan *s);
void leak_scan_free(struct leak_scan *s); // NULL is allowed
