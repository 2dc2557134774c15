// The rows of what is looked at for a flow's encryption posture: read by posture.h only. One row a
// line, whatever its length. docs/posture.md is made from it.
//
// X(id, check, part, severity, cap, looks_at, rule, source)
//
//   check     a name of the domain's table (posture_checks.tsv); several rows may have it
//   part      which of the check's rows; "": the check itself
//   severity  INFO rows are counted and never told of a single flow
//   cap       the best grade a flow can have where the row holds; NONE: it changes none
//   rule      when the row holds
//
// A row's place is its bit in flow_note.posture: new ones stand at the end.

#pragma once

// clang-format off
#define POSTURE_CHECKS(X) \
	X(POSTURE_TLS_VERSION, "tls_version", "", HIGH, D, "version of the ServerHello, or the best of the client's offer", "SSL 2, SSL 3, TLS 1.0, TLS 1.1 or DTLS 1.0 is chosen, or nothing better offered", "RFC 8996; RFC 9325 3.1") \
	X(POSTURE_CIPHER_BROKEN, "tls12_cipher", "broken", CRITICAL, F, "cipher suite of the ServerHello, up to TLS 1.2", "NULL, anonymous, EXPORT, RC2, RC4, DES, 3DES or MD5", "RFC 9325 4.1; RFC 7465") \
	X(POSTURE_CIPHER_STATIC, "tls12_cipher", "no_fs", MEDIUM, C, "cipher suite of the ServerHello, up to TLS 1.2", "no forward secrecy: the key exchange is RSA, DH, ECDH, PSK or SM2's ECC", "RFC 9325 4.1; SP 800-52r2 3.3.1") \
	X(POSTURE_CIPHER_CBC, "tls12_cipher", "cbc", MEDIUM, C, "cipher suite and extensions of the ServerHello, up to TLS 1.2", "CBC without encrypt_then_mac (0x0016)", "RFC 7366; RFC 9325 4.2") \
	X(POSTURE_CIPHER_CCM8, "tls13_cipher", "", LOW, B, "cipher suite of the ServerHello of TLS 1.3", "TLS_AES_128_CCM_8_SHA256 (0x1305): a tag of 8 bytes", "RFC 8446 B.4; RFC 9325 4.2") \
	X(POSTURE_COMPRESSION, "tls_compression", "", HIGH, D, "compression of the ServerHello", "it is not null", "RFC 9325 3.3") \
	X(POSTURE_RENEGOTIATION, "tls_reneg", "", MEDIUM, C, "extensions of the ServerHello, up to TLS 1.2", "renegotiation_info (0xff01) is missing", "RFC 5746; RFC 9325 3.5") \
	X(POSTURE_EMS, "tls_ems", "", MEDIUM, C, "extensions of the ServerHello, up to TLS 1.2", "extended_master_secret (0x0017) is missing", "RFC 7627; RFC 9325 3.5") \
	X(POSTURE_DH, "dh_group", "", HIGH, D, "p of the ServerKeyExchange", "it is shorter than 2048 bits", "RFC 9325 4.2") \
	X(POSTURE_CURVE, "dh_group", "curve", MEDIUM, C, "curve of the ServerKeyExchange", "it is one of sect* or secp160*, secp192*", "RFC 8422 5.1.1; RFC 9325 4.2") \
	X(POSTURE_SIG_ALG, "sig_alg", "", HIGH, D, "signature of ServerKeyExchange and CertificateVerify of TLS 1.2", "it is made with MD5 or SHA-1", "RFC 9155") \
	X(POSTURE_CERT_KEY, "cert_key", "", HIGH, D, "the server's certificate, up to TLS 1.2", "RSA shorter than 2048 bits, a curve below 224, or DSA", "RFC 9325 4.5; SP 800-57") \
	X(POSTURE_CERT_SIG, "cert_sig", "", HIGH, D, "the server's certificate, up to TLS 1.2", "it is signed with MD2, MD5 or SHA-1", "SP 800-52r2 3.2; RFC 9155") \
	X(POSTURE_CERT_TIME, "cert_time", "", HIGH, D, "the server's certificate and the packet's time", "it is over, or has not begun", "RFC 5280 4.1.2.5") \
	X(POSTURE_CERT_SOON, "cert_time", "soon", LOW, NONE, "the server's certificate and the packet's time", "it is over within 30 days", "operation's practice") \
	X(POSTURE_CERT_LONG, "cert_time", "long", INFO, NONE, "the server's certificate", "it is good for more than 398 days", "CA/Browser Forum BR 6.3.2") \
	X(POSTURE_CERT_SELF, "cert_self", "", MEDIUM, C, "the server's certificate, up to TLS 1.2", "its issuer is its subject. The signature is not verified, no list of roots is asked", "RFC 5280 3.2") \
	X(POSTURE_CERT_NAME, "cert_name", "", HIGH, D, "the server's certificate and the client's SNI", "no subjectAltName fits the name; common names do not count", "RFC 9525 6") \
	X(POSTURE_PQ, "pq_kex", "", INFO, NONE, "group of the ServerHello; of SSH, the method agreed on", "it is post-quantum: 0x11eb-0x11ee, 0x0200-0x0202, 0x6399; mlkem, sntrup", "draft-ietf-tls-ecdhe-mlkem; FIPS 203") \
	X(POSTURE_PQ_OFFERED, "pq_kex", "offered", INFO, NONE, "groups of the ClientHello", "one of them is post-quantum", "draft-ietf-tls-ecdhe-mlkem") \
	X(POSTURE_RETRY, "pq_kex", "retry", INFO, NONE, "HelloRetryRequest", "there was one: the cost of a key share that was not wanted", "RFC 8446 4.1.4") \
	X(POSTURE_ECH, "ech", "", INFO, NONE, "extensions of the ClientHello", "ECH (0xfe0d), GREASE included, or ESNI (0xffce). A protection of people: never an alert", "RFC 9849") \
	X(POSTURE_NO_SNI, "sni_missing", "", INFO, NONE, "ClientHello to port 443", "it has neither a name nor ECH", "RFC 6066 3") \
	X(POSTURE_RARE_CLIENT, "ja4_rarity", "", INFO, NONE, "JA4 of the ClientHello", "counted over all traffic, not by flow: stacks seen fewer than 10 times since the dataplane began", "JA4 (BSD 3-clause)") \
	X(POSTURE_SM, "tlcp", "", INFO, NONE, "version 0x0101 and suites 0xe0xx; 0x00c6, 0x00c7 of TLS 1.3", "Chinese algorithms are used: TLCP, or SM4 in TLS 1.3", "GB/T 38636; RFC 8998") \
	X(POSTURE_MMTLS, "mmtls", "", MEDIUM, C, "records 16, 19 of version f103, f104; Upgrade: mmtls", "WeChat's own transport instead of TLS", "Citizen Lab, 2024-10") \
	X(POSTURE_NOISE, "noise_wa", "", INFO, NONE, "WhatsApp's prologue", "Noise: sealed, with forward secrecy", "Noise Protocol Framework") \
	X(POSTURE_MTPROTO, "mtproto", "", INFO, C, "Telegram's transports", "a construction of its own", "core.telegram.org, MTProto") \
	X(POSTURE_XMPP_CLEAR, "xmpp_clear", "", CRITICAL, F, "XMPP elements in front of STARTTLS", "a login, or a message, in clear", "RFC 6120 5; RFC 7590") \
	X(POSTURE_IRC_CLEAR, "irc_clear", "", MEDIUM, F, "IRC commands over TCP", "NICK, USER, JOIN, PRIVMSG or NOTICE in clear", "RFC 2812; RFC 7194") \
	X(POSTURE_IRC_LOGIN, "irc_clear", "login", CRITICAL, F, "IRC commands over TCP", "PASS, OPER or AUTHENTICATE in clear", "RFC 2812; RFC 7194") \
	X(POSTURE_SIP_CLEAR, "sip_clear", "", HIGH, F, "Authorization of SIP in clear", "Basic, or Digest with MD5", "RFC 8760") \
	X(POSTURE_SIP_MEDIA, "sip_clear", "media", HIGH, F, "session descriptions of SIP in clear", "a medium without crypto or fingerprint", "RFC 4568; RFC 8643") \
	X(POSTURE_MQTT_CLEAR, "mqtt_clear", "", CRITICAL, F, "CONNECT of MQTT in clear", "it has a user name or a password", "MQTT 5 5.4.8") \
	X(POSTURE_MAIL_CLEAR, "mail_clear", "", CRITICAL, F, "AUTH, LOGIN, USER, APOP of SMTP, IMAP, POP3 in front of STARTTLS", "a login in clear; ANONYMOUS and EXTERNAL are none", "RFC 8314") \
	X(POSTURE_HTTP_AUTH, "http_auth_clear", "", CRITICAL, F, "requests of HTTP in clear", "Authorization, or a form or query with a password that is filled in", "RFC 7617 4; RFC 9110 17.16") \
	X(POSTURE_HTTP_SESSION, "http_auth_clear", "session", HIGH, F, "requests of HTTP in clear", "a cookie that is named as sessions and tokens are", "RFC 6265 8.3") \
	X(POSTURE_STRIPPED, "starttls_strip", "", HIGH, F, "what SMTP, IMAP and XMPP servers say they can", "STARTTLS is missing, and the server offered it before", "RFC 8314; RFC 3207 6") \
	X(POSTURE_SSH_OLD, "ssh_old", "", MEDIUM, C, "banners of SSH, and what both sides agree on", "SSH 1, a key exchange or MAC with SHA-1 or MD5, a cipher like 3DES, Blowfish or arcfour", "RFC 9142; RFC 8758") \
	X(POSTURE_DNS_CLEAR, "dns_clear", "", INFO, NONE, "DNS over UDP or TCP", "it is in clear", "RFC 9076") \
	X(POSTURE_DNS_SEALED, "dns_clear", "sealed", INFO, NONE, "port 853, ALPN dot or doq, known names of DNS over HTTPS", "it is sealed", "RFC 7858; RFC 8484; RFC 9250") \
	X(POSTURE_HTTPDNS, "httpdns_clear", "", LOW, F, "Host and target of HTTP in clear", "a resolver of names over plain HTTP: the application and what it looks for leak", "v2fly category-httpdns-cn") \
	X(POSTURE_OPENIM, "openim_clear", "", CRITICAL, F, "target and port of HTTP in clear", "OpenIM's gateway (token=, sendID=, platformID=) or its interface at port 10002", "docs.openim.io") \
	X(POSTURE_KEYBOARD, "ime_clear", "", HIGH, F, "Host of HTTP in clear", "a cloud keyboard: what people type can be read", "Citizen Lab, 2023-08, 2024-04") \
	X(POSTURE_APP_OVER_HTTP, "app_update_http", "", MEDIUM, F, "target and content type of HTTP in clear", "an application package: .apk, .ipa", "nDPI risk 4; Android package type") \
	X(POSTURE_TUNNEL, "tor_vpn", "", INFO, NONE, "SNI", "a server of Tor's or of a VPN provider. A protection of people: never an alert", "the providers' own domains")
// clang-format on

// What a flow showed beside: bits behind the rows', which the grade and the shares are made of.
//
// X(id, name, help)
#define POSTURE_FACTS(X)                                                                           \
	X(POSTURE_TLS, "tls", "flows with a hello of TLS, DTLS or QUIC")                           \
	X(POSTURE_ANSWERED, "tls_answered", "the server's hello was seen, too")                    \
	X(POSTURE_TLS13, "tls13", "TLS 1.3, DTLS 1.3 or QUIC was chosen")                          \
	X(POSTURE_CERT_SEEN, "cert_seen", "the server's certificate was seen")                     \
	X(POSTURE_SEALED, "sealed", "sealed by something else: SSH, Noise, MTProto, MMTLS")        \
	X(POSTURE_CLEAR, "clear", "a protocol in clear")
