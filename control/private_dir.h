// Directories that are ours alone: what we keep between two lives.

#pragma once

#include <sys/types.h>

// Makes the directory (0700) with what leads to it, for `owner`: while we are root still. An
// existing one is left as it is. 0 or -errno.
int private_dir_make(const char *path, uid_t owner);

// It is made when it is missing, and must be ours; others lose their rights to it. A descriptor, or
// -errno: -EPERM for a directory of another user.
int private_dir_open(const char *path);
