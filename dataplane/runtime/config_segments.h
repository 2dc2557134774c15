// The segments that a configuration names, from texts to what workers look flows up in.

#pragma once

#include "dataplane/runtime/config.h"

struct segment_mistake {
	unsigned segment; // which one, from 0
	const char *key; // NULL: of all of it
	unsigned item; // of the key's list
	char what[128];
};

// Fills c->network. 0, -EINVAL with what is wrong, or -ENOMEM, likewise.
int config_segments(struct dataplane_config *c, struct segment_mistake *mistake);
