#include "patterns/thresholds.h"

#include "patterns/parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum part {
	PART_GEN_ID = 1 << 0,
	PART_SIG_ID = 1 << 1,
	PART_TYPE = 1 << 2,
	PART_TRACK = 1 << 3,
	PART_COUNT = 1 << 4,
	PART_SECONDS = 1 << 5,
	PART_NEW_ACTION = 1 << 6,
	PART_TIMEOUT = 1 << 7,
	PART_IP = 1 << 8,
};

enum { PART_IDS = PART_GEN_ID | PART_SIG_ID, PART_RATE = PART_TRACK | PART_COUNT | PART_SECONDS };

static const struct {
	const char *word;
	enum part part;
} parts[] = {
	{"gen_id", PART_GEN_ID},
	{"sig_id", PART_SIG_ID},
	{"type", PART_TYPE},
	{"track", PART_TRACK},
	{"count", PART_COUNT},
	{"seconds", PART_SECONDS},
	{"new_action", PART_NEW_ACTION},
	{"timeout", PART_TIMEOUT},
	{"ip", PART_IP},
};

static const struct command {
	const char *word;
	enum threshold_what what;
	unsigned wanted, allowed;
} commands[] = {
	{"suppress", THRESHOLD_SUPPRESS, PART_IDS, PART_IDS | PART_TRACK | PART_IP},
	{"threshold", THRESHOLD_LIMIT, PART_IDS | PART_TYPE | PART_RATE,
		PART_IDS | PART_TYPE | PART_RATE},
	{"event_filter", THRESHOLD_LIMIT, PART_IDS | PART_TYPE | PART_RATE,
		PART_IDS | PART_TYPE | PART_RATE},
	{"rate_filter", THRESHOLD_RATE, PART_IDS | PART_RATE | PART_NEW_ACTION | PART_TIMEOUT,
		PART_IDS | PART_RATE | PART_NEW_ACTION | PART_TIMEOUT},
};

// One line in the making.
struct line {
	struct parser *p;
	const struct command *command;
	unsigned have; // enum part
	bool idle; // it asks for what nobody can do, or needs
	struct threshold_line out;
};

static bool take_number(struct line *line, struct slice value, uint64_t min, uint32_t *out)
{
	uint64_t v;

	if (!parse_unsigned(line->p, value, false, UINT32_MAX, &v))
		return false;
	if (v < min) {
		parser_error(line->p, value.where, "1 or more is wanted");
		return false;
	}
	*out = (uint32_t)v;
	return true;
}

static bool take_track(struct line *line, struct slice value)
{
	static const char *const words[] = {[SUPPRESS_BY_SRC] = "by_src",
		[SUPPRESS_BY_DST] = "by_dst",
		[SUPPRESS_BY_EITHER] = "by_either"};

	if (line->command->what != THRESHOLD_SUPPRESS)
		return parse_limit_track(line->p, value, &line->out.limit.track);
	for (uint8_t i = SUPPRESS_BY_SRC; i <= SUPPRESS_BY_EITHER; i++) {
		if (slice_is(value, words[i])) {
			line->out.track = i;
			return true;
		}
	}
	parser_error(line->p, value.where, "by_src, by_dst or by_either is wanted");
	return false;
}

static bool take_type(struct line *line, struct slice value)
{
	uint8_t *kind = &line->out.limit.kind;

	if (!parse_limit_kind(line->p, value, kind))
		return false;
	if (*kind != LIMIT_BACKOFF)
		return true;
	parser_error(line->p, value.where, "backoff stands in rules only");
	return false;
}

// `pass`: as long as the rate is exceeded nothing is told. All else is the rule's own action already, or
// would touch traffic.
static bool take_action(struct line *line, struct slice value)
{
	static const char *const others[] = {"alert", "drop", "reject", "sdrop", "log"};

	line->out.limit.kind = LIMIT_RATE;
	if (slice_is(value, "pass"))
		return true;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!slice_is(value, others[i]))
			continue;
		line->idle = true;
		parser_warning(line->p, value.where,
			i == 0 ? "new_action alert changes nothing: rules alert already; the line "
				 "is "
				 "ignored"
			       : "new_action %s has no meaning here: Sealwatch is passive; the "
				 "line is ignored",
			others[i]);
		return true;
	}
	parser_error(line->p, value.where, "pass, alert, drop or reject is wanted");
	return false;
}

