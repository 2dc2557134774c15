// What in a text tells of a person, and what is left of it.
//
// A text is read word by word; a word is what may belong together in an address, a number or a
// mailbox. Each byte is looked at a bounded number of times.

#include "dataplane/inspect/mask_out.h"
#include "dataplane/inspect/spelling.h"

enum {
	DIGITS_MIN = 7, // of a telephone number, an account
	DASHED_MIN = 5, // of an address with dashes
	VERSION_GROUP_MAX = 6,
	HEX_MIN = 12, // a MAC address without separators
	OPAQUE_MIN = 16,
	SEPARATORS_MAX = 3,
};

static bool in_piece(uint8_t c)
{
	return spelled_digit(c) || spelled_letter(c) || c >= 0x80;
}

static bool in_word(uint8_t c)
{
	return in_piece(c) || (c != '\0' && strchr("@.:_-+%", c) != NULL);
}

static size_t piece_len(struct bytes in)
{
	size_t len = 0;

	while (len < in.len && in_piece(in.p[len]))
		len++;
	return len;
}

// Words that no one chose: hashes, sessions, keys.
static bool is_opaque(struct bytes piece)
{
	size_t digits = 0, hex = 0, letters = 0;

	if (piece.len < HEX_MIN)
		return false;
	for (size_t i = 0; i < piece.len; i++) {
		digits += spelled_digit(piece.p[i]);
		hex += spelled_hex(piece.p[i]);
		letters += spelled_letter(piece.p[i]);
	}
	if (hex == piece.len)
		return digits > 0;
	return piece.len >= OPAQUE_MIN && digits >= 2 && letters > 0;
}

