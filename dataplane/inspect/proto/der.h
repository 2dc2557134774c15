// DER (X.690): elements off the front of a view. Definite lengths only, as DER has no others.

#pragma once

#include "dataplane/base/bytes.h"

enum der_tag {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

// The next element's contents and tag. `in` becomes bad when there is no whole one.
static inline struct bytes der_next(struct bytes *in, uint8_t *tag)
{
	*tag = bytes_u8(in);
	size_t len = bytes_u8(in);

	if (len & 0x80) {
		unsigned n = len & 0x7f;
		if (n == 0 || n > 3) {
			in->bad = true;
			in->len = 0;
			return (struct bytes){.bad = true};
		}
		for (len = 0; n > 0; n--)
			len = len << 8 | bytes_u8(in);
	}
	return bytes_take(in, len);
}

// The same, of one type only; bad when it is another.
static inline struct bytes der_take(struct bytes *in, uint8_t want)
{
	uint8_t tag;
	struct bytes out = der_next(in, &tag);

	if (tag == want)
		return out;
	in->bad = true;
	in->len = 0;
	return (struct bytes){.bad = true};
}
