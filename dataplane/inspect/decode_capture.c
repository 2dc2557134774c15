// From a frame to the IP packet in it, where a capture has a header of its own, and links
// that are met in captures only.

#include "dataplane/inspect/decode_walk.h"

enum { SLL_LLC = 0x0004, ARPHRD_NETLINK = 824 };

static uint16_t bytes_le16(struct bytes *b)
{
	return __builtin_bswap16(bytes_u16(b));
}

static uint32_t bytes_le32(struct bytes *b)
{
	return __builtin_bswap32(bytes_u32(b));
}

// The link types, by libpcap's numbers, that a header names which stands before the frame.
static enum layer dlt_layer(struct walk *w, uint32_t dlt)
{
	switch (dlt) {
	case 0:
	case 108:
		return LAYER_NULL;
	case 1:
		return LAYER_ETHERNET;
	case 9:
	case 50:
		return LAYER_PPP;
	case 12:
	case 14:
	case 101:
	case 228:
	case 229:
		return LAYER_RAW_IP;
	case 104:
		return LAYER_CHDLC;
	case 105:
		return LAYER_IEEE80211;
	case 107:
		return LAYER_FRAME_RELAY;
	case 113:
		return LAYER_SLL;
	case 127:
		return LAYER_RADIOTAP;
	case 276:
		return LAYER_SLL2;
	default:
		return walk_stop(w, CTR_LINK_UNKNOWN);
	}
}

// The address family of the machine that captured, in its byte order. Families are below
// 256, so the order shows.
enum layer layer_null(struct walk *w)
{
	uint32_t family = bytes_u32(&w->in);

	if (w->in.bad)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		return LAYER_IP4;
	case 10: // Linux
	case 23: // Windows
	case 24: // NetBSD, OpenBSD
	case 28: // FreeBSD
	case 30: // macOS
		return LAYER_IP6;
	default:
		return walk_stop(w, CTR_NOT_IP);
	}
}

static enum layer sll_protocol(struct walk *w, uint16_t device, uint16_t protocol)
{
	if (w->in.bad)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	if (device == ARPHRD_NETLINK) // its protocols are families of netlink
		return walk_stop(w, CTR_NOT_IP);
	if (protocol == SLL_LLC)
		return LAYER_LLC;
	return walk_ethertype(w, protocol);
}

enum layer layer_sll(struct walk *w)
{
	bytes_u16(&w->in); // packet type
	uint16_t device = bytes_u16(&w->in);
	bytes_take(&w->in, 10); // address
	return sll_protocol(w, device, bytes_u16(&w->in));
}

enum layer layer_sll2(struct walk *w)
{
	uint16_t protocol = bytes_u16(&w->in);
	bytes_take(&w->in, 6); // reserved, interface
	uint16_t device = bytes_u16(&w->in);
	bytes_take(&w->in, 10); // packet type, address
	return sll_protocol(w, device, protocol);
}

// IEEE 802.11 9.2.4.1, in the byte order of its drawings: least significant bit first.
enum {
	WLAN_TYPE = 0x000c,
	WLAN_DATA = 0x0008,
	WLAN_NULL = 0x0040,
	WLAN_QOS = 0x0080,
	WLAN_TO_AND_FROM = 0x0300,
	WLAN_PROTECTED = 0x4000,
	WLAN_ORDER = 0x8000,
	QOS_AGGREGATE = 0x0080,
};

// pad: the driver has filled up the header to a multiple of four.
static enum layer ieee80211(struct walk *w, bool pad)
{
	uint16_t control = bytes_le16(&w->in);
	size_t head_len = 24;

	bytes_take(&w->in, 20); // duration, three addresses
	uint16_t sequence = bytes_le16(&w->in);
	if ((control & WLAN_TO_AND_FROM) == WLAN_TO_AND_FROM) {
		bytes_take(&w->in, 6);
		head_len += 6;
	}
	uint16_t qos = 0;
	if (control & WLAN_QOS) {
		qos = bytes_le16(&w->in);
		head_len += 2;
		if (control & WLAN_ORDER) {
			bytes_take(&w->in, 4);
			head_len += 4;
		}
	}
	if (pad)
		bytes_take(&w->in, -head_len & 3);
	if (w->in.bad)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	if ((control & WLAN_TYPE) != WLAN_DATA || (control & (WLAN_NULL | WLAN_PROTECTED)))
		return walk_stop(w, CTR_NOT_IP);
	if (sequence & 0x000f) // a later fragment of a frame
		return walk_stop(w, CTR_NOT_IP);
	// Of an aggregate, the first frame: addresses and a length stand before its LLC header.
	return walk_skip(w, qos & QOS_AGGREGATE ? 14 : 0, LAYER_LLC);
}

