#include "dataplane/inspect/proto/dns_rdata.h"

#include "dataplane/base/digits.h"

#include <arpa/inet.h>

void dns_add(struct dns_texts *t, const void *p, size_t len)
{
	size_t room = DNS_TEXTS_MAX - t->used;
	size_t n = len < room ? len : room;

	if (n > 0)
		memcpy(t->data + t->used, p, n);
	t->used += n;
}

static void add_text(struct dns_texts *t, const char *text)
{
	dns_add(t, text, strlen(text));
}

static void add_number(struct dns_texts *t, uint32_t n)
{
	char digits[DECIMAL_MAX];

	dns_add(t, digits, decimal_text(digits, n));
}

static void add_name(struct dns_texts *t, struct dns_message *m, struct bytes *in)
{
	uint8_t name[DNS_NAME_MAX], len;

	if (dns_read_name(m, in, name, &len) == DNS_READ_OK)
		dns_add(t, name, len);
	else
		in->bad = true;
}

static void add_ip4(struct dns_texts *t, struct bytes address)
{
	char text[IPV4_TEXT_MAX];

	if (address.len == 4)
		dns_add(t, text, ipv4_text(text, address.p));
}

static void add_ip6(struct dns_texts *t, struct bytes address)
{
	char text[INET6_ADDRSTRLEN];

	if (address.len == 16 && inet_ntop(AF_INET6, address.p, text, sizeof(text)) != NULL)
		add_text(t, text);
}

bool dns_svcb_next(struct bytes *in, uint16_t *key, struct bytes *value)
{
	*key = bytes_u16(in);
	*value = bytes_vec16(in);
	return !in->bad;
}

// RFC 9460 2.1, 7: the values of a list. False: this parameter has none that is told.
static bool add_parameter_value(struct dns_texts *t, uint16_t key, struct bytes *value)
{
	struct bytes one;

	switch (key) {
	case DNS_SVCB_MANDATORY:
		add_number(t, bytes_u16(value));
		return true;
	case DNS_SVCB_ALPN:
		one = bytes_vec8(value);
		dns_add(t, one.p, one.len);
		return true;
	case DNS_SVCB_PORT:
		add_number(t, bytes_u16(value));
		return true;
	case DNS_SVCB_IPV4HINT:
		one = bytes_take(value, 4);
		add_ip4(t, one);
		return true;
	case DNS_SVCB_IPV6HINT:
		one = bytes_take(value, 16);
		add_ip6(t, one);
		return true;
	case DNS_SVCB_DOHPATH:
		one = bytes_take(value, value->len);
		dns_add(t, one.p, one.len);
		return true;
	default:
		return false;
	}
}

// RFC 9460 2.1. Of keys it does not know, and of ECH's configuration, the key only.
static void add_parameters(struct dns_texts *t, struct bytes in, bool *ech)
{
	static const char *const keys[] = {"mandatory", "alpn", "no-default-alpn", "port",
		"ipv4hint", "ech", "ipv6hint", "dohpath"};
	struct bytes value;
	uint16_t key;

	while (in.len > 0 && dns_svcb_next(&in, &key, &value)) {
		const char *sign = "=";
		dns_add(t, " ", 1);
		add_text(t, key < sizeof(keys) / sizeof(keys[0]) ? keys[key] : "key");
		if (key >= sizeof(keys) / sizeof(keys[0]))
			add_number(t, key);
		*ech |= key == DNS_SVCB_ECH;
		while (value.len > 0) {
			size_t before = t->used;
			add_text(t, sign);
			sign = ",";
			if (!add_parameter_value(t, key, &value) || value.bad) {
				t->used = before;
				break;
			}
		}
	}
}

static void add_soa(struct dns_texts *t, struct dns_message *m, struct bytes in)
{
	add_name(t, m, &in);
	dns_add(t, " ", 1);
	add_name(t, m, &in);
	for (unsigned i = 0; i < 5 && !in.bad; i++) {
		dns_add(t, " ", 1);
		add_number(t, bytes_u32(&in));
	}
}

static void add_srv(struct dns_texts *t, struct dns_message *m, struct bytes in)
{
	for (unsigned i = 0; i < 3; i++) {
		add_number(t, bytes_u16(&in));
		dns_add(t, " ", 1);
	}
	add_name(t, m, &in);
}

static void add_svcb(struct dns_texts *t, struct dns_message *m, struct bytes in, bool *ech)
{
	add_number(t, bytes_u16(&in));
	dns_add(t, " ", 1);
	size_t begin = t->used;
	add_name(t, m, &in);
	if (t->used == begin) // RFC 9460 2.5: the record's own name
		dns_add(t, ".", 1);
	if (!in.bad)
		add_parameters(t, in, ech);
}

static void add_strings(struct dns_texts *t, struct bytes in)
{
	while (in.len > 0) {
		struct bytes string = bytes_vec8(&in);
		dns_add(t, string.p, string.len);
	}
}

void dns_rdata(
	struct dns_texts *t, struct dns_message *m, const struct dns_record *record, bool *ech)
{
	struct bytes in = record->data;

	switch (record->type) {
	case DNS_TYPE_A:
		if (in.len == 4)
			add_ip4(t, in);
		break;
	case DNS_TYPE_AAAA:
		add_ip6(t, in);
		break;
	case DNS_TYPE_MX:
		bytes_u16(&in); // the preference: Suricata tells the name
		add_name(t, m, &in);
		break;
	case DNS_TYPE_NS:
	case DNS_TYPE_CNAME:
	case DNS_TYPE_PTR:
	case DNS_TYPE_DNAME:
		add_name(t, m, &in);
		break;
	case DNS_TYPE_TXT:
		add_strings(t, in);
		break;
	case DNS_TYPE_SOA:
		add_soa(t, m, in);
		break;
	case DNS_TYPE_SRV:
		add_srv(t, m, in);
		break;
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
		add_svcb(t, m, in, ech);
		break;
	}
}
