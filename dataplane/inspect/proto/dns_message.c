#include "dataplane/inspect/proto/dns_message.h"

#include <arpa/inet.h>
#include <stdio.h>

enum {
	LABEL_MAX = 63,
	JUMPS_MAX = 16,
	QUESTIONS_MAX = 30,
	RECORDS_MAX = 40, // what is beyond is counted, not told
	TEXTS_MAX = 16384,

	// IANA, DNS parameters.
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
};

struct dns_header dns_read_header(struct bytes *in)
{
	struct dns_header h;

	h.id = bytes_u16(in);
	h.flags = bytes_u16(in);
	h.questions = bytes_u16(in);
	h.answers = bytes_u16(in);
	h.authorities = bytes_u16(in);
	h.additionals = bytes_u16(in);
	return h;
}

// Reads a name at *in, whose labels may go on elsewhere in `message` (RFC 1035 4.1.4: before
// this place; but pointers ahead are seen, and resolvers follow them).
static enum dns_read read_name(
	struct bytes message, struct bytes *in, uint8_t name[DNS_NAME_MAX], uint8_t *name_len)
{
	struct bytes at = *in;
	unsigned jumps = 0;

	*name_len = 0;
	for (;;) {
		uint8_t len = bytes_u8(&at);
		if (at.bad)
			return DNS_READ_CUT;
		if (len == 0)
			break;
		if ((len & 0xc0) == 0xc0) {
			size_t to = (size_t)(len & 0x3f) << 8 | bytes_u8(&at);
			if (at.bad)
				return DNS_READ_CUT;
			if (to < DNS_HEADER_LEN || jumps == JUMPS_MAX)
				return DNS_READ_BAD;
			if (to > message.len)
				return DNS_READ_CUT;
			if (jumps++ == 0)
				*in = at;
			at = (struct bytes){message.p + to, message.len - to, false};
			continue;
		}
		struct bytes label = bytes_take(&at, len);
		if (len > LABEL_MAX || *name_len + len + 2u > DNS_NAME_MAX)
			return DNS_READ_BAD;
		if (label.bad)
			return DNS_READ_CUT;
		if (*name_len > 0)
			name[(*name_len)++] = '.';
		memcpy(name + *name_len, label.p, len);
		*name_len = (uint8_t)(*name_len + len);
	}
	if (jumps == 0)
		*in = at;
	return DNS_READ_OK;
}

enum dns_read dns_read_question(struct bytes message, struct bytes *in, struct dns_question *q)
{
	enum dns_read result = read_name(message, in, q->name, &q->len);

	if (result != DNS_READ_OK)
		return result;
	struct bytes type = bytes_take(in, sizeof(q->type));
	q->class = bytes_u16(in);
	if (in->bad)
		return DNS_READ_CUT;
	memcpy(q->type, type.p, sizeof(q->type));
	return DNS_READ_OK;
}

static void put_kind(struct tx *tx, const struct proto_io *io)
{
	if (io->sport == DNS_PORT_MDNS || io->dport == DNS_PORT_MDNS)
		tx_put_text(tx, FIELD_DNS_KIND, "mdns");
	else if (io->sport == DNS_PORT_LLMNR || io->dport == DNS_PORT_LLMNR)
		tx_put_text(tx, FIELD_DNS_KIND, "llmnr");
	else
		tx_put_text(tx, FIELD_DNS_KIND, "dns");
}

static void put_view(struct tx *tx, enum field field, const void *p, size_t len)
{
	tx_put(tx, field, (struct bytes){.p = p, .len = len});
}

// Texts of records: the transaction's values point here.
struct texts {
	size_t used;
	uint8_t data[TEXTS_MAX];
};

static bool put_name(
	struct tx *tx, struct texts *t, enum field field, struct bytes message, struct bytes *in)
{
	uint8_t *name = t->data + t->used;
	uint8_t len;

