// Every field that a parser can take out of traffic, in one table: the id is used
// by parsers, by the matcher, in event records (as TLV tag) and in EVE.
//
// X(id, name, scan): `name` is Suricata's sticky buffer, or, where it has none, the
// EVE path. scan: how rules may look at it (see enum field_scan).

#pragma once

#include <stdint.h>

#define FIELDS(X)                                                                                  \
	X(FIELD_NONE, "", SCAN_NO)                                                                 \
	X(FIELD_PAYLOAD, "payload", SCAN_BLOCK) /* one UDP/ICMP/tcp-pkt payload */                 \
	X(FIELD_STREAM, "stream", SCAN_STREAM) /* TCP bytes in order */                            \
	X(FIELD_TLS_SNI, "tls.sni", SCAN_BLOCK)                                                    \
	X(FIELD_TLS_ALPN, "tls.alpn", SCAN_BLOCK) /* one value a protocol */                       \
	X(FIELD_TLS_VERSION, "tls.version", SCAN_NO) /* u16, network order: highest offered */     \
	X(FIELD_HTTP_METHOD, "http.method", SCAN_BLOCK)                                            \
	X(FIELD_HTTP_URI, "http.uri", SCAN_BLOCK)                                                  \
	X(FIELD_HTTP_HOST, "http.host", SCAN_BLOCK) /* as sent; rules see it in lower case */      \
	X(FIELD_HTTP_USER_AGENT, "http.user_agent", SCAN_BLOCK)                                    \
	X(FIELD_HTTP_PROTOCOL, "http.protocol", SCAN_BLOCK)                                        \
	X(FIELD_HTTP_CONTENT_TYPE, "http.content_type", SCAN_BLOCK)                                \
	X(FIELD_HTTP_REFERER, "http.referer", SCAN_BLOCK)                                          \
	X(FIELD_DNS_QUERY, "dns.query", SCAN_BLOCK) /* dotted text, one value a question */        \
	X(FIELD_DNS_RRTYPE, "dns.rrtype", SCAN_NO) /* u16, follows its dns.query */                \
	X(FIELD_DNS_HEADER, "dns.header", SCAN_NO) /* id, flags: two u16 */                        \
	X(FIELD_DNS_KIND, "dns.kind", SCAN_NO) /* "dns", "mdns" or "llmnr" */                      \
	X(FIELD_DNS_ANSWER_COUNT, "dns.answers", SCAN_NO) /* u16 */

enum field_scan { SCAN_NO, SCAN_BLOCK, SCAN_STREAM };

#define X(id, name, scan) id,
enum field { FIELDS(X) FIELD_COUNT };
#undef X

struct field_info {
	const char *name;
	enum field_scan scan;
};

static const struct field_info field_table[FIELD_COUNT] __attribute__((unused)) = {
#define X(id, name, scan) [id] = {name, scan},
	FIELDS(X)
#undef X
};

// Application protocols. X(id, EVE app_proto, rule header keyword).
#define APP_PROTOS(X)                                                                              \
	X(APP_UNKNOWN, "unknown")                                                                  \
	X(APP_FAILED, "failed") /* the budget for recognising it is spent */                       \
	X(APP_TLS, "tls")                                                                          \
	X(APP_HTTP, "http")                                                                        \
	X(APP_DNS, "dns")

#define X(id, name) id,
enum app_proto { APP_PROTOS(X) APP_COUNT };
#undef X

static const char *const app_proto_name[APP_COUNT] __attribute__((unused)) = {
#define X(id, name) [id] = name,
	APP_PROTOS(X)
#undef X
};

// To the server, to the client.
enum dir { DIR_C2S, DIR_S2C };
