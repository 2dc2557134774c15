// Names of users and groups, and giving up root.

#pragma once

#include <sys/types.h>

int privileges_group(const char *name, gid_t *out); // 0, or -ENOENT
int privileges_user(const char *name, uid_t *out); // 0, or -ENOENT
// For good, with the user's own groups; `socket` becomes the user's file. 0, -ENOENT when there is
// no such user, or -errno.
int privileges_drop(const char *user, const char *socket);
