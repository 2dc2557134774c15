#include "control/commands_geo.h"

#include "control/answer.h"
#include "control/control_socket.h"
#include "control/matrix_json.h"
#include "control/request.h"
#include "dataplane/api/geo_map.h"

#include <sodium.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct asker {
	struct geo *geo;
	struct control_call *call;
};

static json_t *map_of(const struct link_geo_receipt *r)
{
	if (r == NULL)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "countries", (json_int_t)r->n_countries,
		"ranges4", (json_int_t)r->n4, "ranges6", (json_int_t)r->n6, "bytes",
		(json_int_t)r->bytes, "digest", answer_hex(r->digest));
}

static void loaded(void *ctx, const struct geo_outcome *outcome)
{
	struct asker *asker = ctx;
	const struct link_geo_receipt *r = outcome->receipt;
	json_t *answer = outcome->status < 0 ? answer_failure(NULL, outcome->error)
					     : json_pack("{s:b}", "ok", 1);

	if (outcome->status == 0) {
		json_object_set_new(answer, "map", map_of(r));
		json_object_set_new(answer, "waiting", json_boolean(r == NULL));
		json_object_set_new(
			answer, "compile_ms", answer_number(outcome->compile_ns / 1000000));
	}
	if (r != NULL) {
		json_object_set_new(answer, "prepare_ns", answer_number(r->prepare_ns));
		json_object_set_new(answer, "grace_ns", answer_number(r->grace_ns));
	}
	control_call_answer(asker->call, answer);
	free(asker);
}

static void client_gone(void *ctx)
{
	struct asker *asker = ctx;

	geo_forget(asker->geo, asker);
	control_call_answer(asker->call, NULL);
	free(asker);
}

void geo_begin_load(struct daemon *d, struct control_call *call, const struct request *request)
{
	struct asker *asker = calloc(1, sizeof(*asker));
	int err = -ENOMEM;

	if (asker != NULL) {
		*asker = (struct asker){d->geo, call};
		err = geo_load(d->geo, request->file, request->as_file, loaded, asker);
	}
	if (err == 0) {
		control_call_on_gone(call, client_gone, asker);
		return;
	}
	free(asker);
	control_call_answer(call,
		err == -EBUSY
			? answer_failure("busy", "another database of countries is being loaded")
			: answer_failure(NULL, strerror(-err)));
}

static json_t *levels_of(const struct daemon *d)
{
	json_t *list = json_array();
	uint32_t n;
	const struct geo_level *levels = geo_levels(d->geo, &n);

	for (uint32_t i = 0; i < n; i++) {
		const struct geo_level *l = &levels[i];
		char code[GEO_CODE_LEN];
		geo_code(l->threshold.country, code);
		// Few persons are nobody's business here either.
		bool told = l->persons >= d->config->geo_min_persons;
		json_array_append_new(list,
			json_pack("{s:s, s:o, s:o, s:o}", "country",
				l->threshold.country != 0 ? code : "foreign", "persons",
				told ? answer_number(l->persons) : json_null(), "threshold",
				answer_number(l->threshold.persons), "reached_percent",
				answer_number(l->percent)));
	}
	return list;
}

void geo_matrix(struct daemon *d, struct control_call *call, const struct request *request)
{
	const struct ledger *ledger = geo_ledger(d->geo);
	struct matrix m;

	if (matrix_make(ledger, request->window, d->config->geo_min_persons, &m) < 0) {
		control_call_answer(call, NULL);
		return;
	}
	json_t *answer = matrix_json(&m);
	json_object_set_new(answer, "ok", json_true());
	json_object_set_new(answer, "min_persons", answer_number(d->config->geo_min_persons));
	json_object_set_new(answer, "late_flows", answer_number(ledger_late(ledger)));
	json_object_set_new(answer, "thresholds", levels_of(d));
	json_object_set_new(answer, "map", map_of(geo_map_live(d->geo)));
	matrix_free(&m);
	control_call_answer(call, answer);
}

static json_t *export_failure(int err)
{
	if (err == -ENOKEY)
		return answer_failure("no_key",
			"no geo_key_file is configured: what this machine sketches fits no "
			"other's");
	if (err == -ENODATA)
		return answer_failure("nothing", "nothing was counted yet");
	return answer_failure(NULL, err == -EFBIG ? "it is too large" : strerror(-err));
}

static json_t *export_answer(const uint8_t *bytes, size_t len)
{
	char *hex = malloc(2 * len + 1);

	if (hex == NULL)
		return NULL;
	sodium_bin2hex(hex, 2 * len + 1, bytes, len);
	json_t *answer =
		json_pack("{s:b, s:I, s:s}", "ok", 1, "bytes", (json_int_t)len, "hex", hex);
	free(hex);
	return answer;
}

void geo_export_answer(struct daemon *d, struct control_call *call, const struct request *request)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&bytes, &len);

	int err = out != NULL ? geo_export(d->geo, request->window, out) : -ENOMEM;
	if (out != NULL && fclose(out) != 0 && err == 0)
		err = -ENOMEM;
	control_call_answer(
		call, err < 0 ? export_failure(err) : export_answer((const uint8_t *)bytes, len));
	free(bytes);
}
