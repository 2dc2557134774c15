// SMTP and LMTP (RFC 5321, RFC 2033): one transaction a command and one a reply, and the header of
// each mail. Words that prove who somebody is, and mails, go by; so does a line whose first word is
// no command that is known, because it may be a mail's.

#include "dataplane/inspect/proto/lines.h"
#include "dataplane/inspect/proto/mail_header.h"
#include "dataplane/inspect/proto/sasl.h"

#include <assert.h>
#include <netinet/in.h>

enum phase {
	PHASE_COMMAND = 0,
	PHASE_AUTH, // RFC 4954 4: lines of the dialogue are no commands
	PHASE_DATA,
	PHASE_BDAT, // RFC 3030: so many bytes
};

enum wish { WISH_NONE, WISH_DATA, WISH_AUTH, WISH_STARTTLS };

// What a command is to the count of replies: LMTP's server answers a mail's end once for each
// recipient that it accepted (RFC 2033 4.2).
enum line_kind { LINE_OTHER, LINE_RECIPIENT, LINE_MAIL_END, LINE_RESET };

enum {
	VERB_MAX = 16,
	OFFERS_MAX = 96,
	STRANGE_MAX = 32, // lines that are no commands or replies, one after the other
	CODE_LEN = 3,
	TLS_HANDSHAKE = 0x16,
};

struct smtp_state {
	struct lines lines[2];
	struct mail_header mail;
	uint64_t chunk_left; // BDAT
	uint8_t phase; // of the client, enum phase
	uint8_t wish; // what reply number wish_at is to, enum wish
	uint16_t sent; // lines of the client that are answered, and
	uint16_t answered; // answers: replies may come in a bunch (RFC 2920)
	uint16_t wish_at;
	uint16_t
		recipients; // LMTP: accepted ones of the mail at hand, that its end is not answered for
	uint64_t kinds[2]; // of the last 64 lines sent, by number: the two bits of enum line_kind
	bool lmtp;
	bool greeted; // a command was read
	bool offers_tls;
	uint8_t strange[2];
	uint8_t n_offers;
	char offers[OFFERS_MAX]; // mechanisms of AUTH in the reply at hand, apart by spaces
};
static_assert(sizeof(struct smtp_state) <= PROTO_STATE_MAX, "fits a session");

static const char *const verbs[] = {"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET",
	"NOOP", "QUIT", "AUTH", "STARTTLS", "VRFY", "EXPN", "HELP", "ETRN", "ATRN", "TURN", "SEND",
	"SOML", "SAML", "BURL", "VERB", "XCLIENT", "XFORWARD", "X-ANONYMOUSTLS", "X-EXPS",
	"XEXCH50", "X-LINK2STATE", "XADR", "XSTA", "XCIR", "XGEN", "XUSR", "XQUE", "XTRN", "XAUTH"};

// The command that a line begins with; empty when nobody knows it.
static struct bytes verb_of(struct bytes line)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (line_has_word(line, verbs[i]))
			return (struct bytes){(const uint8_t *)verbs[i], strlen(verbs[i]), false};
	}
	return (struct bytes){0};
}

// Letters and hyphens: a command that a server may know, and answers in any case.
static bool is_word(struct bytes word)
{
	for (size_t i = 0; i < word.len; i++) {
		uint8_t c = word.p[i] & 0xdf;
		if ((c < 'A' || c > 'Z') && word.p[i] != '-')
			return false;
	}
	return word.len >= 3 && word.len <= VERB_MAX;
}

// "FROM:<a@b> SIZE=1": the path.
static struct bytes path_of(struct bytes arguments)
{
	const uint8_t *colon = arguments.len > 0 ? memchr(arguments.p, ':', arguments.len) : NULL;

	if (colon == NULL)
		return (struct bytes){0};
	bytes_take(&arguments, (size_t)(colon - arguments.p) + 1);
	while (arguments.len > 0 && arguments.p[0] == ' ')
		bytes_take(&arguments, 1);
	return line_word(&arguments);
}

static uint64_t number_of(struct bytes word)
{
	uint64_t n = 0;

	for (size_t i = 0; i < word.len && i < 15 && word.p[i] >= '0' && word.p[i] <= '9'; i++)
		n = n * 10 + (unsigned)(word.p[i] - '0');
	return n;
}

// One more line that is answered.
static void count_line(struct smtp_state *s, enum line_kind kind)
{
	s->sent++;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t bit = 1ull << (s->sent & 63);
		s->kinds[i] = (kind >> i & 1) != 0 ? s->kinds[i] | bit : s->kinds[i] & ~bit;
	}
}

