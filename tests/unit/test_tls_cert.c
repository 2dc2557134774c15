// Certificates that OpenSSL made for this test: what is told of them.

#include "dataplane/inspect/proto/tls_cert.h"
#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// A self-signed certificate of example.org, with a fixed serial number and time. Gives its DER.
static size_t make_certificate(const char *type, const char *san, uint8_t **der)
{
	EVP_PKEY *key = strcmp(type, "RSA") == 0
		? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
		: EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 0x04c37a);
	ASN1_TIME_set_string(X509_getm_notBefore(cert), "20240101000000Z");
	ASN1_TIME_set_string(X509_getm_notAfter(cert), "20240401120000Z");
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(name, "C", MBSTRING_UTF8, (const uint8_t *)"CN", -1, -1, 0);
	X509_NAME_add_entry_by_txt(
		name, "O", MBSTRING_UTF8, (const uint8_t *)"\xe4\xbe\x8b\xe5\xad\x90", -1, -1, 0);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, (const uint8_t *)"example.org", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	X509_sign(cert, key, EVP_sha256());
	*der = NULL;
	int len = i2d_X509(cert, der);
	X509_free(cert);
	EVP_PKEY_free(key);
	return len > 0 ? (size_t)len : 0;
}

// A Certificate message's body with `n` times the same one.
static struct bytes message(uint8_t *out, const uint8_t *der, size_t len, unsigned n)
{
	size_t all = n * (len + 3), at = 3;

	for (unsigned i = 0; i < 3; i++)
		out[i] = (uint8_t)(all >> 8 * (2 - i));
	for (unsigned k = 0; k < n; k++) {
		for (unsigned i = 0; i < 3; i++)
			out[at++] = (uint8_t)(len >> 8 * (2 - i));
		memcpy(out + at, der, len);
		at += len;
	}
	return (struct bytes){out, at, false};
}

static bool tells(const struct parser_run *r, const char *text)
{
	return strstr(r->text, text) != NULL;
}

static void test_server(void)
{
	static const uint16_t only[] = {FIELD_TLS_SUBJECT, FIELD_TLS_ISSUER, FIELD_TLS_SERIAL,
		FIELD_TLS_SAN, FIELD_TLS_NOT_BEFORE, FIELD_TLS_NOT_AFTER, FIELD_TLS_KEY_TYPE,
		FIELD_TLS_KEY_BITS, FIELD_TLS_SIGNATURE, FIELD_TLS_CHAIN_LEN, FIELD_TLS_FINGERPRINT,
		FIELD_TLS_SELF_ISSUED, FIELD_TLS_NAME_MATCH, FIELD_NONE};
	const struct bytes asked = {(const uint8_t *)"www.example.org", 15, false};
	static const struct {
		const char *type, *key, *bits, *signature;
	} rows[] = {{"RSA", "RSA", "00000800", "sha256WithRSAEncryption"},
		{"EC", "EC", "00000100", "ecdsa-with-SHA256"}};
	static struct parser_run r = {.only = only};
	static uint8_t wire[8192];

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t *der;
		size_t len = make_certificate(
			rows[i].type, "DNS:example.org,DNS:*.example.org,IP:192.0.2.1", &der);
		char want[64];
		run_begin(&r, &proto_tls);
		tls_certificates(&r.io, DIR_S2C, tls_name_of(asked), message(wire, der, len, 2));
		CHECK(r.n_tx == 1, "%u", r.n_tx);
		CHECK(tells(&r, "tls.cert_self_issued= tls.cert_name_match=01"), "%s", r.text);
		CHECK(tells(&r, "tls.cert_subject=C=CN, O=e4be8be5ad90, CN=example.org "), "%s",
			r.text);
		CHECK(tells(&r, "tls.cert_serial=04:C3:7A "), "%s", r.text);
		CHECK(tells(&r,
			      "tls.notbefore=2024-01-01T00:00:00 "
			      "tls.notafter=2024-04-01T12:00:00 "),
			"%s", r.text);
		CHECK(tells(&r,
			      "tls.subjectaltname=example.org tls.subjectaltname=*.example.org "
			      "tls.subjectaltname=192.0.2.1 "),
			"%s", r.text);
		CHECK(tells(&r, "tls.cert_chain_len=02"), "%s", r.text);
		snprintf(want, sizeof(want), "tls.cert_key=%s tls.cert_key_bits=%s", rows[i].key,
			rows[i].bits);
		CHECK(tells(&r, want), "%s", r.text);
		CHECK(tells(&r, rows[i].signature), "%s", r.text);
		OPENSSL_free(der);
	}
}

