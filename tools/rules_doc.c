// docs/rules.md, from the parser's tables: `rules_doc > docs/rules.md`. A test compares them.

#include "patterns/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYWORDS_MAX = 512 };

struct keyword {
	const char *word;
	enum keyword_status status;
	const char *why;
};

struct keywords {
	unsigned n;
	struct keyword all[KEYWORDS_MAX];
};

static void add(void *ctx, const char *word, enum keyword_status status, const char *why)
{
	struct keywords *k = ctx;

	if (k->n < KEYWORDS_MAX)
		k->all[k->n++] = (struct keyword){word, status, why};
}

static int by_word(const void *a, const void *b)
{
	return strcmp(((const struct keyword *)a)->word, ((const struct keyword *)b)->word);
}

int main(void)
{
	static const char *const said[] = {[KEYWORD_SUPPORTED] = "supported",
		[KEYWORD_IGNORED] = "ignored, with a warning",
		[KEYWORD_REFUSED] = "refused: "};
	static struct keywords k;

	rules_keywords(add, &k);
	qsort(k.all, k.n, sizeof(k.all[0]), by_word);
	printf("# Keywords of rules\n\n"
	       "Made from the parser's tables by `rules_doc`; do not edit. What is not here is "
	       "refused "
	       "as unsupported.\n"
	       "What differs from Suricata in meaning: "
	       "[patterns/README.md](../patterns/README.md).\n\n"
	       "| Keyword | |\n| --- | --- |\n");
	for (unsigned i = 0; i < k.n; i++)
		printf("| `%s` | %s%s |\n", k.all[i].word, said[k.all[i].status], k.all[i].why);
	return 0;
}
