// What each message says of the posture of its flow: rows by check.

#include "dataplane/inspect/posture/posture.h"
#include "tests/unit/check.h"

#include <stdlib.h>

enum { FIELDS_MAX = 10, SERVER_PORT_OTHER = 4433 };

struct given {
	uint16_t field;
	const char *value;
	uint8_t len; // 0: of the text
};

#define V(field, bytes)                                                                            \
	{                                                                                          \
		field, bytes, sizeof(bytes) - 1                                                    \
	}
#define TLS_FLAGS(more) POSTURE_BIT(POSTURE_TLS) | POSTURE_BIT(POSTURE_ANSWERED) | more
#define BIT POSTURE_BIT
#define CLIENT_HELLO V(FIELD_TLS_MESSAGE, "client_hello")
#define SERVER_HELLO(version, cipher)                                                              \
	V(FIELD_TLS_MESSAGE, "server_hello"), V(FIELD_TLS_VERSION, version),                       \
		V(FIELD_TLS_CIPHER, cipher), V(FIELD_TLS_COMPRESSION, "\x00")
#define EXTENSIONS(list) V(FIELD_TLS_SERVER_EXTENSIONS, list)
#define SAFE EXTENSIONS("\x00\x17\xff\x01")
#define CERTIFICATE V(FIELD_TLS_MESSAGE, "certificate")
#define GOOD_TIMES                                                                                 \
	V(FIELD_TLS_NOT_BEFORE, "2024-01-01T00:00:00"),                                            \
		V(FIELD_TLS_NOT_AFTER, "2024-12-01T00:00:00")
#define SEEN BIT(POSTURE_CERT_SEEN)
#define NOW_S 1709294400 // 2024-03-01T12:00:00

struct row {
	const char *name;
	uint8_t app, dir;
	uint16_t port; // the server's; 0: SERVER_PORT_OTHER
	struct given fields[FIELDS_MAX];
	uint64_t bits;
	uint8_t upgrade;
};

