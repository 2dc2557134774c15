// Files that rules name: lists of values. Who must know all that a set was made of (a cache of
// compiled sets) hands them out itself; else they are read from the disk.

#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { RULE_FILE_MAX = 128 << 20, RULE_PATH_MAX = 4096 };

struct rule_text {
	const char *p; // not NUL-terminated
	size_t len;
	char *owned; // to be freed; NULL: another's
};

struct rule_files {
	void *ctx;
	// 0 and *out, or -errno.
	int (*read)(void *ctx, const char *path, struct rule_text *out);
};

// A name as rules may have it: letters, digits and ./_-+@%~ of ASCII. How many bytes of `p` are
// one.
size_t rule_file_name(const char *p, size_t len);

// The path of the file `name` that a rule in the file `from` names: relative to that file's
// directory. False: it is too long.
bool rule_file_path(const char *from, const char *name, size_t name_len, char out[RULE_PATH_MAX]);

// From the disk: a regular file of at most RULE_FILE_MAX bytes. 0, -EFBIG, -EINVAL (it is none), or
// another -errno.
int rule_file_read(const char *path, struct rule_text *out);
