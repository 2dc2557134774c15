// Numbers of devices and of what is in them.

#include "dataplane/base/identity.h"
#include "dataplane/base/reference.h"
#include "dataplane/inspect/detect/family.h"

// Digits of a value without separators; 0 when there is anything else, or too many.
static size_t joined(const struct detect *d, size_t at, size_t end, char *out, size_t max)
{
	size_t n = 0;

	for (; at < end; at++) {
		if (d->p[at] == '-' || d->p[at] == ' ')
			continue;
		if (!text_is(d, at, BYTE_HEX) || n == max)
			return 0;
		out[n++] = (char)lower_case(d->p[at]);
	}
	return n;
}

// GSMA TS.06: reporting body, type, serial, Luhn; 16 digits have a software version instead, 14
// leave the check digit out.
void device_imei(struct detect *d, size_t at, size_t end)
{
	static const uint8_t bodies[] = {
		1, 10, 30, 33, 35, 44, 45, 49, 50, 51, 52, 53, 54, 86, 91, 98, 99};
	char v[16];
	size_t n = joined(d, at, end, v, sizeof(v));

	if (n < 14 || !identity_digits(v, n) ||
		memchr(bodies, (int)identity_number(v, 2), sizeof(bodies)) == NULL)
		return;
	if (n == 15 && !identity_luhn(v, n))
		return;
	found(d, DETECT_IMEI, n == 15 ? VERDICT_GOOD : VERDICT_WEAK, at, end, v, n);
}

// ITU-T E.212.
void device_imsi(struct detect *d, size_t at, size_t end)
{
	char v[16];
	size_t n = joined(d, at, end, v, sizeof(v));

	if ((n == 14 || n == 15) && identity_digits(v, n) && reference_network(v, n))
		found(d, DETECT_IMSI, VERDICT_GOOD, at, end, v, n);
}

// 3GPP2: a regional code from A0, thirteen or fourteen hexadecimal digits.
void device_meid(struct detect *d, size_t at, size_t end)
{
	char v[16];
	size_t n = joined(d, at, end, v, sizeof(v));

	if (n >= 14 && n <= 15 && v[0] >= 'a')
		found(d, DETECT_MEID, VERDICT_GOOD, at, end, v, n);
}

// A UUID, or a digest of 16, 32 or 64 digits. Zeroes are what a system gives that refuses.
void device_advertising(struct detect *d, size_t at, size_t end)
{
	char v[64];
	size_t n = joined(d, at, end, v, sizeof(v));
	bool zero = true;

	for (size_t i = 0; i < n; i++)
		zero = zero && v[i] == '0';
	if (!zero && (n == 16 || n == 32 || n == 64))
		found(d, DETECT_ADV_ID, VERDICT_GOOD, at, end, v, n);
}

// ITU-T E.118: 89, country, issuer, Luhn. Chinese cards have twenty digits, some without the check
// digit.
enum verdict iccid_check(const struct detect *d, struct candidate *c)
{
	(void)d;
	if (c->v[0] != '8' || c->v[1] != '9')
		return VERDICT_NO;
	if (identity_luhn(c->v, c->n))
		return VERDICT_GOOD;
	return memcmp(c->v, "8986", 4) == 0 ? VERDICT_CONTEXT : VERDICT_NO;
}

// IEEE EUI-48 and EUI-64. An address of a group names no device, one that is locally given
// (randomised) only for a while.
void device_mac(struct detect *d, size_t at, size_t end, char separator)
{
	char v[16];
	size_t n = 0, nothing = 0, all = 0;

	for (size_t i = at; i < end; i++) {
		if (d->p[i] == (uint8_t)separator)
			continue;
		if (n == sizeof(v))
			return;
		v[n++] = (char)lower_case(d->p[i]);
		nothing += v[n - 1] == '0';
		all += v[n - 1] == 'f';
	}
	if ((n != 12 && n != 16) || nothing == n || all == n)
		return;
	if (separator != ' ' && text_at(d, end) == (uint8_t)separator &&
		!is_one_of(text_at(d, end + 1), " \r\n\t"))
		return; // a longer list of the like
	unsigned low = (unsigned)(v[1] <= '9' ? v[1] - '0' : v[1] - 'a' + 10);
	enum verdict verdict = separator == ' ' ? VERDICT_ALONE
		: (low & 3) != 0		? VERDICT_WEAK
						: VERDICT_FORMATTED;
	found(d, DETECT_MAC_ADDR, verdict, at, end, v, n);
}
