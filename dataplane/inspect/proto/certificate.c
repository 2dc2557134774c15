#include "dataplane/inspect/proto/certificate.h"

#include "dataplane/inspect/proto/der.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { NAME_DNS = 0x82, NAME_ADDRESS = 0x87 }; // RFC 5280 4.2.1.6

struct oid {
	const char *bytes;
	uint8_t len;
	const char *name;
};
#define OID(bytes, name)                                                                           \
	{                                                                                          \
		bytes, sizeof(bytes) - 1, name                                                     \
	}

// RFC 4519, RFC 5280 appendix A; the short names of OpenSSL.
static const struct oid attributes[] = {OID("\x55\x04\x03", "CN"), OID("\x55\x04\x06", "C"),
	OID("\x55\x04\x07", "L"), OID("\x55\x04\x08", "ST"), OID("\x55\x04\x0a", "O"),
	OID("\x55\x04\x0b", "OU"), OID("\x55\x04\x05", "serialNumber"), OID("\x55\x04\x04", "SN"),
	OID("\x55\x04\x2a", "GN"), OID("\x55\x04\x09", "street"), OID("\x55\x04\x0c", "title"),
	OID("\x55\x04\x0d", "description"), OID("\x55\x04\x0f", "businessCategory"),
	OID("\x55\x04\x11", "postalCode"), OID("\x55\x04\x29", "name"),
	OID("\x55\x04\x2e", "dnQualifier"), OID("\x55\x04\x61", "organizationIdentifier"),
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress"),
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02", "unstructuredName"),
	OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"),
	OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"),
	OID("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01", "jurisdictionL"),
	OID("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02", "jurisdictionST"),
	OID("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03", "jurisdictionC")};

// RFC 8017, RFC 5758, RFC 8410, RFC 8998, as OpenSSL's long names.
static const struct oid algorithms[] = {
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "rsaEncryption"),
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02", "md2WithRSAEncryption"),
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "md5WithRSAEncryption"),
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "sha1WithRSAEncryption"),
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "rsassaPss"),
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", "sha256WithRSAEncryption"),
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", "sha384WithRSAEncryption"),
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", "sha512WithRSAEncryption"),
	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e", "sha224WithRSAEncryption"),
	OID("\x2a\x86\x48\xce\x3d\x02\x01", "id-ecPublicKey"),
	OID("\x2a\x86\x48\xce\x3d\x04\x01", "ecdsa-with-SHA1"),
	OID("\x2a\x86\x48\xce\x3d\x04\x03\x01", "ecdsa-with-SHA224"),
	OID("\x2a\x86\x48\xce\x3d\x04\x03\x02", "ecdsa-with-SHA256"),
	OID("\x2a\x86\x48\xce\x3d\x04\x03\x03", "ecdsa-with-SHA384"),
	OID("\x2a\x86\x48\xce\x3d\x04\x03\x04", "ecdsa-with-SHA512"),
	OID("\x2a\x86\x48\xce\x38\x04\x01", "dsaEncryption"),
	OID("\x2a\x86\x48\xce\x38\x04\x03", "dsaWithSHA1"), OID("\x2b\x65\x70", "ED25519"),
	OID("\x2b\x65\x71", "ED448"), OID("\x2a\x81\x1c\xcf\x55\x01\x83\x75", "SM2-with-SM3"),
	OID("\x2b\x0e\x03\x02\x1d", "sha1WithRSA")};

// RFC 5480 2.1.1.1, GB/T 32918: what a named curve's keys are good for.
static const struct {
	struct oid curve;
	uint32_t bits;
} curves[] = {{OID("\x2a\x86\x48\xce\x3d\x03\x01\x07", "P-256"), 256},
	{OID("\x2b\x81\x04\x00\x22", "P-384"), 384}, {OID("\x2b\x81\x04\x00\x23", "P-521"), 521},
	{OID("\x2b\x81\x04\x00\x0a", "secp256k1"), 256},
	{OID("\x2a\x86\x48\xce\x3d\x03\x01\x01", "P-192"), 192},
	{OID("\x2b\x81\x04\x00\x21", "P-224"), 224},
	{OID("\x2b\x81\x04\x00\x08", "secp160r1"), 160},
	{OID("\x2b\x81\x04\x00\x20", "secp224k1"), 224},
	{OID("\x2b\x81\x04\x00\x1f", "secp192k1"), 192},
	{OID("\x2b\x24\x03\x03\x02\x08\x01\x01\x07", "brainpoolP256r1"), 256},
	{OID("\x2b\x24\x03\x03\x02\x08\x01\x01\x0b", "brainpoolP384r1"), 384},
	{OID("\x2b\x24\x03\x03\x02\x08\x01\x01\x0d", "brainpoolP512r1"), 512},
	{OID("\x2a\x81\x1c\xcf\x55\x01\x82\x2d", "SM2"), 256}};

