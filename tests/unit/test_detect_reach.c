// How somebody is reached: telephones, mailboxes, devices, places.

#include "tests/unit/detecting.h"

static void test_phones(void)
{
	static const struct detecting_row rows[] = {
		{"13800138000", "cn_mobile", DETECT_LOW, "138****8000"},
		{"手机 13800138000", "cn_mobile", DETECT_MEDIUM, NULL},
		{"138-0013-8000", "cn_mobile", DETECT_MEDIUM, "138****8000"},
		{"+8613800138000", "cn_mobile", DETECT_MEDIUM, "138****8000"},
		{"+86 138 0013 8000", "cn_mobile", DETECT_MEDIUM, NULL},
		{"008613800138000", "cn_mobile", DETECT_MEDIUM, NULL},
		{"+008613800138000", "cn_mobile", NOTHING, NULL},
		{"12800138000", "cn_mobile", NOTHING, NULL},
		{"1380013800012", "cn_mobile", NOTHING, NULL}, // milliseconds since 1970
		{"0.13800138000", "cn_mobile", NOTHING, NULL},
		{"+13800138000", "cn_mobile", NOTHING, NULL},
		{"电话 010-62070000", "cn_landline", DETECT_MEDIUM, NULL},
		{"on 010-62070000", "cn_landline", NOTHING, NULL},
		// Numbers that regulators keep for fiction.
		{"+442079460958", "e164", DETECT_MEDIUM, "4420******58"},
		{"call +44 (0)20 7946 0958 now", "e164", DETECT_HIGH, NULL},
		{"+1 (212) 555-0100", "e164", DETECT_MEDIUM, NULL},
		{"+1 212 555 0100 2 of 3", "e164", DETECT_MEDIUM, NULL},
		{"+1 112 555 0100", "e164", DETECT_LOW, NULL}, // only as long as one
		{"1+234 567", "e164", NOTHING, NULL},
		{"++442079460958", "e164", NOTHING, NULL},
		{"+999123456789", "e164", NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

static void test_mailboxes(void)
{
	static const struct detecting_row rows[] = {
		{"jo@acme.io", "email", DETECT_MEDIUM, "j*********"},
		{"email=jo.smith%2b@acme.co.uk&x=1", "email", DETECT_HIGH, NULL},
		{"to jo@acme.io.", "email", DETECT_MEDIUM, NULL},
		{"jo@acme.io.", "email", NOTHING, NULL}, // a value that is none
		{"\"jo@acme.io\"", "email", DETECT_MEDIUM, NULL},
		{"\"jo@acme.io", "email", NOTHING, NULL},
		{"{\"to\":\"jo@acme.io\"}", "email", DETECT_MEDIUM, NULL},
		{"\"a b\"@acme.io", "email", DETECT_MEDIUM, NULL},
		{"\xe5\xbc\xa0@acme.io", "email", DETECT_MEDIUM, NULL}, // RFC 6531
		{"info@acme.io", "email", DETECT_LOW, NULL},
		{"jo@example.com", "email", TEST_DATA, NULL},
		{"image@2x.png", "email", NOTHING, NULL},
		{"jo@acme", "email", NOTHING, NULL},
		{"a..b@acme.io", "email", NOTHING, NULL},
		{"@acme.io", "email", NOTHING, NULL},
		{"jo@-acme.io", "email", NOTHING, NULL},
		{"jo@acme.i0", "email", NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

static void test_devices(void)
{
	static const struct detecting_row rows[] = {
		{"imei=490154203237518", "imei", DETECT_MEDIUM, "4901*********18"},
		{"\"deviceId\":\"49-015420-323751-8\"", "imei", DETECT_MEDIUM, NULL},
		{"imei=490154203237519", "imei", NOTHING, NULL},
		{"490154203237518", "imei", NOTHING, NULL}, // no key
		{"imsi: 310150123456789", "imsi", DETECT_MEDIUM, "31015********89"},
		{"imsi: 000150123456789", "imsi", NOTHING, NULL},
		{"8991101200003204514", "iccid", DETECT_LOW, NULL},
		{"iccid 8991101200003204514", "iccid", DETECT_MEDIUM, NULL},
		{"8991101200003204515", "iccid", NOTHING, NULL},
		{"meid=AF0123450ABCDE", "meid", DETECT_MEDIUM, NULL},
		{"idfa=6D92078A-8246-4BA4-AE5B-76104861E7DC", "adv_id", DETECT_MEDIUM, NULL},
		{"idfa=00000000-0000-0000-0000-000000000000", "adv_id", NOTHING, NULL},
		// RFC 7042's prefix for documentation.
		{"00:00:5E:00:53:01", "mac_addr", DETECT_MEDIUM, "0000******01"},
		{"00-00-5e-00-53-01", "mac_addr", DETECT_MEDIUM, NULL},
		{"0000.5e00.5301", "mac_addr", DETECT_MEDIUM, NULL},
		{"00 00 5e 00 53 01", "mac_addr", DETECT_LOW, NULL},
		{"dump 00 00 5e 00 53 01 end", "mac_addr", NOTHING, NULL},
		{"02:00:5E:00:53:01", "mac_addr", DETECT_LOW, NULL}, // given locally
		{"00:00:5E:00:53:01:ff:fe", "mac_addr", DETECT_MEDIUM, NULL},
		{"00:00:5E:00:53:01:ff", "mac_addr", NOTHING, NULL},
		{"00:00:5E:00:53", "mac_addr", NOTHING, NULL},
		{"00:00:5E-00-53-01", "mac_addr", NOTHING, NULL},
		{"ff:ff:ff:ff:ff:ff", "mac_addr", NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

static void test_places(void)
{
	static const struct detecting_row rows[] = {
		{"lat=48.858370&lng=2.294481", "gps_kv", DETECT_MEDIUM, "***"},
		{"{\"longitude\": 2.294481, \"latitude\": 48.858370}", "gps_kv", DETECT_MEDIUM,
			NULL},
		{"lat=48.8&lng=2.2", "gps_kv", NOTHING, NULL}, // kilometres
		{"lat=98.858370&lng=2.294481", "gps_kv", NOTHING, NULL},
		{"lat=48.858370", "gps_kv", NOTHING, NULL},
		// The example of every description of NMEA 0183.
		{"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47", "gps_nmea",
			DETECT_MEDIUM, NULL},
		{"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*48", "gps_nmea",
			NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
	static const struct detecting_row page[] = {
		{"lat=48.858370&lng=2.294481", "gps_kv", NOTHING, NULL}};
	detecting_rows(page, ROWS(page), DIR_S2C);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"phones", test_phones},
		{"mailboxes", test_mailboxes},
		{"devices", test_devices},
		{"places", test_places},
		CU_TEST_INFO_NULL,
	};
	return check_main("detect_reach", tests);
}
