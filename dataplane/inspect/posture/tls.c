#include "dataplane/inspect/posture/parts.h"

#include "dataplane/inspect/posture/time.h"
#include "dataplane/inspect/proto/tls_hello.h"
#include "dataplane/inspect/proto/tls_suites.h"

enum {
	TLS12 = 0x0303,
	TLS13 = 0x0304,
	TLS13_DRAFT = 0x7f, // first byte; of drafts
	DTLS12 = 0xfefd,
	DTLS13 = 0xfefc,
	CCM_8 = 0x1305,
	SM4_GCM = 0x00c6,
	SM4_CCM = 0x00c7,
	EXT_ENCRYPT_THEN_MAC = 0x0016,
	EXT_MASTER_SECRET = 0x0017,
	EXT_RENEGOTIATION = 0xff01,
	PORT_HTTPS = 443,
	PORT_DNS_OVER_TLS = 853,
	SOON_DAYS = 30,
	LONG_DAYS = 398,
	RSA_LEAST = 2048, // bits
	DH_LEAST = 2048,
	EC_LEAST = 224,
};

static uint32_t number(struct bytes v)
{
	uint32_t n = 0;

	for (size_t i = 0; i < v.len && i < 4; i++)
		n = n << 8 | v.p[i];
	return n;
}

static bool has(struct bytes list, uint16_t wanted)
{
	while (list.len >= 2) {
		if (bytes_u16(&list) == wanted)
			return true;
	}
	return false;
}

static bool is_sealed_hello(uint32_t version)
{
	return version == TLS13 || version == DTLS13 || version >> 8 == TLS13_DRAFT;
}

static bool is_old(uint32_t version)
{
	return version != 0 && version != TLS12 && version != DTLS12 &&
		version != TLS_VERSION_TLCP && !is_sealed_hello(version);
}

// draft-ietf-tls-ecdhe-mlkem 7, FIPS 203 code points, the Kyber draft.
static bool is_post_quantum(uint32_t group)
{
	return (group >= 0x11eb && group <= 0x11ee) || (group >= 0x0200 && group <= 0x0202) ||
		group == 0x6399;
}

static bool offers_post_quantum(struct bytes groups)
{
	while (groups.len >= 2) {
		if (is_post_quantum(bytes_u16(&groups)))
			return true;
	}
	return false;
}

static void client_hello(const struct find *find, struct posture_told *told)
{
	bool named = false, hidden = false;

	posture_set(told, POSTURE_TLS);
	for (unsigned i = 0; i < find->n_fields; i++) {
		struct bytes v = find->fields[i].value;
		switch (find->fields[i].field) {
		case FIELD_TLS_VERSION:
			if (is_old(number(v)))
				posture_set(told, POSTURE_TLS_VERSION);
			if (number(v) == TLS_VERSION_TLCP)
				posture_set(told, POSTURE_SM);
			break;
		case FIELD_TLS_SNI:
		case FIELD_QUIC_SNI:
			named = true;
			told->bits |= posture_of_name(v);
			break;
		case FIELD_TLS_ECH:
		case FIELD_TLS_ESNI:
			hidden = true;
			break;
		case FIELD_TLS_GROUPS: // RFC 8446 4.2.8: key shares are of these
			if (offers_post_quantum(v))
				posture_set(told, POSTURE_PQ_OFFERED);
			break;
		case FIELD_TLS_ALPN:
		case FIELD_QUIC_ALPN:
			if (posture_says(v, "dot") || posture_says(v, "doq"))
				posture_set(told, POSTURE_DNS_SEALED);
			break;
		case FIELD_JA4:
			told->stack = v;
			break;
		}
	}
	if (hidden)
		posture_set(told, POSTURE_ECH);
	if (!named && !hidden && posture_port(find) == PORT_HTTPS)
		posture_set(told, POSTURE_NO_SNI);
	if (posture_port(find) == PORT_DNS_OVER_TLS)
		posture_set(told, POSTURE_DNS_SEALED);
}

