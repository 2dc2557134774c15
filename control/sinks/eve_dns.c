// Messages of DNS, mDNS, LLMNR, in version 3 of Suricata's format.

#include "control/sinks/eve_parts.h"

#include <stdio.h>
#include <string.h>

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

static bool next_word(const uint8_t **p, size_t *left, const uint8_t **word, size_t *len)
{
	const uint8_t *space = *left > 0 ? memchr(*p, ' ', *left) : NULL;

	*word = *p;
	*len = space != NULL ? (size_t)(space - *p) : *left;
	size_t took = *len + (space != NULL ? 1 : 0);
	*p += took;
	*left -= took;
	return took > 0;
}

// "m r 1 2 3": words of a record's data, by the keys of its object.
static void put_words(struct json_out *j, const char *object, const struct eve_value *v,
	const char *const *keys, unsigned n, unsigned first_number, unsigned numbers)
{
	const uint8_t *p = v->p, *word;
	size_t left = v->len, len;

	jout_open(j, object, '{');
	for (unsigned i = 0; i < n && next_word(&p, &left, &word, &len); i++) {
		uint64_t number = 0;
		if (i < first_number || i >= first_number + numbers) {
			jout_text(j, keys[i], word, len);
			continue;
		}
		size_t k = 0;
		for (; k < len && k < 10 && word[k] >= '0' && word[k] <= '9'; k++)
			number = number * 10 + (unsigned)(word[k] - '0');
		if (k > 0 && k == len) // masked, it is no number any more
			jout_number(j, keys[i], number);
	}
	jout_close(j, '}');
}

enum { TYPE_SOA = 6, TYPE_SRV = 33 };

static void put_data(struct json_out *j, uint16_t tag, uint16_t type, const struct eve_value *data)
{
	static const char *const soa[] = {
		"mname", "rname", "serial", "refresh", "retry", "expire", "minimum"};
	static const char *const srv[] = {"priority", "weight", "port", "name"};

	if (type == TYPE_SOA && tag != FIELD_DNS_ADDITIONAL)
		put_words(j, "soa", data, soa, 7, 2, 5);
	else if (type == TYPE_SRV && tag == FIELD_DNS_ANSWER)
		put_words(j, "srv", data, srv, 4, 0, 3);
	else
		jout_text(j, "rdata", data->p, data->len);
}

static bool is_data(uint16_t tag)
{
	return tag == FIELD_DNS_RDATA || tag == FIELD_DNS_RDATA_NAME || tag == FIELD_DNS_SERVICE ||
		tag == FIELD_DNS_SOA || tag == FIELD_DNS_ADDRESS;
}

// The records of a section: each is its name, then its type and TTL, then its data.
static void put_section(
	struct json_out *j, const struct eve_record *r, const char *key, uint16_t tag)
{
	if (eve_record_find(r, tag) == NULL)
		return;
	jout_open(j, key, '[');
	for (unsigned i = 0; i < r->n; i++) {
		const struct eve_value *rr = i + 1 < r->n ? &r->values[i + 1] : NULL;
		const struct eve_value *data = i + 2 < r->n ? &r->values[i + 2] : NULL;
		if (r->values[i].tag != tag)
			continue;
		jout_open(j, NULL, '{');
		jout_text(j, "rrname", r->values[i].p, r->values[i].len);
		if (rr != NULL && rr->tag == FIELD_DNS_RR && rr->len >= 2) {
			put_rrtype(j, eve_u16(rr, 0));
			if (rr->len == 6)
				jout_number(
					j, "ttl", (uint32_t)eve_u16(rr, 2) << 16 | eve_u16(rr, 4));
			if (data != NULL && is_data(data->tag))
				put_data(j, tag, eve_u16(rr, 0), data);
		}
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
	put_section(j, r, "answers", FIELD_DNS_ANSWER);
	put_section(j, r, "authorities", FIELD_DNS_AUTHORITY);
	put_section(j, r, "additionals", FIELD_DNS_ADDITIONAL);
}