// Of a person who shows a certificate nothing is told but how strong it is; rules see the rest, when
// one asks for it.
static void test_client(void)
{
	static uint8_t wanted[FIELD_COUNT];
	static struct parser_run r;
	static uint8_t wire[8192];
	uint8_t *der;
	size_t len = make_certificate("EC", "DNS:a.b", &der);

	struct bytes body = message(wire, der, len, 1);

	run_begin(&r, &proto_tls);
	r.io.wanted = wanted;
	tls_certificates(&r.io, DIR_C2S, (struct tls_name){0}, body);
	CHECK(r.n_tx == 1 && tells(&r, " tls.cert_key=EC"), "%s", r.text);
	CHECK(!tells(&r, "example.org") && !tells(&r, "tls.certs") && !tells(&r, "serial"), "%s",
		r.text);

	wanted[FIELD_TLS_SUBJECT] = 1;
	run_begin(&r, &proto_tls);
	r.io.wanted = wanted;
	tls_certificates(&r.io, DIR_C2S, (struct tls_name){0}, body);
	CHECK(r.n_tx == 1 && tells(&r, " tls.cert_key=EC") &&
			tells(&r, " secret:tls.cert_subject="),
		"%s", r.text);
	CHECK(!tells(&r, " tls.cert_su") && !tells(&r, " tls.cert_se") && !tells(&r, " tls.not") &&
			!tells(&r, " tls.cert_f"),
		"%s", r.text);
	OPENSSL_free(der);
}

// Who sends the client's hello is the client, also where the server called (RFC 4217 7).
static void test_called_client(void)
{
	static const uint8_t hello[] = "\x16\x03\x03\x00\x2d\x01\x00\x00\x29\x03\x03"
				       "0123456789abcdef0123456789abcdef"
				       "\x00\x00\x02\xc0\x2f\x01\x00";
	static struct parser_run r;
	static uint8_t wire[8192], body[8192];
	uint8_t *der;
	size_t len = make_certificate("EC", "DNS:a.b", &der);
	struct bytes chain = message(body, der, len, 1);
	size_t size = chain.len + 4;
	const uint8_t head[] = {0x16, 3, 3, (uint8_t)(size >> 8), (uint8_t)size, 11, 0,
		(uint8_t)(chain.len >> 8), (uint8_t)chain.len};

	memcpy(wire, hello, sizeof(hello) - 1);
	memcpy(wire + sizeof(hello) - 1, head, sizeof(head));
	memcpy(wire + sizeof(hello) - 1 + sizeof(head), chain.p, chain.len);
	run_begin(&r, &proto_tls);
	run_feed(&r, DIR_S2C, wire, sizeof(hello) - 1 + sizeof(head) + chain.len);
	CHECK(r.n_tx == 2 && tells(&r, "tls.cert_key=EC"), "%s", r.text);
	CHECK(!tells(&r, " tls.cert_su") && tells(&r, " secret:tls.cert_su"), "%s", r.text);
	run_end(&r);
	OPENSSL_free(der);
}

// Cut anywhere, and every byte made wrong: nothing, or something, but no harm.
static void test_hostile(void)
{
	static struct parser_run r;
	static uint8_t wire[8192];
	uint8_t *der;
	size_t len = make_certificate("EC", "DNS:a.b", &der);
	struct bytes whole = message(wire, der, len, 1);

	for (size_t n = 0; n < whole.len; n++) {
		uint8_t *copy = malloc(n + 1);
		memcpy(copy, wire, n);
		run_begin(&r, &proto_tls);
		tls_certificates(
			&r.io, DIR_S2C, (struct tls_name){0}, (struct bytes){copy, n, false});
		CHECK(r.n_tx == 0, "cut %zu", n);
		free(copy);
	}
	for (size_t at = 0; at < whole.len; at++) {
		wire[at] ^= 0x55;
		run_begin(&r, &proto_tls);
		tls_certificates(&r.io, DIR_S2C, (struct tls_name){0}, whole);
		CHECK(r.n_tx <= 1, "byte %zu", at);
		wire[at] ^= 0x55;
	}
	OPENSSL_free(der);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"server's", test_server},
		{"client's", test_client},
		{"client's that was called", test_called_client},
		{"hostile", test_hostile},
		CU_TEST_INFO_NULL,
	};
	return check_main("tls_cert", tests);
}
