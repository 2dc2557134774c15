// Seeds for the parsers' fuzz targets, from captures: fuzz_seeds OUT CAPTURE...
//
// Each flow whose protocol is known becomes one file, OUT/<protocol>-<tcp|udp>/<number>, of the
// pieces that fuzz_parser.c reads. Bounded: the first of each protocol, the first bytes of each.

#include "dataplane/runtime/capture_file.h"
#include "dataplane/runtime/engine.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SEED_MAX = 6000, SEEDS_MAX = 60, FLOWS_MAX = 65536, PIECE_MAX = 0x7fff };

struct seed {
	const struct flow *flow;
	size_t len;
	uint8_t data[SEED_MAX];
};

static struct seed *seeds[FLOWS_MAX];
static unsigned written[2][APP_COUNT];
static const char *out_dir;

// Flows by where their record is; a place that two share is the later one's.
static struct seed *seed_of(const struct flow *f)
{
	struct seed **slot = &seeds[((uintptr_t)f >> 7) % FLOWS_MAX];

	if (*slot == NULL)
		*slot = calloc(1, sizeof(**slot));
	if (*slot == NULL)
		abort();
	if ((*slot)->flow != f) {
		(*slot)->flow = f;
		(*slot)->len = 2;
		(*slot)->data[0] = 6; // step
		(*slot)->data[1] = 200; // no hole
	}
	return *slot;
}

static struct inspect_wants on_wants(void *ctx)
{
	(void)ctx;
	return (struct inspect_wants){.packets_tcp = true, .packets_other = true};
}

static void on_match(void *ctx, const struct find *finds, unsigned n)
{
	(void)ctx;
	for (unsigned i = 0; i < n; i++) {
		struct bytes b = finds[i].bytes;
		if (finds[i].kind != FIND_PACKET || b.len == 0 || b.len > PIECE_MAX)
			continue;
		struct seed *s = seed_of(finds[i].flow);
		if (b.len + 2 > SEED_MAX - s->len)
			continue;
		s->data[s->len++] = (uint8_t)(b.len >> 8 | (finds[i].dir == DIR_S2C ? 0x80 : 0));
		s->data[s->len++] = (uint8_t)b.len;
		memcpy(s->data + s->len, b.p, b.len);
		s->len += b.len;
	}
}

static void on_close(void *ctx, struct session *s)
{
	(void)ctx;
	(void)s;
}

static void on_flow_end(void *ctx, struct flow *f, enum flow_reason reason)
{
	struct seed *s = seed_of(f);
	unsigned udp = f->key.l4 == IPPROTO_UDP;
	char path[4096];

	(void)ctx;
	(void)reason;
	s->flow = NULL;
	if (s->len <= 2 || f->app_proto <= APP_FAILED || written[udp][f->app_proto] >= SEEDS_MAX)
		return;
	int n = snprintf(path, sizeof(path), "%s/%s-%s", out_dir,
		app_proto_table[f->app_proto].name, udp ? "udp" : "tcp");
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return;
	snprintf(path + n, sizeof(path) - (size_t)n, "/%u", written[udp][f->app_proto]++);
	FILE *file = fopen(path, "wb");
	if (file == NULL)
		return;
	fwrite(s->data, 1, s->len, file);
	fclose(file);
}

struct seeder {
	struct packet_pool *pool;
	struct decoder *decoder;
	struct inspector *inspector;
	uint64_t counters[CTR_COUNT];
};

static void inspect_all(struct seeder *r, struct source *source)
{
	struct packet packets[BURST_MAX];
	unsigned n;

	while ((n = source->rx(source, packets, BURST_MAX)) > 0) {
		unsigned kept = 0;
		for (unsigned i = 0; i < n; i++) {
			if (decode_packet(r->decoder, &packets[i]) == CTR_DELIVERED)
				packets[kept++] = packets[i];
			else
				packet_free(&packets[i]);
		}
		packets_tick(packets, kept);
		inspect_burst(r->inspector, packets, kept);
	}
	decoder_flush(r->decoder);
	inspect_finish(r->inspector);
}

// False: it cannot be read. Such are left out.
static bool take_capture(struct seeder *r, const char *path)
{
	struct capture_plan plan = {.paths = &path, .n_paths = 1, .loops = 1};
	struct source_capture *source;
	char error[256];

	if (source_capture_open(&plan, r->pool, r->counters, &source, error) < 0)
		return false;
	inspect_all(r, source_capture_source(source));
	source_capture_close(source);
	return true;
}

static bool seeder_open(struct seeder *r)
{
	static const struct inspect_hooks hooks = {.wants = on_wants,
		.match = on_match,
		.streams_close = on_close,
		.flow_end = on_flow_end};
	struct inspect_options inspect = inspect_defaults();
	struct decoder_options decode = decoder_defaults();

	r->pool = packet_pool_new(16384, true);
	r->decoder = decoder_new(&decode, r->counters);
	r->inspector = inspector_new(&inspect, &hooks, r->counters);
	return r->pool != NULL && r->decoder != NULL && r->inspector != NULL;
}

int main(int argc, char **argv)
{
	static struct seeder seeder;
	unsigned taken = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: fuzz_seeds OUT CAPTURE...\n");
		return 2;
	}
	out_dir = argv[1];
	if (mkdir(out_dir, 0777) < 0 && errno != EEXIST) {
		perror(out_dir);
		return 1;
	}
	if (!seeder_open(&seeder))
		return 1;
	for (int i = 2; i < argc; i++)
		taken += take_capture(&seeder, argv[i]);
	inspector_free(seeder.inspector);
	decoder_free(seeder.decoder);
	packet_pool_free(seeder.pool);
	for (unsigned i = 0; i < FLOWS_MAX; i++)
		free(seeds[i]);
	printf("%u of %d captures taken\n", taken, argc - 2);
	return 0;
}
