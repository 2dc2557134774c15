#include "dataplane/inspect/proto/dns_message.h"

#include "dataplane/inspect/proto/dns_rdata.h"

enum {
	LABEL_MAX = 63,
	JUMPS_MAX = 16,
	STEPS_MAX = 4096,
	QUESTIONS_MAX = 30,
	RECORDS_MAX = 60, // what is beyond is counted, not told
	RR_LEN = 6, // type and TTL
};

struct dns_message dns_open(struct bytes all)
{
	return (struct dns_message){.all = all, .steps = STEPS_MAX};
}

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

// RFC 1035 4.1.4: a pointer leads to a prior place; but pointers ahead are seen, and resolvers
// follow them. So a loop is known by its length.
enum dns_read dns_read_name(
	struct dns_message *m, struct bytes *in, uint8_t name[DNS_NAME_MAX], uint8_t *name_len)
{
	struct bytes at = *in;
	unsigned jumps = 0, n = 0;

	for (;;) {
		uint8_t len = bytes_u8(&at);
		if (at.bad)
			return DNS_READ_CUT;
		if (len == 0)
			break;
		if (m->steps == 0)
			return DNS_READ_BAD;
		m->steps--;
		if ((len & 0xc0) == 0xc0) {
			size_t to = (size_t)(len & 0x3f) << 8 | bytes_u8(&at);
			if (at.bad)
				return DNS_READ_CUT;
			if (to < DNS_HEADER_LEN || jumps == JUMPS_MAX)
				return DNS_READ_BAD;
			if (to > m->all.len)
				return DNS_READ_CUT;
			if (jumps++ == 0)
				*in = at;
			at = (struct bytes){m->all.p + to, m->all.len - to, false};
			continue;
		}
		struct bytes label = bytes_take(&at, len);
		if (len > LABEL_MAX || n + len + 2u > DNS_NAME_MAX)
			return DNS_READ_BAD;
		if (label.bad)
			return DNS_READ_CUT;
		if (n > 0)
			name[n++] = '.';
		memcpy(name + n, label.p, len);
		n += len;
	}
	if (jumps == 0)
		*in = at;
	*name_len = (uint8_t)n;
	return DNS_READ_OK;
}

enum dns_read dns_read_question(struct dns_message *m, struct bytes *in, struct dns_question *q)
{
	enum dns_read result = dns_read_name(m, in, q->name, &q->len);

	if (result != DNS_READ_OK)
		return result;
	struct bytes type = bytes_take(in, sizeof(q->type));
	q->class = bytes_u16(in);
	if (in->bad)
		return DNS_READ_CUT;
	memcpy(q->type, type.p, sizeof(q->type));
	return DNS_READ_OK;
}

bool dns_read_record(struct bytes *in, struct dns_record *record)
{
	record->type = bytes_u16(in);
	record->class = bytes_u16(in);
	record->ttl = bytes_u32(in);
	record->data = bytes_vec16(in);
	return !in->bad;
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

static void put_type_and_ttl(struct tx *tx, struct dns_texts *t, const struct dns_record *record)
{
	const uint8_t rr[RR_LEN] = {(uint8_t)(record->type >> 8), (uint8_t)record->type,
		(uint8_t)(record->ttl >> 24), (uint8_t)(record->ttl >> 16),
		(uint8_t)(record->ttl >> 8), (uint8_t)record->ttl};
	// RFC 6891 6.1.3: what stands in OPT's place for the TTL is none.
	size_t len = record->type == DNS_TYPE_OPT ? 2 : sizeof(rr);

	put_view(tx, FIELD_DNS_RR, t->data + t->used, len);
	dns_add(t, rr, len);
}

// What is in the data says how it is masked.
static enum field data_field(uint16_t type)
{
	switch (type) {
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		return FIELD_DNS_ADDRESS;
	case DNS_TYPE_NS:
	case DNS_TYPE_CNAME:
	case DNS_TYPE_PTR:
	case DNS_TYPE_DNAME:
	case DNS_TYPE_MX:
		return FIELD_DNS_RDATA_NAME;
	case DNS_TYPE_SRV:
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
		return FIELD_DNS_SERVICE;
	case DNS_TYPE_SOA:
		return FIELD_DNS_SOA;
	default:
		return FIELD_DNS_RDATA;
	}
}

// False: the message ends in this record, it is none, or there is no room for it.
static bool put_record(struct tx *tx, struct dns_texts *t, enum field field, struct dns_message *m,
	struct bytes *in, bool *ech)
{
	uint8_t *name = t->data + t->used;
	struct dns_record record;
	uint8_t len;

	if (DNS_TEXTS_MAX - t->used < DNS_NAME_MAX + RR_LEN || tx->n_fields + 3 > TX_FIELDS_MAX)
		return false;
	if (dns_read_name(m, in, name, &len) != DNS_READ_OK || !dns_read_record(in, &record))
		return false;
	put_view(tx, field, name, len);
	t->used += len;
	put_type_and_ttl(tx, t, &record);

	size_t begin = t->used;
	dns_rdata(t, m, &record, ech);
	tx_put_some(tx, data_field(record.type),
		(struct bytes){t->data + begin, t->used - begin, false});
	return true;
}

static void put_records(struct tx *tx, struct dns_texts *t, const struct dns_header *h,
	struct dns_message *m, struct bytes in)
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
			whole = put_record(tx, t, sections[s].field, m, &in, &ech);
	}
	if (ech)
		put_view(tx, FIELD_DNS_ECH, NULL, 0);
}

// All names of an answer once more, as one buffer of many values: what it repeats of the question,
// its records', and those in their data.
static void put_names(struct tx *tx)
{
	unsigned n = tx->n_fields;

	for (unsigned i = 0; i < n; i++) {
		switch (tx->fields[i].field) {
		case FIELD_DNS_QUERY:
		case FIELD_DNS_ANSWER:
		case FIELD_DNS_AUTHORITY:
		case FIELD_DNS_ADDITIONAL:
		case FIELD_DNS_RDATA_NAME:
		case FIELD_DNS_SERVICE:
		case FIELD_DNS_SOA:
			tx_put(tx, FIELD_DNS_RESPONSE, tx->fields[i].value);
		}
	}
}

enum parse dns_report(const struct proto_io *io, struct bytes message)
{
	struct dns_question questions[QUESTIONS_MAX];
	enum dns_read result = DNS_READ_OK;
	struct dns_message m = dns_open(message);
	struct bytes in = message;
	struct dns_header h = dns_read_header(&in);
	struct dns_texts texts;
	struct tx tx;
	unsigned n = 0;

	if (in.bad)
		return PARSE_BAD;
	while (n < h.questions && n < QUESTIONS_MAX && result == DNS_READ_OK) {
		result = dns_read_question(&m, &in, &questions[n]);
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
		put_records(&tx, &texts, &h, &m, in);
	if ((h.flags & DNS_RESPONSE) && io_wants(io, FIELD_DNS_RESPONSE))
		put_names(&tx);
	io->tx(io->ctx, &tx);
	return result == DNS_READ_BAD ? PARSE_BAD : PARSE_MORE;
}
