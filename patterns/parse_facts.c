// What a rule wants of headers, of the flow, and of the numbers of a message.

#include "dataplane/api/packet_numbers.h"
#include "patterns/parser.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

void parser_fact(struct parser *p, const struct rule_fact *fact)
{
	if (p->rule.n_facts == FACTS_MAX)
		parser_error(p, p->rule.where, "more than %d conditions on headers and numbers",
			FACTS_MAX);
	else
		p->facts[p->rule.n_facts++] = *fact;
}

// A number with a name.
struct named {
	const char *word;
	uint64_t value;
};

static const struct named mqtt_types[] = {{"CONNECT", 1}, {"CONNACK", 2}, {"PUBLISH", 3},
	{"PUBACK", 4}, {"PUBREC", 5}, {"PUBREL", 6}, {"PUBCOMP", 7}, {"SUBSCRIBE", 8},
	{"SUBACK", 9}, {"UNSUBSCRIBE", 10}, {"UNSUBACK", 11}, {"PINGREQ", 12}, {"PINGRESP", 13},
	{"DISCONNECT", 14}, {"AUTH", 15}, {NULL, 0}};
static const struct named yes_no[] = {{"yes", 1}, {"true", 1}, {"no", 0}, {"false", 0}, {NULL, 0}};
static const struct named rr_types[] = {{"A", 1}, {"NS", 2}, {"CNAME", 5}, {"SOA", 6}, {"PTR", 12},
	{"HINFO", 13}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}, {"SRV", 33}, {"NAPTR", 35},
	{"DS", 43}, {"SSHFP", 44}, {"RRSIG", 46}, {"NSEC", 47}, {"DNSKEY", 48}, {"TLSA", 52},
	{"SVCB", 64}, {"HTTPS", 65}, {"ANY", 255}, {NULL, 0}};
static const struct named rcodes[] = {{"NOERROR", 0}, {"FORMERR", 1}, {"SERVFAIL", 2},
	{"NXDOMAIN", 3}, {"NOTIMP", 4}, {"REFUSED", 5}, {"YXDOMAIN", 6}, {"YXRRSET", 7},
	{"NXRRSET", 8}, {"NOTAUTH", 9}, {"NOTZONE", 10}, {NULL, 0}};

// Bits of a byte by name: "username,!password".
static const struct named mqtt_flags[] = {
	{"retain", 0x01}, {"dup", 0x08}, {"qos1", 0x02}, {"qos2", 0x04}, {NULL, 0}};
static const struct named connect_flags[] = {{"username", 0x80}, {"password", 0x40},
	{"will_retain", 0x20}, {"will", 0x04}, {"clean_session", 0x02}, {NULL, 0}};

