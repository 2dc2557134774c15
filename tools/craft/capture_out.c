#include "tools/craft/capture_out.h"

#include <pcap/pcap.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_LEN = 1 << 20, LINKTYPE_RAW = 101 };

// draft-ietf-opsawg-pcapng; written in the machine's byte order, as the format allows.
enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	MAGIC_BYTE_ORDER = 0x1a2b3c4d,
	OPTION_TSRESOL = 9,
};

struct capture_out {
	FILE *file;
	pcap_t *dead;
	pcap_dumper_t *dumper; // NULL: pcapng
	char *buffer;
};

static int error_of(int err)
{
	return err != 0 ? -err : -EIO;
}

static void put_section(FILE *file)
{
	const uint32_t block[] = {BLOCK_SECTION, 28, MAGIC_BYTE_ORDER, 1 /* version 1.0 */,
		0xffffffff, 0xffffffff /* length not told */, 28};
	fwrite(block, sizeof(block), 1, file);
}

static void put_interface(FILE *file, int link)
{
	struct {
		uint32_t type, len;
		uint16_t link, reserved;
		uint32_t snaplen;
		uint16_t option, option_len;
		uint8_t resolution, pad[3];
		uint32_t end_of_options, len_again;
	} block = {.type = BLOCK_INTERFACE,
		.len = sizeof(block),
		.link = (uint16_t)(link == DLT_RAW ? LINKTYPE_RAW : link),
		.snaplen = FRAME_MAX,
		.option = OPTION_TSRESOL,
		.option_len = 1,
		.resolution = 9,
		.len_again = sizeof(block)};
	fwrite(&block, sizeof(block), 1, file);
}

static void put_packet(FILE *file, const struct frame *f)
{
	static const uint8_t zero[4];
	uint32_t pad = (4 - f->len % 4) % 4;
	uint32_t len = 32 + f->len + pad;
	const uint32_t head[] = {BLOCK_PACKET, len, 0, (uint32_t)(f->ts_ns >> 32),
		(uint32_t)f->ts_ns, f->len, f->wire_len};

	fwrite(head, sizeof(head), 1, file);
	fwrite(f->data, 1, f->len, file);
	fwrite(zero, 1, pad, file);
	fwrite(&len, sizeof(len), 1, file);
}

static bool is_pcapng(const char *path)
{
	size_t n = strlen(path);
	return n >= 7 && strcmp(path + n - 7, ".pcapng") == 0;
}

static int start(struct capture_out *o, const char *path, int link)
{
	o->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
	if (o->file == NULL)
		return error_of(errno);
	setvbuf(o->file, o->buffer, _IOFBF, BUFFER_LEN);
	if (is_pcapng(path)) {
		put_section(o->file);
		put_interface(o->file, link);
		return 0;
	}
	o->dead = pcap_open_dead_with_tstamp_precision(link, FRAME_MAX, PCAP_TSTAMP_PRECISION_NANO);
	if (o->dead == NULL)
		return -ENOMEM;
	o->dumper = pcap_dump_fopen(o->dead, o->file);
	return o->dumper != NULL ? 0 : -EIO;
}

int capture_out_open(const char *path, int link, struct capture_out **out)
{
	struct capture_out *o = calloc(1, sizeof(*o));
	int err = -ENOMEM;

	if (o != NULL)
		o->buffer = malloc(BUFFER_LEN);
	if (o != NULL && o->buffer != NULL)
		err = start(o, path, link);
	if (err < 0) {
		capture_out_close(o);
		return err;
	}
	*out = o;
	return 0;
}

int capture_out_put(void *out, const struct frame *f)
{
	struct capture_out *o = out;

	errno = 0;
	if (o->dumper == NULL) {
		put_packet(o->file, f);
	} else {
		// With nanosecond precision libpcap keeps nanoseconds in tv_usec.
		struct pcap_pkthdr h = {.ts.tv_sec = (time_t)(f->ts_ns / 1000000000),
			.ts.tv_usec = (suseconds_t)(f->ts_ns % 1000000000),
			.caplen = f->len,
			.len = f->wire_len};
		pcap_dump((u_char *)o->dumper, &h, f->data);
	}
	return ferror(o->file) ? error_of(errno) : 0;
}

int capture_out_close(struct capture_out *o)
{
	int err = 0;

	if (o == NULL)
		return 0;
	errno = 0;
	if (o->file != NULL && (fflush(o->file) != 0 || ferror(o->file)))
		err = error_of(errno);
	// The dumper is the FILE itself; stdout keeps our buffer, so it is closed too.
	errno = 0;
	if (o->file != NULL && fclose(o->file) != 0 && err == 0)
		err = error_of(errno);
	if (o->dead != NULL)
		pcap_close(o->dead);
	free(o->buffer);
	free(o);
	return err;
}
