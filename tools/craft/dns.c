#include "tools/craft/dns.h"

enum {
	FLAGS_QUERY = 0x0100, // recursion desired
	FLAGS_RESPONSE = 0x8180, // and available
	CLASS_IN = 1,
	NAME_POINTER = 0xc00c, // to the question
	TTL_S = 300,
};

static void put_name(struct wire *w, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");
		wire_u8(w, (uint8_t)n);
		wire_put(w, name, n);
		name += n + (name[n] == '.');
	}
	wire_u8(w, 0);
}

static void put_question(struct wire *w, uint16_t id, uint16_t flags, uint16_t n_answers,
	const char *name, uint16_t type)
{
	wire_u16(w, id);
	wire_u16(w, flags);
	wire_u16(w, 1);
	wire_u16(w, n_answers);
	wire_u32(w, 0);
	put_name(w, name);
	wire_u16(w, type);
	wire_u16(w, CLASS_IN);
}

static void put_answer(struct wire *w, uint16_t type, uint16_t len)
{
	wire_u16(w, NAME_POINTER);
	wire_u16(w, type);
	wire_u16(w, CLASS_IN);
	wire_u32(w, TTL_S);
	wire_u16(w, len);
}

void dns_query(struct wire *w, uint16_t id, const char *name, uint16_t type)
{
	put_question(w, id, FLAGS_QUERY, 0, name, type);
}

void dns_address(struct wire *w, uint16_t id, const char *name, const struct host *host)
{
	bool v6 = host->version == 6;
	uint16_t type = v6 ? DNS_AAAA : DNS_A;

	put_question(w, id, FLAGS_RESPONSE, 1, name, type);
	put_answer(w, type, v6 ? 16 : 4);
	wire_put(w, host->ip, v6 ? 16 : 4);
}

void dns_text(struct wire *w, uint16_t id, const char *name, unsigned n)
{
	put_question(w, id, FLAGS_RESPONSE, 1, name, DNS_TXT);
	put_answer(w, DNS_TXT, (uint16_t)(n * 256));
	for (unsigned i = 0; i < n; i++) {
		wire_u8(w, 255);
		wire_fill(w, (uint8_t)('a' + i % 26), 255);
	}
}