static size_t longest_run(struct bytes piece)
{
	size_t run = 0, longest = 0;

	for (size_t i = 0; i < piece.len; i++) {
		run = spelled_digit(piece.p[i]) ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

// "555.123.4567", "1.555.123.4567", "06.12.34.56.78".
static bool is_dotted_phone(const struct chain *c)
{
	unsigned pairs = 0, last = c->n - 1;

	for (unsigned i = 0; i < c->n; i++)
		pairs += c->group_len[i] == 2;
	if (c->n >= 4 && pairs >= last && c->group_len[last] == 2)
		return true;
	return (c->n == 3 || c->n == 4) && c->group_len[last] == 4 && c->group_len[last - 1] == 3 &&
		c->group_len[last - 2] == 3;
}

// "10.0.19041.1", "120.0.6099.71": somewhere one digit alone, but for 1 and 7 in front, which are
// prefixes of countries. after_slash: of a product, where that is not asked.
static bool is_version(const struct chain *c, bool after_slash)
{
	bool single = c->group_len[0] == 1 && c->value[0] != 1 && c->value[0] != 7;

	if (c->n < 2 || c->n > CHAIN_MAX || is_dotted_phone(c))
		return false;
	for (unsigned i = 0; i < c->n; i++) {
		if (c->group_len[i] > VERSION_GROUP_MAX)
			return false;
		single |= i > 0 && c->group_len[i] == 1;
	}
	return single || after_slash;
}

// Object identifiers of the great trees look like addresses at their begin.
static bool is_oid(const struct chain *c)
{
	return c->n > 5 &&
		((c->value[0] == 1 && (c->value[1] == 3 || c->value[1] == 2)) ||
			(c->value[0] == 2 && (c->value[1] == 5 || c->value[1] == 16)));
}

static bool has_ip4(const struct chain *c)
{
	uint8_t address[16];

	if (c->n < 4 || (c->sep == '.' && is_oid(c)))
		return false;
	if (c->sep != '.' && c->digits < DASHED_MIN)
		return false;
	for (unsigned at = 0; at + 4 <= c->n && at + 4 <= CHAIN_MAX; at++) {
		// "Chrome/120.0.0.0": what ends in two zeros is no host's.
		if (chain_ip4(c, at, address) && (address[2] != 0 || address[3] != 0))
			return true;
	}
	return c->n > CHAIN_MAX;
}

// Groups of digits that one number may have between them: "+49-170-1234567", "(555) 123 4567".
// Groups with dots are versions: they are none of these.
static size_t span_len(struct bytes in, size_t *digits)
{
	size_t len = 0, at = 0;

	*digits = 0;
	for (;;) {
		size_t begin = at;
		while (at < in.len && spelled_digit(in.p[at]))
			at++;
		if (at + 1 < in.len && in.p[at] == '.' && spelled_digit(in.p[at + 1]))
			return len;
		*digits += at - begin;
		len = at;
		size_t next = at;
		while (next < in.len && next - at < SEPARATORS_MAX && in.p[next] != '\0' &&
			strchr(" \t-_()/%+", in.p[next]) != NULL)
			next++;
		if (next == at || next == in.len || !spelled_digit(in.p[next]))
			return len;
		at = next;
	}
}

// The piece ends in digits from `at` on.
static struct mask_verdict judge_digits(
	struct bytes text, size_t piece, size_t at, bool after_slash)
{
	struct bytes rest = {text.p + at, text.len - at, false};
	struct chain c;
	size_t digits;

	spelled_chain(rest, ".-_", &c);
	if (has_ip4(&c))
		return (struct mask_verdict){at + c.len, true};
	if (c.sep == '.' && chain_is_date(&c))
		return (struct mask_verdict){at + c.len, false};
	if (c.sep == '.')
		return (struct mask_verdict){at + c.len,
			c.digits >= DIGITS_MIN &&
				!is_version(&c, after_slash || (at > 0 && c.n > 2))};
	if (at > 0)
		return (struct mask_verdict){piece, false};
	spelled_chain(rest, "-_/", &c);
	if (chain_is_date(&c))
		return (struct mask_verdict){c.len, false};
	size_t len = span_len(rest, &digits);
	if (digits >= DIGITS_MIN)
		return (struct mask_verdict){len, true};
	return (struct mask_verdict){piece, false};
}

static size_t judge_address(struct bytes text)
{
	uint8_t address[16];
	bool exact;
	size_t len = spelled_uuid(text);

	if (len == 0)
		len = spelled_mac(text);
	return len > 0 ? len : spelled_ip6(text, address, &exact);
}

// Digits enough in one run; what else of the number follows goes too. digits: where those begin
// that the piece ends in.
static struct mask_verdict judge_long(
	struct bytes text, struct bytes piece, size_t digits, bool after_slash)
{
	size_t n;

	if (after_slash && spelled_is_day(piece)) // Gecko/20100101
		return (struct mask_verdict){piece.len, false};
	if (digits < piece.len)
		piece.len = digits +
			span_len((struct bytes){text.p + digits, text.len - digits, false}, &n);
	return (struct mask_verdict){piece.len, true};
}

struct mask_verdict mask_judge(struct bytes text, bool after_slash)
{
	struct bytes piece = {text.p, piece_len(text), false};
	size_t digits = piece.len;

	if (piece.len == 0 && text.p[0] != ':')
		return (struct mask_verdict){1, false};
	size_t len = judge_address(text);
	if (len > 0)
		return (struct mask_verdict){len, true};
	if (piece.len == 0)
		return (struct mask_verdict){1, false};
	while (digits > 0 && spelled_digit(piece.p[digits - 1]))
		digits--;
	if (longest_run(piece) >= DIGITS_MIN)
		return judge_long(text, piece, digits, after_slash);
	if (is_opaque(piece))
		return (struct mask_verdict){piece.len, true};
	if (digits == piece.len)
		return (struct mask_verdict){piece.len, false};
	return judge_digits(text, piece.len, digits, after_slash);
}

static bool has_mailbox(struct bytes word)
{
	return memchr(word.p, '@', word.len) != NULL || memmem(word.p, word.len, "%40", 3) != NULL;
}

static size_t word_len(struct bytes in)
{
	size_t len = 0;

	while (len < in.len && in_word(in.p[len]))
		len++;
	return len;
}

// The next thing of a text. *word: how much of the word it stands in is left.
static struct mask_verdict next_thing(struct bytes text, size_t *word, const uint8_t *begin)
{
	if (*word == 0) {
		*word = word_len(text);
		if (*word == 0)
			return (struct mask_verdict){1, false};
		if (has_mailbox((struct bytes){text.p, *word, false}))
			return (struct mask_verdict){*word, true};
	}
	bool after_slash = text.p - begin >= 2 && text.p[-1] == '/' && in_piece(text.p[-2]);
	struct mask_verdict v = mask_judge(text, after_slash);
	// What is glued behind goes with it: "192.0.2.77x".
	while (v.tells && v.len < text.len && in_piece(text.p[v.len]))
		v.len++;
	return v;
}

bool mask_tells(struct bytes text)
{
	const uint8_t *begin = text.p;
	size_t word = 0;

	while (text.len > 0) {
		struct mask_verdict v = next_thing(text, &word, begin);
		if (v.tells)
			return true;
		bytes_take(&text, v.len);
		word = word > v.len ? word - v.len : 0;
	}
	return false;
}

void mask_put_text(struct mask_out *o, struct bytes text)
{
	const uint8_t *begin = text.p;
	size_t word = 0;

	while (text.len > 0) {
		struct mask_verdict v = next_thing(text, &word, begin);
		struct bytes thing = bytes_take(&text, v.len);
		if (v.tells)
			mask_put_token(o, thing);
		else
			mask_put(o, thing.p, thing.len);
		word = word > v.len ? word - v.len : 0;
	}
}

size_t mask_text(struct masker *m, struct bytes in, uint8_t *out)
{
	struct mask_out o = mask_out_to(m, out, 0);

	mask_put_text(&o, in);
	return o.n;
}
