// The process that reads a database of countries: whatever the file does to it stays inside.

#pragma once

#include "control/compile_child.h"

// Runs in a fork of the daemon. blob_fd: an empty memfd, for the map; report_fd: a pipe.
noreturn void geo_child_run(const struct compile_request *req, int blob_fd, int report_fd);
