// XML that comes in pieces (XML 1.0, as far as RFC 6120 11 lets it be in a stream), read token by
// token in a few bytes of state. It does not check that tags match.

#pragma once

#include "dataplane/base/bytes.h"

enum { XML_NAME_MAX = 40 };

enum xml_token {
	XML_MORE, // all of `in` was read
	XML_OPEN, // <name: xml.name
	XML_ATTRIBUTE, // its name: xml.name, with its prefix
	XML_VALUE, // a piece of the attribute's value
	XML_VALUE_END,
	XML_OPENED, // the > of <name>
	XML_EMPTY, // the /> of <name/>
	XML_CLOSE, // </name>
	XML_TEXT, // a piece of it, as it stands
	XML_BAD,
};

// All zero in the beginning.
struct xml {
	uint8_t phase;
	uint8_t quote;
	uint8_t run; // bytes seen of an end or a beginning of several
	bool prefixed; // the tag's name had a prefix
	uint8_t name_len; // longer names are cut
	uint8_t name[XML_NAME_MAX];
};

// The next token off the front of `in`. *piece: of XML_VALUE and XML_TEXT.
enum xml_token xml_next(struct xml *x, struct bytes *in, struct bytes *piece);

static inline bool xml_name_is(const struct xml *x, const char *name)
{
	return bytes_equal((struct bytes){x->name, x->name_len, false}, name, strlen(name));
}
