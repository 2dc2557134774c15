#include "dataplane/inspect/proto/tls_cert.h"

#include "dataplane/inspect/proto/digest.h"
#include "dataplane/inspect/proto/kit.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum { NAME_MAX_LEN = 2048, CHAIN_MAX = 32 };

// Text that the transaction's values point into.
struct text {
	size_t used;
	char data[CERT_TEXT_MAX];
};

static void put_copy(struct tx *tx, struct text *t, enum field field, const void *p, size_t len)
{
	if (len == 0 || len > CERT_TEXT_MAX - t->used)
		return;
	memcpy(t->data + t->used, p, len);
	tx_put(tx, field, (struct bytes){.p = (uint8_t *)t->data + t->used, .len = len});
	t->used += len;
}

static void put_string(struct tx *tx, struct text *t, enum field field, const char *s)
{
	put_copy(tx, t, field, s, strlen(s));
}

// RFC 4514 in the order of the certificate: "C=CN, O=Example, CN=example.org".
static void put_name(struct tx *tx, struct text *t, enum field field, const X509_NAME *name)
{
	unsigned long flags = XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | ASN1_STRFLGS_UTF8_CONVERT |
		ASN1_STRFLGS_ESC_CTRL;
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;

	if (bio == NULL)
		return;
	if (X509_NAME_print_ex(bio, name, 0, flags) >= 0) {
		long len = BIO_get_mem_data(bio, &data);
		if (len > 0)
			put_copy(tx, t, field, data,
				(size_t)(len < NAME_MAX_LEN ? len : NAME_MAX_LEN));
	}
	BIO_free(bio);
}

// "04:C3:7A", as long as OpenSSL's own tools show it.
static void put_hex_colons(struct tx *tx, struct text *t, enum field field, const uint8_t *p,
	size_t len, const char *digits)
{
	char out[3 * 64];
	size_t n = 0;

	for (size_t i = 0; i < len && i < 64; i++) {
		if (i > 0)
			out[n++] = ':';
		out[n++] = digits[p[i] >> 4];
		out[n++] = digits[p[i] & 15];
	}
	put_copy(tx, t, field, out, n);
}

static void put_time(struct tx *tx, struct text *t, enum field field, const ASN1_TIME *when)
{
	struct tm tm;
	char out[80];

	if (when == NULL || ASN1_TIME_to_tm(when, &tm) != 1)
		return;
	int n = snprintf(out, sizeof(out), "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (n > 0 && (size_t)n < sizeof(out))
		put_copy(tx, t, field, out, (size_t)n);
}

static void put_general_name(struct tx *tx, struct text *t, const GENERAL_NAME *name)
{
	char out[INET6_ADDRSTRLEN];
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);

	if (type == GEN_DNS) {
		put_copy(tx, t, FIELD_TLS_SAN, ASN1_STRING_get0_data(value),
			(size_t)ASN1_STRING_length(value));
		return;
	}
	if (type != GEN_IPADD)
		return;
	int len = ASN1_STRING_length(value);
	if ((len == 4 || len == 16) &&
		inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), out,
			sizeof(out)) != NULL)
		put_string(tx, t, FIELD_TLS_SAN, out);
}

static void put_alternative_names(struct tx *tx, struct text *t, X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && i < CERT_SAN_MAX; i++)
		put_general_name(tx, t, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
}

static void put_number(struct tx *tx, struct text *t, enum field field, uint64_t v, size_t size)
{
	uint8_t buf[8];

	for (size_t i = 0; i < size; i++)
		buf[i] = (uint8_t)(v >> 8 * (size - 1 - i));
	put_copy(tx, t, field, buf, size);
}

static void put_object(struct tx *tx, struct text *t, enum field field, const ASN1_OBJECT *object)
{
	char out[128];
	int n = object != NULL ? OBJ_obj2txt(out, sizeof(out), object, 0) : 0;

	if (n > 0)
		put_copy(tx, t, field, out, strlen(out));
}

static void put_strength(struct tx *tx, struct text *t, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	const char *type = key != NULL ? EVP_PKEY_get0_type_name(key) : NULL;
	ASN1_OBJECT *algorithm = NULL;
	const X509_ALGOR *signature = NULL;
	const ASN1_OBJECT *signed_with = NULL;

	if (type != NULL) {
		put_string(tx, t, FIELD_TLS_KEY_TYPE, type);
		put_number(tx, t, FIELD_TLS_KEY_BITS, (uint64_t)EVP_PKEY_get_bits(key), 4);
	} else if (X509_PUBKEY_get0_param(
			   &algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(cert)) == 1) {
		put_object(tx, t, FIELD_TLS_KEY_TYPE, algorithm);
	}
	X509_get0_signature(NULL, &signature, cert);
	if (signature != NULL)
		X509_ALGOR_get0(&signed_with, NULL, NULL, signature);
	put_object(tx, t, FIELD_TLS_SIGNATURE, signed_with);
}

static void put_owner(struct tx *tx, struct text *t, X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);

	put_name(tx, t, FIELD_TLS_SUBJECT, X509_get_subject_name(cert));
	put_name(tx, t, FIELD_TLS_ISSUER, X509_get_issuer_name(cert));
	if (serial != NULL && ASN1_STRING_length(serial) > 0)
		put_hex_colons(tx, t, FIELD_TLS_SERIAL, ASN1_STRING_get0_data(serial),
			(size_t)ASN1_STRING_length(serial), "0123456789ABCDEF");
	put_time(tx, t, FIELD_TLS_NOT_BEFORE, X509_get0_notBefore(cert));
	put_time(tx, t, FIELD_TLS_NOT_AFTER, X509_get0_notAfter(cert));
	put_alternative_names(tx, t, cert);
}

void tls_certificates(const struct proto_io *io, enum dir dir, struct bytes body)
{
	struct bytes length = bytes_take(&body, 3);
	struct bytes leaf = {0};
	struct text text;
	struct tx tx;
	uint8_t fingerprint[SHA1_LEN];
	uint8_t n = 0;

	if (length.bad)
		return;
	tx_begin(&tx, APP_TLS, dir);
	text.used = 0;
	tx_put_text(&tx, FIELD_TLS_MESSAGE, "certificate");
	while (body.len > 0 && n < CHAIN_MAX) {
		size_t len = bytes_u24(&body);
		struct bytes der = bytes_take(&body, len);
		if (body.bad || der.len == 0)
			break;
		leaf = n == 0 ? der : leaf;
		n++;
		if (dir == DIR_S2C)
			tx_put(&tx, FIELD_TLS_CERT, der);
	}
	if (n == 0)
		return;
	put_number(&tx, &text, FIELD_TLS_CHAIN_LEN, n, 1);

	const uint8_t *at = leaf.p;
	X509 *cert = d2i_X509(NULL, &at, (long)leaf.len);
	if (cert != NULL) {
		if (dir == DIR_S2C) {
			digest_sha1(io->kit->digests, leaf, fingerprint);
			put_hex_colons(&tx, &text, FIELD_TLS_FINGERPRINT, fingerprint, SHA1_LEN,
				"0123456789abcdef");
			put_owner(&tx, &text, cert);
		}
		put_strength(&tx, &text, cert);
		X509_free(cert);
	}
	ERR_clear_error();
	io->tx(io->ctx, &tx);
}
