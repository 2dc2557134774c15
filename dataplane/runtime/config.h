// sealwatch-dataplane's configuration: YAML (docs/configuration.md has all keys).

#pragma once

#include "dataplane/inspect/segment.h"

#include <stdbool.h>
#include <stdint.h>

struct port_config {
	char *device; // PCI address, vdev with arguments ("net_af_packet0,iface=eth1"), or iface:NAME
	uint32_t queues; // 0: one a worker where the device can
	uint32_t descriptors;
	bool drop_bad_checksum;
};

struct capture_config {
	char **files;
	uint32_t files_count;
	char *filter;
	uint32_t loop; // 1: once, 0: for ever
	uint64_t rate_pps; // 0: as fast as it goes
	bool wait_for_patterns; // read nothing before a pattern set is live; default: true
};

struct eal_config {
	bool hugepages;
	uint32_t memory_mb;
	char *cores; // "1-3": one worker each; absent: floating
	char **args; // handed to rte_eal_init() as they are
	uint32_t args_count;
};

struct segment_config { // texts as they stand
	char *name;
	char **prefixes;
	uint32_t prefixes_count;
	char **vlans;
	uint32_t vlans_count;
	char **ports;
	uint32_t ports_count;
	char *side;
	char *masking;
};

struct dataplane_config {
	uint32_t workers;
	char *link_socket;
	char *mask_key_file; // 32 bytes; absent: a new key at each start
	char **evidence_keys; // files of two public keys; absent: no evidence is sealed
	uint32_t evidence_keys_count;
	uint32_t max_flows; // per worker
	uint32_t ring_mb; // event ring per worker
	bool lab;
	struct eal_config *eal;
	struct port_config *ports;
	uint32_t ports_count;
	struct capture_config *capture;
	struct segment_config *segments;
	uint32_t segments_count;
	struct segments *network; // the same, ready; NULL: there are none
};

// Reads and checks. 0 and *out (dataplane_config_free), or -errno with "file:line:column: message" in
// error.
int dataplane_config_load(const char *path, struct dataplane_config **out, char error[512]);
// The same for who brings a source of its own: the file need not name one.
int dataplane_config_load_network(const char *path, struct dataplane_config **out, char error[512]);
void dataplane_config_free(struct dataplane_config *c); // NULL is allowed

// Is the file ours, and not the daemon's? By its keys. One that cannot be read is not.
bool dataplane_config_is(const char *path);