static const struct fact_word {
	const char *word;
	struct rule_fact fact;
	uint64_t max;
	const struct named *names;
	bool bits; // names are of bits
} words[] = {
	{"ttl", {.kind = FACT_PACKET, .what = NUMBER_TTL}, 255, NULL, false},
	{"tos", {.kind = FACT_PACKET, .what = NUMBER_TOS}, 255, NULL, false},
	{"id", {.kind = FACT_PACKET, .what = NUMBER_IP_ID}, 65535, NULL, false},
	{"fragoffset", {.kind = FACT_PACKET, .what = NUMBER_FRAGOFFSET}, 65535, NULL, false},
	{"seq", {.kind = FACT_PACKET, .what = NUMBER_TCP_SEQ}, UINT32_MAX, NULL, false},
	{"tcp.seq", {.kind = FACT_PACKET, .what = NUMBER_TCP_SEQ}, UINT32_MAX, NULL, false},
	{"ack", {.kind = FACT_PACKET, .what = NUMBER_TCP_ACK}, UINT32_MAX, NULL, false},
	{"tcp.ack", {.kind = FACT_PACKET, .what = NUMBER_TCP_ACK}, UINT32_MAX, NULL, false},
	{"window", {.kind = FACT_PACKET, .what = NUMBER_TCP_WINDOW}, 65535, NULL, false},
	{"tcp.window", {.kind = FACT_PACKET, .what = NUMBER_TCP_WINDOW}, 65535, NULL, false},
	{"tcp.mss", {.kind = FACT_PACKET, .what = NUMBER_TCP_MSS}, 65535, NULL, false},
	{"itype", {.kind = FACT_PACKET, .what = NUMBER_ICMP_TYPE}, 255, NULL, false},
	{"icode", {.kind = FACT_PACKET, .what = NUMBER_ICMP_CODE}, 255, NULL, false},
	{"icmp_id", {.kind = FACT_PACKET, .what = NUMBER_ICMP_ID}, 65535, NULL, false},
	{"icmp_seq", {.kind = FACT_PACKET, .what = NUMBER_ICMP_SEQ}, 65535, NULL, false},
	{"icmpv6.mtu", {.kind = FACT_PACKET, .what = NUMBER_ICMPV6_MTU}, UINT32_MAX, NULL, false},
	{"flow.age", {.kind = FACT_FLOW_AGE}, UINT32_MAX, NULL, false},
	{"flow.pkts_toserver", {.kind = FACT_FLOW_PACKETS, .arg = FACT_CLIENT}, UINT32_MAX, NULL,
		false},
	{"flow.pkts_toclient", {.kind = FACT_FLOW_PACKETS, .arg = FACT_SERVER}, UINT32_MAX, NULL,
		false},
	{"flow.bytes_toserver", {.kind = FACT_FLOW_BYTES, .arg = FACT_CLIENT}, UINT64_MAX >> 1,
		NULL, false},
	{"flow.bytes_toclient", {.kind = FACT_FLOW_BYTES, .arg = FACT_SERVER}, UINT64_MAX >> 1,
		NULL, false},
	{"vlan.layers", {.kind = FACT_VLAN_LAYERS}, 3, NULL, false},
	{"dns.opcode",
		{.kind = FACT_FIELD,
			.what = FIELD_DNS_HEADER,
			.skip = 2,
			.take = 2,
			.shift = 11,
			.mask = 15},
		15, NULL, false},
	{"dns.rcode",
		{.kind = FACT_FIELD, .what = FIELD_DNS_HEADER, .skip = 2, .take = 2, .mask = 15},
		15, rcodes, false},
	{"dns.rrtype", {.kind = FACT_FIELD, .what = FIELD_DNS_RRTYPE}, 65535, rr_types, false},
	{"mqtt.type", {.kind = FACT_FIELD, .what = FIELD_MQTT_TYPE}, 255, mqtt_types, false},
	{"mqtt.qos", {.kind = FACT_FIELD, .what = FIELD_MQTT_FLAGS, .shift = 1, .mask = 3}, 3, NULL,
		false},
	{"mqtt.flags", {.kind = FACT_FIELD, .what = FIELD_MQTT_FLAGS}, 15, mqtt_flags, true},
	{"mqtt.protocol_version", {.kind = FACT_FIELD, .what = FIELD_MQTT_PROTOCOL_VERSION}, 255,
		NULL, false},
	{"mqtt.reason_code",
		{.kind = FACT_FIELD, .what = FIELD_MQTT_REASON_CODE, .also = FIELD_MQTT_QOS}, 255,
		NULL, false},
	{"mqtt.connect.flags", {.kind = FACT_FIELD, .what = FIELD_MQTT_CONNECT_FLAGS}, 255,
		connect_flags, true},
	{"mqtt.connack.session_present", {.kind = FACT_FIELD, .what = FIELD_MQTT_SESSION_PRESENT},
		1, yes_no, false},
	{"tls.cert_chain_len", {.kind = FACT_FIELD, .what = FIELD_TLS_CHAIN_LEN}, UINT32_MAX, NULL,
		false},
	{"websocket.mask", {.kind = FACT_FIELD, .what = FIELD_WEBSOCKET_MASK}, UINT32_MAX, NULL,
		false},
};

static bool by_name(const struct named *names, struct slice s, uint64_t *out)
{
	for (; names != NULL && names->word != NULL; names++) {
		if (slice_is_nocase(s, names->word)) {
			*out = names->value;
			return true;
		}
	}
	return false;
}

// "username,!password": these bits are set, those are not.
static void on_bits(struct parser *p, const struct fact_word *w, struct slice value)
{
	struct lexer l = lexer_over(value);
	struct rule_fact fact = w->fact;

	fact.op = CMP_MASK_EQ;
	while (!lexer_ended(&l)) {
		struct slice word = slice_trim(lexer_word(&l, ","));
		uint64_t bit;
		lexer_spaces(&l);
		lexer_next(&l);
		lexer_spaces(&l);
		bool negated = word.len > 0 && word.p[0] == '!';
		struct slice bare = negated ? slice_cut(word, 1) : word;
		if (!by_name(w->names, bare, &bit)) {
			parser_error(p, word.where, "%s does not know \"%.*s\"", w->word,
				(int)(bare.len < 40 ? bare.len : 40), bare.p);
			return;
		}
		fact.a |= bit;
		fact.b |= negated ? 0 : bit;
	}
	parser_fact(p, &fact);
}

static void on_number(struct parser *p, const struct fact_word *w, struct slice value)
{
	struct rule_fact fact = w->fact;
	struct compare_with with;
	bool negated = value.len > 0 && value.p[0] == '!';

	if (w->bits && value.len > 0 && strchr("0123456789<>=&", value.p[0]) == NULL) {
		on_bits(p, w, value);
		return;
	}
	if (by_name(w->names, negated ? slice_cut(value, 1) : value, &fact.a)) {
		fact.op = negated ? CMP_NE : CMP_EQ;
		parser_fact(p, &fact);
		return;
	}
	if (!parse_compare(p, value, w->max, &with))
		return;
	fact.op = with.op;
	fact.a = with.a;
	fact.b = with.b;
	parser_fact(p, &fact);
}

