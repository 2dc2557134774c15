// Binary: the strings of protobuf's wire format, and runs of letters in anything else.

#include "dataplane/inspect/leak/plain_impl.h"

enum { NESTED_MAX = 8, STRING_MIN = 4, RUN_MIN = 8, TAG_MAX = 1 << 20, GRPC_HEAD = 5 };

static bool varint(struct bytes *in, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = bytes_u8(in);
		*out |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return !in->bad;
	}
	return false;
}

static bool message(struct bytes in, struct plain_out *out, unsigned depth);

// A string, a message, or bytes: the wire does not tell.
static bool delimited(struct bytes v, struct plain_out *out, unsigned depth)
{
	size_t before = out->len;

	if (plain_is_text(v)) {
		if (v.len < STRING_MIN)
			return true;
		plain_put(out, v.p, v.len);
		plain_put(out, "\n", 1);
		return true;
	}
	if (v.len > 0 && depth < NESTED_MAX && !message(v, out, depth + 1))
		out->len = before;
	return true;
}

static bool field(struct bytes *in, struct plain_out *out, unsigned depth)
{
	uint64_t tag, n;

	if (!varint(in, &tag) || tag >> 3 == 0 || tag >> 3 > TAG_MAX)
		return false;
	switch (tag & 7) {
	case 0:
		return varint(in, &n);
	case 1:
		bytes_take(in, 8);
		return !in->bad;
	case 2:
		if (!varint(in, &n) || n > in->len)
			return false;
		return delimited(bytes_take(in, n), out, depth);
	case 5:
		bytes_take(in, 4);
		return !in->bad;
	default:
		return false;
	}
}

static bool message(struct bytes in, struct plain_out *out, unsigned depth)
{
	while (in.len > 0) {
		if (!field(&in, out, depth))
			return false;
	}
	return true;
}

// gRPC puts a flag and a length in front of each message.
static bool grpc(struct bytes in, struct plain_out *out)
{
	while (in.len >= GRPC_HEAD) {
		struct bytes head = bytes_take(&in, GRPC_HEAD);
		uint8_t flag = bytes_u8(&head);
		uint32_t n = bytes_u32(&head);
		if (flag != 0 || n > in.len || !message(bytes_take(&in, n), out, 0))
			return false;
	}
	return in.len == 0;
}

bool plain_protobuf(struct bytes in, struct plain_out *out)
{
	if (message(in, out, 0) && out->len > 0)
		return true;
	out->len = 0;
	if (in.len > GRPC_HEAD && in.p[0] == 0 && grpc(in, out) && out->len > 0)
		return true;
	out->len = 0;
	return false;
}

bool plain_runs(struct bytes in, struct plain_out *out)
{
	size_t from = 0, letters = 0;

	for (size_t at = 0; at <= in.len;) {
		size_t n = at < in.len ? plain_character(in, at) : 0;
		at += n;
		if (n > 0)
			continue;
		if (at - from >= RUN_MIN) {
			plain_put(out, in.p + from, at - from);
			plain_put(out, "\n", 1);
			letters += at - from;
		}
		from = ++at;
	}
	return 2 * letters >= in.len;
}
