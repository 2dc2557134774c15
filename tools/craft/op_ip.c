// Operations on IP: fragment, addresses.

#include "dataplane/base/bytes.h"
#include "tools/craft/locate.h"
#include "tools/craft/op.h"
#include "tools/craft/packet.h"
#include "tools/craft/rng.h"

#include <netinet/in.h>
#include <string.h>

enum { IPV4_LEN = 20, IPV6_LEN = 40, FRAGMENT_HEADER_LEN = 8, IP_MAX = 65535, MORE = 0x2000 };

// RFC 791 3.1: an option goes into every fragment when its top bit says so. A list that can
// not be read is left out.
static void put_copied_options(struct wire *w, struct bytes options)
{
	struct wire start = *w;

	while (options.len > 0 && options.p[0] != 0) {
		if (options.p[0] == 1) {
			bytes_take(&options, 1);
			continue;
		}
		struct bytes peek = options;
		uint8_t type = bytes_u8(&peek);
		uint8_t len = bytes_u8(&peek);
		struct bytes option = bytes_take(&options, len >= 2 ? len : SIZE_MAX);
		if (option.bad) {
			*w = start;
			return;
		}
		if (type & 0x80)
			wire_put(w, option.p, option.len);
	}
	wire_fill(w, 0, (4 - (w->len - start.len) % 4) % 4);
}

static int put_ipv4_fragment(struct op_run *run, const struct frame *f, const struct located *at,
	uint32_t from, uint32_t len, uint16_t id)
{
	const uint8_t *ip = f->data + at->ip;
	uint32_t header = at->l4 - at->ip;
	bool last = from + len == at->ip_len - header;
	struct wire w = wire_over(run->scratch, sizeof(run->scratch));

	wire_put(&w, f->data, at->ip);
	wire_put(&w, ip, from == 0 ? header : IPV4_LEN);
	if (from != 0)
		put_copied_options(
			&w, (struct bytes){.p = ip + IPV4_LEN, .len = header - IPV4_LEN});
	header = (uint32_t)w.len - at->ip;
	wire_put(&w, f->data + at->l4 + from, len);

	uint8_t *out = run->scratch + at->ip;
	struct wire fields = wire_over(out, 8);
	wire_u8(&fields, (uint8_t)(0x40 | header / 4));
	wire_u8(&fields, ip[1]);
	wire_u16(&fields, (uint16_t)(header + len));
	wire_u16(&fields, id);
	wire_u16(&fields, (uint16_t)(from / 8 | (last ? 0 : MORE)));
	packet_sum_ipv4(out);
	return op_put(run, f, (uint32_t)w.len);
}

static int put_ipv6_fragment(struct op_run *run, const struct frame *f, const struct located *at,
	uint32_t from, uint32_t len, uint32_t id)
{
	bool last = at->frag_at + from + len == at->ip + at->ip_len;
	struct wire w = wire_over(run->scratch, sizeof(run->scratch));

	wire_put(&w, f->data, at->frag_at);
	wire_u8(&w, f->data[at->next_at]);
	wire_u8(&w, 0);
	wire_u16(&w, (uint16_t)(from | (last ? 0 : 1)));
	wire_u32(&w, id);
	wire_put(&w, f->data + at->frag_at + from, len);

	struct wire length = wire_over(run->scratch + at->ip + 4, 2);
	wire_u16(&length, (uint16_t)(w.len - at->ip - IPV6_LEN));
	run->scratch[at->next_at] = IPPROTO_FRAGMENT;
	return op_put(run, f, (uint32_t)w.len);
}

// Senders that forbid fragments often leave the identification 0; datagrams must be told
// apart once they are cut.
static uint32_t identification(struct op_run *run, const struct frame *f, const struct located *at)
{
	const uint8_t *ip = f->data + at->ip;
	uint16_t id = at->version == 4 ? (uint16_t)(ip[4] << 8 | ip[5]) : 0;

	if (id != 0)
		return id;
	if ((++run->next_id & 0xffff) == 0)
		run->next_id++;
	return run->next_id;
}

int op_fragment(struct op_run *run, const struct frame *f)
{
	struct located at;
	int err = 0;

	if (!locate_ip(run->link, f, &at) || !at.whole || at.fragment)
		return op_pass(run, f);
	uint32_t start = at.version == 4 ? at.l4 : at.frag_at;
	uint32_t len = at.ip + at.ip_len - start;
	if (len <= run->arg || at.ip_len > IP_MAX - FRAGMENT_HEADER_LEN)
		return op_pass(run, f);

	uint32_t id = identification(run, f, &at);
	for (uint32_t from = 0; from < len && err == 0; from += (uint32_t)run->arg) {
		uint32_t n = len - from < run->arg ? len - from : (uint32_t)run->arg;
		if (at.version == 4)
			err = put_ipv4_fragment(run, f, &at, from, n, (uint16_t)id);
		else
			err = put_ipv6_fragment(run, f, &at, from, n, id);
	}
	return err;
}

