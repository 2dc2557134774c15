// The examples of a file as a list that grows, and the memory that they point into.

#include "tools/replay/examples_file.h"

#include <stdlib.h>

void *examples_take(struct examples *all, size_t size)
{
	if ((all->n_owned & (all->n_owned - 1)) == 0) {
		size_t room = all->n_owned == 0 ? 1 : 2 * (size_t)all->n_owned;
		void **more = realloc(all->owned, room * sizeof(*more));
		if (more == NULL)
			return NULL;
		all->owned = more;
	}
	void *p = calloc(1, size);
	if (p != NULL)
		all->owned[all->n_owned++] = p;
	return p;
}

bool examples_add(struct examples *all, const struct example *e)
{
	if (all->n == EXAMPLES_MAX)
		return false;
	if ((all->n & (all->n - 1)) == 0) {
		size_t room = all->n == 0 ? 1 : 2 * (size_t)all->n;
		struct example *more = realloc(all->items, room * sizeof(*more));
		if (more == NULL)
			return false;
		all->items = more;
	}
	all->items[all->n++] = *e;
	return true;
}

void examples_free(struct examples *all)
{
	for (uint32_t i = 0; i < all->n_owned; i++)
		free(all->owned[i]);
	free(all->owned);
	free(all->items);
	*all = (struct examples){0};
}
