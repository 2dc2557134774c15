#include "dataplane/inspect/proto/tls_cert.h"

#include "dataplane/inspect/proto/certificate.h"
#include "dataplane/inspect/proto/digest.h"
#include "dataplane/inspect/proto/kit.h"

enum { NAME_MAX_LEN = 2048, CHAIN_MAX = 32, HEX_MAX = 64 };

// Text that the transaction's values point into.
struct text {
	size_t used;
	char data[CERT_TEXT_MAX];
};

static char *room(struct text *t)
{
	return t->data + t->used;
}

static size_t left(const struct text *t, size_t most)
{
	return CERT_TEXT_MAX - t->used < most ? CERT_TEXT_MAX - t->used : most;
}

// `len` bytes were written to room().
static void put(struct tx *tx, struct text *t, enum field field, size_t len)
{
	tx_put_some(tx, field, (struct bytes){.p = (uint8_t *)room(t), .len = len});
	t->used += len;
}

// "04:C3:7A"
static void put_hex_colons(
	struct tx *tx, struct text *t, enum field field, struct bytes value, const char *digits)
{
	size_t n = 0;

	if (left(t, 3 * HEX_MAX) < 3 * HEX_MAX)
		return;
	for (size_t i = 0; i < value.len && i < HEX_MAX; i++) {
		if (i > 0)
			room(t)[n++] = ':';
		room(t)[n++] = digits[value.p[i] >> 4];
		room(t)[n++] = digits[value.p[i] & 15];
	}
	put(tx, t, field, n);
}

static void put_number(struct tx *tx, struct text *t, enum field field, uint64_t v, size_t size)
{
	if (left(t, size) < size)
		return;
	tx_put_number(tx, field, v, (uint8_t *)room(t), size);
	t->used += size;
}

// RSA and EC, as people call them; any other by the name of its algorithm.
static void put_strength(struct tx *tx, struct text *t, const struct certificate *c)
{
	size_t len = certificate_oid_text(c->key_type, room(t), left(t, 64));

	if (len == 13 && memcmp(room(t), "rsaEncryption", 13) == 0)
		tx_put_text(tx, FIELD_TLS_KEY_TYPE, "RSA");
	else if (len == 14 && memcmp(room(t), "id-ecPublicKey", 14) == 0)
		tx_put_text(tx, FIELD_TLS_KEY_TYPE, "EC");
	else
		put(tx, t, FIELD_TLS_KEY_TYPE, len);
	if (c->key_bits != 0)
		put_number(tx, t, FIELD_TLS_KEY_BITS, c->key_bits, 4);
	put(tx, t, FIELD_TLS_SIGNATURE, certificate_oid_text(c->signature, room(t), left(t, 64)));
}

static void put_trust(
	struct tx *tx, struct text *t, struct tls_name asked, const struct certificate *c)
{
	if (c->self_issued)
		tx_put(tx, FIELD_TLS_SELF_ISSUED, (struct bytes){0});
	if (asked.whole != 0)
		put_number(
			tx, t, FIELD_TLS_NAME_MATCH, tls_name_fits(asked, c->alternative_names), 1);
}

static void put_fingerprint(struct tx *tx, struct text *t, struct bytes der)
{
	uint8_t sha1[SHA1_LEN];

	digest_sha1(der, sha1);
	put_hex_colons(tx, t, FIELD_TLS_FINGERPRINT, (struct bytes){sha1, SHA1_LEN, false},
		"0123456789abcdef");
}

static void put_owner(struct tx *tx, struct text *t, const struct certificate *c, struct bytes der)
{
	struct bytes names = c->alternative_names, serial = c->serial;

	put(tx, t, FIELD_TLS_SUBJECT,
		certificate_name_text(c->subject, room(t), left(t, NAME_MAX_LEN)));
	put(tx, t, FIELD_TLS_ISSUER,
		certificate_name_text(c->issuer, room(t), left(t, NAME_MAX_LEN)));
	if (serial.len > 1 && serial.p[0] == 0) // the sign of a high first bit
		bytes_take(&serial, 1);
	put_hex_colons(tx, t, FIELD_TLS_SERIAL, serial, "0123456789ABCDEF");
	put(tx, t, FIELD_TLS_NOT_BEFORE,
		certificate_time_text(c->not_before, room(t), left(t, 32)));
	put(tx, t, FIELD_TLS_NOT_AFTER, certificate_time_text(c->not_after, room(t), left(t, 32)));
	for (unsigned i = 0; names.len > 0 && i < CERT_SAN_MAX; i++)
		put(tx, t, FIELD_TLS_SAN, certificate_next_name(&names, room(t), left(t, 256)));
	put_fingerprint(tx, t, der);
}

// Does a rule look at what put_owner() gives?
static bool wants_owner(const struct proto_io *io)
{
	static const uint16_t fields[] = {FIELD_TLS_SUBJECT, FIELD_TLS_ISSUER, FIELD_TLS_SERIAL,
		FIELD_TLS_FINGERPRINT, FIELD_TLS_SAN, FIELD_TLS_NOT_BEFORE, FIELD_TLS_NOT_AFTER};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (io_wants(io, (enum field)fields[i]))
			return true;
	}
	return false;
}

// Gives the first certificate, counts all; *whole: the chain is as long as it says.
static struct bytes parse_chain(
	struct tx *tx, const struct proto_io *io, struct bytes body, unsigned *n)
{
	struct bytes leaf = {0};

	bytes_take(&body, 3);
	for (*n = 0; body.len > 0 && *n < CHAIN_MAX; ++*n) {
		size_t len = bytes_u24(&body);
		struct bytes der = bytes_take(&body, len);
		if (body.bad || der.len == 0)
			break;
		if (*n == 0)
			leaf = der;
		if (io_wants(io, FIELD_TLS_CERT)) // in no record, whoever sent it
			tx_put(tx, FIELD_TLS_CERT, der);
	}
	return leaf;
}

void tls_certificates(
	const struct proto_io *io, enum dir dir, struct tls_name asked, struct bytes body)
{
	struct certificate leaf;
	struct text text;
	struct tx tx;
	unsigned n;

	tx_begin(&tx, APP_TLS, dir);
	text.used = 0;
	tx_put_text(&tx, FIELD_TLS_MESSAGE, "certificate");
	struct bytes der = parse_chain(&tx, io, body, &n);
	if (n == 0)
		return;
	put_number(&tx, &text, FIELD_TLS_CHAIN_LEN, n, 1);
	if (certificate_parse(der, &leaf)) {
		put_strength(&tx, &text, &leaf);
		if (dir == DIR_S2C)
			put_trust(&tx, &text, asked, &leaf);
		unsigned before = tx.n_fields;
		if (dir == DIR_S2C || wants_owner(io))
			put_owner(&tx, &text, &leaf, der);
		if (dir == DIR_C2S)
			tx.n_secret = (uint16_t)(tx.n_fields - before);
	}
	io->tx(io->ctx, &tx);
}
