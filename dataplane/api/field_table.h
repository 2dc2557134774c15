// The rows of every field: read by fields.h only. One row a line, whatever its length.
//
// X(id, name, scan, form, path, mask, dir, example, source)
//
//   name    Suricata's sticky buffer, or, where it has none, the place in EVE
//   scan    how rules may look at it (enum field_scan)
//   form    of the value (enum field_form)
//   path    inside the message's object in EVE; "+x.y": under "sealwatch"; "/x.y": from the record's
//           root; "@": "client" or "server", by who sent it; "x[]": all values of the message;
//           "": not in EVE, or written by the protocol's own code there
//   mask    what must happen to it before it leaves a worker (enum field_mask)
//   dir     whose messages have it: C client's, S server's, B both
//
// Rows of one object in EVE stand together (tests/unit/test_fields.c).

#pragma once

// clang-format off
#define FIELDS(X) \
	X(FIELD_NONE, "", SCAN_NO, FORM_BYTES, "", MASK_CLEAR, B, "", "") \
	X(FIELD_PAYLOAD, "payload", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 768; RFC 9293, with tcp-pkt") \
	X(FIELD_STREAM, "stream", SCAN_STREAM, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 9293 3.4") \
	/* Headers of a packet */ \
	X(FIELD_IPV4_HDR, "ipv4.hdr", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 791 3.1: with options") \
	X(FIELD_IPV6_HDR, "ipv6.hdr", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 8200 3: with extension headers") \
	X(FIELD_TCP_HDR, "tcp.hdr", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 9293 3.1: with options") \
	X(FIELD_UDP_HDR, "udp.hdr", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 768") \
	X(FIELD_ICMPV4_HDR, "icmpv4.hdr", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 792: 8 bytes") \
	X(FIELD_ICMPV6_HDR, "icmpv6.hdr", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 4443 2.1: 8 bytes") \
	X(FIELD_ETHER_HDR, "ether.hdr", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "IEEE 802.3 3.1.1: 14 bytes, without tags") \
	X(FIELD_IP_SRC, "ip.src", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 791 3.1, RFC 8200 3: 4 or 16 bytes") \
	X(FIELD_IP_DST, "ip.dst", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 791 3.1, RFC 8200 3: 4 or 16 bytes") \
	/* Any protocol that is known by its habits only */ \
	X(FIELD_CONFIDENCE, "confidence", SCAN_NO, FORM_TEXT, "+parser_confidence", MASK_CLEAR, B, "high", "low, medium, high: the parser's own judgement") \
	X(FIELD_CLIENT_NAME, "dns.client_name", SCAN_NO, FORM_TEXT, "", MASK_NAME, C, "example.org", "the name table of DNS answers") \
	/* TLS, DTLS, TLCP */ \
	X(FIELD_TLS_SNI, "tls.sni", SCAN_BLOCK, FORM_TEXT, "sni", MASK_NAME, C, "example.org", "RFC 6066 3") \
	X(FIELD_TLS_VERSION, "tls.version", SCAN_NO, FORM_TLS_VERSION, "version", MASK_CLEAR, B, "TLS 1.3", "RFC 8446 4.2.1; the client's: highest offered") \
	X(FIELD_TLS_SUBJECT, "tls.cert_subject", SCAN_BLOCK, FORM_TEXT, "subject", MASK_TEXT, S, "CN=example.org", "RFC 5280 4.1.2.6; RFC 4514") \
	X(FIELD_TLS_ISSUER, "tls.cert_issuer", SCAN_BLOCK, FORM_TEXT, "issuerdn", MASK_TEXT, S, "C=US, O=Example CA, CN=R3", "RFC 5280 4.1.2.4") \
	X(FIELD_TLS_SERIAL, "tls.cert_serial", SCAN_BLOCK, FORM_TEXT, "serial", MASK_CLEAR, S, "04:C3:7A", "RFC 5280 4.1.2.2") \
	X(FIELD_TLS_FINGERPRINT, "tls.cert_fingerprint", SCAN_BLOCK, FORM_TEXT, "fingerprint", MASK_CLEAR, S, "4a:a3:66:...", "SHA-1 of the DER") \
	X(FIELD_TLS_SAN, "tls.subjectaltname", SCAN_BLOCK, FORM_TEXT, "subjectaltname[]", MASK_NAME, S, "example.org", "RFC 5280 4.2.1.6") \
	X(FIELD_TLS_NOT_BEFORE, "tls.notbefore", SCAN_NO, FORM_TEXT, "notbefore", MASK_CLEAR, S, "2024-01-01T00:00:00", "RFC 5280 4.1.2.5") \
	X(FIELD_TLS_NOT_AFTER, "tls.notafter", SCAN_NO, FORM_TEXT, "notafter", MASK_CLEAR, S, "2024-04-01T00:00:00", "RFC 5280 4.1.2.5") \
	X(FIELD_TLS_CERT, "tls.certs", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, S, "", "RFC 5280 4.1: the DER, one value a certificate") \
	X(FIELD_JA3_HASH, "ja3.hash", SCAN_BLOCK, FORM_TEXT, "ja3.hash", MASK_CLEAR, C, "e7d705a3286e19ea42f587b344ee6865", "JA3: MD5 of ja3.string") \
	X(FIELD_JA3_STRING, "ja3.string", SCAN_BLOCK, FORM_TEXT, "ja3.string", MASK_CLEAR, C, "771,4865-4866,0-10,29-23,0", "JA3") \
	X(FIELD_JA3S_HASH, "ja3s.hash", SCAN_BLOCK, FORM_TEXT, "ja3s.hash", MASK_CLEAR, S, "573a9f3f80037fb40d481e2054def5bb", "JA3S") \
	X(FIELD_JA3S_STRING, "ja3s.string", SCAN_BLOCK, FORM_TEXT, "ja3s.string", MASK_CLEAR, S, "771,47,65281", "JA3S") \
	X(FIELD_JA4, "ja4.hash", SCAN_BLOCK, FORM_TEXT, "ja4", MASK_CLEAR, C, "t13d1516h2_8daaf6152771_02713d6af862", "JA4 (BSD 3-clause part of JA4+)") \
	X(FIELD_TLS_ALPN, "tls.alpn", SCAN_BLOCK, FORM_TEXT, "client_alpns[]", MASK_TEXT, C, "h2", "RFC 7301 3.1; one value a protocol") \
	X(FIELD_TLS_SERVER_ALPN, "tls.server_alpn", SCAN_BLOCK, FORM_TEXT, "server_alpns[]", MASK_TEXT, S, "h2", "RFC 7301 3.1") \
	X(FIELD_TLS_LEGACY_VERSION, "tls.client_version", SCAN_NO, FORM_TLS_VERSION, "client_handshake.version", MASK_CLEAR, C, "TLS 1.2", "RFC 8446 4.1.2: legacy_version") \
	X(FIELD_TLS_CIPHERS, "tls.ciphers", SCAN_NO, FORM_U16S, "client_handshake.ciphers", MASK_CLEAR, C, "[4865, 4866]", "RFC 8446 4.1.2") \
	X(FIELD_TLS_EXTENSIONS, "tls.extensions", SCAN_NO, FORM_U16S, "client_handshake.exts", MASK_CLEAR, C, "[0, 10, 43]", "RFC 8446 4.2") \
	X(FIELD_TLS_SIGNATURES, "tls.sig_algs", SCAN_NO, FORM_U16S, "client_handshake.sig_algs", MASK_CLEAR, C, "[1027, 2052]", "RFC 8446 4.2.3") \
	X(FIELD_TLS_SERVER_VERSION, "tls.server_version", SCAN_NO, FORM_TLS_VERSION, "server_handshake.version", MASK_CLEAR, S, "TLS 1.2", "RFC 8446 4.1.3: legacy_version") \
	X(FIELD_TLS_CIPHER, "tls.cipher", SCAN_NO, FORM_NUMBER, "server_handshake.cipher", MASK_CLEAR, S, "4865", "RFC 8446 4.1.3") \
	X(FIELD_TLS_SERVER_EXTENSIONS, "tls.server_extensions", SCAN_NO, FORM_U16S, "server_handshake.exts", MASK_CLEAR, S, "[43, 51]", "RFC 8446 4.2") \
	X(FIELD_TLS_RANDOM, "tls.random", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 8446 4.1.2") \
	X(FIELD_TLS_MESSAGE, "tls.message", SCAN_NO, FORM_TEXT, "+tls.message", MASK_CLEAR, B, "client_hello", "RFC 8446 4; also server_hello, hello_retry_request, certificate") \
	X(FIELD_TLS_VERSIONS, "tls.supported_versions", SCAN_NO, FORM_U16S, "+tls.supported_versions", MASK_CLEAR, C, "[772, 771]", "RFC 8446 4.2.1") \
	X(FIELD_TLS_GROUPS, "tls.groups", SCAN_NO, FORM_U16S, "+tls.groups", MASK_CLEAR, C, "[4588, 29, 23]", "RFC 8446 4.2.7; RFC 8422 5.1.1") \
	X(FIELD_TLS_KEY_SHARES, "tls.key_shares", SCAN_NO, FORM_U16S, "+tls.key_shares", MASK_CLEAR, C, "[4588, 29]", "RFC 8446 4.2.8") \
	X(FIELD_TLS_COMPRESSION, "tls.compression", SCAN_NO, FORM_U8S, "+tls.compression", MASK_CLEAR, B, "[0]", "RFC 5246 7.4.1.2") \
	X(FIELD_TLS_ECH, "tls.ech", SCAN_NO, FORM_FLAG, "+tls.ech", MASK_CLEAR, C, "true", "RFC 9849: extension 0xfe0d") \
	X(FIELD_TLS_ESNI, "tls.esni", SCAN_NO, FORM_FLAG, "+tls.esni", MASK_CLEAR, C, "true", "draft-ietf-tls-esni-06: extension 0xffce") \
	X(FIELD_TLS_GROUP, "tls.group", SCAN_NO, FORM_NUMBER, "+tls.group", MASK_CLEAR, S, "29", "RFC 8446 4.2.8; RFC 8422 5.4 for the curve of a ServerKeyExchange") \
	X(FIELD_TLS_CHAIN_LEN, "tls.cert_chain_len", SCAN_NO, FORM_NUMBER, "+tls.cert_chain_len", MASK_CLEAR, B, "3", "RFC 5246 7.4.2") \
	X(FIELD_TLS_KEY_TYPE, "tls.cert_key", SCAN_NO, FORM_TEXT, "+tls.cert_key", MASK_CLEAR, B, "RSA", "RFC 5280 4.1.2.7") \
	X(FIELD_TLS_KEY_BITS, "tls.cert_key_bits", SCAN_NO, FORM_NUMBER, "+tls.cert_key_bits", MASK_CLEAR, B, "2048", "RFC 5280 4.1.2.7") \
	X(FIELD_TLS_SIGNATURE, "tls.cert_signature", SCAN_NO, FORM_TEXT, "+tls.cert_signature", MASK_CLEAR, B, "sha256WithRSAEncryption", "RFC 5280 4.1.1.2") \
	X(FIELD_TLS_SELF_ISSUED, "tls.cert_self_issued", SCAN_NO, FORM_FLAG, "+tls.cert_self_issued", MASK_CLEAR, S, "true", "RFC 5280 3.2: the issuer is the subject") \
	X(FIELD_TLS_NAME_MATCH, "tls.cert_name_match", SCAN_NO, FORM_BOOL, "+tls.cert_name_match", MASK_CLEAR, S, "true", "RFC 9525 6: the certificate is for the name that was asked for") \
	X(FIELD_TLS_DH_BITS, "tls.dh_bits", SCAN_NO, FORM_NUMBER, "+tls.dh_bits", MASK_CLEAR, S, "2048", "RFC 5246 7.4.3: length of p of an ephemeral key") \
	X(FIELD_TLS_SIG_ALG, "tls.sig_alg", SCAN_NO, FORM_NUMBER, "+tls.sig_alg", MASK_CLEAR, B, "1027", "RFC 5246 7.4.1.4.1: of ServerKeyExchange, CertificateVerify of TLS 1.2") \
	/* QUIC: JA3 and JA4 as above */ \
	X(FIELD_QUIC_SNI, "quic.sni", SCAN_BLOCK, FORM_TEXT, "sni", MASK_NAME, C, "example.org", "RFC 9001 4; RFC 6066 3") \
	X(FIELD_QUIC_VERSION, "quic.version_name", SCAN_NO, FORM_TEXT, "version", MASK_CLEAR, B, "1", "RFC 9000 15: 1, 2, draft-29, Q046; others as 8 hexadecimal digits") \
	X(FIELD_QUIC_RAW_VERSION, "quic.version", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 9000 17.2: the four bytes; Google's are text, Q046") \
	X(FIELD_QUIC_UA, "quic.ua", SCAN_BLOCK, FORM_TEXT, "ua", MASK_TEXT, C, "Chrome/120 Linux", "Google QUIC UAID; transport parameter 0x3129") \
	X(FIELD_QUIC_CYU_HASH, "quic.cyu.hash", SCAN_BLOCK, FORM_TEXT, "", MASK_CLEAR, C, "a46560d4548108cf99308319b3b85346", "CYU: MD5 of quic.cyu.string") \
	X(FIELD_QUIC_CYU_STRING, "quic.cyu.string", SCAN_BLOCK, FORM_TEXT, "", MASK_CLEAR, C, "46,PAD-SNI-VER", "CYU: tags of Google QUIC's hello") \
	X(FIELD_QUIC_ALPN, "quic.alpn", SCAN_BLOCK, FORM_TEXT, "", MASK_TEXT, C, "h3", "RFC 9001 8.1; one value a protocol") \
	X(FIELD_QUIC_ALPN_LIST, "quic.alpn_list", SCAN_NO, FORM_TEXT, "+client_alpns[]", MASK_TEXT, C, "h3,h3-29", "RFC 9001 8.1; the whole offer as one value") \
	X(FIELD_QUIC_MESSAGE, "quic.message", SCAN_NO, FORM_TEXT, "+quic.message", MASK_CLEAR, B, "client_hello", "also server_hello, version_negotiation, retry") \
	X(FIELD_QUIC_CIPHER, "quic.cipher", SCAN_NO, FORM_NUMBER, "+quic.cipher", MASK_CLEAR, S, "4865", "RFC 8446 4.1.3") \
	/* HTTP/1 and HTTP/2 */ \
	X(FIELD_HTTP_HOST, "http.host", SCAN_BLOCK, FORM_OWN, "", MASK_NAME, C, "example.org", "RFC 9110 7.2; as sent, rules see it in lower case") \
	X(FIELD_HTTP_URI, "http.uri", SCAN_BLOCK, FORM_TEXT, "url", MASK_URI, C, "/index.html", "RFC 9112 3.2") \
	X(FIELD_HTTP_USER_AGENT, "http.user_agent", SCAN_BLOCK, FORM_TEXT, "http_user_agent", MASK_TEXT, C, "MicroMessenger Client", "RFC 9110 10.1.5") \
	X(FIELD_HTTP_REFERER, "http.referer", SCAN_BLOCK, FORM_TEXT, "http_refer", MASK_URI, C, "http://example.org/", "RFC 9110 10.1.3") \
	X(FIELD_HTTP_METHOD, "http.method", SCAN_BLOCK, FORM_TEXT, "http_method", MASK_WORD, C, "GET", "RFC 9110 9.1") \
	X(FIELD_HTTP_PROTOCOL, "http.protocol", SCAN_BLOCK, FORM_TEXT, "protocol", MASK_CLEAR, B, "HTTP/1.1", "RFC 9112 2.3") \
	X(FIELD_HTTP_STAT_CODE, "http.stat_code", SCAN_BLOCK, FORM_DIGITS, "status", MASK_CLEAR, S, "200", "RFC 9112 4") \
	X(FIELD_HTTP_LOCATION, "http.location", SCAN_BLOCK, FORM_TEXT, "redirect", MASK_URI, S, "https://example.org/", "RFC 9110 10.2.2") \
	X(FIELD_HTTP_LENGTH, "http.length", SCAN_NO, FORM_NUMBER, "length", MASK_CLEAR, B, "512", "RFC 9110 8.6; -1 is left out") \
	X(FIELD_HTTP2_STREAM, "http2.stream_id", SCAN_NO, FORM_NUMBER, "http2.stream_id", MASK_CLEAR, B, "1", "RFC 9113 5.1.1") \
	X(FIELD_HTTP_CONTENT_TYPE, "http.content_type", SCAN_BLOCK, FORM_OWN, "", MASK_TYPE, B, "application/json", "RFC 9110 8.3; http_content_type of answers, request_content_type under sealwatch") \
	X(FIELD_HTTP_SERVER, "http.server", SCAN_BLOCK, FORM_TEXT, "+http.server", MASK_TEXT, S, "nginx", "RFC 9110 10.2.4") \
	X(FIELD_HTTP_STAT_MSG, "http.stat_msg", SCAN_BLOCK, FORM_TEXT, "", MASK_TEXT, S, "OK", "RFC 9112 4") \
	X(FIELD_HTTP_RAW_URI, "http.uri.raw", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, C, "/%69ndex.html", "RFC 9112 3.2") \
	X(FIELD_HTTP_RAW_HOST, "http.host.raw", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, C, "Example.ORG:80", "RFC 9110 7.2") \
	X(FIELD_HTTP_COOKIE, "http.cookie", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "", "RFC 6265 4") \
	X(FIELD_HTTP_REQUEST_LINE, "http.request_line", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, C, "GET / HTTP/1.1", "RFC 9112 3") \
	X(FIELD_HTTP_RESPONSE_LINE, "http.response_line", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, S, "HTTP/1.1 200 OK", "RFC 9112 4") \
	X(FIELD_HTTP_START, "http.start", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "", "RFC 9112 2.1: start line and headers, raw") \
	X(FIELD_HTTP_HEADER, "http.header", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "", "RFC 9112 5: without cookies, spaces normal") \
	X(FIELD_HTTP_RAW_HEADER, "http.header.raw", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "", "RFC 9112 5: as sent") \
	X(FIELD_HTTP_HEADER_NAMES, "http.header_names", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "", "RFC 9112 5: CR LF name CR LF name CR LF CR LF") \
	X(FIELD_HTTP_REQUEST_HEADER, "http.request_header", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, C, "Accept: */*", "RFC 9112 5; one value a header") \
	X(FIELD_HTTP_RESPONSE_HEADER, "http.response_header", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, S, "Age: 0", "RFC 9112 5; one value a header") \
	X(FIELD_HTTP_ACCEPT, "http.accept", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, C, "*/*", "RFC 9110 12.5.1") \
	X(FIELD_HTTP_ACCEPT_ENC, "http.accept_enc", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, C, "gzip", "RFC 9110 12.5.3") \
	X(FIELD_HTTP_ACCEPT_LANG, "http.accept_lang", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, C, "zh-CN", "RFC 9110 12.5.4") \
	X(FIELD_HTTP_CONNECTION, "http.connection", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "keep-alive", "RFC 9110 7.6.1") \
	X(FIELD_HTTP_CONTENT_LEN, "http.content_len", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "512", "RFC 9110 8.6") \
	X(FIELD_HTTP_REQUEST_BODY, "http.request_body", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, C, "", "RFC 9112 6; chunks joined, decompressed, bounded") \
	X(FIELD_HTTP_RESPONSE_BODY, "http.response_body", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, S, "", "RFC 9112 6; chunks joined, decompressed, bounded") \
	X(FIELD_HTTP_UPGRADE, "http.upgrade", SCAN_BLOCK, FORM_TEXT, "+http.upgrade", MASK_TEXT, B, "websocket", "RFC 9110 7.8") \
	X(FIELD_HTTP_CREDENTIALS, "http.credentials", SCAN_NO, FORM_TEXT, "+http.credentials[]", MASK_CLEAR, C, "basic", "RFC 9110 11.4, RFC 6265: what kinds are there, never their values: schemes, session, form") \
	/* WebSocket */ \
	X(FIELD_WEBSOCKET_FIN, "websocket.fin", SCAN_NO, FORM_BOOL, "fin", MASK_CLEAR, B, "true", "RFC 6455 5.2") \
	X(FIELD_WEBSOCKET_MASK, "websocket.mask", SCAN_NO, FORM_NUMBER, "mask", MASK_CLEAR, C, "3721598532", "RFC 6455 5.3") \
	X(FIELD_WEBSOCKET_OPCODE, "websocket.opcode", SCAN_NO, FORM_TEXT, "opcode", MASK_CLEAR, B, "text", "RFC 6455 5.2") \
	X(FIELD_WEBSOCKET_LENGTH, "websocket.length", SCAN_NO, FORM_NUMBER, "+websocket.length", MASK_CLEAR, B, "17", "RFC 6455 5.2") \
	X(FIELD_WEBSOCKET_PAYLOAD, "websocket.payload", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "RFC 6455 5.3, RFC 7692: unmasked, inflated, bounded") \
	/* DNS, mDNS, LLMNR: written by eve_dns.c */ \
	X(FIELD_DNS_QUERY, "dns.query", SCAN_BLOCK, FORM_OWN, "", MASK_NAME, B, "example.org", "RFC 1035 4.1.2; one value a question") \
	X(FIELD_DNS_RRTYPE, "dns.rrtype", SCAN_NO, FORM_OWN, "", MASK_CLEAR, B, "A", "RFC 1035 3.2.2; u16, follows its dns.query") \
	X(FIELD_DNS_HEADER, "dns.header", SCAN_NO, FORM_OWN, "", MASK_CLEAR, B, "", "RFC 1035 4.1.1: id, flags: two u16") \
	X(FIELD_DNS_KIND, "dns.kind", SCAN_NO, FORM_TEXT, "+kind", MASK_CLEAR, B, "mdns", "RFC 1035, RFC 6762, RFC 4795: dns, mdns or llmnr") \
	X(FIELD_DNS_ANSWER_COUNT, "dns.answers", SCAN_NO, FORM_OWN, "", MASK_CLEAR, B, "2", "RFC 1035 4.1.1: ANCOUNT") \
	X(FIELD_DNS_ANSWER, "dns.answers.rrname", SCAN_BLOCK, FORM_OWN, "", MASK_NAME, S, "example.org", "RFC 1035 4.1.3; one value a record") \
	X(FIELD_DNS_AUTHORITY, "dns.authorities.rrname", SCAN_BLOCK, FORM_OWN, "", MASK_NAME, S, "example.org", "RFC 1035 4.1.3") \
	X(FIELD_DNS_ADDITIONAL, "dns.additionals.rrname", SCAN_BLOCK, FORM_OWN, "", MASK_NAME, B, "example.org", "RFC 1035 4.1.3") \
	X(FIELD_DNS_RESPONSE, "dns.response.rrname", SCAN_BLOCK, FORM_OWN, "", MASK_SECRET, B, "example.org", "RFC 1035 4.1.3: names of all records of an answer, for rules") \
	X(FIELD_DNS_RR, "dns.rr", SCAN_NO, FORM_OWN, "", MASK_CLEAR, B, "", "RFC 1035 4.1.3: type u16, ttl u32; follows the record's name") \
	X(FIELD_DNS_ADDRESS, "dns.address", SCAN_NO, FORM_OWN, "", MASK_NAME, B, "192.0.2.1", "RFC 1035 3.4.1, RFC 3596; as text, follows dns.rr") \
	X(FIELD_DNS_RDATA, "dns.rdata", SCAN_NO, FORM_OWN, "", MASK_TEXT, B, "v=spf1 -all", "RFC 1035 3.3; as text, follows dns.rr") \
	X(FIELD_DNS_RDATA_NAME, "dns.rdata.name", SCAN_NO, FORM_OWN, "", MASK_NAME, B, "example.net", "RFC 1035 3.3: of CNAME, DNAME, MX, NS, PTR; in dns.rdata's place") \
	X(FIELD_DNS_SERVICE, "dns.rdata.service", SCAN_NO, FORM_OWN, "", MASK_SERVICE, B, "0 5 5060 sip.example.org", "RFC 2782, RFC 9460: of SRV, SVCB, HTTPS; in dns.rdata's place") \
	X(FIELD_DNS_SOA, "dns.rdata.soa", SCAN_NO, FORM_OWN, "", MASK_SOA, B, "ns.example.org admin.example.org 1 2 3 4 5", "RFC 1035 3.3.13; in dns.rdata's place") \
	X(FIELD_DNS_ECH, "dns.ech", SCAN_NO, FORM_FLAG, "+dns.ech", MASK_CLEAR, S, "true", "RFC 9460, RFC 9848: an HTTPS record carries ech") \
	/* SSH */ \
	X(FIELD_SSH_PROTO, "ssh.proto", SCAN_BLOCK, FORM_TEXT, "@.proto_version", MASK_TEXT, B, "2.0", "RFC 4253 4.2") \
	X(FIELD_SSH_SOFTWARE, "ssh.software", SCAN_BLOCK, FORM_TEXT, "@.software_version", MASK_TEXT, B, "OpenSSH_9.2p1", "RFC 4253 4.2") \
	X(FIELD_SSH_HASSH, "ssh.hassh", SCAN_BLOCK, FORM_TEXT, "@.hassh.hash", MASK_CLEAR, C, "ec7378c1a92f5a8dde7e8b7a1ddf33d1", "HASSH: MD5 of ssh.hassh.string") \
	X(FIELD_SSH_HASSH_SERVER, "ssh.hassh.server", SCAN_BLOCK, FORM_TEXT, "@.hassh.hash", MASK_CLEAR, S, "b12d2871a1189eff20364cf5333619ee", "HASSH") \
	X(FIELD_SSH_HASSH_STRING, "ssh.hassh.string", SCAN_BLOCK, FORM_TEXT, "@.hassh.string", MASK_CLEAR, C, "curve25519-sha256;aes128-ctr;hmac-sha1;none", "HASSH; RFC 4253 7.1") \
	X(FIELD_SSH_HASSH_SERVER_STRING, "ssh.hassh.server.string", SCAN_BLOCK, FORM_TEXT, "@.hassh.string", MASK_CLEAR, S, "curve25519-sha256;aes128-ctr;hmac-sha1;none", "HASSH; RFC 4253 7.1") \
	X(FIELD_SSH_HOST_KEYS, "ssh.host_keys", SCAN_NO, FORM_TEXT, "+ssh.host_keys", MASK_CLEAR, B, "ssh-ed25519,rsa-sha2-512", "RFC 4253 7.1: server_host_key_algorithms") \
	X(FIELD_SSH_KEX, "ssh.kex", SCAN_NO, FORM_TEXT, "+ssh.kex", MASK_TEXT, B, "curve25519-sha256", "RFC 4253 7.1: the method that both sides agree on") \
	X(FIELD_SSH_MAC, "ssh.mac", SCAN_NO, FORM_TEXT, "+ssh.mac", MASK_TEXT, B, "hmac-sha2-256", "RFC 4253 7.1: of what the client sends") \
	X(FIELD_SSH_CIPHER, "ssh.cipher", SCAN_NO, FORM_TEXT, "+ssh.cipher", MASK_TEXT, B, "aes128-ctr", "RFC 4253 7.1: of what the client sends") \
	/* SMTP and the envelope of the mail in it */ \
	X(FIELD_SMTP_HELO, "smtp.helo", SCAN_BLOCK, FORM_TEXT, "helo", MASK_NAME, C, "mail.example.org", "RFC 5321 4.1.1.1") \
	X(FIELD_SMTP_MAIL_FROM, "smtp.mail_from", SCAN_BLOCK, FORM_TEXT, "mail_from", MASK_PERSON, C, "<a@example.org>", "RFC 5321 4.1.1.2") \
	X(FIELD_SMTP_RCPT_TO, "smtp.rcpt_to", SCAN_BLOCK, FORM_TEXT, "rcpt_to[]", MASK_PERSON, C, "<b@example.org>", "RFC 5321 4.1.1.3") \
	X(FIELD_EMAIL_FROM, "email.from", SCAN_BLOCK, FORM_TEXT, "/email.from", MASK_PERSON, B, "A <a@example.org>", "RFC 5322 3.6.2") \
	X(FIELD_EMAIL_TO, "email.to", SCAN_BLOCK, FORM_TEXT, "/email.to[]", MASK_PERSON, B, "b@example.org", "RFC 5322 3.6.3") \
	X(FIELD_EMAIL_CC, "email.cc", SCAN_BLOCK, FORM_TEXT, "/email.cc[]", MASK_PERSON, B, "c@example.org", "RFC 5322 3.6.3") \
	X(FIELD_EMAIL_DATE, "email.date", SCAN_BLOCK, FORM_TEXT, "/email.date", MASK_TEXT, B, "Mon, 1 Jan 2024 10:00:00 +0800", "RFC 5322 3.6.1") \
	X(FIELD_EMAIL_MESSAGE_ID, "email.message_id", SCAN_BLOCK, FORM_TEXT, "/email.message_id", MASK_PERSON, B, "<1@example.org>", "RFC 5322 3.6.4") \
	X(FIELD_EMAIL_X_MAILER, "email.x_mailer", SCAN_BLOCK, FORM_TEXT, "/email.x_mailer", MASK_TEXT, B, "Foxmail 7", "RFC 5322 3.6.8") \
	X(FIELD_EMAIL_SUBJECT, "email.subject", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "", "RFC 5322 3.6.5") \
	X(FIELD_EMAIL_RECEIVED, "email.received", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "", "RFC 5322 3.6.7") \
	X(FIELD_SMTP_COMMAND, "smtp.command", SCAN_NO, FORM_TEXT, "+smtp.command", MASK_CLEAR, C, "EHLO", "RFC 5321 4.1.1; one record a command") \
	X(FIELD_SMTP_CODE, "smtp.code", SCAN_NO, FORM_DIGITS, "+smtp.code", MASK_CLEAR, S, "250", "RFC 5321 4.2") \
	X(FIELD_SMTP_AUTH, "smtp.auth", SCAN_NO, FORM_TEXT, "+smtp.auth", MASK_WORD, B, "PLAIN", "RFC 4954 4: mechanism tried, or offered, one value each") \
	X(FIELD_SMTP_STARTTLS, "smtp.starttls", SCAN_NO, FORM_TEXT, "+smtp.starttls", MASK_CLEAR, B, "offered", "RFC 3207 4: offered, asked, accepted, refused") \
	/* IMAP, POP3 */ \
	X(FIELD_IMAP_COMMAND, "imap.command", SCAN_NO, FORM_TEXT, "+imap.command", MASK_CLEAR, C, "LOGIN", "RFC 9051 6") \
	X(FIELD_IMAP_STATUS, "imap.status", SCAN_NO, FORM_TEXT, "+imap.status", MASK_CLEAR, S, "OK", "RFC 9051 7.1") \
	X(FIELD_IMAP_AUTH, "imap.auth", SCAN_NO, FORM_TEXT, "+imap.auth", MASK_WORD, B, "PLAIN", "RFC 9051 6.2.2; LOGIN for the command of that name") \
	X(FIELD_IMAP_STARTTLS, "imap.starttls", SCAN_NO, FORM_TEXT, "+imap.starttls", MASK_CLEAR, B, "asked", "RFC 9051 6.2.1: offered, asked, accepted, refused") \
	X(FIELD_POP3_COMMAND, "pop3.command", SCAN_NO, FORM_TEXT, "request.command", MASK_CLEAR, C, "USER", "RFC 1939 3") \
	X(FIELD_POP3_SUCCESS, "pop3.success", SCAN_NO, FORM_BOOL, "response.success", MASK_CLEAR, S, "true", "RFC 1939 3") \
	X(FIELD_POP3_STATUS, "pop3.status", SCAN_NO, FORM_TEXT, "response.status", MASK_CLEAR, S, "OK", "RFC 1939 3") \
	X(FIELD_POP3_AUTH, "pop3.auth", SCAN_NO, FORM_TEXT, "+pop3.auth", MASK_WORD, B, "PLAIN", "RFC 5034 4; USER and APOP for the commands of these names") \
	X(FIELD_POP3_STARTTLS, "pop3.starttls", SCAN_NO, FORM_TEXT, "+pop3.starttls", MASK_CLEAR, B, "asked", "RFC 2595 4: STLS offered, asked, accepted, refused") \
	/* MQTT: objects written by eve_mqtt.c */ \
	X(FIELD_MQTT_TYPE, "mqtt.type", SCAN_NO, FORM_OWN, "", MASK_CLEAR, B, "CONNECT", "MQTT 3.1.1 2.2.1: u8, 1 CONNECT to 15 AUTH") \
	X(FIELD_MQTT_FLAGS, "mqtt.flags", SCAN_NO, FORM_OWN, "", MASK_CLEAR, B, "", "MQTT 3.1.1 2.2.2: u8, the lower four bits: dup, qos, retain") \
	X(FIELD_MQTT_PROTOCOL_STRING, "mqtt.connect.protocol_string", SCAN_BLOCK, FORM_OWN, "", MASK_WORD, C, "MQTT", "MQTT 3.1.1 3.1.2.1") \
	X(FIELD_MQTT_PROTOCOL_VERSION, "mqtt.protocol_version", SCAN_NO, FORM_OWN, "", MASK_CLEAR, C, "5", "MQTT 5 3.1.2.2: u8") \
	X(FIELD_MQTT_CONNECT_FLAGS, "mqtt.connect.flags", SCAN_NO, FORM_OWN, "", MASK_CLEAR, C, "", "MQTT 3.1.1 3.1.2.3: u8") \
	X(FIELD_MQTT_CLIENT_ID, "mqtt.connect.clientid", SCAN_BLOCK, FORM_OWN, "", MASK_PERSON, C, "P1", "MQTT 3.1.1 3.1.3.1") \
	X(FIELD_MQTT_USERNAME, "mqtt.connect.username", SCAN_BLOCK, FORM_OWN, "", MASK_PERSON, C, "user", "MQTT 3.1.1 3.1.3.4") \
	X(FIELD_MQTT_PASSWORD, "mqtt.connect.password", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, C, "", "MQTT 3.1.1 3.1.3.5") \
	X(FIELD_MQTT_WILL_TOPIC, "mqtt.connect.willtopic", SCAN_BLOCK, FORM_OWN, "", MASK_TOPIC, C, "gone", "MQTT 3.1.1 3.1.3.2") \
	X(FIELD_MQTT_WILL_MESSAGE, "mqtt.connect.willmessage", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, C, "", "MQTT 3.1.1 3.1.3.3") \
	X(FIELD_MQTT_REASON_CODE, "mqtt.reason_code", SCAN_NO, FORM_OWN, "", MASK_CLEAR, B, "0", "MQTT 5 2.4: u8; 3.1.1: return code") \
	X(FIELD_MQTT_SESSION_PRESENT, "mqtt.connack.session_present", SCAN_NO, FORM_OWN, "", MASK_CLEAR, S, "", "MQTT 3.1.1 3.2.2.2: u8") \
	X(FIELD_MQTT_MESSAGE_ID, "mqtt.message_id", SCAN_NO, FORM_OWN, "", MASK_CLEAR, B, "1", "MQTT 3.1.1 2.3.1: u16") \
	X(FIELD_MQTT_PUBLISH_TOPIC, "mqtt.publish.topic", SCAN_BLOCK, FORM_OWN, "", MASK_TOPIC, B, "a/b", "MQTT 3.1.1 3.3.2.1") \
	X(FIELD_MQTT_PUBLISH_MESSAGE, "mqtt.publish.message", SCAN_BLOCK, FORM_BYTES, "", MASK_SECRET, B, "", "MQTT 3.1.1 3.3.3") \
	X(FIELD_MQTT_SUBSCRIBE_TOPIC, "mqtt.subscribe.topic", SCAN_BLOCK, FORM_OWN, "", MASK_TOPIC, C, "a/#", "MQTT 3.1.1 3.8.3") \
	X(FIELD_MQTT_UNSUBSCRIBE_TOPIC, "mqtt.unsubscribe.topic", SCAN_BLOCK, FORM_OWN, "", MASK_TOPIC, C, "a/#", "MQTT 3.1.1 3.10.3") \
	X(FIELD_MQTT_QOS, "mqtt.qos", SCAN_NO, FORM_OWN, "", MASK_CLEAR, B, "1", "MQTT 3.1.1 3.8.3: u8 behind its subscribe.topic; of SUBACK, UNSUBACK one each") \
	/* SIP */ \
	X(FIELD_SIP_METHOD, "sip.method", SCAN_BLOCK, FORM_TEXT, "method", MASK_WORD, B, "INVITE", "RFC 3261 7.1") \
	X(FIELD_SIP_URI, "sip.uri", SCAN_BLOCK, FORM_TEXT, "uri", MASK_PERSON, B, "sip:bob@example.org", "RFC 3261 7.1") \
	X(FIELD_SIP_PROTOCOL, "sip.protocol", SCAN_BLOCK, FORM_TEXT, "version", MASK_CLEAR, B, "SIP/2.0", "RFC 3261 7.1") \
	X(FIELD_SIP_STAT_CODE, "sip.stat_code", SCAN_BLOCK, FORM_TEXT, "code", MASK_CLEAR, B, "200", "RFC 3261 7.2") \
	X(FIELD_SIP_STAT_MSG, "sip.stat_msg", SCAN_BLOCK, FORM_TEXT, "reason", MASK_TEXT, B, "OK", "RFC 3261 7.2") \
	X(FIELD_SIP_REQUEST_LINE, "sip.request_line", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "BYE sip:bob@example.org SIP/2.0", "RFC 3261 7.1") \
	X(FIELD_SIP_RESPONSE_LINE, "sip.response_line", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "SIP/2.0 200 OK", "RFC 3261 7.2") \
	X(FIELD_SIP_FROM, "sip.from", SCAN_BLOCK, FORM_TEXT, "+sip.from", MASK_PERSON, B, "<sip:alice@example.org>", "RFC 3261 20.20") \
	X(FIELD_SIP_TO, "sip.to", SCAN_BLOCK, FORM_TEXT, "+sip.to", MASK_PERSON, B, "<sip:bob@example.org>", "RFC 3261 20.39") \
	X(FIELD_SIP_CALL_ID, "sip.call_id", SCAN_BLOCK, FORM_TEXT, "+sip.call_id", MASK_PERSON, B, "a84b4c76e66710", "RFC 3261 20.8") \
	X(FIELD_SIP_USER_AGENT, "sip.user_agent", SCAN_BLOCK, FORM_TEXT, "+sip.user_agent", MASK_TEXT, B, "Linphone/5", "RFC 3261 20.41") \
	X(FIELD_SIP_VIA, "sip.via", SCAN_BLOCK, FORM_TEXT, "", MASK_SECRET, B, "", "RFC 3261 20.42") \
	X(FIELD_SIP_CONTENT_TYPE, "sip.content_type", SCAN_BLOCK, FORM_TEXT, "+sip.content_type", MASK_TYPE, B, "application/sdp", "RFC 3261 20.15") \
	X(FIELD_SIP_AUTH, "sip.auth", SCAN_NO, FORM_TEXT, "+sip.auth", MASK_CLEAR, B, "digest-md5", "RFC 3261 22, RFC 8760: the scheme and algorithm of an answer, never the answer") \
	X(FIELD_SIP_CONTENT_LENGTH, "sip.content_length", SCAN_BLOCK, FORM_TEXT, "", MASK_CLEAR, B, "142", "RFC 3261 20.14") \
	X(FIELD_SDP_MEDIA, "sdp.media_desc.media", SCAN_BLOCK, FORM_TEXT, "+sip.media[]", MASK_WORDS, B, "audio 49170 RTP/SAVP 0", "RFC 8866 5.14") \
	X(FIELD_SDP_SRTP, "sdp.srtp", SCAN_NO, FORM_BOOL, "+sip.srtp", MASK_CLEAR, B, "true", "RFC 4568, RFC 5764: every medium is sealed") \
	/* XMPP, IRC */ \
	X(FIELD_XMPP_ELEMENT, "xmpp.element", SCAN_BLOCK, FORM_TEXT, "+xmpp.element", MASK_WORD, B, "stream", "RFC 6120 4, 8; one record an element") \
	X(FIELD_XMPP_TO, "xmpp.to", SCAN_BLOCK, FORM_TEXT, "+xmpp.to", MASK_PERSON, B, "example.org", "RFC 6120 8.1.1") \
	X(FIELD_XMPP_FROM, "xmpp.from", SCAN_BLOCK, FORM_TEXT, "+xmpp.from", MASK_PERSON, B, "a@example.org", "RFC 6120 8.1.2") \
	X(FIELD_XMPP_XMLNS, "xmpp.xmlns", SCAN_BLOCK, FORM_TEXT, "+xmpp.xmlns[]", MASK_TEXT, B, "jabber:client", "RFC 6120 4.8") \
	X(FIELD_XMPP_TYPE, "xmpp.type", SCAN_NO, FORM_TEXT, "+xmpp.type", MASK_WORD, B, "set", "RFC 6120 8.1.4") \
	X(FIELD_XMPP_AUTH, "xmpp.auth", SCAN_BLOCK, FORM_TEXT, "+xmpp.auth[]", MASK_WORD, B, "SCRAM-SHA-1", "RFC 6120 6: mechanism tried, or offered") \
	X(FIELD_XMPP_STARTTLS, "xmpp.starttls", SCAN_NO, FORM_TEXT, "+xmpp.starttls", MASK_CLEAR, B, "required", "RFC 6120 5: offered, required, asked, accepted, refused") \
	X(FIELD_IRC_COMMAND, "irc.command", SCAN_BLOCK, FORM_TEXT, "+irc.command", MASK_WORD, B, "JOIN", "RFC 2812 2.3; numerics as three digits") \
	X(FIELD_IRC_PREFIX, "irc.prefix", SCAN_BLOCK, FORM_TEXT, "+irc.prefix", MASK_PERSON, B, "nick!user@host", "RFC 2812 2.3.1") \
	X(FIELD_IRC_TARGET, "irc.target", SCAN_BLOCK, FORM_TEXT, "+irc.target", MASK_PERSON, B, "#channel", "RFC 2812 2.3: first parameter of JOIN, PART, MODE, NICK, PRIVMSG, NOTICE ...") \
	/* STUN, RTP */ \
	X(FIELD_STUN_FLAVOUR, "stun.flavour", SCAN_NO, FORM_TEXT, "+stun.flavour", MASK_CLEAR, B, "stun", "RFC 8489 5: stun, classic (RFC 3489), channel (RFC 8656 12.4)") \
	X(FIELD_STUN_TYPE, "stun.type", SCAN_NO, FORM_HEX, "+stun.type", MASK_CLEAR, B, "0x0001", "RFC 8489 5: u16") \
	X(FIELD_STUN_ATTRIBUTES, "stun.attrs", SCAN_BLOCK, FORM_U16S_HEX, "+stun.attrs", MASK_CLEAR, B, "[\"0x0006\"]", "RFC 8489 14, in order") \
	X(FIELD_STUN_SOFTWARE, "stun.software", SCAN_BLOCK, FORM_TEXT, "+stun.software", MASK_TEXT, B, "libjingle", "RFC 8489 14.14") \
	X(FIELD_STUN_REALM, "stun.realm", SCAN_BLOCK, FORM_TEXT, "+stun.realm", MASK_NAME, B, "turn.example.org", "RFC 8489 14.9") \
	X(FIELD_STUN_USERNAME, "stun.username", SCAN_BLOCK, FORM_TEXT, "+stun.username", MASK_PERSON, B, "Ea5a:JVDR", "RFC 8489 14.3") \
	X(FIELD_STUN_MAPPED, "stun.mapped", SCAN_NO, FORM_TEXT, "+stun.mapped", MASK_NAME, S, "192.0.2.1:40000", "RFC 8489 14.1, 14.2: address and port") \
	X(FIELD_RTP_PAYLOAD_TYPE, "rtp.payload_type", SCAN_NO, FORM_NUMBER, "+rtp.payload_type", MASK_CLEAR, B, "111", "RFC 3550 5.1") \
	X(FIELD_RTP_SSRC, "rtp.ssrc", SCAN_NO, FORM_HEX, "+rtp.ssrc", MASK_CLEAR, B, "0x1a2b3c4d", "RFC 3550 5.1: u32") \
	X(FIELD_RTCP_TYPE, "rtp.rtcp_type", SCAN_NO, FORM_NUMBER, "+rtp.rtcp_type", MASK_CLEAR, B, "200", "RFC 3550 6.1") \
	/* SOCKS, RTMP */ \
	X(FIELD_SOCKS_VERSION, "socks.version", SCAN_NO, FORM_NUMBER, "+socks.version", MASK_CLEAR, B, "5", "RFC 1928 3") \
	X(FIELD_SOCKS_METHODS, "socks.methods", SCAN_NO, FORM_U8S, "+socks.methods", MASK_CLEAR, B, "[0, 2]", "RFC 1928 3: offered, or the one chosen") \
	X(FIELD_SOCKS_COMMAND, "socks.command", SCAN_NO, FORM_NUMBER, "+socks.command", MASK_CLEAR, C, "1", "RFC 1928 4") \
	X(FIELD_SOCKS_HOST, "socks.host", SCAN_BLOCK, FORM_TEXT, "+socks.host", MASK_NAME, C, "example.org", "RFC 1928 5") \
	X(FIELD_SOCKS_PORT, "socks.port", SCAN_NO, FORM_NUMBER, "+socks.port", MASK_CLEAR, C, "443", "RFC 1928 4") \
	X(FIELD_SOCKS_USER, "socks.user", SCAN_BLOCK, FORM_TEXT, "+socks.user", MASK_PERSON, C, "a", "RFC 1929 2; SOCKS 4: user id") \
	X(FIELD_SOCKS_REPLY, "socks.reply", SCAN_NO, FORM_NUMBER, "+socks.reply", MASK_CLEAR, S, "0", "RFC 1928 6") \
	X(FIELD_RTMP_VERSION, "rtmp.version", SCAN_NO, FORM_NUMBER, "+rtmp.version", MASK_CLEAR, B, "3", "RTMP 1.0 5.2.2") \
	X(FIELD_RTMP_APP, "rtmp.app", SCAN_BLOCK, FORM_TEXT, "+rtmp.app", MASK_URI, C, "live", "RTMP 1.0 7.2.1.1") \
	X(FIELD_RTMP_TC_URL, "rtmp.tc_url", SCAN_BLOCK, FORM_TEXT, "+rtmp.tc_url", MASK_URI, C, "rtmp://example.org/live", "RTMP 1.0 7.2.1.1") \
	/* Messengers' own protocols */ \
	X(FIELD_IM_MARKER, "im.marker", SCAN_BLOCK, FORM_TEXT, "+im.marker", MASK_CLEAR, B, "noise_prologue", "what in the bytes tells the messenger: docs/messengers.md") \
	X(FIELD_IM_FUNCTION, "im.function", SCAN_NO, FORM_TEXT, "+im.function", MASK_CLEAR, B, "chat", "chat, call, media, login where the bytes tell") \
	X(FIELD_IM_VERSION, "im.version", SCAN_NO, FORM_HEX, "+im.version", MASK_CLEAR, B, "0x0602", "the protocol's own version number") \
	X(FIELD_IM_COMMAND, "im.command", SCAN_NO, FORM_HEX, "+im.command", MASK_CLEAR, B, "0x0825", "the protocol's own command number") \
	X(FIELD_IM_ACCOUNT, "im.account", SCAN_BLOCK, FORM_TEXT, "+im.account", MASK_PERSON, B, "10001", "an account number in clear, as OICQ has") \
	X(FIELD_IM_TRANSPORT, "im.transport", SCAN_NO, FORM_TEXT, "+im.transport", MASK_CLEAR, B, "abridged", "MTProto transports: abridged, intermediate, padded, full, obfuscated")
// clang-format on
