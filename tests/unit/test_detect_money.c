#include "tests/unit/detecting.h"

static void test_cards(void)
{
	static const struct detecting_row rows[] = {
		{"4111111111111111", "pan_card", TEST_DATA, "4111********1111"},
		{"4929 7226 5379 7141", "pan_card", DETECT_MEDIUM, "4929********7141"},
		{"4929722653797141", "pan_card", DETECT_LOW, NULL},
		{"银行卡号 4929722653797141", "pan_card", DETECT_MEDIUM, NULL},
		{"card 4929-7226-5379-7141", "pan_card", DETECT_HIGH, NULL},
		{"4929 7226-5379 7141", "pan_card", NOTHING, NULL},
		{"4929722653797142", "pan_card", NOTHING, NULL},
		{"6226050967750613", "pan_card", DETECT_LOW, NULL}, // UnionPay
		{"8171999900000000021", "pan_card", DETECT_LOW, NULL}, // UnionPay, 19 digits
		{"prefix6234917882863855", "pan_card", NOTHING, NULL},
		{"6234917882863855suffix", "pan_card", NOTHING, NULL},
		{"0.6234917882863855", "pan_card", NOTHING, NULL}, // a fraction
		{"6666666666666666", "pan_card", NOTHING, NULL},
		{"4929 7226 5379 7141 12/29", "pan_card", DETECT_MEDIUM, NULL},
		{"4929 7226 5379 7141 1234", "pan_card", NOTHING, NULL}, // a table
		{"1234 4929 7226 5379 7141", "pan_card", NOTHING, NULL},
		{"3782 822463 10005", "pan_amex", TEST_DATA, NULL},
		{"371449635398431", "pan_card", TEST_DATA, NULL},
		{";4929722653797141=29121010000?", "pan_track2", DETECT_HIGH, NULL},
		{";4929722653797141=29131010000?", "pan_track2", NOTHING, NULL},
		{"{\"cvv2\": \"123\"}", "cvv_kv", DETECT_MEDIUM, "***"},
		{"cvv=12345", "cvv_kv", NOTHING, NULL},
		{"安全码：123", "cvv_kv", DETECT_MEDIUM, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

// The registry's examples; those on the list of published ones are nobody's.
static void test_accounts(void)
{
	static const struct detecting_row rows[] = {
		{"GB82 WEST 1234 5698 7654 32", "iban", TEST_DATA, "GB82************432"},
		{"MT84MALT011000012345MTLCAST001S", "iban", DETECT_MEDIUM, NULL},
		{"IBAN: NO93 8601 1117 947", "iban", DETECT_HIGH, NULL},
		{"NO 93 8601 1117 947", "iban", DETECT_MEDIUM, NULL},
		{"no9386011117947", "iban", DETECT_MEDIUM, NULL},
		{"NO93.8601.11.17947", "iban", DETECT_MEDIUM, NULL},
		{"NO9386011117948", "iban", NOTHING, NULL},
		{"NO93860111179470", "iban", NOTHING, NULL},
		{"NO93  8601 1117 947", "iban", NOTHING, NULL},
		{"XNO9386011117947", "iban", NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

// Of the first block, BIP 173 and 350, EIP-55, and the contract of a stable coin.
static void test_currencies(void)
{
	static const struct detecting_row rows[] = {
		{"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "btc_eth_addr", DETECT_MEDIUM, NULL},
		{"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "btc_eth_addr", NOTHING, NULL},
		{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "btc_eth_addr", DETECT_MEDIUM, NULL},
		{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "btc_eth_addr", NOTHING, NULL},
		{"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "btc_eth_addr",
			DETECT_MEDIUM, NULL},
		{"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "btc_eth_addr", DETECT_MEDIUM, NULL},
		{"0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "btc_eth_addr", NOTHING, NULL},
		{"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "btc_eth_addr", DETECT_LOW, NULL},
		{"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "tron_addr", DETECT_MEDIUM, NULL},
		{"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u", "tron_addr", NOTHING, NULL},
	};

	detecting_rows(rows, ROWS(rows), DIR_C2S);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"cards", test_cards},
		{"accounts", test_accounts},
		{"currencies", test_currencies},
		CU_TEST_INFO_NULL,
	};
	return check_main("detect_money", tests);
}
