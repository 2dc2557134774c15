#include "dataplane/inspect/proto/xml.h"

enum phase {
	IN_TEXT = 0,
	AFTER_LT,
	IN_NAME,
	IN_TAG,
	AFTER_SLASH,
	IN_ATTRIBUTE,
	AFTER_ATTRIBUTE,
	BEFORE_VALUE,
	IN_VALUE,
	IN_CLOSE,
	AFTER_BANG,
	IN_COMMENT, // 2.5
	IN_CDATA, // 2.7
	IN_INSTRUCTION, // 2.6, and the declaration
};

// phase() read the byte, but it makes no token.
enum { NO_TOKEN = -1 };

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// 2.3, generously: what is not ASCII may be in a name.
static bool is_name_start(uint8_t c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == ':' || c >= 0x80;
}

static bool is_name(uint8_t c)
{
	return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static void add_to_name(struct xml *x, uint8_t c)
{
	if (x->name_len < XML_NAME_MAX)
		x->name[x->name_len++] = c;
}

static int go(struct xml *x, enum phase phase)
{
	x->phase = (uint8_t)phase;
	x->run = 0;
	return NO_TOKEN;
}

static int after_lt(struct xml *x, uint8_t c)
{
	if (c == '/')
		return go(x, IN_CLOSE);
	if (c == '?')
		return go(x, IN_INSTRUCTION);
	if (c == '!')
		return go(x, AFTER_BANG);
	if (!is_name_start(c))
		return XML_BAD;
	x->prefixed = false;
	x->name_len = 0;
	add_to_name(x, c);
	return go(x, IN_NAME);
}

static int in_tag(struct xml *x, uint8_t c)
{
	if (is_space(c))
		return go(x, IN_TAG);
	if (c == '/')
		return go(x, AFTER_SLASH);
	if (c == '>') {
		go(x, IN_TEXT);
		return XML_OPENED;
	}
	if (!is_name_start(c))
		return XML_BAD;
	x->name_len = 0;
	add_to_name(x, c);
	return go(x, IN_ATTRIBUTE);
}

// Elements are told by their local name (Namespaces in XML 4).
static int in_name(struct xml *x, uint8_t c)
{
	if (c == ':') {
		x->prefixed = true;
		x->name_len = 0;
		return NO_TOKEN;
	}
	if (is_name(c)) {
		add_to_name(x, c);
		return NO_TOKEN;
	}
	return XML_BAD;
}

static int in_attribute(struct xml *x, uint8_t c)
{
	if (c == '=')
		return go(x, BEFORE_VALUE);
	if (is_space(c))
		return go(x, AFTER_ATTRIBUTE);
	if (!is_name(c))
		return XML_BAD;
	add_to_name(x, c);
	return NO_TOKEN;
}

static int before_value(struct xml *x, uint8_t c)
{
	if (is_space(c))
		return NO_TOKEN;
	if (c != '"' && c != '\'')
		return XML_BAD;
	x->quote = c;
	go(x, IN_VALUE);
	return XML_ATTRIBUTE;
}

// Document types are forbidden in streams (RFC 6120 11.1), which spares entities of their own.
static int after_bang(struct xml *x, uint8_t c)
{
	static const char cdata[] = "[CDATA[";

	if (c == '-' && x->run <= 1 && x->quote != '[') {
		x->quote = '-';
		if (x->run++ == 1)
			return go(x, IN_COMMENT);
		return NO_TOKEN;
	}
	if (c != (uint8_t)cdata[x->run] || (x->run > 0 && x->quote != '['))
		return XML_BAD;
	x->quote = '[';
	if (++x->run == sizeof(cdata) - 1)
		return go(x, IN_CDATA);
	return NO_TOKEN;
}

// Until `mark`, `times` times, and a '>'.
static int until(struct xml *x, uint8_t c, uint8_t mark, uint8_t times)
{
	if (c == '>' && x->run >= times)
		return go(x, IN_TEXT);
	if (c != mark)
		x->run = 0;
	else if (x->run < times)
		x->run++;
	return NO_TOKEN;
}

static int one_byte(struct xml *x, uint8_t c)
{
	switch (x->phase) {
	case AFTER_LT:
		x->quote = 0;
		return after_lt(x, c);
	case IN_NAME:
		return in_name(x, c);
	case IN_TAG:
		return in_tag(x, c);
	case AFTER_SLASH:
		go(x, IN_TEXT);
		return c == '>' ? (int)XML_EMPTY : (int)XML_BAD;
	case IN_ATTRIBUTE:
		return in_attribute(x, c);
	case AFTER_ATTRIBUTE:
		if (is_space(c))
			return NO_TOKEN;
		return c == '=' ? go(x, BEFORE_VALUE) : (int)XML_BAD;
	case BEFORE_VALUE:
		return before_value(x, c);
	case IN_CLOSE:
		if (c == '<')
			return XML_BAD;
		if (c != '>')
			return NO_TOKEN;
		go(x, IN_TEXT);
		return XML_CLOSE;
	case AFTER_BANG:
		return after_bang(x, c);
	case IN_COMMENT:
		return until(x, c, '-', 2);
	case IN_CDATA:
		return until(x, c, ']', 2);
	default:
		return until(x, c, '?', 1);
	}
}

// What goes on up to `end`: a piece of it, or, at its end, that it ends. `then`: the phase after.
static bool take_until(
	struct xml *x, struct bytes *in, struct bytes *piece, uint8_t end, enum phase then)
{
	const uint8_t *at = memchr(in->p, end, in->len);

	*piece = bytes_take(in, at != NULL ? (size_t)(at - in->p) : in->len);
	if (piece->len > 0)
		return false;
	bytes_take(in, 1);
	go(x, then);
	return true;
}

enum xml_token xml_next(struct xml *x, struct bytes *in, struct bytes *piece)
{
	while (in->len > 0) {
		if (x->phase == IN_TEXT) {
			if (!take_until(x, in, piece, '<', AFTER_LT))
				return XML_TEXT;
			continue;
		}
		if (x->phase == IN_VALUE)
			return take_until(x, in, piece, x->quote, IN_TAG) ? XML_VALUE_END
									  : XML_VALUE;
		uint8_t c = in->p[0];
		if (x->phase == IN_NAME && (is_space(c) || c == '/' || c == '>')) {
			go(x, IN_TAG); // reads it once more
			return XML_OPEN;
		}
		bytes_take(in, 1);
		int token = one_byte(x, c);
		if (token != NO_TOKEN)
			return (enum xml_token)token;
	}
	return XML_MORE;
}
