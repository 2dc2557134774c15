#include "dataplane/inspect/proto/names.h"

#include "dataplane/base/hash.h"

#include <stdlib.h>

enum { WAYS = 4, SETS = NAMES_MAX / WAYS, NO_TEXT = 0 };

// A reference: number of the text, and whether the name was ambiguous.
static const uint32_t REF_AMBIGUOUS = 1u << 31;
static const uint64_t SECOND = 1000000000;

struct text {
	uint32_t refs; // of addresses and of flows
	uint32_t next_free;
	uint8_t len;
	uint8_t data[NAME_LEN_MAX];
};

struct entry {
	uint8_t address[16];
	uint64_t learnt_ns;
	uint64_t until_ns;
	uint64_t other_until_ns; // until then another name is at this address, too
	uint32_t text; // NO_TEXT: the entry is free
	uint8_t ip_version;
};

struct name_table {
	uint64_t seed;
	uint64_t shed;
	uint32_t used; // entries; 0: nobody needs to look
	uint32_t last; // the text that was made last: an answer has several addresses
	uint32_t free; // list of texts
	uint32_t fresh; // texts from here on were never used: their memory is not touched yet
	struct entry entries[SETS][WAYS];
	struct text texts[NAMES_TEXTS + 1];
};

struct name_table *names_new(uint64_t seed)
{
	struct name_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->seed = seed;
	t->fresh = NO_TEXT + 1;
	return t;
}

void names_free(struct name_table *t)
{
	free(t);
}

uint64_t names_shed(const struct name_table *t)
{
	return t->shed;
}

static uint32_t set_number(
	const struct name_table *t, uint8_t ip_version, const uint8_t address[16])
{
	return (uint32_t)(hash_words(address, 16, t->seed ^ ip_version) % SETS);
}

static struct entry *set_of(struct name_table *t, uint8_t ip_version, const uint8_t address[16])
{
	return t->entries[set_number(t, ip_version, address)];
}

void names_prefetch(const struct name_table *t, uint8_t ip_version, const uint8_t address[16])
{
	const struct entry *set;

	if (t->used == 0)
		return;
	set = t->entries[set_number(t, ip_version, address)];
	for (size_t line = 0; line < sizeof(t->entries[0]); line += 64)
		__builtin_prefetch((const uint8_t *)set + line);
}

static struct entry *find(struct entry *set, uint8_t ip_version, const uint8_t address[16])
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].text != NO_TEXT && set[i].ip_version == ip_version &&
			memcmp(set[i].address, address, sizeof(set[i].address)) == 0)
			return &set[i];
	}
	return NULL;
}

static void text_drop(struct name_table *t, uint32_t number)
{
	struct text *text = &t->texts[number];

	if (--text->refs > 0)
		return;
	text->next_free = t->free;
	t->free = number;
}

static bool text_is(const struct name_table *t, uint32_t number, struct bytes name)
{
	const struct text *text = &t->texts[number];
	return number != NO_TEXT && text->refs > 0 && bytes_equal(name, text->data, text->len);
}

// A new reference to a text that says `name`, or NO_TEXT.
static uint32_t text_make(struct name_table *t, struct bytes name)
{
	uint32_t number = t->last;

	if (text_is(t, number, name)) {
		t->texts[number].refs++;
		return number;
	}
	if (t->free != NO_TEXT) {
		number = t->free;
		t->free = t->texts[number].next_free;
	} else if (t->fresh <= NAMES_TEXTS) {
		number = t->fresh++;
	} else {
		return NO_TEXT;
	}
	struct text *text = &t->texts[number];
	text->refs = 1;
	text->len = (uint8_t)name.len;
	memcpy(text->data, name.p, name.len);
	t->last = number;
	return number;
}

static void entry_free(struct name_table *t, struct entry *e)
{
	text_drop(t, e->text);
	e->text = NO_TEXT;
	t->used--;
}

// A place for a new address: a free one, else the one whose time is over or that is oldest.
static struct entry *make_room(struct name_table *t, struct entry *set, uint64_t now_ns)
{
	struct entry *victim = NULL;

