// The container of a pattern database. The input is a list of changes to a good artefact, each
// an offset (u32) and a byte to be XORed there; then the digest is made right again, so that
// the tables behind it are reached. The Hyperscan bytecode stays as it is: only its digest
// guards it. What loads is matched with.

#include "patterns/beside.h"
#include "patterns/parse.h"
#include "patterns/rule_files.h"
#include "patterns/swdb.h"
#include "tests/unit/pattern_rules.h"

#include <openssl/evp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct swdb good;

// A row of every kind.
static const char text[] =
	"alert http any any -> any any (msg:\"first\"; http.host; dotprefix; content:\".me\"; "
	"endswith; "
	"metadata:service s, key value; sid:1;)\n"
	"alert tcp 10.0.0.0/8 any -> any [443,8000:8080] (content:\"ab\"; content:\"c\"; "
	"distance:0; "
	"sid:2;)\n"
	"alert udp any any -> any any (pcre:\"/a+b/\"; sid:3;)\n"
	"alert ip any any -> any any (content:!\"x\"; sid:4;)\n"
	"alert http any any -> any any (http.uri; to_lowercase; url_decode; content:\"xaa\"; "
	"sid:5;)\n"
	"alert http any any -> any any (http.uri; pcrexform:\"x(a+)\"; content:\"aa\"; sid:6;)\n"
	"alert udp any any -> any any (byte_extract:1,0,n; byte_math:bytes 1, offset 1, oper +, "
	"rvalue n, "
	"result m; byte_test:1,<,m,2; byte_jump:1,0,relative,post_offset -1; isdataat:!n; sid:7;)\n"
	"alert udp any any -> any any (content:\"x\"; base64_decode:relative; base64_data; "
	"content:\"a\"; "
	"sid:8;)\n"
	"alert http any any -> any any (http.referer; absent:or_else; content:\"q\"; http.uri; "
	"bsize:>2; "
	"sid:9;)\n"
	"alert udp any any -> any any (ttl:<9; flags:S; tcp.hdr; content:\"z\"; flowbits:set,b; "
	"threshold:type limit,track by_src,count 1,seconds 1; sid:10;)\n"
	"alert mqtt any any -> any any (mqtt.type:CONNECT; sid:11;)\n"
	"alert http any any -> any any (http.host; dataset:isset,s,type string,load l; sid:12;)\n"
	"alert http any any -> any any (http.host; datarep:s,>,1; sid:13;)\n"
	"alert http any any -> any any (http.uri; to_md5; dataset:set,m,type md5; sid:14;)\n"
	"alert udp any any -> any any (ip.src; dataset:isnotset,a,type ip,load l2; sid:15;)\n"
	"alert ip any any -> any any (geoip:src,!FR,!DE; sid:16;)\n"
	"alert http any any -> any any (geoip:any,US,DE; sid:17;)\n";

static int read_list(void *ctx, const char *path, struct rule_text *out)
{
	static const char names[] = "dC5tZQ==,3\nYg==,1\nYw==,2\nZA==,9\nZQ==,2\nZg==,2\n";
	static const char addresses[] = "10.0.0.1\n2001:db8::1\n";
	bool of_names = path[strlen(path) - 1] == 'l';

	(void)ctx;
	*out = (struct rule_text){.p = of_names ? names : addresses};
	out->len = strlen(out->p);
	return 0;
}

static const struct geo_table *get_countries(void *ctx, const char **why)
{
	static struct geo4 v4[] = {{0, 9, 7, 0}, {0x0a000000, 0x0affffff, 82, 0}};
	static struct geo6 v6[] = {{{0x20}, {0x20, 1}, 520, 0}};
	static const struct geo_table table = {v4, v6, 2, 1};

	(void)ctx;
	(void)why;
	return &table;
}

static bool set_has(void *ctx, uint64_t set, struct bytes value, bool listed)
{
	(void)ctx;
	return (set + value.len) % 2 == 0 || listed;
}

