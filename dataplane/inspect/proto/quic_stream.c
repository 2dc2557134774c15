#include "dataplane/inspect/proto/quic_stream.h"

void crypto_stream_init(struct crypto_stream *s)
{
	s->n = 0;
}

void crypto_stream_add(struct crypto_stream *s, uint64_t offset, struct bytes in)
{
	if (offset >= CRYPTO_BYTES_MAX || in.len == 0)
		return;
	uint32_t from = (uint32_t)offset;
	uint32_t to = in.len < CRYPTO_BYTES_MAX - from ? from + (uint32_t)in.len : CRYPTO_BYTES_MAX;
	uint32_t first = 0, last;

	// Ranges [first, last) touch the new one, and become one with it.
	while (first < s->n && s->ranges[first].to < from)
		first++;
	for (last = first; last < s->n && s->ranges[last].from <= to; last++)
		;
	if (first == last && s->n == CRYPTO_RANGES)
		return;
	memcpy(s->data + from, in.p, to - from);
	if (first < last) {
		from = s->ranges[first].from < from ? s->ranges[first].from : from;
		to = s->ranges[last - 1].to > to ? s->ranges[last - 1].to : to;
	}
	memmove(&s->ranges[first + 1], &s->ranges[last], (s->n - last) * sizeof(s->ranges[0]));
	s->ranges[first].from = (uint16_t)from;
	s->ranges[first].to = (uint16_t)to;
	s->n = (uint16_t)(s->n - (last - first) + 1);
}

struct bytes crypto_stream_begin(const struct crypto_stream *s)
{
	bool some = s->n > 0 && s->ranges[0].from == 0;
	return (struct bytes){s->data, some ? s->ranges[0].to : 0, false};
}