static const struct row tls_rows[] = {
	{"client hello", APP_TLS, DIR_C2S, 0, {CLIENT_HELLO, V(FIELD_TLS_VERSION, "\x03\x04")},
		BIT(POSTURE_TLS), 0},
	{"offers tls 1.1 at best", APP_TLS, DIR_C2S, 0,
		{CLIENT_HELLO, V(FIELD_TLS_VERSION, "\x03\x02")},
		BIT(POSTURE_TLS) | BIT(POSTURE_TLS_VERSION), 0},
	{"offers dtls 1.2", APP_TLS, DIR_C2S, 0, {CLIENT_HELLO, V(FIELD_TLS_VERSION, "\xfe\xfd")},
		BIT(POSTURE_TLS), 0},
	{"offers ssl 2", APP_TLS, DIR_C2S, 0,
		{V(FIELD_TLS_MESSAGE, "ssl2_client_hello"), V(FIELD_TLS_VERSION, "\x00\x02")},
		BIT(POSTURE_TLS) | BIT(POSTURE_TLS_VERSION), 0},
	{"no name at 443", APP_TLS, DIR_C2S, 443, {CLIENT_HELLO},
		BIT(POSTURE_TLS) | BIT(POSTURE_NO_SNI), 0},
	{"a name at 443", APP_TLS, DIR_C2S, 443, {CLIENT_HELLO, V(FIELD_TLS_SNI, "a.b")},
		BIT(POSTURE_TLS), 0},
	{"ech instead", APP_TLS, DIR_C2S, 443, {CLIENT_HELLO, {FIELD_TLS_ECH, "", 0}},
		BIT(POSTURE_TLS) | BIT(POSTURE_ECH), 0},
	{"esni", APP_TLS, DIR_C2S, 443, {CLIENT_HELLO, {FIELD_TLS_ESNI, "", 0}},
		BIT(POSTURE_TLS) | BIT(POSTURE_ECH), 0},
	{"offers x25519mlkem768", APP_TLS, DIR_C2S, 0,
		{CLIENT_HELLO, V(FIELD_TLS_GROUPS, "\x0a\x0a\x11\xec\x00\x1d")},
		BIT(POSTURE_TLS) | BIT(POSTURE_PQ_OFFERED), 0},
	{"offers kyber", APP_QUIC, DIR_C2S, 0,
		{V(FIELD_QUIC_MESSAGE, "client_hello"), V(FIELD_TLS_GROUPS, "\x63\x99")},
		BIT(POSTURE_TLS) | BIT(POSTURE_PQ_OFFERED), 0},
	{"an odd byte is no group", APP_TLS, DIR_C2S, 0,
		{CLIENT_HELLO, V(FIELD_TLS_GROUPS, "\x00\x1d\x11")}, BIT(POSTURE_TLS), 0},
	{"a resolver", APP_TLS, DIR_C2S, 443, {CLIENT_HELLO, V(FIELD_TLS_SNI, "Dns.Google")},
		BIT(POSTURE_TLS) | BIT(POSTURE_DNS_SEALED), 0},
	{"not quite a resolver", APP_TLS, DIR_C2S, 443,
		{CLIENT_HELLO, V(FIELD_TLS_SNI, "xdns.google")}, BIT(POSTURE_TLS), 0},
	{"a short one", APP_TLS, DIR_C2S, 443, {CLIENT_HELLO, V(FIELD_TLS_SNI, "DOH.pub")},
		BIT(POSTURE_TLS) | BIT(POSTURE_DNS_SEALED), 0},
	{"below a short one", APP_TLS, DIR_C2S, 443, {CLIENT_HELLO, V(FIELD_TLS_SNI, "a.doh.pub")},
		BIT(POSTURE_TLS) | BIT(POSTURE_DNS_SEALED), 0},
	{"not quite a short one", APP_TLS, DIR_C2S, 443,
		{CLIENT_HELLO, V(FIELD_TLS_SNI, "xdoh.pub")}, BIT(POSTURE_TLS), 0},
	{"a part of a name", APP_TLS, DIR_C2S, 443, {CLIENT_HELLO, V(FIELD_TLS_SNI, "s.google")},
		BIT(POSTURE_TLS), 0},
	{"dns over tls", APP_TLS, DIR_C2S, 853, {CLIENT_HELLO},
		BIT(POSTURE_TLS) | BIT(POSTURE_DNS_SEALED), 0},
	{"dns over quic", APP_QUIC, DIR_C2S, 0,
		{V(FIELD_QUIC_MESSAGE, "client_hello"), V(FIELD_QUIC_ALPN, "doq")},
		BIT(POSTURE_TLS) | BIT(POSTURE_DNS_SEALED), 0},
	{"tor", APP_TLS, DIR_C2S, 443, {CLIENT_HELLO, V(FIELD_TLS_SNI, "www.torproject.org")},
		BIT(POSTURE_TLS) | BIT(POSTURE_TUNNEL), 0},
	{"offers tlcp", APP_TLS, DIR_C2S, 0, {CLIENT_HELLO, V(FIELD_TLS_VERSION, "\x01\x01")},
		BIT(POSTURE_TLS) | BIT(POSTURE_SM), 0},

	{"tls 1.2, as it should be", APP_TLS, DIR_S2C, 0,
		{SERVER_HELLO("\x03\x03", "\xc0\x2f"), SAFE}, TLS_FLAGS(0), 0},
	{"tls 1.2 without extensions", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x03\x03", "\xc0\x2f")},
		TLS_FLAGS(BIT(POSTURE_RENEGOTIATION) | BIT(POSTURE_EMS)), 0},
	{"tls 1.0", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x03\x01", "\xc0\x13"), SAFE},
		TLS_FLAGS(BIT(POSTURE_TLS_VERSION) | BIT(POSTURE_CIPHER_CBC)), 0},
	{"dtls 1.0", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\xfe\xff", "\xc0\x2f"), SAFE},
		TLS_FLAGS(BIT(POSTURE_TLS_VERSION)), 0},
	{"rsa key exchange", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x03\x03", "\x00\x9c"), SAFE},
		TLS_FLAGS(BIT(POSTURE_CIPHER_STATIC)), 0},
	{"cbc", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x03\x03", "\xc0\x13"), SAFE},
		TLS_FLAGS(BIT(POSTURE_CIPHER_CBC)), 0},
	{"cbc, encrypted first", APP_TLS, DIR_S2C, 0,
		{SERVER_HELLO("\x03\x03", "\xc0\x13"), EXTENSIONS("\x00\x17\x00\x16\xff\x01")},
		TLS_FLAGS(0), 0},
	{"rc4", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x03\x03", "\xc0\x11"), SAFE},
		TLS_FLAGS(BIT(POSTURE_CIPHER_BROKEN)), 0},
	{"anonymous", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x03\x03", "\x00\xa6"), SAFE},
		TLS_FLAGS(BIT(POSTURE_CIPHER_BROKEN)), 0},
	{"compressed", APP_TLS, DIR_S2C, 0,
		{V(FIELD_TLS_MESSAGE, "server_hello"), V(FIELD_TLS_VERSION, "\x03\x03"),
			V(FIELD_TLS_CIPHER, "\xc0\x2f"), V(FIELD_TLS_COMPRESSION, "\x01"), SAFE},
		TLS_FLAGS(BIT(POSTURE_COMPRESSION)), 0},
	{"tls 1.3", APP_TLS, DIR_S2C, 0,
		{SERVER_HELLO("\x03\x04", "\x13\x01"), V(FIELD_TLS_GROUP, "\x00\x1d")},
		TLS_FLAGS(BIT(POSTURE_TLS13)), 0},
	{"a draft of it", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x7f\x12", "\x13\x01")},
		TLS_FLAGS(BIT(POSTURE_TLS13)), 0},
	{"dtls 1.3", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\xfe\xfc", "\x13\x01")},
		TLS_FLAGS(BIT(POSTURE_TLS13)), 0},
	{"post-quantum", APP_TLS, DIR_S2C, 0,
		{SERVER_HELLO("\x03\x04", "\x13\x02"), V(FIELD_TLS_GROUP, "\x11\xec")},
		TLS_FLAGS(BIT(POSTURE_TLS13) | BIT(POSTURE_PQ)), 0},
	{"post-quantum quic", APP_QUIC, DIR_S2C, 0,
		{V(FIELD_QUIC_MESSAGE, "server_hello"), V(FIELD_QUIC_CIPHER, "\x13\x01"),
			V(FIELD_TLS_GROUP, "\x02\x01")},
		TLS_FLAGS(BIT(POSTURE_TLS13) | BIT(POSTURE_PQ)), 0},
	{"a short tag", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x03\x04", "\x13\x05")},
		TLS_FLAGS(BIT(POSTURE_TLS13) | BIT(POSTURE_CIPHER_CCM8)), 0},
	{"sm4", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x03\x04", "\x00\xc6")},
		TLS_FLAGS(BIT(POSTURE_TLS13) | BIT(POSTURE_SM)), 0},
	{"retry", APP_TLS, DIR_S2C, 0, {V(FIELD_TLS_MESSAGE, "hello_retry_request")},
		BIT(POSTURE_RETRY), 0},
	{"tlcp, static, cbc", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x01\x01", "\xe0\x13")},
		TLS_FLAGS(BIT(POSTURE_SM) | BIT(POSTURE_CIPHER_STATIC) | BIT(POSTURE_CIPHER_CBC)),
		0},
	{"tlcp, ephemeral, gcm", APP_TLS, DIR_S2C, 0, {SERVER_HELLO("\x01\x01", "\xe0\x51")},
		TLS_FLAGS(BIT(POSTURE_SM)), 0},

	{"dh of 1024", APP_TLS, DIR_S2C, 0,
		{V(FIELD_TLS_MESSAGE, "server_key_exchange"),
			V(FIELD_TLS_DH_BITS, "\x00\x00\x04\x00"), V(FIELD_TLS_SIG_ALG, "\x04\x01")},
		BIT(POSTURE_DH), 0},
	{"dh of 2048", APP_TLS, DIR_S2C, 0,
		{V(FIELD_TLS_MESSAGE, "server_key_exchange"),
			V(FIELD_TLS_DH_BITS, "\x00\x00\x08\x00")},
		0, 0},
	{"sect283r1", APP_TLS, DIR_S2C, 0,
		{V(FIELD_TLS_MESSAGE, "server_key_exchange"), V(FIELD_TLS_GROUP, "\x00\x0a")},
		BIT(POSTURE_CURVE), 0},
	{"secp256r1, signed with sha1", APP_TLS, DIR_S2C, 0,
		{V(FIELD_TLS_MESSAGE, "server_key_exchange"), V(FIELD_TLS_GROUP, "\x00\x17"),
			V(FIELD_TLS_SIG_ALG, "\x02\x01")},
		BIT(POSTURE_SIG_ALG), 0},
	{"a client's proof with md5", APP_TLS, DIR_C2S, 0,
		{V(FIELD_TLS_MESSAGE, "certificate_verify"), V(FIELD_TLS_SIG_ALG, "\x01\x01")},
		BIT(POSTURE_SIG_ALG), 0},
	{"rsa-pss", APP_TLS, DIR_S2C, 0,
		{V(FIELD_TLS_MESSAGE, "server_key_exchange"), V(FIELD_TLS_SIG_ALG, "\x08\x04")}, 0,
		0},

	{"certificate", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_KEY_TYPE, "RSA"),
			V(FIELD_TLS_KEY_BITS, "\x00\x00\x08\x00"),
			V(FIELD_TLS_SIGNATURE, "sha256WithRSAEncryption"), GOOD_TIMES},
		SEEN, 0},
	{"a client's certificate", APP_TLS, DIR_C2S, 0,
		{CERTIFICATE, V(FIELD_TLS_KEY_TYPE, "RSA"),
			V(FIELD_TLS_KEY_BITS, "\x00\x00\x04\x00")},
		0, 0},
	{"rsa of 1024", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_KEY_TYPE, "RSA"),
			V(FIELD_TLS_KEY_BITS, "\x00\x00\x04\x00")},
		SEEN | BIT(POSTURE_CERT_KEY), 0},
	{"ec of 192", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_KEY_TYPE, "EC"),
			V(FIELD_TLS_KEY_BITS, "\x00\x00\x00\xc0")},
		SEEN | BIT(POSTURE_CERT_KEY), 0},
	{"ec of 256", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_KEY_TYPE, "EC"),
			V(FIELD_TLS_KEY_BITS, "\x00\x00\x01\x00")},
		SEEN, 0},
	{"ec of an unknown curve", APP_TLS, DIR_S2C, 0, {CERTIFICATE, V(FIELD_TLS_KEY_TYPE, "EC")},
		SEEN, 0},
	{"dsa", APP_TLS, DIR_S2C, 0, {CERTIFICATE, V(FIELD_TLS_KEY_TYPE, "dsaEncryption")},
		SEEN | BIT(POSTURE_CERT_KEY), 0},
	{"sha1", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_SIGNATURE, "sha1WithRSAEncryption")},
		SEEN | BIT(POSTURE_CERT_SIG), 0},
	{"ecdsa with sha1", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_SIGNATURE, "ecdsa-with-SHA1")},
		SEEN | BIT(POSTURE_CERT_SIG), 0},
	{"md5", APP_TLS, DIR_S2C, 0, {CERTIFICATE, V(FIELD_TLS_SIGNATURE, "md5WithRSAEncryption")},
		SEEN | BIT(POSTURE_CERT_SIG), 0},
	{"over", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_NOT_BEFORE, "2024-01-01T00:00:00"),
			V(FIELD_TLS_NOT_AFTER, "2024-03-01T11:59:59")},
		SEEN | BIT(POSTURE_CERT_TIME), 0},
	{"not begun", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_NOT_BEFORE, "2024-03-01T12:00:01"),
			V(FIELD_TLS_NOT_AFTER, "2024-06-01T00:00:00")},
		SEEN | BIT(POSTURE_CERT_TIME), 0},
	{"over soon", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_NOT_BEFORE, "2024-01-01T00:00:00"),
			V(FIELD_TLS_NOT_AFTER, "2024-03-30T00:00:00")},
		SEEN | BIT(POSTURE_CERT_SOON), 0},
	{"long", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_NOT_BEFORE, "2024-01-01T00:00:00"),
			V(FIELD_TLS_NOT_AFTER, "2034-01-01T00:00:00")},
		SEEN | BIT(POSTURE_CERT_LONG), 0},
	{"a time that is none", APP_TLS, DIR_S2C, 0,
		{CERTIFICATE, V(FIELD_TLS_NOT_BEFORE, "2024-01-01T00:00:00"),
			V(FIELD_TLS_NOT_AFTER, "yesterday")},
		SEEN, 0},
	{"its own issuer", APP_TLS, DIR_S2C, 0, {CERTIFICATE, {FIELD_TLS_SELF_ISSUED, "", 0}},
		SEEN | BIT(POSTURE_CERT_SELF), 0},
	{"another's name", APP_TLS, DIR_S2C, 0, {CERTIFICATE, V(FIELD_TLS_NAME_MATCH, "\x00")},
		SEEN | BIT(POSTURE_CERT_NAME), 0},
	{"its name", APP_TLS, DIR_S2C, 0, {CERTIFICATE, V(FIELD_TLS_NAME_MATCH, "\x01")}, SEEN, 0},
};

