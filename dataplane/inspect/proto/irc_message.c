#include "dataplane/inspect/proto/irc_message.h"

#include <strings.h>

enum { COMMAND_MAX = 32 };

// Commands whose first parameter names somebody or a channel. RFC 2812 3, and what services and
// IRCv3 added. Where the text may stand first, it is left alone: that begins with a colon.
static const struct {
	const char *name;
	bool colon_is_name; // "JOIN :#channel"
} named[] = {{"PRIVMSG", false}, {"NOTICE", false}, {"JOIN", true}, {"PART", true}, {"NICK", true},
	{"MODE", true}, {"TOPIC", false}, {"KICK", true}, {"INVITE", true}, {"WHO", true},
	{"WHOIS", true}, {"WHOWAS", true}, {"NAMES", true}, {"LIST", true}, {"USER", false},
	{"USERHOST", true}, {"ISON", true}, {"KILL", false}, {"SAJOIN", true}, {"SAPART", true},
	{"KNOCK", false}, {"SILENCE", true}, {"TAGMSG", true}, {"CHATHISTORY", false},
	{"SETNAME", false}};

// The others that servers and clients know: RFC 1459, RFC 2812, RFC 2813, IRCv3, Twitch, services,
// and links between servers (TS6, InspIRCd, UnrealIRCd, P10's long names).
static const char *const others[] = {"PASS", "OPER", "QUIT", "SQUIT", "SERVICE", "SERVER", "PING",
	"PONG", "ERROR", "AWAY", "REHASH", "DIE", "RESTART", "SUMMON", "USERS", "WALLOPS", "MOTD",
	"LUSERS", "VERSION", "STATS", "LINKS", "TIME", "CONNECT", "TRACE", "ADMIN", "INFO",
	"SERVLIST", "SQUERY", "NJOIN", "CAP", "AUTHENTICATE", "ACCOUNT", "BATCH", "CHGHOST", "FAIL",
	"WARN", "NOTE", "MONITOR", "WATCH", "METADATA", "MARKREAD", "REDACT", "REGISTER", "VERIFY",
	"RENAME", "EXTJWT", "PERSISTENCE", "STARTTLS", "WEBIRC", "PROXY", "HELP", "HELPOP", "MAP",
	"RULES", "USERIP", "ACCEPT", "CPRIVMSG", "CNOTICE", "OPERWALL", "GLOBOPS", "LOCOPS",
	"CHATOPS", "NACHAT", "ADCHAT", "OPERMOTD", "ETRACE", "TESTLINE", "TESTMASK", "MASKTRACE",
	"CHANTRACE", "KLINE", "UNKLINE", "DLINE", "UNDLINE", "XLINE", "UNXLINE", "GLINE", "ZLINE",
	"ELINE", "QLINE", "SHUN", "RESV", "UNRESV", "SAMODE", "SANICK", "SAQUIT", "SATOPIC",
	"SAKICK", "SETHOST", "SETIDENT", "SETIDLE", "SWHOIS", "VHOST", "CHGIDENT", "CHGNAME",
	"OJOIN", "OMODE", "OKICK", "REMOVE", "CYCLE", "UNINVITE", "CLOSE", "CLEARCHAN", "OPME",
	"DCCALLOW", "DCCDENY", "SID", "UID", "EUID", "SJOIN", "TMODE", "TB", "ETB", "BMASK",
	"ENCAP", "SAVE", "CAPAB", "SVINFO", "BURST", "ENDBURST", "EOB", "EOS", "NETINFO",
	"PROTOCTL", "SVSNICK", "SVSMODE", "SVSJOIN", "SVSPART", "SVSKILL", "SVSLOGIN", "SVSHOLD",
	"SVSNOOP", "SVSNOLAG", "SVSMOTD", "SMO", "SENDSNO", "SENDUMODE", "TKL", "MD", "SLOG",
	"FJOIN", "IJOIN", "FMODE", "FTOPIC", "FHOST", "FIDENT", "FNAME", "IDLE", "ADDLINE",
	"DELLINE", "OPERTYPE", "OPERQUIT", "PUSH", "SNONOTICE", "DESYNCH", "CLEARMODE", "NS", "CS",
	"MS", "OS", "BS", "HS", "GS", "RS", "SS", "NICKSERV", "CHANSERV", "MEMOSERV", "OPERSERV",
	"BOTSERV", "HOSTSERV", "STATSERV", "HELPSERV", "AUTHSERV", "IDENTIFY", "ID", "GHOST",
	"RECOVER", "USERSTATE", "ROOMSTATE", "HOSTTARGET", "GLOBALUSERSTATE", "CLEARCHAT",
	"CLEARMSG", "USERNOTICE", "RECONNECT", "WHISPER"};

