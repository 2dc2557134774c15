#include "tools/bench/tracked.h"

#include "dataplane/base/log.h"
#include "tools/bench/memory.h"

int tracked_open(struct tracked *t, uint32_t flows, uint32_t max_flows)
{
	struct cost cost;

	*t = (struct tracked){.flows = flows, .before = memory_resident()};
	t->source = flow_source_new(flows, 1);
	if (t->source == NULL) {
		log_error("memory is short");
		return 1;
	}
	int status = rig_open(&t->rig, NULL, max_flows, flow_source(t->source));
	if (status == 0)
		rig_run(&t->rig, flow_source_prelude(t->source), &cost);
	return status;
}

void tracked_close(struct tracked *t)
{
	if (t->rig.worker != NULL)
		rig_close(&t->rig);
	flow_source_free(t->source);
}
