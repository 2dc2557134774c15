#include "tools/craft/tls.h"

enum {
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_HANDSHAKE = 22,
	RECORD_APPLICATION_DATA = 23,
	HELLO_CLIENT = 1,
	HELLO_SERVER = 2,
	EXT_SERVER_NAME = 0,
	EXT_SUPPORTED_GROUPS = 10,
	EXT_POINT_FORMATS = 11,
	EXT_SIGNATURE_ALGORITHMS = 13,
	EXT_ALPN = 16,
	EXT_EXTENDED_MASTER_SECRET = 23,
	EXT_SESSION_TICKET = 35,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_PSK_MODES = 45,
	EXT_KEY_SHARE = 51,
	EXT_RENEGOTIATION_INFO = 0xff01,
	GROUP_X25519 = 0x001d,
	GROUP_SECP256R1 = 0x0017,
	GROUP_X25519MLKEM768 = 0x11ec,
	HYBRID_SHARE_LEN = 1216,
	X25519_SHARE_LEN = 32,
	SESSION_ID_LEN = 32,
	FINISHED_12_LEN = 40, // of TLS 1.2, encrypted
	FINISHED_13_LEN = 53,
	CERTIFICATE_13_LEN = 1180, // encrypted extensions to Finished
	CIPHER_12 = 0xc02f,
	CIPHER_13 = 0x1301,
};

static const uint16_t ciphers[] = {
	0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009c, 0x009d};
static const uint16_t signatures[] = {
	0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};

static void put_random(struct wire *w, size_t n, struct rng *r)
{
	uint8_t block[64];

	for (; n > 0; n -= n < sizeof(block) ? n : sizeof(block)) {
		size_t part = n < sizeof(block) ? n : sizeof(block);
		rng_fill(r, block, part);
		wire_put(w, block, part);
	}
}

static void put_session_id(struct wire *w, const struct tls_profile *p)
{
	struct rng r = {.state = p->session};

	wire_u8(w, SESSION_ID_LEN);
	put_random(w, SESSION_ID_LEN, &r);
}

static uint16_t grease(struct rng *r)
{
	return (uint16_t)(0x0a0a + 0x1010 * rng_below(r, 16));
}

// A length-prefixed list of 16-bit values.
static void put_list(struct wire *w, const uint16_t *values, size_t n)
{
	wire_u16(w, (uint16_t)(n * 2));
	for (size_t i = 0; i < n; i++)
		wire_u16(w, values[i]);
}

static void put_sni(struct wire *w, const char *name)
{
	size_t n = strlen(name);

	wire_u16(w, EXT_SERVER_NAME);
	wire_u16(w, (uint16_t)(n + 5));
	wire_u16(w, (uint16_t)(n + 3));
	wire_u8(w, 0);
	wire_u16(w, (uint16_t)n);
	wire_put(w, name, n);
}

static void put_alpn(struct wire *w, const char *const *names)
{
	wire_u16(w, EXT_ALPN);
	size_t ext = wire_open(w, 2);
	size_t list = wire_open(w, 2);
	for (; *names != NULL; names++) {
		wire_u8(w, (uint8_t)strlen(*names));
		wire_text(w, *names);
	}
	wire_close(w, list, 2);
	wire_close(w, ext, 2);
}

static void put_share(struct wire *w, uint16_t group, uint16_t len, struct rng *r)
{
	wire_u16(w, group);
	wire_u16(w, len);
	put_random(w, len, r);
}

static void put_groups(struct wire *w, const struct tls_profile *p, uint16_t odd)
{
	uint16_t groups[4];
	size_t n = 0;

	if (p->grease)
		groups[n++] = odd;
	if (p->hybrid_share)
		groups[n++] = GROUP_X25519MLKEM768;
	groups[n++] = GROUP_X25519;
	groups[n++] = GROUP_SECP256R1;
	wire_u16(w, EXT_SUPPORTED_GROUPS);
	size_t ext = wire_open(w, 2);
	put_list(w, groups, n);
	wire_close(w, ext, 2);
}

static void put_versions(struct wire *w, const struct tls_profile *p, struct rng *r)
{
	wire_u16(w, EXT_SUPPORTED_VERSIONS);
	size_t ext = wire_open(w, 2);
	size_t list = wire_open(w, 1);
	if (p->grease)
		wire_u16(w, grease(r));
	wire_u16(w, TLS_13);
	wire_u16(w, TLS_12);
	wire_close(w, list, 1);
	wire_close(w, ext, 2);
}

static void put_key_shares(struct wire *w, const struct tls_profile *p, uint16_t odd, struct rng *r)
{
	wire_u16(w, EXT_KEY_SHARE);
	size_t ext = wire_open(w, 2);
	size_t list = wire_open(w, 2);
	if (p->grease)
		put_share(w, odd, 1, r);
	if (p->hybrid_share)
		put_share(w, GROUP_X25519MLKEM768, HYBRID_SHARE_LEN, r);
	put_share(w, GROUP_X25519, X25519_SHARE_LEN, r);
	wire_close(w, list, 2);
	wire_close(w, ext, 2);
}