static void set_change(void *ctx, uint64_t set, struct bytes value, bool in)
{
	(void)ctx;
	(void)set;
	(void)value;
	(void)in;
}

static const char thresholds[] = "suppress gen_id 0, sig_id 0, track by_src, ip [10.0.0.0/8,::1]\n"
				 "suppress gen_id 1, sig_id 2, track by_either, ip 192.0.2.0/24\n";

// Just enough rules without contents, two a host, for an index over their addresses and ports
// (HEADER_INDEX_LEAST).
enum { HOSTS = 18 };

static bool add_hosts(struct rule_list *list, struct diags *diags)
{
	char rule[160];

	for (unsigned i = 0; i < HOSTS; i++) {
		int len = snprintf(rule, sizeof(rule),
			"alert ip [10.0.%u.0/24,2001:db8:%u::/48] any <> any any (ttl:>1; "
			"sid:%u;)\n"
			"alert ip any %u -> any any (ttl:>1; sid:%u;)\n",
			i, i, 1000 + i, i, 2000 + i);
		if (rules_parse("fuzz.rules", rule, (size_t)len, NULL, false, list, diags) < 0)
			return false;
	}
	return true;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct rule_files files = {NULL, read_list};
	static const struct geo_source geo = {NULL, get_countries};
	struct rule_list list = {.files = &files, .geo = &geo};
	struct diags diags = {0};

	(void)argc;
	(void)argv;
	if (rules_parse("fuzz.rules", text, sizeof(text) - 1, NULL, false, &list, &diags) < 0 ||
		!add_hosts(&list, &diags) ||
		beside_apply_thresholds(
			"fuzz", thresholds, sizeof(thresholds) - 1, NULL, &list, &diags) < 0 ||
		swdb_compile(&list, &good, &diags) < 0)
		abort();
	rule_list_free(&list);
	diags_free(&diags);
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
		{FIELD_HTTP_HOST, {.p = (const uint8_t *)"T.ME", .len = 4}},
		{FIELD_HTTP_URI, {.p = (const uint8_t *)"/XAA%20xaa", .len = 10}},
		{FIELD_MQTT_TYPE, {.p = (const uint8_t *)"\1", .len = 1}}};
	static const uint8_t ip[20] = {0x45, 0, 0, 40, 0, 1, 0, 0, 5, 6}, tcp_head[20] = {"z"};
	static const struct match_packet packet = {
		.headers = {.ip = ip, .ip_len = 20, .l4 = tcp_head, .l4_len = 20, .l4_proto = 6}};
	struct match_env tcp = test_env(IPPROTO_TCP), udp = test_env(IPPROTO_UDP);
	struct match_hits hits = {0};
	struct pattern_stream *s = pattern_stream_open(db);

	tcp.packet = udp.packet = &packet;
	for (unsigned app = 0; app < APP_COUNT; app++) {
		tcp.app_proto = (uint8_t)app;
		pattern_db_match_tx(db, 0, &tcp, values, 3, &hits);
	}
	pattern_db_match_packet(db, 0, &udp, text_bytes("xaab\1\2YWFh"), &hits);
	if (s != NULL) {
		pattern_db_match_stream(db, 0, s, &tcp, 0, text_bytes("zabz"), &hits);
		pattern_db_match_stream(db, 0, s, &tcp, 4, text_bytes("zc"), &hits);
	}
	for (uint32_t i = 0; i < hits.n; i++) {
		const struct pattern_rule *r = pattern_db_rule(db, hits.hits[i].rule);
		if (strlen(r->msg) + (r->n_metadata > 0 ? strlen(r->metadata[0]) : 0) >
			good.len * 2)
			abort();
		static const struct pattern_sets sets = {NULL, set_has, set_change};
		if (r->sets != 0 &&
			pattern_db_sets_hold(db, 0, hits.hits[i].rule, &tcp, values, 3, &sets))
			pattern_db_sets_change(db, 0, hits.hits[i].rule, &tcp, values, 3, &sets);
		pattern_rule_suppressed(r, 4, udp.src, udp.dst);
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
