// The two processes over a capture that loops, and the CLI, for the tests that need them. One at a
// time, in a directory of its own.

#pragma once

#include "tests/e2e/process.h"

extern char *dir;
extern pid_t dataplane, control;
extern const char *eve_file;
extern unsigned metrics_port;

// Ports of different tests lie a thousand apart. False when it does not come up.
bool appliance_start(unsigned first_port);
void appliance_end(void);

void write_configs(void);
void start_dataplane(void);
void start_control(void);

struct output ctl(const char *a, const char *b, const char *c); // with --json
json_t *ask(const char *a, const char *b, const char *c); // NULL unless it exits with 0
json_int_t number_in(const json_t *answer, const char *key);
json_int_t status_number(const char *key);
bool dataplane_is(const char *want);

// For wait_until().
bool is_up(void *ctx);
bool is_down(void *ctx);
bool more_than(void *ctx); // packets than *(json_int_t *)ctx
