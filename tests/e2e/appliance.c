#include "tests/e2e/appliance.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *dir;
static char *sample, *own_eve;
pid_t dataplane, control;
const char *eve_file;
unsigned metrics_port;

void write_configs(void)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"workers: 2\nlink_socket: %s/link.sock\n"
		"capture:\n  files: [%s]\n  loop: 0\n  rate_pps: 20000\n",
		dir, sample);
	write_file(in_dir(dir, "dataplane.yaml"), text);
	snprintf(text, sizeof(text),
		"link_socket: %s/link.sock\ncontrol_socket: %s/control.sock\neve_file: %s\n"
		"metrics_port: %u\ncache: %s/cache\nstate: %s/state\n"
		"keep_generations: 3\n",
		dir, dir, eve_file, metrics_port, dir, dir);
	write_file(in_dir(dir, "sealwatchd.yaml"), text);
}

void start_dataplane(void)
{
	const char *argv[] = {
		program("sealwatch-dataplane"), "-c", in_dir(dir, "dataplane.yaml"), NULL};
	dataplane = start(argv, in_dir(dir, "dataplane.log"));
}

void start_control(void)
{
	const char *argv[] = {program("sealwatchd"), "-c", in_dir(dir, "sealwatchd.yaml"), NULL};
	control = start(argv, in_dir(dir, "sealwatchd.log"));
}

struct output ctl(const char *a, const char *b, const char *c)
{
	const char *argv[] = {program("sealctl"), "--socket", in_dir(dir, "control.sock"), "--json",
		a, b, c, NULL};
	return run(argv, 30);
}

json_t *ask(const char *a, const char *b, const char *c)
{
	struct output o = ctl(a, b, c);
	json_t *answer = o.status == 0 ? json_loads(o.out, 0, NULL) : NULL;

	output_free(&o);
	return answer;
}

json_int_t number_in(const json_t *answer, const char *key)
{
	return json_integer_value(json_object_get(answer, key));
}

json_int_t status_number(const char *key)
{
	json_t *s = ask("status", NULL, NULL);
	json_int_t n = number_in(s, key);

	json_decref(s);
	return n;
}

bool dataplane_is(const char *want)
{
	json_t *s = ask("status", NULL, NULL);
	const char *is = json_string_value(json_object_get(s, "dataplane"));
	bool yes = is != NULL && strcmp(is, want) == 0;

	json_decref(s);
	return yes;
}

bool is_up(void *ctx)
{
	(void)ctx;
	return dataplane_is("up");
}

bool is_down(void *ctx)
{
	(void)ctx;
	return dataplane_is("down");
}

bool more_than(void *ctx)
{
	return status_number("packets") > *(json_int_t *)ctx;
}

bool appliance_start(unsigned first_port)
{
	dir = scratch_new();
	sample = strdup(in_dir(dir, "sample.pcap"));
	own_eve = strdup(in_dir(dir, "eve.json")); // what in_dir() gives does not last
	eve_file = own_eve;
	metrics_port = first_port + (unsigned)getpid() % 1000;
	const char *craft[] = {program("sealwatch-craft"), "sample", "-w", sample, NULL};
	struct output o = run(craft, 30);
	output_free(&o);
	write_configs();
	start_dataplane();
	start_control();
	return wait_until(is_up, NULL, 20000);
}

void appliance_end(void)
{
	kill(control, SIGKILL);
	kill(dataplane, SIGKILL);
	free(sample);
	free(own_eve);
	scratch_remove(dir);
}
