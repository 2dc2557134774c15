// Pieces of OpenMetrics text that its families share.

#pragma once

#include <stdio.h>

// name: behind "sealwatch_"; type: counter, gauge, info.
void metrics_head(FILE *out, const char *name, const char *type, const char *help);
void metrics_label(FILE *out, const char *text); // its value, without the quotes
