// The detectors of personal data: their numbers in event records, counters and policies, and the names
// that people use. What a detector does stands in dataplane/inspect/detect/table.c.
//
// X(id, name, class, severity)

#pragma once

#include <assert.h>
#include <stdint.h>

// clang-format off
#define DETECTORS(X) \
	X(DETECT_CN_RIC18, "cn_ric18", "id.cn", "high") \
	X(DETECT_CN_RIC15, "cn_ric15", "id.cn", "medium") \
	X(DETECT_CN_MOBILE, "cn_mobile", "phone", "medium") \
	X(DETECT_CN_LANDLINE, "cn_landline", "phone", "low") \
	X(DETECT_CN_USCC, "cn_uscc", "id.cn.org", "low") \
	X(DETECT_PAN_CARD, "pan_card", "finance", "high") \
	X(DETECT_PAN_AMEX, "pan_amex", "finance", "high") \
	X(DETECT_PAN_TRACK2, "pan_track2", "finance", "critical") \
	X(DETECT_CVV_KV, "cvv_kv", "finance", "critical") \
	X(DETECT_PASSPORT_CN, "passport_cn", "id.cn", "medium") \
	X(DETECT_PASSPORT_MRZ_TD3, "passport_mrz_td3", "id.icao", "critical") \
	X(DETECT_PASSPORT_MRZ_TD1, "passport_mrz_td1", "id.icao", "critical") \
	X(DETECT_HK_MO_PERMIT, "hk_mo_permit", "id.hkmo", "medium") \
	X(DETECT_MAINLAND_HKMO_PERMIT, "mainland_hkmo_permit", "id.cn", "medium") \
	X(DETECT_TW_MTP, "tw_mtp", "id.tw", "medium") \
	X(DETECT_HKID, "hkid", "id.hk", "high") \
	X(DETECT_TW_NID, "tw_nid", "id.tw", "high") \
	X(DETECT_MO_BIR, "mo_bir", "id.mo", "medium") \
	X(DETECT_IMEI, "imei", "device", "medium") \
	X(DETECT_IMSI, "imsi", "device", "high") \
	X(DETECT_ICCID, "iccid", "device", "high") \
	X(DETECT_MEID, "meid", "device", "low") \
	X(DETECT_ADV_ID, "adv_id", "device", "low") \
	X(DETECT_MAC_ADDR, "mac_addr", "device", "low") \
	X(DETECT_E164, "e164", "phone", "medium") \
	X(DETECT_EMAIL, "email", "contact", "low") \
	X(DETECT_IBAN, "iban", "finance", "high") \
	X(DETECT_US_SSN, "us_ssn", "id.us", "high") \
	X(DETECT_GPS_KV, "gps_kv", "location", "high") \
	X(DETECT_GPS_NMEA, "gps_nmea", "location", "medium") \
	X(DETECT_CN_PLATE, "cn_plate", "vehicle", "low") \
	X(DETECT_JWT, "jwt", "secret", "high") \
	X(DETECT_PWD_KV, "pwd_kv", "secret", "high") \
	X(DETECT_TOKEN_KV, "token_kv", "secret", "high") \
	X(DETECT_BASIC_AUTH, "basic_auth", "secret", "critical") \
	X(DETECT_SASL_PLAIN, "sasl_plain", "secret", "critical") \
	X(DETECT_PEM_PRIVATE, "pem_private", "secret", "critical") \
	X(DETECT_CLOUD_AK, "cloud_ak", "secret", "high") \
	X(DETECT_IM_BOT_TOKEN, "im_bot_token", "secret", "high") \
	X(DETECT_WECHAT_IDS, "wechat_ids", "im.account", "medium") \
	X(DETECT_QQ_UIN, "qq_uin", "im.account", "low") \
	X(DETECT_WHATSAPP_JID, "whatsapp_jid", "im.account", "medium") \
	X(DETECT_WA_SIX_SEGMENT, "wa_six_segment", "im.takeover", "critical") \
	X(DETECT_WA_CREDS_JSON, "wa_creds_json", "im.takeover", "critical") \
	X(DETECT_TG_SESSION, "tg_session", "im.takeover", "critical") \
	X(DETECT_IM_HANDLE_URL, "im_handle_url", "im.account", "low") \
	X(DETECT_CONTACTS_JSON, "contacts_json", "bulk", "high") \
	X(DETECT_CONTACTS_VCARD, "contacts_vcard", "bulk", "high") \
	X(DETECT_CALLLOG_SMS_JSON, "calllog_sms_json", "bulk", "critical") \
	X(DETECT_REALNAME_KV, "realname_kv", "identity", "medium") \
	X(DETECT_IN_AADHAAR, "in_aadhaar", "id.in", "high") \
	X(DETECT_IN_PAN, "in_pan", "id.in", "high") \
	X(DETECT_KR_RRN, "kr_rrn", "id.kr", "high") \
	X(DETECT_SG_NRIC, "sg_nric", "id.sg", "high") \
	X(DETECT_TH_PIN, "th_pin", "id.th", "high") \
	X(DETECT_ID_NIK, "id_nik", "id.id", "high") \
	X(DETECT_MY_NRIC, "my_nric", "id.my", "high") \
	X(DETECT_TRON_ADDR, "tron_addr", "crypto", "low") \
	X(DETECT_BTC_ETH_ADDR, "btc_eth_addr", "crypto", "low") \
	X(DETECT_LURE_ACCOUNT_TRADE, "lure_account_trade", "lure", "medium") \
	X(DETECT_LURE_LOAN, "lure_loan", "lure", "low") \
	X(DETECT_LURE_SCAM, "lure_scam", "lure", "low")
// clang-format on

#define X(id, name, class, severity) id,
enum detector_id { DETECTORS(X) DETECTOR_COUNT };
#undef X
static_assert(DETECTOR_COUNT <= 64, "a bit each (dataplane/api/leaks.h)");

struct detector_name {
	const char *name;
	const char *class; // of kinds of data; published values are "test-data" instead
	const char *severity; // low, medium, high, critical
};

static const struct detector_name detector_table[DETECTOR_COUNT] __attribute__((unused)) = {
#define X(id, name, class, severity) [id] = {name, class, severity},
	DETECTORS(X)
#undef X
};

// How sure a detection is.
enum detect_confidence { DETECT_LOW, DETECT_MEDIUM, DETECT_HIGH, DETECT_CONFIDENCES };

static const char *const detect_confidence_names[DETECT_CONFIDENCES] __attribute__((unused)) = {
	[DETECT_LOW] = "low", [DETECT_MEDIUM] = "medium", [DETECT_HIGH] = "high"};