#define CLEAR BIT(POSTURE_CLEAR)
static const struct row clear_rows[] = {
	{"http", APP_HTTP, DIR_C2S, 80, {V(FIELD_HTTP_METHOD, "GET"), V(FIELD_HTTP_URI, "/a")},
		CLEAR, 0},
	{"connect", APP_HTTP, DIR_C2S, 80, {V(FIELD_HTTP_METHOD, "CONNECT")}, 0, 0},
	{"basic", APP_HTTP, DIR_C2S, 80, {V(FIELD_HTTP_CREDENTIALS, "basic")},
		CLEAR | BIT(POSTURE_HTTP_AUTH), 0},
	{"session", APP_HTTP2, DIR_C2S, 80, {V(FIELD_HTTP_CREDENTIALS, "session")},
		CLEAR | BIT(POSTURE_HTTP_SESSION), 0},
	{"apk", APP_HTTP, DIR_C2S, 80, {V(FIELD_HTTP_URI, "/d/a.APK?x=.txt")},
		CLEAR | BIT(POSTURE_APP_OVER_HTTP), 0},
	{"no apk", APP_HTTP, DIR_C2S, 80, {V(FIELD_HTTP_URI, "/d?f=a.apk")}, CLEAR, 0},
	{"apk by its type", APP_HTTP, DIR_S2C, 80,
		{V(FIELD_HTTP_CONTENT_TYPE, "application/vnd.android.package-archive")},
		CLEAR | BIT(POSTURE_APP_OVER_HTTP), 0},
	{"openim's gateway", APP_HTTP, DIR_C2S, 10001,
		{V(FIELD_HTTP_URI, "/?token=t&sendID=1&platformID=5")}, CLEAR | BIT(POSTURE_OPENIM),
		0},
	{"openim's interface", APP_HTTP, DIR_C2S, 10002, {V(FIELD_HTTP_URI, "/auth/user_token")},
		CLEAR | BIT(POSTURE_OPENIM), 0},
	{"the same elsewhere", APP_HTTP, DIR_C2S, 8080, {V(FIELD_HTTP_URI, "/auth/user_token")},
		CLEAR, 0},
	{"wechat's resolver", APP_HTTP, DIR_C2S, 80, {V(FIELD_HTTP_HOST, "dns.weixin.qq.com")},
		CLEAR | BIT(POSTURE_HTTPDNS), 0},
	{"tencent's, by address", APP_HTTP, DIR_C2S, 80,
		{V(FIELD_HTTP_HOST, "119.29.29.29"), V(FIELD_HTTP_URI, "/d?dn=a.b")},
		CLEAR | BIT(POSTURE_HTTPDNS), 0},
	{"keyboard", APP_HTTP, DIR_C2S, 80, {V(FIELD_HTTP_HOST, "v2.get.sogou.com")},
		CLEAR | BIT(POSTURE_KEYBOARD), 0},
	{"mmtls asked for", APP_HTTP, DIR_C2S, 80, {V(FIELD_HTTP_UPGRADE, "mmtls")},
		CLEAR | BIT(POSTURE_MMTLS), 0},
	{"mmtls", APP_MMTLS, DIR_C2S, 80, {{0}}, BIT(POSTURE_MMTLS) | BIT(POSTURE_SEALED), 0},
	{"noise", APP_WHATSAPP, DIR_C2S, 443, {{0}}, BIT(POSTURE_NOISE) | BIT(POSTURE_SEALED), 0},
	{"mtproto", APP_MTPROTO, DIR_C2S, 443, {{0}}, BIT(POSTURE_MTPROTO) | BIT(POSTURE_SEALED),
		0},
	{"dns", APP_DNS, DIR_C2S, 53, {V(FIELD_DNS_QUERY, "a.b")}, BIT(POSTURE_DNS_CLEAR), 0},
	{"mdns", APP_DNS, DIR_C2S, 5353, {V(FIELD_DNS_QUERY, "a.local")}, 0, 0},

	{"smtp's login", APP_SMTP, DIR_C2S, 25, {V(FIELD_SMTP_AUTH, "PLAIN")},
		CLEAR | BIT(POSTURE_MAIL_CLEAR), 0},
	{"a letter", APP_SMTP, DIR_C2S, 25, {V(FIELD_SMTP_MAIL_FROM, "<a@b>")}, CLEAR, 0},
	{"a greeting", APP_SMTP, DIR_C2S, 25, {V(FIELD_SMTP_HELO, "a")}, 0, 0},
	{"imap's login", APP_IMAP, DIR_C2S, 143, {V(FIELD_IMAP_AUTH, "LOGIN")},
		CLEAR | BIT(POSTURE_MAIL_CLEAR), 0},
	{"pop3's login", APP_POP3, DIR_C2S, 110, {V(FIELD_POP3_AUTH, "USER")},
		CLEAR | BIT(POSTURE_MAIL_CLEAR), 0},
	{"nothing given away", APP_IMAP, DIR_C2S, 143, {V(FIELD_IMAP_AUTH, "EXTERNAL")}, 0, 0},
	{"offers starttls", APP_SMTP, DIR_S2C, 25,
		{V(FIELD_SMTP_AUTH, "PLAIN"), V(FIELD_SMTP_STARTTLS, "offered")}, 0,
		UPGRADE_OFFERED},
	{"offers it not", APP_IMAP, DIR_S2C, 143, {V(FIELD_IMAP_AUTH, "PLAIN")}, 0,
		UPGRADE_MISSING},
	{"pop3's mechanisms", APP_POP3, DIR_S2C, 110, {V(FIELD_POP3_AUTH, "PLAIN")}, 0, 0},
	{"says nothing of it", APP_SMTP, DIR_S2C, 25, {V(FIELD_SMTP_CODE, "250")}, 0, 0},

	{"xmpp's login", APP_XMPP, DIR_C2S, 5222,
		{V(FIELD_XMPP_ELEMENT, "auth"), V(FIELD_XMPP_AUTH, "PLAIN")},
		CLEAR | BIT(POSTURE_XMPP_CLEAR), 0},
	{"xmpp's old login", APP_XMPP, DIR_C2S, 5222,
		{V(FIELD_XMPP_ELEMENT, "iq"), V(FIELD_XMPP_AUTH, "jabber:iq:auth")},
		CLEAR | BIT(POSTURE_XMPP_CLEAR), 0},
	{"xmpp's message", APP_XMPP, DIR_S2C, 5222, {V(FIELD_XMPP_ELEMENT, "message")},
		CLEAR | BIT(POSTURE_XMPP_CLEAR), 0},
	{"xmpp's features", APP_XMPP, DIR_S2C, 5222,
		{V(FIELD_XMPP_ELEMENT, "features"), V(FIELD_XMPP_AUTH, "PLAIN"),
			V(FIELD_XMPP_STARTTLS, "required")},
		0, UPGRADE_OFFERED},
	{"xmpp's features, stripped", APP_XMPP, DIR_S2C, 5222,
		{V(FIELD_XMPP_ELEMENT, "features"), V(FIELD_XMPP_AUTH, "PLAIN")}, 0,
		UPGRADE_MISSING},
	{"irc's talk", APP_IRC, DIR_C2S, 6667, {V(FIELD_IRC_COMMAND, "privmsg")},
		CLEAR | BIT(POSTURE_IRC_CLEAR), 0},
	{"irc's password", APP_IRC, DIR_C2S, 6667, {V(FIELD_IRC_COMMAND, "PASS")},
		CLEAR | BIT(POSTURE_IRC_LOGIN), 0},
	{"sip with md5", APP_SIP, DIR_C2S, 5060, {V(FIELD_SIP_AUTH, "digest-md5")},
		CLEAR | BIT(POSTURE_SIP_CLEAR), 0},
	{"sip with sha-256", APP_SIP, DIR_C2S, 5060, {V(FIELD_SIP_AUTH, "digest-sha")}, CLEAR, 0},
	{"open media", APP_SIP, DIR_C2S, 5060, {V(FIELD_SDP_SRTP, "\x00")},
		CLEAR | BIT(POSTURE_SIP_MEDIA), 0},
	{"sealed media", APP_SIP, DIR_C2S, 5060, {V(FIELD_SDP_SRTP, "\x01")}, CLEAR, 0},
	{"mqtt's password", APP_MQTT, DIR_C2S, 1883, {V(FIELD_MQTT_CONNECT_FLAGS, "\xc2")},
		CLEAR | BIT(POSTURE_MQTT_CLEAR), 0},
	{"mqtt without", APP_MQTT, DIR_C2S, 1883, {V(FIELD_MQTT_CONNECT_FLAGS, "\x02")}, CLEAR, 0},

	{"ssh 1", APP_SSH, DIR_S2C, 22, {V(FIELD_SSH_PROTO, "1.5")}, BIT(POSTURE_SSH_OLD), 0},
	{"ssh 1.99", APP_SSH, DIR_S2C, 22, {V(FIELD_SSH_PROTO, "1.99")}, 0, 0},
	{"ssh", APP_SSH, DIR_S2C, 22,
		{V(FIELD_SSH_PROTO, "2.0"), V(FIELD_SSH_KEX, "curve25519-sha256"),
			V(FIELD_SSH_MAC, "hmac-sha2-256"), V(FIELD_SSH_CIPHER, "aes128-ctr")},
		BIT(POSTURE_SEALED), 0},
	{"ssh, old exchange", APP_SSH, DIR_S2C, 22,
		{V(FIELD_SSH_KEX, "diffie-hellman-group14-sha1")},
		BIT(POSTURE_SEALED) | BIT(POSTURE_SSH_OLD), 0},
	{"ssh, old mac", APP_SSH, DIR_S2C, 22,
		{V(FIELD_SSH_KEX, "curve25519-sha256"), V(FIELD_SSH_MAC, "hmac-md5")},
		BIT(POSTURE_SEALED) | BIT(POSTURE_SSH_OLD), 0},
	{"ssh, old cipher", APP_SSH, DIR_S2C, 22,
		{V(FIELD_SSH_KEX, "curve25519-sha256"), V(FIELD_SSH_CIPHER, "3des-cbc")},
		BIT(POSTURE_SEALED) | BIT(POSTURE_SSH_OLD), 0},
	{"ssh, post-quantum", APP_SSH, DIR_S2C, 22, {V(FIELD_SSH_KEX, "mlkem768x25519-sha256")},
		BIT(POSTURE_SEALED) | BIT(POSTURE_PQ), 0},
	{"another protocol", APP_RTP, DIR_C2S, 0, {V(FIELD_RTP_PAYLOAD_TYPE, "\x00")}, 0, 0},
};

