// Rules for measuring: nine in ten about domains, over SNI, host and DNS; one in ten about payload.

#pragma once

#include "patterns/compile.h"

// 0 or an exit status; says why. The caller frees *set.
int rule_mix_compile(unsigned n, struct swdb *set);
// Rules about what stands in the bodies of answers.
int rule_mix_bodies(unsigned n, struct swdb *set);
