#include "dataplane/runtime/capture_file.h"

#include "dataplane/inspect/packet.h"
#include "dataplane/runtime/capture_ng.h"
#include "dataplane/runtime/capture_pcap.h"
#include "dataplane/runtime/unpack.h"

#include <pcap/pcap.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct capture_file {
	// One of them.
	struct capture_pcap *plain;
	struct capture_ng *ng;
	pcap_t *pcap;
	int fd; // of the file on disk, owned by that one
	uint64_t size;
	uint64_t filtered;
	int dlt; // of plain and pcap
	uint8_t link;
	int filter_dlt; // what the filter was compiled for
	bool has_filter;
	struct bpf_program filter;
	char error[PCAP_ERRBUF_SIZE];
};

// DLT values are libpcap's; those without a name in its header are written as numbers.
static const struct {
	int dlt;
	enum link_type link;
} links[] = {
	{DLT_EN10MB, LINK_ETHERNET},
	{DLT_RAW, LINK_RAW_IP},
	{14, LINK_RAW_IP}, // DLT_RAW of OpenBSD
	{101, LINK_RAW_IP},
	{DLT_IPV4, LINK_RAW_IP},
	{DLT_IPV6, LINK_RAW_IP},
	{DLT_NULL, LINK_NULL},
	{DLT_LOOP, LINK_NULL},
	{DLT_LINUX_SLL, LINK_SLL},
	{DLT_LINUX_SLL2, LINK_SLL2},
	{DLT_PPP, LINK_PPP},
	{DLT_PPP_SERIAL, LINK_PPP},
	{DLT_PPP_ETHER, LINK_PPPOE},
	{DLT_C_HDLC, LINK_CHDLC},
	{DLT_FRELAY, LINK_FRAME_RELAY},
	{DLT_IEEE802_11, LINK_IEEE80211},
	{DLT_IEEE802_11_RADIO, LINK_RADIOTAP},
	{DLT_PPI, LINK_PPI},
	{DLT_PKTAP, LINK_PKTAP},
	{DLT_USER2, LINK_PKTAP}, // what DLT_PKTAP was before it had a number
	{DLT_NFLOG, LINK_NFLOG},
	{DLT_ARCNET_LINUX, LINK_ARCNET_LINUX},
	{DLT_JUNIPER_ETHER, LINK_JUNIPER_ETHERNET},
	{DLT_IPOIB, LINK_IP_OVER_IB},
};

static uint8_t link_of(int dlt)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (links[i].dlt == dlt)
			return (uint8_t)links[i].link;
	}
	return LINK_UNKNOWN;
}