struct answer {
	uint32_t version, cipher, group, compression;
	struct bytes extensions; // numbers
};

static void suite(const struct answer *a, struct posture_told *told)
{
	const struct tls_suite *s = tls_suite((uint16_t)a->cipher);

	if (s == NULL)
		return;
	bool anonymous = s->exchange == SUITE_DH_ANON || s->exchange == SUITE_ECDH_ANON;
	if (s->cipher == SUITE_BROKEN || anonymous)
		posture_set(told, POSTURE_CIPHER_BROKEN);
	if (s->exchange == SUITE_STATIC || s->exchange == SUITE_SM2)
		posture_set(told, POSTURE_CIPHER_STATIC);
	if (s->cipher == SUITE_CBC && !has(a->extensions, EXT_ENCRYPT_THEN_MAC))
		posture_set(told, POSTURE_CIPHER_CBC);
}

static void up_to_tls12(const struct answer *a, struct posture_told *told)
{
	suite(a, told);
	if (a->compression != 0)
		posture_set(told, POSTURE_COMPRESSION);
	if (a->version == TLS_VERSION_TLCP) { // its standard knows neither extension
		posture_set(told, POSTURE_SM);
		return;
	}
	if (!has(a->extensions, EXT_RENEGOTIATION))
		posture_set(told, POSTURE_RENEGOTIATION);
	if (!has(a->extensions, EXT_MASTER_SECRET))
		posture_set(told, POSTURE_EMS);
}

static void tls13(const struct answer *a, struct posture_told *told)
{
	posture_set(told, POSTURE_TLS13);
	if (a->cipher == CCM_8)
		posture_set(told, POSTURE_CIPHER_CCM8);
	if (a->cipher == SM4_GCM || a->cipher == SM4_CCM)
		posture_set(told, POSTURE_SM);
	if (is_post_quantum(a->group))
		posture_set(told, POSTURE_PQ);
}

static void server_hello(const struct find *find, struct posture_told *told)
{
	struct answer a = {.version = find->app_proto == APP_QUIC ? TLS13 : 0};

	posture_set(told, POSTURE_TLS);
	posture_set(told, POSTURE_ANSWERED);
	for (unsigned i = 0; i < find->n_fields; i++) {
		struct bytes v = find->fields[i].value;
		switch (find->fields[i].field) {
		case FIELD_TLS_VERSION:
			a.version = number(v);
			break;
		case FIELD_TLS_CIPHER:
		case FIELD_QUIC_CIPHER:
			a.cipher = number(v);
			break;
		case FIELD_TLS_GROUP:
			a.group = number(v);
			break;
		case FIELD_TLS_COMPRESSION:
			a.compression = number(v);
			break;
		case FIELD_TLS_SERVER_EXTENSIONS:
			a.extensions = v;
			break;
		}
	}
	if (is_old(a.version))
		posture_set(told, POSTURE_TLS_VERSION);
	if (is_sealed_hello(a.version))
		tls13(&a, told);
	else
		up_to_tls12(&a, told);
}

static bool is_weak_hash(struct bytes algorithm)
{
	static const char *const words[] = {"md2With", "md5With", "sha1With", "-SHA1", "WithSHA1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);
		struct bytes v = algorithm;
		for (; v.len >= len; bytes_take(&v, 1)) {
			if (memcmp(v.p, words[i], len) == 0)
				return true;
		}
	}
	return false;
}

static bool is_weak_key(struct bytes type, uint32_t bits)
{
	if (posture_says(type, "dsaEncryption"))
		return true;
	if (bits == 0)
		return false;
	if (posture_says(type, "RSA") || posture_says(type, "rsassaPss"))
		return bits < RSA_LEAST;
	return posture_says(type, "EC") && bits < EC_LEAST;
}

