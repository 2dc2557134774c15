#include "dataplane/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *program_name = "sealwatch";
static enum log_level limit = LOG_LEVEL_INFO;

void log_open(const char *program, enum log_level level)
{
	program_name = program;
	limit = level;
}

// Append one byte of a message, so that a hostile file name can not forge a line.
static size_t put(char *line, size_t n, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	if (c >= 0x20 && c != 0x7f) {
		line[n++] = (char)c;
		return n;
	}
	line[n++] = '\\';
	line[n++] = 'x';
	line[n++] = hex[c >> 4];
	line[n++] = hex[c & 15];
	return n;
}

void log_message(enum log_level level, const char *fmt, ...)
{
	static const char *const words[] = {"error: ", "warning: ", "", "debug: "};
	char text[1024];
	char line[1300];
	va_list ap;

	if (level > limit)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	int head = snprintf(line, 200, "%s: %s", program_name, words[level]);
	size_t n = head < 0 ? 0 : head < 200 ? (size_t)head : 199;
	for (const char *c = text; *c != '\0' && n < sizeof(line) - 6; c++)
		n = put(line, n, (unsigned char)*c);
	line[n++] = '\n';
	// One write: lines of several threads do not mix.
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}
