// top: what each thread does, and which stage its time goes into.

#include "control/cli/table.h"
#include "control/cli/top.h"
#include "control/cli/top_threads.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void stage_column(struct table *t, const char *name)
{
	char upper[16] = "";

	for (size_t i = 0; name[i] != '\0' && i < sizeof(upper) - 1; i++)
		upper[i] = (char)toupper((unsigned char)name[i]);
	table_column(t, upper, TABLE_RIGHT);
}

// In all: numbers; between two answers: numbers a second, and the part of the time that was work.
static void put_amounts(struct table *t, double packets, double bytes, double ns)
{
	if (ns > 0) {
		table_format(t, "%.0f", packets * 1e9 / ns);
		table_format(t, "%.1f", bytes * 8e3 / ns);
	} else {
		table_format(t, "%.0f", packets);
		table_format(t, "%.1f", bytes / 1e6);
	}
}

static void put_thread(struct table *t, const struct top_thread *th, double ns)
{
	table_row(t);
	table_text(t, th->name);
	put_amounts(t, th->packets, th->bytes, ns);
	if (strcmp(th->name, "reader") == 0) // nobody counts its time
		table_text(t, "-");
	else if (ns > 0)
		table_format(t, "%.1f%%", 100 * th->busy_ns / ns);
	else
		table_format(t, "%.1f s", th->busy_ns / 1e9);
	table_format(t, "%.0f", top_thread_all(th));
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		table_format(t, "%.0f", top_thread_stage(th, (enum stage)i));
}

static void put_sum(struct table *t, const struct top_threads *threads)
{
	double received = 0, bytes = 0, all = 0;

	for (unsigned i = 0; i < threads->n; i++) {
		received += threads->threads[i].received;
		bytes += threads->threads[i].bytes;
	}
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		all += top_threads_stage(threads, (enum stage)i);
	table_row(t);
	table_text(t, "all");
	put_amounts(t, received, bytes, threads->ns);
	table_text(t, "");
	table_format(t, "%.0f", all);
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		table_format(t, "%.0f", top_threads_stage(threads, (enum stage)i));
}

static int print(const struct cli *cli, const json_t *answer, const json_t *before, uint64_t ns)
{
	struct top_threads threads;
	struct table *t = table_new();

	(void)cli;
	(void)ns; // the daemon tells its own
	top_threads_read(answer, before, &threads);
	printf("cycles of a packet by stage, as one turn in some thirty tells; %s\n\n",
		threads.ns > 0 ? "since the last time" : "in all");
	table_column(t, "THREAD", TABLE_LEFT);
	table_column(t, threads.ns > 0 ? "PACKETS/S" : "PACKETS", TABLE_RIGHT);
	table_column(t, threads.ns > 0 ? "MBIT/S" : "MB", TABLE_RIGHT);
	table_column(t, "BUSY", TABLE_RIGHT);
	table_column(t, "CYCLES", TABLE_RIGHT);
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		stage_column(t, stage_names[i]);
	for (unsigned i = 0; i < threads.n; i++) {
		// On ports the reader's page is only there for what the ports missed.
		if (threads.threads[i].packets > 0 ||
			strcmp(threads.threads[i].name, "reader") != 0)
			put_thread(t, &threads.threads[i], threads.ns);
	}
	put_sum(t, &threads);
	table_print(t);
	return 0;
}

static json_t *request(const struct cli *cli, bool again)
{
	(void)cli;
	(void)again;
	return json_pack("{s:s}", "cmd", "top");
}

enum cli_exit cli_top(const struct cli *cli)
{
	return top_run(&(struct top){cli, request, print});
}
