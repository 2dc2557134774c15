// The container of a pattern database. The input is a list of changes to a good artefact, each
// an offset (u32) and a byte to be XORed there; then the digest is made right again, so that
// the tables behind it are reached. The Hyperscan bytecode stays as it is: only its digest
// guards it. What loads is matched with.

#include "patterns/swdb.h"
#include "tests/unit/pattern_rules.h"

#include <openssl/evp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct swdb good;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct addr_range lan[] = {{4, {10}, {10, 255, 255, 255}}};
	static const struct port_range web[] = {{443, 443}, {8000, 8080}};
	static const struct rule_pair pairs[] = {{"key", "value"}};
	static struct test_rule rules[] = {
		{{ANY, .msg = "first", .service = "s", .n_metadata = 1, .metadata = pairs},
			{CONTENT(FIELD_HTTP_HOST, ".me",
				.flags = CONTENT_DOTPREFIX | CONTENT_ENDSWITH)}},
		{{.src = {false, 1, lan},
			 .dst.any = true,
			 .sport.any = true,
			 .dport = {false, 2, web},
			 .proto = RULE_TCP},
			{CONTENT(FIELD_PAYLOAD, "ab"),
				CONTENT(FIELD_PAYLOAD, "c", .flags = CONTENT_DISTANCE)}},
		{{ANY, .proto = RULE_UDP}, {PCRE(FIELD_PAYLOAD, "a+b")}},
		{{ANY, .proto = RULE_IP}, {CONTENT(FIELD_PAYLOAD, "x", .flags = CONTENT_NEGATED)}},
		{{ANY}, {{0}}},
	};
	struct diags diags = {0};

	(void)argc;
	(void)argv;
	if (compile_rules(rules, ROWS(rules), &good, &diags) < 0)
		abort();
	return 0;
}

static struct swdb changed(const uint8_t *data, size_t size)
{
	const size_t sealed = offsetof(struct swdb_header, sources);
	struct swdb_header header;
	struct swdb s = {.data = malloc(good.len), .len = good.len};
	uint8_t *p = s.data;

	memcpy(&header, good.data, sizeof(header));
	memcpy(p, good.data, good.len);
	for (struct bytes in = {.p = data, .len = size}; in.len >= 5;) {
		uint32_t at = bytes_u32(&in);
		p[at % header.sections[SWDB_BYTECODE].offset] ^= bytes_u8(&in);
	}
	EVP_Digest(p + sealed, s.len - sealed, p + offsetof(struct swdb_header, sha256), NULL,
		EVP_sha256(), NULL);
	return s;
}

static void match(const struct pattern_db *db)
{
	static const struct match_value values[] = {
		{FIELD_HTTP_HOST, {.p = (const uint8_t *)"T.ME", .len = 4}}};
	struct match_env tcp = test_env(IPPROTO_TCP), udp = test_env(IPPROTO_UDP);
	struct match_hits hits = {0};
	struct pattern_stream *s = pattern_stream_open(db);

	pattern_db_match_tx(db, 0, &tcp, values, 1, &hits);
	pattern_db_match_packet(db, 0, &udp, text_bytes("xaab"), &hits);
	if (s != NULL) {
		pattern_db_match_stream(db, 0, s, &tcp, 0, text_bytes("zabz"), &hits);
		pattern_db_match_stream(db, 0, s, &tcp, 4, text_bytes("zc"), &hits);
	}
	for (uint32_t i = 0; i < hits.n; i++) {
		const struct pattern_rule *r = pattern_db_rule(db, hits.hits[i].rule);
		if (strlen(r->msg) + (r->n_metadata > 0 ? strlen(r->metadata[0]) : 0) >
			good.len * 2)
			abort();
	}
	pattern_stream_close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct swdb s = changed(data, size);
	struct pattern_db *db = NULL;
	char error[256];

	if (pattern_db_load(data, size, 1, &db, error) == 0) // as it is, no digest made right
		pattern_db_free(db);
	db = NULL;
	if (pattern_db_load(s.data, s.len, 1, &db, error) == 0) {
		match(db);
		pattern_db_free(db);
	}
	swdb_free(&s);
	return 0;
}
