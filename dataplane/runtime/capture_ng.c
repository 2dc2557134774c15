#include "dataplane/runtime/capture_ng.h"

#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, // obsolete
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	OPTION_END = 0,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,

	BLOCK_HEAD = 8,
	BLOCK_TAIL = 4, // the length again
	BLOCK_MAX = 16 << 20,
	INTERFACES_MAX = 1024,
};

struct interface {
	int dlt;
	uint32_t snap; // 0: no limit
	uint64_t ticks; // a second
	int64_t offset_s;
};

struct capture_ng {
	FILE *file;
	bool swapped; // of this section
	bool ended;
	unsigned n;
	struct interface interfaces[INTERFACES_MAX];
	uint32_t cap;
	uint8_t *body; // of the block at hand, without its head
	uint32_t len;
	uint32_t type;
};

struct capture_ng *capture_ng_open(FILE *file)
{
	struct capture_ng *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		fclose(file);
		return NULL;
	}
	c->file = file;
	return c;
}

void capture_ng_close(struct capture_ng *c)
{
	if (c == NULL)
		return;
	fclose(c->file);
	free(c->body);
	free(c);
}

static uint32_t u32(const struct capture_ng *c, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return c->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t u16(const struct capture_ng *c, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return c->swapped ? __builtin_bswap16(v) : v;
}

// The byte order stands behind the length that needs it.
static bool begin_section(struct capture_ng *c, const uint8_t magic[4])
{
	c->swapped = false;
	c->n = 0; // interfaces belong to a section
	if (u32(c, magic) == BYTE_ORDER_MAGIC)
		return true;
	c->swapped = true;
	return u32(c, magic) == BYTE_ORDER_MAGIC;
}

static const char *read_block(struct capture_ng *c)
{
	uint8_t head[BLOCK_HEAD + 4];
	size_t got = fread(head, 1, BLOCK_HEAD, c->file);

	if (got == 0) {
		c->ended = true;
		return NULL;
	}
	if (got < BLOCK_HEAD)
		return "the file ends inside a block's head";
	c->type = u32(c, head); // a section's reads the same both ways
	bool section = c->type == BLOCK_SECTION;
	if (section &&
		(fread(head + BLOCK_HEAD, 1, 4, c->file) != 4 ||
			!begin_section(c, head + BLOCK_HEAD)))
		return "a section begins without its byte order";
	uint32_t len = u32(c, head + 4), had = BLOCK_HEAD + (section ? 4 : 0);
	if (len < had + BLOCK_TAIL || len > BLOCK_MAX || len % 4 != 0)
		return "a block has an impossible length";
	c->len = len - had;
	if (c->len > c->cap) {
		uint8_t *body = realloc(c->body, c->len);
		if (body == NULL)
			return "memory is short";
		c->body = body;
		c->cap = c->len;
	}
	if (fread(c->body, 1, c->len, c->file) != c->len)
		return "the file ends inside a block";
	c->len -= BLOCK_TAIL;
	return NULL;
}

// A power of ten, or of two when the highest bit is set; 0 when it is beyond what is told.
static uint64_t ticks_of(uint8_t resolution)
{
	uint64_t ticks = 1;
	unsigned power = resolution & 0x7f;

	if (power > ((resolution & 0x80) ? 63 : 19))
		return 0;
	while (power-- > 0)
		ticks *= (resolution & 0x80) ? 2 : 10;
	return ticks;
}

// Files have numbers of their own (LINKTYPE_): those that decode knows are the same but for one.
static int dlt_of(uint16_t linktype)
{
	enum { LINKTYPE_RAW = 101 };
	return linktype == LINKTYPE_RAW ? DLT_RAW : linktype;
}

static const char *add_interface(struct capture_ng *c)
{
	struct interface *i = &c->interfaces[c->n];

	if (c->len < 8)
		return "an interface's block is too short";
	if (c->n == INTERFACES_MAX)
		return "there are more than 1024 interfaces";
	*i = (struct interface){
		.dlt = dlt_of(u16(c, c->body)), .snap = u32(c, c->body + 4), .ticks = 1000000};
	for (uint32_t at = 8; at + 4 <= c->len;) {
		uint16_t code = u16(c, c->body + at), len = u16(c, c->body + at + 2);
		const uint8_t *value = c->body + at + 4;
		if (code == OPTION_END || len > c->len - at - 4)
			break;
		if (code == OPTION_TSRESOL && len == 1)
			i->ticks = ticks_of(value[0]);
		if (code == OPTION_TSOFFSET && len == 8) {
			uint32_t low = u32(c, value + (c->swapped ? 4 : 0));
			uint32_t high = u32(c, value + (c->swapped ? 0 : 4));
			i->offset_s = (int64_t)((uint64_t)high << 32 | low);
		}
		at += 4 + ((len + 3u) & ~3u);
	}
	if (i->ticks == 0)
		return "an interface counts time too finely";
	c->n++;
	return NULL;
}

static uint64_t time_of(const struct interface *i, uint64_t ticks)
{
	uint64_t s = ticks / i->ticks, rest = ticks % i->ticks;

	s += (uint64_t)i->offset_s;
	return s * 1000000000 + (uint64_t)((__uint128_t)rest * 1000000000 / i->ticks);
}

// Enhanced (and the obsolete) packet blocks: interface, time, lengths, bytes.
static const char *packet(struct capture_ng *c, struct capture_ng_frame *f)
{
	if (c->len < 20)
		return "a packet's block is too short";
	uint32_t number = c->type == BLOCK_PACKET ? u16(c, c->body) : u32(c, c->body);
	if (number >= c->n)
		return "a packet is of an interface that there is not";
	const struct interface *i = &c->interfaces[number];
	uint64_t ticks = (uint64_t)u32(c, c->body + 4) << 32 | u32(c, c->body + 8);
	*f = (struct capture_ng_frame){.data = c->body + 20,
		.ts_ns = time_of(i, ticks),
		.len = u32(c, c->body + 12),
		.wire_len = u32(c, c->body + 16),
		.dlt = i->dlt};
	return f->len <= c->len - 20 ? NULL : "a packet is longer than its block";
}

static const char *simple_packet(struct capture_ng *c, struct capture_ng_frame *f)
{
	if (c->len < 4 || c->n == 0)
		return "a simple packet without an interface";
	const struct interface *i = &c->interfaces[0];
	uint32_t wire = u32(c, c->body), here = c->len - 4;
	uint32_t len = wire < here ? wire : here;
	*f = (struct capture_ng_frame){.data = c->body + 4,
		.len = i->snap != 0 && i->snap < len ? i->snap : len,
		.wire_len = wire,
		.dlt = i->dlt};
	return NULL;
}

enum capture_ng_next capture_ng_next(
	struct capture_ng *c, struct capture_ng_frame *frame, const char **error)
{
	for (;;) {
		bool found = false;
		*error = c->ended ? NULL : read_block(c);
		if (c->ended)
			return CAPTURE_NG_END;
		if (*error == NULL && c->type == BLOCK_INTERFACE) {
			*error = add_interface(c);
		} else if (*error == NULL &&
			(c->type == BLOCK_ENHANCED || c->type == BLOCK_PACKET)) {
			*error = packet(c, frame);
			found = true;
		} else if (*error == NULL && c->type == BLOCK_SIMPLE) {
			*error = simple_packet(c, frame);
			found = true;
		}
		if (*error != NULL) {
			c->ended = true;
			return CAPTURE_NG_BROKEN;
		}
		if (found)
			return CAPTURE_NG_FRAME;
	}
}

int capture_ng_first_dlt(struct capture_ng *c, const char **error)
{
	*error = NULL;
	while (c->n == 0) {
		*error = read_block(c);
		if (*error == NULL && !c->ended && c->type == BLOCK_INTERFACE)
			*error = add_interface(c);
		if (*error != NULL || c->ended)
			return -1;
	}
	return c->interfaces[0].dlt;
}
