// IMAP (RFC 9051, RFC 3501): tagged commands, status answers, what a server can do. Literals, mails
// and words that prove who somebody is go by.

#include "dataplane/inspect/proto/lines.h"
#include "dataplane/inspect/proto/sasl.h"

#include <assert.h>
#include <netinet/in.h>

enum { TAG_MAX = 32, STRANGE_MAX = 64, TLS_HANDSHAKE = 0x16 };

struct imap_side {
	struct lines lines;
	uint64_t literal; // RFC 9051 4.3: bytes that go by
	bool continued; // the line goes on behind a literal
	uint8_t strange;
};

struct imap_state {
	struct imap_side side[2];
	bool asked_tls; // STARTTLS, not yet answered
	bool dialogue; // AUTHENTICATE: the client's lines are no commands
};
static_assert(sizeof(struct imap_state) <= PROTO_STATE_MAX, "fits a session");

static const char *const commands[] = {"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "AUTHENTICATE",
	"LOGIN", "ENABLE", "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE",
	"UNSUBSCRIBE", "LIST", "LSUB", "NAMESPACE", "STATUS", "APPEND", "IDLE", "CLOSE", "UNSELECT",
	"EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY", "MOVE", "UID", "CHECK", "ID", "XLIST",
	"GETQUOTA", "GETQUOTAROOT", "SETQUOTA", "COMPRESS", "SORT", "THREAD", "GETACL", "SETACL",
	"MYRIGHTS", "NOTIFY", "GETMETADATA", "SETMETADATA", "LISTRIGHTS"};

static const char *command_of(struct bytes line)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (line_has_word(line, commands[i]))
			return commands[i];
	}
	return NULL;
}

static bool is_tag(struct bytes word)
{
	if (word.len == 0 || word.len > TAG_MAX)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		uint8_t c = word.p[i];
		bool letter = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
		if (!letter && c != '.' && c != '-' && c != '_')
			return false;
	}
	return true;
}

// A line that ends with "{123}" or "{123+}": so many bytes follow, and then the line goes on.
static uint64_t literal_of(struct bytes line)
{
	uint64_t n = 0;
	size_t at = line.len;

	if (at < 3 || line.p[at - 1] != '}')
		return 0;
	at--;
	if (line.p[at - 1] == '+')
		at--;
	size_t end = at;
	while (at > 0 && end - at < 12 && line.p[at - 1] >= '0' && line.p[at - 1] <= '9')
		at--;
	if (at == end || at == 0 || line.p[at - 1] != '{')
		return 0;
	for (; at < end; at++)
		n = n * 10 + (unsigned)(line.p[at] - '0');
	return n;
}

static enum parse client_line(struct imap_state *s, const struct proto_io *io, struct bytes line)
{
	struct bytes rest = line, tag = line_word(&rest);
	const char *command = is_tag(tag) ? command_of(rest) : NULL;
	struct tx tx;

	if (command == NULL)
		return s->dialogue || ++s->side[DIR_C2S].strange < STRANGE_MAX ? PARSE_MORE
									       : PARSE_BAD;
	s->side[DIR_C2S].strange = 0;
	tx_begin(&tx, APP_IMAP, DIR_C2S);
	tx_put_text(&tx, FIELD_IMAP_COMMAND, command);
	line_word(&rest);
	s->dialogue = strcmp(command, "AUTHENTICATE") == 0 || strcmp(command, "IDLE") == 0;
	if (strcmp(command, "AUTHENTICATE") == 0) {
		tx_put_some(&tx, FIELD_IMAP_AUTH, sasl_mechanism(line_word(&rest)));
	} else if (strcmp(command, "LOGIN") == 0) {
		tx_put_text(&tx, FIELD_IMAP_AUTH, "LOGIN");
	} else if (strcmp(command, "STARTTLS") == 0) {
		tx_put_text(&tx, FIELD_IMAP_STARTTLS, "asked");
		s->asked_tls = true;
	}
	io->tx(io->ctx, &tx);
	return PARSE_MORE;
}

// RFC 9051 7.2.2: "AUTH=PLAIN", "STARTTLS", in a capability answer or the code of a greeting.
static void put_capabilities(struct tx *tx, struct bytes text)
{
	while (text.len > 0) {
		struct bytes word = line_word(&text);
		if (word.len > 0 && word.p[word.len - 1] == ']')
			word.len--;
		if (line_has_word(word, "STARTTLS"))
			tx_put_text(tx, FIELD_IMAP_STARTTLS, "offered");
		if (word.len > 5 && word.p[4] == '=' && memcmp(word.p, "AUTH", 4) == 0) {
			bytes_take(&word, 5);
			tx_put(tx, FIELD_IMAP_AUTH, word);
		}
	}
}

static const char *status_of(struct bytes line)
{
	static const char *const words[] = {"OK", "NO", "BAD", "BYE", "PREAUTH"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (line_has_word(line, words[i]))
			return words[i];
	}
	return NULL;
}

static enum parse server_line(struct imap_state *s, const struct proto_io *io, struct bytes line)
{
	struct bytes rest = line, tag = line_word(&rest);
	bool untagged = tag.len == 1 && tag.p[0] == '*';
	const char *status = status_of(rest);
	bool capability = untagged && line_has_word(rest, "CAPABILITY");
	struct tx tx;

