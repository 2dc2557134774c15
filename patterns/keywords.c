// The options of a rule: one row a keyword.

#include "patterns/parser.h"

#include <string.h>

// "version >= 8.0.5", "feature ja4", "keyword x", several with commas. A rule that wants what is not
// here is left out: that is what the word is for. Versions are Suricata's, whose language this is.
static void on_requires(struct parser *p, struct slice name, struct slice value)
{
	static const char *const features[] = {"ja3", "ja4"};
	struct lexer l = lexer_over(value);

	(void)name;
	while (!lexer_ended(&l)) {
		lexer_spaces(&l);
		struct slice kind = lexer_word(&l, ",");
		lexer_spaces(&l);
		struct slice what = lexer_word(&l, ",");
		bool known = !slice_is(kind, "feature");
		for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
			known |= slice_is(what, features[i]);
		if (!known) {
			parser_warning(p, what.where, "left out: it wants the feature %.*s",
				(int)(what.len < 40 ? what.len : 40), what.p);
			p->left_out = true;
		}
		while (!lexer_ended(&l) && lexer_next(&l) != ',')
			;
	}
}

static void on_ignored(struct parser *p, struct slice name, struct slice value)
{
	(void)value;
	parser_warning(p, name.where, "%.*s is ignored", (int)name.len, name.p);
}

enum value_need { VALUE_NONE, VALUE_WANTED, VALUE_ANY };

static const struct {
	const char *word;
	enum value_need value;
	void (*fn)(struct parser *p, struct slice name, struct slice value);
} keywords[] = {
	{"msg", VALUE_WANTED, parse_msg},
	{"sid", VALUE_WANTED, parse_sid},
	{"rev", VALUE_WANTED, parse_rev},
	{"gid", VALUE_WANTED, parse_gid},
	{"priority", VALUE_WANTED, parse_priority},
	{"classtype", VALUE_WANTED, parse_classtype},
	{"metadata", VALUE_WANTED, parse_metadata},
	{"reference", VALUE_WANTED, parse_reference},
	{"flow", VALUE_WANTED, parse_flow},
	{"dsize", VALUE_WANTED, parse_dsize},
	{"noalert", VALUE_NONE, parse_noalert},
	{"content", VALUE_WANTED, parse_content},
	{"nocase", VALUE_NONE, parse_content},
	{"offset", VALUE_WANTED, parse_content},
	{"depth", VALUE_WANTED, parse_content},
	{"distance", VALUE_WANTED, parse_content},
	{"within", VALUE_WANTED, parse_content},
	{"startswith", VALUE_NONE, parse_content},
	{"endswith", VALUE_NONE, parse_content},
	{"fast_pattern", VALUE_ANY, parse_content},
	{"pcre", VALUE_WANTED, parse_pcre},
	{"byte_test", VALUE_WANTED, parse_bytes},
	{"byte_jump", VALUE_WANTED, parse_bytes},
	{"byte_extract", VALUE_WANTED, parse_bytes},
	{"byte_math", VALUE_WANTED, parse_bytes},
	{"isdataat", VALUE_WANTED, parse_bytes},
	{"base64_decode", VALUE_ANY, parse_bytes},
	{"base64_data", VALUE_NONE, parse_base64_data},
	{"bsize", VALUE_WANTED, parse_bsize},
	{"urilen", VALUE_WANTED, parse_urilen},
	{"absent", VALUE_ANY, parse_absent},
	{"pkt_data", VALUE_NONE, parse_pkt_data},
	{"ip_proto", VALUE_WANTED, parse_ip_proto},
	{"flags", VALUE_WANTED, parse_flags},
	{"tcp.flags", VALUE_WANTED, parse_flags},
	{"fragbits", VALUE_WANTED, parse_fragbits},
	{"ipopts", VALUE_WANTED, parse_ipopts},
	{"sameip", VALUE_NONE, parse_sameip},
	{"flow.pkts", VALUE_WANTED, parse_flow_pkts},
	{"flow.bytes", VALUE_WANTED, parse_flow_bytes},
	{"stream_size", VALUE_WANTED, parse_stream_size},
	{"vlan.id", VALUE_WANTED, parse_vlan_id},
	{"app-layer-protocol", VALUE_WANTED, parse_app_protocol},
	{"tls.version", VALUE_WANTED, parse_tls_version},
	{"ssl_version", VALUE_WANTED, parse_ssl_version},
	{"ssl_state", VALUE_WANTED, parse_ssl_state},
	{"tls_cert_notbefore", VALUE_WANTED, parse_cert_date},
	{"tls_cert_notafter", VALUE_WANTED, parse_cert_date},
	{"flowbits", VALUE_WANTED, parse_flowbits},
	{"flowint", VALUE_WANTED, parse_flowint},
	{"xbits", VALUE_WANTED, parse_xbits},
	{"hostbits", VALUE_WANTED, parse_xbits},
	{"threshold", VALUE_WANTED, parse_threshold},
	{"detection_filter", VALUE_WANTED, parse_detection_filter},
	{"dataset", VALUE_WANTED, parse_dataset},
	{"datarep", VALUE_WANTED, parse_datarep},
	{"geoip", VALUE_WANTED, parse_geoip},
	{"requires", VALUE_WANTED, on_requires},
	{"rawbytes", VALUE_NONE, on_ignored},
	{"target", VALUE_WANTED, on_ignored},
	{"prefilter", VALUE_NONE, on_ignored},
	{"tag", VALUE_WANTED, on_ignored},
	{"bypass", VALUE_NONE, on_ignored},
	{"logto", VALUE_WANTED, on_ignored},
	{"filestore", VALUE_ANY, on_ignored},
	{"replace", VALUE_WANTED, on_ignored},
};

