#include "dataplane/runtime/capture_file.h"

#include "dataplane/inspect/packet.h"
#include "dataplane/runtime/unpack.h"

#include <pcap/pcap.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct capture_file {
	pcap_t *pcap;
	int fd; // of the file on disk; its offset is the progress. Owned by the FILE under pcap
	uint64_t size;
	uint64_t filtered;
	uint8_t link;
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

static int set_filter(struct capture_file *c, const char *filter)
{
	if (pcap_compile(c->pcap, &c->filter, filter, 1, PCAP_NETMASK_UNKNOWN) < 0) {
		snprintf(c->error, sizeof(c->error), "filter: %.200s", pcap_geterr(c->pcap));
		return -EINVAL;
	}
	c->has_filter = true;
	return 0;
}

static int open_capture(struct capture_file *c, const char *path, const char *filter)
{
	int err = open_file(c, path);
	if (err < 0) {
		snprintf(c->error, sizeof(c->error), "%s", strerror(-err));
		if (c->fd >= 0)
			close(c->fd);
		return err;
	}
	FILE *file = unpack_open(c->fd);
	if (file == NULL) {
		snprintf(c->error, sizeof(c->error), "%s", strerror(errno));
		return -ENOMEM;
	}
	c->pcap = pcap_fopen_offline_with_tstamp_precision(
		file, PCAP_TSTAMP_PRECISION_NANO, c->error);
	if (c->pcap == NULL) {
		fclose(file);
		return -EBADMSG;
	}
	c->link = link_of(pcap_datalink(c->pcap));
	return filter == NULL ? 0 : set_filter(c, filter);
}

int capture_file_open(
	const char *path, const char *filter, struct capture_file **out, char error[256])
{
	struct capture_file *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	int err = open_capture(c, path, filter);
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
	if (c->pcap != NULL)
		pcap_close(c->pcap);
	free(c);
}

enum capture_next capture_file_next(struct capture_file *c, struct capture_frame *frame)
{
	struct pcap_pkthdr *head;
	const u_char *data;

	for (;;) {
		int got = pcap_next_ex(c->pcap, &head, &data);
		if (got == PCAP_ERROR_BREAK || got == 0)
			return CAPTURE_END;
		if (got != 1) {
			snprintf(c->error, sizeof(c->error), "%.200s", pcap_geterr(c->pcap));
			return CAPTURE_TRUNCATED;
		}
		if (!c->has_filter || pcap_offline_filter(&c->filter, head, data) != 0)
			break;
		c->filtered++;
	}
	*frame = (struct capture_frame){
		.data = data,
		// With nanosecond precision tv_usec holds nanoseconds.
		.ts_ns = (uint64_t)head->ts.tv_sec * 1000000000ull + (uint64_t)head->ts.tv_usec,
		.len = head->caplen,
		.wire_len = head->len > head->caplen ? head->len : head->caplen,
		.link = c->link,
	};
	return CAPTURE_FRAME;
}

const char *capture_file_error(const struct capture_file *c)
{
	return c->error;
}

uint64_t capture_file_position(const struct capture_file *c)
{
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
