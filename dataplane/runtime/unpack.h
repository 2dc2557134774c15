// A file that may be packed: gzip and zstd are told by their magic, all else is read as it is.

#pragma once

#include <stdio.h>

// Takes over fd: it is closed with the FILE, or at once when NULL (with errno) comes back. A packed file that is cut or broken reads as if it ended there.
FILE *unpack_open(int fd);
