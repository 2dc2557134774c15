// POP3 (RFC 1939): commands, answers, and the header of each mail that is fetched. Names and words of
// users go by.

#include "dataplane/inspect/proto/lines.h"
#include "dataplane/inspect/proto/mail_header.h"
#include "dataplane/inspect/proto/sasl.h"

#include <assert.h>
#include <netinet/in.h>

enum wish { WISH_NONE, WISH_LINES, WISH_MAIL, WISH_CAPABILITIES, WISH_STARTTLS };
enum { STRANGE_MAX = 32, TLS_HANDSHAKE = 0x16 };

struct pop3_state {
	struct lines lines[2];
	struct mail_header mail;
	uint8_t wish; // what the next answer is to, enum wish
	uint8_t inside; // the lines of this answer go on, enum wish
	uint8_t strange[2];
	bool dialogue; // AUTH: the client's lines are no commands
};
static_assert(sizeof(struct pop3_state) <= PROTO_STATE_MAX, "fits a session");

static const struct {
	const char *verb;
	enum wish wish;
	bool unless_argument; // LIST 1 has one line
} verbs[] = {{"USER", WISH_NONE, false}, {"PASS", WISH_NONE, false}, {"APOP", WISH_NONE, false},
	{"AUTH", WISH_NONE, false}, {"CAPA", WISH_CAPABILITIES, false},
	{"STLS", WISH_STARTTLS, false}, {"STAT", WISH_NONE, false}, {"LIST", WISH_LINES, true},
	{"RETR", WISH_MAIL, false}, {"TOP", WISH_MAIL, false}, {"DELE", WISH_NONE, false},
	{"NOOP", WISH_NONE, false}, {"RSET", WISH_NONE, false}, {"QUIT", WISH_NONE, false},
	{"UIDL", WISH_LINES, true}, {"UTF8", WISH_NONE, false}, {"LANG", WISH_NONE, false},
	{"XTND", WISH_NONE, false}};

static int verb_of(struct bytes line)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (line_has_word(line, verbs[i].verb))
			return (int)i;
	}
	return -1;
}

static enum parse client_line(struct pop3_state *s, const struct proto_io *io, struct bytes line)
{
	struct bytes rest = line;
	int verb = verb_of(line);
	struct tx tx;

	if (line.len == 0 || (verb < 0 && s->dialogue))
		return PARSE_MORE;
	if (verb < 0)
		return ++s->strange[DIR_C2S] < STRANGE_MAX ? PARSE_MORE : PARSE_BAD;
	s->strange[DIR_C2S] = 0;
	line_word(&rest);
	tx_begin(&tx, APP_POP3, DIR_C2S);
	tx_put_text(&tx, FIELD_POP3_COMMAND, verbs[verb].verb);
	s->dialogue = line_has_word(line, "AUTH");
	struct bytes argument = line_word(&rest);
	if (s->dialogue)
		tx_put_some(&tx, FIELD_POP3_AUTH, sasl_mechanism(argument));
	else if (line_has_word(line, "USER") || line_has_word(line, "APOP"))
		tx_put_text(&tx, FIELD_POP3_AUTH, verbs[verb].verb);
	else if (line_has_word(line, "STLS"))
		tx_put_text(&tx, FIELD_POP3_STARTTLS, "asked");
	io->tx(io->ctx, &tx);
	s->wish = verbs[verb].unless_argument && argument.len > 0 ? WISH_NONE : verbs[verb].wish;
	return PARSE_MORE;
}

static enum parse answer(struct pop3_state *s, const struct proto_io *io, bool good, uint8_t wish)
{
	static const uint8_t yes = 1, no = 0;
	struct tx tx;

	tx_begin(&tx, APP_POP3, DIR_S2C);
	tx_put(&tx, FIELD_POP3_SUCCESS, (struct bytes){good ? &yes : &no, 1, false});
	tx_put_text(&tx, FIELD_POP3_STATUS, good ? "OK" : "ERR");
	if (wish == WISH_STARTTLS)
		tx_put_text(&tx, FIELD_POP3_STARTTLS, good ? "accepted" : "refused");
	io->tx(io->ctx, &tx);
	s->wish = WISH_NONE;
	s->dialogue = false;
	s->strange[DIR_S2C] = 0;
	s->inside = good && wish != WISH_STARTTLS ? wish : WISH_NONE;
	return wish == WISH_STARTTLS && good ? PARSE_SWITCH : PARSE_MORE;
}

