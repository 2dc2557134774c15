#include "tests/unit/detecting.h"

// Examples of the standards, of authorities' leaflets and of public libraries' tests.
static void test_china(void)
{
	static const struct detecting_row rows[] = {
		{"11010519491231002X", "cn_ric18", TEST_DATA, "110************2X"},
		{"440524188001010014", "cn_ric18", TEST_DATA, NULL},
		{"110101199003078670", "cn_ric18", DETECT_MEDIUM, "110************70"},
		{"身份证号:110101199003078670", "cn_ric18", DETECT_HIGH, NULL},
		{"44011320141005001x", "cn_ric18", DETECT_MEDIUM, NULL},
		{"810000199408230021", "cn_ric18", DETECT_MEDIUM, NULL}, // Hong Kong
		{"932682198501010017", "cn_ric18", DETECT_MEDIUM, NULL}, // of a foreigner
		{"110101199003078671", "cn_ric18", NOTHING, NULL}, // check character
		{"110101199002308670", "cn_ric18", NOTHING, NULL}, // 30 February
		{"x110101199003078670", "cn_ric18", NOTHING, NULL},
		{"1101011990030786701", "cn_ric18", NOTHING, NULL},
		{"idcard=110101900307867", "cn_ric15", DETECT_MEDIUM, NULL},
		{"a 110101900307867 b", "cn_ric15", NOTHING, NULL}, // nothing says so
		{"91310110666007217T", "cn_uscc", DETECT_MEDIUM, NULL},
		{"91350211M00013FA1N", "cn_uscc", NOTHING, NULL}, // the organisation's own check
		{"passport no. E00160027", "passport_cn", DETECT_MEDIUM, "E0*****27"},
		{"E00160027", "passport_cn", DETECT_LOW, NULL},
		{"part E00160027 in stock", "passport_cn", NOTHING, NULL},
		{"护照 EI1234567", "passport_cn", NOTHING, NULL}, // no I
		{"回乡证 H12345678", "hk_mo_permit", DETECT_MEDIUM, NULL},
		{"permit HA1234567", "hk_mo_permit", DETECT_MEDIUM, NULL},
		{"permit H123456789", "hk_mo_permit", NOTHING, NULL},
		{"往来港澳通行证 C12345678", "mainland_hkmo_permit", DETECT_MEDIUM, NULL},
		{"台胞证 12345678", "tw_mtp", DETECT_LOW, NULL},
		{"12345678", "tw_mtp", NOTHING, NULL},
		{"京A12345", "cn_plate", DETECT_MEDIUM, "***"},
		{"粤B·D12345", "cn_plate", DETECT_MEDIUM, NULL},
		{"沪C 12345", "cn_plate", DETECT_MEDIUM, NULL},
		{"京A1234学", "cn_plate", DETECT_MEDIUM, NULL},
		{"京I12345", "cn_plate", NOTHING, NULL},
		{"好A12345", "cn_plate", NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

static void test_asia(void)
{
	static const struct detecting_row rows[] = {
		{"A123456(3)", "hkid", DETECT_MEDIUM, "A1******"},
		{"HKID A123456(3)", "hkid", DETECT_HIGH, NULL},
		{"A1234563", "hkid", DETECT_LOW, NULL},
		{"k348609(5)", "hkid", DETECT_MEDIUM, NULL},
		{"OV290326[A]", "hkid", DETECT_MEDIUM, NULL},
		{"A123456(4)", "hkid", NOTHING, NULL},
		{"a1234563", "hkid", NOTHING, NULL},
		{"A123456789", "tw_nid", DETECT_LOW, "A1******89"},
		{"身分證字號 A123456789", "tw_nid", DETECT_MEDIUM, NULL},
		{"A800000014", "tw_nid", DETECT_LOW, NULL}, // of a resident, since 2021
		{"A123456788", "tw_nid", NOTHING, NULL},
		{"澳門身份證 1234567(8)", "mo_bir", DETECT_MEDIUM, NULL},
		{"see 1234567(8) there", "mo_bir", NOTHING, NULL},
		{"971013-9019902", "kr_rrn", DETECT_MEDIUM, NULL},
		{"9710139019902", "kr_rrn", DETECT_LOW, NULL},
		{"971013-9019903", "kr_rrn", NOTHING, NULL},
		{"주민등록번호 971013-9019903", "kr_rrn", DETECT_LOW, NULL}, // as since 2020
		{"971313-9019902", "kr_rrn", NOTHING, NULL},
		{"S1234567D", "sg_nric", DETECT_MEDIUM, "S*****67D"},
		{"T1234567J", "sg_nric", DETECT_MEDIUM, NULL},
		{"F1234567N", "sg_nric", DETECT_MEDIUM, NULL},
		{"G1234567X", "sg_nric", DETECT_MEDIUM, NULL},
		{"S1234567E", "sg_nric", NOTHING, NULL},
		{"770305-02-1234", "my_nric", DETECT_MEDIUM, NULL},
		{"MyKad 770305021234", "my_nric", DETECT_MEDIUM, NULL},
		{"order 770305021234", "my_nric", NOTHING, NULL},
		{"770305-17-1234", "my_nric", NOTHING, NULL}, // no such place
		{"1-2345-45678-78-1", "th_pin", DETECT_MEDIUM, NULL},
		{"1234545678781", "th_pin", DETECT_LOW, NULL},
		{"at 1234545678781 there", "th_pin", NOTHING, NULL}, // milliseconds
		{"citizen 1234545678781 there", "th_pin", DETECT_MEDIUM, NULL},
		{"1  2345 456 7878   1", "th_pin", DETECT_LOW, NULL},
		{"pay 1  2345 456 7878   1", "th_pin", NOTHING, NULL},
		{"1234545678782", "th_pin", NOTHING, NULL},
		{"NIK 3171011708450001", "id_nik", DETECT_MEDIUM, NULL},
		{"NIK 3171015708450001", "id_nik", DETECT_MEDIUM, NULL}, // of a woman
		{"3171013308450001 sold", "id_nik", NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

static void test_others(void)
{
	static const struct detecting_row rows[] = {
		{"2341 2341 2346", "in_aadhaar", DETECT_MEDIUM, "********2346"},
		{"aadhaar: 234123412346", "in_aadhaar", DETECT_MEDIUM, NULL},
		{"234123412347", "in_aadhaar", NOTHING, NULL},
		{"2341 2341-2346", "in_aadhaar", NOTHING, NULL}, // separators differ
		{"222222222222", "in_aadhaar", NOTHING, NULL},
		{"ACUPA7085R", "in_pan", DETECT_MEDIUM, NULL},
		{"ACUPA0000R", "in_pan", NOTHING, NULL},
		{"ACUZA7085R", "in_pan", NOTHING, NULL},
		{"536-90-4399", "us_ssn", DETECT_MEDIUM, "*****4399"},
		{"SSN 536-90-4399", "us_ssn", DETECT_HIGH, NULL},
		{"SSN 536904399", "us_ssn", DETECT_MEDIUM, NULL},
		{"id 536904399 x", "us_ssn", NOTHING, NULL},
		{"078-05-1120", "us_ssn", NOTHING, NULL}, // printed on sample cards
		{"666-12-3456", "us_ssn", NOTHING, NULL},
		{"536-90.4399", "us_ssn", NOTHING, NULL},
		// ICAO Doc 9303's specimens.
		{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n"
		 "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
			"passport_mrz_td3", DETECT_HIGH, "L8*******"},
		{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n"
		 "L898902C36UTO7408122F1204159ZE184226B<<<<<11",
			"passport_mrz_td3", NOTHING, NULL},
		{"I<UTOD231458907<<<<<<<<<<<<<<<\r\n7408122F1204159UTO<<<<<<<<<<<6\r\n"
		 "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
			"passport_mrz_td1", DETECT_HIGH, "D2*******"},
		{"I<UTOD231458907<<<<<<<<<<<<<<<\r\n7408122F1204159UTO<<<<<<<<<<<7\r\n",
			"passport_mrz_td1", NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"China", test_china},
		{"Asia", test_asia},
		{"others", test_others},
		CU_TEST_INFO_NULL,
	};
	return check_main("detect_identities", tests);
}
