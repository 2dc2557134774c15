// Running the real programs from a test.

#pragma once

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { EXIT_SKIP = 77 }; // meson: skipped

struct output {
	int status; // exit status; -signal when it was killed; -1000 when it did not end in time
	char *out; // both NUL-terminated, cut at 16 MiB
	char *err;
};

// Path of a built program ("sealwatch-replay"), from SEALWATCH_BUILD. Static memory, several
// results stay good.
const char *program(const char *name);
// Path below the source tree, from SEALWATCH_SOURCE.
const char *source_path(const char *relative);
// Path below the shared material, or NULL when it is not there (SEALWATCH_SHARED, ../shared).
const char *shared_path(const char *relative);

// argv ends with NULL. Waits at most timeout_s.
struct output run(const char *const argv[], unsigned timeout_s);
void output_free(struct output *o);

// In the background; stderr goes to `log` (NULL: nowhere).
pid_t start(const char *const argv[], const char *log);
// True while it runs.
bool running(pid_t pid);
// Signals and waits at most 10 s; the exit status as above.
int stop(pid_t pid, int signal);

// A fresh directory, removed by scratch_remove() with all that is in it.
char *scratch_new(void);
void scratch_remove(char *dir);
// dir/name; static memory, several results stay good.
const char *in_dir(const char *dir, const char *name);
void write_file(const char *path, const char *text);
uint64_t file_size(const char *path);
// The first and the last time in a capture (libpcap's format, little endian), by its own records.
// When there is none, the first one is the later.
void capture_times(const char *path, uint64_t *first_ns, uint64_t *last_ns);

// The lines of an EVE file as a JSON array; NULL when one is no JSON.
json_t *read_eve(const char *path);

void sleep_ms(unsigned ms);
// Asks until it answers true; false after timeout_ms.
bool wait_until(bool (*ask)(void *ctx), void *ctx, unsigned timeout_ms);