// What will not be, and why.
static const struct {
	const char *word;
	const char *why;
} refused[] = {
	{"lua", "it would run a program for each packet"},
	{"luajit", "it would run a program for each packet"},
	{"luaxform", "it would run a program for each buffer"},
	{"iprep", "reputations are lists of single hosts"},
	{"email.body_md5", "bodies of mails are not read"},
	{"email.url", "bodies of mails are not read"},
	{"file.data", "files are not put together; http.response_body, http.request_body"},
	{"file_data", "files are not put together; http.response_body, http.request_body"},
	{"filemd5", "files are not put together"},
	{"filesha1", "files are not put together"},
	{"filesha256", "files are not put together"},
	{"filemagic", "files are not put together"},
	{"filename", "files are not put together"},
	{"fileext", "files are not put together"},
	{"filesize", "files are not put together"},
};

static bool refuse(struct parser *p, struct slice name)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (!slice_is(name, refused[i].word))
			continue;
		parser_error(p, name.where, "%s is refused: %s", refused[i].word, refused[i].why);
		return true;
	}
	return false;
}

void rules_keywords(keyword_fn fn, void *ctx)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		fn(ctx, keywords[i].word,
			keywords[i].fn == on_ignored ? KEYWORD_IGNORED : KEYWORD_SUPPORTED, "");
	parse_facts_each(fn, ctx);
	parse_buffers_each(fn, ctx);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		fn(ctx, refused[i].word, KEYWORD_REFUSED, refused[i].why);
}

void parse_option(struct parser *p, struct slice name, struct slice value)
{
	if (parse_buffer(p, name, value) || parse_transform(p, name, value) ||
		parse_fact(p, name, value))
		return;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (!slice_is(name, keywords[i].word))
			continue;
		bool has = value.p != NULL && value.len > 0;
		if (keywords[i].value == VALUE_WANTED && !has)
			parser_error(p, name.where, "%s wants a value", keywords[i].word);
		else if (keywords[i].value == VALUE_NONE && has)
			parser_error(p, value.where, "%s takes no value", keywords[i].word);
		else
			keywords[i].fn(p, name, value);
		return;
	}
	if (refuse(p, name))
		return;
	parser_error(p, name.where, "unsupported keyword \"%.*s\"",
		(int)(name.len < 60 ? name.len : 60), name.p);
}