// Ranges that addresses do not enter or leave, for what they mean would change.
static const struct {
	uint8_t version;
	uint8_t bits;
	bool inside; // whether addresses inside are exchanged
	uint8_t prefix[4];
} ranges[] = {
	{4, 8, false, {0}},
	{4, 8, true, {10}},
	{4, 10, true, {100, 64}},
	{4, 8, false, {127}},
	{4, 16, false, {169, 254}},
	{4, 12, true, {172, 16}},
	{4, 16, true, {192, 168}},
	{4, 3, false, {224}}, // multicast, reserved, broadcast
	{6, 32, false, {0}},
	{6, 7, false, {0xfc}},
	{6, 10, false, {0xfe, 0x80}},
	{6, 8, false, {0xff}},
};

enum { N_RANGES = sizeof(ranges) / sizeof(ranges[0]), IPV6_KEPT = 32 };

static bool bit_of(const uint8_t *p, unsigned i)
{
	return p[i / 8] >> (7 - i % 8) & 1;
}

static unsigned common_bits(const uint8_t *a, const uint8_t *b, unsigned max)
{
	unsigned i = 0;

	while (i < max && bit_of(a, i) == bit_of(b, i))
		i++;
	return i;
}

// The number of leading bits that stay; 128: all.
static unsigned bits_kept(uint8_t version, const uint8_t *address)
{
	unsigned kept = version == 6 ? IPV6_KEPT : 0;

	for (unsigned i = 0; i < N_RANGES; i++) {
		if (ranges[i].version != version)
			continue;
		unsigned n = common_bits(address, ranges[i].prefix, ranges[i].bits);
		if (n == ranges[i].bits && !ranges[i].inside)
			return 128;
		// The bit that tells outside from inside must stay too.
		unsigned keep = n == ranges[i].bits ? n : n + 1;
		if (keep > kept)
			kept = keep;
	}
	return kept;
}

// As Crypto-PAn does, but without its strength: a bit is turned or not by a function of the
// bits before it, so that two addresses have the same number of leading bits in common after
// as before.
static void exchange(uint64_t seed, uint8_t version, uint8_t *address)
{
	unsigned bits = version == 6 ? 128 : 32;
	unsigned kept = bits_kept(version, address);
	uint64_t h = hash_mix(seed, version);

	for (unsigned i = 0; i < bits; i++) {
		bool bit = bit_of(address, i);
		bool turn = hash_mix(h, seed + i) >> 33 & 1;
		if (turn && i >= kept)
			address[i / 8] ^= (uint8_t)(0x80 >> i % 8);
		h = hash_mix(h + 1, bit ? 0x5bd1e995 : 0x1b873593);
	}
}

// RFC 1624: a sum that was right stays right, and a wrong one wrong, whatever part of the
// packet was captured.
static void patch_sum(uint8_t *field, const uint8_t *before, const uint8_t *after, unsigned len)
{
	uint32_t sum = (uint16_t) ~(field[0] << 8 | field[1]);

	for (unsigned i = 0; i < len; i += 2) {
		sum += (uint16_t) ~(before[i] << 8 | before[i + 1]);
		sum += (uint32_t)(after[i] << 8 | after[i + 1]);
	}
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	field[0] = (uint8_t)(sum >> 8);
	field[1] = (uint8_t)sum;
}

static const struct {
	uint8_t protocol;
	uint8_t version; // 0: both
	uint8_t at;
} sums[] = {
	{IPPROTO_TCP, 0, 16},
	{IPPROTO_UDP, 0, 6},
	{IPPROTO_ICMPV6, 6, 2},
};

static void patch_l4(
	const struct located *at, uint8_t *frame, uint32_t len, const uint8_t *before, unsigned n)
{
	const uint8_t *after = frame + at->ip + (at->version == 6 ? 8 : 12);

	for (unsigned i = 0; i < sizeof(sums) / sizeof(sums[0]) && at->first; i++) {
		uint8_t *field = frame + at->l4 + sums[i].at;
		if (sums[i].protocol != at->protocol ||
			(sums[i].version != 0 && sums[i].version != at->version))
			continue;
		if (at->l4 + sums[i].at + 2 > len)
			continue;
		// RFC 768: no sum.
		if (at->protocol == IPPROTO_UDP && field[0] == 0 && field[1] == 0)
			continue;
		patch_sum(field, before, after, n);
		if (at->protocol == IPPROTO_UDP && field[0] == 0 && field[1] == 0)
			memset(field, 0xff, 2);
	}
}

int op_addresses(struct op_run *run, const struct frame *f)
{
	struct located at;
	uint8_t before[32];

	if (!locate_ip(run->link, f, &at))
		return op_pass(run, f);
	unsigned each = at.version == 6 ? 16 : 4;
	uint8_t *pair = run->scratch + at.ip + (at.version == 6 ? 8 : 12);

	memcpy(run->scratch, f->data, f->len);
	memcpy(before, pair, each * 2);
	exchange(run->arg, at.version, pair);
	exchange(run->arg, at.version, pair + each);
	if (at.version == 4)
		patch_sum(run->scratch + at.ip + 10, before, pair, each * 2);
	patch_l4(&at, run->scratch, f->len, before, each * 2);

	struct frame out = *f;
	out.data = run->scratch;
	return run->put(run->put_ctx, &out);
}
