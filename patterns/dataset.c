// Is a value in a set of the artefact?

#include "patterns/dataset.h"
#include "patterns/db_impl.h"

bool dataset_has(
	const struct pattern_db *db, uint32_t set, struct bytes value, uint16_t *reputation)
{
	const struct swdb_dataset *d = &db->datasets[set];
	const struct swdb_value *values = db->values + d->values.first;
	uint64_t hash = dataset_hash(value.p, value.len);
	const uint32_t *index = db->indexes + d->index;
	uint32_t slot = d->bits == 0 ? 0 : (uint32_t)(hash >> (64 - d->bits));
	uint32_t lo = index[slot], hi = index[slot + 1];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct swdb_value *v = &values[mid];
		int order = dataset_compare(
			hash, value.p, value.len, v->hash, db->text + v->bytes, v->len);
		if (order == 0) {
			if (reputation != NULL)
				*reputation = v->reputation;
			return true;
		}
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}
