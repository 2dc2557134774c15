// Frames for tests, built from a line of header names: "eth4 vlan=7 ip4 udp=4789 vxlan=5 eth4
// ip4 tcp". Lengths, protocols' checksums and the order of bytes come from here, so they do
// not share a mistake with the decoder.

#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_MAX = 70000 };

struct frame {
	size_t len;
	uint8_t data[FRAME_MAX];
};

enum sum_kind { SUM_NONE, SUM_IP4, SUM_TRANSPORT };

#define FRAME_BYTES(s) (s), sizeof(s) - 1
#define MACS "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01"
#define IP4(protocol, src, dst)                                                                    \
	"\x45\0\0\0\0\x07\0\0\x40" protocol "\0\0\x0a\0\0" src "\x0a\0\0" dst
#define IP6(next, src, dst)                                                                        \
	"\x60\0\0\0\0\0" next "\x40\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" src                     \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" dst

// value_at, value_len: where "=N" goes; len_at: a 16-bit length, which counts from len_from
// to the end of the frame (-1: none); sum_at: a checksum (SUM_NONE: none).
static const struct frame_header {
	const char *name;
	const char *bytes;
	size_t len;
	int value_at;
	int value_len;
	int len_at;
	int len_from;
	enum sum_kind sum;
	int sum_at;
} frame_headers[] = {
	{"eth4", FRAME_BYTES(MACS "\x08\0"), 12, 2, -1, 0, SUM_NONE, 0},
	{"eth6", FRAME_BYTES(MACS "\x86\xdd"), 12, 2, -1, 0, SUM_NONE, 0},
	{"eth", FRAME_BYTES(MACS "\0\0"), 12, 2, -1, 0, SUM_NONE, 0},
	{"type", FRAME_BYTES("\0\0"), 0, 2, -1, 0, SUM_NONE, 0},
	{"vid", FRAME_BYTES("\0\0"), 0, 2, -1, 0, SUM_NONE, 0},
	{"label", FRAME_BYTES("\0\x01\x0e\x40"), 0, 2, -1, 0, SUM_NONE, 0},
	{"bottom", FRAME_BYTES("\0\x01\x1f\x40"), 0, 2, -1, 0, SUM_NONE, 0},
	{"pppoe", FRAME_BYTES("\x11\0\0\0\0\0"), 2, 2, 4, 6, SUM_NONE, 0},
	{"byte", FRAME_BYTES("\0"), 0, 1, -1, 0, SUM_NONE, 0},
	{"word", FRAME_BYTES("\0\0"), 0, 2, -1, 0, SUM_NONE, 0},
	{"long", FRAME_BYTES("\0\0\0\0"), 0, 4, -1, 0, SUM_NONE, 0},
	{"zeros", FRAME_BYTES("\0\0\0\0\0\0\0\0"), 0, 0, -1, 0, SUM_NONE, 0},
	{"ip4", FRAME_BYTES(IP4("\0", "\x01", "\x02")), 9, 1, 2, 0, SUM_IP4, 10},
	{"ip4r", FRAME_BYTES(IP4("\0", "\x02", "\x01")), 9, 1, 2, 0, SUM_IP4, 10},
	{"out4", FRAME_BYTES(IP4("\0", "\x63", "\x64")), 9, 1, 2, 0, SUM_IP4, 10},
	{"ip6", FRAME_BYTES(IP6("\0", "\x01", "\x02")), 6, 1, 4, 40, SUM_NONE, 0},
	{"out6", FRAME_BYTES(IP6("\0", "\x63", "\x64")), 6, 1, 4, 40, SUM_NONE, 0},
	// ports 0x1111 and "=N", or the other way round
	{"udp", FRAME_BYTES("\x11\x11\0\0\0\0\0\0"), 2, 2, 4, 0, SUM_TRANSPORT, 6},
	{"udpr", FRAME_BYTES("\0\0\x11\x11\0\0\0\0"), 0, 2, 4, 0, SUM_TRANSPORT, 6},
	{"tcp", FRAME_BYTES("\x11\x11\0\0\x01\x02\x03\x04\x05\x06\x07\x08\x50\x18\x20\0\0\0\0\0"),
		2, 2, -1, 0, SUM_TRANSPORT, 16},
	{"tcpr", FRAME_BYTES("\0\0\x11\x11\x01\x02\x03\x04\x05\x06\x07\x08\x50\x18\x20\0\0\0\0\0"),
		0, 2, -1, 0, SUM_TRANSPORT, 16},
	{"vxlan", FRAME_BYTES("\x08\0\0\0\0\0\0\0"), 4, 3, -1, 0, SUM_NONE, 0},
	{"geneve", FRAME_BYTES("\x01\0\x65\x58\0\0\0\0\x01\x02\x03\0"), 4, 3, -1, 0, SUM_NONE, 0},
	{"gtp", FRAME_BYTES("\x30\xff\0\0\0\0\0\0"), 4, 4, 2, 8, SUM_NONE, 0},
	{"hello", FRAME_BYTES("hello"), 0, 0, -1, 0, SUM_NONE, 0},
};