// RFC 2595 4, RFC 5034 6.
static void capability(const struct proto_io *io, struct bytes line)
{
	struct tx tx;

	tx_begin(&tx, APP_POP3, DIR_S2C);
	if (line_has_word(line, "STLS"))
		tx_put_text(&tx, FIELD_POP3_STARTTLS, "offered");
	if (line_has_word(line, "SASL")) {
		line_word(&line);
		while (line.len > 0)
			tx_put_some(&tx, FIELD_POP3_AUTH, line_word(&line));
	}
	if (tx.n_fields > 0)
		io->tx(io->ctx, &tx);
}

static enum parse server_line(struct pop3_state *s, const struct proto_io *io, struct bytes line)
{
	if (s->inside != WISH_NONE) {
		bool end = line.len == 1 && line.p[0] == '.';
		if (end && s->inside == WISH_MAIL)
			mail_header_end(&s->mail, io, APP_POP3, DIR_S2C);
		else if (s->inside == WISH_MAIL)
			mail_header_line(&s->mail, io, APP_POP3, DIR_S2C, line);
		else if (s->inside == WISH_CAPABILITIES)
			capability(io, line);
		if (end)
			s->inside = WISH_NONE;
		return PARSE_MORE;
	}
	if (line_has_word(line, "+OK") || line_has_word(line, "-ERR"))
		return answer(s, io, line.p[0] == '+', s->wish);
	if (line.len > 0 && line.p[0] == '+') // RFC 5034 4: the dialogue goes on
		return PARSE_MORE;
	return ++s->strange[DIR_S2C] < STRANGE_MAX ? PARSE_MORE : PARSE_BAD;
}

static void finish(struct pop3_state *s, const struct proto_io *io)
{
	mail_header_end(&s->mail, io, APP_POP3, DIR_S2C);
	lines_release(&s->lines[DIR_C2S], io);
	lines_release(&s->lines[DIR_S2C], io);
}

static enum parse side_data(
	struct pop3_state *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	struct lines *l = &s->lines[dir];
	struct bytes line;

	if (in->p[0] == TLS_HANDSHAKE && l->kept == NULL && s->wish == WISH_STARTTLS)
		return PARSE_SWITCH;
	enum line got = lines_next(l, io, in, &line);
	if (got != LINE_WHOLE)
		return got == LINE_MORE ? PARSE_MORE : PARSE_DONE;
	enum parse result = dir == DIR_C2S ? client_line(s, io, line) : server_line(s, io, line);
	lines_release(l, io);
	return result;
}

static enum parse pop3_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct pop3_state *s = state;
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && in.len > 0)
		result = side_data(s, io, dir, &in);
	if (result == PARSE_SWITCH)
		*io->unread = (uint32_t)in.len;
	if (result != PARSE_MORE)
		finish(s, io);
	return result;
}

static enum parse pop3_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct pop3_state *s = state;

	(void)missing;
	lines_gap(&s->lines[dir], io);
	return PARSE_MORE;
}

static void pop3_end(void *state, const struct proto_io *io)
{
	finish(state, io);
}

// A server's "+OK", or a command that only POP3 has.
static enum probe pop3_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	static const char *const first[] = {"USER ", "APOP ", "CAPA\r", "STLS\r"};
	size_t n = in.len < 5 ? in.len : 5;

	*sender = DIR_S2C;
	if (n == 0 || memcmp(in.p, "+OK ", n < 4 ? n : 4) == 0 ||
		(n == 4 && in.p[3] == '\r' && memcmp(in.p, "+OK", 3) == 0))
		return n < 4 ? PROBE_MORE : PROBE_YES;
	*sender = DIR_C2S;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		size_t k = 0;
		while (k < n && (k < 4 ? (in.p[k] & ~0x20) : in.p[k]) == (uint8_t)first[i][k])
			k++;
		if (k < n)
			continue;
		// FTP and IRC have a USER too: theirs are told by their ports and their servers.
		bool mine = first[i][0] != 'U' || dport == 110 || sport == 110;
		return n < 5 ? PROBE_MORE : mine ? PROBE_YES : PROBE_NO;
	}
	return PROBE_NO;
}

const struct proto proto_pop3 = {
	.name = "pop3",
	.app_proto = APP_POP3,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct pop3_state),
	.probe = pop3_probe,
	.data = pop3_data,
	.gap = pop3_gap,
	.end = pop3_end,
};
