#include "control/cli/top_threads.h"

#include "control/cli/cli.h"

#include <stdio.h>
#include <string.h>

static const json_t *same_thread(const json_t *threads, const json_t *like)
{
	const json_t *t;
	size_t i;

	json_array_foreach(threads, i, t)
	{
		if (json_equal(json_object_get(t, "thread"), json_object_get(like, "thread")))
			return t;
	}
	return NULL;
}

static double since(const json_t *now, const json_t *before, const char *key)
{
	uint64_t a = cli_number(now, key), b = before != NULL ? cli_number(before, key) : 0;

	return (double)(a >= b ? a - b : a);
}

static void read_thread(const json_t *now, const json_t *before, struct top_thread *t)
{
	const json_t *name = json_object_get(now, "thread");
	const json_t *cycles = json_object_get(now, "cycles");
	const json_t *old = json_object_get(before, "cycles");

	if (json_is_integer(name))
		snprintf(t->name, sizeof(t->name), "%d", (int)json_integer_value(name));
	else
		snprintf(t->name, sizeof(t->name), "%s", cli_text(now, "thread"));
	t->received = since(now, before, "rx_packets");
	t->packets = t->received + since(now, before, "handed_in");
	t->bytes = since(now, before, "rx_bytes");
	t->busy_ns = since(now, before, "busy_ns");
	t->timed = since(now, before, "stage_packets");
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		t->cycles[i] = since(cycles, old, stage_names[i]);
}

void top_threads_read(const json_t *answer, const json_t *before, struct top_threads *out)
{
	const json_t *t;
	size_t i;

	memset(out, 0, sizeof(*out));
	json_array_foreach(json_object_get(answer, "threads"), i, t)
	{
		const json_t *old = same_thread(json_object_get(before, "threads"), t);
		if (out->n < TOP_THREADS_MAX)
			read_thread(t, old, &out->threads[out->n++]);
	}
	if (before != NULL)
		out->ns = since(answer, before, "time_ns");
}

double top_thread_stage(const struct top_thread *t, enum stage stage)
{
	return t->timed > 0 ? t->cycles[stage] / t->timed : 0;
}

double top_thread_all(const struct top_thread *t)
{
	double sum = 0;

	for (unsigned i = 0; i < STAGE_COUNT; i++)
		sum += top_thread_stage(t, (enum stage)i);
	return sum;
}

double top_threads_stage(const struct top_threads *t, enum stage stage)
{
	double cycles = 0, received = 0;

	for (unsigned i = 0; i < t->n; i++) {
		cycles += top_thread_stage(&t->threads[i], stage) * t->threads[i].packets;
		received += t->threads[i].received;
	}
	return received > 0 ? cycles / received : 0;
}
