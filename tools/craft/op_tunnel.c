// Operations that put a packet into something: a tag, a label, a session, a tunnel. The
// result always has an Ethernet header. Tunnels run between two documentation addresses, in
// the direction that the packet in them has.

#include "tools/craft/locate.h"
#include "tools/craft/op.h"
#include "tools/craft/packet.h"

#include <netinet/in.h>
#include <pcap/pcap.h>
#include <string.h>

enum {
	ETHERTYPE_OF_VLAN = 0x8100,
	ETHERTYPE_OF_MPLS = 0x8847,
	ETHERTYPE_OF_PPPOE = 0x8864,
	PORT_GTPU = 2152,
	PORT_VXLAN = 4789,
	PORT_GENEVE = 6081,
	PORT_VXLAN_FROM = 51000,
	UDP_LEN = 8,
	MACS_LEN = 12,
	SLL_LEN = 16,
	INNER_MAX = 65535 - 64, // room for any of the headers below
	MPLS_TTL = 64,
};

// The frame with an Ethernet header in front of what it carries.
static struct frame as_ethernet(struct op_run *run, const struct frame *f)
{
	struct wire w = wire_over(run->ethernet, sizeof(run->ethernet));
	struct host from = host_of("192.0.2.1", 0), to = host_of("192.0.2.2", 0);
	uint32_t skip = run->link == DLT_LINUX_SLL ? SLL_LEN : 0;
	uint16_t type = 0;

	if (run->link == DLT_EN10MB)
		return *f;
	if (skip > f->len)
		skip = f->len;
	if (skip == SLL_LEN)
		type = (uint16_t)(f->data[SLL_LEN - 2] << 8 | f->data[SLL_LEN - 1]);
	else if (f->len > 0 && skip == 0)
		type = f->data[0] >> 4 == 6 ? ETHERTYPE_OF_IPV6 : ETHERTYPE_OF_IPV4;
	packet_ethernet(&w, &from, &to, type);
	wire_put(&w, f->data + skip, f->len - skip);
	return (struct frame){.data = run->ethernet,
		.ts_ns = f->ts_ns,
		.len = (uint32_t)w.len,
		.wire_len = f->wire_len - f->len + (uint32_t)w.len};
}

// What is being built, from `in` to scratch.
struct cover {
	struct op_run *run;
	struct frame in; // Ethernet
	struct located at;
	struct wire w;
	const uint8_t *inner;
	uint32_t inner_len; // on the wire
	uint32_t inner_here; // captured
};

static void cover_open(struct cover *c, struct op_run *run, const struct frame *f)
{
	*c = (struct cover){.run = run, .in = as_ethernet(run, f)};
	c->w = wire_over(run->scratch, sizeof(run->scratch));
}

// The inner part is the IP packet; MACs and tags stay in front of the new headers.
static bool cover_ip(struct cover *c, struct op_run *run, const struct frame *f)
{
	cover_open(c, run, f);
	if (!locate_ip(DLT_EN10MB, &c->in, &c->at) || c->at.ip_len > INNER_MAX)
		return false;
	uint32_t here = c->in.len - c->at.ip;
	c->inner = c->in.data + c->at.ip;
	c->inner_len = c->at.ip_len;
	c->inner_here = here < c->inner_len ? here : c->inner_len;
	wire_put(&c->w, c->in.data, c->at.type_at);
	return true;
}

// The inner part is the whole frame.
static bool cover_frame(struct cover *c, struct op_run *run, const struct frame *f)
{
	cover_open(c, run, f);
	if (c->in.len < ETHERNET_LEN || c->in.wire_len < c->in.len || c->in.wire_len > INNER_MAX)
		return false;
	if (!locate_ip(DLT_EN10MB, &c->in, &c->at))
		c->at.version = 0;
	c->inner = c->in.data;
	c->inner_len = c->in.wire_len;
	c->inner_here = c->in.len;
	return true;
}

static int cover_pass(struct cover *c)
{
	return op_pass(c->run, &c->in);
}

static int cover_put(struct cover *c)
{
	wire_put(&c->w, c->inner, c->inner_here);
	struct frame out = {.data = c->run->scratch,
		.ts_ns = c->in.ts_ns,
		.len = (uint32_t)c->w.len,
		.wire_len = (uint32_t)c->w.len + c->inner_len - c->inner_here};
	return c->run->put(c->run->put_ctx, &out);
}

static bool turned(const struct cover *c)
{
	const uint8_t *ip = c->in.data + c->at.ip;

	if (c->at.version == 4)
		return memcmp(ip + 12, ip + 16, 4) > 0;
	if (c->at.version == 6)
		return memcmp(ip + 8, ip + 24, 16) > 0;
	return memcmp(c->in.data, c->in.data + 6, 6) < 0;
}

struct ends {
	struct host from;
	struct host to;
};

static struct ends ends_of(const struct cover *c)
{
	struct host a = host_of("192.0.2.1", 0), b = host_of("192.0.2.2", 0);

	return turned(c) ? (struct ends){b, a} : (struct ends){a, b};
}

