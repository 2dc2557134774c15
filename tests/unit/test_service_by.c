#include "dataplane/runtime/service_by.h"
#include "tests/unit/check.h"

#include <string.h>

static void test_words(void)
{
	static const struct {
		enum field field;
		const char *word;
	} rows[] = {
		{FIELD_NONE, "prefix"},
		{FIELD_CLIENT_NAME, "dns"},
		{FIELD_DNS_QUERY, "dns"},
		{FIELD_TLS_SNI, "sni"},
		{FIELD_QUIC_SNI, "sni"},
		{FIELD_HTTP_HOST, "host"},
		{FIELD_TLS_CERT, "certificate"},
		{FIELD_STUN_REALM, "stun"},
		{FIELD_IM_MARKER, "marker"},
		{FIELD_PAYLOAD, "marker"},
		{FIELD_STREAM, "marker"},
		{FIELD_HTTP_URI, "marker"},
	};

	for (size_t i = 0; i < ROWS(rows); i++)
		CHECK(strcmp(service_by(rows[i].field), rows[i].word) == 0, "%d: %s", rows[i].field,
			service_by(rows[i].field));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"words", test_words},
		CU_TEST_INFO_NULL,
	};
	return check_main("service_by", tests);
}
