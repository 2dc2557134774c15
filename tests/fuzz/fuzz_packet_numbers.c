// Any headers: what a longer one tells, a cut one tells alike or not at all.
//
// Input: the protocol, a cut, the length of the IP header, then both headers.

#include "dataplane/api/packet_numbers.h"
#include "dataplane/base/bytes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct answers {
	bool is[NUMBER_COUNT];
	uint64_t number[NUMBER_COUNT];
	uint32_t options;
};

// Each header in memory of its own size.
static uint8_t *copy(struct bytes b)
{
	uint8_t *p = malloc(b.len ? b.len : 1);

	if (p == NULL)
		abort();
	if (b.len > 0)
		memcpy(p, b.p, b.len);
	return p;
}

static struct answers ask(struct bytes ip, struct bytes l4, uint8_t proto)
{
	struct answers a = {0};
	uint8_t *ip_copy = copy(ip);
	uint8_t *l4_copy = copy(l4);
	struct packet_headers h = {.ip = ip_copy,
		.l4 = l4_copy,
		.ip_len = (uint16_t)ip.len,
		.l4_len = (uint16_t)l4.len,
		.l4_proto = proto};

	for (unsigned i = 0; i < NUMBER_COUNT; i++)
		a.is[i] = packet_number(&h, i, &a.number[i]);
	a.options = packet_ip_options(&h);
	free(ip_copy);
	free(l4_copy);
	return a;
}

static void cut(struct bytes *b, uint8_t n)
{
	b->len = b->len > n ? b->len - n : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size, false};
	uint8_t proto = bytes_u8(&in);
	uint8_t n = bytes_u8(&in);
	size_t ip_len = bytes_u8(&in);
	struct bytes ip = bytes_take(&in, ip_len < in.len ? ip_len : in.len);
	struct bytes l4 = {in.p, in.len < UINT16_MAX ? in.len : UINT16_MAX, false};

	struct answers whole = ask(ip, l4, proto);
	cut(&ip, n & 0x0f);
	cut(&l4, n >> 4);
	struct answers part = ask(ip, l4, proto);
	for (unsigned i = 0; i < NUMBER_COUNT; i++) {
		if (part.is[i] && (!whole.is[i] || part.number[i] != whole.number[i]))
			abort();
		if (!whole.is[i] && whole.number[i] != 0)
			abort();
	}
	if (part.options & ~whole.options)
		abort();
	return 0;
}
