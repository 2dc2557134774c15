// Personal data in clear text: what a leak record has under "sealwatch".

#include "control/sinks/eve_parts.h"

#include "dataplane/api/detectors.h"

#include <stdio.h>

enum { SPAN_WORDS = 3, LAYER_WORDS = 5 };

// As dataplane/api/event.h has them.
static const char *const spans[SPAN_WORDS] = {"text", "flow", "time"};
static const char *const layers[LAYER_WORDS] = {"packed", "parts", "base64", "binary", "spelling"};

static void put_token(struct json_out *j, const struct event_leak *leak)
{
	char text[2 * sizeof(leak->token) + 1];

	for (unsigned i = 0; i < sizeof(leak->token); i++)
		snprintf(text + 2 * i, 3, "%02x", leak->token[i]);
	jout_string(j, "token", text);
	jout_number(j, "epoch", leak->epoch);
}

static void put_layers(struct json_out *j, unsigned bits)
{
	if (bits == 0)
		return;
	jout_open(j, "decoded", '[');
	for (unsigned i = 0; i < LAYER_WORDS; i++) {
		if (bits >> i & 1)
			jout_string(j, NULL, layers[i]);
	}
	jout_close(j, ']');
}

static void put_words(struct json_out *j, const struct eve_record *r, const struct event_leak *leak)
{
	const struct detector_name *d = &detector_table[leak->detector];
	const struct eve_value *masked = eve_record_find(r, TAG_MASKED);

	jout_string(j, "class", leak->flags & LEAK_TEST_DATA ? "test-data" : d->class);
	jout_string(j, "detector", d->name);
	jout_string(j, "severity", d->severity);
	jout_string(j, "confidence", detect_confidence_names[leak->confidence]);
	jout_number(j, "count", leak->count);
	jout_string(j, "direction", r->head.dir == DIR_C2S ? "to_server" : "to_client");
	jout_string(j, "field", field_table[leak->field].name);
	jout_string(j, "within", spans[leak->span]);
	if (masked != NULL)
		jout_text(j, "masked", masked->p, masked->len);
	if (leak->flags & LEAK_TOKEN)
		put_token(j, leak);
	put_layers(j, leak->layers);
}

void eve_put_leak(struct json_out *j, const struct eve_record *r)
{
	eve_put_app_proto(j, &r->head);
}

void eve_put_leak_ours(struct json_out *j, const struct eve_record *r)
{
	struct event_leak leak;

	if (!eve_record_copy(r, TAG_LEAK, &leak, sizeof(leak)) || leak.detector >= DETECTOR_COUNT ||
		leak.confidence >= DETECT_CONFIDENCES || leak.field >= FIELD_COUNT ||
		leak.span >= SPAN_WORDS)
		return;
	jout_open(j, "leak", '{');
	put_words(j, r, &leak);
	jout_close(j, '}');
}
