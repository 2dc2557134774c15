#include "tools/replay/crossed.h"

#include "control/ledger.h"
#include "control/matrix_json.h"

json_t *crossed(const struct engine *e, uint32_t k)
{
	struct counter_page *pages[LINK_WORKERS_MAX];
	struct ledger *ledger = ledger_new();
	json_t *out = NULL;
	struct matrix m;

	if (ledger == NULL)
		return NULL;
	for (unsigned i = 0; i < e->n_workers; i++)
		pages[i] = shared_page(&e->shared, i);
	ledger_read(ledger, pages, e->n_workers, rulesets_directory(e->rulesets));
	if (matrix_make(ledger, BORDER_YEAR, k, &m) == 0) {
		out = matrix_json(&m);
		json_object_set_new(out, "min_persons", json_integer(k));
		json_object_set_new(
			out, "late_flows", json_integer((json_int_t)ledger_late(ledger)));
		matrix_free(&m);
	}
	ledger_free(ledger);
	return out;
}
