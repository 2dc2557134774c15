#include "control/cli/leak_scan.h"

#include "control/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_MAX = 64 << 10, OVERLAP = 256, RUN_MIN = 6, PIECE = 1 << 20 };

struct leak_scan {
	pid_t child;
	FILE *to, *from;
	char *answer;
	size_t answer_room;
	struct leak_scan_result result;
};

static bool find_detect(char path[PATH_MAX])
{
	static const char *const places[] = {"sealwatch-detect", "../tools/sealwatch-detect"};
	char own[PATH_MAX - 64];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (n <= 0)
		return false;
	own[n] = '\0';
	*strrchr(own, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, PATH_MAX, "%s/%s", own, places[i]);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static pid_t start(const char *path, int in[2], int out[2])
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (dup2(in[0], STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0)
		_exit(127);
	execl(path, path, (char *)NULL);
	_exit(127);
}

struct leak_scan *leak_scan_new(void)
{
	struct leak_scan *s = calloc(1, sizeof(*s));
	char path[PATH_MAX];
	int in[2] = {-1, -1}, out[2] = {-1, -1};

	if (s == NULL || (s->result.findings = json_array()) == NULL) {
		fprintf(stderr, "sealctl: short of memory\n");
		exit(EXIT_FAILURE);
	}
	if (!find_detect(path)) {
		fprintf(stderr, "sealctl: there is no sealwatch-detect beside this program\n");
		leak_scan_free(s);
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
		(s->child = start(path, in, out)) < 0) {
		fprintf(stderr, "sealctl: %s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	close(in[0]);
	close(out[1]);
	s->to = fdopen(in[1], "w");
	s->from = fdopen(out[0], "r");
	if (s->to == NULL || s->from == NULL) {
		fprintf(stderr, "sealctl: short of memory\n");
		exit(EXIT_FAILURE);
	}
	return s;
}

void leak_scan_free(struct leak_scan *s)
{
	if (s == NULL)
		return;
	if (s->to != NULL)
		fclose(s->to);
	if (s->from != NULL)
		fclose(s->from);
	if (s->child > 0)
		waitpid(s->child, NULL, 0);
	json_decref(s->result.findings);
	free(s->answer);
	free(s);
}

static void note(struct leak_scan *s, const char *place, const json_t *hit)
{
	const char *confidence = json_string_value(json_object_get(hit, "confidence"));

	if (confidence == NULL || strcmp(confidence, "low") == 0) {
		s->result.low++;
		return;
	}
	if (s->result.found++ >= LEAK_SCAN_FINDINGS)
		return;
	json_t *row = json_object();
	json_object_set_new(row, "place", escape_json(place));
	json_object_set(row, "detector", json_object_get(hit, "detector"));
	json_object_set(row, "class", json_object_get(hit, "class"));
	json_object_set(row, "confidence", json_object_get(hit, "confidence"));
	json_object_set(row, "masked", json_object_get(hit, "masked"));
	json_array_append_new(s->result.findings, row);
}

// A flow's number is a keyed hash of up to 16 digits: one in ten of those that begin as a card's would pass
// for one, in each record that speaks of cards.
static void blank_numbers(char *text, size_t len)
{
	static const char key[] = "\"flow_id\":";
	char *end = text + len, *at = text;

	while ((at = memmem(at, (size_t)(end - at), key, sizeof(key) - 1)) != NULL) {
		for (at += sizeof(key) - 1; at < end && (*at == ' ' || (*at >= '0' && *at <= '9'));
			at++)
			*at = *at == ' ' ? ' ' : '0';
	}
}

// What is no UTF-8 goes as '.'.
static json_t *request_of(const char *text, size_t len)
{
	char *copy = malloc(len + 1);
	json_t *request = NULL;

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, len);
	blank_numbers(copy, len);
	for (unsigned i = 0; i < 2 && request == NULL; i++) {
		for (size_t k = 0; i == 1 && k < len; k++)
			copy[k] = (unsigned char)copy[k] < 0x80 ? copy[k] : '.';
		request = json_pack("{s:s%, s:s}", "text", copy, len, "direction", "c2s");
	}
	free(copy);
	return request;
}

// One text, at most TEXT_MAX bytes.
static bool ask(struct leak_scan *s, const char *place, const char *text, size_t len)
{
	json_t *request = request_of(text, len);
	const json_t *hit;
	size_t i;

	bool ok = request != NULL && json_dumpf(request, s->to, JSON_COMPACT) == 0 &&
		fputc('\n', s->to) != EOF && fflush(s->to) == 0 &&
		getline(&s->answer, &s->answer_room, s->from) > 0;
	json_decref(request);
	json_t *answer = ok ? json_loads(s->answer, 0, NULL) : NULL;
	json_array_foreach(json_object_get(answer, "detections"), i, hit) note(s, place, hit);
	s->result.texts++;
	s->result.bytes += len;
	ok = answer != NULL;
	json_decref(answer);
	return ok;
}

static bool ask_line(
	struct leak_scan *s, const char *name, uint64_t line, const char *text, size_t len)
{
	char place[PATH_MAX + 32];

	snprintf(place, sizeof(place), "%s:%llu", name, (unsigned long long)line);
	while (len > TEXT_MAX) {
		if (!ask(s, place, text, TEXT_MAX))
			return false;
		text += TEXT_MAX - OVERLAP;
		len -= TEXT_MAX - OVERLAP;
	}
	return len < RUN_MIN || ask(s, place, text, len);
}

static bool is_text(const char *p, size_t len)
{
	return memchr(p, '\0', len < 8192 ? len : 8192) == NULL;
}

// line: the number of the first, from 1; then of the one behind.
static bool scan_lines(
	struct leak_scan *s, const char *name, const char *p, size_t len, uint64_t *line)
{
	for (size_t at = 0; at < len; ++*line) {
		const char *end = memchr(p + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - p) - at : len - at;
		if (!ask_line(s, name, *line, p + at, n))
			return false;
		at += n + 1;
	}
	return true;
}

// Bytes of the character there; 0: it is none of a text. RFC 3629; noise has few of the longer ones, and what
// is sealed is noise: an address of letters that nobody wrote must not be seen in it.
static size_t letter(const char *p, size_t len)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t n = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;

	if (u[0] < 0x20 || u[0] == 0x7f || (u[0] >= 0x80 && u[0] < 0xc2) || u[0] > 0xf4 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static size_t run_of(const char *p, size_t len)
{
	size_t at = 0, n;

	while (at < len && (n = letter(p + at, len - at)) > 0)
		at += n;
	return at;
}

// What a database or a dump holds: runs of text, one a line, many at a time; by the offset of the first.
static bool scan_runs(
	struct leak_scan *s, const char *name, const char *p, size_t len, uint64_t offset)
{
	enum { ROOM = 16 << 10 };
	char text[ROOM], place[PATH_MAX];
	uint64_t first = 0;
	size_t n = 0;
	bool ok = true;

	snprintf(place, sizeof(place), "%s at byte", name);
	for (size_t at = 0; at < len && ok;) {
		size_t run = run_of(p + at, len - at < ROOM - 1 ? len - at : ROOM - 1);
		if (run >= RUN_MIN && n + run + 1 > ROOM) {
			ok = ask_line(s, place, first, text, n);
			n = 0;
		}
		if (run >= RUN_MIN) {
			first = n == 0 ? offset + at : first;
			memcpy(text + n, p + at, run);
			n += run;
			text[n++] = '\n';
		}
		at += run > 0 ? run : 1;
	}
	return ok && (n == 0 || ask_line(s, place, first, text, n));
}

bool leak_scan_bytes(struct leak_scan *s, const char *name, const void *bytes, size_t len)
{
	uint64_t line = 1;

	return is_text(bytes, len) ? scan_lines(s, name, bytes, len, &line)
				   : scan_runs(s, name, bytes, len, 0);
}

void leak_scan_missed(struct leak_scan *s)
{
	s->result.unreadable++;
}

// How much of a piece can be looked at before more is read: whole lines, and what no line ends.
static size_t ready(const char *p, size_t len, bool text)
{
	const char *end = text ? memrchr(p, '\n', len) : NULL;

	return end != NULL ? (size_t)(end - p) + 1 : len - OVERLAP;
}

// In pieces, because a log may be larger than memory; read, not mapped, because it may become shorter
// meanwhile. What is left of a piece stands in front of the next.
static bool scan_pieces(struct leak_scan *s, const char *path, int fd, char *piece)
{
	uint64_t at = 0, line = 1;
	size_t len = 0;
	bool text = true, ok = true;
	ssize_t n;

	do {
		n = pread(fd, piece + len, PIECE - len, (off_t)(at + len));
		if (n < 0)
			return leak_scan_missed(s), true;
		len += (size_t)n;
		if (n > 0 && len < PIECE)
			continue;
		text = at == 0 ? is_text(piece, len) : text;
		size_t take = n == 0 ? len : ready(piece, len, text);
		ok = text ? scan_lines(s, path, piece, take, &line)
			  : scan_runs(s, path, piece, take, at);
		memmove(piece, piece + take, len - take);
		at += take;
		len -= take;
	} while (n > 0 && ok);
	s->result.files++;
	return ok;
}

static bool scan_file(struct leak_scan *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	char *piece = fd >= 0 ? malloc(PIECE) : NULL;
	bool ok = true;

	if (piece == NULL)
		leak_scan_missed(s);
	else
		ok = scan_pieces(s, path, fd, piece);
	if (fd >= 0)
		close(fd);
	free(piece);
	return ok;
}

bool leak_scan_path(struct leak_scan *s, const char *path)
{
	char *real = realpath(path, NULL); // the one that is asked for may be a link
	char *const paths[] = {real, NULL};
	FTS *walk = real != NULL ? fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
	bool ok = true;

	if (walk == NULL)
		leak_scan_missed(s);
	for (FTSENT *e; walk != NULL && ok && (e = fts_read(walk)) != NULL;) {
		if (e->fts_info == FTS_F)
			ok = scan_file(s, e->fts_path);
		else if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
			leak_scan_missed(s);
	}
	if (walk != NULL)
		fts_close(walk);
	free(real);
	return ok;
}

const struct leak_scan_result *leak_scan_result(const struct leak_scan *s)
{
	return &s->result;
}