// An answer's first parameter is who it is for.
static bool is_numeric(struct bytes command)
{
	for (size_t i = 0; i < command.len; i++) {
		if (command.p[i] < '0' || command.p[i] > '9')
			return false;
	}
	return command.len == 3;
}

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_word(struct bytes command)
{
	for (size_t i = 0; i < command.len; i++) {
		if (!is_letter(command.p[i]))
			return false;
	}
	return command.len > 0 && command.len <= COMMAND_MAX;
}

static bool is_command(struct bytes command, const char *name)
{
	for (size_t i = 0; i < command.len; i++) {
		if (name[i] == '\0' || (command.p[i] & 0xdf) != (uint8_t)name[i])
			return false;
	}
	return name[command.len] == '\0';
}

static bool is_known(struct bytes command)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (is_command(command, named[i].name))
			return true;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (is_command(command, others[i]))
			return true;
	}
	return false;
}

// The bytes up to a space, and the spaces, off the front.
static struct bytes take_word(struct bytes *in)
{
	const uint8_t *space = in->len > 0 ? memchr(in->p, ' ', in->len) : NULL;
	struct bytes word = bytes_take(in, space != NULL ? (size_t)(space - in->p) : in->len);

	while (in->len > 0 && in->p[0] == ' ')
		bytes_take(in, 1);
	return word;
}

static struct bytes target_of(struct bytes command, struct bytes parameters)
{
	bool numeric = is_numeric(command);
	bool colon = parameters.len > 0 && parameters.p[0] == ':';

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (numeric || !is_command(command, named[i].name))
			continue;
		if (colon && !named[i].colon_is_name)
			break;
		if (colon)
			bytes_take(&parameters, 1);
		return take_word(&parameters);
	}
	return numeric && !colon ? take_word(&parameters) : (struct bytes){0};
}

bool irc_message_read(struct bytes line, struct irc_message *out)
{
	*out = (struct irc_message){0};
	if (line.len > 0 && line.p[0] == '@')
		take_word(&line); // IRCv3 message tags
	if (line.len > 0 && line.p[0] == ':') {
		out->prefix = take_word(&line);
		bytes_take(&out->prefix, 1);
	}
	out->command = take_word(&line);
	if (!is_word(out->command) && !is_numeric(out->command))
		return false;
	out->known = is_numeric(out->command) || is_known(out->command);
	out->target = target_of(out->command, line);
	return true;
}

// RFC 2812 2.3.1; many networks allow UTF-8.
static bool is_nickname(struct bytes word)
{
	for (size_t i = 0; i < word.len; i++) {
		uint8_t c = word.p[i];
		bool inner = (c >= '0' && c <= '9') || c == '-';
		bool special = (c >= 0x5b && c <= 0x60) || (c >= 0x7b && c <= 0x7d) || c >= 0x80;
		if (!is_letter(c) && !special && !(inner && i > 0))
			return false;
	}
	return word.len > 0;
}

static bool is_channel(struct bytes word)
{
	return word.len > 0 && (word.p[0] == '#' || word.p[0] == '&' || word.p[0] == '+');
}

static unsigned count_words(struct bytes in)
{
	unsigned n = 0;

	while (in.len > 0) {
		take_word(&in);
		n++;
	}
	return n;
}

// The line that `in` begins with, without its end. False: it is not whole.
static bool take_line(struct bytes *in, struct bytes *line)
{
	const uint8_t *lf = in->len > 0 ? memchr(in->p, '\n', in->len) : NULL;

	*line = *in;
	if (lf == NULL)
		return false;
	*line = bytes_take(in, (size_t)(lf - in->p));
	bytes_take(in, 1);
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

static enum probe when(bool good, bool whole)
{
	if (good)
		return PROBE_YES;
	return whole ? PROBE_NO : PROBE_MORE;
}

// FTP and POP3 have USER and PASS too, but with one parameter, and no NICK behind them.
static enum probe probe_login(struct bytes parameters, bool user, bool whole, struct bytes rest)
{
	static const char *const next[] = {"NICK", "USER", "CAP", "PASS"};
	struct bytes line;

	if (user && count_words(parameters) >= 4)
		return PROBE_YES;
	if (!whole)
		return PROBE_MORE;
	if (user && count_words(parameters) != 1)
		return PROBE_NO;
	bool second = take_line(&rest, &line);
	struct bytes command = take_word(&line);
	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
		if (!is_command(command, next[i]))
			continue;
		unsigned words = count_words(line);
		bool good = i == 1 ? words >= 4 && !user : i < 3 ? words >= 1 : false;
		return when(good && (i != 0 || second), second);
	}
	return second || command.len > 4 ? PROBE_NO : PROBE_MORE;
}

