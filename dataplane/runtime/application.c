#include "dataplane/runtime/application.h"

#include "dataplane/base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 2 * APPLICATIONS_MAX, UUID_LEN = 36 };

struct applications {
	uint64_t seed;
	uint16_t n;
	uint16_t places[PLACES]; // open addressing: numbers
	_Alignas(8) char text[APPLICATIONS_MAX][APPLICATION_LEN];
};
static_assert((PLACES & (PLACES - 1)) == 0, "a mask");
static_assert(APPLICATION_LEN % 8 == 0, "hashed as words");

enum application_kind application_kind(const char *word)
{
	static const char *const words[APPLICATION_KINDS] = {"", "digits", "label", "dash"};

	for (unsigned i = 1; i < APPLICATION_KINDS; i++) {
		if (strcmp(words[i], word) == 0)
			return (enum application_kind)i;
	}
	return APPLICATION_NONE;
}

struct applications *applications_new(uint64_t seed)
{
	struct applications *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->seed = seed;
	a->n = 1;
	return a;
}

void applications_free(struct applications *a)
{
	free(a);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	uint8_t lower = c | 0x20;
	return is_digit(c) || (lower >= 'a' && lower <= 'z');
}

static size_t span(struct bytes in, bool (*of)(uint8_t c))
{
	size_t n = 0;

	while (n < in.len && of(in.p[n]))
		n++;
	return n;
}

static bool of_label(uint8_t c)
{
	return is_letter(c) || c == '-' || c == '_';
}

// RFC 9562 4. Whoever asks for a name chooses its labels: an id leaves as it is, past the mask of names, so it
// is none but in a form that no telephone, address or name of a person has.
static bool is_uuid(struct bytes v)
{
	if (v.len != UUID_LEN)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		uint8_t lower = v.p[i] | 0x20;
		bool hex = is_digit(v.p[i]) || (lower >= 'a' && lower <= 'f');
		if (dash ? v.p[i] != '-' : !hex)
			return false;
	}
	return true;
}

// Tencent's documentation: SDKAppID, 1400123456, 1600012345, abroad 20001234.
static bool is_sdk_number(struct bytes v)
{
	if (v.len == 10)
		return v.p[0] == '1' && memcmp(v.p + 2, "00", 2) == 0;
	return v.len == 8 && memcmp(v.p, "2000", 4) == 0;
}

// Where the id stands in the name; empty when there is none.
static struct bytes id_in(enum application_kind kind, struct bytes name)
{
	struct bytes id = {.p = name.p, .len = span(name, of_label)};

	if (kind == APPLICATION_DIGITS) {
		id.len = span(name, is_digit);
		return is_sdk_number(id) ? id : (struct bytes){0};
	}
	if (kind == APPLICATION_DASH) {
		size_t n = span(id, is_letter);
		bytes_take(&id, n < id.len ? n + 1 : n);
	}
	return is_uuid(id) ? id : (struct bytes){0};
}

uint16_t applications_find(
	struct applications *a, enum application_kind kind, struct bytes name, bool *full)
{
	struct bytes id = id_in(kind, name);
	_Alignas(8) char text[APPLICATION_LEN] = {0};

	if (id.len == 0)
		return 0;
	for (size_t i = 0; i < id.len; i++)
		text[i] = (char)(id.p[i] >= 'A' && id.p[i] <= 'Z' ? id.p[i] | 0x20 : id.p[i]);
	uint32_t at = (uint32_t)hash_words(text, sizeof(text), a->seed) & (PLACES - 1);
	for (; a->places[at] != 0; at = (at + 1) & (PLACES - 1)) {
		if (memcmp(a->text[a->places[at]], text, sizeof(text)) == 0)
			return a->places[at];
	}
	if (a->n == APPLICATIONS_MAX) {
		*full = true;
		return 0;
	}
	memcpy(a->text[a->n], text, sizeof(text));
	a->places[at] = a->n;
	return a->n++;
}

const char *applications_text(const struct applications *a, uint16_t number)
{
	return number < a->n ? a->text[number] : "";
}