static void put_udp(struct cover *c, const struct ends *e, uint16_t from, uint16_t to, uint32_t len)
{
	packet_ip(&c->w, &e->from, &e->to, (uint16_t)++c->run->count, IPPROTO_UDP, UDP_LEN + len);
	wire_u16(&c->w, from);
	wire_u16(&c->w, to);
	wire_u16(&c->w, (uint16_t)(UDP_LEN + len));
	wire_u16(&c->w, 0); // RFC 7348: should be without a checksum
}

int op_vlan(struct op_run *run, const struct frame *f)
{
	struct cover c;

	if (!cover_frame(&c, run, f))
		return cover_pass(&c);
	wire_put(&c.w, c.in.data, MACS_LEN);
	wire_u16(&c.w, ETHERTYPE_OF_VLAN);
	wire_u16(&c.w, (uint16_t)run->arg);
	c.inner += MACS_LEN;
	c.inner_len -= MACS_LEN;
	c.inner_here -= MACS_LEN;
	return cover_put(&c);
}

int op_mpls(struct op_run *run, const struct frame *f)
{
	struct cover c;

	if (!cover_ip(&c, run, f))
		return cover_pass(&c);
	wire_u16(&c.w, ETHERTYPE_OF_MPLS);
	wire_u32(&c.w, (uint32_t)run->arg << 12 | 1 << 8 /* bottom */ | MPLS_TTL);
	return cover_put(&c);
}

int op_pppoe(struct op_run *run, const struct frame *f)
{
	struct cover c;

	if (!cover_ip(&c, run, f))
		return cover_pass(&c);
	wire_u16(&c.w, ETHERTYPE_OF_PPPOE);
	wire_u16(&c.w, 0x1100); // RFC 2516: version 1, type 1, session data
	wire_u16(&c.w, (uint16_t)run->arg);
	wire_u16(&c.w, (uint16_t)(c.inner_len + 2));
	wire_u16(&c.w, c.at.version == 6 ? 0x0057 : 0x0021);
	return cover_put(&c);
}

int op_gre(struct op_run *run, const struct frame *f)
{
	struct cover c;

	if (!cover_ip(&c, run, f))
		return cover_pass(&c);
	struct ends e = ends_of(&c);
	wire_u16(&c.w, ETHERTYPE_OF_IPV4);
	packet_ip(&c.w, &e.from, &e.to, (uint16_t)++run->count, IPPROTO_GRE, 4 + c.inner_len);
	wire_u16(&c.w, 0);
	wire_u16(&c.w, c.at.version == 6 ? ETHERTYPE_OF_IPV6 : ETHERTYPE_OF_IPV4);
	return cover_put(&c);
}

int op_gtpu(struct op_run *run, const struct frame *f)
{
	struct cover c;

	if (!cover_ip(&c, run, f))
		return cover_pass(&c);
	struct ends e = ends_of(&c);
	wire_u16(&c.w, ETHERTYPE_OF_IPV4);
	put_udp(&c, &e, PORT_GTPU, PORT_GTPU, 8 + c.inner_len);
	wire_u16(&c.w, 0x30ff); // TS 29.281: version 1, GTP, no options; G-PDU
	wire_u16(&c.w, (uint16_t)c.inner_len);
	wire_u32(&c.w, (uint32_t)run->arg);
	return cover_put(&c);
}

int op_vxlan(struct op_run *run, const struct frame *f)
{
	struct cover c;

	if (!cover_frame(&c, run, f))
		return cover_pass(&c);
	struct ends e = ends_of(&c);
	packet_ethernet(&c.w, &e.from, &e.to, ETHERTYPE_OF_IPV4);
	put_udp(&c, &e, PORT_VXLAN_FROM, PORT_VXLAN, 8 + c.inner_len);
	wire_u32(&c.w, 0x08000000); // the VNI is valid
	wire_u32(&c.w, (uint32_t)run->arg << 8);
	return cover_put(&c);
}

// RFC 8926 3.4: version 0, no options, an Ethernet frame inside.
int op_geneve(struct op_run *run, const struct frame *f)
{
	struct cover c;

	if (!cover_frame(&c, run, f))
		return cover_pass(&c);
	struct ends e = ends_of(&c);
	packet_ethernet(&c.w, &e.from, &e.to, ETHERTYPE_OF_IPV4);
	put_udp(&c, &e, PORT_VXLAN_FROM, PORT_GENEVE, 8 + c.inner_len);
	wire_u32(&c.w, 0x6558);
	wire_u32(&c.w, (uint32_t)run->arg << 8);
	return cover_put(&c);
}

// RFC 2003, RFC 4213.
int op_ipip(struct op_run *run, const struct frame *f)
{
	struct cover c;

	if (!cover_ip(&c, run, f))
		return cover_pass(&c);
	struct ends e = ends_of(&c);
	wire_u16(&c.w, ETHERTYPE_OF_IPV4);
	packet_ip(&c.w, &e.from, &e.to, (uint16_t)++run->count,
		c.at.version == 6 ? IPPROTO_IPV6 : IPPROTO_IPIP, c.inner_len);
	return cover_put(&c);
}
