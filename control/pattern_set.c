#include "control/pattern_set.h"

#include "patterns/swdb.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int pattern_set_new(struct compile_result *result, struct pattern_set **out)
{
	struct pattern_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return -ENOMEM;
	if (pread(result->blob_fd, set->digest, sizeof(set->digest),
		    offsetof(struct swdb_header, sources)) != sizeof(set->digest)) {
		free(set);
		return -EBADMSG;
	}
	set->held = 1;
	set->blob_fd = result->blob_fd;
	set->blob_len = result->blob_len;
	set->index = result->index;
	set->report = result->report;
	result->blob_fd = -1;
	result->index = NULL;
	result->report = (struct compile_report){0};
	*out = set;
	return 0;
}

static void free_paths(char **paths, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
}

int pattern_set_paths(struct pattern_set *set, char *const *paths, uint32_t n)
{
	char **copy = calloc(n + (size_t)1, sizeof(*copy));
	bool fine = copy != NULL;

	for (uint32_t i = 0; i < n && fine; i++) {
		copy[i] = strdup(paths[i]);
		fine = copy[i] != NULL;
	}
	if (!fine) {
		free_paths(copy, copy != NULL ? n : 0);
		return -ENOMEM;
	}
	free_paths(set->paths, set->n_paths);
	set->paths = copy;
	set->n_paths = n;
	return 0;
}

struct pattern_set *pattern_set_hold(struct pattern_set *set)
{
	set->held++;
	return set;
}

void pattern_set_drop(struct pattern_set *set)
{
	if (set == NULL || --set->held > 0)
		return;
	close(set->blob_fd);
	pattern_index_free(set->index);
	compile_report_free(&set->report);
	free_paths(set->paths, set->n_paths);
	free(set);
}