static void validity(
	const struct find *find, int64_t from_s, int64_t to_s, struct posture_told *told)
{
	enum { NS_PER_S = 1000000000, DAY_S = 86400 };
	int64_t now_s = (int64_t)(find->ts_ns / NS_PER_S);

	if (from_s == POSTURE_NO_TIME || to_s == POSTURE_NO_TIME)
		return;
	if (now_s < from_s || now_s > to_s)
		posture_set(told, POSTURE_CERT_TIME);
	else if (to_s - now_s < SOON_DAYS * DAY_S)
		posture_set(told, POSTURE_CERT_SOON);
	if (to_s - from_s > (int64_t)LONG_DAYS * DAY_S)
		posture_set(told, POSTURE_CERT_LONG);
}

static void certificate(const struct find *find, struct posture_told *told)
{
	int64_t from_s = POSTURE_NO_TIME, to_s = POSTURE_NO_TIME;
	struct bytes type = {0};
	uint32_t bits = 0;

	if (find->dir != DIR_S2C)
		return;
	posture_set(told, POSTURE_CERT_SEEN);
	for (unsigned i = 0; i < find->n_fields; i++) {
		struct bytes v = find->fields[i].value;
		switch (find->fields[i].field) {
		case FIELD_TLS_KEY_TYPE:
			type = v;
			break;
		case FIELD_TLS_KEY_BITS:
			bits = number(v);
			break;
		case FIELD_TLS_SIGNATURE:
			if (is_weak_hash(v))
				posture_set(told, POSTURE_CERT_SIG);
			break;
		case FIELD_TLS_NOT_BEFORE:
			from_s = posture_time(v);
			break;
		case FIELD_TLS_NOT_AFTER:
			to_s = posture_time(v);
			break;
		case FIELD_TLS_SELF_ISSUED:
			posture_set(told, POSTURE_CERT_SELF);
			break;
		case FIELD_TLS_NAME_MATCH:
			if (number(v) == 0)
				posture_set(told, POSTURE_CERT_NAME);
			break;
		}
	}
	if (is_weak_key(type, bits))
		posture_set(told, POSTURE_CERT_KEY);
	validity(find, from_s, to_s, told);
}

// RFC 8422 5.1.1: sect163k1 is 1, sect571r1 14; secp160k1 15, secp192r1 19.
static bool is_weak_curve(uint32_t group)
{
	return group >= 1 && group <= 19;
}

// RFC 5246 7.4.1.4.1: the hash in front: 1 MD5, 2 SHA-1.
static bool is_weak_signature(uint32_t algorithm)
{
	return algorithm >> 8 == 1 || algorithm >> 8 == 2;
}

static void key_exchange(const struct find *find, struct posture_told *told)
{
	struct bytes bits = posture_value(find, FIELD_TLS_DH_BITS);

	if (bits.len > 0 && number(bits) < DH_LEAST)
		posture_set(told, POSTURE_DH);
	if (is_weak_curve(number(posture_value(find, FIELD_TLS_GROUP))))
		posture_set(told, POSTURE_CURVE);
	if (is_weak_signature(number(posture_value(find, FIELD_TLS_SIG_ALG))))
		posture_set(told, POSTURE_SIG_ALG);
}

void posture_tls(const struct find *find, struct posture_told *told)
{
	struct bytes message = posture_value(
		find, find->app_proto == APP_QUIC ? FIELD_QUIC_MESSAGE : FIELD_TLS_MESSAGE);

	if (posture_says(message, "client_hello") || posture_says(message, "ssl2_client_hello"))
		client_hello(find, told);
	else if (posture_says(message, "server_hello"))
		server_hello(find, told);
	else if (posture_says(message, "hello_retry_request"))
		posture_set(told, POSTURE_RETRY);
	else if (posture_says(message, "certificate"))
		certificate(find, told);
	else if (posture_says(message, "server_key_exchange") ||
		posture_says(message, "certificate_verify"))
		key_exchange(find, told);
}