static int open_file(struct capture_file *c, const char *path)
{
	struct stat st;

	c->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (c->fd < 0 || fstat(c->fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	c->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return 0;
}

// Frames of another link type than the filter is for do not pass it.
static int set_filter(struct capture_file *c, int dlt, const char *filter)
{
	pcap_t *dead = pcap_open_dead(dlt, 262144);
	int err = 0;

	if (dead == NULL)
		return -ENOMEM;
	if (pcap_compile(dead, &c->filter, filter, 1, PCAP_NETMASK_UNKNOWN) < 0) {
		snprintf(c->error, sizeof(c->error), "filter: %.200s", pcap_geterr(dead));
		err = -EINVAL;
	}
	pcap_close(dead);
	c->has_filter = err == 0;
	c->filter_dlt = dlt;
	return err;
}

// Only of a file that can be read anew; a pipe is left to libpcap.
static bool is_ng(int fd)
{
	static const uint8_t magic[4] = {0x0a, 0x0d, 0x0d, 0x0a};
	uint8_t begin[4] = {0};
	int copy = dup(fd);
	FILE *file = copy >= 0 ? unpack_open(copy) : NULL;

	if (file == NULL)
		return false;
	bool ng = fread(begin, 1, sizeof(begin), file) == sizeof(begin) &&
		memcmp(begin, magic, sizeof(magic)) == 0;
	fclose(file);
	return lseek(fd, 0, SEEK_SET) == 0 && ng;
}

static int open_ng(struct capture_file *c, FILE *file, const char *filter)
{
	const char *error;

	c->ng = capture_ng_open(file);
	if (c->ng == NULL)
		return -ENOMEM;
	int dlt = capture_ng_first_dlt(c->ng, &error);
	if (error != NULL) {
		snprintf(c->error, sizeof(c->error), "%s", error);
		return -EBADMSG;
	}
	return filter == NULL ? 0 : set_filter(c, dlt >= 0 ? dlt : DLT_EN10MB, filter);
}

// What libpcap says about a header of a pcap file: NULL when it refuses it.
static pcap_t *read_head(uint8_t head[CAPTURE_PCAP_HEAD])
{
	char error[PCAP_ERRBUF_SIZE];
	FILE *file = fmemopen(head, CAPTURE_PCAP_HEAD, "r");
	pcap_t *p = NULL;

	if (file != NULL)
		p = pcap_fopen_offline_with_tstamp_precision(
			file, PCAP_TSTAMP_PRECISION_NANO, error);
	if (file != NULL && p == NULL)
		fclose(file);
	return p;
}

// libpcap turns numbers in front of such frames into our byte order.
static bool has_numbers_in_front(int dlt)
{
	return dlt == DLT_LINUX_SLL || dlt == DLT_LINUX_SLL2 || dlt == DLT_NFLOG;
}

// False: not a file that we read without libpcap; nothing was done.
static bool open_plain(struct capture_file *c, struct packet_windows *windows)
{
	uint8_t head[CAPTURE_PCAP_HEAD];
	struct capture_pcap_form form;

	if (c->size == 0 || pread(c->fd, head, sizeof(head), 0) != sizeof(head) ||
		!capture_pcap_form(head, &form))
		return false;
	pcap_t *p = read_head(head);
	if (p == NULL)
		return false;
	c->dlt = pcap_datalink(p);
	form.snap = (uint32_t)pcap_snapshot(p);
	pcap_close(p);
	if (link_of(c->dlt) == LINK_UNKNOWN || (form.swapped && has_numbers_in_front(c->dlt)))
		return false;
	c->plain = capture_pcap_open(c->fd, &form, windows);
	return c->plain != NULL;
}

static int open_pcap(struct capture_file *c, FILE *file)
{
	c->pcap = pcap_fopen_offline_with_tstamp_precision(
		file, PCAP_TSTAMP_PRECISION_NANO, c->error);
	if (c->pcap == NULL) {
		fclose(file);
		return -EBADMSG;
	}
	c->dlt = pcap_datalink(c->pcap);
	return 0;
}

static int open_capture(struct capture_file *c, const char *path, const char *filter,
	struct packet_windows *windows)
{
	int err = open_file(c, path);
	if (err < 0) {
		snprintf(c->error, sizeof(c->error), "%s", strerror(-err));
		if (c->fd >= 0)
			close(c->fd);
		return err;
	}
	if (!open_plain(c, windows)) {
		bool ng = c->size > 0 && is_ng(c->fd);
		FILE *file = unpack_open(c->fd);
		if (file == NULL) {
			snprintf(c->error, sizeof(c->error), "%s", strerror(errno));
			return -ENOMEM;
		}
		if (ng)
			return open_ng(c, file, filter);
		err = open_pcap(c, file);
		if (err < 0)
			return err;
	}
	c->link = link_of(c->dlt);
	return filter == NULL ? 0 : set_filter(c, c->dlt, filter);
}

int capture_file_open(const char *path, const char *filter, struct packet_windows *windows,
	struct capture_file **out, char error[256])
{
	struct capture_file *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	int err = open_capture(c, path, filter, windows);
	if (err < 0) {
		snprintf(error, 256, "%.255s", c->error);
		capture_file_close(c);
		return err;
	}
	*out = c;
	return 0;
}

void capture_file_close(struct capture_file *c)
{
	if (c == NULL)
		return;
	if (c->has_filter)
		pcap_freecode(&c->filter);
	capture_pcap_close(c->plain);
	capture_ng_close(c->ng);
	if (c->pcap != NULL)
		pcap_close(c->pcap);
	free(c);
}

static bool passes(const struct capture_file *c, int dlt, const struct capture_frame *frame)
{
	struct pcap_pkthdr head = {.caplen = frame->len, .len = frame->wire_len};

	return dlt == c->filter_dlt && pcap_offline_filter(&c->filter, &head, frame->data) != 0;
}

static enum capture_next next_plain(struct capture_file *c, struct capture_frame *frame)
{
	enum capture_next got = capture_pcap_next(c->plain, frame);

	if (got == CAPTURE_TRUNCATED)
		snprintf(c->error, sizeof(c->error), "%s", capture_pcap_error(c->plain));
	frame->link = c->link;
	return got;
}

static enum capture_next next_ng(struct capture_file *c, struct capture_frame *frame, int *dlt)
{
	struct capture_ng_frame f;
	const char *error;

	switch (capture_ng_next(c->ng, &f, &error)) {
	case CAPTURE_NG_END:
		return CAPTURE_END;
	case CAPTURE_NG_BROKEN:
		snprintf(c->error, sizeof(c->error), "%s", error);
		return CAPTURE_TRUNCATED;
	case CAPTURE_NG_FRAME:
		break;
	}
	*dlt = f.dlt;
	*frame = (struct capture_frame){.data = f.data,
		.ts_ns = f.ts_ns,
		.len = f.len,
		.wire_len = f.wire_len,
		.link = link_of(f.dlt)};
	return CAPTURE_FRAME;
}

static enum capture_next next_pcap(struct capture_file *c, struct capture_frame *frame)
{
	struct pcap_pkthdr *head;
	const u_char *data;
	int got = pcap_next_ex(c->pcap, &head, &data);

	if (got == PCAP_ERROR_BREAK || got == 0)
		return CAPTURE_END;
	if (got != 1) {
		snprintf(c->error, sizeof(c->error), "%.200s", pcap_geterr(c->pcap));
		return CAPTURE_TRUNCATED;
	}
	*frame = (struct capture_frame){
		.data = data,
		// With nanosecond precision tv_usec holds nanoseconds.
		.ts_ns = (uint64_t)head->ts.tv_sec * 1000000000ull + (uint64_t)head->ts.tv_usec,
		.len = head->caplen,
		.wire_len = head->len,
		.link = c->link,
	};
	return CAPTURE_FRAME;
}

enum capture_next capture_file_next(struct capture_file *c, struct capture_frame *frame)
{
	for (;;) {
		int dlt = c->dlt;
		enum capture_next got = c->plain != NULL ? next_plain(c, frame)
			: c->ng != NULL			 ? next_ng(c, frame, &dlt)
							 : next_pcap(c, frame);
		if (got != CAPTURE_FRAME)
			return got;
		if (!c->has_filter || passes(c, dlt, frame))
			break;
		c->filtered++;
	}
	if (frame->wire_len < frame->len)
		frame->wire_len = frame->len;
	return CAPTURE_FRAME;
}

const char *capture_file_error(const struct capture_file *c)
{
	return c->error;
}

uint64_t capture_file_position(const struct capture_file *c)
{
	if (c->plain != NULL)
		return capture_pcap_position(c->plain);
	off_t at = lseek(c->fd, 0, SEEK_CUR);
	return at < 0 ? 0 : (uint64_t)at;
}

uint64_t capture_file_size(const struct capture_file *c)
{
	return c->size;
}

uint64_t capture_file_filtered(const struct capture_file *c)
{
	return c->filtered;
}
