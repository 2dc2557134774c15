#include "dataplane/inspect/proto/tls_key_exchange.h"

#include "dataplane/inspect/proto/tls_suites.h"

enum {
	CURVE_NAMED = 3, // RFC 8422 5.4
	VERSION_TLS12 = 0x0303,
	VERSION_DTLS12 = 0xfefd,
};

// Views, and the number of a field, until the transaction is reported.
struct exchange {
	struct bytes group;
	uint32_t dh_bits;
	struct bytes signature; // the algorithm's number
};

static uint32_t bit_length(struct bytes number)
{
	while (number.len > 0 && number.p[0] == 0)
		bytes_take(&number, 1);
	if (number.len == 0)
		return 0;
	uint32_t bits = (uint32_t)number.len * 8;
	for (uint8_t top = number.p[0]; !(top & 0x80); top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

// RFC 8422 5.4: the curve of an ephemeral key is told here up to TLS 1.2.
static void curve(struct bytes *body, struct exchange *out)
{
	if (bytes_u8(body) != CURVE_NAMED) {
		body->bad = true;
		return;
	}
	out->group = bytes_take(body, 2);
	bytes_vec8(body); // the point
}

// RFC 5246 7.4.3: p, g, Ys.
static void numbers(struct bytes *body, struct exchange *out)
{
	out->dh_bits = bit_length(bytes_vec16(body));
	bytes_vec16(body);
	bytes_vec16(body);
}

static void read_by_suite(const struct tls_suite *suite, struct bytes *body, struct exchange *out)
{
	switch (suite->exchange) {
	case SUITE_DHE_PSK: // RFC 4279 3, RFC 5489 2: the hint comes first
	case SUITE_ECDHE_PSK:
		bytes_vec16(body);
		break;
	}
	switch (suite->exchange) {
	case SUITE_DHE:
	case SUITE_DH_ANON:
	case SUITE_DHE_PSK:
		numbers(body, out);
		break;
	case SUITE_ECDHE:
	case SUITE_ECDH_ANON:
	case SUITE_ECDHE_PSK:
		curve(body, out);
		break;
	default:
		body->bad = true;
	}
}

static bool is_signed(const struct tls_suite *suite)
{
	return suite->exchange == SUITE_DHE || suite->exchange == SUITE_ECDHE;
}

static void report(
	const struct proto_io *io, enum dir dir, const char *message, const struct exchange *e)
{
	uint8_t bits[4];
	struct tx tx;

	if (e->group.len == 0 && e->dh_bits == 0 && e->signature.len == 0)
		return;
	tx_begin(&tx, APP_TLS, dir);
	tx_put_text(&tx, FIELD_TLS_MESSAGE, message);
	tx_put_some(&tx, FIELD_TLS_GROUP, e->group);
	if (e->dh_bits != 0)
		tx_put_number(&tx, FIELD_TLS_DH_BITS, e->dh_bits, bits, sizeof(bits));
	tx_put_some(&tx, FIELD_TLS_SIG_ALG, e->signature);
	io->tx(io->ctx, &tx);
}

void tls_server_key_exchange(const struct proto_io *io, struct tls_choice choice, struct bytes body)
{
	const struct tls_suite *suite = choice.cipher != 0 ? tls_suite(choice.cipher) : NULL;
	struct exchange e = {0};

	if (suite != NULL)
		read_by_suite(suite, &body, &e);
	else
		curve(&body, &e); // of all forms the one that is known by its first byte
	// RFC 5246 4.7: before TLS 1.2 a signature has no number.
	bool numbered = choice.version == VERSION_TLS12 || choice.version == VERSION_DTLS12;
	if (suite != NULL && is_signed(suite) && numbered && !body.bad)
		e.signature = bytes_take(&body, 2);
	report(io, DIR_S2C, "server_key_exchange", &e);
}

// RFC 5246 7.4.8. Before TLS 1.2 the number is missing: then the length says so.
void tls_certificate_verify(const struct proto_io *io, struct bytes body)
{
	struct bytes number = bytes_take(&body, 2);
	struct exchange e = {.signature = number};

	size_t len = bytes_u16(&body);
	if (!body.bad && len == body.len)
		report(io, DIR_C2S, "certificate_verify", &e);
}