#define ROWS_OF(table) (sizeof(table) / sizeof((table)[0]))

static const char *oid_name(const struct oid *table, size_t n, struct bytes oid)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes_equal(oid, table[i].bytes, table[i].len))
			return table[i].name;
	}
	return NULL;
}

static uint32_t bit_length(struct bytes integer)
{
	while (integer.len > 0 && integer.p[0] == 0)
		bytes_take(&integer, 1);
	if (integer.len == 0)
		return 0;
	uint32_t bits = (uint32_t)(integer.len - 1) * 8;
	for (uint8_t top = integer.p[0]; top != 0; top >>= 1)
		bits++;
	return bits;
}

// SubjectPublicKeyInfo (RFC 5280 4.1.2.7): an algorithm, and a key in a bit string.
static void parse_key(struct bytes info, struct certificate *out)
{
	struct bytes algorithm = der_take(&info, DER_SEQUENCE);
	struct bytes key = der_take(&info, DER_BIT_STRING);
	uint8_t tag;

	out->key_type = der_take(&algorithm, DER_OID);
	bytes_u8(&key); // unused bits
	const char *type = oid_name(algorithms, ROWS_OF(algorithms), out->key_type);
	if (type == NULL)
		return;
	if (strncmp(type, "rsa", 3) == 0) { // RFC 8017 A.1.1
		struct bytes sequence = der_take(&key, DER_SEQUENCE);
		out->key_bits = bit_length(der_take(&sequence, DER_INTEGER));
	} else if (strcmp(type, "dsaEncryption") == 0) { // RFC 3279 2.3.2: p
		struct bytes parameters = der_take(&algorithm, DER_SEQUENCE);
		out->key_bits = bit_length(der_take(&parameters, DER_INTEGER));
	} else if (strcmp(type, "id-ecPublicKey") == 0) {
		struct bytes curve = der_next(&algorithm, &tag);
		for (size_t i = 0; i < ROWS_OF(curves) && tag == DER_OID; i++) {
			if (bytes_equal(curve, curves[i].curve.bytes, curves[i].curve.len))
				out->key_bits = curves[i].bits;
		}
	} else if (strcmp(type, "ED25519") == 0) {
		out->key_bits = 253;
	} else if (strcmp(type, "ED448") == 0) {
		out->key_bits = 448;
	}
}

// Extensions (RFC 5280 4.1.2.9): SEQUENCE of { OID, BOOLEAN critical DEFAULT FALSE, OCTET STRING }.
static void parse_extensions(struct bytes list, struct certificate *out)
{
	struct bytes extensions = der_take(&list, DER_SEQUENCE);
	uint8_t tag;

	while (extensions.len > 0) {
		struct bytes one = der_take(&extensions, DER_SEQUENCE);
		struct bytes oid = der_take(&one, DER_OID);
		struct bytes value = der_next(&one, &tag);
		if (tag != DER_OCTET_STRING)
			value = der_next(&one, &tag);
		if (one.bad || tag != DER_OCTET_STRING || !bytes_equal(oid, "\x55\x1d\x11", 3))
			continue;
		out->alternative_names = der_take(&value, DER_SEQUENCE);
		return;
	}
}

bool certificate_parse(struct bytes der, struct certificate *out)
{
	struct bytes all = der_take(&der, DER_SEQUENCE);
	struct bytes tbs = der_take(&all, DER_SEQUENCE);
	uint8_t tag;

	*out = (struct certificate){0};
	struct bytes first = der_next(&tbs, &tag);
	if (tag == 0xa0) // version; absent it is 1
		first = der_next(&tbs, &tag);
	if (tag != DER_INTEGER)
		return false;
	out->serial = first;
	der_take(&tbs, DER_SEQUENCE); // the signature's algorithm, again
	out->issuer = der_take(&tbs, DER_SEQUENCE);
	struct bytes validity = der_take(&tbs, DER_SEQUENCE);
	out->not_before = der_next(&validity, &tag);
	out->not_after = der_next(&validity, &tag);
	out->subject = der_take(&tbs, DER_SEQUENCE);
	out->self_issued =
		out->subject.len > 0 && bytes_equal(out->subject, out->issuer.p, out->issuer.len);
	parse_key(der_take(&tbs, DER_SEQUENCE), out);
	struct bytes algorithm = der_take(&all, DER_SEQUENCE);
	out->signature = der_take(&algorithm, DER_OID);
	if (tbs.bad || all.bad || validity.bad || out->serial.len == 0)
		return false;
	while (tbs.len > 0) { // unique ids, then the extensions
		struct bytes rest = der_next(&tbs, &tag);
		if (tag == 0xa3)
			parse_extensions(rest, out);
	}
	return true;
}

struct text {
	char *p;
	size_t len, cap;
};

