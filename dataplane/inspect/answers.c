#include "dataplane/inspect/answers.h"

#include "dataplane/inspect/proto/dns_message.h"
#include "dataplane/inspect/proto/dns_rdata.h"
#include "dataplane/inspect/proto/names.h"

#include <strings.h>

enum { RECORDS_MAX = 64, QUESTIONS_MAX = 4 };

struct answer {
	struct name_table *names;
	struct dns_message message;
	uint64_t now_ns;
};

struct bytes answer_of(const struct packet *p)
{
	struct bytes in = {p->payload, p->payload_len, false};

	if (!packet_may_answer(p))
		return (struct bytes){0};
	if (p->key.l4 == IPPROTO_TCP) {
		size_t len = bytes_u16(&in); // RFC 1035 4.2.2
		if (in.len > len)
			in.len = len;
	}
	// RFC 1035 4.1.1: a response, of a query, without an error.
	if (in.bad || in.len < DNS_HEADER_LEN || (in.p[2] & 0xf8) != 0x80 ||
		(in.p[3] & DNS_RCODE_MASK) != 0)
		return (struct bytes){0};
	if (in.len > ANSWER_BYTES_MAX)
		in.len = ANSWER_BYTES_MAX;
	return in;
}

static void learn(const struct answer *a, uint8_t ip_version, struct bytes from, struct bytes name,
	uint32_t ttl)
{
	uint8_t address[16] = {0};

	if (from.len != (ip_version == 4 ? 4 : 16))
		return;
	memcpy(address, from.p, from.len);
	names_learn(a->names, ip_version, address, name, a->now_ns, ttl);
}

// RFC 9460 7.3: addresses that a client may use without asking for them.
static void learn_hints(struct answer *a, const struct dns_record *record, struct bytes name)
{
	uint8_t target[DNS_NAME_MAX], len;
	struct bytes in = record->data, value;
	uint16_t key;

	bytes_u16(&in); // priority
	if (in.bad || dns_read_name(&a->message, &in, target, &len) != DNS_READ_OK)
		return;
	while (in.len > 0 && dns_svcb_next(&in, &key, &value)) {
		uint8_t version = key == DNS_SVCB_IPV4HINT ? 4 : 6;
		if (key != DNS_SVCB_IPV4HINT && key != DNS_SVCB_IPV6HINT)
			continue;
		while (value.len > 0) {
			struct bytes address = bytes_take(&value, version == 4 ? 4 : 16);
			learn(a, version, address, name, record->ttl);
		}
	}
}

static void learn_record(struct answer *a, const struct dns_record *record, struct bytes name)
{
	if ((record->class & DNS_CLASS_MASK) != DNS_CLASS_IN)
		return;
	switch (record->type) {
	case DNS_TYPE_A:
		learn(a, 4, record->data, name, record->ttl);
		break;
	case DNS_TYPE_AAAA:
		learn(a, 6, record->data, name, record->ttl);
		break;
	case DNS_TYPE_HTTPS:
		learn_hints(a, record, name);
		break;
	}
}

// Records of one section. asked NULL: each record's own counts, if it is of this link.
static bool learn_section(
	struct answer *a, struct bytes *in, unsigned n, const struct dns_question *asked)
{
	static const char local[] = ".local"; // RFC 6762 3
	const size_t tail = sizeof(local) - 1;
	uint8_t own[DNS_NAME_MAX], len;
	struct dns_record record;

	for (unsigned i = 0; i < n && i < RECORDS_MAX; i++) {
		if (dns_read_name(&a->message, in, own, &len) != DNS_READ_OK ||
			!dns_read_record(in, &record))
			return false;
		if (asked != NULL)
			learn_record(a, &record, (struct bytes){asked->name, asked->len, false});
		else if (len > tail && strncasecmp((char *)own + len - tail, local, tail) == 0)
			learn_record(a, &record, (struct bytes){own, len, false});
	}
	return n <= RECORDS_MAX;
}

static bool asks_for_address(const struct dns_question *q)
{
	uint16_t type = (uint16_t)(q->type[0] << 8 | q->type[1]);

	return (q->class & DNS_CLASS_MASK) == DNS_CLASS_IN &&
		(type == DNS_TYPE_A || type == DNS_TYPE_AAAA || type == DNS_TYPE_HTTPS ||
			type == DNS_TYPE_ANY);
}

void answers_learn(struct name_table *t, const struct packet *p)
{
	struct bytes all = answer_of(p), in = all;
	struct answer a = {.names = t, .message = dns_open(all), .now_ns = p->ts_ns};
	struct dns_question q;

	if (all.len == 0)
		return;
	struct dns_header h = dns_read_header(&in);
	bool mdns = packet_sender_port(p) == ANSWER_PORT_MDNS;
	if (h.questions > QUESTIONS_MAX || (!mdns && h.questions != 1))
		return;
	for (unsigned i = 0; i < h.questions; i++) {
		if (dns_read_question(&a.message, &in, &q) != DNS_READ_OK)
			return;
	}
	// Whatever aliases stand between: what was asked for is at these addresses.
	if (!mdns) {
		if (asks_for_address(&q))
			learn_section(&a, &in, h.answers, &q);
		return;
	}
	// RFC 6762 6: addresses come along with the names of services.
	if (learn_section(&a, &in, h.answers, NULL) && h.authorities == 0)
		learn_section(&a, &in, h.additionals, NULL);
}