static enum line_kind kind_of(const struct smtp_state *s, uint16_t number)
{
	unsigned at = number & 63;
	return (enum line_kind)((s->kinds[0] >> at & 1) | (s->kinds[1] >> at & 1) << 1);
}

// RFC 3030 2: "BDAT 123 LAST".
static enum line_kind begin_bdat(struct smtp_state *s, struct bytes arguments)
{
	s->chunk_left = number_of(line_word(&arguments));
	s->phase = s->chunk_left > 0 ? PHASE_BDAT : PHASE_COMMAND;
	return line_has_word(arguments, "LAST") ? LINE_MAIL_END : LINE_OTHER;
}

// What a command means to the lines behind it, and to their replies.
static void follow(struct smtp_state *s, struct bytes verb, struct bytes arguments)
{
	enum line_kind kind = LINE_OTHER;
	enum wish wish = WISH_NONE;

	if (line_has_word(verb, "DATA")) {
		s->phase = PHASE_DATA;
		wish = WISH_DATA;
	} else if (line_has_word(verb, "BDAT")) {
		kind = begin_bdat(s, arguments);
	} else if (line_has_word(verb, "AUTH") || line_has_word(verb, "X-EXPS")) {
		s->phase = PHASE_AUTH;
		wish = WISH_AUTH;
	} else if (line_has_word(verb, "STARTTLS") || line_has_word(verb, "X-ANONYMOUSTLS")) {
		wish = WISH_STARTTLS;
	} else if (line_has_word(verb, "RCPT")) {
		kind = LINE_RECIPIENT;
	} else if (line_has_word(verb, "MAIL") || line_has_word(verb, "RSET")) {
		kind = LINE_RESET;
	} else if (line_has_word(verb, "LHLO")) {
		s->lmtp = true;
	}
	count_line(s, kind);
	if (wish == WISH_NONE)
		return;
	s->wish = (uint8_t)wish;
	s->wish_at = s->sent;
}

static void put_arguments(struct tx *tx, struct bytes verb, struct bytes arguments)
{
	struct bytes rest = arguments, word = line_word(&rest);

	if (line_has_word(verb, "EHLO") || line_has_word(verb, "HELO") ||
		line_has_word(verb, "LHLO"))
		tx_put_some(tx, FIELD_SMTP_HELO, word);
	else if (line_has_word(verb, "MAIL"))
		tx_put_some(tx, FIELD_SMTP_MAIL_FROM, path_of(arguments));
	else if (line_has_word(verb, "RCPT"))
		tx_put_some(tx, FIELD_SMTP_RCPT_TO, path_of(arguments));
	else if (line_has_word(verb, "AUTH"))
		tx_put_some(tx, FIELD_SMTP_AUTH, sasl_mechanism(word));
	else if (line_has_word(verb, "STARTTLS"))
		tx_put_text(tx, FIELD_SMTP_STARTTLS, "asked");
}

static enum parse command(struct smtp_state *s, const struct proto_io *io, struct bytes line)
{
	struct bytes arguments = line, word = line_word(&arguments), verb = verb_of(line);
	struct tx tx;

	if (verb.len == 0 && s->greeted && is_word(word)) {
		count_line(s, LINE_OTHER);
		return PARSE_MORE;
	}
	if (verb.len == 0)
		return ++s->strange[DIR_C2S] < STRANGE_MAX ? PARSE_MORE : PARSE_BAD;
	s->strange[DIR_C2S] = 0;
	s->greeted = true;
	tx_begin(&tx, APP_SMTP, DIR_C2S);
	tx_put(&tx, FIELD_SMTP_COMMAND, verb);
	put_arguments(&tx, verb, arguments);
	io->tx(io->ctx, &tx);
	follow(s, verb, arguments);
	return PARSE_MORE;
}

static enum parse client_line(struct smtp_state *s, const struct proto_io *io, struct bytes line)
{
	switch (s->phase) {
	case PHASE_AUTH:
		if (verb_of(line).len == 0) {
			count_line(s, LINE_OTHER);
			s->wish_at = s->sent;
			return PARSE_MORE;
		}
		s->phase = PHASE_COMMAND;
		return command(s, io, line);
	case PHASE_DATA:
		if (line.len == 1 && line.p[0] == '.') { // RFC 5321 4.1.1.4
			mail_header_end(&s->mail, io, APP_SMTP, DIR_C2S);
			s->phase = PHASE_COMMAND;
			count_line(s, LINE_MAIL_END);
		} else {
			if (line.len > 0 && line.p[0] == '.')
				bytes_take(&line, 1);
			mail_header_line(&s->mail, io, APP_SMTP, DIR_C2S, line);
		}
		return PARSE_MORE;
	default:
		return line.len == 0 ? PARSE_MORE : command(s, io, line);
	}
}