static bool take_part(struct line *line, enum part part, struct slice value)
{
	switch (part) {
	case PART_GEN_ID:
		return take_number(line, value, 0, &line->out.gid);
	case PART_SIG_ID:
		return take_number(line, value, 0, &line->out.sid);
	case PART_TYPE:
		return take_type(line, value);
	case PART_TRACK:
		return take_track(line, value);
	case PART_COUNT:
		return take_number(line, value, 1, &line->out.limit.count);
	case PART_SECONDS:
		return take_number(line, value, 1, &line->out.limit.seconds);
	case PART_NEW_ACTION:
		return take_action(line, value);
	case PART_TIMEOUT:
		return take_number(line, value, 0, &line->out.limit.timeout);
	case PART_IP:
		return parse_addresses(line->p, value, &line->out.addrs);
	}
	return false;
}

static bool take_word(struct line *line, struct slice word, struct slice value)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!slice_is(word, parts[i].word) || !(line->command->allowed & parts[i].part))
			continue;
		if (line->have & parts[i].part) {
			parser_error(line->p, word.where, "a second %s", parts[i].word);
			return false;
		}
		line->have |= parts[i].part;
		return take_part(line, parts[i].part, value);
	}
	parser_error(line->p, word.where, "\"%.*s\" does not belong to %s",
		(int)(word.len < 40 ? word.len : 40), word.p, line->command->word);
	return false;
}

static bool all_there(struct line *line, struct rule_where where)
{
	unsigned missing = line->command->wanted & ~line->have;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (missing & parts[i].part) {
			parser_error(line->p, where, "%s is missing", parts[i].word);
			return false;
		}
	}
	if (line->command->what != THRESHOLD_SUPPRESS ||
		((line->have & PART_TRACK) != 0) == ((line->have & PART_IP) != 0))
		return true;
	parser_error(line->p, where, "track and ip go together");
	return false;
}

// "command word value, word value, ..."
static bool take_line(struct line *line, struct slice text)
{
	struct lexer l = lexer_over(text);
	struct slice word = lexer_word(&l, ",");

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (slice_is(word, commands[i].word))
			line->command = &commands[i];
	}
	if (line->command == NULL) {
		parser_error(line->p, word.where,
			"suppress, threshold, event_filter or rate_filter is wanted");
		return false;
	}
	line->out.what = (uint8_t)line->command->what;
	line->out.where = text.where;
	for (;;) {
		word = lexer_word(&l, ",");
		lexer_spaces(&l);
		struct slice value = lexer_word(&l, ",");
		if (!take_word(line, word, value))
			return false;
		lexer_spaces(&l);
		if (lexer_peek(&l) != ',')
			break;
		lexer_next(&l);
	}
	if (!lexer_ended(&l)) {
		parser_error(line->p, lexer_where(&l), "',' expected");
		return false;
	}
	return all_there(line, text.where);
}

static int keep(struct threshold_lines *lines, const struct line *line, struct diags *diags)
{
	if (lines->n == THRESHOLD_LINES_MAX) {
		diag_add(diags, DIAG_ERROR, line->out.where, "more than %d lines that count",
			THRESHOLD_LINES_MAX);
		return -EINVAL;
	}
	if ((lines->n & (lines->n - 1)) == 0) {
		size_t room = lines->n == 0 ? 1 : (size_t)lines->n * 2;
		struct threshold_line *items = realloc(lines->items, room * sizeof(*items));
		if (items == NULL)
			return -ENOMEM;
		lines->items = items;
	}
	lines->items[lines->n++] = line->out;
	return 0;
}

// What would be an error of a rule only costs the line.
static void soften(const struct diags *from, struct diags *to)
{
	for (uint32_t i = 0; i < from->n; i++) {
		const struct diag *d = &from->items[i];
		diag_add(to, DIAG_WARNING, d->where, "%s%s", d->text,
			d->level == DIAG_ERROR ? "; the line is ignored" : "");
	}
}

static int read_line(
	struct parser *p, struct slice text, struct threshold_lines *out, struct diags *diags)
{
	struct diags own = {0};
	struct line line = {.p = p};
	int err = 0;

	p->diags = &own;
	p->failed = false;
	bool fine = take_line(&line, slice_trim(text));
	soften(&own, diags);
	diags_free(&own);
	if (p->no_memory)
		err = -ENOMEM;
	else if (fine && !line.idle)
		err = keep(out, &line, diags);
	return err;
}

int threshold_lines_read(const char *file, const char *text, size_t len,
	const struct rule_var *vars, struct rule_list *list, struct threshold_lines *out,
	struct diags *diags)
{
	struct parser *p = calloc(1, sizeof(*p));
	struct slice line;
	int err = 0;

	if (p == NULL)
		return -ENOMEM;
	p->list = list;
	p->arena = list->arena;
	p->vars = vars;
	p->hosts_fine = true;
	p->file = arena_text(p->arena, file, strlen(file));
	struct lexer l = lexer_open(p->file, text, len);
	if (p->file == NULL)
		err = -ENOMEM;
	while (err == 0 && lexer_rule(&l, &line))
		err = read_line(p, line, out, diags);
	free(p);
	return err;
}