bool parse_fact(struct parser *p, struct slice name, struct slice value)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!slice_is(name, words[i].word))
			continue;
		if (value.p == NULL || value.len == 0)
			parser_error(p, name.where, "%s wants a value", words[i].word);
		else
			on_number(p, &words[i], value);
		return true;
	}
	return false;
}

// [!]tcp, 6, <6, >6
void parse_ip_proto(struct parser *p, struct slice name, struct slice value)
{
	static const struct named names[] = {{"icmp", IPPROTO_ICMP}, {"tcp", IPPROTO_TCP},
		{"udp", IPPROTO_UDP}, {"gre", IPPROTO_GRE}, {"esp", IPPROTO_ESP},
		{"ah", IPPROTO_AH}, {"sctp", IPPROTO_SCTP}, {"igmp", IPPROTO_IGMP},
		{"ipv6-icmp", IPPROTO_ICMPV6}, {"icmpv6", IPPROTO_ICMPV6}, {"ipv6", IPPROTO_IPV6},
		{"ipip", IPPROTO_IPIP}, {"pim", IPPROTO_PIM}, {"l2tp", 115}, {"vrrp", 112},
		{"ospf", 89}, {NULL, 0}};
	struct fact_word w = {
		"ip_proto", {.kind = FACT_PACKET, .what = NUMBER_IP_PROTO}, 255, names, false};

	(void)name;
	on_number(p, &w, value);
}

// [modifier]bits[,ignored bits]: "S", "+SA", "*SF", "!R", "S,CE", "0".
void parse_flags(struct parser *p, struct slice name, struct slice value)
{
	static const char letters[] = "FSRPAUEC";
	static const struct {
		char sign;
		uint8_t op;
	} modifiers[] = {{'+', CMP_MASK_EQ}, {'*', CMP_AND}, {'!', CMP_MASK_NE}};
	struct rule_fact fact = {.kind = FACT_FLAGS, .op = CMP_EQ};
	uint64_t *bits = &fact.a;

	(void)name;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.p[i];
		const char *letter = strchr(letters, c >= 'a' && c <= 'z' ? c - 0x20 : c);
		bool known = c == '0' || c == ' ' || c == ',' || c == '1' || c == '2';
		for (size_t k = 0; k < sizeof(modifiers) / sizeof(modifiers[0]); k++) {
			if (c == modifiers[k].sign) {
				fact.op = modifiers[k].op;
				known = true;
			}
		}
		if (c == ',')
			bits = &fact.b;
		else if (c == '1' || c == '2')
			*bits |= c == '1' ? 0x80 : 0x40;
		else if (letter != NULL && c != '\0')
			*bits |= 1u << (letter - letters);
		else if (!known) {
			parser_error(p, value.where, "TCP's flags are F S R P A U E C 1 2 0 + * !");
			return;
		}
	}
	parser_fact(p, &fact);
}

// [modifier]bits of M, D, R.
void parse_fragbits(struct parser *p, struct slice name, struct slice value)
{
	struct rule_fact fact = {
		.kind = FACT_PACKET, .what = NUMBER_FRAGBITS, .op = CMP_MASK_EQ, .a = 7};
	char modifier = '\0';
	uint64_t bits = 0;

	(void)name;
	for (size_t i = 0; i < value.len; i++) {
		switch (value.p[i]) {
		case 'M':
			bits |= 1;
			break;
		case 'D':
			bits |= 2;
			break;
		case 'R':
			bits |= 4;
			break;
		case '+':
		case '*':
		case '!':
			modifier = value.p[i];
			break;
		case ' ':
			break;
		default:
			parser_error(p, value.where, "fragbits are M D R, in front + * !");
			return;
		}
	}
	fact.b = bits;
	if (modifier != '\0')
		fact.a = bits;
	if (modifier == '*')
		fact.op = CMP_AND;
	if (modifier == '!')
		fact.b = 0;
	parser_fact(p, &fact);
}

void parse_ipopts(struct parser *p, struct slice name, struct slice value)
{
	static const struct named names[] = {{"rr", IP_OPTION_RR}, {"ts", IP_OPTION_TS},
		{"sec", IP_OPTION_SEC}, {"esec", IP_OPTION_ESEC}, {"lsrr", IP_OPTION_LSRR},
		{"ssrr", IP_OPTION_SSRR}, {"satid", IP_OPTION_SATID}, {"nop", IP_OPTION_NOP},
		{"eol", IP_OPTION_EOL}, {"any", UINT32_MAX}, {NULL, 0}};
	struct rule_fact fact = {.kind = FACT_IP_OPTIONS, .op = CMP_AND};

	(void)name;
	if (by_name(names, value, &fact.a))
		parser_fact(p, &fact);
	else
		parser_error(p, value.where,
			"ipopts knows rr ts sec esec lsrr ssrr satid nop eol "
			"any");
}

