// Scenario io: frames that are taken and given back, and nothing else: from the driver that makes them out
// of nothing (net_null), by itself and through our source; and from the bench's own sources.

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/runtime/source_port.h"
#include "tools/bench/flow_source.h"
#include "tools/bench/report.h"
#include "tools/bench/rig.h"

#include <rte_ethdev.h>

enum { PACKETS = 10000000, MBUF_MB = 128, FLOWS = 1000 };

static double bare_port(uint64_t packets)
{
	struct rte_mbuf *mbufs[BURST_MAX];
	uint64_t done = 0, start = clock_cycles();

	while (done < packets) {
		uint16_t n = rte_eth_rx_burst(0, 0, mbufs, BURST_MAX);
		rte_pktmbuf_free_bulk(mbufs, n);
		done += n;
	}
	return (double)(clock_cycles() - start) / (double)done;
}

static double through(struct source *s, uint64_t packets)
{
	struct cost cost;

	rig_bare(s, packets, &cost);
	return cost.cycles / (double)cost.packets;
}

static void measure(
	const struct bench_options *o, struct source *port, struct source *made, struct report *r)
{
	double bare[BENCH_RUNS_MAX], ours[BENCH_RUNS_MAX], times[BENCH_RUNS_MAX],
		flow[BENCH_RUNS_MAX];
	uint64_t packets = o->packets != 0 ? o->packets : PACKETS;

	for (unsigned i = 0; i < o->runs; i++) {
		bare[i] = bare_port(packets);
		ours[i] = through(port, packets);
		times[i] = ours[i] / bare[i];
		flow[i] = through(made, packets);
	}
	report_add(r,
		&(struct measure){"bare rte_eth_rx_burst (net_null)", "cycles/packet", 0, false},
		bare, o->runs);
	report_add(r, &(struct measure){"the same through our source", "cycles/packet", 0, false},
		ours, o->runs);
	report_add(r, &(struct measure){"that against the bare burst", "times", 0, false}, times,
		o->runs);
	report_add(r, &(struct measure){"64-byte frames, written anew", "cycles/packet", 0, false},
		flow, o->runs);
}

int scenario_io(const struct bench_options *o)
{
	struct port_config port = {.device = "net_null0,size=64", .descriptors = 1024};
	struct source_port *source = NULL;
	struct report report;
	char error[256];

	int status = rig_start_port(o, MBUF_MB, &port);
	if (status != 0)
		return status;
	struct flow_source *made = flow_source_new(FLOWS, 1);
	if (made == NULL || source_port_open(0, &port, 1, &source, error) < 0) {
		log_error("%s", made == NULL ? "memory is short" : error);
		status = 1;
	} else {
		report_open(&report, "io", o->json);
		measure(o, source_port_queue(source, 0), flow_source(made), &report);
		report_close(&report);
	}
	source_port_close(source);
	flow_source_free(made);
	rig_stop();
	return status;
}
