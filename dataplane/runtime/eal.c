#include "dataplane/runtime/eal.h"

#include "dataplane/base/log.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGS_MAX = 128, ARG_LEN = 4200 };

struct args {
	int n;
	char *v[ARGS_MAX]; // rte_eal_init() moves these about,
	char *owned[ARGS_MAX]; // and may still look at the texts until the end
};

static struct args args;

static void add(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct args *a, const char *fmt, ...)
{
	char text[ARG_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (a->n == ARGS_MAX - 1)
		return;
	a->owned[a->n] = strdup(text);
	a->v[a->n] = a->owned[a->n];
	a->n++;
}

// Lcore 0 is the main one, 1..n are the workers. Without named cores all of them float: the
// kernel places them, which is right for a laboratory and for a laptop.
static void add_lcores(struct args *a, const struct dataplane_config *c)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	char all[32];

	snprintf(all, sizeof(all), online > 1 ? "(0-%ld)" : "(0)", online - 1);
	if (c->eal->cores != NULL)
		add(a, "--lcores=0@%s,(1-%u)@(%s)", all, c->workers, c->eal->cores);
	else
		add(a, "--lcores=0@%s,(1-%u)@%s", all, c->workers, all);
}

// "net_xxx0,args" is a virtual device to be made; "iface:NAME" an interface of the kernel;
// anything else the address of a device that is there.
static void add_device(struct args *a, const char *device, unsigned number)
{
	if (strncmp(device, "iface:", 6) == 0)
		add(a, "--vdev=net_af_packet%u,iface=%s,blocksz=262144,framesz=16384,framecnt=2048",
			number, device + 6);
	else if (strncmp(device, "net_", 4) == 0)
		add(a, "--vdev=%s", device);
	else
		add(a, "--allow=%s", device);
}

static const char *runtime_name(void)
{
	static char name[32];

	snprintf(name, sizeof(name), "sealwatch%d", (int)getpid());
	return name;
}

static bool needs_pci(const struct dataplane_config *c)
{
	for (uint32_t i = 0; i < c->ports_count; i++) {
		if (strncmp(c->ports[i].device, "iface:", 6) != 0 &&
			strncmp(c->ports[i].device, "net_", 4) != 0)
			return true;
	}
	return false;
}

int eal_start(const struct dataplane_config *c, const char *program, char error[256])
{
	add(&args, "%s", program);
	if (c->eal->hugepages) {
		add(&args, "--in-memory");
	} else {
		add(&args, "--no-huge");
		add(&args, "--no-shconf");
	}
	// A name of our own, so that two dataplanes do not meet, and its directory can go with us.
	add(&args, "--file-prefix=%s", runtime_name());
	add(&args, "-m%u", c->eal->memory_mb);
	add(&args, "--no-telemetry");
	add(&args, "--log-level=lib.*:error");
	add(&args, "--log-level=pmd.*:error");
	if (!needs_pci(c))
		add(&args, "--no-pci");
	add_lcores(&args, c);
	for (uint32_t i = 0; i < c->ports_count; i++)
		add_device(&args, c->ports[i].device, i);
	for (uint32_t i = 0; i < c->eal->args_count; i++)
		add(&args, "%s", c->eal->args[i]);

	int n = rte_eal_init(args.n, args.v);
	if (n < 0) {
		snprintf(error, 256,
			"EAL: %s; see the lines above, and docs/running.md for hugepages and "
			"devices",
			rte_strerror(rte_errno));
		return -rte_errno;
	}
	return 0;
}

void eal_stop(void)
{
	const char *dir = rte_eal_get_runtime_dir();
	char path[256];

	snprintf(path, sizeof(path), "%s", dir != NULL ? dir : "");
	rte_eal_cleanup();
	for (int i = 0; i < args.n; i++)
		free(args.owned[i]);
	args.n = 0;
	if (path[0] != '\0' && rmdir(path) < 0 && errno != ENOENT && errno != ENOTEMPTY)
		log_warning("%s: %s", path, strerror(errno));
}
