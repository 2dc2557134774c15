#include "dataplane/runtime/service_by.h"
#include "tests/unit/check.h"

static void test_fields(void)
{
	static const struct {
		enum field field;
		enum service_by by;
	} rows[] = {
		{FIELD_NONE, BY_PREFIX},
		{FIELD_CLIENT_NAME, BY_DNS},
		{FIELD_DNS_QUERY, BY_DNS},
		{FIELD_TLS_SNI, BY_SNI},
		{FIELD_QUIC_SNI, BY_SNI},
		{FIELD_HTTP_HOST, BY_HOST},
		{FIELD_TLS_CERT, BY_CERTIFICATE},
		{FIELD_STUN_REALM, BY_STUN},
		{FIELD_IM_MARKER, BY_MARKER},
		{FIELD_PAYLOAD, BY_BYTES},
		{FIELD_STREAM, BY_BYTES},
		{FIELD_HTTP_URI, BY_MARKER},
		{FIELD_IP_DST, BY_PREFIX},
		{FIELD_XMPP_ELEMENT, BY_BYTES},
	};

	for (size_t i = 0; i < ROWS(rows); i++)
		CHECK(service_by(rows[i].field) == rows[i].by, "%d: %d", rows[i].field,
			service_by(rows[i].field));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"fields", test_fields},
		CU_TEST_INFO_NULL,
	};
	return check_main("service_by", tests);
}
