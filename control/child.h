// The begin of every child of the daemon that is not another program.

#pragma once

// Signals as they are by default, only these descriptors (-1 for none) and the standard ones open,
// dies with the daemon. keep[] is sorted.
void child_begin(int keep[], unsigned n);