static void put_client_extensions(struct wire *w, const struct tls_profile *p, struct rng *r)
{
	// RFC 8701 3.1: a group of the key shares is one of the supported groups.
	uint16_t odd = grease(r);

	if (p->grease) {
		wire_u16(w, grease(r));
		wire_u16(w, 0);
	}
	put_sni(w, p->sni);
	wire_u16(w, EXT_EXTENDED_MASTER_SECRET);
	wire_u16(w, 0);
	wire_u16(w, EXT_RENEGOTIATION_INFO);
	wire_u16(w, 1);
	wire_u8(w, 0);
	put_groups(w, p, odd);
	wire_u16(w, EXT_POINT_FORMATS);
	wire_u16(w, 2);
	wire_u16(w, 0x0100);
	wire_u16(w, EXT_SESSION_TICKET);
	wire_u16(w, p->ticket_len);
	put_random(w, p->ticket_len, r);
	if (p->alpn != NULL)
		put_alpn(w, p->alpn);
	wire_u16(w, EXT_SIGNATURE_ALGORITHMS);
	size_t ext = wire_open(w, 2);
	put_list(w, signatures, sizeof(signatures) / sizeof(signatures[0]));
	wire_close(w, ext, 2);
	if (p->version < TLS_13)
		return;
	put_key_shares(w, p, odd, r);
	wire_u16(w, EXT_PSK_MODES);
	wire_u16(w, 2);
	wire_u16(w, 0x0101);
	put_versions(w, p, r);
}

static void put_ciphers(struct wire *w, const struct tls_profile *p, struct rng *r)
{
	size_t list = wire_open(w, 2);

	if (p->grease)
		wire_u16(w, grease(r));
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		if (p->version >= TLS_13 || ciphers[i] >> 8 != 0x13)
			wire_u16(w, ciphers[i]);
	}
	wire_close(w, list, 2);
}

static size_t open_record(struct wire *w, uint8_t type, uint16_t version)
{
	wire_u8(w, type);
	wire_u16(w, version);
	return wire_open(w, 2);
}

void tls_client_hello(struct wire *w, const struct tls_profile *p, struct rng *r)
{
	size_t record = open_record(w, RECORD_HANDSHAKE, 0x0301);

	wire_u8(w, HELLO_CLIENT);
	size_t body = wire_open(w, 3);
	wire_u16(w, TLS_12);
	put_random(w, 32, r);
	put_session_id(w, p);
	put_ciphers(w, p, r);
	wire_u16(w, 0x0100); // no compression
	size_t extensions = wire_open(w, 2);
	put_client_extensions(w, p, r);
	wire_close(w, extensions, 2);
	wire_close(w, body, 3);
	wire_close(w, record, 2);
}

static void put_change_cipher_spec(struct wire *w)
{
	size_t record = open_record(w, RECORD_CHANGE_CIPHER_SPEC, TLS_12);
	wire_u8(w, 1);
	wire_close(w, record, 2);
}

static void put_finished_12(struct wire *w, struct rng *r)
{
	size_t record = open_record(w, RECORD_HANDSHAKE, TLS_12);
	put_random(w, FINISHED_12_LEN, r);
	wire_close(w, record, 2);
}

static void put_server_extensions(struct wire *w, const struct tls_profile *p, struct rng *r)
{
	size_t extensions = wire_open(w, 2);

	if (p->version >= TLS_13) {
		wire_u16(w, EXT_KEY_SHARE);
		wire_u16(w, 4 + X25519_SHARE_LEN);
		put_share(w, GROUP_X25519, X25519_SHARE_LEN, r);
		wire_u16(w, EXT_SUPPORTED_VERSIONS);
		wire_u16(w, 2);
		wire_u16(w, TLS_13);
	} else {
		wire_u16(w, EXT_RENEGOTIATION_INFO);
		wire_u16(w, 1);
		wire_u8(w, 0);
	}
	wire_close(w, extensions, 2);
}

void tls_server_flight(struct wire *w, const struct tls_profile *p, struct rng *r)
{
	size_t record = open_record(w, RECORD_HANDSHAKE, TLS_12);

	wire_u8(w, HELLO_SERVER);
	size_t body = wire_open(w, 3);
	wire_u16(w, TLS_12);
	put_random(w, 32, r);
	put_session_id(w, p);
	wire_u16(w, p->version >= TLS_13 ? CIPHER_13 : CIPHER_12);
	wire_u8(w, 0);
	put_server_extensions(w, p, r);
	wire_close(w, body, 3);
	wire_close(w, record, 2);

	put_change_cipher_spec(w);
	if (p->version >= TLS_13)
		tls_application_data(w, CERTIFICATE_13_LEN, r);
	else
		put_finished_12(w, r);
}

void tls_client_finish(struct wire *w, const struct tls_profile *p, struct rng *r)
{
	put_change_cipher_spec(w);
	if (p->version >= TLS_13)
		tls_application_data(w, FINISHED_13_LEN, r);
	else
		put_finished_12(w, r);
}

void tls_application_data(struct wire *w, size_t len, struct rng *r)
{
	size_t record = open_record(w, RECORD_APPLICATION_DATA, TLS_12);
	put_random(w, len, r);
	wire_close(w, record, 2);
}
