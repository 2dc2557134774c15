#include "dataplane/inspect/recognise.h"

#include <netinet/in.h>

// A record header, a handshake header and the first byte of the version.
enum { HELLO_HEAD = 10 };

enum recognised recognise(struct bytes in, uint8_t l4, uint16_t sport, uint16_t dport,
	const struct proto *but, bool known, struct recognition *out)
{
	enum recognised result = RECOGNISED_NO;

	// What is decided by the first bytes of a stream is not to depend on how they are cut.
	if (l4 == IPPROTO_TCP && in.len > PROBE_BYTES)
		in.len = PROBE_BYTES;
	for (const struct proto *const *row = proto_table; *row != NULL; row++) {
		const struct proto *proto = *row;
		enum dir sender = DIR_C2S;

		if (proto->l4 != l4 || proto->probe == NULL || proto == but ||
			(known && proto->opens_flow))
			continue;
		enum probe answer = proto->probe(in, sport, dport, &sender);
		switch (answer) {
		case PROBE_YES:
		case PROBE_MAYBE:
			*out = (struct recognition){proto, sender, true, answer == PROBE_YES};
			return RECOGNISED_YES;
		case PROBE_MORE:
			result = RECOGNISED_LATER;
			break;
		case PROBE_NO:
			break;
		}
	}
	return result;
}

const struct proto *recognise_parser(uint8_t app_proto, uint8_t l4)
{
	for (const struct proto *const *row = proto_table; *row != NULL; row++) {
		if ((*row)->app_proto == app_proto && (*row)->l4 == l4)
			return *row;
	}
	return NULL;
}

// RFC 8446 5.1, 4: a handshake record that begins with the whole header of a ClientHello or a
// ServerHello. Stricter than the parser, because it is asked at every byte.
static bool hello_fits(const uint8_t *p, size_t len)
{
	uint8_t b[HELLO_HEAD] = {0};
	memcpy(b, p, len < HELLO_HEAD ? len : HELLO_HEAD);
	unsigned record = (unsigned)b[3] << 8 | b[4];
	unsigned hello = (unsigned)b[6] << 16 | (unsigned)b[7] << 8 | b[8];
	unsigned least = b[HELLO_TYPE_AT] == HELLO_OF_CLIENT
		? 41
		: 38; // version, random, session, cipher, compression

	if (b[0] != 0x16 || (len > 1 && b[1] != 3) || (len > 2 && b[2] > 4))
		return false;
	if (len > 4 && (record < 4 + 38 || record > 16384))
		return false;
	if (len > 5 && b[HELLO_TYPE_AT] != HELLO_OF_CLIENT && b[HELLO_TYPE_AT] != HELLO_OF_SERVER)
		return false;
	if (len > 8 &&
		(hello < least || hello > 65536 ||
			(hello < record && hello + 4 != record &&
				b[HELLO_TYPE_AT] == HELLO_OF_CLIENT)))
		return false;
	return len <= 9 || b[9] == 3;
}

// The first place in p[0..len) where a hello begins or may begin; len when there is none.
static size_t hello_in(const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len) {
		const uint8_t *c = memchr(p + i, 0x16, len - i);
		if (c == NULL)
			return len;
		i = (size_t)(c - p);
		if (hello_fits(c, len - i))
			return i;
		i++;
	}
	return len;
}

bool recognise_hello(struct side *side, struct bytes in, size_t *at)
{
	uint8_t joint[2 * HELLO_HEAD];
	size_t carried = side->probe_len;
	size_t fresh = in.len < HELLO_HEAD ? in.len : HELLO_HEAD;

	// Hellos that began in the bytes carried over.
	memcpy(joint, side->probe, carried);
	memcpy(joint + carried, in.p, fresh);
	size_t joint_len = carried + fresh;
	size_t i = hello_in(joint, joint_len);
	if (i < carried) {
		side->probe_len = (uint8_t)(carried - i);
		memmove(side->probe, side->probe + i, side->probe_len);
		*at = 0;
		if (joint_len - i >= HELLO_HEAD)
			return true;
		memcpy(side->probe, joint + i, joint_len - i);
		side->probe_len = (uint8_t)(joint_len - i);
		return false;
	}

	i = hello_in(in.p, in.len);
	side->probe_len = 0;
	*at = i;
	if (in.len - i >= HELLO_HEAD)
		return true;
	memcpy(side->probe, in.p + i, in.len - i);
	side->probe_len = (uint8_t)(in.len - i);
	return false;
}