static void add(struct text *t, const void *p, size_t len)
{
	size_t n = len < t->cap - t->len ? len : t->cap - t->len;

	if (n > 0)
		memcpy(t->p + t->len, p, n);
	t->len += n;
}

// BMPString is two bytes a character (X.690 8.23.9): as UTF-8.
static void add_bmp(struct text *t, struct bytes value)
{
	while (value.len >= 2) {
		uint16_t c = bytes_u16(&value);
		uint8_t utf8[3] = {(uint8_t)(0xe0 | c >> 12), (uint8_t)(0x80 | (c >> 6 & 0x3f)),
			(uint8_t)(0x80 | (c & 0x3f))};
		if (c < 0x80) {
			utf8[2] = (uint8_t)c;
			add(t, utf8 + 2, 1);
		} else if (c < 0x800) {
			utf8[1] = (uint8_t)(0xc0 | c >> 6);
			add(t, utf8 + 1, 2);
		} else {
			add(t, utf8, 3);
		}
	}
}

size_t certificate_oid_text(struct bytes oid, char *out, size_t cap)
{
	const char *name = oid_name(algorithms, ROWS_OF(algorithms), oid);
	struct text t = {.p = out, .cap = cap};
	uint64_t arc = 0;
	bool first = true;
	char number[48];

	if (name != NULL) {
		add(&t, name, strlen(name));
		return t.len;
	}
	while (oid.len > 0 && arc >> 57 == 0) {
		uint8_t c = bytes_u8(&oid);
		arc = arc << 7 | (c & 0x7f);
		if (c & 0x80)
			continue;
		unsigned root = arc < 80 ? (unsigned)(arc / 40) : 2; // X.690 8.19.4
		int n = first ? snprintf(number, sizeof(number), "%u.%llu", root,
					(unsigned long long)(arc - 40ull * root))
			      : snprintf(number, sizeof(number), ".%llu", (unsigned long long)arc);
		add(&t, number, (size_t)n);
		first = false;
		arc = 0;
	}
	return t.len;
}

static void add_attribute(struct text *t, struct bytes attribute, const char *before)
{
	struct bytes oid = der_take(&attribute, DER_OID);
	const char *name = oid_name(attributes, ROWS_OF(attributes), oid);
	char number[64];
	uint8_t tag;
	struct bytes value = der_next(&attribute, &tag);

	if (attribute.bad)
		return;
	add(t, before, t->len > 0 ? strlen(before) : 0);
	if (name != NULL)
		add(t, name, strlen(name));
	else
		add(t, number, certificate_oid_text(oid, number, sizeof(number)));
	add(t, "=", 1);
	if (tag == DER_BMP_STRING)
		add_bmp(t, value);
	else
		add(t, value.p, value.len);
}

size_t certificate_name_text(struct bytes name, char *out, size_t cap)
{
	struct text t = {.p = out, .cap = cap};

	while (name.len > 0) {
		struct bytes set = der_take(&name, DER_SET);
		const char *before = ", ";
		while (set.len > 0) { // several in one set are rare
			add_attribute(&t, der_take(&set, DER_SEQUENCE), before);
			before = " + ";
		}
	}
	return t.len;
}

// RFC 5280 4.1.2.5: YYMMDDHHMMSSZ, where YY below 50 is after 2000, or YYYYMMDDHHMMSSZ.
size_t certificate_time_text(struct bytes time, char *out, size_t cap)
{
	static const char shape[] = "0000-00-00T00:00:00";
	enum { TEXT = sizeof(shape) - 1 };
	char digits[15] = "20";
	bool utc = time.len == 13;

	if ((!utc && time.len != 15) || time.p[time.len - 1] != 'Z')
		return 0;
	for (size_t i = 0; i + 1 < time.len; i++) {
		if (time.p[i] < '0' || time.p[i] > '9')
			return 0;
	}
	memcpy(digits + (utc ? 2 : 0), time.p, time.len - 1);
	if (utc && time.p[0] >= '5')
		memcpy(digits, "19", 2);
	if (cap < TEXT)
		return 0;
	for (size_t i = 0, from = 0; i < TEXT; i++)
		out[i] = shape[i] == '0' ? digits[from++] : shape[i];
	return TEXT;
}

size_t certificate_next_name(struct bytes *names, char *out, size_t cap)
{
	struct text t = {.p = out, .cap = cap};

	while (names->len > 0 && t.len == 0) {
		uint8_t tag;
		struct bytes value = der_next(names, &tag);
		if (tag == NAME_DNS)
			add(&t, value.p, value.len);
		if (tag == NAME_ADDRESS && (value.len == 4 || value.len == 16) &&
			inet_ntop(value.len == 4 ? AF_INET : AF_INET6, value.p, out,
				(socklen_t)cap) != NULL)
			t.len = strlen(out);
	}
	return t.len;
}