	if (TEXTS_MAX - t->used < DNS_NAME_MAX || read_name(message, in, name, &len) != DNS_READ_OK)
		return false;
	put_view(tx, field, name, len);
	t->used += len;
	return true;
}

// Text that grows behind `at`; what does not fit is cut.
static void add(struct texts *t, const void *p, size_t len)
{
	size_t n = len < TEXTS_MAX - t->used ? len : TEXTS_MAX - t->used;

	if (n > 0)
		memcpy(t->data + t->used, p, n);
	t->used += n;
}

static void add_text(struct texts *t, const char *text)
{
	add(t, text, strlen(text));
}

static void add_number(struct texts *t, uint32_t n)
{
	char text[16];
	add(t, text, (size_t)snprintf(text, sizeof(text), "%u", n));
}

static void add_name(struct texts *t, struct bytes message, struct bytes *in)
{
	uint8_t name[DNS_NAME_MAX], len;

	if (read_name(message, in, name, &len) == DNS_READ_OK)
		add(t, name, len);
	else
		in->bad = true;
}

static void add_address(struct texts *t, struct bytes address)
{
	char text[INET6_ADDRSTRLEN];

	if (address.len == 4 || address.len == 16)
		add_text(t,
			inet_ntop(address.len == 4 ? AF_INET : AF_INET6, address.p, text,
				sizeof(text)));
}

// RFC 9460 2.1, 7: what a client needs to know; the rest by number.
static void add_service_parameters(struct texts *t, struct bytes in, bool *ech)
{
	enum { ALPN = 1, PORT = 3, HINT_4 = 4, ECH = 5, HINT_6 = 6 };

	while (in.len > 0) {
		uint16_t key = bytes_u16(&in);
		struct bytes value = bytes_vec16(&in);
		const char *comma = "";
		if (in.bad)
			return;
		*ech |= key == ECH;
		if (key == PORT) {
			add_text(t, " port=");
			add_number(t, bytes_u16(&value));
		} else if (key == ALPN || key == HINT_4 || key == HINT_6) {
			add_text(t,
				key == ALPN		? " alpn="
					: key == HINT_4 ? " ipv4hint="
							: " ipv6hint=");
			while (value.len > 0) {
				add_text(t, comma);
				comma = ",";
				struct bytes one = key == ALPN
					? bytes_vec8(&value)
					: bytes_take(&value, key == HINT_4 ? 4 : 16);
				if (key == ALPN)
					add(t, one.p, one.len);
				else
					add_address(t, one);
			}
		} else {
			add_text(t, key == ECH ? " ech" : " key");
			if (key != ECH)
				add_number(t, key);
		}
	}
}

// RFC 1035 3.3, RFC 2782: numbers and names apart by spaces, in the order of the record.
static void add_data(
	struct texts *t, struct bytes message, uint16_t type, struct bytes in, bool *ech)
{
	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
		if (in.len == (type == TYPE_A ? 4 : 16))
			add_address(t, in);
		break;
	case TYPE_MX:
		bytes_u16(&in); // the preference: Suricata tells the name
		add_name(t, message, &in);
		break;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_DNAME:
		add_name(t, message, &in);
		break;
	case TYPE_TXT:
		while (in.len > 0) {
			struct bytes text = bytes_vec8(&in);
			add(t, text.p, text.len);
		}
		break;
	case TYPE_SOA:
		add_name(t, message, &in);
		add_text(t, " ");
		add_name(t, message, &in);
		for (unsigned i = 0; i < 5 && !in.bad; i++) {
			add_text(t, " ");
			add_number(t, bytes_u32(&in));
		}
		break;
	case TYPE_SRV:
		for (unsigned i = 0; i < 3; i++) {
			add_number(t, bytes_u16(&in));
			add_text(t, " ");
		}
		add_name(t, message, &in);
		break;
	case TYPE_SVCB:
	case TYPE_HTTPS:
		add_number(t, bytes_u16(&in));
		add_text(t, " ");
		add_name(t, message, &in);
		add_service_parameters(t, in, ech);
		break;
	}
}

