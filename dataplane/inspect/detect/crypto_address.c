// Addresses of crypto currencies, which stay what they are for ever.

#include "dataplane/inspect/detect/family.h"

#include <openssl/evp.h>

enum { BASE58_BYTES = 25, CHECK_BYTES = 4 };

static int base58_value(char c)
{
	static const char set[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
	const char *at = memchr(set, c, sizeof(set) - 1);

	return at != NULL ? (int)(at - set) : -1;
}

// Twenty-five bytes, big-endian.
static bool base58_read(const char *v, size_t n, uint8_t out[BASE58_BYTES])
{
	memset(out, 0, BASE58_BYTES);
	for (size_t i = 0; i < n; i++) {
		int carry = base58_value(v[i]);
		if (carry < 0)
			return false;
		for (int k = BASE58_BYTES - 1; k >= 0; k--) {
			carry += 58 * out[k];
			out[k] = (uint8_t)carry;
			carry >>= 8;
		}
		if (carry != 0)
			return false;
	}
	return true;
}

// Version, hash of the key, the first bytes of two SHA-256 over both.
static int base58_version(const char *v, size_t n)
{
	uint8_t raw[BASE58_BYTES], once[32], twice[32];

	if (!base58_read(v, n, raw))
		return -1;
	if (EVP_Digest(raw, BASE58_BYTES - CHECK_BYTES, once, NULL, EVP_sha256(), NULL) != 1 ||
		EVP_Digest(once, sizeof(once), twice, NULL, EVP_sha256(), NULL) != 1)
		return -1;
	return memcmp(twice, raw + BASE58_BYTES - CHECK_BYTES, CHECK_BYTES) == 0 ? raw[0] : -1;
}

enum verdict tron_check(const struct detect *d, struct candidate *c)
{
	(void)d;
	return c->v[0] == 'T' && base58_version(c->v, c->n) == 0x41 ? VERDICT_GOOD : VERDICT_NO;
}

// BIP 173 and 350: a code over GF(32) whose checksum is 1, or another constant from version 1 on.
static bool is_bech32(const char *v, size_t n)
{
	static const char set[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	static const uint32_t generator[] = {
		0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
	// Of "bc": the high bits, 0, the low bits.
	const uint8_t prefix[] = {'b' >> 5, 'c' >> 5, 0, 'b' & 31, 'c' & 31};
	uint32_t sum = 1;

	for (size_t i = 0; i < sizeof(prefix) + n - 3; i++) {
		uint32_t value, top = sum >> 25;
		if (i < sizeof(prefix)) {
			value = prefix[i];
		} else {
			const char *at = memchr(set, v[3 + i - sizeof(prefix)], 32);
			if (at == NULL)
				return false;
			value = (uint32_t)(at - set);
		}
		sum = (sum & 0x1ffffff) << 5 ^ value;
		for (unsigned k = 0; k < 5; k++)
			sum ^= top >> k & 1 ? generator[k] : 0;
	}
	return sum == 1 || sum == 0x2bc830a3;
}

static uint64_t turned(uint64_t x, unsigned n)
{
	return n == 0 ? x : x << n | x >> (64 - n);
}

// Keccak-f[1600] (FIPS 202, 3.2 and 3.3).
static void keccak(uint64_t s[25])
{
	static const uint64_t rounds[24] = {0x1, 0x8082, 0x800000000000808a, 0x8000000080008000,
		0x808b, 0x80000001, 0x8000000080008081, 0x8000000000008009, 0x8a, 0x88, 0x80008009,
		0x8000000a, 0x8000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
		0x8000000000008002, 0x8000000000000080, 0x800a, 0x800000008000000a,
		0x8000000080008081, 0x8000000000008080, 0x80000001, 0x8000000080008008};
	static const uint8_t turn[25] = {0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41,
		45, 15, 21, 8, 18, 2, 61, 56, 14};

	for (unsigned round = 0; round < 24; round++) {
		uint64_t column[5], moved[25];
		for (unsigned x = 0; x < 5; x++)
			column[x] = s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20];
		for (unsigned i = 0; i < 25; i++)
			s[i] ^= column[(i + 4) % 5] ^ turned(column[(i + 1) % 5], 1);
		for (unsigned x = 0; x < 5; x++) {
			for (unsigned y = 0; y < 5; y++)
				moved[y + 5 * ((2 * x + 3 * y) % 5)] =
					turned(s[x + 5 * y], turn[x + 5 * y]);
		}
		for (unsigned y = 0; y < 25; y += 5) {
			for (unsigned x = 0; x < 5; x++)
				s[y + x] = moved[y + x] ^
					(~moved[y + (x + 1) % 5] & moved[y + (x + 2) % 5]);
		}
		s[0] ^= rounds[round];
	}
}

// EIP-55: a letter is upper case where the Keccak-256 of the address in lower case has a digit of
// eight or more. Ethereum pads as Keccak did before it became SHA-3.
static bool is_mixed_right(const char *hex)
{
	enum { RATE = 136 };
	union {
		uint64_t word[25];
		uint8_t byte[200];
	} s = {.word = {0}};

	for (unsigned i = 0; i < 40; i++)
		s.byte[i] = lower_case((uint8_t)hex[i]);
	s.byte[40] = 0x01;
	s.byte[RATE - 1] = 0x80;
	keccak(s.word);
	for (unsigned i = 0; i < 40; i++) {
		unsigned digit = i % 2 == 0 ? s.byte[i / 2] >> 4 : s.byte[i / 2] & 15;
		bool letter = hex[i] > '9', is_upper = hex[i] >= 'A' && hex[i] <= 'F';
		if (letter && is_upper != (digit >= 8))
			return false;
	}
	return true;
}

static enum verdict ethereum(const char *hex)
{
	unsigned upper = 0, lower = 0;

	for (unsigned i = 0; i < 40; i++) {
		if (!(byte_class[(uint8_t)hex[i]] & BYTE_HEX))
			return VERDICT_NO;
		upper += hex[i] >= 'A' && hex[i] <= 'F';
		lower += hex[i] >= 'a';
	}
	if (upper == 0 || lower == 0)
		return VERDICT_WEAK;
	return is_mixed_right(hex) ? VERDICT_GOOD : VERDICT_NO;
}

enum verdict btc_eth_check(const struct detect *d, struct candidate *c)
{
	const char *v = c->v;

	(void)d;
	if (c->n == 42 && v[0] == '0' && v[1] == 'x')
		return ethereum(v + 2);
	if (memcmp(v, "bc1", 3) == 0)
		return is_bech32(v, c->n) ? VERDICT_GOOD : VERDICT_NO;
	if (c->n < 26 || c->n > 35 || (v[0] != '1' && v[0] != '3'))
		return VERDICT_NO;
	int version = base58_version(v, c->n);
	return version == (v[0] == '1' ? 0 : 5) ? VERDICT_GOOD : VERDICT_NO;
}