	for (unsigned i = 0; i < WAYS; i++) {
		struct entry *e = &set[i];
		if (e->text == NO_TEXT)
			return e;
		bool over = e->until_ns <= now_ns;
		bool victim_over = victim != NULL && victim->until_ns <= now_ns;
		if (victim == NULL || over > victim_over ||
			(over == victim_over && e->learnt_ns < victim->learnt_ns))
			victim = e;
	}
	t->shed += victim->until_ns > now_ns;
	entry_free(t, victim);
	return victim;
}

// RFC 952, RFC 1123 2.1, and what is seen: letters, digits, '-', '_'. Not names of addresses.
static bool clean(struct bytes name, uint8_t out[NAME_LEN_MAX])
{
	static const char arpa[] = ".arpa";
	const size_t tail = sizeof(arpa) - 1;

	if (name.len == 0 || name.len > NAME_LEN_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i];
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		bool host = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			c == '_' || c == '.';
		if (!host)
			return false;
		out[i] = c;
	}
	return name.len <= tail || memcmp(out + name.len - tail, arpa, tail) != 0;
}

// RFC 6890: this host, loopback, multicast and broadcast: answers that say no.
static bool is_host(uint8_t ip_version, const uint8_t a[16])
{
	static const uint8_t zero[15];

	if (ip_version == 4)
		return a[0] != 0 && a[0] != 127 && a[0] < 224;
	return a[0] != 0xff && (memcmp(a, zero, sizeof(zero)) != 0 || a[15] > 1);
}

static uint64_t time_to_live(uint32_t ttl_s)
{
	if (ttl_s < NAMES_TTL_MIN_S)
		ttl_s = NAMES_TTL_MIN_S;
	return SECOND * (ttl_s < NAMES_TTL_MAX_S ? ttl_s : NAMES_TTL_MAX_S);
}

void names_learn(struct name_table *t, uint8_t ip_version, const uint8_t address[16],
	struct bytes name, uint64_t now_ns, uint32_t ttl_s)
{
	uint64_t until_ns = now_ns + time_to_live(ttl_s);
	uint8_t text[NAME_LEN_MAX];

	if (!is_host(ip_version, address) || !clean(name, text))
		return;
	name.p = text;
	struct entry *set = set_of(t, ip_version, address);
	struct entry *e = find(set, ip_version, address);
	if (e != NULL && text_is(t, e->text, name)) {
		e->learnt_ns = now_ns;
		e->until_ns = until_ns;
		return;
	}

	uint64_t other_ns = 0;
	if (e != NULL) {
		other_ns = e->until_ns > e->other_until_ns ? e->until_ns : e->other_until_ns;
		entry_free(t, e); // even if there is no room for the new name: it is old now
	} else {
		e = make_room(t, set, now_ns);
	}
	uint32_t number = text_make(t, name);
	if (number == NO_TEXT) {
		t->shed++;
		return;
	}
	*e = (struct entry){.learnt_ns = now_ns,
		.until_ns = until_ns,
		.other_until_ns = other_ns,
		.text = number,
		.ip_version = ip_version};
	memcpy(e->address, address, sizeof(e->address));
	t->used++;
}

uint32_t names_take(
	struct name_table *t, uint8_t ip_version, const uint8_t address[16], uint64_t now_ns)
{
	if (t->used == 0)
		return NAMES_NONE;
	struct entry *e = find(set_of(t, ip_version, address), ip_version, address);
	if (e == NULL || e->until_ns <= now_ns)
		return NAMES_NONE;
	t->texts[e->text].refs++;
	return e->text | (e->other_until_ns > now_ns ? REF_AMBIGUOUS : 0);
}

void names_give(struct name_table *t, uint32_t ref)
{
	if (ref != NAMES_NONE)
		text_drop(t, ref & ~REF_AMBIGUOUS);
}

struct known_name names_of(const struct name_table *t, uint32_t ref)
{
	const struct text *text = &t->texts[ref & ~REF_AMBIGUOUS];

	if (ref == NAMES_NONE)
		return (struct known_name){0};
	return (struct known_name){.text = {.p = text->data, .len = text->len},
		.ambiguous = (ref & REF_AMBIGUOUS) != 0};
}