// RFC 1035 4.1.3. False: the message ends in it, or it is none.
static bool put_record(struct tx *tx, struct texts *t, enum field field, struct bytes message,
	struct bytes *in, bool *ech)
{
	uint16_t fields = tx->n_fields;

	if (!put_name(tx, t, field, message, in))
		return false;
	struct bytes type = bytes_take(in, 2);
	bytes_u16(in); // class
	struct bytes ttl = bytes_take(in, 4), data = bytes_vec16(in);
	if (in->bad || TEXTS_MAX - t->used < 6) {
		tx->n_fields = fields;
		return false;
	}
	uint16_t number = (uint16_t)(type.p[0] << 8 | type.p[1]);
	if (number == TYPE_OPT) { // RFC 6891: no record of a name
		tx->n_fields = fields;
		return true;
	}
	uint8_t *rr = t->data + t->used;
	add(t, type.p, 2);
	add(t, ttl.p, 4);
	put_view(tx, FIELD_DNS_RR, rr, 6);
	size_t begin = t->used;
	add_data(t, message, number, data, ech);
	bool address = number == TYPE_A || number == TYPE_AAAA;
	tx_put_some(tx, address ? FIELD_DNS_ADDRESS : FIELD_DNS_RDATA,
		(struct bytes){t->data + begin, t->used - begin, false});
	return true;
}

static void put_records(struct tx *tx, struct texts *t, const struct dns_header *h,
	struct bytes message, struct bytes in)
{
	const struct {
		enum field field;
		uint16_t n;
	} sections[] = {{FIELD_DNS_ANSWER, h->answers}, {FIELD_DNS_AUTHORITY, h->authorities},
		{FIELD_DNS_ADDITIONAL, h->additionals}};
	unsigned left = RECORDS_MAX;
	bool ech = false, whole = true;

	for (unsigned s = 0; s < 3 && whole; s++) {
		for (unsigned i = 0; i < sections[s].n && whole && left > 0; i++, left--)
			whole = put_record(tx, t, sections[s].field, message, &in, &ech);
	}
	if (ech)
		put_view(tx, FIELD_DNS_ECH, NULL, 0);
}

enum parse dns_report(const struct proto_io *io, struct bytes message)
{
	struct dns_question questions[QUESTIONS_MAX];
	enum dns_read result = DNS_READ_OK;
	struct bytes in = message;
	struct dns_header h = dns_read_header(&in);
	struct texts texts;
	struct tx tx;
	unsigned n = 0;

	if (in.bad)
		return PARSE_BAD;
	while (n < h.questions && n < QUESTIONS_MAX && result == DNS_READ_OK) {
		result = dns_read_question(message, &in, &questions[n]);
		if (result == DNS_READ_OK)
			n++;
	}
	if (n == 0 && result != DNS_READ_OK)
		return PARSE_BAD;

	tx_begin(&tx, APP_DNS, h.flags & DNS_RESPONSE ? DIR_S2C : DIR_C2S);
	put_view(&tx, FIELD_DNS_HEADER, message.p, 4);
	put_kind(&tx, io);
	for (unsigned i = 0; i < n; i++) {
		put_view(&tx, FIELD_DNS_QUERY, questions[i].name, questions[i].len);
		put_view(&tx, FIELD_DNS_RRTYPE, questions[i].type, sizeof(questions[i].type));
	}
	put_view(&tx, FIELD_DNS_ANSWER_COUNT, message.p + 6, 2);
	texts.used = 0;
	if (result == DNS_READ_OK && n == h.questions)
		put_records(&tx, &texts, &h, message, in);
	io->tx(io->ctx, &tx);
	return result == DNS_READ_BAD ? PARSE_BAD : PARSE_MORE;
}
