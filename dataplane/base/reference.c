#include "dataplane/base/reference.h"

#include "dataplane/base/identity.h"
#include "dataplane/base/reference_tables.h"

#include <stdlib.h>
#include <string.h>

// Where the first row not below `value` is.
static unsigned lower(const uint32_t *rows, unsigned n, uint32_t value)
{
	unsigned low = 0;

	while (low < n) {
		unsigned middle = low + (n - low) / 2;
		if (rows[middle] < value)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

static bool listed(const uint32_t *rows, unsigned n, uint32_t value)
{
	unsigned at = lower(rows, n, value);
	return at < n && rows[at] == value;
}

enum region reference_region(uint32_t code)
{
	unsigned at = lower(reference_regions, reference_n_regions, code / 100 * 100);

	if (at == reference_n_regions || reference_regions[at] / 100 != code / 100)
		return REGION_NONE;
	return listed(reference_regions, reference_n_regions, code) ? REGION_COUNTY
								    : REGION_PREFECTURE;
}

// Accounts of these have the form of an IBAN and its check digits, but no entry in the registry
// ("partial" and "experimental" ones, as banks' directories list them).
static const struct reference_iban unregistered[] = {
	{"AO", "nnnnnnnnnnnnnnnnnnnnn"},
	{"BF", "ccnnnnnnnnnnnnnnnnnnnnnn"},
	{"BJ", "ccnnnnnnnnnnnnnnnnnnnnnn"},
	{"CF", "nnnnnnnnnnnnnnnnnnnnnnn"},
	{"CG", "nnnnnnnnnnnnnnnnnnnnnnn"},
	{"CI", "ccnnnnnnnnnnnnnnnnnnnnnn"},
	{"CM", "nnnnnnnnnnnnnnnnnnnnnnn"},
	{"CV", "nnnnnnnnnnnnnnnnnnnnn"},
	{"DZ", "nnnnnnnnnnnnnnnnnnnnnn"},
	{"GA", "nnnnnnnnnnnnnnnnnnnnnnn"},
	{"GQ", "nnnnnnnnnnnnnnnnnnnnnnn"},
	{"GW", "ccnnnnnnnnnnnnnnnnnnn"},
	{"HN", "aaaannnnnnnnnnnnnnnnnnnn"},
	{"IR", "nnnnnnnnnnnnnnnnnnnnnn"},
	{"KM", "nnnnnnnnnnnnnnnnnnnnnnn"},
	{"MA", "nnnnnnnnnnnnnnnnnnnnnnnn"},
	{"MG", "nnnnnnnnnnnnnnnnnnnnnnn"},
	{"ML", "ccnnnnnnnnnnnnnnnnnnnnnn"},
	{"MZ", "nnnnnnnnnnnnnnnnnnnnn"},
	{"NE", "ccnnnnnnnnnnnnnnnnnnnnnn"},
	{"NI", "aaaannnnnnnnnnnnnnnnnnnn"},
	{"SN", "ccnnnnnnnnnnnnnnnnnnnnnn"},
	{"TD", "nnnnnnnnnnnnnnnnnnnnnnn"},
	{"TG", "ccnnnnnnnnnnnnnnnnnnnnnn"},
};

static const char *structure(const struct reference_iban *rows, unsigned n, const char country[2])
{
	for (unsigned i = 0; i < n; i++) {
		if (memcmp(rows[i].country, country, 2) == 0)
			return rows[i].structure;
	}
	return NULL;
}

const char *reference_iban(const char country[2])
{
	const char *found = structure(reference_ibans, reference_n_ibans, country);

	return found != NULL
		? found
		: structure(unregistered, sizeof(unregistered) / sizeof(unregistered[0]), country);
}

static bool plan_has(unsigned state, const char *digits, size_t n)
{
	for (size_t i = 0; i < n && state != 0; i++)
		state = reference_states[state].next[digits[i] - '0'];
	return reference_states[state].final;
}

static int compare_code(const void *key, const void *row)
{
	const uint32_t *code = key;
	const struct reference_code *r = row;
	return (*code > r->code) - (*code < r->code);
}

// No country code is the beginning of another (E.164).
enum numbering reference_e164(const char *digits, size_t n)
{
	uint32_t code = 0;

	for (size_t i = 0; i < 3 && i + 1 < n; i++) {
		code = code * 10 + (uint32_t)(digits[i] - '0');
		const struct reference_code *row = bsearch(
			&code, reference_codes, reference_n_codes, sizeof(*row), compare_code);
		if (row == NULL)
			continue;
		size_t rest = n - i - 1;
		if (plan_has(row->state, digits + i + 1, rest))
			return NUMBERING_PLAN;
		return rest < 32 && row->lengths >> rest & 1 ? NUMBERING_LENGTH : NUMBERING_NONE;
	}
	return NUMBERING_NONE;
}

bool reference_cn_mobile_number(const char *digits, size_t n)
{
	return plan_has(reference_cn_mobile, digits, n);
}

bool reference_cn_fixed_number(const char *digits, size_t n)
{
	return plan_has(reference_cn_fixed, digits, n);
}

static int compare_network(const void *key, const void *row)
{
	const uint32_t *number = key;
	const struct reference_range *r = row;
	return (*number > r->high) - (*number < r->low);
}

static bool has_network(uint32_t number)
{
	return bsearch(&number, reference_networks, reference_n_networks,
		       sizeof(reference_networks[0]), compare_network) != NULL;
}

bool reference_network(const char *imsi, size_t n)
{
	if (n < 6)
		return false;
	uint32_t country = identity_number(imsi, 3);
	return has_network(reference_network_number(country, 2, identity_number(imsi + 3, 2))) ||
		has_network(reference_network_number(country, 3, identity_number(imsi + 3, 3)));
}

bool reference_birthplace(unsigned code)
{
	return listed(reference_birthplaces, reference_n_birthplaces, code);
}

bool reference_country(unsigned code)
{
	return listed(reference_countries, reference_n_countries, code);
}
