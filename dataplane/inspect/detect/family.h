// Checks of the detectors that start from a run, and what the others are called by. One file a
// family; table.c has the rows.

#pragma once

#include "dataplane/inspect/detect/work.h"

typedef enum verdict check_fn(const struct detect *d, struct candidate *c);

// base64.c: both alphabets, without or with '='; how many bytes, 0 for what is none.
size_t base64_read(const uint8_t *p, size_t n, uint8_t *out, size_t max);
// cn.c
check_fn cn_ric18, cn_ric15, cn_uscc, cn_passport, cn_hk_mo_permit, cn_mainland_permit,
	cn_tw_permit, cn_plate;
// phones.c
check_fn phone_cn_mobile, phone_cn_landline;
size_t phone_e164(struct detect *d, size_t at); // of the first digit behind '+'; where to go on
// cards.c
check_fn card_any, card_amex, card_track2;
// bank.c
check_fn iban_check;
void iban_take(struct detect *d, size_t at, size_t end);
// travel.c
void mrz_take(struct detect *d, size_t at, size_t end);
// asia.c
check_fn hkid_check, tw_nid, mo_bir, kr_rrn, sg_nric, my_nric, th_pin, id_nik;
// india_us.c
check_fn in_aadhaar, in_pan, us_ssn;
// devices.c
check_fn iccid_check;
void device_imei(struct detect *d, size_t at, size_t end);
void device_imsi(struct detect *d, size_t at, size_t end);
void device_meid(struct detect *d, size_t at, size_t end);
void device_advertising(struct detect *d, size_t at, size_t end);
void device_mac(struct detect *d, size_t at, size_t end, char separator);
// position.c
void position_value(struct detect *d, size_t at, size_t end, bool longitude);
void position_nmea(struct detect *d, size_t at);
// secrets.c
check_fn cloud_key;
void secret_jwt(struct detect *d, size_t dot);
void secret_password(struct detect *d, size_t at, size_t end);
void secret_token(struct detect *d, size_t at, size_t end);
void secret_code(struct detect *d, size_t at, size_t end);
void secret_authorization(struct detect *d, size_t at);
void secret_sasl(struct detect *d, size_t at, size_t end);
void secret_pem(struct detect *d, size_t at);
void secret_cvv(struct detect *d, size_t at, size_t end);
// messengers.c
void messenger_jid(struct detect *d, size_t at);
void messenger_run(struct detect *d, size_t at, size_t end);
void messenger_openid(struct detect *d, size_t at, size_t end);
void messenger_qq(struct detect *d, size_t at, size_t end);
void messenger_webhook(struct detect *d, size_t key, size_t at, size_t end);
void messenger_link(struct detect *d, size_t at, size_t end);
// takeover.c
void takeover_six(struct detect *d, size_t at, size_t end);
void takeover_member(struct detect *d, uint32_t roles, size_t at);
// contact.c
void contact_email(struct detect *d, size_t at);
// crypto_address.c
check_fn tron_check, btc_eth_check;
// bulk.c
void bulk_number(struct detect *d, size_t at, size_t end);
void bulk_realname(struct detect *d, size_t at, size_t end);
void bulk_card(struct detect *d, size_t at);
