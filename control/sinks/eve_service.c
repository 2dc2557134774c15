// A `service` line: what was counted of a service since the begin, of flows that ended.

#include "control/sinks/eve_json.h"

static void put_words(struct json_out *j, const char *key, const uint64_t *values,
	const char *const *words, unsigned n)
{
	jout_open(j, key, '{');
	for (unsigned i = 1; i < n; i++) {
		uint64_t sum = service_word_sum(values, words, n, i);
		if (sum > 0)
			jout_number(j, words[i], sum);
	}
	jout_close(j, '}');
}

void eve_json_service(struct json_out *j, uint64_t ts_ns, const struct service_tally *s,
	const struct segment_tally *segments, uint32_t n_segments)
{
	jout_reset(j);
	jout_open(j, NULL, '{');
	jout_time(j, "timestamp", ts_ns);
	jout_string(j, "event_type", "service");
	jout_open(j, "sealwatch", '{');
	jout_string(j, "service", s->name);
	jout_number(j, "flows", s->ended_flows);
	jout_number(j, "packets", s->ended_packets);
	jout_number(j, "bytes", s->ended_bytes);
	put_words(j, "service_by", s->by, service_by_words, SERVICE_BYS);
	put_words(j, "confidence", s->confidence, confidence_words, CONFIDENCES);
	put_words(j, "function", s->function, function_words, FUNCTIONS);
	jout_open(j, "segments", '[');
	for (uint32_t i = 0; i < n_segments; i++) {
		jout_open(j, NULL, '{');
		jout_string(j, "segment", segments[i].segment);
		jout_number(j, "flows", segments[i].flows);
		jout_close(j, '}');
	}
	jout_close(j, ']');
	jout_close(j, '}');
	jout_close(j, '}');
	jout_newline(j);
}
