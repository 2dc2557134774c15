#include "tools/craft/op.h"

#include <string.h>

const struct op ops[] = {
	{"segment", "N", "cut TCP payloads into segments of at most N bytes", 1, 65535, 1, 0, false,
		op_segment, NULL},
	{"overlap", NULL, "send the middle of each TCP payload twice", 0, 0, 1, 0, false,
		op_overlap, NULL},
	{"reorder", NULL, "swap neighbouring TCP data packets of one direction (--seed)", 0, 0, 1,
		0, false, op_reorder, op_reorder_end},
	{"duplicate", "[K]", "write every K-th packet twice (default 2; --tcp: TCP packets only)",
		1, 1000000000, 1, 2, false, op_duplicate, NULL},
	{"fragment", "N", "cut IP packets into fragments of at most N bytes (multiple of 8)", 8,
		65512, 8, 0, false, op_fragment, NULL},
	{"addresses", "SEED", "exchange IP addresses; common prefixes stay common", 0, UINT64_MAX,
		1, 0, false, op_addresses, NULL},
	{"vlan", "ID", "add an 802.1Q tag", 1, 4094, 1, 0, true, op_vlan, NULL},
	{"mpls", "LABEL", "put IP packets behind an MPLS label", 16, 1048575, 1, 0, true, op_mpls,
		NULL},
	{"pppoe", "ID", "put IP packets into a PPPoE session", 1, 65534, 1, 0, true, op_pppoe,
		NULL},
	{"gre", NULL, "put IP packets into GRE over IPv4", 0, 0, 1, 0, true, op_gre, NULL},
	{"gtpu", "TEID", "put IP packets into GTP-U over IPv4", 1, UINT32_MAX, 1, 0, true, op_gtpu,
		NULL},
	{"vxlan", "VNI", "put frames into VXLAN over IPv4", 0, 16777215, 1, 0, true, op_vxlan,
		NULL},
	{"geneve", "VNI", "put frames into GENEVE over IPv4", 0, 16777215, 1, 0, true, op_geneve,
		NULL},
	{"ipip", NULL, "put IP packets into IPv4", 0, 0, 1, 0, true, op_ipip, NULL},
};

const size_t n_ops = sizeof(ops) / sizeof(ops[0]);

const struct op *op_find(const char *name)
{
	for (size_t i = 0; i < n_ops; i++) {
		if (strcmp(ops[i].name, name) == 0)
			return &ops[i];
	}
	return NULL;
}
