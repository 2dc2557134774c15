// The lists of values that rules name.

#include "control/sources.h"

#include "patterns/rule_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct rule_file *find(const struct sources *s, const char *path)
{
	for (uint32_t i = 0; i < s->n_lists; i++) {
		if (strcmp(s->lists[i].name, path) == 0)
			return &s->lists[i];
	}
	return NULL;
}

static int add(struct sources *s, const char *path)
{
	struct rule_text text = {0};

	if (find(s, path) != NULL || s->n_lists == SOURCES_MAX)
		return 0; // the parser misses what is too many
	// At each power of two the room is used up.
	if ((s->n_lists & (s->n_lists - 1)) == 0) {
		size_t room = s->n_lists == 0 ? 1 : (size_t)s->n_lists * 2;
		struct rule_file *lists = realloc(s->lists, room * sizeof(*lists));
		if (lists == NULL)
			return -ENOMEM;
		s->lists = lists;
	}
	struct rule_file *one = &s->lists[s->n_lists];
	*one = (struct rule_file){.name = strdup(path)};
	if (one->name == NULL)
		return -ENOMEM;
	s->n_lists++;
	one->err = rule_file_read(path, &text);
	if (one->err == -ENOMEM)
		return -ENOMEM;
	if (one->err == 0) {
		one->text = text.owned;
		one->len = text.len;
	}
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\\';
}

// The word stands behind a comma and before a space, the name behind that: so it is wherever a
// rule's parser takes a name, which it does not when other bytes are in it.
static int names_behind(struct sources *s, const struct rule_file *rules, const char *word)
{
	const char *end = rules->text + rules->len;
	size_t word_len = strlen(word);
	char path[RULE_PATH_MAX];

	for (const char *p = rules->text; p != NULL && p < end;) {
		p = memmem(p, (size_t)(end - p), word, word_len);
		if (p == NULL)
			break;
		const char *before = p;
		while (before > rules->text && is_space(before[-1]))
			before--;
		p += word_len;
		if (before == rules->text || before[-1] != ',')
			continue;
		while (p < end && is_space(*p))
			p++;
		size_t len = rule_file_name(p, (size_t)(end - p));
		if (len == 0 || !rule_file_path(rules->name, p, len, path))
			continue;
		int err = add(s, path);
		if (err < 0)
			return err;
	}
	return 0;
}

int source_lists_read(struct sources *s)
{
	int err = 0;

	for (uint32_t i = 0; i < s->n && err == 0; i++) {
		err = names_behind(s, &s->items[i], "load ");
		if (err == 0)
			err = names_behind(s, &s->items[i], "state ");
	}
	return err;
}

int source_list_get(void *ctx, const char *path, struct rule_text *out)
{
	const struct rule_file *one = find(ctx, path);

	if (one == NULL)
		return -ENOENT;
	*out = (struct rule_text){.p = one->text, .len = one->len};
	return one->err;
}