static bool may_become_command(struct bytes word)
{
	static const char *const first[] = {
		"NICK", "USER", "PASS", "CAP", "JOIN", "MODE", "PRIVMSG", "NOTICE", "ERROR"};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		if (word.len <= strlen(first[i]) &&
			strncasecmp((const char *)word.p, first[i], word.len) == 0)
			return true;
	}
	return false;
}

static enum probe probe_client(struct bytes line, bool whole, struct bytes rest)
{
	struct bytes command = take_word(&line);
	struct bytes all = line;
	struct bytes first = take_word(&line);

	if (first.len == 0)
		return !whole && may_become_command(command) ? PROBE_MORE : PROBE_NO;
	if (first.p[0] == ':')
		bytes_take(&first, 1);
	if (is_command(command, "NICK"))
		return whole && !is_nickname(first) ? PROBE_NO : when(whole, whole);
	if (is_command(command, "USER") || is_command(command, "PASS"))
		return probe_login(all, is_command(command, "USER"), whole, rest);
	if (is_command(command, "CAP")) {
		bool known = bytes_equal(first, "LS", 2) || bytes_equal(first, "REQ", 3);
		return when(known && (whole || line.len > 0), whole);
	}
	if (is_command(command, "JOIN") || is_command(command, "MODE"))
		return is_channel(first) ? when(whole && first.len > 1, whole) : PROBE_NO;
	if (is_command(command, "PRIVMSG"))
		return when(line.len > 0 && line.p[0] == ':', whole);
	return PROBE_NO;
}

// ":irc.example.org 001 nick ...", ":nick!user@host JOIN ..."
static enum probe probe_prefixed(struct bytes line, bool whole)
{
	static const char *const said[] = {"NOTICE", "PRIVMSG", "JOIN", "PART", "QUIT", "NICK",
		"MODE", "TOPIC", "KICK", "PONG", "CAP", "ERROR"};
	struct bytes prefix = take_word(&line);
	struct bytes command = take_word(&line);
	bool letters = false;

	for (size_t i = 1; i < prefix.len; i++) {
		if (prefix.p[i] <= ' ' || prefix.p[i] == 0x7f)
			return PROBE_NO;
		letters = letters || is_letter(prefix.p[i]);
	}
	if (prefix.len < 2 || line.len == 0)
		return whole ? PROBE_NO : PROBE_MORE;
	bool known = letters && is_numeric(command);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		known = known || is_command(command, said[i]);
	return known ? PROBE_YES : PROBE_NO;
}

static enum probe probe_server(struct bytes line, bool whole)
{
	struct bytes command = take_word(&line);
	struct bytes first = take_word(&line);

	if (is_command(command, "NOTICE")) {
		bool known = bytes_equal(first, "AUTH", 4) || bytes_equal(first, "*", 1);
		return when(known && line.len > 0 && line.p[0] == ':', whole);
	}
	if (is_command(command, "ERROR"))
		return when(bytes_equal(first, ":Closing", 8) && line.len > 0, whole);
	return PROBE_NO;
}

enum probe irc_probe(struct bytes in, enum dir *sender)
{
	// First letters of CAP, ERROR, JOIN, MODE, NICK and NOTICE, PASS and PRIVMSG, USER.
	static const char letters[] = "CEJMNPU";
	struct bytes line;
	enum probe answer;

	if (in.len == 0)
		return PROBE_MORE;
	if (in.len > PROBE_BYTES)
		in.len = PROBE_BYTES;
	bool may_grow = in.len < PROBE_BYTES;

	uint8_t c = in.p[0] & 0xdf;
	if (in.p[0] != ':' && in.p[0] != '@' && (c == 0 || strchr(letters, c) == NULL))
		return PROBE_NO;
	bool tagged = in.p[0] == '@';
	bool whole = take_line(&in, &line);
	if (tagged)
		take_word(&line);
	if (line.len == 0)
		return whole || !may_grow ? PROBE_NO : PROBE_MORE;
	*sender = DIR_S2C;
	if (line.p[0] == ':') {
		answer = probe_prefixed(line, whole);
	} else {
		answer = probe_server(line, whole);
		if (answer == PROBE_NO) {
			*sender = DIR_C2S;
			answer = probe_client(line, whole, in);
		}
	}
	return answer == PROBE_MORE && !may_grow ? PROBE_NO : answer;
}
