// Whole files into memory.

#pragma once

#include <stddef.h>

// What is no file (a pipe, a device) is not waited for. A descriptor or -errno.
int text_file_open(const char *path);
// All of a regular file, with a NUL behind it that *len does not count; the caller's to free. 0, -EISDIR,
// -EINVAL for another thing that is no file, -EFBIG for more than `max` bytes, -ENOMEM, -errno of reading.
int text_file_read(int fd, size_t max, char **out, size_t *len);
