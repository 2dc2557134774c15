// What a rule wants of one buffer: can all of it be true at once?

#include "patterns/compile_hs.h"
#include "patterns/lint_impl.h"
#include "patterns/parser.h"

#include <string.h>

// How long the buffer may be, and how long what is looked for in it is at least.
struct room {
	int64_t lo, hi; // of all bsize; inclusive
	int64_t need;
	const struct condition *size; // the last bsize
	const struct condition *longest;
};

static void narrow(struct room *room, const struct condition *c)
{
	const struct condition_number *n = &c->number;
	int64_t lo = 0, hi = INT64_MAX;

	if (n->vars[VAR_VALUE] != 0)
		return;
	switch ((enum compare)n->op) {
	case CMP_EQ:
		lo = hi = n->value;
		break;
	case CMP_LT:
		hi = n->value - 1;
		break;
	case CMP_LE:
		hi = n->value;
		break;
	case CMP_GT:
		lo = n->value + 1;
		break;
	case CMP_GE:
		lo = n->value;
		break;
	case CMP_BETWEEN:
		lo = n->value + 1;
		hi = n->value2 - 1;
		break;
	default:
		break;
	}
	room->lo = lo > room->lo ? lo : room->lo;
	room->hi = hi < room->hi ? hi : room->hi;
	room->size = c;
}

static bool is_content(const struct condition *c)
{
	return c->kind == COND_CONTENT && !(c->flags & (CONTENT_NEGATED | CONTENT_NESTED)) &&
		c->number.vars[VAR_OFFSET] == 0 && c->number.vars[VAR_DEPTH] == 0;
}

static void want(struct room *room, const struct condition *c)
{
	int64_t need = (int64_t)c->len + (c->flags & CONTENT_OFFSET ? c->offset : 0);

	if (need > room->need) {
		room->need = need;
		room->longest = c;
	}
}

static bool has(const struct condition *c, uint32_t i, const struct condition *part)
{
	for (uint32_t k = 0; k < part->len; k++) {
		bool nocase = ((c->flags | part->flags) & CONTENT_NOCASE) != 0;
		uint8_t a = c->bytes[i + k], b = part->bytes[k];
		if (nocase ? ascii_lower(a) != ascii_lower(b) : a != b)
			return false;
	}
	return true;
}

// Both stand at the same end of the buffer.
static bool exclude(const struct condition *a, const struct condition *b, bool at_end)
{
	const struct condition *longer = a->len >= b->len ? a : b, *shorter = longer == a ? b : a;

	return !has(longer, at_end ? longer->len - shorter->len : 0, shorter);
}

// A content that must be there holds one that must not.
static bool contradicts(const struct condition *wanted, const struct condition *unwanted)
{
	const uint32_t places = CONTENT_OFFSET | CONTENT_DEPTH | CONTENT_DISTANCE | CONTENT_WITHIN |
		CONTENT_STARTSWITH | CONTENT_ENDSWITH | CONTENT_NESTED;

	if (unwanted->kind != COND_CONTENT || wanted->len > LINT_CONTENT_MAX ||
		!(unwanted->flags & CONTENT_NEGATED) || (unwanted->flags & places))
		return false;
	// What is wanted in any case may be there in another than what is not wanted.
	if ((wanted->flags & CONTENT_NOCASE) && !(unwanted->flags & CONTENT_NOCASE))
		return false;
	for (uint32_t i = 0; i + unwanted->len <= wanted->len; i++) {
		if (has(wanted, i, unwanted))
			return true;
	}
	return false;
}

static void check_pair(
	struct lint *l, const struct rule *r, const struct condition *a, const struct condition *b)
{
	const char *why = NULL;

	if (contradicts(a, b))
		why = "it holds what another content of this buffer forbids";
	else if (!is_content(b))
		return;
	else if ((a->flags & b->flags & CONTENT_STARTSWITH) && exclude(a, b, false))
		why = "the buffer can not begin with both of two contents";
	else if ((a->flags & b->flags & CONTENT_ENDSWITH) && exclude(a, b, true))
		why = "the buffer can not end with both of two contents";
	if (why != NULL)
		lint_tell(l, DIAG_WARNING, LINT_UNREACHABLE, r, a->where, "%s", why);
}

static bool same_buffer(const struct rule *r, uint32_t i, uint32_t k)
{
	return r->conditions[i].field == r->conditions[k].field &&
		condition_dotted(r, i) == condition_dotted(r, k) &&
		condition_same_view(&r->conditions[i], &r->conditions[k]);
}

static void check_room(struct lint *l, const struct rule *r, const struct room *room)
{
	if (room->size != NULL && room->lo > room->hi)
		lint_tell(l, DIAG_WARNING, LINT_UNREACHABLE, r, room->size->where,
			"no buffer has such a size");
	else if (room->longest != NULL && room->need > room->hi)
		lint_tell(l, DIAG_WARNING, LINT_UNREACHABLE, r, room->longest->where,
			"it ends at byte %lld at least, and the buffer has %lld at most",
			(long long)room->need, (long long)room->hi);
}

static void check_buffer(struct lint *l, const struct rule *r, uint32_t first, bool *done)
{
	struct room room = {.hi = INT64_MAX};

	if (field_is_payload(r->conditions[first].field) && r->has_dsize)
		room.hi = r->dsize_hi;
	for (uint32_t i = first; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (done[i] || !same_buffer(r, first, i))
			continue;
		done[i] = true;
		if (c->kind == COND_BSIZE)
			narrow(&room, c);
		if (!is_content(c))
			continue;
		want(&room, c);
		for (uint32_t k = 0; k < r->n_conditions; k++) {
			const struct condition *other = &r->conditions[k];
			if (k != i && same_buffer(r, first, k) && (k > i || !is_content(other)))
				check_pair(l, r, c, other);
		}
	}
	check_room(l, r, &room);
}

void lint_buffers(struct lint *l, const struct rule *r)
{
	bool done[CONDITIONS_MAX] = {false};

	for (uint32_t i = 0; i < r->n_conditions && i < CONDITIONS_MAX; i++) {
		if (!done[i])
			check_buffer(l, r, i, done);
	}
}
