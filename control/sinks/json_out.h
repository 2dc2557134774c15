// JSON, appended to a buffer (jout_*: json_* is the library's). Every event record passes here, so
// it is no library: building a tree first costs several times as much. Keys are written as they
// are: they are ours. Text is escaped; bytes that are not UTF-8 come out as \xNN (a backslash and
// two digits in the value).

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

void jout_free(struct json_out *j);
void jout_reset(struct json_out *j);

// key NULL: an element of an array, or the whole.
void jout_open(struct json_out *j, const char *key, char bracket); // '{' or '['
void jout_close(struct json_out *j, char bracket); // '}' or ']'
void jout_text(struct json_out *j, const char *key, const void *p, size_t len);
void jout_string(struct json_out *j, const char *key, const char *text);
// At most INT64_MAX: more is an error to many readers.
void jout_number(struct json_out *j, const char *key, uint64_t v);
// Nanoseconds since 1970 as "2026-01-02T03:04:05.123456+0000".
void jout_time(struct json_out *j, const char *key, uint64_t ns);
void jout_bool(struct json_out *j, const char *key, bool v);
// A key that is not ours: escaped.
void jout_open_text(struct json_out *j, const void *key, size_t len, char bracket);
void jout_newline(struct json_out *j);

// Length of the UTF-8 sequence of several bytes at p (RFC 3629), or 0.
size_t jout_utf8(const uint8_t *p, size_t left);
