// docs/detectors.md, from the code's table: `detectors_doc > docs/detectors.md`. A test compares them.

#include "dataplane/inspect/detect/detector.h"

#include <stdio.h>

static const char *worth(const struct detector *row)
{
	static const char *const words[] = {[CONTEXT_NO] = "medium",
		[CONTEXT_HELPS] = "low",
		[CONTEXT_YES] = "nothing",
		[CONTEXT_SELF] = "medium",
		[CONTEXT_TOTAL] = "medium"};
	return words[row->context];
}

static void print_shown(const struct detector *row)
{
	if (row->head + row->tail == 0)
		printf("nothing");
	else
		printf("first %u, last %u", row->head, row->tail);
}

int main(void)
{
	printf("# Detectors\n\n"
	       "Made from the code's table by `detectors_doc`; do not edit. What "
	       "`sealwatch-detect` finds\n"
	       "in a text. What the columns mean:\n\n"
	       "- **Alone**: how sure a value is whose check passes, without a word beside it that "
	       "says\n"
	       "  what it is (within 300 bytes, in English or Chinese). With one it is a step "
	       "more, and\n"
	       "  so it is when it is written as people write it, where the check alone says "
	       "*low*.\n"
	       "  *nothing*: low, when the text is nothing else.\n"
	       "- **Shown**: characters of a masked excerpt, at most.\n\n"
	       "Published test values have the class `test-data`.\n\n"
	       "| Detector | What it is | Class | Severity | Alone | Shown |\n"
	       "| --- | --- | --- | --- | --- | --- |\n");
	for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
		const struct detector *row = &detectors[i];
		const struct detector_name *known = &detector_table[i];
		printf("| `%s` | %s | %s | %s | %s | ", known->name, row->what, known->class,
			known->severity, worth(row));
		print_shown(row);
		printf(" |\n");
	}
	return 0;
}