enum layer layer_ieee80211(struct walk *w)
{
	return ieee80211(w, false);
}

// Whether radiotap's flags say that the 802.11 header is padded. The fields stand in the
// order of their bits, each aligned to its size: before the flags only the time can be.
static bool is_padded(struct bytes head)
{
	enum { HAS_TIME = 1 << 0, HAS_FLAGS = 1 << 1, PADDED = 0x20 };
	size_t all = head.len;

	bytes_u32(&head); // version, length
	uint32_t first = bytes_le32(&head);
	uint32_t present = first;
	while (present >> 31)
		present = bytes_le32(&head);
	if (first & HAS_TIME) {
		bytes_take(&head, (0 - (all - head.len)) & 7);
		bytes_take(&head, 8);
	}
	return first & HAS_FLAGS && bytes_u8(&head) & PADDED;
}

enum layer layer_radiotap(struct walk *w)
{
	struct bytes ahead = w->in;

	bytes_u16(&ahead); // version
	struct bytes head = bytes_take(&w->in, bytes_le16(&ahead));
	if (head.bad || head.len < 8)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	return ieee80211(w, is_padded(head));
}

enum layer layer_ppi(struct walk *w)
{
	struct bytes ahead = w->in;

	bytes_u16(&ahead); // version, flags
	uint16_t len = bytes_le16(&ahead);
	uint32_t dlt = bytes_le32(&ahead);
	if (ahead.bad || len < 8 || bytes_take(&w->in, len).bad)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	return dlt_layer(w, dlt);
}

enum layer layer_pktap(struct walk *w)
{
	struct bytes ahead = w->in;
	uint32_t len = bytes_le32(&ahead);
	uint32_t content = bytes_le32(&ahead);
	uint32_t dlt = bytes_le32(&ahead);

	if (ahead.bad || len < 12 || bytes_take(&w->in, len).bad)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	return content == 1 ? dlt_layer(w, dlt) : walk_stop(w, CTR_NOT_IP);
}

// Attributes of netlink, in the byte order of the machine that captured: little-endian.
enum layer layer_nflog(struct walk *w)
{
	enum { HEAD = 4, ATTRIBUTE_HEAD = 4, PAYLOAD = 9 };

	bytes_take(&w->in, HEAD);
	while (w->in.len > 0) {
		size_t len = bytes_le16(&w->in);
		uint16_t type = bytes_le16(&w->in);
		if (w->in.bad || len < ATTRIBUTE_HEAD)
			break;
		len -= ATTRIBUTE_HEAD;
		if (type == PAYLOAD) {
			// The last attribute may have been cut by the snap length.
			w->in.len = len < w->in.len ? len : w->in.len;
			return LAYER_RAW_IP;
		}
		bytes_take(&w->in, (len + 3) & ~(size_t)3);
	}
	return walk_stop(w, w->in.bad ? CTR_LINK_TRUNCATED : CTR_NOT_IP);
}

// RFC 1201 packets carry a sequence, with an exception mark before it where padding was
// needed; RFC 1051 packets do not.
enum layer layer_arcnet(struct walk *w)
{
	enum { IP_1051 = 240, IP_1201 = 212, EXCEPTION = 0xff };

	bytes_take(&w->in, 4); // source, destination, offset
	uint8_t type = bytes_u8(&w->in);
	if (w->in.bad)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	if (type == IP_1051)
		return LAYER_IP4;
	if (type != IP_1201)
		return walk_stop(w, CTR_NOT_IP);
	if (bytes_u8(&w->in) == EXCEPTION)
		bytes_take(&w->in, 3);
	return walk_skip(w, 2, LAYER_IP4);
}

enum layer layer_juniper(struct walk *w)
{
	enum { MAGIC = 0x4d4743, WITHOUT_LINK = 0x02, WITH_EXTENSIONS = 0x80 };
	uint32_t magic = bytes_u24(&w->in);
	uint8_t flags = bytes_u8(&w->in);

	if (flags & WITH_EXTENSIONS)
		bytes_vec16(&w->in);
	if (w->in.bad || magic != MAGIC)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	// Without a link header, an address family tells what the nibble tells as well.
	if (flags & WITHOUT_LINK)
		return walk_skip(w, 4, LAYER_RAW_IP);
	return LAYER_ETHERNET;
}

// A pseudo header with the InfiniBand addresses, then RFC 4391 6.
enum layer layer_ipoib(struct walk *w)
{
	bytes_take(&w->in, 40);
	uint16_t type = bytes_u16(&w->in);
	return bytes_take(&w->in, 2).bad ? walk_stop(w, CTR_LINK_TRUNCATED)
					 : walk_ethertype(w, type);
}
