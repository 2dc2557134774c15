#include "dataplane/runtime/capture_pcap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint32_t magic_micro = 0xa1b2c3d4, magic_nano = 0xa1b23c4d;

enum {
	RECORD_HEAD = 16,
	RECORD_MAX = 262144, // libpcap believes no more
	PIECE = PACKET_WINDOW_BYTES,
};
static_assert(RECORD_HEAD + RECORD_MAX <= PIECE, "a record lies in one piece");

struct capture_pcap {
	struct capture_pcap_form form;
	int fd;
	int failed; // errno of a read
	struct packet_windows *windows; // borrowed; NULL: none
	struct packet_window *window; // that the piece is; NULL: `own`
	uint8_t *piece; // of the file
	uint32_t at; // of the next record, in the piece
	uint32_t have; // bytes in the piece
	uint64_t read; // of the file
	char error[CAPTURE_PCAP_ERROR];
	uint8_t own[PIECE]; // where there is no window
};

struct record {
	int64_t s;
	int64_t fraction;
	uint32_t len; // in the file
	uint32_t wire_len;
};

static uint32_t u32(const struct capture_pcap_form *form, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return form->swapped ? __builtin_bswap32(v) : v;
}

bool capture_pcap_form(const uint8_t head[CAPTURE_PCAP_HEAD], struct capture_pcap_form *form)
{
	enum { VERSION = 2, MINOR = 4 }; // before, lengths stood in another order
	uint16_t version[2];
	struct capture_pcap_form f = {0};

	f.swapped = u32(&f, head) != magic_micro && u32(&f, head) != magic_nano;
	f.nano = u32(&f, head) == magic_nano;
	if (!f.nano && u32(&f, head) != magic_micro)
		return false;
	memcpy(version, head + 4, sizeof(version));
	for (unsigned i = 0; i < 2; i++)
		version[i] = f.swapped ? __builtin_bswap16(version[i]) : version[i];
	if (version[0] != VERSION || version[1] != MINOR)
		return false;
	*form = f;
	return true;
}

struct capture_pcap *capture_pcap_open(
	int fd, const struct capture_pcap_form *form, struct packet_windows *windows)
{
	struct capture_pcap *c = malloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	c->form = *form;
	c->fd = fd;
	c->failed = 0;
	c->windows = windows;
	c->window = NULL;
	c->piece = c->own;
	c->at = c->have = 0;
	c->read = CAPTURE_PCAP_HEAD;
	c->error[0] = '\0';
	return c;
}

void capture_pcap_close(struct capture_pcap *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	free(c);
}

// The rest of the piece goes to the front of one that no packet lies in, if only our own.
static void turn(struct capture_pcap *c)
{
	uint8_t *rest = c->piece + c->at;

	c->window = c->windows != NULL ? packet_windows_idle(c->windows) : NULL;
	c->piece = c->window != NULL ? packet_window_data(c->window) : c->own;
	c->have -= c->at;
	c->at = 0;
	memmove(c->piece, rest, c->have);
}

// At least n <= PIECE bytes from the next record on are in the piece; false: the file ends before.
static bool reach(struct capture_pcap *c, uint32_t n)
{
	if (c->have - c->at >= n)
		return true;
	turn(c);
	while (c->have < n) {
		ssize_t got = pread(c->fd, c->piece + c->have, PIECE - c->have, (off_t)c->read);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			c->failed = got < 0 ? errno : 0;
			return false;
		}
		c->have += (uint32_t)got;
		c->read += (uint64_t)got;
	}
	return true;
}

// libpcap has signed times in our byte order, unsigned ones in the other.
static int64_t time_field(const struct capture_pcap_form *form, const uint8_t *p)
{
	uint32_t v = u32(form, p);

	return form->swapped ? (int64_t)v : (int32_t)v;
}

static struct record record_of(const struct capture_pcap_form *form, const uint8_t *p)
{
	return (struct record){.s = time_field(form, p),
		.fraction = time_field(form, p + 4),
		.len = u32(form, p + 8),
		.wire_len = u32(form, p + 12)};
}

static enum capture_next read_failed(struct capture_pcap *c)
{
	snprintf(c->error, sizeof(c->error), "error reading dump file: %s", strerror(c->failed));
	return CAPTURE_TRUNCATED;
}

static enum capture_next ends_in_head(struct capture_pcap *c)
{
	uint32_t got = c->have - c->at;

	if (c->failed != 0)
		return read_failed(c);
	if (got == 0)
		return CAPTURE_END;
	snprintf(c->error, sizeof(c->error),
		"truncated dump file; tried to read %d header bytes, only got %u", RECORD_HEAD,
		got);
	return CAPTURE_TRUNCATED;
}

static enum capture_next ends_in_frame(struct capture_pcap *c, uint32_t len)
{
	uint32_t got = c->have - c->at - RECORD_HEAD;

	if (c->failed != 0)
		return read_failed(c);
	// What is beyond the snap length is asked for only when the rest is there.
	snprintf(c->error, sizeof(c->error),
		"truncated dump file; tried to read %u captured bytes, only got %u",
		len > c->form.snap && got < c->form.snap ? c->form.snap : len, got);
	return CAPTURE_TRUNCATED;
}

static enum capture_next too_long(struct capture_pcap *c, uint32_t len)
{
	bool snap = len > c->form.snap;

	snprintf(c->error, sizeof(c->error),
		"invalid packet capture length %u, bigger than %s of %u", len,
		snap ? "snaplen" : "maximum", snap ? c->form.snap : RECORD_MAX);
	return CAPTURE_TRUNCATED;
}

enum capture_next capture_pcap_next(struct capture_pcap *c, struct capture_frame *frame)
{
	if (!reach(c, RECORD_HEAD))
		return ends_in_head(c);
	struct record r = record_of(&c->form, c->piece + c->at);
	if (r.len > RECORD_MAX)
		return too_long(c, r.len);
	if (!reach(c, RECORD_HEAD + r.len))
		return ends_in_frame(c, r.len);
	if (!c->form.nano)
		r.fraction *= 1000;
	frame->data = c->piece + c->at + RECORD_HEAD;
	frame->ts_ns = (uint64_t)r.s * 1000000000 + (uint64_t)r.fraction;
	frame->len = r.len < c->form.snap ? r.len : c->form.snap;
	frame->wire_len = r.wire_len;
	frame->window = c->window;
	c->at += RECORD_HEAD + r.len;
	return CAPTURE_FRAME;
}

const char *capture_pcap_error(const struct capture_pcap *c)
{
	return c->error;
}

uint64_t capture_pcap_position(const struct capture_pcap *c)
{
	return c->read;
}
