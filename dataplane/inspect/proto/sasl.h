// Mechanisms of SASL (RFC 4422 3.1; IANA's list, and those that servers have besides it). Where one
// is named by a client may stand a proof of who it is instead, so that only known ones are told.

#pragma once

#include "dataplane/inspect/proto/lines.h"

// The name of the mechanism that `word` is, in any case; empty when it is none.
static inline struct bytes sasl_mechanism(struct bytes word)
{
	static const char *const names[] = {"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM",
		"GSSAPI", "GSS-SPNEGO", "GS2-KRB5", "GS2-KRB5-PLUS", "GS2-IAKERB", "SCRAM-SHA-1",
		"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512",
		"SCRAM-SHA-512-PLUS", "XOAUTH2", "XOAUTH", "OAUTHBEARER", "OAUTH10A", "EXTERNAL",
		"ANONYMOUS", "KERBEROS_V4", "KERBEROS_V5", "OTP", "SKEY", "SECURID", "SAML20",
		"OPENID20", "EAP-AES128", "EAP-AES128-PLUS", "ECDH-X25519-CHALLENGE",
		"ECDSA-NIST256P-CHALLENGE", "9798-U-RSA-SHA1-ENC", "9798-M-RSA-SHA1-ENC",
		"NMAS-SAMBA-AUTH", "NMAS_LOGIN", "SPNEGO", "SPA", "MSN", "SRP", "PASSDSS-3DES-1",
		"APOP", "X-MD5", "XYMCOOKIE", "XYMCOOKIEB64", "XYMECOOKIE", "XYMPKI"};

	for (size_t i = 0; word.len > 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		if (word.len == strlen(names[i]) && line_has_word(word, names[i]))
			return (struct bytes){(const uint8_t *)names[i], word.len, false};
	}
	return (struct bytes){0};
}
