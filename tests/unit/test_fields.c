// The field table keeps what its readers rely on.

#include "dataplane/api/fields.h"
#include "tests/unit/check.h"

#include <string.h>

static void test_rows(void)
{
	for (unsigned i = 1; i < FIELD_COUNT; i++) {
		const struct field_info *f = &field_table[i];
		CHECK(f->name[0] != '\0' && f->source[0] != '\0', "row %u: %s", i, f->name);
		CHECK(strchr("CSB", f->dir) != NULL, "%s: %c", f->name, f->dir);
		CHECK(f->form != FORM_BYTES || f->path[0] == '\0', "%s: bytes are not shown",
			f->name);
		CHECK(f->mask != MASK_SECRET || f->path[0] == '\0', "%s: a secret has no place",
			f->name);
		CHECK(f->form != FORM_OWN || f->path[0] == '\0', "%s: two writers", f->name);
		for (unsigned k = 1; k < i; k++)
			CHECK(strcmp(field_table[k].name, f->name) != 0, "%s twice", f->name);
	}
}

static void test_protocols(void)
{
	for (unsigned i = 0; i < APP_COUNT; i++) {
		CHECK(app_proto_table[i].name[0] != '\0', "%u", i);
		for (unsigned k = 0; k < i; k++)
			CHECK(strcmp(app_proto_table[i].name, app_proto_table[k].name) != 0, "%s",
				app_proto_table[i].name);
	}
	CHECK(APP_COUNT <= UINT8_MAX, "flow records hold it in a byte");
	CHECK(FIELD_COUNT < 0x100, "event tags begin behind the fields");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"rows", test_rows},
		{"protocols", test_protocols},
		CU_TEST_INFO_NULL,
	};
	return check_main("fields", tests);
}