static inline void frame_put(uint8_t *at, uint64_t value, int len)
{
	for (int i = len; i > 0; i--, value >>= 8)
		at[i - 1] = (uint8_t)value;
}

// RFC 1071 as it is written there: a word at a time.
static inline uint32_t frame_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return sum;
}

static inline uint16_t frame_transport_sum(const uint8_t *ip, const uint8_t *segment, size_t len)
{
	bool is4 = ip[0] >> 4 == 4;
	uint8_t tail[4] = {(uint8_t)(len >> 8), (uint8_t)len, 0, is4 ? ip[9] : ip[6]};
	uint32_t sum = frame_sum(0, is4 ? ip + 12 : ip + 8, is4 ? 8 : 32);

	sum = frame_sum(sum, tail, sizeof(tail));
	return (uint16_t)~frame_sum(sum, segment, len);
}

static inline const struct frame_header *frame_header_find(const char *name)
{
	for (size_t i = 0; i < sizeof(frame_headers) / sizeof(frame_headers[0]); i++) {
		if (strcmp(frame_headers[i].name, name) == 0)
			return &frame_headers[i];
	}
	fprintf(stderr, "no header %s\n", name);
	abort();
}

static inline void frame_build(struct frame *f, const char *spec)
{
	const struct frame_header *stack[64];
	size_t at[64];
	unsigned n = 0;
	char words[1024];

	snprintf(words, sizeof(words), "%s", spec);
	f->len = 0;
	for (char *save, *word = strtok_r(words, " ", &save); word != NULL;
		word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');
		if (value != NULL)
			*value++ = '\0';
		const struct frame_header *h = frame_header_find(word);
		assert(n < 64);
		stack[n] = h;
		at[n++] = f->len;
		memcpy(f->data + f->len, h->bytes, h->len);
		if (value != NULL)
			frame_put(f->data + f->len + h->value_at, strtoull(value, NULL, 0),
				h->value_len);
		f->len += h->len;
	}
	// Inside out: an outer checksum is over inner ones.
	for (unsigned i = n; i > 0; i--) {
		const struct frame_header *h = stack[i - 1];
		uint8_t *start = f->data + at[i - 1];
		size_t len = f->len - at[i - 1];
		if (h->len_at >= 0)
			frame_put(start + h->len_at, len - (size_t)h->len_from, 2);
		if (h->sum == SUM_IP4)
			frame_put(start + h->sum_at, (uint16_t)~frame_sum(0, start, h->len), 2);
		for (unsigned j = i; h->sum == SUM_TRANSPORT && j > 0; j--) {
			const char *name = stack[j - 1]->name;
			if (strncmp(name, "ip", 2) != 0 && strncmp(name, "out", 3) != 0)
				continue;
			frame_put(start + h->sum_at,
				frame_transport_sum(f->data + at[j - 1], start, len), 2);
			break;
		}
	}
}
