// An ethdev port as a source of frames: its set-up, and one source per queue.

#pragma once

#include "dataplane/runtime/config.h"
#include "dataplane/runtime/source.h"
#include "dataplane/runtime/worker.h"

struct source_port;

// Configures port `number` (in the order of the configuration): queues, symmetric RSS over
// addresses, promiscuous, started. EAL is up. 0, or -errno with a text.
int source_port_open(unsigned number, const struct port_config *config, unsigned n_workers,
	struct source_port **out, char error[256]);
void source_port_close(struct source_port *p); // NULL is allowed

unsigned source_port_queues(const struct source_port *p);
struct source *source_port_queue(struct source_port *p, unsigned queue);
// How the packets of a queue find their worker.
enum deal source_port_deal(const struct source_port *p, unsigned n_workers);

// Frames that were lost before us, since the start. An estimate where the device cannot tell
// (net_af_packet: from the interface's own count).
uint64_t source_port_missed(struct source_port *p);