// RFC 4954 3, RFC 3207 2: what the server of an EHLO can do.
static void note_offer(struct smtp_state *s, struct bytes text)
{
	if (line_has_word(text, "STARTTLS") || line_has_word(text, "X-ANONYMOUSTLS"))
		s->offers_tls = true;
	bool old = text.len > 5 && text.p[4] == '='; // "AUTH=LOGIN", of servers before RFC 4954
	if (!line_has_word(text, "AUTH") && !(old && memcmp(text.p, "AUTH", 4) == 0))
		return;
	bytes_take(&text, 5 < text.len ? 5 : text.len);
	if (text.len > OFFERS_MAX - s->n_offers - 1u)
		return;
	if (s->n_offers > 0)
		s->offers[s->n_offers++] = ' ';
	memcpy(s->offers + s->n_offers, text.p, text.len);
	s->n_offers = (uint8_t)(s->n_offers + text.len);
}

static void report_reply(
	struct smtp_state *s, const struct proto_io *io, struct bytes code, bool answered)
{
	struct bytes offers = {(const uint8_t *)s->offers, s->n_offers, false};
	struct tx tx;

	tx_begin(&tx, APP_SMTP, DIR_S2C);
	tx_put(&tx, FIELD_SMTP_CODE, code);
	while (offers.len > 0)
		tx_put_some(&tx, FIELD_SMTP_AUTH, line_word(&offers));
	if (s->offers_tls)
		tx_put_text(&tx, FIELD_SMTP_STARTTLS, "offered");
	else if (answered)
		tx_put_text(&tx, FIELD_SMTP_STARTTLS, code.p[0] == '2' ? "accepted" : "refused");
	io->tx(io->ctx, &tx);
	s->n_offers = 0;
	s->offers_tls = false;
}

// A reply that ends, by its first digit: to what is it? The greeting answers nothing.
static enum wish next_answer(struct smtp_state *s, uint8_t digit)
{
	uint16_t next = (uint16_t)(s->answered + (s->answered != s->sent ? 1 : 0));
	bool data = s->wish == WISH_DATA;
	enum line_kind kind = kind_of(s, next);

	// RFC 5321 4.3.2: DATA is answered by 354, 4yz or 5yz, and nothing else is by 354.
	if (data && digit == '2' && next == s->wish_at)
		return WISH_NONE;
	if (data && digit == '3' && (int16_t)(s->wish_at - next) > 0)
		next = s->wish_at;
	if (next != s->answered && kind == LINE_MAIL_END && s->recipients > 1) {
		s->recipients--;
		return WISH_NONE;
	}
	if (next != s->answered && (kind == LINE_MAIL_END || kind == LINE_RESET))
		s->recipients = 0;
	if (next != s->answered && kind == LINE_RECIPIENT && s->lmtp && digit == '2')
		s->recipients++;
	s->answered = next;
	return s->answered == s->wish_at ? (enum wish)s->wish : WISH_NONE;
}

// RFC 5321 4.2: three digits, then a space on the last line, a hyphen on those before.
static enum parse server_line(struct smtp_state *s, const struct proto_io *io, struct bytes line)
{
	struct bytes text = line, code = bytes_take(&text, CODE_LEN);

	for (size_t i = 0; i < code.len; i++) {
		if (code.p[i] < '0' || code.p[i] > '9')
			code.bad = true;
	}
	if (code.bad || (text.len > 0 && text.p[0] != ' ' && text.p[0] != '-'))
		return ++s->strange[DIR_S2C] < STRANGE_MAX ? PARSE_MORE : PARSE_BAD;
	s->strange[DIR_S2C] = 0;
	bool last = text.len == 0 || text.p[0] == ' ';
	bytes_take(&text, text.len > 0 ? 1 : 0);
	if (code.p[0] == '2')
		note_offer(s, text);
	if (!last)
		return PARSE_MORE;
	enum wish wish = next_answer(s, code.p[0]);
	bool on = code.p[0] == '3'; // the dialogue goes on
	report_reply(s, io, code, wish == WISH_STARTTLS);
	if (wish != WISH_NONE && !(on && wish == WISH_AUTH))
		s->wish = WISH_NONE;
	if (wish == WISH_AUTH && !on && s->phase == PHASE_AUTH)
		s->phase = PHASE_COMMAND;
	if (wish == WISH_DATA && !on && s->phase == PHASE_DATA) { // refused
		mail_header_end(&s->mail, io, APP_SMTP, DIR_C2S);
		s->phase = PHASE_COMMAND;
	}
	return wish == WISH_STARTTLS && code.p[0] == '2' ? PARSE_SWITCH : PARSE_MORE;
}

