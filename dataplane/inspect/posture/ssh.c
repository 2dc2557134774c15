#include "dataplane/inspect/posture/parts.h"

static bool starts(struct bytes v, const char *with)
{
	size_t n = strlen(with);

	return v.len >= n && memcmp(v.p, with, n) == 0;
}

static bool ends(struct bytes v, const char *with)
{
	size_t n = strlen(with);

	return v.len >= n && memcmp(v.p + v.len - n, with, n) == 0;
}

// RFC 9142 4: with SHA-1, and short RSA keys.
static bool is_weak_kex(struct bytes name)
{
	return ends(name, "-sha1") || starts(name, "gss-gex-sha1") ||
		starts(name, "gss-group1-sha1");
}

static bool is_weak_mac(struct bytes name)
{
	return starts(name, "hmac-md5") || starts(name, "hmac-sha1-96") ||
		starts(name, "hmac-ripemd") || posture_says(name, "none") ||
		starts(name, "umac-64");
}

// RFC 8758 and what is of the same age.
static bool is_weak_cipher(struct bytes name)
{
	static const char *const old[] = {
		"arcfour", "3des", "des-", "blowfish", "cast128", "idea", "rijndael", "none"};

	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		if (starts(name, old[i]))
			return true;
	}
	return false;
}

void posture_ssh(const struct find *find, struct posture_told *told)
{
	struct bytes proto = posture_value(find, FIELD_SSH_PROTO);
	struct bytes kex = posture_value(find, FIELD_SSH_KEX);

	if (starts(proto, "1.") && !posture_says(proto, "1.99")) // RFC 4253 5.1
		posture_set(told, POSTURE_SSH_OLD);
	if (kex.len == 0)
		return;
	posture_set(told, POSTURE_SEALED);
	if (is_weak_kex(kex) || is_weak_mac(posture_value(find, FIELD_SSH_MAC)) ||
		is_weak_cipher(posture_value(find, FIELD_SSH_CIPHER)))
		posture_set(told, POSTURE_SSH_OLD);
	if (starts(kex, "sntrup") || starts(kex, "mlkem"))
		posture_set(told, POSTURE_PQ);
}
