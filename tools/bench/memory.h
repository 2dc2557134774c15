// What the process holds.

#pragma once

#include <stdint.h>

uint64_t memory_resident(void); // bytes
