// The detectors, one row each.

#include "dataplane/inspect/detect/detect.h"
#include "dataplane/inspect/detect/family.h"

#define IS(id, text, kind, level, rule)                                                            \
	.name = id, .what = text, .class = kind, .severity = level, .context = rule
#define DIGITS(low, high) .shape = SHAPE_DIGITS, .min = low, .max = high
#define WORD(low, high) .shape = SHAPE_WORD, .min = low, .max = high
#define SHOWS(first, last) .head = first, .tail = last

const struct detector detectors[DETECTOR_COUNT] = {
	// clang-format off
	[DETECT_CN_RIC18] = {IS("cn_ric18", "Chinese identity number, residence cards and driving licences too; GB 11643-1999",
		"id.cn", "high", CONTEXT_NO), WORD(18, 18), .begins = "123456789", .check = cn_ric18, SHOWS(3, 2)},
	[DETECT_CN_RIC15] = {IS("cn_ric15", "Chinese identity number of fifteen digits; GB 11643-1989",
		"id.cn", "medium", CONTEXT_YES), DIGITS(15, 15), .begins = "12345678", .check = cn_ric15, SHOWS(3, 2)},
	[DETECT_CN_MOBILE] = {IS("cn_mobile", "Chinese mobile number; libphonenumber's plan, MIIT",
		"phone", "medium", CONTEXT_HELPS), DIGITS(11, 15), .begins = "108", .check = phone_cn_mobile, SHOWS(3, 4),
		.groups = {0x344, 0x2344, 0x4344, 0x2b, 0x4b}, .separators = " -", .mixed = true},
	[DETECT_CN_LANDLINE] = {IS("cn_landline", "Chinese telephone number with area code; libphonenumber's plan",
		"phone", "low", CONTEXT_YES), DIGITS(11, 12), .begins = "0", .check = phone_cn_landline, SHOWS(4, 2),
		.groups = {0x38, 0x47, 0x48}, .separators = " -"},
	[DETECT_CN_USCC] = {IS("cn_uscc", "Chinese credit code of organisations; GB 32100-2015, GB 11714-1997",
		"id.cn.org", "low", CONTEXT_NO), WORD(18, 18), .begins = "123456789ANY", .check = cn_uscc, SHOWS(4, 2)},
	[DETECT_PAN_CARD] = {IS("pan_card", "payment card; ISO/IEC 7812, ranges of schemes",
		"finance", "high", CONTEXT_HELPS), DIGITS(13, 19), .begins = "12345689", .check = card_any, SHOWS(4, 4),
		.groups = {0x4444, 0x44443, 0x465, 0x464, 0x6d, 0x44441}, .separators = " -"},
	[DETECT_PAN_AMEX] = {IS("pan_amex", "payment card of American Express",
		"finance", "high", CONTEXT_HELPS), DIGITS(15, 15), .begins = "3", .check = card_amex, SHOWS(4, 4),
		.groups = {0x465}, .separators = " -"},
	[DETECT_PAN_TRACK2] = {IS("pan_track2", "magnetic stripe of a card; ISO/IEC 7813",
		"finance", "critical", CONTEXT_NO), DIGITS(12, 19), .check = card_track2, SHOWS(4, 4)},
	[DETECT_CVV_KV] = {IS("cvv_kv", "a card's security code behind its key",
		"finance", "critical", CONTEXT_SELF)},
	[DETECT_PASSPORT_CN] = {IS("passport_cn", "Chinese passport",
		"id.cn", "medium", CONTEXT_YES), WORD(8, 10), .begins = "EGDSPKM1", .check = cn_passport, SHOWS(2, 2)},
	[DETECT_PASSPORT_MRZ_TD3] = {IS("passport_mrz_td3", "machine readable zone of a passport; ICAO 9303-4",
		"id.icao", "critical", CONTEXT_NO), SHOWS(2, 0)},
	[DETECT_PASSPORT_MRZ_TD1] = {IS("passport_mrz_td1", "machine readable zone of a card; ICAO 9303-5",
		"id.icao", "critical", CONTEXT_NO), SHOWS(2, 0)},
	[DETECT_HK_MO_PERMIT] = {IS("hk_mo_permit", "permit of Hong Kong and Macao residents",
		"id.hkmo", "medium", CONTEXT_YES), WORD(9, 11), .begins = "HM", .check = cn_hk_mo_permit, SHOWS(2, 2)},
	[DETECT_MAINLAND_HKMO_PERMIT] = {IS("mainland_hkmo_permit", "permit for Hong Kong and Macao",
		"id.cn", "medium", CONTEXT_YES), WORD(9, 9), .begins = "CW", .check = cn_mainland_permit, SHOWS(2, 2)},
	[DETECT_TW_MTP] = {IS("tw_mtp", "permit of Taiwan residents",
		"id.tw", "medium", CONTEXT_YES), DIGITS(8, 10), .check = cn_tw_permit, SHOWS(2, 2)},
	[DETECT_HKID] = {IS("hkid", "Hong Kong identity card",
		"id.hk", "high", CONTEXT_HELPS), WORD(7, 9), .check = hkid_check, SHOWS(2, 0)},
	[DETECT_TW_NID] = {IS("tw_nid", "Taiwanese identity number",
		"id.tw", "high", CONTEXT_HELPS), WORD(10, 10), .check = tw_nid, SHOWS(2, 2)},
	[DETECT_MO_BIR] = {IS("mo_bir", "Macao identity card",
		"id.mo", "medium", CONTEXT_YES), DIGITS(7, 7), .begins = "157", .check = mo_bir, SHOWS(2, 0)},
	[DETECT_IMEI] = {IS("imei", "number of a mobile device behind its key; GSMA TS.06",
		"device", "medium", CONTEXT_SELF), SHOWS(4, 2)},
	[DETECT_IMSI] = {IS("imsi", "number of a subscriber behind its key; ITU-T E.212",
		"device", "high", CONTEXT_SELF), SHOWS(5, 2)},
	[DETECT_ICCID] = {IS("iccid", "number of a SIM; ITU-T E.118",
		"device", "high", CONTEXT_HELPS), DIGITS(19, 20), .begins = "8", .check = iccid_check, SHOWS(6, 2)},
	[DETECT_MEID] = {IS("meid", "number of a mobile device behind its key; 3GPP2",
		"device", "low", CONTEXT_SELF), SHOWS(3, 2)},
	[DETECT_ADV_ID] = {IS("adv_id", "advertising or device id behind its key",
		"device", "low", CONTEXT_SELF), SHOWS(3, 2)},
	[DETECT_MAC_ADDR] = {IS("mac_addr", "hardware address; IEEE EUI-48, EUI-64",
		"device", "low", CONTEXT_HELPS), SHOWS(4, 2)},
	[DETECT_E164] = {IS("e164", "telephone number with country code; ITU-T E.164, libphonenumber's plans",
		"phone", "medium", CONTEXT_NO), SHOWS(4, 2)},
	[DETECT_EMAIL] = {IS("email", "e-mail address; RFC 5322, 6531",
		"contact", "low", CONTEXT_NO), SHOWS(1, 0)},
	[DETECT_IBAN] = {IS("iban", "bank account; ISO 13616, SWIFT registry",
		"finance", "high", CONTEXT_NO), SHOWS(4, 3)},
	[DETECT_US_SSN] = {IS("us_ssn", "social security number of the United States",
		"id.us", "high", CONTEXT_HELPS), DIGITS(9, 9), .check = us_ssn, SHOWS(0, 4),
		.groups = {0x324}, .separators = " -."},
	[DETECT_GPS_KV] = {IS("gps_kv", "latitude and longitude behind their keys, four decimals",
		"location", "high", CONTEXT_SELF)},
	[DETECT_GPS_NMEA] = {IS("gps_nmea", "sentence of a satellite receiver; NMEA 0183",
		"location", "medium", CONTEXT_SELF)},
	[DETECT_CN_PLATE] = {IS("cn_plate", "Chinese number plate; GA 36-2018",
		"vehicle", "low", CONTEXT_NO), WORD(5, 7), .check = cn_plate},
	[DETECT_JWT] = {IS("jwt", "JSON web token; RFC 7519",
		"secret", "high", CONTEXT_NO), SHOWS(2, 0)},
	[DETECT_PWD_KV] = {IS("pwd_kv", "password behind its key",
		"secret", "high", CONTEXT_SELF)},
	[DETECT_TOKEN_KV] = {IS("token_kv", "token, or code for one time, behind its key",
		"secret", "high", CONTEXT_SELF)},
	[DETECT_BASIC_AUTH] = {IS("basic_auth", "user and password of HTTP; RFC 7617",
		"secret", "critical", CONTEXT_SELF)},
	[DETECT_SASL_PLAIN] = {IS("sasl_plain", "log-in in clear; RFC 4616",
		"secret", "critical", CONTEXT_SELF)},
	[DETECT_PEM_PRIVATE] = {IS("pem_private", "private key; RFC 7468",
		"secret", "critical", CONTEXT_SELF)},
	[DETECT_CLOUD_AK] = {IS("cloud_ak", "key of Amazon, Aliyun, Tencent or Google",
		"secret", "high", CONTEXT_NO), WORD(8, 39), .begins = "AL", .check = cloud_key, SHOWS(4, 0)},
	[DETECT_IM_BOT_TOKEN] = {IS("im_bot_token", "token of a robot: Telegram, Slack, Discord, DingTalk, Feishu, WeCom",
		"secret", "high", CONTEXT_NO)},
	[DETECT_WECHAT_IDS] = {IS("wechat_ids", "WeChat account, group or openid",
		"im.account", "medium", CONTEXT_HELPS), SHOWS(2, 2)},
	[DETECT_QQ_UIN] = {IS("qq_uin", "QQ number behind its key",
		"im.account", "low", CONTEXT_SELF), SHOWS(2, 2)},
	[DETECT_WHATSAPP_JID] = {IS("whatsapp_jid", "WhatsApp address",
		"im.account", "medium", CONTEXT_NO), SHOWS(3, 2)},
	[DETECT_WA_SIX_SEGMENT] = {IS("wa_six_segment", "WhatsApp credentials in one line: two key pairs that fit; RFC 7748",
		"im.takeover", "critical", CONTEXT_NO), SHOWS(3, 2)},
	[DETECT_WA_CREDS_JSON] = {IS("wa_creds_json", "WhatsApp credentials as JSON, two members or more",
		"im.takeover", "critical", CONTEXT_TOTAL)},
	[DETECT_TG_SESSION] = {IS("tg_session", "Telegram session of Telethon",
		"im.takeover", "critical", CONTEXT_NO)},
	[DETECT_IM_HANDLE_URL] = {IS("im_handle_url", "WhatsApp link with a number",
		"im.account", "low", CONTEXT_NO), SHOWS(3, 2)},
	[DETECT_CONTACTS_JSON] = {IS("contacts_json", "address book: 20 numbers, 15 different, names",
		"bulk", "high", CONTEXT_TOTAL)},
	[DETECT_CONTACTS_VCARD] = {IS("contacts_vcard", "address book: 10 cards; RFC 6350",
		"bulk", "high", CONTEXT_TOTAL)},
	[DETECT_CALLLOG_SMS_JSON] = {IS("calllog_sms_json", "two of Android's contacts, messages, calls, applications",
		"bulk", "critical", CONTEXT_TOTAL)},
	[DETECT_REALNAME_KV] = {IS("realname_kv", "name behind its key",
		"identity", "medium", CONTEXT_SELF)},
	[DETECT_IN_AADHAAR] = {IS("in_aadhaar", "Indian Aadhaar number; UIDAI",
		"id.in", "high", CONTEXT_HELPS), DIGITS(12, 12), .begins = "23456789", .check = in_aadhaar, SHOWS(0, 4),
		.groups = {0x444}, .separators = " -:"},
	[DETECT_IN_PAN] = {IS("in_pan", "Indian tax number",
		"id.in", "high", CONTEXT_NO), WORD(10, 10), .check = in_pan, SHOWS(2, 2)},
	[DETECT_KR_RRN] = {IS("kr_rrn", "Korean resident number",
		"id.kr", "high", CONTEXT_HELPS), DIGITS(13, 13), .check = kr_rrn, SHOWS(2, 2),
		.groups = {0x67}, .separators = "-"},
	[DETECT_SG_NRIC] = {IS("sg_nric", "Singaporean identity number",
		"id.sg", "high", CONTEXT_NO), WORD(9, 9), .begins = "STFGM", .check = sg_nric, SHOWS(1, 3)},
	[DETECT_TH_PIN] = {IS("th_pin", "Thai identity number",
		"id.th", "high", CONTEXT_HELPS), DIGITS(13, 13), .begins = "12345678", .check = th_pin, SHOWS(2, 2),
		.groups = {0x14521}, .separators = " -"},
	[DETECT_ID_NIK] = {IS("id_nik", "Indonesian identity number",
		"id.id", "high", CONTEXT_YES), DIGITS(16, 16), .check = id_nik, SHOWS(2, 2)},
	[DETECT_MY_NRIC] = {IS("my_nric", "Malaysian identity number",
		"id.my", "high", CONTEXT_HELPS), DIGITS(12, 12), .check = my_nric, SHOWS(2, 2),
		.groups = {0x624}, .separators = "-"},
	[DETECT_TRON_ADDR] = {IS("tron_addr", "Tron address",
		"crypto", "low", CONTEXT_NO), WORD(34, 34), .begins = "T", .check = tron_check, SHOWS(4, 4)},
	[DETECT_BTC_ETH_ADDR] = {IS("btc_eth_addr", "Bitcoin or Ethereum address; BIP 173, 350, EIP-55",
		"crypto", "low", CONTEXT_NO), WORD(14, 62), .begins = "013b", .check = btc_eth_check, SHOWS(4, 4)},
	[DETECT_LURE_ACCOUNT_TRADE] = {IS("lure_account_trade", "page that sells accounts: words, a messenger, a price or handle",
		"lure", "medium", CONTEXT_TOTAL)},
	[DETECT_LURE_LOAN] = {IS("lure_loan", "page that lends without questions: words, and a handle",
		"lure", "low", CONTEXT_TOTAL)},
	[DETECT_LURE_SCAM] = {IS("lure_scam", "page that promises wins: words, and a handle",
		"lure", "low", CONTEXT_TOTAL)},
	// clang-format on
};

unsigned detect_count(void)
{
	return DETECTOR_COUNT;
}

const char *detect_name(unsigned detector)
{
	return detectors[detector].name;
}

const char *detect_class(const struct detect_hit *hit)
{
	return hit->test_data ? "test-data" : detectors[hit->detector].class;
}

const char *detect_severity(unsigned detector)
{
	return detectors[detector].severity;
}
