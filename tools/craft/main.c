// sealwatch-craft: writes captures.

#include "dataplane/base/log.h"
#include "tools/craft/options.h"

#include <signal.h>

const struct craft_command craft_commands[] = {
	{"sample", "sample -w FILE [--json] [--seed N]",
		"a small capture of every protocol and tunnel, the same each time", craft_sample},
	{"load", "load -w FILE [--bytes N] [--flows N] [--seed N]",
		"a large capture for measuring: mostly TLS, many conversations at a time",
		craft_load},
	{"transform", "transform OPERATION [ARGUMENT] -r FILE -w FILE",
		"another form of a capture, that should give the same events", craft_transform},
};

const unsigned n_craft_commands = sizeof(craft_commands) / sizeof(craft_commands[0]);

int main(int argc, char **argv)
{
	struct craft_options options;
	enum craft_status status;

	log_open("sealwatch-craft", LOG_LEVEL_INFO);
	// A reader that went away is a failed write, with its message and status.
	signal(SIGPIPE, SIG_IGN);
	const struct craft_command *command = craft_options_parse(&options, argc, argv, &status);
	if (command == NULL)
		return (int)status;
	return (int)command->run(&options);
}
