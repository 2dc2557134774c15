// A detector: what its candidates look like, who checks them, what the result is worth.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// In the order of the table.
enum detector_id {
	DETECT_CN_RIC18,
	DETECT_CN_RIC15,
	DETECT_CN_MOBILE,
	DETECT_CN_LANDLINE,
	DETECT_CN_USCC,
	DETECT_PAN_CARD,
	DETECT_PAN_AMEX,
	DETECT_PAN_TRACK2,
	DETECT_CVV_KV,
	DETECT_PASSPORT_CN,
	DETECT_PASSPORT_MRZ_TD3,
	DETECT_PASSPORT_MRZ_TD1,
	DETECT_HK_MO_PERMIT,
	DETECT_MAINLAND_HKMO_PERMIT,
	DETECT_TW_MTP,
	DETECT_HKID,
	DETECT_TW_NID,
	DETECT_MO_BIR,
	DETECT_IMEI,
	DETECT_IMSI,
	DETECT_ICCID,
	DETECT_MEID,
	DETECT_ADV_ID,
	DETECT_MAC_ADDR,
	DETECT_E164,
	DETECT_EMAIL,
	DETECT_IBAN,
	DETECT_US_SSN,
	DETECT_GPS_KV,
	DETECT_GPS_NMEA,
	DETECT_CN_PLATE,
	DETECT_JWT,
	DETECT_PWD_KV,
	DETECT_TOKEN_KV,
	DETECT_BASIC_AUTH,
	DETECT_SASL_PLAIN,
	DETECT_PEM_PRIVATE,
	DETECT_CLOUD_AK,
	DETECT_IM_BOT_TOKEN,
	DETECT_WECHAT_IDS,
	DETECT_QQ_UIN,
	DETECT_WHATSAPP_JID,
	DETECT_WA_SIX_SEGMENT,
	DETECT_WA_CREDS_JSON,
	DETECT_TG_SESSION,
	DETECT_IM_HANDLE_URL,
	DETECT_CONTACTS_JSON,
	DETECT_CONTACTS_VCARD,
	DETECT_CALLLOG_SMS_JSON,
	DETECT_REALNAME_KV,
	DETECT_IN_AADHAAR,
	DETECT_IN_PAN,
	DETECT_KR_RRN,
	DETECT_SG_NRIC,
	DETECT_TH_PIN,
	DETECT_ID_NIK,
	DETECT_MY_NRIC,
	DETECT_TRON_ADDR,
	DETECT_BTC_ETH_ADDR,
	DETECT_LURE_ACCOUNT_TRADE,
	DETECT_LURE_LOAN,
	DETECT_LURE_SCAM,
	DETECTOR_COUNT,
};

enum {
	CANDIDATE_MAX = 96, // characters; a machine readable zone has 90
	GROUPS_MAX = 8,
	SIGNATURES_MAX = 6,
};

// What a check says of a candidate.
enum verdict {
	VERDICT_NO,
	VERDICT_CONTEXT, // could be: only beside a word that says so
	VERDICT_ALONE, // could be: beside such a word, or when the text is nothing else
	VERDICT_WEAK, // plausible, one step less sure than the row says
	VERDICT_GOOD, // as sure as the row says
	VERDICT_FORMATTED, // and written the way people write it: for rows that say so, one step more
	VERDICT_PROVEN, // nothing else looks like this
	VERDICT_TEST, // a published value
};

// How sure a good one is without a word beside it, as the design's table has it.
enum context_rule {
	CONTEXT_NO, // medium: the check is strong
	CONTEXT_HELPS, // low, medium when formatted: the check is weak ("no*")
	CONTEXT_YES, // not at all, but low when the text is nothing else
	CONTEXT_SELF, // medium: its own key stands in front
	CONTEXT_TOTAL, // medium: a number of things in one text
};

// Where its candidates come from. What has no shape is found by a key or a mark (keys.c, marks.c).
enum shape { SHAPE_NONE, SHAPE_DIGITS, SHAPE_WORD };

struct candidate {
	size_t at, end; // of the text
	size_t n; // characters of v
	uint32_t groups; // lengths of the groups, four bits each, the last lowest; 0: one run
	char separator; // between all of them; 0: one run, or several kinds
	char v[CANDIDATE_MAX + 1]; // without separators
};

struct detect;

struct detector {
	const char *name;
	const char *what; // for the documentation, with the standard it is of
	const char *class, *severity;
	enum context_rule context;
	enum shape shape;
	uint8_t min, max; // characters of a run
	const char *begins; // what it may begin with; NULL: anything
	// May let the candidate end later, when what belongs to it stands behind.
	enum verdict (*check)(const struct detect *d, struct candidate *c);
	uint8_t head, tail; // characters of the value that an excerpt shows; 0, 0: none
	uint32_t groups[SIGNATURES_MAX]; // of digits with separators
	const char *separators; // that may stand between them
	bool mixed; // different ones in one number
};

extern const struct detector detectors[DETECTOR_COUNT];
