#include "dataplane/base/identity.h"
#include "dataplane/base/reference.h"
#include "tests/unit/check.h"

#include <string.h>

// Numbers of plans: examples of ITU-T E.164 annexes, regulators' numbers for fiction, exchanges.
static void test_numbering(void)
{
	static const struct {
		const char *digits;
		enum numbering want;
	} cases[] = {
		{"442079460958", NUMBERING_PLAN}, // Ofcom: for drama
		{"12125550100", NUMBERING_PLAN},
		{"11115550100", NUMBERING_LENGTH}, // an area code begins with 2-9
		{"1212555010", NUMBERING_NONE},
		{"8613800138000", NUMBERING_PLAN},
		{"861380013800", NUMBERING_LENGTH},
		{"33199001234", NUMBERING_PLAN}, // Arcep: for works of fiction
		{"999123456", NUMBERING_NONE},
		{"80012345678", NUMBERING_PLAN}, // universal freephone
		{"1", NUMBERING_NONE},
		{"", NUMBERING_NONE},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		enum numbering got = reference_e164(cases[i].digits, strlen(cases[i].digits));
		CHECK(got == cases[i].want, "%s: %d", cases[i].digits, got);
	}
	CHECK(reference_cn_mobile_number("13800138000", 11), "China Mobile's service number");
	CHECK(!reference_cn_mobile_number("12800138000", 11), "no such range");
	CHECK(reference_cn_fixed_number("1062070000", 10), "Beijing");
}

static void test_places(void)
{
	CHECK(reference_region(110105) == REGION_COUNTY, "Chaoyang");
	CHECK(reference_region(110103) == REGION_COUNTY, "dissolved in 2010");
	CHECK(reference_region(110199) == REGION_PREFECTURE, "Beijing, no such district");
	CHECK(reference_region(990105) == REGION_NONE, "no province");
	CHECK(reference_region(810000) == REGION_COUNTY, "Hong Kong residents");
	CHECK(reference_country(682) && !reference_country(999), "ISO 3166");
	CHECK(reference_birthplace(14) && !reference_birthplace(0), "Malaysia");
	CHECK(reference_network("460001234567890", 15), "China Mobile");
	CHECK(reference_network("310150123456789", 15), "three digits");
	CHECK(!reference_network("000011234567890", 15), "no such country");
	CHECK(!reference_network("46000", 5), "too short");
}

// The examples of the IBAN registry.
static void test_accounts(void)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
		{"GB29NWBK60161331926819", true},
		{"NO9386011117947", true},
		{"MT84MALT011000012345MTLCAST001S", true},
		{"DE89370400440532013000", true},
		{"DE8937040044053201300", false},
		{"DE893704004405320130000", false},
		{"DE88370400440532013000", false},
		{"GB29123460161331926819", false}, // the bank is letters
		{"ZZ29NWBK60161331926819", false},
		{"gb29NWBK60161331926819", false},
		{"", false},
	};

	for (size_t i = 0; i < ROWS(cases); i++)
		CHECK(identity_iban(cases[i].text, strlen(cases[i].text)) == cases[i].want, "%s",
			cases[i].text);
}

static void test_checks(void)
{
	CHECK(identity_luhn("79927398713", 11), "ISO/IEC 7812's usual example");
	CHECK(!identity_luhn("79927398710", 11), "another digit");
	CHECK(!identity_luhn("", 0), "nothing");
	CHECK(identity_gb11643("11010519491231002X", 18), "GB 11643's own");
	CHECK(!identity_gb11643("110105194912310021", 18), "another check character");
	CHECK(!identity_gb11643("11010519491231002X", 17), "short");
	CHECK(identity_date(2000, 2, 29) && !identity_date(1900, 2, 29), "centuries");
	CHECK(!identity_date(2001, 13, 1) && !identity_date(2001, 4, 31), "no such day");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"numbering", test_numbering},
		{"places", test_places},
		{"accounts", test_accounts},
		{"checks", test_checks},
		CU_TEST_INFO_NULL,
	};
	return check_main("reference", tests);
}