static struct posture_told run(const struct row *row)
{
	struct flow flow = {.flags = FLOW_A_IS_CLIENT, .app_proto = row->app};
	struct field_value fields[FIELDS_MAX];
	struct find find = {.kind = FIND_TX,
		.app_proto = row->app,
		.dir = row->dir,
		.flow = &flow,
		.fields = fields,
		.ts_ns = NOW_S * 1000000000ull};

	flow.key.aport = 40000;
	flow.key.bport = row->port != 0 ? row->port : SERVER_PORT_OTHER;
	for (unsigned i = 0; i < FIELDS_MAX && row->fields[i].field != FIELD_NONE; i++)
		fields[find.n_fields++] = (struct field_value){row->fields[i].field,
			{(const uint8_t *)row->fields[i].value, row->fields[i].len, false}};
	return posture_message(&find);
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct posture_told told = run(&rows[i]);
		CHECK(told.bits == rows[i].bits, "%s: %llx, not %llx", rows[i].name,
			(unsigned long long)told.bits, (unsigned long long)rows[i].bits);
		CHECK(told.upgrade == rows[i].upgrade, "%s: %u", rows[i].name, told.upgrade);
	}
}

static void test_tls(void)
{
	check_rows(tls_rows, ROWS(tls_rows));
}

