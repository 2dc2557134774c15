// JSON, appended to a buffer. Every event record passes here, so it is no library: building a
// tree first costs several times as much. Keys are written as they are: they are ours. Text is
// escaped; bytes that are not UTF-8 come out as \xNN (a backslash and two digits in the value).

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_out {
	char *data;
	size_t len;
	size_t cap;
	bool comma; // something stands before in this object or array
	bool failed; // short of memory: nothing more is written
};

void json_out_free(struct json_out *j);
void json_out_reset(struct json_out *j);

// key NULL: an element of an array, or the whole.
void json_open(struct json_out *j, const char *key, char bracket); // '{' or '['
void json_close(struct json_out *j, char bracket); // '}' or ']'
void json_text(struct json_out *j, const char *key, const void *p, size_t len);
void json_string(struct json_out *j, const char *key, const char *text);
void json_number(struct json_out *j, const char *key, uint64_t v);
void json_bool(struct json_out *j, const char *key, bool v);
// A key that is not ours: escaped.
void json_open_text(struct json_out *j, const void *key, size_t len, char bracket);
void json_newline(struct json_out *j);
