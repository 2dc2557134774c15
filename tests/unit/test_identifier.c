#include "patterns/identifier.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

static const char *kind_of(const void *bytes, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1); // so that a read past the end is seen

	memcpy(exact, bytes, len);
	const char *kind = identifier_kind(exact, len);
	free(exact);
	return kind;
}

// The valid ones are examples of standards and handbooks; some are on the list of those that are
// nobody's.
static void test_kinds(void)
{
	static const struct {
		const char *text;
		const char *says; // NULL: nobody's
	} cases[] = {
		{"jo@acme.io", "e-mail"},
		{"<mailto:Jo.X+1@Mail.Acme.IO>\r\n", "e-mail"},
		{"jo%40acme.io", "e-mail"},
		{"jo@acme.io%00", "e-mail"},
		{"jo@notexample.com", "e-mail"},
		{"jo@sub.example.com", NULL},
		{"jo@host.test", NULL},
		{"root@localhost", NULL},
		{"@acme.io", NULL},
		{"user@%s", NULL},
		{"+4915112345678", "phone"},
		{"tel:+49 (151) 123-45678", "phone"},
		{"+1234567", NULL},
		{"+12125550100", NULL},
		{"13912345678", "phone"},
		{"139-1234-5678", "phone"},
		{"12345678901", NULL},
		{"4556737586899855", "card"},
		{"4556 7375 8689 9855", "card"},
		{"4556737586899856", NULL},
		{"4111-1111-1111-1111", NULL},
		{"110105194912310021", NULL},
		{"11010519491231002X", "identity"},
		{"11010519491331002X", NULL},
		{"GB33BUKB20201555555555", "account"},
		{"gb33 bukb 2020 1555 5555 55", "account"},
		{"GB82WEST12345698765432", NULL},
		{"GB34BUKB20201555555555", NULL},
		{"ZZ81BUKB20201555555555", NULL},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		const char *kind = kind_of(cases[i].text, strlen(cases[i].text));
		CHECK((kind != NULL) == (cases[i].says != NULL), "%s: %s", cases[i].text,
			kind != NULL ? kind : "nobody's");
		CHECK(kind == NULL || cases[i].says == NULL || strstr(kind, cases[i].says) != NULL,
			"%s: %s", cases[i].text, kind);
	}
}

// Any bytes get an answer, whatever their length.
static void test_bytes(void)
{
	static const char letters[] = "%%%4140aF@.+ -<>1234567890mailto:\xff";
	char text[500];

	CHECK(kind_of("jo@acme.io\0", 11) == NULL, "a NUL");
	CHECK(kind_of("", 0) == NULL, "nothing");
	memset(text, 'a', sizeof(text));
	memcpy(text + 300, "@acme.io", 8);
	CHECK(kind_of(text, sizeof(text)) == NULL, "too long");
	srandom(7);
	for (unsigned round = 0; round < 20000; round++) {
		size_t n = (size_t)random() % 60;
		for (size_t i = 0; i < n; i++)
			text[i] = letters[(size_t)random() % (sizeof(letters) - 1)];
		kind_of(text, n); // ASan looks on
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"kinds", test_kinds},
		{"any bytes", test_bytes},
		CU_TEST_INFO_NULL,
	};
	return check_main("identifier", tests);
}
