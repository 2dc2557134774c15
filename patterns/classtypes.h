// The class types of Suricata's classification, with their priority.

#pragma once

#include <stdint.h>

// 1 (high) .. 4; 0: no such class.
uint8_t classtype_priority(const char *name);
