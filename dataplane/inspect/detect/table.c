// The detectors, one row each. Their names stand in dataplane/api/detectors.h.

#include "dataplane/inspect/detect/detect.h"
#include "dataplane/inspect/detect/family.h"

#define IS(text, rule) .what = text, .context = rule
#define DIGITS(low, high) .shape = SHAPE_DIGITS, .min = low, .max = high
#define WORD(low, high) .shape = SHAPE_WORD, .min = low, .max = high
#define SHOWS(first, last) .head = first, .tail = last

const struct detector detectors[DETECTOR_COUNT] = {
	// clang-format off
	[DETECT_CN_RIC18] = {IS("Chinese identity number, residence cards and driving licences too; GB 11643-1999",
		CONTEXT_NO), WORD(18, 18), .begins = "123456789", .check = cn_ric18, SHOWS(3, 2)},
	[DETECT_CN_RIC15] = {IS("Chinese identity number of fifteen digits; GB 11643-1989",
		CONTEXT_YES), DIGITS(15, 15), .begins = "12345678", .check = cn_ric15, SHOWS(3, 2)},
	[DETECT_CN_MOBILE] = {IS("Chinese mobile number; libphonenumber's plan, MIIT",
		CONTEXT_HELPS), DIGITS(11, 15), .begins = "108", .check = phone_cn_mobile, SHOWS(3, 4),
		.groups = {0x344, 0x2344, 0x4344, 0x2b, 0x4b}, .separators = " -", .mixed = true},
	[DETECT_CN_LANDLINE] = {IS("Chinese telephone number with area code; libphonenumber's plan",
		CONTEXT_YES), DIGITS(11, 12), .begins = "0", .check = phone_cn_landline, SHOWS(4, 2),
		.groups = {0x38, 0x47, 0x48}, .separators = " -"},
	[DETECT_CN_USCC] = {IS("Chinese credit code of organisations; GB 32100-2015, GB 11714-1997",
		CONTEXT_NO), WORD(18, 18), .begins = "123456789ANY", .check = cn_uscc, SHOWS(4, 2)},
	[DETECT_PAN_CARD] = {IS("payment card; ISO/IEC 7812, ranges of schemes",
		CONTEXT_HELPS), DIGITS(13, 19), .begins = "12345689", .check = card_any, SHOWS(4, 4),
		.groups = {0x4444, 0x44443, 0x465, 0x464, 0x6d, 0x44441}, .separators = " -"},
	[DETECT_PAN_AMEX] = {IS("payment card of American Express",
		CONTEXT_HELPS), DIGITS(15, 15), .begins = "3", .check = card_amex, SHOWS(4, 4),
		.groups = {0x465}, .separators = " -"},
	[DETECT_PAN_TRACK2] = {IS("magnetic stripe of a card; ISO/IEC 7813",
		CONTEXT_NO), DIGITS(12, 19), .check = card_track2, SHOWS(4, 4)},
	[DETECT_CVV_KV] = {IS("a card's security code behind its key",
		CONTEXT_SELF)},
	[DETECT_PASSPORT_CN] = {IS("Chinese passport",
		CONTEXT_YES), WORD(8, 10), .begins = "EGDSPKM1", .check = cn_passport, SHOWS(2, 2)},
	[DETECT_PASSPORT_MRZ_TD3] = {IS("machine readable zone of a passport; ICAO 9303-4",
		CONTEXT_NO), SHOWS(2, 0)},
	[DETECT_PASSPORT_MRZ_TD1] = {IS("machine readable zone of a card; ICAO 9303-5",
		CONTEXT_NO), SHOWS(2, 0)},
	[DETECT_HK_MO_PERMIT] = {IS("permit of Hong Kong and Macao residents",
		CONTEXT_YES), WORD(9, 11), .begins = "HM", .check = cn_hk_mo_permit, SHOWS(2, 2)},
	[DETECT_MAINLAND_HKMO_PERMIT] = {IS("permit for Hong Kong and Macao",
		CONTEXT_YES), WORD(9, 9), .begins = "CW", .check = cn_mainland_permit, SHOWS(2, 2)},
	[DETECT_TW_MTP] = {IS("permit of Taiwan residents",
		CONTEXT_YES), DIGITS(8, 10), .check = cn_tw_permit, SHOWS(2, 2)},
	[DETECT_HKID] = {IS("Hong Kong identity card",
		CONTEXT_HELPS), WORD(7, 9), .check = hkid_check, SHOWS(2, 0)},
	[DETECT_TW_NID] = {IS("Taiwanese identity number",
		CONTEXT_HELPS), WORD(10, 10), .check = tw_nid, SHOWS(2, 2)},
	[DETECT_MO_BIR] = {IS("Macao identity card",
		CONTEXT_YES), DIGITS(7, 7), .begins = "157", .check = mo_bir, SHOWS(2, 0)},
	[DETECT_IMEI] = {IS("number of a mobile device behind its key; GSMA TS.06",
		CONTEXT_SELF), SHOWS(4, 2)},
	[DETECT_IMSI] = {IS("number of a subscriber behind its key; ITU-T E.212",
		CONTEXT_SELF), SHOWS(5, 2)},
	[DETECT_ICCID] = {IS("number of a SIM; ITU-T E.118",
		CONTEXT_HELPS), DIGITS(19, 20), .begins = "8", .check = iccid_check, SHOWS(6, 2)},
	[DETECT_MEID] = {IS("number of a mobile device behind its key; 3GPP2",
		CONTEXT_SELF), SHOWS(3, 2)},
	[DETECT_ADV_ID] = {IS("advertising or device id behind its key",
		CONTEXT_SELF), SHOWS(3, 2)},
	[DETECT_MAC_ADDR] = {IS("hardware address; IEEE EUI-48, EUI-64",
		CONTEXT_HELPS), SHOWS(4, 2)},
	[DETECT_E164] = {IS("telephone number with country code; ITU-T E.164, libphonenumber's plans",
		CONTEXT_NO), SHOWS(4, 2)},
	[DETECT_EMAIL] = {IS("e-mail address; RFC 5322, 6531",
		CONTEXT_NO), SHOWS(1, 0)},
	[DETECT_IBAN] = {IS("bank account; ISO 13616, SWIFT registry",
		CONTEXT_NO), SHOWS(4, 3)},
	[DETECT_US_SSN] = {IS("social security number of the United States",
		CONTEXT_HELPS), DIGITS(9, 9), .check = us_ssn, SHOWS(0, 4),
		.groups = {0x324}, .separators = " -."},
	[DETECT_GPS_KV] = {IS("latitude and longitude behind their keys, four decimals",
		CONTEXT_SELF)},
	[DETECT_GPS_NMEA] = {IS("sentence of a satellite receiver; NMEA 0183",
		CONTEXT_SELF)},
	[DETECT_CN_PLATE] = {IS("Chinese number plate; GA 36-2018",
		CONTEXT_NO), WORD(5, 7), .check = cn_plate},
	[DETECT_JWT] = {IS("JSON web token; RFC 7519",
		CONTEXT_NO), SHOWS(2, 0)},
	[DETECT_PWD_KV] = {IS("password behind its key",
		CONTEXT_SELF)},
	[DETECT_TOKEN_KV] = {IS("token, or code for one time, behind its key",
		CONTEXT_SELF)},
	[DETECT_BASIC_AUTH] = {IS("user and password of HTTP; RFC 7617",
		CONTEXT_SELF)},
	[DETECT_SASL_PLAIN] = {IS("log-in in clear; RFC 4616",
		CONTEXT_SELF)},
	[DETECT_PEM_PRIVATE] = {IS("private key; RFC 7468",
		CONTEXT_SELF)},
	[DETECT_CLOUD_AK] = {IS("key of Amazon, Aliyun, Tencent or Google",
		CONTEXT_NO), WORD(8, 39), .begins = "AL", .check = cloud_key, SHOWS(4, 0)},
	[DETECT_IM_BOT_TOKEN] = {IS("token of a robot: Telegram, Slack, Discord, DingTalk, Feishu, WeCom",
		CONTEXT_NO)},
	[DETECT_WECHAT_IDS] = {IS("WeChat account, group or openid",
		CONTEXT_HELPS), SHOWS(2, 2)},
	[DETECT_QQ_UIN] = {IS("QQ number behind its key",
		CONTEXT_SELF), SHOWS(2, 2)},
	[DETECT_WHATSAPP_JID] = {IS("WhatsApp address",
		CONTEXT_NO), SHOWS(3, 2)},
	[DETECT_WA_SIX_SEGMENT] = {IS("WhatsApp credentials in one line: two key pairs that fit; RFC 7748",
		CONTEXT_NO), SHOWS(3, 2)},
	[DETECT_WA_CREDS_JSON] = {IS("WhatsApp credentials as JSON, two members or more",
		CONTEXT_TOTAL)},
	[DETECT_TG_SESSION] = {IS("Telegram session of Telethon",
		CONTEXT_NO)},
	[DETECT_IM_HANDLE_URL] = {IS("WhatsApp link with a number",
		CONTEXT_NO), SHOWS(3, 2)},
	[DETECT_CONTACTS_JSON] = {IS("address book: 20 numbers, 15 different, names",
		CONTEXT_TOTAL)},
	[DETECT_CONTACTS_VCARD] = {IS("address book: 10 cards; RFC 6350",
		CONTEXT_TOTAL)},
	[DETECT_CALLLOG_SMS_JSON] = {IS("two of Android's contacts, messages, calls, applications",
		CONTEXT_TOTAL)},
	[DETECT_REALNAME_KV] = {IS("name behind its key",
		CONTEXT_SELF)},
	[DETECT_IN_AADHAAR] = {IS("Indian Aadhaar number; UIDAI",
		CONTEXT_HELPS), DIGITS(12, 12), .begins = "23456789", .check = in_aadhaar, SHOWS(0, 4),
		.groups = {0x444}, .separators = " -:"},
	[DETECT_IN_PAN] = {IS("Indian tax number",
		CONTEXT_NO), WORD(10, 10), .check = in_pan, SHOWS(2, 2)},
	[DETECT_KR_RRN] = {IS("Korean resident number",
		CONTEXT_HELPS), DIGITS(13, 13), .check = kr_rrn, SHOWS(2, 2),
		.groups = {0x67}, .separators = "-"},
	[DETECT_SG_NRIC] = {IS("Singaporean identity number",
		CONTEXT_NO), WORD(9, 9), .begins = "STFGM", .check = sg_nric, SHOWS(1, 3)},
	[DETECT_TH_PIN] = {IS("Thai identity number",
		CONTEXT_HELPS), DIGITS(13, 13), .begins = "12345678", .check = th_pin, SHOWS(2, 2),
		.groups = {0x14521}, .separators = " -"},
	[DETECT_ID_NIK] = {IS("Indonesian identity number",
		CONTEXT_YES), DIGITS(16, 16), .check = id_nik, SHOWS(2, 2)},
	[DETECT_MY_NRIC] = {IS("Malaysian identity number",
		CONTEXT_HELPS), DIGITS(12, 12), .check = my_nric, SHOWS(2, 2),
		.groups = {0x624}, .separators = "-"},
	[DETECT_TRON_ADDR] = {IS("Tron address",
		CONTEXT_NO), WORD(34, 34), .begins = "T", .check = tron_check, SHOWS(4, 4)},
	[DETECT_BTC_ETH_ADDR] = {IS("Bitcoin or Ethereum address; BIP 173, 350, EIP-55",
		CONTEXT_NO), WORD(14, 62), .begins = "013b", .check = btc_eth_check, SHOWS(4, 4)},
	[DETECT_LURE_ACCOUNT_TRADE] = {IS("page that sells accounts: words, a messenger, a price or handle",
		CONTEXT_TOTAL)},
	[DETECT_LURE_LOAN] = {IS("page that lends without questions: words, and a handle",
		CONTEXT_TOTAL)},
	[DETECT_LURE_SCAM] = {IS("page that promises wins: words, and a handle",
		CONTEXT_TOTAL)},
	// clang-format on
};

unsigned detect_count(void)
{
	return DETECTOR_COUNT;
}

const char *detect_name(unsigned detector)
{
	return detector_table[detector].name;
}

const char *detect_class(const struct detect_hit *hit)
{
	return hit->test_data ? "test-data" : detector_table[hit->detector].class;
}

const char *detect_severity(unsigned detector)
{
	return detector_table[detector].severity;
}
