// A pcap file, read as it is and packed, which is libpcap's to read: the same frames, the same end.
// Input: a byte that chooses the header (127 and above: the input brings its own), then the records.

#include "dataplane/runtime/capture_pcap.h"
#include "tests/unit/capture_twice.h"

enum { FILE_MAX = 1 << 16 };

static size_t put_head(uint8_t choice, uint8_t *out)
{
	static const uint8_t magics[4][4] = {{0xd4, 0xc3, 0xb2, 0xa1}, {0x4d, 0x3c, 0xb2, 0xa1},
		{0xa1, 0xb2, 0xc3, 0xd4}, {0xa1, 0xb2, 0x3c, 0x4d}};
	static const uint8_t links[4] = {1, 101, 113, 147}, snaps[4] = {0, 1, 40, 200};
	bool big = (choice & 3) >= 2;

	memset(out, 0, CAPTURE_PCAP_HEAD);
	memcpy(out, magics[choice & 3], 4);
	out[big ? 5 : 4] = 2;
	out[big ? 7 : 6] = 4;
	out[big ? 19 : 16] = snaps[choice >> 2 & 3];
	out[big ? 23 : 20] = links[choice >> 4 & 3];
	return CAPTURE_PCAP_HEAD;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[FILE_MAX];
	struct twice t;

	if (size == 0 || size > FILE_MAX - CAPTURE_PCAP_HEAD)
		return 0;
	size_t len = data[0] < 127 ? put_head(data[0], bytes) : 0;
	memcpy(bytes + len, data + 1, size - 1);
	len += size - 1;
	// What is packed already would be unpacked once more.
	if (len >= 2 && ((bytes[0] == 0x1f && bytes[1] == 0x8b) || bytes[0] == 0x28))
		return 0;
	if (!twice_same_bytes(&t, bytes, len, NULL)) {
		fprintf(stderr, "%s\n", t.why);
		abort();
	}
	return 0;
}
