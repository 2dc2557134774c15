#include "control/cli/top.h"

#include "dataplane/base/clock.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL_S = 2 };

struct past { // the last answer
	json_t *answer;
	uint64_t ns;
};

// One answer, printed, and kept for the next time.
static enum cli_exit turn(const struct top *top, bool again, struct past *past)
{
	const struct cli *cli = top->cli;
	json_t *answer = NULL;
	enum cli_exit status = cli_ask(cli, top->request(cli, again), &answer);

	if (status != CLI_OK) {
		json_decref(answer);
		return status;
	}
	uint64_t now = clock_monotonic_ns();
	if (cli->json) {
		cli_print_json(answer, again);
	} else {
		if (again && isatty(STDOUT_FILENO))
			printf("\033[H\033[2J");
		if (top->print(cli, answer, past->answer, now - past->ns) < 0)
			status = CLI_REFUSED;
	}
	json_decref(past->answer);
	*past = (struct past){.answer = answer, .ns = now};
	return status;
}

enum cli_exit top_run(const struct top *top)
{
	const struct cli *cli = top->cli;
	const struct timespec pause = {
		.tv_sec = cli->interval_s != 0 ? cli->interval_s : INTERVAL_S};
	bool terminal = isatty(STDOUT_FILENO) && !cli->json;
	bool again = !cli->once && (terminal || cli->interval_s != 0);
	struct past past = {0};
	enum cli_exit status;

	do
		status = turn(top, again, &past);
	while (status == CLI_OK && fflush(stdout) == 0 && again && nanosleep(&pause, NULL) == 0);
	json_decref(past.answer);
	return status;
}