static void test_clear(void)
{
	check_rows(clear_rows, ROWS(clear_rows));
}

// Every check has a row here that sets it, apart from two that are no message's.
static void test_all(void)
{
	uint64_t seen = BIT(POSTURE_RARE_CLIENT) | BIT(POSTURE_STRIPPED);

	for (size_t i = 0; i < ROWS(tls_rows); i++)
		seen |= tls_rows[i].bits;
	for (size_t i = 0; i < ROWS(clear_rows); i++)
		seen |= clear_rows[i].bits;
	for (unsigned i = 0; i < POSTURE_CHECK_COUNT; i++)
		CHECK((seen & BIT(i)) != 0, "%s %s", posture_checks[i].check,
			posture_checks[i].part);
}

// Values of any length, of every field, in messages of every protocol: nothing is read beyond them.
static void test_hostile(void)
{
	static const char *const messages[] = {
		"client_hello", "server_hello", "certificate", "server_key_exchange"};
	uint64_t all = 0;

	for (unsigned app = 0; app < APP_COUNT; app++) {
		for (unsigned field = 1; field < FIELD_COUNT; field++) {
			for (uint8_t len = 0; len < 24; len++) {
				char *value = malloc(len + 1u);
				const char *message = messages[len % ROWS(messages)];
				memset(value, len % 2 != 0 ? 0xff : '1', len + 1u);
				struct row row = {.app = (uint8_t)app,
					.dir = len & 1,
					.fields = {{(uint16_t)(app == APP_QUIC ? FIELD_QUIC_MESSAGE
									       : FIELD_TLS_MESSAGE),
							   message, (uint8_t)strlen(message)},
						{(uint16_t)field, value, len}}};
				char *copy = malloc(len + 1u);
				memcpy(copy, value, len);
				row.fields[1].value = copy;
				all |= run(&row).bits;
				free(copy);
				free(value);
			}
		}
	}
	CHECK(all != 0, "%s", "something was seen");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"tls", test_tls},
		{"clear", test_clear},
		{"every check", test_all},
		{"hostile", test_hostile},
		CU_TEST_INFO_NULL,
	};
	return check_main("posture", tests);
}
