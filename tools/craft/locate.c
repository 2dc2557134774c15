#include "tools/craft/locate.h"

#include "dataplane/base/bytes.h"
#include "tools/craft/packet.h"

#include <netinet/in.h>
#include <pcap/pcap.h>

enum { SLL_LEN = 16, SLL_TYPE_AT = 14, IPV4_LEN = 20, IPV6_LEN = 40, EXTENSIONS_MAX = 8 };

bool locate_link_known(int link)
{
	return link == DLT_EN10MB || link == DLT_RAW || link == DLT_LINUX_SLL || link == DLT_IPV4 ||
		link == DLT_IPV6;
}

static bool is_tag(uint16_t ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

static bool is_ip(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_OF_IPV4 || ethertype == ETHERTYPE_OF_IPV6;
}

// Leaves `b` at the IP header.
static bool skip_link(int link, struct bytes *b, struct located *out)
{
	const uint8_t *start = b->p;
	uint16_t type;

	if (link != DLT_EN10MB && link != DLT_LINUX_SLL)
		return true;
	bytes_take(b, link == DLT_EN10MB ? ETHERNET_LEN - 2 : SLL_TYPE_AT);
	type = bytes_u16(b);
	while (!b->bad && link == DLT_EN10MB && is_tag(type)) {
		bytes_take(b, 2);
		type = bytes_u16(b);
	}
	if (b->bad || !is_ip(type))
		return false;
	out->type_at = (uint32_t)(b->p - start) - 2;
	return true;
}

static bool locate_ipv4(struct bytes b, const struct frame *f, struct located *out)
{
	uint32_t rest = f->wire_len - out->ip;
	uint32_t header = (bytes_u8(&b) & 0x0fu) * 4;

	bytes_take(&b, 1);
	uint32_t total = bytes_u16(&b);
	bytes_take(&b, 2);
	uint16_t offset = bytes_u16(&b);
	bytes_take(&b, 1);
	out->protocol = bytes_u8(&b);
	bytes_take(&b, header > 10 ? header - 10 : 0);
	if (b.bad || header < IPV4_LEN)
		return false;
	// A frame that the NIC was to cut says 0.
	out->ip_len = total == 0 ? rest : total;
	if (out->ip_len < header || out->ip_len > rest)
		return false;
	out->fragment = (offset & 0x3fff) != 0;
	out->first = (offset & 0x1fff) == 0;
	out->l4 = out->ip + header;
	return true;
}

// RFC 8200 4.5: routers look at what stands before a fragment header, hosts at the rest.
static bool locate_extensions(struct bytes b, const uint8_t *start, struct located *out)
{
	uint8_t next = out->protocol;

	for (unsigned i = 0; i < EXTENSIONS_MAX; i++) {
		const uint8_t *at = b.p;
		if (next == IPPROTO_FRAGMENT) {
			out->fragment = true;
			next = bytes_u8(&b);
			bytes_take(&b, 1);
			out->first = (bytes_u16(&b) & 0xfff8) == 0;
			bytes_take(&b, 4);
			if (!out->first)
				break;
		} else if (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
			next == IPPROTO_DSTOPTS) {
			bool routers = next != IPPROTO_DSTOPTS;
			next = bytes_u8(&b);
			bytes_take(&b, (bytes_u8(&b) + 1u) * 8 - 2);
			if (routers && !b.bad) {
				out->next_at = (uint32_t)(at - start);
				out->frag_at = (uint32_t)(b.p - start);
			}
		} else {
			break;
		}
	}
	if (b.bad)
		return false;
	out->protocol = next;
	out->l4 = (uint32_t)(b.p - start);
	return out->l4 - out->ip <= out->ip_len;
}

static bool locate_ipv6(struct bytes b, const struct frame *f, struct located *out)
{
	uint32_t rest = f->wire_len - out->ip;

	bytes_take(&b, 4);
	uint32_t payload = bytes_u16(&b);
	out->protocol = bytes_u8(&b);
	bytes_take(&b, 33);
	if (b.bad)
		return false;
	out->ip_len = payload == 0 ? rest : payload + IPV6_LEN;
	if (out->ip_len > rest)
		return false;
	out->first = true;
	out->next_at = out->ip + 6;
	out->frag_at = out->ip + IPV6_LEN;
	return locate_extensions(b, f->data, out);
}

bool locate_ip(int link, const struct frame *f, struct located *out)
{
	struct bytes b = {.p = f->data, .len = f->len};
	struct located at = {0};

	if (f->wire_len < f->len || f->wire_len > FRAME_MAX)
		return false;
	if (!skip_link(link, &b, &at) || b.len == 0)
		return false;
	at.ip = (uint32_t)(b.p - f->data);
	at.version = b.p[0] >> 4;
	bool ok = at.version == 4 ? locate_ipv4(b, f, &at)
				  : at.version == 6 && locate_ipv6(b, f, &at);
	if (!ok)
		return false;
	at.whole = at.ip_len <= f->len - at.ip;
	*out = at;
	return true;
}

bool locate_tcp(int link, const struct frame *f, struct located_tcp *out)
{
	struct located_tcp t = {0};

	if (!locate_ip(link, f, &t.ip) || !t.ip.whole || t.ip.fragment ||
		t.ip.protocol != IPPROTO_TCP)
		return false;
	struct bytes b = {.p = f->data + t.ip.l4, .len = t.ip.ip + t.ip.ip_len - t.ip.l4};
	bytes_take(&b, 4);
	t.seq = bytes_u32(&b);
	bytes_take(&b, 4);
	uint32_t header = (bytes_u8(&b) >> 4) * 4u;
	t.flags = bytes_u8(&b);
	if (b.bad || header < 20 || header > t.ip.ip + t.ip.ip_len - t.ip.l4)
		return false;
	t.payload = t.ip.l4 + header;
	t.payload_len = t.ip.ip + t.ip.ip_len - t.payload;
	*out = t;
	return true;
}
