#include "tools/replay/examples_capture.h"

#include "dataplane/api/link.h"

#include <stdlib.h>
#include <string.h>

enum { FLOWS = 16384 };

// As one worker of the appliance does, without events.
static const char *run(const struct example_captures *all, struct example_capture *c)
{
	struct engine_options options = engine_defaults();
	const char *paths[] = {c->path};
	const struct capture_plan plan = {.paths = paths, .n_paths = 1, .loops = 1};
	uint64_t generation;
	char error[256] = "";

	options.capture = true;
	options.events = false;
	options.clear = true;
	options.max_flows = FLOWS;
	if (engine_open(&c->engine, &options) < 0 ||
		engine_load(&c->engine, all->blob, all->len, &generation, error) < 0)
		return "short of memory for its capture";
	if (engine_capture(&c->engine, &plan, error) < 0)
		return "its capture can not be read";
	worker_run(&c->engine.workers[0]);
	return source_capture_failed(c->engine.capture) != NULL ? "its capture can not be read"
								: NULL;
}

static struct example_capture *capture_of(struct example_captures *all, const char *path)
{
	for (unsigned i = 0; i < all->n; i++) {
		if (strcmp(all->items[i]->path, path) == 0)
			return all->items[i];
	}
	if (all->n == EXAMPLE_CAPTURES_MAX)
		return NULL;
	struct example_capture *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	all->items[all->n++] = c;
	c->path = path;
	c->why = run(all, c);
	return c;
}

static uint64_t hits_of(const struct engine *e, uint32_t gid, uint32_t sid)
{
	const struct directory_page *d = shared_directory(&e->shared);
	uint64_t hits = 0;

	for (uint32_t i = 1; i < d->n_rules; i++) {
		if (d->rules[i].gid != gid || d->rules[i].sid != sid)
			continue;
		for (unsigned page = 0; page < e->shared.layout.n_pages; page++)
			hits += rule_counts_read(&shared_page(&e->shared, page)->rules, i).hits;
	}
	return hits;
}

const char *example_captures_hits(
	struct example_captures *all, const struct example *e, uint64_t *hits)
{
	const struct example_capture *c = capture_of(all, e->capture);

	if (c == NULL)
		return "more than 64 captures, or short of memory";
	if (c->why == NULL)
		*hits = hits_of(&c->engine, e->gid, e->sid);
	return c->why;
}

void example_captures_free(struct example_captures *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		engine_close(&all->items[i]->engine);
		free(all->items[i]);
	}
	all->n = 0;
}
