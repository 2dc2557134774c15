// Messages of DNS, mDNS, LLMNR, in version 3 of Suricata's format.

#include "control/sinks/eve_parts.h"

#include <stdio.h>

// IANA, domain name system parameters.
static const struct eve_name rrtypes[] = {{1, "A"}, {2, "NS"}, {5, "CNAME"}, {6, "SOA"},
	{10, "NULL"}, {12, "PTR"}, {13, "HINFO"}, {15, "MX"}, {16, "TXT"}, {17, "RP"}, {24, "SIG"},
	{25, "KEY"}, {28, "AAAA"}, {29, "LOC"}, {33, "SRV"}, {35, "NAPTR"}, {37, "CERT"},
	{39, "DNAME"}, {41, "OPT"}, {42, "APL"}, {43, "DS"}, {44, "SSHFP"}, {46, "RRSIG"},
	{47, "NSEC"}, {48, "DNSKEY"}, {49, "DHCID"}, {50, "NSEC3"}, {51, "NSEC3PARAM"},
	{52, "TLSA"}, {55, "HIP"}, {59, "CDS"}, {60, "CDNSKEY"}, {64, "SVCB"}, {65, "HTTPS"},
	{99, "SPF"}, {249, "TKEY"}, {250, "TSIG"}, {251, "IXFR"}, {252, "AXFR"}, {255, "ANY"},
	{256, "URI"}, {257, "CAA"}};

static const struct eve_name rcodes[] = {{0, "NOERROR"}, {1, "FORMERR"}, {2, "SERVFAIL"},
	{3, "NXDOMAIN"}, {4, "NOTIMP"}, {5, "REFUSED"}, {6, "YXDOMAIN"}, {7, "YXRRSET"},
	{8, "NXRRSET"}, {9, "NOTAUTH"}, {10, "NOTZONE"}};

static void put_rrtype(struct json_out *j, uint16_t type)
{
	const char *name = EVE_NAME(rrtypes, type);
	char number[16];

	snprintf(number, sizeof(number), "TYPE%u", type); // RFC 3597 5
	jout_string(j, "rrtype", name != NULL ? name : number);
}

static void put_queries(struct json_out *j, const struct eve_record *r)
{
	if (eve_record_find(r, FIELD_DNS_QUERY) == NULL)
		return;
	jout_open(j, "queries", '[');
	for (unsigned i = 0; i < r->n; i++) {
		if (r->values[i].tag != FIELD_DNS_QUERY)
			continue;
		jout_open(j, NULL, '{');
		jout_text(j, "rrname", r->values[i].p, r->values[i].len);
		if (i + 1 < r->n && r->values[i + 1].tag == FIELD_DNS_RRTYPE)
			put_rrtype(j, eve_u16(&r->values[i + 1], 0));
		jout_close(j, '}');
	}
	jout_close(j, ']');
}

// RFC 1035 4.1.1.
static void put_dns_flags(struct json_out *j, uint16_t flags)
{
	static const struct {
		uint16_t bit;
		const char *key;
	} bits[] = {{0x8000, "qr"}, {0x0400, "aa"}, {0x0200, "tc"}, {0x0100, "rd"}, {0x0080, "ra"},
		{0x0040, "z"}};
	const char *rcode = EVE_NAME(rcodes, flags & 15);
	char text[8];

	snprintf(text, sizeof(text), "%04x", flags);
	jout_string(j, "flags", text);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (flags & bits[i].bit)
			jout_bool(j, bits[i].key, true);
	}
	jout_number(j, "opcode", flags >> 11 & 15);
	if (!(flags & 0x8000))
		return;
	snprintf(text, sizeof(text), "%u", flags & 15);
	jout_string(j, "rcode", rcode != NULL ? rcode : text);
}

void eve_put_dns(struct json_out *j, const struct eve_record *r)
{
	const struct eve_value *header = eve_record_find(r, FIELD_DNS_HEADER);
	bool known = header != NULL && header->len >= 4;
	uint16_t flags = known ? eve_u16(header, 2) : 0;

	jout_number(j, "version", 3);
	jout_string(j, "type", flags & 0x8000 ? "response" : "request");
	jout_number(j, "tx_id", r->head.tx_id);
	if (known) {
		jout_number(j, "id", eve_u16(header, 0));
		put_dns_flags(j, flags);
	}
	put_queries(j, r);
}
