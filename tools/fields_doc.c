// docs/fields.md, from the code's table: `fields_doc > docs/fields.md`. A test compares them.

#include "dataplane/api/fields.h"

#include <stdio.h>
#include <string.h>

static const char *direction(char dir)
{
	return dir == 'C' ? "client" : dir == 'S' ? "server" : "both";
}

static const char *leaving(enum field_mask mask)
{
	static const char *const words[] = {[MASK_CLEAR] = "as it is",
		[MASK_NAME] = "addresses as pseudonyms, devices as tokens",
		[MASK_URI] = "without values and what tells of a person",
		[MASK_TEXT] = "without what tells of a person",
		[MASK_WORDS] = "without what tells of a person",
		[MASK_WORD] = "when it is a known word",
		[MASK_TYPE] = "without parameters",
		[MASK_TOPIC] = "levels of ordinary words",
		[MASK_SERVICE] = "its name as a host's",
		[MASK_SOA] = "its name as a host's, the mailbox as a token",
		[MASK_PERSON] = "as a token",
		[MASK_SECRET] = "never"};
	return words[mask];
}

// Where the value stands in a record.
static void print_place(const struct field_info *f)
{
	const char *p = f->path;

	if (f->form == FORM_OWN)
		printf("in its protocol's object");
	else if (p[0] == '+')
		printf("`sealwatch.%s`", p + 1);
	else if (p[0] == '/')
		printf("`%s`", p + 1);
	else if (p[0] == '@')
		printf("`client%s`, `server%s`", p + 1, p + 1);
	else if (p[0] != '\0')
		printf("`%s`", p);
}

// A bar would end the cell.
static void print_cell(const char *text)
{
	for (; *text != '\0'; text++)
		printf(*text == '|' ? "\\|" : "%c", *text);
}

int main(void)
{
	printf("# Fields\n\n"
	       "Made from the code's table by `fields_doc`; do not edit. What the columns mean:\n\n"
	       "- **Field**: Suricata's sticky buffer, or, where it has none, its place. *rules*: "
	       "a\n"
	       "  rule may look at it.\n"
	       "- **From**: whose messages have it.\n"
	       "- **In a record**: its place in the message's object (`tls`, `http`, ...), or "
	       "under\n"
	       "  `sealwatch`. Empty: it is for rules only.\n"
	       "- **Leaves a worker**: what is done to it before; `--lab` leaves that out, except\n"
	       "  where it says *never*.\n\n"
	       "| Id | Field | Rules | From | In a record | Leaves a worker | Example | Source |\n"
	       "| -: | --- | --- | --- | --- | --- | --- | --- |\n");
	for (unsigned i = 1; i < FIELD_COUNT; i++) {
		const struct field_info *f = &field_table[i];
		printf("| %u | `%s` | %s | %s | ", i, f->name, f->scan != SCAN_NO ? "yes" : "",
			direction(f->dir));
		print_place(f);
		printf(" | %s | ", leaving(f->mask));
		print_cell(f->example);
		printf(" | ");
		print_cell(f->source);
		printf(" |\n");
	}
	printf("\n# Protocols\n\n"
	       "| Protocol (`app_proto`, and in rules) | Its messages' `event_type` |\n"
	       "| --- | --- |\n");
	for (unsigned i = 0; i < APP_COUNT; i++)
		printf("| %s | %s |\n", app_proto_table[i].name, app_proto_table[i].eve);
	return 0;
}