	if (tag.len == 1 && tag.p[0] == '+')
		return PARSE_MORE;
	if (!untagged && (!is_tag(tag) || status == NULL))
		return ++s->side[DIR_S2C].strange < STRANGE_MAX ? PARSE_MORE : PARSE_BAD;
	s->side[DIR_S2C].strange = 0;
	if (status == NULL && !capability)
		return PARSE_MORE;
	tx_begin(&tx, APP_IMAP, DIR_S2C);
	if (status != NULL)
		tx_put_text(&tx, FIELD_IMAP_STATUS, status);
	put_capabilities(&tx, rest);
	bool answer = !untagged && s->asked_tls;
	bool good = status != NULL && strcmp(status, "OK") == 0;
	if (answer)
		tx_put_text(&tx, FIELD_IMAP_STARTTLS, good ? "accepted" : "refused");
	io->tx(io->ctx, &tx);
	if (!untagged)
		s->dialogue = s->asked_tls = false;
	return answer && good ? PARSE_SWITCH : PARSE_MORE;
}

static void finish(struct imap_state *s, const struct proto_io *io)
{
	lines_release(&s->side[DIR_C2S].lines, io);
	lines_release(&s->side[DIR_S2C].lines, io);
}

static enum parse side_data(
	struct imap_state *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	struct imap_side *here = &s->side[dir];
	enum parse result = PARSE_MORE;
	struct bytes line;

	if (here->literal > 0) {
		size_t n = here->literal < in->len ? (size_t)here->literal : in->len;
		bytes_take(in, n);
		here->literal -= n;
		return PARSE_MORE;
	}
	if (in->p[0] == TLS_HANDSHAKE && here->lines.kept == NULL && s->asked_tls)
		return PARSE_SWITCH;
	enum line got = lines_next(&here->lines, io, in, &line);
	if (got != LINE_WHOLE)
		return got == LINE_MORE ? PARSE_MORE : PARSE_DONE;
	here->literal = literal_of(line);
	bool goes_on = here->continued;
	here->continued = here->literal > 0;
	if (!goes_on && line.len > 0)
		result = dir == DIR_C2S ? client_line(s, io, line) : server_line(s, io, line);
	lines_release(&here->lines, io);
	return result;
}

static enum parse imap_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct imap_state *s = state;
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && in.len > 0)
		result = side_data(s, io, dir, &in);
	if (result == PARSE_SWITCH)
		*io->unread = (uint32_t)in.len;
	if (result != PARSE_MORE)
		finish(s, io);
	return result;
}

static enum parse imap_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct imap_state *s = state;
	struct imap_side *here = &s->side[dir];

	if (missing <= here->literal) {
		here->literal -= missing;
		return PARSE_MORE;
	}
	here->literal = 0;
	here->continued = false;
	lines_gap(&here->lines, io);
	return PARSE_MORE;
}

static void imap_end(void *state, const struct proto_io *io)
{
	finish(state, io);
}

static bool has_imap(struct bytes in)
{
	for (size_t i = 0; i + 4 <= in.len; i++) {
		if (memcmp(in.p + i, "IMAP", 4) == 0 || memcmp(in.p + i, "imap", 4) == 0)
			return true;
	}
	return false;
}

// "* OK ... IMAP", "* PREAUTH"; or a tag and a command that is sent before one is known.
static enum probe imap_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	static const char *const first[] = {
		"CAPABILITY", "LOGIN", "AUTHENTICATE", "STARTTLS", "ID", "NOOP"};
	struct bytes rest = in;

	(void)sport;
	(void)dport;
	*sender = DIR_S2C;
	if (in.len == 0)
		return PROBE_MORE;
	if (in.p[0] == '*') {
		if (memcmp(in.p, "* OK", in.len < 4 ? in.len : 4) != 0 &&
			memcmp(in.p, "* PREAUTH", in.len < 9 ? in.len : 9) != 0)
			return PROBE_NO;
		if (has_imap(in))
			return PROBE_YES;
		return memchr(in.p, '\n', in.len) != NULL ? PROBE_NO : PROBE_MORE;
	}
	*sender = DIR_C2S;
	const uint8_t *end = memchr(in.p, ' ', in.len);
	struct bytes tag = {in.p, end != NULL ? (size_t)(end - in.p) : in.len, false};
	if (!is_tag(tag) || tag.len > 16)
		return PROBE_NO;
	const uint8_t *lf = memchr(in.p, '\n', in.len);
	if (end == NULL || (lf != NULL && lf < end))
		return lf == NULL ? PROBE_MORE : PROBE_NO;
	line_word(&rest);
	if (lf == NULL && rest.len < 16)
		return PROBE_MORE;
	while (rest.len > 0 && (rest.p[rest.len - 1] == '\n' || rest.p[rest.len - 1] == '\r'))
		rest.len--;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		if (line_has_word(rest, first[i]))
			return PROBE_YES;
	}
	return PROBE_NO;
}

const struct proto proto_imap = {
	.name = "imap",
	.app_proto = APP_IMAP,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct imap_state),
	.probe = imap_probe,
	.data = imap_data,
	.gap = imap_gap,
	.end = imap_end,
};