void parse_sameip(struct parser *p, struct slice name, struct slice value)
{
	(void)name;
	(void)value;
	parser_fact(p, &(struct rule_fact){.kind = FACT_SAME_ADDRESS});
}

// "toserver,>10" or ">10": flow.pkts, flow.bytes.
static void on_flow_count(struct parser *p, enum fact_kind kind, struct slice value)
{
	static const struct named sides[] = {{"toserver", FACT_CLIENT}, {"toclient", FACT_SERVER},
		{"both", FACT_BOTH}, {"either", FACT_EITHER}, {NULL, 0}};
	const char *comma = value.len > 0 ? memchr(value.p, ',', value.len) : NULL;
	struct rule_fact fact = {.kind = (uint8_t)kind, .arg = FACT_BOTH};
	struct compare_with with;
	uint64_t side;

	if (comma != NULL) {
		struct slice word = {value.p, (size_t)(comma - value.p), value.where};
		if (!by_name(sides, slice_trim(word), &side)) {
			parser_error(
				p, value.where, "toserver, toclient, both or either is wanted");
			return;
		}
		fact.arg = (uint8_t)side;
		value = slice_cut(value, (size_t)(comma - value.p) + 1);
	}
	if (!parse_compare(p, value, UINT64_MAX >> 1, &with))
		return;
	fact.op = with.op;
	fact.a = with.a;
	fact.b = with.b;
	parser_fact(p, &fact);
}

void parse_flow_pkts(struct parser *p, struct slice name, struct slice value)
{
	(void)name;
	on_flow_count(p, FACT_FLOW_PACKETS, value);
}

void parse_flow_bytes(struct parser *p, struct slice name, struct slice value)
{
	(void)name;
	on_flow_count(p, FACT_FLOW_BYTES, value);
}

// server|client|both|either, op, number.
void parse_stream_size(struct parser *p, struct slice name, struct slice value)
{
	static const struct named sides[] = {{"server", FACT_SERVER}, {"client", FACT_CLIENT},
		{"both", FACT_BOTH}, {"either", FACT_EITHER}, {NULL, 0}};
	struct rule_fact fact = {.kind = FACT_STREAM_SIZE};
	const char *first = value.len > 0 ? memchr(value.p, ',', value.len) : NULL;
	struct compare_with with;
	char text[64];
	uint64_t side;

	(void)name;
	size_t at = first != NULL ? (size_t)(first - value.p) : 0;
	struct slice word = {value.p, at, value.where};
	if (first == NULL || !by_name(sides, slice_trim(word), &side) ||
		value.len - at >= sizeof(text)) {
		parser_error(p, value.where,
			"stream_size wants server, client, both or either, then "
			"how it compares and a number");
		return;
	}
	size_t n = 0; // ">, 1111" -> ">1111"
	for (size_t i = at + 1; i < value.len; i++) {
		if (value.p[i] != ',' && value.p[i] != ' ')
			text[n++] = value.p[i];
	}
	if (!parse_compare(p, (struct slice){text, n, value.where}, UINT32_MAX, &with))
		return;
	fact.arg = (uint8_t)side;
	fact.op = with.op;
	fact.a = with.a;
	fact.b = with.b;
	parser_fact(p, &fact);
}

// number[,layer]
void parse_vlan_id(struct parser *p, struct slice name, struct slice value)
{
	struct rule_fact fact = {.kind = FACT_VLAN_ID, .arg = VLAN_ANY};
	const char *comma = value.len > 0 ? memchr(value.p, ',', value.len) : NULL;
	struct slice number = value;
	struct compare_with with;
	int64_t layer;

	(void)name;
	if (comma != NULL) {
		size_t at = (size_t)(comma - value.p);
		struct slice rest = slice_cut(value, at + 1);
		number.len = at;
		if (!slice_is(rest, "any") && !slice_is(rest, "all")) {
			if (!parse_number(p, rest, -3, 2, &layer))
				return;
			fact.arg = (uint8_t)(layer < 0 ? VLAN_FROM_END + layer : layer);
		}
	}
	if (!parse_compare(p, slice_trim(number), 4095, &with))
		return;
	fact.op = with.op;
	fact.a = with.a;
	fact.b = with.b;
	parser_fact(p, &fact);
}

void parse_facts_each(keyword_fn fn, void *ctx)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		fn(ctx, words[i].word, KEYWORD_SUPPORTED, "");
}
