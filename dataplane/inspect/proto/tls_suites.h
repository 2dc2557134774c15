// What a cipher suite is made of, as far as its strength and the form of a ServerKeyExchange go.

#pragma once

#include <stdint.h>

enum suite_exchange {
	SUITE_STATIC, // no forward secrecy: RSA, DH, ECDH, PSK, KRB5 ...
	SUITE_SM2, // GB/T 38636: as static, but the server signs a message all the same
	SUITE_DHE,
	SUITE_ECDHE,
	SUITE_DH_ANON,
	SUITE_ECDH_ANON,
	SUITE_DHE_PSK,
	SUITE_ECDHE_PSK,
	SUITE_SRP,
	SUITE_SEALED, // TLS 1.3: the suite says nothing of it
	SUITE_OTHER, // of its own kind, with forward secrecy
};

enum suite_cipher {
	SUITE_BROKEN, // NULL, EXPORT, RC2, RC4, DES, 3DES, MD5
	SUITE_CBC,
	SUITE_STREAM, // a stream cipher with a MAC of its own
	SUITE_CCM8, // AEAD with a tag of 8 bytes
	SUITE_AEAD,
};

struct tls_suite {
	uint16_t first, last; // numbers
	uint8_t exchange; // enum suite_exchange
	uint8_t cipher; // enum suite_cipher
};

// NULL: nobody knows it.
const struct tls_suite *tls_suite(uint16_t number);
