// Where something stands in a YAML text: libcyaml does not say of what it has read.

#pragma once

#include <stdbool.h>
#include <stddef.h>

struct config_place {
	unsigned line, column; // from 1
};

// In the list `list` at the top, of its element `index` the value of `key`, and of that, when it is a list
// itself, the element `item`. What is not there: the innermost around it that is. key NULL: the element.
struct config_place config_place(const char *text, size_t len, const char *list, unsigned index,
	const char *key, unsigned item);

// Has the mapping at the top this key?
bool config_has(const char *text, size_t len, const char *key);
