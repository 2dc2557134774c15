#include "control/sinks/json_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool room(struct json_out *j, size_t n)
{
	if (j->failed)
		return false;
	if (j->cap - j->len >= n)
		return true;
	size_t cap = j->cap != 0 ? j->cap : 65536;
	while (cap - j->len < n)
		cap *= 2;
	char *more = realloc(j->data, cap);
	if (more == NULL) {
		j->failed = true;
		return false;
	}
	j->data = more;
	j->cap = cap;
	return true;
}

static void put(struct json_out *j, const void *p, size_t n)
{
	if (!room(j, n))
		return;
	memcpy(j->data + j->len, p, n);
	j->len += n;
}

static void put_char(struct json_out *j, char c)
{
	put(j, &c, 1);
}

size_t jout_utf8(const uint8_t *p, size_t left)
{
	static const struct {
		uint8_t lead_lo, lead_hi, second_lo, second_hi, len;
	} rows[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (p[0] < rows[i].lead_lo || p[0] > rows[i].lead_hi)
			continue;
		if (left < rows[i].len || p[1] < rows[i].second_lo || p[1] > rows[i].second_hi)
			return 0;
		for (size_t k = 2; k < rows[i].len; k++) {
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		}
		return rows[i].len;
	}
	return 0;
}

static bool plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

// One character that needs care; returns how many bytes of input it took.
static size_t put_special(struct json_out *j, const uint8_t *p, size_t left)
{
	char text[8];
	size_t n = p[0] >= 0x80 ? jout_utf8(p, left) : 0;

	if (n > 0) {
		put(j, p, n);
		return n;
	}
	if (p[0] >= 0x80)
		snprintf(text, sizeof(text), "\\\\x%02x", p[0]);
	else if (p[0] == '"' || p[0] == '\\')
		snprintf(text, sizeof(text), "\\%c", p[0]);
	else
		snprintf(text, sizeof(text), "\\u%04x", p[0]);
	put(j, text, strlen(text));
	return 1;
}

static void put_quoted(struct json_out *j, const uint8_t *p, size_t len)
{
	size_t i = 0;

	put_char(j, '"');
	while (i < len) {
		size_t run = i;
		while (run < len && plain(p[run]))
			run++;
		put(j, p + i, run - i);
		i = run;
		if (i < len)
			i += put_special(j, p + i, len - i);
	}
	put_char(j, '"');
}

static void begin(struct json_out *j, const char *key)
{
	if (j->comma)
		put_char(j, ',');
	j->comma = true;
	if (key == NULL)
		return;
	put_char(j, '"');
	put(j, key, strlen(key));
	put(j, "\":", 2);
}

void jout_free(struct json_out *j)
{
	free(j->data);
	*j = (struct json_out){0};
}

void jout_reset(struct json_out *j)
{
	j->len = 0;
	j->comma = false;
	j->failed = false;
}

void jout_open(struct json_out *j, const char *key, char bracket)
{
	begin(j, key);
	put_char(j, bracket);
	j->comma = false;
}

void jout_open_text(struct json_out *j, const void *key, size_t len, char bracket)
{
	begin(j, NULL);
	put_quoted(j, key, len);
	put_char(j, ':');
	put_char(j, bracket);
	j->comma = false;
}

void jout_close(struct json_out *j, char bracket)
{
	put_char(j, bracket);
	j->comma = true;
}

void jout_text(struct json_out *j, const char *key, const void *p, size_t len)
{
	begin(j, key);
	put_quoted(j, p, len);
}

void jout_string(struct json_out *j, const char *key, const char *text)
{
	jout_text(j, key, text, strlen(text));
}

void jout_number(struct json_out *j, const char *key, uint64_t v)
{
	char text[24];
	size_t at = sizeof(text);

	if (v > INT64_MAX)
		v = INT64_MAX;
	begin(j, key);
	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	put(j, text + at, sizeof(text) - at);
}

static char *put_digits(char *at, unsigned n, uint64_t v)
{
	for (unsigned i = n; i > 0; i--) {
		at[i - 1] = (char)('0' + v % 10);
		v /= 10;
	}
	return at + n;
}

// By arithmetic: the C library takes a lock and looks at the time zone, for each record. Years
// begin in March here, so that the leap day comes last.
void jout_time(struct json_out *j, const char *key, uint64_t ns)
{
	uint64_t seconds = ns / 1000000000;
	uint64_t days = seconds / 86400 + 719468; // since March 1st of year 0
	uint64_t era = days / 146097, day = days % 146097; // 400 years
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	uint64_t month = (5 * day + 2) / 153; // 0: March
	bool next = month >= 10; // January, February

	const struct {
		uint64_t v;
		uint8_t digits;
		char behind;
	} parts[] = {{era * 400 + year + next, 4, '-'}, {next ? month - 9 : month + 3, 2, '-'},
		{day - (153 * month + 2) / 5 + 1, 2, 'T'}, {seconds / 3600 % 24, 2, ':'},
		{seconds / 60 % 60, 2, ':'}, {seconds % 60, 2, '.'}, {ns / 1000 % 1000000, 6, '+'},
		{0, 4, '\0'}};
	char text[40], *at = text;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		at = put_digits(at, parts[i].digits, parts[i].v);
		*at++ = parts[i].behind;
	}
	jout_string(j, key, text);
}

void jout_bool(struct json_out *j, const char *key, bool v)
{
	begin(j, key);
	put(j, v ? "true" : "false", v ? 4 : 5);
}

void jout_newline(struct json_out *j)
{
	put_char(j, '\n');
}
