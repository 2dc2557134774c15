// Words that tools/gen_detect_words.py takes from words.tsv, each in UTF-8 and, when it is Chinese,
// in GB 18030.

#pragma once

#include "dataplane/inspect/detect/detector.h"

// What a key in front of '=' or ':' says of the value.
enum key_role {
	KEY_CVV,
	KEY_IMEI,
	KEY_IMSI,
	KEY_MEID,
	KEY_ADVERTISING,
	KEY_LATITUDE,
	KEY_LONGITUDE,
	KEY_PASSWORD,
	KEY_TOKEN,
	KEY_CODE, // a code for one time
	KEY_AUTHORIZATION,
	KEY_MECHANISM,
	KEY_OPENID,
	KEY_QQ,
	KEY_NUMBER, // of a contact
	KEY_NAME,
	KEY_REALNAME,
	KEY_WEBHOOK,
	KEY_BEGIN,
	KEY_PHONE, // of a messenger's link
	// Columns of Android's providers.
	KEY_HAS_CONTACTS,
	KEY_HAS_MESSAGES,
	KEY_HAS_CALLS,
	KEY_HAS_APPS,
	// Members of WhatsApp credentials.
	KEY_WA_NOISE,
	KEY_WA_IDENTITY,
	KEY_WA_PAIRING,
	KEY_WA_SECRET,
	KEY_WA_PREKEY,
	KEY_WA_STATIC,
	KEY_ROLES,
};

// Lists that texts are scored by.
enum lexicon {
	LEXICON_ACCOUNT_TRADE,
	LEXICON_LOAN,
	LEXICON_SCAM,
	LEXICON_BRAND,
	LEXICON_PRICE,
	LEXICON_HANDLE,
	LEXICON_COUNTRY,
	LEXICON_WARNING,
	LEXICONS,
};

enum { ENCODING_ASCII, ENCODING_UTF8, ENCODING_GB18030 };

struct word {
	const char *text; // lower case
	uint8_t len;
	uint8_t encoding;
};

struct key_word {
	struct word word; // letters and digits only, when ASCII
	uint32_t roles; // bit n: enum key_role n
};

struct term {
	struct word word;
	uint8_t lexicon;
	uint8_t number; // in its lexicon; both encodings have the same
};

struct word_list {
	const struct word *words;
	unsigned n;
};

extern const struct word_list detect_context[DETECTOR_COUNT];
extern const struct key_word detect_keys[];
extern const unsigned detect_n_keys;
extern const struct term detect_terms[];
extern const unsigned detect_n_terms;