// RFC 3030 2: a chunk goes by without a look.
static void bdat_bytes(struct smtp_state *s, struct bytes *in)
{
	size_t n = s->chunk_left < in->len ? (size_t)s->chunk_left : in->len;

	bytes_take(in, n);
	s->chunk_left -= n;
	if (s->chunk_left == 0)
		s->phase = PHASE_COMMAND;
}

static void finish(struct smtp_state *s, const struct proto_io *io)
{
	mail_header_end(&s->mail, io, APP_SMTP, DIR_C2S);
	lines_release(&s->lines[DIR_C2S], io);
	lines_release(&s->lines[DIR_S2C], io);
}

static enum parse side_data(
	struct smtp_state *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	struct lines *l = &s->lines[dir];
	struct bytes line;

	if (dir == DIR_C2S && s->phase == PHASE_BDAT) {
		bdat_bytes(s, in);
		return PARSE_MORE;
	}
	// TLS, whether the answer to STARTTLS was seen or not.
	if (in->p[0] == TLS_HANDSHAKE && l->kept == NULL && s->wish == WISH_STARTTLS)
		return PARSE_SWITCH;
	enum line got = lines_next(l, io, in, &line);
	if (got != LINE_WHOLE)
		return got == LINE_MORE ? PARSE_MORE : PARSE_DONE;
	enum parse result = dir == DIR_C2S ? client_line(s, io, line) : server_line(s, io, line);
	lines_release(l, io);
	return result;
}

static enum parse smtp_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct smtp_state *s = state;
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && in.len > 0)
		result = side_data(s, io, dir, &in);
	if (result == PARSE_SWITCH)
		*io->unread = (uint32_t)in.len;
	if (result != PARSE_MORE)
		finish(s, io);
	return result;
}

static enum parse smtp_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct smtp_state *s = state;

	if (dir == DIR_C2S && s->phase == PHASE_BDAT && missing <= s->chunk_left) {
		s->chunk_left -= missing;
		s->phase = s->chunk_left > 0 ? PHASE_BDAT : PHASE_COMMAND;
		return PARSE_MORE;
	}
	lines_gap(&s->lines[dir], io);
	s->answered = s->sent; // who answers what is not known any more
	s->recipients = 0;
	return PARSE_MORE;
}

static void smtp_end(void *state, const struct proto_io *io)
{
	finish(state, io);
}

static bool has_text(struct bytes in, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= in.len; i++) {
		size_t k = 0;
		while (k < n && (in.p[i + k] & ~0x20) == word[k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}

// A client's EHLO, or a server's greeting that speaks of SMTP: FTP's begins with 220 as well.
static enum probe smtp_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	static const char *const greetings[] = {"EHLO ", "HELO ", "LHLO "};
	size_t n = in.len < 5 ? in.len : 5;

	(void)sport;
	(void)dport;
	for (size_t i = 0; i < 3; i++) {
		size_t k = 0;
		while (k < n && (in.p[k] & (k < 4 ? ~0x20 : ~0)) == greetings[i][k])
			k++;
		if (k < n)
			continue;
		*sender = DIR_C2S;
		return n == 5 ? PROBE_YES : PROBE_MORE;
	}
	*sender = DIR_S2C;
	if (n > 0 && memcmp(in.p, "220 -", n < 3 ? n : 3) != 0)
		return PROBE_NO;
	if (in.len < 4)
		return PROBE_MORE;
	if (in.p[3] != ' ' && in.p[3] != '-')
		return PROBE_NO;
	const uint8_t *lf = memchr(in.p, '\n', in.len);
	struct bytes line = {in.p, lf != NULL ? (size_t)(lf - in.p) : in.len, false};
	if (has_text(line, "SMTP") || has_text(line, "MAIL"))
		return PROBE_YES;
	return lf == NULL ? PROBE_MORE : PROBE_NO;
}

const struct proto proto_smtp = {
	.name = "smtp",
	.app_proto = APP_SMTP,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct smtp_state),
	.probe = smtp_probe,
	.data = smtp_data,
	.gap = smtp_gap,
	.end = smtp_end,
};
