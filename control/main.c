// sealwatchd: compiles pattern sets for the dataplane, writes its events, answers for its counters.

#include "control/daemon.h"
#include "control/geo_key.h"
#include "dataplane/base/log.h"

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

static void help(void)
{
	printf("usage: sealwatchd -c FILE [--check]\n\n"
	       "  -c, --config FILE  configuration (docs/configuration.md)\n"
	       "      --check        read the configuration, say what is wrong with it, and exit\n"
	       "      --foreground   stay in the foreground (always so; for service files)\n"
	       "  -h, --help         this text\n"
	       "      --version      the version\n\n"
	       "SIGTERM and SIGINT end it, SIGHUP opens the EVE file anew.\n\n"
	       "exit status: 0 stopped by a signal, 1 failure at run time, 2 configuration or "
	       "usage,\n"
	       "             3 socket, address or port in use\n");
}

static enum daemon_exit run(const struct control_config *config)
{
	static struct daemon d;

	signal(SIGPIPE, SIG_IGN);
	umask(027);
	enum daemon_exit status = daemon_start(&d, config);
	if (status == EXIT_OK)
		status = daemon_run(&d);
	daemon_stop(&d);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'}, {"foreground", no_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'v'}, {0}};
	struct control_config config;
	const char *path = NULL;
	bool check = false;
	char error[512];
	int option;

	log_open("sealwatchd", LOG_LEVEL_INFO);
	while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'k':
			check = true;
			break;
		case 'f':
			break;
		case 'h':
			help();
			return EXIT_OK;
		case 'v':
			printf("sealwatchd " SEALWATCH_VERSION "\n");
			return EXIT_OK;
		default:
			return EXIT_CONFIG;
		}
	}
	if (path == NULL || optind != argc) {
		log_error("a configuration is wanted: -c FILE; try --help");
		return EXIT_CONFIG;
	}
	if (config_load(path, &config, error) < 0) {
		log_error("%s", error);
		return EXIT_CONFIG;
	}
	enum daemon_exit status = EXIT_OK;
	if (geo_key_take(&config, error) < 0) {
		log_error("%s", error);
		status = EXIT_CONFIG;
	}
	if (status == EXIT_OK && !check)
		status = run(&config);
	config_free(&config);
	return (int)status;
}
