// Every field that a parser can take out of traffic, and every application protocol: the ids
// are used by parsers, by the matcher, in event records (as TLV tags) and in EVE.
// docs/fields.md is made from this table.

#pragma once

#include "dataplane/api/field_table.h"

#include <stdint.h>

enum field_scan { SCAN_NO, SCAN_BLOCK, SCAN_STREAM };

// Numbers are in network order: they come as the wire has them.
enum field_form {
	FORM_BYTES,
	FORM_TEXT,
	FORM_DIGITS, // decimal text that EVE shows as a number
	FORM_NUMBER, // 1 to 8 bytes
	FORM_HEX, // 1 to 8 bytes, shown as "0x0102"
	FORM_BOOL, // one byte, 0 or 1
	FORM_FLAG, // no bytes: it is there, or not
	FORM_U8S, // list of numbers
	FORM_U16S,
	FORM_U16S_HEX,
	FORM_TLS_VERSION, // u16
	FORM_OWN, // the protocol's own code in control/sinks
};

enum field_mask {
	MASK_CLEAR, // the parser's own words and numbers: tells nothing about a person
	MASK_NAME, // host name: addresses become pseudonyms, users and devices tokens or nothing
	MASK_URI, // as MASK_NAME for its host; values go; parts of the path as MASK_TEXT
	MASK_TEXT, // free text: addresses, mail addresses and long numbers in it become tokens
	MASK_WORDS, // MASK_TEXT for each word: numbers side by side are several
	MASK_WORD, // of a protocol's own vocabulary; any other leaves as "other"
	MASK_TYPE, // a content type without its parameters
	MASK_TOPIC, // MQTT's: behind the first level words of a list stay
	MASK_SERVICE, // DNS: numbers, a name, parameters
	MASK_SOA, // DNS: a name, a mailbox, numbers
	MASK_PERSON, // names a person or account: becomes a keyed token
	MASK_SECRET, // for rules only; never in a record
};

#define X(id, ...) id,
enum field { FIELDS(X) FIELD_COUNT };
#undef X

struct field_info {
	const char *name;
	enum field_scan scan;
	enum field_form form;
	enum field_mask mask;
	char dir; // C, S, B
	const char *path;
	const char *example;
	const char *source;
};

static const struct field_info field_table[FIELD_COUNT] __attribute__((unused)) = {
#define X(id, name, scan, form, path, mask, dir, example, source)                                  \
	[id] = {name, scan, form, mask, #dir[0], path, example, source},
	FIELDS(X)
#undef X
};

// Application protocols.
// X(id, name, eve): name as app_proto and in rules; eve: event_type of its messages, whose object
// in the record has the same name ("": no messages).
#define APP_PROTOS(X)                                                                              \
	X(APP_UNKNOWN, "unknown", "")                                                              \
	X(APP_FAILED, "failed", "") /* the budget for recognising it is spent */                   \
	X(APP_TLS, "tls", "tls") /* over UDP: DTLS */                                              \
	X(APP_HTTP, "http", "http")                                                                \
	X(APP_DNS, "dns", "dns")                                                                   \
	X(APP_QUIC, "quic", "quic") /* Google's too */                                             \
	X(APP_HTTP2, "http2", "http")                                                              \
	X(APP_WEBSOCKET, "websocket", "websocket")                                                 \
	X(APP_SSH, "ssh", "ssh")                                                                   \
	X(APP_SMTP, "smtp", "smtp")                                                                \
	X(APP_IMAP, "imap", "imap")                                                                \
	X(APP_POP3, "pop3", "pop3")                                                                \
	X(APP_MQTT, "mqtt", "mqtt")                                                                \
	X(APP_SIP, "sip", "sip")                                                                   \
	X(APP_XMPP, "xmpp", "xmpp")                                                                \
	X(APP_IRC, "irc", "irc")                                                                   \
	X(APP_STUN, "stun", "stun")                                                                \
	X(APP_RTP, "rtp", "rtp")                                                                   \
	X(APP_SOCKS, "socks", "socks")                                                             \
	X(APP_RTMP, "rtmp", "rtmp")                                                                \
	X(APP_OICQ, "oicq", "oicq") /* QQ */                                                       \
	X(APP_MMTLS, "mmtls", "mmtls") /* WeChat */                                                \
	X(APP_MTPROTO, "mtproto", "mtproto") /* Telegram */                                        \
	X(APP_WHATSAPP, "whatsapp", "whatsapp")                                                    \
	X(APP_THREEMA, "threema", "threema")                                                       \
	X(APP_VIBER, "viber", "viber")                                                             \
	X(APP_DINGTALK, "dingtalk", "dingtalk")                                                    \
	X(APP_ZOOM, "zoom", "zoom")                                                                \
	X(APP_IMO, "imo", "imo")                                                                   \
	X(APP_KAKAOTALK, "kakaotalk", "kakaotalk")                                                 \
	X(APP_LINE, "line", "line")                                                                \
	X(APP_DISCORD, "discord", "discord")                                                       \
	X(APP_OPENIM, "openim", "openim")                                                          \
	X(APP_MUMBLE, "mumble", "mumble")

#define X(id, name, eve) id,
enum app_proto { APP_PROTOS(X) APP_COUNT };
#undef X

struct app_proto_info {
	const char *name;
	const char *eve;
};

static const struct app_proto_info app_proto_table[APP_COUNT] __attribute__((unused)) = {
#define X(id, name, eve) [id] = {name, eve},
	APP_PROTOS(X)
#undef X
};

// To the server, to the client.
enum dir { DIR_C2S, DIR_S2C };
